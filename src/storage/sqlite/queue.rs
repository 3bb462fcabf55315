//! The one thread that writes.
//!
//! Submissions queue; the thread takes what has gathered, runs it in one transaction, each in a savepoint of
//! its own, commits once and only then answers. Whoever gets `Ok` knows that the commit was synced. When the
//! common transaction fails (a full disk, a failed write) it is rolled back and each submission gets one of
//! its own, so that one that does not fit takes no other with it.
//!
//! What the thread does between batches is [`super::housekeeping`]'s.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;
use tracing::Span;

use super::database::{self, DatabaseError};
use super::database_files::DatabaseFiles;
use super::housekeeping::Housekeeping;
use super::transaction::{savepoint, transaction};
use crate::storage::types::Error;

/// Submissions that may wait; one more is [`Error::Busy`].
const QUEUE_LENGTH: usize = 256;
/// A batch ends at whichever comes first.
const BATCH_LENGTH: usize = 128;
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// How long the thread keeps house before it looks for submissions again.
const SLICE: Duration = Duration::from_millis(20);
/// How long it may still keep house when it is told to end. The rest is done after the next start.
const CLOSE_TIME: Duration = Duration::from_secs(3);

/// The handle: takes submissions and hands back their results.
pub(super) struct WriteQueue {
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Whose database it is, for the log.
    span: Span,
}

enum Job {
    Write(Box<dyn Submission>),
    Settle(oneshot::Sender<Result<(), Error>>),
}

impl WriteQueue {
    /// `path` is that of the database, and `span` says to the log whose it is.
    pub(super) fn start(mut db: Connection, path: &Path, span: Span) -> Result<Self, DatabaseError> {
        let (sender, receiver) = sync_channel(QUEUE_LENGTH);
        let housekeeping = Housekeeping::new(&mut db, database::wal_of(path)?, Box::new(Instant::now))
            .map_err(|error| DatabaseError::Sqlite { path: path.to_owned(), message: error.to_string() })?;
        let files = DatabaseFiles::of(path)?;
        let thread = std::thread::Builder::new()
            .name("storage-writer".into())
            .spawn({
                let span = span.clone();
                move || span.in_scope(|| WriterThread { db, files, housekeeping }.run(&receiver))
            })
            .map_err(DatabaseError::Thread)?;
        Ok(Self { jobs: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)), span })
    }

    /// Runs `work` in a transaction and returns its result once that is durable. An error of `work` rolls
    /// back what it did. `work` may be run twice, the first time without effect. If the caller stops
    /// waiting, it is done all the same.
    pub(super) async fn submit<T, F>(&self, size_bytes: usize, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Write(Box::new(Work { work, size_bytes, result: None, reply })))?;
        answer.await.unwrap_or(Err(Error::Closed))
    }

    pub(super) async fn settle(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Settle(reply))?;
        answer.await.unwrap_or(Err(Error::Closed))
    }

    pub(super) fn stop(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(parent: &self.span, "the storage writer ended in a panic");
        }
    }

    fn send(&self, job: Job) -> Result<(), Error> {
        match self.jobs.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            None => Err(Error::Closed),
            Some(jobs) => jobs.try_send(job).map_err(|error| match error {
                TrySendError::Full(_) => Error::Busy,
                TrySendError::Disconnected(_) => Error::Closed,
            }),
        }
    }
}

/// Something to be done in a transaction, with the result's type forgotten.
trait Submission: Send {
    fn size_bytes(&self) -> usize;
    /// Runs the work and keeps its result.
    fn run(&mut self, db: &Connection) -> Result<(), Error>;
    /// Answers with the kept result, or with the error of the transaction.
    fn answer(self: Box<Self>, transaction: Result<(), Error>);
}

