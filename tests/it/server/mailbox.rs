//! What a reporter and an inspector read: lists, blobs, ranges (PROTOCOL 4.1, 4.3, 4.5).

use serde_json::{Value, json};

use crate::support::server::*;

/// What every answer of a mailbox has.
const ANSWER: usize = 32 * 1024;

#[test]
fn the_profile_is_the_signed_note() {
    let server = Server::start();
    let answer = server.get("/api/v1/profile").send().expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.body, server.office.note.as_bytes());
    let same = server.get("/api/v1/profile/3").send().expect(200);
    assert_eq!(same.body, answer.body);
}

#[test]
fn every_profile_that_was_served_is_there() {
    let mut server = Server::start();
    server.stop();
    let later = server.office.sign(|profile| profile.version = 7);
    std::fs::write(server.site.profile(0), &later).unwrap();
    let server = server.restart();
    let get = |version: &str| server.get(&format!("/api/v1/profile/{version}")).send();
    assert_eq!(server.get("/api/v1/profile").send().expect(200).body, later.as_bytes());
    for (version, note) in [("3", &server.office.note), ("7", &later)] {
        let answer = get(version).expect(200);
        assert_eq!(answer.body, note.as_bytes());
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    for none in
        ["0", "1", "4", "8", "03", "-3", "+3", "3.0", "x", "9007199254740992", "18446744073709551616", "%ff"]
    {
        get(none).problem(404, "not-found");
    }
}

#[test]
fn an_unknown_token_gets_an_answer_of_the_same_shape_and_size() {
    let server = Server::start();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    server.send("follow-up", &token, &case, &sealed(TEXT)).expect(201);
    let known = server.get("/api/v1/mailbox").bearer(&token).send().expect(200);
    let unknown = server.get("/api/v1/mailbox").bearer(&self::token()).send().expect(200);
    assert_eq!(known.raw.len(), unknown.raw.len());
    let names = |answer: &Response| answer.headers.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&known), names(&unknown));
    for answer in [&known, &unknown] {
        assert_eq!(answer.body.len(), ANSWER);
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("content-encoding"), "identity");
        assert_eq!(answer.header("content-length"), ANSWER.to_string());
        let members: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["case", "dropped", "messages", "next", "orders"]);
    }
    let nothing = br#"{"case":null,"dropped":false,"messages":[],"orders":[],"next":null} "#;
    assert!(unknown.body.starts_with(nothing));
    let begins =
        format!(r#"{{"case":"{case}","dropped":false,"messages":[{{"position":0,"kind":"report","size"#);
    assert!(known.body.starts_with(begins.as_bytes()));
    for path in ["/api/v1/mailbox?from=0", "/api/v1/mailbox?from=9007199254740991"] {
        assert_eq!(server.get(path).bearer(&self::token()).send().expect(200).body, unknown.body);
    }
    let compressed =
        server.get("/api/v1/mailbox").bearer(&token).header("Accept-Encoding", "gzip, br").send();
    assert_eq!(compressed.expect(200).body, known.body);
}

/// However much there is: one length, and a page after the other.
#[test]
fn a_mailbox_is_read_in_pages_of_one_length() {
    let server = Server::start();
    let (token, case, session) = (token(), case(), server.session(0));
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    for i in 1..70 {
        let (kind, secret) = if i % 3 == 0 { ("reply", &session) } else { ("follow-up", &token) };
        server.send(kind, secret, &case, &sealed(TEXT)).expect(201);
        assert_eq!(server.get("/api/v1/mailbox").bearer(&token).send().expect(200).body.len(), ANSWER);
    }
    let all = pages(&server, &token);
    assert_eq!(all.len(), 70);
    for (position, entry) in all.iter().enumerate() {
        assert_eq!(entry["position"], position);
        let own = position % 3 != 0 || position == 0;
        assert_eq!(entry.get("memo").is_some(), own, "{entry}");
        assert!(!own || entry["memo"] == memo());
    }
    // Records are none of the reporter's business, not even their number.
    let before = server.get("/api/v1/mailbox").bearer(&token).send().expect(200);
    server.send("record", &session, &case, &sealed(TEXT)).expect(201);
    assert_eq!(server.get("/api/v1/mailbox").bearer(&token).send().expect(200).raw, before.raw);
    for bad in
        ["?from=", "?from=-1", "?from=x", "?from=9007199254740992", "?from=1&from=2", "?to=1", "?from=%ff"]
    {
        let path = format!("/api/v1/mailbox{bad}");
        server.get(&path).bearer(&token).send().problem(400, "malformed");
    }
}

