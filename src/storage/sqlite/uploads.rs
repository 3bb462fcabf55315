//! Uploads: begun, continued, finished, dropped. Every function runs inside a transaction of the writer, which may
//! run it a second time when the first was rolled back. What is decided is decided in [`crate::storage::rules`].

use rusqlite::{Connection, OptionalExtension, params};

use super::blocks;
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest};
use crate::protocol::message::{Direction, MessageKind};
use crate::storage::rules::{self, BlobFacts, CaseFacts, CheckedPiece, Decision, PieceOutcome};
use crate::storage::types::{BlobId, Error, NewUpload, Owner, Piece, Progress, StoredUpload, UploadId};

/// How many uploads one transaction of a purge drops: submissions never wait long behind it, and when the database
/// is full, so many rows of `dropped` still fit into the page that it always has.
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
    ids: &FreshIds,
    new: &NewUpload,
    first: Option<&Piece>,
) -> Result<PieceOutcome, Error> {
    let case = case_facts(db, new)?;
    rules::check_admission(new, case)?;
    if let Some(piece) = first {
        match rules::check_piece(0, new.length_bytes, piece)? {
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
        Decision::Message { position } => {
            blocks::append(db, ids.blob, 0, &piece.data)?;
            insert_message(db, new, position, digest, ids.blob)?;
        }
    }
    insert_upload(db, ids.upload, new, new.length_bytes, None)?;
    Ok(PieceOutcome::Kept(Progress { offset: new.length_bytes, finished: true }))
}

pub(super) fn append(
    db: &Connection,
    id: UploadId,
    owner: Owner,
    piece: &Piece,
    today: Day,
) -> Result<PieceOutcome, Error> {
    let (upload, blob) = row(db, id, owner)?;
    let blob = blob.ok_or(Error::Finished)?;
    match rules::check_piece(upload.offset, upload.length_bytes, piece)? {
        CheckedPiece::Partial { offset } => {
            blocks::append(db, blob, upload.offset, &piece.data)?;
            db.prepare_cached("UPDATE uploads SET offset_bytes = ? WHERE upload_id = ?")?
                .execute(params![offset, id.0])?;
            Ok(PieceOutcome::Kept(Progress { offset, finished: false }))
        }
        CheckedPiece::Last { digest } => {
            // The message carries the day on which it became one.
            let new = NewUpload {
                owner,
                kind: upload.kind,
                case: upload.case,
                length_bytes: upload.length_bytes,
                day: today,
            };
            match rules::decide(&new, blob_facts(db, &new, case_facts(db, &new)?, digest)?)? {
                Decision::CaseTaken => {
                    drop_upload(db, id, Some(blob))?;
                    return Ok(PieceOutcome::CaseTaken);
                }
                Decision::Repeat => drop_blob(db, blob)?,
                Decision::Message { position } => {
                    blocks::append(db, blob, upload.offset, &piece.data)?;
                    insert_message(db, &new, position, digest, blob)?;
                }
            }
            db.prepare_cached(
                "UPDATE uploads SET offset_bytes = length_bytes, blob_id = NULL, day = ? WHERE upload_id = ?",
            )?
            .execute(params![today.to_string(), id.0])?;
            Ok(PieceOutcome::Kept(Progress { offset: new.length_bytes, finished: true }))
        }
    }
}

pub(super) fn remove(db: &Connection, id: UploadId, owner: Owner) -> Result<(), Error> {
    match row(db, id, owner)? {
        (_, None) => Err(Error::Finished),
        (_, blob) => drop_upload(db, id, blob),
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
    Ok(row(db, id, owner)?.0)
}

pub(super) fn read(
    db: &Connection,
    id: UploadId,
    owner: Owner,
    offset: u64,
    length_bytes: usize,
) -> Result<Vec<u8>, Error> {
    let (upload, blob) = row(db, id, owner)?;
    blocks::read(db, blob.ok_or(Error::Finished)?, offset, upload.offset, length_bytes)
}

fn row(db: &Connection, id: UploadId, owner: Owner) -> Result<(StoredUpload, Option<BlobId>), Error> {
    // The id in the address is random and not secret; the owner is a hash, so comparing it by SQL tells nothing of
    // the token behind it.
    let row = db
        .prepare_cached(
            "SELECT kind, case_id, length_bytes, offset_bytes, blob_id FROM uploads WHERE upload_id = ? AND owner = ?",
        )?
        .query_one(params![id.0, owner.as_bytes()], |row| {
            let kind = row.get_ref(0)?.as_str()?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
            let case = CaseId::from_bytes(row.get(1)?);
            let upload = StoredUpload { kind, case, length_bytes: row.get(2)?, offset: row.get(3)? };
            Ok((upload, row.get::<_, Option<_>>(4)?.map(BlobId)))
        })?;
    Ok(row)
}

/// The case that an upload names, and whether its sender has one.
fn case_facts(db: &Connection, new: &NewUpload) -> Result<CaseFacts, Error> {
    let mailbox = db
        .prepare_cached("SELECT mailbox_id FROM cases WHERE case_id = ?")?
        .query_one([new.case.as_bytes()], |row| Ok(Owner::from_bytes(row.get(0)?)))
        .optional()?;
    let sender_has_case = db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM cases WHERE mailbox_id = ?)")?
        .query_one([new.owner.as_bytes()], |row| row.get(0))?;
    Ok(CaseFacts { mailbox, sender_has_case })
}

fn blob_facts(db: &Connection, new: &NewUpload, case: CaseFacts, digest: Digest) -> Result<BlobFacts, Error> {
    let held = db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE case_id = ? AND to_office = ? AND sha256 = ?)",
        )?
        .query_one(params![new.case.as_bytes(), to_office(new.kind), digest.as_bytes()], |row| row.get(0))?;
    let last_position = db
        .prepare_cached("SELECT position FROM messages WHERE case_id = ? ORDER BY position DESC LIMIT 1")?
        .query_one([new.case.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(BlobFacts { case, held, last_position })
}

/// Makes a whole blob a message; a report begins its case.
fn insert_message(
    db: &Connection,
    new: &NewUpload,
    position: u32,
    digest: Digest,
    blob: BlobId,
) -> Result<(), Error> {
    if position == 0 {
        db.prepare_cached("INSERT INTO cases (case_id, mailbox_id) VALUES (?, ?)")?
            .execute(params![new.case.as_bytes(), new.owner.as_bytes()])?;
    }
    db.prepare_cached(
        "INSERT INTO messages (case_id, position, to_office, size_bytes, sha256, day, blob_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        new.case.as_bytes(),
        position,
        to_office(new.kind),
        new.length_bytes,
        digest.as_bytes(),
        new.day.to_string(),
        blob.0
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
    db.prepare_cached(
        "INSERT INTO uploads (upload_id, owner, kind, case_id, length_bytes, offset_bytes, day, blob_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        id.0,
        new.owner.as_bytes(),
        new.kind.as_str(),
        new.case.as_bytes(),
        new.length_bytes,
        offset,
        new.day.to_string(),
        blob.map(|blob| blob.0)
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

fn to_office(kind: MessageKind) -> bool {
    kind.direction() == Direction::ToOffice
}