struct Work<T, F> {
    work: F,
    size_bytes: usize,
    result: Option<Result<T, Error>>,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Submission for Work<T, F>
where
    T: Send,
    F: FnMut(&Connection) -> Result<T, Error> + Send,
{
    fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    fn run(&mut self, db: &Connection) -> Result<(), Error> {
        let result = (self.work)(db);
        let outcome = result.as_ref().map(|_| ()).map_err(|error| *error);
        self.result = Some(result);
        outcome
    }

    fn answer(self: Box<Self>, transaction: Result<(), Error>) {
        let result = match (transaction, self.result) {
            (Ok(()), Some(result)) => result,
            (Err(error), _) => Err(error),
            (Ok(()), None) => Err(Error::Closed),
        };
        // A caller that no longer waits has lost only the answer.
        let _ = self.reply.send(result);
    }
}

struct WriterThread {
    db: Connection,
    files: DatabaseFiles,
    housekeeping: Housekeeping,
}

impl WriterThread {
    fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            match self.next(jobs) {
                Ok(Job::Write(first)) => {
                    let settle = self.batch(first, jobs);
                    self.housekeeping.after_batch(&self.db);
                    settle.into_iter().for_each(|reply| self.settle(reply));
                }
                Ok(Job::Settle(reply)) => self.settle(reply),
                Err(RecvTimeoutError::Timeout) => self.housekeeping.when_quiet(&self.db, SLICE),
                // All senders are gone and the queue is empty.
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let _ = self.housekeeping.finish(&self.db, Some(CLOSE_TIME));
    }

    /// The next job; a timeout when none has come for so long that it is housekeeping's turn.
    fn next(&self, jobs: &Receiver<Job>) -> Result<Job, RecvTimeoutError> {
        match self.housekeeping.next_wake() {
            None => jobs.recv().map_err(RecvTimeoutError::from),
            Some(wake) => jobs.recv_timeout(wake.saturating_duration_since(Instant::now())),
        }
    }

    /// Runs `first` and what else is waiting in one transaction. Returns those who asked to settle meanwhile.
    fn batch(
        &mut self,
        first: Box<dyn Submission>,
        jobs: &Receiver<Job>,
    ) -> Vec<oneshot::Sender<Result<(), Error>>> {
        let mut size_bytes = first.size_bytes();
        let mut batch = vec![first];
        let mut settle = Vec::new();
        while batch.len() < BATCH_LENGTH && size_bytes < BATCH_BYTES && settle.is_empty() {
            match jobs.try_recv() {
                Ok(Job::Write(next)) => {
                    size_bytes += next.size_bytes();
                    batch.push(next);
                }
                Ok(Job::Settle(reply)) => settle.push(reply),
                Err(_) => break,
            }
        }
        let run_all = |db: &Connection| {
            batch.iter_mut().try_for_each(|submission| savepoint(db, |db| submission.run(db)))
        };
        match self.durably(run_all) {
            Ok(()) => batch.into_iter().for_each(|submission| submission.answer(Ok(()))),
            // Another process holds the database, or it is gone: each by itself would fare no better.
            Err(error @ (Error::Locked | Error::FileReplaced)) => {
                log_failure(error);
                batch.into_iter().for_each(|submission| submission.answer(Err(error)));
            }
            Err(_) => batch.into_iter().for_each(|submission| self.alone(submission)),
        }
        settle
    }

    /// A transaction for one submission, after the common one has failed.
    fn alone(&self, mut submission: Box<dyn Submission>) {
        let outcome = self.durably(|db| submission.run(db));
        if let Err(error) = outcome {
            log_failure(error);
        }
        submission.answer(outcome);
    }

    /// After `Ok` it is synced to the files that stand at their paths. They are looked at before, so that
    /// nothing is written in vain, and again at the end, for only then it is known where it went.
    fn durably(&self, work: impl FnOnce(&Connection) -> Result<(), Error>) -> Result<(), Error> {
        self.files.check()?;
        transaction(&self.db, work)?;
        self.files.check()
    }

    fn settle(&mut self, reply: oneshot::Sender<Result<(), Error>>) {
        let _ = reply.send(self.housekeeping.finish(&self.db, None));
    }
}

/// What a request was refused for is its caller's business; what failed in the machine is the operator's.
fn log_failure(error: Error) {
    if let Error::StorageFull | Error::Failed(_) | Error::FileReplaced = error {
        tracing::error!(%error, "a write to the database failed");
    }
}

#[cfg(test)]
mod tests;
