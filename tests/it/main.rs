//! The integration tests, in one binary: what they link is linked once, and they run side by side. A module
//! is a noun of the crate, or a promise that crosses several.
//!
//! A test that must have its process to itself is a file of its own beside this folder: `server_log` and
//! `server_log_offices` (the log of the whole process), `server_failures` (more connections than a process
//! beside others may open), `server_storage_full` and `server_crash` (they fill the disk's cache and the
//! processor for as long as they run).

mod support;

mod cctv;
mod cli;
mod desk;
mod documents;
mod forgery;
mod layering;
mod prose;
mod reporter;
mod server;
mod storage;
mod vectors;
