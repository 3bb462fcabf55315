//! `201` means durable: the program is killed at random moments under load, again and again, on one
//! database. Every acknowledged message is there afterwards, byte for byte; nothing is half visible;
//! every acknowledged offset holds.

#[path = "it/support/server.rs"]
mod server_support;

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mohr::verify::digest::sha256;
use rand::RngExt as _;
use server_support::*;

const ROUNDS: usize = 8;
const SENDERS: usize = 8;
const LARGE: usize = 16 * TEXT;

struct Sent {
    token: String,
    blob: Vec<u8>,
    /// Where a resumable upload stands at least, and its address.
    upload: Option<(String, usize)>,
    acknowledged: bool,
}

#[test]
fn what_was_acknowledged_survives_sigkill() {
    let site = Site::new(&[std::sync::Arc::new(Office::new())]);
    let folder = &site.folder;
    let mut all = Vec::new();
    for _ in 0..ROUNDS {
        let (mut program, address) = start(folder.path());
        let stop = AtomicBool::new(false);
        let mut sent = std::thread::scope(|scope| {
            let stop = &stop;
            let senders: Vec<_> =
                (0..SENDERS).map(|i| scope.spawn(move || send_until(stop, address, i % 4 == 0))).collect();
            std::thread::sleep(Duration::from_millis(rand::rng().random_range(300..900)));
            program.kill().unwrap();
            program.wait().unwrap();
            stop.store(true, Ordering::SeqCst);
            senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
        });
        all.append(&mut sent);

        let (mut program, address) = start(folder.path());
        check(address, &all);
        // Killed once more, at rest: also the recovery itself must not need a clean end.
        program.kill().unwrap();
        program.wait().unwrap();
    }
    let acknowledged = all.iter().filter(|message| message.acknowledged).count();
    println!("{} messages, {acknowledged} acknowledged, {ROUNDS} times killed", all.len());
    assert!(acknowledged > 3 * ROUNDS && acknowledged < all.len(), "not killed at work");
    check_database(&folder.path().join("mohr.db"), &all);
}

fn start(folder: &Path) -> (Child, SocketAddr) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = folder.join("server.toml");
    let text = format!(
        "listen = '{address}'\n[log]\nlevel = 'error'\n[[office]]\nhosts = ['{HOST}']\ndatabase = 'mohr.db'\n\
         profile = 'profile.note'\n"
    );
    std::fs::write(&config, text).unwrap();
    let program = Command::new(env!("CARGO_BIN_EXE_mohr"))
        .args(["serve", "--config"])
        .arg(&config)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let answers = || Request::new(address, "GET", "/api/v1/profile").try_send().is_some();
    eventually("the program answers", answers);
    (program, address)
}

fn send_until(stop: &AtomicBool, address: SocketAddr, large: bool) -> Vec<Sent> {
    let mut sent = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let blob = sealed(if large { LARGE } else { TEXT });
        let mut message = Sent { token: token(), blob, upload: None, acknowledged: false };
        let creation = Request::new(address, "POST", "/api/v1/uploads")
            .tus()
            .bearer(&message.token)
            .header("Upload-Length", &message.blob.len().to_string())
            .header("Upload-Metadata", &metadata("report", &case()))
            .header("Upload-Memo", &memo());
        if large {
            in_pieces(address, creation.body(b""), &mut message);
        } else if let Some(answer) = creation.content(&message.blob).try_send() {
            message.acknowledged = answer.status == 201;
            assert!(matches!(answer.status, 201 | 503), "{}", answer.status);
        }
        sent.push(message);
    }
    sent
}

fn in_pieces(address: SocketAddr, creation: Request, message: &mut Sent) {
    let Some(answer) = creation.try_send() else { return };
    let location = answer.expect(201).header("location").to_owned();
    let mut at = 0;
    message.upload = Some((location.clone(), at));
    while at < message.blob.len() {
        let end = (at + rand::rng().random_range(1..200_000)).min(message.blob.len());
        let patch = Request::new(address, "PATCH", &location)
            .tus()
            .bearer(&message.token)
            .header("Upload-Offset", &at.to_string())
            .header("Upload-Memo", &memo())
            .content(&message.blob[at..end]);
        let Some(answer) = patch.try_send() else { return };
        at = answer.expect(204).offset();
        assert_eq!(at, end);
        message.upload = Some((location.clone(), at));
    }
    message.acknowledged = true;
}

fn check(address: SocketAddr, all: &[Sent]) {
    for message in all {
        let get = |path: &str| Request::new(address, "GET", path).bearer(&message.token).send();
        let listed = get("/api/v1/mailbox").expect(200).json();
        let messages = listed["messages"].as_array().unwrap();
        assert!(!message.acknowledged || messages.len() == 1, "an acknowledged message is lost");
        if let Some(listed) = messages.first() {
            assert_eq!(listed["sha256"], sha256(&message.blob).to_string());
        }
        if let (Some((location, at)), true) = (&message.upload, messages.is_empty()) {
            let head =
                Request::new(address, "HEAD", location).tus().bearer(&message.token).send().expect(200);
            assert!(head.offset() >= *at, "an acknowledged offset is lost: {} < {at}", head.offset());
        }
    }
    // Reading every blob each time would take long; a sample of old ones and all of the newest.
    for message in all.iter().rev().take(50).chain(all.iter().step_by(17)) {
        let get = |path: &str| Request::new(address, "GET", path).bearer(&message.token).send();
        let blob = get("/api/v1/mailbox/0");
        if blob.status == 200 || message.acknowledged {
            assert!(blob.expect(200).body == message.blob, "a blob was changed");
        }
    }
}

/// What the database itself says, and that nothing of it hangs in the air.
fn check_database(path: &Path, all: &[Sent]) {
    let db = rusqlite::Connection::open(path).unwrap();
    let one = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let text: String = db.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(text, "ok");
    assert!(db.query_row("PRAGMA foreign_key_check", [], |_| Ok(())).is_err(), "a message without its case");
    assert_eq!(one("SELECT count(*) FROM cases"), one("SELECT count(*) FROM messages"));
    assert_eq!(
        one("SELECT coalesce(max(slot), -1) + 1 FROM blocks"),
        one("SELECT count(*) FROM blocks"),
        "a gap"
    );
    assert_eq!(
        one("SELECT count(*) FROM parts JOIN blocks USING (slot, part)"),
        one("SELECT count(*) FROM parts")
    );
    assert_eq!(one("SELECT count(*) FROM blocks"), one("SELECT count(*) FROM parts"));
    let whole = "SELECT count(*) FROM messages m WHERE size_bytes / 32768 <>
        (SELECT count(*) FROM parts WHERE substr(part, 1, 16) = m.blob_id)";
    assert_eq!(one(whole), 0, "a message without all its blocks");
    let owned = "SELECT count(*) FROM parts WHERE substr(part, 1, 16) NOT IN
        (SELECT blob_id FROM messages UNION ALL SELECT blob_id FROM uploads WHERE blob_id IS NOT NULL
         UNION ALL SELECT blob_id FROM dropped)";
    assert_eq!(one(owned), 0, "blocks of nobody");
    assert!(
        one("SELECT count(*) FROM messages") as usize
            >= all.iter().filter(|message| message.acknowledged).count()
    );
}
