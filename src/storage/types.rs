//! What goes into the storage and comes out of it.

use std::fmt;
use std::str::FromStr;

use crate::protocol::day::Day;
use crate::protocol::ids::{
    CaseId, Digest, MailboxId, Malformed, OfficeId, WriteHash, decode_hex, encode_hex,
};
use crate::protocol::memo::SealedMemo;
use crate::protocol::upload::MessageKind;

/// How a database is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The most that the database file may grow to, in bytes; nothing means as far as the disk goes.
    pub database_bytes: Option<u64>,
}

/// The office that a database is of, and the id of that office's journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfficeIds {
    pub office: OfficeId,
    pub journal: CaseId,
}

impl OfficeIds {
    /// Around what is done for the office: each line of the log says for which one, by the first digits of
    /// its id. The host that a client named is never logged.
    pub fn log_span(self) -> tracing::Span {
        let digits = self.office.to_string();
        let id = digits.get(..LOGGED_DIGITS).unwrap_or_default();
        tracing::error_span!("office", %id)
    }
}

const LOGGED_DIGITS: usize = 8;

/// The random name of an upload, as 32 hex digits in its address. It opens
/// nothing without its owner's secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UploadId(pub(super) [u8; 16]);

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_hex(&self.0))
    }
}

impl fmt::Debug for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UploadId(…)")
    }
}

impl FromStr for UploadId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        decode_hex(text).map(Self).ok_or(Malformed { expected: "an upload id of 32 lowercase hex digits" })
    }
}

/// The random name of a blob. It never leaves the server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct BlobId(pub(super) [u8; 16]);

/// To whom an upload answers: a reporter's mailbox id, or the hash of an office and its inspector's name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Owner([u8; 32]);

impl Owner {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<MailboxId> for Owner {
    fn from(mailbox: MailboxId) -> Self {
        Self(*mailbox.as_bytes())
    }
}

/// An upload to begin.
#[derive(Clone, Copy)]
pub struct NewUpload {
    /// For a report and a follow-up the mailbox id of the token; a report makes it the key of its case.
    pub owner: Owner,
    pub kind: MessageKind,
    pub case: CaseId,
    /// With a report, what its case is to keep of the write token; it must be there. With a reply or a
    /// record, the hash of the token that was shown, if one was.
    pub write_hash: Option<WriteHash>,
    /// A size class, in bytes. The caller has checked it.
    pub length_bytes: u64,
    pub day: Day,
}

/// The next bytes of an upload.
pub struct Piece {
    /// Where in the blob they stand; must be where the upload stands.
    pub offset: u64,
    pub data: Vec<u8>,
    /// SHA-256 of the whole blob, computed by the caller over everything from the first byte on. It must be
    /// there when the piece is the last one and is not looked at otherwise.
    pub digest: Option<Digest>,
    /// What is to stand beside a message of the reporter. It must be there when the piece is the last one of
    /// such a message and is not looked at otherwise.
    pub memo: Option<SealedMemo>,
}

/// How much of an upload is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub offset: u64,
    /// It has become a message, or was one already.
    pub finished: bool,
}

/// An upload as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredUpload {
    pub kind: MessageKind,
    pub case: CaseId,
    /// Of a report that is not whole yet.
    pub write_hash: Option<WriteHash>,
    pub length_bytes: u64,
    pub offset: u64,
}

impl StoredUpload {
    pub fn is_finished(&self) -> bool {
        self.offset == self.length_bytes
    }
}

/// What is known of a message without its blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageSummary {
    pub position: u32,
    pub kind: MessageKind,
    pub size_bytes: u64,
    pub sha256: Digest,
    pub day: Day,
}

/// A message and where its blob is.
#[derive(Clone, Copy)]
pub struct StoredMessage {
    pub summary: MessageSummary,
    pub(super) blob: BlobId,
}

/// A page of a mailbox, for its reporter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMailbox {
    pub case: CaseId,
    /// Each with its memo, if it is the reporter's own.
    pub entries: Vec<(MessageSummary, Option<SealedMemo>)>,
    /// There are messages behind these.
    pub more: bool,
}

/// A page of the list of cases: of each its report, and nothing of what followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReports {
    pub reports: Vec<(CaseId, MessageSummary)>,
    /// The last case of this page, if there are more behind it.
    pub next: Option<CaseId>,
}

/// Which part of a case somebody wants to see, and by what right.
#[derive(Debug, Clone, Copy)]
pub struct ThreadsQuery {
    pub case: CaseId,
    /// The hash of the write token that was shown, if one was.
    pub write_hash: Option<WriteHash>,
    /// Positions from which on each thread is wanted.
    pub mailbox: u64,
    pub office: u64,
}

/// The part of a case that was asked for; nothing for whoever has no right to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredThreads {
    pub case: CaseId,
    pub mailbox: Vec<MessageSummary>,
    pub office: Vec<MessageSummary>,
    /// There are messages behind these.
    pub more: bool,
}

/// What became of a profile that a server is to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileAdmission {
    Kept,
    /// This version was served before.
    Older {
        served: u64,
    },
    /// Another text was served under the same version.
    OtherText,
}

/// Why a request was not carried out. Whatever the error, the database at its path
/// holds nothing of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("no such case, message or upload, or not this owner's")]
    NotFound,
    #[error("the token names no mailbox")]
    UnknownMailbox,
    #[error("the case or the mailbox is taken")]
    CaseExists,
    #[error("the upload does not stand at this offset")]
    OffsetMismatch,
    #[error("more bytes than the upload was declared to have")]
    TooLong,
    #[error("the upload is complete")]
    Finished,
    #[error("nobody can be answered in this case")]
    OneWay,
    #[error("the last piece of a reporter's message came without its memo")]
    MemoMissing,
    /// Pieces of a blob are not where they were put. Everything else can still be read and written.
    #[error("a stored blob is damaged")]
    Damaged,
    /// Nothing was begun: more waits to be written than the queue holds.
    #[error("the write queue is full")]
    Busy,
    /// Nothing was stored: a backup, say, held the lock for longer than a write waits.
    #[error("another process holds the database")]
    Locked,
    /// Written to a file that nobody will find again, if at all; what was
    /// acknowledged before is in that file, too.
    #[error("the database was moved, replaced or deleted while it was open: stop, put it back, start again")]
    FileReplaced,
    #[error("the disk or the database's limit is full")]
    StorageFull,
    /// The back end's own code, SQLite's extended one; no text, for it could quote what was stored.
    #[error("the database failed with SQLite code {0}")]
    Failed(i32),
    #[error("the storage is closed")]
    Closed,
}
