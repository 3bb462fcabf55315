//! Whoever sends knows at the end what has become of it, and never loses a receipt code that opens something.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};

use mohr::protocol::receipt::ReceiptCode;
use serde_json::{Value, json as value};

use crate::support::demo::{Demo, json, json_with_input, mohr, output_with_input};
use crate::support::line::{Fate, Line};

const UPLOADS: &str = "POST /api/v1/uploads ";

/// A line on which uploads that begin meet the fate that stands for their number;
/// the last one stands for the rest.
fn line(demo: &Demo, fates: &'static [fn() -> Fate]) -> Line {
    Line::to(&demo.server_url(), move |request, count| {
        if request.starts_with(UPLOADS) { fates[count.min(fates.len() - 1)]() } else { Fate::Pass }
    })
}

fn report(demo: &Demo, url: &str) -> Command {
    let text = demo.write("text.txt", "گزارش".as_bytes());
    let mut report = mohr();
    report.args(["report", "--server", url, "--text-file"]).arg(text);
    report.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    report
}

fn said(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// What a script makes of the output.
fn digits(output: &[u8]) -> String {
    output.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect()
}

fn signal(child: &Child, name: &str) {
    assert!(
        Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success()
    );
}

#[test]
fn a_report_ends_with_what_has_become_of_it() {
    let demo = Demo::start();
    let sent = report(&demo, &demo.server_url()).output().unwrap();
    assert!(sent.status.success());
    assert!(said(&sent).contains("Keep it only if this ends with: sent"));
    assert_eq!(said(&sent).lines().last(), Some("sent"));
    ReceiptCode::decode(std::str::from_utf8(&sent.stdout).unwrap()).unwrap();

    let sent = report(&demo, &demo.server_url()).arg("--json").output().unwrap();
    let document: Value = serde_json::from_slice(&sent.stdout).unwrap();
    assert_eq!(document["sent"], value!(true));
    assert_eq!(document["receipt"], value!(digits(&sent.stdout)));
    assert_eq!(digits(&sent.stdout).len(), 32);
    json_with_input(&mut demo.reporter("status"), &digits(&sent.stdout));
}

#[test]
fn a_refused_report_was_not_stored_and_its_code_is_thrown_away() {
    let demo = Demo::start();
    for (status, word) in
        [(413, "too-large"), (507, "storage-full"), (409, "case-exists"), (422, "not-sealed")]
    {
        let line = Line::to(&demo.server_url(), move |request, _| {
            if request.starts_with(UPLOADS) { Fate::problem(status, word) } else { Fate::Pass }
        });
        let refused = report(&demo, &line.url).arg("--json").output().unwrap();
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            said(&refused).contains("the report was not stored: throw the code away"),
            "{}",
            said(&refused)
        );
        let document: Value = serde_json::from_slice(&refused.stdout).unwrap();
        assert_eq!(document["sent"], value!(false), "{word}");
        let code = digits(&refused.stdout);
        let status = output_with_input(&mut demo.reporter("status"), &code);
        assert!(said(&status).contains("opens no mailbox"), "it was told the truth");
    }
}

/// As nginx does it, unless it is told otherwise.
#[test]
fn a_proxy_that_takes_no_large_message_has_refused_it() {
    let demo = Demo::start();
    let line = line(&demo, &[|| Fate::Answer(413, "<html>".to_owned())]);
    let refused = report(&demo, &line.url).output().unwrap();
    assert!(said(&refused).contains("something before the server refuses (HTTP 413)"), "{}", said(&refused));
    assert!(said(&refused).contains("the report was not stored: throw the code away"), "{}", said(&refused));
}

#[test]
fn what_is_not_known_is_said_and_can_be_found_out() {
    let demo = Demo::start();
    // The answer is lost behind a report that is stored; the next try is refused, or answered by a gateway.
    let lines = [
        line(&demo, &[|| Fate::LoseAnswer, || Fate::problem(507, "storage-full")]),
        line(&demo, &[|| Fate::LoseAnswer, || Fate::Answer(502, "<html>".to_owned())]),
    ];
    for line in lines {
        let unknown = report(&demo, &line.url).arg("--json").output().unwrap();
        assert_eq!(unknown.status.code(), Some(1));
        assert!(
            said(&unknown).contains("not known") && said(&unknown).contains("mohr status"),
            "{}",
            said(&unknown)
        );
        let document: Value = serde_json::from_slice(&unknown.stdout).unwrap();
        assert_eq!(document["sent"], Value::Null);
        json_with_input(&mut demo.reporter("status"), &digits(&unknown.stdout));
    }
    let lines = [
        line(&demo, &[|| Fate::Answer(502, "<html>".to_owned())]),
        line(&demo, &[|| Fate::problem(500, "internal")]),
    ];
    for line in lines {
        let unknown = report(&demo, &line.url).output().unwrap();
        assert!(said(&unknown).contains("not known"), "{}", said(&unknown));
    }
    // A line that heals is no matter.
    let healed = report(&demo, &line(&demo, &[|| Fate::LoseAnswer, || Fate::Pass]).url).output().unwrap();
    assert!(healed.status.success());
}

