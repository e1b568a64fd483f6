//! Any octets as a client's side of a session with STARTTLS in it.
#![no_main]

libfuzzer_sys::fuzz_target!(|script: &[u8]| smtpspec_fuzz::starttls(script));
