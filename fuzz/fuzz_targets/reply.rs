//! Any octets as a server's replies, in pieces.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| smtpspec_fuzz::reply(input));
