//! The whole tables: every kind, every state of a case, every sender.

use super::*;
use crate::protocol::ids::CaseId;
use crate::protocol::memo::{MEMO_SEALED_BYTES, SealedMemo};

const SENDER: Owner = Owner::from_bytes([1; 32]);
const OTHER: Owner = Owner::from_bytes([2; 32]);
const WRITE: WriteHash = WriteHash::from_bytes([5; 32]);
const SHARED: CaseKeys = CaseKeys::Shared { mailbox: SENDER, write_hash: WRITE };
const OTHERS: CaseKeys = CaseKeys::Shared { mailbox: OTHER, write_hash: WRITE };

/// No case, the sender's, another's, a one-way case, the journal before and after its first record.
const CASES: [(&str, bool, Option<CaseKeys>); 6] = [
    ("no such case", false, None),
    ("the sender's case", false, Some(SHARED)),
    ("another's case", false, Some(OTHERS)),
    ("a one-way case", false, Some(CaseKeys::SessionAlone)),
    ("a new journal", true, None),
    ("the journal", true, Some(CaseKeys::SessionAlone)),
];

fn new(kind: MessageKind, write_hash: Option<WriteHash>) -> NewUpload {
    let day = "2026-11-21".parse().unwrap();
    let case = CaseId::from_bytes([3; 16]);
    NewUpload { owner: SENDER, kind, case, write_hash, length_bytes: 32768, day }
}

fn digest() -> Digest {
    Digest::from_bytes([4; 32])
}

/// A hash that differs from [`WRITE`] in one bit, wherever it is.
fn wrong_writes() -> Vec<Option<WriteHash>> {
    let flipped = |at: usize| {
        let mut bytes = *WRITE.as_bytes();
        bytes[at] ^= 1;
        Some(WriteHash::from_bytes(bytes))
    };
    vec![None, flipped(0), flipped(31), Some(WriteHash::from_bytes([0; 32]))]
}

#[test]
fn admission_is_this_table() {
    use Error::{CaseExists, NotFound, OneWay, UnknownMailbox};
    let taken = Err(CaseExists);
    let none = Err(NotFound);
    for (kind, sender_has_case, expected) in [
        (MessageKind::Report, false, [Ok(()), Ok(()), taken, taken, taken, taken]),
        (MessageKind::Report, true, [taken, Ok(()), taken, taken, taken, taken]),
        (
            MessageKind::FollowUp,
            false,
            [Err(UnknownMailbox), Ok(()), Err(UnknownMailbox), Err(UnknownMailbox), taken, taken],
        ),
        (MessageKind::FollowUp, true, [none, Ok(()), none, none, taken, taken]),
        // An inspector needs no case of her own.
        (MessageKind::Reply, false, [none, Ok(()), Ok(()), Err(OneWay), taken, taken]),
        (MessageKind::Reply, true, [none, Ok(()), Ok(()), Err(OneWay), taken, taken]),
        (MessageKind::Record, false, [none, Ok(()), Ok(()), Ok(()), Ok(()), Ok(())]),
        (MessageKind::Record, true, [none, Ok(()), Ok(()), Ok(()), Ok(()), Ok(())]),
    ] {
        for ((name, is_journal, keys), expected) in CASES.into_iter().zip(expected) {
            let found =
                check_admission(&new(kind, Some(WRITE)), CaseFacts { is_journal, keys, sender_has_case });
            assert_eq!(found, expected, "{kind:?}, {sender_has_case}, {name}");
        }
    }
}

/// What an inspector sends needs the case's write token where there is one, and nowhere else.
#[test]
fn without_the_write_token_a_case_takes_nothing_from_an_inspector() {
    use Error::{CaseExists, NotFound, OneWay};
    let none = Err(NotFound);
    for write_hash in wrong_writes() {
        for (kind, expected) in [
            (MessageKind::Reply, [none, none, none, Err(OneWay), Err(CaseExists), Err(CaseExists)]),
            (MessageKind::Record, [none, none, none, Ok(()), Ok(()), Ok(())]),
        ] {
            for ((name, is_journal, keys), expected) in CASES.into_iter().zip(expected) {
                let facts = CaseFacts { is_journal, keys, sender_has_case: false };
                assert_eq!(check_admission(&new(kind, write_hash), facts), expected, "{kind:?}, {name}");
            }
        }
    }
}

