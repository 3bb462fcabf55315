//! An HTTP client that can misbehave.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Of the only office, where a test does not ask for another.
pub const HOST: &str = "mohr.test";

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
