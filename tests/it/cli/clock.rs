//! Days: a profile that is over or not yet there by this computer's clock, and a
//! sender's day beside the server's.

use std::process::{Child, Stdio};

use mohr::client::Client;
use mohr::protocol::day::Day;
use mohr::protocol::message::Door;
use mohr::protocol::profile::Profile;
use mohr::protocol::receipt::ReceiptCode;
use mohr::reporter::{Draft, Office, ReportForm};
use mohr::seal::key_file::RootKeys;
use serde_json::json as value;

use crate::support::demo::{Demo, json, json_with_input, mohr, output_with_input, refusal, terminate};
use crate::support::office::today;

/// The demo's office on another server, with a profile of these days.
struct Resigned {
    demo: Demo,
    server: Child,
    url: String,
}

impl Resigned {
    fn new(demo: Demo, issued: Day, expires: Day) -> Self {
        let folder = demo.folder.path();
        let note = std::fs::read_to_string(demo.path("profile")).unwrap();
        let mut profile = Profile::decode(&note[..=note.find("\n\n").unwrap()]).unwrap();
        // A second text of one version is refused by the server that has served the first.
        (profile.version, profile.issued, profile.expires) = (2, issued, expires);
        let passphrase = std::fs::read_to_string(demo.path("passphrase_file")).unwrap();
        let root = std::fs::read(demo.path("root_key")).unwrap();
        let root = RootKeys::open(&root, &age::secrecy::SecretString::from(passphrase.trim())).unwrap();
        let note = mohr::seal::profile::sign(profile, &root.key).unwrap();
        std::fs::write(folder.join("resigned.note"), note).unwrap();
        let address = demo.server_url().replace("http://", "");
        let config = std::fs::read_to_string(demo.path("config")).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = config.replace("profile.note", "resigned.note").replace(&address, &port.to_string());
        std::fs::write(folder.join("resigned.toml"), config).unwrap();
        let server = mohr()
            .args(["serve", "--config"])
            .arg(folder.join("resigned.toml"))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        crate::support::server::eventually("a server", || std::net::TcpStream::connect(port).is_ok());
        Self { demo, server, url: format!("http://{port}") }
    }
}

impl Drop for Resigned {
    fn drop(&mut self) {
        terminate(&mut self.server);
    }
}

#[test]
fn under_an_expired_profile_answers_are_read_and_nothing_is_sent() {
    let demo = Demo::start();
    let text = demo.write("text.txt", b"x");
    let receipt = json(demo.reporter("report").arg("--text-file").arg(&text))["receipt"].clone();
    let receipt = receipt.as_str().unwrap();
    let case = json(&mut demo.inspector(1, "inbox", None))[0]["case"].as_str().unwrap().to_owned();
    json(demo.inspector(1, "reply", Some(&case)).arg("--text-file").arg(&text));
    let expired = Resigned::new(demo, today().plus_days(-40), today().plus_days(-1));
    let (demo, url) = (&expired.demo, &expired.url);

    let reporter = |command: &str| {
        let mut reporter = mohr();
        reporter.args([command, "--json", "--server", url]);
        reporter
    };
    let status = output_with_input(&mut reporter("status"), receipt);
    let shown: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(
        (&shown["messages"][0]["text"], &shown["messages"][0]["verified"]),
        (&value!("x"), &value!(true))
    );
    let said = String::from_utf8(status.stderr).unwrap();
    assert!(said.contains("expired on") && said.contains(&format!("clock says {}", today())), "{said}");

    let mut sends = [reporter("report"), reporter("follow-up"), demo.inspector(1, "reply", Some(&case))];
    for command in &mut sends {
        command.arg("--text-file").arg(&text);
    }
    let [report, follow_up, reply] = &mut sends;
    // The later of two values counts for an option that is given once: the desk goes to the other server.
    let mut arguments: Vec<_> = reply.get_args().map(ToOwned::to_owned).collect();
    let server = arguments.iter().position(|argument| *argument == *demo.server_url()).unwrap();
    arguments[server] = url.into();
    for output in [
        report.output().unwrap(),
        output_with_input(follow_up, receipt),
        mohr().args(arguments).output().unwrap(),
    ] {
        let said = refusal(&output);
        assert!(
            said.contains("the office profile expired") && said.contains("this computer's clock"),
            "{said}"
        );
    }
    assert_eq!(json_with_input(&mut reporter("status"), receipt)["own"].as_array().unwrap().len(), 1);

    // An inspector's commands: what reads goes on, and says why; what would seal does not.
    let desk = |command: &str, more: &[&std::ffi::OsStr]| {
        let mut arguments: Vec<_> = demo
            .inspector(1, command, (command != "inbox").then_some(&*case))
            .get_args()
            .map(ToOwned::to_owned)
            .collect();
        let server = arguments.iter().position(|argument| *argument == *demo.server_url()).unwrap();
        arguments[server] = url.into();
        mohr().args(arguments).args(more).output().unwrap()
    };
    let export = demo.folder.path().join("export");
    for (command, more) in
        [("inbox", &[][..]), ("open", &[]), ("export", &["--to".as_ref(), export.as_os_str()])]
    {
        let output = desk(command, more);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("expired on"), "{command}: {said}");
    }
    assert!(export.join("SHA256SUMS").exists());
    let draft = demo.folder.path().join("draft.json");
    let text_file = ["--text-file".as_ref(), text.as_os_str()];
    for (command, more) in [
        ("record", &text_file[..]),
        ("handover", &["--to".as_ref(), "inspector-2".as_ref()]),
        ("reply", &[text_file[0], text_file[1], "--draft-out".as_ref(), draft.as_os_str()]),
    ] {
        let said = refusal(&desk(command, more));
        assert!(said.contains("the office profile expired"), "{command}: {said}");
    }
    assert!(!draft.exists());
    let opened: serde_json::Value = serde_json::from_slice(&desk("open", &[]).stdout).unwrap();
    assert_eq!((opened["messages"].as_array().unwrap().len(), opened.get("records")), (2, None));

    // What is made of an expired profile would lead nobody anywhere.
    let note = demo.folder.path().join("resigned.note");
    let verified = mohr().args(["keys", "profile", "verify"]).arg(&note).output().unwrap();
    assert!(refusal(&verified).contains("expired on"));
    let poster = demo.folder.path().join("expired-poster.html");
    let printed = mohr().args(["poster", "--profile"]).arg(&note).arg("--out").arg(&poster).output().unwrap();
    assert!(refusal(&printed).contains("expired on") && !poster.exists());
}

