//! Decisions without SQL: who may begin an upload, what a piece is, what a whole blob becomes, how long an upload
//! waits. Pure functions over facts that the back end has looked up in the transaction that will carry the decision
//! out, so every back end decides alike and the whole table is tested without one.

use std::cmp::Ordering;

use crate::protocol::message::MessageKind;

use super::types::{Error, NewUpload, Owner, Piece, Progress};
use crate::protocol::day::Day;
use crate::protocol::ids::Digest;

/// Whole days that an unfinished upload waits, and that a finished one is remembered.
const KEPT_DAYS: i32 = 2;

/// What is known of the case that an upload names, and of its sender.
#[derive(Clone, Copy)]
pub(super) struct CaseFacts {
    /// The mailbox of the case; nothing if there is no such case.
    pub(super) mailbox: Option<Owner>,
    /// The sender is the mailbox of a case, this one or another.
    pub(super) sender_has_case: bool,
}

/// What is known when a blob is whole.
#[derive(Clone, Copy)]
pub(super) struct BlobFacts {
    pub(super) case: CaseFacts,
    /// The case holds this very blob already, sent in this direction.
    pub(super) held: bool,
    /// Where the last message of the case stands; nothing if there is no such case.
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
    },
    /// The case holds this very blob: its answer was lost, and it is given again.
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

/// Whether this sender may begin such an upload. What this finds out is asked again when the upload is whole.
pub(super) fn check_admission(new: &NewUpload, case: CaseFacts) -> Result<(), Error> {
    let own = case.mailbox == Some(new.owner);
    match new.kind {
        // The same reporter may be repeating a report whose answer was lost: only the whole blob can tell.
        MessageKind::Report if own => Ok(()),
        MessageKind::Report if case.mailbox.is_some() || case.sender_has_case => Err(Error::CaseExists),
        MessageKind::Report => Ok(()),
        MessageKind::FollowUp if own => Ok(()),
        MessageKind::FollowUp if case.sender_has_case => Err(Error::NotFound),
        MessageKind::FollowUp => Err(Error::UnknownMailbox),
        MessageKind::Reply if case.mailbox.is_some() => Ok(()),
        MessageKind::Reply => Err(Error::NotFound),
    }
}

/// What a piece is to an upload of `length_bytes` that stands at `offset`.
pub(super) fn check_piece(offset: u64, length_bytes: u64, piece: &Piece) -> Result<CheckedPiece, Error> {
    if piece.offset != offset {
        return Err(Error::OffsetMismatch);
    }
    let end = offset.checked_add(piece.data.len() as u64).ok_or(Error::TooLong)?;
    match (end.cmp(&length_bytes), piece.digest) {
        (Ordering::Greater, _) => Err(Error::TooLong),
        (Ordering::Less, _) => Ok(CheckedPiece::Partial { offset: end }),
        (Ordering::Equal, Some(digest)) => Ok(CheckedPiece::Last { digest }),
        // Without its digest the last piece cannot be judged, so it is not taken.
        (Ordering::Equal, None) => Err(Error::OffsetMismatch),
    }
}

/// What a whole blob becomes.
pub(super) fn decide(new: &NewUpload, blob: BlobFacts) -> Result<Decision, Error> {
    match (new.kind, blob.case.mailbox) {
        (MessageKind::Report, None) if blob.case.sender_has_case => Ok(Decision::CaseTaken),
        (MessageKind::Report, None) => Ok(Decision::Message { position: 0 }),
        (MessageKind::Report, Some(mailbox)) if mailbox == new.owner && blob.held => Ok(Decision::Repeat),
        (MessageKind::Report, Some(_)) => Ok(Decision::CaseTaken),
        // A case never goes away and never changes hands, so what admission found is so still.
        (_, None) => Err(Error::NotFound),
        (MessageKind::FollowUp, Some(mailbox)) if mailbox != new.owner => Err(Error::NotFound),
        (_, Some(_)) if blob.held => Ok(Decision::Repeat),
        (_, Some(_)) => {
            // A case that is there has its report at 0, so nothing is ever put before one.
            let last = blob.last_position.ok_or(Error::NotFound)?;
            Ok(Decision::Message { position: last.checked_add(1).ok_or(Error::StorageFull)? })
        }
    }
}

