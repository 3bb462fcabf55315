//! A real server behind a line that is not as it should be: what passes is got over at any request
//! of any job, a broken download goes on, and a message that cannot be had or is not what was
//! listed costs that message alone.

use crate::support::bad_line::{BadLine, Mishap};
use crate::support::office::today;
use crate::support::running::{RunningOffice, draft};
use mohr::client::Client;
use mohr::desk::view::ShownCase;
use mohr::desk::{InboxEntry, ReplyDraft};
use mohr::protocol::ids::CaseId;
use mohr::protocol::message::Door;
use mohr::protocol::receipt::ReceiptCode;
use mohr::reporter::{FollowUpForm, Office, ReportForm};
use mohr::verify::case::Authenticity;

fn inbox(running: &RunningOffice, url: &str) -> Vec<InboxEntry> {
    let mut entries = Vec::new();
    running.desk_at(1, url, today()).inbox(|entry| entries.push(entry)).unwrap();
    entries
}

fn open(running: &RunningOffice, url: &str, case: CaseId) -> ShownCase {
    let mut desk = running.desk_at(1, url, today());
    let listed = desk.find(&case.to_string()).unwrap();
    let opened = desk.open(&listed).unwrap();
    ShownCase::new(&desk.profile, &opened)
}

/// Everything that a desk and a reporter do, over one line.
fn whole_job(running: &RunningOffice, url: &str) {
    let client = Client::new(url, None).unwrap();
    let office = Office::visit(&client, None, today()).unwrap();
    let code = ReceiptCode::generate(mohr::seal::fill_random);
    let form = ReportForm { door: Door::Report, answers: Vec::new() };
    let evidence = vec![5; 5 * 1024 * 1024];
    office.report(&code, form, &draft("گزارش", &[], &[("a.bin", &evidence)]), |_| ()).unwrap();
    let case = office.open_mailbox(&code).unwrap().case;

    let mut desk = running.desk_at(1, url, today());
    let listed = desk.find(&case.to_string()).unwrap();
    let opened = desk.open(&listed).unwrap();
    let answer = ReplyDraft {
        text: "پاسخ".to_owned(),
        language: "fa".to_owned(),
        status: None,
        outcome: None,
        files: Vec::new(),
    };
    desk.reply(&opened, &answer, |_| ()).unwrap();
    let listed = desk.find(&case.to_string()).unwrap();
    let opened = desk.open(&listed).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let summary = desk.export(&opened, folder.path()).unwrap();
    assert!(summary.failures.is_empty() && folder.path().join("SHA256SUMS").exists(), "{summary:?}");
    assert!(std::fs::read(folder.path().join("00/a.bin")).unwrap() == evidence);
    let mut entries = 0;
    desk.inbox(|_| entries += 1).unwrap();
    assert!(entries > 0);

    let mailbox = office.open_mailbox(&code).unwrap();
    assert!(mailbox.read().mailbox[1].authentic().is_some());
    mailbox.follow_up(&draft("باز هم", &[], &[]), &FollowUpForm::default(), |_| ()).unwrap();
}

#[test]
fn one_bad_gateway_at_any_request_is_got_over() {
    let running = RunningOffice::start(2);
    let line = BadLine::to(&running.url, |_, _| Mishap::None);
    whole_job(&running, &line.url);
    let requests = line.requests();
    assert!(requests > 20, "{requests}");
    // Every third of a run in its turn, so that each kind of request is hit.
    for offset in 0..3 {
        let line = BadLine::to(&running.url, move |number, _| match number % 3 == offset {
            true => Mishap::BadGateway,
            false => Mishap::None,
        });
        whole_job(&running, &line.url);
    }
}

#[test]
fn a_line_that_is_cut_again_and_again_brings_everything() {
    let running = RunningOffice::start(2);
    let (_, case) = running.report("گزارش", &[], &[("a.bin", &vec![9; 2_500_000])]);
    // Whatever is longer than this is cut.
    let line = BadLine::to(&running.url, |_, _| Mishap::Cut(400_000));
    let mut desk = running.desk_at(1, &line.url, today());
    let listed = desk.find(&case.to_string()).unwrap();
    let opened = desk.open(&listed).unwrap();
    let folder = running.path("export");
    desk.export(&opened, &folder).unwrap();
    assert_eq!(std::fs::read(folder.join("00/a.bin")).unwrap(), vec![9; 2_500_000]);
    assert!(line.answered_bytes() < 6_000_000, "nothing is fetched twice: {}", line.answered_bytes());
    assert!(!leftovers(&folder), "nothing unfinished is left");
}

