//! What is signed, and by whom.

use super::{Vector, unhex};
use mohr::protocol::archive::Archive;
use mohr::protocol::erasure::ErasureOrder;
use mohr::protocol::ids::{CaseId, OfficeId, Signature, Signer};
use mohr::protocol::message::{EarlierCase, ProfileStamp};
use mohr::protocol::person::KeyId;
use mohr::protocol::seal_json::{SealJson, signed_bytes};
use mohr::verify::message::{Unverified, entries};
use mohr::verify::profile::{Error, Expectation, verify};
use mohr::verify::signature::{is_earlier_case, is_signed_by, session_bytes};
use serde_json::Value;

pub(super) fn signature(vector: &Vector) {
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

pub(super) fn second(vector: &Vector) {
    let text =
        Unverified::decode(vector.text("message_json").as_bytes(), vector.text("seal_json").as_bytes());
    let holds = text.unwrap().is_seconded_by(&vector.get("signer"), &vector.get("signature"));
    assert_eq!(holds, !vector.fails(), "{}", vector.name);
}

pub(super) fn earlier(vector: &Vector) {
    let earlier: EarlierCase = vector.get("earlier");
    let holds = is_earlier_case(vector.get("office"), vector.get("case"), &earlier, &vector.get("signer"));
    assert_eq!(holds, !vector.fails(), "{}", vector.name);
}

pub(super) fn erasure(vector: &Vector) {
    let order: ErasureOrder = vector.get("order");
    assert_eq!(order.is_well_formed(), !vector.fails(), "{}", vector.name);
    if vector.fails() {
        return;
    }
    let bytes = order.signed_bytes(vector.get::<OfficeId>("office"), vector.get::<CaseId>("case"));
    assert_eq!(bytes, vector.text("signed").as_bytes());
    for (signer, signature) in vector.get::<Vec<Signer>>("signers").iter().zip(&order.signatures) {
        assert!(is_signed_by(signer, &signature.signature, &bytes));
    }
}

pub(super) fn session(vector: &Vector) {
    let key = KeyId { person: vector.get("inspector"), epoch: vector.get("epoch") };
    let bytes = session_bytes(vector.get("office"), &key, &vector.get("address"), vector.get("challenge"));
    assert_eq!(bytes, vector.text("signed").as_bytes());
    assert!(is_signed_by(&vector.get("signer"), &vector.get("signature"), &bytes));
}

pub(super) fn office_profile(vector: &Vector) {
    let expectation = Expectation {
        office: vector.get("office"),
        version: vector.get("version"),
        digest: vector.get("digest"),
        today: vector.get("today"),
    };
    let found = match verify(vector.text("note").as_bytes(), expectation) {
        Ok(profile) => {
            assert_eq!(profile.stamp(), vector.get::<ProfileStamp>("stamp"), "{}", vector.name);
            None
        }
        Err(Error::Foreign { .. }) => Some("foreign"),
        Err(Error::Expired { .. }) => Some("expired"),
        Err(Error::Older { .. }) => Some("older"),
        Err(Error::OtherText { .. }) => Some("other-text"),
        Err(Error::Document(mohr::protocol::profile::Error::Newer)) => Some("newer"),
        Err(Error::Document(_)) => Some("document"),
        Err(Error::RootChain) => Some("roots"),
        Err(Error::Signature) => Some("signature"),
        Err(Error::Note) => Some("note"),
    };
    assert_eq!(found, vector.value.get("error").and_then(Value::as_str), "{}", vector.name);
}
