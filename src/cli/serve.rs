//! `mohr serve` and `mohr create-database`.

use std::path::PathBuf;

use clap::Args;
use tokio::net::TcpListener;

use super::Failure;
use super::writer::note;
use crate::http::log;
use crate::server::{self, Config, config};
use crate::storage::{self, DatabaseError};

#[derive(Args)]
pub struct ServeArguments {
    /// The configuration file; docs/OPERATING.md has one to start from
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

#[derive(Args)]
pub struct CreateDatabaseArguments {
    /// The configuration file that names the database
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub fn serve(arguments: &ServeArguments) -> Result<(), Failure> {
    let config = load(&arguments.config)?;
    log::init(config.log.level);
    run(async {
        let stopped = stopped();
        let listener = listen(&config).await?;
        server::serve(config, listener, stopped).await.map_err(server_failure)
    })
}

pub fn create_database(arguments: &CreateDatabaseArguments) -> Result<(), Failure> {
    let config = load(&arguments.config)?;
    storage::create(&config.database).map_err(database_failure)?;
    note(format!("made {}", config.database.display()));
    Ok(())
}

/// Runs the server's work to its end on a runtime of its own.
pub(super) fn run(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::new)?;
    runtime.block_on(work)
}

pub(super) async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    TcpListener::bind(config.listen).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program listens there: stop it, or choose another address"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 are not for everybody: choose one above"
            }
            _ => "is it an address of this machine?",
        };
        Failure::with_hint(format!("cannot listen on {}: {error}", config.listen), hint)
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
        server::Error::Storage(error) => database_failure(error),
        server::Error::Profile { .. } => Failure::with_hint(error, "mohr keys profile verify says more"),
        server::Error::ReadProfile { .. } => {
            Failure::with_hint(error, "is the path in the configuration right, and may this user read it?")
        }
        server::Error::Config(error) => config_failure(error),
    }
}

pub(super) fn database_failure(error: DatabaseError) -> Failure {
    let hint = match &error {
        DatabaseError::Missing(_) => {
            "is the path right? A new office makes its database once, with mohr create-database"
        }
        DatabaseError::Exists(_) => "name another path, or run it with mohr serve",
        // It says by itself what to do.
        DatabaseError::LeftBehind(_) | DatabaseError::Thread(_) => return Failure::new(error),
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
