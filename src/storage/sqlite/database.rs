//! Making and opening the file.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::protocol::ids::OfficeId;
use crate::storage::types::Options;

const SCHEMA: &str = include_str!("../../../schema.sql");
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"mohr");
const SCHEMA_VERSION: i32 = 1;

/// How long to wait for another process, such as a backup, that holds a lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Page cache of the writer, in KiB; holds a batch of the writer whole.
const WRITER_CACHE_KIB: i32 = 32 * 1024;

/// Why a database could not be made or opened. Shown to the operator only.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    #[error("{} exists already; a database is never overwritten", .0.display())]
    Exists(PathBuf),
    #[error(
        "{} belongs to a database that was moved away, perhaps under a running server: bring them together again, or \
         move it away, too",
        .0.display()
    )]
    LeftBehind(PathBuf),
    #[error("there is no database at {}; make one with `mohr create-database`", .0.display())]
    Missing(PathBuf),
    #[error("{} is not a mohr database (or its creation was interrupted: then delete it and create it again)", .0.display())]
    NotOurs(PathBuf),
    #[error("{} has schema version {found}; this program knows version {SCHEMA_VERSION}", .path.display())]
    Version { path: PathBuf, found: i32 },
    #[error(
        "{} is the database of office {found} and not of office {expected}: name the database of this office, or make \
         one with `mohr create-database`",
        .path.display()
    )]
    OtherOffice { path: PathBuf, found: OfficeId, expected: OfficeId },
    #[error("{}: {source}", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{}: {message}", .path.display())]
    Sqlite { path: PathBuf, message: String },
    #[error("the writer could not be started: {0}")]
    Thread(io::Error),
}

/// Makes an empty database for an office, readable by its owner alone. Refuses if anything is at `path`, or
/// if a WAL is beside it: that holds messages of a database which was moved away, and SQLite would delete it.
/// When it returns, the file and its name are on the disk; a crash before leaves a file that
/// [`crate::storage::Storage::open`] refuses.
pub fn create(path: &Path, office: OfficeId) -> Result<(), DatabaseError> {
    let io_error = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => DatabaseError::Exists(path.to_owned()),
        _ => DatabaseError::Io { path: path.to_owned(), source },
    };
    for suffix in ["-wal", "-shm", "-journal"] {
        let mut left = path.as_os_str().to_owned();
        left.push(suffix);
        let left = PathBuf::from(left);
        if left.symlink_metadata().is_ok() {
            return Err(DatabaseError::LeftBehind(left));
        }
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(io_error)?;
    let sqlite_error = sqlite_error(path);
    let db = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(&sqlite_error)?;
    db.pragma_update(None, "journal_mode", "WAL").map_err(&sqlite_error)?;
    db.pragma_update(None, "synchronous", "FULL").map_err(&sqlite_error)?;
    // Its only value of ours is hex.
    let named = format!("INSERT INTO office (office_id) VALUES (x'{office}');");
    db.execute_batch(&format!("BEGIN; {SCHEMA} {named} COMMIT;")).map_err(&sqlite_error)?;
    db.close().map_err(|(_, error)| sqlite_error(error))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io_error)
}

pub(super) fn open_for_writing(
    path: &Path,
    office: OfficeId,
    options: Options,
) -> Result<Connection, DatabaseError> {
    let db = open(path, office, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let sqlite_error = sqlite_error(path);
    let prepare = || -> rusqlite::Result<()> {
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "secure_delete", "ON")?;
        db.pragma_update(None, "foreign_keys", "ON")?;
        db.pragma_update(None, "temp_store", "MEMORY")?;
        db.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        // Checkpoints are the writer's own, see there.
        db.pragma_update(None, "wal_autocheckpoint", 0)?;
        if let Some(limit_bytes) = options.database_bytes {
            let page_bytes: i64 = db.query_row("PRAGMA page_size", [], |row| row.get(0))?;
            let pages = i64::try_from(limit_bytes).unwrap_or(i64::MAX) / page_bytes;
            // SQLite takes no limit below the present size: then nothing new fits, which is what is wanted.
            db.query_row(
                &format!("PRAGMA max_page_count = {}", pages.clamp(1, 0xffff_fffe)),
                [],
                |_| Ok(()),
            )?;
        }
        Ok(())
    };
    prepare().map_err(sqlite_error)?;
    Ok(db)
}

pub(super) fn open_for_reading(path: &Path, office: OfficeId) -> Result<Connection, DatabaseError> {
    open(path, office, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Where SQLite keeps the WAL of the database at `path`: beside the file itself, not beside a link to it.
pub(super) fn wal_of(path: &Path) -> Result<PathBuf, DatabaseError> {
    let file = path.canonicalize().map_err(|source| DatabaseError::Io { path: path.to_owned(), source })?;
    let mut wal = file.into_os_string();
    wal.push("-wal");
    Ok(PathBuf::from(wal))
}

fn open(path: &Path, office: OfficeId, access: OpenFlags) -> Result<Connection, DatabaseError> {
    if !path.exists() {
        return Err(DatabaseError::Missing(path.to_owned()));
    }
    let sqlite_error = sqlite_error(path);
    // Without SQLITE_OPEN_CREATE: a wrong path must never become an empty database.
    let db =
        Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(&sqlite_error)?;
    let identity = || -> rusqlite::Result<(i32, i32)> {
        db.busy_timeout(BUSY_TIMEOUT)?;
        db.pragma_update(None, "trusted_schema", "OFF")?;
        db.pragma_update(None, "cell_size_check", "ON")?;
        let application_id = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
        let version = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        db.set_prepared_statement_cache_capacity(64);
        Ok((application_id, version))
    };
    match identity() {
        Ok((APPLICATION_ID, SCHEMA_VERSION)) => match office_of(&db) {
            Ok(found) if found == office => Ok(db),
            Ok(found) => Err(DatabaseError::OtherOffice { path: path.to_owned(), found, expected: office }),
            Err(error) if is_busy(&error) => Err(sqlite_error(error)),
            Err(_) => Err(DatabaseError::NotOurs(path.to_owned())),
        },
        Ok((APPLICATION_ID, found)) => Err(DatabaseError::Version { path: path.to_owned(), found }),
        Ok(_) => Err(DatabaseError::NotOurs(path.to_owned())),
        Err(rusqlite::Error::SqliteFailure(failure, _))
            if failure.code == rusqlite::ErrorCode::NotADatabase =>
        {
            Err(DatabaseError::NotOurs(path.to_owned()))
        }
        Err(error) => Err(sqlite_error(error)),
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
}

fn office_of(db: &Connection) -> rusqlite::Result<OfficeId> {
    db.query_one("SELECT office_id FROM office", [], |row| Ok(OfficeId::from_bytes(row.get(0)?)))
}

fn sqlite_error(path: &Path) -> impl Fn(rusqlite::Error) -> DatabaseError {
    move |error| DatabaseError::Sqlite { path: path.to_owned(), message: error.to_string() }
}
