//! Nothing finer than a day: what a copied database tells of the order in which messages came.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use mohr::protocol::ids::{CaseId, WriteHash};
use mohr::protocol::memo::SealedMemo;
use mohr::protocol::upload::MessageKind;
use mohr::storage::{self, NewUpload, Options, Owner, Piece, Storage};
use mohr::verify::digest::sha256;

use super::OFFICE;

const SIZE: usize = 32 * 1024;
const PAGE: usize = 4096;
const REPORTS: usize = 300;

/// Stores reports one after the other, and behind each a record of its case; returns for each, in the order
/// of arrival, what marks it in the file.
async fn store(storage: &Storage, reports: usize) -> Vec<Marks> {
    let mut all = Vec::new();
    for _ in 0..reports {
        let marks = Marks::random();
        for (kind, owner, blob) in [
            (MessageKind::Report, marks.owner, marks.blob),
            (MessageKind::Record, [9; 32], marks.record_blob),
        ] {
            let mut data = vec![0; SIZE];
            data[..16].copy_from_slice(&blob);
            let new = NewUpload {
                owner: Owner::from_bytes(owner),
                kind,
                case: CaseId::from_bytes(marks.case),
                write_hash: Some(WriteHash::from_bytes(marks.write_hash)),
                length_bytes: SIZE as u64,
                day: "2026-11-21".parse().unwrap(),
            };
            let memo = Some(SealedMemo::from_bytes(marks.memo));
            let first = Piece { offset: 0, digest: Some(sha256(&data)), data, memo };
            storage.create_upload(new, Some(first)).await.unwrap();
        }
        all.push(marks);
    }
    all
}

struct Marks {
    case: [u8; 16],
    owner: [u8; 32],
    write_hash: [u8; 32],
    memo: [u8; 640],
    blob: [u8; 16],
    record_blob: [u8; 16],
    sha256: [u8; 32],
    record_sha256: [u8; 32],
}

impl Marks {
    fn random() -> Self {
        let mut memo = [0; 640];
        memo.iter_mut().for_each(|byte| *byte = rand::random());
        let (blob, record_blob): ([u8; 16], [u8; 16]) = (rand::random(), rand::random());
        let digest = |blob: &[u8; 16]| {
            let mut data = vec![0; SIZE];
            data[..16].copy_from_slice(blob);
            *sha256(&data).as_bytes()
        };
        Self {
            case: rand::random(),
            owner: rand::random(),
            write_hash: rand::random(),
            memo,
            blob,
            record_blob,
            sha256: digest(&blob),
            record_sha256: digest(&record_blob),
        }
    }
}

fn open(path: &Path) -> Storage {
    storage::create(path, OFFICE.office).unwrap();
    Storage::open(path, OFFICE, Options::default()).unwrap()
}

/// Where in the file each needle stands, every time it does.
fn places(file: &[u8], needles: &[&[u8]]) -> Vec<Vec<usize>> {
    let mut by_start = BTreeMap::<[u8; 4], Vec<usize>>::new();
    let mut starts = vec![false; 1 << 16];
    for (index, needle) in needles.iter().enumerate() {
        by_start.entry(needle[..4].try_into().unwrap()).or_default().push(index);
        starts[usize::from(u16::from_le_bytes([needle[0], needle[1]]))] = true;
    }
    let mut places = vec![Vec::new(); needles.len()];
    for at in 0..file.len().saturating_sub(32) {
        if !starts[usize::from(u16::from_le_bytes([file[at], file[at + 1]]))] {
            continue;
        }
        for index in by_start.get(&file[at..at + 4]).into_iter().flatten() {
            if file[at..].starts_with(needles[*index]) {
                places[*index].push(at);
            }
        }
    }
    places
}

/// Of all pairs that stand in one unit of the file, the share that stands in the order of arrival: about a
/// half when the file tells nothing, 0 or 1 when it tells all.
fn share_in_order(places: &[Vec<usize>], unit: usize) -> (f64, usize) {
    let mut units = BTreeMap::<usize, Vec<(usize, usize)>>::new();
    for (arrival, places) in places.iter().enumerate() {
        for place in places {
            units.entry(place / unit).or_default().push((*place, arrival));
        }
    }
    let (mut in_order, mut pairs) = (0, 0);
    for (first, second) in
        units.values().flat_map(|unit| unit.iter().flat_map(move |a| unit.iter().map(move |b| (a, b))))
    {
        if first.0 < second.0 && first.1 != second.1 {
            pairs += 1;
            in_order += usize::from(first.1 < second.1);
        }
    }
    (in_order as f64 / pairs as f64, pairs)
}

#[tokio::test]
async fn the_bytes_of_the_file_do_not_tell_what_came_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    let storage = open(&path);
    let marks = store(&storage, REPORTS).await;
    storage.settle().await.unwrap();
    let file = std::fs::read(&path).unwrap();

    for blobs in [
        marks.iter().map(|marks| &marks.blob[..]).collect::<Vec<_>>(),
        marks.iter().map(|marks| &marks.record_blob[..]).collect(),
    ] {
        let found = places(&file, &blobs);
        assert!(
            found.iter().all(|places| places.len() == 1),
            "each blob lies in one place, and old ones are gone"
        );
        let (share, _) = share_in_order(&found, usize::MAX);
        assert!((0.35..0.65).contains(&share), "blobs: {share}");
    }

    // Rows: page by page, for the order of pages is that of random keys. A row with a
    // memo is long, so few share a page.
    for (what, pairs_min, needles) in [
        ("case ids", 1000, marks.iter().map(|marks| &marks.case[..]).collect::<Vec<_>>()),
        ("owners", 1000, marks.iter().map(|marks| &marks.owner[..]).collect()),
        ("write hashes", 1000, marks.iter().map(|marks| &marks.write_hash[..]).collect()),
        ("digests", 1000, marks.iter().map(|marks| &marks.sha256[..]).collect()),
        ("digests of records", 1000, marks.iter().map(|marks| &marks.record_sha256[..]).collect()),
        ("memos", 300, marks.iter().map(|marks| &marks.memo[..32]).collect()),
    ] {
        let found = places(&file, &needles);
        assert!(found.iter().all(|places| !places.is_empty()), "{what} are in the file");
        let (share, pairs) = share_in_order(&found, PAGE);
        println!("{what}: {share:.3} of {pairs} pairs");
        assert!(pairs > pairs_min, "{what}: {pairs} pairs");
        assert!((0.35..0.65).contains(&share), "{what}: {share}");
    }
}

