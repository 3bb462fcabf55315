//! The command line. Standard output is for data: a listing, a document, or JSON with `--json`.
//! Progress, warnings and errors go to standard error; an error says what is wrong and, where it
//! can, what to do next. A secret is never an argument: passphrases come from a prompt or a file,
//! receipt codes from standard input.

mod case_output;
mod delivery;
mod demo;
mod desk;
mod failure;
mod files;
mod inspector;
mod interrupt;
mod keys;
mod mailbox_output;
mod office;
mod output;
mod passphrase;
mod poster;
mod records;
mod reporter;
mod serve;
mod typed;
mod writer;

use clap::{Parser, Subcommand};

pub use failure::Failure;
pub use output::print_failure;

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
