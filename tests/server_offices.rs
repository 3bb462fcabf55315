//! What a further office costs a server that has nothing to do for it: as docs/OPERATING.md says.

#[path = "it/support/server.rs"]
mod server_support;

use server_support::*;

const FURTHER: usize = 20;

/// Of this process.
#[derive(Debug, Clone, Copy)]
struct Cost {
    memory_kib: i64,
    threads: i64,
    handles: i64,
}

impl Cost {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let value = |name: &str| -> i64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap()
        };
        let handles = std::fs::read_dir("/proc/self/fd").unwrap().count() as i64;
        Self { memory_kib: value("VmRSS"), threads: value("Threads"), handles }
    }
}

/// A server with so many offices, each of which has taken a report and shown it.
fn used(offices: usize) -> Server {
    let offices = (0..offices).map(|index| Office::at(&[&format!("http://office-{index}.test")])).collect();
    Server::with_offices(offices)
}

fn use_all(server: &Server, offices: usize) {
    for index in 0..offices {
        let client = server.client(index);
        let token = token();
        client.send("report", &token, &case(), &sealed(TEXT)).expect(201);
        client.mailbox(&token);
        client.get("/api/v1/cases").bearer(&client.session(0)).send().expect(200);
    }
    settle();
}

/// Waits until housekeeping has had its quiet moment, and threads that only wait for work have ended.
fn settle() {
    let mut last = Cost::now().threads;
    for _ in 0..20 {
        // Longer than such a thread waits.
        std::thread::sleep(std::time::Duration::from_secs(12));
        let now = Cost::now().threads;
        if now == last {
            return;
        }
        last = now;
    }
}

#[test]
fn a_further_office_costs_little() {
    let one = used(1);
    use_all(&one, 1);
    let before = Cost::now();
    let more = used(FURTHER);
    let started = Cost::now();
    use_all(&more, FURTHER);
    let after = Cost::now();
    let further = FURTHER as i64;
    println!("one office: {before:?}\n{FURTHER} more, started: {started:?}\n{FURTHER} more, used: {after:?}");
    // The second server itself has a listener, a runtime of two threads and what they wait on.
    let per_office = |of: fn(&Cost) -> i64| (of(&after) - of(&before)) / further;
    assert_eq!(per_office(|cost| cost.threads), 1, "its writer");
    assert_eq!(
        per_office(|cost| cost.handles),
        11,
        "five connections to a database and its WAL, and one to their index"
    );
    assert!(per_office(|cost| cost.memory_kib) < 2048, "{} KiB", per_office(|cost| cost.memory_kib));
}
