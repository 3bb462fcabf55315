//! `case/`: whole cases. What each side must find is written here by hand, beside how the case came about;
//! the rest of what it comes to is then written down as the program found it.

use mohr::protocol::erasure::ErasedMessage;
use mohr::protocol::ids::Digest;
use mohr::protocol::message::{Content, Message, MessageKind, Outcome, OutcomeId, Sender, Status};
use mohr::protocol::profile::{Profile, TwoPersons, WhyFormer};
use mohr::protocol::record::{Act, Channel, HandedMessage, Priority, ThreadName, Verdict};
use mohr::protocol::secret::HandedKey;
use mohr::verify::case::{Authenticity, CaseReading, Perspective};
use mohr::verify::case_state::{AskAgain, MailboxState};
use serde_json::{Value, json};

use super::Vectors;
use super::case_json::reading_json;
use super::script::{
    Item, ItemState, Script, code, day, departed, id, ids, inspector, key_id, profile, replaced, signing,
};

/// What both sides must find, by the first letters of the words of `Authenticity`.
pub struct Expected<'a> {
    pub reporter: &'a [&'a str],
    pub inspector: &'a [&'a str],
    pub office: &'a [&'a str],
}

const A: &str = "authentic";
const N: &str = "not-authentic";
const D: &str = "doubtful";
const R: &str = "not-from-a-reader";

pub fn write(vectors: &Vectors) {
    honest(vectors);
    listed_otherwise(vectors);
    memos(vectors);
    stolen_keys(vectors);
    former_keys(vectors);
    left_out(vectors);
    handovers(vectors);
    records(vectors);
    two_persons(vectors);
    erasures(vectors);
    the_rest(vectors);
}

fn honest(vectors: &Vectors) {
    let mut script = Script::new(&profile());
    script.report().reply("sara", Some(Status::InitialAssessment)).follow_up();
    script.record("sara", vec![assign(Some("sara")), Act::Intake { channel: Channel::Phone }]);
    script.reply("reza", Some(Status::UnderInvestigation));
    let outcome = Some(Outcome { id: OutcomeId::Substantiated, rule: None });
    let content = Content::Reply { status: Some(Status::Closed), outcome, seconds: Vec::new() };
    let closing = Message { content, ..script.draft_reply("mina", None) };
    script.push(&closing, &signing("mina", 1));
    let expected = Expected { reporter: &[A; 5], inspector: &[A; 5], office: &[A] };
    case(vectors, "honest", "nothing is wrong", &script, &expected, |_, inspector| {
        let office = &inspector.state.office;
        assert_eq!(inspector.state.mailbox.status(), Status::Closed);
        assert_eq!(office.owner.last().unwrap().value, Some(id("sara")));
        assert_eq!(office.intake.as_ref().unwrap().value, Channel::Phone);
        assert!(inspector.mailbox.iter().all(|reading| reading.warnings.is_empty()));
    });
}

/// What the server lists as something else.
fn listed_otherwise(vectors: &Vectors) {
    let mut hidden = Script::new(&profile());
    hidden.report().reply("sara", Some(Status::Closed)).reply("reza", None);
    hidden.mailbox[1].kind = MessageKind::FollowUp;
    let expected = Expected { reporter: &[A, "unverifiable", A], inspector: &[A, N, A], office: &[] };
    case(
        vectors,
        "reply-listed-as-own",
        "a reply is listed as the reporter's own; the thread of the next one differs, and it has no memo",
        &hidden,
        &expected,
        |reporter, inspector| {
            let words = warnings(reporter);
            assert_eq!(words, ["", "memo-missing", "thread-differs"]);
            assert_eq!(warnings(inspector)[2], "thread-differs");
            assert_eq!(reporter.state.mailbox.status(), Status::Received);
        },
    );
    hidden.mailbox[1].memo = hidden.mailbox[0].memo.clone();
    let expected = Expected { reporter: &[A, N, A], inspector: &[A, N, A], office: &[] };
    case(
        vectors,
        "reply-listed-as-own-with-a-memo",
        "the same, with the memo of another message",
        &hidden,
        &expected,
        |reporter, _| {
            assert_eq!(warnings(reporter), ["", "not-hers", "thread-differs"]);
        },
    );

    let mut turned = Script::new(&profile());
    turned.report().follow_up().reply("sara", None);
    turned.mailbox[1].kind = MessageKind::Reply;
    let expected = Expected { reporter: &[A, N, A], inspector: &[A, N, A], office: &[] };
    case(
        vectors,
        "own-listed-as-reply",
        "a follow-up is listed as a reply",
        &turned,
        &expected,
        |reporter, _| {
            assert_eq!(warnings(reporter)[2], "thread-differs");
        },
    );

    let mut second = Script::new(&profile());
    second.report();
    let mut again = Script::new(&profile());
    again.on("2026-11-22").report();
    second.mailbox.push(again.mailbox[0].clone());
    let expected = Expected { reporter: &[A, N], inspector: &[A, N], office: &[] };
    case(
        vectors,
        "second-report",
        "a report stands at position 0 and nowhere else",
        &second,
        &expected,
        |_, _| {},
    );

    let mut elsewhere = Script::new(&profile());
    elsewhere.report().record("sara", vec![]);
    elsewhere.mailbox.push(elsewhere.office[0].clone());
    let expected = Expected { reporter: &[A, N], inspector: &[A, N], office: &[A] };
    case(
        vectors,
        "record-in-the-mailbox",
        "a record stands in the office's thread and nowhere else",
        &elsewhere,
        &expected,
        |_, _| {},
    );

    let mut replayed = Script::new(&profile());
    replayed.report().reply("sara", Some(Status::Closed)).reply("sara", Some(Status::Reopened));
    replayed.mailbox.push(replayed.mailbox[1].clone());
    let again = replayed.mailbox[0].clone();
    replayed.mailbox.push(Item { kind: MessageKind::FollowUp, ..again });
    let expected = Expected {
        reporter: &[A, A, A, "replayed", "replayed"],
        inspector: &[A, A, A, "replayed", N],
        office: &[],
    };
    case(
        vectors,
        "replay",
        "a reply once more, and the report as a follow-up",
        &replayed,
        &expected,
        |reporter, _| {
            assert_eq!(reporter.state.mailbox.status(), Status::Reopened);
        },
    );

    let mut elsewhere = Script::new(&profile());
    elsewhere.report();
    let own = elsewhere.draft_reply("sara", Some(Status::Closed));
    let other_case = Message { case: super::script::reporter(99).case(), ..own.clone() };
    let other_office = Message { office: mohr::protocol::ids::OfficeId::from_bytes([1; 16]), ..own };
    for message in [other_case, other_office] {
        elsewhere.push(&message, &signing("sara", 1));
    }
    let follow_up = Message {
        office: mohr::protocol::ids::OfficeId::from_bytes([1; 16]),
        ..elsewhere.draft(Content::FollowUp { answers: Vec::new() })
    };
    elsewhere.push(&follow_up, &elsewhere.keys.signing.clone());
    let expected = Expected { reporter: &[A, N, N, N], inspector: &[A, N, N, N], office: &[] };
    case(
        vectors,
        "of-another-case",
        "true messages of another case and of another office, moved here",
        &elsewhere,
        &expected,
        |_, _| {},
    );

    let mut impostor = Script::new(&profile());
    let other = super::script::reporter(99);
    let mut message = impostor.draft(Content::FollowUp { answers: Vec::new() });
    message.content = Content::Report {
        door: mohr::protocol::message::Door::Report,
        answers: Vec::new(),
        reporter: other.reporter(),
        earlier: None,
    };
    impostor.push(&message, &other.signing).follow_up();
    let expected = Expected { reporter: &[A, A], inspector: &[N, "unverifiable"], office: &[] };
    case(
        vectors,
        "report-of-another",
        "a report under keys that the case id does not follow from; a memo cannot tell the reporter, her own follow-up has no key",
        &impostor,
        &expected,
        |_, _| {},
    );

    let mut altered = Script::new(&profile());
    altered.report().reply("sara", Some(Status::Closed)).reply("reza", None);
    let other = Message { text: "دیگر".to_owned(), ..altered.draft_reply("sara", Some(Status::Closed)) };
    altered.mailbox[1].message_json = other.encode().unwrap();
    let expected =
        Expected { reporter: &[A, "unreadable", A], inspector: &[A, "unreadable", A], office: &[] };
    case(
        vectors,
        "message-of-another-seal",
        "a signed seal.json beside a message.json that it does not know",
        &altered,
        &expected,
        |_, _| {},
    );

    let mut copied_first = Script::new(&profile());
    copied_first.report();
    let message = copied_first.draft_reply("sara", Some(Status::Closed));
    copied_first.push(&message, &signing("reza", 1)).push(&message, &signing("sara", 1));
    let expected = Expected { reporter: &[A, N, A], inspector: &[A, N, A], office: &[] };
    case(
        vectors,
        "forged-copy-first",
        "a copy with a false signature comes first and does not make the true one a replay",
        &copied_first,
        &expected,
        |_, _| {},
    );

    let mut dropped = Script::new(&profile());
    dropped.report().reply("sara", None).follow_up().reply("reza", None);
    dropped.mailbox.remove(1);
    let expected = Expected { reporter: &[A, A, A], inspector: &[A, A, A], office: &[] };
    case(
        vectors,
        "dropped",
        "a reply is not listed: who wrote behind it saw another thread",
        &dropped,
        &expected,
        |reporter, inspector| {
            for reading in [reporter, inspector] {
                assert_eq!(warnings(reading), ["", "thread-differs", "thread-differs"]);
            }
        },
    );

    let mut at_once = Script::new(&profile());
    at_once.report();
    let reply = at_once.draft_reply("sara", None);
    at_once.follow_up().push(&reply, &signing("sara", 1));
    let expected = Expected { reporter: &[A; 3], inspector: &[A; 3], office: &[] };
    case(vectors, "at-once", "two who write at once are no fault", &at_once, &expected, |reporter, _| {
        assert!(warnings(reporter).iter().all(String::is_empty));
    });
}

