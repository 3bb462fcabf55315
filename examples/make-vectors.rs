//! Writes `tests/vectors/` anew: `cargo run --example make-vectors`. Run it only when PROTOCOL.md changes; the
//! committed vectors are the contract between the two languages. Everything but the sealed blobs comes out the same
//! each time.

use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret as _;
use mohr::protocol::archive::{self, Archive};
use mohr::protocol::day::Day;
use mohr::protocol::ids::encode_hex;
use mohr::protocol::limits;
use mohr::protocol::message::{
    Answer, Content, Door, File, Message, Outcome, OutcomeId, Reporter, Sender, Status, Thread,
};
use mohr::protocol::profile::{Inspector, Profile};
use mohr::protocol::receipt::ReceiptCode;
use mohr::protocol::seal_json::{SealJson, signed_bytes};
use mohr::seal::derive::ReporterKeys;
use mohr::seal::hybrid::Identity;
use mohr::seal::message::{open, recipients, seal};
use mohr::seal::signing::SigningKey;
use mohr::verify::digest::{labelled, office_id, sha256};
use mohr::verify::thread::initial_digest;
use serde_json::{Value, json};
use zeroize::Zeroizing;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let vectors = Vectors { folder };
    vectors.receipt();
    vectors.derive();
    vectors.message();
    vectors.archive();
    vectors.padding();
    vectors.signature();
    vectors.thread();
    vectors.profile();
    vectors.seal();
}

/// A published seed: SHA-256 of a name. Never a key that protects anything.
fn seed(name: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(*sha256(name.as_bytes()).as_bytes())
}

fn code(first: u8) -> ReceiptCode {
    let mut next = first;
    ReceiptCode::generate(|buffer| {
        for byte in buffer {
            *byte = next % 250;
            next = next.wrapping_mul(5).wrapping_add(131);
        }
    })
}

fn digits(code: &ReceiptCode) -> String {
    String::from_utf8(code.digits().to_vec()).unwrap()
}

fn root() -> SigningKey {
    SigningKey::from_seed(seed("root"))
}

fn inspector_identity(number: usize) -> Identity {
    Identity::from_seed(seed(&format!("inspector {number} identity")))
}

fn inspector_signing(number: usize) -> SigningKey {
    SigningKey::from_seed(seed(&format!("inspector {number} signing")))
}

fn profile(version: u64) -> Profile {
    let example = include_str!("../keys/profile.example.json");
    let mut profile: Profile = serde_json::from_str(example).unwrap();
    profile.version = version;
    profile.issued = "2026-03-21".parse().unwrap();
    profile.expires = "2027-03-20".parse().unwrap();
    profile.inspectors = (1..=2)
        .map(|number| Inspector {
            id: format!("inspector-{number}").parse().unwrap(),
            role: [("fa", format!("بازرس {number}")), ("en", format!("Inspector {number}"))]
                .map(|(language, text)| (language.to_owned(), text))
                .into(),
            recipient: inspector_identity(number).to_recipient().to_string(),
            signer: inspector_signing(number).signer(),
        })
        .collect();
    profile.root = root().signer();
    profile.office = office_id(&profile.root);
    profile
}

fn reporter() -> (ReceiptCode, ReporterKeys) {
    let code = code(7);
    let keys = ReporterKeys::derive(&code, profile(1).office);
    (code, keys)
}

fn report() -> Message {
    let (_, keys) = reporter();
    let office = profile(1).office;
    Message {
        office,
        case: keys.case(),
        sender: Sender::Reporter,
        sequence: 0,
        thread: Thread { length: 0, digest: initial_digest(office, keys.case()) },
        day: day(),
        language: "fa".to_owned(),
        text: "برای پروانه «پول» خواستند؛ نمی‌شود.\nخط دوم \\ \"نقل\" \u{200f}\u{1f4f7} \u{7} \u{2028}"
            .to_owned(),
        left_out: vec!["inspector-2".parse().unwrap()],
        content: Content::Report {
            door: Door::Report,
            answers: vec![Answer { question: "kind".parse().unwrap(), answer: "bribe".to_owned() }],
            reporter: Reporter {
                recipient: keys.identity.to_recipient().to_string(),
                signer: keys.signing.signer(),
            },
        },
        files: vec![File {
            name: "عکس\u{202e}gpj.exe".to_owned(),
            media_type: "image/jpeg".to_owned(),
            size_bytes: 5,
        }],
    }
}

