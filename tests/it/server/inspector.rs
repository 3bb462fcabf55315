//! How an inspector is let in (PROTOCOL 4.4).

use mohr::protocol::address::Address;
use mohr::protocol::extensions::Extensions;
use mohr::protocol::person::KeyId;
use mohr::protocol::profile::{FormerKey, Texts, WhyFormer};
use mohr::seal::signing::SigningKey;
use serde_json::{Value, json};

use crate::support::server::*;

fn open(server: &Server, body: &Value) -> Response {
    server.request("POST", "/api/v1/inspector/session").json(body).send()
}

#[test]
fn a_signed_challenge_opens_a_session() {
    let server = Server::start();
    for index in 0..2 {
        let session = server.session(index);
        assert_eq!(session.len(), 64);
        server.get("/api/v1/cases").bearer(&session).send().expect(200);
    }
}

#[test]
fn a_challenge_serves_once() {
    let server = Server::start();
    let challenge = server.challenge();
    let body = server.session_request(0, &challenge);
    open(&server, &body).expect(200);
    open(&server, &body).problem(401, "unauthorized");
    open(&server, &server.session_request(1, &challenge)).problem(401, "unauthorized");
}

#[test]
fn a_wrong_answer_uses_the_challenge_up() {
    let server = Server::start();
    let challenge = server.challenge();
    let right = server.session_request(0, &challenge);
    let mut wrong = right.clone();
    wrong["signature"] = server.session_request(1, &challenge)["signature"].clone();
    open(&server, &wrong).problem(401, "unauthorized");
    open(&server, &right).problem(401, "unauthorized");
}

#[test]
fn nobody_else_is_let_in() {
    let server = Server::start();
    let other_office = Server::start();
    let altered = |change: &dyn Fn(&mut Value)| {
        let mut body = server.session_request(0, &server.challenge());
        change(&mut body);
        open(&server, &body)
    };
    altered(&|body| body["inspector"] = json!("reza")).problem(401, "unauthorized");
    altered(&|body| body["inspector"] = json!("nobody")).problem(401, "unauthorized");
    altered(&|body| body["epoch"] = json!(1)).problem(401, "unauthorized");
    altered(&|body| body["epoch"] = json!(3)).problem(401, "unauthorized");
    altered(&|body| body["address"] = json!("http://relay.test")).problem(401, "unauthorized");
    altered(&|body| body["challenge"] = json!("00".repeat(32))).problem(401, "unauthorized");
    altered(&|body| body["signature"] = json!("00".repeat(64))).problem(401, "unauthorized");
    // Signed for another office, with the same challenge and the same key.
    altered(&|body| {
        let challenge = body["challenge"].as_str().unwrap();
        *body = server.signed_request(
            other_office.office.profile.office,
            &key(&server, 0, 2),
            &address(&server),
            challenge,
            0,
        );
    })
    .problem(401, "unauthorized");
    // And without any challenge of this server.
    open(&server, &other_office.session_request(0, &other_office.challenge())).problem(401, "unauthorized");
}

fn key(server: &Server, index: usize, epoch: u64) -> KeyId {
    KeyId { person: server.office.profile.inspectors[index].id.clone(), epoch }
}

fn address(server: &Server) -> Address {
    server.office.profile.addresses[0].clone()
}

/// What an inspector signs is good for one of the office's addresses: a relay that makes
/// her sign for its own gets nothing.
#[test]
fn a_session_is_signed_for_an_address_of_the_profile() {
    let server = Server::with_offices(vec![Office::at(&["http://mohr.test", "https://report.example:8443"])]);
    let office = server.office.profile.office;
    let sign = |address: &str| {
        let address: Address = address.parse().unwrap();
        open(&server, &server.signed_request(office, &key(&server, 0, 2), &address, &server.challenge(), 0))
    };
    sign("http://mohr.test").expect(200);
    sign("https://report.example:8443").expect(200);
    for other in ["https://mohr.test", "https://report.example", "http://127.0.0.1:8080", "http://relay.test"]
    {
        sign(other).problem(401, "unauthorized");
    }
}