#[test]
fn a_clock_before_the_profile_is_said() {
    let early = Resigned::new(Demo::start(), today().plus_days(3), today().plus_days(30));
    let unknown = ReceiptCode::generate(mohr::seal::fill_random);
    let mut status = mohr();
    let status = output_with_input(status.args(["status", "--server", &early.url]), &unknown.group());
    let said = String::from_utf8(status.stderr).unwrap();
    let wanted =
        format!("clock says {}, and the office profile was signed on {}", today(), today().plus_days(3));
    assert!(said.contains(&wanted), "{said}");
}

#[test]
fn the_servers_day_stands_beside_a_senders_that_differs() {
    let demo = Demo::start();
    let client = Client::new(&demo.server_url(), None).unwrap();
    let wrong = today().plus_days(-5);
    let office = Office::visit(&client, None, wrong).unwrap();
    let code = ReceiptCode::generate(mohr::seal::fill_random);
    let draft =
        Draft { text: "x".to_owned(), language: "fa".to_owned(), left_out: Vec::new(), files: Vec::new() };
    office.report(&code, ReportForm { door: Door::Report, answers: Vec::new() }, &draft, |_| ()).unwrap();

    let case = json(&mut demo.inspector(1, "inbox", None))[0]["case"].as_str().unwrap().to_owned();
    let opened = json(&mut demo.inspector(1, "open", Some(&case)));
    let message = &opened["messages"][0];
    assert_eq!((&message["day"], &message["received"]), (&value!(wrong), &value!(today())));
    let plain = |command: &mut std::process::Command| {
        let mut plain = mohr();
        plain.args(command.get_args().filter(|argument| *argument != "--json"));
        let output = plain.output().unwrap();
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let shown = plain(&mut demo.inspector(1, "open", Some(&case)));
    assert!(shown.contains(&format!("[0] {wrong}")), "{shown}");
    assert!(shown.contains(&format!("received: {}, says the server", today())), "{shown}");
    let export = demo.folder.path().join("export");
    let said = plain(demo.inspector(1, "export", Some(&case)).arg("--to").arg(&export));
    assert!(said.contains(&format!("sender's day is {wrong}, the server took it on {}", today())), "{said}");
    let again = demo.folder.path().join("again");
    let exported = json(demo.inspector(1, "export", Some(&case)).arg("--to").arg(&again));
    assert_eq!(exported["messages"], value!([{"position": 0, "day": wrong, "received": today()}]));
}
