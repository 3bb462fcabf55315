//! All blobs as one array of equal blocks in random order.
//!
//! A database that appends tells by the place of a blob in the file when it came, and whoever also watched
//! the network could tell whose it is. So blocks lie in slots 0 … n−1, and every new one is put in by the
//! "inside-out" step of the Fisher–Yates shuffle (Durstenfeld, CACM 7(7), 1964, algorithm 235): it takes the
//! place of one chosen uniformly among n + 1, and the block that lay there moves to slot n. After any number
//! of steps every order is equally likely, whatever the order of arrival. A freed slot is filled with the
//! last one, which keeps that property.
//!
//! The price is one more block read and written for each one stored. A crash cannot separate the two writes:
//! they are in the caller's transaction.
//!
//! A block that a failing disk has taken costs the blob it belongs to and no other: reading that one is
//! [`Error::Damaged`], and a new block goes to another slot than the one that cannot be moved.

use rand::RngExt;
use rusqlite::{Connection, OptionalExtension, params};

use crate::storage::types::{BlobId, Error};

/// Every size class is a multiple of it, so no block of a whole blob is partly filled.
pub(super) const BLOCK_BYTES: usize = 32 * 1024;

/// How often another slot is drawn when the block in it cannot be moved.
const DRAWS_MAX: usize = 16;

/// Name of a piece of a blob: blob id ‖ index. Always 20 bytes, so that a row of
/// `blocks` never changes its length.
type Part = [u8; 20];

/// Adds `data` to a blob that ends at `offset`.
pub(super) fn append(db: &Connection, blob: BlobId, offset: u64, data: &[u8]) -> Result<(), Error> {
    let (mut at, mut rest) = (offset, data);
    while !rest.is_empty() {
        let (index, within) = split(at);
        let (now, later) = rest.split_at(rest.len().min(BLOCK_BYTES - within));
        if within == 0 {
            let mut block = now.to_vec();
            block.resize(BLOCK_BYTES, 0);
            insert(db, part(blob, index), &block)?;
        } else {
            fill(db, part(blob, index), within, now)?;
        }
        at += now.len() as u64;
        rest = later;
    }
    Ok(())
}

/// At most `length_bytes` from `offset` on, and nothing at or behind `end`.
pub(super) fn read(
    db: &Connection,
    blob: BlobId,
    offset: u64,
    end: u64,
    length_bytes: usize,
) -> Result<Vec<u8>, Error> {
    let length_bytes = end.saturating_sub(offset).min(length_bytes as u64) as usize;
    let mut bytes = Vec::with_capacity(length_bytes);
    let mut statement = db.prepare_cached(
        "SELECT data FROM parts JOIN blocks USING (slot) WHERE parts.part = ? AND blocks.part = parts.part",
    )?;
    while bytes.len() < length_bytes {
        let (index, within) = split(offset + bytes.len() as u64);
        let mut rows = statement.query([part(blob, index)])?;
        let row = rows.next().map_err(damage)?.ok_or(Error::Damaged)?;
        let block = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let take = (length_bytes - bytes.len()).min(BLOCK_BYTES - within);
        bytes.extend_from_slice(block.get(within..within + take).ok_or(Error::Damaged)?);
    }
    Ok(bytes)
}

