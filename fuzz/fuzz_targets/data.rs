//! Any octets as a message, in pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| smtpspec_fuzz::data(input));
