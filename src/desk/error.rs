//! Why a desk does not do what it was asked.

use super::memory;
use crate::files;
use crate::protocol::ids::Id;
use crate::seal::message::SealError;
use crate::verify::effect::IneffectiveAct;
use crate::verify::profile;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Client(#[from] crate::client::Error),
    #[error(transparent)]
    Profile(#[from] profile::Error),
    #[error("the office profile does not list inspector {id} with these keys")]
    NotListed { id: Id },
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(
        "a message of this case was sealed by version {floor} of the office profile, and the server offers {offered}"
    )]
    ProfileOlder { offered: u64, floor: u64 },
    #[error(
        "a message of this case was sealed by another text of version {version} of the office profile than the server \
         offers: nothing is sealed"
    )]
    ProfileDiffers { version: u64 },
    #[error("the office takes files of {max_bytes} bytes in all at most")]
    FilesTooLarge { max_bytes: u64 },
    #[error("the report of this case does not open with this identity, so there is nobody to answer")]
    NoReport,
    #[error("this report came through the form without scripts: there is nobody to answer")]
    OneWay,
    #[error("inspector {0} is no reader of this case")]
    NotAReader(Id),
    #[error("inspector {0} has declared an interest in this case and reads it no more")]
    Recused(Id),
    #[error("the reporter left inspector {0} out of this case for ever: it cannot be handed over")]
    LeftOut(Id),
    #[error("the office profile does not list inspector {0}")]
    NoSuchPerson(Id),
    #[error("the server shows nothing of this case but that there is one")]
    NotShown,
    #[error("{}", ineffective_text(.0))]
    NoEffect(Vec<IneffectiveAct>),
    #[error("the draft is of another case, or of another inspector, or no reply")]
    OtherDraft,
    #[error("the case has changed since the reply was drafted: draft it again")]
    DraftOutOfDate,
    #[error("the server has no case {0}")]
    NoSuchCase(String),
    #[error("{0} begins the id of more than one case")]
    Ambiguous(String),
    #[error(transparent)]
    Memory(#[from] memory::Error),
    #[error(transparent)]
    Files(#[from] files::Error),
    #[error("writing failed: {0}")]
    Disk(std::io::Error),
}

fn ineffective_text(acts: &[IneffectiveAct]) -> String {
    let text =
        |act: &IneffectiveAct| format!("act {} ({}) would change nothing: {}", act.at + 1, act.word, act.why);
    acts.iter().map(text).collect::<Vec<_>>().join("; ")
}
