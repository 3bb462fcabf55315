//! Playing the server: everything that whoever holds the blobs can do to a case, and what each reader makes
//! of it. Who can write with which key is in `forgery/keys.rs`, what holds of every case in
//! `forgery/properties.rs`, files in `forgery/files.rs`.

mod files;
mod keys;
mod properties;

use std::io::Cursor;

use crate::support::office::{Case, Office, Posted, key_of, public_entry, today};
use mohr::protocol::limits::{TEXT_SEALED_BYTES, is_size_class};
use mohr::protocol::message::{Content, File, Message, MessageKind, Sender, Status};
use mohr::protocol::profile::{FormerKey, WhyFormer};
use mohr::protocol::record::{Act, HandedMessage, ThreadName};
use mohr::protocol::secret::HandedKey;
use mohr::seal::blob_key::BlobKey;
use mohr::seal::derive::ReporterKeys;
use mohr::seal::hybrid::Identity;
use mohr::seal::key_file::InspectorKeys;
use mohr::seal::memo::MemoPlace;
use mohr::seal::message::{SealError, is_sealed_to, recipients, seal};
use mohr::seal::opening::{OpenError, OpenedBlob, open_blob};
use mohr::seal::signing::SigningKey;
use mohr::verify::case::{
    Authenticity, CaseContext, CaseReading, Found, OwnMemo, Perspective, ThreadEntry, Warning, read_case,
};
use mohr::verify::digest::sha256;
use mohr::verify::message::Unverified;
use mohr::verify::profile::{self, Expectation, VerifiedProfile, verify};

/// What one side opened of what a server lists.
struct View {
    profile: VerifiedProfile,
    context: (mohr::protocol::ids::CaseId, Perspective),
    mailbox: Vec<ThreadEntry>,
    office: Vec<ThreadEntry>,
}

impl View {
    fn read(&self) -> CaseReading<'_> {
        let (case, perspective) = self.context;
        read_case(CaseContext { profile: &self.profile, case, perspective }, &self.mailbox, &self.office, &[])
    }

    fn verdicts(&self) -> Vec<Authenticity> {
        self.read().mailbox.iter().map(|reading| reading.authenticity).collect()
    }

    fn warnings(&self) -> Vec<Vec<Warning>> {
        self.read().mailbox.iter().map(|reading| reading.warnings.clone()).collect()
    }

    fn text(&self, at: usize) -> String {
        self.read().mailbox[at].authentic().expect("an authentic message").message.text.clone()
    }
}

fn open(blob: &[u8], key: BlobKey<'_>) -> Result<Unverified, OpenError> {
    let OpenedBlob::Message(mut open) = open_blob(Cursor::new(blob), key)? else {
        panic!("no one-way report")
    };
    let text = open.text()?;
    open.check_files(&text, sha256(blob))?;
    Ok(text)
}

fn entry(posted: &Posted, key: BlobKey<'_>) -> ThreadEntry {
    let found = match open(&posted.blob, key) {
        Ok(text) => Found::Opened(Box::new(text)),
        Err(error) => {
            assert!(error.is_unreadable(), "{error}");
            Found::Unreadable
        }
    };
    ThreadEntry { kind: posted.kind, sha256: sha256(&posted.blob), day: today(), found }
}

/// What an inspector sees of these messages.
fn inspect(case: &Case<'_>, inspector: usize, mailbox: &[Posted]) -> View {
    let key = BlobKey::Identity(&case.office.inspectors[inspector].identity);
    View {
        profile: case.office.verified(),
        context: (case.id(), Perspective::Inspector),
        mailbox: mailbox.iter().map(|posted| entry(posted, key)).collect(),
        office: case.records.iter().map(|posted| entry(posted, key)).collect(),
    }
}

/// What the reporter sees of them: replies, and her own by their memos.
fn come_back(case: &Case<'_>, mailbox: &[Posted]) -> View {
    let find = |posted: &Posted| {
        if !posted.kind.is_from_reporter() {
            return entry(posted, BlobKey::Identity(&case.keys.identity));
        }
        let blob = sha256(&posted.blob);
        let place = MemoPlace { office: case.office.profile.office, case: case.id(), blob };
        let open = |memo| case.keys.memo.open(memo, place).map_or(OwnMemo::NotHers, OwnMemo::Hers);
        let found = Found::Own(posted.memo.as_ref().map_or(OwnMemo::None, open));
        ThreadEntry { kind: posted.kind, sha256: blob, day: today(), found }
    };
    View {
        profile: case.office.verified(),
        context: (case.id(), Perspective::Reporter),
        mailbox: mailbox.iter().map(find).collect(),
        office: Vec::new(),
    }
}