#[test]
fn a_damaged_message_costs_itself_alone() {
    let running = RunningOffice::start(2);
    let (code, case) = running.report("گزارش", &[], &[]);
    let client = running.client();
    let office = Office::visit(&client, None, today()).unwrap();
    let mailbox = office.open_mailbox(&code).unwrap();
    mailbox.follow_up(&draft("باز هم", &[], &[]), &FollowUpForm::default(), |_| ()).unwrap();

    for mishap in [Mishap::FlippedByte, Mishap::Failure] {
        let line = BadLine::to(&running.url, move |_, first| match first.contains("/mailbox/1 ") {
            true => mishap,
            false => Mishap::None,
        });
        let shown = open(&running, &line.url, case);
        assert_eq!(shown.messages[0].text, "گزارش");
        let expected = match mishap {
            Mishap::FlippedByte => Authenticity::Unreadable,
            _ => Authenticity::Missing,
        };
        assert_eq!(shown.messages[1].authenticity, expected);
        assert!(shown.messages[0].warnings.is_empty() && shown.warnings.is_empty());
        assert_eq!(inbox(&running, &line.url).len(), 1);
        let mut desk = running.desk_at(1, &line.url, today());
        let listed = desk.find(&case.to_string()).unwrap();
        let opened = desk.open(&listed).unwrap();
        let folder = running.path(&format!("{expected:?}"));
        let summary = desk.export(&opened, &folder).unwrap();
        assert_eq!(summary.failures.len(), 1, "{summary:?}");
        assert!(folder.join("00.json").exists() && !folder.join("01.age").exists());
    }
}

#[test]
fn a_case_that_cannot_be_had_hides_no_other() {
    let running = RunningOffice::start(2);
    let cases: Vec<_> = (0..3).map(|_| running.report("گزارش", &[], &[]).1).collect();
    let bad = format!("/cases/{}/mailbox/0 ", cases[1]);
    let line = BadLine::to(&running.url, move |_, first| match first.contains(&bad) {
        true => Mishap::Failure,
        false => Mishap::None,
    });
    let entries = inbox(&running, &line.url);
    assert_eq!(entries.len(), 3);
    for entry in entries {
        assert_eq!(entry.failure.is_some(), entry.case == cases[1], "{entry:?}");
        assert_eq!(entry.readable, entry.case != cases[1]);
    }
}

#[test]
fn an_attachment_is_fetched_by_nobody_who_does_not_want_it() {
    let running = RunningOffice::start(2);
    let (_, case) = running.report("گزارش", &[], &[("a.bin", &vec![9; 20_000_000])]);
    let line = BadLine::to(&running.url, |_, _| Mishap::None);
    assert_eq!(inbox(&running, &line.url).len(), 1);
    let shown = open(&running, &line.url, case);
    assert!(shown.messages[0].verified && shown.messages[0].files_unread);
    assert!(line.answered_bytes() < 600_000, "{}", line.answered_bytes());
}

#[test]
fn files_that_are_not_as_they_were_signed_are_not_saved() {
    let running = RunningOffice::start(2);
    let (_, case) = running.report("گزارش", &[], &[("a.bin", &vec![9; 3_000_000]), ("b.bin", b"b")]);
    // The text, near both ends, is as it was; in the middle of the whole blob a byte is another.
    let line = BadLine::to(&running.url, |_, first| match first.contains("/mailbox/0 ") {
        true => Mishap::FlippedByte,
        false => Mishap::None,
    });
    let mut desk = running.desk(1);
    let listed = desk.find(&case.to_string()).unwrap();
    let opened = desk.open(&listed).unwrap();
    let mut shown = ShownCase::new(&desk.profile, &opened);
    let desk = running.desk_at(1, &line.url, today());
    let folder = running.path("files");
    desk.save_files(&opened, &mut shown, &folder).unwrap();
    assert_eq!(shown.messages[0].authenticity, Authenticity::Unreadable);
    assert!(shown.messages[0].files.iter().all(|file| file.saved.is_none()));
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing, not even unfinished");
}

fn leftovers(folder: &std::path::Path) -> bool {
    std::fs::read_dir(folder)
        .unwrap()
        .any(|entry| entry.unwrap().file_name().to_string_lossy().contains("unfinished"))
}
