//! Decisions without SQL: who may begin an upload and read a message, what a piece is, what a whole blob
//! becomes, which profile is served, how long an upload waits. Pure functions over facts that the back end
//! has looked up in the transaction that will carry the decision out, so every back end decides alike and the
//! whole table is tested without one.

use std::cmp::Ordering;

use crate::protocol::day::Day;
use crate::protocol::ids::{Digest, WriteHash};
use crate::protocol::record::ThreadName;
use crate::protocol::upload::MessageKind;

use super::types::{Error, NewUpload, Owner, Piece, ProfileAdmission, Progress};

/// Whole days that an unfinished upload waits, and that a finished one is remembered.
const KEPT_DAYS: i32 = 2;

/// What opens a case that is there.
#[derive(Clone, Copy)]
pub(super) enum CaseKeys {
    /// Its reporter's mailbox, and what is kept of the write token that its readers share.
    Shared { mailbox: Owner, write_hash: WriteHash },
    /// A one-way case, or the journal: a session is enough, and nobody can be answered.
    SessionAlone,
}

/// What is known of the case that an upload names, and of its sender.
#[derive(Clone, Copy)]
pub(super) struct CaseFacts {
    /// The id is that of the office's journal, which need not be there yet.
    pub(super) is_journal: bool,
    /// Nothing if there is no such case.
    pub(super) keys: Option<CaseKeys>,
    /// The sender is the mailbox of a case, this one or another.
    pub(super) sender_has_case: bool,
}

/// What is known when a blob is whole.
#[derive(Clone, Copy)]
pub(super) struct BlobFacts {
    pub(super) case: CaseFacts,
    /// The thread holds this very blob already, as this kind.
    pub(super) held: bool,
    /// Where the last message of the thread stands; nothing if it has none.
    pub(super) last_position: Option<u32>,
}

/// What a piece is to its upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CheckedPiece {
    /// More is to come after this offset.
    Partial { offset: u64 },
    /// With it the blob is whole, and this is its digest.
    Last { digest: Digest },
}

/// What a whole blob becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Message {
        position: u32,
        /// The case is not there yet and begins with it.
        begins_case: bool,
    },
    /// The thread holds this very blob: its answer was lost, and it is given again.
    Repeat,
    /// The case or the mailbox is another's. The upload is dropped.
    CaseTaken,
}

/// What a piece led to. All of it is committed: being refused drops the upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PieceOutcome {
    Kept(Progress),
    CaseTaken,
}

impl PieceOutcome {
    pub(super) fn progress(self) -> Result<Progress, Error> {
        match self {
            PieceOutcome::Kept(progress) => Ok(progress),
            PieceOutcome::CaseTaken => Err(Error::CaseExists),
        }
    }
}

impl CaseKeys {
    /// Whether these are the keys of this sender's own case.
    fn is_of(&self, sender: Owner) -> bool {
        matches!(self, CaseKeys::Shared { mailbox, .. } if *mailbox == sender)
    }

    /// Whether whoever shows the token with this hash may see and write what readers of the case do.
    fn let_in(&self, shown: Option<WriteHash>) -> bool {
        match self {
            CaseKeys::SessionAlone => true,
            CaseKeys::Shared { write_hash, .. } => shown.is_some_and(|shown| is_same(&shown, write_hash)),
        }
    }
}

/// Whether this sender may begin such an upload. What this finds out is asked again when the upload is whole,
/// but for the write token: it is shown once, and that of a case never changes.
pub(super) fn check_admission(new: &NewUpload, case: CaseFacts) -> Result<(), Error> {
    if case.is_journal {
        return if new.kind == MessageKind::Record { Ok(()) } else { Err(Error::CaseExists) };
    }
    let own = case.keys.is_some_and(|keys| keys.is_of(new.owner));
    match (new.kind, case.keys) {
        // The same reporter may be repeating a report whose answer was lost: only the whole blob can tell.
        (MessageKind::Report | MessageKind::FollowUp, _) if own => Ok(()),
        (MessageKind::Report, Some(_)) => Err(Error::CaseExists),
        (MessageKind::Report, None) if case.sender_has_case => Err(Error::CaseExists),
        (MessageKind::Report, None) => Ok(()),
        (MessageKind::FollowUp, _) if case.sender_has_case => Err(Error::NotFound),
        (MessageKind::FollowUp, _) => Err(Error::UnknownMailbox),
        (MessageKind::Reply, Some(CaseKeys::SessionAlone)) => Err(Error::OneWay),
        (MessageKind::Reply | MessageKind::Record, Some(keys)) if keys.let_in(new.write_hash) => Ok(()),
        (MessageKind::Reply | MessageKind::Record, _) => Err(Error::NotFound),
    }
}

