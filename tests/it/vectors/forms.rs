//! What has one form: codes, keys, messages, archives, sizes, memos, threads, blobs.

use std::io::Cursor;

use super::{Vector, unhex};
use mohr::protocol::age_header;
use mohr::protocol::archive::Archive;
use mohr::protocol::extensions::Extensions;
use mohr::protocol::ids::{CaseId, Digest, OfficeId, Signer, WriteHash, decode_hex, encode_hex};
use mohr::protocol::limits;
use mohr::protocol::memo::{Memo, SealedMemo};
use mohr::protocol::message::{Message, MessageKind};
use mohr::protocol::receipt::{self, ReceiptCode};
use mohr::protocol::secret::{CaseSecret, HandedKey};
use mohr::protocol::text::fold;
use mohr::seal::blob_key::BlobKey;
use mohr::seal::derive::{ReporterKeys, write_token as derive_write};
use mohr::seal::hybrid::Identity;
use mohr::seal::memo::{MemoKey, MemoPlace};
use mohr::seal::opening::{OpenError, OpenedBlob, open_blob};
use mohr::verify::digest::{
    initial_thread_digest, journal_id, mailbox_id, next_thread_digest, sha256, write_hash,
};
use mohr::verify::message::Unverified;
use serde_json::json;

pub(super) fn receipt_code(vector: &Vector) {
    if vector.has("random") {
        let random = vector.bytes("random");
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

pub(super) fn derive(vector: &Vector) {
    let code = ReceiptCode::decode(vector.text("digits")).unwrap();
    let office: OfficeId = vector.get("office");
    let keys = ReporterKeys::derive(&code, office);
    assert_eq!(journal_id(office), vector.get::<CaseId>("journal"));
    assert_eq!(*keys.token.encode(), vector.text("token"));
    assert_eq!(mailbox_id(keys.token.as_bytes()).to_string(), vector.text("mailbox"));
    assert_eq!(*keys.identity.encode(), vector.text("identity"));
    assert_eq!(keys.identity.to_recipient().to_string(), vector.text("recipient"));
    assert_eq!(keys.signing.signer(), vector.get::<Signer>("signer"));
    assert_eq!(keys.case(), vector.get::<CaseId>("case"));
    assert_eq!(*keys.secret.encode(), vector.text("secret"));
    let place = MemoPlace { office, case: keys.case(), blob: vector.get("blob") };
    assert_eq!(keys.memo.open(&vector.get("memo"), place), Some(vector.get::<Memo>("memo_opened")));
}

pub(super) fn memo(vector: &Vector) {
    if vector.has("plaintext") {
        let plaintext = vector.text("plaintext").as_bytes().try_into().unwrap();
        assert!(Memo::decode(plaintext).is_err(), "{}", vector.name);
        return;
    }
    let key = MemoKey::from_seed(zeroize::Zeroizing::new(decode_hex(vector.text("key")).unwrap()));
    let place =
        MemoPlace { office: vector.get("office"), case: vector.get("case"), blob: vector.get("blob") };
    let opened = SealedMemo::decode(vector.text("sealed")).and_then(|sealed| key.open(&sealed, place));
    if vector.fails() {
        assert_eq!(opened, None, "{}", vector.name);
        return;
    }
    let memo: Memo = vector.get("memo");
    let sealed = key.seal_with_nonce(&memo, place, decode_hex(vector.text("nonce")).unwrap()).unwrap();
    assert_eq!((opened, sealed.encode().as_str()), (Some(memo), vector.text("sealed")));
}

pub(super) fn write_token(vector: &Vector) {
    let write = derive_write(&vector.get::<CaseSecret>("secret"));
    assert_eq!(*write.encode(), vector.text("write"));
    assert_eq!(write_hash(&write), vector.get::<WriteHash>("write_hash"));
}

pub(super) fn message(vector: &Vector) {
    let json = vector.text("json").as_bytes();
    match Message::decode(json) {
        Ok(message) => assert!(!vector.fails() && message.encode().unwrap() == json, "{}", vector.name),
        Err(error) => assert!(vector.fails(), "{}: {error}", vector.name),
    }
}

pub(super) fn extensions(vector: &Vector) {
    match serde_json::from_str::<Extensions>(vector.text("json")) {
        Ok(extensions) => {
            assert_eq!(extensions.is_of_newer_version(), vector.get::<bool>("newer"), "{}", vector.name);
            assert_eq!(serde_json::to_string(&extensions).unwrap(), vector.text("json"));
        }
        Err(error) => assert!(vector.fails(), "{}: {error}", vector.name),
    }
}

pub(super) fn archive(vector: &Vector) {
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

pub(super) fn padding(vector: &Vector) {
    if vector.fails() {
        let plan = limits::plan(vector.get("header_bytes"), vector.get("archive_bytes"));
        assert_eq!(plan, None, "{}", vector.name);
        return;
    }
    if vector.has("classes") {
        assert!(vector.get::<Vec<u64>>("classes").into_iter().all(limits::is_size_class));
        assert!(!vector.get::<Vec<u64>>("others").into_iter().any(limits::is_size_class));
        return;
    }
    for [header, at_least, filled, sealed] in vector.get::<Vec<[u64; 4]>>("plans") {
        let plan = limits::Plan { archive_bytes: filled, sealed_bytes: sealed };
        assert_eq!(limits::plan(header, at_least), Some(plan), "{header} {at_least}");
    }
}

/// The vectors count as JavaScript does: in units of UTF-16, of which a character beyond the first plane has
/// two.
pub(super) fn folded_text(vector: &Vector) {
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

pub(super) fn thread(vector: &Vector) {
    let mut digest = initial_thread_digest(vector.get("office"), vector.get("case"), vector.get("thread"));
    let digests = vector.get::<Vec<Digest>>("digests");
    assert_eq!(digest, digests[0]);
    let messages =
        vector.get::<Vec<MessageKind>>("kinds").into_iter().zip(vector.get::<Vec<Digest>>("blobs"));
    for ((kind, blob), expected) in messages.zip(&digests[1..]) {
        digest = next_thread_digest(digest, kind, blob);
        assert_eq!(digest, *expected);
    }
    assert_eq!(digests.len(), vector.get::<Vec<Digest>>("blobs").len() + 1);
}

pub(super) fn sealed(vector: &Vector) {
    let blob = vector.bytes("blob");
    let identity =
        vector.value.get("identity").map(|text| text.as_str().unwrap().parse::<Identity>().unwrap());
    let handed = vector.value.get("file_key").map(|_| vector.get::<HandedKey>("file_key"));
    let keys = [identity.as_ref().map(BlobKey::Identity), handed.as_ref().map(BlobKey::Handed)];
    for key in keys.into_iter().flatten() {
        let error = open(vector, &blob, key).err();
        let word = error.as_ref().map(|error| match error {
            OpenError::Header(age_header::Error::OtherRecipient) => "other-recipient",
            OpenError::NotForUs => "not-for-us",
            error => {
                assert!(error.is_unreadable(), "{}: {error}", vector.name);
                "damaged"
            }
        });
        assert_eq!(word, vector.value.get("error").map(|error| error.as_str().unwrap()), "{}", vector.name);
    }
}

fn open(vector: &Vector, blob: &[u8], key: BlobKey<'_>) -> Result<(), OpenError> {
    let OpenedBlob::Message(mut open) = open_blob(Cursor::new(blob), key)? else {
        panic!("no one-way report")
    };
    let text = open.text()?;
    let mut files = vec![Vec::new(); text.message.files.len()];
    let mut sinks: Vec<_> = files.iter_mut().map(Some).collect();
    open.read_files(&text, sha256(blob), |index| Ok(sinks[index].take()))?;
    assert!(!vector.fails(), "{}", vector.name);
    assert_eq!(text.message.encode().unwrap(), vector.text("message_json").as_bytes());
    let expected: Vec<_> = vector.get::<Vec<String>>("files").iter().map(|file| unhex(file)).collect();
    assert_eq!(files, expected);
    assert!(text.is_signed_by(&vector.get("signer")));
    assert_eq!(*open.file_key().encode(), vector.text("file_key"));
    assert!(limits::is_size_class(blob.len() as u64));
    let _: Unverified = text;
    Ok(())
}
