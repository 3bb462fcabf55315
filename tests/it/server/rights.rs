//! Who may do what in a case: the write token that its readers share, records, the
//! journal (PROTOCOL 2.9, 4.2, 4.5).

use mohr::protocol::limits::CASES_PER_PAGE_MAX;
use serde_json::{Value, json};

use crate::support::server::*;

/// A case with a report, a reply and a record.
struct Case {
    token: String,
    id: String,
    blobs: [Vec<u8>; 3],
}

fn case_with_messages(server: &Server, session: &str) -> Case {
    let (token, id, blobs) = (token(), case(), [sealed(TEXT), sealed(TEXT), sealed(TEXT)]);
    for (kind, secret, blob) in
        [("report", &*token, &blobs[0]), ("reply", session, &blobs[1]), ("record", session, &blobs[2])]
    {
        server.send(kind, secret, &id, blob).expect(201);
    }
    Case { token, id, blobs }
}

/// What may be shown in place of the right token: nothing, another's, one bit of it, no hex.
fn wrong_writes(case: &str) -> Vec<Option<String>> {
    let right = write_of(case);
    let flip = |digit: char| if digit == '0' { '1' } else { '0' };
    let last = flip(right.chars().last().unwrap());
    let first = flip(right.chars().next().unwrap());
    vec![
        None,
        Some(token()),
        Some(format!("{}{last}", &right[..63])),
        Some(format!("{first}{}", &right[1..])),
    ]
}

fn with(request: Request, write: &Option<String>) -> Request {
    match write {
        Some(token) => request.write(token),
        None => request.without("Case-Write"),
    }
}

#[test]
fn without_the_write_token_a_session_sees_only_the_report() {
    let server = Server::start();
    let session = server.session(0);
    let case = case_with_messages(&server, &session);
    let path = |thread: &str, position: u32| format!("/api/v1/cases/{}/{thread}/{position}", case.id);
    let places = [("mailbox", 0), ("mailbox", 1), ("office", 0)];
    for ((thread, position), blob) in places.into_iter().zip(&case.blobs) {
        let get = || server.get(&path(thread, position)).bearer(&session);
        assert_eq!(get().write(&write_of(&case.id)).send().expect(200).body, *blob);
        for write in wrong_writes(&case.id) {
            let answer = with(get(), &write).send();
            if (thread, position) == ("mailbox", 0) {
                assert_eq!(answer.expect(200).body, *blob, "whoever can open a report may have it");
            } else {
                answer.problem(404, "not-found");
            }
        }
        for bad in ["", "00", &write_of(&case.id).to_uppercase()] {
            get().write(bad).send().problem(400, "malformed");
        }
    }
    for write in wrong_writes(&case.id) {
        let asked = json!([{"case": case.id, "write": write, "mailbox": 0, "office": 0}]);
        let listed = server.read(&session, asked).expect(200).json()["cases"][0].clone();
        let nothing = json!({"case": case.id, "mailbox": [], "office": [], "orders": [], "more": false});
        assert_eq!(listed, nothing);
    }
}

#[test]
fn without_the_write_token_nobody_writes_into_a_case() {
    let server = Server::start();
    let session = server.session(0);
    let case = case_with_messages(&server, &session);
    let before = server.threads(&session, &case.id);
    for kind in ["reply", "record"] {
        for write in wrong_writes(&case.id) {
            let creation = || with(server.creation(kind, &session, &case.id, TEXT), &write);
            creation().content(&sealed(TEXT)).send().problem(404, "not-found");
            creation().body(b"").send().problem(404, "not-found");
        }
        let bad = server.creation(kind, &session, &case.id, TEXT).write("xyz");
        bad.content(&sealed(TEXT)).send().problem(400, "malformed");
        // A case that is not there is refused in the same words, and the reporter's token is no session.
        server.send(kind, &session, &self::case(), &sealed(TEXT)).problem(404, "not-found");
        server.send(kind, &case.token, &case.id, &sealed(TEXT)).problem(401, "unauthorized");
    }
    assert_eq!(server.threads(&session, &case.id), before);
    // The token is shown when an upload begins; who then goes on with it is known.
    let begun = server.creation("reply", &session, &case.id, TEXT).body(b"").send().expect(201);
    server.patch(begun.header("location"), &session, 0, &sealed(TEXT)).send().expect(204);
    assert_eq!(server.threads(&session, &case.id)["mailbox"].as_array().unwrap().len(), 3);
}

