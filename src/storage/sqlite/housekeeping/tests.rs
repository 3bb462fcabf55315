//! The table at the head of [`super`], row by row, with a real database and a clock that only the test moves.

use std::sync::atomic::AtomicU64;

use super::super::uploads::{self, FreshIds};
use super::super::{blocks::BLOCK_BYTES, database};
use super::*;
use crate::protocol::ids::{CaseId, Digest, OfficeId, WriteHash};
use crate::protocol::memo::{MEMO_SEALED_BYTES, SealedMemo};
use crate::protocol::upload::MessageKind;
use crate::storage::types::{NewUpload, Owner, Piece};

const OFFICE: OfficeId = OfficeId::from_bytes([1; 16]);
const JOURNAL: CaseId = CaseId::from_bytes([2; 16]);
const BUDGET: Duration = Duration::from_millis(20);

struct House {
    db: Connection,
    housekeeping: Housekeeping,
    beginning: Instant,
    /// Milliseconds since the beginning, and how many pass with every look at the clock.
    clock: Arc<AtomicU64>,
    tick: Arc<AtomicU64>,
    folder: tempfile::TempDir,
}

impl House {
    /// As after a start, when nobody has called yet.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mohr.db");
        database::create(&path, OFFICE).unwrap();
        let mut db = database::open_for_writing(&path, OFFICE, Default::default()).unwrap();
        let (clock, tick) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (seen, passing, beginning) = (clock.clone(), tick.clone(), Instant::now());
        let look = move || {
            let passing = passing.load(Ordering::SeqCst);
            beginning + Duration::from_millis(seen.fetch_add(passing, Ordering::SeqCst))
        };
        let housekeeping =
            Housekeeping::new(&mut db, database::wal_of(&path).unwrap(), Box::new(look)).unwrap();
        Self { db, housekeeping, beginning, clock, tick, folder }
    }

    /// With everything done that a start leaves to do.
    fn settled() -> Self {
        let mut house = Self::new();
        house.when_quiet();
        assert_eq!(house.housekeeping.next_wake(), None);
        house
    }

    fn now(&self) -> Instant {
        self.beginning + Duration::from_millis(self.clock.load(Ordering::SeqCst))
    }

    fn set_clock(&self, now: Instant) {
        let passed = (now - self.beginning).as_millis();
        self.clock.store(u64::try_from(passed).unwrap(), Ordering::SeqCst);
    }

    fn every_look_takes(&self, milliseconds: u64) {
        self.tick.store(milliseconds, Ordering::SeqCst);
    }

    fn when_quiet(&mut self) {
        self.housekeeping.when_quiet(&self.db, BUDGET);
    }

    /// A batch of one report.
    fn write_report(&mut self) {
        let new = NewUpload {
            owner: Owner::from_bytes(rand::random()),
            kind: MessageKind::Report,
            case: CaseId::from_bytes(rand::random()),
            write_hash: Some(WriteHash::from_bytes(rand::random())),
            length_bytes: BLOCK_BYTES as u64,
            day: "2026-11-21".parse().unwrap(),
        };
        let digest = Some(Digest::from_bytes(rand::random()));
        let whole = Piece {
            offset: 0,
            data: vec![7; BLOCK_BYTES],
            digest,
            memo: Some(SealedMemo::from_bytes([0; MEMO_SEALED_BYTES])),
        };
        transaction(&self.db, |db| uploads::create(db, JOURNAL, &FreshIds::random(), &new, Some(&whole)))
            .unwrap();
        self.housekeeping.after_batch(&self.db);
    }

    /// A blob of so many blocks, written and dropped, with no housekeeping yet.
    fn drop_blob(&self, blocks: usize) {
        let blob = BlobId(rand::random());
        transaction(&self.db, |db| {
            blocks::append(db, blob, 0, &vec![9; blocks * BLOCK_BYTES])?;
            Ok(db.execute("INSERT INTO dropped VALUES (?)", [blob.0])?)
        })
        .unwrap();
    }

    /// Rows that were written so far; a walk writes each anew.
    fn rows_written(&self) -> u64 {
        self.db.total_changes()
    }

    fn blocks(&self) -> usize {
        self.db.query_row("SELECT count(*) FROM blocks", [], |row| row.get(0)).unwrap()
    }

    fn wal_bytes(&self) -> u64 {
        std::fs::metadata(self.folder.path().join("mohr.db-wal")).unwrap().len()
    }

    fn reader(&self) -> Connection {
        database::open_for_reading(&self.folder.path().join("mohr.db"), OFFICE).unwrap()
    }
}

