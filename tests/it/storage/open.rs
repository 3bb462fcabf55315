//! Making, opening and refusing databases.

use std::os::unix::fs::PermissionsExt;

use mohr::protocol::ids::{CaseId, OfficeId};
use mohr::protocol::record::ThreadName;
use mohr::storage::{self, DatabaseError, Error, OfficeIds, Options, Storage};

use super::OFFICE;

fn open(path: &std::path::Path) -> Result<Storage, DatabaseError> {
    Storage::open(path, OFFICE, Options::default())
}

#[test]
fn nothing_is_made_by_opening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    assert!(matches!(open(&path), Err(DatabaseError::Missing(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn nothing_is_overwritten_by_making() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    storage::create(&path, OFFICE.office).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(storage::create(&path, OFFICE.office), Err(DatabaseError::Exists(_))));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert!(matches!(
        storage::create(&folder.path().join("no/such/folder"), OFFICE.office),
        Err(DatabaseError::Io { .. })
    ));
    open(&path).unwrap().close();
}

/// The WAL of a database that was moved away without it holds what was acknowledged
/// last; a new one would take its place.
#[test]
fn a_wal_that_was_left_behind_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let (path, wal) = (folder.path().join("mohr.db"), folder.path().join("mohr.db-wal"));
    std::fs::write(&wal, b"messages").unwrap();
    let refused = storage::create(&path, OFFICE.office);
    assert!(matches!(refused, Err(DatabaseError::LeftBehind(left)) if left == wal));
    assert!(!path.exists());
    assert_eq!(std::fs::read(&wal).unwrap(), b"messages");
    std::fs::remove_file(&wal).unwrap();
    storage::create(&path, OFFICE.office).unwrap();
}

#[test]
fn nobody_else_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    storage::create(&path, OFFICE.office).unwrap();
    let storage = open(&path).unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
    storage.close();
}

#[test]
fn what_is_not_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(open(&path), Err(DatabaseError::NotOurs(_))), "an empty file");
    std::fs::write(&path, b"not a database at all, but long enough to be looked at".repeat(40)).unwrap();
    assert!(matches!(open(&path), Err(DatabaseError::NotOurs(_))), "no database");
    std::fs::remove_file(&path).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("CREATE TABLE t (x); PRAGMA user_version = 1").unwrap();
    assert!(matches!(open(&path), Err(DatabaseError::NotOurs(_))), "a foreign database");
}

#[test]
fn an_unknown_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    storage::create(&path, OFFICE.office).unwrap();
    for version in [0, 2, 99] {
        rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", version).unwrap();
        let error = open(&path).err().unwrap();
        assert!(matches!(error, DatabaseError::Version { found, .. } if found == version), "{error}");
        assert!(error.to_string().contains(&version.to_string()));
    }
}

/// One file by the name of another office would show its cases to whoever is not meant to see them.
#[test]
fn a_database_opens_for_its_own_office_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    storage::create(&path, OFFICE.office).unwrap();
    let other = OfficeIds { office: OfficeId::from_bytes([3; 16]), ..OFFICE };
    let error = Storage::open(&path, other, Options::default()).err().unwrap();
    let said = error.to_string();
    assert!(matches!(error, DatabaseError::OtherOffice { .. }), "{said}");
    assert!(said.contains(&OFFICE.office.to_string()) && said.contains(&other.office.to_string()), "{said}");
    open(&path).unwrap().close();
    // One that was never told its office is of nobody.
    rusqlite::Connection::open(&path).unwrap().execute_batch("DELETE FROM office").unwrap();
    assert!(matches!(open(&path), Err(DatabaseError::NotOurs(_))));
}

/// Every row of the schema's tables and its ids are what the file says, so that a
/// change of one without the other shows.
#[test]
fn the_schema_is_the_one_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    storage::create(&path, OFFICE.office).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    let pragma =
        |name: &str| db.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(pragma("application_id"), i64::from(u32::from_be_bytes(*b"mohr")));
    assert_eq!(pragma("user_version"), 1);
    let mode: String = db.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    let text = include_str!("../../../schema.sql");
    let mut statement = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").unwrap();
    for sql in statement.query_map([], |row| row.get::<_, String>(0)).unwrap() {
        assert!(text.contains(&sql.unwrap()));
    }
}

