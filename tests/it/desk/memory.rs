//! A server that goes back to an earlier state: the desk has seen more and says so.

use std::path::Path;

use crate::support::office::today;
use crate::support::running::{RunningOffice, draft};
use mohr::desk::memory::Memory;
use mohr::desk::{CaseWarning, Desk, Error, InboxEntry, Visit};
use mohr::protocol::ids::CaseId;
use mohr::reporter::{FollowUpForm, Office};
use mohr::verify::profile;

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

fn inbox(running: &RunningOffice) -> Vec<InboxEntry> {
    let mut entries = Vec::new();
    running.desk(1).inbox(|entry| entries.push(entry)).unwrap();
    entries
}

fn warnings(running: &RunningOffice, case: CaseId) -> Vec<CaseWarning> {
    running.open(1, case).1.warnings
}

#[test]
fn a_dropped_message_is_noticed_and_a_dropped_case() {
    let mut running = RunningOffice::start(2);
    let (code, case) = running.report("گزارش", &[], &[]);
    let database = running.path("mohr.sqlite3");
    let (earlier, later, empty) =
        (running.path("earlier.sqlite3"), running.path("later.sqlite3"), running.path("empty.sqlite3"));
    running.stop();
    copy_database(&database, &earlier);
    running.serve();
    let client = running.client();
    let office = Office::visit(&client, None, today()).unwrap();
    let mailbox = office.open_mailbox(&code).unwrap();
    mailbox.follow_up(&draft("باز هم", &[], &[]), &FollowUpForm::default(), |_| ()).unwrap();
    assert_eq!(warnings(&running, case), []);

    // The server forgets the follow-up.
    running.stop();
    copy_database(&database, &later);
    copy_database(&earlier, &database);
    running.serve();
    assert_eq!(warnings(&running, case), [CaseWarning::HistoryChanged]);
    // It is not forgotten by having been said once.
    assert_eq!(inbox(&running)[0].warnings, [CaseWarning::HistoryChanged]);

    // The server forgets the whole case.
    running.stop();
    mohr::storage::create(&empty, running.office.profile.office).unwrap();
    copy_database(&empty, &database);
    running.serve();
    let entries = inbox(&running);
    assert_eq!((entries[0].case, &entries[0].warnings[..]), (case, &[CaseWarning::HistoryChanged][..]));

    // It remembers again.
    running.stop();
    copy_database(&later, &database);
    running.serve();
    assert_eq!(warnings(&running, case), []);
}

#[test]
fn a_dropped_record_is_noticed() {
    let mut running = RunningOffice::start(2);
    let (_, case) = running.report("گزارش", &[], &[]);
    let (database, earlier) = (running.path("mohr.sqlite3"), running.path("earlier.sqlite3"));
    running.stop();
    copy_database(&database, &earlier);
    running.serve();
    let (desk, opened) = running.open(1, case);
    let acts = vec![mohr::protocol::record::Act::Assign { owner: None }];
    desk.write_record(&opened, &mohr::desk::RecordDraft::of_acts("fa", acts), |_| ()).unwrap();
    assert_eq!(warnings(&running, case), []);
    running.stop();
    copy_database(&earlier, &database);
    running.serve();
    assert_eq!(warnings(&running, case), [CaseWarning::HistoryChanged]);
}

#[test]
fn an_older_profile_and_another_text_of_one_version_are_refused() {
    let mut running = RunningOffice::start(2);
    running.change(|_| ());
    running.desk(1);
    let refused = |running: &RunningOffice| {
        let memory = Memory::load(&running.path("desk-1.json")).unwrap();
        let visit = Visit { office: None, address: None, today: today() };
        let keys = crate::support::running::copy(&running.office.inspectors[0]);
        match Desk::sign_in(running.client(), keys, &visit, memory).err().unwrap() {
            Error::Profile(error) => error,
            other => panic!("{other}"),
        }
    };
    // The server's own database would refuse these: a new one knows nothing of them.
    let fresh = |running: &RunningOffice| {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(running.path(&format!("mohr.sqlite3{ending}")));
        }
        mohr::storage::create(&running.path("mohr.sqlite3"), running.office.profile.office).unwrap();
    };
    running.stop();
    fresh(&running);
    running.office.profile.contacts.phone = "1".to_owned();
    std::fs::write(running.path("profile.note"), running.office.note()).unwrap();
    running.serve();
    assert!(matches!(refused(&running), profile::Error::OtherText { version: 2 }));
    running.stop();
    fresh(&running);
    running.office.profile.version = 1;
    std::fs::write(running.path("profile.note"), running.office.note()).unwrap();
    running.serve();
    assert!(matches!(refused(&running), profile::Error::Older { offered: 1, seen: 2 }));
    std::fs::write(running.path("desk-1.json"), b"{}").unwrap();
    assert!(
        Memory::load(&running.path("desk-1.json")).unwrap_err().to_string().contains("not a desk's memory")
    );
}
