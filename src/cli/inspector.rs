//! `mohr inbox`, `open`, `reply` and `export`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::case_output::print_case;
use super::delivery::{Delivery, Parcel};
use super::interrupt::{Dispatch, interruptible};
use super::output::{print_exported, print_json};
use super::passphrase::{PassphraseArguments, key_file_failure};
use super::reporter::warn_of_clock;
use super::typed::{case_prefix, parse_address, parse_office, parse_outcome, parse_status};
use super::writer::{note, print_line, progress};
use super::{
    Failure, ServerArguments, check_not_empty, client_failure, language, profile_failure, read_attachment,
    read_file, read_text, seal_failure,
};
use crate::desk::memory::{self, Memory};
use crate::desk::view::{ShownCase, ShownMessage};
use crate::desk::{self, CaseWarning, Desk, DraftedReply, InboxEntry, OpenedCase, ReplyDraft, Visit};
use crate::files::beside;
use crate::protocol::address::Address;
use crate::protocol::day::Day;
use crate::protocol::ids::OfficeId;
use crate::protocol::message::{File, Outcome, OutcomeId, Status};
use crate::protocol::person::PersonSignature;
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
    /// What this desk remembers of earlier visits [default: the identity file's name with .desk.json behind it]
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Args)]
pub struct InboxArguments {
    #[command(flatten)]
    desk: DeskArguments,
}

#[derive(Args)]
pub struct OpenArguments {
    /// The case's id, or as much of its beginning as is unambiguous
    case: String,
    #[command(flatten)]
    desk: DeskArguments,
    /// Save the files to this folder
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
}

#[derive(Args)]
pub struct ReplyArguments {
    /// The case's id, or as much of its beginning as is unambiguous
    case: String,
    #[command(flatten)]
    desk: DeskArguments,
    /// What to say to the reporter; - is standard input
    #[arg(long, value_name = "FILE", required_unless_present = "draft")]
    text_file: Option<PathBuf>,
    /// A file to send along; may be given more than once
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// Where the case now stands
    #[arg(long, value_parser = parse_status)]
    status: Option<Status>,
    /// How a closed case ended
    #[arg(long, value_parser = parse_outcome, requires = "status")]
    outcome: Option<OutcomeId>,
    /// The rule behind the outcome, in words; needed for no-violation
    #[arg(long, value_name = "FILE", requires = "outcome")]
    rule_file: Option<PathBuf>,
    /// Language of the answer, such as fa [default: the office's own]
    #[arg(long)]
    language: Option<String>,
    /// Send nothing: write the answer to this file, for a second person to sign (mohr second)
    #[arg(long, value_name = "FILE", conflicts_with = "draft")]
    draft_out: Option<PathBuf>,
    /// Send this draft; files that it had are given again with --attach
    #[arg(long, value_name = "FILE", conflicts_with_all = ["text_file", "status", "outcome", "language"])]
    draft: Option<PathBuf>,
    /// A second person's signature under the draft, as mohr second printed it; may be given more than once
    #[arg(long, value_name = "FILE", requires = "draft")]
    second: Vec<PathBuf>,
}

