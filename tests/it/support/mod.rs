//! What tests stand on: an office and its cases, a demo as a person runs it, a server that a test can misuse,
//! and a line to it that breaks.

pub mod bad_line;
pub mod case_json;
pub mod demo;
pub mod line;
pub mod office;
pub mod running;
pub mod script;
pub mod scripted;
pub mod server;
