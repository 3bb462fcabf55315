//! `mohr record`, `handover` and `second`: what inspectors note and do among themselves.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::Failure;
use super::delivery::{Delivery, Parcel};
use super::desk::{DeskArguments, desk_failure, open_identity, warn};
use super::files::{read_attachments, read_json, read_text};
use super::interrupt::{Dispatch, interruptible};
use super::office::language;
use super::output::{eprint_line, print_json};
use super::passphrase::PassphraseArguments;
use super::typed::{case_prefix, parse_id};
use super::writer::{note, progress};
use crate::desk::{Desk, DraftedReply, OpenedCase, RecordDraft};
use crate::protocol::ids::Id;
use crate::protocol::message::{Content, Message};
use crate::protocol::record::Act;

/// What stands for the office's own thread in the place of a case.
const JOURNAL: &str = "journal";

#[derive(Args)]
pub struct RecordArguments {
    /// The case's id, or as much of its beginning as is unambiguous; or "journal"
    case: String,
    #[command(flatten)]
    desk: DeskArguments,
    /// What is decided: a JSON array of acts, as docs/PROTOCOL.md has them (2.8)
    #[arg(long, value_name = "FILE", required_unless_present = "text_file")]
    acts: Option<PathBuf>,
    /// What to note; - is standard input
    #[arg(long, value_name = "FILE")]
    text_file: Option<PathBuf>,
    /// A file to keep with it; may be given more than once
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// Language of the text, such as fa [default: the office's own]
    #[arg(long)]
    language: Option<String>,
}

#[derive(Args)]
pub struct HandoverArguments {
    /// The case's id, or as much of its beginning as is unambiguous
    case: String,
    #[command(flatten)]
    desk: DeskArguments,
    /// Who is to read the case from now on, by id; may be given more than once
    #[arg(long, value_name = "INSPECTOR", value_parser = parse_id, required = true)]
    to: Vec<Id>,
}

#[derive(Args)]
pub struct SecondArguments {
    /// The draft, as mohr reply --draft-out wrote it
    draft: PathBuf,
    /// The identity file of the person who signs, sealed with a passphrase
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    /// A file of the draft, in its order; may be given more than once
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
}

pub fn record(arguments: RecordArguments) -> Result<(), Failure> {
    interruptible(move |dispatch| send_record(&arguments, dispatch))
}

fn send_record(arguments: &RecordArguments, dispatch: &Dispatch) -> Result<(), Failure> {
    let is_journal = arguments.case == JOURNAL;
    let prefix = if is_journal { String::new() } else { case_prefix(&arguments.case)? };
    let acts: Vec<Act> = arguments.acts.as_deref().map(read_json).transpose()?.unwrap_or_default();
    let text = arguments.text_file.as_deref().map(read_text).transpose()?.unwrap_or_default();
    let files = read_attachments(&arguments.attach)?;
    arguments.desk.sit_down(|desk| {
        let opened = if is_journal { desk.open_journal() } else { open_case(desk, &prefix) };
        let opened = opened.map_err(desk_failure)?;
        warn(&opened.warnings);
        let language = language(&desk.profile, arguments.language.as_deref())?;
        let draft = RecordDraft { text, language, acts, files };
        let delivery = dispatch.get_or_init(|| {
            Arc::new(Delivery::new(Parcel::Record(opened.case), arguments.desk.json, desk.upload_watch()))
        });
        delivery.end(desk.write_record(&opened, &draft, progress()).map_err(desk_failure))
    })
}

pub fn handover(arguments: &HandoverArguments) -> Result<(), Failure> {
    let prefix = case_prefix(&arguments.case)?;
    arguments.desk.sit_down(|desk| {
        let mut opened = open_case(desk, &prefix).map_err(desk_failure)?;
        warn(&opened.warnings);
        let language = language(&desk.profile, None)?;
        let summary = desk.hand_over(&mut opened, &arguments.to, &language).map_err(|error| match error {
            error @ crate::desk::Error::Client(_) => desk_failure(error).with_fate(
                "what was handed over before this stays so; run the same command again to add the rest"
                    .to_owned(),
            ),
            error => desk_failure(error),
        })?;
        if arguments.desk.json {
            return print_json(&json!({ "case": opened.case, "handed_over": summary }));
        }
        if summary.records == 0 {
            note("nothing to hand over: they read all of it already");
        } else {
            note(format!(
                "handed over; messages: {}, records: {}, invitations: {}",
                summary.messages, summary.records, summary.invitations
            ));
        }
        Ok(())
    })
}

pub fn second(arguments: &SecondArguments) -> Result<(), Failure> {
    let drafted: DraftedReply = read_json(&arguments.draft)?;
    let message = drafted.message().map_err(desk_failure)?;
    let files = read_attachments(&arguments.attach)?;
    let files: Vec<&[u8]> = files.iter().map(|(_, bytes)| &bytes[..]).collect();
    // She signs what she has read: it stands before her when she is asked for the passphrase.
    describe(&message);
    let keys = open_identity(&arguments.identity, &arguments.passphrase)?;
    let signature = drafted.sign(&keys, &files).map_err(desk_failure)?;
    print_json(&signature)
}

fn describe(message: &Message) {
    eprint_line(&format!("an answer in case {}", message.case));
    if let Content::Reply { status, outcome, .. } = &message.content {
        if let Some(status) = status {
            eprint_line(&format!("status: {}", status.as_str()));
        }
        if let Some(outcome) = outcome {
            eprint_line(&format!("outcome: {}", outcome.id.as_str()));
            outcome.rule.iter().for_each(|rule| eprint_line(&format!("rule: {rule}")));
        }
    }
    message.text.lines().for_each(|line| eprint_line(&format!("| {line}")));
    message.files.iter().for_each(|file| eprint_line(&format!("file: {}", file.name)));
}

fn open_case(desk: &mut Desk, prefix: &str) -> Result<OpenedCase, crate::desk::Error> {
    let listed = desk.find(prefix)?;
    desk.open(&listed)
}
