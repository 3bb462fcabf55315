//! Several offices on one server: `Host` alone chooses, and nothing of one is had
//! through the other (PROTOCOL 4).

use std::collections::BTreeMap;

use mohr::server::ROUTES;
use serde_json::{Value, json};

use crate::support::server::*;

const FIRST: usize = 0;
const SECOND: usize = 1;

fn two_offices() -> Server {
    Server::with_offices(vec![Office::at(&["http://first.test"]), Office::at(&["http://second.test"])])
}

/// What somebody holds who has dealt with an office, or might hold.
struct Held {
    secrets: Vec<String>,
    case: String,
    upload: String,
    session_request: Value,
    version: u64,
}

/// All that there is of an office: a case with both threads, an upload under way by
/// each, a challenge that is out.
fn held_of(office: &Client) -> Held {
    let (token, case, session) = (token(), case(), office.session(0));
    office.send("report", &token, &case, &sealed(TEXT)).expect(201);
    office.send("reply", &session, &case, &sealed(TEXT)).expect(201);
    office.send("record", &session, &case, &sealed(TEXT)).expect(201);
    office.send("record", &session, &office.office.journal(), &sealed(TEXT)).expect(201);
    let upload = office.creation("follow-up", &token, &case, TEXT).body(b"").send().expect(201);
    let upload = upload.header("location").rsplit('/').next().unwrap().to_owned();
    let session_request = office.session_request(0, &office.challenge());
    Held {
        secrets: vec![token, session],
        case,
        upload,
        session_request,
        version: office.office.profile.version,
    }
}

/// What nobody was ever given.
fn made_up(office: &Client) -> Held {
    let session_request = office.session_request(0, &token());
    Held { secrets: vec![token(), token()], case: case(), upload: case(), session_request, version: 99 }
}

/// Every request that there is, with all that is held.
fn requests(office: &Client, held: &Held) -> Vec<(String, Request)> {
    let mut requests = Vec::new();
    for (method, route) in ROUTES.iter().copied().flatten() {
        for thread in ["mailbox", "office"] {
            for position in ["0", "1"] {
                let path = format!("/api/v1{route}")
                    .replace("{upload}", &held.upload)
                    .replace("{case}", &held.case)
                    .replace("{thread}", thread)
                    .replace("{version}", &held.version.to_string())
                    .replace("{position}", position);
                for secret in &held.secrets {
                    for kind in ["report", "follow-up", "reply", "record"] {
                        let request = office
                            .request(&method.to_uppercase(), &path)
                            .tus()
                            .bearer(secret)
                            .write(&write_of(&held.case))
                            .header("Upload-Length", &TEXT.to_string())
                            .header("Upload-Offset", "0")
                            .header("Upload-Metadata", &metadata(kind, &held.case))
                            .header("Upload-Memo", &memo())
                            .header("X-HTTP-Method-Override", "DELETE");
                        let request = match *route {
                            "/cases/read" => {
                                let case = json!({"case": held.case, "write": write_of(&held.case), "mailbox": 0, "office": 0});
                                request.json(&json!({"cases": [case]}))
                            }
                            "/inspector/session" => request.json(&held.session_request),
                            "/uploads" => request.body(b""),
                            _ => request.content(&sealed(TEXT)),
                        };
                        requests.push((format!("{method} {route}"), request));
                    }
                }
            }
        }
    }
    requests
}

/// What an answer says, with what is random in it left out.
fn said(answer: &Response, held: &Held) -> (u16, Vec<String>, String) {
    let mut body = String::from_utf8_lossy(&answer.body).replace(&held.case, "CASE");
    if let Ok(json) = serde_json::from_str::<Value>(&body)
        && json.get("challenge").is_some()
    {
        body = "a challenge".to_owned();
    }
    let headers = answer.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "location" | "date"));
    (answer.status, headers.map(|(name, value)| format!("{name}: {value}")).collect(), body)
}

