//! Runs `tests/vectors/`, which TypeScript runs as well: what both accept and refuse is the protocol.

use std::path::Path;

use mohr::protocol::age_header;
use mohr::protocol::archive::Archive;
use mohr::protocol::ids::{CaseId, Digest, OfficeId, Signature, Signer, encode_hex};
use mohr::protocol::limits;
use mohr::protocol::message::Message;
use mohr::protocol::receipt::{self, ReceiptCode};
use mohr::protocol::seal_json::{SealJson, signed_bytes};
use mohr::protocol::text::fold;
use mohr::seal::derive::ReporterKeys;
use mohr::seal::hybrid::Identity;
use mohr::seal::message::{OpenError, open};
use mohr::verify::digest::{labelled, mailbox_id, sha256};
use mohr::verify::message::{Unverified, entries};
use mohr::verify::profile::{self, Expectation, verify};
use mohr::verify::signature::is_signed_by;
use mohr::verify::thread::initial_digest;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

type Run = fn(&Vector);

/// Every folder of vectors and what runs it. `cctv` has a test of its own.
const GROUPS: [(&str, Run); 10] = [
    ("archive", archive),
    ("derive", derive),
    ("message", message),
    ("padding", padding),
    ("profile", office_profile),
    ("receipt", receipt_code),
    ("seal", sealed),
    ("signature", signature),
    ("text", folded_text),
    ("thread", thread),
];

#[test]
fn every_vector_in_every_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let group = entry.file_name().into_string().unwrap();
        if !entry.path().is_dir() || group == "cctv" {
            continue;
        }
        let (_, run) =
            GROUPS.iter().find(|(name, _)| *name == group).expect("a folder that this runner knows");
        for file in std::fs::read_dir(entry.path()).unwrap().map(Result::unwrap) {
            let vector = Vector::read(&file.path());
            run(&vector);
            count += 1;
        }
    }
    assert!(count >= 118, "only {count} vectors: some were lost");
}

struct Vector {
    name: String,
    value: Value,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        Self { name: path.display().to_string(), value }
    }

    fn get<T: DeserializeOwned>(&self, member: &str) -> T {
        T::deserialize(&self.value[member]).unwrap_or_else(|error| panic!("{} {member}: {error}", self.name))
    }

    fn bytes(&self, member: &str) -> Vec<u8> {
        unhex(self.value[member].as_str().unwrap())
    }

    fn text(&self, member: &str) -> &str {
        self.value[member].as_str().unwrap()
    }

    fn fails(&self) -> bool {
        self.value.get("error").is_some()
    }
}

fn receipt_code(vector: &Vector) {
    if let Some(random) = vector.value.get("random") {
        let random = unhex(random.as_str().unwrap());
        let code = ReceiptCode::generate(|buffer| buffer.copy_from_slice(&random[..buffer.len()]));
        assert_eq!(code.digits(), vector.text("digits").as_bytes());
        return;
    }
    match ReceiptCode::decode(vector.text("input")) {
        Ok(code) => assert_eq!(code.digits(), vector.text("digits").as_bytes(), "{}", vector.name),
        Err(error) => {
            let word = match error {
                receipt::Error::Character => "character",
                receipt::Error::Length => "length",
                receipt::Error::Check => "check",
            };
            assert_eq!(vector.value.get("error"), Some(&json!(word)), "{}", vector.name);
        }
    }
}

fn derive(vector: &Vector) {
    let code = ReceiptCode::decode(vector.text("digits")).unwrap();
    let keys = ReporterKeys::derive(&code, vector.get::<OfficeId>("office"));
    assert_eq!(*keys.token.encode(), vector.text("token"));
    assert_eq!(mailbox_id(keys.token.as_bytes()).to_string(), vector.text("mailbox"));
    assert_eq!(*keys.identity.encode(), vector.text("identity"));
    assert_eq!(keys.identity.to_recipient().to_string(), vector.text("recipient"));
    assert_eq!(keys.signing.signer(), vector.get::<Signer>("signer"));
    assert_eq!(keys.case(), vector.get::<CaseId>("case"));
}

fn message(vector: &Vector) {
    let json = vector.text("json").as_bytes();
    match Message::decode(json) {
        Ok(message) => assert!(!vector.fails() && message.encode().unwrap() == json, "{}", vector.name),
        Err(error) => assert!(vector.fails(), "{}: {error}", vector.name),
    }
}

fn archive(vector: &Vector) {
    let bytes = vector.bytes("archive");
    match Archive::decode(&bytes) {
        Ok(archive) => {
            assert!(!vector.fails(), "{}", vector.name);
            assert_eq!(archive.message_json, vector.text("message_json").as_bytes());
            assert_eq!(archive.seal_json, vector.text("seal_json").as_bytes());
            let files: Vec<_> = archive.files.iter().map(|file| encode_hex(file)).collect();
            assert_eq!(files, vector.get::<Vec<String>>("files"));
            assert_eq!(archive.encode(bytes.len() as u64), bytes);
        }
        Err(error) => assert!(vector.fails(), "{}: {error}", vector.name),
    }
}

