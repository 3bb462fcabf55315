//! The server: keeps sealed blobs and hands out the pages. It can open nothing and never imports `seal`.
//!
//! [`router`] holds every address, [`routes`] the handlers in files by noun, [`office`] what belongs to one
//! office. What a request carries is never logged, at any level; see [`crate::http::log`].

mod app;
pub mod config;
mod embedded;
mod forms;
mod office;
mod problem;
mod router;
mod routes;
mod sessions;
mod start;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::http::connection::{self, Stop};
use crate::protocol::day::Day;
use crate::storage;

use app::App;
use embedded::EmbeddedFiles;

pub use config::Config;
pub use router::ROUTES;
pub use start::{Error, office_id};

/// How often the server looks whether a new day has begun.
const DAY_CHECK: Duration = Duration::from_secs(600);
/// How long it waits to purge again when the storage was busy or another process held the database.
const PURGE_RETRY: Duration = Duration::from_secs(5);

/// Serves until `shutdown` resolves, then lets running requests end for a few seconds, empties the WAL and
/// returns. What an upload in progress has received by then is kept.
pub async fn serve(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), Error> {
    serve_with_clock(config, listener, shutdown, Day::today).await
}

/// [`serve`] by another calendar, for tests.
pub async fn serve_with_clock(
    config: Config,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
    today: impl Fn() -> Day + Send + Sync + 'static,
) -> Result<(), Error> {
    let (stop, pages) = (Stop::new(), EmbeddedFiles::pages());
    let offices = start::open_offices(&config, pages, today()).await?;
    let app = Arc::new(App::new(offices, pages, config.limits, stop.stopping(), today));

    // Not waited for: it changes nothing but memory.
    std::thread::spawn(|| pages.compress());
    let purge = tokio::spawn(purge_daily(app.clone()));
    tracing::info!("serving");
    connection::serve(listener, router::router(app.clone()), shutdown, stop, connection::Bounds::DEFAULT)
        .await;
    purge.abort();
    // Each blocks until its writer has ended: outside the async threads, and side by side.
    let storages = app.offices.all().map(|office| office.storage.clone());
    let closed: Vec<_> =
        storages.map(|storage| tokio::task::spawn_blocking(move || storage.close())).collect();
    for closed in closed {
        let _ = closed.await;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Drops stale uploads at start and whenever a new day has begun. A failure is tried again at the next look,
/// soon when nothing is wrong but that others were first, and keeps no other office's waiting.
async fn purge_daily(app: Arc<App>) {
    let mut purged = None;
    loop {
        let today = app.today();
        let mut pause = DAY_CHECK;
        if purged != Some(today) {
            purged = Some(today);
            for office in app.offices.all() {
                if let Err(error) = office.storage.purge(today).await {
                    tracing::warn!(parent: &office.span, %error, "stale uploads could not be dropped");
                    purged = None;
                    if matches!(error, storage::Error::Busy | storage::Error::Locked) {
                        pause = PURGE_RETRY;
                    }
                }
            }
        }
        tokio::time::sleep(pause).await;
    }
}
