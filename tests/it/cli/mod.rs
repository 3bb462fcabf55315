//! The binary, as people run it.

mod commands;
mod keys;
mod poster;
mod stage;
mod transcripts;
