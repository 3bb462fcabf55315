//! Bad requests of every kind: an answer that fits, never a 500, and the server goes on.

use std::io::{Read, Write};

use crate::support::server::*;

/// Values that a parser may stumble over.
fn values() -> Vec<Vec<u8>> {
    let mut values: Vec<Vec<u8>> = [
        "",
        " ",
        ",",
        ";",
        "=",
        "-",
        "0",
        "-1",
        "1e9",
        "NaN",
        "null",
        "true",
        "99999999999999999999",
        "9007199254740992",
        "%00",
        "%ff",
        "../../etc/passwd",
        "Bearer",
        "Bearer ",
        "Bearer  00",
        "Bearer x",
        "bearer 0",
        "kind",
        "kind ",
        "case ,kind ",
        "kind cmVwb3J0",
        "kind cmVwb3J0,case",
        "case 4pi6,kind 4pi6",
        "bytes=",
        "bytes=-",
        "bytes=0-",
        "bytes=0-0,0-0",
        "bytes=18446744073709551615-18446744073709551616",
        "*/*",
        "text/html;q=",
        "gzip;q=x",
        "۳۲۷۶۸",
        "٣٢٧٦٨",
        "\u{202e}",
        "1.0.0, 1.0.0",
        "application/offset+octet-stream;",
        "a\tb",
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    values.push(vec![0xff; 20]);
    values.push(vec![0x80, 0x81, 0xfe]);
    values.push(format!("Bearer {}", "0".repeat(63)).into_bytes());
    values.push(format!("Bearer {}", "0".repeat(65)).into_bytes());
    values.push(format!("Bearer {}", "A".repeat(64)).into_bytes());
    values.push(format!("Bearer {}", "ff".repeat(32)).into_bytes());
    values.push("x".repeat(4000).into_bytes());
    values
}

const HEADERS: [&str; 18] = [
    "Authorization",
    "Upload-Length",
    "Upload-Offset",
    "Upload-Metadata",
    "Upload-Defer-Length",
    "Tus-Resumable",
    "Content-Type",
    "Range",
    "Accept",
    "Accept-Encoding",
    "If-Range",
    "Cookie",
    "X-HTTP-Method-Override",
    "Expect",
    "Case-Write",
    "Upload-Memo",
    "Host",
    "X-Forwarded-Host",
];

#[test]
fn every_header_with_every_value_on_every_route() {
    let server = Server::start();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    let upload = server.creation("follow-up", &token, &case, TEXT).body(b"").send().expect(201);
    let upload = upload.header("location").to_owned();
    let session = server.session(0);
    let mut stream = None;
    for routes in mohr::server::ROUTES {
        for (method, path) in routes {
            let method = method.to_uppercase();
            let path = format!("/api/v1{path}")
                .replace("/api/v1/uploads/{upload}", &upload)
                .replace("{case}", &case)
                .replace("{thread}", "mailbox")
                .replace("{version}", "3")
                .replace("{position}", "0");
            let secret = if path.contains("cases") { &session } else { &token };
            let good = [
                ("Authorization", format!("Bearer {secret}")),
                ("Tus-Resumable", "1.0.0".into()),
                ("Upload-Length", TEXT.to_string()),
                ("Upload-Metadata", metadata("follow-up", &case)),
                ("Upload-Offset", "0".into()),
                ("Content-Type", "application/offset+octet-stream".into()),
                ("Case-Write", write_of(&case)),
                ("Host", HOST.into()),
            ];
            for header in HEADERS {
                for value in values() {
                    let mut head = format!("{method} {path} HTTP/1.1\r\nContent-Length: 0\r\n").into_bytes();
                    for (name, value) in good.iter().filter(|(name, _)| *name != header) {
                        head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
                    }
                    head.extend_from_slice(format!("{header}: ").as_bytes());
                    head.extend_from_slice(&value);
                    head.extend_from_slice(b"\r\n\r\n");
                    let status = exchange(&server, &mut stream, &head, method == "HEAD");
                    let shown = String::from_utf8_lossy(&value).into_owned();
                    assert!((200..500).contains(&status), "{method} {path} {header}: {shown} → {status}");
                }
            }
        }
    }
    assert_eq!(server.mailbox(&token)["messages"].as_array().unwrap().len(), 1, "and nothing came of it");
}

/// What tells two things of where a body ends, or of whom it is for, is no request: a proxy in front
/// may have believed the other one.
#[test]
fn a_request_says_once_whom_it_is_for_and_where_it_ends() {
    let server = Server::start();
    let (length, chunked) = ("Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n");
    let host = format!("Host: {HOST}\r\n");
    let ask = |line: &str, headers: &str| {
        let mut stream = server.get("/").connect();
        stream.write_all(format!("{line} HTTP/1.1\r\n{headers}\r\n").as_bytes()).unwrap();
        let _ = stream.write_all(b"0\r\n\r\n");
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Response::parse(answer).status
    };
    let challenge = "POST /api/v1/inspector/challenge";
    assert_eq!(ask(challenge, &format!("{host}{length}")), 200);
    assert_eq!(ask(challenge, &format!("{host}{chunked}")), 200);
    for bad in [
        format!("{host}{length}{chunked}"),
        format!("{host}{chunked}{length}"),
        format!("{length}{host}{chunked}"),
        format!("{host}{host}{length}"),
        format!("{host}Host: other.test\r\n{length}"),
        format!("Host: other.test\r\n{host}{length}"),
        length.to_owned(),
    ] {
        assert_eq!(ask(challenge, &bad), 400, "{bad}");
    }
    assert_eq!(ask(&format!("GET http://{HOST}/api/v1/profile"), &host), 200);
    assert_eq!(ask("GET http://other.test/api/v1/profile", &host), 400);
    // A second request on a connection is looked at as the first.
    let mut stream = server.get("/").connect();
    let first = format!("{challenge} HTTP/1.1\r\n{host}{length}\r\nhello");
    let second = format!("{challenge} HTTP/1.1\r\n{host}{chunked}{length}\r\n0\r\n\r\n");
    stream.write_all(format!("{first}{second}").as_bytes()).unwrap();
    let mut answers = String::new();
    let _ = stream.read_to_string(&mut answers);
    assert!(answers.starts_with("HTTP/1.1 200") && answers.contains("HTTP/1.1 400"), "{answers}");
}

/// One exchange on a connection that is kept as long as the server keeps it.
fn exchange(server: &Server, stream: &mut Option<std::net::TcpStream>, head: &[u8], no_body: bool) -> u16 {
    let mut connection = stream.take().unwrap_or_else(|| server.get("/").connect());
    if connection.write_all(head).is_err() {
        connection = server.get("/").connect();
        connection.write_all(head).unwrap();
    }
    let mut raw = Vec::new();
    let mut buffer = [0; 65_536];
    loop {
        let read = connection.read(&mut buffer).unwrap();
        raw.extend_from_slice(&buffer[..read]);
        let Some(end) = raw.windows(4).position(|part| part == b"\r\n\r\n") else {
            assert!(read > 0, "no answer to {}", String::from_utf8_lossy(head));
            continue;
        };
        let text = String::from_utf8_lossy(&raw[..end]).to_ascii_lowercase();
        let length = text
            .split("content-length: ")
            .nth(1)
            .map_or(0, |rest| rest.lines().next().unwrap().parse().unwrap());
        let complete = no_body || raw.len() >= end + 4 + length;
        if complete || read == 0 {
            // What hyper refuses by itself has none of our headers.
            if text.contains("content-security-policy") && !text.starts_with("http/1.1 2") {
                let of_no_office =
                    text.starts_with("http/1.1 404") && text.contains("content-type: text/plain");
                assert!(of_no_office || text.contains("content-type: application/problem+json"), "{text}");
            }
            if !text.contains("connection: close") && read > 0 {
                *stream = Some(connection);
            }
            return text.split(' ').nth(1).unwrap().parse().unwrap();
        }
    }
}

#[test]
fn bytes_that_are_no_http() {
    let server = Server::start();
    let long_head = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(500));
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: mohr.test\r\n\r\n", "a".repeat(60_000));
    for bytes in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\0\0\0\0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        b"POST /api/v1/inspector/challenge HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/v1/inspector/challenge HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"GET / HTTP/1.1\r\n bad: folded\r\n\r\n",
        long_head.as_bytes(),
        many_headers.as_bytes(),
        long_path.as_bytes(),
    ] {
        let mut stream = server.get("/").connect();
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(!answer.contains(" 500 "), "{}: {answer}", String::from_utf8_lossy(bytes));
        server.get("/api/v1/profile").send().expect(200);
    }
}

#[test]
fn a_body_that_comes_byte_by_byte_is_taken() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    let mut stream = server.creation("report", &token, &case, TEXT).content(&blob).send_part(0);
    for chunk in blob.chunks(1000) {
        stream.write_all(chunk).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
    assert_eq!(Response::read(stream).expect(201).offset(), TEXT);
}

#[test]
fn many_idle_connections_do_not_stop_the_others() {
    let server = Server::start();
    let idle: Vec<_> = (0..300)
        .map(|i| {
            let mut stream = server.get("/").connect();
            if i % 2 == 0 {
                stream.write_all(b"POST /api/v1/uploads HTTP/1.1\r\nHost: mohr.test\r\nContent-Le").unwrap();
            }
            stream
        })
        .collect();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    drop(idle);
}
