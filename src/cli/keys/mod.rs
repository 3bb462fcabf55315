//! `mohr keys`: the office's roots, inspectors' identities and the signed profile. `keys/README.md` tells who
//! holds what, and what is done when.

mod change;
mod draft;
mod inspector;
mod notes;
mod profile;
mod root;
mod words;

use clap::Subcommand;

pub(super) use draft::EXAMPLE_PROFILE;
pub(super) use root::write_root;

use super::Failure;

#[derive(Subcommand)]
pub enum KeysCommand {
    /// The office's root keys: the first with its committed successor, and the succession.
    #[command(subcommand)]
    Root(root::RootCommand),
    /// Inspectors' identities: a new colleague, a lost or stolen key, somebody who leaves or comes back.
    Inspector(inspector::InspectorArguments),
    /// The office profile: draft, change, check, sign and verify it.
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
}

pub fn run(command: KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::Root(command) => root::run(command),
        KeysCommand::Inspector(arguments) => inspector::run(arguments),
        KeysCommand::Profile(command) => profile::run(command),
    }
}
