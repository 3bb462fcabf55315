//! What holds of every case and of every input: decoders are total, and the state of a case is a function
//! of its messages, whatever the server does between them.

use crate::support::script::{
    Item, ItemState, Script, id, ids, inspector, key_id, profile, replaced, signing,
};
use mohr::protocol::api::{CasesAnswer, MailboxPage};
use mohr::protocol::erasure::ErasureOrder;
use mohr::protocol::memo::{MEMO_PLAINTEXT_BYTES, Memo, SealedMemo};
use mohr::protocol::message::{Content, Message, MessageKind, Outcome, OutcomeId, Sender, Status};
use mohr::protocol::note::Note;
use mohr::protocol::profile::{Profile, TwoPersons, WhyFormer};
use mohr::protocol::record::{Act, HandedMessage, ThreadName};
use mohr::protocol::seal_json::SealJson;
use mohr::protocol::secret::HandedKey;
use mohr::verify::case::{Authenticity, Perspective};
use mohr::verify::digest::sha256;
use mohr::verify::message::Unverified;
use mohr::verify::profile::verify_signature;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

const PERSONS: [&str; 4] = ["mina", "nina", "reza", "sara"];

/// One step of a case: who writes what, having seen how much.
#[derive(Debug, Clone)]
struct Step {
    kind: u8,
    person: usize,
    readers: u8,
    seen_mailbox: prop::sample::Index,
    seen_office: prop::sample::Index,
    what: u8,
}

fn step() -> impl Strategy<Value = Step> {
    (0..5u8, 0..4usize, 1..16u8, any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>())
        .prop_map(|(kind, person, readers, seen_mailbox, seen_office, what)| Step {
            kind,
            person,
            readers,
            seen_mailbox,
            seen_office,
            what,
        })
}

fn office() -> Profile {
    let mut profile = profile();
    profile.version = 6;
    profile.inspectors.push(inspector("nina", 6, 1));
    profile.inspectors[1] = inspector("reza", 1, 2);
    profile.former.push(replaced("reza", 1, "2026-11-30", WhyFormer::Stolen));
    profile.two_persons =
        vec![TwoPersons { id: id("knowingly-false"), since: "2026-01-01".parse().unwrap() }];
    profile
}

fn readers(mask: u8) -> Vec<mohr::protocol::ids::Id> {
    let named = PERSONS.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0);
    ids(&named.map(|(_, person)| *person).collect::<Vec<_>>())
}

/// A case of one report and these steps. Nobody states more than there is.
fn script(report: u8, steps: &[Step]) -> Script {
    let office = office();
    let mut script = Script::new(&office);
    script.readers = readers(report);
    script.report();
    for step in steps {
        script.readers = readers(step.readers);
        let seen = |script: &Script, mailbox: usize, records: usize| {
            let mut then = script.clone();
            then.mailbox.truncate(mailbox);
            then.office.truncate(records);
            then
        };
        let then = seen(
            &script,
            1 + step.seen_mailbox.index(script.mailbox.len()),
            step.seen_office.index(script.office.len() + 1),
        );
        let (person, epoch) = match PERSONS[step.person] {
            "reza" => ("reza", 1 + u64::from(step.what & 1)),
            person => (person, 1),
        };
        let sender = Sender::Inspector(key_id(person, epoch));
        let message = match step.kind {
            0 => then.draft(Content::FollowUp { answers: Vec::new() }),
            1 | 2 => {
                let status = Status::ALL[usize::from(step.what) % Status::ALL.len()];
                let outcome = (status == Status::Closed).then(|| Outcome {
                    id: OutcomeId::ALL[usize::from(step.what) % 4 * 3 + 2],
                    rule: Some("x".to_owned()),
                });
                let content = Content::Reply { status: Some(status), outcome, seconds: Vec::new() };
                Message { sender, content, ..then.draft_reply(person, None) }
            }
            _ => Message { sender, ..then.draft_record(person, vec![act(step, &script)]) },
        };
        let key = if message.kind().is_from_reporter() {
            script.keys.signing.clone()
        } else {
            signing(person, epoch)
        };
        script.push(&message, &key);
    }
    script
}

