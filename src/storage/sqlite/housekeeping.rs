//! What the writer does between batches: frees dropped blobs, bounds the WAL, and takes the order of arrival
//! out of the small tables ([`super::order`]) and, by emptying it, out of the WAL.
//!
//! | State | `after_batch` | `when_quiet` | `finish` | `next_wake` |
//! |---|---|---|---|---|
//! | settled, WAL empty | F C, unsettled | – | F E, without limit B F S E | never |
//! | settled, WAL kept by a reader | F C, unsettled | F E | F E, without limit B F S E | after `QUIET` |
//! | unsettled, a walk is due | F C | B F S, then E | B F S E | after `QUIET` |
//! | unsettled, a walk is not due yet | F C | F E | B F S E | after `QUIET`, or when it is due |
//! | at work, budget too short | F C, unsettled | F S, then E | F S E, without limit B first | at once |
//! | failed less than `REST` ago | F C, unsettled | as in the state it had | as in it | when `REST` is over |
//!
//! - **F** frees blocks of dropped blobs: once after a batch, all of them otherwise.
//! - **C** copies a WAL that has grown long into the database.
//! - **B** begins a walk over the small tables, **S** makes its steps; at its end all is settled but what
//!   batches have added meanwhile, which waits for the next one.
//! - **E** copies all of the WAL and empties it, as far as readers allow.
//!
//! `when_quiet` stops when its budget is used up, `finish` at its limit. A failure in `when_quiet` is logged
//! and begins the rest; after a batch it is logged only. At start the state is *unsettled*: a crash may have
//! left rows behind that no walk has seen, blobs that are not freed and a WAL. Each step is a transaction, so
//! a crash in between leaves nothing half done.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};

use super::blocks;
use super::database::BUSY_TIMEOUT;
use super::order::Rewrite;
use super::transaction::transaction;
use crate::storage::types::{BlobId, Error};

/// How long nothing must come before there is housekeeping.
const QUIET: Duration = Duration::from_millis(300);
/// After a failure (a disk that is full stays so for a while) housekeeping is tried again so much later.
const REST: Duration = Duration::from_secs(60);
/// Walks over the small tables take at most one part in this many of the time: a small office's are walked
/// after every report, a very large one's (a walk of seconds, a hundred MB written) every hour or two.
const WALK_SHARE: u32 = 1000;
/// Blocks freed in one transaction: 2 MiB.
const FREED_AT_ONCE: usize = 64;
/// From this many pages on (16 MiB) the WAL is copied into the database between
/// batches, as far as readers allow.
const WAL_PAGES_SOFT: u32 = 4 * 1024;
/// From this many on the writer waits for readers (milliseconds) and starts the WAL anew.
const WAL_PAGES_HARD: u32 = 32 * 1024;
/// How long a checkpoint waits for readers, another process with a backup among
/// them, while submissions queue.
const TRUNCATE_WAIT: Duration = Duration::from_millis(50);
const RESTART_WAIT: Duration = Duration::from_secs(1);

/// Tells the time; an argument, so that a test can step it.
pub(super) type Clock = Box<dyn Fn() -> Instant + Send>;

pub(super) struct Housekeeping {
    clock: Clock,
    wal: PathBuf,
    /// Length of the WAL after the last commit, or 0 after a checkpoint.
    wal_pages: Arc<AtomicU32>,
    /// Something was written that no walk over the small tables has seen.
    unsettled: bool,
    /// A walk over the small tables that is under way, and the time it has taken.
    walk: Option<Rewrite>,
    walk_time: Duration,
    /// No new walk before then.
    walk_due: Instant,
    /// The last budget was too short for all there is to do.
    unfinished: bool,
    /// Nothing in quiet moments before then, after a failure.
    rest_until: Instant,
}

