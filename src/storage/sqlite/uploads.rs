//! Uploads: begun, continued, finished, dropped. Every function runs inside a transaction of the
//! writer, which may run it a second time when the first was rolled back. What is decided is
//! decided in [`crate::storage::rules`].

use rusqlite::{Connection, OptionalExtension, params};

use super::{blocks, messages};
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest, WriteHash};
use crate::protocol::memo::SealedMemo;
use crate::protocol::upload::MessageKind;
use crate::storage::rules::{self, BlobFacts, CaseFacts, CheckedPiece, Decision, PieceOutcome};
use crate::storage::types::{BlobId, Error, NewUpload, Owner, Piece, Progress, StoredUpload, UploadId};

/// How many uploads one transaction of a purge drops: submissions never wait long behind it, and when the
/// database is full, so many rows of `dropped` still fit into the page that it always has.
const PURGED_AT_ONCE: i64 = 100;

/// Random names, chosen outside the transaction so that running it twice gives the same.
#[derive(Clone, Copy)]
pub(super) struct FreshIds {
    pub(super) upload: UploadId,
    blob: BlobId,
}

impl FreshIds {
    pub(super) fn random() -> Self {
        Self { upload: UploadId(rand::random()), blob: BlobId(rand::random()) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purge {
    Done,
    More,
}

pub(super) fn create(
    db: &Connection,
    journal: CaseId,
    ids: &FreshIds,
    new: &NewUpload,
    first: Option<&Piece>,
) -> Result<PieceOutcome, Error> {
    let case = case_facts(db, journal, new.case, new.owner)?;
    rules::check_admission(new, case)?;
    if let Some(piece) = first {
        match rules::check_piece(new.kind, 0, new.length_bytes, piece)? {
            CheckedPiece::Last { digest } => return create_whole(db, ids, new, case, piece, digest),
            CheckedPiece::Partial { .. } => blocks::append(db, ids.blob, 0, &piece.data)?,
        }
    }
    let offset = first.map_or(0, |piece| piece.data.len() as u64);
    insert_upload(db, ids.upload, new, offset, Some(ids.blob))?;
    Ok(PieceOutcome::Kept(Progress { offset, finished: false }))
}

/// The usual text report: one request, one commit, and no block is written for a repeat.
fn create_whole(
    db: &Connection,
    ids: &FreshIds,
    new: &NewUpload,
    case: CaseFacts,
    piece: &Piece,
    digest: Digest,
) -> Result<PieceOutcome, Error> {
    match rules::decide(new, blob_facts(db, new, case, digest)?)? {
        Decision::CaseTaken => return Ok(PieceOutcome::CaseTaken),
        Decision::Repeat => {}
        Decision::Message { position, begins_case } => {
            blocks::append(db, ids.blob, 0, &piece.data)?;
            if begins_case {
                insert_case(db, new)?;
            }
            insert_message(db, &message_of(new, digest, piece), position, ids.blob)?;
        }
    }
    insert_upload(db, ids.upload, new, new.length_bytes, None)?;
    Ok(PieceOutcome::Kept(Progress { offset: new.length_bytes, finished: true }))
}

pub(super) fn append(
    db: &Connection,
    journal: CaseId,
    id: UploadId,
    owner: Owner,
    piece: &Piece,
    today: Day,
) -> Result<PieceOutcome, Error> {
    let UploadRow { upload, blob } = row(db, id, owner)?;
    let blob = blob.ok_or(Error::Finished)?;
    match rules::check_piece(upload.kind, upload.offset, upload.length_bytes, piece)? {
        CheckedPiece::Partial { offset } => {
            blocks::append(db, blob, upload.offset, &piece.data)?;
            db.prepare_cached("UPDATE uploads SET offset_bytes = ? WHERE upload_id = ?")?
                .execute(params![offset, id.0])?;
            Ok(PieceOutcome::Kept(Progress { offset, finished: false }))
        }
        CheckedPiece::Last { digest } => {
            let StoredUpload { kind, case, write_hash, length_bytes, .. } = upload;
            // The message carries the day on which it became one.
            let new = NewUpload { owner, kind, case, write_hash, length_bytes, day: today };
            let facts = case_facts(db, journal, case, owner)?;
            match rules::decide(&new, blob_facts(db, &new, facts, digest)?)? {
                Decision::CaseTaken => {
                    drop_upload(db, id, Some(blob))?;
                    return Ok(PieceOutcome::CaseTaken);
                }
                Decision::Repeat => drop_blob(db, blob)?,
                Decision::Message { position, begins_case } => {
                    blocks::append(db, blob, upload.offset, &piece.data)?;
                    if begins_case {
                        insert_case(db, &new)?;
                    }
                    insert_message(db, &message_of(&new, digest, piece), position, blob)?;
                }
            }
            db.prepare_cached(
                "UPDATE uploads SET offset_bytes = length_bytes, blob_id = NULL, write_hash = NULL, day = ?
                 WHERE upload_id = ?",
            )?
            .execute(params![today.to_string(), id.0])?;
            Ok(PieceOutcome::Kept(Progress { offset: length_bytes, finished: true }))
        }
    }
}

/// Nobody will ask whether it arrived, so no upload is remembered.
pub(super) fn add_one_way(
    db: &Connection,
    journal: CaseId,
    ids: &FreshIds,
    case: CaseId,
    blob: &[u8],
    digest: Digest,
    today: Day,
) -> Result<(), Error> {
    let facts = CaseFacts {
        is_journal: case == journal,
        keys: messages::case_keys(db, case)?,
        sender_has_case: false,
    };
    let Decision::Message { position, .. } = rules::decide_one_way(facts)? else {
        return Err(Error::CaseExists);
    };
    blocks::append(db, ids.blob, 0, blob)?;
    insert_case_row(db, case, None)?;
    let message = NewMessage {
        case,
        kind: MessageKind::Report,
        size_bytes: blob.len() as u64,
        digest,
        day: today,
        memo: None,
    };
    insert_message(db, &message, position, ids.blob)
}

pub(super) fn remove(db: &Connection, id: UploadId, owner: Owner) -> Result<(), Error> {
    match row(db, id, owner)?.blob {
        None => Err(Error::Finished),
        blob => drop_upload(db, id, blob),
    }
}

pub(super) fn purge(db: &Connection, today: Day) -> Result<Purge, Error> {
    let oldest_kept = rules::oldest_kept(today).to_string();
    let stale = db
        .prepare_cached("SELECT upload_id, blob_id FROM uploads WHERE day < ? LIMIT ?")?
        .query_map(params![oldest_kept, PURGED_AT_ONCE], |row| {
            Ok((UploadId(row.get(0)?), row.get::<_, Option<_>>(1)?.map(BlobId)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (id, blob) in &stale {
        drop_upload(db, *id, *blob)?;
    }
    Ok(if (stale.len() as i64) < PURGED_AT_ONCE { Purge::Done } else { Purge::More })
}

pub(super) fn find(db: &Connection, id: UploadId, owner: Owner) -> Result<StoredUpload, Error> {
    Ok(row(db, id, owner)?.upload)
}

pub(super) fn read(
    db: &Connection,
    id: UploadId,
    owner: Owner,
    offset: u64,
    length_bytes: usize,
) -> Result<Vec<u8>, Error> {
    let UploadRow { upload, blob } = row(db, id, owner)?;
    blocks::read(db, blob.ok_or(Error::Finished)?, offset, upload.offset, length_bytes)
}

struct UploadRow {
    upload: StoredUpload,
    /// Nothing in a finished one.
    blob: Option<BlobId>,
}

fn row(db: &Connection, id: UploadId, owner: Owner) -> Result<UploadRow, Error> {
    // The id in the address is random and not secret; the owner is a hash, so comparing it by SQL tells
    // nothing of the token behind it.
    let row = db
        .prepare_cached(
            "SELECT kind, case_id, length_bytes, offset_bytes, blob_id, write_hash FROM uploads
             WHERE upload_id = ? AND owner = ?",
        )?
        .query_one(params![id.0, owner.as_bytes()], |row| {
            let kind = row.get_ref(0)?.as_str()?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
            let case = CaseId::from_bytes(row.get(1)?);
            Ok(UploadRow {
                upload: StoredUpload {
                    kind,
                    case,
                    write_hash: row.get::<_, Option<_>>(5)?.map(WriteHash::from_bytes),
                    length_bytes: row.get(2)?,
                    offset: row.get(3)?,
                },
                blob: row.get::<_, Option<_>>(4)?.map(BlobId),
            })
        })?;
    Ok(row)
}

/// The case that an upload names, and whether its sender has one.
fn case_facts(db: &Connection, journal: CaseId, case: CaseId, sender: Owner) -> Result<CaseFacts, Error> {
    let sender_has_case = db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM cases WHERE mailbox_id = ?)")?
        .query_one([sender.as_bytes()], |row| row.get(0))?;
    Ok(CaseFacts { is_journal: case == journal, keys: messages::case_keys(db, case)?, sender_has_case })
}

fn blob_facts(db: &Connection, new: &NewUpload, case: CaseFacts, digest: Digest) -> Result<BlobFacts, Error> {
    let held = db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE case_id = ? AND kind = ? AND sha256 = ?)",
        )?
        .query_one(params![new.case.as_bytes(), new.kind.as_str(), digest.as_bytes()], |row| row.get(0))?;
    let last_position = db
        .prepare_cached(
            "SELECT position FROM messages WHERE case_id = ? AND thread = ? ORDER BY position DESC LIMIT 1",
        )?
        .query_one(params![new.case.as_bytes(), new.kind.thread().byte()], |row| row.get(0))
        .optional()?;
    Ok(BlobFacts { case, held, last_position })
}

/// A whole blob that becomes a message.
struct NewMessage<'a> {
    case: CaseId,
    kind: MessageKind,
    size_bytes: u64,
    digest: Digest,
    day: Day,
    memo: Option<&'a SealedMemo>,
}

fn message_of<'a>(new: &NewUpload, digest: Digest, last: &'a Piece) -> NewMessage<'a> {
    NewMessage {
        case: new.case,
        kind: new.kind,
        size_bytes: new.length_bytes,
        digest,
        day: new.day,
        memo: last.memo.as_ref().filter(|_| new.kind.is_from_reporter()),
    }
}

/// The case of a report, which its sender has the keys of; or the journal, which nobody has any of.
fn insert_case(db: &Connection, new: &NewUpload) -> Result<(), Error> {
    let keys = match new.kind {
        // Without its write token's hash it would be a case that every session may write into.
        MessageKind::Report => {
            Some((new.owner, new.write_hash.ok_or(Error::Failed(rusqlite::ffi::SQLITE_CONSTRAINT))?))
        }
        MessageKind::FollowUp | MessageKind::Reply | MessageKind::Record => None,
    };
    insert_case_row(db, new.case, keys)
}

fn insert_case_row(db: &Connection, case: CaseId, keys: Option<(Owner, WriteHash)>) -> Result<(), Error> {
    let (mailbox, write_hash) =
        keys.map(|(mailbox, write_hash)| (*mailbox.as_bytes(), *write_hash.as_bytes())).unzip();
    db.prepare_cached("INSERT INTO cases (case_id, mailbox_id, write_hash) VALUES (?, ?, ?)")?
        .execute(params![case.as_bytes(), mailbox, write_hash])?;
    Ok(())
}

fn insert_message(
    db: &Connection,
    message: &NewMessage<'_>,
    position: u32,
    blob: BlobId,
) -> Result<(), Error> {
    db.prepare_cached(
        "INSERT INTO messages (case_id, thread, position, kind, size_bytes, sha256, day, blob_id, memo)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        message.case.as_bytes(),
        message.kind.thread().byte(),
        position,
        message.kind.as_str(),
        message.size_bytes,
        message.digest.as_bytes(),
        message.day.to_string(),
        blob.0,
        message.memo.map(SealedMemo::as_bytes)
    ])?;
    Ok(())
}

