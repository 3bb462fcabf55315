//! Uploads and messages against a real database.

use mohr::protocol::day::Day;
use mohr::protocol::ids::{CaseId, Digest, WriteHash};
use mohr::protocol::record::ThreadName;
use mohr::protocol::upload::MessageKind;
use mohr::storage::{self, Error, NewUpload, Options, Owner, Piece, Storage};
use mohr::verify::digest::sha256;

use super::{OFFICE, WRITE, mailbox_of, memo, write_of};

const SIZE: usize = 32 * 1024;

struct Fixture {
    storage: Storage,
    folder: tempfile::TempDir,
}

impl Fixture {
    fn new(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mohr.db");
        storage::create(&path, OFFICE.office).unwrap();
        Self { storage: Storage::open(&path, OFFICE, options).unwrap(), folder }
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn today() -> Day {
    day("2026-11-21")
}

fn blob(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|i| ((i as u64 * 2_654_435_761) >> 7) as u8 ^ seed).collect()
}

fn case(n: u8) -> CaseId {
    CaseId::from_bytes([n; 16])
}

fn owner(n: u8) -> Owner {
    Owner::from_bytes([n; 32])
}

fn new(kind: MessageKind, n: u8, length_bytes: usize) -> NewUpload {
    let (write_hash, length_bytes) = (write_of(kind), length_bytes as u64);
    NewUpload { owner: owner(n), kind, case: case(n), write_hash, length_bytes, day: today() }
}

fn whole(data: &[u8]) -> Option<Piece> {
    Some(Piece { offset: 0, data: data.to_vec(), digest: Some(sha256(data)), memo: Some(memo(1)) })
}

fn piece(data: &[u8], from: usize, to: usize) -> Piece {
    let digest: Option<Digest> = (to == data.len()).then(|| sha256(data));
    Piece { offset: from as u64, data: data[from..to].to_vec(), digest, memo: Some(memo(2)) }
}

async fn bytes_of(storage: &Storage, case: CaseId, position: u32) -> Vec<u8> {
    let message = storage.message(case, ThreadName::Mailbox, position, Some(WRITE)).await.unwrap();
    storage.message_bytes(&message, 0, usize::MAX).await.unwrap()
}

#[tokio::test]
async fn a_report_in_one_piece_is_a_message() {
    let fixture = Fixture::new(Options::default());
    let data = blob(1, SIZE);
    let (id, progress) =
        fixture.storage.create_upload(new(MessageKind::Report, 1, SIZE), whole(&data)).await.unwrap();
    assert!(progress.finished && progress.offset == SIZE as u64);
    assert!(fixture.storage.upload(id, owner(1)).await.unwrap().is_finished());
    let listed = mailbox_of(&fixture.storage, case(1)).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].kind, MessageKind::Report);
    assert_eq!(listed[0].sha256, sha256(&data));
    assert_eq!(listed[0].day, today());
    assert_eq!(bytes_of(&fixture.storage, case(1), 0).await, data);
}

#[tokio::test]
async fn pieces_of_any_length_make_the_same_blob_and_nobody_sees_it_before_it_is_whole() {
    let fixture = Fixture::new(Options::default());
    let storage = &fixture.storage;
    let data = blob(2, 4 * SIZE);
    let (id, _) = storage.create_upload(new(MessageKind::Report, 2, data.len()), None).await.unwrap();
    let cuts = [0, 1, 22, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE, 3 * SIZE + 77, 4 * SIZE];
    for cut in cuts.windows(2) {
        assert!(storage.reports(None, 9).await.unwrap().reports.is_empty());
        let progress = storage.append(id, owner(2), piece(&data, cut[0], cut[1]), today()).await.unwrap();
        assert_eq!(progress.offset, cut[1] as u64);
        if !progress.finished {
            assert_eq!(storage.upload_bytes(id, owner(2), 0, usize::MAX).await.unwrap(), data[..cut[1]]);
        }
    }
    assert_eq!(bytes_of(storage, case(2), 0).await, data);
    assert_eq!(storage.append(id, owner(2), piece(&data, 0, 5), today()).await, Err(Error::Finished));
    assert_eq!(storage.remove_upload(id, owner(2)).await, Err(Error::Finished));
}

#[tokio::test]
async fn a_repeat_adds_nothing_and_another_blob_for_the_same_case_is_refused() {
    let fixture = Fixture::new(Options::default());
    let storage = &fixture.storage;
    let (first, other) = (blob(3, SIZE), blob(4, SIZE));
    storage.create_upload(new(MessageKind::Report, 3, SIZE), whole(&first)).await.unwrap();
    let (id, progress) =
        storage.create_upload(new(MessageKind::Report, 3, SIZE), whole(&first)).await.unwrap();
    assert!(progress.finished);
    assert!(storage.upload(id, owner(3)).await.unwrap().is_finished());
    assert_eq!(mailbox_of(storage, case(3)).await.len(), 1);

    let refused = storage.create_upload(new(MessageKind::Report, 3, SIZE), whole(&other)).await;
    assert_eq!(refused.map(|_| ()), Err(Error::CaseExists));
    // In pieces it is only known at the end, and then the upload is gone.
    let (id, _) = storage.create_upload(new(MessageKind::Report, 3, SIZE), None).await.unwrap();
    storage.append(id, owner(3), piece(&other, 0, 100), today()).await.unwrap();
    assert_eq!(storage.append(id, owner(3), piece(&other, 100, SIZE), today()).await, Err(Error::CaseExists));
    assert_eq!(storage.upload(id, owner(3)).await, Err(Error::NotFound));

    let follow_up =
        storage.create_upload(new(MessageKind::FollowUp, 3, SIZE), whole(&other)).await.unwrap().1;
    assert!(follow_up.finished);
    assert_eq!(mailbox_of(storage, case(3)).await.len(), 2);
}