#[test]
fn the_code_is_there_before_anything_is_sent_or_nothing_is_sent() {
    let demo = Demo::start();
    for json in [false, true] {
        let line = line(&demo, &[|| Fate::Hold]);
        let mut command = report(&demo, &line.url);
        command.args(json.then_some("--json"));
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        assert_eq!(digits(first.as_bytes()).len(), 32, "{first}");
        line.wait_for(UPLOADS);
        child.kill().unwrap();
        child.wait().unwrap();

        let mut full = report(&demo, &line.url);
        full.args(json.then_some("--json")).stdout(std::fs::File::create("/dev/full").unwrap());
        let full = full.output().unwrap();
        assert_eq!(full.status.code(), Some(1));
        assert!(said(&full).contains("nothing was sent"), "{}", said(&full));
        assert!(!line.has_seen(UPLOADS));
    }
}

#[test]
fn an_interrupted_report_says_whether_it_is_stored() {
    let demo = Demo::start();
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let line = line(&demo, &[|| Fate::Hold]);
        let child = report(&demo, &line.url).arg("--json").spawn().unwrap();
        line.wait_for(UPLOADS);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert!(
            said(&output).contains("interrupted") && said(&output).contains("not known"),
            "{}",
            said(&output)
        );
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["sent"], Value::Null);
        assert_eq!(digits(&output.stdout).len(), 32);
    }

    // Of a large report only a piece is on its way: it cannot be stored.
    let line = line(&demo, &[|| Fate::Hold]);
    let film = demo.write("film.mp4", &vec![7; 9 * 1024 * 1024]);
    let child = report(&demo, &line.url).arg("--attach").arg(&film).spawn().unwrap();
    line.wait_for(UPLOADS);
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert!(said(&output).contains("was not stored: throw the code away"), "{}", said(&output));

    // Before there is a code.
    let line = Line::to(&demo.server_url(), |_, _| Fate::Hold);
    let child = report(&demo, &line.url).spawn().unwrap();
    line.wait_for("GET ");
    signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    assert!(said(&output).contains("nothing was sent") && output.stdout.is_empty(), "{}", said(&output));
}

#[test]
fn what_the_caller_ignores_interrupts_nothing() {
    let demo = Demo::start();
    let line = Line::to(&demo.server_url(), |request, count| match (request.starts_with(UPLOADS), count) {
        (true, 0) => {
            std::thread::sleep(std::time::Duration::from_secs(2));
            Fate::Pass
        }
        _ => Fate::Pass,
    });
    let text = demo.write("text.txt", b"x");
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_mohr"), "report"]);
    shell.args(["--server", &line.url, "--text-file"]).arg(text).stdin(Stdio::null());
    let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut code = [0; 39];
    child.stdout.as_mut().unwrap().read_exact(&mut code).unwrap();
    signal(&child, "HUP");
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && said(&output).ends_with("sent\n"), "{}", said(&output));
}

#[test]
fn a_follow_up_and_an_answer_say_what_has_become_of_them() {
    let demo = Demo::start();
    let text = demo.write("text.txt", b"x");
    let code = digits(&report(&demo, &demo.server_url()).output().unwrap().stdout);
    let case = json(&mut demo.inspector(1, "inbox", None))[0]["case"].as_str().unwrap().to_owned();
    let follow_up = |url: &str| {
        let mut command = mohr();
        command
            .args(["follow-up", "--json", "--leave-out-nobody", "--server", url, "--text-file"])
            .arg(&text);
        output_with_input(&mut command, &code)
    };
    let reply = |url: &str| {
        let mut command = mohr();
        command.args(["reply", &case, "--json", "--server", url, "--text-file"]).arg(&text);
        command.arg("--identity").arg(demo.identity(1));
        command.arg("--passphrase-file").arg(demo.path("passphrase_file")).output().unwrap()
    };
    for send in [&follow_up as &dyn Fn(&str) -> Output, &reply] {
        let refused = send(&line(&demo, &[|| Fate::problem(507, "storage-full")]).url);
        assert!(said(&refused).contains("was not stored"), "{}", said(&refused));
        assert_eq!(serde_json::from_slice::<Value>(&refused.stdout).unwrap()["sent"], value!(false));
        let unknown = send(&line(&demo, &[|| Fate::LoseAnswer, || Fate::problem(507, "storage-full")]).url);
        assert!(said(&unknown).contains("not known"), "{}", said(&unknown));
        assert!(serde_json::from_slice::<Value>(&unknown.stdout).unwrap()["sent"].is_null());
        let away = send("http://127.0.0.1:1");
        assert!(away.stdout.is_empty() && !said(&away).contains("stored"), "{}", said(&away));
    }
    // What was not known is there to be seen.
    let status = json_with_input(&mut demo.reporter("status"), &code);
    let own: Vec<_> = status["own"].as_array().unwrap().iter().map(|own| own["position"].clone()).collect();
    assert_eq!(own, [0, 1]);
    let today = crate::support::office::today().to_string();
    assert_eq!(
        (&status["own"][1]["received"], &status["messages"][0]["position"]),
        (&value!(today), &value!(2))
    );

    let line = line(&demo, &[|| Fate::Hold]);
    let mut answer = mohr();
    answer.args(["reply", &case, "--server", &line.url, "--text-file"]).arg(&text);
    answer.arg("--identity").arg(demo.identity(1)).arg("--passphrase-file").arg(demo.path("passphrase_file"));
    let child = answer.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    line.wait_for(UPLOADS);
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(said(&output).contains(&format!("mohr open {case}")), "{}", said(&output));
}
