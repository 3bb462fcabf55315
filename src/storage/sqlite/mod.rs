//! The storage in one SQLite file: the only place that names `rusqlite`.
//!
//! One thread writes ([`queue`]) and keeps house between its batches ([`housekeeping`]); a few connections read
//! ([`reader`]). What the bytes of the file would tell of the order of arrival is taken out by [`blocks`] and [`order`].

mod blocks;
mod database;
mod database_files;
mod housekeeping;
mod order;
mod queue;
mod reader;
mod transaction;
mod uploads;

use std::path::Path;
use std::sync::Arc;

use super::types::{
    Error, NewUpload, Owner, Piece, Progress, StoredCase, StoredCases, StoredMessage, StoredUpload, UploadId,
};
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, MailboxId};

pub use database::{DatabaseError, create};

/// An open database file. Clones share it. Each method keeps the contract of the same one of [`super::Storage`].
#[derive(Clone)]
pub(super) struct SqliteDatabase {
    queue: Arc<queue::WriteQueue>,
    readers: Arc<reader::Readers>,
}

impl SqliteDatabase {
    pub(super) fn open(path: &Path, options: super::Options) -> Result<Self, DatabaseError> {
        let queue = queue::WriteQueue::start(database::open_for_writing(path, options)?, path)?;
        let readers = reader::Readers::open(path)?;
        Ok(Self { queue: Arc::new(queue), readers: Arc::new(readers) })
    }

    pub(super) fn close(&self) {
        self.queue.stop();
    }

    pub(super) async fn create_upload(
        &self,
        new: NewUpload,
        first: Option<Piece>,
    ) -> Result<(UploadId, Progress), Error> {
        let ids = uploads::FreshIds::random();
        let size_bytes = first.as_ref().map_or(0, |piece| piece.data.len());
        let stored =
            self.queue.submit(size_bytes, move |db| uploads::create(db, &ids, &new, first.as_ref())).await?;
        Ok((ids.upload, stored.progress()?))
    }

    pub(super) async fn append(
        &self,
        id: UploadId,
        owner: Owner,
        piece: Piece,
        today: Day,
    ) -> Result<Progress, Error> {
        let size_bytes = piece.data.len();
        let stored =
            self.queue.submit(size_bytes, move |db| uploads::append(db, id, owner, &piece, today)).await?;
        stored.progress()
    }

    pub(super) async fn remove_upload(&self, id: UploadId, owner: Owner) -> Result<(), Error> {
        self.queue.submit(0, move |db| uploads::remove(db, id, owner)).await
    }

    pub(super) async fn purge(&self, today: Day) -> Result<(), Error> {
        let purge = || self.queue.submit(0, move |db| uploads::purge(db, today));
        loop {
            let purged = match purge().await {
                // A full database has no page for the names of more dropped blobs: those before are freed first.
                Err(Error::StorageFull) => {
                    let _ = self.settle().await;
                    purge().await
                }
                purged => purged,
            };
            if purged? == uploads::Purge::Done {
                return Ok(());
            }
        }
    }

    pub(super) async fn settle(&self) -> Result<(), Error> {
        self.queue.settle().await
    }

    pub(super) async fn upload(&self, id: UploadId, owner: Owner) -> Result<StoredUpload, Error> {
        self.readers.run(move |db| uploads::find(db, id, owner)).await
    }

    pub(super) async fn upload_bytes(
        &self,
        id: UploadId,
        owner: Owner,
        offset: u64,
        length_bytes: usize,
    ) -> Result<Vec<u8>, Error> {
        self.readers.run(move |db| uploads::read(db, id, owner, offset, length_bytes)).await
    }

    pub(super) async fn mailbox(&self, mailbox: MailboxId) -> Result<Option<StoredCase>, Error> {
        self.readers.run(move |db| reader::mailbox(db, mailbox)).await
    }

    pub(super) async fn case(&self, case: CaseId) -> Result<StoredCase, Error> {
        self.readers.run(move |db| reader::case(db, case)).await
    }

    pub(super) async fn cases(&self, after: Option<CaseId>, limit: usize) -> Result<StoredCases, Error> {
        self.readers.run(move |db| reader::cases(db, after, limit)).await
    }

    pub(super) async fn message(&self, case: CaseId, position: u32) -> Result<StoredMessage, Error> {
        self.readers.run(move |db| reader::message(db, case, position)).await
    }

    pub(super) async fn message_bytes(
        &self,
        message: &StoredMessage,
        offset: u64,
        length_bytes: usize,
    ) -> Result<Vec<u8>, Error> {
        let (blob, end) = (message.blob, message.summary.size_bytes);
        self.readers.run(move |db| blocks::read(db, blob, offset, end, length_bytes)).await
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::QueryReturnedNoRows => Error::NotFound,
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                rusqlite::ErrorCode::DiskFull => Error::StorageFull,
                // Only another process can hold the lock for longer than the busy timeout.
                rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked => Error::Locked,
                _ => Error::Failed(failure.extended_code),
            },
            // A row that does not have the shape the schema promises.
            _ => Error::Failed(rusqlite::ffi::SQLITE_MISMATCH),
        }
    }
}
