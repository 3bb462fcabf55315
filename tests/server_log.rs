//! At the loudest level, nothing of any request is logged.

#[path = "it/support/server.rs"]
mod server_support;

use mohr::http::log::{self, Level};
use server_support::*;

#[test]
fn no_canary_reaches_the_log_at_trace() {
    let lines = Lines::default();
    // For the whole process, as the program does it: the storage's own thread logs too.
    tracing::subscriber::set_global_default(log::subscriber(Level::Trace, lines.clone())).unwrap();
    let mut server = Server::with_room(2097152);
    let (token, case, session) = (token(), case(), server.session(0));
    let canary = "canary-in-the-path";
    let agent = "canary-agent/7.0";
    server.send("report", &token, &case, &sealed(TEXT)).expect(201);
    let upload = server.creation("follow-up", &token, &case, TEXT).body(b"").send().expect(201);
    let upload = upload.header("location").to_owned();
    let ask = |method: &str, path: &str, secret: &str| {
        let request = server.request(method, path).tus().bearer(secret).header("User-Agent", agent);
        request
            .header("X-Forwarded-For", "203.0.113.77")
            .header("Cookie", "canary-cookie=1")
            .body(b"canary-body")
            .send()
    };
    for routes in mohr::server::ROUTES {
        for (method, path) in routes {
            let path = format!("/api/v1{path}").replace("{case}", &case).replace("{position}", "0");
            let path = path.replace("{thread}", "office").replace("{version}", "1");
            let path = path.replace("/api/v1/uploads/{upload}", &upload);
            for secret in [&token, &session, &"canary-secret".to_owned()] {
                ask(&method.to_uppercase(), &path, secret);
                ask(&method.to_uppercase(), &format!("{path}?{canary}"), secret);
            }
        }
    }
    ask("GET", &format!("/{canary}"), &token);
    // Failures are logged, and those must be found: a database that is full.
    while server.send("report", &self::token(), &self::case(), &sealed(TEXT)).status == 201 {}
    let port = server.address.port().to_string();
    let server_office = server.office.profile.office.to_string();
    server.stop();

    let log = lines.text();
    assert!(log.contains("serving") && log.contains("stopped"), "the log is captured: {log}");
    assert!(log.contains("the disk or the database's limit is full"), "{log}");
    let id = upload.rsplit('/').next().unwrap();
    let secrets = [
        &*token,
        &case,
        &session,
        canary,
        agent,
        "canary",
        "203.0.113.77",
        "127.0.0.1",
        &port,
        id,
        "uploads",
        "mailbox",
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret} in the log:\n{log}");
    }
    let office = format!("office{{id={}}}", &server_office[..8]);
    for line in log.lines() {
        // What is no office's: start and stop.
        assert!(line.contains(&office) || line.contains("serving") || line.contains("stopped"), "{line}");
        assert!(line.contains(" mohr::"), "not ours: {line}");
        assert!(!line.contains("20:") && !line.contains("T1") && !line.contains(FIRST_DAY), "a time: {line}");
    }
}

#[test]
fn off_is_silent() {
    let lines = Lines::default();
    let _guard = tracing::subscriber::set_default(log::subscriber(Level::Off, lines.clone()));
    let mut server = Server::start();
    server.get("/").send();
    server.stop();
    assert!(lines.text().is_empty());
}
