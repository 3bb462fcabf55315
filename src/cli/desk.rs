//! An inspector at her desk: who she is, where the server is, and what the desk says when something is wrong.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Failure, client_failure, profile_failure, seal_failure};
use super::files::read_file;
use super::office::{ServerArguments, warn_of_days};
use super::passphrase::{PassphraseArguments, key_file_failure};
use super::typed::{parse_address, parse_office};
use super::writer::note;
use crate::desk::memory::{self, Memory};
use crate::desk::{self, CaseWarning, Desk, Visit};
use crate::files::beside;
use crate::protocol::address::Address;
use crate::protocol::day::Day;
use crate::protocol::ids::OfficeId;
use crate::seal::key_file::InspectorKeys;
use crate::verify::effect::NoEffect;

/// Who the inspector is and where the server is.
#[derive(Args)]
pub struct DeskArguments {
    /// The inspector's identity file, sealed with a passphrase
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    #[command(flatten)]
    server: ServerArguments,
    /// The office's id; another office's server is then refused. Give it on the first visit
    #[arg(long, value_name = "ID", value_parser = parse_office)]
    office: Option<OfficeId>,
    /// The office's own address, when the server is reached through a tunnel at another one
    #[arg(long, value_name = "URL", value_parser = parse_address)]
    address: Option<Address>,
    /// What this desk remembers of earlier visits [default: the identity file's
    /// name with .desk.json behind it]
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

impl DeskArguments {
    /// The keys in the identity file.
    pub fn keys(&self) -> Result<InspectorKeys, Failure> {
        open_identity(&self.identity, &self.passphrase)
    }

    /// Opens the identity, signs in and lets `work` have the desk.
    pub fn sit_down(&self, work: impl FnOnce(&mut Desk) -> Result<(), Failure>) -> Result<(), Failure> {
        let client = self.server.client()?;
        let today = Day::today();
        let visit = Visit { office: self.server.office(self.office)?, address: self.address.clone(), today };
        let keys = self.keys()?;
        let memory = self.memory.clone().unwrap_or_else(|| beside(&self.identity, ".desk.json"));
        let memory = Memory::load(&memory).map_err(memory_failure)?;
        let mut desk = Desk::sign_in(client, keys, &visit, memory).map_err(desk_failure)?;
        if desk.first_visit {
            note(format!(
                "first visit: this server says it is office {}; compare that with a poster",
                desk.profile.office
            ));
        }
        warn_of_days(&desk.profile, today, "no answers");
        work(&mut desk)
    }
}

pub fn open_identity(identity: &Path, passphrase: &PassphraseArguments) -> Result<InspectorKeys, Failure> {
    let sealed = read_file(identity)?;
    let passphrase = passphrase.ask(&identity.display().to_string())?;
    InspectorKeys::open(&sealed, &passphrase).map_err(key_file_failure)
}

pub fn warn(warnings: &[CaseWarning]) {
    for warning in warnings {
        note(match warning {
            CaseWarning::HistoryChanged => {
                "WARNING: the server no longer shows what this desk has seen of the case; \
                 something was dropped or replaced"
            }
            CaseWarning::ReportGone => {
                "WARNING: the server says that the report is gone, and what lets this desk list the case went with \
                 it: whether an order of the office says so cannot be seen here"
            }
            CaseWarning::NotShown => {
                "WARNING: the report does not open with this identity, and nobody has handed the case over: \
                 the server shows nothing else of it"
            }
        });
    }
}

/// What to do in the place of an act that would change nothing.
fn remedy(why: &NoEffect) -> &'static str {
    match why {
        NoEffect::Unchanged => "leave that act out",
        NoEffect::NotInJournal => "write it into a case: mohr record CASE",
        NoEffect::NotInCase => "write it into the journal: mohr record journal",
        NoEffect::LastReader => "hand the case over to somebody else before: mohr handover",
        NoEffect::OrderGiven(_) => "give the new order an id of its own",
        NoEffect::NoSuchOrder(_) => "mohr open lists the orders of the case, with --json",
        NoEffect::OwnOrder(_) => "another reader of the case says it",
        NoEffect::NotFirst => "say it in the record's text: --text-file",
        NoEffect::NotJoined(_) => "mohr open lists the cases that it is joined with, with --json",
        NoEffect::LeftOut(_) => "hand it over to somebody else: mohr handover",
    }
}

pub fn desk_failure(error: desk::Error) -> Failure {
    match error {
        desk::Error::Client(error) => client_failure(error),
        desk::Error::Profile(error) => profile_failure(error),
        desk::Error::NotListed { .. } => Failure::with_hint(
            error,
            "add this inspector to the profile (mohr keys profile add), sign it and give it to the server",
        ),
        desk::Error::NoReport => Failure::with_hint(
            error,
            "perhaps the reporter left you out, or the case was opened by nobody's report",
        ),
        desk::Error::NoSuchCase(_) => Failure::with_hint(error, "mohr inbox lists the cases"),
        desk::Error::Ambiguous(_) => {
            Failure::with_hint(error, "give more of the id; mohr inbox lists the cases")
        }
        desk::Error::Seal(error) => seal_failure(error),
        desk::Error::Memory(error) => memory_failure(error),
        desk::Error::Files(_) | desk::Error::Disk(_) => {
            Failure::with_hint(error, "choose a new folder with room in it: nothing is overwritten")
        }
        desk::Error::FilesTooLarge { .. } => Failure::with_hint(error, "send less, or in several messages"),
        desk::Error::ProfileOlder { .. } => Failure::with_hint(
            error,
            "nothing was sent. The server may be going back to an old profile: ask the office by another way",
        ),
        desk::Error::ProfileDiffers { .. } => Failure::with_hint(
            error,
            "somebody signed another profile than the one that was seen: ask the office by another way",
        ),
        desk::Error::NoEffect(ref acts) => {
            let remedy = acts.first().map_or("leave them out", |act| remedy(&act.why));
            Failure::with_hint(error, remedy)
        }
        desk::Error::NotAReader(_) | desk::Error::Recused(_) | desk::Error::NotShown => {
            Failure::with_hint(error, "a reader of the case can hand it over to you: mohr handover")
        }
        desk::Error::LeftOut(_) => Failure::with_hint(error, "hand it over to somebody else"),
        desk::Error::NoSuchPerson(_) => {
            Failure::with_hint(error, "mohr keys profile verify shows whom it lists")
        }
        desk::Error::OneWay => Failure::with_hint(error, "note what becomes of it with mohr record"),
        desk::Error::OtherDraft | desk::Error::DraftOutOfDate => {
            Failure::with_hint(error, "nothing was sent; draft the reply again with --draft-out")
        }
    }
}

fn memory_failure(error: memory::Error) -> Failure {
    Failure::with_hint(
        error,
        "this file is what the desk remembers of earlier visits: may this user write there? --memory names another",
    )
}
