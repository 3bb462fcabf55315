//! The storage in one SQLite file: the only place that names `rusqlite`.
//!
//! One thread writes ([`queue`]) and keeps house between its batches ([`housekeeping`]); a few
//! connections read ([`reader`]). What the bytes of the file would tell of the order of arrival is taken
//! out by [`blocks`] and [`order`].

mod blocks;
mod database;
mod database_files;
mod housekeeping;
mod messages;
mod order;
mod profiles;
mod queue;
mod reader;
mod transaction;
mod uploads;

use std::path::Path;
use std::sync::Arc;

use super::types::{
    Error, NewUpload, OfficeIds, Options, Owner, Piece, ProfileAdmission, Progress, StoredMailbox,
    StoredMessage, StoredReports, StoredThreads, StoredUpload, ThreadsQuery, UploadId,
};
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest, MailboxId, WriteHash};
use crate::protocol::record::ThreadName;

pub use database::{DatabaseError, create};

/// An open database file. Clones share it. Each method keeps the contract of the
/// same one of [`super::Storage`].
#[derive(Clone)]
pub(super) struct SqliteDatabase {
    queue: Arc<queue::WriteQueue>,
    readers: Arc<reader::Readers>,
    journal: CaseId,
}

impl SqliteDatabase {
    pub(super) fn open(path: &Path, office: OfficeIds, options: Options) -> Result<Self, DatabaseError> {
        let writer = database::open_for_writing(path, office.office, options)?;
        let queue = queue::WriteQueue::start(writer, path, office.log_span())?;
        let readers = reader::Readers::open(path, office.office)?;
        Ok(Self { queue: Arc::new(queue), readers: Arc::new(readers), journal: office.journal })
    }

    pub(super) fn close(&self) {
        self.queue.stop();
    }

    pub(super) async fn keep_profile(
        &self,
        version: u64,
        digest: Digest,
        note: Vec<u8>,
    ) -> Result<ProfileAdmission, Error> {
        // A server starts also when its disk is full or somebody holds the database:
        // most starts have nothing to write.
        let offered = note.clone();
        let judged = self.readers.run(move |db| profiles::judge(db, version, digest, &offered)).await?;
        if let (admission, true) = judged {
            return Ok(admission);
        }
        self.queue.submit(note.len(), move |db| profiles::keep(db, version, digest, &note)).await
    }

    pub(super) async fn profile(&self, version: u64) -> Result<Vec<u8>, Error> {
        self.readers.run(move |db| profiles::note(db, version)).await
    }

    pub(super) async fn create_upload(
        &self,
        new: NewUpload,
        first: Option<Piece>,
    ) -> Result<(UploadId, Progress), Error> {
        let (ids, journal) = (uploads::FreshIds::random(), self.journal);
        let size_bytes = first.as_ref().map_or(0, |piece| piece.data.len());
        let create =
            move |db: &rusqlite::Connection| uploads::create(db, journal, &ids, &new, first.as_ref());
        let stored = self.queue.submit(size_bytes, create).await?;
        Ok((ids.upload, stored.progress()?))
    }

    pub(super) async fn append(
        &self,
        id: UploadId,
        owner: Owner,
        piece: Piece,
        today: Day,
    ) -> Result<Progress, Error> {
        let (size_bytes, journal) = (piece.data.len(), self.journal);
        let append = move |db: &rusqlite::Connection| uploads::append(db, journal, id, owner, &piece, today);
        self.queue.submit(size_bytes, append).await?.progress()
    }

    pub(super) async fn add_one_way(
        &self,
        case: CaseId,
        blob: Vec<u8>,
        digest: Digest,
        today: Day,
    ) -> Result<(), Error> {
        let (ids, journal, size_bytes) = (uploads::FreshIds::random(), self.journal, blob.len());
        let add = move |db: &rusqlite::Connection| {
            uploads::add_one_way(db, journal, &ids, case, &blob, digest, today)
        };
        self.queue.submit(size_bytes, add).await
    }

    pub(super) async fn remove_upload(&self, id: UploadId, owner: Owner) -> Result<(), Error> {
        self.queue.submit(0, move |db| uploads::remove(db, id, owner)).await
    }

    pub(super) async fn purge(&self, today: Day) -> Result<(), Error> {
        let purge = || self.queue.submit(0, move |db| uploads::purge(db, today));
        loop {
            let purged = match purge().await {
                // A full database has no page for the names of more dropped blobs:
                // those before are freed first.
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

    pub(super) async fn mailbox(
        &self,
        mailbox: MailboxId,
        from: u64,
        limit: usize,
    ) -> Result<Option<StoredMailbox>, Error> {
        self.readers.run(move |db| messages::mailbox(db, mailbox, from, limit)).await
    }

    pub(super) async fn mailbox_message(
        &self,
        mailbox: MailboxId,
        position: u32,
    ) -> Result<StoredMessage, Error> {
        self.readers.run(move |db| messages::of_mailbox(db, mailbox, position)).await
    }

    pub(super) async fn reports(&self, after: Option<CaseId>, limit: usize) -> Result<StoredReports, Error> {
        self.readers.run(move |db| messages::reports(db, after, limit)).await
    }

    pub(super) async fn threads(
        &self,
        queries: Vec<ThreadsQuery>,
        per_thread: usize,
        in_all: usize,
    ) -> Result<Vec<StoredThreads>, Error> {
        self.readers.run(move |db| messages::threads(db, &queries, per_thread, in_all)).await
    }

    pub(super) async fn message(
        &self,
        case: CaseId,
        thread: ThreadName,
        position: u32,
        write_hash: Option<WriteHash>,
    ) -> Result<StoredMessage, Error> {
        self.readers.run(move |db| messages::of_case(db, case, thread, position, write_hash)).await
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