fn listed_as(posted: &Posted, kind: MessageKind) -> Posted {
    Posted { kind, ..posted.clone() }
}

#[test]
fn an_honest_thread_is_authentic_to_both_sides() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("یک").reply("دو").follow_up("سه").reply("چهار");
    for inspector in 0..2 {
        let seen = inspect(&case, inspector, &case.mailbox);
        assert_eq!(seen.verdicts(), [Authenticity::Authentic; 4]);
        assert!(seen.warnings().iter().all(Vec::is_empty));
        assert_eq!(seen.text(2), "سه");
    }
    let seen = come_back(&case, &case.mailbox);
    assert_eq!(seen.verdicts(), [Authenticity::Authentic; 4]);
    assert!(seen.warnings().iter().all(Vec::is_empty));
    assert_eq!((seen.text(1), seen.text(3)), ("دو".to_owned(), "چهار".to_owned()));
    let state = seen.read().state;
    assert_eq!(state.mailbox.status(), Status::UnderInvestigation);
    assert_eq!(state.mailbox.own.next_readers, office.everybody());
    assert_eq!(state.mailbox.own.ask_again, None);
}

#[test]
fn a_forged_reply_is_not_shown() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("گزارش");
    let stranger = SigningKey::generate();
    let mut asking = case.reply_message("لطفاً شماره تلفن خود را بفرستید");
    // Even a server that knew the reporter's recipient, which it never sees, has no inspector's key.
    let mut forgeries = vec![case.posted(&asking, &stranger), case.posted(&asking, &case.keys.signing)];
    // A real inspector's reply to another case, moved here.
    let mut other = Case::new(&office);
    other.report("x").reply("y");
    asking.case = other.id();
    forgeries.push(case.posted(&asking, &office.inspectors[0].signing));
    // Another inspector's name, or epoch, over one's own signature.
    let mut later = key_of(1);
    later.epoch = 2;
    for key in [key_of(2), key_of(9), later] {
        let message = Message { sender: Sender::Inspector(key), ..case.reply_message("z") };
        forgeries.push(case.posted(&message, &office.inspectors[0].signing));
    }
    for forged in forgeries {
        let seen = come_back(&case, &[case.mailbox[0].clone(), forged]);
        assert_eq!(seen.verdicts()[1], Authenticity::NotAuthentic);
        assert!(seen.read().mailbox[1].authentic().is_none());
        assert_eq!(seen.read().state.mailbox.status(), Status::Received);
    }
}

#[test]
fn a_forged_follow_up_is_not_from_the_reporter() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("گزارش").reply("پاسخ");
    let mut follow_up = case.follow_up_message("پس می‌گیرم");
    let third = |posted: Posted| {
        let mailbox = [&case.mailbox[..], &[posted]].concat();
        inspect(&case, 0, &mailbox).verdicts()[2]
    };
    for signer in [SigningKey::generate(), office.inspectors[1].signing.clone()] {
        assert_eq!(third(case.posted(&follow_up, &signer)), Authenticity::NotAuthentic);
    }
    // A true reply served as if the reporter had said it, and a second report in the same case.
    let moved = listed_as(&case.mailbox[1], MessageKind::FollowUp);
    assert_eq!(third(moved), Authenticity::NotAuthentic);
    let again = case.posted(&case.report_message("دوباره"), &case.keys.signing);
    assert_eq!(third(again), Authenticity::NotAuthentic);
    // The same key at another office.
    follow_up.office = Office::new().profile.office;
    assert_eq!(third(case.posted(&follow_up, &case.keys.signing)), Authenticity::NotAuthentic);
}

#[test]
fn another_report_cannot_take_the_place_of_a_case() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("راست");
    let impostor = Case::new(&office);
    let mut message = case.report_message("دروغ");
    let Content::Report { reporter, .. } = &mut message.content else { panic!("a report") };
    *reporter = impostor.keys.reporter();
    let mailbox = [case.posted(&message, &impostor.keys.signing)];
    assert_eq!(inspect(&case, 0, &mailbox).verdicts(), [Authenticity::NotAuthentic]);
    // A follow-up of the true reporter then has no key to be checked with.
    let mailbox = [mailbox[0].clone(), case.posted(&case.follow_up_message("x"), &case.keys.signing)];
    assert_eq!(inspect(&case, 0, &mailbox).verdicts()[1], Authenticity::Unverifiable);
}

