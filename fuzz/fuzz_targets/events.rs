//! Any octets as a line of an event stream.
#![no_main]

libfuzzer_sys::fuzz_target!(|line: &[u8]| smtpspec_fuzz::events(line));
