//! What an office lives through: inspectors leave, come later and come back, a profile expires, a case is
//! handed over, two persons decide.

use std::collections::BTreeSet;
use std::io::Read as _;

use crate::support::office::{public_entry, today};
use crate::support::running::{RunningOffice, draft, id};
use mohr::desk::view::{ShownCase, WhyNotReader};
use mohr::desk::{Desk, DraftedReply, Error, RecordDraft, ReplyDraft};
use mohr::protocol::ids::CaseId;
use mohr::protocol::message::{Outcome, OutcomeId, Status};
use mohr::protocol::profile::{FormerKey, Inspector, Profile, TwoPersons, WhyFormer};
use mohr::protocol::receipt::ReceiptCode;
use mohr::protocol::record::{Act, Channel, Classification, Verdict};
use mohr::reporter::{self, FollowUpForm};
use mohr::seal::key_file::InspectorKeys;
use mohr::verify::case::{Authenticity, Warning};
use mohr::verify::effect::NoEffect;
use mohr::verify::profile;

fn reply_draft(text: &str) -> ReplyDraft {
    ReplyDraft {
        text: text.to_owned(),
        language: "fa".to_owned(),
        status: None,
        outcome: None,
        files: Vec::new(),
    }
}

fn closing(text: &str, outcome: OutcomeId) -> ReplyDraft {
    let outcome = Some(Outcome { id: outcome, rule: Some("مادهٔ ۵".to_owned()) });
    ReplyDraft { status: Some(Status::Closed), outcome, ..reply_draft(text) }
}

fn reply(running: &RunningOffice, number: usize, case: CaseId, draft: &ReplyDraft) {
    let (desk, opened) = running.open(number, case);
    desk.reply(&opened, draft, |_| ()).unwrap();
}

fn follow_up(
    running: &RunningOffice,
    code: &ReceiptCode,
    text: &str,
    form: &FollowUpForm,
) -> Result<(), reporter::Error> {
    let client = running.client();
    let office = reporter::Office::visit(&client, None, today()).unwrap();
    office.open_mailbox(code).unwrap().follow_up(&draft(text, &[], &[]), form, |_| ())
}

fn authenticities(running: &RunningOffice, number: usize, case: CaseId) -> Vec<Authenticity> {
    let (desk, opened) = running.open(number, case);
    opened.read(&desk.profile).mailbox.iter().map(|reading| reading.authenticity).collect()
}

/// Takes an inspector out, as the office does when she leaves.
fn let_go(profile: &mut Profile, person: &str) {
    let listed = profile.inspectors.iter().position(|listed| listed.id == id(person)).unwrap();
    let gone = profile.inspectors.remove(listed);
    profile.former.push(FormerKey {
        id: gone.id,
        epoch: gone.epoch,
        signer: gone.signer,
        until: today(),
        why: WhyFormer::Left,
        joined: Some(gone.joined),
        role: Some(gone.role),
        extensions: Default::default(),
    });
}

/// Lists somebody new from the next version on.
fn take_in(running: &mut RunningOffice, name: &str) -> usize {
    let keys = InspectorKeys::generate(id(name));
    let mut entry = public_entry(&keys);
    entry.joined = running.office.profile.version + 1;
    running.office.inspectors.push(keys);
    running.change(|profile| profile.inspectors.push(entry));
    running.office.inspectors.len()
}