#[tokio::test]
async fn each_kind_needs_its_right() {
    let fixture = Fixture::new(Options::default());
    let storage = &fixture.storage;
    let data = blob(5, SIZE);
    let begin = |owner_n: u8, kind, case_n: u8| {
        storage.create_upload(NewUpload { owner: owner(owner_n), ..new(kind, case_n, SIZE) }, None)
    };
    assert_eq!(begin(5, MessageKind::FollowUp, 5).await.unwrap_err(), Error::UnknownMailbox);
    assert_eq!(begin(9, MessageKind::Reply, 5).await.unwrap_err(), Error::NotFound);
    storage.create_upload(new(MessageKind::Report, 5, SIZE), whole(&data)).await.unwrap();
    storage.create_upload(new(MessageKind::Report, 6, SIZE), whole(&data)).await.unwrap();
    assert_eq!(begin(6, MessageKind::Report, 5).await.unwrap_err(), Error::CaseExists, "another's case");
    assert_eq!(begin(7, MessageKind::Report, 5).await.unwrap_err(), Error::CaseExists, "another's case");
    assert_eq!(
        begin(5, MessageKind::Report, 7).await.unwrap_err(),
        Error::CaseExists,
        "a mailbox has one case"
    );
    assert_eq!(begin(5, MessageKind::FollowUp, 6).await.unwrap_err(), Error::NotFound, "another's case");
    assert!(begin(9, MessageKind::Reply, 5).await.is_ok());
    assert!(begin(9, MessageKind::Record, 5).await.is_ok());
    for kind in [MessageKind::Reply, MessageKind::Record] {
        for write_hash in [None, Some(WriteHash::from_bytes([1; 32]))] {
            let refused =
                storage.create_upload(NewUpload { owner: owner(9), write_hash, ..new(kind, 5, SIZE) }, None);
            assert_eq!(refused.await.unwrap_err(), Error::NotFound);
        }
    }
    assert!(begin(5, MessageKind::FollowUp, 5).await.is_ok());
}

#[tokio::test]
async fn an_upload_answers_to_its_owner_alone() {
    let fixture = Fixture::new(Options::default());
    let storage = &fixture.storage;
    let data = blob(6, SIZE);
    let (id, _) = storage.create_upload(new(MessageKind::Report, 1, SIZE), None).await.unwrap();
    assert_eq!(storage.upload(id, owner(2)).await, Err(Error::NotFound));
    assert_eq!(storage.append(id, owner(2), piece(&data, 0, 9), today()).await, Err(Error::NotFound));
    assert_eq!(storage.remove_upload(id, owner(2)).await, Err(Error::NotFound));
    assert_eq!(storage.upload_bytes(id, owner(2), 0, 9).await, Err(Error::NotFound));
    assert_eq!(storage.append(id, owner(1), piece(&data, 1, 9), today()).await, Err(Error::OffsetMismatch));
    assert_eq!(
        storage
            .append(
                id,
                owner(1),
                Piece { offset: 0, data: vec![0; SIZE + 1], digest: None, memo: None },
                today()
            )
            .await,
        Err(Error::TooLong)
    );
    storage.remove_upload(id, owner(1)).await.unwrap();
    assert_eq!(storage.upload(id, owner(1)).await, Err(Error::NotFound));
}

#[tokio::test]
async fn two_racing_for_a_position_both_get_one_and_two_at_one_offset_do_not() {
    let fixture = Fixture::new(Options::default());
    let storage = &fixture.storage;
    storage.create_upload(new(MessageKind::Report, 1, SIZE), whole(&blob(1, SIZE))).await.unwrap();
    let (a, b) = (blob(2, SIZE), blob(3, SIZE));
    let (one, two) = tokio::join!(
        storage.create_upload(new(MessageKind::FollowUp, 1, SIZE), whole(&a)),
        storage.create_upload(NewUpload { owner: owner(8), ..new(MessageKind::Reply, 1, SIZE) }, whole(&b)),
    );
    assert!(one.unwrap().1.finished && two.unwrap().1.finished);
    let positions: Vec<u32> = mailbox_of(storage, case(1)).await.iter().map(|m| m.position).collect();
    assert_eq!(positions, [0, 1, 2]);

    let (id, _) = storage.create_upload(new(MessageKind::FollowUp, 1, SIZE), None).await.unwrap();
    let c = blob(4, SIZE);
    let (one, two) = tokio::join!(
        storage.append(id, owner(1), piece(&c, 0, 1000), today()),
        storage.append(id, owner(1), piece(&c, 0, 2000), today()),
    );
    assert_eq!(u8::from(one.is_ok()) + u8::from(two.is_ok()), 1);
}

