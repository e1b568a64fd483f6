//! Any octets as the lines of an authentication exchange.
#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| smtpspec_fuzz::sasl(script));
