//! Every key in every place: each place takes one key and no other, and one key never stands for two persons.

use crate::support::script::{
    Script, day, id, ids, inspector, key_id, note, profile, replaced, reporter, root_key, roots, signing,
};
use mohr::protocol::ids::{Digest, Signer};
use mohr::protocol::message::{Content, EarlierCase, Message, Outcome, OutcomeId, Status};
use mohr::protocol::note::encode_note;
use mohr::protocol::person::PersonSignature;
use mohr::protocol::profile::{Profile, TwoPersons, WhyFormer};
use mohr::protocol::record::ThreadName;
use mohr::protocol::seal_json::{second_bytes, signed_bytes};
use mohr::seal::message::{erasure_signature, second_signature};
use mohr::seal::signing::SigningKey;
use mohr::verify::case::{Authenticity, Perspective};
use mohr::verify::digest::sha256;
use mohr::verify::profile::{key_hash, verify_signature};
use mohr::verify::signature::{is_earlier_case, is_signed_by, session_bytes};

/// Sara has her second key, the first is replaced; outcomes of one kind ask two persons.
fn office() -> Profile {
    let mut profile = profile();
    profile.inspectors[0] = inspector("sara", 1, 2);
    profile.former.push(replaced("sara", 1, "2026-11-15", WhyFormer::Replaced));
    profile.two_persons = vec![TwoPersons { id: id("knowingly-false"), since: day("2026-01-01") }];
    profile
}

/// Every kind of key that there is.
fn keys() -> Vec<(&'static str, SigningKey)> {
    vec![
        ("root", root_key(1)),
        ("next root", root_key(2)),
        ("sara", signing("sara", 2)),
        ("former sara", signing("sara", 1)),
        ("reza", signing("reza", 1)),
        ("reporter", reporter(7).signing.clone()),
        ("another reporter", reporter(99).signing.clone()),
    ]
}

fn is_authentic(script: &Script, thread: ThreadName) -> bool {
    let seen = script.seen(Perspective::Inspector);
    let reading = seen.read();
    let readings = if thread == ThreadName::Mailbox { &reading.mailbox } else { &reading.office };
    readings.last().unwrap().authenticity == Authenticity::Authentic
}

/// What takes a signature by `key`, and whether it holds.
type PlaceOfKey = (&'static str, &'static str, fn(&SigningKey) -> bool);

