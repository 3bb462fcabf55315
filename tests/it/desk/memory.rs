//! A server that goes back to an earlier state: the desk has seen more and says so.

use std::path::Path;

use crate::support::demo::{Demo, json, json_with_input, mohr, terminate};
use serde_json::{Value, json as value};

/// Copies the database as it stands; the server must not run.
fn copy_database(database: &Path, to: &Path) {
    for ending in ["", "-wal"] {
        let from = format!("{}{ending}", database.display());
        let to = format!("{}{ending}", to.display());
        let _ = std::fs::remove_file(&to);
        if Path::new(&from).exists() {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}

fn serve(config: &Path, url: &str) -> std::process::Child {
    let server = mohr().arg("serve").arg("--config").arg(config).spawn().unwrap();
    let address = url.trim_start_matches("http://");
    let started = std::time::Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        assert!(started.elapsed().as_secs() < 60, "the server does not start");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    server
}

#[test]
fn a_dropped_message_and_an_older_profile_are_noticed() {
    let demo = Demo::start();
    let text = demo.write("text.txt", "گزارش".as_bytes());
    let sent = json(demo.reporter("report").arg("--text-file").arg(&text));
    let receipt = sent["receipt"].as_str().unwrap().to_owned();
    let (config, database, url) = (demo.path("config"), demo.path("database"), demo.server_url());
    let inspect = |command: &str, case: &[&str]| -> std::process::Command {
        let mut inspector = mohr();
        inspector.arg(command).args(case).args(["--json", "--server", &url, "--identity"]);
        inspector
            .arg(demo_identity(&config))
            .arg("--passphrase-file")
            .arg(config.with_file_name("passphrase.txt"));
        inspector
    };
    let (status, folder) = demo.stop();
    assert!(status.success());
    let earlier = folder.path().join("earlier.sqlite3");
    copy_database(&database, &earlier);

    let mut server = serve(&config, &url);
    let mut follow_up = mohr();
    follow_up.args(["follow-up", "--json", "--server", &url, "--leave-out-nobody", "--text-file"]).arg(&text);
    json_with_input(&mut follow_up, &receipt);
    let inbox = json(&mut inspect("inbox", &[]));
    let case = inbox[0]["case"].as_str().unwrap().to_owned();
    let opened = json(&mut inspect("open", &[&case]));
    assert_eq!(opened["messages"].as_array().unwrap().len(), 2);
    assert!(opened.get("warnings").is_none());
    assert!(terminate(&mut server).success());

    // The server forgets the follow-up.
    let later = folder.path().join("later.sqlite3");
    copy_database(&database, &later);
    copy_database(&earlier, &database);
    let mut server = serve(&config, &url);
    let changed = value!(["history-changed"]);
    assert_eq!(json(&mut inspect("open", &[&case]))["warnings"], changed);
    // It is not forgotten by having been said once.
    assert_eq!(json(&mut inspect("inbox", &[]))[0]["warnings"], changed);
    assert!(terminate(&mut server).success());

    // The server forgets the whole case.
    let empty = folder.path().join("empty.sqlite3");
    mohr::storage::create(&empty).unwrap();
    copy_database(&empty, &database);
    let mut server = serve(&config, &url);
    let inbox = json(&mut inspect("inbox", &[]));
    assert_eq!((&inbox[0]["case"], &inbox[0]["warnings"]), (&value!(case), &changed));
    assert!(terminate(&mut server).success());

    // It remembers again, and hands out an older profile than the desk has seen.
    copy_database(&later, &database);
    let memory = demo_identity(&config).with_file_name("inspector-1.age.desk.json");
    let mut seen: Value = serde_json::from_slice(&std::fs::read(&memory).unwrap()).unwrap();
    assert_eq!(seen["profile_version"], value!(1));
    let mut server = serve(&config, &url);
    assert!(json(&mut inspect("open", &[&case])).get("warnings").is_none());
    seen["profile_version"] = value!(2);
    std::fs::write(&memory, serde_json::to_vec(&seen).unwrap()).unwrap();
    let refused = crate::support::demo::refusal(&inspect("inbox", &[]).output().unwrap());
    assert!(refused.contains("version 1") && refused.contains("version 2"), "{refused}");
    std::fs::write(&memory, b"{}").unwrap();
    assert!(
        crate::support::demo::refusal(&inspect("inbox", &[]).output().unwrap())
            .contains("not a desk's memory")
    );
    assert!(terminate(&mut server).success());
}

fn demo_identity(config: &Path) -> std::path::PathBuf {
    config.with_file_name("inspector-1.age")
}
