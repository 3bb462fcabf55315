//! A reporter without a browser comes back to a server that is not honest: what she then writes, and what
//! not.

use crate::support::bad_line::{BadLine, retell};
use crate::support::office::{Case, today};
use crate::support::running::{RunningOffice, draft, id};
use mohr::client::Client;
use mohr::desk::ReplyDraft;
use mohr::protocol::ids::CaseId;
use mohr::protocol::message::{Content, ThreadPoint};
use mohr::protocol::receipt::ReceiptCode;
use mohr::reporter::{Error, FollowUpForm, Office};
use mohr::seal::message::{recipients, seal};
use mohr::verify::case_state::AskAgain;

fn reply(running: &RunningOffice, number: usize, case: CaseId, text: &str) {
    let (desk, opened) = running.open(number, case);
    let draft = ReplyDraft {
        text: text.to_owned(),
        language: "fa".to_owned(),
        status: None,
        outcome: None,
        files: Vec::new(),
    };
    desk.reply(&opened, &draft, |_| ()).unwrap();
}

/// Writes on through this server.
fn follow_up(url: &str, code: &ReceiptCode, left_out: &[&str], form: &FollowUpForm) -> Result<(), Error> {
    let client = Client::new(url, None).unwrap();
    let office = Office::visit(&client, None, today())?;
    office.open_mailbox(code)?.follow_up(&draft("باز هم", left_out, &[]), form, |_| ())
}

/// The thread and the readers that the last message of the mailbox states.
fn last_stated(running: &RunningOffice, number: usize, case: CaseId) -> (ThreadPoint, Vec<String>) {
    let (desk, opened) = running.open(number, case);
    let reading = opened.read(&desk.profile);
    let message = &reading.mailbox.last().unwrap().authentic().unwrap().message;
    (message.threads.mailbox, message.readers.iter().map(ToString::to_string).collect())
}

#[test]
fn a_missing_memo_is_not_made_up_for() {
    let running = RunningOffice::start(3);
    let (code, case) = running.report("گزارش", &["inspector-3"], &[]);
    follow_up(&running.url, &code, &["inspector-2"], &FollowUpForm::default()).unwrap();
    assert_eq!(last_stated(&running, 1, case).1, ["inspector-1"]);
    for (what, lost) in [("the last one's", 1), ("the report's", 0)] {
        let line = BadLine::lying(&running.url, move |request, body| {
            if request.starts_with("GET /api/v1/mailbox?") {
                retell(body, |page| drop(page["messages"][lost].as_object_mut().unwrap().remove("memo")));
            }
        });
        let refused = follow_up(&line.url, &code, &[], &FollowUpForm::default());
        assert!(matches!(refused, Err(Error::AskAgain(AskAgain::Server))), "{what}: {refused:?}");
    }
    // Another one's memo beside her last message: the readers of the report are not
    // those of what she writes next.
    let line = BadLine::lying(&running.url, |request, body| {
        if request.starts_with("GET /api/v1/mailbox?") {
            retell(body, |page| page["messages"][1]["memo"] = page["messages"][0]["memo"].clone());
        }
    });
    let refused = follow_up(&line.url, &code, &[], &FollowUpForm::default());
    assert!(matches!(refused, Err(Error::AskAgain(AskAgain::Server))), "{refused:?}");
    let said = FollowUpForm { has_said_whom: true, ..Default::default() };
    follow_up(&line.url, &code, &["inspector-2"], &said).unwrap();
    // Whom the report leaves out its memo still says.
    assert_eq!(last_stated(&running, 1, case).1, ["inspector-1"]);
}

#[test]
fn nothing_is_sealed_by_a_profile_older_than_one_that_she_knew() {
    let mut running = RunningOffice::start(2);
    let old = std::fs::read(running.path("profile.note")).unwrap();
    let (code, case) = running.report("گزارش", &[], &[]);
    running.change(|_| ());
    let serve_old = |running: &RunningOffice| {
        let old = old.clone();
        BadLine::lying(&running.url, move |request, body| {
            if request.starts_with("GET /api/v1/profile ") {
                body.clone_from(&old);
            }
        })
    };
    let line = serve_old(&running);
    // By an answer.
    reply(&running, 1, case, "پاسخ");
    let refused = follow_up(&line.url, &code, &[], &FollowUpForm::default());
    assert!(matches!(refused, Err(Error::ProfileOlder { offered: 1, floor: 2 })), "{refused:?}");
    // By her own message, where the server hides the answer.
    let (own_code, _) = running.report("دیگری", &[], &[]);
    let refused = follow_up(&line.url, &own_code, &[], &FollowUpForm::default());
    assert!(matches!(refused, Err(Error::ProfileOlder { offered: 1, floor: 2 })), "{refused:?}");
    follow_up(&running.url, &code, &[], &FollowUpForm::default()).unwrap();
}

