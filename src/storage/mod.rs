//! Sealed blobs, safely kept. What callers may rely on:
//!
//! - **Durability.** A write that returned `Ok` has been synced to the disk (WAL, `synchronous=FULL`), in the
//!   file that stood at the database's path at that moment.
//! - **Atomicity.** A write happens whole or not at all, also when the process is killed or the disk is full.
//!   The last bytes of an upload and the message that it becomes are one transaction.
//! - **Concurrency.** One thread writes; many submissions share one commit. Its queue is bounded: when it is
//!   full a write fails at once with [`Error::Busy`]. Another process may hold the lock for some seconds
//!   before a write fails with [`Error::Locked`]. Reads see the last commit and never wait for writes.
//! - **Order.** Within a day the file does not tell what came first, once the writer has had a quiet moment:
//!   see `sqlite::blocks` and `sqlite::order`.
//! - **One office.** A database is of one office, which every handle names; it opens for no other.
//! - **Damage.** A blob that cannot be read costs that blob alone: [`Error::Damaged`].
//! - **Clocks** are arguments, and nothing finer than a [`Day`] comes in.
//!
//! Nothing here knows HTTP, and no error carries content, ids or paths of requests. What is decided,
//! by whom and when, is in `rules` and knows no SQL. One SQLite file holds everything: `sqlite`, the
//! only place that names `rusqlite`.

mod rules;
mod sqlite;
mod types;

use std::path::Path;

use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest, MailboxId, WriteHash};
use crate::protocol::record::ThreadName;

pub use sqlite::{DatabaseError, create};
pub use types::*;

/// An open database. Clones share it.
#[derive(Clone)]
pub struct Storage {
    database: sqlite::SqliteDatabase,
}

impl Storage {
    /// Opens a database that [`create`] made for this office; never makes one, and opens none of another
    /// office. What a killed process left in the WAL is recovered here.
    pub fn open(path: &Path, office: OfficeIds, options: Options) -> Result<Self, DatabaseError> {
        Ok(Self { database: sqlite::SqliteDatabase::open(path, office, options)? })
    }

    /// Finishes what is queued, empties the WAL into the database and ends the writer. Blocks until
    /// that is done; later writes fail.
    pub fn close(&self) {
        self.database.close();
    }

    /// Keeps the profile that a server is to serve, if the office may have signed it
    /// after all that was served before.
    pub async fn keep_profile(
        &self,
        version: u64,
        digest: Digest,
        note: Vec<u8>,
    ) -> Result<ProfileAdmission, Error> {
        self.database.keep_profile(version, digest, note).await
    }

    /// The note of a version that was served, or [`Error::NotFound`].
    pub async fn profile(&self, version: u64) -> Result<Vec<u8>, Error> {
        self.database.profile(version).await
    }

    /// Begins an upload, with its first piece when there is one. If the piece is the whole blob, the message
    /// is there when this returns, after one commit.
    ///
    /// Errors: [`Error::CaseExists`] (a report for a case or mailbox that is taken by another, or
    /// anything but a record for the journal), [`Error::UnknownMailbox`], [`Error::NotFound`] (no such
    /// case, or not this owner's, or not with this write token), [`Error::OneWay`],
    /// [`Error::MemoMissing`], and the machine's.
    pub async fn create_upload(
        &self,
        new: NewUpload,
        first: Option<Piece>,
    ) -> Result<(UploadId, Progress), Error> {
        self.database.create_upload(new, first).await
    }

    /// Adds the next piece. When it is the last one, [`Piece::digest`] must be there, and with a reporter's
    /// message [`Piece::memo`], and the upload becomes a message in the same commit.
    ///
    /// A repeat of a blob that the thread already holds as this kind finishes as if it were new and adds
    /// nothing. Of two writers at the same offset one gets [`Error::OffsetMismatch`]. Bytes before the offset
    /// never change, and a piece that is refused leaves the upload where it stood.
    pub async fn append(
        &self,
        id: UploadId,
        owner: Owner,
        piece: Piece,
        today: Day,
    ) -> Result<Progress, Error> {
        self.database.append(id, owner, piece, today).await
    }

