//! Reading: a few connections, each used by one reader at a time.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::database::{self, DatabaseError};
use crate::protocol::ids::OfficeId;
use crate::storage::types::Error;

/// Reads are short and mostly from the page cache; more connections than this only add memory.
const CONNECTIONS: usize = 4;

pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(path: &Path, office: OfficeId) -> Result<Self, DatabaseError> {
        let connections = (0..CONNECTIONS).map(|_| database::open_for_reading(path, office));
        let idle = connections.collect::<Result<_, _>>()?;
        Ok(Self { idle: Mutex::new(idle), permits: Arc::new(Semaphore::new(CONNECTIONS)) })
    }

    /// Runs `query` on a connection of its own, off the async threads, in one read
    /// transaction: it sees one commit.
    pub(super) async fn run<T, F>(self: &Arc<Self>, query: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let readers = self.clone();
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
        tokio::task::spawn_blocking(move || {
            // Held here: a caller that goes away does not give the connection back
            // before the query has ended.
            let _permit = permit;
            let mut db = readers.lock().pop().ok_or(Error::Busy)?;
            // A query that panics costs its caller alone: the connection is given back all the same.
            let result = catch_unwind(AssertUnwindSafe(|| {
                db.transaction().map_err(Error::from).and_then(|snapshot| query(&snapshot))
            }));
            readers.lock().push(db);
            result.unwrap_or_else(|panic| resume_unwind(panic))
        })
        .await
        // Only a panic in `query` or the end of the runtime leads here.
        .unwrap_or(Err(Error::Closed))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_query_that_panics_costs_no_other() {
        let (folder, office) = (tempfile::tempdir().unwrap(), OfficeId::from_bytes([1; 16]));
        let path = folder.path().join("mohr.db");
        database::create(&path, office).unwrap();
        // Whoever reads needs the files that whoever writes has made.
        let _writer = database::open_for_writing(&path, office, Default::default()).unwrap();
        let readers = Arc::new(Readers::open(&path, office).unwrap());
        for _ in 0..2 * CONNECTIONS {
            let panicked = readers.run(|_| -> Result<(), Error> { panic!("as planned") }).await;
            assert_eq!(panicked, Err(Error::Closed));
            let counted =
                readers.run(|db| Ok(db.query_one("SELECT count(*) FROM cases", [], |row| row.get(0))?));
            assert_eq!(counted.await, Ok(0));
        }
    }
}