fn act(step: &Step, script: &Script) -> Act {
    match step.what % 5 {
        0 => Act::Recuse { reason: None },
        1 => Act::Handover {
            persons: readers(step.readers),
            messages: vec![HandedMessage {
                thread: ThreadName::Mailbox,
                position: 0,
                sha256: script.mailbox[0].sha256,
                key: HandedKey::from_bytes([1; 16]),
            }],
        },
        2 => {
            Act::Deadline { which: id("progress"), day: "2026-12-01".parse().unwrap(), reason: String::new() }
        }
        _ => Act::Assign { owner: Some(id(PERSONS[step.person])) },
    }
}

/// What a hostile server changes in a listing: how, and at which places.
type Change = (u8, prop::sample::Index, prop::sample::Index);

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Both sides see one mailbox; records change nothing in it; who is left out stays so; a person left
    /// out writes nothing that counts.
    #[test]
    fn the_mailbox_is_one_thing_to_both_sides(report in 1..16u8, steps in prop::collection::vec(step(), 0..14)) {
        check_the_mailbox_is_one_thing_to_both_sides(report, &steps)?;
    }

    /// However the two threads came in between each other: a record is judged, and says what it says, by
    /// the messages of the mailbox that it or one before it states, and by no later one.
    #[test]
    fn any_interleaving_gives_the_same_state(
        report in 1..16u8,
        steps in prop::collection::vec(step(), 0..14),
        picks in prop::collection::vec(any::<bool>(), 40),
    ) {
        check_any_interleaving_gives_the_same_state(report, &steps, &picks)?;
    }

    /// What a server may list, in any order, as any kind, with any memo: a reading, and no panic.
    #[test]
    fn any_listing_gives_a_reading(
        report in 1..16u8,
        steps in prop::collection::vec(step(), 0..10),
        changes in prop::collection::vec((0..9u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..8),
    ) {
        check_any_listing_gives_a_reading(report, &steps, &changes)?;
    }

    #[test]
    fn every_decoder_is_total(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        check_every_decoder_is_total(&bytes)?;
    }

    /// What almost is one: a good one, cut, with one byte another or a piece twice.
    #[test]
    fn every_decoder_is_total_near_what_is_right(at in any::<prop::sample::Index>(), byte in any::<u8>(), what in 0..3u8) {
        check_every_decoder_is_total_near_what_is_right(at, byte, what)?;
    }
}

fn check_the_mailbox_is_one_thing_to_both_sides(report: u8, steps: &[Step]) -> Result<(), TestCaseError> {
    let script = script(report, steps);
    let (reporter, inspector) = (script.seen(Perspective::Reporter), script.seen(Perspective::Inspector));
    let (reporter, inspector) = (reporter.read(), inspector.read());
    for (own, theirs) in reporter.mailbox.iter().zip(&inspector.mailbox) {
        prop_assert_eq!(own.authenticity, theirs.authenticity);
        prop_assert_eq!(&own.warnings, &theirs.warnings);
    }
    let (own, theirs) = (&reporter.state.mailbox, &inspector.state.mailbox);
    prop_assert_eq!(&own.standing, &theirs.standing);
    prop_assert_eq!(
        (&own.waiting, &own.left_out, &own.told),
        (&theirs.waiting, &theirs.left_out, &theirs.told)
    );

    let mut without = script.clone();
    without.office.clear();
    let without = without.seen(Perspective::Inspector).read().state.mailbox;
    prop_assert_eq!(&without, theirs);
    for (at, reading) in inspector.mailbox.iter().enumerate() {
        let Some(text) = reading.authentic() else { continue };
        if let Some(person) = text.message.sender.person() {
            prop_assert!(!theirs.is_left_out_at(person, at as u64));
        }
    }
    for person in theirs.left_out.keys() {
        prop_assert!(!inspector.state.office.readers.as_ref().unwrap().contains(person));
        prop_assert!(!own.own.next_readers.contains(person) && !own.own.offered.contains(person));
    }
    Ok(())
}