/// Frees at most `blocks_max` blocks of a blob; says whether it had no more.
pub(super) fn free(db: &Connection, blob: BlobId, blocks_max: usize) -> Result<bool, Error> {
    let slots = db
        .prepare_cached("SELECT part, slot FROM parts WHERE part BETWEEN ? AND ? LIMIT ?")?
        .query_map(params![part(blob, 0), part(blob, u32::MAX), blocks_max as i64], |row| {
            Ok((row.get::<_, Part>(0)?, row.get::<_, i64>(1)?))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (part, _) in &slots {
        // Asked anew: an earlier turn of this loop may have moved it.
        let slot: i64 = db
            .prepare_cached("SELECT slot FROM parts WHERE part = ?")?
            .query_one([part], |row| row.get(0))?;
        let last = count(db)? - 1;
        // Where blocks are gone, an entry may point behind the last one.
        let left = if slot < last { fill_gap(db, slot, last)? } else { last };
        db.prepare_cached("DELETE FROM blocks WHERE slot = ?")?.execute([left])?;
        db.prepare_cached("DELETE FROM parts WHERE part = ?")?.execute([part])?;
    }
    Ok(slots.len() < blocks_max)
}

/// Moves the last block to a slot that is to be free. Says which of the two rows is to go: that of a last
/// block which cannot be moved stays where it is, and the slot stays empty.
fn fill_gap(db: &Connection, slot: i64, last: i64) -> Result<i64, Error> {
    let (moved, data) = match get(db, last) {
        Ok(block) => block,
        Err(Error::Damaged) => return Ok(slot),
        Err(error) => return Err(error),
    };
    put(db, slot, &moved, &data)?;
    db.prepare_cached("UPDATE parts SET slot = ? WHERE part = ?")?.execute(params![slot, moved])?;
    Ok(last)
}

fn insert(db: &Connection, part: Part, data: &[u8]) -> Result<(), Error> {
    let end = count(db)?;
    let (slot, old) = draw(db, end)?;
    let mut append = db.prepare_cached("INSERT INTO blocks (slot, part, data) VALUES (?, ?, ?)")?;
    if let Some((moved, old)) = old {
        append.execute(params![end, moved, old])?;
        put(db, slot, &part, data)?;
        db.prepare_cached("UPDATE parts SET slot = ? WHERE part = ?")?.execute(params![end, moved])?;
    } else {
        append.execute(params![end, part, data])?;
    }
    db.prepare_cached("INSERT INTO parts (part, slot) VALUES (?, ?)")?.execute(params![part, slot])?;
    Ok(())
}

/// One of the slots 0 … `end` and the block that lies there, of which there is none at `end`.
#[expect(clippy::type_complexity, reason = "two values that are used at once")]
fn draw(db: &Connection, end: i64) -> Result<(i64, Option<(Part, Vec<u8>)>), Error> {
    for _ in 0..DRAWS_MAX {
        let slot = rand::rng().random_range(0..=end);
        if slot == end {
            return Ok((slot, None));
        }
        match get(db, slot) {
            Ok(block) => return Ok((slot, Some(block))),
            Err(Error::Damaged) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::Damaged)
}

fn fill(db: &Connection, part: Part, within: usize, data: &[u8]) -> Result<(), Error> {
    let slot =
        db.prepare_cached("SELECT slot FROM parts WHERE part = ?")?.query_one([part], |row| row.get(0))?;
    let (_, mut block) = get(db, slot)?;
    block[within..within + data.len()].copy_from_slice(data);
    put(db, slot, &part, &block)
}

fn count(db: &Connection) -> Result<i64, Error> {
    let last: Option<i64> = db
        .prepare_cached("SELECT slot FROM blocks ORDER BY slot DESC LIMIT 1")?
        .query_one([], |row| row.get(0))
        .optional()?;
    Ok(last.map_or(0, |slot| slot + 1))
}

fn get(db: &Connection, slot: i64) -> Result<(Part, Vec<u8>), Error> {
    let (part, data): (Part, Vec<u8>) = db
        .prepare_cached("SELECT part, data FROM blocks WHERE slot = ?")?
        .query_one([slot], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(damage)?;
    // The schema lets in no other length, but a disk changes what it likes.
    if data.len() == BLOCK_BYTES { Ok((part, data)) } else { Err(Error::Damaged) }
}

/// What a page that cannot be read, or is not there, means where a block should be.
fn damage(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => Error::Damaged,
        Some(_) => error.into(),
        // No row, or one that is not of this shape.
        None => Error::Damaged,
    }
}

/// The row keeps its length, so SQLite writes it over the old one, page for page (`btreeOverwriteCell`).
fn put(db: &Connection, slot: i64, part: &Part, data: &[u8]) -> Result<(), Error> {
    db.prepare_cached("UPDATE blocks SET part = ?, data = ? WHERE slot = ?")?
        .execute(params![part, data, slot])?;
    Ok(())
}

fn part(blob: BlobId, index: u32) -> Part {
    let mut part = [0; 20];
    part[..16].copy_from_slice(&blob.0);
    part[16..].copy_from_slice(&index.to_be_bytes());
    part
}

fn split(offset: u64) -> (u32, usize) {
    let block_bytes = BLOCK_BYTES as u64;
    // Lengths are at most 2^28: an index always fits.
    ((offset / block_bytes) as u32, (offset % block_bytes) as usize)
}

#[cfg(test)]
mod tests {
    use super::super::database;
    use super::*;
    use crate::protocol::ids::OfficeId;

    const COUNT: u8 = 8;

    /// Blobs of one block each, whose bytes are their numbers.
    fn filled() -> (Connection, tempfile::TempDir) {
        let (folder, office) = (tempfile::tempdir().unwrap(), OfficeId::from_bytes([1; 16]));
        let path = folder.path().join("mohr.db");
        database::create(&path, office).unwrap();
        let db = database::open_for_writing(&path, office, Default::default()).unwrap();
        for number in 0..COUNT {
            append(&db, blob(number), 0, &[number; BLOCK_BYTES]).unwrap();
        }
        (db, folder)
    }

    fn blob(number: u8) -> BlobId {
        BlobId([number; 16])
    }

    fn whole(db: &Connection, number: u8) -> Result<Vec<u8>, Error> {
        read(db, blob(number), 0, BLOCK_BYTES as u64, BLOCK_BYTES)
    }

    /// The blob whose block lies in a slot.
    fn at(db: &Connection, slot: u8) -> u8 {
        db.query_one("SELECT substr(part, 1, 1) FROM blocks WHERE slot = ?", [slot], |row| {
            row.get::<_, [u8; 1]>(0)
        })
        .unwrap()[0]
    }

    /// As a disk may leave a row, whatever the schema says.
    fn damage_block(db: &Connection, slot: u8, change: &str) {
        db.pragma_update(None, "ignore_check_constraints", "ON").unwrap();
        db.execute(&format!("UPDATE blocks SET {change} WHERE slot = ?"), [slot]).unwrap();
        db.pragma_update(None, "ignore_check_constraints", "OFF").unwrap();
    }

    #[test]
    fn a_block_of_another_shape_costs_its_blob_alone() {
        for change in ["data = zeroblob(5)", "data = zeroblob(0)", "part = zeroblob(3)"] {
            let (db, _folder) = filled();
            let lost = at(&db, 3);
            damage_block(&db, 3, change);
            assert!(whole(&db, lost).is_err(), "{change}");
            for number in COUNT..3 * COUNT {
                append(&db, blob(number), 0, &[number; BLOCK_BYTES]).unwrap();
            }
            for number in (0..3 * COUNT).filter(|number| *number != lost) {
                assert_eq!(whole(&db, number), Ok(vec![number; BLOCK_BYTES]), "{change}");
            }
        }
    }

    #[test]
    fn a_last_block_that_cannot_be_moved_keeps_no_other_from_being_freed() {
        let (db, _folder) = filled();
        let lost = at(&db, COUNT - 1);
        damage_block(&db, COUNT - 1, "data = zeroblob(5)");
        let others: Vec<u8> = (0..COUNT).filter(|number| *number != lost).collect();
        for number in &others[..3] {
            assert_eq!(free(&db, blob(*number), 10), Ok(true));
            assert_eq!(whole(&db, *number), Err(Error::Damaged));
        }
        for number in &others[3..] {
            assert_eq!(whole(&db, *number), Ok(vec![*number; BLOCK_BYTES]));
        }
        // What comes goes behind it, or where a whole block lies.
        for number in COUNT..4 * COUNT {
            append(&db, blob(number), 0, &[number; BLOCK_BYTES]).unwrap();
        }
        for number in (COUNT..4 * COUNT).chain(others[3..].iter().copied()) {
            assert_eq!(whole(&db, number), Ok(vec![number; BLOCK_BYTES]));
        }
    }
}
