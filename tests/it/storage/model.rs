//! Any sequence of operations leaves what a simple model says: uploads in progress, messages byte for byte,
//! and an array of blocks without a gap.

use std::collections::HashMap;

use mohr::protocol::day::Day;
use mohr::protocol::ids::CaseId;
use mohr::protocol::record::ThreadName;
use mohr::protocol::upload::MessageKind;
use mohr::storage::{self, Error, NewUpload, Options, Owner, Piece, Storage, UploadId};
use mohr::verify::digest::sha256;
use proptest::prelude::*;

use super::{OFFICE, WRITE, memo, threads_of, write_of};

const BLOCK: usize = 32 * 1024;
/// Few, so that operations meet.
const CASES: u8 = 4;

#[derive(Debug, Clone)]
enum Operation {
    /// With so many of its first bytes, in parts of a thousand.
    Create {
        case: u8,
        kind: MessageKind,
        large: bool,
        first: usize,
        seed: u8,
    },
    Append {
        upload: usize,
        thousandths: usize,
        wrong_offset: bool,
    },
    Remove {
        upload: usize,
    },
    NextDay,
    Settle,
    Reopen,
}

fn operation() -> impl Strategy<Value = Operation> {
    let kind = prop_oneof![
        3 => Just(MessageKind::Report),
        2 => Just(MessageKind::FollowUp),
        1 => Just(MessageKind::Reply),
        1 => Just(MessageKind::Record),
    ];
    prop_oneof![
        5 => (0..CASES, kind, any::<bool>(), prop_oneof![Just(0), 1..1000usize, Just(1000)], 0..3u8)
            .prop_map(|(case, kind, large, first, seed)| Operation::Create { case, kind, large, first, seed }),
        8 => (any::<usize>(), prop_oneof![1..1000usize, Just(1000)], prop::bool::weighted(0.1))
            .prop_map(|(upload, thousandths, wrong_offset)| Operation::Append { upload, thousandths, wrong_offset }),
        2 => any::<usize>().prop_map(|upload| Operation::Remove { upload }),
        1 => Just(Operation::NextDay),
        1 => Just(Operation::Settle),
        1 => Just(Operation::Reopen),
    ]
}

#[derive(Default)]
struct Model {
    uploads: Vec<Upload>,
    /// The mailbox and the office's own thread.
    cases: HashMap<u8, [ThreadModel; 2]>,
}

type ThreadModel = Vec<(MessageKind, Vec<u8>)>;

struct Upload {
    id: UploadId,
    case: u8,
    kind: MessageKind,
    data: Vec<u8>,
    at: usize,
    day: i32,
    gone: bool,
}

impl Model {
    /// What becomes of a blob that is whole: its case is refused, or it is there afterwards.
    fn take(&mut self, case: u8, kind: MessageKind, data: &[u8]) -> Result<(), Error> {
        let thread = usize::from(kind.thread().byte());
        let message = (kind, data.to_vec());
        if self.cases.get(&case).is_some_and(|threads| threads[thread].contains(&message)) {
            return Ok(());
        }
        if kind == MessageKind::Report && self.cases.contains_key(&case) {
            return Err(Error::CaseExists);
        }
        self.cases.entry(case).or_default()[thread].push(message);
        Ok(())
    }
}

fn owner(case: u8, kind: MessageKind) -> Owner {
    Owner::from_bytes([if kind.is_from_reporter() { case } else { 99 }; 32])
}

fn data(large: bool, seed: u8) -> Vec<u8> {
    let length = if large { 4 * BLOCK } else { BLOCK };
    (0..length).map(|i| (i / 7) as u8 ^ (i / 300) as u8 ^ seed).collect()
}

