//! Two threads of a case, memos, one-way cases, the journal, profiles: what version 1 keeps beside blobs.

use mohr::protocol::ids::{CaseId, MailboxId, WriteHash};
use mohr::protocol::record::ThreadName;
use mohr::protocol::upload::MessageKind;
use mohr::storage::{self, Error, NewUpload, Options, Owner, Piece, ProfileAdmission, Storage, ThreadsQuery};
use mohr::verify::digest::sha256;

use super::{OFFICE, WRITE, memo, threads_of, write_of};

const SIZE: usize = 32 * 1024;
const CASE: CaseId = CaseId::from_bytes([1; 16]);
const REPORTER: Owner = Owner::from_bytes([1; 32]);
const INSPECTOR: Owner = Owner::from_bytes([9; 32]);

struct Fixture {
    storage: Storage,
    path: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    storage::create(&path, OFFICE.office).unwrap();
    let storage = Storage::open(&path, OFFICE, Options::default()).unwrap();
    Fixture { storage, path, _folder: folder }
}

fn blob(seed: u8) -> Vec<u8> {
    vec![seed; SIZE]
}

fn upload(kind: MessageKind, case: CaseId) -> NewUpload {
    let owner = if kind.is_from_reporter() { REPORTER } else { INSPECTOR };
    let day = "2026-11-21".parse().unwrap();
    NewUpload { owner, kind, case, write_hash: write_of(kind), length_bytes: SIZE as u64, day }
}

fn whole(seed: u8) -> Option<Piece> {
    let data = blob(seed);
    Some(Piece { offset: 0, digest: Some(sha256(&data)), data, memo: Some(memo(seed)) })
}

async fn send(storage: &Storage, kind: MessageKind, case: CaseId, seed: u8) -> Result<(), Error> {
    storage.create_upload(upload(kind, case), whole(seed)).await.map(|_| ())
}

#[tokio::test]
async fn a_case_has_two_threads_and_memos_stand_beside_what_the_reporter_sent() {
    let fixture = fixture();
    let storage = &fixture.storage;
    let kinds = [
        MessageKind::Report,
        MessageKind::Record,
        MessageKind::Reply,
        MessageKind::FollowUp,
        MessageKind::Record,
    ];
    for (seed, kind) in (1..).zip(kinds) {
        send(storage, kind, CASE, seed).await.unwrap();
    }
    let threads = threads_of(storage, CASE).await;
    let shown =
        |thread: &[storage::MessageSummary]| thread.iter().map(|m| (m.position, m.kind)).collect::<Vec<_>>();
    let mailbox = [(0, MessageKind::Report), (1, MessageKind::Reply), (2, MessageKind::FollowUp)];
    assert_eq!(shown(&threads.mailbox), mailbox);
    assert_eq!(shown(&threads.office), [(0, MessageKind::Record), (1, MessageKind::Record)]);
    let found = storage.mailbox(MailboxId::from_bytes([1; 32]), 0, 9).await.unwrap().unwrap();
    let memos: Vec<_> = found.entries.iter().map(|(_, memo)| memo.clone()).collect();
    assert_eq!(memos, [Some(memo(1)), None, Some(memo(4))]);
    for (thread, position, seed) in
        [(ThreadName::Office, 0, 2), (ThreadName::Office, 1, 5), (ThreadName::Mailbox, 2, 4)]
    {
        let message = storage.message(CASE, thread, position, Some(WRITE)).await.unwrap();
        assert!(storage.message_bytes(&message, 0, usize::MAX).await.unwrap() == blob(seed));
        assert!(storage.message(CASE, thread, position, None).await.is_err());
    }
    let report = storage.message(CASE, ThreadName::Mailbox, 0, None).await.unwrap();
    assert_eq!(report.summary.sha256, sha256(&blob(1)));
}

