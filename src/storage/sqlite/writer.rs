//! The one thread that writes.
//!
//! Submissions queue; the thread takes what has gathered, runs it in one transaction, each in a savepoint of its own,
//! commits once and only then answers. Whoever gets `Ok` knows that the commit was synced. When the common transaction
//! fails (a full disk, a failed write) it is rolled back and each submission gets one of its own, so that one that does
//! not fit takes no other with it.
//!
//! Between batches the thread keeps house: it frees dropped blobs and bounds the WAL. When nothing has come for a
//! moment it takes the order of arrival out of the small tables ([`super::order`]) and empties the WAL, which also
//! tells that order.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};
use tokio::sync::oneshot;

use super::blocks;
use super::database::{BUSY_TIMEOUT, DatabaseError};
use super::order::Rewrite;
use crate::storage::types::{BlobId, Error};

/// Submissions that may wait; one more is [`Error::Busy`].
const QUEUE_LENGTH: usize = 256;
/// A batch ends at whichever comes first.
const BATCH_LENGTH: usize = 128;
const BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Blocks freed in one transaction: 2 MiB.
const FREED_AT_ONCE: usize = 64;
/// From this many pages on (16 MiB) the WAL is copied into the database between batches, as far as readers allow.
const WAL_PAGES_SOFT: u32 = 4 * 1024;
/// From this many on the writer waits for readers (milliseconds) and starts the WAL anew.
const WAL_PAGES_HARD: u32 = 32 * 1024;
/// How long nothing must come before the thread settles.
const QUIET: Duration = Duration::from_millis(300);
/// How long it then works before it looks for submissions again.
const SLICE: Duration = Duration::from_millis(20);
/// Walks over the small tables take at most one part in this many of the time: a small office's are walked after every
/// report, a very large one's (a walk of seconds, a hundred MB written) every hour or two.
const WALK_SHARE: u32 = 1000;
/// How long the thread may still keep house when it is told to end. The rest is done after the next start.
const CLOSE_TIME: Duration = Duration::from_secs(3);
/// After a failure (a disk that is full stays so for a while) housekeeping is tried again so much later.
const REST: Duration = Duration::from_secs(60);
/// How long a checkpoint waits for readers, another process with a backup among them, while submissions queue.
const TRUNCATE_WAIT: Duration = Duration::from_millis(50);
const RESTART_WAIT: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    queue: Mutex<Option<SyncSender<Message>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Submission(Box<dyn Submission>),
    Settle(oneshot::Sender<Result<(), Error>>),
}

