use std::sync::Arc;

use super::super::database;
use super::*;
use crate::protocol::ids::OfficeId;

const OFFICE: OfficeId = OfficeId::from_bytes([1; 16]);

/// A queue over a database of its own, whose writes wait so long for a lock.
fn start(lock_wait: Duration) -> (Arc<WriteQueue>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mohr.db");
    database::create(&path, OFFICE).unwrap();
    let db = database::open_for_writing(&path, OFFICE, Default::default()).unwrap();
    db.busy_timeout(lock_wait).unwrap();
    (Arc::new(WriteQueue::start(db, &path, Span::none()).unwrap()), folder)
}

/// Both are `busy` to a client; an operator who reads the log looks for different things.
#[tokio::test]
async fn a_full_queue_and_a_held_database_are_told_apart() {
    let (queue, folder) = start(Duration::from_millis(500));
    let other = Connection::open(folder.path().join("mohr.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let submitted: Vec<_> = (0..2 * (QUEUE_LENGTH + BATCH_LENGTH))
        .map(|_| {
            tokio::spawn({
                let queue = queue.clone();
                async move { queue.submit(0, |_| Ok(())).await }
            })
        })
        .collect();
    let (mut busy, mut locked) = (0, 0);
    for submission in submitted {
        match submission.await.unwrap() {
            Err(Error::Busy) => busy += 1,
            Err(Error::Locked) => locked += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(locked >= QUEUE_LENGTH && busy >= QUEUE_LENGTH, "{locked} locked, {busy} busy");
    assert_ne!(Error::Busy.to_string(), Error::Locked.to_string());
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(queue.submit(0, |_| Ok(5)).await, Ok(5));
    queue.stop();
    assert_eq!(queue.submit(0, |_| Ok(5)).await, Err(Error::Closed));
}

/// The WAL tells the order of arrival, and it lies beside the file that a link points to.
#[tokio::test]
async fn a_database_behind_a_link_is_settled_too() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("mohr.db"), folder.path().join("link.db"));
    database::create(&path, OFFICE).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let queue = WriteQueue::start(
        database::open_for_writing(&link, OFFICE, Default::default()).unwrap(),
        &link,
        Span::none(),
    )
    .unwrap();
    queue.submit(0, |db| Ok(db.execute("INSERT INTO dropped VALUES (zeroblob(16))", [])?)).await.unwrap();
    let wal_bytes = || std::fs::metadata(folder.path().join("mohr.db-wal")).unwrap().len();
    assert!(wal_bytes() > 0);
    let end = Instant::now() + Duration::from_secs(10);
    while wal_bytes() > 0 {
        assert!(Instant::now() < end, "the WAL is never emptied");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    queue.stop();
}

/// Adds a row that [`kept`] counts.
async fn write(queue: &WriteQueue) -> Result<(), Error> {
    let row: [u8; 16] = rand::random();
    queue
        .submit(0, move |db| {
            Ok(db.execute("INSERT INTO cases VALUES (?, randomblob(32), randomblob(32))", [row])?)
        })
        .await?;
    Ok(())
}

fn kept(path: &Path) -> usize {
    let db = database::open_for_reading(path, OFFICE).unwrap();
    db.query_row("SELECT count(*) FROM cases", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_was_moved_away() {
    let (queue, folder) = start(Duration::from_secs(5));
    let (path, away) = (folder.path().join("mohr.db"), folder.path().join("away.db"));
    assert_eq!(write(&queue).await, Ok(()));
    std::fs::rename(&path, &away).unwrap();
    assert_eq!(write(&queue).await, Err(Error::FileReplaced), "nothing is there");
    std::fs::copy(&away, &path).unwrap();
    assert_eq!(write(&queue).await, Err(Error::FileReplaced), "a copy of it, such as a backup, is there");
    std::fs::rename(&away, &path).unwrap();
    assert_eq!(write(&queue).await, Ok(()), "it is back");
    queue.stop();
    assert_eq!(kept(&path), 2);
}

#[tokio::test]
async fn nothing_is_acknowledged_into_a_wal_that_was_deleted() {
    let (queue, folder) = start(Duration::from_secs(5));
    let path = folder.path().join("mohr.db");
    assert_eq!(write(&queue).await, Ok(()));
    std::fs::remove_file(folder.path().join("mohr.db-wal")).unwrap();
    assert_eq!(write(&queue).await, Err(Error::FileReplaced));
    // Ending in order still copies what was acknowledged.
    queue.stop();
    assert_eq!(kept(&path), 1);
}

/// Moved between the first look and the commit.
#[tokio::test]
async fn a_commit_is_looked_at_before_it_is_acknowledged() {
    let (queue, folder) = start(Duration::from_secs(5));
    let (path, away) = (folder.path().join("mohr.db"), folder.path().join("away.db"));
    let (from, to) = (path.clone(), away.clone());
    let moved = queue.submit(0, move |_| {
        std::fs::rename(&from, &to).unwrap();
        Ok(())
    });
    assert_eq!(moved.await, Err(Error::FileReplaced));
    std::fs::rename(&away, &path).unwrap();
    queue.stop();
}
