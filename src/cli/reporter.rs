//! `mohr report`, `status` and `follow-up`: a reporter without a browser.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::output::{print_json, print_message, progress};
use super::{
    Failure, ServerArguments, client_failure, language, profile_failure, read_attachment, read_text,
};
use crate::desk::view::ShownMessage;
use crate::files::{SafeNames, create_private_folder, write_new_private};
use crate::protocol::day::Day;
use crate::protocol::ids::{Id, OfficeId};
use crate::protocol::message::{Door, Outcome, Status};
use crate::protocol::receipt::{self, ReceiptCode};
use crate::reporter::{self, Attachment, Draft, Mailbox, Office};
use crate::verify::thread::Authenticity;

#[derive(Args)]
struct OfficeArguments {
    #[command(flatten)]
    server: ServerArguments,
    /// The office's id from a poster or letter; another office's server is then refused
    #[arg(long, value_name = "ID")]
    office: Option<OfficeId>,
    /// Language to write in, such as fa [default: the office's own]
    #[arg(long)]
    language: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct DraftArguments {
    /// What to say; - is standard input
    #[arg(long, value_name = "FILE")]
    text_file: PathBuf,
    /// A file to send along, under its own name and unchanged; may be given more than once
    #[arg(long, value_name = "FILE")]
    attach: Vec<PathBuf>,
    /// An inspector, by id, who must not be able to read this; may be given more than once
    #[arg(long, value_name = "INSPECTOR")]
    leave_out: Vec<Id>,
}

#[derive(Args)]
pub struct ReportArguments {
    #[command(flatten)]
    office: OfficeArguments,
    #[command(flatten)]
    draft: DraftArguments,
}

#[derive(Args)]
pub struct StatusArguments {
    #[command(flatten)]
    office: OfficeArguments,
    /// Save the office's files to this folder
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
}

#[derive(Args)]
pub struct FollowUpArguments {
    #[command(flatten)]
    office: OfficeArguments,
    #[command(flatten)]
    draft: DraftArguments,
    /// The report left nobody out; needed until the office has answered, unless somebody is left out
    #[arg(long, conflicts_with = "leave_out")]
    leave_out_nobody: bool,
}

#[derive(Serialize)]
struct ShownMailbox {
    case: String,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    messages: Vec<ShownMessage>,
    /// What claims to be from the office and is not, by position: never shown as a reply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Refused {
    position: u64,
    authenticity: Authenticity,
}

pub fn report(arguments: &ReportArguments) -> Result<(), Failure> {
    let client = arguments.office.server.client()?;
    let office = arguments.office.visit(&client)?;
    let draft = arguments.draft.read(&office, arguments.office.language.as_deref())?;
    let code = ReceiptCode::generate(crate::seal::fill_random);
    if let Err(error) = office.report(&code, Door::Report, Vec::new(), &draft, progress()) {
        // An answer can be lost behind a report that is stored: without its code nobody would ever come back to it.
        if matches!(error, reporter::Error::Client(_)) {
            eprintln!(
                "mohr: it is not known whether the report arrived. If it did, this is its receipt code:"
            );
            eprintln!("mohr: {}", *code.group());
        }
        return Err(reporter_failure(error));
    }
    print_receipt(&code, arguments.office.json).map_err(|error| {
        eprintln!("mohr: the report is stored. Its receipt code: {}", *code.group());
        Failure::new(format!("standard output: {error}"))
    })
}

/// Fails where `println!` would panic: the code must reach somebody.
fn print_receipt(code: &ReceiptCode, json: bool) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    if json {
        let digits = Zeroizing::new(code.group().replace(' ', ""));
        writeln!(output, "{}", Zeroizing::new(json!({ "receipt": *digits }).to_string()).as_str())?;
    } else {
        writeln!(output, "{}", *code.group())?;
        eprintln!("Write this code down and keep it safe: it is the only way back to your report.");
    }
    output.flush()
}

pub fn status(arguments: &StatusArguments) -> Result<(), Failure> {
    let client = arguments.office.server.client()?;
    let office = arguments.office.visit(&client)?;
    let code = read_code()?;
    let mailbox = office.open_mailbox(&code).map_err(reporter_failure)?;
    let shown = show(&office, &mailbox, arguments.files.as_deref())?;
    if arguments.office.json {
        print_json(&shown);
        return Ok(());
    }
    println!("status: {}", shown.status.as_str());
    shown.messages.iter().for_each(print_message);
    for refused in &shown.refused {
        eprintln!(
            "WARNING: message {} is not from the office, or was damaged; it is not shown",
            refused.position
        );
    }
    Ok(())
}

