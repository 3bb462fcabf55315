//! Uploads: begun, continued, finished, dropped. Every function runs inside a transaction of the writer, which may
//! run it a second time when the first was rolled back.

use rusqlite::{Connection, OptionalExtension, params};

use super::blocks;
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest};
use crate::protocol::message::Direction;
use crate::storage::types::{BlobId, Error, Kind, NewUpload, Owner, Piece, Progress, Upload, UploadId};

/// Whole days that an unfinished upload waits, and that a finished one is remembered.
const KEPT_DAYS: i32 = 2;
/// How many uploads one transaction of a purge drops: submissions never wait long behind it, and when the database
/// is full, so many rows of `dropped` still fit into the page that it always has.
const PURGED_AT_ONCE: i64 = 100;

/// Random names, chosen outside the transaction so that running it twice gives the same.
#[derive(Clone, Copy)]
pub(super) struct Ids {
    pub(super) upload: UploadId,
    blob: BlobId,
}

impl Ids {
    pub(super) fn random() -> Self {
        Self { upload: UploadId(rand::random()), blob: BlobId(rand::random()) }
    }
}

/// What a piece led to. Both are committed: a refusal drops the upload.
pub(super) enum Stored {
    Kept(Progress),
    CaseTaken,
}

impl Stored {
    pub(super) fn progress(self) -> Result<Progress, Error> {
        match self {
            Stored::Kept(progress) => Ok(progress),
            Stored::CaseTaken => Err(Error::CaseExists),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purge {
    Done,
    More,
}

pub(super) fn create(
    db: &Connection,
    ids: &Ids,
    new: &NewUpload,
    first: Option<&Piece>,
) -> Result<Stored, Error> {
    admit(db, new)?;
    if let Some(piece) = first {
        match end(0, new.length_bytes, piece)? {
            End::Whole(digest) => return create_whole(db, ids, new, piece, digest),
            End::Partial(_) => blocks::append(db, ids.blob, 0, &piece.data)?,
        }
    }
    let offset = first.map_or(0, |piece| piece.data.len() as u64);
    insert(db, ids.upload, new, offset, Some(ids.blob))?;
    Ok(Stored::Kept(Progress { offset, finished: false }))
}

/// The usual text report: one request, one commit, and no block is written for a repeat.
fn create_whole(
    db: &Connection,
    ids: &Ids,
    new: &NewUpload,
    piece: &Piece,
    digest: Digest,
) -> Result<Stored, Error> {
    match place(db, new.owner, new.kind, new.case, digest)? {
        Place::Taken => return Err(Error::CaseExists),
        Place::Repeat => {}
        Place::At(position) => {
            blocks::append(db, ids.blob, 0, &piece.data)?;
            take(db, new, position, digest, ids.blob)?;
        }
    }
    insert(db, ids.upload, new, new.length_bytes, None)?;
    Ok(Stored::Kept(Progress { offset: new.length_bytes, finished: true }))
}

pub(super) fn append(
    db: &Connection,
    id: UploadId,
    owner: Owner,
    piece: &Piece,
    today: Day,
) -> Result<Stored, Error> {
    let (upload, blob) = row(db, id, owner)?;
    let blob = blob.ok_or(Error::Finished)?;
    if piece.offset != upload.offset {
        return Err(Error::OffsetMismatch);
    }
    match end(upload.offset, upload.length_bytes, piece)? {
        End::Partial(offset) => {
            blocks::append(db, blob, upload.offset, &piece.data)?;
            db.prepare_cached("UPDATE uploads SET offset_bytes = ? WHERE upload_id = ?")?
                .execute(params![offset, id.0])?;
            Ok(Stored::Kept(Progress { offset, finished: false }))
        }
        End::Whole(digest) => {
            // The message carries the day on which it became one.
            let new = NewUpload {
                owner,
                kind: upload.kind,
                case: upload.case,
                length_bytes: upload.length_bytes,
                day: today,
            };
            match place(db, owner, new.kind, new.case, digest)? {
                Place::Taken => {
                    drop_upload(db, id, Some(blob))?;
                    return Ok(Stored::CaseTaken);
                }
                Place::Repeat => drop_blob(db, blob)?,
                Place::At(position) => {
                    blocks::append(db, blob, upload.offset, &piece.data)?;
                    take(db, &new, position, digest, blob)?;
                }
            }
            db.prepare_cached(
                "UPDATE uploads SET offset_bytes = length_bytes, blob_id = NULL, day = ? WHERE upload_id = ?",
            )?
            .execute(params![today.to_string(), id.0])?;
            Ok(Stored::Kept(Progress { offset: new.length_bytes, finished: true }))
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
    let oldest_kept = today.plus_days(-KEPT_DAYS).to_string();
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

pub(super) fn find(db: &Connection, id: UploadId, owner: Owner) -> Result<Upload, Error> {
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

fn row(db: &Connection, id: UploadId, owner: Owner) -> Result<(Upload, Option<BlobId>), Error> {
    // The id in the address is random and not secret; the owner is a hash, so comparing it by SQL tells nothing of
    // the token behind it.
    let row = db
        .prepare_cached(
            "SELECT kind, case_id, length_bytes, offset_bytes, blob_id FROM uploads WHERE upload_id = ? AND owner = ?",
        )?
        .query_one(params![id.0, owner.as_bytes()], |row| {
            let kind = row.get_ref(0)?.as_str()?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?;
            let case = CaseId::from_bytes(row.get(1)?);
            let upload = Upload { kind, case, length_bytes: row.get(2)?, offset: row.get(3)? };
            Ok((upload, row.get::<_, Option<_>>(4)?.map(BlobId)))
        })?;
    Ok(row)
}

/// Whether this owner may begin such an upload. What this finds out is asked again when the upload is whole.
fn admit(db: &Connection, new: &NewUpload) -> Result<(), Error> {
    let key = mailbox_of(db, new.case)?;
    match new.kind {
        // The same reporter may be repeating a report whose answer was lost: only the whole blob can tell.
        Kind::Report if key.is_some_and(|key| key == new.owner) => Ok(()),
        Kind::Report if key.is_some() || is_mailbox(db, new.owner)? => Err(Error::CaseExists),
        Kind::Report => Ok(()),
        Kind::FollowUp if key.is_some_and(|key| key == new.owner) => Ok(()),
        Kind::FollowUp if is_mailbox(db, new.owner)? => Err(Error::NotFound),
        Kind::FollowUp => Err(Error::UnknownMailbox),
        Kind::Reply if key.is_some() => Ok(()),
        Kind::Reply => Err(Error::NotFound),
    }
}

enum End {
    Partial(u64),
    Whole(Digest),
}

fn end(offset: u64, length_bytes: u64, piece: &Piece) -> Result<End, Error> {
    let end = offset.checked_add(piece.data.len() as u64).ok_or(Error::TooLong)?;
    match (end.cmp(&length_bytes), piece.digest) {
        (std::cmp::Ordering::Greater, _) => Err(Error::TooLong),
        (std::cmp::Ordering::Less, _) => Ok(End::Partial(end)),
        (std::cmp::Ordering::Equal, Some(digest)) => Ok(End::Whole(digest)),
        // Without its digest the last piece cannot be judged, so it is not taken.
        (std::cmp::Ordering::Equal, None) => Err(Error::OffsetMismatch),
    }
}

enum Place {
    At(u32),
    /// The case holds this very blob.
    Repeat,
    Taken,
}

fn place(db: &Connection, owner: Owner, kind: Kind, case: CaseId, digest: Digest) -> Result<Place, Error> {
    let key = mailbox_of(db, case)?;
    let held: bool = db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM messages WHERE case_id = ? AND to_office = ? AND sha256 = ?)",
        )?
        .query_one(params![case.as_bytes(), to_office(kind), digest.as_bytes()], |row| row.get(0))?;
    match (kind, key) {
        (Kind::Report, None) if is_mailbox(db, owner)? => Ok(Place::Taken),
        (Kind::Report, None) => Ok(Place::At(0)),
        (Kind::Report, Some(key)) if key == owner && held => Ok(Place::Repeat),
        (Kind::Report, Some(_)) => Ok(Place::Taken),
        // A case never goes away, so one that was there when the upload began is there still.
        (_, None) => Err(Error::NotFound),
        (_, Some(_)) if held => Ok(Place::Repeat),
        (_, Some(_)) => {
            let last: u32 = db
                .prepare_cached(
                    "SELECT position FROM messages WHERE case_id = ? ORDER BY position DESC LIMIT 1",
                )?
                .query_one([case.as_bytes()], |row| row.get(0))?;
            Ok(Place::At(last + 1))
        }
    }
}

/// Makes a whole blob a message; a report begins its case.
fn take(db: &Connection, new: &NewUpload, position: u32, digest: Digest, blob: BlobId) -> Result<(), Error> {
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

fn insert(
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

fn mailbox_of(db: &Connection, case: CaseId) -> Result<Option<Owner>, Error> {
    let owner = db
        .prepare_cached("SELECT mailbox_id FROM cases WHERE case_id = ?")?
        .query_one([case.as_bytes()], |row| Ok(Owner::from_bytes(row.get(0)?)))
        .optional()?;
    Ok(owner)
}

fn is_mailbox(db: &Connection, owner: Owner) -> Result<bool, Error> {
    let known = db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM cases WHERE mailbox_id = ?)")?
        .query_one([owner.as_bytes()], |row| row.get(0))?;
    Ok(known)
}

fn to_office(kind: Kind) -> bool {
    kind.direction() == Direction::ToOffice
}
