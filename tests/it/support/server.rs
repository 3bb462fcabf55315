//! A real server on loopback with a real database, and an HTTP client that can misbehave.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine as _;
use mohr::protocol::day::Day;
use mohr::protocol::ids::encode_hex;
use mohr::protocol::profile::Profile;
use mohr::seal::signing::SigningKey;
use mohr::server::{self, Config};
use mohr::storage;
use mohr::verify::signature::session_bytes;
use serde_json::Value;

pub const TEXT: usize = 32 * 1024;
pub const FIRST_DAY: &str = "2026-11-21";

/// An office with two inspectors, whose keys live as long as the test.
pub struct Office {
    pub profile: Profile,
    pub note: String,
    pub inspectors: Vec<SigningKey>,
}

impl Office {
    pub fn new() -> Self {
        let root = SigningKey::generate();
        let inspectors = vec![SigningKey::generate(), SigningKey::generate()];
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/keys/profile.example.json");
        let mut document: Value = serde_json::from_str(&std::fs::read_to_string(example).unwrap()).unwrap();
        document["root"] = root.signer().to_string().into();
        document["office"] = mohr::verify::digest::office_id(&root.signer()).to_string().into();
        let role = document["name"].clone();
        document["inspectors"] = ["sara", "reza"]
            .iter()
            .zip(&inspectors)
            .map(|(id, key)| {
                let recipient = mohr::seal::hybrid::Identity::generate().to_recipient().to_string();
                serde_json::json!({"id": id, "role": role, "recipient": recipient, "signer": key.signer()})
            })
            .collect();
        let profile = Profile::decode(&document.to_string()).unwrap();
        let note = mohr::seal::profile::sign(profile.clone(), &root).unwrap();
        Self { profile, note, inspectors }
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub office: Arc<Office>,
    pub folder: Arc<tempfile::TempDir>,
    limits: String,
    /// Days since [`FIRST_DAY`] by the server's clock.
    pub days: Arc<AtomicI32>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start() -> Self {
        Self::with_limits("")
    }

    /// `limits`: lines of the section `[limits]`.
    pub fn with_limits(limits: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        storage::create(&folder.path().join("mohr.db")).unwrap();
        let office = Arc::new(Office::new());
        std::fs::write(folder.path().join("profile.note"), &office.note).unwrap();
        Self::run(office, folder, limits, Arc::new(AtomicI32::new(0)))
    }

    pub fn database(&self) -> PathBuf {
        self.folder.path().join("mohr.db")
    }

    fn run(office: Arc<Office>, folder: Arc<tempfile::TempDir>, limits: &str, days: Arc<AtomicI32>) -> Self {
        let text = format!(
            "listen = '127.0.0.1:0'\ndatabase = 'mohr.db'\nprofile = 'profile.note'\n[limits]\n{limits}\n[log]\nlevel = 'trace'\n"
        );
        let path = folder.path().join("server.toml");
        std::fs::write(&path, text).unwrap();
        let config = Config::load(&path).unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (ready, listening) = mpsc::channel();
        let clock = days.clone();
        let dispatch = tracing::dispatcher::get_default(|dispatch| dispatch.clone());
        let thread = std::thread::spawn(move || {
            let enter = dispatch.clone();
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&enter)))
                .build()
                .unwrap();
            let _guard = tracing::dispatcher::set_default(&dispatch);
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind(config.listen).await.unwrap();
                ready.send(listener.local_addr().unwrap()).unwrap();
                let today = move || FIRST_DAY.parse::<Day>().unwrap().plus_days(clock.load(Ordering::SeqCst));
                let shutdown = async { stopped.await.unwrap_or(()) };
                server::serve_with_clock(config, listener, shutdown, today).await.unwrap();
            });
        });
        let address = listening.recv_timeout(Duration::from_secs(20)).expect("the server listens");
        Self {
            address,
            office,
            folder,
            limits: limits.to_owned(),
            days,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Stops as on SIGTERM.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }

    /// Stops and starts again on the same database, at another address.
    pub fn restart(mut self) -> Self {
        self.stop();
        Self::run(self.office.clone(), self.folder.clone(), &self.limits.clone(), self.days.clone())
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.address, method, path)
    }

    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A POST of a new upload, body still to be added.
    pub fn creation(&self, kind: &str, token: &str, case: &str, length: usize) -> Request {
        self.request("POST", "/api/v1/uploads")
            .tus()
            .bearer(token)
            .header("Upload-Length", &length.to_string())
            .header("Upload-Metadata", &metadata(kind, case))
    }

    /// A whole upload in one request.
    pub fn send(&self, kind: &str, token: &str, case: &str, blob: &[u8]) -> Response {
        self.creation(kind, token, case, blob.len()).content(blob).send()
    }

    pub fn patch(&self, location: &str, token: &str, offset: usize, body: &[u8]) -> Request {
        self.request("PATCH", location)
            .tus()
            .bearer(token)
            .header("Upload-Offset", &offset.to_string())
            .content(body)
    }

    pub fn head(&self, location: &str, token: &str) -> Response {
        self.request("HEAD", location).tus().bearer(token).send()
    }

    pub fn mailbox(&self, token: &str) -> Value {
        self.get("/api/v1/mailbox").bearer(token).send().expect(200).json()
    }

    /// A session of the inspector with this index.
    pub fn session(&self, index: usize) -> String {
        let challenge = self.challenge();
        let body = self.session_request(index, &challenge);
        let answer = self.request("POST", "/api/v1/inspector/session").json(&body).send().expect(200).json();
        assert_eq!(answer["expires_in_seconds"], 900);
        answer["session"].as_str().unwrap().to_owned()
    }

    pub fn challenge(&self) -> String {
        let answer = self.request("POST", "/api/v1/inspector/challenge").body(b"").send().expect(200).json();
        answer["challenge"].as_str().unwrap().to_owned()
    }

    /// What an inspector answers to a challenge.
    pub fn session_request(&self, index: usize, challenge: &str) -> Value {
        let id = &self.office.profile.inspectors[index].id;
        let signed = session_bytes(&self.office.profile.office, id, challenge);
        let signature = self.office.inspectors[index].sign(&signed);
        serde_json::json!({"inspector": id, "challenge": challenge, "signature": signature})
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

pub struct Request {
    address: SocketAddr,
    head: String,
    body: Vec<u8>,
}

impl Request {
    pub fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        Self {
            address,
            head: format!("{method} {path} HTTP/1.1\r\nHost: mohr.test\r\nConnection: close\r\n"),
            body: Vec::new(),
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub fn tus(self) -> Self {
        self.header("Tus-Resumable", "1.0.0")
    }

    pub fn bearer(self, secret: &str) -> Self {
        self.header("Authorization", &format!("Bearer {secret}"))
    }

    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("Content-Length", &body.len().to_string())
    }

    /// A body whose framing the caller has said.
    pub fn raw_body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub fn content(self, body: &[u8]) -> Self {
        self.header("Content-Type", "application/offset+octet-stream").body(body)
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json").body(body.to_string().as_bytes())
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    pub fn send(self) -> Response {
        let mut stream = self.connect();
        stream.write_all(self.head.as_bytes()).unwrap();
        stream.write_all(b"\r\n").unwrap();
        // A server may refuse before it has read everything.
        let _ = stream.write_all(&self.body);
        Response::read(stream)
    }

    /// As [`Self::send`], but nothing when the server went away before its answer was whole.
    pub fn try_send(self) -> Option<Response> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        stream.write_all(self.head.as_bytes()).ok()?;
        stream.write_all(b"\r\n").ok()?;
        stream.write_all(&self.body).ok()?;
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).ok()?;
        raw.windows(4).any(|part| part == b"\r\n\r\n").then(|| Response::parse(raw))
    }

    /// Sends the head and only so much of the body, and says nothing more on this connection.
    pub fn send_part(self, bytes: usize) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(self.head.as_bytes()).unwrap();
        stream.write_all(b"\r\n").unwrap();
        stream.write_all(&self.body[..bytes]).unwrap();
        stream.flush().unwrap();
        stream
    }

    /// As [`Self::send_part`], and then closes the sending half.
    pub fn send_cut(self, bytes: usize) -> Response {
        let stream = self.send_part(bytes);
        stream.shutdown(Shutdown::Write).unwrap();
        Response::read(stream)
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// All of it, as it came.
    pub raw: Vec<u8>,
}

