//! Reading: a few connections, each used by one reader at a time.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::Semaphore;

use super::database::{self, DatabaseError};
use crate::protocol::ids::{CaseId, Digest, MailboxId};
use crate::protocol::message::Direction;
use crate::storage::types::{BlobId, Error, MessageSummary, StoredCase, StoredCases, StoredMessage};

/// Reads are short and mostly from the page cache; more connections than this only add memory.
const CONNECTIONS: usize = 4;
/// A page of the list of cases ends at the case with which it holds this many messages.
const MESSAGES_PER_PAGE: usize = 10_000;

const MESSAGE_COLUMNS: &str = "position, to_office, size_bytes, sha256, day, blob_id";

pub(super) struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let idle = (0..CONNECTIONS).map(|_| database::open_for_reading(path)).collect::<Result<_, _>>()?;
        Ok(Self { idle: Mutex::new(idle), permits: Arc::new(Semaphore::new(CONNECTIONS)) })
    }

    /// Runs `query` on a connection of its own, off the async threads, in one read transaction: it sees one commit.
    pub(super) async fn run<T, F>(self: &Arc<Self>, query: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let readers = self.clone();
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
        tokio::task::spawn_blocking(move || {
            // Held here: a caller that goes away does not give the connection back before the query has ended.
            let _permit = permit;
            let mut db = readers.lock().pop().ok_or(Error::Busy)?;
            let result = db.transaction().map_err(Error::from).and_then(|snapshot| query(&snapshot));
            readers.lock().push(db);
            result
        })
        .await
        // Only a panic in `query` or the end of the runtime leads here.
        .unwrap_or(Err(Error::Closed))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn mailbox(db: &Connection, mailbox: MailboxId) -> Result<Option<StoredCase>, Error> {
    let case = db
        .prepare_cached("SELECT case_id FROM cases WHERE mailbox_id = ?")?
        .query_one([mailbox.as_bytes()], |row| Ok(CaseId::from_bytes(row.get(0)?)))
        .optional()?;
    case.map(|case| Ok(StoredCase { case, messages: messages(db, case)? })).transpose()
}

pub(super) fn case(db: &Connection, case: CaseId) -> Result<StoredCase, Error> {
    let messages = messages(db, case)?;
    // A case has at least its report.
    if messages.is_empty() { Err(Error::NotFound) } else { Ok(StoredCase { case, messages }) }
}

pub(super) fn cases(db: &Connection, after: Option<CaseId>, limit: usize) -> Result<StoredCases, Error> {
    // Every id compares greater than the empty blob.
    let after = after.map_or(Vec::new(), |case| case.as_bytes().to_vec());
    let mut statement = db.prepare_cached("SELECT case_id FROM cases WHERE case_id > ? ORDER BY case_id")?;
    let mut ids = statement.query_map([after], |row| Ok(CaseId::from_bytes(row.get(0)?)))?;
    let mut cases = Vec::new();
    let mut count = 0;
    while cases.len() < limit && count < MESSAGES_PER_PAGE {
        let Some(case) = ids.next().transpose()? else {
            return Ok(StoredCases { cases, next: None });
        };
        let messages = messages(db, case)?;
        count += messages.len();
        cases.push(StoredCase { case, messages });
    }
    let more = ids.next().transpose()?.is_some();
    let next = cases.last().filter(|_| more).map(|last| last.case);
    Ok(StoredCases { cases, next })
}

pub(super) fn message(db: &Connection, case: CaseId, position: u32) -> Result<StoredMessage, Error> {
    let message = db
        .prepare_cached(&format!(
            "SELECT {MESSAGE_COLUMNS} FROM messages WHERE case_id = ? AND position = ?"
        ))?
        .query_one(params![case.as_bytes(), position], stored_message)?;
    Ok(message)
}

fn messages(db: &Connection, case: CaseId) -> Result<Vec<MessageSummary>, Error> {
    let messages = db
        .prepare_cached(&format!(
            "SELECT {MESSAGE_COLUMNS} FROM messages WHERE case_id = ? ORDER BY position"
        ))?
        .query_map([case.as_bytes()], |row| Ok(stored_message(row)?.summary))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(messages)
}

fn stored_message(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    let to_office: bool = row.get(1)?;
    let summary = MessageSummary {
        position: row.get(0)?,
        direction: if to_office { Direction::ToOffice } else { Direction::ToReporter },
        size_bytes: row.get(2)?,
        sha256: Digest::from_bytes(row.get(3)?),
        day: row.get_ref(4)?.as_str()?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
    };
    Ok(StoredMessage { summary, blob: BlobId(row.get(5)?) })
}
