//! The words for what a reader makes of a message (PROTOCOL 2.7). Pages and vectors use the same.

use serde::Serialize;

/// Whose word a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authenticity {
    /// Signed by the sender it names, for this place, by somebody who may say it; or an own message with
    /// its memo.
    Authentic,
    /// Opened and well formed, but not signed by the sender it names, or for another place; or an own
    /// message whose memo does not open.
    NotAuthentic,
    /// A follow-up in a case whose report this reader cannot open, or an own message without a memo.
    Unverifiable,
    /// The same message once more.
    Replayed,
    /// Signed with a former key too late, or with a stolen one and nobody vouches for it.
    Doubtful,
    /// Signed by somebody who may not write here: left out, or for a record not a reader.
    NotFromAReader,
    /// Signed, but this program is too old to judge what it says.
    NewerVersion,
    /// It does not open or does not decode; nothing is known of it.
    Unreadable,
    /// A one-way report: bytes that somebody sealed with other tools. Nobody signed them.
    OneWay,
    /// Erased, by an order that holds.
    Gone,
    /// Not there, and no order that holds says why.
    Missing,
    /// This reader did not ask for it.
    NotFetched,
}

/// Something is wrong around a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Warning {
    /// The sender saw other messages before this one than we do.
    ThreadDiffers,
    /// Sealed by a newer profile than this reader's: it must be fetched.
    ProfileOlder,
    /// Sealed by another text of the same version of the profile: the office or the server shows two.
    ProfileDiffers,
    /// An outcome that waits for a second person.
    SecondMissing,
    /// Listed as the reporter's own; its memo says otherwise.
    NotHers,
    /// Listed as the reporter's own, without a memo: the server's fault.
    MemoMissing,
}
