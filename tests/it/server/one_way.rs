//! One-way reports: what a browser without scripts sends (PROTOCOL 4.6).

use std::io::Write;

use crate::support::server::*;
use age::Recipient;
use mohr::protocol::limits::AGE_FILE_BYTES_MAX;
use mohr::protocol::{age_header, one_way};
use mohr::seal::hybrid;

/// An age file for as many hybrid recipients of this office as `recipients` says.
fn age_file(server: &Server, recipients: usize, plaintext: &[u8]) -> Vec<u8> {
    let inspectors = server.office.profile.inspectors.iter().cycle().take(recipients);
    let keys: Vec<hybrid::Recipient> =
        inspectors.map(|inspector| inspector.recipient.parse().unwrap()).collect();
    encrypt(keys.iter().map(|key| key as &dyn Recipient), plaintext)
}

fn encrypt<'a>(recipients: impl Iterator<Item = &'a dyn Recipient>, plaintext: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = age::Encryptor::with_recipients(recipients).unwrap().wrap_output(&mut file).unwrap();
    writer.write_all(plaintext).unwrap();
    writer.finish().unwrap();
    file
}

fn form(fields: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, bytes) in fields {
        let head = format!(
            "--mohr-test\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"canary.age\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--mohr-test--\r\n");
    ("multipart/form-data; boundary=mohr-test".into(), body)
}

fn post(server: &Server, fields: &[(&str, &[u8])]) -> Response {
    let (kind, body) = form(fields);
    server.request("POST", "/fa/sealed").header("Content-Type", &kind).body(&body).send()
}

fn cases(server: &Server) -> Vec<serde_json::Value> {
    let answer = server.get("/api/v1/cases").bearer(&server.session(0)).send().expect(200).json();
    answer["cases"].as_array().unwrap().clone()
}

#[test]
fn the_page_holds_the_recipients_of_the_office() {
    let server = Server::start();
    for language in ["fa", "en"] {
        for encoding in ["", "br"] {
            let page = server
                .get(&format!("/{language}/sealed"))
                .header("Accept-Encoding", encoding)
                .send()
                .expect(200);
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(page.header("cache-control"), "no-store");
            if encoding == "br" {
                continue;
            }
            let text = String::from_utf8(page.body).unwrap();
            for inspector in &server.office.profile.inspectors {
                assert!(text.contains(&inspector.recipient));
            }
            assert!(text.contains(&server.office.profile.office.grouped()) && !text.contains('@'));
        }
        for template in ["sealed-sent", "sealed-refused"] {
            server.get(&format!("/{language}/{template}")).send().problem(404, "not-found");
        }
    }
}

#[test]
fn a_sealed_file_becomes_a_case_of_its_own() {
    let server = Server::start();
    for size in [10, 100_000, 3_000_000] {
        let file = age_file(&server, 2, &vec![7; size]);
        let page = post(&server, &[("sealed", &file)]).expect(201);
        assert!(String::from_utf8(page.body).unwrap().contains("<html lang=\"fa\""));
        let session = server.session(0);
        let mut stored = Vec::new();
        for case in cases(&server) {
            assert_eq!((&case["report"]["position"], &case["report"]["kind"]), (&0.into(), &"report".into()));
            assert!(case["report"].get("memo").is_none());
            let path = format!("/api/v1/cases/{}/mailbox/0", case["case"].as_str().unwrap());
            stored.push(server.get(&path).bearer(&session).send().expect(200).body);
        }
        assert!(stored.iter().any(|blob| one_way::decode(blob) == Ok(&file[..])), "{size}");
    }
}

#[test]
fn anything_else_is_refused_and_nothing_is_kept() {
    let server = Server::start();
    let good = age_file(&server, 2, b"text");
    let passphrase = age::scrypt::Recipient::new("a long passphrase".to_owned().into());
    let scrypt = encrypt(std::iter::once(&passphrase as &dyn Recipient), b"text");
    let classic = age::x25519::Identity::generate().to_public();
    let classic = encrypt(std::iter::once(&classic as &dyn Recipient), b"text");
    let header_bytes = age_header::AgeHeader::decode(&good).unwrap().header_bytes;
    let large = age_file(&server, 2, &vec![0; AGE_FILE_BYTES_MAX]);
    let very_large = vec![0; 3 * AGE_FILE_BYTES_MAX];
    for (file, status, reason) in [
        (&b"My neighbour takes bribes"[..], 422, "not-age"),
        (b"", 422, "not-age"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\n", 422, "not-age"),
        (&good[..100], 422, "not-age"),
        (&scrypt, 422, "other-recipient"),
        (&classic, 422, "other-recipient"),
        (&age_file(&server, 1, b"text"), 422, "recipients"),
        (&age_file(&server, 3, b"text"), 422, "recipients"),
        (&good[..header_bytes + 10], 422, "short"),
        (&large, 413, "too-large"),
        (&very_large, 413, "too-large"),
    ] {
        let page = post(&server, &[("sealed", file)]);
        refused(page, status, reason);
    }
    refused(post(&server, &[]), 400, "malformed");
    refused(post(&server, &[("other", &good)]), 400, "malformed");
    refused(post(&server, &[("sealed", &good), ("sealed", &good)]), 400, "malformed");
    refused(post(&server, &[("sealed", &good), ("name", b"canary")]), 400, "malformed");
    let raw = |kind: &str, body: &[u8]| {
        server.request("POST", "/fa/sealed").header("Content-Type", kind).body(body).send()
    };
    refused(raw("text/plain", &good), 400, "malformed");
    refused(raw("multipart/form-data", &good), 400, "malformed");
    refused(raw("multipart/form-data; boundary=x", &good), 400, "malformed");
    refused(
        raw(
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=\"sealed\"\r\n\r\nage",
        ),
        400,
        "malformed",
    );
    assert!(cases(&server).is_empty());
    post(&server, &[("sealed", &good)]).expect(201);
}

fn refused(page: Response, status: u16, reason: &str) {
    let page = page.expect(status);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let text = String::from_utf8(page.body).unwrap();
    assert!(text.contains(&format!("data-reason=\"{reason}\"")), "{reason}");
    assert!(text.contains(&format!("data-for=\"{reason}\"")), "the page has words for {reason}");
    assert!(!text.contains("canary"));
}

#[test]
fn only_languages_of_the_office_have_the_form() {
    let server = Server::start();
    let file = age_file(&server, 2, b"text");
    let (kind, body) = form(&[("sealed", &file)]);
    server
        .request("POST", "/xx/sealed")
        .header("Content-Type", &kind)
        .body(&body)
        .send()
        .problem(404, "not-found");
    assert!(cases(&server).is_empty());
}

/// Nobody can be answered in such a case, and a session alone keeps record of it.
#[test]
fn a_one_way_case_takes_records_and_no_reply() {
    let server = Server::start();
    post(&server, &[("sealed", &age_file(&server, 2, b"text"))]).expect(201);
    let (session, case) = (server.session(0), cases(&server)[0]["case"].as_str().unwrap().to_owned());
    server.send("reply", &session, &case, &sealed(TEXT)).problem(409, "one-way");
    let creation = |kind: &str| server.creation(kind, &session, &case, TEXT).without("Case-Write");
    creation("reply").content(&sealed(TEXT)).send().problem(409, "one-way");
    creation("record").content(&sealed(TEXT)).send().expect(201);
    let token = token();
    server.send("report", &token, &case, &sealed(TEXT)).problem(409, "case-exists");
    server.send("follow-up", &token, &case, &sealed(TEXT)).problem(404, "unknown-mailbox");
    let read =
        server.read(&session, serde_json::json!([{"case": case, "write": null, "mailbox": 0, "office": 0}]));
    let listed = read.expect(200).json()["cases"][0].clone();
    let count = |thread: &str| listed[thread].as_array().unwrap().len();
    assert_eq!((count("mailbox"), count("office")), (1, 1));
    server.get(&format!("/api/v1/cases/{case}/office/0")).bearer(&session).send().expect(200);
}

#[test]
fn a_full_database_has_its_words_too() {
    let server = Server::with_room(1048576);
    let file = age_file(&server, 2, &vec![1; 2_000_000]);
    refused(post(&server, &[("sealed", &file)]), 507, "storage-full");
    assert!(cases(&server).is_empty());
}
