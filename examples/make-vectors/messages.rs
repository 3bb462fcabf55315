//! `message/`, `extensions/`, `thread/` and `seal/`: what a message is, from its JSON to the sealed blob.

use age::secrecy::ExposeSecret as _;
use mohr::protocol::ids::encode_hex;
use mohr::protocol::message::{
    Answer, Content, Door, EarlierCase, File, Message, MessageKind, Outcome, OutcomeId, Sender, Status,
    ThreadPoint, Threads,
};
use mohr::protocol::record::{Act, HandedMessage, ThreadName};
use mohr::protocol::secret::{CaseSecret, HandedKey};
use mohr::seal::blob_key::BlobKey;
use mohr::seal::hybrid::Identity;
use mohr::seal::message::{recipients, seal};
use mohr::seal::opening::{OpenedBlob, open_blob};
use mohr::verify::digest::{initial_thread_digest, next_thread_digest, sha256};
use serde_json::json;

use super::Vectors;
use super::script::{day, id, identity, ids, key_id, profile, reporter, seed, signing, verified};

pub fn write(vectors: &Vectors) {
    message(vectors);
    message_errors(vectors);
    extensions(vectors);
    thread(vectors);
    sealed(vectors);
    sealed_in_chunks(vectors);
}

pub fn report() -> Message {
    let keys = reporter(7);
    let profile = verified(&profile());
    let first = initial_thread_digest(profile.office, keys.case(), ThreadName::Mailbox);
    Message {
        office: profile.office,
        case: keys.case(),
        sender: Sender::Reporter,
        threads: Threads { mailbox: ThreadPoint { length: 0, digest: first }, office: None },
        day: day("2026-11-21"),
        language: "fa".to_owned(),
        profile: profile.stamp(),
        readers: ids(&["mina", "sara"]),
        text: "برای پروانه «پول» خواستند؛ نمی‌شود.\nخط دوم \\ \"نقل\" \u{200f}\u{1f4f7} \u{7} \u{2028}"
            .to_owned(),
        content: Content::Report {
            door: Door::Report,
            answers: vec![Answer { question: id("kind"), answer: "bribe".to_owned() }],
            reporter: keys.reporter(),
            earlier: None,
        },
        files: vec![File {
            name: "عکس\u{202e}gpj.exe".to_owned(),
            media_type: "image/jpeg".to_owned(),
            size_bytes: 5,
        }],
        extensions: serde_json::from_value(json!({"constructor": "x", "z": ""})).unwrap(),
    }
}

fn follow_up() -> Message {
    let report = report();
    let digest = next_thread_digest(report.threads.mailbox.digest, MessageKind::Report, sha256(b"report"));
    Message {
        threads: Threads { mailbox: ThreadPoint { length: 1, digest }, office: None },
        text: String::new(),
        content: Content::FollowUp { answers: Vec::new() },
        files: Vec::new(),
        extensions: Default::default(),
        ..report
    }
}

pub fn reply() -> Message {
    let outcome = Some(Outcome { id: OutcomeId::NoViolation, rule: Some("مادهٔ ۵".to_owned()) });
    Message {
        sender: Sender::Inspector(key_id("sara", 1)),
        text: "پاسخ".to_owned(),
        content: Content::Reply { status: Some(Status::Closed), outcome, seconds: Vec::new() },
        ..follow_up()
    }
}

pub fn record() -> Message {
    let follow_up = follow_up();
    let digest = initial_thread_digest(follow_up.office, follow_up.case, ThreadName::Office);
    let office = Some(ThreadPoint { length: 0, digest });
    let secret = CaseSecret::from_bytes([7; 32]);
    let handed = HandedMessage {
        thread: ThreadName::Mailbox,
        position: 0,
        sha256: sha256(b"report"),
        key: HandedKey::from_bytes([9; 16]),
    };
    Message {
        sender: Sender::Inspector(key_id("sara", 3)),
        threads: Threads { mailbox: follow_up.threads.mailbox, office },
        text: String::new(),
        content: Content::Record {
            acts: vec![
                Act::Assign { owner: None },
                Act::Recuse { reason: Some("x".to_owned()) },
                Act::Handover { persons: ids(&["reza"]), messages: vec![handed] },
                Act::Invitation { person: id("reza"), case: follow_up.case, secret },
            ],
            seconds: Vec::new(),
        },
        ..follow_up
    }
}