const PLACES: [PlaceOfKey; 11] = [
    ("the note", "root", |key| {
        let profile = office();
        let text = profile.encode().unwrap();
        let by = |named: &Signer| {
            let hash = key_hash(profile.office, named);
            let signature = key.sign(text.as_bytes());
            verify_signature(encode_note(&text, &profile.office.to_string(), hash, signature).as_bytes())
        };
        assert_eq!(by(&key.signer()).is_ok(), by(&root_key(1).signer()).is_ok());
        by(&root_key(1).signer()).is_ok()
    }),
    ("the note of the second root", "next root", |key| {
        let profile = Profile { version: 10_001, roots: roots()[..2].to_vec(), ..office() };
        let text = profile.encode().unwrap();
        let hash = key_hash(profile.office, &root_key(2).signer());
        let note = encode_note(&text, &profile.office.to_string(), hash, key.sign(text.as_bytes()));
        verify_signature(note.as_bytes()).is_ok()
    }),
    ("a report", "reporter", |key| {
        let script = Script::new(&office());
        let mut honest = script.clone();
        honest.report();
        let message = Message::decode(&honest.mailbox[0].message_json).unwrap();
        let mut script = script;
        script.push(&message, key);
        is_authentic(&script, ThreadName::Mailbox)
    }),
    ("a follow-up", "reporter", |key| {
        let mut script = Script::new(&office());
        script.report();
        let message = script.draft(Content::FollowUp { answers: Vec::new() });
        script.push(&message, key);
        is_authentic(&script, ThreadName::Mailbox)
    }),
    ("a reply", "sara", |key| {
        let mut script = Script::new(&office());
        script.report();
        let mut message = script.draft_reply("sara", None);
        message.sender = mohr::protocol::message::Sender::Inspector(key_id("sara", 2));
        script.push(&message, key);
        is_authentic(&script, ThreadName::Mailbox)
    }),
    ("a reply of a former key's day", "former sara", |key| {
        let mut script = Script::new(&office());
        script.on("2026-11-10").report();
        let message = script.draft_reply("sara", None);
        script.push(&message, key);
        is_authentic(&script, ThreadName::Mailbox)
    }),
    ("a record", "reza", |key| {
        let mut script = Script::new(&office());
        script.report();
        let message = script.draft_record("reza", Vec::new());
        script.push(&message, key);
        is_authentic(&script, ThreadName::Office)
    }),
    ("a second", "reza", |key| {
        let mut script = Script::new(&office());
        script.report();
        let outcome = Some(Outcome { id: OutcomeId::KnowinglyFalse, rule: None });
        let content = Content::Reply { status: Some(Status::Closed), outcome, seconds: Vec::new() };
        let sender = mohr::protocol::message::Sender::Inspector(key_id("sara", 2));
        let mut message = Message { content, sender, ..script.draft_reply("sara", None) };
        let second = second_signature(&message, &[], &key_id("reza", 1), key).unwrap();
        if let Content::Reply { seconds, .. } = &mut message.content {
            seconds.push(second);
        }
        script.push(&message, &signing("sara", 2));
        script.seen(Perspective::Reporter).read().state.mailbox.status() == Status::Closed
    }),
    ("a session", "sara", |key| {
        let profile = office();
        let address = "https://report.example.org".parse().unwrap();
        let bytes = session_bytes(profile.office, &key_id("sara", 2), &address, Digest::from_bytes([1; 32]));
        is_signed_by(&profile.inspector(&id("sara")).unwrap().signer, &key.sign(&bytes), &bytes)
    }),
    ("an order of erasure", "reza", |key| {
        let mut script = Script::new(&office());
        script.report().reply("reza", None).order(ThreadName::Mailbox, &[0], &[]);
        script.mailbox[0].state = crate::support::script::ItemState::Gone;
        let order = &script.orders[0];
        let signature = erasure_signature(order, script.profile.office, script.case, &key_id("reza", 1), key);
        script.orders[0].signatures.push(signature);
        script.seen(Perspective::Inspector).read().mailbox[0].authenticity == Authenticity::Gone
    }),
    ("an earlier case", "another reporter", |key| {
        let (office, new, old) = (office().office, reporter(7).case(), reporter(99));
        let signature = key.sign(&EarlierCase::signed_bytes(office, new, old.case()));
        is_earlier_case(office, new, &EarlierCase { case: old.case(), signature }, &old.signing.signer())
    }),
];

#[test]
fn every_place_takes_one_key_and_no_other() {
    for (place, right, holds) in PLACES {
        for (name, key) in keys() {
            assert_eq!(holds(&key), name == right, "{place} signed by {name}");
        }
    }
}

/// What is signed for one purpose is never what is signed for another, whoever signs.
#[test]
fn no_signature_serves_two_purposes() {
    let office = office().office;
    let case = reporter(7).case();
    let address = "https://report.example.org".parse().unwrap();
    let order = mohr::protocol::erasure::ErasureOrder {
        thread: ThreadName::Mailbox,
        day: day("2026-11-21"),
        messages: Vec::new(),
        signatures: Vec::new(),
    };
    let texts = [
        signed_bytes(&[]),
        second_bytes(&[]),
        session_bytes(office, &key_id("sara", 2), &address, sha256(b"")),
        EarlierCase::signed_bytes(office, case, case),
        order.signed_bytes(office, case),
        note(&self::office()).into_bytes(),
    ];
    let first_lines: Vec<_> =
        texts.iter().map(|text| text.split(|byte| *byte == b'\n').next().unwrap()).collect();
    for (at, line) in first_lines.iter().enumerate() {
        assert_eq!(line.starts_with(b"mohr/v1 "), at < 5);
        assert!(!first_lines[at + 1..].contains(line));
    }
}