/// Uploads of days before this one are dropped.
pub(super) fn oldest_kept(today: Day) -> Day {
    today.plus_days(-KEPT_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ids::CaseId;

    const SENDER: Owner = Owner::from_bytes([1; 32]);
    const OTHER: Owner = Owner::from_bytes([2; 32]);
    /// No case, the sender's, another's.
    const MAILBOXES: [Option<Owner>; 3] = [None, Some(SENDER), Some(OTHER)];

    fn new(kind: MessageKind) -> NewUpload {
        let day = "2026-11-21".parse().unwrap();
        NewUpload { owner: SENDER, kind, case: CaseId::from_bytes([3; 16]), length_bytes: 32768, day }
    }

    fn digest() -> Digest {
        Digest::from_bytes([4; 32])
    }

    /// Every kind, every state of the case, a sender that has a case and one that has none.
    #[test]
    fn admission_is_this_table() {
        use Error::{CaseExists, NotFound, UnknownMailbox};
        for (kind, sender_has_case, expected) in [
            (MessageKind::Report, false, [Ok(()), Ok(()), Err(CaseExists)]),
            (MessageKind::Report, true, [Err(CaseExists), Ok(()), Err(CaseExists)]),
            (MessageKind::FollowUp, false, [Err(UnknownMailbox), Ok(()), Err(UnknownMailbox)]),
            (MessageKind::FollowUp, true, [Err(NotFound), Ok(()), Err(NotFound)]),
            // An inspector needs no case of his own: whoever may reply was checked before.
            (MessageKind::Reply, false, [Err(NotFound), Ok(()), Ok(())]),
            (MessageKind::Reply, true, [Err(NotFound), Ok(()), Ok(())]),
        ] {
            for (mailbox, expected) in MAILBOXES.into_iter().zip(expected) {
                let found = check_admission(&new(kind), CaseFacts { mailbox, sender_has_case });
                assert_eq!(found, expected, "{kind:?}, {sender_has_case}, {}", named(mailbox));
            }
        }
    }

    /// The same, with a blob that the case holds already and one that it does not.
    #[test]
    fn decisions_are_this_table() {
        let taken = Ok(Decision::CaseTaken);
        let repeat = Ok(Decision::Repeat);
        let at = |position| Ok(Decision::Message { position });
        let none = Err(Error::NotFound);
        for (kind, sender_has_case, held, expected) in [
            (MessageKind::Report, false, false, [at(0), taken, taken]),
            (MessageKind::Report, false, true, [at(0), repeat, taken]),
            (MessageKind::Report, true, false, [taken, taken, taken]),
            (MessageKind::Report, true, true, [taken, repeat, taken]),
            (MessageKind::FollowUp, false, false, [none, at(8), none]),
            (MessageKind::FollowUp, false, true, [none, repeat, none]),
            (MessageKind::FollowUp, true, false, [none, at(8), none]),
            (MessageKind::FollowUp, true, true, [none, repeat, none]),
            (MessageKind::Reply, false, false, [none, at(8), at(8)]),
            (MessageKind::Reply, false, true, [none, repeat, repeat]),
            (MessageKind::Reply, true, false, [none, at(8), at(8)]),
            (MessageKind::Reply, true, true, [none, repeat, repeat]),
        ] {
            for (mailbox, expected) in MAILBOXES.into_iter().zip(expected) {
                let case = CaseFacts { mailbox, sender_has_case };
                let found = decide(&new(kind), BlobFacts { case, held, last_position: mailbox.map(|_| 7) });
                assert_eq!(found, expected, "{kind:?}, {sender_has_case}, {held}, {}", named(mailbox));
            }
        }
    }

    #[test]
    fn a_case_without_an_end_or_a_beginning_is_an_error() {
        let case = CaseFacts { mailbox: Some(SENDER), sender_has_case: true };
        let facts = |last_position| BlobFacts { case, held: false, last_position };
        assert_eq!(decide(&new(MessageKind::FollowUp), facts(Some(u32::MAX))), Err(Error::StorageFull));
        assert_eq!(decide(&new(MessageKind::FollowUp), facts(None)), Err(Error::NotFound));
    }

    #[test]
    fn pieces_are_this_table() {
        let partial = |offset| Ok(CheckedPiece::Partial { offset });
        let last = Ok(CheckedPiece::Last { digest: digest() });
        // An upload of 100 bytes that stands at 40.
        for (offset, bytes, with_digest, expected) in [
            (40, 0, false, partial(40)),
            (40, 59, false, partial(99)),
            (40, 59, true, partial(99)),
            (40, 60, true, last),
            (40, 60, false, Err(Error::OffsetMismatch)),
            (40, 61, true, Err(Error::TooLong)),
            (40, 61, false, Err(Error::TooLong)),
            (39, 1, false, Err(Error::OffsetMismatch)),
            (39, 61, true, Err(Error::OffsetMismatch)),
            (41, 59, true, Err(Error::OffsetMismatch)),
            (0, 100, true, Err(Error::OffsetMismatch)),
        ] {
            let piece = Piece { offset, data: vec![0; bytes], digest: with_digest.then(digest) };
            assert_eq!(check_piece(40, 100, &piece), expected, "{offset} {bytes} {with_digest}");
        }
        let piece = Piece { offset: u64::MAX, data: vec![0], digest: None };
        assert_eq!(check_piece(u64::MAX, u64::MAX, &piece), Err(Error::TooLong));
    }

    #[test]
    fn two_whole_days_are_kept() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        assert_eq!(oldest_kept(day("2026-03-01")), day("2026-02-27"));
    }

    fn named(mailbox: Option<Owner>) -> &'static str {
        match mailbox {
            None => "no such case",
            Some(SENDER) => "the sender's case",
            Some(_) => "another's case",
        }
    }
}