fn follow_up() -> Message {
    let report = report();
    Message {
        sequence: 1,
        thread: Thread {
            length: 1,
            digest: labelled("thread", &[report.thread.digest.as_bytes(), &[1; 32]]),
        },
        text: String::new(),
        content: Content::FollowUp,
        files: Vec::new(),
        ..report
    }
}

fn reply() -> Message {
    Message {
        sender: Sender::Inspector("inspector-1".parse().unwrap()),
        sequence: 0,
        text: "پاسخ".to_owned(),
        content: Content::Reply {
            status: Some(Status::Closed),
            outcome: Some(Outcome { id: OutcomeId::NoViolation, rule: Some("مادهٔ ۵".to_owned()) }),
        },
        ..follow_up()
    }
}

fn day() -> Day {
    "2026-03-21".parse().unwrap()
}

struct Vectors {
    folder: PathBuf,
}

impl Vectors {
    /// One file, one success or one failure.
    fn write(&self, group: &str, name: &str, comment: &str, mut vector: Value) {
        vector.as_object_mut().unwrap().insert("comment".to_owned(), json!(comment));
        let folder = self.folder.join(group);
        std::fs::create_dir_all(&folder).unwrap();
        let text = serde_json::to_string_pretty(&vector).unwrap() + "\n";
        std::fs::write(folder.join(format!("{name}.json")), text).unwrap();
    }

    fn receipt(&self) {
        let good = digits(&code(7));
        let grouped = code(7).group().to_string();
        let persian: String =
            good.chars().map(|digit| char::from_u32(0x6f0 + digit.to_digit(10).unwrap()).unwrap()).collect();
        let arabic: String =
            good.chars().map(|digit| char::from_u32(0x660 + digit.to_digit(10).unwrap()).unwrap()).collect();
        let mixed = format!(
            "\u{2067}{}\u{2069}\u{200f} {}\u{200c}-\u{2013}{}\n",
            &persian[..16],
            &good[8..20],
            &arabic[40..]
        );
        for (name, comment, input) in [
            ("plain", "32 ASCII digits", good.clone()),
            ("grouped", "as a person is shown it", grouped),
            ("persian", "Persian digits", persian),
            ("arabic", "Arabic digits", arabic),
            ("mixed", "three scripts, bidi marks, ZWNJ, hyphens, a newline", mixed),
        ] {
            self.write("receipt", name, comment, json!({"input": input, "digits": good}));
        }
        let mut slip = good.clone().into_bytes();
        slip[3] = b'0' + (slip[3] - b'0' + 1) % 10;
        for (name, comment, error, input) in [
            ("error-slip", "one digit is wrong", "check", String::from_utf8(slip).unwrap()),
            ("error-zeros", "zeros spell 0, not 1", "check", "0".repeat(32)),
            ("error-short", "31 digits", "length", good[1..].to_owned()),
            ("error-long", "33 digits", "length", format!("{good}0")),
            ("error-empty", "nothing", "length", String::new()),
            ("error-letter", "a letter among the digits", "character", format!("{}x", &good[1..])),
            (
                "error-devanagari",
                "digits of a script that is not taken",
                "character",
                format!("{}\u{966}", &good[1..]),
            ),
            (
                "error-fullwidth",
                "NFKC would fold this digit; we do not",
                "character",
                format!("{}\u{ff11}", &good[1..]),
            ),
            ("error-huge", "more than 1,024 bytes", "length", format!("{good}{}", " ".repeat(1024))),
        ] {
            self.write("receipt", name, comment, json!({"input": input, "error": error}));
        }
        let bytes: Vec<u8> = (0..64).map(|i: u8| i.wrapping_mul(41)).collect();
        let generated = ReceiptCode::generate(|buffer| buffer.copy_from_slice(&bytes[..buffer.len()]));
        self.write(
            "receipt",
            "generate",
            "64 random bytes, those from 250 thrown away, give this code",
            json!({"random": encode_hex(&bytes), "digits": digits(&generated)}),
        );
    }