#[test]
fn a_case_stays_closed_when_its_inspector_has_left() {
    let mut running = RunningOffice::start(2);
    let (code, case) = running.report("گزارش", &[], &[]);
    reply(&running, 2, case, &closing("پاسخ", OutcomeId::Substantiated));
    running.change(|profile| let_go(profile, "inspector-2"));

    let (desk, opened) = running.open(1, case);
    let shown = ShownCase::new(&desk.profile, &opened);
    assert_eq!(
        (shown.status, shown.outcome.map(|outcome| outcome.id)),
        (Status::Closed, Some(OutcomeId::Substantiated))
    );
    assert!(shown.messages.iter().all(|message| message.verified && message.warnings.is_empty()));
    assert_eq!(
        (shown.messages[1].from.as_str(), shown.messages[1].former_key),
        ("inspector-2 (fa)", Some(WhyFormer::Left))
    );

    let client = running.client();
    let office = reporter::Office::visit(&client, None, today()).unwrap();
    let mailbox = office.open_mailbox(&code).unwrap();
    let reading = mailbox.read();
    assert_eq!(reading.state.mailbox.status(), Status::Closed);
    assert!(reading.mailbox[1].authentic().is_some(), "her true answer is not called foreign");
}

#[test]
fn whoever_is_left_out_stays_so_under_another_name() {
    let mut running = RunningOffice::start(2);
    let (code, case) = running.report("گزارش", &["inspector-1"], &[]);
    reply(&running, 2, case, &reply_draft("پاسخ"));
    running.change(|profile| let_go(profile, "inspector-1"));
    let comes_back = take_in(&mut running, "inspector-9");
    reply(&running, 2, case, &reply_draft("دربارهٔ کسی که کنار گذاشته‌اید"));
    follow_up(&running, &code, "دربارهٔ کسی که کنار گذاشته‌ام", &FollowUpForm::default()).unwrap();

    let (desk, opened) = running.open(comes_back, case);
    let shown = ShownCase::new(&desk.profile, &opened);
    assert_eq!(shown.messages.len(), 1, "the server lists nothing else to whoever has no secret");
    assert_eq!(shown.messages[0].authenticity, Authenticity::Unreadable);
    let refused = desk.reply(&opened, &reply_draft("x"), |_| ()).unwrap_err();
    assert!(matches!(refused, Error::NoReport), "{refused}");
    let readers = ["inspector-2"];
    let (desk, opened) = running.open(2, case);
    let shown = ShownCase::new(&desk.profile, &opened);
    let read_by: Vec<_> = shown.readers.unwrap().into_iter().map(|person| person.id.to_string()).collect();
    assert_eq!(read_by, readers);
    assert_eq!(shown.not_readers[0].why_not, Some(WhyNotReader::NotHandedOver));
}