fn memos(vectors: &Vectors) {
    let mut script = Script::new(&profile());
    script.report().reply("sara", None).follow_up();
    let mut none = script.clone();
    none.mailbox[2].memo = None;
    let expected = Expected { reporter: &[A, A, "unverifiable"], inspector: &[A; 3], office: &[] };
    case(
        vectors,
        "memo-missing",
        "one memo is missing: the server's fault, and she is asked again",
        &none,
        &expected,
        |reporter, _| {
            assert_eq!(reporter.state.mailbox.own.ask_again, Some(AskAgain::Server));
        },
    );
    let mut swapped = script.clone();
    swapped.mailbox[2].memo = script.mailbox[0].memo.clone();
    let expected = Expected { reporter: &[A, A, N], inspector: &[A; 3], office: &[] };
    case(
        vectors,
        "memo-of-another",
        "a memo opens for its own message alone; that of the one before would bring back whom she left out since",
        &swapped,
        &expected,
        |reporter, _| {
            assert_eq!(warnings(reporter)[2], "not-hers");
            assert_eq!(reporter.state.mailbox.own.ask_again, Some(AskAgain::Server));
        },
    );
    let mut gone = script.clone();
    for at in [0, 2] {
        gone.mailbox[at].memo = Some(mohr::protocol::memo::SealedMemo::from_bytes([7; 640]));
    }
    let expected = Expected { reporter: &[N, A, N], inspector: &[A; 3], office: &[] };
    case(
        vectors,
        "memo-none-opens",
        "no memo opens: nobody knows any more whom she left out",
        &gone,
        &expected,
        |reporter, _| {
            let MailboxState { own, report, .. } = &reporter.state.mailbox;
            assert!(own.ask_again == Some(AskAgain::Server) && report.is_none());
        },
    );

    let mut newer = script.clone();
    let later = Profile { version: 6, ..profile() };
    newer.with_profile(&later).reply("sara", None).with_profile(&profile());
    let expected = Expected { reporter: &[A; 4], inspector: &[A; 4], office: &[] };
    case(
        vectors,
        "profile-older",
        "a reply was sealed by a newer profile",
        &newer,
        &expected,
        |reporter, inspector| {
            for reading in [reporter, inspector] {
                assert_eq!((reading.state.profile_floor, &warnings(reading)[3][..]), (6, "profile-older"));
            }
        },
    );
    let mut other = script.clone();
    let mut message = other.draft_reply("sara", None);
    message.profile.digest = Digest::from_bytes([3; 32]);
    other.push(&message, &signing("sara", 1));
    case(
        vectors,
        "profile-differs",
        "a reply was sealed by another text of the same version",
        &other,
        &expected,
        |reporter, inspector| {
            for reading in [reporter, inspector] {
                assert_eq!(
                    (reading.state.profile_differs, &warnings(reading)[3][..]),
                    (true, "profile-differs")
                );
            }
        },
    );
    asked_again(vectors);
    profile_texts(vectors);
    let mut claimed = Script::new(&profile());
    claimed.report();
    let mut message = claimed.draft(Content::FollowUp { answers: Vec::new() });
    message.profile.version = 1 << 40;
    claimed.push(&message, &claimed.keys.signing.clone());
    let expected = Expected { reporter: &[A; 2], inspector: &[A; 2], office: &[] };
    case(
        vectors,
        "profile-claimed",
        "what the reporter states of the profile stops no inspector",
        &claimed,
        &expected,
        |reporter, inspector| {
            assert_eq!((reporter.state.profile_floor, inspector.state.profile_floor), (1 << 40, 0));
        },
    );
}

