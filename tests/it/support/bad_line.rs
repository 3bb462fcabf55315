//! Lines between a program and a server that are not as they should be: a proxy whose server is away for a moment, and
//! a line that is cut.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The page that a proxy gives in the place of its server.
const BAD_GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head></html>";

/// A reverse proxy: the request with this number, from 0, gets 502 and a page, the others pass. It counts them.
pub fn gateway(server: String, bad: usize) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, server, count) = (stream.unwrap(), server.clone(), Arc::clone(&count));
            std::thread::spawn(move || pass_one(stream, &server, &count, bad));
        }
    });
    (url, counted)
}

/// One request a connection.
fn pass_one(
    mut client: TcpStream,
    server: &str,
    count: &AtomicUsize,
    bad: usize,
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
    if count.fetch_add(1, Ordering::SeqCst) == bad {
        let page = if head.starts_with("HEAD ") { "" } else { BAD_GATEWAY };
        return write!(
            client,
            "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        );
    }
    let mut server = TcpStream::connect(server)?;
    write!(server, "{head}Connection: close\r\n\r\n")?;
    server.write_all(&body)?;
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Write)
}

/// A line that is cut whenever it has carried so many bytes from the server to the client, and counts how often.
pub fn cut_line(server: String, every_bytes: u64) -> (String, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let cuts = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&cuts);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, mut to) = (client.unwrap(), TcpStream::connect(&server).unwrap());
            let (mut from, mut back) = (to.try_clone().unwrap(), client.try_clone().unwrap());
            let cuts = Arc::clone(&cuts);
            std::thread::spawn(move || {
                let carried = std::io::copy(&mut (&mut from).take(every_bytes), &mut back).unwrap_or(0);
                if carried == every_bytes {
                    cuts.fetch_add(1, Ordering::SeqCst);
                }
                let _ = back.shutdown(Shutdown::Both);
                let _ = from.shutdown(Shutdown::Both);
            });
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut client, &mut to);
            });
        }
    });
    (url, counted)
}
