//! `mohr inbox`, `open`, `reply` and `export`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::delivery::{Delivery, Parcel};
use super::interrupt::{Dispatch, interruptible};
use super::output::{print_exported, print_json, print_message};
use super::passphrase::{PassphraseArguments, key_file_failure};
use super::reporter::warn_of_clock;
use super::typed::{case_prefix, parse_office, parse_outcome, parse_status};
use super::writer::{note, print_line, progress};
use super::{
    Failure, ServerArguments, check_not_empty, client_failure, language, profile_failure, read_attachment,
    read_file, read_text, seal_failure,
};
use crate::desk::export;
use crate::desk::memory::{self, Memory};
use crate::desk::view::{ONE_WAY_NAME, ShownCase, ShownMessage};
use crate::desk::{self, CaseWarning, Desk, OpenedCase, ReplyDraft};
use crate::files::{self, SafeNames, beside, create_private_folder, write_new_private};
use crate::protocol::day::Day;
use crate::protocol::ids::OfficeId;
use crate::protocol::message::{File, Outcome, OutcomeId, Status};
use crate::seal::key_file::InspectorKeys;
use crate::verify::thread::Authenticity;

/// The folder of files whose sender's signature does not hold.
const NOT_AUTHENTIC: &str = "not-authentic";

/// Who the inspector is and where the server is.
#[derive(Args)]
struct DeskArguments {
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
    /// What this desk remembers of earlier visits [default: the identity file's name with .desk.json behind it]
    #[arg(long, value_name = "FILE")]
    memory: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
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
    #[arg(long, value_name = "FILE")]
    text_file: PathBuf,
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
        let entries = desk.inbox().map_err(desk_failure)?;
        if arguments.desk.json {
            return print_json(&entries);
        }
        if entries.is_empty() {
            note("no case yet");
        }
        for entry in entries {
            let kind = match (entry.readable, entry.one_way) {
                (false, _) => "  (not for this identity)",
                (true, true) => "  (one-way)",
                (true, false) => "",
            };
            let unread = if entry.unread > 0 { format!("{} unread", entry.unread) } else { String::new() };
            let received = entry.received.map_or_else(|| "gone      ".to_owned(), |day| day.to_string());
            print_line(format!("{}  {received}  {:<26} {unread}{kind}", entry.case, entry.status.as_str()))?;
            warn(&entry.warnings);
        }
        Ok(())
    })
}