#[test]
fn each_thread_has_its_own_positions() {
    let server = Server::start();
    let session = server.session(1);
    let case = case_with_messages(&server, &session);
    server.send("follow-up", &case.token, &case.id, &sealed(TEXT)).expect(201);
    // A record that is sent again adds nothing; the same bytes as a reply are another message.
    for _ in 0..2 {
        server.send("record", &session, &case.id, &case.blobs[2]).expect(201);
        server.send("reply", &session, &case.id, &case.blobs[2]).expect(201);
    }
    let listed = server.threads(&session, &case.id);
    let kinds = |thread: &str| -> Vec<(u64, String)> {
        let entries = listed[thread].as_array().unwrap().iter();
        entries
            .map(|entry| (entry["position"].as_u64().unwrap(), entry["kind"].as_str().unwrap().to_owned()))
            .collect()
    };
    let mailbox = ["report", "reply", "follow-up", "reply"];
    assert_eq!(kinds("mailbox"), (0..).zip(mailbox.map(str::to_owned)).collect::<Vec<_>>());
    assert_eq!(kinds("office"), [(0, "record".to_owned())]);
    assert!(listed["mailbox"].as_array().unwrap().iter().all(|entry| entry.get("memo").is_none()));
    // The reporter sees the mailbox, and nothing of the other.
    assert_eq!(server.mailbox(&case.token)["messages"].as_array().unwrap().len(), 4);
}

#[test]
fn the_journal_is_there_from_its_first_record_on_and_takes_records_alone() {
    let server = Server::start();
    let (session, journal, token) = (server.session(0), server.office.journal(), token());
    let read = || {
        let asked = json!([{"case": journal, "write": null, "mailbox": 0, "office": 0}]);
        server.read(&session, asked).expect(200).json()["cases"][0].clone()
    };
    let refuse_all = || {
        server.send("report", &token, &journal, &sealed(TEXT)).problem(409, "case-exists");
        server.creation("report", &token, &journal, TEXT).body(b"").send().problem(409, "case-exists");
        server.send("follow-up", &token, &journal, &sealed(TEXT)).problem(409, "case-exists");
        server.send("reply", &session, &journal, &sealed(TEXT)).problem(409, "case-exists");
        server.send("record", &token, &journal, &sealed(TEXT)).problem(401, "unauthorized");
    };
    refuse_all();
    assert_eq!(read(), json!({"case": journal, "mailbox": [], "office": [], "orders": [], "more": false}));
    let blobs = [sealed(TEXT), sealed(TEXT)];
    for blob in &blobs {
        let record = server.creation("record", &session, &journal, TEXT).without("Case-Write");
        record.content(blob).send().expect(201);
    }
    server.send("record", &server.session(1), &journal, &blobs[0]).expect(201);
    refuse_all();
    let listed = read();
    assert_eq!(
        (listed["mailbox"].as_array().unwrap().len(), listed["office"].as_array().unwrap().len()),
        (0, 2)
    );
    for (position, blob) in blobs.iter().enumerate() {
        let path = format!("/api/v1/cases/{journal}/office/{position}");
        assert_eq!(server.get(&path).bearer(&session).send().expect(200).body, *blob);
    }
    let path = format!("/api/v1/cases/{journal}/mailbox/0");
    server.get(&path).bearer(&session).send().problem(404, "not-found");
    // It is no case.
    server.send("report", &token, &case(), &sealed(TEXT)).expect(201);
    let cases = server.get("/api/v1/cases").bearer(&session).send().expect(200).json();
    let ids: Vec<_> = cases["cases"].as_array().unwrap().iter().map(|case| &case["case"]).collect();
    assert!(ids.len() == 1 && *ids[0] != journal);
}

