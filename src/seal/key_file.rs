//! Private keys at rest: age files sealed with a passphrase (PROTOCOL 5). An inspector's opens with stock age, too:
//! `age -d -i inspector.age case.age`.

use std::io::{Read, Write};

use age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::hybrid::Identity;
use super::signing::{Role, SigningKey};
use crate::protocol::ids::Id;

/// log₂ of scrypt's N; what stock age writes.
const WORK_FACTOR: u8 = 18;
/// The most this program does for a file that claims to need more: about 4 GiB of memory.
const WORK_FACTOR_MAX: u8 = 22;
const PLAINTEXT_BYTES_MAX: u64 = 64 * 1024;

/// An inspector's two keys and the id under which the profile lists them.
#[derive(Debug)]
pub struct InspectorKeys {
    pub id: Id,
    pub identity: Identity,
    pub signing: SigningKey,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("wrong passphrase")]
    Passphrase,
    #[error("not a key file sealed with a passphrase")]
    NotAKeyFile,
    #[error(
        "the key file needs more work to open than this program does (scrypt 2^{WORK_FACTOR_MAX} at most)"
    )]
    TooMuchWork,
    #[error("the key file does not hold {0}")]
    Content(&'static str),
    #[error("sealing the key file failed: {0}")]
    Seal(String),
}

impl InspectorKeys {
    pub fn generate(id: Id) -> Self {
        Self { id, identity: Identity::generate(), signing: SigningKey::generate() }
    }

    pub fn seal(&self, passphrase: &SecretString) -> Result<Vec<u8>, Error> {
        let text = Zeroizing::new(format!(
            "# mohr inspector {}\n# recipient: {}\n# signer: {}\n# signing-key: {}\n{}\n",
            self.id,
            self.identity.to_recipient(),
            self.signing.signer(),
            *self.signing.encode(Role::Inspector),
            *self.identity.encode(),
        ));
        seal_text(&text, passphrase)
    }

    pub fn open(file: &[u8], passphrase: &SecretString) -> Result<Self, Error> {
        let text = open_text(file, passphrase)?;
        let missing = Error::Content("an inspector's keys");
        let after = |prefix: &str| text.lines().find_map(|line| line.strip_prefix(prefix));
        let id = after("# mohr inspector ").and_then(|id| id.parse().ok());
        let signing = after("# signing-key: ").and_then(|key| SigningKey::decode(key, Role::Inspector).ok());
        let identity = text.lines().find(|line| !line.starts_with('#')).and_then(|line| line.parse().ok());
        match (id, identity, signing) {
            (Some(id), Some(identity), Some(signing)) => Ok(Self { id, identity, signing }),
            _ => Err(missing),
        }
    }
}

/// The office root key, sealed.
pub fn seal_root(root: &SigningKey, passphrase: &SecretString) -> Result<Vec<u8>, Error> {
    let office = crate::verify::digest::office_id(&root.signer());
    let text = Zeroizing::new(format!("# mohr root key\n# office: {office}\n{}\n", *root.encode(Role::Root)));
    seal_text(&text, passphrase)
}

pub fn open_root(file: &[u8], passphrase: &SecretString) -> Result<SigningKey, Error> {
    let text = open_text(file, passphrase)?;
    let key = text.lines().find(|line| !line.starts_with('#'));
    key.and_then(|key| SigningKey::decode(key, Role::Root).ok()).ok_or(Error::Content("an office root key"))
}

fn seal_text(text: &str, passphrase: &SecretString) -> Result<Vec<u8>, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Seal(error.to_string());
    let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(WORK_FACTOR);
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        .map_err(|error| failed(&error))?;
    let mut writer = encryptor.wrap_output(Vec::new()).map_err(|error| failed(&error))?;
    writer.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))
}

fn open_text(file: &[u8], passphrase: &SecretString) -> Result<Zeroizing<String>, Error> {
    let mut identity = age::scrypt::Identity::new(passphrase.clone());
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    let decryptor = age::Decryptor::new_buffered(file).map_err(|_| Error::NotAKeyFile)?;
    if !decryptor.is_scrypt() {
        return Err(Error::NotAKeyFile);
    }
    let reader =
        decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|error| match error {
            age::DecryptError::ExcessiveWork { .. } => Error::TooMuchWork,
            age::DecryptError::DecryptionFailed | age::DecryptError::NoMatchingKeys => Error::Passphrase,
            age::DecryptError::KeyDecryptionFailed => Error::Passphrase,
            _ => Error::NotAKeyFile,
        })?;
    let mut text = Zeroizing::new(String::with_capacity(8 * 1024));
    reader.take(PLAINTEXT_BYTES_MAX).read_to_string(&mut text).map_err(|_| Error::NotAKeyFile)?;
    Ok(text)
}