type Change<'a> = &'a dyn Fn(&mut Profile);

/// Under whichever id or epoch it is listed a second time.
#[test]
fn one_key_never_stands_for_two_persons() {
    let sara = inspector("sara", 1, 2);
    let changes: [(&str, Change<'_>); 6] = [
        ("signer of another inspector", &|profile| profile.inspectors[1].signer = sara.signer),
        ("recipient of another inspector", &|profile| {
            profile.inspectors[1].recipient.clone_from(&sara.recipient);
        }),
        ("former key of another", &|profile| profile.former[0].signer = profile.inspectors[2].signer),
        ("former key of her own", &|profile| profile.former[0].signer = sara.signer),
        ("root as an inspector", &|profile| profile.inspectors[1].signer = root_key(1).signer()),
        ("root as a former key", &|profile| profile.former[0].signer = root_key(1).signer()),
    ];
    assert!(office().encode().is_ok());
    for (what, change) in changes {
        let mut profile = office();
        change(&mut profile);
        assert!(profile.encode().is_err(), "{what}");
    }
}

/// A thief who makes a case of his own, with the stolen key as the reporter's, vouches for nothing: it is
/// one key.
#[test]
fn a_stolen_key_vouches_for_nothing_as_a_reporters() {
    let mut profile = office();
    profile.former[0].why = WhyFormer::Stolen;
    let mut script = Script::new(&profile);
    let honest = reporter(7);
    script.keys = std::sync::Arc::new(mohr::seal::derive::ReporterKeys {
        token: honest.token.clone(),
        identity: honest.identity.clone(),
        signing: signing("sara", 1),
        memo: honest.memo.clone(),
        secret: honest.secret.clone(),
    });
    script.case = script.keys.case();
    script.on("2026-11-10").report().reply("sara", None).follow_up();
    let seen = script.seen(Perspective::Inspector);
    let verdicts: Vec<_> = seen.read().mailbox.iter().map(|reading| reading.authenticity).collect();
    assert_eq!(verdicts, [Authenticity::Authentic, Authenticity::Doubtful, Authenticity::Authentic]);
}

/// Nobody vouches or counts twice by signing twice.
#[test]
fn signatures_of_one_person_are_one() {
    let mut profile = office();
    profile.two_persons.push(TwoPersons { id: id("erase"), since: day("2026-01-01") });
    let mut script = Script::new(&profile);
    script.report().reply("reza", None).order(ThreadName::Mailbox, &[0], &["reza", "reza", "reza"]);
    script.mailbox[0].state = crate::support::script::ItemState::Gone;
    let first = |script: &Script| script.seen(Perspective::Inspector).read().mailbox[0].authenticity;
    assert_eq!(first(&script), Authenticity::Missing);
    // Two epochs are one person, too.
    let both: Vec<PersonSignature> = [1, 2]
        .map(|epoch| {
            let (order, key) = (&script.orders[0], signing("sara", epoch));
            erasure_signature(order, script.profile.office, script.case, &key_id("sara", epoch), &key)
        })
        .into();
    script.on("2026-11-10");
    script.orders[0].signatures = both;
    assert_eq!(first(&script), Authenticity::Missing);
    let reza = erasure_signature(
        &script.orders[0],
        script.profile.office,
        script.case,
        &key_id("reza", 1),
        &signing("reza", 1),
    );
    script.orders[0].signatures.push(reza);
    assert_eq!(first(&script), Authenticity::Gone);
    assert_eq!(script.readers, ids(&["mina", "reza", "sara"]));
}
