//! What a reporter and an inspector read: lists, blobs, ranges (PROTOCOL 4.1, 4.3, 4.4).

use crate::support::server::*;

#[test]
fn the_profile_is_the_signed_note() {
    let server = Server::start();
    let answer = server.get("/api/v1/profile").send().expect(200);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.body, server.office.note.as_bytes());
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
        assert_eq!(answer.body.len(), 4096);
        assert_eq!(answer.header("content-type"), "application/json");
        let members: Vec<_> = answer.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(members, ["case", "messages"]);
    }
    assert!(unknown.body.starts_with(br#"{"case":null,"messages":[]} "#));
    assert!(known.body.starts_with(format!(r#"{{"case":"{case}","messages":[{{"position":0,"#).as_bytes()));
}

#[test]
fn the_list_is_filled_to_pages() {
    let server = Server::start();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    let mut lengths = std::collections::BTreeSet::new();
    for _ in 0..30 {
        server.send("follow-up", &token, &case, &sealed(TEXT)).expect(201);
        lengths.insert(server.get("/api/v1/mailbox").bearer(&token).send().expect(200).body.len());
    }
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [4096, 8192]);
}

#[test]
fn a_blob_comes_whole_or_in_ranges() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(16 * TEXT));
    server.send("report", &token, &case, &blob).expect(201);
    let session = server.session(0);
    for (path, secret) in [
        ("/api/v1/mailbox/messages/0".to_owned(), &token),
        (format!("/api/v1/cases/{case}/messages/0"), &session),
    ] {
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
        let stream = server.get("/api/v1/mailbox/messages/0").bearer(&token).send_part(0);
        drop(stream);
    }
    let from = 8_000_000;
    let rest = server.get("/api/v1/mailbox/messages/0").bearer(&token);
    let rest = rest.header("Range", &format!("bytes={from}-")).send().expect(206);
    assert_eq!(rest.body, blob[from..]);
}

#[test]
fn what_is_not_there() {
    let server = Server::start();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    let mailbox = |secret: &str, position: &str| {
        server.get(&format!("/api/v1/mailbox/messages/{position}")).bearer(secret).send()
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
        format!("/api/v1/cases/{unknown}"),
        format!("/api/v1/cases/{unknown}/messages/0"),
        format!("/api/v1/cases/{case}/messages/1"),
        format!("/api/v1/cases/{upper}"),
        format!("/api/v1/cases/{case}/"),
        "/api/v1/cases/%ff%fe".into(),
        "/api/v1/cases/%ff/messages/%ff".into(),
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
    let ids = |page: &serde_json::Value| -> Vec<String> {
        page["cases"].as_array().unwrap().iter().map(|c| c["case"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&all), cases);
    assert!(all["next"].is_null());
    assert_eq!(all["cases"][0]["messages"][0]["position"], 0);

    let (mut seen, mut query) = (Vec::new(), "?limit=10".to_owned());
    loop {
        let answer = page(&query).expect(200).json();
        seen.extend(ids(&answer));
        let Some(next) = answer["next"].as_str() else { break };
        query = format!("?after={next}&limit=10");
    }
    assert_eq!(seen, cases);
    let one = server.get(&format!("/api/v1/cases/{}", cases[3])).bearer(&session).send().expect(200).json();
    assert_eq!(one, all["cases"][3]);
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
