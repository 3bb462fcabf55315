//! `mohr inbox`, `open`, `reply` and `export`.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::output::{ONE_WAY_NAME, ShownMessage, print_json, printable, progress};
use super::passphrase::PassphraseArguments;
use super::{
    Failure, ServerArguments, beside, client_failure, language, profile_failure, read_attachment, read_file,
    read_text,
};
use crate::client::Client;
use crate::desk::export::{self, SafeNames};
use crate::desk::memory::Memory;
use crate::desk::{self, Answer, CaseWarning, Desk, OpenedCase};
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, OfficeId};
use crate::protocol::message::{File, Outcome, OutcomeId, Status};
use crate::seal::key_file::{self, InspectorKeys};

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
    #[arg(long, value_name = "ID")]
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

#[derive(Serialize)]
struct ShownInboxEntry {
    case: CaseId,
    received: Option<Day>,
    status: Status,
    unread: usize,
    messages: usize,
    readable: bool,
    one_way: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<CaseWarning>,
}

#[derive(Serialize)]
struct ShownCase {
    case: CaseId,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<CaseWarning>,
    messages: Vec<ShownMessage>,
}

pub fn inbox(arguments: &InboxArguments) -> Result<(), Failure> {
    arguments.desk.sit_down(|desk| {
        let entries = desk.inbox().map_err(desk_failure)?;
        if arguments.desk.json {
            let shown = entries.into_iter().map(|entry| ShownInboxEntry {
                case: entry.case,
                received: entry.received,
                status: entry.status,
                unread: entry.unread,
                messages: entry.messages,
                readable: entry.readable,
                one_way: entry.one_way,
                warnings: entry.warnings,
            });
            print_json(&shown.collect::<Vec<_>>());
            return Ok(());
        }
        if entries.is_empty() {
            eprintln!("no case yet");
        }
        for entry in entries {
            let note = match (entry.readable, entry.one_way) {
                (false, _) => "  (not for this identity)",
                (true, true) => "  (one-way)",
                (true, false) => "",
            };
            let unread = if entry.unread > 0 { format!("{} unread", entry.unread) } else { String::new() };
            let received = entry.received.map_or_else(|| "gone      ".to_owned(), |day| day.to_string());
            println!("{}  {received}  {:<26} {unread}{note}", entry.case, entry.status.as_str());
            warn(&entry.warnings);
        }
        Ok(())
    })
}

pub fn open(arguments: &OpenArguments) -> Result<(), Failure> {
    arguments.desk.sit_down(|desk| {
        let case = desk.find(&arguments.case).map_err(desk_failure)?;
        let opened = desk.open(case).map_err(desk_failure)?;
        let mut shown = show(desk, &opened);
        if let Some(folder) = &arguments.files {
            save_files(&opened, &mut shown, folder)?;
        }
        if arguments.desk.json {
            print_json(&shown);
        } else {
            println!("case {}  {}", shown.case, shown.status.as_str());
            warn(&shown.warnings);
            shown.messages.iter().for_each(ShownMessage::print);
        }
        // Only what was shown counts as read: a crash before this line shows it again.
        desk.mark_read(&opened).map_err(desk_failure)
    })
}

pub fn reply(arguments: &ReplyArguments) -> Result<(), Failure> {
    let text = read_text(&arguments.text_file)?;
    let rule = arguments.rule_file.as_deref().map(read_text).transpose()?;
    let mut files = Vec::new();
    for path in &arguments.attach {
        let (name, media_type, bytes) = read_attachment(path)?;
        files.push((File { name, media_type, size_bytes: bytes.len() as u64 }, bytes));
    }
    let outcome = arguments.outcome.map(|id| Outcome { id, rule });
    arguments.desk.sit_down(|desk| {
        let case = desk.find(&arguments.case).map_err(desk_failure)?;
        let language = language(&desk.profile, arguments.language.as_deref());
        let answer = Answer { text, language, status: arguments.status, outcome, files };
        desk.reply(case, answer, progress()).map_err(desk_failure)?;
        if arguments.desk.json {
            print_json(&json!({ "case": case, "sent": true }));
        } else {
            eprintln!("sealed and sent to case {case}");
        }
        Ok(())
    })
}