fn padding(vector: &Vector) {
    if vector.fails() {
        assert_eq!(
            limits::plan(vector.get("header_bytes"), vector.get("archive_bytes")),
            None,
            "{}",
            vector.name
        );
        return;
    }
    if vector.value.get("classes").is_some() {
        assert!(vector.get::<Vec<u64>>("classes").into_iter().all(limits::is_size_class));
        assert!(!vector.get::<Vec<u64>>("others").into_iter().any(limits::is_size_class));
        return;
    }
    for [header, at_least, filled, sealed] in vector.get::<Vec<[u64; 4]>>("plans") {
        let plan = limits::Plan { archive_bytes: filled, sealed_bytes: sealed };
        assert_eq!(limits::plan(header, at_least), Some(plan), "{header} {at_least}");
    }
}

fn signature(vector: &Vector) {
    let signer: Signer = vector.get("signer");
    let signature: Signature = vector.get("signature");
    let signed = vector.bytes("signed");
    assert_eq!(is_signed_by(&signer, &signature, &signed), !vector.fails(), "{}", vector.name);
    if vector.fails() {
        return;
    }
    let message_json = vector.text("message_json").as_bytes();
    let files: Vec<_> = vector.get::<Vec<String>>("files").iter().map(|file| unhex(file)).collect();
    let archive =
        Archive { message_json, files: files.iter().map(|file| &file[..]).collect(), seal_json: b"" };
    let entries = entries(&archive);
    assert_eq!(signed_bytes(&entries), signed);
    assert_eq!(SealJson::new(entries, signature).encode(), vector.text("seal_json").as_bytes());
}

/// The vectors count as JavaScript does: in units of UTF-16, of which a character beyond the first plane has
/// two.
fn folded_text(vector: &Vector) {
    let input = vector.text("input");
    let folded = fold(input);
    assert_eq!(folded.text, vector.text("folded"), "{}", vector.name);
    let units_before = |at: usize| input[..at].encode_utf16().count();
    let mut origin: Vec<usize> = folded
        .text
        .char_indices()
        .flat_map(|(at, character)| {
            let start = units_before(folded.origin(at));
            start..start + character.len_utf16()
        })
        .collect();
    origin.push(units_before(folded.origin(folded.text.len())));
    assert_eq!(origin, vector.get::<Vec<usize>>("origin"), "{}", vector.name);
}

fn thread(vector: &Vector) {
    let mut digest = initial_digest(vector.get("office"), vector.get("case"));
    let digests = vector.get::<Vec<Digest>>("digests");
    assert_eq!(digest, digests[0]);
    for (blob, expected) in vector.get::<Vec<Digest>>("blobs").iter().zip(&digests[1..]) {
        digest = labelled("thread", &[digest.as_bytes(), blob.as_bytes()]);
        assert_eq!(digest, *expected);
    }
}

fn office_profile(vector: &Vector) {
    let expectation = Expectation {
        office: vector.get("office"),
        version: vector.get("version"),
        today: vector.get("today"),
    };
    let found = match verify(vector.text("note").as_bytes(), expectation) {
        Ok(profile) => {
            assert_eq!(profile.root, vector.get::<Signer>("root"), "{}", vector.name);
            None
        }
        Err(profile::Error::Foreign { .. }) => Some("foreign"),
        Err(profile::Error::Expired { .. }) => Some("expired"),
        Err(profile::Error::Older { .. }) => Some("older"),
        Err(profile::Error::Document(_)) => Some("document"),
        Err(profile::Error::Signature | profile::Error::Note) => Some("signature"),
    };
    assert_eq!(found, vector.value.get("error").and_then(Value::as_str), "{}", vector.name);
}

fn sealed(vector: &Vector) {
    let identity: Identity = vector.text("identity").parse().unwrap();
    let found = match open(&vector.bytes("blob"), &identity) {
        Ok(plaintext) => {
            assert!(!vector.fails(), "{}", vector.name);
            assert_eq!(sha256(&plaintext), vector.get::<Digest>("archive_sha256"));
            let opened = Unverified::decode(&plaintext).unwrap();
            assert_eq!(opened.message.encode().unwrap(), vector.text("message_json").as_bytes());
            let files: Vec<_> = opened.files.iter().map(|file| encode_hex(file.bytes)).collect();
            assert_eq!(files, vector.get::<Vec<String>>("files"));
            assert!(opened.is_signed_by(&vector.get("signer")));
            assert!(limits::is_size_class(vector.bytes("blob").len() as u64));
            return;
        }
        Err(OpenError::Header(age_header::Error::OtherRecipient)) => "other-recipient",
        Err(OpenError::Header(age_header::Error::NotAge) | OpenError::Damaged | OpenError::TooLarge) => {
            "damaged"
        }
        Err(OpenError::NotForUs) => "not-for-us",
    };
    assert_eq!(vector.value.get("error"), Some(&json!(found)), "{}", vector.name);
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    assert!(text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    text.as_bytes().chunks(2).map(digits).collect()
}