#[test]
fn nothing_is_sealed_where_an_answer_was_sealed_by_another_text_of_the_profile() {
    let running = RunningOffice::start(2);
    let (code, case) = running.report("گزارش", &[], &[]);
    let mut other = running.office.profile.clone();
    other.contacts.phone = "+98 21 1234".to_owned();
    // An inspector who was shown another text of the version answers by it.
    let mut scripted = Case::new(&running.office);
    scripted.keys = mohr::seal::derive::ReporterKeys::derive(&code, running.office.profile.office);
    let (desk, opened) = running.open(1, case);
    let mut message = scripted.reply_message("پاسخ");
    message.threads.mailbox = opened.read(&desk.profile).threads.mailbox;
    let text = mohr::seal::profile::sign(other, &running.office.root).unwrap();
    message.profile = mohr::verify::profile::verify_signature(text.as_bytes()).unwrap().stamp();
    let recipient = scripted.keys.identity.to_recipient();
    let sealed_to = recipients(&running.office.profile, &message.readers, Some(recipient)).unwrap();
    let blob = seal(&message, &[], &running.office.inspectors[0].signing, &sealed_to).unwrap();
    running.put_reply(1, case, Some(&mohr::seal::derive::write_token(&scripted.keys.secret)), &blob).unwrap();

    let refused = follow_up(&running.url, &code, &[], &FollowUpForm::default());
    assert!(matches!(refused, Err(Error::ProfileDiffers { version: 1 })), "{refused:?}");
    let (desk, opened) = running.open(2, case);
    let draft = ReplyDraft {
        text: "x".to_owned(),
        language: "fa".to_owned(),
        status: None,
        outcome: None,
        files: Vec::new(),
    };
    let refused = desk.reply(&opened, &draft, |_| ());
    assert!(matches!(refused, Err(mohr::desk::Error::ProfileDiffers { version: 1 })), "{refused:?}");
}

/// Whom an answer names that she has seen, and she does not name, is left out for ever. So what she
/// has not seen she does not state.
#[test]
fn a_follow_up_states_what_was_seen_and_nothing_that_came_since() {
    let running = RunningOffice::start(2);
    let (code, case) = running.report("گزارش", &[], &[]);
    let client = running.client();
    let office = Office::visit(&client, None, today()).unwrap();
    let on_screen = office.open_mailbox(&code).unwrap();
    reply(&running, 1, case, "پاسخ");
    on_screen.follow_up(&draft("باز هم", &[], &[]), &FollowUpForm::default(), |_| ()).unwrap();
    let (stated, _) = last_stated(&running, 1, case);
    assert_eq!(stated, on_screen.read().threads.mailbox);
    assert_eq!(stated.length, 1);

    // Two answers later: what she has surely seen ends before the first of them.
    reply(&running, 1, case, "یکی دیگر");
    let mailbox = office.open_mailbox(&code).unwrap();
    assert_eq!((mailbox.surely_seen(), mailbox.listing.messages.len()), (1, 4));
    let seen = |seen: usize| FollowUpForm { seen: Some(seen), ..Default::default() };
    let refused = mailbox.follow_up(&draft("x", &[], &[]), &seen(5), |_| ());
    assert!(matches!(refused, Err(Error::FewerMessages { shown: 4, seen: 5 })), "{refused:?}");
    mailbox.follow_up(&draft("x", &[], &[]), &seen(3), |_| ()).unwrap();
    let (desk, opened) = running.open(1, case);
    let reading = opened.read(&desk.profile);
    let last = reading.mailbox.last().unwrap();
    assert_eq!(last.authentic().unwrap().message.threads.mailbox.length, 3);
    assert!(last.warnings.is_empty(), "it is the office's thread, too");
    assert!(matches!(last.authentic().unwrap().message.content, Content::FollowUp { .. }));
    assert_eq!(office.open_mailbox(&code).unwrap().surely_seen(), 3);
}

#[test]
fn the_command_line_leaves_nobody_out_by_an_answer_that_was_never_shown() {
    let mut running = RunningOffice::start(1);
    let (code, case) = running.report("گزارش", &[], &[]);
    let keys = mohr::seal::key_file::InspectorKeys::generate(id("inspector-2"));
    let mut entry = crate::support::office::public_entry(&keys);
    entry.joined = 2;
    running.office.inspectors.push(keys);
    running.change(|profile| profile.inspectors.push(entry));
    let (desk, mut opened) = running.open(1, case);
    desk.hand_over(&mut opened, &[id("inspector-2")], "fa").unwrap();
    reply(&running, 2, case, "من هم می‌خوانم");

    let receipt = String::from_utf8(code.digits().to_vec()).unwrap();
    let text = running.path("text.txt");
    std::fs::write(&text, "باز هم").unwrap();
    let run = |command: &str, more: &[&str]| {
        let mut reporter = crate::support::demo::mohr();
        reporter.args([command, "--server", &running.url]).args(more);
        if command == "follow-up" {
            reporter.arg("--text-file").arg(&text);
        }
        let output = crate::support::demo::output_with_input(&mut reporter, &receipt);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let offered = |expected: &[&str]| {
        let client = running.client();
        let office = Office::visit(&client, None, today()).unwrap();
        let state = office.open_mailbox(&code).unwrap().read().state.mailbox;
        let names: Vec<_> = state.own.offered.iter().map(ToString::to_string).collect();
        assert_eq!(names, expected);
        state.is_left_out(&id("inspector-2"))
    };
    // Written without having looked: she is still to be asked.
    run("follow-up", &[]);
    assert!(!offered(&["inspector-2"]));
    let said = run("status", &[]);
    assert!(said.contains("--also inspector-2") && said.contains("--seen 3"), "{said}");
    // Having read it, and not agreed: for ever.
    run("follow-up", &["--seen", "3"]);
    assert!(offered(&[]));
    assert!(!run("status", &[]).contains("--seen"), "nothing new is there");
}
