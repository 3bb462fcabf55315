//! Every row of the tus table (PROTOCOL 4.2), against a real server.

use crate::support::server::*;

#[test]
fn options_tells_what_is_spoken() {
    let server = Server::start();
    let answer = server.request("OPTIONS", "/api/v1/uploads").send().expect(204);
    assert_eq!(answer.header("tus-version"), "1.0.0");
    assert_eq!(answer.header("tus-resumable"), "1.0.0");
    assert_eq!(answer.header("tus-extension"), "creation,creation-with-upload,termination");
    assert_eq!(answer.header("tus-max-size"), "268435456");
    assert!(answer.body.is_empty());
}

#[test]
fn a_text_report_is_one_request() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    let answer = server.send("report", &token, &case, &blob).expect(201);
    assert_eq!(answer.offset(), TEXT);
    let location = answer.header("location").to_owned();
    let id = location.strip_prefix("/api/v1/uploads/").unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));

    let listed = server.mailbox(&token);
    assert_eq!(listed["case"], case);
    let message = &listed["messages"][0];
    assert_eq!(message["position"], 0);
    assert_eq!(message["kind"], "report");
    assert_eq!(message["memo"], memo());
    assert_eq!(message["size_bytes"], TEXT);
    assert_eq!(message["day"], FIRST_DAY);
    assert_eq!(message["sha256"], mohr::verify::digest::sha256(&blob).to_string());
    let download = server.get("/api/v1/mailbox/0").bearer(&token).send().expect(200);
    assert_eq!(download.body, blob);
}

#[test]
fn an_upload_goes_on_where_it_stands() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(4 * TEXT));
    let answer = server.creation("report", &token, &case, blob.len()).body(b"").send().expect(201);
    assert_eq!(answer.offset(), 0);
    let location = answer.header("location").to_owned();
    let mut at = 0;
    for step in [1, 21, 10, 32_736, 65_536, 32_767] {
        let head = server.head(&location, &token).expect(200);
        assert_eq!(head.offset(), at);
        assert_eq!(head.header("upload-length"), blob.len().to_string());
        assert_eq!(head.header("upload-metadata"), metadata("report", &case));
        assert_eq!(head.header("cache-control"), "no-store");
        assert_eq!(head.header("tus-resumable"), "1.0.0");
        assert!(server.mailbox(&token)["case"].is_null(), "nobody sees a part");
        let answer = server.patch(&location, &token, at, &blob[at..at + step]).send().expect(204);
        at += step;
        assert_eq!(answer.offset(), at);
    }
    let answer = server.patch(&location, &token, at, &blob[at..]).send().expect(204);
    assert_eq!(answer.offset(), blob.len());
    assert_eq!(
        server.head(&location, &token).expect(200).offset(),
        blob.len(),
        "a finished upload is remembered"
    );
    let download = server.get("/api/v1/mailbox/0").bearer(&token).send().expect(200);
    assert_eq!(download.body, blob);
    assert_eq!(
        server.mailbox(&token)["messages"][0]["sha256"],
        mohr::verify::digest::sha256(&blob).to_string()
    );
}

#[test]
fn a_connection_cut_short_keeps_what_arrived() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(16 * TEXT));
    let location = begin(&server, &token, &case, blob.len());
    // One that half-closes is told where the upload stands; one that is gone finds out by HEAD.
    let answer = server.patch(&location, &token, 0, &blob).send_cut(200_000).expect(204);
    assert_eq!(answer.offset(), 200_000);
    drop(server.patch(&location, &token, 200_000, &blob[200_000..]).send_part(100_000));
    eventually("what arrived is stored", || server.head(&location, &token).expect(200).offset() == 300_000);
    server.patch(&location, &token, 300_000, &blob[300_000..]).send().expect(204);
    let download = server.get("/api/v1/mailbox/0").bearer(&token).send().expect(200);
    assert_eq!(download.body, blob);
}