#[test]
fn whoever_joins_later_gets_no_false_alarm_and_then_the_whole_case() {
    let mut running = RunningOffice::start(2);
    let file = vec![7; 300_000];
    let (code, case) = running.report("گزارش", &[], &[("سند.pdf", &file)]);
    reply(&running, 1, case, &reply_draft("پاسخ یکم"));
    let third = take_in(&mut running, "inspector-3");
    reply(&running, 1, case, &reply_draft("پاسخ دوم"));
    follow_up(&running, &code, "یک چیز دیگر", &FollowUpForm::default()).unwrap();

    let (desk, opened) = running.open(third, case);
    let shown = ShownCase::new(&desk.profile, &opened);
    assert!(shown.messages.iter().all(|message| message.warnings.is_empty()), "no alarm");
    let folder = running.path("before");
    desk.export(&opened, &folder).unwrap();
    let names = names_in(&folder);
    assert!(!names.iter().any(|name| name.contains("not-authentic")), "{names:?}");

    // Somebody who reads it hands it over; doing so twice adds nothing.
    let (desk, mut opened) = running.open(1, case);
    let summary = desk.hand_over(&mut opened, &[id("inspector-3")], "fa").unwrap();
    assert_eq!((summary.invitations, summary.records, summary.messages), (1, 1, 4));
    let again = desk.hand_over(&mut opened, &[id("inspector-3")], "fa").unwrap();
    assert_eq!((again.invitations, again.records), (0, 0));
    let (desk, mut opened) = running.open(1, case);
    let again = desk.hand_over(&mut opened, &[id("inspector-3")], "fa").unwrap();
    assert_eq!((again.invitations, again.records), (0, 0), "also at another time");

    let (desk, opened) = running.open(third, case);
    let mut shown = ShownCase::new(&desk.profile, &opened);
    assert!(shown.messages.iter().all(|message| message.verified && message.warnings.is_empty()));
    let texts: Vec<_> = shown.messages.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts, ["گزارش", "پاسخ یکم", "پاسخ دوم", "یک چیز دیگر"]);
    let folder = running.path("files");
    desk.save_files(&opened, &mut shown, &folder).unwrap();
    assert!(std::fs::read(folder.join("سند.pdf")).unwrap() == file);
    let exported = running.path("after");
    assert!(desk.export(&opened, &exported).unwrap().failures.is_empty());
    assert!(exported.join("profiles/1.note").exists() && exported.join("profiles/2.note").exists());
    // What was handed over to her opens with age and her identity as what was sealed to her.
    let keys = &running.office.inspectors[third - 1];
    for (place, opens) in
        [("00", "own.age"), ("01", "own.age"), ("02", "own.age"), ("03", "own.age"), ("office/00", "age")]
    {
        let archive = opened_with_age(&exported.join(format!("{place}.{opens}")), keys);
        let json = std::fs::read(exported.join(format!("{place}.json"))).unwrap();
        assert!(archive[512..512 + json.len()] == json, "{place}");
    }
    assert!(!exported.join("office/00.own.age").exists(), "that one was sealed to her");

    // She answers, and the reporter is asked whether she may read what comes next.
    desk.reply(&opened, &reply_draft("پاسخ سوم"), |_| ()).unwrap();
    let client = running.client();
    let office = reporter::Office::visit(&client, None, today()).unwrap();
    let offered = office.open_mailbox(&code).unwrap().read().state.mailbox.own.offered;
    assert_eq!(offered, [id("inspector-3")]);
    follow_up(&running, &code, "بی او", &FollowUpForm::default()).unwrap();
    assert_eq!(authenticities(&running, third, case).last(), Some(&Authenticity::Unreadable));
    let refused = follow_up(
        &running,
        &code,
        "x",
        &FollowUpForm { also: vec![id("inspector-2")], ..Default::default() },
    );
    assert!(matches!(refused, Err(reporter::Error::NotOffered(_))), "{refused:?}");
}

#[test]
fn the_reporter_agrees_and_a_new_reader_reads_on() {
    let mut running = RunningOffice::start(2);
    let (code, case) = running.report("گزارش", &[], &[]);
    let third = take_in(&mut running, "inspector-3");
    let (desk, mut opened) = running.open(2, case);
    desk.hand_over(&mut opened, &[id("inspector-3")], "fa").unwrap();
    reply(&running, 3, case, &reply_draft("من هم می‌خوانم"));
    let also = FollowUpForm { also: vec![id("inspector-3")], ..Default::default() };
    follow_up(&running, &code, "برای هر سه", &also).unwrap();
    let (desk, opened) = running.open(third, case);
    let reading = opened.read(&desk.profile);
    assert_eq!(reading.mailbox.last().unwrap().authentic().unwrap().message.text, "برای هر سه");
}

#[test]
fn a_case_is_handed_over_to_nobody_whom_the_reporter_left_out() {
    let running = RunningOffice::start(3);
    let (_, case) = running.report("دربارهٔ بازرس سوم", &["inspector-3"], &[]);
    let (desk, mut opened) = running.open(1, case);
    let refused = desk.hand_over(&mut opened, &[id("inspector-3")], "fa").unwrap_err();
    assert!(matches!(&refused, Error::LeftOut(person) if *person == id("inspector-3")), "{refused}");
    assert!(desk.open_journal().unwrap().listing.office.is_empty(), "not even an invitation");
    let unknown = desk.hand_over(&mut opened, &[id("nobody")], "fa").unwrap_err();
    assert!(matches!(unknown, Error::NoSuchPerson(_)));
    let (desk, opened) = running.open(1, case);
    let shown = ShownCase::new(&desk.profile, &opened);
    assert_eq!(shown.not_readers[0].why_not, Some(WhyNotReader::LeftOut));
}

