//! What is said on the wire and on disk: bounds, ids, codes, messages, profiles and the JSON of the server.
//! Pure and without I/O; imports nothing else of ours. Section numbers refer to `docs/PROTOCOL.md`.

pub mod address;
pub mod age_header;
pub mod api;
pub mod archive;
pub mod day;
pub mod erasure;
pub mod extensions;
pub mod ids;
pub mod limits;
pub mod memo;
pub mod message;
pub mod note;
pub mod one_way;
pub mod person;
pub mod profile;
pub mod receipt;
pub mod record;
pub mod seal_json;
pub mod secret;
pub mod text;
pub mod upload;

/// The format this program speaks; every signed statement begins with it.
pub const FORMAT: &str = "mohr/v1";