#[derive(Args)]
pub struct ExportArguments {
    /// The case's id, or as much of its beginning as is unambiguous
    case: String,
    #[command(flatten)]
    desk: DeskArguments,
    /// The folder to write to; nothing in it is overwritten
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

pub fn inbox(arguments: &InboxArguments) -> Result<(), Failure> {
    arguments.desk.sit_down(|desk| {
        let (mut entries, mut printed) = (Vec::new(), Ok(()));
        // What has come is shown, also when the rest does not come.
        let listed = desk.inbox(|entry| {
            if arguments.desk.json {
                entries.push(entry);
            } else if printed.is_ok() {
                printed = print_entry(&entry);
                entries.push(entry);
            }
        });
        printed?;
        if arguments.desk.json {
            print_json(&entries)?;
        }
        listed.map_err(desk_failure)?;
        if entries.is_empty() && !arguments.desk.json {
            note("no case yet");
        }
        Ok(())
    })
}

fn print_entry(entry: &InboxEntry) -> Result<(), Failure> {
    let received = entry.received.map_or_else(|| "gone      ".to_owned(), |day| day.to_string());
    if let Some(failure) = &entry.failure {
        print_line(format!("{}  {received}  could not be asked for", entry.case))?;
        super::output::eprint_line(&format!("WARNING: case {}: {failure}", entry.case));
        return Ok(());
    }
    let kind = match (entry.readable, entry.one_way) {
        _ if entry.warnings.contains(&CaseWarning::ReportGone) => "  (its report is gone)",
        (false, _) => "  (not for this identity)",
        (true, true) => "  (one-way)",
        (true, false) => "",
    };
    let unread = if entry.unread > 0 { format!("{} unread", entry.unread) } else { String::new() };
    let second = if entry.awaits_second { "  (awaits a second person)" } else { "" };
    print_line(format!("{}  {received}  {:<26} {unread}{kind}{second}", entry.case, entry.status.as_str()))?;
    // The others the line says.
    let changed: Vec<_> =
        entry.warnings.iter().copied().filter(|warning| *warning == CaseWarning::HistoryChanged).collect();
    warn(&changed);
    Ok(())
}

pub fn open(arguments: &OpenArguments) -> Result<(), Failure> {
    let prefix = case_prefix(&arguments.case)?;
    arguments.desk.sit_down(|desk| {
        let listed = desk.find(&prefix).map_err(desk_failure)?;
        let opened = desk.open(&listed).map_err(desk_failure)?;
        let mut shown = ShownCase::new(&desk.profile, &opened);
        if let Some(folder) = &arguments.files {
            desk.save_files(&opened, &mut shown, folder).map_err(saving_failure)?;
        }
        if arguments.desk.json {
            print_json(&shown)?;
        } else {
            warn(&shown.warnings);
            print_case(&shown)?;
        }
        // Only what was shown counts as read: a crash or a closed pipe before this line shows it again.
        desk.mark_read(&opened).map_err(desk_failure)
    })
}

pub fn reply(arguments: ReplyArguments) -> Result<(), Failure> {
    interruptible(move |dispatch| send_reply(&arguments, dispatch))
}

fn send_reply(arguments: &ReplyArguments, dispatch: &Dispatch) -> Result<(), Failure> {
    let prefix = case_prefix(&arguments.case)?;
    let text = arguments.text_file.as_deref().map(read_text).transpose()?.unwrap_or_default();
    let rule = arguments.rule_file.as_deref().map(read_text).transpose()?;
    let files = read_attachments(&arguments.attach)?;
    if arguments.status.is_none() && arguments.draft.is_none() {
        check_not_empty(&text, files.len())?;
    }
    let drafted = arguments.draft.as_deref().map(read_json::<DraftedReply>).transpose()?;
    let seconds: Vec<PersonSignature> =
        arguments.second.iter().map(|path| read_json(path)).collect::<Result<_, _>>()?;
    let outcome = arguments.outcome.map(|id| Outcome { id, rule });
    arguments.desk.sit_down(|desk| {
        let listed = desk.find(&prefix).map_err(desk_failure)?;
        let opened = desk.open(&listed).map_err(desk_failure)?;
        warn(&opened.warnings);
        let language = language(&desk.profile, arguments.language.as_deref())?;
        let draft = ReplyDraft { text, language, status: arguments.status, outcome, files };
        if let Some(path) = &arguments.draft_out {
            return write_draft(desk, &opened, &draft, path);
        }
        let delivery = dispatch.get_or_init(|| {
            let parcel = Parcel::Reply(listed.case);
            Arc::new(Delivery::new(parcel, arguments.desk.json, desk.upload_watch()))
        });
        let sent = match &drafted {
            Some(drafted) => {
                let files: Vec<&[u8]> = draft.files.iter().map(|(_, bytes)| &bytes[..]).collect();
                desk.reply_drafted(&opened, drafted, seconds, &files, progress())
            }
            None => desk.reply(&opened, &draft, progress()),
        };
        delivery.end(sent.map_err(desk_failure))
    })
}

fn write_draft(
    desk: &Desk,
    opened: &OpenedCase,
    draft: &ReplyDraft,
    path: &std::path::Path,
) -> Result<(), Failure> {
    let drafted = desk.draft_reply(opened, draft).map_err(desk_failure)?;
    let json = serde_json::to_vec_pretty(&drafted).expect("plain structures serialize");
    super::write_new_private(path, &json)?;
    note(format!("wrote {}; nothing was sent. It is in clear: hand it on with care", path.display()));
    Ok(())
}

/// Files to send along, as message.json lists them.
pub(super) fn read_attachments(paths: &[PathBuf]) -> Result<Vec<(File, Vec<u8>)>, Failure> {
    let read = |path: &PathBuf| {
        let (name, media_type, bytes) = read_attachment(path)?;
        Ok((File { name, media_type, size_bytes: bytes.len() as u64 }, bytes))
    };
    paths.iter().map(read).collect()
}

pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &std::path::Path) -> Result<T, Failure> {
    serde_json::from_slice(&read_file(path)?).map_err(|error| {
        Failure::with_hint(format!("{}: {error}", path.display()), "is it the right file, and whole?")
    })
}

