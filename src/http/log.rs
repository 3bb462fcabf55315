//! What is logged: start and stop, failures of the machine, and nothing of any request.
//!
//! Libraries log too, and some of them what they were sent or whom they spoke to; so nothing of theirs
//! passes, at any level. A line has no time: whoever keeps the lines adds one, and can be told not to.

use serde::Deserialize;
use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// Our own targets alone.
const TARGET: &str = "mohr";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Off,
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// Logs to standard error from here on. A second call changes nothing.
pub fn init(level: Level) {
    let _ = tracing::subscriber::set_global_default(subscriber(level, std::io::stderr));
    // What a panic says can quote what somebody sent ("byte index 3 is not a char boundary of …"): only its
    // place is told.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, ToString::to_string);
        tracing::error!(%place, "panicked");
    }));
}

/// The subscriber that [`init`] installs, writing elsewhere.
pub fn subscriber<W>(level: Level, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // A log that nobody takes any more is no reason to stop: what would say so panics when it cannot be said.
    let lines = tracing_subscriber::fmt::layer()
        .without_time()
        .with_ansi(false)
        .log_internal_errors(false)
        .with_writer(writer);
    let own = Targets::new().with_target(TARGET, filter(level));
    tracing_subscriber::registry().with(own).with(lines)
}

fn filter(level: Level) -> LevelFilter {
    match level {
        Level::Off => LevelFilter::OFF,
        Level::Error => LevelFilter::ERROR,
        Level::Warn => LevelFilter::WARN,
        Level::Info => LevelFilter::INFO,
        Level::Debug => LevelFilter::DEBUG,
        Level::Trace => LevelFilter::TRACE,
    }
}