fn check_any_interleaving_gives_the_same_state(
    report: u8,
    steps: &[Step],
    picks: &[bool],
) -> Result<(), TestCaseError> {
    let script = script(report, steps);
    let seen = script.seen(Perspective::Inspector);
    let whole = seen.read();
    // A server that gives one message after another, of either thread, in any order.
    let (mut mailbox, mut records) = (1, 0);
    for &pick in picks {
        if pick {
            mailbox = (mailbox + 1).min(script.mailbox.len())
        } else {
            records = (records + 1).min(script.office.len())
        }
        let mut part = script.clone();
        part.mailbox.truncate(mailbox);
        part.office.truncate(records);
        let part_seen = part.seen(Perspective::Inspector);
        let part_read = part_seen.read();
        let states = |item: &Item| {
            Message::decode(&item.message_json).unwrap().threads.mailbox.length as usize <= mailbox
        };
        // Those records of which no part of the mailbox is missing yet.
        let known = script.office[..records].iter().take_while(|item| states(item)).count();
        for (before, after) in part_read.office.iter().zip(&whole.office).take(known) {
            // A stolen key's record may still be vouched for.
            let doubtful = before.authenticity == Authenticity::Doubtful;
            prop_assert!(
                doubtful
                    || part_read.office[..known]
                        .iter()
                        .any(|reading| reading.authenticity == Authenticity::Doubtful)
                    || before.authenticity == after.authenticity
            );
        }
        if mailbox == script.mailbox.len() && records == script.office.len() {
            prop_assert_eq!(&part_read.state, &whole.state);
        }
    }
    // Whatever stands in the mailbox behind all that records state changes no value of theirs, only who
    // reads on.
    let furthest = script
        .office
        .iter()
        .map(|item| Message::decode(&item.message_json).unwrap().threads.mailbox.length)
        .max();
    let mut cut = script.clone();
    cut.mailbox.truncate(furthest.unwrap_or(1) as usize);
    let cut_seen = cut.seen(Perspective::Inspector);
    let cut_state = cut_seen.read().state.office;
    let office = &whole.state.office;
    prop_assert_eq!(
        (&cut_state.owner, &cut_state.deadlines, &cut_state.handovers),
        (&office.owner, &office.deadlines, &office.handovers)
    );
    Ok(())
}

fn check_any_listing_gives_a_reading(
    report: u8,
    steps: &[Step],
    changes: &[Change],
) -> Result<(), TestCaseError> {
    let mut script = script(report, steps);
    for &(change, one, two) in changes {
        if script.mailbox.is_empty() {
            break;
        }
        let (one, two) = (one.index(script.mailbox.len()), two.index(script.mailbox.len()));
        match change {
            0 => script.mailbox.swap(one, two),
            1 => {
                script.mailbox.remove(one);
            }
            2 => {
                let copy = script.mailbox[one].clone();
                script.mailbox.insert(two, copy);
            }
            3 => script.mailbox[one].kind = MessageKind::ALL[two % 4],
            4 => script.mailbox[one].memo = script.mailbox[two].memo.clone(),
            5 => script.mailbox[one].memo = None,
            6 => {
                script.mailbox[one].state =
                    [ItemState::Gone, ItemState::Missing, ItemState::OneWay, ItemState::Unreadable][two % 4]
            }
            7 => {
                let item = script.mailbox.remove(one);
                script.office.push(item);
            }
            _ => {
                script.order(ThreadName::Mailbox, &[one], &["sara", "mina"]);
            }
        }
    }
    for perspective in [Perspective::Reporter, Perspective::Inspector] {
        let seen = script.seen(perspective);
        let reading = seen.read();
        prop_assert_eq!(reading.mailbox.len(), script.mailbox.len());
        // Only what somebody signed, or a memo proves hers, counts.
        for (item, reading) in script.mailbox.iter().zip(&reading.mailbox) {
            if reading.authenticity == Authenticity::Authentic && perspective == Perspective::Inspector {
                let text = Unverified::decode(&item.message_json, &item.seal_json).unwrap();
                prop_assert_eq!(text.message.kind(), item.kind);
            }
        }
    }
    Ok(())
}