#[test]
fn a_start_settles_what_a_crash_may_have_left() {
    let mut house = House::new();
    assert_eq!(house.housekeeping.next_wake(), Some(house.now() + QUIET));
    house.when_quiet();
    assert_eq!(house.housekeeping.next_wake(), None);
}

#[test]
fn a_quiet_moment_settles_what_a_batch_wrote() {
    let mut house = House::settled();
    house.write_report();
    assert!(house.wal_bytes() > 0);
    assert_eq!(house.housekeeping.next_wake(), Some(house.now() + QUIET));
    let before = house.rows_written();
    house.when_quiet();
    // A case, its message, its upload and the place of its block: each row deleted and put back.
    assert_eq!(house.rows_written() - before, 8);
    assert_eq!(house.wal_bytes(), 0);
    assert_eq!(house.housekeeping.next_wake(), None);
}

#[test]
fn walks_take_no_more_than_their_share_of_the_time() {
    let mut house = House::new();
    house.every_look_takes(1);
    let begun = house.now();
    house.when_quiet();
    let ended = house.now();
    house.every_look_takes(0);
    house.write_report();

    // Not due yet: the WAL is emptied all the same, and then only the walk is left.
    let before = house.rows_written();
    house.when_quiet();
    assert_eq!((house.rows_written(), house.wal_bytes()), (before, 0));
    let due = house.housekeeping.next_wake().unwrap();
    assert!(due > ended + WALK_SHARE * Duration::from_millis(1) - BUDGET, "{:?}", due - ended);
    assert!(due < ended + WALK_SHARE * (ended - begun), "{:?}", due - ended);
    house.set_clock(due - Duration::from_millis(1));
    house.when_quiet();
    assert_eq!((house.rows_written(), house.housekeeping.next_wake().is_some()), (before, true));

    house.set_clock(due);
    house.when_quiet();
    assert_eq!(house.rows_written() - before, 8);
    assert_eq!(house.housekeeping.next_wake(), None);
}

#[test]
fn what_is_too_much_for_one_budget_goes_on_at_once() {
    let mut house = House::settled();
    house.drop_blob(3 * FREED_AT_ONCE);
    house.write_report();
    assert_eq!(house.blocks(), 2 * FREED_AT_ONCE + 1, "a handful after a batch");
    house.every_look_takes(15);
    house.when_quiet();
    assert_eq!(house.blocks(), FREED_AT_ONCE + 1, "a handful in a budget that is short");
    house.every_look_takes(0);
    assert_eq!(house.housekeeping.next_wake(), Some(house.now()), "there is more");

    // A batch in between changes nothing in that, and gets a walk of its own later.
    house.write_report();
    assert_eq!(house.housekeeping.next_wake(), Some(house.now()));
    assert!(house.wal_bytes() > 0);
    house.when_quiet();
    assert_eq!((house.blocks(), house.wal_bytes()), (2, 0));
    assert_eq!(house.housekeeping.next_wake(), Some(house.now() + QUIET), "its own walk is left");
    let before = house.rows_written();
    house.when_quiet();
    assert_eq!(house.rows_written() - before, 16);
    assert_eq!(house.housekeeping.next_wake(), None);
}

