//! `mohr serve` and `mohr create-database`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use tokio::net::TcpListener;

use super::Failure;
use super::writer::note;
use crate::http::log;
use crate::server::config::{self, OfficeConfig};
use crate::server::{self, Config};
use crate::storage::{self, DatabaseError};

#[derive(Args)]
pub struct ServeArguments {
    /// The configuration file; docs/OPERATING.md has one to start from
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Args)]
pub struct CreateDatabaseArguments {
    /// The configuration file that names the database and the office's profile
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One of the hosts of the office; needed where the file names more than one office
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
}

pub fn serve(arguments: &ServeArguments) -> Result<(), Failure> {
    let config = load(&arguments.config)?;
    log::init(config.log.level);
    run(async {
        let stopped = stopped();
        let listener = listen(config.listen).await?;
        server::serve(config, listener, stopped).await.map_err(server_failure)
    })
}

pub fn create_database(arguments: &CreateDatabaseArguments) -> Result<(), Failure> {
    let config = load(&arguments.config)?;
    let office = chosen(&config, arguments.host.as_deref())?;
    let id = server::office_id(office).map_err(server_failure)?;
    storage::create(&office.database, id).map_err(database_failure)?;
    note(format!("made {}", office.database.display()));
    Ok(())
}

/// The office whose database is made. Never more than one at once: one that is missing may be lost, and an
/// empty one in its place would hide that.
fn chosen<'a>(config: &'a Config, host: Option<&str>) -> Result<&'a OfficeConfig, Failure> {
    let found = match (host, &*config.offices) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(host), offices) => offices.iter().find(|office| office.hosts.iter().any(|name| name == host)),
    };
    found.ok_or_else(|| {
        let problem = match host {
            None => "the configuration names more than one office".to_owned(),
            Some(host) => format!("the configuration has no office at the host {host}"),
        };
        let hosts: Vec<_> = config.offices.iter().filter_map(|office| office.hosts.first()).collect();
        let hosts = hosts.iter().map(|host| format!("--host {host}")).collect::<Vec<_>>().join(" or ");
        Failure::with_hint(problem, format!("say which one is new, with {hosts}"))
    })
}

/// Runs the server's work to its end on a runtime of its own.
pub(super) fn run(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::new)?;
    runtime.block_on(work)
}

pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program listens there: stop it, or choose another address"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 are not for everybody: choose one above"
            }
            _ => "is it an address of this machine?",
        };
        Failure::with_hint(format!("cannot listen on {address}: {error}"), hint)
    })
}

/// Resolves on SIGINT (Ctrl-C) or SIGTERM that comes after this call, not only after the first poll.
pub(super) fn stopped() -> impl Future<Output = ()> + Send {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else {
            // Without handlers the signals end the process as they always do; that is safe, only less tidy.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

pub(super) fn server_failure(error: server::Error) -> Failure {
    match error {
        server::Error::Database(error) => database_failure(error),
        server::Error::Profile { .. } => Failure::with_hint(error, "mohr keys profile verify says more"),
        server::Error::ReadProfile { .. } => {
            Failure::with_hint(error, "is the path in the configuration right, and may this user read it?")
        }
        server::Error::KeepProfile { .. } => {
            Failure::with_hint(error, "is there room on the disk, and may this user write to the database?")
        }
        server::Error::Config(error) => config_failure(error),
        // These say by themselves what to do.
        server::Error::Hosts { .. }
        | server::Error::SameOffice(..)
        | server::Error::SameDatabase(..)
        | server::Error::OlderProfile { .. }
        | server::Error::OtherText { .. } => Failure::new(error),
    }
}

pub(super) fn database_failure(error: DatabaseError) -> Failure {
    let hint = match &error {
        DatabaseError::Missing(_) => {
            "is the path right? A new office makes its database once, with mohr create-database"
        }
        DatabaseError::Exists(_) => "name another path, or run it with mohr serve",
        // It says by itself what to do.
        DatabaseError::LeftBehind(_) | DatabaseError::Thread(_) | DatabaseError::OtherOffice { .. } => {
            return Failure::new(error);
        }
        DatabaseError::Version { .. } => "run the mohr that made it, or its successor",
        DatabaseError::NotOurs(_) => "is the path right?",
        DatabaseError::Io { .. } | DatabaseError::Sqlite { .. } => {
            "is the path right, and may this user read and write there?"
        }
    };
    Failure::with_hint(error, hint)
}

fn load(path: &std::path::Path) -> Result<Config, Failure> {
    Config::load(path).map_err(config_failure)
}

fn config_failure(error: config::Error) -> Failure {
    let hint = match &error {
        config::Error::Read { .. } => "is the path right, and may this user read it?",
        _ => "docs/OPERATING.md has a configuration to start from",
    };
    Failure::with_hint(error, hint)
}
