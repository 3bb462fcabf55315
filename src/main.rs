//! Parses, wires, exits.

use std::process::ExitCode;

use clap::Parser as _;
use mohr::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::FAILURE
        }
    }
}
