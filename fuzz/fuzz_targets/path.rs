//! Any octets as the argument of MAIL and RCPT.
#![no_main]

libfuzzer_sys::fuzz_target!(|argument: &[u8]| smtpspec_fuzz::path(argument));
