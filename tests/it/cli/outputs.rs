//! A closed pipe and a full disk end a command; they break none, and nothing that was made is lost with them.

use std::fs::File;
use std::process::{Command, Output, Stdio};

use crate::support::demo::{Demo, json, mohr, output_with_input};
use crate::support::office::Office;

/// Standard output into a pipe whose reader has gone.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    File::create("/dev/full").unwrap().into()
}

fn run(command: &mut Command, input: &str, output: Stdio) -> Output {
    use std::io::Write as _;
    let mut child = command.stdin(Stdio::piped()).stdout(output).stderr(Stdio::piped()).spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Ends with 1 and without a panic, whatever standard output is; a closed pipe needs
/// no word unless something was made.
#[track_caller]
fn ends(make: impl Fn() -> Command, input: &str, silent: bool) -> [String; 2] {
    [closed(), full()].map(|output| {
        let ended = run(&mut make(), input, output);
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(!said.contains("panicked") && !said.contains("os error"), "{said}");
        if silent {
            let word = said.contains("standard output takes nothing more: No space left on device");
            assert!(said.is_empty() || word, "{said}");
        }
        said
    })
}

#[test]
fn every_listing_ends_where_its_output_does() {
    let demo = Demo::start();
    let text = demo.write("text.txt", b"x");
    let sent = json(demo.reporter("report").arg("--text-file").arg(&text));
    let receipt = sent["receipt"].as_str().unwrap();
    let case = json(&mut demo.inspector(1, "inbox", None))[0]["case"].as_str().unwrap().to_owned();
    let plain = |command: &mut Command| {
        let mut plain = mohr();
        plain.args(command.get_args().filter(|argument| *argument != "--json"));
        plain
    };
    for json in [true, false] {
        let form = |mut command: Command| if json { command } else { plain(&mut command) };
        ends(|| form(demo.inspector(1, "inbox", None)), "", true);
        ends(|| form(demo.inspector(1, "open", Some(&case))), "", true);
        ends(|| form(demo.reporter("status")), receipt, true);
    }
    let unread = &json(&mut demo.inspector(1, "inbox", None))[0]["unread"];
    assert_eq!(*unread, 1, "what was not shown was not read");

    let export = std::sync::atomic::AtomicUsize::new(0);
    let folder = || {
        let number = export.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        demo.folder.path().join(format!("export-{number}"))
    };
    for said in ends(
        || {
            let mut export = demo.inspector(1, "export", Some(&case));
            export.arg("--to").arg(folder());
            export
        },
        "",
        false,
    ) {
        assert!(said.contains("is whole all the same"), "{said}");
    }
    for said in ends(
        || {
            let mut reply = demo.inspector(1, "reply", Some(&case));
            reply.arg("--text-file").arg(&text);
            reply
        },
        "",
        false,
    ) {
        assert!(said.contains("the answer is stored"), "{said}");
    }
    let follow_up = || {
        let mut follow_up = demo.reporter("follow-up");
        follow_up.arg("--text-file").arg(&text);
        follow_up
    };
    for said in ends(follow_up, receipt, false) {
        assert!(said.contains("what you wrote is stored"), "{said}");
    }
    for arguments in [&["--help"][..], &["--version"], &["help", "keys", "inspector"]] {
        for output in [closed(), full()] {
            let ended = run(mohr().args(arguments), "", output);
            assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
        }
    }
}

#[test]
fn what_was_made_says_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("pass"), "a long enough passphrase\n").unwrap();
    let made = std::cell::Cell::new(0);
    let keys = |arguments: &[&str], out: &str| {
        made.set(made.get() + 1);
        let mut keys = mohr();
        keys.current_dir(folder.path()).args(arguments);
        keys.args(["--passphrase-file", "pass", "--out", &format!("{out}-{}.age", made.get())]);
        keys
    };
    for said in ends(|| keys(&["keys", "root", "new"], "root"), "", false) {
        assert!(said.contains("the office's id is what root-"), "{said}");
    }
    let inspector =
        ["keys", "inspector", "--id", "inspector-1", "--role", "fa=بازرس", "--role", "en=Inspector"];
    for said in ends(|| keys(&inspector, "inspector"), "", false) {
        let path = said.split("its entry for the profile is in ").nth(1).unwrap().trim();
        let entry: mohr::protocol::profile::Inspector =
            serde_json::from_slice(&std::fs::read(at(path)).unwrap()).unwrap();
        assert_eq!(entry.id.as_str(), "inspector-1");
    }

    let mut office = Office::new();
    office.profile.addresses = vec!["https://office.example".parse().unwrap()];
    std::fs::write(at("profile.note"), office.note()).unwrap();
    let verify = || {
        let mut verify = mohr();
        verify.args(["keys", "profile", "verify"]).arg(at("profile.note"));
        verify
    };
    ends(verify, "", true);
    let poster = || {
        made.set(made.get() + 1);
        let mut poster = mohr();
        poster.current_dir(folder.path()).args(["poster", "--profile", "profile.note"]);
        poster.args(["--out", &format!("poster-{}.html", made.get())]);
        poster
    };
    for said in ends(poster, "", false) {
        assert!(said.contains("wrote poster-"), "{said}");
    }
}

/// The guide is gone, the office is there.
#[test]
fn a_demo_whose_guide_nobody_reads_serves() {
    for output in [closed(), full()] {
        let folder = tempfile::tempdir().unwrap();
        let mut demo = mohr();
        demo.args(["demo", "--listen", "127.0.0.1:0", "--dir"]).arg(folder.path());
        let mut child = demo.stdout(output).stderr(full()).spawn().unwrap();
        let index = folder.path().join("demo.json");
        crate::support::server::eventually("an office", || index.exists());
        let index: serde_json::Value = serde_json::from_slice(&std::fs::read(index).unwrap()).unwrap();
        let mut status = mohr();
        let url = index["reporter_url"].as_str().unwrap();
        let unknown =
            output_with_input(status.args(["status", "--server", url]), "00000000000000000000000000000098");
        assert!(String::from_utf8(unknown.stderr).unwrap().contains("opens no mailbox"));
        assert!(crate::support::demo::terminate(&mut child).success());
    }
}

/// Warnings, prompts and errors that cannot be said change nothing.
#[test]
fn a_full_standard_error_breaks_nothing() {
    let demo = Demo::start();
    let text = demo.write("text.txt", b"x");
    let mut report = demo.reporter("report");
    let sent = report.arg("--text-file").arg(&text).stderr(full()).output().unwrap();
    assert!(sent.status.success());
    let inbox = demo.inspector(1, "inbox", None).stderr(full()).output().unwrap();
    assert!(inbox.status.success(), "the first visit is told there");
    let refused = mohr().args(["status", "--server", "office.example"]).stderr(full()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let misused = mohr().arg("nothing").stderr(full()).output().unwrap();
    assert_eq!(misused.status.code(), Some(2));
}
