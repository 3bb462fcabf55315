//! Whether the files that SQLite has open are still those at their paths.
//!
//! A database that is restored over a running server, moved away or deleted leaves the server with files that
//! have no name any more: SQLite goes on writing to them, and what was called durable is gone when the server
//! ends. The same holds for a WAL that was deleted. So nothing is acknowledged without a look at both.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::database::{self, DatabaseError};
use crate::storage::types::Error;

/// The database and its WAL, as they were when they were opened.
pub(super) struct DatabaseFiles([DatabaseFile; 2]);

struct DatabaseFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl DatabaseFiles {
    /// To be called when the connection that writes is open: then both files are there until it is closed.
    pub(super) fn of(database: &Path) -> Result<Self, DatabaseError> {
        let opened = |path: PathBuf| {
            let opened = DatabaseFile::at(&path);
            opened.map_err(|source| DatabaseError::Io { path, source })
        };
        Ok(Self([opened(database.to_owned())?, opened(database::wal_of(database)?)?]))
    }

    /// Fails with [`Error::FileReplaced`] when something else, or nothing, stands at one of the paths. Two
    /// calls of the system, so it may be done for every batch.
    pub(super) fn check(&self) -> Result<(), Error> {
        let unchanged =
            |opened: &DatabaseFile| DatabaseFile::at(&opened.path).is_ok_and(|now| now.is_same(opened));
        if self.0.iter().all(unchanged) { Ok(()) } else { Err(Error::FileReplaced) }
    }
}

impl DatabaseFile {
    fn at(path: &Path) -> io::Result<Self> {
        // By its path and never by a handle of our own: closing one would give up SQLite's locks on the file.
        let found = std::fs::metadata(path)?;
        Ok(Self { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}
