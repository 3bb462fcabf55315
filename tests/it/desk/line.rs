//! Lines that break, proxies whose server is away, and servers that lie about lists: what passes is got over,
//! what does not is said at once, and one bad case costs that case.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::time::{Duration, Instant};

use crate::support::scripted::{Answered, Asked, ScriptedServer};
use mohr::client::{Client, Error, OutgoingMessage};
use mohr::protocol::api::{CaseRequest, ListedMessage};
use mohr::protocol::ids::CaseId;
use mohr::protocol::memo::{MEMO_SEALED_BYTES, SealedMemo};
use mohr::protocol::record::ThreadName;
use mohr::protocol::secret::WriteToken;
use mohr::protocol::upload::{MessageKind, UploadMetadata};
use serde_json::{Value, json};
use zeroize::Zeroizing;

const BLOB_BYTES: usize = 512 * 1024;
const BAD_GATEWAY: &[u8] = b"<html><head><title>502 Bad Gateway</title></head></html>";

fn blob() -> Vec<u8> {
    (0..BLOB_BYTES).map(|at| (at / 251) as u8).collect()
}

fn bearer() -> Zeroizing<String> {
    Zeroizing::new("a".repeat(64))
}

fn entry(position: u64, kind: &str, size_bytes: usize) -> Value {
    json!({
        "position": position, "kind": kind, "size_bytes": size_bytes, "sha256": "ab".repeat(32),
        "day": "2026-11-21"
    })
}

fn listed(position: u64) -> ListedMessage {
    serde_json::from_value(entry(position, "follow-up", BLOB_BYTES)).unwrap()
}

fn case(number: u8) -> CaseId {
    CaseId::from_bytes([number; 16])
}

#[test]
fn a_download_goes_on_where_the_line_broke() {
    // Three cuts, a proxy's page and a busy server between them; never the same byte twice.
    let server = ScriptedServer::start(|number, asked| match number {
        0 => Answered::ranged(asked, &blob()).cut_behind(100_000),
        1 => Answered::with_status(502, BAD_GATEWAY),
        2 => Answered::ranged(asked, &blob()).cut_behind(1),
        3 => Answered::problem(503, "busy"),
        4 => Answered::ranged(asked, &blob()).cut_behind(300_000),
        _ => Answered::ranged(asked, &blob()),
    });
    let client = Client::new(&server.url, None).unwrap();
    let bearer = bearer();
    let write = WriteToken::from_bytes([7; 32]);
    let remote = client.case_blob(&bearer, case(1), ThreadName::Office, Some(&write), &listed(3)).unwrap();
    assert!(remote.read_whole().unwrap() == blob());
    let asked = server.asked.lock().unwrap().clone();
    let begins: Vec<_> = asked.iter().map(|asked| asked.range().map_or(0, |(first, _)| first)).collect();
    assert_eq!(begins, [0, 100_000, 100_000, 100_001, 100_001, 400_001]);
    for asked in &asked {
        assert_eq!(asked.path, format!("/api/v1/cases/{}/office/3", case(1)));
        assert_eq!(asked.header("case-write"), "07".repeat(32));
        assert_eq!(asked.header("authorization"), format!("Bearer {}", *bearer));
    }
}

#[test]
fn a_download_takes_neither_another_place_nor_more_than_was_listed() {
    type Liar = fn(usize, &Asked) -> Answered;
    let shifted: Liar = |number, asked| match number {
        0 => Answered::ranged(asked, &blob()).cut_behind(10),
        _ => Answered {
            headers: vec![("Content-Range", format!("bytes 11-{}/{BLOB_BYTES}", BLOB_BYTES - 1))],
            ..Answered::with_status(206, &blob()[10..])
        },
    };
    let from_the_beginning: Liar = |number, asked| match number {
        0 => Answered::ranged(asked, &blob()).cut_behind(10),
        _ => Answered::with_status(200, &blob()),
    };
    for liar in [shifted, from_the_beginning] {
        let server = ScriptedServer::start(liar);
        let client = Client::new(&server.url, None).unwrap();
        let (token, listed) = (bearer(), listed(0));
        let refused = client.mailbox_blob(&token, &listed).unwrap().read_whole().unwrap_err();
        assert!(matches!(refused, Error::UnexpectedAnswer(_)), "{refused}");
    }
    let longer = ScriptedServer::start(|_, _| Answered::with_status(200, &[blob(), vec![1]].concat()));
    let client = Client::new(&longer.url, None).unwrap();
    let (token, listed) = (bearer(), listed(0));
    assert!(client.mailbox_blob(&token, &listed).unwrap().read_whole().unwrap() == blob());
}

