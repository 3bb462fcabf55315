//! The binary, as people run it.

mod commands;
mod poster;