/// The measure finds an order where there is one: a plain table with random keys.
#[test]
fn the_measure_sees_what_a_plain_table_tells() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("CREATE TABLE t (id BLOB PRIMARY KEY, data BLOB) WITHOUT ROWID; CREATE TABLE u (id BLOB PRIMARY KEY) WITHOUT ROWID").unwrap();
    let mut marks: Vec<([u8; 16], [u8; 16])> = Vec::new();
    for _ in 0..REPORTS {
        let (id, mark): ([u8; 16], [u8; 16]) = (rand::random(), rand::random());
        let mut data = vec![0; SIZE];
        data[16_000..16_016].copy_from_slice(&mark);
        db.execute("INSERT INTO t VALUES (?, ?)", rusqlite::params![rand::random::<[u8; 16]>(), data])
            .unwrap();
        db.execute("INSERT INTO u VALUES (?)", [&id]).unwrap();
        marks.push((mark, id));
    }
    let file = std::fs::read(&path).unwrap();
    let blobs: Vec<&[u8]> = marks.iter().map(|(mark, _)| &mark[..]).collect();
    assert!(share_in_order(&places(&file, &blobs), usize::MAX).0 > 0.95);
    let ids: Vec<&[u8]> = marks.iter().map(|(_, id)| &id[..]).collect();
    let (share, _) = share_in_order(&places(&file, &ids), PAGE);
    assert!(share < 0.3, "SQLite fills pages from the end: {share}");
}

#[tokio::test]
async fn a_quiet_moment_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    let storage = open(&path);
    let marks = store(&storage, REPORTS).await;
    let wal = folder.path().join("mohr.db-wal");
    assert!(std::fs::metadata(&wal).unwrap().len() > 0);
    // The WAL tells the order; it is gone by itself, and the rows are rewritten.
    let end = Instant::now() + Duration::from_secs(20);
    let needles: Vec<&[u8]> = marks.iter().map(|marks| &marks.case[..]).collect();
    loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let empty = std::fs::metadata(&wal).unwrap().len() == 0;
        let (share, pairs) = share_in_order(&places(&std::fs::read(&path).unwrap(), &needles), PAGE);
        if empty && pairs > 1000 && (0.35..0.65).contains(&share) {
            break;
        }
        assert!(Instant::now() < end, "never settled: WAL empty {empty}, {share} of {pairs}");
    }
}

#[tokio::test]
async fn no_table_has_an_order_or_a_time_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    let storage = open(&path);
    let marks = store(&storage, 100).await;
    storage.close();

    let db = rusqlite::Connection::open(&path).unwrap();
    let tables: Vec<(String, String)> = db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let names: Vec<_> = tables.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["blocks", "cases", "dropped", "messages", "office", "parts", "profiles", "uploads"]);
    for (name, sql) in &tables {
        // Its rowid is its slot, which is random.
        let slotted =
            name == "blocks" && sql.contains("slot INTEGER NOT NULL PRIMARY KEY") && sql.ends_with("STRICT");
        assert!(slotted || sql.ends_with("STRICT, WITHOUT ROWID"), "{name}: {sql}");
    }
    // Every value that varies from row to row is random or derived from what is; text is a word or a day.
    for (name, _) in &tables {
        let mut statement = db.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for (index, column) in columns.iter().enumerate() {
                if let rusqlite::types::ValueRef::Text(text) = row.get_ref(index).unwrap() {
                    let text = std::str::from_utf8(text).unwrap();
                    assert!(
                        ["report", "record"].contains(&text) || (column == "day" && text == "2026-11-21"),
                        "{name}.{column}: {text}"
                    );
                }
            }
        }
    }
    // The order of a dump, and the slots, against the order of arrival.
    for (what, sql) in [
        ("cases", "SELECT case_id FROM cases"),
        ("messages", "SELECT case_id FROM messages WHERE thread = 0"),
        ("records", "SELECT case_id FROM messages WHERE thread = 1"),
        ("uploads", "SELECT case_id FROM uploads WHERE kind = 'report'"),
        (
            "slots",
            "SELECT m.case_id FROM blocks b JOIN messages m ON substr(b.part, 1, 16) = m.blob_id AND m.thread = 0
             ORDER BY b.slot",
        ),
    ] {
        let mut statement = db.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, [u8; 16]>(0)).unwrap();
        let places: BTreeMap<_, _> =
            rows.map(Result::unwrap).enumerate().map(|(place, case)| (case, place)).collect();
        assert_eq!(places.len(), marks.len(), "{what}");
        let places: Vec<_> = marks.iter().map(|marks| vec![places[&marks.case]]).collect();
        let (share, _) = share_in_order(&places, usize::MAX);
        assert!((0.35..0.65).contains(&share), "{what}: {share}");
    }
}