#[test]
fn a_line_that_brings_nothing_any_more_ends_a_download() {
    let server = ScriptedServer::start(|_, asked| Answered::ranged(asked, &blob()).cut_behind(0));
    let client = Client::new(&server.url, None).unwrap();
    let (token, listed) = (bearer(), listed(0));
    let started = Instant::now();
    let refused = client.mailbox_blob(&token, &listed).unwrap().read_whole().unwrap_err();
    assert!(matches!(refused, Error::Unreachable(_)), "{refused}");
    assert_eq!(server.paths().len(), 6);
    assert!(started.elapsed() > Duration::from_secs(10), "the pauses grow");
}

#[test]
fn a_place_in_a_blob_is_read_without_the_rest() {
    let server = ScriptedServer::start(|_, asked| Answered::ranged(asked, &blob()));
    let client = Client::new(&server.url, None).unwrap();
    let (token, listed) = (bearer(), listed(0));
    let mut reader = client.mailbox_blob(&token, &listed).unwrap().reader();
    let mut read_at = |at: u64, length: usize| {
        let mut bytes = vec![0; length];
        reader.seek(SeekFrom::Start(at)).unwrap();
        reader.read_exact(&mut bytes).unwrap();
        assert!(bytes == blob()[at as usize..at as usize + length], "{at}");
    };
    read_at(0, 4000);
    read_at(1000, 10_000);
    read_at(300_000, 70_000);
    read_at(BLOB_BYTES as u64 - 5, 5);
    read_at(0, 4000);
    let ranges: Vec<_> =
        server.asked.lock().unwrap().iter().map(|asked| asked.range().unwrap().0 / 65_536).collect();
    assert_eq!(ranges, [0, 4, 5, 7], "what was fetched is not fetched again");
    assert_eq!(reader.seek(SeekFrom::End(0)).unwrap(), BLOB_BYTES as u64);
    assert_eq!(reader.read(&mut [0; 10]).unwrap(), 0);
}