#[test]
fn replay_reorder_drop_and_swap_are_noticed() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("۰").follow_up("۱").follow_up("۲").reply("۳").reply("۴");
    let mailbox = &case.mailbox;

    let replayed = [&mailbox[..], &mailbox[1..2]].concat();
    assert_eq!(inspect(&case, 0, &replayed).verdicts()[5], Authenticity::Replayed);
    assert_eq!(come_back(&case, &replayed).verdicts()[5], Authenticity::Replayed);
    // The same message in a new envelope, which an inspector could make.
    let text = open(&mailbox[3].blob, BlobKey::Identity(&office.inspectors[0].identity)).unwrap();
    let again = case.posted(&text.message, &office.inspectors[0].signing);
    assert_ne!(again.blob, mailbox[3].blob);
    let seen = come_back(&case, &[&mailbox[..], &[again]].concat());
    assert_eq!(
        seen.verdicts()[3..],
        [Authenticity::Authentic, Authenticity::Authentic, Authenticity::Replayed]
    );

    let mut swapped = mailbox.clone();
    swapped.swap(1, 2);
    for seen in [inspect(&case, 0, &swapped), come_back(&case, &swapped)] {
        let warnings = seen.warnings();
        assert!(warnings[1].contains(&Warning::ThreadDiffers), "it states what stands behind it");
        assert!(warnings[3].contains(&Warning::ThreadDiffers));
    }
    let mut dropped = mailbox.clone();
    dropped.remove(1);
    for seen in [inspect(&case, 0, &dropped), come_back(&case, &dropped)] {
        assert_eq!(seen.warnings()[1..], vec![vec![Warning::ThreadDiffers]; 3]);
    }
    let mut without_first_reply = mailbox.clone();
    without_first_reply.remove(3);
    assert_eq!(come_back(&case, &without_first_reply).warnings()[3], [Warning::ThreadDiffers]);
}

#[test]
fn two_who_write_at_once_are_no_fault() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("۰");
    let reply = case.posted(&case.reply_message("پاسخ"), &office.inspectors[0].signing);
    case.follow_up("هم‌زمان");
    case.mailbox.push(reply);
    for seen in [inspect(&case, 1, &case.mailbox), come_back(&case, &case.mailbox)] {
        assert_eq!(seen.verdicts(), [Authenticity::Authentic; 3]);
        assert!(seen.warnings().iter().all(Vec::is_empty));
    }
}

/// The kind is in the digest: a reply that is listed as the reporter's own is noticed, by the later reply
/// and at once, because it has no memo of hers.
#[test]
fn a_reply_listed_as_ones_own_is_not_hidden() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("گزارش").reply("زنگ نزنید، تلفن شما شنود می‌شود");
    let sender = Sender::Inspector(key_of(2));
    let second = Message { sender, ..case.reply_message("لطفاً زنگ بزنید") };
    case.push(&second, &office.inspectors[1].signing.clone());
    let mut listed = case.mailbox.clone();
    listed[1].kind = MessageKind::FollowUp;
    let seen = come_back(&case, &listed);
    assert_eq!(seen.warnings()[1], [Warning::MemoMissing]);
    assert_eq!(seen.warnings()[2], [Warning::ThreadDiffers]);
    // Nor does the memo of another message help.
    listed[1].memo = case.mailbox[0].memo.clone();
    let seen = come_back(&case, &listed);
    assert_eq!(
        (seen.verdicts()[1], &seen.warnings()[1][..]),
        (Authenticity::NotAuthentic, &[Warning::NotHers][..])
    );
}

