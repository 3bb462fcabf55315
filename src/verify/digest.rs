//! SHA-256 with this protocol's labels, and comparison in constant time.

use libsodium_rs::crypto_hash::sha256;

use crate::protocol::ids::{CaseId, Digest, MailboxId, OfficeId, Signer};

/// SHA-256 of these bytes.
pub fn sha256(bytes: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(bytes);
    hash.finish()
}

/// SHA-256 of bytes that come in pieces.
pub struct Sha256(sha256::State);

impl Sha256 {
    #[expect(clippy::new_without_default, reason = "an empty hash is no natural default")]
    pub fn new() -> Self {
        super::ensure_init();
        Self(sha256::State::new())
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(mut self) -> Digest {
        Digest::from_bytes(self.0.finalize())
    }
}

/// `H(label, data)` of the protocol's conventions; `data` in parts, as if joined.
pub fn labelled(label: &str, data: &[&[u8]]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(b"mohr/v1/");
    hash.update(label.as_bytes());
    hash.update(&[0]);
    for part in data {
        hash.update(part);
    }
    hash.finish()
}

pub fn office_id(root: &Signer) -> OfficeId {
    OfficeId::from_bytes(first_half(labelled("office", &[root.as_bytes()])))
}

pub fn case_id(reporter: &Signer) -> CaseId {
    CaseId::from_bytes(first_half(labelled("case", &[reporter.as_bytes()])))
}

/// All that a server keeps of a token.
pub fn mailbox_id(token: &[u8; 32]) -> MailboxId {
    MailboxId::from_bytes(*labelled("mailbox", &[token]).as_bytes())
}

/// Whether two byte strings are equal, in time that depends on their lengths alone.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    super::ensure_init();
    a.len() == b.len() && libsodium_rs::utils::memcmp(a, b)
}

fn first_half(digest: Digest) -> [u8; 16] {
    *digest.as_bytes().first_chunk().expect("32 bytes hold 16")
}