/// Whether she is asked again whom to leave out: her last message decides.
fn asked_again(vectors: &Vectors) {
    let mut script = Script::new(&profile());
    script.report().follow_up().reply("sara", None);
    script.to(&["mina", "sara"]).follow_up();
    let gone = |at: usize, persons: &[&str]| {
        let mut gone = script.clone();
        if !persons.is_empty() {
            gone.order(ThreadName::Mailbox, &[at], persons);
        }
        gone.mailbox[at].state = ItemState::Gone;
        gone
    };
    let asks = |script: &Script, name: &str, comment: &str, words: [&str; 4], why: Option<AskAgain>| {
        let expected = Expected { reporter: &words, inspector: &words, office: &[] };
        case(vectors, name, comment, script, &expected, |reporter, _| {
            assert_eq!(reporter.state.mailbox.own.ask_again, why);
        });
    };
    let erased = gone(3, &["sara"]);
    let comment = "the message that says for whom the next one is was erased: only she knows";
    asks(&erased, "ask-again-erased", comment, [A, A, A, "gone"], Some(AskAgain::Erased));
    let comment = "the same without an order: the server's fault";
    asks(&gone(3, &[]), "ask-again-gone", comment, [A, A, A, "missing"], Some(AskAgain::Server));
    let earlier = gone(1, &["sara"]);
    let comment = "an earlier one was erased, and the last one's memo is there";
    asks(&earlier, "ask-again-not", comment, [A, "gone", A, A], None);

    let mut misplaced = script.clone();
    misplaced.mailbox[3].kind = MessageKind::Report;
    let comment = "the last one is listed as a report, so that its memo does not count";
    asks(&misplaced, "ask-again-misplaced", comment, [A, A, A, N], Some(AskAgain::Server));

    let mut swapped = script.clone();
    swapped.mailbox[1].memo = script.mailbox[0].memo.clone();
    let expected = Expected { reporter: &[A, N, A, A], inspector: &[A; 4], office: &[] };
    let comment = "the memo of an earlier one does not open, and the last one's does";
    case(vectors, "ask-again-not-for-an-earlier-one", comment, &swapped, &expected, |reporter, _| {
        let own = &reporter.state.mailbox.own;
        assert_eq!((own.ask_again, &own.next_readers), (None, &ids(&["mina", "sara"])));
    });
}

/// What of a profile's text a message states, and who may stop others with it.
fn profile_texts(vectors: &Vectors) {
    let mut script = Script::new(&profile());
    script.report();
    let other = Digest::from_bytes([3; 32]);
    let mut by_nobody = script.clone();
    let mut message = by_nobody.draft_reply("sara", None);
    message.profile.digest = other;
    by_nobody.push(&message, &signing("reza", 1));
    let expected = Expected { reporter: &[A, N], inspector: &[A, N], office: &[] };
    let comment = "what is not authentic states no text";
    case(vectors, "profile-differs-not-authentic", comment, &by_nobody, &expected, |reporter, inspector| {
        assert!(!reporter.state.profile_differs && !inspector.state.profile_differs);
    });
    let mut claimed = script.clone();
    let mut message = claimed.draft(Content::FollowUp { answers: Vec::new() });
    message.profile.digest = other;
    claimed.push(&message, &claimed.keys.signing.clone());
    let expected = Expected { reporter: &[A; 2], inspector: &[A; 2], office: &[] };
    let comment = "another text that the reporter states is said, and stops no inspector";
    case(vectors, "profile-differs-claimed", comment, &claimed, &expected, |_, inspector| {
        assert_eq!(
            (inspector.state.profile_differs, &warnings(inspector)[1][..]),
            (false, "profile-differs")
        );
    });
    let mut record = script.clone();
    let mut message = record.draft_record("sara", vec![]);
    message.profile.digest = other;
    record.push(&message, &signing("sara", 1));
    let expected = Expected { reporter: &[A], inspector: &[A], office: &[A] };
    let comment = "a record was sealed by another text: whoever sees it seals nothing";
    case(vectors, "profile-differs-record", comment, &record, &expected, |reporter, inspector| {
        assert!(!reporter.state.profile_differs && inspector.state.profile_differs);
    });
}

/// Sara's first key is stolen and trusted until the 15th; she has a second.
fn stolen_profile() -> Profile {
    let mut profile = profile();
    profile.inspectors[0] = inspector("sara", 1, 2);
    profile.former.push(replaced("sara", 1, "2026-11-15", WhyFormer::Stolen));
    profile
}

fn stolen_keys(vectors: &Vectors) {
    let mut forged = Script::new(&stolen_profile());
    forged.on("2026-11-10").report().reply("sara", Some(Status::Closed));
    let start = forged.clone();
    forged.on("2026-11-20").follow_up().reply("reza", None);
    let expected = Expected { reporter: &[A, D, A, A], inspector: &[A, D, A, A], office: &[] };
    case(
        vectors,
        "stolen-nobody-vouches",
        "written under a stolen key with an old day; whoever saw it wrote after the key's last day",
        &forged,
        &expected,
        |reporter, _| {
            assert_eq!(reporter.state.mailbox.status(), Status::Received);
        },
    );

    let mut two = start.clone();
    two.reply("sara", None);
    let expected = Expected { reporter: &[A, D, D], inspector: &[A, D, D], office: &[] };
    case(
        vectors,
        "stolen-two",
        "two messages under one stolen key do not vouch for each other",
        &two,
        &expected,
        |_, _| {},
    );

    let mut two_keys = stolen_profile();
    two_keys.inspectors[1] = inspector("reza", 1, 2);
    two_keys.former.push(replaced("reza", 1, "2026-11-15", WhyFormer::Stolen));
    let mut both = Script::new(&two_keys);
    both.on("2026-11-10").report().reply("sara", None).reply("reza", None);
    case(vectors, "stolen-two-keys", "nor do two stolen keys", &both, &expected, |_, _| {});

    let mut vouched = start.clone();
    vouched.on("2026-11-12").reply("reza", None);
    let expected = Expected { reporter: &[A; 3], inspector: &[A; 3], office: &[] };
    case(
        vectors,
        "stolen-vouched",
        "another inspector had seen it while the key was trusted",
        &vouched,
        &expected,
        |reporter, _| {
            assert_eq!(reporter.mailbox[1].former, Some(WhyFormer::Stolen));
            assert_eq!(reporter.state.mailbox.status(), Status::Closed);
        },
    );

    let mut departed_voucher = stolen_profile();
    departed_voucher.inspectors.remove(1);
    departed_voucher.former.push(departed("reza", 1, "2026-11-11"));
    let mut too_late = start.clone();
    too_late.with_profile(&departed_voucher).on("2026-11-12").reply("reza", None);
    let doubted = Expected { reporter: &[A, D, D], inspector: &[A, D, D], office: &[] };
    case(
        vectors,
        "stolen-vouched-too-late",
        "whoever vouches is believed himself: a key that was no longer trusted vouches for nothing",
        &too_late,
        &doubted,
        |_, _| {},
    );

    let mut other_key = start.clone();
    let mut message = other_key.on("2026-11-12").draft_reply("sara", None);
    message.sender = Sender::Inspector(key_id("sara", 2));
    other_key.push(&message, &signing("sara", 2));
    case(
        vectors,
        "stolen-vouched-by-her-new-key",
        "her own new key is another key",
        &other_key,
        &expected,
        |_, _| {},
    );

    let mut remembered = start.clone();
    remembered.on("2026-11-12").follow_up();
    case(
        vectors,
        "stolen-vouched-by-a-memo",
        "the reporter had seen it: her memo says so, and to inspectors her follow-up",
        &remembered,
        &expected,
        |_, _| {},
    );

    let mut other_thread = start.clone();
    let mut message = other_thread.on("2026-11-12").draft_reply("reza", None);
    message.threads.mailbox.digest = Digest::from_bytes([3; 32]);
    other_thread.push(&message, &signing("reza", 1));
    let doubted = Expected { reporter: &[A, D, A], inspector: &[A, D, A], office: &[] };
    case(
        vectors,
        "stolen-other-thread",
        "who wrote behind it had seen as many messages, but others",
        &other_thread,
        &doubted,
        |_, _| {},
    );

    let mut unseen = start.clone();
    let mut message = unseen.on("2026-11-12").draft_reply("reza", None);
    let seen = start.seen(Perspective::Reporter);
    message.threads.mailbox = mohr::protocol::message::ThreadPoint {
        length: 1,
        digest: {
            let mut one = start.clone();
            one.mailbox.truncate(1);
            one.point(ThreadName::Mailbox).digest
        },
    };
    assert_eq!(seen.mailbox.len(), 2);
    unseen.push(&message, &signing("reza", 1));
    let expected = Expected { reporter: &[A, D, A], inspector: &[A, D, A], office: &[] };
    case(vectors, "stolen-not-seen", "who wrote behind it had not seen it", &unseen, &expected, |_, _| {});

    let mut by_record = start.clone();
    by_record.on("2026-11-12").record("reza", vec![]);
    let expected = Expected { reporter: &[A, D], inspector: &[A, D], office: &[A] };
    case(
        vectors,
        "stolen-seen-by-a-record",
        "a record vouches for nothing in the mailbox, which the reporter sees without it",
        &by_record,
        &expected,
        |_, _| {},
    );

    let mut record = Script::new(&stolen_profile());
    record.on("2026-11-10").report().record("sara", vec![assign(Some("sara"))]);
    record.record("reza", vec![]);
    let expected = Expected { reporter: &[A], inspector: &[A], office: &[A, A] };
    case(vectors, "stolen-record-vouched", "a record vouches for a record", &record, &expected, |_, _| {});
}

