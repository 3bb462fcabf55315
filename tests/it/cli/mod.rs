//! The binary, as people run it.

mod clock;
mod commands;
mod outputs;
mod poster;
mod sending;
mod stage;
mod transcripts;
