//! The command `smtpspec`.

use std::process::ExitCode;

fn main() -> ExitCode {
    smtpspec::cli::main()
}
