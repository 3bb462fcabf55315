//! `mohr report`, `status` and `follow-up`: a reporter without a browser.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;
use zeroize::Zeroizing;

use super::delivery::{Delivery, Parcel};
use super::interrupt::{Dispatch, interruptible};
use super::output::{print_json, print_message};
use super::typed::{parse_id, parse_office};
use super::writer::{note, print_line, progress};
use super::{
    Failure, ServerArguments, check_not_empty, client_failure, language, not_written, profile_failure,
    read_attachment, read_text, seal_failure, unreadable,
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
    #[arg(long, value_name = "ID", value_parser = parse_office)]
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
    #[arg(long, value_name = "INSPECTOR", value_parser = parse_id)]
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
    /// What the office has from the reporter. It is sealed to the office: that it arrived can be seen, and on which day.
    own: Vec<Own>,
    /// What claims to be from the office and is not, by position: never shown as a reply.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Own {
    position: u64,
    received: Day,
}

#[derive(Serialize)]
struct Refused {
    position: u64,
    authenticity: Authenticity,
}

pub fn report(arguments: ReportArguments) -> Result<(), Failure> {
    interruptible(move |dispatch| send_report(&arguments, dispatch))
}

fn send_report(arguments: &ReportArguments, dispatch: &Dispatch) -> Result<(), Failure> {
    let client = arguments.office.server.client()?;
    let office = arguments.office.visit(&client)?;
    office.check_in_force().map_err(reporter_failure)?;
    let draft = arguments.draft.read(&office, arguments.office.language.as_deref())?;
    let code = ReceiptCode::generate(crate::seal::fill_random);
    let sealed = office.seal_report(&code, Door::Report, Vec::new(), &draft).map_err(reporter_failure)?;
    let delivery = Delivery::of_report(&code, arguments.office.json, client.upload_watch())?;
    let delivery = dispatch.get_or_init(|| Arc::new(delivery));
    delivery.end(office.send(&sealed, progress()).map_err(reporter_failure))
}

pub fn status(arguments: &StatusArguments) -> Result<(), Failure> {
    let client = arguments.office.server.client()?;
    let office = arguments.office.visit(&client)?;
    let code = read_code()?;
    let mailbox = office.open_mailbox(&code).map_err(reporter_failure)?;
    let shown = show(&office, &mailbox, arguments.files.as_deref())?;
    if arguments.office.json {
        return print_json(&shown);
    }
    print_line(format!("status: {}", shown.status.as_str()))?;
    for own in &shown.own {
        print_line(format!("[{}] {}  from you, sealed to the office", own.position, own.received))?;
    }
    shown.messages.iter().try_for_each(print_message)?;
    for refused in &shown.refused {
        note(format!(
            "WARNING: message {} is not from the office, or was damaged; it is not shown",
            refused.position
        ));
    }
    Ok(())
}

pub fn follow_up(arguments: FollowUpArguments) -> Result<(), Failure> {
    interruptible(move |dispatch| send_follow_up(&arguments, dispatch))
}

fn send_follow_up(arguments: &FollowUpArguments, dispatch: &Dispatch) -> Result<(), Failure> {
    let client = arguments.office.server.client()?;
    let office = arguments.office.visit(&client)?;
    office.check_in_force().map_err(reporter_failure)?;
    if arguments.draft.text_file.as_os_str() == "-" {
        return Err(Failure::with_hint(
            "the receipt code comes from standard input, so the text needs a file",
            "save the text to a file and name it with --text-file",
        ));
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
    let delivery = dispatch.get_or_init(|| {
        Arc::new(Delivery::new(Parcel::FollowUp, arguments.office.json, client.upload_watch()))
    });
    delivery.end(mailbox.follow_up(draft, progress()).map_err(reporter_failure))
}

impl OfficeArguments {
    fn visit<'a>(&self, client: &'a crate::client::Client) -> Result<Office<'a>, Failure> {
        let office = self.server.office(self.office)?;
        let today = Day::today();
        let office = Office::visit(client, office, today).map_err(reporter_failure)?;
        if office.expired {
            note(format!(
                "WARNING: the office profile expired on {}, and this computer's clock says {today}; nothing can be \
                 sent until a new one is signed",
                office.profile.expires
            ));
        }
        warn_of_clock(office.profile.issued, today);
        Ok(office)
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
        let text = read_text(&self.text_file)?;
        check_not_empty(&text, files.len())?;
        Ok(Draft {
            text,
            language: language(&office.profile, asked_language)?,
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
        own: mailbox.own.iter().map(|own| Own { position: own.position, received: own.day }).collect(),
        refused: Vec::new(),
    };
    if let Some(folder) = folder {
        create_private_folder(folder).map_err(|error| not_written(folder, error))?;
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
        *text = rpassword::prompt_password("Receipt code (32 digits, not shown): ")
            .map_err(|error| unreadable(&"the terminal", &error))?;
    } else {
        let limited = std::io::Read::take(std::io::stdin(), 4096);
        std::io::Read::read_to_string(&mut { limited }, &mut text).map_err(|_| {
            Failure::with_hint(
                "standard input does not hold a receipt code",
                "eight groups of four digits; nothing was sent",
            )
        })?;
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
    match error {
        reporter::Error::Client(error) => client_failure(error),
        reporter::Error::Profile(error) => profile_failure(error),
        reporter::Error::UnknownCode => {
            Failure::with_hint(error, "is it the code of this office, and was the report sent to the end?")
        }
        reporter::Error::OtherCase => {
            Failure::with_hint(error, "do not trust what this server shows: tell the office by another way")
        }
        reporter::Error::FilesTooLarge { .. } => {
            Failure::with_hint(error, "send less, or in several messages")
        }
        reporter::Error::Seal(error) => seal_failure(error),
    }
}

/// Says when the clock stands before the day on which the profile was signed: the day goes into what is sent, and a
/// wrong one is a mark of its sender.
pub(super) fn warn_of_clock(issued: Day, today: Day) {
    if today < issued {
        note(format!(
            "WARNING: this computer's clock says {today}, and the office profile was signed on {issued}: if the clock \
             is wrong, set it before you send anything; the day is part of what you send"
        ));
    }
}