#[test]
fn decisions_are_this_table() {
    let taken = Ok(Decision::CaseTaken);
    let repeat = Ok(Decision::Repeat);
    let begins = Ok(Decision::Message { position: 0, begins_case: true });
    let at = |position| Ok(Decision::Message { position, begins_case: false });
    let none = Err(Error::NotFound);
    for (kind, sender_has_case, held, expected) in [
        (MessageKind::Report, false, false, [begins, taken, taken, taken, taken, taken]),
        (MessageKind::Report, false, true, [begins, repeat, taken, taken, taken, taken]),
        (MessageKind::Report, true, false, [taken, taken, taken, taken, taken, taken]),
        (MessageKind::Report, true, true, [taken, repeat, taken, taken, taken, taken]),
        (MessageKind::FollowUp, false, false, [none, at(8), none, none, none, none]),
        (MessageKind::FollowUp, true, true, [none, repeat, none, none, none, none]),
        (MessageKind::Reply, false, false, [none, at(8), at(8), none, none, none]),
        (MessageKind::Reply, true, true, [none, repeat, repeat, none, none, none]),
        (MessageKind::Record, false, false, [none, at(8), at(8), at(8), begins, at(8)]),
        (MessageKind::Record, true, true, [none, repeat, repeat, repeat, repeat, repeat]),
    ] {
        for ((name, is_journal, keys), expected) in CASES.into_iter().zip(expected) {
            let case = CaseFacts { is_journal, keys, sender_has_case };
            let facts = BlobFacts { case, held, last_position: keys.map(|_| 7) };
            assert_eq!(
                decide(&new(kind, None), facts),
                expected,
                "{kind:?}, {sender_has_case}, {held}, {name}"
            );
        }
    }
}

#[test]
fn a_thread_begins_at_0_and_has_an_end() {
    let case = CaseFacts { is_journal: false, keys: Some(SHARED), sender_has_case: false };
    let facts = |last_position| BlobFacts { case, held: false, last_position };
    let record = new(MessageKind::Record, None);
    assert_eq!(decide(&record, facts(None)), Ok(Decision::Message { position: 0, begins_case: false }));
    assert_eq!(decide(&record, facts(Some(u32::MAX))), Err(Error::StorageFull));
}

#[test]
fn a_one_way_report_takes_no_case_that_is_there() {
    for (name, is_journal, keys) in CASES {
        let found = decide_one_way(CaseFacts { is_journal, keys, sender_has_case: false });
        assert_eq!(found.is_ok(), name == "no such case", "{name}");
    }
}

#[test]
fn what_may_be_read_is_this_table() {
    for (place, shown, of_shared, of_session_alone) in [
        ((ThreadName::Mailbox, 0), None, true, true),
        ((ThreadName::Mailbox, 1), None, false, true),
        ((ThreadName::Office, 0), None, false, true),
        ((ThreadName::Mailbox, 1), Some(WRITE), true, true),
        ((ThreadName::Office, 0), Some(WRITE), true, true),
    ] {
        assert_eq!(may_read(SHARED, place, shown), of_shared, "{place:?}");
        assert_eq!(may_read(CaseKeys::SessionAlone, place, shown), of_session_alone, "{place:?}");
    }
    for wrong in wrong_writes() {
        assert!(!may_read(SHARED, (ThreadName::Office, 0), wrong) && !may_list(SHARED, wrong));
        assert!(may_list(CaseKeys::SessionAlone, wrong));
    }
    assert!(may_list(SHARED, Some(WRITE)));
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
        for kind in MessageKind::ALL {
            for memo in [None, Some(SealedMemo::from_bytes([0; MEMO_SEALED_BYTES]))] {
                let lacks_memo = kind.is_from_reporter() && memo.is_none();
                let piece = Piece { offset, data: vec![0; bytes], digest: with_digest.then(digest), memo };
                let expected = match (offset, bytes) {
                    (40, 60) if lacks_memo => Err(Error::MemoMissing),
                    _ => expected,
                };
                assert_eq!(
                    check_piece(kind, 40, 100, &piece),
                    expected,
                    "{kind} {offset} {bytes} {with_digest}"
                );
            }
        }
    }
    let piece = Piece { offset: u64::MAX, data: vec![0], digest: None, memo: None };
    assert_eq!(check_piece(MessageKind::Reply, u64::MAX, u64::MAX, &piece), Err(Error::TooLong));
}

#[test]
fn a_profile_is_never_older_and_has_one_text() {
    let other = Digest::from_bytes([9; 32]);
    for (newest, same, expected) in [
        (None, None, ProfileAdmission::Kept),
        (Some(6), None, ProfileAdmission::Kept),
        (Some(7), Some(digest()), ProfileAdmission::Kept),
        (Some(7), Some(other), ProfileAdmission::OtherText),
        (Some(8), None, ProfileAdmission::Older { served: 8 }),
        (Some(8), Some(digest()), ProfileAdmission::Older { served: 8 }),
    ] {
        assert_eq!(check_profile(7, digest(), newest, same), expected, "{newest:?} {same:?}");
    }
}

#[test]
fn two_whole_days_are_kept() {
    let day = |text: &str| text.parse::<Day>().unwrap();
    assert_eq!(oldest_kept(day("2026-03-01")), day("2026-02-27"));
}