pub fn follow_up(arguments: &FollowUpArguments) -> Result<(), Failure> {
    let client = arguments.office.server.client()?;
    let office = arguments.office.visit(&client)?;
    if arguments.draft.text_file.as_os_str() == "-" {
        return Err(Failure::new("the receipt code comes from standard input, so the text needs a file"));
    }
    let draft = arguments.draft.read(&office, arguments.office.language.as_deref())?;
    let code = read_code()?;
    let mailbox = office.open_mailbox(&code).map_err(reporter_failure)?;
    // Nothing here remembers whom the report left out: guessing "nobody" could show it to the very person it is about.
    if mailbox.left_out.is_none() && draft.left_out.is_empty() && !arguments.leave_out_nobody {
        return Err(Failure::with_hint(
            "the office has not answered yet, so only you know whom your report left out",
            "say it again: --leave-out INSPECTOR for each of them, or --leave-out-nobody",
        ));
    }
    mailbox.follow_up(draft, progress()).map_err(reporter_failure)?;
    if arguments.office.json {
        print_json(&json!({ "sent": true }));
    } else {
        eprintln!("sealed and sent");
    }
    Ok(())
}

impl OfficeArguments {
    fn visit<'a>(&self, client: &'a crate::client::Client) -> Result<Office<'a>, Failure> {
        Office::visit(client, self.office, Day::today()).map_err(reporter_failure)
    }
}

impl DraftArguments {
    fn read(&self, office: &Office<'_>, asked_language: Option<&str>) -> Result<Draft, Failure> {
        if let Some(stranger) = self.leave_out.iter().find(|id| office.profile.inspector(id).is_none()) {
            let known = office.profile.inspectors.iter().map(|inspector| inspector.id.as_str());
            let hint = format!("its inspectors are {}", known.collect::<Vec<_>>().join(", "));
            return Err(Failure::with_hint(format!("the office has no inspector {stranger}"), hint));
        }
        let mut files = Vec::new();
        for path in &self.attach {
            let (name, media_type, bytes) = read_attachment(path)?;
            files.push(Attachment { name, media_type, bytes });
        }
        Ok(Draft {
            text: read_text(&self.text_file)?,
            language: language(&office.profile, asked_language),
            left_out: self.leave_out.clone(),
            files,
        })
    }
}

fn show(
    office: &Office<'_>,
    mailbox: &Mailbox<'_>,
    folder: Option<&std::path::Path>,
) -> Result<ShownMailbox, Failure> {
    let mut shown = ShownMailbox {
        case: mailbox.case.to_string(),
        status: mailbox.status,
        outcome: mailbox.outcome.clone(),
        messages: Vec::new(),
        refused: Vec::new(),
    };
    if let Some(folder) = folder {
        create_private_folder(folder).map_err(Failure::new)?;
    }
    let mut names = SafeNames::default();
    for reply in &mailbox.replies {
        let Some(content) = reply.opened.authentic() else {
            shown
                .refused
                .push(Refused { position: reply.listed.position, authenticity: reply.opened.authenticity });
            continue;
        };
        let mut message =
            ShownMessage::new(&office.profile, reply.listed.position, reply.listed.day, &reply.opened);
        if let Some(folder) = folder {
            for (file, shown) in content.files.iter().zip(&mut message.files) {
                let name = names.give(&file.file.name);
                write_new_private(&folder.join(&name), &file.bytes).map_err(|error| {
                    Failure::with_hint(error, "choose a new folder: nothing is overwritten")
                })?;
                shown.saved = Some(name);
            }
        }
        shown.messages.push(message);
    }
    Ok(shown)
}

/// The receipt code: typed unseen at a terminal, or the whole of standard input.
fn read_code() -> Result<ReceiptCode, Failure> {
    let mut text = Zeroizing::new(String::new());
    if std::io::stdin().is_terminal() {
        *text = rpassword::prompt_password("Receipt code (32 digits, not shown): ").map_err(Failure::new)?;
    } else {
        let limited = std::io::Read::take(std::io::stdin(), 4096);
        std::io::Read::read_to_string(&mut { limited }, &mut text)
            .map_err(|_| Failure::new("standard input does not hold a receipt code"))?;
    }
    ReceiptCode::decode(&text).map_err(|error| {
        let hint = match error {
            receipt::Error::Check => "compare it with what you wrote down, group by group; nothing was sent",
            receipt::Error::Length | receipt::Error::Character => {
                "eight groups of four digits; nothing was sent"
            }
        };
        Failure::with_hint(error, hint)
    })
}

fn reporter_failure(error: reporter::Error) -> Failure {
    use crate::seal::message::SealError;
    match error {
        reporter::Error::Client(error) => client_failure(error),
        reporter::Error::Profile(error) => profile_failure(error),
        reporter::Error::UnknownCode => {
            Failure::with_hint(error, "is it the code of this office, and was the report sent to the end?")
        }
        reporter::Error::Seal(SealError::Nobody) => {
            Failure::with_hint(error, "leave fewer inspectors out, or turn to another office")
        }
        reporter::Error::Seal(SealError::TextTooLong { .. }) => {
            Failure::with_hint(error, "shorten it, or attach it as a file")
        }
        error => Failure::new(error),
    }
}
