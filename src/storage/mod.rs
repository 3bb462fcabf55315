//! Sealed blobs, safely kept. What callers may rely on:
//!
//! - **Durability.** A write that returned `Ok` has been synced to the disk (WAL, `synchronous=FULL`), in the file that
//!   stood at the database's path at that moment.
//! - **Atomicity.** A write happens whole or not at all, also when the process is killed or the disk is full. The
//!   last bytes of an upload and the message that it becomes are one transaction.
//! - **Concurrency.** One thread writes; many submissions share one commit. Its queue is bounded: when it is full a
//!   write fails at once with [`Error::Busy`]. Another process may hold the lock for some seconds before a write fails
//!   with [`Error::Locked`]. Reads see the last commit and never wait for writes.
//! - **Order.** Within a day the file does not tell what came first, once the writer has had a quiet moment: see
//!   `sqlite::blocks` and `sqlite::order`.
//! - **Clocks** are arguments, and nothing finer than a [`Day`] comes in.
//!
//! Nothing here knows HTTP, and no error carries content, ids or paths of requests. What is decided, by whom and when, is
//! in `rules` and knows no SQL. One SQLite file holds everything: `sqlite`, the only place that names `rusqlite`.

mod rules;
mod sqlite;
mod types;

use std::path::Path;

use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, MailboxId};

pub use sqlite::{DatabaseError, create};
pub use types::*;

/// How a database is opened.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The most that the database file may grow to, in bytes; nothing means as far as the disk goes.
    pub database_bytes: Option<u64>,
}

/// An open database. Clones share it.
#[derive(Clone)]
pub struct Storage {
    database: sqlite::SqliteDatabase,
}

impl Storage {
    /// Opens a database that [`create`] made; never makes one. What a killed process left in the WAL is recovered here.
    pub fn open(path: &Path, options: Options) -> Result<Self, DatabaseError> {
        Ok(Self { database: sqlite::SqliteDatabase::open(path, options)? })
    }

    /// Finishes what is queued, empties the WAL into the database and ends the writer. Blocks until that is done;
    /// later writes fail.
    pub fn close(&self) {
        self.database.close();
    }

    /// Begins an upload, with its first piece when there is one. If the piece is the whole blob, the message is there
    /// when this returns, after one commit.
    ///
    /// Errors: [`Error::CaseExists`] (a report for a case or mailbox that is taken by another),
    /// [`Error::UnknownMailbox`], [`Error::NotFound`] (no such case, or not this owner's), and the machine's.
    pub async fn create_upload(
        &self,
        new: NewUpload,
        first: Option<Piece>,
    ) -> Result<(UploadId, Progress), Error> {
        self.database.create_upload(new, first).await
    }

    /// Adds the next piece. When it is the last one, [`Piece::digest`] must be there, and the upload becomes a message
    /// in the same commit.
    ///
    /// A repeat of a blob that the case already holds in this direction finishes as if it were new and adds nothing.
    /// Of two writers at the same offset one gets [`Error::OffsetMismatch`]. Bytes before the offset never change.
    pub async fn append(
        &self,
        id: UploadId,
        owner: Owner,
        piece: Piece,
        today: Day,
    ) -> Result<Progress, Error> {
        self.database.append(id, owner, piece, today).await
    }

    /// Drops an unfinished upload. A finished one is a message and stays: [`Error::Finished`].
    pub async fn remove_upload(&self, id: UploadId, owner: Owner) -> Result<(), Error> {
        self.database.remove_upload(id, owner).await
    }

    /// Drops uploads begun more than two whole days before `today`, and forgets finished ones of that age. To be
    /// called at start and once a day. A crash in between loses nothing: the next call goes on.
    pub async fn purge(&self, today: Day) -> Result<(), Error> {
        self.database.purge(today).await
    }

    /// Frees what was dropped, takes the order of arrival out of the small tables and empties the WAL, now and whole.
    /// The writer does the same by itself whenever it has a quiet moment.
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

    /// The case that a mailbox belongs to, or nothing.
    pub async fn mailbox(&self, mailbox: MailboxId) -> Result<Option<StoredCase>, Error> {
        self.database.mailbox(mailbox).await
    }

    /// One case. [`Error::NotFound`] if there is none.
    pub async fn case(&self, case: CaseId) -> Result<StoredCase, Error> {
        self.database.case(case).await
    }

    /// Cases in the order of their ids, from the one behind `after` on: at most `limit`, and fewer when they hold very
    /// many messages. [`StoredCases::next`] goes on from there.
    pub async fn cases(&self, after: Option<CaseId>, limit: usize) -> Result<StoredCases, Error> {
        self.database.cases(after, limit).await
    }

    /// The message at a position, or [`Error::NotFound`].
    pub async fn message(&self, case: CaseId, position: u32) -> Result<StoredMessage, Error> {
        self.database.message(case, position).await
    }

    /// Bytes of a message's blob, at most `length_bytes` from `offset` on. A message never changes and never goes, so a
    /// blob may be read piece by piece for as long as it takes without holding anything.
    pub async fn message_bytes(
        &self,
        message: &StoredMessage,
        offset: u64,
        length_bytes: usize,
    ) -> Result<Vec<u8>, Error> {
        self.database.message_bytes(message, offset, length_bytes).await
    }
}
