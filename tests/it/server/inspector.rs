//! How an inspector is let in (PROTOCOL 4.4).

use crate::support::server::*;
use serde_json::{Value, json};

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
    altered(&|body| body["challenge"] = json!("00".repeat(32))).problem(401, "unauthorized");
    altered(&|body| body["signature"] = json!("00".repeat(64))).problem(401, "unauthorized");
    // Signed for another office, with the same challenge and the same key.
    altered(&|body| {
        let challenge = body["challenge"].as_str().unwrap();
        let profile = &other_office.office.profile;
        let id = &profile.inspectors[0].id;
        let signed = mohr::verify::signature::session_bytes(&profile.office, id, challenge);
        body["signature"] = json!(server.office.inspectors[0].sign(&signed));
    })
    .problem(401, "unauthorized");
    // And without any challenge of this server.
    open(&server, &other_office.session_request(0, &other_office.challenge())).problem(401, "unauthorized");
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
    let folder = server.folder.clone();
    let holds = |needle: &[u8]| {
        std::fs::read_dir(folder.path()).unwrap().any(|file| {
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
    for path in [
        "/api/v1/cases".to_owned(),
        format!("/api/v1/cases/{case}"),
        format!("/api/v1/cases/{case}/messages/0"),
    ] {
        let refused = server.get(&path).send().problem(401, "unauthorized");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        server.get(&path).bearer(&token).send().problem(401, "unauthorized");
        server.get(&path).header("Authorization", "Basic c2FyYTpzYXJh").send().problem(401, "unauthorized");
    }
}
