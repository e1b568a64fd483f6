//! Any octets as a `.smtp` file.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| smtpspec_fuzz::conversation(text));