/// A mailbox to its end.
fn pages(server: &Server, token: &str) -> Vec<Value> {
    let (mut all, mut from) = (Vec::new(), 0);
    loop {
        let answer = server.get(&format!("/api/v1/mailbox?from={from}")).bearer(token).send().expect(200);
        assert_eq!(answer.body.len(), ANSWER);
        let page = answer.json();
        let messages = page["messages"].as_array().unwrap();
        assert!(messages.len() <= 256);
        all.extend(messages.iter().cloned());
        match page["next"].as_u64() {
            Some(next) => {
                assert!(next > from && next == from + messages.len() as u64, "a page brings something");
                from = next;
            }
            None => return all,
        }
    }
}

/// A case that has grown beyond all measure, by somebody who wanted that: everybody can still read it.
#[test]
fn a_case_of_203_000_messages_is_listed() {
    const FOLLOW_UPS: u64 = 3_000;
    const REPLIES: u64 = 200_000;
    let server = Server::start();
    let (token, case, session) = (token(), case(), server.session(0));
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    let db = rusqlite::Connection::open(server.database()).unwrap();
    // The server keeps house meanwhile.
    db.busy_timeout(std::time::Duration::from_secs(120)).unwrap();
    let grow = |kind: &str, thread: u8, from: u64, count: u64, memo: Option<&[u8]>| {
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?5)
             INSERT INTO messages SELECT (SELECT case_id FROM cases), ?2, ?3 + i, ?1, 32768, randomblob(32),
             '2026-11-21', randomblob(16), ?4 FROM n",
            rusqlite::params![kind, thread, from, memo, count],
        )
        .unwrap();
    };
    grow("follow-up", 0, 1, FOLLOW_UPS, Some(&[7; 640]));
    grow("reply", 0, 1 + FOLLOW_UPS, REPLIES - 1, None);
    grow("record", 1, 0, 2_500, None);
    let all = pages(&server, &token);
    assert_eq!(all.len() as u64, FOLLOW_UPS + REPLIES);
    assert!(all.iter().enumerate().all(|(position, entry)| entry["position"] == position));

    let (mut known, mut requests) = ([0, 0], 0);
    loop {
        let asked =
            json!([{"case": case, "write": write_of(&case), "mailbox": known[0], "office": known[1]}]);
        let listed = server.read(&session, asked).expect(200).json()["cases"][0].clone();
        for (known, thread) in known.iter_mut().zip(["mailbox", "office"]) {
            let entries = listed[thread].as_array().unwrap();
            assert!(entries.len() <= 1000);
            assert!(entries.iter().enumerate().all(|(i, entry)| entry["position"] == *known + i as u64));
            *known += entries.len() as u64;
        }
        requests += 1;
        if listed["more"] == false {
            break;
        }
    }
    assert_eq!((known, requests), ([FOLLOW_UPS + REPLIES, 2_500], 203));
    // A follow-up still gets its place.
    server.send("follow-up", &token, &case, &sealed(TEXT)).expect(201);
    let last = server.get(&format!("/api/v1/mailbox?from={}", FOLLOW_UPS + REPLIES)).bearer(&token).send();
    assert_eq!(last.expect(200).json()["messages"][0]["kind"], "follow-up");
}

#[test]
fn a_blob_comes_whole_or_in_ranges() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(16 * TEXT));
    server.send("report", &token, &case, &blob).expect(201);
    let session = server.session(0);
    for (path, secret) in
        [("/api/v1/mailbox/0".to_owned(), &token), (format!("/api/v1/cases/{case}/mailbox/0"), &session)]
    {
        let get = |range: &str| server.get(&path).bearer(secret).header("Range", range).send();
        let whole = server.get(&path).bearer(secret).send().expect(200);
        assert_eq!(whole.body, blob);
        assert_eq!(whole.header("content-type"), "application/octet-stream");
        assert_eq!(whole.header("accept-ranges"), "bytes");
        assert_eq!(whole.header("content-length"), blob.len().to_string());
        assert_eq!(whole.header("cache-control"), "no-store");
        let n = blob.len();
        for (range, from, to) in [
            ("bytes=0-0".to_owned(), 0, 1),
            ("bytes=32767-32768".to_owned(), 32_767, 32_769),
            ("bytes=100000-400000".to_owned(), 100_000, 400_001),
            (format!("bytes={}-", n - 1), n - 1, n),
            ("bytes=-7".to_owned(), n - 7, n),
            ("bytes=0-99999999999".to_owned(), 0, n),
        ] {
            let part = get(&range).expect(206);
            assert_eq!(part.body, blob[from..to], "{range}");
            assert_eq!(part.header("content-range"), format!("bytes {from}-{}/{n}", to - 1));
            assert_eq!(part.header("content-length"), (to - from).to_string());
        }
        for bad in [format!("bytes={n}-"), "bytes=5-4".into(), "bytes=0-1,4-5".into(), "bytes=x".into()] {
            let refused = get(&bad).problem(416, "range");
            assert_eq!(refused.header("content-range"), format!("bytes */{n}"));
        }
        assert_eq!(get("lines=1-2").expect(200).body.len(), n);
        let head = server.request("HEAD", &path).bearer(secret).send().expect(200);
        assert_eq!((head.body.len(), head.header("content-length")), (0, n.to_string().as_str()));
    }
}