#[test]
fn a_long_case_is_handed_over_in_parts() {
    // As many inspectors as there may be: then a record of text alone holds the least.
    let mut running = RunningOffice::start(11);
    let case = running.post_case(75);
    let last = take_in(&mut running, "inspector-12");
    let (desk, mut opened) = running.open(1, case);
    let summary = desk.hand_over(&mut opened, &[id("inspector-12")], "fa").unwrap();
    assert!(summary.records > 1 && summary.messages == 76, "{summary:?}");
    assert!(authenticities(&running, last, case).iter().all(|found| *found == Authenticity::Authentic));
}

#[test]
fn nothing_is_sealed_under_an_expired_profile_and_answers_stay_readable() {
    let running = RunningOffice::start(2);
    let (code, case) = running.report("گزارش", &[], &[]);
    reply(&running, 1, case, &reply_draft("پاسخ"));
    let later = today().plus_days(200);
    let mut desk = running.desk_at(1, &running.url, later);
    assert!(desk.is_expired());
    let listed = desk.find(&case.to_string()).unwrap();
    let opened = desk.open(&listed).unwrap();
    let expired = |error: &Error| matches!(error, Error::Profile(profile::Error::Expired { .. }));
    assert!(expired(&desk.reply(&opened, &reply_draft("x"), |_| ()).unwrap_err()));
    let note = RecordDraft::of_acts("fa", vec![Act::Assign { owner: None }]);
    assert!(expired(&desk.write_record(&opened, &note, |_| ()).unwrap_err()));

    let client = running.client();
    let office = reporter::Office::visit(&client, None, later).unwrap();
    assert!(office.is_expired());
    let mailbox = office.open_mailbox(&code).unwrap();
    assert_eq!(mailbox.read().mailbox[1].authentic().unwrap().message.text, "پاسخ");
    let refused = mailbox.follow_up(&draft("x", &[], &[]), &FollowUpForm::default(), |_| ());
    assert!(matches!(refused, Err(reporter::Error::Profile(profile::Error::Expired { .. }))), "{refused:?}");
}

#[test]
fn an_outcome_that_asks_for_two_persons_waits_for_the_second() {
    let mut running = RunningOffice::start(2);
    running.change(|profile| {
        profile.two_persons = vec![TwoPersons { id: id("knowingly-false"), since: profile.issued }];
    });
    let (code, case) = running.report("گزارش", &[], &[]);
    let status = || {
        let client = running.client();
        let office = reporter::Office::visit(&client, None, today()).unwrap();
        office.open_mailbox(&code).unwrap().read().state.mailbox.status()
    };
    reply(&running, 1, case, &closing("یک‌نفره", OutcomeId::KnowinglyFalse));
    let (desk, opened) = running.open(1, case);
    let shown = ShownCase::new(&desk.profile, &opened);
    assert_eq!((shown.status, shown.awaiting_second), (Status::Received, vec![1]));
    assert_eq!(shown.messages[1].warnings, [Warning::SecondMissing]);
    assert_eq!(status(), Status::Received);

    // Drafted, signed by the other on her machine, and sent.
    let drafted = desk.draft_reply(&opened, &closing("دونفره", OutcomeId::KnowinglyFalse)).unwrap();
    let handed = serde_json::to_vec(&drafted).unwrap();
    let drafted: DraftedReply = serde_json::from_slice(&handed).unwrap();
    let second = drafted.sign(&running.office.inspectors[1], &[]).unwrap();
    desk.reply_drafted(&opened, &drafted, vec![second.clone()], &[], |_| ()).unwrap();
    assert_eq!(status(), Status::Closed);
    let (desk, opened) = running.open(2, case);
    let shown = ShownCase::new(&desk.profile, &opened);
    assert_eq!(
        (shown.status, shown.messages[2].seconds.as_slice()),
        (Status::Closed, &["inspector-2 (fa)".to_owned()][..])
    );

    // The case has gone on: the same draft is of yesterday, and somebody else's is hers alone.
    let (own, opened_anew) = running.open(1, case);
    let late = own.reply_drafted(&opened_anew, &drafted, vec![second.clone()], &[], |_| ());
    assert!(matches!(late, Err(Error::DraftOutOfDate)), "{late:?}");
    let other = desk.reply_drafted(&opened, &drafted, vec![second], &[], |_| ());
    assert!(matches!(other, Err(Error::OtherDraft)), "{other:?}");
}