fn day(days: i32) -> Day {
    "2026-11-21".parse::<Day>().unwrap().plus_days(days)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn storage_does_what_the_model_says(operations in prop::collection::vec(operation(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(run(operations));
    }
}

async fn run(operations: Vec<Operation>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    storage::create(&path, OFFICE.office).unwrap();
    let mut storage = Storage::open(&path, OFFICE, Options::default()).unwrap();
    let (mut model, mut today) = (Model::default(), 0);
    for operation in operations {
        match operation {
            Operation::Create { case, kind, large, first, seed } => {
                let data = data(large, seed);
                let at = data.len() * first / 1000;
                let new = NewUpload {
                    owner: owner(case, kind),
                    kind,
                    case: CaseId::from_bytes([case; 16]),
                    write_hash: write_of(kind),
                    length_bytes: data.len() as u64,
                    day: day(today),
                };
                let piece = (at > 0).then(|| piece(&data, 0, at));
                let result = storage.create_upload(new, piece).await;
                let known = model.cases.contains_key(&case);
                let expected = match kind {
                    MessageKind::FollowUp if !known => Err(Error::UnknownMailbox),
                    MessageKind::Reply | MessageKind::Record if !known => Err(Error::NotFound),
                    _ if at == data.len() => model.take(case, kind, &data),
                    _ => Ok(()),
                };
                assert_eq!(result.as_ref().map(|_| ()), expected.as_ref().map(|_| ()));
                if let Ok((id, progress)) = result {
                    assert_eq!((progress.offset as usize, progress.finished), (at, at == data.len()));
                    model.uploads.push(Upload { id, case, kind, data, at, day: today, gone: false });
                }
            }
            Operation::Append { upload, thousandths, wrong_offset } => {
                let count = model.uploads.len();
                let Some(index) = upload.checked_rem(count) else { continue };
                let upload = &model.uploads[index];
                let (id, case, kind, from, gone) =
                    (upload.id, upload.case, upload.kind, upload.at, upload.gone);
                let data = upload.data.clone();
                let to = from + ((data.len() - from) * thousandths).div_ceil(1000);
                let mut piece = piece(&data, from, to);
                if wrong_offset {
                    piece.offset += 1;
                }
                let result = storage.append(id, owner(case, kind), piece, day(today)).await;
                let expected = match () {
                    () if gone => Err(Error::NotFound),
                    () if from == data.len() => Err(Error::Finished),
                    () if wrong_offset => Err(Error::OffsetMismatch),
                    () if to == data.len() => model.take(case, kind, &data),
                    () => Ok(()),
                };
                assert_eq!(result.as_ref().map(|_| ()), expected.as_ref().map(|_| ()));
                let upload = &mut model.uploads[index];
                match result {
                    Ok(progress) => {
                        assert_eq!(progress.offset as usize, to);
                        upload.at = to;
                        if progress.finished {
                            upload.day = today;
                        }
                    }
                    Err(Error::CaseExists) => upload.gone = true,
                    Err(_) => {}
                }
            }
            Operation::Remove { upload } => {
                let count = model.uploads.len();
                let Some(index) = upload.checked_rem(count) else { continue };
                let upload = &mut model.uploads[index];
                let result = storage.remove_upload(upload.id, owner(upload.case, upload.kind)).await;
                let expected = match () {
                    () if upload.gone => Err(Error::NotFound),
                    () if upload.at == upload.data.len() => Err(Error::Finished),
                    () => Ok(()),
                };
                assert_eq!(result, expected);
                upload.gone |= result.is_ok();
            }
            Operation::NextDay => {
                today += 1;
                storage.purge(day(today)).await.unwrap();
                for upload in &mut model.uploads {
                    upload.gone |= upload.day < today - 2;
                }
            }
            Operation::Settle => storage.settle().await.unwrap(),
            Operation::Reopen => {
                storage.close();
                storage = Storage::open(&path, OFFICE, Options::default()).unwrap();
            }
        }
    }
    check(&storage, &model).await;
    storage.close();
    check_blocks(&path, &model);
}

fn piece(data: &[u8], from: usize, to: usize) -> Piece {
    let digest = (to == data.len()).then(|| sha256(data));
    Piece { offset: from as u64, data: data[from..to].to_vec(), digest, memo: Some(memo(3)) }
}

async fn check(storage: &Storage, model: &Model) {
    for upload in &model.uploads {
        let found = storage.upload(upload.id, owner(upload.case, upload.kind)).await;
        assert_eq!(found.is_err(), upload.gone);
        if let Ok(found) = found {
            assert_eq!(found.offset as usize, upload.at);
            if !found.is_finished() {
                let read =
                    storage.upload_bytes(upload.id, owner(upload.case, upload.kind), 0, usize::MAX).await;
                assert!(read.unwrap() == upload.data[..upload.at]);
            }
        }
    }
    let listed = storage.reports(None, 1000).await.unwrap();
    assert_eq!(listed.reports.len(), model.cases.len());
    for (case, _) in listed.reports {
        let listed = threads_of(storage, case).await;
        for (thread, listed) in [(ThreadName::Mailbox, listed.mailbox), (ThreadName::Office, listed.office)] {
            let expected = &model.cases[&case.as_bytes()[0]][usize::from(thread.byte())];
            assert_eq!(listed.len(), expected.len());
            for (position, (kind, data)) in (0..).zip(expected) {
                let message = storage.message(case, thread, position, Some(WRITE)).await.unwrap();
                assert_eq!((message.summary.kind, message.summary.sha256), (*kind, sha256(data)));
                assert!(storage.message_bytes(&message, 0, usize::MAX).await.unwrap() == *data);
                let (from, length) = (data.len() / 3, data.len() / 2);
                assert!(
                    storage.message_bytes(&message, from as u64, length).await.unwrap()
                        == data[from..from + length]
                );
            }
        }
    }
}

/// After `close` everything is settled: exactly the blocks that are needed, in slots without a gap.
fn check_blocks(path: &std::path::Path, model: &Model) {
    let stored = model.cases.values().flatten().flatten().map(|(_, data)| data.len() / BLOCK);
    let unfinished = model.uploads.iter().filter(|upload| !upload.gone && upload.at < upload.data.len());
    let needed = stored.sum::<usize>() + unfinished.map(|upload| upload.at.div_ceil(BLOCK)).sum::<usize>();
    let db = rusqlite::Connection::open(path).unwrap();
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(one("SELECT count(*) FROM blocks"), needed as i64);
    assert_eq!(one("SELECT coalesce(max(slot) + 1, 0) FROM blocks"), needed as i64);
    assert_eq!(one("SELECT count(*) FROM parts JOIN blocks USING (slot, part)"), needed as i64);
    assert_eq!(one("SELECT count(*) FROM dropped"), 0);
}
