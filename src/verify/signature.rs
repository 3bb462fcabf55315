//! Ed25519 (RFC 8032) through libsodium, which refuses small-order keys and non-canonical encodings; and
//! beyond it points outside the prime-order group, on which implementations differ.

use libsodium_rs::crypto_core::ed25519::is_valid_point;
use libsodium_rs::crypto_sign;

use super::digest::case_id;
use crate::protocol::address::Address;
use crate::protocol::ids::{CaseId, Digest, OfficeId, Signature, Signer};
use crate::protocol::message::EarlierCase;
use crate::protocol::person::KeyId;

/// Whether `signer` signed exactly these bytes.
pub fn is_signed_by(signer: &Signer, signature: &Signature, bytes: &[u8]) -> bool {
    super::ensure_init();
    let key = crypto_sign::PublicKey::from_bytes_exact(*signer.as_bytes());
    let (r, _) = signature.as_bytes().split_at(32);
    let in_group = |point: &[u8]| is_valid_point(point).unwrap_or(false);
    in_group(signer.as_bytes())
        && in_group(r)
        && crypto_sign::verify_detached(signature.as_bytes(), bytes, &key)
}

/// What an inspector signs to be let in at this address (PROTOCOL 4.4).
pub fn session_bytes(office: OfficeId, key: &KeyId, address: &Address, challenge: Digest) -> Vec<u8> {
    let KeyId { person, epoch } = key;
    format!("mohr/v1 session\n{office}\n{person}\n{epoch}\n{address}\n{challenge}\n").into_bytes()
}

/// Whether the reporter of the earlier case, whose key `signer` is, wrote the new report (PROTOCOL 2.11).
pub fn is_earlier_case(office: OfficeId, new: CaseId, earlier: &EarlierCase, signer: &Signer) -> bool {
    let bytes = EarlierCase::signed_bytes(office, new, earlier.case);
    case_id(signer) == earlier.case && is_signed_by(signer, &earlier.signature, &bytes)
}