impl Writer {
    /// `path` is that of the database.
    pub(super) fn start(mut db: Connection, path: &Path) -> Result<Self, DatabaseError> {
        let (sender, receiver) = sync_channel(QUEUE_LENGTH);
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let wal = PathBuf::from(wal);
        let wal_pages = Arc::new(AtomicU32::new(0));
        let pages_seen = wal_pages.clone();
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            pages_seen.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))
        .map_err(|error| DatabaseError::Sqlite { path: path.to_owned(), message: error.to_string() })?;
        let thread = std::thread::Builder::new()
            .name("storage-writer".into())
            .spawn(move || Thread::new(db, wal, wal_pages).run(&receiver))
            .map_err(DatabaseError::Thread)?;
        Ok(Self { queue: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Runs `work` in a transaction and returns its result once that is durable. An error of `work` rolls back what it
    /// did. `work` may be run twice, the first time without effect. If the caller stops waiting, it is done all the same.
    pub(super) async fn submit<T, F>(&self, size_bytes: usize, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Submission(Box::new(Work { work, size_bytes, result: None, reply })))?;
        answer.await.unwrap_or(Err(Error::Closed))
    }

    pub(super) async fn settle(&self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Message::Settle(reply))?;
        answer.await.unwrap_or(Err(Error::Closed))
    }

    pub(super) fn stop(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the storage writer ended in a panic");
        }
    }

    fn send(&self, message: Message) -> Result<(), Error> {
        match self.queue.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            None => Err(Error::Closed),
            Some(queue) => queue.try_send(message).map_err(|error| match error {
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

struct Thread {
    db: Connection,
    wal: PathBuf,
    /// Length of the WAL after the last commit, or 0 after a checkpoint.
    wal_pages: Arc<AtomicU32>,
    /// Something was written that no walk over the small tables has seen. True at start: a crash may have left it so.
    unsettled: bool,
    /// A walk over the small tables that is under way, and the time it has taken.
    walk: Option<Rewrite>,
    walk_time: Duration,
    /// No new walk before then.
    walk_due: Instant,
    /// The last slice of housekeeping was too short for all there is to do.
    busy: bool,
    /// No housekeeping before then, after it has failed.
    rest_until: Instant,
}

enum Next {
    Message(Message),
    Quiet,
    Closed,
}

impl Thread {
    fn new(db: Connection, wal: PathBuf, wal_pages: Arc<AtomicU32>) -> Self {
        let now = Instant::now();
        Self {
            db,
            wal,
            wal_pages,
            unsettled: true,
            walk: None,
            walk_time: Duration::ZERO,
            walk_due: now,
            busy: false,
            rest_until: now,
        }
    }

    fn run(mut self, queue: &Receiver<Message>) {
        loop {
            match self.next(queue) {
                Next::Message(Message::Submission(first)) => {
                    let settle = self.batch(first, queue);
                    self.keep_house();
                    settle.into_iter().for_each(|reply| self.settle_now(reply));
                }
                Next::Message(Message::Settle(reply)) => self.settle_now(reply),
                Next::Quiet => {
                    if let Err(error) = self.use_quiet() {
                        tracing::error!(%error, "keeping house in the database failed");
                        self.rest_until = Instant::now() + REST;
                    }
                }
                Next::Closed => break,
            }
        }
        // All senders are gone and the queue is empty.
        let _ = self.settle(Some(CLOSE_TIME));
    }

    /// The next message, or that none has come for a while and there is something to do meanwhile.
    fn next(&self, queue: &Receiver<Message>) -> Next {
        let settled = !self.busy && !self.unsettled;
        if settled && self.wal_is_empty() {
            return queue.recv().map_or(Next::Closed, Next::Message);
        }
        let quiet = if self.busy { Duration::ZERO } else { QUIET };
        let only_walk_left = !self.busy && self.wal_is_empty();
        let due = if only_walk_left { self.rest_until.max(self.walk_due) } else { self.rest_until };
        match queue.recv_timeout(quiet.max(due.saturating_duration_since(Instant::now()))) {
            Ok(message) => Next::Message(message),
            Err(RecvTimeoutError::Timeout) => Next::Quiet,
            Err(RecvTimeoutError::Disconnected) => Next::Closed,
        }
    }

    /// Runs `first` and what else is waiting in one transaction. Returns those who asked to settle meanwhile.
    fn batch(
        &mut self,
        first: Box<dyn Submission>,
        queue: &Receiver<Message>,
    ) -> Vec<oneshot::Sender<Result<(), Error>>> {
        let mut size_bytes = first.size_bytes();
        let mut batch = vec![first];
        let mut settle = Vec::new();
        while batch.len() < BATCH_LENGTH && size_bytes < BATCH_BYTES && settle.is_empty() {
            match queue.try_recv() {
                Ok(Message::Submission(next)) => {
                    size_bytes += next.size_bytes();
                    batch.push(next);
                }
                Ok(Message::Settle(reply)) => settle.push(reply),
                Err(_) => break,
            }
        }
        self.unsettled = true;
        let run_all = |db: &Connection| {
            batch.iter_mut().try_for_each(|submission| in_savepoint(db, submission.as_mut()))
        };
        match self.transaction(run_all) {
            Ok(()) => batch.into_iter().for_each(|submission| submission.answer(Ok(()))),
            // Another process holds the database: each would wait as long again.
            Err(Error::Busy) => batch.into_iter().for_each(|submission| submission.answer(Err(Error::Busy))),
            Err(_) => batch.into_iter().for_each(|submission| self.alone(submission)),
        }
        settle
    }

    /// A transaction for one submission, after the common one has failed.
    fn alone(&mut self, mut submission: Box<dyn Submission>) {
        let outcome = self.transaction(|db| submission.run(db));
        if let Err(error @ (Error::StorageFull | Error::Failed(_))) = outcome {
            tracing::error!(%error, "a write to the database failed");
        }
        submission.answer(outcome);
    }

    /// One transaction; rolled back on any error, that of the commit included.
    fn transaction<T>(&mut self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        self.db.execute_batch("BEGIN IMMEDIATE")?;
        let result = work(&self.db).and_then(|value| {
            self.db.execute_batch("COMMIT")?;
            Ok(value)
        });
        // After some errors (a full disk among them) SQLite has rolled back by itself.
        if !self.db.is_autocommit() {
            self.db.execute_batch("ROLLBACK")?;
        }
        result
    }

    fn keep_house(&mut self) {
        let result = self.free_some().and_then(|_| match self.wal_pages.load(Ordering::Relaxed) {
            WAL_PAGES_HARD.. => self.checkpoint("RESTART", RESTART_WAIT),
            WAL_PAGES_SOFT.. => self.checkpoint("PASSIVE", Duration::ZERO),
            _ => Ok(()),
        });
        if let Err(error) = result {
            tracing::error!(%error, "keeping house in the database failed");
        }
    }

    /// Frees some blocks of a dropped blob; says whether there may be more.
    fn free_some(&mut self) -> Result<bool, Error> {
        let dropped = self
            .db
            .prepare_cached("SELECT blob_id FROM dropped LIMIT 1")?
            .query_one([], |row| row.get(0).map(BlobId))
            .optional()?;
        let Some(blob) = dropped else { return Ok(false) };
        self.transaction(|db| {
            if blocks::free(db, blob, FREED_AT_ONCE)? {
                db.prepare_cached("DELETE FROM dropped WHERE blob_id = ?")?.execute([blob.0])?;
            }
            Ok(true)
        })
    }

    /// Settles for a slice of time; goes on in the next one unless submissions come first.
    fn use_quiet(&mut self) -> Result<(), Error> {
        if self.walk.is_none() && self.unsettled && Instant::now() >= self.walk_due {
            self.walk = Some(Rewrite::default());
            self.unsettled = false;
        }
        let begun = Instant::now();
        self.busy = true;
        while begun.elapsed() < SLICE {
            if !self.free_some()? && !self.walk_on()? {
                self.busy = false;
                return if self.wal_is_empty() { Ok(()) } else { self.checkpoint("TRUNCATE", TRUNCATE_WAIT) };
            }
        }
        Ok(())
    }

    /// Rewrites some rows of the small tables; says whether there may be more. A walk that fails begins anew.
    fn walk_on(&mut self) -> Result<bool, Error> {
        let Some(walk) = self.walk.take() else { return Ok(false) };
        let begun = Instant::now();
        self.walk = self.transaction(|db| walk.step(db)).inspect_err(|_| self.unsettled = true)?;
        self.walk_time += begun.elapsed();
        if self.walk.is_none() {
            self.walk_due = Instant::now() + std::mem::take(&mut self.walk_time) * WALK_SHARE;
        }
        Ok(self.walk.is_some())
    }

    fn settle_now(&mut self, reply: oneshot::Sender<Result<(), Error>>) {
        let _ = reply.send(self.settle(None));
    }

    /// All at once, or what of it can be done in `time`.
    fn settle(&mut self, time: Option<Duration>) -> Result<(), Error> {
        if self.unsettled || time.is_none() {
            self.walk = Some(Rewrite::default());
            self.unsettled = false;
        }
        let begun = Instant::now();
        while time.is_none_or(|time| begun.elapsed() < time) && (self.free_some()? || self.walk_on()?) {}
        self.checkpoint("TRUNCATE", TRUNCATE_WAIT)
    }

    /// A reader in the way is no error: the next checkpoint goes further. `wait` bounds how long one may hold up the
    /// writer.
    fn checkpoint(&self, mode: &str, wait: Duration) -> Result<(), Error> {
        self.db.busy_timeout(wait)?;
        let result = self.db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
        self.db.busy_timeout(BUSY_TIMEOUT)?;
        result?;
        self.wal_pages.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn wal_is_empty(&self) -> bool {
        std::fs::metadata(&self.wal).map_or(true, |wal| wal.len() == 0)
    }
}

/// A request that is refused (no such case, offset, …) undoes only itself; a failure of the machine ends the batch.
fn in_savepoint(db: &Connection, submission: &mut dyn Submission) -> Result<(), Error> {
    db.execute_batch("SAVEPOINT submission")?;
    match submission.run(db) {
        Ok(()) => {}
        Err(error @ (Error::StorageFull | Error::Failed(_) | Error::Busy)) => return Err(error),
        Err(_) => db.execute_batch("ROLLBACK TO submission")?,
    }
    db.execute_batch("RELEASE submission")?;
    Ok(())
}
