//! What is listed and read: messages with their places, for who has a right to them. Every query is
//! bounded, whatever a case has grown to.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::protocol::ids::{CaseId, Digest, MailboxId, WriteHash};
use crate::protocol::memo::SealedMemo;
use crate::protocol::record::ThreadName;
use crate::storage::rules::{self, CaseKeys};
use crate::storage::types::{
    BlobId, Error, MessageSummary, Owner, StoredMailbox, StoredMessage, StoredReports, StoredThreads,
    ThreadsQuery,
};

const SUMMARY_COLUMNS: &str = "position, kind, size_bytes, sha256, day";

pub(super) fn mailbox(
    db: &Connection,
    mailbox: MailboxId,
    from: u64,
    limit: usize,
) -> Result<Option<StoredMailbox>, Error> {
    let Some(case) = case_of(db, mailbox)? else { return Ok(None) };
    let mut entries = db
        .prepare_cached(&format!(
            "SELECT {SUMMARY_COLUMNS}, memo FROM messages WHERE case_id = ? AND thread = ? AND position >= ?
             ORDER BY position LIMIT ?"
        ))?
        .query_map(
            params![case.as_bytes(), ThreadName::Mailbox.byte(), position(from), limit_and_one(limit)],
            |row| {
                let memo: Option<_> = row.get(5)?;
                Ok((summary(row)?, memo.map(SealedMemo::from_bytes)))
            },
        )?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    Ok(Some(StoredMailbox { case, entries, more }))
}

pub(super) fn of_mailbox(db: &Connection, mailbox: MailboxId, position: u32) -> Result<StoredMessage, Error> {
    let case = case_of(db, mailbox)?.ok_or(Error::UnknownMailbox)?;
    message(db, case, ThreadName::Mailbox, position)
}

pub(super) fn reports(db: &Connection, after: Option<CaseId>, limit: usize) -> Result<StoredReports, Error> {
    // Every id compares greater than the empty blob.
    let after = after.map_or(Vec::new(), |case| case.as_bytes().to_vec());
    // CROSS JOIN keeps to this order: a step per case, however many messages it
    // has. The journal has no mailbox.
    let mut reports = db
        .prepare_cached(&format!(
            "SELECT {SUMMARY_COLUMNS}, c.case_id FROM cases c CROSS JOIN messages m ON m.case_id = c.case_id
             WHERE c.case_id > ? AND thread = 0 AND position = 0 ORDER BY c.case_id LIMIT ?"
        ))?
        .query_map(params![after, limit_and_one(limit)], |row| {
            Ok((CaseId::from_bytes(row.get(5)?), summary(row)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let more = reports.len() > limit;
    reports.truncate(limit);
    let next = reports.last().filter(|_| more).map(|(case, _)| *case);
    Ok(StoredReports { reports, next })
}

pub(super) fn threads(
    db: &Connection,
    queries: &[ThreadsQuery],
    per_thread: usize,
    in_all: usize,
) -> Result<Vec<StoredThreads>, Error> {
    let mut left = in_all;
    let mut answer = |query: &ThreadsQuery| -> Result<StoredThreads, Error> {
        let mut found =
            StoredThreads { case: query.case, mailbox: Vec::new(), office: Vec::new(), more: false };
        if !case_keys(db, query.case)?.is_some_and(|keys| rules::may_list(keys, query.write_hash)) {
            return Ok(found);
        }
        for (thread, from, into) in [
            (ThreadName::Mailbox, query.mailbox, &mut found.mailbox),
            (ThreadName::Office, query.office, &mut found.office),
        ] {
            let limit = per_thread.min(left);
            *into = summaries(db, query.case, thread, from, limit)?;
            found.more |= into.len() > limit;
            into.truncate(limit);
            left -= into.len();
        }
        Ok(found)
    };
    queries.iter().map(&mut answer).collect()
}

pub(super) fn of_case(
    db: &Connection,
    case: CaseId,
    thread: ThreadName,
    position: u32,
    write_hash: Option<WriteHash>,
) -> Result<StoredMessage, Error> {
    let keys = case_keys(db, case)?.ok_or(Error::NotFound)?;
    if !rules::may_read(keys, (thread, position), write_hash) {
        return Err(Error::NotFound);
    }
    message(db, case, thread, position)
}

/// What opens a case; nothing if there is none.
pub(super) fn case_keys(db: &Connection, case: CaseId) -> Result<Option<CaseKeys>, Error> {
    let keys = db
        .prepare_cached("SELECT mailbox_id, write_hash FROM cases WHERE case_id = ?")?
        .query_one([case.as_bytes()], |row| {
            let mailbox = row.get::<_, Option<_>>(0)?.map(Owner::from_bytes);
            let write_hash = row.get::<_, Option<_>>(1)?.map(WriteHash::from_bytes);
            Ok(match (mailbox, write_hash) {
                (Some(mailbox), Some(write_hash)) => CaseKeys::Shared { mailbox, write_hash },
                (None, None) => CaseKeys::SessionAlone,
                _ => return Err(rusqlite::Error::InvalidQuery),
            })
        })
        .optional()?;
    Ok(keys)
}

fn case_of(db: &Connection, mailbox: MailboxId) -> Result<Option<CaseId>, Error> {
    let case = db
        .prepare_cached("SELECT case_id FROM cases WHERE mailbox_id = ?")?
        .query_one([mailbox.as_bytes()], |row| Ok(CaseId::from_bytes(row.get(0)?)))
        .optional()?;
    Ok(case)
}

fn message(db: &Connection, case: CaseId, thread: ThreadName, position: u32) -> Result<StoredMessage, Error> {
    let message = db
        .prepare_cached(&format!(
            "SELECT {SUMMARY_COLUMNS}, blob_id FROM messages WHERE case_id = ? AND thread = ? AND position = ?"
        ))?
        .query_one(params![case.as_bytes(), thread.byte(), position], |row| {
            Ok(StoredMessage { summary: summary(row)?, blob: BlobId(row.get(5)?) })
        })?;
    Ok(message)
}

/// One more than `limit`, if there is one.
fn summaries(
    db: &Connection,
    case: CaseId,
    thread: ThreadName,
    from: u64,
    limit: usize,
) -> Result<Vec<MessageSummary>, Error> {
    let found = db
        .prepare_cached(&format!(
            "SELECT {SUMMARY_COLUMNS} FROM messages WHERE case_id = ? AND thread = ? AND position >= ?
             ORDER BY position LIMIT ?"
        ))?
        .query_map(params![case.as_bytes(), thread.byte(), position(from), limit_and_one(limit)], summary)?
        .collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// From the columns [`SUMMARY_COLUMNS`], which stand first.
fn summary(row: &Row<'_>) -> rusqlite::Result<MessageSummary> {
    Ok(MessageSummary {
        position: row.get(0)?,
        kind: row.get_ref(1)?.as_str()?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
        size_bytes: row.get(2)?,
        sha256: Digest::from_bytes(row.get(3)?),
        day: row.get_ref(4)?.as_str()?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
    })
}

/// Behind every position there is, when it is more than any.
fn position(from: u64) -> i64 {
    i64::try_from(from).unwrap_or(i64::MAX)
}

/// The one tells whether there are more.
fn limit_and_one(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}
