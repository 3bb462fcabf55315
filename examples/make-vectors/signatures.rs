//! `signature/`, `second/`, `earlier/`, `erasure/` and `session/`: what is signed,
//! each with a purpose of its own.

use mohr::protocol::archive::Archive;
use mohr::protocol::erasure::{ErasedMessage, ErasureOrder};
use mohr::protocol::ids::{Digest, Signature, encode_hex};
use mohr::protocol::message::{Content, EarlierCase, Message};
use mohr::protocol::record::ThreadName;
use mohr::protocol::seal_json::{SealJson, second_bytes, signed_bytes};
use mohr::seal::message::second_signature;
use mohr::verify::digest::{case_id, sha256};
use mohr::verify::message::{Unverified, entries};
use mohr::verify::signature::{is_earlier_case, is_signed_by, session_bytes};
use serde_json::{Value, json};

use super::Vectors;
use super::messages::{record, reply, report};
use super::script::{day, id, key_id, profile, reporter, root_key, signing};

pub fn write(vectors: &Vectors) {
    signature(vectors);
    second(vectors);
    earlier(vectors);
    erasure(vectors);
    session(vectors);
}

fn signature(vectors: &Vectors) {
    let keys = reporter(7);
    let message_json = report().encode().unwrap();
    let archive = Archive { message_json: &message_json, files: vec![b"hello"], seal_json: b"" };
    let entries = entries(&archive);
    let bytes = signed_bytes(&entries);
    let signature = keys.signing.sign(&bytes);
    let seal_json = String::from_utf8(SealJson::new(entries, signature).encode()).unwrap();
    let (signer, signature) = (keys.signing.signer().to_string(), signature.to_string());
    let vector = |signer: &str, signature: &str, bytes: &[u8]| json!({"signer": signer, "signature": signature, "signed": encode_hex(bytes)});
    let mut good = vector(&signer, &signature, &bytes);
    let message_json = String::from_utf8(message_json).unwrap();
    let extra =
        json!({"message_json": message_json, "files": [encode_hex(b"hello")], "seal_json": seal_json});
    good.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    vectors.write("signature", "report", "seal.json of a report with a file", good);

    let failing = |name: &str, comment: &str, signer: &str, signature: &str, bytes: &[u8]| {
        let mut bad = vector(signer, signature, bytes);
        bad["error"] = json!(true);
        assert!(!is_signed_by(&signer.parse().unwrap(), &signature.parse().unwrap(), bytes), "{name}");
        vectors.write("signature", name, comment, bad);
    };
    let mut altered = bytes.clone();
    altered[20] ^= 1;
    failing("error-altered", "one bit of what was signed is another", &signer, &signature, &altered);
    let other = root_key(1).signer().to_string();
    failing("error-other-signer", "somebody else's key", &other, &signature, &bytes);
    // S + L: the same equation, another encoding (RFC 8032, 5.1.7 refuses it).
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut malleable: [u8; 64] = mohr::protocol::ids::decode_hex(&signature).unwrap();
    let mut carry = 0u16;
    for (byte, add) in malleable[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = carry as u8;
        carry >>= 8;
    }
    failing("error-malleable", "S is not below the group order", &signer, &encode_hex(&malleable), &bytes);
    // The neutral element as key and R, S = 0: holds for every message where small orders are let through.
    let neutral = format!("01{}", "00".repeat(31));
    let zero = format!("{neutral}{}", "00".repeat(32));
    failing("error-small-order", "a key of small order signs anything", &neutral, &zero, &bytes);
    failing(
        "error-mixed-order",
        "a key outside the prime-order group",
        MIXED_SIGNER,
        MIXED_SIGNATURE,
        MIXED_SIGNED,
    );
}

/// A key that is one of the group and one of order 8 together. The equation holds for this message, because
/// the challenge is a multiple of 8: whoever does not ask for the group takes it, and implementations differ.
const MIXED_SIGNER: &str = "5d6e1598defe65e5b625a10b612766eee8d21be01551c73abd9688360d235166";
const MIXED_SIGNATURE: &str = "a4b4cc7c8330c8b465d3b8fbcc59086332483723c55a03b005ab90dd6459c69b\
                               861fa86cb1953b28472a13b8a7371cc24468a1fc6100ea5616842a2a74f2520e";
const MIXED_SIGNED: &[u8] = b"mohr/v1 seal\nmixed 1\n";

/// message.json with a second, and seal.json over it.
fn second(vectors: &Vectors) {
    for (name, message) in [("reply", Message { files: Vec::new(), ..reply() }), ("record", record())] {
        let second = second_signature(&message, &[], &key_id("reza", 1), &signing("reza", 1)).unwrap();
        let vector = |message: &Message, signature: Signature| -> Value {
            let mut signed = message.clone();
            if let Content::Reply { seconds, .. } | Content::Record { seconds, .. } = &mut signed.content {
                let sender = id("reza");
                *seconds = vec![mohr::protocol::person::PersonSignature { sender, epoch: 1, signature }];
            }
            let message_json = signed.encode().unwrap();
            let archive = Archive { message_json: &message_json, files: Vec::new(), seal_json: b"" };
            let entries = entries(&archive);
            let seal = SealJson::new(entries.clone(), signing("sara", 1).sign(&signed_bytes(&entries)));
            let text = Unverified::decode(&message_json, &seal.encode()).unwrap();
            json!({
                "message_json": String::from_utf8(message_json).unwrap(),
                "seal_json": String::from_utf8(seal.encode()).unwrap(),
                "signer": signing("reza", 1).signer(),
                "signature": signature,
                "holds": text.is_seconded_by(&signing("reza", 1).signer(), &signature),
            })
        };
        let write = |name: &str, comment: &str, message: &Message, signature: Signature, error: bool| {
            let mut vector = vector(message, signature);
            let holds = vector.as_object_mut().unwrap().remove("holds").unwrap();
            assert_eq!(holds, json!(!error), "{name}");
            if error {
                vector["error"] = json!(true);
            }
            vectors.write("second", name, comment, vector);
        };
        write(name, "signs the message without its seconds", &message, second.signature, false);
        let other = Message { text: "دیگر".to_owned(), ..message.clone() };
        write(&format!("error-{name}-other"), "of another message", &other, second.signature, true);
        let encoded = message.encode().unwrap();
        let archive = Archive { message_json: &encoded, files: Vec::new(), seal_json: b"" };
        let as_seal = signing("reza", 1).sign(&signed_bytes(&entries(&archive)));
        write(&format!("error-{name}-seal"), "signed for the purpose of a seal", &message, as_seal, true);
        let by_other = signing("mina", 1).sign(&second_bytes(&entries(&archive)));
        write(&format!("error-{name}-signer"), "by another person's key", &message, by_other, true);
    }
}