fn former_keys(vectors: &Vectors) {
    let mut gone = profile();
    gone.inspectors.remove(0);
    gone.former.push(departed("sara", 1, "2026-11-15"));
    let mut left = Script::new(&gone);
    left.readers = ids(&["mina", "reza"]);
    let mut report = left.on("2026-11-10").clone();
    report.readers = ids(&["mina", "reza", "sara"]);
    report.report().reply("sara", Some(Status::Closed));
    let good = report.clone();
    let expected = Expected { reporter: &[A, A], inspector: &[A, A], office: &[] };
    case(
        vectors,
        "left-in-time",
        "she has left; what she wrote before stays hers",
        &good,
        &expected,
        |reporter, _| {
            assert_eq!(reporter.mailbox[1].former, Some(WhyFormer::Left));
            assert_eq!(reporter.state.mailbox.own.next_readers, ids(&["mina", "reza"]));
        },
    );
    let mut late = report.clone();
    late.on("2026-11-16").reply("sara", Some(Status::Reopened));
    let expected = Expected { reporter: &[A, A, D], inspector: &[A, A, D], office: &[] };
    case(vectors, "left-late", "she has left and writes on", &late, &expected, |reporter, _| {
        assert_eq!(reporter.state.mailbox.status(), Status::Closed);
    });
    let mut backdated = report.clone();
    backdated.reply("sara", None);
    backdated.mailbox[2].day = day("2026-11-16");
    case(
        vectors,
        "left-listed-late",
        "she dates it back, the server does not",
        &backdated,
        &expected,
        |_, _| {},
    );

    let mut listed_early = report.clone();
    let late = Message { day: day("2026-11-16"), ..listed_early.draft_reply("sara", None) };
    listed_early.push(&late, &signing("sara", 1));
    case(
        vectors,
        "left-dated-late",
        "she does not date it back, the server does",
        &listed_early,
        &expected,
        |_, _| {},
    );

    let mut new_key = profile();
    new_key.inspectors[0] = inspector("sara", 1, 2);
    new_key.former.push(replaced("sara", 1, "2026-11-15", WhyFormer::Replaced));
    let mut replaced_key = Script::new(&new_key);
    replaced_key.on("2026-11-10").report().reply("sara", Some(Status::Closed)).on("2026-11-20");
    let mut message = replaced_key.draft_reply("sara", Some(Status::Reopened));
    message.sender = Sender::Inspector(key_id("sara", 2));
    replaced_key.push(&message, &signing("sara", 2)).reply("sara", None);
    let expected = Expected { reporter: &[A, A, A, D], inspector: &[A, A, A, D], office: &[] };
    case(
        vectors,
        "replaced",
        "her old key for what she wrote under it, her new one from then on",
        &replaced_key,
        &expected,
        |_, _| {},
    );
}