#[test]
fn a_download_cut_short_leaves_the_server_well() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(256 * TEXT));
    server.send("report", &token, &case, &blob).expect(201);
    for _ in 0..20 {
        let stream = server.get("/api/v1/mailbox/0").bearer(&token).send_part(0);
        drop(stream);
    }
    let from = 8_000_000;
    let rest = server.get("/api/v1/mailbox/0").bearer(&token);
    let rest = rest.header("Range", &format!("bytes={from}-")).send().expect(206);
    assert_eq!(rest.body, blob[from..]);
}

#[test]
fn what_is_not_there() {
    let server = Server::start();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    let mailbox = |secret: &str, position: &str| {
        server.get(&format!("/api/v1/mailbox/{position}")).bearer(secret).send()
    };
    mailbox(&self::token(), "0").problem(404, "unknown-mailbox");
    for position in ["1", "4294967295", "4294967296", "-1", "00", "x", "%30%30", "%ff", "0%00"] {
        mailbox(&token, position).problem(404, "not-found");
    }
    let session = server.session(0);
    let get = |path: &str| server.get(path).bearer(&session).send();
    let unknown = self::case();
    let upper = case.to_uppercase() + "A";
    for path in [
        format!("/api/v1/cases/{unknown}/mailbox/0"),
        format!("/api/v1/cases/{case}/mailbox/1"),
        format!("/api/v1/cases/{case}/mailbox/00"),
        format!("/api/v1/cases/{case}/office/0"),
        format!("/api/v1/cases/{case}/messages/0"),
        format!("/api/v1/cases/{case}/Mailbox/0"),
        format!("/api/v1/cases/{upper}/mailbox/0"),
        format!("/api/v1/cases/{case}"),
        format!("/api/v1/cases/{case}/"),
        "/api/v1/cases/%ff%fe".into(),
        "/api/v1/cases/%ff/%ff/%ff".into(),
        format!("/api/v1/cases/{case}/%ff/0"),
        "/api/v1/".into(),
        "/api/v1".into(),
        "/api/".into(),
        "/api/v2/profile".into(),
        "/api/v1/uploads/".into(),
        "/api/v1/nothing".into(),
    ] {
        get(&path).problem(404, "not-found");
    }
}

#[test]
fn methods_that_do_not_fit() {
    let server = Server::start();
    for (method, path, allowed) in [
        ("DELETE", "/api/v1/profile", "GET,HEAD"),
        ("POST", "/api/v1/mailbox", "GET,HEAD"),
        ("GET", "/api/v1/inspector/session", "POST"),
        ("PUT", "/api/v1/cases", "GET,HEAD"),
        ("GET", "/api/v1/cases/read", "POST"),
    ] {
        let refused = server.request(method, path).body(b"").send().problem(405, "method-not-allowed");
        assert_eq!(refused.header("allow"), allowed, "{method} {path}");
    }
    server.request("GET", "/api/v1/uploads").tus().send().problem(405, "method-not-allowed");
    server.request("PUT", "/api/v1/uploads").tus().body(b"").send().problem(405, "method-not-allowed");
}

#[test]
fn cases_are_listed_by_id() {
    let server = Server::start();
    let mut cases: Vec<String> = (0..25).map(|_| case()).collect();
    for case in &cases {
        server.send("report", &token(), case, &sealed(TEXT)).expect(201);
    }
    cases.sort();
    let session = server.session(1);
    let page = |query: &str| server.get(&format!("/api/v1/cases{query}")).bearer(&session).send();
    let all = page("").expect(200).json();
    let ids = |page: &Value| -> Vec<String> {
        page["cases"].as_array().unwrap().iter().map(|c| c["case"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&all), cases);
    assert!(all["next"].is_null());
    let report = &all["cases"][0]["report"];
    assert_eq!(
        (&report["position"], &report["kind"], report.get("memo")),
        (&json!(0), &json!("report"), None)
    );

    let (mut seen, mut query) = (Vec::new(), "?limit=10".to_owned());
    loop {
        let answer = page(&query).expect(200).json();
        seen.extend(ids(&answer));
        let Some(next) = answer["next"].as_str() else { break };
        query = format!("?after={next}&limit=10");
    }
    assert_eq!(seen, cases);
    for bad in [
        "?limit=0",
        "?limit=1001",
        "?limit=-1",
        "?limit=x",
        "?limit=",
        "?limit=5&limit=6",
        "?after=xyz",
        "?after=",
        "?order=day",
        "?limit=%ff",
        &format!("?after={}0", cases[0]),
    ] {
        page(bad).problem(400, "malformed");
    }
}