fn text(message: &Message) -> String {
    String::from_utf8(message.encode().unwrap()).unwrap()
}

fn message(vectors: &Vectors) {
    let mut going_back = report();
    if let Content::Report { earlier, .. } = &mut going_back.content {
        let other = reporter(99);
        let signature = other.earlier_case(going_back.office, going_back.case).signature;
        *earlier = Some(EarlierCase { case: other.case(), signature });
    }
    let mut seconded = reply();
    if let Content::Reply { seconds, .. } = &mut seconded.content {
        let signature = signing("reza", 1).sign(b"x");
        seconds.push(mohr::protocol::person::PersonSignature { sender: id("reza"), epoch: 1, signature });
    }
    let mut silent = reply();
    silent.content = Content::Reply { status: None, outcome: None, seconds: Vec::new() };
    let mut answered = follow_up();
    answered.content =
        Content::FollowUp { answers: vec![Answer { question: id("content"), answer: String::new() }] };
    for (name, message) in [
        ("report", report()),
        ("report-earlier", going_back),
        ("follow-up", follow_up()),
        ("follow-up-answers", answered),
        ("reply", reply()),
        ("reply-seconded", seconded),
        ("reply-without-status", silent),
        ("record", record()),
    ] {
        vectors.write(
            "message",
            name,
            "decodes, and encodes to the same bytes",
            json!({"json": text(&message)}),
        );
    }
}

