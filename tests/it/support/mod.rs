//! What tests stand on: an office and its cases, a demo as a person runs it, a server that a test can misuse,
//! and a line to it that breaks.

pub mod case_json;
pub mod demo;
pub mod line;
pub mod office;
pub mod script;
pub mod server;