/// The same key under another id is the same key: no profile lists it for two persons.
#[test]
fn whoever_was_left_out_reads_nothing_under_another_id_or_key() {
    let mut office = Office::with_inspectors(3);
    let readers = vec!["inspector-1".parse().unwrap(), "inspector-3".parse().unwrap()];
    let renamed = {
        let mut profile = office.profile.clone();
        profile.version += 1;
        profile.inspectors[1].id = "inspector-4".parse().unwrap();
        profile.inspectors[1].joined = 2;
        let former = FormerKey {
            id: "inspector-2".parse().unwrap(),
            epoch: 1,
            signer: profile.inspectors[1].signer,
            until: today(),
            why: WhyFormer::Left,
            joined: Some(1),
            role: Some(profile.inspectors[1].role.clone()),
            extensions: Default::default(),
        };
        profile.former.push(former);
        profile
    };
    assert!(mohr::seal::profile::sign(renamed, &office.root).is_err(), "one signer, two persons");

    // New keys, the same person: still left out, and a reply is not sealed to her.
    let new_keys = InspectorKeys::generate("inspector-2".parse().unwrap());
    let old_keys = std::mem::replace(&mut office.inspectors[1], new_keys);
    office.profile.version += 1;
    office.profile.inspectors[1] = public_entry(&office.inspectors[1]);
    office.profile.inspectors[1].epoch = 2;
    office.profile.former.push(FormerKey {
        id: "inspector-2".parse().unwrap(),
        epoch: 1,
        signer: old_keys.signing.signer(),
        until: today(),
        why: WhyFormer::Replaced,
        joined: None,
        role: None,
        extensions: Default::default(),
    });
    let mut case = Case::new(&office);
    case.push_report("دربارهٔ بازرس دوم", &readers);
    let mut sender = key_of(2);
    sender.epoch = 2;
    let reply = Message { sender: Sender::Inspector(sender), readers, ..case.reply_message("پاسخ") };
    case.push(&reply, &office.inspectors[1].signing.clone());
    assert_eq!(come_back(&case, &case.mailbox).verdicts()[1], Authenticity::NotFromAReader);
    assert_eq!(inspect(&case, 0, &case.mailbox).verdicts()[1], Authenticity::NotFromAReader);
    for keys in [&office.inspectors[1], &old_keys] {
        assert!(case.mailbox.iter().all(|posted| !is_sealed_to(&posted.blob, &keys.identity)));
    }
}

/// A key that was replaced verifies what it signed before, under the person's name, and nothing after its
/// day.
#[test]
fn new_keys_do_not_make_old_replies_strangers() {
    let mut office = Office::new();
    let old = office.inspectors[0].signing.clone();
    {
        let mut case = Case::new(&office);
        case.report("گزارش").reply("پاسخ");
        let (keys, mailbox) = (case.keys, case.mailbox);
        office.inspectors[0] = InspectorKeys::generate("inspector-1".parse().unwrap());
        office.profile.version += 1;
        office.profile.inspectors[0] = public_entry(&office.inspectors[0]);
        office.profile.inspectors[0].epoch = 2;
        for (until, expected) in
            [(today(), Authenticity::Authentic), (today().plus_days(-1), Authenticity::Doubtful)]
        {
            office.profile.former = vec![FormerKey {
                id: "inspector-1".parse().unwrap(),
                epoch: 1,
                signer: old.signer(),
                until,
                why: WhyFormer::Replaced,
                joined: None,
                role: None,
                extensions: Default::default(),
            }];
            let case = Case { office: &office, keys: copy(&keys), mailbox: Vec::new(), records: Vec::new() };
            let seen = come_back(&case, &mailbox);
            assert_eq!(seen.verdicts()[1], expected);
            assert_eq!(
                seen.read().mailbox[1].former,
                (expected == Authenticity::Authentic).then_some(WhyFormer::Replaced)
            );
        }
    }
}

fn copy(keys: &ReporterKeys) -> ReporterKeys {
    ReporterKeys {
        token: keys.token.clone(),
        identity: keys.identity.clone(),
        signing: keys.signing.clone(),
        memo: keys.memo.clone(),
        secret: keys.secret.clone(),
    }
}

#[test]
fn whoever_is_left_out_cannot_open_and_the_envelope_does_not_tell() {
    let office = Office::with_inspectors(5);
    let everybody = office.everybody();
    let readers: Vec<_> = everybody.iter().filter(|id| id.as_str() != "inspector-2").cloned().collect();
    let mut all = Case::new(&office);
    let mut some = Case::new(&office);
    all.report("x");
    some.push_report("x", &readers);
    assert_eq!(inspect(&some, 1, &some.mailbox).verdicts(), [Authenticity::Unreadable]);
    for inspector in [0, 2, 3, 4] {
        assert_eq!(inspect(&some, inspector, &some.mailbox).verdicts(), [Authenticity::Authentic]);
    }
    let stanzas = |case: &Case<'_>| {
        mohr::protocol::age_header::AgeHeader::decode(&case.mailbox[0].blob).unwrap().hybrid_stanzas
    };
    assert_eq!((stanzas(&all), stanzas(&some)), (5, 5));
    assert!(matches!(recipients(&office.profile, &[], None), Err(SealError::Nobody)));
    let unlisted = vec!["inspector-9".parse().unwrap()];
    assert!(matches!(recipients(&office.profile, &unlisted, None), Err(SealError::Unlisted(_))));
}