/// The CHECKs refuse what the code would never write.
#[test]
fn the_schema_refuses_wrong_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    storage::create(&path, OFFICE.office).unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    let case = "zeroblob(16)";
    db.execute_batch(&format!("INSERT INTO cases VALUES ({case}, zeroblob(32), zeroblob(32))")).unwrap();
    let message = |place: &str, kind: &str, size: &str, sha: &str, day: &str, memo: &str| {
        let sql = format!(
            "INSERT INTO messages VALUES ({place}, '{kind}', {size}, zeroblob({sha}), '{day}', zeroblob(16), {memo})"
        );
        db.execute_batch(&sql)
    };
    let (day, memo) = ("2026-11-21", "zeroblob(640)");
    let at = |thread: &str, position: &str| format!("{case}, {thread}, {position}");
    message(&at("0", "0"), "report", "32768", "32", day, memo).unwrap();
    message(&at("0", "1"), "follow-up", "32768", "32", day, memo).unwrap();
    message(&at("1", "0"), "record", "32768", "32", day, "NULL").unwrap();
    let reply = |place: &str| message(place, "reply", "32768", "32", day, "NULL");
    for (place, kind, size, sha, day, memo) in [
        ("randomblob(16), 0, 1", "reply", "32768", "32", day, "NULL"),
        (&at("0", "-1"), "reply", "32768", "32", day, "NULL"),
        (&at("0", "'x'"), "reply", "32768", "32", day, "NULL"),
        (&at("0", "1"), "reply", "32768", "32", day, "NULL"),
        (&at("0", "0"), "reply", "32768", "32", day, "NULL"),
        (&at("1", "1"), "reply", "32768", "32", day, "NULL"),
        (&at("2", "1"), "reply", "32768", "32", day, "NULL"),
        (&at("0", "2"), "note", "32768", "32", day, "NULL"),
        (&at("0", "2"), "record", "32768", "32", day, "NULL"),
        (&at("0", "2"), "report", "32768", "32", day, memo),
        (&at("0", "2"), "follow-up", "32768", "32", day, memo),
        (&at("0", "2"), "reply", "32767", "32", day, "NULL"),
        (&at("0", "2"), "reply", "32768", "31", day, "NULL"),
        (&at("0", "2"), "reply", "32768", "32", "2026-11-21T10:00", "NULL"),
        (&at("0", "2"), "reply", "32768", "32", day, memo),
        (&at("1", "1"), "record", "65536", "32", day, memo),
    ] {
        assert!(
            message(place, kind, size, sha, day, memo).is_err(),
            "{place} {kind} {size} {sha} {day} {memo}"
        );
    }
    reply(&at("0", "2")).unwrap();
    for memo in ["NULL", "zeroblob(639)", "zeroblob(641)"] {
        let sql = format!(
            "INSERT INTO messages VALUES ({}, 'follow-up', 32768, randomblob(32), '{day}', zeroblob(16), {memo})",
            at("0", "3")
        );
        assert!(db.execute_batch(&sql).is_err(), "{memo}");
    }
    for sql in [
        "INSERT INTO cases VALUES (zeroblob(15), randomblob(32), zeroblob(32))",
        "INSERT INTO cases VALUES (randomblob(16), zeroblob(32), zeroblob(32))",
        "INSERT INTO cases VALUES (randomblob(16), randomblob(32), NULL)",
        "INSERT INTO cases VALUES (randomblob(16), NULL, zeroblob(32))",
        "INSERT INTO office VALUES (zeroblob(15))",
        "INSERT INTO profiles VALUES (0, zeroblob(32), zeroblob(9))",
        "INSERT INTO profiles VALUES (1, zeroblob(31), zeroblob(9))",
        "INSERT INTO profiles VALUES (1, zeroblob(32), 'a note')",
        "INSERT INTO uploads VALUES (randomblob(16), zeroblob(32), 'note', zeroblob(16), 32768, 0, '2026-11-21', zeroblob(16), NULL)",
        "INSERT INTO uploads VALUES (randomblob(16), zeroblob(32), 'reply', zeroblob(16), 32768, 32769, '2026-11-21', zeroblob(16), NULL)",
        "INSERT INTO uploads VALUES (randomblob(16), zeroblob(32), 'reply', zeroblob(16), 32768, 32768, '2026-11-21', zeroblob(16), NULL)",
        "INSERT INTO uploads VALUES (randomblob(16), zeroblob(32), 'reply', zeroblob(16), 32768, 0, '2026-11-21', NULL, NULL)",
        "INSERT INTO uploads VALUES (randomblob(16), zeroblob(32), 'reply', zeroblob(16), 32768, 0, '2026-11-21', zeroblob(16), zeroblob(32))",
        "INSERT INTO uploads VALUES (randomblob(16), zeroblob(32), 'report', zeroblob(16), 32768, 0, '2026-11-21', zeroblob(16), NULL)",
        "INSERT INTO blocks VALUES (0, zeroblob(20), zeroblob(32767))",
        "INSERT INTO parts VALUES (zeroblob(19), 0)",
        "DELETE FROM cases",
    ] {
        assert!(db.execute_batch(sql).is_err(), "{sql}");
    }
}

#[tokio::test]
async fn a_closed_storage_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    storage::create(&path, OFFICE.office).unwrap();
    let storage = open(&path).unwrap();
    storage.close();
    assert_eq!(storage.settle().await, Err(Error::Closed));
    assert_eq!(storage.purge("2026-11-21".parse().unwrap()).await, Err(Error::Closed));
    let message = storage.message(CaseId::from_bytes([0; 16]), ThreadName::Mailbox, 0, None).await;
    assert!(matches!(message, Err(Error::NotFound)), "reading goes on");
    assert_eq!(std::fs::metadata(folder.path().join("mohr.db-wal")).map_or(0, |wal| wal.len()), 0);
}
