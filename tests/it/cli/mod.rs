//! The binary, as people run it.

mod commands;
mod poster;
mod stage;
mod transcripts;