#[test]
fn a_post_cut_short_keeps_what_arrived_too() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(4 * TEXT));
    let answer =
        server.creation("report", &token, &case, blob.len()).content(&blob).send_cut(70_000).expect(201);
    assert_eq!(answer.offset(), 70_000);
    let location = answer.header("location").to_owned();
    let rest = server.patch(&location, &token, 70_000, &blob[70_000..]).send().expect(204);
    assert_eq!(rest.offset(), blob.len());
    assert_eq!(server.mailbox(&token)["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn a_body_of_unknown_length_is_taken_up_to_what_was_declared() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    let chunked = |token: &str, case: &str, body: &[u8]| {
        let request = server
            .creation("report", token, case, TEXT)
            .header("Content-Type", "application/offset+octet-stream")
            .header("Transfer-Encoding", "chunked");
        let mut chunks = Vec::new();
        for chunk in body.chunks(1000) {
            chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            chunks.extend_from_slice(chunk);
            chunks.extend_from_slice(b"\r\n");
        }
        chunks.extend_from_slice(b"0\r\n\r\n");
        request.raw_body(&chunks).send()
    };
    assert_eq!(chunked(&token, &case, &blob).expect(201).offset(), TEXT);
    let longer = [&blob[..], b"x"].concat();
    let (token, case) = (self::token(), self::case());
    chunked(&token, &case, &longer).problem(413, "too-large");
    assert!(server.mailbox(&token)["case"].is_null());
}

#[test]
fn a_restart_between_two_patches_loses_nothing() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(4 * TEXT));
    let location = begin(&server, &token, &case, blob.len());
    server.patch(&location, &token, 0, &blob[..50_000]).send().expect(204);
    let server = server.restart();
    assert_eq!(server.head(&location, &token).expect(200).offset(), 50_000);
    server.patch(&location, &token, 50_000, &blob[50_000..]).send().expect(204);
    let server = server.restart();
    let download = server.get("/api/v1/mailbox/0").bearer(&token).send().expect(200);
    assert_eq!(download.body, blob);
}

#[test]
fn a_stop_during_a_patch_keeps_what_arrived() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(4 * TEXT));
    let location = begin(&server, &token, &case, blob.len());
    let stream = server.patch(&location, &token, 0, &blob).send_part(40_000);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let server = server.restart();
    assert_eq!(Response::read(stream).expect(204).offset(), 40_000);
    assert_eq!(server.head(&location, &token).expect(200).offset(), 40_000);
}

#[test]
fn a_post_may_be_repeated_and_adds_nothing() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    let first = server.send("report", &token, &case, &blob).expect(201);
    let again = server.send("report", &token, &case, &blob).expect(201);
    assert_eq!(again.offset(), TEXT);
    assert_ne!(first.header("location"), again.header("location"));
    assert_eq!(server.head(again.header("location"), &token).expect(200).offset(), TEXT);

    let reply = sealed(TEXT);
    let session = server.session(0);
    let follow_up = sealed(TEXT);
    for _ in 0..3 {
        server.send("follow-up", &token, &case, &follow_up).expect(201);
        server.send("reply", &session, &case, &reply).expect(201);
    }
    // The same bytes as another kind are another message.
    server.send("reply", &session, &case, &follow_up).expect(201);
    let listed = server.mailbox(&token);
    let kinds: Vec<_> =
        listed["messages"].as_array().unwrap().iter().map(|m| m["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["report", "follow-up", "reply", "reply"]);
}

#[test]
fn two_that_race_for_a_position_both_become_messages() {
    let server = Server::start();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    let session = server.session(1);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| server.send("follow-up", &token, &case, &sealed(TEXT)).expect(201));
            scope.spawn(|| server.send("reply", &session, &case, &sealed(TEXT)).expect(201));
        }
    });
    let listed = server.mailbox(&token);
    let positions: Vec<_> =
        listed["messages"].as_array().unwrap().iter().map(|m| m["position"].as_u64().unwrap()).collect();
    assert_eq!(positions, (0..17).collect::<Vec<_>>());
}

#[test]
fn two_reports_that_race_for_a_case_leave_one() {
    let server = Server::start();
    let case = case();
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| server.send("report", &token(), &case, &sealed(TEXT)).status))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 409).count(), 5, "{answers:?}");
}

