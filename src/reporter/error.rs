//! Why a reporter's program does not do what it was asked.

use crate::protocol::ids::Id;
use crate::seal::message::SealError;
use crate::verify::case_state::AskAgain;
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
    #[error(
        "an answer was sealed by another text of version {version} of the office profile than the server offers: \
         nothing is sealed"
    )]
    ProfileDiffers { version: u64 },
    #[error("the office takes files of {max_bytes} bytes in all at most")]
    FilesTooLarge { max_bytes: u64 },
    #[error("this code opens no mailbox here")]
    UnknownCode,
    #[error("the server's mailbox is another case's")]
    OtherCase,
    #[error("{}, so only you know whom you left out", why_ask_again(.0))]
    AskAgain(AskAgain),
    #[error("the server shows {shown} messages, and you have read {seen}: some are no longer there")]
    FewerMessages { shown: usize, seen: usize },
    #[error("the office has not named inspector {0} to you: nobody else can be added")]
    NotOffered(Id),
}

fn why_ask_again(why: &AskAgain) -> &'static str {
    match why {
        AskAgain::Server => "the server does not give back what travelled beside your messages",
        AskAgain::Erased => "the office has erased your last message",
    }
}
