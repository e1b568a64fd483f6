//! The command `smtpspec`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A run in memory spends a quarter of its time on allocation where the system's allocator does it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    smtpspec::cli::main()
}
