//! Ed25519 (RFC 8032) through libsodium, which refuses small-order keys and non-canonical encodings; and beyond it points
//! outside the prime-order group, on which implementations differ.

use libsodium_rs::crypto_core::ed25519::is_valid_point;
use libsodium_rs::crypto_sign;

use crate::protocol::ids::{Id, OfficeId, Signature, Signer};

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

/// What an inspector signs to be let in (PROTOCOL 4.4).
pub fn session_bytes(office: &OfficeId, inspector: &Id, challenge: &str) -> Vec<u8> {
    format!("mohr/v1 session\n{office}\n{inspector}\n{challenge}\n").into_bytes()
}