fn earlier(vectors: &Vectors) {
    let office = profile().office;
    let (new, old) = (reporter(7), reporter(99));
    let good = old.earlier_case(office, new.case());
    let stranger = signing("sara", 1);
    let swapped = EarlierCase::signed_bytes(office, old.case(), new.case());
    for (name, comment, case, earlier, signer, error) in [
        (
            "holds",
            "the earlier case's reporter wrote the new report",
            new.case(),
            good,
            old.signing.signer(),
            false,
        ),
        ("error-other-new", "signed for another new case", old.case(), good, old.signing.signer(), true),
        (
            "error-swapped",
            "signed the other way round",
            new.case(),
            EarlierCase { signature: old.signing.sign(&swapped), ..good },
            old.signing.signer(),
            true,
        ),
        (
            "error-signer",
            "the key is not that of the earlier case",
            new.case(),
            good,
            new.signing.signer(),
            true,
        ),
        (
            "error-stranger",
            "signed by a stranger",
            new.case(),
            EarlierCase {
                signature: stranger.sign(&EarlierCase::signed_bytes(office, new.case(), old.case())),
                ..good
            },
            old.signing.signer(),
            true,
        ),
        (
            "error-case-of-stranger",
            "a case of the stranger's own making",
            new.case(),
            EarlierCase {
                case: old.case(),
                signature: stranger.sign(&EarlierCase::signed_bytes(office, new.case(), old.case())),
            },
            stranger.signer(),
            true,
        ),
    ] {
        assert_eq!(is_earlier_case(office, case, &earlier, &signer), !error, "{name}");
        let mut vector = json!({"office": office, "case": case, "earlier": earlier, "signer": signer});
        if error {
            vector["error"] = json!(true);
        }
        vectors.write("earlier", name, comment, vector);
    }
    assert_eq!(case_id(&old.signing.signer()), old.case());
}

fn erasure(vectors: &Vectors) {
    let (office, case) = (profile().office, reporter(7).case());
    let at = |position: u64| ErasedMessage { position, sha256: sha256(&position.to_be_bytes()) };
    let mut order = ErasureOrder {
        thread: ThreadName::Mailbox,
        day: day("2026-11-21"),
        messages: vec![at(1), at(2), at(10)],
        signatures: Vec::new(),
    };
    let signed = order.signed_bytes(office, case);
    let by = |person: &str, bytes: &[u8]| mohr::protocol::person::PersonSignature {
        sender: id(person),
        epoch: 1,
        signature: signing(person, 1).sign(bytes),
    };
    order.signatures = vec![by("sara", &signed), by("reza", &signed)];
    let vector = |order: &ErasureOrder| json!({"office": office, "case": case, "order": order});
    let mut good = vector(&order);
    good["signed"] = json!(String::from_utf8(signed.clone()).unwrap());
    good["signers"] = json!([signing("sara", 1).signer(), signing("reza", 1).signer()]);
    vectors.write("erasure", "two", "the text of an order, and two signatures that hold", good);

    let change = |change: &dyn Fn(&mut ErasureOrder)| {
        let mut other = order.clone();
        change(&mut other);
        other
    };
    for (name, comment, order) in [
        ("error-nothing", "names no message", change(&|order| order.messages.clear())),
        ("error-many", "names 257 messages", change(&|order| order.messages = (0..257).map(at).collect())),
        ("error-order", "positions do not rise", change(&|order| order.messages.reverse())),
        ("error-twice", "a position twice", change(&|order| order.messages.push(at(10)))),
        ("error-unsigned", "nobody signed", change(&|order| order.signatures.clear())),
        ("error-five", "five signatures", change(&|order| order.signatures = vec![by("sara", &signed); 5])),
        ("error-epoch", "epochs count from 1", change(&|order| order.signatures[0].epoch = 0)),
        (
            "error-position",
            "an integer above 2^53 - 1",
            change(&|order| order.messages[2].position = 1 << 53),
        ),
    ] {
        assert!(!order.is_well_formed(), "{name}");
        let mut vector = vector(&order);
        vector["error"] = json!(true);
        vectors.write("erasure", name, comment, vector);
    }
}

fn session(vectors: &Vectors) {
    let office = profile().office;
    let challenge = Digest::from_bytes([0xcd; 32]);
    let address = "https://report.example.org".parse().unwrap();
    let bytes = session_bytes(office, &key_id("sara", 2), &address, challenge);
    let vector = json!({
        "office": office, "inspector": "sara", "epoch": 2, "address": address, "challenge": challenge,
        "signed": String::from_utf8(bytes.clone()).unwrap(),
        "signer": signing("sara", 2).signer(), "signature": signing("sara", 2).sign(&bytes),
    });
    vectors.write("session", "sara", "what a person signs to be let in", vector);
}
