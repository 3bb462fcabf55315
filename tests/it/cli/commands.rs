//! The whole job by the command line, as a reporter and an inspector do it, against the demo office.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use crate::support::demo::{
    Demo, json, json_with_input, mohr, output_with_input, read_tree, refusal, terminate,
};
use crate::support::running::RunningOffice;
use mohr::verify::digest::sha256;
use serde_json::{Value, json as value};

const TEXT: &str = "برای صدور پروانه از من پول خواستند. نمی‌دانم چه کنم.\nخط دوم";

#[test]
fn report_answer_follow_up_and_export() {
    let demo = Demo::start();
    let photo = vec![0xd8; 5 * 1024 * 1024];
    let text = demo.write("گزارش.txt", TEXT.as_bytes());
    let photo_path = demo.write("عکس \u{202e}gpj.jpg", &photo);

    let sent = json(demo.reporter("report").arg("--text-file").arg(&text).arg("--attach").arg(&photo_path));
    let receipt = sent["receipt"].as_str().unwrap().to_owned();
    assert!(receipt.len() == 32 && receipt.bytes().all(|digit| digit.is_ascii_digit()));

    let inbox = json(&mut demo.inspector(1, "inbox", None));
    let entry = &inbox.as_array().unwrap()[0];
    assert_eq!(inbox.as_array().unwrap().len(), 1);
    assert_eq!((&entry["status"], &entry["unread"]), (&value!("received"), &value!(1)));
    assert_eq!(entry["received"], value!(crate::support::office::today().to_string()));
    let case = entry["case"].as_str().unwrap().to_owned();

    let files = demo.folder.path().join("opened");
    let opened = json(demo.inspector(1, "open", Some(&case)).arg("--files").arg(&files));
    let message = &opened["messages"][0];
    assert_eq!((&message["from"], &message["verified"]), (&value!("reporter"), &value!(true)));
    assert_eq!(message["text"], value!(TEXT));
    let file = &message["files"][0];
    assert_eq!((&file["type"], &file["size_bytes"]), (&value!("image/jpeg"), &value!(photo.len())));
    assert_eq!(file["name"], value!("عکس \u{202e}gpj.jpg"));
    assert_eq!(file["sha256"], value!(sha256(&photo)));
    let saved = file["saved"].as_str().unwrap();
    assert!(!saved.contains('\u{202e}'));
    assert_eq!(std::fs::read(files.join(saved)).unwrap(), photo);
    assert_eq!(json(&mut demo.inspector(1, "inbox", None))[0]["unread"], value!(0));
    assert_eq!(json(&mut demo.inspector(2, "inbox", None))[0]["unread"], value!(1));

    let answer = demo.write("answer.txt", "دریافت شد؛ بررسی می‌کنیم.".as_bytes());
    let document = demo.write("نامه.pdf", b"%PDF-1.7 a letter");
    let mut reply = demo.inspector(1, "reply", Some(&case[..8]));
    reply.arg("--text-file").arg(&answer).arg("--attach").arg(&document);
    json(reply.args(["--status", "under-investigation"]));

    let received = demo.folder.path().join("received");
    let status = json_with_input(demo.reporter("status").arg("--files").arg(&received), &receipt);
    assert_eq!(status["status"], value!("under-investigation"));
    let reply = &status["messages"][0];
    assert_eq!((&reply["from"], &reply["verified"]), (&value!("بازرس یکم"), &value!(true)));
    assert_eq!(reply["text"], value!("دریافت شد؛ بررسی می‌کنیم."));
    assert_eq!(std::fs::read(received.join("نامه.pdf")).unwrap(), b"%PDF-1.7 a letter");
    assert!(status.get("refused").is_none());

    let more = demo.write("more.txt", "یک چیز دیگر".as_bytes());
    let persian: String =
        receipt.chars().map(|digit| char::from_u32(0x6f0 + digit.to_digit(10).unwrap()).unwrap()).collect();
    json_with_input(demo.reporter("follow-up").arg("--text-file").arg(&more), &persian);
    assert_eq!(json(&mut demo.inspector(1, "inbox", None))[0]["unread"], value!(1));
    let opened = json(&mut demo.inspector(2, "open", Some(&case)));
    let from: Vec<_> =
        opened["messages"].as_array().unwrap().iter().map(|message| message["from"].clone()).collect();
    assert_eq!(from, ["reporter", "بازرس یکم", "reporter"]);
    assert!(
        opened["messages"]
            .as_array()
            .unwrap()
            .iter()
            .all(|message| message["verified"] == true && message.get("warnings").is_none())
    );

    let rule = demo.write("rule.txt", "مادهٔ ۵ آیین‌نامه".as_bytes());
    let mut close = demo.inspector(2, "reply", Some(&case));
    close.arg("--text-file").arg(&answer).arg("--rule-file").arg(&rule);
    json(close.args(["--status", "closed", "--outcome", "no-violation"]));
    let status = json_with_input(&mut demo.reporter("status"), &receipt);
    assert_eq!(status["outcome"], value!({"id": "no-violation", "rule": "مادهٔ ۵ آیین‌نامه"}));

    let export = demo.folder.path().join("export");
    let exported = json(demo.inspector(1, "export", Some(&case)).arg("--to").arg(&export));
    for file in exported["files"].as_array().unwrap() {
        let bytes = std::fs::read(export.join(file["path"].as_str().unwrap())).unwrap();
        assert_eq!(file["sha256"], value!(sha256(&bytes)));
    }
    let sums =
        Command::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&export).status();
    assert!(sums.unwrap().success());
    let sealed =
        read_tree(&export).into_iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "age"));
    assert_eq!(sealed.count(), 4);

    let (status, folder) = demo.stop();
    assert!(status.success(), "{status}");
    assert!(std::fs::read_to_string(folder.path().join("log.txt")).unwrap().contains("stopped"));
}