#[test]
fn an_upload_answers_to_its_owner_alone() {
    let server = Server::start();
    let (owner, other, case, blob) = (token(), token(), case(), sealed(TEXT));
    let location = begin(&server, &owner, &case, TEXT);
    let session = server.session(0);
    for stranger in [&other, &session] {
        server.request("HEAD", &location).tus().bearer(stranger).send().expect(404);
        server.patch(&location, stranger, 0, &blob).send().problem(404, "not-found");
        server.request("DELETE", &location).tus().bearer(stranger).send().problem(404, "not-found");
    }
    server.request("HEAD", &location).tus().send().expect(401);
    server.request("PATCH", &location).tus().content(&blob).send().problem(401, "unauthorized");
    server.request("DELETE", &location).tus().send().problem(401, "unauthorized");
    assert_eq!(server.head(&location, &owner).expect(200).offset(), 0, "and nothing was changed");
    // An inspector's upload belongs to the inspector, not to the session.
    server.send("report", &owner, &case, &blob).expect(201);
    let reply = server.creation("reply", &session, &case, TEXT).body(b"").send().expect(201);
    let location = reply.header("location").to_owned();
    server.request("HEAD", &location).tus().bearer(&server.session(1)).send().expect(404);
    assert_eq!(server.head(&location, &server.session(0)).expect(200).offset(), 0);
}

#[test]
fn termination() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    let location = begin(&server, &token, &case, TEXT);
    server.patch(&location, &token, 0, &blob[..100]).send().expect(204);
    let gone = server.request("DELETE", &location).tus().bearer(&token).send().expect(204);
    assert_eq!(gone.header("tus-resumable"), "1.0.0");
    server.request("HEAD", &location).tus().bearer(&token).send().expect(404);
    server.request("DELETE", &location).tus().bearer(&token).send().problem(404, "not-found");

    let finished = server.send("report", &token, &case, &blob).expect(201);
    let location = finished.header("location");
    server.request("DELETE", location).tus().bearer(&token).send().problem(409, "finished");
    server.patch(location, &token, TEXT, b"").send().problem(409, "finished");
    server.patch(location, &token, 0, &blob).send().problem(409, "finished");
    assert_eq!(server.mailbox(&token)["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn stale_uploads_go_and_messages_stay() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    let unfinished = begin(&server, &token, &case, TEXT);
    server.patch(&unfinished, &token, 0, &blob[..100]).send().expect(204);
    let finished = server.send("report", &token, &case, &blob).expect(201).header("location").to_owned();
    server.days.store(2, std::sync::atomic::Ordering::SeqCst);
    let server = server.restart();
    assert_eq!(server.head(&unfinished, &token).expect(200).offset(), 100);
    assert_eq!(server.head(&finished, &token).expect(200).offset(), TEXT);
    server.days.store(3, std::sync::atomic::Ordering::SeqCst);
    let server = server.restart();
    eventually("the unfinished upload is dropped", || server.head(&unfinished, &token).status == 404);
    eventually("the finished one is forgotten", || server.head(&finished, &token).status == 404);
    assert_eq!(server.mailbox(&token)["messages"].as_array().unwrap().len(), 1);
}

#[test]
fn only_size_classes_up_to_the_limit() {
    let server = Server::with_limits("message_bytes = 2097152");
    let (token, case) = (token(), case());
    let begin = |length: &str| {
        server
            .request("POST", "/api/v1/uploads")
            .tus()
            .bearer(&token)
            .header("Upload-Length", length)
            .header("Upload-Metadata", &metadata("report", &case))
            .body(b"")
            .send()
    };
    for good in ["32768", "131072", "524288", "2097152"] {
        begin(good).expect(201);
    }
    for bad in ["0", "1", "32767", "32769", "65536", "1000000"] {
        begin(bad).problem(422, "not-a-size-class");
    }
    for large in ["2097153", "2162688", "268435456", "9007199254740991"] {
        begin(large).problem(413, "too-large");
    }
    for bad in
        ["9007199254740992", "18446744073709551616", "-1", "+32768", "32768.0", "0x8000", "", " ", "٣٢٧٦٨"]
    {
        begin(bad).problem(400, "malformed");
    }
    let answer = server.request("OPTIONS", "/api/v1/uploads").send().expect(204);
    assert_eq!(answer.header("tus-max-size"), "2097152");
    let server = Server::start();
    let padme = server.creation("report", &token, &case, 2_162_688).body(b"").send();
    assert_eq!(padme.status, 201, "a Padmé length above 2 MiB");
    server.creation("report", &token, &case, 2_162_689).body(b"").send().problem(422, "not-a-size-class");
}

#[test]
fn what_is_not_sealed_is_refused_and_dropped() {
    let server = Server::start();
    let (token, case) = (token(), case());
    server.send("report", &token, &case, &vec![b'a'; TEXT]).problem(422, "not-sealed");
    let location = begin(&server, &token, &case, TEXT);
    server.patch(&location, &token, 0, b"age-encryption.org").send().expect(204);
    server.patch(&location, &token, 18, b"/v2\nplain text").send().problem(422, "not-sealed");
    server.request("HEAD", &location).tus().bearer(&token).send().expect(404);
    assert!(server.mailbox(&token)["case"].is_null());
}

#[test]
fn more_than_was_declared_is_too_large() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT + 1));
    server.creation("report", &token, &case, TEXT).content(&blob).send().problem(413, "too-large");
    assert!(server.mailbox(&token)["case"].is_null());
    let location = begin(&server, &token, &case, TEXT);
    server.patch(&location, &token, 0, &blob).send().problem(413, "too-large");
    server.patch(&location, &token, 0, &blob[..10]).send().expect(204);
    server.patch(&location, &token, 10, &blob[9..]).send().problem(413, "too-large");
    assert_eq!(server.head(&location, &token).expect(200).offset(), 10);
}

