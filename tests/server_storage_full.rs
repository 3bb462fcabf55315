//! A disk that is full: refused with its word, nothing half stored, and the service goes on.

#[path = "it/support/server.rs"]
mod server_support;

use server_support::*;

const LIMIT_BYTES: u64 = 4 * 1024 * 1024;

#[test]
fn a_full_database_refuses_and_goes_on() {
    let mut server = Server::with_room(LIMIT_BYTES);
    let mut stored = Vec::new();
    loop {
        let (token, case, blob) = (token(), case(), sealed(TEXT));
        let answer = server.send("report", &token, &case, &blob);
        if answer.status != 201 {
            answer.problem(507, "storage-full");
            assert!(server.mailbox(&token)["case"].is_null(), "nothing is half there");
            break;
        }
        stored.push((token, blob));
        assert!(stored.len() < 200, "the limit is never reached");
    }
    assert!(stored.len() > 50, "{} of 32 KiB in 4 MiB", stored.len());
    // A large one fails on the way; what it had stored is given back.
    let (token, case, blob) = (token(), case(), sealed(64 * TEXT));
    server.send("report", &token, &case, &blob).problem(507, "storage-full");
    assert!(server.mailbox(&token)["case"].is_null());
    // Reading goes on, sessions too, and the size keeps its bound.
    for (token, blob) in &stored {
        let answer = server.get("/api/v1/mailbox/0").bearer(token).send().expect(200);
        assert_eq!(&answer.body, blob);
    }
    let session = server.session(0);
    let listed = server.get("/api/v1/cases?limit=1000").bearer(&session).send().expect(200).json();
    assert_eq!(listed["cases"].as_array().unwrap().len(), stored.len());
    server.stop();
    assert!(std::fs::metadata(server.database()).unwrap().len() <= LIMIT_BYTES);
}

#[test]
fn what_is_dropped_makes_room() {
    let server = Server::with_room(LIMIT_BYTES);
    let (greedy, blob) = (token(), sealed(64 * TEXT));
    let location = server.creation("report", &greedy, &case(), blob.len()).body(b"").send().expect(201);
    let location = location.header("location").to_owned();
    server.patch(&location, &greedy, 0, &blob[..60 * TEXT]).send().expect(204);
    while server.send("report", &token(), &case(), &sealed(TEXT)).status == 201 {}
    server.request("DELETE", &location).tus().bearer(&greedy).send().expect(204);
    eventually("there is room again", || {
        server.send("report", &token(), &case(), &sealed(TEXT)).status == 201
    });
}

#[test]
fn one_that_does_not_fit_takes_no_other_with_it() {
    let server = Server::with_room(LIMIT_BYTES);
    let answers: Vec<(String, u16)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|_| {
                scope.spawn(|| {
                    (0..12)
                        .map(|_| {
                            let token = token();
                            let status = server.send("report", &token, &case(), &sealed(TEXT)).status;
                            (token, status)
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let taken = answers.iter().filter(|(_, status)| *status == 201).count();
    assert!(taken > 50 && taken < 192, "{taken}");
    for (token, status) in answers {
        assert!(matches!(status, 201 | 507), "{status}");
        assert_eq!(server.mailbox(&token)["case"].is_null(), status == 507);
    }
}