fn left_out(vectors: &Vectors) {
    let mut script = Script::new(&profile());
    script.to(&["mina", "sara"]).report().reply("reza", Some(Status::Closed)).record("reza", vec![]);
    let expected = Expected { reporter: &[A, R], inspector: &[A, R], office: &[R] };
    case(
        vectors,
        "left-out-writes",
        "the report leaves Reza out, and he writes with the server's help",
        &script,
        &expected,
        |reporter, _| {
            assert_eq!(reporter.state.mailbox.status(), Status::Received);
        },
    );

    let mut newest = profile();
    newest.inspectors[1].joined = newest.version;
    let mut at_once = Script::new(&newest);
    at_once.to(&["mina", "sara"]).report().reply("reza", None).record("reza", vec![]);
    case(
        vectors,
        "left-out-newest",
        "he joined with the version that the report states, so she could have named him",
        &at_once,
        &expected,
        |_, _| {},
    );

    let mut renewed = profile();
    renewed.version = 6;
    renewed.inspectors[1] = inspector("reza", 1, 2);
    renewed.former.push(replaced("reza", 1, "2026-11-20", WhyFormer::Replaced));
    let mut new_keys = Script::new(&profile());
    new_keys.to(&["mina", "sara"]).report().with_profile(&renewed);
    let mut message = new_keys.draft_reply("reza", None);
    message.sender = Sender::Inspector(key_id("reza", 2));
    new_keys.push(&message, &signing("reza", 2));
    let expected = Expected { reporter: &[A, R], inspector: &[A, R], office: &[] };
    case(
        vectors,
        "left-out-new-keys",
        "new keys make nobody another person",
        &new_keys,
        &expected,
        |_, _| {},
    );

    let mut gone = profile();
    gone.version = 6;
    gone.inspectors.remove(1);
    gone.former.push(departed("reza", 1, "2026-11-30"));
    let mut departed_one = Script::new(&profile());
    departed_one.to(&["mina", "sara"]).report().with_profile(&gone).reply("reza", None);
    case(
        vectors,
        "left-out-departed",
        "who was left out stays so when he is no longer listed",
        &departed_one,
        &expected,
        |_, _| {},
    );

    let mut another = gone.clone();
    another.inspectors.push(inspector("r-2", 6, 1));
    let mut new_id = Script::new(&profile());
    new_id.to(&["mina", "sara"]).report().with_profile(&another).record("r-2", vec![assign(Some("r-2"))]);
    let expected = Expected { reporter: &[A], inspector: &[A], office: &[R] };
    case(
        vectors,
        "left-out-new-id",
        "whoever joined later is no reader until the case is handed over",
        &new_id,
        &expected,
        |_, _| {},
    );

    let mut told = Script::new(&profile());
    told.to(&["mina", "reza", "sara"]).report().reply("sara", None);
    let before = told.draft_reply("reza", None);
    told.to(&["mina", "sara"]).follow_up().push(&before, &signing("reza", 1)).reply("reza", None);
    let expected = Expected { reporter: &[A, A, A, R, R], inspector: &[A, A, A, R, R], office: &[] };
    case(
        vectors,
        "follow-up-leaves-out",
        "a follow-up leaves Reza out; what he wrote before he had seen it comes too late as well",
        &told,
        &expected,
        |reporter, inspector| {
            for reading in [reporter, inspector] {
                assert_eq!(
                    reading.state.mailbox.left_out.keys().cloned().collect::<Vec<_>>(),
                    ids(&["reza"])
                );
            }
            assert_eq!(inspector.state.office.readers, Some(ids(&["mina", "sara"]).into_iter().collect()));
        },
    );

    let mut joined = profile();
    joined.version = 6;
    joined.inspectors.push(inspector("nina", 6, 1));
    let mut untold = Script::new(&profile());
    untold.report().with_profile(&joined);
    let reply = {
        let mut with_nina = untold.clone();
        with_nina.to(&["mina", "nina", "reza", "sara"]).draft_reply("sara", None)
    };
    untold.follow_up().push(&reply, &signing("sara", 1));
    let expected = Expected { reporter: &[A; 3], inspector: &[A; 3], office: &[] };
    case(
        vectors,
        "not-told-yet",
        "who was named to the reporter only later is not left out, but offered",
        &untold,
        &expected,
        |reporter, _| {
            assert!(reporter.state.mailbox.left_out.is_empty());
            assert_eq!(reporter.state.mailbox.own.offered, ids(&["nina"]));
            assert_eq!(reporter.state.mailbox.own.next_readers, ids(&["mina", "reza", "sara"]));
        },
    );

    let mut unseen = Script::new(&profile());
    unseen.report().with_profile(&joined);
    let follow_up = unseen.draft(Content::FollowUp { answers: Vec::new() });
    unseen.to(&["mina", "nina", "reza", "sara"]).reply("sara", None);
    let own_key = unseen.keys.signing.clone();
    unseen.push(&follow_up, &own_key);
    case(
        vectors,
        "not-seen-yet",
        "she was named before the follow-up was listed, but its writer had not seen it",
        &unseen,
        &expected,
        |reporter, inspector| {
            for reading in [reporter, inspector] {
                assert!(reading.state.mailbox.left_out.is_empty());
            }
            assert_eq!(reporter.state.mailbox.own.offered, ids(&["nina"]));
        },
    );

    let mut refused = untold.clone();
    refused.follow_up().to(&["mina", "nina", "reza", "sara"]).reply("sara", None).reply("nina", None);
    let expected = Expected { reporter: &[A, A, A, A, A, R], inspector: &[A, A, A, A, A, R], office: &[] };
    case(
        vectors,
        "not-agreed",
        "she was told of Nina and writes on without her: Nina is left out and not offered again",
        &refused,
        &expected,
        |reporter, _| {
            assert_eq!(reporter.state.mailbox.left_out.keys().cloned().collect::<Vec<_>>(), ids(&["nina"]));
            assert!(reporter.state.mailbox.own.offered.is_empty());
        },
    );
}

fn handovers(vectors: &Vectors) {
    let mut joined = profile();
    joined.version = 6;
    joined.inspectors.push(inspector("nina", 6, 1));
    let mut script = Script::new(&profile());
    script.to(&["mina", "sara"]).report().with_profile(&joined);
    let handed = |script: &Script, persons: &[&str]| Act::Handover {
        persons: ids(persons),
        messages: vec![HandedMessage {
            thread: ThreadName::Mailbox,
            position: 0,
            sha256: script.mailbox[0].sha256,
            key: HandedKey::from_bytes([9; 16]),
        }],
    };
    let mut good = script.clone();
    let act = handed(&good, &["nina"]);
    good.record("nina", vec![]).record("sara", vec![act]);
    good.record("nina", vec![assign(Some("nina"))]);
    let expected = Expected { reporter: &[A], inspector: &[A], office: &[R, A, A] };
    case(
        vectors,
        "handover",
        "Nina joined later; from the handover on she is a reader",
        &good,
        &expected,
        |_, inspector| {
            let office = &inspector.state.office;
            assert_eq!(office.readers, Some(ids(&["mina", "nina", "sara"]).into_iter().collect()));
            assert_eq!(office.handovers.len(), 1);
        },
    );
    let mut breach = script.clone();
    let act = handed(&breach, &["nina", "reza"]);
    breach.record("sara", vec![act]).record("reza", vec![]);
    let expected = Expected { reporter: &[A], inspector: &[A], office: &[A, R] };
    case(
        vectors,
        "handover-breach",
        "a handover to Reza, who is left out, has no effect and is said",
        &breach,
        &expected,
        |_, inspector| {
            let office = &inspector.state.office;
            assert_eq!(office.breaches[0].value, id("reza"));
            assert_eq!(office.readers, Some(ids(&["mina", "nina", "sara"]).into_iter().collect()));
        },
    );
    let mut backdated = Script::new(&profile());
    backdated.report();
    let act = handed(&backdated, &["reza"]);
    let late = backdated.draft_record("mina", vec![act]);
    backdated.to(&["mina", "sara"]).follow_up().record("sara", vec![]);
    let mut late = late;
    late.threads.office = Some(backdated.point(ThreadName::Office));
    backdated.push(&late, &signing("mina", 1));
    let expected = Expected { reporter: &[A, A], inspector: &[A, A], office: &[A, A] };
    case(
        vectors,
        "handover-backdated",
        "a handover that states less than a record before it stands behind that one: Reza is left out by then",
        &backdated,
        &expected,
        |_, inspector| assert_eq!(inspector.state.office.breaches[0].value, id("reza")),
    );
    let mut then_left_out = script.clone();
    let act = handed(&then_left_out, &["nina"]);
    then_left_out.record("sara", vec![act]).to(&["mina", "nina", "sara"]).reply("sara", None);
    then_left_out.to(&["mina", "sara"]).follow_up().record("nina", vec![]);
    let expected = Expected { reporter: &[A, A, A], inspector: &[A, A, A], office: &[A, R] };
    case(
        vectors,
        "handover-then-left-out",
        "the reporter is told of Nina and leaves her out",
        &then_left_out,
        &expected,
        |_, inspector| {
            assert_eq!(inspector.state.office.readers, Some(ids(&["mina", "sara"]).into_iter().collect()));
        },
    );
}

