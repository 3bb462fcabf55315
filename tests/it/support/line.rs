//! A line between a client and a server that a test can cut, hold, or let another one answer on.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub enum Fate {
    /// It arrives, and so does its answer.
    Pass,
    /// It arrives, and its answer is lost.
    LoseAnswer,
    /// Nobody answers, for as long as the test runs.
    Hold,
    /// Somebody else answers, and the server never hears of it.
    Answer(u16, String),
}

pub struct Line {
    pub url: String,
    /// The first line of every request, when all of it has come and before anything becomes of it.
    requests: Mutex<Receiver<String>>,
}

impl Fate {
    /// A refusal as the protocol has it.
    pub fn problem(status: u16, word: &str) -> Self {
        Self::Answer(
            status,
            format!("{{\"type\":\"urn:mohr:problem:{word}\",\"title\":\"x\",\"status\":{status}}}"),
        )
    }
}

impl Line {
    /// `fate` is asked with the first line of each request and how many like it came before.
    pub fn to(server: &str, fate: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = server.trim_start_matches("http://").to_owned();
        let (seen, requests) = channel();
        let fate = Arc::new(fate);
        let counts = Arc::new(Mutex::new(std::collections::HashMap::new()));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server, seen) = (client.unwrap(), server.clone(), seen.clone());
                let (fate, counts) = (Arc::clone(&fate), Arc::clone(&counts));
                std::thread::spawn(move || {
                    carry(client, &server, &seen, |request| {
                        let mut counts = counts.lock().unwrap();
                        let count: &mut usize = counts.entry(request.to_owned()).or_default();
                        *count += 1;
                        fate(request, *count - 1)
                    })
                });
            }
        });
        Self { url, requests: Mutex::new(requests) }
    }

    /// Waits until such a request has come whole.
    pub fn wait_for(&self, beginning: &str) {
        let requests = self.requests.lock().unwrap();
        while !requests.recv_timeout(Duration::from_secs(60)).expect(beginning).starts_with(beginning) {}
    }

    /// Whether such a request has come, among those nobody has waited for.
    pub fn has_seen(&self, beginning: &str) -> bool {
        self.requests.lock().unwrap().try_iter().any(|request| request.starts_with(beginning))
    }
}

/// One request of a connection, and no second one.
fn carry(mut client: TcpStream, server: &str, seen: &Sender<String>, fate: impl Fn(&str) -> Fate) {
    let Some((head, body)) = read_request(&mut client) else { return };
    let request = head.lines().next().unwrap_or_default().to_owned();
    let fate = fate(&request);
    let _ = seen.send(request);
    match fate {
        Fate::Hold => std::thread::sleep(Duration::from_secs(300)),
        Fate::Answer(status, body) => {
            let head = format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = client.write_all(format!("{head}{body}").as_bytes());
        }
        Fate::Pass | Fate::LoseAnswer => {
            let mut server = TcpStream::connect(server).unwrap();
            server.write_all(head.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).unwrap();
            server.write_all(&body).unwrap();
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).unwrap();
            if matches!(fate, Fate::Pass) {
                let _ = client.write_all(&answer);
            }
        }
    }
}

fn read_request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body).ok()?;
    Some((head, body))
}