/// Whoever brings to one office what is good for another gets the very answers of somebody who brings what
/// nobody was ever given, on every route.
#[test]
fn nothing_of_one_office_is_had_through_another() {
    let server = two_offices();
    let mut tried = BTreeMap::<String, Vec<u16>>::new();
    for (at, of) in [(SECOND, FIRST), (FIRST, SECOND)] {
        let (at, of) = (server.client(at), server.client(of));
        let own = held_of(at);
        let before = everything(at, &own);
        let theirs = held_of(of);
        let theirs_before = everything(of, &theirs);
        // The other office's version is one that this one does not have.
        let theirs = Held { version: 99, ..theirs };
        let strangers = made_up(at);
        for ((route, with_theirs), (_, with_nothing)) in
            requests(at, &theirs).into_iter().zip(requests(at, &strangers))
        {
            let (with_theirs, with_nothing) = (with_theirs.send(), with_nothing.send());
            assert_eq!(said(&with_theirs, &theirs), said(&with_nothing, &strangers), "{route}");
            let statuses = tried.entry(route).or_default();
            if !statuses.contains(&with_theirs.status) {
                statuses.push(with_theirs.status);
            }
        }
        assert_eq!(everything(at, &own), before, "and nothing came of it");
        assert_eq!(everything(of, &theirs), theirs_before);
    }
    for (route, statuses) in &tried {
        println!("{route}: {statuses:?}");
    }
    assert_eq!(tried.len(), ROUTES.iter().copied().flatten().count(), "every route was tried");
}

/// What an office shows to who belongs to it.
fn everything(office: &Client, held: &Held) -> Vec<Value> {
    let [token, session] = &*held.secrets else { panic!("a token and a session") };
    let journal = json!([{"case": office.office.journal(), "write": null, "mailbox": 0, "office": 0}]);
    vec![
        office.mailbox(token),
        office.threads(session, &held.case),
        office.read(session, journal).expect(200).json(),
        office.get("/api/v1/cases").bearer(session).send().expect(200).json(),
        office.head(&format!("/api/v1/uploads/{}", held.upload), token).expect(200).offset().into(),
    ]
}

/// The same person with the same keys in two offices: what she signs for one is nothing to the other.
#[test]
fn one_person_in_two_offices_signs_in_at_each() {
    let first = Office::at(&["http://first.test", "http://shared-name.test:1"]);
    let mut second = Office::at(&["http://second.test"]);
    second.inspectors[0] = first.inspectors[0].clone();
    let signer = first.inspectors[0].signer();
    second.note = second.sign(|profile| profile.inspectors[0].signer = signer);
    let server = Server::with_offices(vec![first, second]);
    let (first, second) = (server.client(FIRST), server.client(SECOND));
    let open = |at: &Client, body: &Value| at.request("POST", "/api/v1/inspector/session").json(body).send();
    let sessions = [first.session(0), second.session(0)];
    for (at, session, expected) in [
        (first, &sessions[0], 200),
        (first, &sessions[1], 401),
        (second, &sessions[0], 401),
        (second, &sessions[1], 200),
    ] {
        at.get("/api/v1/cases").bearer(session).send().expect(expected);
    }
    // A challenge of the one, signed for the other, at either.
    for at in [first, second] {
        open(at, &second.session_request(0, &first.challenge())).problem(401, "unauthorized");
    }
    // An upload of hers in the one is not hers in the other, under the same session even less.
    let (token, case) = (token(), case());
    for at in [first, second] {
        at.send("report", &token, &case, &sealed(TEXT)).expect(201);
    }
    let begun = first.creation("reply", &sessions[0], &case, TEXT).body(b"").send().expect(201);
    second.request("HEAD", begun.header("location")).tus().bearer(&sessions[1]).send().expect(404);
    first.request("HEAD", begun.header("location")).tus().bearer(&sessions[0]).send().expect(200);
}

