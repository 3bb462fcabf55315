//! Text reports a second: durable, against the same traffic thrown away, and against one commit for each.
//!
//!     cargo bench --bench reports
//!
//! A few seconds and some hundred MB in the system's temporary folder. Absolute numbers are those of a
//! disk; the ratios tell of the program.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use mohr::protocol::ids::{CaseId, Digest, OfficeId, WriteHash, encode_hex};
use mohr::protocol::memo::{MEMO_SEALED_BYTES, SealedMemo};
use mohr::protocol::profile::{Profile, Root};
use mohr::protocol::upload::{MessageKind, UploadMetadata};
use mohr::seal::signing::SigningKey;
use mohr::server::{self, Config};
use mohr::storage::{self, NewUpload, OfficeIds, Options, Owner, Piece, Storage};
use mohr::verify::digest::{office_id, sha256};
use tokio::net::TcpListener;

const SIZE: usize = 32 * 1024;
const REPORTS: usize = 4_000;
const CONNECTIONS: usize = 64;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let thrown_away = measure_http(throw_away().await).await;
    let (address, stop) = serve(folder.path()).await;
    let durable = measure_http(address).await;
    stop.send(()).unwrap();
    let grouped = measure_storage(&folder.path().join("grouped.db"), CONNECTIONS).await;
    let single = measure_storage(&folder.path().join("single.db"), 1).await;
    let plain = measure_plain_inserts(&folder.path().join("plain.db"));

    println!("{REPORTS} reports of 32 KiB, reports a second:");
    println!("  HTTP, {CONNECTIONS} connections, thrown away      {thrown_away:8.0}");
    println!(
        "  HTTP, {CONNECTIONS} connections, durable          {durable:8.0}   {:.2} of it",
        durable / thrown_away
    );
    println!("  storage, {CONNECTIONS} at a time                  {grouped:8.0}");
    println!(
        "  storage, one at a time (a commit each)  {single:8.0}   groups are {:.2} times as fast",
        grouped / single
    );
    println!("  plain INSERT, a commit each             {plain:8.0}   without slots, digests and lists");
}

async fn measure_http(address: SocketAddr) -> f64 {
    let left = Arc::new(AtomicUsize::new(REPORTS));
    let begun = Instant::now();
    let senders: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let left = left.clone();
            tokio::task::spawn_blocking(move || send_reports(address, &left))
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    REPORTS as f64 / begun.elapsed().as_secs_f64()
}

fn send_reports(address: SocketAddr, left: &AtomicUsize) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut answer = [0; 4096];
    let memo = SealedMemo::from_bytes([7; MEMO_SEALED_BYTES]).encode();
    while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
        let metadata = UploadMetadata {
            kind: MessageKind::Report,
            case: CaseId::from_bytes(rand::random()),
            write_hash: Some(WriteHash::from_bytes(rand::random())),
        };
        let mut request = format!(
            "POST /api/v1/uploads HTTP/1.1\r\nHost: mohr.test\r\nTus-Resumable: 1.0.0\r\nAuthorization: Bearer {}\r\n\
             Upload-Length: {SIZE}\r\nUpload-Metadata: {}\r\nUpload-Memo: {memo}\r\n\
             Content-Type: application/offset+octet-stream\r\nContent-Length: {SIZE}\r\n\r\n",
            encode_hex(&rand::random::<[u8; 32]>()),
            metadata.encode(),
        )
        .into_bytes();
        request.extend_from_slice(&blob());
        stream.write_all(&request).unwrap();
        let mut read = 0;
        while !answer[..read].windows(4).any(|part| part == b"\r\n\r\n") {
            let more = stream.read(&mut answer[read..]).unwrap();
            assert!(more > 0, "the server went away");
            read += more;
        }
        assert!(answer.starts_with(b"HTTP/1.1 201"), "{}", String::from_utf8_lossy(&answer[..read]));
    }
}

fn blob() -> Vec<u8> {
    let mut blob = b"age-encryption.org/v1\n".to_vec();
    blob.resize(SIZE, 0);
    blob[SIZE - 16..].copy_from_slice(&rand::random::<[u8; 16]>());
    blob
}