pub fn open(arguments: &OpenArguments) -> Result<(), Failure> {
    let prefix = case_prefix(&arguments.case)?;
    arguments.desk.sit_down(|desk| {
        let case = desk.find(&prefix).map_err(desk_failure)?;
        let opened = desk.open(case).map_err(desk_failure)?;
        let mut shown = ShownCase::new(&desk.profile, &opened);
        if let Some(folder) = &arguments.files {
            save_files(&opened, &mut shown, folder)?;
        }
        if arguments.desk.json {
            print_json(&shown)?;
        } else {
            warn(&shown.warnings);
            print_line(format!("case {}  {}", shown.case, shown.status.as_str()))?;
            shown.messages.iter().try_for_each(print_message)?;
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
    let text = read_text(&arguments.text_file)?;
    let rule = arguments.rule_file.as_deref().map(read_text).transpose()?;
    let mut files = Vec::new();
    for path in &arguments.attach {
        let (name, media_type, bytes) = read_attachment(path)?;
        files.push((File { name, media_type, size_bytes: bytes.len() as u64 }, bytes));
    }
    if arguments.status.is_none() {
        check_not_empty(&text, files.len())?;
    }
    let outcome = arguments.outcome.map(|id| Outcome { id, rule });
    arguments.desk.sit_down(|desk| {
        if desk.expired {
            return Err(desk_failure(
                crate::verify::profile::Error::Expired { expires: desk.profile.expires }.into(),
            ));
        }
        let case = desk.find(&prefix).map_err(desk_failure)?;
        let language = language(&desk.profile, arguments.language.as_deref())?;
        let draft = ReplyDraft { text, language, status: arguments.status, outcome, files };
        let delivery = dispatch.get_or_init(|| {
            Arc::new(Delivery::new(Parcel::Reply(case), arguments.desk.json, desk.upload_watch()))
        });
        delivery.end(desk.reply(case, draft, progress()).map_err(desk_failure))
    })
}

pub fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    let prefix = case_prefix(&arguments.case)?;
    arguments.desk.sit_down(|desk| {
        let case = desk.find(&prefix).map_err(desk_failure)?;
        let opened = desk.open(case).map_err(desk_failure)?;
        let written = export::export(&opened, &arguments.to).map_err(export_failure)?;
        let whole = |failure: Failure| {
            failure.with_fate(format!("the export in {} is whole all the same", arguments.to.display()))
        };
        let shown = ShownCase::new(&desk.profile, &opened).messages;
        if arguments.desk.json {
            let days = |message: &ShownMessage| {
                json!({ "position": message.position, "day": message.day, "received": message.received })
            };
            let messages: Vec<_> = shown.iter().map(days).collect();
            return print_json(&json!({ "case": case, "files": written, "messages": messages })).map_err(whole);
        }
        for message in shown.iter().filter(|message| message.day != message.received) {
            note(format!(
                "message {:02}: its sender's day is {}, the server took it on {}",
                message.position, message.day, message.received
            ));
        }
        print_exported(&written).map_err(whole)
    })
}

impl DeskArguments {
    /// Opens the identity, signs in and lets `work` have the desk.
    fn sit_down(&self, work: impl FnOnce(&mut Desk) -> Result<(), Failure>) -> Result<(), Failure> {
        let client = self.server.client()?;
        let office = self.server.office(self.office)?;
        let sealed = read_file(&self.identity)?;
        let passphrase = self.passphrase.ask(&self.identity.display().to_string())?;
        let keys = InspectorKeys::open(&sealed, &passphrase).map_err(key_file_failure)?;
        let memory = self.memory.clone().unwrap_or_else(|| beside(&self.identity, ".desk.json"));
        let memory = Memory::load(&memory).map_err(memory_failure)?;
        let today = Day::today();
        let mut desk = Desk::sign_in(client, keys, office, memory, today).map_err(desk_failure)?;
        if desk.first_visit {
            note(format!(
                "first visit: this server says it is office {}; compare that with a poster",
                desk.profile.office
            ));
        }
        if desk.expired {
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

/// Saves the files of a case. What is nobody's word goes into a folder of its own, so that it never lies
/// beside what is somebody's; a one-way report is anonymous by nature and alone in its case.
fn save_files(opened: &OpenedCase, shown: &mut ShownCase, folder: &Path) -> Result<(), Failure> {
    create_private_folder(folder).map_err(export_failure)?;
    let (mut names, mut names_apart) = (SafeNames::default(), SafeNames::default());
    names.give(NOT_AUTHENTIC);
    for (message, shown) in opened.messages.iter().zip(&mut shown.messages) {
        let one_way = message.opened.one_way.iter().map(|file| (ONE_WAY_NAME, &file.bytes));
        let files = message.opened.content.iter().flat_map(|content| &content.files);
        let files = files.map(|file| (file.file.name.as_str(), &file.bytes));
        let beside_others = matches!(shown.authenticity, Authenticity::Authentic | Authenticity::OneWay);
        for ((name, bytes), shown) in one_way.chain(files).zip(&mut shown.files) {
            let saved = if beside_others {
                names.give(name)
            } else {
                create_private_folder(&folder.join(NOT_AUTHENTIC)).map_err(export_failure)?;
                format!("{NOT_AUTHENTIC}/{}", names_apart.give(name))
            };
            write_new_private(&folder.join(&saved), bytes).map_err(export_failure)?;
            shown.saved = Some(saved);
        }
    }
    Ok(())
}

fn warn(warnings: &[CaseWarning]) {
    for warning in warnings {
        match warning {
            CaseWarning::HistoryChanged => note(
                "WARNING: the server no longer shows what this desk has seen of the case; \
                 something was dropped or replaced",
            ),
        }
    }
}

fn desk_failure(error: desk::Error) -> Failure {
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
    }
}

fn memory_failure(error: memory::Error) -> Failure {
    Failure::with_hint(
        error,
        "this file is what the desk remembers of earlier visits: may this user write there? --memory names another",
    )
}

fn export_failure(error: files::Error) -> Failure {
    Failure::with_hint(error, "choose a new folder: nothing is overwritten")
}
