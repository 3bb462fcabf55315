//! What every list of messages must be before anything is made of it.

use super::error::Error;
use crate::protocol::api::ListedMessage;
use crate::protocol::record::ThreadName;

/// Messages of one thread that are taken in. A hundred thousand are no case but an attack, and cost that case
/// alone.
pub(super) const MESSAGES_MAX: u64 = 100_000;

/// Positions count from `from` without a gap, each kind belongs into the thread, and what is there has a
/// size: the thread's digests rest on that.
pub(super) fn check_entries(entries: &[ListedMessage], thread: ThreadName, from: u64) -> Result<(), Error> {
    let well_formed = entries.iter().zip(from..).all(|(entry, position)| {
        entry.position == position
            && entry.kind.thread() == thread
            && entry.size_bytes.is_some() != entry.gone
    });
    if well_formed { Ok(()) } else { Err(Error::UnexpectedAnswer("messages out of order")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::ids::Digest;
    use crate::protocol::upload::MessageKind;

    #[test]
    fn a_list_has_no_gap_and_no_stranger() {
        let entry = |position, kind| ListedMessage {
            position,
            kind,
            size_bytes: Some(32_768),
            gone: false,
            sha256: Digest::from_bytes([1; 32]),
            day: "2026-11-21".parse().unwrap(),
            memo: None,
        };
        let good = [entry(3, MessageKind::Reply), entry(4, MessageKind::FollowUp)];
        assert!(check_entries(&good, ThreadName::Mailbox, 3).is_ok());
        assert!(check_entries(&good, ThreadName::Mailbox, 2).is_err());
        assert!(check_entries(&good, ThreadName::Office, 3).is_err());
        let gap = [entry(3, MessageKind::Reply), entry(5, MessageKind::FollowUp)];
        assert!(check_entries(&gap, ThreadName::Mailbox, 3).is_err());
        let sizeless = ListedMessage { size_bytes: None, ..entry(0, MessageKind::Report) };
        assert!(check_entries(std::slice::from_ref(&sizeless), ThreadName::Mailbox, 0).is_err());
        let gone = ListedMessage { gone: true, ..sizeless };
        assert!(check_entries(&[gone], ThreadName::Mailbox, 0).is_ok());
    }
}
