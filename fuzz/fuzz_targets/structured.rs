//! Any octets as a generated conversation.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| smtpspec_fuzz::structured(octets));