pub fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    arguments.desk.sit_down(|desk| {
        let case = desk.find(&arguments.case).map_err(desk_failure)?;
        let opened = desk.open(case).map_err(desk_failure)?;
        let written = export::export(&opened, &arguments.to).map_err(export_failure)?;
        if arguments.desk.json {
            print_json(&json!({ "case": case, "files": written }));
        } else {
            for file in &written {
                println!("{}  {}", file.sha256, printable(&file.path));
            }
        }
        Ok(())
    })
}

impl DeskArguments {
    /// Opens the identity, signs in and lets `work` have the desk.
    fn sit_down(&self, work: impl FnOnce(&mut Desk<'_>) -> Result<(), Failure>) -> Result<(), Failure> {
        let client: Client = self.server.client()?;
        let sealed = read_file(&self.identity)?;
        let passphrase = self.passphrase.ask(&self.identity.display().to_string())?;
        let keys = InspectorKeys::open(&sealed, &passphrase).map_err(key_file_failure)?;
        let memory = self.memory.clone().unwrap_or_else(|| beside(&self.identity, ".desk.json"));
        let memory = Memory::load(&memory).map_err(Failure::new)?;
        let mut desk =
            Desk::sign_in(&client, &keys, self.office, memory, Day::today()).map_err(desk_failure)?;
        if desk.first_visit {
            eprintln!(
                "first visit: this server says it is office {}; compare that with a poster",
                desk.profile.office
            );
        }
        if desk.expired {
            eprintln!(
                "WARNING: the office profile expired on {}; no answers until a new one is signed",
                desk.profile.expires
            );
        }
        work(&mut desk)
    }
}

fn show(desk: &Desk<'_>, opened: &OpenedCase) -> ShownCase {
    let messages = opened.messages.iter().map(|message| {
        ShownMessage::new(&desk.profile, message.listed.position, message.listed.day, &message.opened)
    });
    ShownCase {
        case: opened.case,
        status: opened.status,
        outcome: opened.outcome.clone(),
        warnings: opened.warnings.clone(),
        messages: messages.collect(),
    }
}

fn save_files(opened: &OpenedCase, shown: &mut ShownCase, folder: &std::path::Path) -> Result<(), Failure> {
    export::create_folder(folder).map_err(export_failure)?;
    let mut names = SafeNames::default();
    for (message, shown) in opened.messages.iter().zip(&mut shown.messages) {
        let one_way = message.opened.one_way.iter().map(|file| (ONE_WAY_NAME, &file.bytes));
        let files = message.opened.content.iter().flat_map(|content| &content.files);
        let files = files.map(|file| (file.file.name.as_str(), &file.bytes));
        for ((name, bytes), shown) in one_way.chain(files).zip(&mut shown.files) {
            let name = names.give(name);
            export::write_new(&folder.join(&name), bytes).map_err(export_failure)?;
            shown.saved = Some(name);
        }
    }
    Ok(())
}

fn warn(warnings: &[CaseWarning]) {
    for warning in warnings {
        match warning {
            CaseWarning::HistoryChanged => eprintln!(
                "WARNING: the server no longer shows what this desk has seen of the case; \
                 something was dropped or replaced"
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
        desk::Error::NoSuchCase(_) | desk::Error::Ambiguous(_) => {
            Failure::with_hint(error, "mohr inbox lists the cases")
        }
        error => Failure::new(error),
    }
}

pub(super) fn key_file_failure(error: key_file::Error) -> Failure {
    match error {
        key_file::Error::Content(_) => Failure::with_hint(error, "is it the right file?"),
        error => Failure::new(error),
    }
}

fn export_failure(error: export::Error) -> Failure {
    Failure::with_hint(error, "choose a new folder: nothing is overwritten")
}

fn parse_status(text: &str) -> Result<Status, String> {
    let all = Status::ALL.iter().copied();
    all.clone()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| format!("one of {}", all.map(Status::as_str).collect::<Vec<_>>().join(", ")))
}

fn parse_outcome(text: &str) -> Result<OutcomeId, String> {
    let all = OutcomeId::ALL.iter().copied();
    all.clone()
        .find(|outcome| outcome.as_str() == text)
        .ok_or_else(|| format!("one of {}", all.map(OutcomeId::as_str).collect::<Vec<_>>().join(", ")))
}