    fn derive(&self) {
        for first in [7, 99] {
            let code = code(first);
            let office = profile(1).office;
            let keys = ReporterKeys::derive(&code, office);
            self.write(
                "derive",
                &format!("code-{first}"),
                "everything a receipt code gives",
                json!({
                    "digits": digits(&code),
                    "office": office,
                    "token": *keys.token.encode(),
                    "mailbox": mohr::verify::digest::mailbox_id(keys.token.as_bytes()),
                    "identity": *keys.identity.encode(),
                    "recipient": keys.identity.to_recipient().to_string(),
                    "signer": keys.signing.signer(),
                    "case": keys.case(),
                }),
            );
        }
    }

    fn message(&self) {
        let text = |message: &Message| String::from_utf8(message.encode().unwrap()).unwrap();
        let good = [("report", report()), ("follow-up", follow_up()), ("reply", reply())];
        for (name, message) in &good {
            self.write(
                "message",
                name,
                "decodes, and encodes to the same bytes",
                json!({"json": text(message)}),
            );
        }
        let report = text(&report());
        let reply = text(&reply());
        let office = profile(1).office.to_string();
        for (name, comment, json) in [
            ("error-space", "white space is not canonical", report.replacen(':', ": ", 1)),
            (
                "error-order",
                "members out of order",
                report.replacen(r#""sequence":0,"thread""#, r#""thread""#, 1).replacen(
                    r#","day""#,
                    r#","sequence":0,"day""#,
                    1,
                ),
            ),
            (
                "error-double",
                "a member twice",
                report.replacen(r#""sequence":0"#, r#""sequence":0,"sequence":0"#, 1),
            ),
            (
                "error-unknown",
                "a member that nobody knows",
                report.replacen(r#""sequence":0"#, r#""sequence":0,"urgent":true"#, 1),
            ),
            ("error-missing", "a report without its door", report.replacen(r#""door":"report","#, "", 1)),
            (
                "error-escape",
                "a character escaped that need not be",
                report.replacen("bribe", r"brib\u0065", 1),
            ),
            ("error-surrogate", "a lone surrogate", report.replacen("bribe", r"\ud800", 1)),
            (
                "error-number",
                "1e0 is not how 1 is written",
                report.replacen(r#""size_bytes":5"#, r#""size_bytes":5e0"#, 1),
            ),
            (
                "error-negative",
                "a negative number",
                report.replacen(r#""size_bytes":5"#, r#""size_bytes":-5"#, 1),
            ),
            (
                "error-large",
                "an integer above 2^53 - 1",
                report.replacen(r#""size_bytes":5"#, r#""size_bytes":9007199254740992"#, 1),
            ),
            ("error-day", "a day that does not exist", report.replacen("2026-03-21", "2026-02-29", 1)),
            ("error-direction", "a report to the reporter", report.replacen("to-office", "to-reporter", 1)),
            (
                "error-sender",
                "a report from an inspector",
                report.replacen(r#""sender":"reporter""#, r#""sender":"inspector-1""#, 1),
            ),
            (
                "error-sequence",
                "a report is the first of its sender",
                report.replacen(r#""sequence":0"#, r#""sequence":1"#, 1),
            ),
            ("error-recipient", "a classic recipient", report.replacen("age1pq1", "age1qq1", 1)),
            ("error-type", "a file's type with a space", report.replacen("image/jpeg", "image/ jpeg", 1)),
            ("error-name", "a file without a name", report.replacen("عکس\u{202e}gpj.exe", "", 1)),
            ("error-format", "another version", report.replacen("mohr/v1", "mohr/v2", 1)),
            ("error-hex", "uppercase hex", report.replacen(&office, &office.to_uppercase(), 1)),
            ("error-rule", "no violation without its rule", reply.replacen(r#","rule":"مادهٔ ۵""#, "", 1)),
            ("error-rule-empty", "no violation with an empty rule", reply.replacen("مادهٔ ۵", "", 1)),
            (
                "error-outcome",
                "an outcome on a case that is not closed",
                reply.replacen(r#""status":"closed""#, r#""status":"referred""#, 1),
            ),
            (
                "error-status",
                "a status that nobody knows",
                reply.replacen(r#""status":"closed""#, r#""status":"done""#, 1),
            ),
            (
                "error-null",
                "null is not absence",
                reply.replacen(r#","outcome":{"#, r#","answers":null,"outcome":{"#, 1),
            ),
            (
                "error-reply-door",
                "a reply with a door",
                reply.replacen(r#""left_out""#, r#""door":"report","left_out""#, 1),
            ),
            (
                "error-reply-from-reporter",
                "a reply from the reporter",
                reply.replacen("inspector-1", "reporter", 1),
            ),
            ("error-empty", "nothing", String::new()),
            ("error-cut", "cut short", report[..report.len() - 1].to_owned()),
            ("error-trailing", "something behind the end", format!("{report} ")),
            ("error-depth", "very deep", "[".repeat(100_000)),
        ] {
            assert!(!good.iter().any(|(_, message)| text(message) == json), "{name} changes something");
            assert!(Message::decode(json.as_bytes()).is_err(), "{name}");
            self.write("message", name, comment, json!({"json": json, "error": true}));
        }
    }

    fn archive(&self) {
        let message_json = br#"{"a":1}"#;
        let seal_json = br#"{"b":2}"#;
        let one = Archive { message_json, files: vec![b"hello"], seal_json };
        let none = Archive { message_json, files: vec![], seal_json };
        for (name, archive) in [("one-file", &one), ("no-file", &none)] {
            let bytes = archive.encode(archive.encoded_bytes() + 100);
            self.write(
                "archive",
                name,
                "encodes to these bytes, filled to their length, and decodes",
                json!({
                    "archive": encode_hex(&bytes),
                    "message_json": String::from_utf8_lossy(archive.message_json),
                    "files": archive.files.iter().map(|file| encode_hex(file)).collect::<Vec<_>>(),
                    "seal_json": String::from_utf8_lossy(archive.seal_json),
                }),
            );
        }
        let bytes = one.encode(one.encoded_bytes() + 100);
        type Change = fn(&mut Vec<u8>);
        let changes: [(&str, &str, Change); 12] = [
            ("error-empty", "nothing", |bytes| bytes.clear()),
            ("error-short", "no end marker", |bytes| bytes.truncate(6 * 512 + 1023)),
            ("error-padding", "something behind the end", |bytes| *bytes.last_mut().unwrap() = 1),
            ("error-entry-padding", "something between an entry and the next", |bytes| bytes[1023] = 1),
            ("error-mode", "another mode, checksum right", |bytes| patch(bytes, 0, 106, b'5')),
            ("error-link", "a symbolic link", |bytes| patch(bytes, 0, 156, b'2')),
            ("error-mtime", "a clock", |bytes| patch(bytes, 0, 146, b'1')),
            ("error-name", "another name, checksum right", |bytes| patch(bytes, 0, 0, b'n')),
            ("error-file-number", "files/02 without files/01", |bytes| patch(bytes, 1024, 7, b'2')),
            ("error-traversal", "a path that climbs", |bytes| {
                bytes[1024..1034].copy_from_slice(b"../../evil");
                patch(bytes, 1024, 100, b'0');
            }),
            ("error-checksum", "a wrong checksum", |bytes| bytes[148] ^= 1),
            ("error-size", "a size beyond the end", |bytes| patch(bytes, 1024, 130, b'7')),
        ];
        for (name, comment, change) in changes {
            let mut changed = bytes.clone();
            change(&mut changed);
            assert!(changed != bytes && Archive::decode(&changed).is_err(), "{name}");
            self.write("archive", name, comment, json!({"archive": encode_hex(&changed), "error": true}));
        }
        fn patch(bytes: &mut [u8], header: usize, at: usize, value: u8) {
            bytes[header + at] = value;
            let block = &mut bytes[header..header + 512];
            block[148..156].fill(b' ');
            let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
            block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        }
        assert_eq!(archive::file_path(0), "files/01");
    }

    fn padding(&self) {
        let mut plans = Vec::new();
        for stanzas in [1u64, 2, 3, 5, 6, 13] {
            let header_bytes = 70 + 1557 * stanzas;
            let lengths = [
                1,
                3072,
                20_000,
                24_881,
                24_882,
                32_768,
                65_535,
                65_536,
                65_537,
                131_072,
                500_000,
                524_288,
                2_000_000,
                2_097_152,
                2_097_153,
                2_228_224,
                3_000_000,
                5_242_880,
                10_000_000,
                67_108_864,
                200_000_000,
                260_000_000,
            ];
            for archive_bytes in lengths {
                let plan = limits::plan(header_bytes, archive_bytes).unwrap();
                plans.push(json!([header_bytes, archive_bytes, plan.archive_bytes, plan.sealed_bytes]));
            }
        }
        // Headers for which a class is out of reach: the length of what follows leaves an empty last chunk.
        for header_bytes in
            [131_072 - 16 - 65_552 - 16, 131_072 - 16 - 65_552 - 1, 131_072 - 16 - 65_552 - 17]
        {
            let plan = limits::plan(header_bytes, 65_000).unwrap();
            plans.push(json!([header_bytes, 65_000, plan.archive_bytes, plan.sealed_bytes]));
        }
        self.write(
            "padding",
            "plans",
            "header, archive at least → archive filled, sealed; all in bytes",
            json!({"plans": plans}),
        );
        for (name, header_bytes, archive_bytes) in
            [("error-too-large", 1627u64, limits::SEALED_BYTES_MAX), ("error-absurd", 1627, 1 << 52)]
        {
            assert!(limits::plan(header_bytes, archive_bytes).is_none());
            self.write(
                "padding",
                name,
                "no size class holds this",
                json!({"header_bytes": header_bytes, "archive_bytes": archive_bytes, "error": true}),
            );
        }
        let classes =
            [32_768u64, 131_072, 524_288, 2_097_152, 2_162_688, 4_194_304, 209_715_200, 268_435_456];
        let others = [0u64, 1, 32_767, 32_769, 65_536, 2_097_153, 5_000_001, 268_435_457, 536_870_912];
        assert!(
            classes.iter().all(|bytes| limits::is_size_class(*bytes))
                && !others.iter().any(|bytes| limits::is_size_class(*bytes))
        );
        self.write(
            "padding",
            "classes",
            "sizes that a stored blob may have, and sizes that none has",
            json!({"classes": classes, "others": others}),
        );
    }

    fn signature(&self) {
        let (_, keys) = reporter();
        let message_json = report().encode().unwrap();
        let archive = Archive { message_json: &message_json, files: vec![b"hello"], seal_json: b"" };
        let entries = mohr::verify::message::entries(&archive);
        let bytes = signed_bytes(&entries);
        let signature = keys.signing.sign(&bytes);
        let seal_json = String::from_utf8(SealJson::new(entries, signature).encode()).unwrap();
        let vector = |signer: &str, signature: &str, bytes: &[u8]| json!({"signer": signer, "signature": signature, "signed": encode_hex(bytes)});
        let (signer, signature) = (keys.signing.signer().to_string(), signature.to_string());
        let mut good = vector(&signer, &signature, &bytes);
        let extra = json!({"message_json": String::from_utf8(message_json.clone()).unwrap(), "files": [encode_hex(b"hello")], "seal_json": seal_json});
        good.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        self.write("signature", "report", "seal.json of a report with a file", good);
        let failing = |name: &str, comment: &str, signer: &str, signature: &str, bytes: &[u8]| {
            let mut bad = vector(signer, signature, bytes);
            bad.as_object_mut().unwrap().insert("error".to_owned(), json!(true));
            assert!(
                !mohr::verify::signature::is_signed_by(
                    &signer.parse().unwrap(),
                    &signature.parse().unwrap(),
                    bytes
                ),
                "{name}"
            );
            self.write("signature", name, comment, bad);
        };
        let mut altered = bytes.clone();
        altered[20] ^= 1;
        failing("error-altered", "one bit of what was signed is another", &signer, &signature, &altered);
        failing(
            "error-other-signer",
            "somebody else's key",
            &root().signer().to_string(),
            &signature,
            &bytes,
        );
        // S + L: the same equation, another encoding (RFC 8032, 5.1.7 refuses it).
        let order: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut malleable: [u8; 64] = mohr::protocol::ids::decode_hex(&signature).unwrap();
        let mut carry = 0u16;
        for (byte, add) in malleable[32..].iter_mut().zip(order) {
            carry += u16::from(*byte) + u16::from(add);
            *byte = carry as u8;
            carry >>= 8;
        }
        failing(
            "error-malleable",
            "S is not below the group order",
            &signer,
            &encode_hex(&malleable),
            &bytes,
        );
        // The neutral element as key and R, S = 0: holds for every message where small orders are let through.
        let neutral = format!("01{}", "00".repeat(31));
        failing(
            "error-small-order",
            "a key of small order signs anything",
            &neutral,
            &format!("{neutral}{}", "00".repeat(32)),
            &bytes,
        );
    }

    fn thread(&self) {
        let (_, keys) = reporter();
        let office = profile(1).office;
        let blobs: Vec<_> = (0..3u8).map(|number| sha256(&[number])).collect();
        let mut digests = vec![initial_digest(office, keys.case())];
        for blob in &blobs {
            digests.push(labelled("thread", &[digests.last().unwrap().as_bytes(), blob.as_bytes()]));
        }
        self.write(
            "thread",
            "three-messages",
            "T0 to T3 over these blob digests",
            json!({"office": office, "case": keys.case(), "blobs": blobs, "digests": digests}),
        );
    }

    fn profile(&self) {
        let note = mohr::seal::profile::sign(profile(3), &root()).unwrap();
        let office = profile(3).office;
        let today = "2026-11-21";
        let good =
            json!({"note": note, "office": office, "version": 3, "today": today, "root": root().signer()});
        self.write(
            "profile",
            "signed",
            "verifies for this office, on this day, version 3 or less seen before",
            good.clone(),
        );
        let mut without = good.clone();
        without["office"] = Value::Null;
        self.write("profile", "first-visit", "verifies for who does not know the office yet", without);
        let foreign = SigningKey::from_seed(seed("foreign root"));
        let foreign_note = mohr::seal::profile::sign(profile(3), &foreign).unwrap();
        let (text, signature_line) = note.rsplit_once("\n\n").unwrap();
        let resigned = |text: &str| {
            // Signed by the true root, and yet not a profile.
            let name = office.to_string();
            mohr::protocol::note::Note {
                text,
                key_name: &name,
                key_hash: mohr::verify::profile::key_hash(&root().signer()),
                signature: root().sign(text.as_bytes()),
            }
            .encode()
        };
        let text = &format!("{text}\n");
        let cases = [
            (
                "error-foreign",
                "signed by another root, for who knows the office",
                "foreign",
                foreign_note.clone(),
            ),
            (
                "error-altered",
                "a letter of the text changed",
                "signature",
                note.replacen("Inspector 1", "Inspector 7", 1),
            ),
            (
                "error-claimed-office",
                "a foreign root under our office id",
                "signature",
                foreign_note.replace(&office_id(&foreign.signer()).to_string(), &office.to_string()),
            ),
            ("error-two-signatures", "two signature lines", "signature", format!("{note}{signature_line}")),
            ("error-no-signature", "no signature line", "signature", format!("{text}\n")),
            (
                "error-unknown-member",
                "a member that nobody knows",
                "document",
                resigned(&text.replacen("\"version\"", "\"extra\": 1,\n  \"version\"", 1)),
            ),
            (
                "error-double-member",
                "a member twice",
                "document",
                resigned(&text.replacen("\"version\": 3", "\"version\": 3,\n  \"version\": 3", 1)),
            ),
            (
                "error-double-language",
                "a language twice",
                "document",
                resigned(&text.replacen("\"fa\": \"بازرس 1\"", "\"fa\": \"بازرس 1\", \"fa\": \"x\"", 1)),
            ),
            (
                "error-classic-recipient",
                "a recipient that is not post-quantum",
                "document",
                resigned(&text.replacen("age1pq1", "age1qq1", 1)),
            ),
            (
                "error-neutral-page",
                "a quick exit to a script",
                "document",
                resigned(&text.replacen("\"https://", "\"javascript:", 1)),
            ),
            (
                "error-same-id",
                "two inspectors of one id",
                "document",
                resigned(&text.replacen("\"inspector-2\"", "\"inspector-1\"", 1)),
            ),
            (
                "error-missing-text",
                "a role without one of the languages",
                "document",
                resigned(&text.replacen(",\n        \"fa\": \"بازرس 1\"", "", 1)),
            ),
            ("error-not-a-note", "JSON without a signature", "signature", "{}\n".to_owned()),
        ];
        for (name, comment, error, note) in cases {
            assert!(note != good["note"].as_str().unwrap(), "{name} changes something");
            self.write(
                "profile",
                name,
                comment,
                json!({"note": note, "office": office, "version": 1, "today": today, "error": error}),
            );
        }
        let with = |member: &str, value: Value, error: &str| {
            let mut vector = good.clone();
            vector[member] = value;
            vector["error"] = json!(error);
            vector
        };
        self.write(
            "profile",
            "error-expired",
            "the day after its last",
            with("today", json!("2027-03-21"), "expired"),
        );
        self.write(
            "profile",
            "error-older",
            "a higher version was seen before",
            with("version", json!(4), "older"),
        );
        let mut last_day = good.clone();
        last_day["today"] = json!("2027-03-20");
        self.write("profile", "last-day", "valid up to and with its last day", last_day);
    }

    fn seal(&self) {
        let profile = profile(1);
        let (code, keys) = reporter();
        let reply_file = b"hello";
        for (name, message, recipient, signing) in [
            ("report", report(), None, &keys.signing),
            (
                "reply",
                Message {
                    files: vec![File {
                        name: "نامه.pdf".to_owned(),
                        media_type: "application/pdf".to_owned(),
                        size_bytes: 5,
                    }],
                    ..reply()
                },
                Some(keys.identity.to_recipient()),
                &inspector_signing(1),
            ),
        ] {
            let recipients = recipients(&profile, &message.left_out, recipient).unwrap();
            let blob = seal(&message, &[reply_file], signing, &recipients).unwrap();
            let (identity, digits) = if name == "report" {
                (inspector_identity(1), None)
            } else {
                (keys.identity.clone(), Some(digits(&code)))
            };
            let plaintext = open(&blob, &identity).unwrap();
            self.write(
                "seal",
                name,
                "opens with this identity to this message and these files",
                json!({
                    "blob": encode_hex(&blob),
                    "identity": *identity.encode(),
                    "digits": digits,
                    "office": profile.office,
                    "signer": signing.signer(),
                    "archive_sha256": sha256(&plaintext),
                    "message_json": String::from_utf8(message.encode().unwrap()).unwrap(),
                    "files": [encode_hex(reply_file)],
                }),
            );
            let mut damaged = blob.clone();
            let last = damaged.len() - 1;
            damaged[last] ^= 1;
            self.write(
                "seal",
                &format!("error-{name}-damaged"),
                "one bit of the last tag",
                json!({"blob": encode_hex(&damaged), "identity": *identity.encode(), "error": "damaged"}),
            );
            let stranger = Identity::from_seed(seed("stranger"));
            self.write(
                "seal",
                &format!("error-{name}-stranger"),
                "not sealed to this identity",
                json!({"blob": encode_hex(&blob), "identity": *stranger.encode(), "error": "not-for-us"}),
            );
            self.write("seal", &format!("error-{name}-cut"), "cut short", json!({"blob": encode_hex(&blob[..20_000]), "identity": *identity.encode(), "error": "damaged"}));
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
        self.write("seal", "error-classic", "a file for a classic recipient is not of this protocol", json!({"blob": encode_hex(&sealed), "identity": *inspector_identity(1).encode(), "error": "other-recipient"}));
    }
}
