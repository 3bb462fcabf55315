//! mohr: anonymous reporting to an oversight office.
//!
//! `docs/PROTOCOL.md` is the byte-level truth, `docs/ARCHITECTURE.md` the map. Which module may import which
//! is fixed by `tests/it/layering.rs`; above all, `server` never imports `seal`.

pub mod protocol;

pub mod cli;
pub mod client;
pub mod desk;
pub mod reporter;
pub mod seal;
pub mod server;
pub mod storage;
pub mod verify;