fn records(vectors: &Vectors) {
    let mut recused = Script::new(&profile());
    recused.to(&["mina", "sara"]).report().record("mina", vec![Act::Recuse { reason: None }]);
    recused.record("mina", vec![]).record("sara", vec![Act::Recuse { reason: None }]).record("sara", vec![]);
    let expected = Expected { reporter: &[A], inspector: &[A], office: &[A, R, A, A] };
    case(
        vectors,
        "recuse",
        "Mina declares an interest and reads no more; Sara is the last and stays",
        &recused,
        &expected,
        |_, inspector| {
            let office = &inspector.state.office;
            assert_eq!(office.readers, Some(ids(&["sara"]).into_iter().collect()));
            assert_eq!(office.recused, ids(&["mina"]).into_iter().collect());
        },
    );

    let mut placed = Script::new(&profile());
    placed.report();
    let early = placed.draft_record("reza", vec![assign(Some("reza"))]);
    placed.to(&["mina", "sara"]).follow_up();
    placed.push(&early, &signing("reza", 1)).record("sara", vec![]);
    let mut late = early.clone();
    late.threads.office = Some(placed.point(ThreadName::Office));
    placed.push(&late, &signing("reza", 1));
    let expected = Expected { reporter: &[A, A], inspector: &[A, A], office: &[A, A, R] };
    case(
        vectors,
        "placed-by-stated-length",
        "a record stands behind the messages that it states, or that one before it does: once Sara's states the follow-up that leaves Reza out, his backdated one comes too late",
        &placed,
        &expected,
        |_, inspector| {
            assert_eq!(inspector.state.office.owner.last().unwrap().value, Some(id("reza")));
        },
    );

    let mut values = Script::new(&profile());
    values.report().record("sara", vec![assign(Some("sara")), order("o-1", "sara")]);
    let other = values.draft_record(
        "reza",
        vec![assign(Some("reza")), deadline("2026-12-01"), verdict("o-1", Verdict::Kept)],
    );
    values.record("mina", vec![assign(Some("mina")), deadline("2026-12-24"), priority()]);
    values.push(&other, &signing("reza", 1));
    values.record(
        "sara",
        vec![verdict("o-1", Verdict::Late), answer("o-1"), order("o-1", "reza"), join(7), join(8), split(7)],
    );
    values.record(
        "sara",
        vec![Act::Propose { what: id("closure"), draft: "x".into() }, Act::Intake { channel: Channel::Web }],
    );
    let expected = Expected { reporter: &[A], inspector: &[A], office: &[A, A, A, A, A] };
    case(vectors, "values", "every act, and what two set at once", &values, &expected, |_, inspector| {
        let office = &inspector.state.office;
        assert_eq!(office.owner.last().unwrap().value, Some(id("reza")));
        assert_eq!(office.owner.concurrent()[0].value, Some(id("mina")));
        let verdict = &office.orders[&id("o-1")].verdict;
        assert_eq!((verdict.last().unwrap().by.clone(), verdict.concurrent().len()), (key_id("reza", 1), 0));
        assert!(office.intake.is_none(), "only the first record says how the report came");
    });

    let mut status = Script::new(&profile());
    status.report();
    let closing = status.draft_reply("reza", Some(Status::Closed));
    status.reply("sara", Some(Status::Referred)).push(&closing, &signing("reza", 1));
    let expected = Expected { reporter: &[A; 3], inspector: &[A; 3], office: &[] };
    case(
        vectors,
        "concurrent-status",
        "two set the status at once: the last is shown, the other beside it",
        &status,
        &expected,
        |reporter, _| {
            let standing = &reporter.state.mailbox.standing;
            assert_eq!(standing.last().unwrap().value.status, Status::Closed);
            assert_eq!(standing.concurrent()[0].value.status, Status::Referred);
        },
    );
    status.reply("mina", Some(Status::Closed));
    let expected = Expected { reporter: &[A; 4], inspector: &[A; 4], office: &[] };
    case(
        vectors,
        "concurrent-status-confirmed",
        "the next one had seen both",
        &status,
        &expected,
        |reporter, _| {
            assert!(reporter.state.mailbox.standing.concurrent().is_empty());
        },
    );

    let mut journal = Script::journal(&profile());
    let template = Act::Template { template: id("hello"), title: "t".into(), text: "x".into() };
    journal
        .record("sara", vec![template, assign(Some("sara"))])
        .record("mina", vec![Act::Minutes { day: day("2026-11-20"), text: "m".into() }]);
    let expected = Expected { reporter: &[], inspector: &[], office: &[A, A] };
    case(
        vectors,
        "journal",
        "every person writes in the journal, and acts of a case have no effect there",
        &journal,
        &expected,
        |_, inspector| {
            assert_eq!((inspector.journal.templates.len(), inspector.journal.minutes.len()), (1, 1));
            assert!(inspector.state.office.owner.last().is_none());
        },
    );
}

fn two_persons(vectors: &Vectors) {
    let mut profile = stolen_profile();
    profile.two_persons = vec![TwoPersons { id: id("knowingly-false"), since: day("2026-11-05") }];
    let mut script = Script::new(&profile);
    script.on("2026-11-10").to(&["reza", "sara"]).report();
    let close = |script: &Script| {
        let outcome = Some(Outcome { id: OutcomeId::KnowinglyFalse, rule: None });
        let content = Content::Reply { status: Some(Status::Closed), outcome, seconds: Vec::new() };
        Message { content, ..script.draft_reply("reza", None) }
    };
    let mut alone = script.clone();
    alone.push(&close(&alone), &signing("reza", 1));
    let expected = Expected { reporter: &[A, A], inspector: &[A, A], office: &[] };
    case(
        vectors,
        "second-missing",
        "an outcome for which two persons are asked waits",
        &alone,
        &expected,
        |reporter, _| {
            assert_eq!(reporter.state.mailbox.waiting, [1]);
            assert_eq!(
                (reporter.state.mailbox.status(), &warnings(reporter)[1][..]),
                (Status::Received, "second-missing")
            );
        },
    );
    let seconded = |persons: &[(&str, u64)]| {
        let mut script = script.clone();
        let mut message = close(&script);
        let seconds = persons.iter().map(|(person, epoch)| script.second(&message, person, *epoch)).collect();
        if let Content::Reply { seconds: found, .. } = &mut message.content {
            *found = seconds;
        }
        script.push(&message, &signing("reza", 1));
        script
    };
    case(vectors, "second", "Sara signed it, too", &seconded(&[("sara", 2)]), &expected, |reporter, _| {
        assert_eq!((reporter.state.mailbox.status(), reporter.mailbox[1].seconds.len()), (Status::Closed, 1));
    });
    for (name, comment, seconds) in [
        ("second-own", "oneself is no second person", ("reza", 1)),
        ("second-left-out", "nor is who is left out", ("mina", 1)),
        ("second-stolen", "nor a stolen key", ("sara", 1)),
        ("second-unlisted", "nor who is not listed", ("nina", 1)),
    ] {
        case(vectors, name, comment, &seconded(&[seconds]), &expected, |reporter, _| {
            assert!(reporter.mailbox[1].seconds.is_empty());
            assert_eq!(reporter.state.mailbox.waiting, [1]);
        });
    }
    for (name, comment, until, counts) in [
        ("second-former", "a key that was trusted then counts", "2026-11-10", true),
        ("second-former-late", "one that was not does not", "2026-11-09", false),
    ] {
        let mut renewed = profile.clone();
        renewed.inspectors[0] = inspector("sara", 1, 3);
        renewed.former.push(replaced("sara", 2, until, WhyFormer::Replaced));
        let mut former = seconded(&[("sara", 2)]);
        former.with_profile(&renewed);
        case(vectors, name, comment, &former, &expected, |reporter, _| {
            assert_eq!(reporter.state.mailbox.waiting.is_empty(), counts);
        });
    }
    let mut other = script.clone();
    let mut message = close(&other);
    let signature = other.second(&Message { text: "دیگر".to_owned(), ..message.clone() }, "sara", 2);
    if let Content::Reply { seconds, .. } = &mut message.content {
        seconds.push(signature);
    }
    other.push(&message, &signing("reza", 1));
    case(
        vectors,
        "second-of-another",
        "nor a signature under another message",
        &other,
        &expected,
        |reporter, _| {
            assert_eq!(reporter.state.mailbox.waiting, [1]);
        },
    );
    let mut before = script.clone();
    before.push(&close(&before), &signing("reza", 1));
    before.mailbox[1].day = day("2026-11-04");
    case(
        vectors,
        "second-not-asked-yet",
        "listed before two persons were asked",
        &before,
        &expected,
        |reporter, _| {
            assert_eq!(reporter.state.mailbox.status(), Status::Closed);
        },
    );
}

