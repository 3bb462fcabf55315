//! Every version of the office's profile that was served.

use rusqlite::{Connection, OptionalExtension, params};

use crate::protocol::ids::Digest;
use crate::storage::rules;
use crate::storage::types::{Error, ProfileAdmission};

/// What is to become of a profile, and whether there is nothing more to be done for that.
pub(super) fn judge(
    db: &Connection,
    version: u64,
    digest: Digest,
    note: &[u8],
) -> Result<(ProfileAdmission, bool), Error> {
    let newest = db
        .prepare_cached("SELECT version FROM profiles ORDER BY version DESC LIMIT 1")?
        .query_one([], |row| row.get(0))
        .optional()?;
    let same_version = db
        .prepare_cached("SELECT digest, note = ? FROM profiles WHERE version = ?")?
        .query_one(params![note, version], |row| Ok((Digest::from_bytes(row.get(0)?), row.get(1)?)))
        .optional()?;
    let (served, is_same_note) = same_version.unzip();
    let admission = rules::check_profile(version, digest, newest, served);
    Ok((admission, admission != ProfileAdmission::Kept || is_same_note.unwrap_or(false)))
}

pub(super) fn keep(
    db: &Connection,
    version: u64,
    digest: Digest,
    note: &[u8],
) -> Result<ProfileAdmission, Error> {
    let (admission, is_done) = judge(db, version, digest, note)?;
    if !is_done {
        // The same text may come with another line of a signature: the one that is served is kept.
        db.prepare_cached(
            "INSERT INTO profiles (version, digest, note) VALUES (?1, ?2, ?3)
             ON CONFLICT (version) DO UPDATE SET note = ?3",
        )?
        .execute(params![version, digest.as_bytes(), note])?;
    }
    Ok(admission)
}

pub(super) fn note(db: &Connection, version: u64) -> Result<Vec<u8>, Error> {
    let note = db
        .prepare_cached("SELECT note FROM profiles WHERE version = ?")?
        .query_one([version], |row| row.get(0))?;
    Ok(note)
}
