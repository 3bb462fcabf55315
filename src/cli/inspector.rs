//! `mohr inbox`, `open`, `reply` and `export`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::Failure;
use super::case_output::print_case;
use super::delivery::{Delivery, Parcel};
use super::desk::{DeskArguments, desk_failure, warn};
use super::files::{check_not_empty, read_attachments, read_json, read_text, write_new_private};
use super::interrupt::{Dispatch, interruptible};
use super::office::language;
use super::output::{eprint_line, print_exported, print_json};
use super::typed::{case_prefix, parse_outcome, parse_status};
use super::writer::{note, print_line, progress};
use crate::desk::view::{ShownCase, ShownMessage};
use crate::desk::{CaseWarning, Desk, DraftedReply, InboxEntry, OpenedCase, ReplyDraft};
use crate::protocol::message::{Outcome, OutcomeId, Status};
use crate::protocol::person::PersonSignature;

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
        eprint_line(&format!("WARNING: case {}: {failure}", entry.case));
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
            desk.save_files(&opened, &mut shown, folder).map_err(desk_failure)?;
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

fn write_draft(desk: &Desk, opened: &OpenedCase, draft: &ReplyDraft, path: &Path) -> Result<(), Failure> {
    let drafted = desk.draft_reply(opened, draft).map_err(desk_failure)?;
    let json = serde_json::to_vec_pretty(&drafted).expect("plain structures serialize");
    write_new_private(path, &json)?;
    note(format!("wrote {}; nothing was sent. It is in clear: hand it on with care", path.display()));
    Ok(())
}

pub fn export(arguments: &ExportArguments) -> Result<(), Failure> {
    let prefix = case_prefix(&arguments.case)?;
    arguments.desk.sit_down(|desk| {
        let listed = desk.find(&prefix).map_err(desk_failure)?;
        let opened = desk.open(&listed).map_err(desk_failure)?;
        warn(&opened.warnings);
        let summary = desk.export(&opened, &arguments.to).map_err(desk_failure)?;
        let whole = |failure: Failure| {
            failure.with_fate(format!("the export in {} is whole all the same", arguments.to.display()))
        };
        for failure in &summary.failures {
            eprint_line(&format!("WARNING: not in the export: {failure}"));
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
