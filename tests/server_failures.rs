//! A database that is held by somebody or broken: each failure has its word, and nothing is half stored.

#[path = "it/support/server.rs"]
mod server_support;

use server_support::*;

#[test]
fn a_database_that_somebody_holds_is_busy() {
    let server = Server::start();
    let db = rusqlite::Connection::open(server.database()).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    let refused = server.send("report", &token, &case, &blob).problem(503, "busy");
    assert!(refused.header("retry-after").parse::<u32>().is_ok());
    assert!(server.mailbox(&token)["case"].is_null(), "reading goes on");
    db.execute_batch("ROLLBACK").unwrap();
    server.send("report", &token, &case, &blob).expect(201);
}

/// More at once than the queue holds, while the database is held: the rest is told to come again, at once.
#[test]
fn a_full_queue_is_busy() {
    let server = Server::start();
    let db = rusqlite::Connection::open(server.database()).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let tokens: Vec<String> = (0..500).map(|_| token()).collect();
    let streams: Vec<_> = tokens
        .iter()
        .map(|token| server.creation("report", token, &case(), TEXT).content(&sealed(TEXT)).send_part(TEXT))
        .collect();
    std::thread::sleep(std::time::Duration::from_secs(2));
    db.execute_batch("ROLLBACK").unwrap();
    let statuses: Vec<u16> = streams.into_iter().map(|stream| Response::read(stream).status).collect();
    let taken = statuses.iter().filter(|status| **status == 201).count();
    assert!(taken >= 256, "{taken} taken: what waited in the queue is not lost");
    assert!(statuses.iter().filter(|status| **status == 503).count() >= 50, "{taken} taken of 500");
    for (token, status) in tokens.iter().zip(statuses) {
        assert!(matches!(status, 201 | 503), "{status}");
        assert_eq!(server.mailbox(token)["case"].is_null(), status == 503);
    }
}

#[test]
fn a_broken_database_is_internal() {
    let server = Server::start();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    let session = server.session(0);
    let db = rusqlite::Connection::open(server.database()).unwrap();
    db.execute_batch("DROP TABLE messages").unwrap();
    server.get("/api/v1/mailbox").bearer(&token).send().problem(500, "internal");
    server.get("/api/v1/cases").bearer(&session).send().problem(500, "internal");
    server.send("follow-up", &token, &case, &sealed(TEXT)).problem(500, "internal");
    server.get("/api/v1/profile").send().expect(200);
}

/// A backup that runs while the server starts puts the dropping of stale uploads off, but not for long.
#[test]
fn stale_uploads_are_dropped_soon_after_the_database_is_given_back() {
    let mut server = Server::start();
    let token = token();
    let location = server.creation("report", &token, &case(), TEXT).body(b"").send().expect(201);
    let location = location.header("location").to_owned();
    server.stop();
    let db = rusqlite::Connection::open(server.database()).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    server.days.store(3, std::sync::atomic::Ordering::SeqCst);
    let server = server.restart();
    // Longer than a write waits for the lock.
    std::thread::sleep(std::time::Duration::from_secs(6));
    server.head(&location, &token).expect(200);
    db.execute_batch("ROLLBACK").unwrap();
    eventually("the upload is dropped", || server.head(&location, &token).status == 404);
}

/// Somebody restores a backup without stopping the server first: what it would take
/// now, nobody would find again.
#[test]
fn a_database_that_was_replaced_takes_nothing_more() {
    let server = Server::start();
    let (first, second, blob) = (token(), token(), sealed(TEXT));
    server.send("report", &first, &case(), &blob).expect(201);
    let (away, backup) = (server.folder().join("away.db"), server.folder().join("backup.db"));
    mohr::storage::create(&backup, server.office.profile.office).unwrap();
    std::fs::hard_link(server.database(), &away).unwrap();
    std::fs::rename(&backup, server.database()).unwrap();
    let second_case = case();
    server.send("report", &second, &second_case, &blob).problem(500, "internal");
    assert!(!server.mailbox(&first)["case"].is_null(), "what was acknowledged is still read");
    std::fs::rename(&away, server.database()).unwrap();
    server.send("report", &second, &second_case, &blob).expect(201);
    let server = server.restart();
    for token in [first, second] {
        assert!(!server.mailbox(&token)["case"].is_null());
    }
}
