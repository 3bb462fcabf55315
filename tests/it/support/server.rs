//! A real server on loopback with a real database, and an HTTP client that can misbehave.
#![allow(dead_code, reason = "each test file uses a part of it")]

#[path = "http.rs"]
mod http;
#[path = "site.rs"]
mod site;

use std::io::Write;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mohr::protocol::address::Address;
use mohr::protocol::day::Day;
use mohr::protocol::ids::{CaseId, OfficeId, encode_hex};
use mohr::protocol::memo::MEMO_SEALED_BYTES;
use mohr::protocol::person::KeyId;
use mohr::protocol::secret::WriteToken;
use mohr::protocol::upload::UploadMetadata;
use mohr::server;
use mohr::verify::digest::{labelled, write_hash};
use mohr::verify::signature::session_bytes;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

pub use http::*;
pub use site::*;

pub const TEXT: usize = 32 * 1024;

/// Somebody who speaks to one office of a server.
#[derive(Clone)]
pub struct Client {
    pub address: SocketAddr,
    pub host: String,
    pub office: Arc<Office>,
}

/// A running server. It is used as the client of its first office.
pub struct Server {
    clients: Vec<Client>,
    pub site: Arc<Site>,
    /// Days since [`FIRST_DAY`] by the server's clock.
    pub days: Arc<AtomicI32>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.clients[0]
    }
}

impl Server {
    pub fn start() -> Self {
        Self::with_offices(vec![Office::new()])
    }

    /// `limits`: lines of the section `[limits]`.
    pub fn with_limits(limits: &str) -> Self {
        let offices = [Arc::new(Office::new())];
        let site = Site { limits: limits.to_owned(), ..Site::new(&offices) };
        Self::run(&offices, Arc::new(site), Arc::new(AtomicI32::new(0)))
    }

    /// One office whose database grows no further than this.
    pub fn with_room(database_bytes: u64) -> Self {
        let offices = [Arc::new(Office::new())];
        let site = Site { room: format!("database_bytes = {database_bytes}"), ..Site::new(&offices) };
        Self::run(&offices, Arc::new(site), Arc::new(AtomicI32::new(0)))
    }

    pub fn with_offices(offices: Vec<Office>) -> Self {
        let offices: Vec<_> = offices.into_iter().map(Arc::new).collect();
        let site = Arc::new(Site::new(&offices));
        Self::run(&offices, site, Arc::new(AtomicI32::new(0)))
    }

    /// The client of an office.
    pub fn client(&self, index: usize) -> &Client {
        &self.clients[index]
    }

    pub fn database(&self) -> PathBuf {
        self.site.database(0)
    }

    pub fn folder(&self) -> &Path {
        self.site.folder.path()
    }

    fn run(offices: &[Arc<Office>], site: Arc<Site>, days: Arc<AtomicI32>) -> Self {
        let config = site.config(offices);
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
        // It listens before it has looked at its files.
        Request::new(address, "GET", "/").host(offices[0].hosts()[0]).send();
        let client = |office: &Arc<Office>| Client {
            address,
            host: office.hosts()[0].to_owned(),
            office: office.clone(),
        };
        let clients = offices.iter().map(client).collect();
        Self { clients, site, days, stop: Some(stop), thread: Some(thread) }
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

    /// Stops and starts again on the same databases, at another address.
    pub fn restart(self) -> Self {
        let count = self.clients.len();
        self.restart_with(count)
    }

    /// The same with the first so many of its offices.
    pub fn restart_with(mut self, count: usize) -> Self {
        self.stop();
        let offices: Vec<_> = self.clients.iter().take(count).map(|client| client.office.clone()).collect();
        Self::run(&offices, self.site.clone(), self.days.clone())
    }
}

impl Client {
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.address, method, path).host(&self.host)
    }

    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A POST of a new upload with all that its kind needs, body still to be added.
    pub fn creation(&self, kind: &str, secret: &str, case: &str, length: usize) -> Request {
        let request = self
            .request("POST", "/api/v1/uploads")
            .tus()
            .bearer(secret)
            .header("Upload-Length", &length.to_string())
            .header("Upload-Metadata", &metadata(kind, case));
        match kind {
            "report" | "follow-up" => request.header("Upload-Memo", &memo()),
            _ => request.write(&write_of(case)),
        }
    }

    /// A whole upload in one request.
    pub fn send(&self, kind: &str, secret: &str, case: &str, blob: &[u8]) -> Response {
        self.creation(kind, secret, case, blob.len()).content(blob).send()
    }

    pub fn patch(&self, location: &str, secret: &str, offset: usize, body: &[u8]) -> Request {
        self.request("PATCH", location)
            .tus()
            .bearer(secret)
            .header("Upload-Offset", &offset.to_string())
            .header("Upload-Memo", &memo())
            .content(body)
    }

    pub fn head(&self, location: &str, secret: &str) -> Response {
        self.request("HEAD", location).tus().bearer(secret).send()
    }

    pub fn mailbox(&self, token: &str) -> Value {
        self.get("/api/v1/mailbox").bearer(token).send().expect(200).json()
    }

    /// Both threads of a case, as whoever has its write token lists them.
    pub fn threads(&self, session: &str, case: &str) -> Value {
        let answer =
            self.read(session, json!([{"case": case, "write": write_of(case), "mailbox": 0, "office": 0}]));
        answer.expect(200).json()["cases"][0].clone()
    }

    pub fn read(&self, session: &str, cases: Value) -> Response {
        self.request("POST", "/api/v1/cases/read").bearer(session).json(&json!({"cases": cases})).send()
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

    /// What an inspector answers to a challenge, at the office's first address.
    pub fn session_request(&self, index: usize, challenge: &str) -> Value {
        let profile = &self.office.profile;
        let key =
            KeyId { person: profile.inspectors[index].id.clone(), epoch: profile.inspectors[index].epoch };
        self.signed_request(profile.office, &key, &profile.addresses[0], challenge, index)
    }

    /// The same with whatever is signed and said.
    pub fn signed_request(
        &self,
        office: OfficeId,
        key: &KeyId,
        address: &Address,
        challenge: &str,
        signer: usize,
    ) -> Value {
        let signed = session_bytes(office, key, address, challenge.parse().unwrap());
        let signature = self.office.inspectors[signer].sign(&signed);
        json!({"inspector": key.person, "epoch": key.epoch, "address": address, "challenge": challenge,
            "signature": signature})
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// `Upload-Metadata` of this kind; with a report the hash of [`write_of`].
pub fn metadata(kind: &str, case: &str) -> String {
    let write_hash = (kind == "report").then(|| write_hash(&WriteToken::decode(&write_of(case)).unwrap()));
    UploadMetadata { kind: kind.parse().unwrap(), case: case.parse().unwrap(), write_hash }.encode()
}

/// The write token that tests give a case.
pub fn write_of(case: &str) -> String {
    let case: CaseId = case.parse().unwrap();
    labelled("test-write", &[case.as_bytes()]).to_string()
}

/// As it travels in `Upload-Memo`.
pub fn memo() -> String {
    STANDARD.encode([7; MEMO_SEALED_BYTES])
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

/// What was logged.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;

    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
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