#[test]
fn whoever_declares_an_interest_is_asked_no_more() {
    let running = RunningOffice::start(2);
    let (code, case) = running.report("گزارش", &[], &[]);
    let (desk, opened) = running.open(2, case);
    let recuse = RecordDraft::of_acts("fa", vec![Act::Recuse { reason: None }]);
    desk.write_record(&opened, &recuse, |_| ()).unwrap();
    reply(&running, 1, case, &reply_draft("پاسخ"));

    let mut desk = running.desk(2);
    assert_eq!(inbox(&mut desk), [], "her desk hides the case");
    let listed = desk.find(&case.to_string()).unwrap();
    assert!(matches!(desk.open(&listed).err(), Some(Error::Recused(_))));
    let client = running.client();
    let office = reporter::Office::visit(&client, None, today()).unwrap();
    let mailbox = office.open_mailbox(&code).unwrap();
    let reading = mailbox.read();
    assert_eq!(reading.mailbox[1].authentic().unwrap().message.readers, [id("inspector-1")]);
}

#[test]
fn whoever_has_new_keys_is_handed_what_the_old_ones_read() {
    let mut running = RunningOffice::start(2);
    let (_, case) = running.report("گزارش", &[], &[]);
    reply(&running, 1, case, &reply_draft("پاسخ"));
    let new = InspectorKeys::generate_epoch(id("inspector-2"), 2);
    let entry = Inspector { epoch: 2, ..public_entry(&new) };
    running.office.inspectors[1] = new;
    running.change(|profile| {
        let old = std::mem::replace(&mut profile.inspectors[1], entry);
        profile.former.push(FormerKey {
            id: old.id,
            epoch: 1,
            signer: old.signer,
            until: today(),
            why: WhyFormer::Replaced,
            joined: None,
            role: None,
            extensions: Default::default(),
        });
    });
    assert_eq!(authenticities(&running, 2, case), [Authenticity::Unreadable], "the server shows her no more");

    let (desk, mut opened) = running.open(1, case);
    let summary = desk.hand_over(&mut opened, &[id("inspector-2")], "fa").unwrap();
    assert_eq!((summary.invitations, summary.records, summary.messages), (1, 1, 2));
    assert_eq!(authenticities(&running, 2, case), [Authenticity::Authentic; 2]);
    // Also on the day on which her old key was still trusted, and to whoever is asked again.
    let (desk, mut opened) = running.open(1, case);
    let again = desk.hand_over(&mut opened, &[id("inspector-2")], "fa").unwrap();
    assert_eq!(again, Default::default(), "what reaches her present keys is not handed over twice");
    reply(&running, 2, case, &reply_draft("با کلید تازه"));
    let (desk, opened) = running.open(1, case);
    let reading = opened.read(&desk.profile);
    assert!(reading.mailbox[2].authentic().is_some() && reading.mailbox[2].former.is_none());
}