impl Housekeeping {
    /// For the connection that writes, which every later call is given again, and its WAL.
    pub(super) fn new(db: &mut Connection, wal: PathBuf, clock: Clock) -> rusqlite::Result<Self> {
        let wal_pages = Arc::new(AtomicU32::new(0));
        let pages_seen = wal_pages.clone();
        db.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            pages_seen.store(u32::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        let now = clock();
        Ok(Self {
            clock,
            wal,
            wal_pages,
            unsettled: true,
            walk: None,
            walk_time: Duration::ZERO,
            walk_due: now,
            unfinished: false,
            rest_until: now,
        })
    }

    /// A batch was written, or has failed.
    pub(super) fn after_batch(&mut self, db: &Connection) {
        self.unsettled = true;
        let result = free_some(db).and_then(|_| match self.wal_pages.load(Ordering::Relaxed) {
            WAL_PAGES_HARD.. => self.checkpoint(db, "RESTART", RESTART_WAIT),
            WAL_PAGES_SOFT.. => self.checkpoint(db, "PASSIVE", Duration::ZERO),
            _ => Ok(()),
        });
        if let Err(error) = result {
            tracing::error!(%error, "keeping house in the database failed");
        }
    }

    /// Nothing has come until [`Self::next_wake`]: works for about `budget`, and asks
    /// to go on when that was too short.
    pub(super) fn when_quiet(&mut self, db: &Connection, budget: Duration) {
        if let Err(error) = self.work_for(db, budget) {
            tracing::error!(%error, "keeping house in the database failed");
            self.rest_until = (self.clock)() + REST;
        }
    }

    /// Everything at once, with a new walk; or what is left to do, as far as it can be done in `limit`.
    pub(super) fn finish(&mut self, db: &Connection, limit: Option<Duration>) -> Result<(), Error> {
        if self.unsettled || limit.is_none() {
            self.begin_walk();
        }
        let begun = (self.clock)();
        while limit.is_none_or(|limit| (self.clock)() - begun < limit)
            && (free_some(db)? || self.walk_on(db)?)
        {}
        self.checkpoint(db, "TRUNCATE", TRUNCATE_WAIT)
    }

    /// When [`Self::when_quiet`] is to be called if nothing comes before; nothing
    /// when there is nothing to do.
    pub(super) fn next_wake(&self) -> Option<Instant> {
        let wal_is_empty = self.wal_is_empty();
        let at_work = self.unfinished || self.walk.is_some();
        if !at_work && !self.unsettled && wal_is_empty {
            return None;
        }
        let only_a_walk_left = !at_work && wal_is_empty;
        let due = if only_a_walk_left { self.rest_until.max(self.walk_due) } else { self.rest_until };
        let quiet = if at_work { Duration::ZERO } else { QUIET };
        Some(due.max((self.clock)() + quiet))
    }

    fn work_for(&mut self, db: &Connection, budget: Duration) -> Result<(), Error> {
        let begun = (self.clock)();
        if self.walk.is_none() && self.unsettled && begun >= self.walk_due {
            self.begin_walk();
        }
        self.unfinished = true;
        while (self.clock)() - begun < budget {
            if !free_some(db)? && !self.walk_on(db)? {
                self.unfinished = false;
                return if self.wal_is_empty() {
                    Ok(())
                } else {
                    self.checkpoint(db, "TRUNCATE", TRUNCATE_WAIT)
                };
            }
        }
        Ok(())
    }

    fn begin_walk(&mut self) {
        self.walk = Some(Rewrite::default());
        self.unsettled = false;
    }

    /// Rewrites some rows of the small tables; says whether there may be more. A walk that fails begins anew.
    fn walk_on(&mut self, db: &Connection) -> Result<bool, Error> {
        let Some(walk) = self.walk.take() else { return Ok(false) };
        let begun = (self.clock)();
        self.walk = transaction(db, |db| walk.step(db)).inspect_err(|_| self.unsettled = true)?;
        let ended = (self.clock)();
        self.walk_time += ended - begun;
        if self.walk.is_none() {
            self.walk_due = ended + std::mem::take(&mut self.walk_time) * WALK_SHARE;
        }
        Ok(self.walk.is_some())
    }

    /// A reader in the way is no error: the next checkpoint goes further. `wait` bounds how
    /// long one may hold up the writer.
    fn checkpoint(&self, db: &Connection, mode: &str, wait: Duration) -> Result<(), Error> {
        db.busy_timeout(wait)?;
        let result = db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
        db.busy_timeout(BUSY_TIMEOUT)?;
        result?;
        self.wal_pages.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn wal_is_empty(&self) -> bool {
        std::fs::metadata(&self.wal).map_or(true, |wal| wal.len() == 0)
    }
}

/// Frees some blocks of a dropped blob; says whether there may be more.
fn free_some(db: &Connection) -> Result<bool, Error> {
    let dropped = db
        .prepare_cached("SELECT blob_id FROM dropped LIMIT 1")?
        .query_one([], |row| row.get(0).map(BlobId))
        .optional()?;
    let Some(blob) = dropped else { return Ok(false) };
    transaction(db, |db| {
        if blocks::free(db, blob, FREED_AT_ONCE)? {
            db.prepare_cached("DELETE FROM dropped WHERE blob_id = ?")?.execute([blob.0])?;
        }
        Ok(true)
    })
}

#[cfg(test)]
mod tests;