/// A handed key opens one blob and no other, to exactly what everybody else reads.
#[test]
fn a_handed_key_opens_its_own_blob_alone() {
    let office = Office::with_inspectors(2);
    let mut case = Case::new(&office);
    case.push_report("x", &["inspector-1".parse().unwrap()]).reply("y");
    let key = |at: usize| {
        let blob = Cursor::new(&case.mailbox[at].blob);
        let opened = open_blob(blob, BlobKey::Identity(&office.inspectors[0].identity)).unwrap();
        let OpenedBlob::Message(open) = opened else { panic!("a message") };
        open.file_key().clone()
    };
    let [first, second] = [key(0), key(1)];
    let handed = open(&case.mailbox[0].blob, BlobKey::Handed(&first)).unwrap();
    let own = open(&case.mailbox[0].blob, BlobKey::Identity(&office.inspectors[0].identity)).unwrap();
    assert_eq!(handed, own);
    for wrong in [second, HandedKey::from_bytes([0; 16])] {
        assert!(matches!(open(&case.mailbox[0].blob, BlobKey::Handed(&wrong)), Err(OpenError::Damaged)));
    }
}

/// Who joined later opens what is handed over, blob by blob, and then judges the case like everybody else.
#[test]
fn a_handover_gives_a_newcomer_the_case_as_it_is_listed() {
    let mut office = Office::with_inspectors(3);
    office.profile.version = 2;
    office.profile.inspectors[2].joined = 2;
    let mut case = Case::new(&office);
    let first_two: Vec<_> = office.everybody()[..2].to_vec();
    let mut report = Message { readers: first_two, ..case.report_message("گزارش") };
    report.profile.version = 1;
    case.push(&report, &case.keys.signing.clone());
    let blob = case.mailbox[0].blob.clone();
    let own = BlobKey::Identity(&office.inspectors[0].identity);
    let OpenedBlob::Message(open_report) = open_blob(Cursor::new(&blob), own).unwrap() else {
        panic!("a message")
    };
    let handed = HandedMessage {
        thread: ThreadName::Mailbox,
        position: 0,
        sha256: sha256(&blob),
        key: open_report.file_key().clone(),
    };
    let persons = vec!["inspector-3".parse().unwrap()];
    case.record(vec![Act::Handover { persons, messages: vec![handed] }]);

    let mut seen = inspect(&case, 2, &case.mailbox);
    assert_eq!(seen.verdicts(), [Authenticity::Unreadable]);
    let keys: Vec<_> = seen.read().handed_messages().cloned().collect();
    assert_eq!((keys.len(), keys[0].sha256), (1, sha256(&blob)));
    seen.mailbox[0] = entry(&case.mailbox[0], BlobKey::Handed(&keys[0].key));
    assert_eq!(seen.verdicts(), [Authenticity::Authentic]);
    let state = seen.read().state;
    assert_eq!(state.office.readers, Some(office.everybody().into_iter().collect()));
    assert_eq!(state, inspect(&case, 0, &case.mailbox).read().state);
}

#[test]
fn every_blob_is_of_a_size_class_and_a_text_always_of_the_smallest() {
    for count in [1, 2, 5, 12] {
        let office = Office::with_inspectors(count);
        let case = Case::new(&office);
        let room = 32_768 - 1557 * count - 1_400 - 8_000;
        for letters in [0, 1, 400, room / 4, room / 2] {
            let blob = case.seal(&case.report_message(&"ب".repeat(letters)), &case.keys.signing);
            assert_eq!(blob.len() as u64, TEXT_SEALED_BYTES, "{count} inspectors, {letters} letters");
        }
        for size_bytes in [0, 1, 20_000, 65_536, 100_000, 131_072, 600_000, 5 * 1024 * 1024] {
            let mut message = case.report_message("x");
            message.files.push(File { name: "a".into(), media_type: "image/jpeg".into(), size_bytes });
            let blob = case.seal(&message, &case.keys.signing);
            assert!(is_size_class(blob.len() as u64), "{} for {size_bytes}", blob.len());
        }
        let too_long = case.report_message(&"ب".repeat(16_000));
        let recipients = recipients(&office.profile, &office.everybody(), None).unwrap();
        assert!(matches!(
            seal(&too_long, &[], &case.keys.signing, &recipients),
            Err(SealError::TextTooLong { .. })
        ));
    }
}