#[test]
fn a_failure_is_followed_by_a_rest() {
    let mut house = House::settled();
    house.write_report();
    house.db.execute_batch("ALTER TABLE dropped RENAME TO away").unwrap();
    house.when_quiet();
    let wake = house.now() + REST;
    assert_eq!(house.housekeeping.next_wake(), Some(wake));
    // A batch is taken meanwhile; what fails behind it does not prolong the rest.
    house.set_clock(wake - Duration::from_secs(1));
    house.write_report();
    assert_eq!(house.housekeeping.next_wake(), Some(wake));

    house.db.execute_batch("ALTER TABLE away RENAME TO dropped").unwrap();
    house.set_clock(wake);
    house.when_quiet();
    assert_eq!(house.wal_bytes(), 0);
    house.when_quiet();
    assert_eq!(house.housekeeping.next_wake(), None);
}

/// A walk that fails is begun anew: what it had rewritten counts for nothing.
#[test]
fn a_failed_walk_begins_anew() {
    let mut house = House::settled();
    house.write_report();
    house.db.execute_batch("ALTER TABLE parts RENAME TO away").unwrap();
    house.when_quiet();
    house.db.execute_batch("ALTER TABLE away RENAME TO parts").unwrap();
    house.set_clock(house.now() + REST);
    let before = house.rows_written();
    house.when_quiet();
    assert_eq!(house.rows_written() - before, 8);
    assert_eq!(house.housekeeping.next_wake(), None);
}

#[test]
fn a_reader_in_the_way_is_waited_for() {
    let mut house = House::settled();
    let reader = house.reader();
    reader.execute_batch("BEGIN; SELECT count(*) FROM cases").unwrap();
    house.write_report();
    house.when_quiet();
    assert!(house.wal_bytes() > 0, "the reader still needs it");
    assert_eq!(house.housekeeping.next_wake(), Some(house.now() + QUIET));
    reader.execute_batch("COMMIT").unwrap();
    house.when_quiet();
    assert_eq!(house.wal_bytes(), 0);
    assert_eq!(house.housekeeping.next_wake(), None);
}

#[test]
fn finishing_walks_whole_or_until_the_limit() {
    let mut house = House::settled();
    house.write_report();
    let before = house.rows_written();
    house.housekeeping.finish(&house.db, Some(Duration::ZERO)).unwrap();
    assert_eq!((house.rows_written(), house.wal_bytes()), (before, 0), "no time for a walk");
    assert_eq!(house.housekeeping.next_wake(), Some(house.now()), "it is under way");
    house.housekeeping.finish(&house.db, Some(Duration::from_secs(1))).unwrap();
    assert_eq!(house.rows_written() - before, 8);
    assert_eq!(house.housekeeping.next_wake(), None);
    // Nothing is new: only without a limit is all of it walked once more.
    house.housekeeping.finish(&house.db, Some(Duration::from_secs(1))).unwrap();
    assert_eq!(house.rows_written() - before, 8);
    house.housekeeping.finish(&house.db, None).unwrap();
    assert_eq!((house.rows_written() - before, house.wal_bytes()), (16, 0));
    assert_eq!(house.housekeeping.next_wake(), None);
}

/// A settling that fails leaves its walk to the next quiet moment.
#[test]
fn what_could_not_be_finished_is_gone_on_with() {
    let mut house = House::settled();
    house.write_report();
    house.when_quiet();
    house.db.execute_batch("ALTER TABLE dropped RENAME TO away").unwrap();
    house.housekeeping.finish(&house.db, None).unwrap_err();
    house.db.execute_batch("ALTER TABLE away RENAME TO dropped").unwrap();
    assert_eq!(house.housekeeping.next_wake(), Some(house.now()));
    let before = house.rows_written();
    house.when_quiet();
    assert_eq!(house.rows_written() - before, 8);
    assert_eq!(house.housekeeping.next_wake(), None);
}

#[test]
fn a_long_wal_is_copied_between_batches() {
    let mut house = House::settled();
    let database_bytes =
        |house: &House| std::fs::metadata(house.folder.path().join("mohr.db")).unwrap().len();
    house.write_report();
    assert!(database_bytes(&house) < BLOCK_BYTES as u64 * 10, "a short one is left for later");
    house.drop_blob(WAL_PAGES_SOFT as usize * 4096 / BLOCK_BYTES);
    house.housekeeping.after_batch(&house.db);
    assert!(database_bytes(&house) > u64::from(WAL_PAGES_SOFT) * 4096);
}
