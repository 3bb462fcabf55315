//! The command line. Standard output is for data: a listing, a document, or JSON with `--json`. Progress, warnings
//! and errors go to standard error; an error says what is wrong and, where it can, what to do next. A secret is never
//! an argument: passphrases come from a prompt or a file, receipt codes from standard input.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "here is where a terminal is spoken to")]

mod demo;
mod inspector;
mod keys;
mod output;
mod passphrase;
mod poster;
mod reporter;
mod serve;

use std::path::Path;

use clap::{Args, Parser, Subcommand};

use crate::client::Client;
use crate::files;
use crate::protocol::profile::Profile;

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
    /// Send a report and print its receipt code.
    Report(reporter::ReportArguments),
    /// Read a report's status and answers; the receipt code comes from standard input.
    Status(reporter::StatusArguments),
    /// Write on in a report's case; the receipt code comes from standard input.
    FollowUp(reporter::FollowUpArguments),
}

/// What went wrong, for a person.
pub struct Failure {
    message: String,
    hint: Option<String>,
}

/// Where the server is and how to get there.
#[derive(Args)]
struct ServerArguments {
    /// Address of the server, such as https://office.example
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
            Command::Reply(arguments) => inspector::reply(&arguments),
            Command::Export(arguments) => inspector::export(&arguments),
            Command::Report(arguments) => reporter::report(&arguments),
            Command::Status(arguments) => reporter::status(&arguments),
            Command::FollowUp(arguments) => reporter::follow_up(&arguments),
        }
    }
}

impl Failure {
    fn new(message: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), hint: None }
    }

    fn with_hint(message: impl std::fmt::Display, hint: impl std::fmt::Display) -> Self {
        Self { message: message.to_string(), hint: Some(hint.to_string()) }
    }

    /// What is wrong and what to do, on standard error.
    pub fn print(&self) {
        output::eprint_line(&self.message);
        if let Some(hint) = &self.hint {
            output::eprint_line(&format!("hint: {hint}"));
        }
    }
}

impl ServerArguments {
    fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.server, self.proxy.as_deref()).map_err(client_failure)
    }
}

fn client_failure(error: crate::client::Error) -> Failure {
    use crate::client::Error;
    let hint = match &error {
        Error::Unreachable(_) => "check the address, the connection and the proxy, and try again later",
        Error::Problem { word, .. } => match word.as_str() {
            "unauthorized" => {
                "the server does not know this inspector, or its profile is not the one you have"
            }
            "storage-full" => "the server has no room: tell the office",
            "busy" => "the server has too much to do: try again in a minute",
            "too-large" => "send less, or in several messages",
            _ => return Failure::new(error),
        },
        Error::UnexpectedAnswer(_) => "is this a mohr server, and of this version?",
        Error::Address | Error::Proxy => return Failure::new(error),
    };
    Failure::with_hint(error, hint)
}

fn profile_failure(error: crate::verify::profile::Error) -> Failure {
    use crate::verify::profile::Error;
    let hint = match &error {
        Error::Foreign { .. } => "do not use this server: it is not the office you asked for",
        Error::Older { .. } => "the server may be going back to old keys: ask the office by another way",
        Error::Expired { .. } => "the office has to sign a new profile: tell it",
        Error::FewerRoots { .. } | Error::OtherText { .. } => {
            "somebody signed another profile than the one that was seen: ask the office by another way"
        }
        Error::Signature | Error::RootChain | Error::Note | Error::Document(_) => {
            "do not use this server before the office says that it is right"
        }
    };
    Failure::with_hint(error, hint)
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}

/// A text that a person wrote; `-` is standard input.
fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin(), &mut bytes)
            .map_err(|error| Failure::new(format!("standard input: {error}")))?;
        bytes
    } else {
        read_file(path)?
    };
    String::from_utf8(bytes).map_err(|_| Failure::new(format!("{}: not UTF-8 text", path.display())))
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

/// The language to write in: the one asked for, if the office speaks it; else the office's own.
fn language(profile: &Profile, asked: Option<&str>) -> String {
    let spoken = |language: &&str| profile.languages.iter().any(|spoken| spoken == language);
    asked.filter(spoken).map_or_else(|| profile.languages[0].clone(), str::to_owned)
}

/// Writes a new file for one's own eyes; an existing one is never overwritten.
fn write_new_private(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    files::write_new_private(path, bytes).map_err(|error| not_written(path, error))
}

/// Writes a new file for everybody; an existing one is never overwritten.
fn write_new_public(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    files::write_new_public(path, bytes).map_err(|error| not_written(path, error))
}

fn not_written(path: &Path, error: files::Error) -> Failure {
    let hint = path.exists().then(|| "choose another name: nothing is overwritten".to_owned());
    Failure { message: error.to_string(), hint }
}
