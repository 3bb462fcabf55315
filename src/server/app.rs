//! What every handler shares.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use tokio::sync::watch;

use crate::protocol::day::Day;
use crate::protocol::limits::SEALED_BYTES_MAX;
use crate::storage::Storage;

use super::config::Limits;
use super::one_way::OneWay;
use super::pages::Pages;
use super::profile::Signed;
use super::sessions::Sessions;

/// What a path names, unless its bytes are no text. Handlers take it so: axum's own refusal is no problem document
/// and quotes the path.
pub(super) type Named<T> = Result<Path<T>, PathRejection>;

pub(super) struct App {
    pub(super) storage: Storage,
    pub(super) signed: Signed,
    pub(super) sessions: Sessions,
    pub(super) pages: &'static Pages,
    pub(super) one_way: OneWay,
    /// `Tus-Max-Size`.
    pub(super) message_bytes_max: u64,
    stopping: watch::Receiver<bool>,
    today: Box<dyn Fn() -> Day + Send + Sync>,
}

impl App {
    pub(super) fn new(
        storage: Storage,
        signed: Signed,
        limits: Limits,
        stopping: watch::Receiver<bool>,
        today: impl Fn() -> Day + Send + Sync + 'static,
    ) -> Self {
        let pages = Pages::embedded();
        Self {
            storage,
            one_way: OneWay::new(pages, &signed.profile),
            signed,
            sessions: Sessions::new(),
            pages,
            message_bytes_max: limits.message_bytes.unwrap_or(SEALED_BYTES_MAX),
            stopping,
            today: Box::new(today),
        }
    }

    pub(super) fn today(&self) -> Day {
        (self.today)()
    }

    /// Resolves when the server is to stop.
    pub(super) async fn stopping(&self) {
        // An error means that the other end is gone, which comes to the same.
        let _ = self.stopping.clone().wait_for(|stop| *stop).await;
    }
}
