//! A transaction and a savepoint in it. They stand apart from [`super::queue`] and [`super::housekeeping`],
//! which both need them and neither of which imports the other's business.

use rusqlite::Connection;

use crate::storage::types::Error;

/// One transaction; rolled back on any error, that of the commit included. After
/// `Ok` it is synced to the disk.
pub(super) fn transaction<T>(
    db: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Error>,
) -> Result<T, Error> {
    db.execute_batch("BEGIN IMMEDIATE")?;
    let result = work(db).and_then(|value| {
        db.execute_batch("COMMIT")?;
        Ok(value)
    });
    // After some errors (a full disk among them) SQLite has rolled back by itself.
    if !db.is_autocommit() {
        db.execute_batch("ROLLBACK")?;
    }
    result
}

/// A request that is refused (no such case, offset, …) undoes only itself; a failure of the machine is
/// handed on and ends the transaction.
pub(super) fn savepoint(
    db: &Connection,
    work: impl FnOnce(&Connection) -> Result<(), Error>,
) -> Result<(), Error> {
    db.execute_batch("SAVEPOINT submission")?;
    match work(db) {
        Ok(()) => {}
        Err(error @ (Error::StorageFull | Error::Failed(_) | Error::Locked)) => return Err(error),
        Err(_) => db.execute_batch("ROLLBACK TO submission")?,
    }
    db.execute_batch("RELEASE submission")?;
    Ok(())
}