    /// Stores a one-way report whole, as the only message of the mailbox of a case
    /// that nobody has a token for.
    pub async fn add_one_way(
        &self,
        case: CaseId,
        blob: Vec<u8>,
        digest: Digest,
        today: Day,
    ) -> Result<(), Error> {
        self.database.add_one_way(case, blob, digest, today).await
    }

    /// Drops an unfinished upload. A finished one is a message and stays: [`Error::Finished`].
    pub async fn remove_upload(&self, id: UploadId, owner: Owner) -> Result<(), Error> {
        self.database.remove_upload(id, owner).await
    }

    /// Drops uploads begun more than two whole days before `today`, and forgets finished ones of that age. To
    /// be called at start and once a day. A crash in between loses nothing: the next call goes on.
    pub async fn purge(&self, today: Day) -> Result<(), Error> {
        self.database.purge(today).await
    }

    /// Frees what was dropped, takes the order of arrival out of the small tables and empties the WAL, now
    /// and whole. The writer does the same by itself whenever it has a quiet moment.
    pub async fn settle(&self) -> Result<(), Error> {
        self.database.settle().await
    }

    /// Where an upload of this owner stands. [`Error::NotFound`] if there is none, or it is somebody else's.
    pub async fn upload(&self, id: UploadId, owner: Owner) -> Result<StoredUpload, Error> {
        self.database.upload(id, owner).await
    }

    /// Bytes of an unfinished upload from `offset` on, at most `length_bytes` and no more than are stored.
    pub async fn upload_bytes(
        &self,
        id: UploadId,
        owner: Owner,
        offset: u64,
        length_bytes: usize,
    ) -> Result<Vec<u8>, Error> {
        self.database.upload_bytes(id, owner, offset, length_bytes).await
    }

    /// The messages of a mailbox from a position on, at most `limit`; nothing if there is no such mailbox.
    pub async fn mailbox(
        &self,
        mailbox: MailboxId,
        from: u64,
        limit: usize,
    ) -> Result<Option<StoredMailbox>, Error> {
        self.database.mailbox(mailbox, from, limit).await
    }

    /// The message at a position of a mailbox; [`Error::UnknownMailbox`] or [`Error::NotFound`].
    pub async fn mailbox_message(&self, mailbox: MailboxId, position: u32) -> Result<StoredMessage, Error> {
        self.database.mailbox_message(mailbox, position).await
    }

    /// The reports of the cases, in the order of the cases' ids, from the one behind `after` on: at most
    /// `limit`. [`StoredReports::next`] goes on from there. The journal is no case here.
    pub async fn reports(&self, after: Option<CaseId>, limit: usize) -> Result<StoredReports, Error> {
        self.database.reports(after, limit).await
    }

    /// The threads of cases, each from the positions asked for on, in the order of the queries. At most
    /// `per_thread` messages of a thread and `in_all` together: what does not fit is left out, and
    /// [`StoredThreads::more`] says so. A case that is not there, and one to which the write token gives no
    /// right, have nothing and no more.
    pub async fn threads(
        &self,
        queries: Vec<ThreadsQuery>,
        per_thread: usize,
        in_all: usize,
    ) -> Result<Vec<StoredThreads>, Error> {
        self.database.threads(queries, per_thread, in_all).await
    }

    /// The message at a place of a case, for who shows a write token with this
    /// hash; else [`Error::NotFound`].
    pub async fn message(
        &self,
        case: CaseId,
        thread: ThreadName,
        position: u32,
        write_hash: Option<WriteHash>,
    ) -> Result<StoredMessage, Error> {
        self.database.message(case, thread, position, write_hash).await
    }

    /// Bytes of a message's blob, at most `length_bytes` from `offset` on. A message never changes and never
    /// goes, so a blob may be read piece by piece for as long as it takes without holding anything.
    pub async fn message_bytes(
        &self,
        message: &StoredMessage,
        offset: u64,
        length_bytes: usize,
    ) -> Result<Vec<u8>, Error> {
        self.database.message_bytes(message, offset, length_bytes).await
    }
}
