//! SHA-256 with this protocol's labels, and comparison in constant time.

use libsodium_rs::crypto_hash::sha256;

use crate::protocol::ids::{CaseId, Digest, MailboxId, OfficeId, Signer, WriteHash};
use crate::protocol::message::MessageKind;
use crate::protocol::profile::Root;
use crate::protocol::record::ThreadName;
use crate::protocol::secret::WriteToken;

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

/// The id of the office whose first root this is.
pub fn office_id(first_root: &Root) -> OfficeId {
    OfficeId::from_bytes(first_half(labelled(
        "office",
        &[first_root.key.as_bytes(), first_root.next.as_bytes()],
    )))
}

/// What commits one root to the next: the `next` of the root before this one.
pub fn root_commitment(root: &Root) -> Digest {
    sha256(&[*root.key.as_bytes(), *root.next.as_bytes()].concat())
}

/// The id of the case that this key signs for.
pub fn case_id(reporter: &Signer) -> CaseId {
    CaseId::from_bytes(first_half(labelled("case", &[reporter.as_bytes()])))
}

/// What stands for a case in the office's own thread without one.
pub fn journal_id(office: OfficeId) -> CaseId {
    CaseId::from_bytes(first_half(labelled("journal", &[office.as_bytes()])))
}

/// All that a server keeps of a token.
pub fn mailbox_id(token: &[u8; 32]) -> MailboxId {
    MailboxId::from_bytes(*labelled("mailbox", &[token]).as_bytes())
}

/// All that a server keeps of a case's write token.
pub fn write_hash(write: &WriteToken) -> WriteHash {
    WriteHash::from_bytes(*labelled("write", &[write.as_bytes()]).as_bytes())
}

/// T₀ of a thread.
pub fn initial_thread_digest(office: OfficeId, case: CaseId, thread: ThreadName) -> Digest {
    labelled("thread", &[office.as_bytes(), case.as_bytes(), &[thread.byte()]])
}

/// Tᵢ₊₁: the thread with one more message.
pub fn next_thread_digest(thread: Digest, kind: MessageKind, blob: Digest) -> Digest {
    labelled("thread", &[thread.as_bytes(), &[kind.byte()], blob.as_bytes()])
}

/// Whether two byte strings are equal, in time that depends on their lengths alone.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    super::ensure_init();
    a.len() == b.len() && libsodium_rs::utils::memcmp(a, b)
}

fn first_half(digest: Digest) -> [u8; 16] {
    *digest.as_bytes().first_chunk().expect("32 bytes hold 16")
}
