//! Whole cases: what each side must come to.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::Vector;
use crate::support::case_json::reading_json;
use mohr::protocol::erasure::ErasureOrder;
use mohr::protocol::ids::{CaseId, OfficeId};
use mohr::protocol::memo::SealedMemo;
use mohr::protocol::receipt::ReceiptCode;
use mohr::seal::derive::ReporterKeys;
use mohr::seal::memo::{MemoKey, MemoPlace};
use mohr::verify::case::{CaseContext, Found, OwnMemo, Perspective, ThreadEntry, read_case};
use mohr::verify::message::Unverified;
use mohr::verify::profile::verify_signature;
use serde::Deserialize as _;
use serde_json::Value;

pub(super) fn case(vector: &Vector) {
    let profile = verify_signature(vector.text("note").as_bytes()).unwrap();
    let case: CaseId = vector.get("case");
    let key = memo_key(vector.text("digits"), profile.office);
    let orders: Vec<ErasureOrder> = vector.get("orders");
    for (perspective, member) in [(Perspective::Reporter, "reporter"), (Perspective::Inspector, "inspector")]
    {
        let entries = |thread: &str| -> Vec<ThreadEntry> {
            let items = vector.value[thread].as_array().unwrap().iter();
            items.map(|item| entry(item, perspective, &key, profile.office, case)).collect()
        };
        let mailbox = entries("mailbox");
        let office = if perspective == Perspective::Inspector { entries("office") } else { Vec::new() };
        let reading =
            read_case(CaseContext { profile: &profile, case, perspective }, &mailbox, &office, &orders);
        assert_eq!(reading_json(&reading, perspective), vector.value[member], "{}", vector.name);
    }
}

fn entry(
    item: &Value,
    perspective: Perspective,
    key: &MemoKey,
    office: OfficeId,
    case: CaseId,
) -> ThreadEntry {
    let kind = mohr::protocol::message::MessageKind::deserialize(&item["kind"]).unwrap();
    let sha256 = mohr::protocol::ids::Digest::deserialize(&item["sha256"]).unwrap();
    let found = if item.get("gone").is_some() {
        Found::Gone
    } else if perspective == Perspective::Reporter && kind.is_from_reporter() {
        let memo = Option::<SealedMemo>::deserialize(&item["memo"]).unwrap();
        let place = MemoPlace { office, case, blob: sha256 };
        let open = |memo| key.open(&memo, place).map_or(OwnMemo::NotHers, OwnMemo::Hers);
        Found::Own(memo.map_or(OwnMemo::None, open))
    } else {
        match item["found"].as_str().unwrap() {
            "missing" => Found::Missing,
            "not-fetched" => Found::NotFetched,
            "one-way" => Found::OneWay,
            "unreadable-to-inspectors" if perspective == Perspective::Inspector => Found::Unreadable,
            "opens" | "unreadable-to-inspectors" => {
                let part = |member: &str| item[member].as_str().unwrap().as_bytes();
                let text = Unverified::decode(part("message_json"), part("seal_json"));
                text.map_or(Found::Unreadable, |text| Found::Opened(Box::new(text)))
            }
            other => panic!("{other}"),
        }
    };
    ThreadEntry { kind, sha256, day: serde_json::from_value(item["day"].clone()).unwrap(), found }
}

/// Deriving takes a third of a second, and most cases are of one code.
fn memo_key(digits: &str, office: OfficeId) -> MemoKey {
    static KNOWN: Mutex<Option<HashMap<(String, OfficeId), MemoKey>>> = Mutex::new(None);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = known.get_or_insert_default();
    let derive = || ReporterKeys::derive(&ReceiptCode::decode(digits).unwrap(), office).memo;
    known.entry((digits.to_owned(), office)).or_insert_with(derive).clone()
}