#[test]
fn every_refusal_says_what_is_wrong_and_prints_no_data() {
    let demo = Demo::start();
    let text = demo.write("text.txt", b"x");
    let report = |arguments: &[&str]| {
        let mut command = demo.reporter("report");
        command.arg("--text-file").arg(&text).args(arguments);
        refusal(&command.output().unwrap())
    };
    assert!(report(&["--office", "00000000000000000000000000000000"]).contains("another office"));
    assert!(report(&["--leave-out", "nobody"]).contains("inspector-1, inspector-2"));
    assert!(
        report(&["--leave-out", "inspector-1", "--leave-out", "inspector-2"]).contains("nobody could read")
    );
    std::fs::write(&text, "ب".repeat(20_000)).unwrap();
    assert!(report(&[]).contains("too long"));
    assert!(report(&["--attach", "missing.jpg"]).contains("missing.jpg"));

    let status = |code: &str| refusal(&output_with_input(&mut demo.reporter("status"), code));
    assert!(status("1234").contains("32 digits"));
    assert!(status(&"1".repeat(32)).contains("check digits"));
    let unknown = mohr::protocol::receipt::ReceiptCode::generate(mohr::seal::fill_random);
    assert!(status(&unknown.group()).contains("opens no mailbox"));

    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let away = mohr().args(["status", "--server", &format!("http://{nowhere}")]).output().unwrap();
    assert!(refusal(&away).contains("cannot be reached"));
    let address = mohr().args(["status", "--server", "office.example"]).output().unwrap();
    assert!(refusal(&address).contains("http://"));

    let wrong = demo.write("wrong.txt", b"not the passphrase\n");
    let mut inbox = mohr();
    inbox.args(["inbox", "--server", &demo.server_url(), "--identity"]).arg(demo.identity(1));
    assert!(
        refusal(&inbox.arg("--passphrase-file").arg(&wrong).output().unwrap()).contains("wrong passphrase")
    );
    let mut not_an_identity = mohr();
    not_an_identity.args(["inbox", "--server", &demo.server_url(), "--identity"]).arg(demo.path("profile"));
    not_an_identity.arg("--passphrase-file").arg(demo.path("passphrase_file"));
    assert!(refusal(&not_an_identity.output().unwrap()).contains("not a key file"));
    let mut root = mohr();
    root.args(["inbox", "--server", &demo.server_url(), "--identity"]).arg(demo.path("root_key"));
    root.arg("--passphrase-file").arg(demo.path("passphrase_file"));
    assert!(refusal(&root.output().unwrap()).contains("inspector's keys"));
    let foreign = demo.inspector(1, "inbox", None).args(["--office", &"0".repeat(32)]).output().unwrap();
    assert!(refusal(&foreign).contains("another office"));
    std::fs::write(&text, "x").unwrap();
    let unknown_case = demo.inspector(1, "open", Some("00000000000000000000000000000000")).output().unwrap();
    assert!(refusal(&unknown_case).contains("no case"));
}

#[test]
fn an_inspector_who_is_left_out_reads_nothing_of_the_case_ever() {
    let demo = Demo::start();
    let text = demo.write("text.txt", "دربارهٔ بازرس دوم".as_bytes());
    let mut report = demo.reporter("report");
    let sent = json(report.arg("--text-file").arg(&text).args(["--leave-out", "inspector-2"]));
    let receipt = sent["receipt"].as_str().unwrap();
    let case = json(&mut demo.inspector(1, "inbox", None))[0]["case"].as_str().unwrap().to_owned();
    // The code alone brings the exclusion back, before anybody has answered.
    json_with_input(demo.reporter("follow-up").arg("--text-file").arg(&text), receipt);
    json(demo.inspector(1, "reply", Some(&case)).arg("--text-file").arg(&text));
    json_with_input(demo.reporter("follow-up").arg("--text-file").arg(&text), receipt);
    let all = |opened: &Value, member: &str| -> Vec<Value> {
        opened["messages"].as_array().unwrap().iter().map(|message| message[member].clone()).collect()
    };
    let left_out = json(&mut demo.inspector(2, "open", Some(&case)));
    assert_eq!(all(&left_out, "authenticity"), ["unreadable"], "and the server lists nothing else to him");
    assert_eq!((all(&left_out, "text"), &left_out["warnings"]), (vec![value!("")], &value!(["not-shown"])));
    assert_eq!(json(&mut demo.inspector(2, "inbox", None))[0]["readable"], value!(false));
    let answer = demo.inspector(2, "reply", Some(&case)).arg("--text-file").arg(&text).output().unwrap();
    assert!(refusal(&answer).contains("nobody to answer"));
    let reader = json(&mut demo.inspector(1, "open", Some(&case)));
    assert_eq!(all(&reader, "verified"), [true, true, true, true]);
}

