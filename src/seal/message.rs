//! Sealing a message to everybody who may read it, and opening one (PROTOCOL 2.4, 2.7).

use std::cell::Cell;
use std::io::{Read, Write};
use std::rc::Rc;

use zeroize::Zeroizing;

use super::hybrid::{Identity, Recipient};
use super::signing::SigningKey;
use crate::protocol::age_header::{self, AgeHeader};
use crate::protocol::archive::Archive;
use crate::protocol::ids::{Id, Signature};
use crate::protocol::limits::{self, SEALED_BYTES_MAX, TEXT_SEALED_BYTES};
use crate::protocol::message::Message;
use crate::protocol::profile::Profile;
use crate::protocol::seal_json::{SealJson, signed_bytes};
use crate::verify::message::entries;

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error(transparent)]
    Message(#[from] crate::protocol::message::Error),
    #[error("an inspector of the office profile has no post-quantum recipient")]
    Recipient,
    #[error("everybody would be left out: nobody could read this")]
    Nobody,
    #[error("the text is too long by about {over_bytes} bytes")]
    TextTooLong { over_bytes: u64 },
    #[error("the files are too large")]
    TooLarge,
    #[error("sealing failed: {0}")]
    Age(String),
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Header(#[from] age_header::Error),
    #[error("not sealed to this identity")]
    NotForUs,
    #[error("the sealed message is damaged or was altered")]
    Damaged,
    #[error("the sealed message is too large")]
    TooLarge,
}

/// Those who open a message of a case: every inspector of the profile, throw-away keys standing in for those left
/// out, and before them the reporter where there is one.
pub fn recipients(
    profile: &Profile,
    left_out: &[Id],
    reporter: Option<Recipient>,
) -> Result<Vec<Recipient>, SealError> {
    if profile.inspectors.iter().all(|inspector| left_out.contains(&inspector.id)) {
        return Err(SealError::Nobody);
    }
    let inspectors = profile.inspectors.iter().map(|inspector| {
        if left_out.contains(&inspector.id) {
            // The private half is dropped here: this stanza opens for nobody, and looks like the others.
            Ok(Identity::generate().to_recipient())
        } else {
            inspector.recipient.parse().map_err(|_| SealError::Recipient)
        }
    });
    reporter.into_iter().map(Ok).chain(inspectors).collect()
}

/// The sealed blob, of exactly a size class. `files` stand in the order of `message.files`.
pub fn seal(
    message: &Message,
    files: &[&[u8]],
    signing: &SigningKey,
    recipients: &[Recipient],
) -> Result<Vec<u8>, SealError> {
    assert!(
        message.files.len() == files.len()
            && message.files.iter().zip(files).all(|(file, bytes)| file.size_bytes == bytes.len() as u64),
        "message.json lists the files that are sealed"
    );
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

/// The archive inside a blob: hostile bytes, for `verify::message::Unverified::decode`.
pub fn open(blob: &[u8], identity: &Identity) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    if blob.len() as u64 > SEALED_BYTES_MAX {
        return Err(OpenError::TooLarge);
    }
    AgeHeader::decode(blob)?;
    let decryptor = age::Decryptor::new_buffered(blob).map_err(open_error)?;
    let mut reader =
        decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).map_err(open_error)?;
    // Room for all of it at once: a vector that grows would leave copies of plaintext behind.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(blob.len()));
    reader.read_to_end(&mut plaintext).map_err(|_| OpenError::Damaged)?;
    Ok(plaintext)
}

/// Whether a blob is sealed to this identity, by its first bytes alone: the header and some of what follows.
pub fn is_sealed_to(head: &[u8], identity: &Identity) -> bool {
    AgeHeader::decode(head).is_ok()
        && age::Decryptor::new_buffered(head)
            .is_ok_and(|decryptor| decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).is_ok())
}

const NONCE_BYTES: u64 = 16;
const TAG_BYTES: u64 = 16;

fn open_error(error: age::DecryptError) -> OpenError {
    match error {
        age::DecryptError::NoMatchingKeys => OpenError::NotForUs,
        _ => OpenError::Damaged,
    }
}

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