#[test]
fn cases_are_read_in_the_order_asked_for_and_from_where_they_are_known() {
    let server = Server::start();
    let session = server.session(0);
    let cases: Vec<_> = (0..3).map(|_| case_with_messages(&server, &session)).collect();
    let unknown = case();
    let asked = |case: &str, mailbox: u64, office: u64| json!({"case": case, "write": write_of(case), "mailbox": mailbox, "office": office});
    let request = json!([
        asked(&cases[2].id, 0, 0),
        asked(&unknown, 0, 0),
        asked(&cases[0].id, 1, 1),
        asked(&cases[1].id, 2, 0),
        asked(&cases[0].id, 9007199254740991, 9007199254740991),
    ]);
    let answer = server.read(&session, request.clone()).expect(200).json();
    let members: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["cases"]);
    let shown: Vec<(&Value, usize, usize)> = answer["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            assert_eq!((&case["more"], &case["orders"]), (&json!(false), &json!([])));
            (
                &case["case"],
                case["mailbox"].as_array().unwrap().len(),
                case["office"].as_array().unwrap().len(),
            )
        })
        .collect();
    let expected: Vec<_> = request.as_array().unwrap().iter().map(|asked| &asked["case"]).collect();
    assert_eq!(shown.iter().map(|(case, ..)| *case).collect::<Vec<_>>(), expected);
    let counts: Vec<_> = shown.iter().map(|(_, mailbox, office)| (*mailbox, *office)).collect();
    assert_eq!(counts, [(2, 1), (0, 0), (1, 0), (0, 1), (0, 0)]);
    assert_eq!(server.read(&session, json!([])).expect(200).json(), json!({"cases": []}));
}

#[test]
fn requests_for_cases_that_do_not_parse() {
    let server = Server::start();
    let session = server.session(0);
    let post = |body: &[u8]| {
        let request = server.request("POST", "/api/v1/cases/read").bearer(&session);
        request.header("Content-Type", "application/json").body(body).send()
    };
    let one = json!({"case": case(), "write": null, "mailbox": 0, "office": 0});
    let good = json!({"cases": [one]}).to_string();
    post(good.as_bytes()).expect(200);
    for bad in [
        "",
        "[]",
        "{}",
        "null",
        &good.replace("cases", "case"),
        &good.replace("\"mailbox\":0", "\"mailbox\":-1"),
        &good.replace("\"mailbox\":0", "\"mailbox\":9007199254740992"),
        &good.replace("\"office\":0", "\"office\":1.5"),
        &good.replace("null", "\"00\""),
        &good.replace("null", "{}"),
        &good.replace("\"office\":0", "\"office\":0,\"more\":1"),
        &good.replace("\"office\":0", "\"office\":0,\"office\":0"),
        &format!("{good}x"),
        &"[".repeat(4000),
    ] {
        post(bad.as_bytes()).problem(400, "malformed");
    }
    let many = |count: usize| json!({"cases": vec![&one; count]}).to_string();
    post(many(CASES_PER_PAGE_MAX.into()).as_bytes()).expect(200);
    post(many(usize::from(CASES_PER_PAGE_MAX) + 1).as_bytes()).problem(400, "malformed");
    post(&vec![b' '; 600_000]).problem(413, "too-large");
    let request = server.request("POST", "/api/v1/cases/read").bearer(&session);
    request.body(good.as_bytes()).send().problem(415, "media-type");
}

/// What does not fit into an answer is left for the next one, whose first case always brings something.
#[test]
fn an_answer_about_many_cases_is_bounded() {
    const IN_ALL: usize = 20_000;
    let server = Server::start();
    let session = server.session(0);
    let cases: Vec<String> = (0..25).map(|_| case()).collect();
    for case in &cases {
        server.send("report", &token(), case, &sealed(TEXT)).expect(201);
    }
    let db = rusqlite::Connection::open(server.database()).unwrap();
    db.busy_timeout(std::time::Duration::from_secs(120)).unwrap();
    db.execute_batch(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < 1000)
         INSERT INTO messages SELECT case_id, 1, i, 'record', 32768, randomblob(32), '2026-11-21', randomblob(16), NULL
         FROM n, cases",
    )
    .unwrap();
    let mut known: Vec<(u64, u64)> = vec![(0, 0); cases.len()];
    let mut requests = 0;
    loop {
        let asked = cases.iter().zip(&known).map(|(case, (mailbox, office))| {
            json!({"case": case, "write": write_of(case), "mailbox": mailbox, "office": office})
        });
        let answer = server.read(&session, asked.collect()).expect(200).json();
        let mut entries = 0;
        for (known, listed) in known.iter_mut().zip(answer["cases"].as_array().unwrap()) {
            let count = |thread: &str| listed[thread].as_array().unwrap().len() as u64;
            entries += count("mailbox") + count("office");
            *known = (known.0 + count("mailbox"), known.1 + count("office"));
            assert_eq!(listed["more"] == true, *known != (1, 1000));
        }
        assert!(entries > 0 && entries <= IN_ALL as u64, "{entries}");
        requests += 1;
        if answer["cases"].as_array().unwrap().iter().all(|case| case["more"] == false) {
            break;
        }
    }
    assert_eq!(requests, 2);
}
