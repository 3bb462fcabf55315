//! What every handler shares, whatever its office.

use tokio::sync::Semaphore;

use crate::http::connection::Stopping;
use crate::protocol::day::Day;
use crate::protocol::limits::SEALED_BYTES_MAX;

use super::config::ServerLimits;
use super::embedded::EmbeddedFiles;
use super::forms;
use super::office::Offices;

pub(super) struct App {
    pub(super) offices: Offices,
    pub(super) pages: &'static EmbeddedFiles,
    /// `Tus-Max-Size`.
    pub(super) message_bytes_max: u64,
    /// See [`forms::room`].
    pub(super) form_room: Semaphore,
    pub(super) stopping: Stopping,
    today: Box<dyn Fn() -> Day + Send + Sync>,
}

impl App {
    pub(super) fn new(
        offices: Offices,
        pages: &'static EmbeddedFiles,
        limits: ServerLimits,
        stopping: Stopping,
        today: impl Fn() -> Day + Send + Sync + 'static,
    ) -> Self {
        let message_bytes_max = limits.message_bytes.unwrap_or(SEALED_BYTES_MAX);
        Self { offices, pages, message_bytes_max, form_room: forms::room(), stopping, today: Box::new(today) }
    }

    pub(super) fn today(&self) -> Day {
        (self.today)()
    }
}