/// What a piece is to an upload of this kind and `length_bytes` that stands at `offset`.
pub(super) fn check_piece(
    kind: MessageKind,
    offset: u64,
    length_bytes: u64,
    piece: &Piece,
) -> Result<CheckedPiece, Error> {
    if piece.offset != offset {
        return Err(Error::OffsetMismatch);
    }
    let end = offset.checked_add(piece.data.len() as u64).ok_or(Error::TooLong)?;
    match (end.cmp(&length_bytes), piece.digest) {
        (Ordering::Greater, _) => Err(Error::TooLong),
        (Ordering::Less, _) => Ok(CheckedPiece::Partial { offset: end }),
        // The reporter would find a message without its memo, and take it for one that is not hers.
        (Ordering::Equal, _) if kind.is_from_reporter() && piece.memo.is_none() => Err(Error::MemoMissing),
        (Ordering::Equal, Some(digest)) => Ok(CheckedPiece::Last { digest }),
        // Without its digest the last piece cannot be judged, so it is not taken.
        (Ordering::Equal, None) => Err(Error::OffsetMismatch),
    }
}

/// What a whole blob becomes.
pub(super) fn decide(new: &NewUpload, blob: BlobFacts) -> Result<Decision, Error> {
    let own = blob.case.keys.is_some_and(|keys| keys.is_of(new.owner));
    match (new.kind, blob.case.keys) {
        (MessageKind::Report, Some(_)) if own && blob.held => Ok(Decision::Repeat),
        (MessageKind::Report, Some(_)) => Ok(Decision::CaseTaken),
        (MessageKind::Report, None) if blob.case.sender_has_case || blob.case.is_journal => {
            Ok(Decision::CaseTaken)
        }
        (MessageKind::Report, None) => Ok(Decision::Message { position: 0, begins_case: true }),
        (MessageKind::FollowUp, _) if own => next(blob),
        (MessageKind::Reply, Some(CaseKeys::Shared { .. })) => next(blob),
        (MessageKind::Record, Some(_)) => next(blob),
        (MessageKind::Record, None) if blob.case.is_journal => next(blob),
        // A case never goes away and never changes hands, so what admission found is so still.
        (MessageKind::FollowUp | MessageKind::Reply | MessageKind::Record, _) => Err(Error::NotFound),
    }
}

/// A one-way report under a random id, which nobody else can have.
pub(super) fn decide_one_way(case: CaseFacts) -> Result<Decision, Error> {
    if case.keys.is_some() || case.is_journal {
        return Err(Error::CaseExists);
    }
    Ok(Decision::Message { position: 0, begins_case: true })
}

/// Whether whoever shows this write token's hash in a session may have the message at a place of a case.
pub(super) fn may_read(keys: CaseKeys, place: (ThreadName, u32), shown: Option<WriteHash>) -> bool {
    // The report is everybody's to open who can: how else would its reader get the case secret?
    place == (ThreadName::Mailbox, 0) || keys.let_in(shown)
}

/// Whether it may be listed what a case's threads hold.
pub(super) fn may_list(keys: CaseKeys, shown: Option<WriteHash>) -> bool {
    keys.let_in(shown)
}

/// Whether a server may serve this profile: an office signs one text of a version,
/// and no version after a later one.
pub(super) fn check_profile(
    version: u64,
    digest: Digest,
    newest_served: Option<u64>,
    same_version: Option<Digest>,
) -> ProfileAdmission {
    match (newest_served, same_version) {
        (Some(served), _) if served > version => ProfileAdmission::Older { served },
        (_, Some(served)) if served != digest => ProfileAdmission::OtherText,
        _ => ProfileAdmission::Kept,
    }
}

/// Uploads of days before this one are dropped.
pub(super) fn oldest_kept(today: Day) -> Day {
    today.plus_days(-KEPT_DAYS)
}

/// Behind the last message of its thread, unless it is there already.
fn next(blob: BlobFacts) -> Result<Decision, Error> {
    if blob.held {
        return Ok(Decision::Repeat);
    }
    let position = match blob.last_position {
        Some(last) => last.checked_add(1).ok_or(Error::StorageFull)?,
        None => 0,
    };
    Ok(Decision::Message { position, begins_case: blob.case.keys.is_none() })
}

/// In time that does not depend on where they differ.
fn is_same(shown: &WriteHash, kept: &WriteHash) -> bool {
    let pairs = shown.as_bytes().iter().zip(kept.as_bytes());
    std::hint::black_box(pairs.fold(0, |sum, (a, b)| sum | (a ^ b))) == 0
}

#[cfg(test)]
mod tests;