#[test]
fn a_cut_or_altered_blob_is_unreadable_and_never_a_panic() {
    let office = Office::new();
    let mut case = Case::new(&office);
    case.report("گزارش");
    let blob = &case.mailbox[0].blob;
    let key = BlobKey::Identity(&office.inspectors[0].identity);
    for length in (0..blob.len()).step_by(97).chain([blob.len() - 1]) {
        assert!(open(&blob[..length], key).is_err(), "{length}");
    }
    for at in (0..blob.len()).step_by(61) {
        let mut altered = case.mailbox[0].clone();
        altered.blob[at] ^= 0x20;
        // A bit in another inspector's stanza breaks the header's MAC as well.
        assert_eq!(inspect(&case, 0, &[altered]).verdicts(), [Authenticity::Unreadable], "{at}");
    }
    assert!(matches!(open(blob, BlobKey::Identity(&Identity::generate())), Err(OpenError::NotForUs)));
}

#[test]
fn a_swapped_profile_is_refused() {
    let office = Office::new();
    let foreign = Office::new();
    let known =
        Expectation { version: 1, ..Expectation::of_first_visit(Some(office.profile.office), today()) };
    let seen = verify(office.note().as_bytes(), known).unwrap();
    assert!(matches!(verify(foreign.note().as_bytes(), known), Err(profile::Error::Foreign { .. })));
    // A foreign inspector slipped into the true profile, signed by whoever could sign.
    let mut altered = office.profile.clone();
    altered.inspectors.push(public_entry(&InspectorKeys::generate("inspector-9".parse().unwrap())));
    let signature = office.note().rsplit_once("\n\n").unwrap().1.to_owned();
    let spliced = format!("{}\n{signature}", altered.encode().unwrap());
    assert_eq!(verify(spliced.as_bytes(), known), Err(profile::Error::Signature));
    // Signed by the true root, but another text of the version that was seen.
    let second = mohr::seal::profile::sign(altered, &office.root).unwrap();
    let after = Expectation::after(&seen, today());
    assert!(verify(second.as_bytes(), known).is_ok());
    assert_eq!(verify(second.as_bytes(), after), Err(profile::Error::OtherText { version: 1 }));
    let older = Expectation { version: 2, ..known };
    assert!(matches!(
        verify(office.note().as_bytes(), older),
        Err(profile::Error::Older { offered: 1, seen: 2 })
    ));
    let late = Expectation { today: today().plus_days(31), ..known };
    assert!(matches!(verify(office.note().as_bytes(), late), Err(profile::Error::Expired { .. })));
    assert!(profile::verify_for_reading(office.note().as_bytes(), late).unwrap().is_expired(late.today));
}

#[test]
fn a_code_opens_nothing_under_a_foreign_office() {
    let code = mohr::protocol::receipt::ReceiptCode::generate(mohr::seal::fill_random);
    let (ours, foreign) = (Office::new().profile.office, Office::new().profile.office);
    let (here, there) = (ReporterKeys::derive(&code, ours), ReporterKeys::derive(&code, foreign));
    assert_ne!(*here.token.encode(), *there.token.encode());
    assert_ne!(here.case(), there.case());
    assert!(here.secret != there.secret);
}

#[test]
fn secrets_do_not_print_themselves() {
    let office = Office::new();
    let case = Case::new(&office);
    let report = case.report_message("x");
    let printed = format!("{:?} {:?} {:?} {report:?}", case.keys, office.root, office.inspectors[0]);
    for secret in [
        case.keys.token.encode().to_string(),
        case.keys.identity.encode().to_string(),
        case.keys.secret.encode().to_string(),
        office.inspectors[0].identity.encode().to_string(),
    ] {
        assert!(!printed.contains(&secret) && !printed.to_lowercase().contains(&secret.to_lowercase()));
    }
    for redacted in ["Token(…)", "SigningKey(…)", "MemoKey(…)", "CaseSecret(…)"] {
        assert!(printed.contains(redacted), "{redacted}");
    }
}