#[tokio::test]
async fn a_purge_drops_what_is_older_than_two_days_and_frees_its_place() {
    let fixture = Fixture::new(Options::default());
    let storage = &fixture.storage;
    let data = blob(7, 8 * SIZE);
    let (unfinished, _) = storage
        .create_upload(new(MessageKind::Report, 1, data.len()), Some(piece(&data, 0, 7 * SIZE + 5)))
        .await
        .unwrap();
    let (finished, _) =
        storage.create_upload(new(MessageKind::Report, 2, data.len()), whole(&data)).await.unwrap();
    storage.purge(day("2026-11-23")).await.unwrap();
    assert!(
        storage.upload(unfinished, owner(1)).await.is_ok()
            && storage.upload(finished, owner(2)).await.is_ok()
    );
    storage.purge(day("2026-11-24")).await.unwrap();
    assert_eq!(storage.upload(unfinished, owner(1)).await, Err(Error::NotFound));
    assert_eq!(storage.upload(finished, owner(2)).await, Err(Error::NotFound));
    storage.settle().await.unwrap();
    assert_eq!(bytes_of(storage, case(2), 0).await, data, "freeing moved blocks but not bytes");
    storage.close();
    let rows = rows_of(&fixture, "SELECT count(*), max(slot) FROM blocks");
    assert_eq!(rows, [[8, 7]]);
    assert_eq!(rows_of(&fixture, "SELECT count(*), 0 FROM uploads"), [[0, 0]]);
}

fn rows_of(fixture: &Fixture, sql: &str) -> Vec<[i64; 2]> {
    let db = rusqlite::Connection::open(fixture.folder.path().join("mohr.db")).unwrap();
    let mut statement = db.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok([row.get(0)?, row.get(1)?])).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn cases_are_listed_by_id_page_by_page() {
    let fixture = Fixture::new(Options::default());
    let storage = &fixture.storage;
    for n in [7, 2, 9, 4] {
        storage.create_upload(new(MessageKind::Report, n, SIZE), whole(&blob(n, SIZE))).await.unwrap();
    }
    let first = storage.reports(None, 3).await.unwrap();
    let ids =
        |found: &storage::StoredReports| found.reports.iter().map(|(case, _)| *case).collect::<Vec<_>>();
    assert_eq!(ids(&first), [case(2), case(4), case(7)]);
    assert_eq!(first.next, Some(case(7)));
    let second = storage.reports(first.next, 3).await.unwrap();
    assert_eq!(ids(&second), [case(9)]);
    assert_eq!(second.next, None);
    assert_eq!(storage.reports(None, 4).await.unwrap().next, None);
}

#[tokio::test]
async fn of_what_is_dropped_nothing_is_left_in_the_file() {
    let fixture = Fixture::new(Options::default());
    let storage = &fixture.storage;
    let (mark, kept) = (*b"a mark that is looked for", *b"another, of what is kept");
    let marked = |mark: &[u8], blocks: usize| {
        let mut data = vec![0; blocks * SIZE];
        data.chunks_mut(SIZE).for_each(|block| block[20_000..20_000 + mark.len()].copy_from_slice(mark));
        data
    };
    let dropped = marked(&mark, 16);
    for n in 1..5 {
        storage.create_upload(new(MessageKind::Report, n, SIZE), whole(&marked(&kept, 1))).await.unwrap();
        let first = Some(piece(&dropped, 0, 16 * SIZE - 1));
        let (id, _) =
            storage.create_upload(new(MessageKind::Report, n + 100, dropped.len()), first).await.unwrap();
        if n % 2 == 0 {
            storage.remove_upload(id, owner(n + 100)).await.unwrap();
        }
    }
    storage.purge(day("2026-12-01")).await.unwrap();
    storage.settle().await.unwrap();
    let count = |mark: &[u8]| {
        let files = std::fs::read_dir(fixture.folder.path()).unwrap();
        let files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        files.map(|file| file.windows(mark.len()).filter(|part| *part == mark).count()).sum::<usize>()
    };
    assert_eq!(count(&mark), 0);
    assert_eq!(count(&kept), 4);
}

#[tokio::test]
async fn a_purge_drops_any_number() {
    let fixture = Fixture::new(Options::default());
    let storage = &fixture.storage;
    for n in 0..250 {
        storage.create_upload(new(MessageKind::Report, n, SIZE), None).await.unwrap();
    }
    storage.purge(day("2026-11-24")).await.unwrap();
    storage.close();
    assert_eq!(rows_of(&fixture, "SELECT count(*), 0 FROM uploads"), [[0, 0]]);
}
