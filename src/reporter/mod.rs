//! A reporter without a browser: the same protocol as the page, for the command line, tests and load.

mod mailbox;
mod office;

use crate::protocol::ids::Id;
use crate::protocol::message::File;
use crate::seal::message::SealError;
use crate::verify::profile;

pub use mailbox::{Mailbox, Reply};
pub use office::{Office, SealedMessage};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Client(#[from] crate::client::Error),
    #[error(transparent)]
    Profile(#[from] profile::Error),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the office takes files of {max_bytes} bytes in all at most")]
    FilesTooLarge { max_bytes: u64 },
    #[error("this code opens no mailbox here")]
    UnknownCode,
    #[error("the server's mailbox is another case's")]
    OtherCase,
}

/// What a reporter says.
pub struct Draft {
    pub text: String,
    pub language: String,
    pub left_out: Vec<Id>,
    pub files: Vec<Attachment>,
}

pub struct Attachment {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl Attachment {
    /// As message.json lists it.
    pub fn describe(&self) -> File {
        File {
            name: self.name.clone(),
            media_type: self.media_type.clone(),
            size_bytes: self.bytes.len() as u64,
        }
    }
}