impl Response {
    pub fn read(mut stream: TcpStream) -> Self {
        let mut raw = Vec::new();
        let mut buffer = [0; 65_536];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => raw.extend_from_slice(&buffer[..read]),
                // Behind a refusal the rest of a body may meet a closed connection.
                Err(_) if !raw.is_empty() => break,
                Err(error) => panic!("no answer: {error}"),
            }
        }
        Self::parse(raw)
    }

    pub fn parse(raw: Vec<u8>) -> Self {
        let end = raw.windows(4).position(|part| part == b"\r\n\r\n").expect("an HTTP answer");
        let head = String::from_utf8(raw[..end].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = BTreeMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let known = headers.insert(name.to_ascii_lowercase(), value.to_owned());
            assert!(known.is_none(), "{name} twice");
        }
        let body = raw[end + 4..].to_vec();
        let body = if headers.contains_key("transfer-encoding") { unchunk(&body) } else { body };
        Self { status, headers, body, raw }
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.raw));
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    #[track_caller]
    pub fn offset(&self) -> usize {
        self.header("upload-offset").parse().expect("an Upload-Offset")
    }

    /// Checks that this is a problem document of this word and nothing else.
    #[track_caller]
    pub fn problem(self, status: u16, word: &str) -> Self {
        assert_eq!(self.status, status, "{word}: {}", String::from_utf8_lossy(&self.raw));
        assert_eq!(self.header("content-type"), "application/problem+json");
        let document = self.json();
        let members: Vec<_> = document.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members.len(), 3, "{members:?}");
        assert_eq!(document["type"], format!("urn:mohr:problem:{word}"));
        assert_eq!(document["status"], status);
        assert!(document["title"].as_str().is_some_and(|title| !title.is_empty()));
        self
    }
}

fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(end) = body.windows(2).position(|part| part == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&body[..end]).unwrap(), 16).unwrap();
        bytes.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 4 + length..];
    }
    bytes
}

pub fn metadata(kind: &str, case: &str) -> String {
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    format!("kind {},case {}", encode(kind), encode(case))
}

/// Random bytes that begin as an age file does: all that the server can tell.
pub fn sealed(length: usize) -> Vec<u8> {
    let mut blob = b"age-encryption.org/v1\n".to_vec();
    while blob.len() < length {
        blob.extend_from_slice(&rand::random::<[u8; 32]>());
    }
    blob.truncate(length);
    blob
}

pub fn token() -> String {
    encode_hex(&rand::random::<[u8; 32]>())
}

pub fn case() -> String {
    encode_hex(&rand::random::<[u8; 16]>())
}

/// Waits until `holds`, for a while.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