fn erasures(vectors: &Vectors) {
    let base = {
        let mut script = Script::new(&profile());
        script.to(&["mina", "sara"]).report().follow_up().reply("sara", Some(Status::Closed));
        script.record("sara", vec![]).record("mina", vec![]);
        script
    };
    let mailbox_gone = |at: usize, orders: &dyn Fn(&mut Script)| {
        let mut script = base.clone();
        orders(&mut script);
        script.mailbox[at].state = ItemState::Gone;
        script
    };
    let gone = |script: &Script, name: &str, comment: &str, word: &'static str| {
        let expected = Expected { reporter: &[A, word, A], inspector: &[A, word, A], office: &[A, A] };
        case(vectors, name, comment, script, &expected, |_, _| {});
    };
    let by = |persons: &'static [&'static str]| {
        mailbox_gone(1, &move |script| {
            script.order(ThreadName::Mailbox, &[1], persons);
        })
    };
    gone(&by(&["sara"]), "gone", "erased by order of a person who is not left out", "gone");
    gone(&mailbox_gone(1, &|_| {}), "gone-without-order", "no order says that it may be gone", "missing");
    gone(&by(&["reza"]), "gone-by-left-out", "ordered by whom the report leaves out", "missing");
    gone(&by(&["nina"]), "gone-by-unlisted", "ordered by nobody whom the profile lists", "missing");
    let names = |thread, position, sha256: Option<Digest>| {
        mailbox_gone(1, &move |script| {
            let sha256 = sha256.unwrap_or(script.mailbox[1].sha256);
            script.order_of(thread, vec![ErasedMessage { position, sha256 }], &["sara"]);
        })
    };
    let other = names(ThreadName::Mailbox, 1, Some(Digest::from_bytes([1; 32])));
    gone(&other, "gone-other-digest", "the order is for another message", "missing");
    let place = names(ThreadName::Mailbox, 0, None);
    gone(&place, "gone-other-place", "the order is for another place", "missing");
    let thread = names(ThreadName::Office, 1, None);
    gone(&thread, "gone-other-thread", "the order is for another thread", "missing");

    for (name, comment, until, why, word) in [
        ("gone-by-former", "ordered on the last day of her key", "2026-11-21", WhyFormer::Replaced, "gone"),
        ("gone-by-former-late", "ordered after it", "2026-11-20", WhyFormer::Replaced, "missing"),
        ("gone-by-stolen", "ordered with a stolen key", "2026-11-21", WhyFormer::Stolen, "missing"),
    ] {
        let mut renewed = profile();
        renewed.inspectors[0] = inspector("sara", 1, 2);
        renewed.former.push(replaced("sara", 1, until, why));
        let mut script = by(&["sara"]);
        // What was not erased is by her former key, too.
        script.mailbox.truncate(2);
        let reply = Message { day: day("2026-11-01"), ..script.draft_reply("mina", None) };
        script.push(&reply, &signing("mina", 1)).office.clear();
        script.with_profile(&renewed);
        let expected = Expected { reporter: &[A, word, A], inspector: &[A, word, A], office: &[] };
        case(vectors, name, comment, &script, &expected, |_, _| {});
    }

    let mut asks = profile();
    asks.two_persons = vec![TwoPersons { id: id("erase"), since: day("2026-11-01") }];
    let two = |persons: &'static [&'static str]| {
        let mut script = by(persons);
        script.with_profile(&asks);
        script
    };
    let differs = |script: &Script, name: &str, comment: &str, word: &'static str| {
        let expected = Expected { reporter: &[A, word, A], inspector: &[A, word, A], office: &[A, A] };
        case(vectors, name, comment, script, &expected, |_, _| {});
    };
    differs(&two(&["sara"]), "gone-one-of-two", "the profile asks two persons", "missing");
    differs(&two(&["sara", "sara"]), "gone-twice-one", "one person twice is one", "missing");
    differs(&two(&["mina", "sara"]), "gone-two", "two signed", "gone");

    let mut unanswered = Script::new(&profile());
    unanswered.report().follow_up().order(ThreadName::Mailbox, &[1], &["sara"]);
    unanswered.mailbox[1].state = ItemState::Gone;
    let expected = Expected { reporter: &[A, "missing"], inspector: &[A, "missing"], office: &[] };
    case(
        vectors,
        "gone-unanswered",
        "where nobody answered, one person is not enough",
        &unanswered,
        &expected,
        |_, _| {},
    );
    unanswered.order(ThreadName::Mailbox, &[1], &["mina", "sara"]);
    let expected = Expected { reporter: &[A, "gone"], inspector: &[A, "gone"], office: &[] };
    case(vectors, "gone-unanswered-two", "two are", &unanswered, &expected, |_, _| {});

    let mut record = base.clone();
    record.record("mina", vec![Act::Recuse { reason: None }]).order(ThreadName::Office, &[0], &["mina"]);
    record.office[0].state = ItemState::Gone;
    let expected = Expected { reporter: &[A; 3], inspector: &[A; 3], office: &["missing", A, A] };
    case(
        vectors,
        "gone-record-by-no-reader",
        "for a record, whoever orders reads the case to its end",
        &record,
        &expected,
        |_, _| {},
    );
    record.order(ThreadName::Office, &[0], &["sara"]);
    let expected = Expected { reporter: &[A; 3], inspector: &[A; 3], office: &["gone", A, A] };
    case(vectors, "gone-record", "Sara does", &record, &expected, |_, _| {});

    let mut missing = base.clone();
    missing.mailbox[2].state = ItemState::Missing;
    let expected = Expected { reporter: &[A, A, "missing"], inspector: &[A, A, "missing"], office: &[A, A] };
    case(vectors, "missing", "listed, and not given", &missing, &expected, |_, _| {});
}

