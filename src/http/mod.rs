//! The web without an office: connections, headers, hosts, bodies, ranges, static files, problem documents
//! and the log. What is here knows neither storage nor profile; it imports `protocol` alone, so that
//! whoever serves pages can use it.

pub mod body;
pub mod connection;
mod framing;
pub mod headers;
pub mod host;
pub mod log;
pub mod problem;
pub mod range;
pub mod static_file;
