//! Any octets as a saved transcript.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| smtpspec_fuzz::transcript(text));
