//! Any octets as a command line.
#![no_main]

libfuzzer_sys::fuzz_target!(|line: &[u8]| smtpspec_fuzz::command(line));