#[tokio::test]
async fn a_mailbox_and_the_threads_are_read_in_bounded_parts() {
    let fixture = fixture();
    let storage = &fixture.storage;
    send(storage, MessageKind::Report, CASE, 0).await.unwrap();
    for seed in 1..10 {
        send(storage, MessageKind::FollowUp, CASE, seed).await.unwrap();
        send(storage, MessageKind::Record, CASE, seed).await.unwrap();
    }
    let mailbox = MailboxId::from_bytes([1; 32]);
    for (from, limit, shown, more) in
        [(0, 4, 4, true), (4, 6, 6, false), (4, 5, 5, true), (10, 5, 0, false), (u64::MAX, 5, 0, false)]
    {
        let page = storage.mailbox(mailbox, from, limit).await.unwrap().unwrap();
        assert_eq!((page.entries.len(), page.more), (shown, more), "{from} {limit}");
        assert!(
            page.entries
                .iter()
                .zip(from..)
                .all(|((entry, _), position)| u64::from(entry.position) == position)
        );
    }
    assert_eq!(storage.mailbox(MailboxId::from_bytes([2; 32]), 0, 9).await, Ok(None));
    let query = |mailbox, office| ThreadsQuery { case: CASE, write_hash: Some(WRITE), mailbox, office };
    let queries = vec![query(0, 0), query(8, 8), query(0, 9)];
    let found = storage.threads(queries, 4, 9).await.unwrap();
    let counts: Vec<_> =
        found.iter().map(|case| (case.mailbox.len(), case.office.len(), case.more)).collect();
    assert_eq!(counts, [(4, 4, true), (1, 0, true), (0, 0, true)], "nine in all");
    let found = storage.threads(vec![query(8, 8), query(10, 9)], 4, 9).await.unwrap();
    let counts: Vec<_> =
        found.iter().map(|case| (case.mailbox.len(), case.office.len(), case.more)).collect();
    assert_eq!(counts, [(2, 1, false), (0, 0, false)]);
}

#[tokio::test]
async fn the_write_hash_of_a_report_in_pieces_waits_with_it() {
    let fixture = fixture();
    let (storage, path) = (&fixture.storage, &fixture.path);
    let (id, _) = storage.create_upload(upload(MessageKind::Report, CASE), None).await.unwrap();
    assert_eq!(storage.upload(id, REPORTER).await.unwrap().write_hash, Some(WRITE));
    let piece = |from: usize, to: usize, memo| {
        let data = blob(3);
        let digest = (to == SIZE).then(|| sha256(&data));
        Piece { offset: from as u64, data: data[from..to].to_vec(), digest, memo }
    };
    let day = "2026-11-21".parse().unwrap();
    storage.append(id, REPORTER, piece(0, 100, None), day).await.unwrap();
    let without = storage.append(id, REPORTER, piece(100, SIZE, None), day).await;
    assert_eq!(without, Err(Error::MemoMissing));
    assert_eq!(storage.upload(id, REPORTER).await.unwrap().offset, 100, "it stands where it stood");
    storage.append(id, REPORTER, piece(100, SIZE, Some(memo(3))), day).await.unwrap();
    assert_eq!(storage.upload(id, REPORTER).await.unwrap().write_hash, None, "the case has it now");
    send(storage, MessageKind::Reply, CASE, 4).await.unwrap();
    let other =
        NewUpload { write_hash: Some(WriteHash::from_bytes([0; 32])), ..upload(MessageKind::Reply, CASE) };
    assert_eq!(storage.create_upload(other, whole(5)).await.unwrap_err(), Error::NotFound);
    // A report that would be anybody's to write into is never stored.
    let open = NewUpload {
        owner: Owner::from_bytes([2; 32]),
        write_hash: None,
        ..upload(MessageKind::Report, CaseId::from_bytes([2; 16]))
    };
    assert!(matches!(storage.create_upload(open, whole(6)).await, Err(Error::Failed(_))));
    assert!(matches!(storage.create_upload(open, None).await, Err(Error::Failed(_))));
    storage.close();
    let db = rusqlite::Connection::open(path).unwrap();
    assert_eq!(db.query_row("SELECT count(*) FROM cases", [], |row| row.get(0)), Ok(1));
}