fn the_rest(vectors: &Vectors) {
    let mut newer = Script::new(&profile());
    newer.report();
    let mut message = newer.draft_reply("sara", Some(Status::Closed));
    message.extensions = serde_json::from_value(json!({"log": "x", "must-see": "y"})).unwrap();
    newer.push(&message, &signing("sara", 1)).reply("reza", None);
    let mut act = newer.draft_record("sara", vec![assign(Some("sara"))]);
    act.extensions = serde_json::from_value(json!({"must-threshold": "2"})).unwrap();
    newer.push(&act, &signing("sara", 1));
    let expected = Expected {
        reporter: &[A, "newer-version", A],
        inspector: &[A, "newer-version", A],
        office: &["newer-version"],
    };
    case(
        vectors,
        "newer-version",
        "what must be understood and is not keeps its place and does not count",
        &newer,
        &expected,
        |reporter, inspector| {
            assert_eq!(reporter.state.mailbox.status(), Status::Received);
            assert!(inspector.state.office.owner.last().is_none() && warnings(reporter)[2].is_empty());
        },
    );

    let mut unreadable = Script::new(&profile());
    unreadable.report().reply("sara", None).follow_up().reply("reza", Some(Status::Closed));
    unreadable.record("sara", vec![assign(Some("sara"))]);
    unreadable.mailbox[0].state = ItemState::Unreadable;
    let expected =
        Expected { reporter: &[A; 4], inspector: &["unreadable", A, "unverifiable", A], office: &[A] };
    case(
        vectors,
        "report-unreadable",
        "an inspector to whom the report was not handed over: she cannot check follow-ups, and does not know the readers",
        &unreadable,
        &expected,
        |_, inspector| {
            assert!(inspector.state.office.readers.is_none());
            assert!(warnings(inspector).iter().all(String::is_empty));
        },
    );
    let mut middle = unreadable.clone();
    middle.mailbox[0].state = ItemState::Opens;
    middle.mailbox[1].state = ItemState::Unreadable;
    middle.mailbox[1].message_json = b"noise".to_vec();
    let expected =
        Expected { reporter: &[A, "unreadable", A, A], inspector: &[A, "unreadable", A, A], office: &[A] };
    case(
        vectors,
        "unreadable-in-the-middle",
        "one item that does not open costs that item alone",
        &middle,
        &expected,
        |reporter, _| {
            assert!(warnings(reporter).iter().all(String::is_empty));
        },
    );
    let mut partly = unreadable.clone();
    partly.mailbox[0].state = ItemState::Opens;
    partly.mailbox[3].state = ItemState::NotFetched;
    let expected =
        Expected { reporter: &[A, A, A, "not-fetched"], inspector: &[A, A, A, "not-fetched"], office: &[A] };
    case(vectors, "not-fetched", "what was not asked for is said to be", &partly, &expected, |_, _| {});

    let mut one_way = Script::new(&profile());
    one_way.report();
    one_way.mailbox[0].state = ItemState::OneWay;
    one_way.mailbox[0].memo = None;
    one_way
        .to(&["mina", "sara"])
        .record("reza", vec![])
        .record("sara", vec![assign(Some("sara"))])
        .record("reza", vec![]);
    let expected = Expected { reporter: &["unverifiable"], inspector: &["one-way"], office: &[R, A, R] };
    case(
        vectors,
        "one-way",
        "bytes of nobody; the readers are those of the first record",
        &one_way,
        &expected,
        |_, inspector| {
            assert_eq!(inspector.state.office.readers, Some(ids(&["mina", "sara"]).into_iter().collect()));
        },
    );
}

fn assign(owner: Option<&str>) -> Act {
    Act::Assign { owner: owner.map(id) }
}

fn deadline(until: &str) -> Act {
    Act::Deadline { which: id("progress"), day: day(until), reason: String::new() }
}

fn priority() -> Act {
    let reasons = Some("x".to_owned());
    Act::Classify(mohr::protocol::record::Classification {
        unit: Some(id("permits")),
        priority: Some(Priority::Urgent),
        reasons,
        ..Default::default()
    })
}

fn order(order: &str, text: &str) -> Act {
    Act::Order { order: id(order), unit: id("permits"), text: text.to_owned(), due: day("2026-12-30") }
}

fn answer(order: &str) -> Act {
    Act::OrderAnswer { order: id(order), text: "x".to_owned() }
}

fn verdict(order: &str, verdict: Verdict) -> Act {
    Act::OrderVerdict { order: id(order), verdict }
}

fn join(number: u8) -> Act {
    Act::Join { case: mohr::protocol::ids::CaseId::from_bytes([number; 16]) }
}

fn split(number: u8) -> Act {
    Act::Split { case: mohr::protocol::ids::CaseId::from_bytes([number; 16]) }
}

/// The words of each message's warnings.
fn warnings(reading: &CaseReading<'_>) -> Vec<String> {
    let word = |warning| serde_json::to_value(warning).unwrap().as_str().unwrap().to_owned();
    let words = reading.mailbox.iter().map(|message| message.warnings.iter().map(word).collect::<Vec<_>>());
    words.map(|words| words.join(" ")).collect()
}

fn case(
    vectors: &Vectors,
    name: &str,
    comment: &str,
    script: &Script,
    expected: &Expected<'_>,
    check: impl Fn(&CaseReading<'_>, &CaseReading<'_>),
) {
    let (reporter, inspector) = (script.seen(Perspective::Reporter), script.seen(Perspective::Inspector));
    let (reporter, inspector) = (reporter.read(), inspector.read());
    let words = |readings: &[mohr::verify::case::MessageReading<'_>]| -> Vec<String> {
        let word = |authenticity: Authenticity| serde_json::to_value(authenticity).unwrap();
        readings.iter().map(|reading| word(reading.authenticity).as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(words(&reporter.mailbox), expected.reporter, "{name}, the reporter");
    assert_eq!(words(&inspector.mailbox), expected.inspector, "{name}, an inspector");
    assert_eq!(words(&inspector.office), expected.office, "{name}, records");
    check(&reporter, &inspector);
    let item = |item: &Item| {
        let mut json = json!({"kind": item.kind, "sha256": item.sha256, "day": item.day, "memo": item.memo});
        if item.state == ItemState::Gone {
            json["gone"] = json!(true);
            json.as_object_mut().unwrap().remove("memo");
            return json;
        }
        json["message_json"] = text(&item.message_json);
        json["seal_json"] = text(&item.seal_json);
        let found = match item.state {
            ItemState::Unreadable => "unreadable-to-inspectors",
            ItemState::OneWay => "one-way",
            ItemState::Missing => "missing",
            ItemState::NotFetched => "not-fetched",
            ItemState::Opens | ItemState::Gone => "opens",
        };
        json["found"] = json!(found);
        json
    };
    let digits = String::from_utf8(code(7).digits().to_vec()).unwrap();
    vectors.write(
        "case",
        name,
        comment,
        json!({
            "note": script.note,
            "case": script.case,
            "digits": digits,
            "mailbox": script.mailbox.iter().map(item).collect::<Vec<_>>(),
            "office": script.office.iter().map(item).collect::<Vec<_>>(),
            "orders": script.orders,
            "reporter": reading_json(&reporter, Perspective::Reporter),
            "inspector": reading_json(&inspector, Perspective::Inspector),
        }),
    );
}

fn text(bytes: &[u8]) -> Value {
    json!(String::from_utf8(bytes.to_vec()).unwrap())
}