/// The same framework, the same traffic, nothing done with it.
async fn throw_away() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/api/v1/uploads", post(|_: Bytes| async { StatusCode::CREATED }));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn serve(folder: &Path) -> (SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let root = SigningKey::generate();
    let inspector = SigningKey::generate();
    let example = include_str!("../keys/profile.example.json");
    let mut document: serde_json::Value = serde_json::from_str(example).unwrap();
    let first = Root { key: root.signer(), next: Digest::from_bytes([0; 32]) };
    let office = office_id(&first);
    document["roots"] = serde_json::json!([first]);
    document["office"] = office.to_string().into();
    document["addresses"] = serde_json::json!(["http://mohr.test"]);
    let recipient = mohr::seal::hybrid::Identity::generate().to_recipient().to_string();
    document["inspectors"] = serde_json::json!([
        {"id": "sara", "joined": 1, "epoch": 1, "role": document["name"], "recipient": recipient,
         "signer": inspector.signer(), "extensions": {}}
    ]);
    let profile = Profile::decode(&document.to_string()).unwrap();
    std::fs::write(folder.join("profile.note"), mohr::seal::profile::sign(profile, &root).unwrap()).unwrap();
    std::fs::write(
        folder.join("server.toml"),
        "listen = '127.0.0.1:0'\n[[office]]\nhosts = ['mohr.test']\ndatabase = 'mohr.db'\nprofile = 'profile.note'\n",
    )
    .unwrap();
    storage::create(&folder.join("mohr.db"), office).unwrap();
    let config = Config::load(&folder.join("server.toml")).unwrap();
    let listener = TcpListener::bind(config.listen).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    tokio::spawn(server::serve(config, listener, async { stopped.await.unwrap_or(()) }));
    // The pages are compressed in the first second or two.
    tokio::time::sleep(Duration::from_secs(4)).await;
    (address, stop)
}

/// The storage by itself, with so many submissions at a time.
async fn measure_storage(path: &Path, at_a_time: usize) -> f64 {
    let office = OfficeIds { office: OfficeId::from_bytes([1; 16]), journal: CaseId::from_bytes([2; 16]) };
    storage::create(path, office.office).unwrap();
    let storage = Storage::open(path, office, Options::default()).unwrap();
    let left = Arc::new(AtomicUsize::new(REPORTS));
    let begun = Instant::now();
    let senders: Vec<_> = (0..at_a_time)
        .map(|_| {
            let (storage, left) = (storage.clone(), left.clone());
            tokio::spawn(async move {
                while left
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                    .is_ok()
                {
                    let data = blob();
                    let new = NewUpload {
                        owner: Owner::from_bytes(rand::random()),
                        kind: MessageKind::Report,
                        case: CaseId::from_bytes(rand::random()),
                        write_hash: Some(WriteHash::from_bytes(rand::random())),
                        length_bytes: SIZE as u64,
                        day: "2026-11-21".parse().unwrap(),
                    };
                    let memo = Some(SealedMemo::from_bytes([7; MEMO_SEALED_BYTES]));
                    let first = Piece { offset: 0, digest: Some(sha256(&data)), data, memo };
                    storage.create_upload(new, Some(first)).await.unwrap();
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.unwrap();
    }
    let rate = REPORTS as f64 / begun.elapsed().as_secs_f64();
    tokio::task::spawn_blocking(move || storage.close()).await.unwrap();
    rate
}

/// What SQLite itself does with as many bytes, one commit for each.
fn measure_plain_inserts(path: &Path) -> f64 {
    let db = rusqlite::Connection::open(path).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
         CREATE TABLE t (id BLOB PRIMARY KEY, data BLOB) STRICT, WITHOUT ROWID",
    )
    .unwrap();
    let begun = Instant::now();
    for _ in 0..REPORTS {
        let id: [u8; 16] = rand::random();
        db.prepare_cached("INSERT INTO t VALUES (?, ?)")
            .unwrap()
            .execute(rusqlite::params![id, blob()])
            .unwrap();
    }
    REPORTS as f64 / begun.elapsed().as_secs_f64()
}