#[test]
fn a_plain_refusal_is_said_at_once() {
    for (status, document) in [(507, Some("storage-full")), (413, None), (409, Some("case-exists"))] {
        let server = ScriptedServer::start(move |_, _| match document {
            Some(word) => Answered::problem(status, word),
            None => Answered::with_status(status, BAD_GATEWAY),
        });
        let client = Client::new(&server.url, None).unwrap();
        let metadata = UploadMetadata { kind: MessageKind::FollowUp, case: case(1), write_hash: None };
        let outgoing = OutgoingMessage { metadata, memo: None, write: None, blob: &[1; 32_768] };
        let started = Instant::now();
        let refused = client.upload(&bearer(), &outgoing, |_| ()).unwrap_err();
        match document {
            Some(word) => assert_eq!(refused, Error::Problem { word: word.to_owned(), status }),
            None => assert_eq!(refused, Error::RefusedBefore { status }),
        }
        assert_eq!(server.paths().len(), 1);
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

/// What is kept of uploads, enough for one.
fn tus(asked: &Asked, held: &mut Vec<u8>) -> Answered {
    let offset = |held: &[u8]| vec![("Upload-Offset", held.len().to_string())];
    match asked.method.as_str() {
        "POST" => {
            held.clear();
            held.extend_from_slice(&asked.body);
            let mut headers = offset(held);
            headers.push(("Location", format!("/api/v1/uploads/{}", "0".repeat(32))));
            Answered { headers, ..Answered::with_status(201, b"") }
        }
        "HEAD" => Answered { headers: offset(held), ..Answered::with_status(200, b"") },
        _ => {
            assert_eq!(asked.header("upload-offset"), held.len().to_string());
            held.extend_from_slice(&asked.body);
            Answered { headers: offset(held), ..Answered::with_status(204, b"") }
        }
    }
}

#[test]
fn an_upload_gets_over_a_bad_gateway_at_any_request_and_brings_its_memo() {
    let sent: Vec<u8> = (0..9_000_000).map(|at| (at / 257) as u8).collect();
    for bad in 0..4 {
        let held = std::sync::Mutex::new(Vec::new());
        let whole = std::sync::Arc::new(held);
        let kept = std::sync::Arc::clone(&whole);
        let server = ScriptedServer::start(move |number, asked| match number == bad {
            // A HEAD has no body to be told by.
            true => Answered::with_status(502, if asked.method == "HEAD" { b"" } else { BAD_GATEWAY }),
            false => tus(asked, &mut kept.lock().unwrap()),
        });
        let client = Client::new(&server.url, None).unwrap();
        let memo = SealedMemo::from_bytes([9; MEMO_SEALED_BYTES]);
        let metadata = UploadMetadata { kind: MessageKind::FollowUp, case: case(1), write_hash: None };
        let outgoing = OutgoingMessage { metadata, memo: Some(&memo), write: None, blob: &sent };
        client.upload(&bearer(), &outgoing, |_| ()).unwrap();
        assert!(*whole.lock().unwrap() == sent, "{bad}");
        let asked = server.asked.lock().unwrap();
        let last = asked.iter().rev().find(|asked| asked.method == "PATCH").unwrap();
        assert_eq!(last.header("upload-memo"), memo.encode());
        let first = asked.iter().find(|asked| asked.method == "POST").unwrap();
        assert_eq!(UploadMetadata::decode(first.header("upload-metadata")), Some(metadata));
    }
}

#[test]
fn a_mailbox_is_read_page_by_page() {
    let server = ScriptedServer::start(|_, asked| {
        let from: u64 = asked.path.rsplit('=').next().unwrap().parse().unwrap();
        let messages: Vec<_> = (from..7.min(from + 3))
            .map(|at| entry(at, if at == 0 { "report" } else { "reply" }, 32_768))
            .collect();
        let next = (from + 3 < 7).then_some(from + 3);
        Answered::json(&json!({
            "case": case(1), "dropped": false, "messages": messages, "orders": [], "next": next
        }))
    });
    let client = Client::new(&server.url, None).unwrap();
    let mailbox = client.mailbox(&bearer()).unwrap();
    assert_eq!((mailbox.messages.len(), mailbox.case), (7, Some(case(1))));
    assert_eq!(server.paths(), ["0", "3", "6"].map(|from| format!("/api/v1/mailbox?from={from}")));

    // A page that leads back, and one without an end.
    let round = ScriptedServer::start(|_, _| {
        Answered::json(&json!({
            "case": case(1), "dropped": false, "messages": [entry(0, "report", 32_768)], "orders": [], "next": 0
        }))
    });
    let client = Client::new(&round.url, None).unwrap();
    assert!(matches!(client.mailbox(&bearer()), Err(Error::UnexpectedAnswer(_))));
}

fn request(number: u8) -> CaseRequest {
    CaseRequest { case: case(number), write: None, mailbox: 0, office: 0 }
}

/// A page of two of 250 cases, or what was asked of some of them.
fn many_cases(asked: &Asked) -> Answered {
    if asked.method == "GET" {
        let after = asked.path.split_once("after=").map(|(_, after)| &after[..2]);
        let first = after.map_or(0, |hex| u8::from_str_radix(hex, 16).unwrap() + 1);
        let page: Vec<_> = (first..250.min(first + 2))
            .map(|number| json!({"case": case(number), "report": entry(0, "report", 32_768)}))
            .collect();
        let next = (first + 2 < 250).then(|| case(first + 1));
        return Answered::json(&json!({"cases": page, "next": next}));
    }
    let requests: Value = serde_json::from_slice(&asked.body).unwrap();
    let requests = requests["cases"].as_array().unwrap();
    // Whoever asks for too much gets more than she takes.
    if requests.len() > 60 {
        return Answered::with_status(200, &vec![b' '; 33 * 1024 * 1024]);
    }
    let answers: Vec<_> = requests
        .iter()
        .map(|request| {
            let known = request["mailbox"].as_u64().unwrap();
            let kind = if known == 0 { "report" } else { "follow-up" };
            let wrong = request["case"] == json!(case(33));
            let position = if wrong { 5 } else { known };
            json!({
                "case": request["case"], "mailbox": [entry(position, kind, 32_768)], "office": [], "orders": [],
                "more": known < 2
            })
        })
        .collect();
    Answered::json(&json!({"cases": answers}))
}

#[test]
fn no_number_of_cases_is_too_large_and_a_wrong_one_costs_itself_alone() {
    let server = ScriptedServer::start(|_, asked| many_cases(asked));
    let client = Client::new(&server.url, None).unwrap();
    let cases = client.cases(&bearer()).unwrap();
    assert_eq!(cases.len(), 250);
    let (mut read, mut failed) = (Vec::new(), Vec::new());
    client
        .read_cases(&bearer(), (0..250).map(request).collect(), |case, listing| match listing {
            Ok(listing) => read.push((case, listing.mailbox.len())),
            Err(_) => failed.push(case),
        })
        .unwrap();
    assert_eq!(failed, [case(33)]);
    assert_eq!(read.len(), 249);
    assert!(read.iter().all(|(_, messages)| *messages == 3), "every part of a long case");
}
