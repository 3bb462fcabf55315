//! A real server on loopback with a real database, and an HTTP client that can misbehave.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
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
use mohr::protocol::ids::{CaseId, Digest, OfficeId, encode_hex};
use mohr::protocol::memo::MEMO_SEALED_BYTES;
use mohr::protocol::note::encode_note;
use mohr::protocol::person::KeyId;
use mohr::protocol::profile::{Profile, Root};
use mohr::protocol::secret::WriteToken;
use mohr::protocol::upload::UploadMetadata;
use mohr::seal::signing::SigningKey;
use mohr::server::{self, Config};
use mohr::storage;
use mohr::verify::digest::{journal_id, labelled, office_id, write_hash};
use mohr::verify::profile::key_hash;
use mohr::verify::signature::session_bytes;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

pub const TEXT: usize = 32 * 1024;
pub const FIRST_DAY: &str = "2026-11-21";
/// The only host of an office that does not ask for another.
pub const HOST: &str = "mohr.test";

/// An office with two inspectors, whose keys live as long as the test.
pub struct Office {
    pub root: SigningKey,
    pub inspectors: Vec<SigningKey>,
    pub profile: Profile,
    pub note: String,
}

impl Office {
    pub fn new() -> Self {
        Self::at(&[&format!("http://{HOST}")])
    }

    /// One that is reached at these addresses.
    pub fn at(addresses: &[&str]) -> Self {
        let root = SigningKey::generate();
        let inspectors = vec![SigningKey::generate(), SigningKey::generate()];
        let first = Root { key: root.signer(), next: Digest::from_bytes([0; 32]) };
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/keys/profile.example.json");
        let mut document: Value = serde_json::from_str(&std::fs::read_to_string(example).unwrap()).unwrap();
        document["office"] = office_id(&first).to_string().into();
        document["roots"] = json!([first]);
        document["version"] = 3.into();
        document["issued"] = FIRST_DAY.into();
        document["expires"] = FIRST_DAY.parse::<Day>().unwrap().plus_days(100).to_string().into();
        document["addresses"] = json!(addresses);
        let (role, extensions) = (document["name"].clone(), json!({}));
        let entry = |(id, key): (&&str, &SigningKey)| {
            let recipient = mohr::seal::hybrid::Identity::generate().to_recipient().to_string();
            json!({"id": id, "joined": 1, "epoch": 2, "role": role, "recipient": recipient, "signer": key.signer(),
                "extensions": extensions})
        };
        document["inspectors"] = ["sara", "reza"].iter().zip(&inspectors).map(entry).collect();
        let profile = Profile::decode(&document.to_string()).unwrap();
        let note = sign(&profile, &root);
        Self { root, inspectors, profile, note }
    }

    /// The note of another profile of this office.
    pub fn sign(&self, change: impl FnOnce(&mut Profile)) -> String {
        let mut profile = self.profile.clone();
        change(&mut profile);
        sign(&profile, &self.root)
    }

    pub fn hosts(&self) -> Vec<&str> {
        self.profile.addresses.iter().map(Address::host).collect()
    }

    pub fn journal(&self) -> String {
        journal_id(self.profile.office).to_string()
    }
}

fn sign(profile: &Profile, root: &SigningKey) -> String {
    let text = profile.encode().unwrap();
    let hash = key_hash(profile.office, &root.signer());
    encode_note(&text, &profile.office.to_string(), hash, root.sign(text.as_bytes()))
}

/// The files of offices in a folder, and the configuration that names them.
pub struct Site {
    pub folder: tempfile::TempDir,
    /// Lines of each office's section, besides the files and hosts.
    pub room: String,
    /// Lines of the section `[limits]`.
    pub limits: String,
}

impl Site {
    pub fn new(offices: &[Arc<Office>]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (index, office) in offices.iter().enumerate() {
            storage::create(&folder.path().join(database_name(index)), office.profile.office).unwrap();
            std::fs::write(folder.path().join(profile_name(index)), &office.note).unwrap();
        }
        Self { folder, room: String::new(), limits: String::new() }
    }

    pub fn database(&self, index: usize) -> PathBuf {
        self.folder.path().join(database_name(index))
    }

    pub fn profile(&self, index: usize) -> PathBuf {
        self.folder.path().join(profile_name(index))
    }

    pub fn config(&self, offices: &[Arc<Office>]) -> Config {
        let sections: String = offices
            .iter()
            .enumerate()
            .map(|(index, office)| section(index, office) + &self.room + "\n")
            .collect();
        let text =
            format!("listen = '127.0.0.1:0'\n{sections}[limits]\n{}\n[log]\nlevel = 'trace'\n", self.limits);
        load(self.folder.path(), &text).unwrap()
    }
}

pub fn database_name(index: usize) -> String {
    if index == 0 { "mohr.db".to_owned() } else { format!("mohr-{index}.db") }
}

pub fn profile_name(index: usize) -> String {
    if index == 0 { "profile.note".to_owned() } else { format!("profile-{index}.note") }
}

/// How a configuration names an office.
pub fn section(index: usize, office: &Office) -> String {
    format!(
        "[[office]]\nhosts = {:?}\nprofile = '{}'\ndatabase = '{}'\n",
        office.hosts(),
        profile_name(index),
        database_name(index)
    )
}

pub fn load(folder: &Path, text: &str) -> Result<Config, server::config::Error> {
    let path = folder.join("server.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(&path)
}

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

pub struct Request {
    address: SocketAddr,
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        let line = format!("{method} {path} HTTP/1.1");
        let request = Self { address, line, headers: Vec::new(), body: Vec::new() };
        request.header("Host", HOST).header("Connection", "close")
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub fn host(self, host: &str) -> Self {
        self.without("Host").header("Host", host)
    }

    /// Shows a write token, or the one of a case instead of another that was shown.
    pub fn write(self, token: &str) -> Self {
        self.without("Case-Write").header("Case-Write", token)
    }

    fn head(&self) -> String {
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{}\r\n{headers}\r\n", self.line)
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
        stream.write_all(self.head().as_bytes()).unwrap();
        // A server may refuse before it has read everything.
        let _ = stream.write_all(&self.body);
        Response::read(stream)
    }

    /// As [`Self::send`], but nothing when the server went away before its answer was whole.
    pub fn try_send(self) -> Option<Response> {
        let mut stream = TcpStream::connect(self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
        stream.write_all(self.head().as_bytes()).ok()?;
        stream.write_all(&self.body).ok()?;
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).ok()?;
        raw.windows(4).any(|part| part == b"\r\n\r\n").then(|| Response::parse(raw))
    }

    /// Sends the head and only so much of the body, and says nothing more on this connection.
    pub fn send_part(self, bytes: usize) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(self.head().as_bytes()).unwrap();
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
