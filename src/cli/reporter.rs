//! `mohr report`, `status` and `follow-up`: a reporter without a browser.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use zeroize::Zeroizing;

use super::delivery::{Delivery, Parcel};
use super::failure::{Failure, client_failure, not_written, profile_failure, seal_failure, unreadable};
use super::files::{check_not_empty, read_attachment, read_text};
use super::interrupt::{Dispatch, interruptible};
use super::mailbox_output::{Own, Refused, ShownMailbox, print_mailbox};
use super::office::{ServerArguments, language, warn_of_days};
use super::output::print_json;
use super::typed::{parse_id, parse_office};
use super::writer::note;
use super::writer::progress;
use crate::desk::view::{ShownMessage, ShownPerson};
use crate::files::{SafeNames, Unfinished, create_private_folder, remove_unfinished};
use crate::protocol::day::Day;
use crate::protocol::ids::{Id, OfficeId};
use crate::protocol::message::Door;
use crate::protocol::receipt::{self, ReceiptCode};
use crate::reporter::{self, Attachment, Draft, FetchError, FollowUpForm, Mailbox, Office, ReportForm};
use crate::seal::opening::OpenError;
use crate::verify::case::{Authenticity, MessageReading};

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
    /// It goes back to an earlier case, whose receipt code then comes from standard input; whoever was left
    /// out of that one is left out of this one
    #[arg(long)]
    earlier: bool,
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
    /// Somebody whom the office's answers name, by id, who may read your case from now
    /// on; may be given more than once
    #[arg(long, value_name = "INSPECTOR", value_parser = parse_id)]
    also: Vec<Id>,
    /// Nobody was left out: asked for only where the server does not give back what your report said of it
    #[arg(long, conflicts_with = "leave_out")]
    leave_out_nobody: bool,
    /// How many messages mohr status has shown you: the office then sees which answers you knew. Whom one of
    /// them names and --also does not, is left out for ever [default: none behind your last message]
    #[arg(long, value_name = "NUMBER")]
    seen: Option<usize>,
}

pub fn report(arguments: ReportArguments) -> Result<(), Failure> {
    interruptible(move |dispatch| send_report(&arguments, dispatch))
}

