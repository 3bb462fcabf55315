//! Taking the order of arrival out of the small tables.
//!
//! Their keys are random, but inside a page of a B-tree SQLite puts each new row below the last one, so the
//! bytes of the file still tell which row of a page came later. Rewriting the rows in the order of their keys
//! leaves pages that look the same whatever the order of arrival was.
//!
//! The writer does this in quiet moments, a bounded number of rows at a time, so that submissions
//! never wait long. Nothing is lost by a crash in between: a step is one transaction, and after a
//! restart the rewriting begins anew.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::storage::types::Error;

/// Rows rewritten in one transaction; with a hundred bytes or so each, or seven
/// hundred where there is a memo.
const ROWS_AT_ONCE: usize = 2_000;

/// Each table with the columns of its key. Not among them are `blocks`, whose rows lie in random order
/// anyway, and `office` and `profiles`, which hold nothing of any message.
const TABLES: [(&str, &[&str]); 5] = [
    ("cases", &["case_id"]),
    ("messages", &["case_id", "thread", "position"]),
    ("uploads", &["upload_id"]),
    ("dropped", &["blob_id"]),
    ("parts", &["part"]),
];

/// A walk over all rows of all tables.
#[derive(Debug, Default)]
pub(super) struct Rewrite {
    table: usize,
    /// Key of the last row that was rewritten.
    after: Option<Vec<Value>>,
}

impl Rewrite {
    /// Rewrites the next rows, in the caller's transaction. The walk is over when it returns nothing; else it
    /// goes on from what it returns, once the transaction is committed.
    pub(super) fn step(&self, db: &Connection) -> Result<Option<Rewrite>, Error> {
        let Some((table, key)) = TABLES.get(self.table) else { return Ok(None) };
        // Rows of `messages` are gone from `cases` for a moment and back before the commit.
        db.pragma_update(None, "defer_foreign_keys", "ON")?;
        let columns = key.join(", ");
        let marks = vec!["?"; key.len()].join(", ");
        let behind = self.after.as_ref().map_or(String::new(), |_| format!("WHERE ({columns}) > ({marks})"));
        let mut select = db.prepare_cached(&format!(
            "SELECT {columns}, * FROM {table} {behind} ORDER BY {columns} LIMIT {ROWS_AT_ONCE}"
        ))?;
        let width = select.column_count();
        let rows = select
            .query_map(params_from_iter(self.after.iter().flatten()), |row| {
                (0..width).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<Value>>>()
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        let mut delete = db.prepare_cached(&format!("DELETE FROM {table} WHERE ({columns}) = ({marks})"))?;
        for row in &rows {
            delete.execute(params_from_iter(&row[..key.len()]))?;
        }
        let all = vec!["?"; width - key.len()].join(", ");
        let mut insert = db.prepare_cached(&format!("INSERT INTO {table} VALUES ({all})"))?;
        for row in &rows {
            insert.execute(params_from_iter(&row[key.len()..]))?;
        }
        Ok(Some(match rows.last() {
            Some(last) if rows.len() == ROWS_AT_ONCE => {
                Rewrite { table: self.table, after: Some(last[..key.len()].to_vec()) }
            }
            _ => Rewrite { table: self.table + 1, after: None },
        }))
    }
}
