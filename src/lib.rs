//! mohr: anonymous reporting to an oversight office.
//!
//! `docs/PROTOCOL.md` is the byte-level truth, `docs/ARCHITECTURE.md` the map. Which module may import which
//! is fixed by `tests/it/layering.rs`; above all, `server` never imports `seal`.

#![warn(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what an anonymous sender wrote must not stop the program"
)]
#![warn(clippy::string_slice, reason = "a cut inside a character panics: decoders are total")]
#![warn(clippy::mem_forget, reason = "what is never dropped is never wiped")]
#![warn(clippy::print_stdout, clippy::print_stderr, reason = "the command line alone speaks to a terminal")]
#![warn(clippy::too_many_lines, reason = "a function fits on a screen")]

pub mod protocol;

pub mod cli;
pub mod client;
pub mod desk;
pub mod files;
pub mod http;
pub mod reporter;
pub mod seal;
pub mod server;
pub mod storage;
pub mod verify;
