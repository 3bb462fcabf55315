//! From a receipt code to the reporter's keys (PROTOCOL 1).

use std::fmt;

use hkdf::Hkdf;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::Seed;
use super::hybrid::Identity;
use super::memo::MemoKey;
use super::signing::SigningKey;
use crate::protocol::ids::{CaseId, OfficeId, encode_hex};
use crate::protocol::message::{EarlierCase, Reporter};
use crate::protocol::receipt::ReceiptCode;
use crate::protocol::secret::{CaseSecret, WriteToken};
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
    pub memo: MemoKey,
    /// What she shares with the readers of her case.
    pub secret: CaseSecret,
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
            memo: MemoKey::from_seed(expand(b"mohr/v1/memo")),
            secret: CaseSecret::from_bytes(*expand(b"mohr/v1/case")),
        }
    }

    /// What her report tells its readers of her.
    pub fn reporter(&self) -> Reporter {
        Reporter {
            recipient: self.identity.to_recipient().to_string(),
            signer: self.signing.signer(),
            secret: self.secret.clone(),
        }
    }

    /// Says in a new case that its reporter is the one of this case.
    pub fn earlier_case(&self, office: OfficeId, new: CaseId) -> EarlierCase {
        let case = self.case();
        EarlierCase { case, signature: self.signing.sign(&EarlierCase::signed_bytes(office, new, case)) }
    }

    pub fn case(&self) -> CaseId {
        case_id(&self.signing.signer())
    }
}

/// What lets an inspector write into a case, and list it: whoever opened the report has the secret
/// (PROTOCOL 2.9).
pub fn write_token(secret: &CaseSecret) -> WriteToken {
    let mut write = Zeroizing::new([0; 32]);
    let hkdf = Hkdf::<Sha256>::new(Some(&[]), secret.as_bytes());
    hkdf.expand(b"mohr/v1/write", &mut *write).expect("32 bytes are within HKDF's bound");
    WriteToken::from_bytes(*write)
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
