//! What a stranger, a reporter, an insider or a server puts into a case, and what somebody puts beside a
//! desk's memory: none of it gets where it wants to, and none of it costs more than itself.

use crate::support::bad_line::{BadLine, Mishap};
use crate::support::demo::{Demo, json, refusal};
use crate::support::office::{Case, Posted, today};
use crate::support::running::{RunningOffice, draft, file, id, post};
use mohr::client::{Client, Error as ClientError};
use mohr::desk::view::ShownCase;
use mohr::desk::{Error, ReplyDraft};
use mohr::protocol::ids::CaseId;
use mohr::protocol::message::{Content, Message, MessageKind};
use mohr::protocol::secret::WriteToken;
use mohr::reporter::{self, FollowUpForm};
use mohr::seal::derive::write_token;
use mohr::seal::signing::SigningKey;
use mohr::verify::case::Authenticity;
use mohr::verify::case_state::AskAgain;
use serde_json::json as value;

fn reply(text: &str) -> ReplyDraft {
    ReplyDraft {
        text: text.to_owned(),
        language: "fa".to_owned(),
        status: None,
        outcome: None,
        files: Vec::new(),
    }
}

fn shown(running: &RunningOffice, number: usize, case: CaseId) -> ShownCase {
    let (desk, opened) = running.open(number, case);
    ShownCase::new(&desk.profile, &opened)
}

#[test]
fn what_is_nobodys_word_is_saved_apart() {
    let running = RunningOffice::start(2);
    let mut case = Case::new(&running.office);
    let report = Message {
        files: vec![file("evidence.pdf", &[7; 4]), file("not-authentic", &[7; 12])],
        ..case.report_message("گزارش")
    };
    case.push(&report, &case.keys.signing.clone());
    // Whoever has the mailbox's token but not the reporter's key can send this.
    let forged = Message {
        files: vec![file("evidence.pdf", &[7; 6])],
        ..case.follow_up_message("همان گزارشگر")
    };
    case.push(&forged, &SigningKey::generate());
    let client = running.client();
    case.mailbox.iter().for_each(|posted| post(&client, &case.keys, posted));

    let (desk, opened) = running.open(1, case.id());
    let mut shown = ShownCase::new(&desk.profile, &opened);
    let folder = running.path("opened");
    desk.save_files(&opened, &mut shown, &folder).unwrap();
    let saved = |message: usize, file: usize| shown.messages[message].files[file].saved.clone().unwrap();
    assert_eq!(shown.messages[1].authenticity, Authenticity::NotAuthentic);
    assert_eq!((saved(0, 0), saved(0, 1)), ("evidence.pdf".to_owned(), "not-authentic (2)".to_owned()));
    assert_eq!(saved(1, 0), "not-authentic/evidence.pdf");
    assert_eq!(std::fs::read(folder.join("evidence.pdf")).unwrap(), [7; 4]);
    assert_eq!(std::fs::read(folder.join("not-authentic/evidence.pdf")).unwrap(), [7; 6]);
    let folder = running.path("export");
    desk.export(&opened, &folder).unwrap();
    assert!(folder.join("01.not-authentic.json").exists() && !folder.join("01.json").exists());
}

#[test]
fn a_crafted_report_costs_itself_alone() {
    let running = RunningOffice::start(2);
    let client = running.client();
    let send = |change: &dyn Fn(&mut Message), sealed_to: &[&str]| {
        let mut case = Case::new(&running.office);
        let mut message = case.report_message("x");
        change(&mut message);
        // The stanzas are true whatever the message says.
        let named = message.clone();
        message.readers = sealed_to.iter().copied().map(id).collect();
        let recipients =
            mohr::seal::message::recipients(&running.office.profile, &message.readers, None).unwrap();
        let files: Vec<Vec<u8>> = named.files.iter().map(|file| vec![7; file.size_bytes as usize]).collect();
        let files: Vec<&[u8]> = files.iter().map(|file| &file[..]).collect();
        let blob = mohr::seal::message::seal(&named, &files, &case.keys.signing, &recipients).unwrap();
        let memo = Some(case.memo(&named, &blob));
        case.mailbox.push(Posted { kind: MessageKind::Report, blob, memo });
        post(&client, &case.keys, &case.mailbox[0]);
        case.id()
    };
    let both = ["inspector-1", "inspector-2"];
    // Readers whom nobody lists: read by nobody who could answer.
    let nobody = send(&|message| message.readers = vec![id("stranger")], &both);
    let no_recipient = send(
        &|message| {
            if let Content::Report { reporter, .. } = &mut message.content {
                reporter.recipient = format!("age1pq1{}", "q".repeat(1952));
            }
        },
        &both,
    );
    let many_names = send(
        &|message| {
            message.day = "9999-12-31".parse().unwrap();
            message.files = (0..99).map(|_| file("CON\u{200b}.\u{2028}desktop", b"")).collect();
        },
        &both,
    );
    let (_, honest) = running.report("گزارش", &[], &[]);

    let mut entries = Vec::new();
    running.desk(1).inbox(|entry| entries.push(entry)).unwrap();
    assert_eq!(entries.len(), 4);
    assert!(entries.iter().all(|entry| entry.failure.is_none() && entry.readable), "{entries:?}");
    for (case, expected) in [(nobody, "reader"), (no_recipient, "nobody to answer")] {
        let (desk, opened) = running.open(1, case);
        let refused = desk.reply(&opened, &reply("x"), |_| ()).unwrap_err().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    let (desk, opened) = running.open(1, many_names);
    let mut shown_case = ShownCase::new(&desk.profile, &opened);
    assert_eq!(shown_case.messages[0].received, today(), "the server's day stands beside the sender's");
    let folder = running.path("names");
    desk.save_files(&opened, &mut shown_case, &folder).unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 99, "no file overwrites another");
    assert_eq!(shown(&running, 1, honest).messages[0].text, "گزارش");
}