#[test]
fn a_one_way_report_is_noted_handed_over_and_answered_by_nobody() {
    let mut running = RunningOffice::start(3);
    running.send_one_way(b"one-way words");
    let mut desk = running.desk(1);
    let case = inbox(&mut desk)[0];
    let (desk, opened) = running.open(1, case);
    let refused = desk.reply(&opened, &reply_draft("x"), |_| ()).unwrap_err();
    assert!(matches!(refused, Error::OneWay), "{refused}");

    // The first record is for all, and fixes who reads on.
    let assign = Act::Assign { owner: Some(id("inspector-1")) };
    desk.write_record(&opened, &RecordDraft::of_acts("fa", vec![assign.clone()]), |_| ()).unwrap();
    let (desk, opened) = running.open(2, case);
    let state = opened.read(&desk.profile).state.office;
    assert_eq!(state.readers.unwrap().len(), 3);
    assert_eq!(state.owner.last().unwrap().value, Some(id("inspector-1")));
    let recuse = RecordDraft::of_acts("fa", vec![Act::Recuse { reason: None }]);
    desk.write_record(&opened, &recuse, |_| ()).unwrap();
    let mut desk = running.desk(2);
    assert_eq!(inbox(&mut desk), [], "her desk hides it");
    let refused = running.open(3, case);
    let note = RecordDraft::of_acts("fa", vec![assign]);
    let refused = refused.0.write_record(&refused.1, &note, |_| ()).unwrap_err();
    assert!(matches!(&refused, Error::NoEffect(acts) if acts[0].why == NoEffect::Unchanged), "{refused}");

    // Somebody new was not there when it was sealed.
    let fourth = take_in(&mut running, "inspector-4");
    let (_, unopened) = running.open(fourth, case);
    assert!(!unopened.is_one_way(), "nobody has given her the key");
    let (desk, mut opened) = running.open(1, case);
    let summary = desk.hand_over(&mut opened, &[id("inspector-4")], "fa").unwrap();
    assert_eq!((summary.invitations, summary.records), (0, 1), "it has no secret");
    let mut desk = running.desk(fourth);
    let mut entries = Vec::new();
    desk.inbox(|entry| entries.push((entry.one_way, entry.readable))).unwrap();
    assert_eq!(entries, [(true, true)]);
    let (desk, opened) = running.open(fourth, case);
    assert_eq!(ShownCase::new(&desk.profile, &opened).messages[0].text, "one-way words");
    let folder = running.path("handed");
    assert!(desk.export(&opened, &folder).unwrap().failures.is_empty());
    let own = opened_with_age(&folder.join("00.own.age"), &running.office.inspectors[fourth - 1]);
    assert_eq!(own, b"one-way words");
    let classify = Act::Classify(Classification { unit: Some(id("permits")), ..Default::default() });
    desk.write_record(&opened, &RecordDraft::of_acts("fa", vec![classify]), |_| ()).unwrap();
    let (desk, opened) = running.open(1, case);
    let reading = opened.read(&desk.profile);
    assert!(reading.office.iter().all(|record| record.authenticity == Authenticity::Authentic));
}

/// By age alone, with her identity.
fn opened_with_age(path: &std::path::Path, keys: &InspectorKeys) -> Vec<u8> {
    let file = std::fs::File::open(path).unwrap();
    let decryptor = age::Decryptor::new_buffered(std::io::BufReader::new(file)).unwrap();
    let mut plaintext = Vec::new();
    let identity = std::iter::once(&keys.identity as &dyn age::Identity);
    decryptor.decrypt(identity).unwrap().read_to_end(&mut plaintext).unwrap();
    plaintext
}

