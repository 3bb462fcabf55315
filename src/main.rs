//! Parses, wires, exits.

use std::process::ExitCode;

use clap::Parser as _;
use mohr::cli::{Cli, print_failure};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        // Help and the version are no errors, unless nobody could be told.
        Err(told) => {
            let printed = told.print().is_ok();
            return ExitCode::from(if printed || told.use_stderr() { told.exit_code() as u8 } else { 1 });
        }
    };
    match cli.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print_failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
