//! What is given to read a case: who reads it, what is listed, and what this reader found in it.

use super::digest::journal_id;
use super::message::Unverified;
use super::profile::VerifiedProfile;
use crate::protocol::api::ListedMessage;
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest};
use crate::protocol::memo::Memo;
use crate::protocol::message::MessageKind;

/// Who reads which case, by which profile.
#[derive(Debug, Clone, Copy)]
pub struct CaseContext<'a> {
    pub profile: &'a VerifiedProfile,
    /// Of the reporter, the one her code gives; of an inspector, the one that was listed; or the journal's
    /// id.
    pub case: CaseId,
    pub perspective: Perspective,
}

impl CaseContext<'_> {
    pub fn is_journal(&self) -> bool {
        self.case == journal_id(self.profile.office)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Perspective {
    /// Opens replies, knows her own messages by their memos, sees no record.
    Reporter,
    Inspector,
}

/// A message as it is listed, and what this reader found in it. The position is that in the slice.
#[derive(Debug, Clone)]
pub struct ThreadEntry {
    pub kind: MessageKind,
    pub sha256: Digest,
    pub day: Day,
    pub found: Found,
}

#[derive(Debug, Clone)]
pub enum Found {
    /// It opened and decoded.
    Opened(Box<Unverified>),
    /// The reporter's own, which she cannot open.
    Own(OwnMemo),
    /// It does not open or does not decode.
    Unreadable,
    /// A one-way report.
    OneWay,
    /// This reader did not ask for it.
    NotFetched,
    /// The server says that it was erased.
    Gone,
    /// The server lists it and does not give it.
    Missing,
}

/// What stands beside an own message.
#[derive(Debug, Clone)]
pub enum OwnMemo {
    Hers(Memo),
    /// It does not open for this message.
    NotHers,
    /// None, where one must be.
    None,
}

impl ThreadEntry {
    /// `found` does not matter where the server says that the message is gone.
    pub fn new(listed: &ListedMessage, found: Found) -> Self {
        let found = if listed.gone { Found::Gone } else { found };
        Self { kind: listed.kind, sha256: listed.sha256, day: listed.day, found }
    }
}
