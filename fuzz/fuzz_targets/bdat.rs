//! Messages that come in chunks, of any content and in any pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| smtpspec_fuzz::bdat(input));
