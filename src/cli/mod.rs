//! The command line. Standard output is for data: a listing, a document, or JSON with `--json`. Progress, warnings
//! and errors go to standard error; an error says what is wrong and, where it can, what to do next. A secret is never
//! an argument: passphrases come from a prompt or a file, receipt codes from standard input.

mod case_output;
mod delivery;
mod demo;
mod failure;
mod inspector;
mod interrupt;
mod keys;
mod output;
mod passphrase;
mod poster;
mod records;
mod reporter;
mod serve;
mod typed;
mod writer;

use std::path::Path;

use clap::{Args, Parser, Subcommand};

use crate::client::{Client, ServerAddress};
use crate::files;
use crate::protocol::ids::OfficeId;
use crate::protocol::profile::Profile;
use crate::protocol::text::fold_typed;

use failure::{client_failure, not_written, profile_failure, seal_failure, unreadable};

pub use failure::Failure;

/// Anonymous reporting to an oversight office: sealed by the reporter, opened only on an inspector's machine.
#[derive(Parser)]
#[command(name = "mohr", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up a throw-away office and run it, to try mohr.
    Demo(demo::DemoArguments),
    /// Run an office's server.
    Serve(serve::ServeArguments),
    /// Make the empty database of a new office.
    CreateDatabase(serve::CreateDatabaseArguments),
    /// Make and sign keys and the office profile.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Make a poster and slips with the office's address and fingerprint, to print.
    Poster(poster::PosterArguments),
    /// List the cases: inspector.
    Inbox(inspector::InboxArguments),
    /// Open a case and read it: inspector.
    Open(inspector::OpenArguments),
    /// Answer a case: inspector.
    Reply(inspector::ReplyArguments),
    /// Write a case's sealed originals and what was opened to a folder: inspector.
    Export(inspector::ExportArguments),
    /// Write a record for the readers of a case, or in the journal: inspector.
    Record(records::RecordArguments),
    /// Give a case to inspectors who could not read it: inspector.
    Handover(records::HandoverArguments),
    /// Sign somebody else's drafted answer as the second person: inspector.
    Second(records::SecondArguments),
    /// Send a report. Its receipt code is printed before anything is sent: keep it if this ends with "sent".
    Report(reporter::ReportArguments),
    /// Read a report's status and answers; the receipt code comes from standard input.
    Status(reporter::StatusArguments),
    /// Write on in a report's case; the receipt code comes from standard input.
    FollowUp(reporter::FollowUpArguments),
}

/// Where the server is and how to get there.
#[derive(Args)]
struct ServerArguments {
    /// Address of the server or of any of its pages, such as https://office.example
    #[arg(long, value_name = "URL")]
    server: String,
    /// SOCKS5 proxy, such as Tor's socks5://127.0.0.1:9050; the proxy resolves names, too
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

impl Cli {
    pub fn run(self) -> Result<(), Failure> {
        match self.command {
            Command::Demo(arguments) => demo::run(&arguments),
            Command::Serve(arguments) => serve::serve(&arguments),
            Command::CreateDatabase(arguments) => serve::create_database(&arguments),
            Command::Keys(command) => keys::run(command),
            Command::Poster(arguments) => poster::run(&arguments),
            Command::Inbox(arguments) => inspector::inbox(&arguments),
            Command::Open(arguments) => inspector::open(&arguments),
            Command::Reply(arguments) => inspector::reply(arguments),
            Command::Export(arguments) => inspector::export(&arguments),
            Command::Record(arguments) => records::record(arguments),
            Command::Handover(arguments) => records::handover(&arguments),
            Command::Second(arguments) => records::second(&arguments),
            Command::Report(arguments) => reporter::report(arguments),
            Command::Status(arguments) => reporter::status(&arguments),
            Command::FollowUp(arguments) => reporter::follow_up(arguments),
        }
    }
}

impl ServerArguments {
    fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.server, self.proxy.as_deref()).map_err(client_failure)
    }

    /// The office that was named: by its own argument, or behind the address of a page.
    fn office(&self, named: Option<OfficeId>) -> Result<Option<OfficeId>, Failure> {
        let address: ServerAddress =
            self.server.parse().map_err(|error| client_failure(crate::client::Error::Address(error)))?;
        match (named, address.office) {
            (Some(named), Some(pasted)) if named != pasted => Err(Failure::with_hint(
                "--office and the address name different offices",
                "compare both with a poster, and give the right one alone",
            )),
            (named, pasted) => Ok(named.or(pasted)),
        }
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| unreadable(&path.display(), &error))
}

/// A text that a person wrote; `-` is standard input.
fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes)
            .map_err(|error| unreadable(&"standard input", &error))?;
        bytes
    } else {
        read_file(path)?
    };
    String::from_utf8(bytes).map_err(|_| {
        Failure::with_hint(
            format!("{}: not UTF-8 text", path.display()),
            "save it as UTF-8, or send it along as it is with --attach",
        )
    })
}

/// Name and type of a file to attach, and its bytes.
fn read_attachment(path: &Path) -> Result<(String, String, Vec<u8>), Failure> {
    let bytes = read_file(path)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let media_type = media_type(path).to_owned();
    Ok((name, media_type, bytes))
}

/// A file's type by the end of its name: a hint for the reader, nothing is decided by it.
fn media_type(path: &Path) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "heic" => "image/heic",
        "gif" => "image/gif",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "pdf" => "application/pdf",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// The language to write in: the one asked for, else the office's own.
fn language(profile: &Profile, asked: Option<&str>) -> Result<String, Failure> {
    let Some(asked) = asked else { return Ok(profile.languages[0].clone()) };
    let folded = fold_typed(asked);
    if profile.languages.contains(&folded) {
        return Ok(folded);
    }
    Err(Failure::with_hint(
        format!("the office does not speak {asked}"),
        format!("its profile has {}", profile.languages.join(", ")),
    ))
}

/// What is said has words or a file.
fn check_not_empty(text: &str, files: usize) -> Result<(), Failure> {
    if text.trim().is_empty() && files == 0 {
        return Err(Failure::with_hint(
            "there is nothing to send: the text is empty and no file goes along",
            "was the text saved to the file that --text-file names?",
        ));
    }
    Ok(())
}

/// Writes a new file for one's own eyes; an existing one is never overwritten.
fn write_new_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    files::write_new_private(path, bytes).map_err(|error| not_written(path, error))
}

/// Writes a new file for everybody; an existing one is never overwritten.
fn write_new_public(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    files::write_new_public(path, bytes).map_err(|error| not_written(path, error))
}
