//! Writes `tests/vectors/` anew: `cargo run --example make-vectors`. Run it only when PROTOCOL.md changes;
//! the committed vectors are the contract between the two languages. Everything but the sealed blobs comes
//! out the same each time.

#[path = "../../tests/it/support/case_json.rs"]
mod case_json;
mod cases;
mod messages;
mod profiles;
#[path = "../../tests/it/support/script.rs"]
mod script;
mod signatures;

use std::path::{Path, PathBuf};

use mohr::protocol::archive::{self, Archive};
use mohr::protocol::ids::encode_hex;
use mohr::protocol::limits;
use mohr::protocol::memo::Memo;
use mohr::protocol::receipt::ReceiptCode;
use mohr::seal::derive::{ReporterKeys, write_token};
use mohr::seal::memo::{MemoKey, MemoPlace};
use mohr::verify::digest::{journal_id, mailbox_id, sha256, write_hash};
use script::{code, day, ids, profile, seed};
use serde_json::{Value, json};

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let vectors = Vectors { folder };
    vectors.receipt();
    vectors.derive();
    vectors.archive();
    vectors.padding();
    vectors.memo();
    vectors.write_tokens();
    messages::write(&vectors);
    signatures::write(&vectors);
    profiles::write(&vectors);
    cases::write(&vectors);
}

fn digits(code: &ReceiptCode) -> String {
    String::from_utf8(code.digits().to_vec()).unwrap()
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
            let office = profile().office;
            let keys = ReporterKeys::derive(&code, office);
            let place = MemoPlace { office, case: keys.case(), blob: sha256(b"blob") };
            let sealed = keys.memo.seal_with_nonce(&memo(), place, [first; 12]).unwrap();
            self.write(
                "derive",
                &format!("code-{first}"),
                "everything a receipt code gives",
                json!({
                    "digits": digits(&code),
                    "office": office,
                    "journal": journal_id(office),
                    "token": *keys.token.encode(),
                    "mailbox": mailbox_id(keys.token.as_bytes()),
                    "identity": *keys.identity.encode(),
                    "recipient": keys.identity.to_recipient().to_string(),
                    "signer": keys.signing.signer(),
                    "case": keys.case(),
                    "secret": *keys.secret.encode(),
                    "blob": place.blob,
                    "memo": sealed,
                    "memo_opened": memo(),
                }),
            );
        }
    }

    fn memo(&self) {
        let key = MemoKey::from_seed(seed("memo"));
        let office = profile().office;
        let case = journal_id(office);
        let place = MemoPlace { office, case, blob: sha256(b"blob") };
        let key_hex = encode_hex(&*seed("memo"));
        let nonce = [5; 12];
        let vector = |place: MemoPlace, sealed: &str| json!({"key": key_hex, "office": place.office, "case": place.case, "blob": place.blob, "sealed": sealed});
        let longest = Memo {
            day: day("9999-12-31"),
            profile: limits::INTEGER_MAX,
            readers: (0..12u8)
                .map(|n| format!("{}{}", char::from(b'a' + n), "z".repeat(31)).parse().unwrap())
                .collect(),
            thread: mohr::protocol::message::ThreadPoint {
                length: limits::INTEGER_MAX,
                digest: sha256(b"thread"),
            },
        };
        for (name, comment, memo) in [
            ("short", "opens to this memo, and seals to it with this nonce", memo()),
            ("longest", "twelve of the longest ids", longest),
        ] {
            let sealed = key.seal_with_nonce(&memo, place, nonce).unwrap();
            let mut good = vector(place, &sealed.encode());
            good["nonce"] = json!(encode_hex(&nonce));
            good["memo"] = json!(memo);
            self.write("memo", name, comment, good);
        }
        let good = key.seal_with_nonce(&memo(), place, nonce).unwrap();
        let mut bytes = *good.as_bytes();
        bytes[639] ^= 1;
        let altered = mohr::protocol::memo::SealedMemo::from_bytes(bytes).encode();
        let by_other_key =
            MemoKey::from_seed(seed("other memo")).seal_with_nonce(&memo(), place, nonce).unwrap();
        let good = good.encode();
        let other_office = mohr::protocol::ids::OfficeId::from_bytes([1; 16]);
        let other_case = mohr::protocol::ids::CaseId::from_bytes([1; 16]);
        for (name, comment, place, sealed) in [
            (
                "error-other-blob",
                "the memo of another message",
                MemoPlace { blob: sha256(b"other"), ..place },
                &good[..],
            ),
            ("error-other-case", "of another case", MemoPlace { case: other_case, ..place }, &good),
            ("error-other-office", "of another office", MemoPlace { office: other_office, ..place }, &good),
            ("error-altered", "one bit is another", place, &altered),
            ("error-other-key", "of another code", place, &by_other_key.encode()),
            ("error-short", "shorter than a memo is", place, &good[4..]),
            ("error-long", "longer than a memo is", place, &format!("{good}AAAA")),
            ("error-empty", "nothing", place, ""),
        ] {
            let mut vector = vector(place, sealed);
            vector["error"] = json!(true);
            self.write("memo", name, comment, vector);
        }
        let json = serde_json::to_string(&memo()).unwrap();
        for (name, comment, plaintext) in [
            ("error-plaintext-newline", "ends in a newline and not in spaces", format!("{json:<611}\n")),
            (
                "error-plaintext-order",
                "readers do not ascend",
                format!("{:<612}", json.replacen("mina\",\"sara", "sara\",\"mina", 1)),
            ),
            ("error-plaintext-space", "not canonical", format!("{:<612}", json.replacen(':', ": ", 1))),
            (
                "error-plaintext-unknown",
                "a member that nobody knows",
                format!("{:<612}", json.replacen('{', "{\"a\":1,", 1)),
            ),
            (
                "error-plaintext-version",
                "versions count from 1",
                format!("{:<612}", json.replacen("\"profile\":5", "\"profile\":0", 1)),
            ),
        ] {
            let plaintext: [u8; 612] = plaintext.into_bytes().try_into().unwrap();
            assert!(Memo::decode(&plaintext).is_err(), "{name}");
            let text = String::from_utf8(plaintext.to_vec()).unwrap();
            self.write("memo", name, comment, json!({"plaintext": text, "error": true}));
        }
    }

    fn write_tokens(&self) {
        for name in ["one", "two"] {
            let secret = mohr::protocol::secret::CaseSecret::from_bytes(*seed(name));
            let write = write_token(&secret);
            let hash = write_hash(&write);
            let vector = json!({"secret": *secret.encode(), "write": *write.encode(), "write_hash": hash});
            self.write("write", name, "what lets write into a case, and what the server keeps of it", vector);
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
}

fn memo() -> Memo {
    let thread = mohr::protocol::message::ThreadPoint { length: 3, digest: sha256(b"thread") };
    Memo { day: day("2026-11-21"), profile: 5, readers: ids(&["mina", "sara"]), thread }
}
