//! From a receipt code to the reporter's keys (PROTOCOL 1).

use std::fmt;

use hkdf::Hkdf;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::Seed;
use super::hybrid::Identity;
use super::signing::SigningKey;
use crate::protocol::ids::{CaseId, OfficeId, encode_hex};
use crate::protocol::receipt::ReceiptCode;
use crate::verify::digest::case_id;

/// OWASP's number for PBKDF2-HMAC-SHA-512. Why not a memory-hard function: SECURITY.md, "The receipt code".
const ROUNDS: u32 = 210_000;
const SALT_LABEL: &[u8] = b"mohr/v1/receipt\0";

/// Everything a receipt code gives under one office.
#[derive(Debug)]
pub struct ReporterKeys {
    pub token: Token,
    pub identity: Identity,
    pub signing: SigningKey,
}

/// The bearer secret that names a mailbox.
#[derive(Clone)]
pub struct Token(Seed);

impl ReporterKeys {
    /// Takes about a third of a second, by design.
    pub fn derive(code: &ReceiptCode, office: OfficeId) -> Self {
        let salt = [SALT_LABEL, office.as_bytes()].concat();
        let mut root = Zeroizing::new([0; 32]);
        pbkdf2::pbkdf2_hmac::<Sha512>(code.digits(), &salt, ROUNDS, &mut *root);
        let hkdf = Hkdf::<Sha256>::new(Some(&[]), &*root);
        let expand = |info: &[u8]| {
            let mut seed = Zeroizing::new([0; 32]);
            hkdf.expand(info, &mut *seed).expect("32 bytes are within HKDF's bound");
            seed
        };
        Self {
            token: Token(expand(b"mohr/v1/mailbox")),
            identity: Identity::from_seed(expand(b"mohr/v1/identity")),
            signing: SigningKey::from_seed(expand(b"mohr/v1/signature")),
        }
    }

    pub fn case(&self) -> CaseId {
        case_id(&self.signing.signer())
    }
}

impl Token {
    /// As it travels in the Authorization header.
    pub fn encode(&self) -> Zeroizing<String> {
        Zeroizing::new(encode_hex(&*self.0))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}