/// Who has left, and who has new keys since, is not let in with the old one.
#[test]
fn a_former_key_lets_nobody_in() {
    let mut office = Office::new();
    let (old, gone) = (SigningKey::generate(), SigningKey::generate());
    let role = office.profile.inspectors[0].role.clone();
    let former = |id: &str, epoch, signer: &SigningKey, why, role: Option<Texts>| FormerKey {
        id: id.parse().unwrap(),
        epoch,
        signer: signer.signer(),
        until: FIRST_DAY.parse().unwrap(),
        why,
        joined: role.is_some().then_some(1),
        role,
        extensions: Extensions::default(),
    };
    let replaced = former("sara", 1, &old, WhyFormer::Replaced, None);
    let left = former("omid", 1, &gone, WhyFormer::Left, Some(role));
    office.note = office.sign(|profile| profile.former = vec![replaced, left]);
    office.inspectors.extend([old, gone]);
    let server = Server::with_offices(vec![office]);
    let sign = |person: &str, epoch, signer| {
        let key = KeyId { person: person.parse().unwrap(), epoch };
        let office = server.office.profile.office;
        open(&server, &server.signed_request(office, &key, &address(&server), &server.challenge(), signer))
    };
    sign("sara", 2, 0).expect(200);
    for (person, epoch, signer) in [("sara", 1, 2), ("sara", 2, 2), ("sara", 1, 0), ("omid", 1, 3)] {
        sign(person, epoch, signer).problem(401, "unauthorized");
    }
}

#[test]
fn sessions_end_with_the_server() {
    let server = Server::start();
    let session = server.session(0);
    let challenge = server.challenge();
    let server = server.restart();
    server.get("/api/v1/cases").bearer(&session).send().problem(401, "unauthorized");
    open(&server, &server.session_request(0, &challenge)).problem(401, "unauthorized");
}

#[test]
fn nothing_of_a_session_is_on_the_disk() {
    let mut server = Server::start();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    let session = server.session(0);
    server.send("reply", &session, &case, &sealed(TEXT)).expect(201);
    let secret = mohr::protocol::ids::decode_hex::<32>(&session).unwrap();
    let key = mohr::protocol::ids::decode_hex::<32>(&token).unwrap();
    let hash = mohr::verify::digest::sha256(&secret);
    let site = server.site.clone();
    let holds = |needle: &[u8]| {
        std::fs::read_dir(site.folder.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(needle.len()).any(|part| part == needle)
        })
    };
    for running in [true, false] {
        for needle in [&secret[..], &key, hash.as_bytes(), session.as_bytes(), token.as_bytes()] {
            assert!(!holds(needle), "running: {running}");
        }
        // The search finds what is there.
        assert!(holds(mohr::verify::digest::mailbox_id(&key).as_bytes()));
        if running {
            server.stop();
        }
    }
}

#[test]
fn requests_that_do_not_parse() {
    let server = Server::start();
    let good = server.session_request(0, &server.challenge());
    let post = || server.request("POST", "/api/v1/inspector/session");
    post().body(good.to_string().as_bytes()).send().problem(415, "media-type");
    post().header("Content-Type", "text/json").body(b"{}").send().problem(415, "media-type");
    let json = |text: &str| {
        post().header("Content-Type", "application/json; charset=utf-8").body(text.as_bytes()).send()
    };
    let text = good.to_string();
    for bad in [
        "",
        "{}",
        "[]",
        "null",
        "{",
        "\u{feff}{}",
        &text.replace("sara", "Sara"),
        &text.replace("sara", ""),
        &text.replace("\"epoch\":2", "\"epoch\":-2"),
        &text.replace("\"epoch\":2,", ""),
        &text.replace("http://mohr.test", "http://mohr.test/"),
        &text.replace("http://mohr.test", "HTTP://mohr.test"),
        &text.replace('}', ",\"more\":1}"),
        &text.replace('}', ",\"inspector\":\"sara\"}"),
        &text.replace("\"challenge\":\"", "\"challenge\":\"0"),
        &text.replace("\"signature\":\"", "\"signature\":\"A"),
        &"[".repeat(4000),
    ] {
        json(bad).problem(400, "malformed");
    }
    json(&format!("{text}{}", " ".repeat(5000))).problem(413, "too-large");
    server
        .request("POST", "/api/v1/inspector/challenge")
        .body(&vec![b'x'; 5000])
        .send()
        .problem(413, "too-large");
    json(&text).expect(200);
}

#[test]
fn no_session_no_cases() {
    let server = Server::start();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    for (method, path) in [
        ("GET", "/api/v1/cases".to_owned()),
        ("POST", "/api/v1/cases/read".to_owned()),
        ("GET", format!("/api/v1/cases/{case}/mailbox/0")),
        ("GET", format!("/api/v1/cases/{case}/office/0")),
    ] {
        let request = || server.request(method, &path).write(&write_of(&case)).body(b"");
        let refused = request().send().problem(401, "unauthorized");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        request().bearer(&token).send().problem(401, "unauthorized");
        request().header("Authorization", "Basic c2FyYTpzYXJh").send().problem(401, "unauthorized");
        // No hex, or not so much of it.
        for bad in
            ["Bearer", "Bearer ", "Bearer x", "bearer 0", "Bearer  00", &format!("Bearer {}", "A".repeat(64))]
        {
            request().header("Authorization", bad).send().problem(401, "unauthorized");
        }
    }
}