#[test]
fn who_may_send_what() {
    let server = Server::start();
    let (alice, bob) = (token(), token());
    let (case_a, case_b) = (case(), case());
    let blob = sealed(TEXT);
    server.send("follow-up", &alice, &case_a, &blob).problem(404, "unknown-mailbox");
    server.send("report", &alice, &case_a, &blob).expect(201);
    server.send("report", &bob, &case_b, &sealed(TEXT)).expect(201);
    server.send("report", &bob, &case_a, &sealed(TEXT)).problem(409, "case-exists");
    server.send("report", &token(), &case_a, &blob).problem(409, "case-exists");
    server.send("report", &alice, &case(), &blob).problem(409, "case-exists");
    server.send("report", &alice, &case_a, &sealed(TEXT)).problem(409, "case-exists");
    server.send("follow-up", &alice, &case_b, &sealed(TEXT)).problem(404, "not-found");
    server.send("follow-up", &alice, &case(), &sealed(TEXT)).problem(404, "not-found");
    server.send("reply", &alice, &case_a, &sealed(TEXT)).problem(401, "unauthorized");
    server.send("reply", &token(), &case_a, &sealed(TEXT)).problem(401, "unauthorized");
    let session = server.session(0);
    server.send("reply", &session, &case(), &sealed(TEXT)).problem(404, "not-found");
    // A session is no token: what it names is its own mailbox, and that holds nothing.
    server.send("follow-up", &session, &case_a, &sealed(TEXT)).problem(404, "unknown-mailbox");
}

#[test]
fn offset_type_and_version_are_checked() {
    let server = Server::start();
    let (token, case, blob) = (token(), case(), sealed(TEXT));
    let location = begin(&server, &token, &case, TEXT);
    for wrong in [1, TEXT, TEXT + 1] {
        server.patch(&location, &token, wrong, &blob[..1]).send().problem(409, "offset-mismatch");
    }
    let patch = || server.request("PATCH", &location).tus().bearer(&token);
    let kind = "application/offset+octet-stream";
    patch().header("Content-Type", kind).body(b"a").send().problem(400, "malformed");
    patch()
        .header("Content-Type", kind)
        .header("Upload-Offset", "x")
        .body(b"a")
        .send()
        .problem(400, "malformed");
    patch().header("Upload-Offset", "0").body(b"a").send().problem(415, "media-type");
    patch()
        .header("Upload-Offset", "0")
        .header("Content-Type", "text/plain")
        .body(b"a")
        .send()
        .problem(415, "media-type");
    server.creation("report", &token, &case, TEXT).body(&blob).send().problem(415, "media-type");

    for version in ["0.2.2", "1.0", "1.0.0, 2.0.0", ""] {
        for (method, path) in [("POST", "/api/v1/uploads"), ("PATCH", &location), ("DELETE", &location)] {
            let answer =
                server.request(method, path).bearer(&token).header("Tus-Resumable", version).body(b"").send();
            let answer = answer.problem(412, "tus-version");
            assert_eq!(answer.header("tus-version"), "1.0.0");
        }
    }
    server.request("HEAD", &location).bearer(&token).send().expect(412);
    assert_eq!(server.head(&location, &token).expect(200).offset(), 0);
}

fn begin(server: &Server, token: &str, case: &str, length: usize) -> String {
    let answer = server.creation("report", token, case, length).body(b"").send().expect(201);
    answer.header("location").to_owned()
}