#[test]
fn an_act_that_would_change_nothing_is_not_written() {
    let running = RunningOffice::start(2);
    let (_, case) = running.report("گزارش", &[], &[]);
    let write = |number: usize, acts: Vec<Act>| {
        let (desk, opened) = running.open(number, case);
        desk.write_record(&opened, &RecordDraft::of_acts("fa", acts), |_| ())
    };
    let order = |text: &str| Act::Order {
        order: id("o-1"),
        unit: id("permits"),
        text: text.to_owned(),
        due: today().plus_days(30),
    };
    let verdict = Act::OrderVerdict { order: id("o-1"), verdict: Verdict::Kept };
    let assign = Act::Assign { owner: Some(id("inspector-1")) };
    let other = CaseId::from_bytes([7; 16]);
    write(1, vec![Act::Intake { channel: Channel::Web }, order("x"), assign.clone()]).unwrap();
    let minutes = Act::Minutes { day: today(), text: String::new() };
    for (acts, why) in [
        (vec![assign.clone()], NoEffect::Unchanged),
        (vec![Act::Intake { channel: Channel::Phone }], NoEffect::NotFirst),
        (vec![order("y")], NoEffect::OrderGiven(id("o-1"))),
        (vec![verdict.clone()], NoEffect::OwnOrder(id("o-1"))),
        (vec![Act::OrderAnswer { order: id("o-2"), text: String::new() }], NoEffect::NoSuchOrder(id("o-2"))),
        (vec![Act::Split { case: other }], NoEffect::NotJoined(other)),
        (vec![minutes.clone()], NoEffect::NotInCase),
    ] {
        let refused = write(1, acts).unwrap_err();
        let found = matches!(&refused, Error::NoEffect(acts) if acts.len() == 1 && acts[0].why == why);
        assert!(found, "{why:?}: {refused}");
    }
    // Each act is asked behind those before it, and one that changes something saves none that does not.
    let refused = write(1, vec![Act::Join { case: other }, Act::Join { case: other }]).unwrap_err();
    assert!(matches!(&refused, Error::NoEffect(acts) if acts.len() == 1 && acts[0].at == 1), "{refused}");
    write(2, vec![verdict]).unwrap();
    write(2, vec![Act::Recuse { reason: None }]).unwrap();
    let refused = write(1, vec![Act::Recuse { reason: None }]).unwrap_err();
    assert!(matches!(&refused, Error::NoEffect(acts) if acts[0].why == NoEffect::LastReader), "{refused}");
    let (desk, opened) = running.open(1, case);
    assert_eq!(opened.listing.office.len(), 3, "nothing else was written");

    let journal = desk.open_journal().unwrap();
    let refused = desk.write_record(&journal, &RecordDraft::of_acts("fa", vec![assign]), |_| ()).unwrap_err();
    assert!(matches!(&refused, Error::NoEffect(acts) if acts[0].why == NoEffect::NotInJournal), "{refused}");
    desk.write_record(&journal, &RecordDraft::of_acts("fa", vec![minutes]), |_| ()).unwrap();
}

#[test]
fn a_report_that_goes_back_leaves_out_whom_the_earlier_left_out() {
    let running = RunningOffice::start(3);
    let (earlier_code, earlier) = running.report("گزارش", &["inspector-3"], &[]);
    let client = running.client();
    let office = reporter::Office::visit(&client, None, today()).unwrap();
    let back = office.open_mailbox(&earlier_code).unwrap().into_earlier().unwrap();
    let code = ReceiptCode::generate(mohr::seal::fill_random);
    let form = reporter::ReportForm { door: mohr::protocol::message::Door::Report, answers: Vec::new() };
    let sealed = office.seal_report(&code, form, &draft("تلافی", &["inspector-2"], &[]), Some(&back)).unwrap();
    office.send(&sealed, |_| ()).unwrap();
    let case = office.open_mailbox(&code).unwrap().case;

    let (desk, opened) = running.open(1, case);
    let shown = ShownCase::new(&desk.profile, &opened);
    assert_eq!(shown.messages[0].earlier, Some(earlier));
    let left_out: BTreeSet<_> = shown.not_readers.iter().map(|person| person.id.to_string()).collect();
    assert_eq!(left_out.into_iter().collect::<Vec<_>>(), ["inspector-2", "inspector-3"]);
}

fn inbox(desk: &mut Desk) -> Vec<CaseId> {
    let mut cases = Vec::new();
    desk.inbox(|entry| cases.push(entry.case)).unwrap();
    cases
}

fn names_in(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
