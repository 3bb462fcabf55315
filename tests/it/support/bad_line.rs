//! What stands between a program and a server and is not as it should be: a proxy whose server is away for a
//! moment, a line that is cut, a server that gives other bytes than it lists.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The page that a proxy gives in the place of its server.
const BAD_GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head></html>";

/// What becomes of one request.
#[derive(Debug, Clone, Copy)]
pub enum Mishap {
    None,
    /// The server never hears of it, and a page of the proxy's comes back.
    BadGateway,
    /// The server fails, in its own words.
    Failure,
    /// One byte in the middle of the answer's body is another.
    FlippedByte,
    /// The line is cut behind so many bytes of the answer's body.
    Cut(usize),
}

/// A proxy to a server; it counts requests, and bytes of answers.
pub struct BadLine {
    pub url: String,
    pub requests: Arc<AtomicUsize>,
    pub answered_bytes: Arc<AtomicU64>,
}

/// Gets the first line of a request and the body of its answer, which it may change.
type Lie = dyn Fn(&str, &mut Vec<u8>) + Send + Sync;

impl BadLine {
    /// `mishap` gets the number of the request, from 0, and its first line.
    pub fn to(server: &str, mishap: impl Fn(usize, &str) -> Mishap + Send + Sync + 'static) -> Self {
        Self::run(server, mishap, Arc::new(|_, _| ()))
    }

    /// A server that says other things than it was given.
    pub fn lying(server: &str, lie: impl Fn(&str, &mut Vec<u8>) + Send + Sync + 'static) -> Self {
        Self::run(server, |_, _| Mishap::None, Arc::new(lie))
    }

    fn run(
        server: &str,
        mishap: impl Fn(usize, &str) -> Mishap + Send + Sync + 'static,
        lie: Arc<Lie>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = server.trim_start_matches("http://").to_owned();
        let line = Self { url, requests: Arc::default(), answered_bytes: Arc::default() };
        let (requests, bytes) = (Arc::clone(&line.requests), Arc::clone(&line.answered_bytes));
        let mishap = Arc::new(mishap);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), server.clone());
                let (requests, bytes, mishap) =
                    (Arc::clone(&requests), Arc::clone(&bytes), Arc::clone(&mishap));
                let lie = Arc::clone(&lie);
                std::thread::spawn(move || {
                    let choose = |head: &str| {
                        let first = head.lines().next().unwrap_or_default();
                        mishap(requests.fetch_add(1, Ordering::SeqCst), first)
                    };
                    let _ = pass_one(client, &server, choose, &*lie, &bytes);
                });
            }
        });
        line
    }

    pub fn answered_bytes(&self) -> u64 {
        self.answered_bytes.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// One request a connection.
fn pass_one(
    mut client: TcpStream,
    server: &str,
    choose: impl FnOnce(&str) -> Mishap,
    lie: &Lie,
    answered_bytes: &AtomicU64,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        if !line.to_ascii_lowercase().starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mishap = choose(&head);
    match mishap {
        Mishap::BadGateway => {
            let page = if head.starts_with("HEAD ") { "" } else { BAD_GATEWAY };
            return answer(&mut client, "502 Bad Gateway", "text/html", page);
        }
        Mishap::Failure => {
            let document = r#"{"type":"urn:mohr:problem:internal","title":"x","status":500}"#;
            return answer(&mut client, "500 Internal Server Error", "application/problem+json", document);
        }
        Mishap::None | Mishap::FlippedByte | Mishap::Cut(_) => {}
    }
    let mut server = TcpStream::connect(server)?;
    write!(server, "{head}Connection: close\r\n\r\n")?;
    server.write_all(&body)?;
    let mut bytes = Vec::new();
    server.read_to_end(&mut bytes)?;
    tell(lie, head.lines().next().unwrap_or_default(), &mut bytes);
    let body_at = bytes.windows(4).position(|part| part == b"\r\n\r\n").map_or(0, |at| at + 4);
    let middle = body_at + (bytes.len() - body_at) / 2;
    match mishap {
        Mishap::FlippedByte => bytes[middle] ^= 1,
        Mishap::Cut(behind) => bytes.truncate(body_at + behind),
        _ => {}
    }
    answered_bytes.fetch_add(bytes.len() as u64, Ordering::SeqCst);
    client.write_all(&bytes)?;
    client.shutdown(Shutdown::Write)
}

/// Puts what the lie makes of the body in its place, if it is another.
fn tell(lie: &Lie, request: &str, bytes: &mut Vec<u8>) {
    let Some(body_at) = bytes.windows(4).position(|part| part == b"\r\n\r\n").map(|at| at + 4) else {
        return;
    };
    let mut body = bytes[body_at..].to_vec();
    lie(request, &mut body);
    if body == bytes[body_at..] {
        return;
    }
    let head = String::from_utf8(bytes[..body_at - 2].to_vec()).unwrap();
    let told = head.lines().filter(|line| {
        let line = line.to_ascii_lowercase();
        !["content-length:", "content-encoding:", "transfer-encoding:"]
            .iter()
            .any(|name| line.starts_with(name))
    });
    let mut answer: String = told.map(|line| format!("{line}\r\n")).collect();
    answer.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    *bytes = [answer.as_bytes(), &body].concat();
}

/// What such a lie does to an answer in JSON.
pub fn retell(body: &mut Vec<u8>, change: impl FnOnce(&mut serde_json::Value)) {
    let mut value = serde_json::from_slice(body).unwrap();
    change(&mut value);
    let size = body.len();
    *body = serde_json::to_vec(&value).unwrap();
    // Where answers are filled with spaces, they stay so.
    body.resize(size.max(body.len()), b' ');
}

fn answer(client: &mut TcpStream, status: &str, media_type: &str, body: &str) -> std::io::Result<()> {
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