pub fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    let prefix = case_prefix(&arguments.case)?;
    arguments.desk.sit_down(|desk| {
        let listed = desk.find(&prefix).map_err(desk_failure)?;
        let opened = desk.open(&listed).map_err(desk_failure)?;
        warn(&opened.warnings);
        let summary = desk.export(&opened, &arguments.to).map_err(saving_failure)?;
        let whole = |failure: Failure| {
            failure.with_fate(format!("the export in {} is whole all the same", arguments.to.display()))
        };
        for failure in &summary.failures {
            super::output::eprint_line(&format!("WARNING: not in the export: {failure}"));
        }
        let shown = ShownCase::new(&desk.profile, &opened).messages;
        if arguments.desk.json {
            let days = |message: &ShownMessage| {
                json!({ "position": message.position, "day": message.day, "received": message.received })
            };
            let messages: Vec<_> = shown.iter().map(days).collect();
            return print_json(&json!({
                "case": listed.case, "files": summary.files, "failures": summary.failures, "messages": messages
            }))
            .map_err(whole);
        }
        for message in shown.iter().filter(|message| message.day != message.received) {
            note(format!(
                "message {:02}: its sender's day is {}, the server took it on {}",
                message.position, message.day, message.received
            ));
        }
        print_exported(&summary.files).map_err(whole)
    })
}

impl DeskArguments {
    /// The keys in the identity file.
    pub(super) fn keys(&self) -> Result<InspectorKeys, Failure> {
        open_identity(&self.identity, &self.passphrase)
    }

    /// Opens the identity, signs in and lets `work` have the desk.
    pub(super) fn sit_down(
        &self,
        work: impl FnOnce(&mut Desk) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
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
        if desk.is_expired() {
            note(format!(
                "WARNING: the office profile expired on {}, and this computer's clock says {today}; no answers until a \
                 new one is signed",
                desk.profile.expires
            ));
        }
        warn_of_clock(desk.profile.issued, today);
        work(&mut desk)
    }
}

pub(super) fn open_identity(
    identity: &std::path::Path,
    passphrase: &PassphraseArguments,
) -> Result<InspectorKeys, Failure> {
    let sealed = read_file(identity)?;
    let passphrase = passphrase.ask(&identity.display().to_string())?;
    InspectorKeys::open(&sealed, &passphrase).map_err(key_file_failure)
}

pub(super) fn warn(warnings: &[CaseWarning]) {
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

pub(super) fn desk_failure(error: desk::Error) -> Failure {
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
        desk::Error::Files(_) | desk::Error::Disk(_) => saving_failure(error),
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

fn saving_failure(error: desk::Error) -> Failure {
    match error {
        desk::Error::Files(_) | desk::Error::Disk(_) => {
            Failure::with_hint(error, "choose a new folder with room in it: nothing is overwritten")
        }
        error => desk_failure(error),
    }
}

fn memory_failure(error: memory::Error) -> Failure {
    Failure::with_hint(
        error,
        "this file is what the desk remembers of earlier visits: may this user write there? --memory names another",
    )
}
