//! The binary, as people run it.

mod clock;
mod commands;
mod keys;
mod outputs;
mod poster;
mod sending;
mod stage;
mod transcripts;
