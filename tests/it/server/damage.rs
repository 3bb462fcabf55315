//! A disk that forgets: what it has taken of a blob costs that blob, and the operator is told by kind.

use std::io::{Seek, SeekFrom, Write as _};

use mohr::http::log::{self, Level};

use crate::support::server::*;

const PAGE: usize = 4096;
const DAMAGED: &str = "a stored blob is damaged";

/// Three reports, of which the middle one is large.
fn reports(server: &Server) -> Vec<(String, String, Vec<u8>)> {
    let reports: Vec<_> = [TEXT, 16 * TEXT, TEXT].map(|length| (token(), case(), sealed(length))).into();
    for (token, case, blob) in &reports {
        server.send("report", token, case, blob).expect(201);
    }
    reports
}

/// Everything but the damaged blob goes on: lists, other blobs, new reports.
fn check_the_rest(server: &Server, reports: &[(String, String, Vec<u8>)], damaged: usize) {
    let session = server.session(0);
    for (index, (token, _, blob)) in reports.iter().enumerate() {
        let listed = server.mailbox(token);
        assert_eq!(listed["messages"][0]["sha256"], mohr::verify::digest::sha256(blob).to_string());
        if index != damaged {
            assert_eq!(server.get("/api/v1/mailbox/0").bearer(token).send().expect(200).body, *blob);
        }
    }
    let cases = server.get("/api/v1/cases").bearer(&session).send().expect(200).json();
    assert_eq!(cases["cases"].as_array().unwrap().len(), reports.len());
    // Each new block changes places with one that is there; it must not matter which.
    for _ in 0..30 {
        let (token, case, blob) = (token(), case(), sealed(TEXT));
        server.send("report", &token, &case, &blob).expect(201);
        assert_eq!(server.get("/api/v1/mailbox/0").bearer(&token).send().expect(200).body, blob);
    }
}

fn check_log(lines: &Lines, secrets: &[&str], times: usize) {
    let log = lines.text();
    assert_eq!(log.matches(DAMAGED).count(), times, "{log}");
    for secret in secrets {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

#[test]
fn a_blob_whose_blocks_are_missing_costs_that_blob_alone() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(log::subscriber(Level::Trace, lines.clone()));
    let server = Server::start();
    let reports = reports(&server);
    let (token, case, blob) = &reports[0];
    let db = rusqlite::Connection::open(server.database()).unwrap();
    let forgotten = db.execute(
        "DELETE FROM blocks WHERE substr(part, 1, 16) = (SELECT blob_id FROM messages WHERE sha256 = ?)",
        [mohr::verify::digest::sha256(blob).as_bytes()],
    );
    assert_eq!(forgotten.unwrap(), 1);
    server.get("/api/v1/mailbox/0").bearer(token).send().problem(500, "internal");
    check_log(&lines, &[token, case], 1);
    let path = format!("/api/v1/cases/{case}/mailbox/0");
    server.get(&path).bearer(&server.session(0)).send().problem(500, "internal");
    check_log(&lines, &[token, case], 2);
    check_the_rest(&server, &reports, 0);
}

/// The first bytes can be read and are promised; what is missing further on cuts
/// the line, and is said in the log.
#[test]
fn a_blob_that_ends_in_the_middle_is_cut_and_logged_once() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(log::subscriber(Level::Trace, lines.clone()));
    let server = Server::start();
    let reports = reports(&server);
    let (token, case, blob) = &reports[1];
    let db = rusqlite::Connection::open(server.database()).unwrap();
    let forgotten = db.execute(
        "DELETE FROM blocks WHERE part =
         (SELECT CAST(blob_id || x'00000009' AS BLOB) FROM messages WHERE sha256 = ?)",
        [mohr::verify::digest::sha256(blob).as_bytes()],
    );
    assert_eq!(forgotten.unwrap(), 1);
    let answer = server.get("/api/v1/mailbox/0").bearer(token).send().expect(200);
    assert_eq!(answer.header("content-length"), blob.len().to_string());
    assert!(answer.body.len() < 9 * TEXT && blob.starts_with(&answer.body), "{}", answer.body.len());
    check_log(&lines, &[token, case], 1);
    let range = format!("bytes={}-", 12 * TEXT);
    let end = server.get("/api/v1/mailbox/0").bearer(token).header("Range", &range).send().expect(206);
    assert_eq!(end.body, blob[12 * TEXT..], "what is there can be had");
    check_the_rest(&server, &reports, 1);
}

/// A page of the file itself is garbage: SQLite says that the database is corrupt,
/// of this block and of no other.
#[test]
fn a_page_that_cannot_be_read_costs_one_blob() {
    let mut server = Server::start();
    let reports = reports(&server);
    let (token, _, blob) = &reports[2];
    server.stop();
    let bytes = std::fs::read(server.database()).unwrap();
    let part = &blob[TEXT / 2..TEXT / 2 + 64];
    let places: Vec<_> = (0..bytes.len() - 64).filter(|at| bytes[*at..].starts_with(part)).collect();
    assert_eq!(places.len(), 1);
    let mut file = std::fs::OpenOptions::new().write(true).open(server.database()).unwrap();
    // Where an overflow page says which one is next.
    file.seek(SeekFrom::Start((places[0] / PAGE * PAGE) as u64)).unwrap();
    file.write_all(&[0xff; 4]).unwrap();
    drop(file);
    let server = server.restart();
    server.get("/api/v1/mailbox/0").bearer(token).send().problem(500, "internal");
    check_the_rest(&server, &reports, 2);
}