#[test]
fn the_same_office_runs_again_and_a_second_demo_keeps_off() {
    let demo = Demo::start();
    let text = demo.write("text.txt", TEXT.as_bytes());
    let receipt =
        json(demo.reporter("report").arg("--text-file").arg(&text))["receipt"].as_str().unwrap().to_owned();
    let again = mohr().args(["demo", "--dir"]).arg(demo.folder.path()).output().unwrap();
    assert!(refusal(&again).contains("already holds an office"));
    let config = demo.path("config");
    let url = demo.server_url();
    let (status, folder) = demo.stop();
    assert!(status.success());
    let mut server = mohr().arg("serve").arg("--config").arg(&config).spawn().unwrap();
    let started = std::time::Instant::now();
    let found = loop {
        let output = output_with_input(mohr().args(["status", "--json", "--server", &url]), &receipt);
        if output.status.success() || started.elapsed().as_secs() > 60 {
            break output;
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    assert!(found.status.success(), "{found:?}");
    assert!(terminate(&mut server).success());
    drop(folder);
}

/// A SOCKS5 proxy (RFC 1928) that knows one name which nobody else can resolve.
fn socks5_proxy(name: &'static str, target: String) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("socks5://{}", listener.local_addr().unwrap());
    let (asked, asking) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for client in listener.incoming().take(20) {
            let (mut client, asked, target) = (client.unwrap(), asked.clone(), target.clone());
            std::thread::spawn(move || {
                let mut greeting = [0; 2];
                client.read_exact(&mut greeting).unwrap();
                let mut methods = vec![0; usize::from(greeting[1])];
                client.read_exact(&mut methods).unwrap();
                if methods.contains(&2) {
                    // RFC 1929: somebody's name and password, as Tor keeps circuits apart by.
                    client.write_all(&[5, 2]).unwrap();
                    let mut credentials = [0; 11];
                    client.read_exact(&mut credentials).unwrap();
                    assert_eq!(&credentials, b"\x01\x04name\x04word");
                    client.write_all(&[1, 0]).unwrap();
                } else {
                    client.write_all(&[5, 0]).unwrap();
                }
                let mut request = [0; 5];
                client.read_exact(&mut request).unwrap();
                assert_eq!(request[3], 3, "a name, not an address: the proxy resolves");
                let mut host = vec![0; usize::from(request[4]) + 2];
                client.read_exact(&mut host).unwrap();
                host.truncate(host.len() - 2);
                let host = String::from_utf8(host).unwrap();
                assert_eq!(host, name);
                asked.send(host).unwrap();
                let server = TcpStream::connect(&target).unwrap();
                client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
                let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut from, &mut to));
                let (mut from, mut to) = (server, client);
                let _ = std::io::copy(&mut from, &mut to);
            });
        }
    });
    (address, asking)
}

#[test]
fn a_socks5_proxy_resolves_names_and_carries_everything() {
    let names = ["http://mohrexample.onion", "http://xn--mgbb2adg23g.xn--mgba3a4f16a"];
    let running = RunningOffice::with_addresses(2, &names);
    let target = running.url.trim_start_matches("http://").to_owned();
    let (proxy, asked) = socks5_proxy("mohrexample.onion", target.clone());
    std::fs::write(running.path("text.txt"), TEXT).unwrap();
    let mut report = mohr();
    report.args(["report", "--json", "--server", "http://mohrexample.onion/fa/", "--proxy", &proxy]);
    let receipt =
        json(report.arg("--text-file").arg(running.path("text.txt")))["receipt"].as_str().unwrap().to_owned();
    let mut status = mohr();
    status.args(["status", "--json", "--server", "http://mohrexample.onion", "--proxy", &proxy]);
    assert_eq!(json_with_input(&mut status, &receipt)["status"], value!("received"));
    assert!(asked.try_iter().count() >= 2);

    let (proxy, asked) = socks5_proxy("xn--mgbb2adg23g.xn--mgba3a4f16a", target);
    let proxy = proxy.replace("socks5://", "SOCKS5H://name:word@");
    let mut status = mohr();
    status.args(["status", "--json", "--server", "http://بازرسی.ایران/fa/", "--proxy", &proxy]);
    assert_eq!(json_with_input(&mut status, &receipt)["status"], value!("received"));
    assert!(asked.try_iter().count() >= 1);
}