fn insert_upload(
    db: &Connection,
    id: UploadId,
    new: &NewUpload,
    offset: u64,
    blob: Option<BlobId>,
) -> Result<(), Error> {
    let waits = new.kind == MessageKind::Report && blob.is_some();
    db.prepare_cached(
        "INSERT INTO uploads (upload_id, owner, kind, case_id, length_bytes, offset_bytes, day, blob_id, write_hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        id.0,
        new.owner.as_bytes(),
        new.kind.as_str(),
        new.case.as_bytes(),
        new.length_bytes,
        offset,
        new.day.to_string(),
        blob.map(|blob| blob.0),
        new.write_hash.filter(|_| waits).map(|hash| *hash.as_bytes())
    ])?;
    Ok(())
}

fn drop_upload(db: &Connection, id: UploadId, blob: Option<BlobId>) -> Result<(), Error> {
    db.prepare_cached("DELETE FROM uploads WHERE upload_id = ?")?.execute([id.0])?;
    blob.map_or(Ok(()), |blob| drop_blob(db, blob))
}

/// The writer frees the blocks later, some at a time.
fn drop_blob(db: &Connection, blob: BlobId) -> Result<(), Error> {
    db.prepare_cached("INSERT INTO dropped (blob_id) VALUES (?)")?.execute([blob.0])?;
    Ok(())
}