#[test]
fn a_borrowed_session_puts_nothing_into_a_case() {
    let running = RunningOffice::start(2);
    let (_, case) = running.report("گزارش", &["inspector-1"], &[]);
    let worthless = [b"age-encryption.org/v1\n".to_vec(), vec![0; 32_768 - 22]].concat();
    for write in [None, Some(WriteToken::from_bytes([3; 32]))] {
        let refused = running.put_reply(1, case, write.as_ref(), &worthless).unwrap_err();
        assert!(matches!(refused, ClientError::Problem { status: 404, .. }), "{refused}");
    }
    assert_eq!(shown(&running, 2, case).messages.len(), 1);
}

#[test]
fn a_large_worthless_reply_keeps_nobody_waiting() {
    let running = RunningOffice::start(2);
    let (code, case) = running.report("گزارش", &[], &[]);
    let keys = mohr::seal::derive::ReporterKeys::derive(&code, running.office.profile.office);
    let mut worthless = b"age-encryption.org/v1\n".to_vec();
    worthless.resize(16 * 1024 * 1024, 0x55);
    running.put_reply(1, case, Some(&write_token(&keys.secret)), &worthless).unwrap();

    let line = BadLine::to(&running.url, |_, _| Mishap::None);
    let mut desk = running.desk_at(2, &line.url, today());
    let mut entries = 0;
    desk.inbox(|_| entries += 1).unwrap();
    let listed = desk.find(&case.to_string()).unwrap();
    let opened = desk.open(&listed).unwrap();
    let shown = ShownCase::new(&desk.profile, &opened);
    assert_eq!((entries, shown.messages[1].authenticity), (1, Authenticity::Unreadable));
    let client = Client::new(&line.url, None).unwrap();
    let office = reporter::Office::visit(&client, None, today()).unwrap();
    let mailbox = office.open_mailbox(&code).unwrap();
    assert_eq!(mailbox.read().mailbox[1].authenticity, Authenticity::Unreadable);
    assert!(line.answered_bytes() < 1_500_000, "{}", line.answered_bytes());
    desk.reply(&opened, &reply("پاسخ"), |_| ()).unwrap();
}

#[test]
fn a_server_that_takes_memos_away_makes_her_be_asked_again() {
    let running = RunningOffice::start(2);
    let (code, _) = running.report("گزارش", &["inspector-2"], &[]);
    let keys = mohr::seal::derive::ReporterKeys::derive(&code, running.office.profile.office);
    // A message under her token with a memo of somebody else's.
    let mut case = Case::new(&running.office);
    case.keys = mohr::seal::derive::ReporterKeys::derive(&code, running.office.profile.office);
    let message = case.report_message("x");
    let message = Message { content: Content::FollowUp { answers: Vec::new() }, ..message };
    let blob = case.seal(&message, &SigningKey::generate());
    let memo = Some(mohr::protocol::memo::SealedMemo::from_bytes([1; 640]));
    post(&running.client(), &keys, &Posted { kind: MessageKind::FollowUp, blob, memo });
    let client = running.client();
    let office = reporter::Office::visit(&client, None, today()).unwrap();
    let mailbox = office.open_mailbox(&code).unwrap();
    let reading = mailbox.read();
    assert_eq!(reading.mailbox[0].authenticity, Authenticity::Authentic);
    assert_eq!(reading.mailbox[1].authenticity, Authenticity::NotAuthentic, "not hers, and said to be");
    // The memo of the message before it would bring back whomever she might have left out with this one.
    assert_eq!(reading.state.mailbox.own.ask_again, Some(AskAgain::Server));
    let write = |left_out: &[&str], has_said_whom| {
        let form = FollowUpForm { has_said_whom, ..Default::default() };
        mailbox.follow_up(&draft("باز هم", left_out, &[]), &form, |_| ())
    };
    let refused = write(&[], false);
    assert!(matches!(refused, Err(reporter::Error::AskAgain(AskAgain::Server))), "{refused:?}");
    // Whom the report leaves out its own memo knows.
    write(&[], true).unwrap();
    let mailbox = office.open_mailbox(&code).unwrap();
    let own = mailbox.read().state.mailbox.own;
    assert_eq!((own.ask_again, own.next_readers), (None, vec![id("inspector-1")]));
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

#[test]
fn a_handover_is_not_made_by_whoever_does_not_read() {
    let running = RunningOffice::start(3);
    let (_, case) = running.report("گزارش", &["inspector-3"], &[]);
    let (desk, mut opened) = running.open(3, case);
    let refused = desk.hand_over(&mut opened, &[id("inspector-2")], "fa").unwrap_err();
    assert!(matches!(refused, Error::NotAReader(_)), "{refused}");
}
