//! Why a reporter's program does not do what it was asked.

use crate::protocol::ids::Id;
use crate::seal::message::SealError;
use crate::verify::profile;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Client(#[from] crate::client::Error),
    #[error(transparent)]
    Profile(#[from] profile::Error),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(
        "your mailbox knows version {floor} of the office profile, and the server offers {offered}: nothing is sealed"
    )]
    ProfileOlder { offered: u64, floor: u64 },
    #[error("the office takes files of {max_bytes} bytes in all at most")]
    FilesTooLarge { max_bytes: u64 },
    #[error("this code opens no mailbox here")]
    UnknownCode,
    #[error("the server's mailbox is another case's")]
    OtherCase,
    #[error(
        "the server does not give back what travelled beside your messages, so only you know whom you left out"
    )]
    AskAgain,
    #[error("the office has not named inspector {0} to you: nobody else can be added")]
    NotOffered(Id),
}
