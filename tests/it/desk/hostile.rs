//! What a stranger sends into a case, and what somebody puts beside a desk's memory: neither gets where it
//! wants to.

use crate::support::demo::{Demo, json, refusal};
use crate::support::office::today;
use mohr::client::{Client, MessageKind};
use mohr::protocol::message::{Content, File, Message, Sender, Thread};
use mohr::protocol::receipt::ReceiptCode;
use mohr::seal::derive::ReporterKeys;
use mohr::seal::message::{recipients, seal};
use mohr::seal::signing::SigningKey;
use mohr::verify::profile::verify_signature;
use mohr::verify::thread::initial_digest;
use serde_json::json as value;

/// A follow-up with a file, as whoever has the mailbox's token but not the reporter's key can send it.
fn send_forged_follow_up(demo: &Demo, receipt: &str, name: &str, bytes: &[u8]) {
    let client = Client::new(&demo.server_url(), None).unwrap();
    let profile = verify_signature(&client.profile().unwrap()).unwrap();
    let keys = ReporterKeys::derive(&ReceiptCode::decode(receipt).unwrap(), profile.office);
    let file = File {
        name: name.to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: bytes.len() as u64,
    };
    let message = Message {
        office: profile.office,
        case: keys.case(),
        sender: Sender::Reporter,
        sequence: 1,
        thread: Thread { length: 0, digest: initial_digest(profile.office, keys.case()) },
        day: today(),
        language: "fa".to_owned(),
        text: "همان گزارشگر".to_owned(),
        left_out: Vec::new(),
        content: Content::FollowUp,
        files: vec![file],
    };
    let recipients = recipients(&profile, &[], None).unwrap();
    let blob = seal(&message, &[bytes], &SigningKey::generate(), &recipients).unwrap();
    client.upload(&keys.token.encode(), MessageKind::FollowUp, keys.case(), &blob, |_| {}).unwrap();
}

#[test]
fn what_is_nobodys_word_is_saved_apart() {
    let demo = Demo::start();
    let text = demo.write("text.txt", "گزارش".as_bytes());
    let evidence = demo.write("evidence.pdf", b"true");
    let named_as_the_folder = demo.write("not-authentic", b"true as well");
    let mut report = demo.reporter("report");
    report
        .arg("--text-file")
        .arg(&text)
        .arg("--attach")
        .arg(&evidence)
        .arg("--attach")
        .arg(&named_as_the_folder);
    let receipt = json(&mut report)["receipt"].as_str().unwrap().to_owned();
    send_forged_follow_up(&demo, &receipt, "evidence.pdf", b"forged");

    let case = json(&mut demo.inspector(1, "inbox", None))[0]["case"].as_str().unwrap().to_owned();
    let folder = demo.folder.path().join("opened");
    let opened = json(demo.inspector(1, "open", Some(&case)).arg("--files").arg(&folder));
    let saved = |message: usize, file: usize| opened["messages"][message]["files"][file]["saved"].clone();
    assert_eq!(opened["messages"][1]["authenticity"], value!("not-authentic"));
    assert_eq!(saved(0, 0), value!("evidence.pdf"));
    assert_eq!(saved(0, 1), value!("not-authentic (2)"));
    assert_eq!(saved(1, 0), value!("not-authentic/evidence.pdf"));
    assert_eq!(std::fs::read(folder.join("evidence.pdf")).unwrap(), b"true");
    assert_eq!(std::fs::read(folder.join("not-authentic/evidence.pdf")).unwrap(), b"forged");
}

#[test]
fn links_beside_a_desks_memory_lead_nowhere() {
    let demo = Demo::start();
    let victim = demo.write("victim", b"untouched");
    let memory = demo.folder.path().join("desk.json");
    let beside = |ending: &str| demo.folder.path().join(format!("desk.json{ending}"));
    let inbox = || {
        let mut inbox = demo.inspector(1, "inbox", None);
        inbox.arg("--memory").arg(&memory);
        inbox
    };
    std::os::unix::fs::symlink(&victim, beside(".new")).unwrap();
    assert_eq!(json(&mut inbox()), value!([]));
    assert!(memory.symlink_metadata().unwrap().is_file() && !beside(".new").exists());
    std::fs::remove_file(beside(".lock")).unwrap();
    std::os::unix::fs::symlink(&victim, beside(".lock")).unwrap();
    assert!(refusal(&inbox().output().unwrap()).contains("desk.json.lock"));
    assert_eq!(std::fs::read(&victim).unwrap(), b"untouched");
}
