//! What tests stand on: an office and its cases, a demo as a person runs it, a server that a test can misuse.

pub mod case_json;
pub mod demo;
pub mod office;
pub mod script;
pub mod server;
