//! With several offices a line of the log says which one has trouble.

#[path = "it/support/server.rs"]
mod server_support;

use mohr::http::log::{self, Level};
use server_support::*;

#[test]
fn a_failure_is_logged_with_its_office_and_no_other() {
    let lines = Lines::default();
    // For the whole process, as the program does it: the storages' own threads log too.
    tracing::subscriber::set_global_default(log::subscriber(Level::Trace, lines.clone())).unwrap();
    let mut server =
        Server::with_offices(vec![Office::at(&["http://sound.test"]), Office::at(&["http://sick.test"])]);
    let label = |index: usize| {
        format!("office{{id={}}}", &server.client(index).office.profile.office.to_string()[..8])
    };
    let (sound, sick) = (label(0), label(1));
    let broken = rusqlite::Connection::open(server.site.database(1)).unwrap();
    broken.execute_batch("DROP TABLE messages").unwrap();
    drop(broken);
    for index in [0, 1] {
        let client = server.client(index);
        client.send("report", &token(), &case(), &sealed(TEXT));
        client.get("/api/v1/mailbox").bearer(&token()).send();
    }
    // A client says any host: it chooses an office or none, and is never logged.
    server.get("/api/v1/profile").header("Host", "canary.test").send();
    server.stop();
    let log = lines.text();
    let failures: Vec<&str> = log.lines().filter(|line| line.starts_with("ERROR")).collect();
    let says = |what: &str| failures.iter().any(|line| line.contains(what));
    assert!(says("a request failed in the storage") && says("a write to the database failed"), "{log}");
    assert!(failures.iter().all(|line| line.contains(&sick) && !line.contains(&sound)), "{log}");
    for host in ["sound.test", "sick.test", "canary"] {
        assert!(!log.contains(host), "{host}: {log}");
    }
}