#[tokio::test]
async fn a_one_way_case_has_no_mailbox_and_no_write_token() {
    let fixture = fixture();
    let (storage, path) = (&fixture.storage, &fixture.path);
    let (data, day) = (blob(1), "2026-11-21".parse().unwrap());
    storage.add_one_way(CASE, data.clone(), sha256(&data), day).await.unwrap();
    let again = storage.add_one_way(CASE, blob(2), sha256(&blob(2)), day).await;
    assert_eq!(again, Err(Error::CaseExists));
    assert_eq!(send(storage, MessageKind::Reply, CASE, 3).await, Err(Error::OneWay));
    assert_eq!(send(storage, MessageKind::Report, CASE, 3).await, Err(Error::CaseExists));
    assert_eq!(send(storage, MessageKind::FollowUp, CASE, 3).await, Err(Error::UnknownMailbox));
    send(storage, MessageKind::Record, CASE, 3).await.unwrap();
    let threads = threads_of(storage, CASE).await;
    assert_eq!((threads.mailbox.len(), threads.office.len()), (1, 1));
    let message = storage.message(CASE, ThreadName::Mailbox, 0, None).await.unwrap();
    assert!(storage.message_bytes(&message, 0, usize::MAX).await.unwrap() == data);
    storage.close();
    let db = rusqlite::Connection::open(path).unwrap();
    let uploads = "SELECT count(*) FROM uploads WHERE kind = 'report'";
    assert_eq!(db.query_row(uploads, [], |row| row.get(0)), Ok(0), "nobody will ask for it");
}

#[tokio::test]
async fn the_journal_begins_with_its_first_record() {
    let fixture = fixture();
    let storage = &fixture.storage;
    let journal = OFFICE.journal;
    for kind in [MessageKind::Report, MessageKind::FollowUp, MessageKind::Reply] {
        assert_eq!(send(storage, kind, journal, 1).await, Err(Error::CaseExists));
    }
    let refused =
        storage.add_one_way(journal, blob(1), sha256(&blob(1)), "2026-11-21".parse().unwrap()).await;
    assert_eq!(refused, Err(Error::CaseExists));
    assert!(threads_of(storage, journal).await.office.is_empty());
    let elsewhere = CaseId::from_bytes([3; 16]);
    assert_eq!(send(storage, MessageKind::Record, elsewhere, 1).await, Err(Error::NotFound));
    // In pieces, and two at once.
    let new = NewUpload { write_hash: None, ..upload(MessageKind::Record, journal) };
    let (id, _) = storage.create_upload(new, None).await.unwrap();
    send(storage, MessageKind::Record, journal, 1).await.unwrap();
    let data = blob(2);
    let piece = Piece { offset: 0, digest: Some(sha256(&data)), data, memo: None };
    storage.append(id, INSPECTOR, piece, "2026-11-21".parse().unwrap()).await.unwrap();
    for kind in [MessageKind::Report, MessageKind::FollowUp, MessageKind::Reply] {
        assert_eq!(send(storage, kind, journal, 1).await, Err(Error::CaseExists));
    }
    let threads = threads_of(storage, journal).await;
    assert_eq!((threads.mailbox.len(), threads.office.len()), (0, 2));
    assert!(storage.reports(None, 9).await.unwrap().reports.is_empty(), "it is no case");
}

#[tokio::test]
async fn every_profile_that_was_served_is_kept() {
    let fixture = fixture();
    let (storage, path) = (&fixture.storage, &fixture.path);
    let digest = |text: &str| sha256(text.as_bytes());
    let keep = |version, text: &'static str, note: &'static str| {
        storage.keep_profile(version, digest(text), note.as_bytes().to_vec())
    };
    assert_eq!(keep(3, "three", "three, signed").await, Ok(ProfileAdmission::Kept));
    assert_eq!(keep(3, "three", "three, signed").await, Ok(ProfileAdmission::Kept));
    assert_eq!(keep(3, "other", "other, signed").await, Ok(ProfileAdmission::OtherText));
    assert_eq!(keep(5, "five", "five, signed").await, Ok(ProfileAdmission::Kept));
    assert_eq!(keep(3, "three", "three, signed").await, Ok(ProfileAdmission::Older { served: 5 }));
    assert_eq!(keep(4, "four", "four, signed").await, Ok(ProfileAdmission::Older { served: 5 }));
    assert_eq!(keep(5, "five", "five, signed twice").await, Ok(ProfileAdmission::Kept));
    storage.close();
    let storage = Storage::open(path, OFFICE, Options::default()).unwrap();
    for (version, note) in [(3, "three, signed"), (5, "five, signed twice")] {
        assert_eq!(storage.profile(version).await.unwrap(), note.as_bytes());
    }
    for none in [0, 4, 6, u64::from(u32::MAX), (1 << 53) - 1] {
        assert_eq!(storage.profile(none).await, Err(Error::NotFound));
    }
}
