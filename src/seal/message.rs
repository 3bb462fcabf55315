//! Sealing a message to everybody who may read it, and what persons sign besides (PROTOCOL 2.4, 2.7, 2.12).

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::hybrid::{Identity, Recipient};
use super::signing::SigningKey;
use crate::protocol::age_header::AgeHeader;
use crate::protocol::archive::Archive;
use crate::protocol::erasure::ErasureOrder;
use crate::protocol::ids::{CaseId, Id, OfficeId, Signature};
use crate::protocol::limits::{self, TEXT_SEALED_BYTES};
use crate::protocol::message::Message;
use crate::protocol::person::{KeyId, PersonSignature};
use crate::protocol::profile::Profile;
use crate::protocol::seal_json::{SealJson, second_bytes, signed_bytes};
use crate::verify::message::entries;

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Message(#[from] crate::protocol::message::Error),
    #[error("an inspector of the office profile has no post-quantum recipient")]
    Recipient,
    #[error("nobody could read this: it has no reader")]
    Nobody,
    #[error("{0} is not listed in the office profile: nothing can be sealed to that person")]
    Unlisted(Id),
    #[error("the text is too long by about {over_bytes} bytes")]
    TextTooLong { over_bytes: u64 },
    #[error("the files are too large")]
    TooLarge,
    #[error("sealing failed: {0}")]
    Age(String),
}

/// Those who open a message of a case: the reporter where it is for her, then every inspector of the
/// profile, in its order. In the place of each who is no reader stands a key that nobody has, so that the
/// number of stanzas tells nothing.
pub fn recipients(
    profile: &Profile,
    readers: &[Id],
    reporter: Option<Recipient>,
) -> Result<Vec<Recipient>, SealError> {
    if readers.is_empty() {
        return Err(SealError::Nobody);
    }
    if let Some(unlisted) = readers.iter().find(|reader| profile.inspector(reader).is_none()) {
        return Err(SealError::Unlisted(unlisted.clone()));
    }
    let inspectors = profile.inspectors.iter().map(|inspector| {
        if readers.contains(&inspector.id) {
            inspector.recipient.parse().map_err(|_| SealError::Recipient)
        } else {
            // The private half is dropped here: this stanza opens for nobody, and looks like the others.
            Ok(Identity::generate().to_recipient())
        }
    });
    reporter.into_iter().map(Ok).chain(inspectors).collect()
}

/// The signature of a second person under a message, before it is sealed: it covers the message as it
/// stands without its seconds, and the files (PROTOCOL 2.7).
pub fn second_signature(
    message: &Message,
    files: &[&[u8]],
    person: &KeyId,
    signing: &SigningKey,
) -> Result<PersonSignature, SealError> {
    check_files(message, files);
    let message_json = message.without_seconds().encode()?;
    let archive = Archive { message_json: &message_json, files: files.to_vec(), seal_json: &[] };
    let bytes = second_bytes(&entries(&archive));
    Ok(PersonSignature {
        sender: person.person.clone(),
        epoch: person.epoch,
        signature: signing.sign(&bytes),
    })
}

/// A person's signature under an order of erasure (PROTOCOL 2.12).
pub fn erasure_signature(
    order: &ErasureOrder,
    office: OfficeId,
    case: CaseId,
    person: &KeyId,
    signing: &SigningKey,
) -> PersonSignature {
    let signature = signing.sign(&order.signed_bytes(office, case));
    PersonSignature { sender: person.person.clone(), epoch: person.epoch, signature }
}

/// The sealed blob, of exactly a size class. `files` stand in the order of `message.files`.
pub fn seal(
    message: &Message,
    files: &[&[u8]],
    signing: &SigningKey,
    recipients: &[Recipient],
) -> Result<Vec<u8>, SealError> {
    check_files(message, files);
    let message_json = message.encode()?;
    let unsigned = Archive { message_json: &message_json, files: files.to_vec(), seal_json: &[] };
    let entries = entries(&unsigned);
    let signature: Signature = signing.sign(&signed_bytes(&entries));
    let seal_json = SealJson::new(entries, signature).encode();
    let archive = Archive { seal_json: &seal_json, ..unsigned };

    // The header first: the age crate adds a stanza of random length to it, and only what is written tells.
    let written = Rc::new(Cell::new(0));
    let output = CountedOutput { bytes: Vec::new(), written: Rc::clone(&written) };
    let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor =
        age::Encryptor::with_recipients(recipients).map_err(|error| SealError::Age(error.to_string()))?;
    let mut writer = encryptor.wrap_output(output).map_err(|error| SealError::Age(error.to_string()))?;
    let header_bytes = written.get() - NONCE_BYTES;

    let plan = limits::plan(header_bytes, archive.encoded_bytes()).ok_or(SealError::TooLarge)?;
    if files.is_empty() && plan.sealed_bytes != TEXT_SEALED_BYTES {
        let over_bytes = header_bytes + NONCE_BYTES + TAG_BYTES + archive.encoded_bytes() - TEXT_SEALED_BYTES;
        return Err(SealError::TextTooLong { over_bytes });
    }
    let plaintext = Zeroizing::new(archive.encode(plan.archive_bytes));
    writer.write_all(&plaintext).map_err(|error| SealError::Age(error.to_string()))?;
    let blob = writer.finish().map_err(|error| SealError::Age(error.to_string()))?.bytes;
    assert_eq!(blob.len() as u64, plan.sealed_bytes, "a blob ends on its size class");
    Ok(blob)
}

/// Whether a blob is sealed to this identity, by its first bytes alone: the header and some of what follows.
pub fn is_sealed_to(head: &[u8], identity: &Identity) -> bool {
    AgeHeader::decode(head).is_ok()
        && age::Decryptor::new_buffered(head)
            .is_ok_and(|decryptor| decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).is_ok())
}

fn check_files(message: &Message, files: &[&[u8]]) {
    assert!(
        message.files.len() == files.len()
            && message.files.iter().zip(files).all(|(file, bytes)| file.size_bytes == bytes.len() as u64),
        "message.json lists the files that are sealed"
    );
}

const NONCE_BYTES: u64 = 16;
const TAG_BYTES: u64 = 16;

/// Collects what age writes and lets the count be seen while age still holds the writer.
struct CountedOutput {
    bytes: Vec<u8>,
    written: Rc<Cell<u64>>,
}

impl Write for CountedOutput {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        self.written.set(self.bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