fn check_every_decoder_is_total(bytes: &[u8]) -> Result<(), TestCaseError> {
    let _ = Message::decode(bytes);
    let _ = SealJson::decode(bytes);
    let _ = Unverified::decode(bytes, bytes);
    let _ = Unverified::decode_archive(bytes);
    let _ = verify_signature(bytes);
    let _ = serde_json::from_slice::<ErasureOrder>(bytes);
    let _ = serde_json::from_slice::<Act>(bytes);
    let _ = serde_json::from_slice::<MailboxPage>(bytes);
    let _ = serde_json::from_slice::<CasesAnswer>(bytes);
    if let Some(plaintext) = bytes.first_chunk::<MEMO_PLAINTEXT_BYTES>() {
        let _ = Memo::decode(plaintext);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = (Profile::decode(text), Note::decode(text), SealedMemo::decode(text));
    }
    Ok(())
}

fn check_every_decoder_is_total_near_what_is_right(
    at: prop::sample::Index,
    byte: u8,
    what: u8,
) -> Result<(), TestCaseError> {
    for good in samples() {
        let at = at.index(good.len());
        let mut bytes = good.clone();
        match what {
            0 => bytes[at] = byte,
            1 => bytes.truncate(at),
            _ => {
                let piece = bytes[at..(at + 20).min(good.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert_eq!(message.encode().unwrap(), bytes.clone());
        }
        if let Ok(seal) = SealJson::decode(&bytes) {
            prop_assert_eq!(seal.encode(), bytes.clone());
        }
        if let Ok(note) = verify_signature(&bytes) {
            prop_assert_eq!(note.office, office().office);
            prop_assert_eq!(sha256(&bytes), sha256(&good), "nothing but what was signed");
        }
        if let Ok(order) = serde_json::from_slice::<ErasureOrder>(&bytes) {
            let _ = order.is_well_formed();
        }
        let _ = serde_json::from_slice::<MailboxPage>(&bytes);
        let _ = std::str::from_utf8(&bytes).map(Profile::decode);
        if let Ok(plaintext) = <[u8; MEMO_PLAINTEXT_BYTES]>::try_from(&bytes[..])
            && let Ok(memo) = Memo::decode(&plaintext)
        {
            prop_assert_eq!(memo.encode().unwrap(), plaintext);
        }
    }
    Ok(())
}

fn samples() -> Vec<Vec<u8>> {
    static SAMPLES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    let make = || {
        let mut script = Script::new(&office());
        script.report().reply("sara", None).order(ThreadName::Mailbox, &[0], &["sara"]);
        script.record("sara", vec![Act::Recuse { reason: None }]);
        let memo = Memo {
            day: "2026-11-21".parse().unwrap(),
            profile: 6,
            readers: ids(&["mina"]),
            thread: script.point(ThreadName::Mailbox),
        };
        let page = MailboxPage {
            case: None,
            dropped: false,
            messages: Vec::new(),
            orders: script.orders.clone(),
            next: None,
        };
        vec![
            script.mailbox[0].message_json.clone(),
            script.mailbox[1].message_json.clone(),
            script.office[0].message_json.clone(),
            script.mailbox[0].seal_json.clone(),
            script.note.clone().into_bytes(),
            serde_json::to_vec(&script.orders[0]).unwrap(),
            serde_json::to_vec(&page).unwrap(),
            memo.encode().unwrap().to_vec(),
        ]
    };
    SAMPLES.get_or_init(make).clone()
}