#[rustfmt::skip]
fn message_errors(vectors: &Vectors) {
    let (report, follow_up, reply, record) = (text(&report()), text(&follow_up()), text(&reply()), text(&record()));
    let office = profile().office.to_string();
    let one = |from: &str, old: &str, new: &str| {
        assert!(from.contains(old), "{old}");
        from.replacen(old, new, 1)
    };
    let thirteen: Vec<String> = (0..13).map(|n| format!("\"r{n:02}\"")).collect();
    let seventeen: Vec<String> = (0..17).map(|n| format!("\"a{n:02}\":\"\"")).collect();
    let second = format!("{{\"sender\":\"reza\",\"epoch\":1,\"signature\":\"{}\"}}", "ab".repeat(64));
    let five = [second.as_str(); 5].join(",");
    let answer = r#"{"question":"kind","answer":"bribe"}"#;
    let answers = vec![answer; 65].join(",");
    let acts = vec![r#"{"act":"recuse"}"#; 65].join(",");
    let readers = r#""readers":["mina","sara"]"#;
    for (name, comment, json) in [
        ("error-space", "white space is not canonical", one(&report, ":", ": ")),
        ("error-order", "members out of order", one(&one(&report, r#""language":"fa","#, ""), r#""text""#, r#""language":"fa","text""#)),
        ("error-double", "a member twice", one(&report, r#""language":"fa""#, r#""language":"fa","language":"fa""#)),
        ("error-unknown", "a member that nobody knows", one(&report, r#""language":"fa""#, r#""language":"fa","urgent":true"#)),
        ("error-missing", "a report without its door", one(&report, r#""door":"report","#, "")),
        ("error-escape", "a character escaped that need not be", one(&report, "bribe", r"brib\u0065")),
        ("error-surrogate", "a lone surrogate", one(&report, "bribe", r"\ud800")),
        ("error-number", "5e0 is not how 5 is written", one(&report, r#""size_bytes":5"#, r#""size_bytes":5e0"#)),
        ("error-negative", "a negative number", one(&report, r#""size_bytes":5"#, r#""size_bytes":-5"#)),
        ("error-large", "an integer above 2^53 - 1", one(&report, r#""size_bytes":5"#, r#""size_bytes":9007199254740992"#)),
        ("error-day", "a day that does not exist", one(&report, "2026-11-21", "2026-02-29")),
        ("error-language", "a language of one letter", one(&report, r#""language":"fa""#, r#""language":"f""#)),
        ("error-sender", "a report from an inspector", one(&report, r#""sender":"reporter""#, r#""sender":"sara""#)),
        ("error-sender-epoch", "the reporter's keys have no epoch", one(&report, r#""sender":"reporter""#, r#""sender":"reporter","epoch":1"#)),
        ("error-report-length", "a report comes first", one(&report, r#""length":0"#, r#""length":1"#)),
        ("error-report-office", "the reporter sees no office thread", one(&report, r#"}},"day""#, &format!(r#"}},"office":{{"length":0,"digest":"{}"}}}},"day""#, "ab".repeat(32)))),
        ("error-profile-version", "versions count from 1", one(&report, r#""profile":{"version":5"#, r#""profile":{"version":0"#)),
        ("error-profile-unknown", "a member in the profile that nobody knows", one(&report, r#""profile":{"#, r#""profile":{"a":1,"#)),
        ("error-readers-none", "nobody reads it", one(&report, readers, r#""readers":[]"#)),
        ("error-readers-order", "readers do not ascend", one(&report, readers, r#""readers":["sara","mina"]"#)),
        ("error-readers-twice", "a reader twice", one(&report, readers, r#""readers":["sara","sara"]"#)),
        ("error-readers-many", "thirteen readers", one(&report, readers, &format!("\"readers\":[{}]", thirteen.join(",")))),
        ("error-readers-reporter", "no person's id is \"reporter\"", one(&report, readers, r#""readers":["reporter"]"#)),
        ("error-answers-many", "65 answers", one(&report, answer, &answers)),
        ("error-door", "a door that nobody knows", one(&report, r#""door":"report""#, r#""door":"window""#)),
        ("error-secret", "a case secret that is too short", one(&report, r#""secret":""#, r#""secret":"00","x":""#)),
        ("error-recipient", "a classic recipient", one(&report, "age1pq1", "age1qq1")),
        ("error-recipient-short", "a recipient of another length", one(&report, r#""recipient":"age1pq1"#, r#""recipient":"age1pq1q"#)),
        ("error-type", "a file's type with a space", one(&report, "image/jpeg", "image/ jpeg")),
        ("error-name", "a file without a name", one(&report, "عکس\u{202e}gpj.exe", "")),
        ("error-name-long", "a file's name of 256 bytes", one(&report, "عکس\u{202e}gpj.exe", &"x".repeat(256))),
        ("error-format", "another version", one(&report, "mohr/v1", "mohr/v2")),
        ("error-kind", "a kind that nobody knows", one(&report, r#""kind":"report""#, r#""kind":"rumour""#)),
        ("error-hex", "uppercase hex", one(&report, &office, &office.to_uppercase())),
        ("error-earlier-null", "null is not absence", one(&report, r#","files""#, r#","earlier":null,"files""#)),
        ("error-extensions-missing", "extensions always stand there", one(&reply, r#","extensions":{}"#, "")),
        ("error-extensions-order", "names do not ascend", one(&report, r#""constructor":"x","z":"""#, r#""z":"","constructor":"x""#)),
        ("error-extensions-twice", "a name twice", one(&report, r#""z":"""#, r#""z":"","z":"""#)),
        ("error-extensions-number", "a value that is no string", one(&report, r#""z":"""#, r#""z":1"#)),
        ("error-extensions-name", "a name that is no id", one(&report, r#""z":"""#, r#""Z":"""#)),
        ("error-extensions-many", "seventeen of them", one(&reply, r#""extensions":{}"#, &format!(r#""extensions":{{{}}}"#, seventeen.join(",")))),
        ("error-extensions-long", "a value of 8,193 bytes", one(&report, r#""z":"""#, &format!("\"z\":\"{}\"", "x".repeat(8193)))),
        ("error-follow-up-door", "a follow-up with a door", one(&follow_up, r#""answers""#, r#""door":"report","answers""#)),
        ("error-follow-up-answers", "a follow-up without answers", one(&follow_up, r#""answers":[],"#, "")),
        ("error-rule", "no violation without its rule", one(&reply, r#","rule":"مادهٔ ۵""#, "")),
        ("error-rule-empty", "no violation with an empty rule", one(&reply, "مادهٔ ۵", "")),
        ("error-outcome", "an outcome on a case that is not closed", one(&reply, r#""status":"closed""#, r#""status":"referred""#)),
        ("error-status", "a status that nobody knows", one(&reply, r#""status":"closed""#, r#""status":"done""#)),
        ("error-null", "null is not absence", one(&reply, r#","outcome":{"#, r#","answers":null,"outcome":{"#)),
        ("error-reply-door", "a reply with a door", one(&reply, r#""status""#, r#""door":"report","status""#)),
        ("error-reply-from-reporter", "a reply from the reporter", one(&reply, r#""sender":"sara""#, r#""sender":"reporter""#)),
        ("error-reply-without-epoch", "a reply without the epoch of its key", one(&reply, r#""epoch":1,"#, "")),
        ("error-reply-epoch", "epochs count from 1", one(&reply, r#""epoch":1"#, r#""epoch":0"#)),
        ("error-reply-office", "a reply states the mailbox alone", one(&reply, r#"}},"day""#, &format!(r#"}},"office":{{"length":0,"digest":"{}"}}}},"day""#, "ab".repeat(32)))),
        ("error-reply-without-seconds", "seconds always stand in a reply", one(&reply, r#""seconds":[],"#, "")),
        ("error-seconds-many", "five seconds", one(&reply, r#""seconds":[]"#, &format!("\"seconds\":[{five}]"))),
        ("error-seconds-epoch", "a second's epoch counts from 1", one(&reply, r#""seconds":[]"#, &format!("\"seconds\":[{}]", one(&second, "\"epoch\":1", "\"epoch\":0")))),
        ("error-record-mailbox", "a record states both threads", format!("{}{}", &record[..record.find(r#","office":{"length""#).unwrap()], &record[record.find(r#"},"day""#).unwrap()..])),
        ("error-record-status", "a record with a status", one(&record, r#""acts""#, r#""status":"closed","acts""#)),
        ("error-record-act", "an act that nobody knows", one(&record, r#"{"act":"assign"}"#, r#"{"act":"pardon"}"#)),
        ("error-record-act-null", "null is not absence in an act", one(&record, r#"{"act":"assign"}"#, r#"{"act":"assign","owner":null}"#)),
        ("error-record-act-order", "members of an act out of order", one(&record, r#"{"act":"recuse","reason":"x"}"#, r#"{"reason":"x","act":"recuse"}"#)),
        ("error-record-act-member", "a recusal is for oneself", one(&record, r#"{"act":"recuse","reason":"x"}"#, r#"{"act":"recuse","person":"reza"}"#)),
        ("error-record-act-priority", "a priority has reasons", one(&record, r#"{"act":"assign"}"#, r#"{"act":"classify","priority":"urgent"}"#)),
        ("error-record-act-nothing", "a classification that says nothing", one(&record, r#"{"act":"assign"}"#, r#"{"act":"classify"}"#)),
        ("error-record-act-long", "a text of 16,385 bytes", one(&record, r#""reason":"x""#, &format!("\"reason\":\"{}\"", "x".repeat(16_385)))),
        ("error-record-handover-nothing", "a handover of no message", format!("{}{}", &record[..record.find(r#""messages":["#).unwrap()], one(&record[record.find(r#""messages":["#).unwrap()..], &record[record.find(r#""messages":["#).unwrap()..=record.find("}]}").unwrap() + 1], r#""messages":[]"#))),
        ("error-record-handover-nobody", "a handover to nobody", one(&record, r#""persons":["reza"]"#, r#""persons":[]"#)),
        ("error-record-acts-many", "65 acts", one(&record, r#"{"act":"assign"}"#, &acts)),
        ("error-empty", "nothing", String::new()),
        ("error-cut", "cut short", report[..report.len() - 1].to_owned()),
        ("error-trailing", "something behind the end", format!("{report} ")),
        ("error-depth", "very deep", "[".repeat(100_000)),
    ] {
        assert!(Message::decode(json.as_bytes()).is_err(), "{name}");
        vectors.write("message", name, comment, json!({"json": json, "error": true}));
    }
}

fn extensions(vectors: &Vectors) {
    for (name, comment, json, newer) in [
        ("none", "nothing", "{}".to_owned(), false),
        (
            "unknown",
            "passed over, whatever it is called",
            r#"{"constructor":"x","musty":"","proto":"y"}"#.to_owned(),
            false,
        ),
        ("must", "must be understood", r#"{"a":"","must-see":""}"#.to_owned(), true),
        ("longest", "8,192 bytes in letters of two", format!(r#"{{"a":"{}"}}"#, "ب".repeat(4096)), false),
    ] {
        vectors.write("extensions", name, comment, json!({"json": json, "newer": newer}));
    }
    let many: Vec<String> = (0..17).map(|n| format!("\"a{n:02}\":\"\"")).collect();
    for (name, comment, json) in [
        ("error-array", "no object", "[]".to_owned()),
        ("error-null", "nothing is {}", "null".to_owned()),
        ("error-name", "a name that is no id", r#"{"A":""}"#.to_owned()),
        ("error-number", "a value that is no string", r#"{"a":1}"#.to_owned()),
        ("error-twice", "a name twice", r#"{"a":"","a":""}"#.to_owned()),
        ("error-many", "seventeen", format!("{{{}}}", many.join(","))),
        ("error-long", "8,194 bytes in letters of two", format!(r#"{{"a":"{}"}}"#, "ب".repeat(4097))),
    ] {
        vectors.write("extensions", name, comment, json!({"json": json, "error": true}));
    }
}

fn thread(vectors: &Vectors) {
    let (office, case) = (profile().office, reporter(7).case());
    for (name, thread, kinds) in [
        (
            "mailbox",
            ThreadName::Mailbox,
            vec![MessageKind::Report, MessageKind::FollowUp, MessageKind::Reply],
        ),
        (
            "mailbox-other-kind",
            ThreadName::Mailbox,
            vec![MessageKind::Report, MessageKind::Reply, MessageKind::Reply],
        ),
        ("office", ThreadName::Office, vec![MessageKind::Record, MessageKind::Record]),
    ] {
        let mut digests = vec![initial_thread_digest(office, case, thread)];
        let blobs: Vec<_> = (0..kinds.len() as u8).map(|number| sha256(&[number])).collect();
        for (kind, blob) in kinds.iter().zip(&blobs) {
            digests.push(next_thread_digest(*digests.last().unwrap(), *kind, *blob));
        }
        vectors.write(
            "thread",
            name,
            "T0 and what follows over these kinds and blob digests",
            json!({"office": office, "case": case, "thread": thread, "kinds": kinds, "blobs": blobs, "digests": digests}),
        );
    }
}

fn sealed(vectors: &Vectors) {
    let keys = reporter(7);
    let profile = profile();
    let file = b"hello";
    let with_file = Message {
        files: vec![File {
            name: "نامه.pdf".to_owned(),
            media_type: "application/pdf".to_owned(),
            size_bytes: 5,
        }],
        ..reply()
    };
    let write = |name: &str, comment: &str, vector| vectors.write("seal", name, comment, vector);
    for (name, message, recipient, signing_key, identity) in [
        ("report", report(), None, keys.signing.clone(), identity("sara", 1)),
        ("reply", with_file, Some(keys.identity.to_recipient()), signing("sara", 1), keys.identity.clone()),
    ] {
        let recipients = recipients(&profile, &message.readers, recipient).unwrap();
        let blob = seal(&message, &[file], &signing_key, &recipients).unwrap();
        let opened = open_blob(std::io::Cursor::new(&blob), BlobKey::Identity(&identity)).unwrap();
        let OpenedBlob::Message(open) = opened else { panic!("a message") };
        let file_key = open.file_key().clone();
        write(
            name,
            "opens with this identity, and with this file key, to this message and these files",
            json!({
                "blob": encode_hex(&blob),
                "identity": *identity.encode(),
                "file_key": *file_key.encode(),
                "signer": signing_key.signer(),
                "message_json": text(&message),
                "files": [encode_hex(file)],
            }),
        );
        let mut damaged = blob.clone();
        *damaged.last_mut().unwrap() ^= 1;
        let mut header = blob.clone();
        header[100] ^= 1;
        let stranger = Identity::from_seed(seed("stranger"));
        let left_out = super::script::identity("reza", 1);
        for (error, comment, blob, identity, word) in [
            ("damaged", "one bit of the last tag", &damaged[..], &identity, "damaged"),
            ("cut", "cut short", &blob[..20_000], &identity, "damaged"),
            ("stranger", "not sealed to this identity", &blob, &stranger, "not-for-us"),
            ("left-out", "a stand-in has this person's place", &blob, &left_out, "not-for-us"),
        ] {
            let vector = json!({"blob": encode_hex(blob), "identity": *identity.encode(), "error": word});
            write(&format!("error-{name}-{error}"), comment, vector);
        }
        let wrong = HandedKey::from_bytes([9; 16]);
        let vector = json!({"blob": encode_hex(&blob), "file_key": *wrong.encode(), "error": "damaged"});
        write(
            &format!("error-{name}-file-key"),
            "the header's MAC does not hold under this file key",
            vector,
        );
    }
    let classic = age::x25519::Identity::generate();
    let recipient = classic.to_public();
    let mut sealed = Vec::new();
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
    let mut writer = encryptor.wrap_output(&mut sealed).unwrap();
    std::io::Write::write_all(&mut writer, b"x").unwrap();
    writer.finish().unwrap();
    assert!(!classic.to_string().expose_secret().is_empty());
    let vector = json!({"blob": encode_hex(&sealed), "identity": *identity("sara", 1).encode(), "error": "other-recipient"});
    write("error-classic", "a file for a classic recipient is not of this protocol", vector);
}

/// Longer than one chunk of the payload: pages seal chunk by chunk, and must come to the same bytes.
fn sealed_in_chunks(vectors: &Vectors) {
    let keys = reporter(7);
    let profile = profile();
    let long: Vec<u8> = (0..70_000_u32).map(|i| (i % 251) as u8).collect();
    let message = Message {
        files: vec![File {
            name: "chunks.bin".to_owned(),
            media_type: "application/octet-stream".to_owned(),
            size_bytes: 70_000,
        }],
        ..report()
    };
    let reader = identity("sara", 1);
    let blob =
        seal(&message, &[&long], &keys.signing, &recipients(&profile, &message.readers, None).unwrap())
            .unwrap();
    let opened = open_blob(std::io::Cursor::new(&blob), BlobKey::Identity(&reader)).unwrap();
    let OpenedBlob::Message(open) = opened else { panic!("a message") };
    vectors.write(
        "seal",
        "report-of-chunks",
        "two chunks of payload; opens with this identity, and with this file key, to this message and these files",
        json!({
            "blob": encode_hex(&blob),
            "identity": *reader.encode(),
            "file_key": *open.file_key().encode(),
            "signer": keys.signing.signer(),
            "message_json": text(&message),
            "files": [encode_hex(&long)],
        }),
    );
}