fn send_report(arguments: &ReportArguments, dispatch: &Dispatch) -> Result<(), Failure> {
    let client = arguments.office.server.client()?;
    let office = arguments.office.visit(&client)?;
    office.check_in_force().map_err(reporter_failure)?;
    let draft = arguments.draft.read(&office, arguments.office.language.as_deref())?;
    let earlier = match arguments.earlier {
        true => {
            check_text_is_no_input(&arguments.draft)?;
            let mailbox = office.open_mailbox(&read_code()?).map_err(reporter_failure)?;
            Some(mailbox.into_earlier().map_err(reporter_failure)?)
        }
        false => None,
    };
    let code = ReceiptCode::generate(crate::seal::fill_random);
    let form = ReportForm { door: Door::Report, answers: Vec::new() };
    let sealed = office.seal_report(&code, form, &draft, earlier.as_ref()).map_err(reporter_failure)?;
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
    print_mailbox(&shown)?;
    let shown_messages = mailbox.listing.messages.len();
    if mailbox.surely_seen() < shown_messages {
        note(format!("when you write on, say that you have read this: --seen {shown_messages}"));
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
    check_text_is_no_input(&arguments.draft)?;
    let draft = arguments.draft.read(&office, arguments.office.language.as_deref())?;
    let code = read_code()?;
    let mailbox = office.open_mailbox(&code).map_err(reporter_failure)?;
    let form = FollowUpForm {
        also: arguments.also.clone(),
        has_said_whom: arguments.leave_out_nobody || !draft.left_out.is_empty(),
        seen: Some(arguments.seen.unwrap_or_else(|| mailbox.surely_seen())),
    };
    let delivery = dispatch.get_or_init(|| {
        Arc::new(Delivery::new(Parcel::FollowUp, arguments.office.json, client.upload_watch()))
    });
    delivery.end(mailbox.follow_up(&draft, &form, progress()).map_err(reporter_failure))
}

fn check_text_is_no_input(draft: &DraftArguments) -> Result<(), Failure> {
    if draft.text_file.as_os_str() == "-" {
        return Err(Failure::with_hint(
            "the receipt code comes from standard input, so the text needs a file",
            "save the text to a file and name it with --text-file",
        ));
    }
    Ok(())
}

impl OfficeArguments {
    fn visit<'a>(&self, client: &'a crate::client::Client) -> Result<Office<'a>, Failure> {
        let office = self.server.office(self.office)?;
        let today = Day::today();
        let office = Office::visit(client, office, today).map_err(reporter_failure)?;
        warn_of_days(&office.profile, today, "nothing can be sent");
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

fn show(office: &Office<'_>, mailbox: &Mailbox<'_>, folder: Option<&Path>) -> Result<ShownMailbox, Failure> {
    let reading = mailbox.read();
    let state = &reading.state.mailbox;
    let offered = state.own.offered.iter().map(|id| ShownPerson::new(&office.profile, id, None));
    let mut shown = ShownMailbox {
        case: mailbox.case.to_string(),
        status: state.status(),
        outcome: state.outcome().cloned(),
        messages: Vec::new(),
        own: Vec::new(),
        offered: offered.collect(),
        dropped: mailbox.listing.dropped,
        refused: Vec::new(),
    };
    if let Some(folder) = folder {
        create_private_folder(folder).map_err(|error| not_written(folder, error))?;
        remove_unfinished(folder).map_err(|error| not_written(folder, error))?;
    }
    let mut names = SafeNames::default();
    for (at, (listed, message)) in mailbox.listing.messages.iter().zip(&reading.mailbox).enumerate() {
        let position = listed.position;
        if listed.kind.is_from_reporter()
            && !matches!(message.authenticity, Authenticity::Gone | Authenticity::Missing)
        {
            shown.own.push(Own { position, received: listed.day, warnings: message.warnings.clone() });
            continue;
        }
        let mut refuse = |failure: Option<String>| {
            shown.refused.push(Refused { position, authenticity: message.authenticity, failure });
        };
        let Some(text) = message.authentic() else {
            refuse(mailbox.failure(at).map(str::to_owned));
            continue;
        };
        let mut answer = ShownMessage::new(&office.profile, listed, message, None);
        if let Some(folder) = folder.filter(|_| !text.message.files.is_empty()) {
            match fetch_files(mailbox, at, message, folder)? {
                Ok(files) => {
                    for (file, shown) in files.into_iter().zip(&mut answer.files) {
                        let name = names.give(&shown.name);
                        let path = folder.join(&name);
                        file.finish_as(&path).map_err(|error| not_written(&path, error))?;
                        shown.saved = Some(name);
                    }
                    answer.files_unread = false;
                }
                // Its text and its files have one signature: what is not whole is not shown.
                Err(failure) => {
                    refuse(Some(failure));
                    continue;
                }
            }
        }
        shown.messages.push(answer);
    }
    Ok(shown)
}

/// The files of an answer, checked and without names yet; or why they cannot be had.
fn fetch_files(
    mailbox: &Mailbox<'_>,
    at: usize,
    message: &MessageReading<'_>,
    folder: &Path,
) -> Result<Result<Vec<Unfinished>, String>, Failure> {
    let disk = |error: &dyn std::fmt::Display| Failure::new(format!("{}: {error}", folder.display()));
    let sealed = Unfinished::create(folder).map_err(Failure::new)?;
    let mut files = Vec::new();
    let fetched = sealed.handle().map_err(FetchError::Write).and_then(|mut handle| {
        mailbox.fetch_sealed(at, &mut handle)?;
        std::io::Seek::rewind(&mut handle).map_err(FetchError::Write)?;
        mailbox.open_files(at, message, handle, |_| {
            let file = Unfinished::create(folder).map_err(std::io::Error::other)?;
            let writer = file.handle()?;
            files.push(file);
            Ok(Some(writer))
        })
    });
    match fetched {
        Ok(()) => Ok(Ok(files)),
        Err(FetchError::Write(error) | FetchError::Open(OpenError::Write(error))) => Err(disk(&error)),
        Err(error) => Ok(Err(error.to_string())),
    }
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
        reporter::Error::AskAgain(_) => Failure::with_hint(
            error,
            "say it again: --leave-out INSPECTOR for each of them, or --leave-out-nobody",
        ),
        reporter::Error::NotOffered(_) => {
            Failure::with_hint(error, "mohr status lists whom the office's answers name")
        }
        reporter::Error::FewerMessages { .. } => Failure::with_hint(
            error,
            "look again with mohr status; if they stay away, tell the office by another way",
        ),
        reporter::Error::ProfileDiffers { .. } => Failure::with_hint(
            error,
            "somebody signed another profile than the one that was seen: ask the office by another way",
        ),
        reporter::Error::ProfileOlder { .. } => Failure::with_hint(
            error,
            "the server may be going back to an old profile: ask the office by another way",
        ),
    }
}