#[test]
fn each_office_has_its_own_pages_and_profile() {
    let server = two_offices();
    for (own, other) in [(FIRST, SECOND), (SECOND, FIRST)] {
        let (own, other) = (server.client(own), &server.client(other).office);
        assert_eq!(own.get("/api/v1/profile").send().expect(200).body, own.office.note.as_bytes());
        let page = String::from_utf8(own.get("/fa/sealed").send().expect(200).body).unwrap();
        assert!(page.contains(&own.office.profile.office.grouped()));
        assert!(!page.contains(&other.profile.office.grouped()));
        assert!(!page.contains(&other.profile.inspectors[0].recipient));
    }
}

#[test]
fn the_name_in_host_chooses_and_nothing_else_does() {
    let server = two_offices();
    let (first, second) = (&server.client(FIRST).office.note, &server.client(SECOND).office.note);
    let get = |host: &str| server.get("/api/v1/profile").host(host);
    for (host, note) in [
        ("first.test", first),
        ("first.test:80", first),
        ("FIRST.test:8443", first),
        ("second.test", second),
        ("Second.Test:1", second),
    ] {
        assert_eq!(get(host).send().expect(200).body, note.as_bytes(), "{host}");
    }
    for header in ["X-Forwarded-Host", "X-Host", "X-Original-Host", "X-Forwarded-Server", "Origin", "Referer"]
    {
        let answer = get("first.test").header(header, "second.test").send().expect(200);
        assert_eq!(answer.body, first.as_bytes(), "{header}");
        get("nobody.test").header(header, "second.test").send().expect(404);
    }
    let forwarded = get("first.test").header("Forwarded", "host=second.test").send().expect(200);
    assert_eq!(forwarded.body, first.as_bytes());
}

/// Who asks for a host that no office has gets one answer, whatever is asked: it tells
/// not even that there are offices.
#[test]
fn an_unknown_host_gets_a_404_that_names_nobody() {
    let server = two_offices();
    let held = held_of(server.client(FIRST));
    let mut paths: Vec<(String, String)> =
        ["/", "/fa/", "/fa/report", "/fa/sealed", "/robots.txt", "/api", "/nothing"]
            .iter()
            .flat_map(|path| ["GET", "POST", "OPTIONS"].map(|method| (method.to_owned(), (*path).to_owned())))
            .collect();
    paths.extend(ROUTES.iter().copied().flatten().map(|(method, route)| {
        let path = format!("/api/v1{route}").replace("{upload}", &held.upload).replace("{case}", &held.case);
        let path = path.replace("{thread}", "mailbox").replace("{version}", "3").replace("{position}", "0");
        (method.to_uppercase(), path)
    }));
    for host in ["nobody.test", "first.test.", "test", "127.0.0.1", "x.first.test", "first.test.nobody.test"]
    {
        for (method, path) in &paths {
            for secret in &held.secrets {
                let request = server.request(method, path).host(host).tus().bearer(secret);
                let answer = request.header("Accept", "text/html").body(b"").send().expect(404);
                assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{method} {path}");
                let expected: &[u8] = if method == "HEAD" { b"" } else { b"Not Found\n" };
                assert_eq!(answer.body, expected, "{method} {path}");
                assert!(
                    !answer.headers.contains_key("tus-resumable") && !answer.headers.contains_key("allow")
                );
            }
        }
    }
}

/// An office goes by taking its section and its files away; nobody else notices.
#[test]
fn an_office_that_was_taken_away_leaves_the_others() {
    let mut server = two_offices();
    let (token, case) = (token(), case());
    server.client(FIRST).send("report", &token, &case, &sealed(TEXT)).expect(201);
    server.stop();
    std::fs::remove_file(server.site.database(SECOND)).unwrap();
    std::fs::remove_file(server.site.profile(SECOND)).unwrap();
    let server = server.restart_with(1);
    assert_eq!(server.mailbox(&token)["case"], case);
    server.get("/api/v1/profile").host("second.test").send().expect(404);
}
