//! Private keys at rest: age files sealed with a passphrase (PROTOCOL 5). An inspector's opens with stock
//! age, too: `age -d -i inspector.age case.age`.

use std::io::{Read, Write};

use age::secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::hybrid::Identity;
use super::signing::{Role, SigningKey};
use crate::protocol::ids::{Digest, Id, OfficeId};
use crate::protocol::limits::ROOTS_MAX;
use crate::protocol::person::is_epoch;
use crate::protocol::profile::{Inspector, Root, Texts};
use crate::protocol::text::compose;
use crate::verify::digest::{office_id, root_commitment};

/// What a new passphrase has at least, counted as people count.
pub const PASSPHRASE_CHARACTERS_MIN: usize = 12;

/// log₂ of scrypt's N; what stock age writes.
const WORK_FACTOR: u8 = 18;
/// The most this program does for a file that claims to need more: about 4 GiB of memory.
const WORK_FACTOR_MAX: u8 = 22;
const PLAINTEXT_BYTES_MAX: u64 = 64 * 1024;
/// What a root commits to where nothing is to follow.
const NO_NEXT: Digest = Digest::from_bytes([0; Digest::LEN]);

const INSPECTOR_LINE: &str = "# mohr inspector ";
const ROOT_LINE: &str = "# mohr root key";

/// An inspector's two keys, and under which id and epoch the profile lists them.
#[derive(Debug)]
pub struct InspectorKeys {
    pub id: Id,
    pub epoch: u64,
    pub identity: Identity,
    pub signing: SigningKey,
}

/// A root of the office: the one in use, or the committed successor in its safe, which holds its own
/// successors.
#[derive(Debug)]
pub struct RootKeys {
    pub office: OfficeId,
    /// Its place in the profile's `roots`, from 1.
    pub number: usize,
    pub key: SigningKey,
    /// What it commits the office to.
    pub next: Digest,
    /// The keys behind it, in their order; of the root in use they lie elsewhere.
    pub successors: Vec<SigningKey>,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("wrong passphrase")]
    Passphrase,
    #[error("not a key file sealed with a passphrase")]
    NotAKeyFile,
    #[error("the key file is armored (text that begins -----BEGIN AGE ENCRYPTED FILE-----)")]
    Armored,
    #[error("the private key in this file lies open: it is not sealed with a passphrase")]
    InTheOpen,
    #[error("the file is sealed to somebody's key, not with a passphrase")]
    NotByPassphrase,
    #[error(
        "the key file needs more work to open than this program does (scrypt 2^{WORK_FACTOR_MAX} at most)"
    )]
    TooMuchWork,
    #[error("the file holds {found}, not {wanted}")]
    OtherKind { found: &'static str, wanted: &'static str },
    #[error("the key file does not hold {0}, or not all of them")]
    Content(&'static str),
    #[error("sealing the key file failed: {0}")]
    Seal(String),
}

impl InspectorKeys {
    const KIND: &'static str = "an inspector's keys";

    /// The first keys of a person.
    pub fn generate(id: Id) -> Self {
        Self::generate_epoch(id, 1)
    }

    /// The keys after those that a person lost.
    pub fn generate_epoch(id: Id, epoch: u64) -> Self {
        Self { id, epoch, identity: Identity::generate(), signing: SigningKey::generate() }
    }

    /// What the profile lists of them.
    pub fn public_entry(&self, joined: u64, role: Texts) -> Inspector {
        Inspector {
            id: self.id.clone(),
            joined,
            epoch: self.epoch,
            role,
            recipient: self.identity.to_recipient().to_string(),
            signer: self.signing.signer(),
            extensions: Default::default(),
        }
    }

    pub fn seal(&self, passphrase: &SecretString) -> Result<Vec<u8>, Error> {
        let text = Zeroizing::new(format!(
            "{INSPECTOR_LINE}{}\n# epoch: {}\n# recipient: {}\n# signer: {}\n# signing-key: {}\n{}\n",
            self.id,
            self.epoch,
            self.identity.to_recipient(),
            self.signing.signer(),
            *self.signing.encode(Role::Inspector),
            *self.identity.encode(),
        ));
        seal_text(&text, passphrase)
    }

    pub fn open(file: &[u8], passphrase: &SecretString) -> Result<Self, Error> {
        let text = open_text(file, passphrase, Self::KIND)?;
        let id = value(&text, INSPECTOR_LINE).and_then(|id| id.parse().ok());
        let epoch = value(&text, "# epoch: ").and_then(|epoch| epoch.parse().ok());
        let signing =
            value(&text, "# signing-key: ").and_then(|key| SigningKey::decode(key, Role::Inspector).ok());
        let identity = keys(&text).next().and_then(|line| line.parse().ok());
        match (id, epoch.filter(|epoch| is_epoch(*epoch)), identity, signing) {
            (Some(id), Some(epoch), Some(identity), Some(signing)) => {
                Ok(Self { id, epoch, identity, signing })
            }
            _ => Err(Error::Content(Self::KIND)),
        }
    }
}

impl RootKeys {
    const KIND: &'static str = "an office root key";

    /// The first root of a new office, and its successor for another safe. All roots that the office will
    /// ever have are made now: each commits to the one behind it.
    pub fn generate() -> (Self, Self) {
        let mut chain: Vec<_> = (0..ROOTS_MAX).map(|_| SigningKey::generate()).collect();
        let key = chain.remove(0);
        let next = commitment(&chain);
        let office = office_id(&Root { key: key.signer(), next });
        let root = Self { office, number: 1, key, next, successors: Vec::new() };
        (root, Self::committed(office, 2, chain).expect("a chain has more than one key"))
    }

    /// The root as the profile lists it.
    pub fn root(&self) -> Root {
        Root { key: self.key.signer(), next: self.next }
    }

    /// Whether this is the file for the other safe, which is not for signing.
    pub fn is_committed(&self) -> bool {
        !self.successors.is_empty()
    }

    /// A committed successor becomes the root in use, and the one behind it the committed one; the last has
    /// none.
    pub fn succeed(self) -> (Self, Option<Self>) {
        let Self { office, number, key, next, successors } = self;
        let committed = Self::committed(office, number + 1, successors);
        (Self { office, number, key, next, successors: Vec::new() }, committed)
    }

    pub fn seal(&self, passphrase: &SecretString) -> Result<Vec<u8>, Error> {
        seal_text(&self.text(), passphrase)
    }

    fn text(&self) -> Zeroizing<String> {
        let number = if self.number == 1 { String::new() } else { format!("# root: {}\n", self.number) };
        let mut text = Zeroizing::new(String::with_capacity(1024));
        text.push_str(&format!("{ROOT_LINE}\n{number}# office: {}\n# next: {}\n", self.office, self.next));
        for key in std::iter::once(&self.key).chain(&self.successors) {
            text.push_str(&key.encode(Role::Root));
            text.push('\n');
        }
        text
    }

    pub fn open(file: &[u8], passphrase: &SecretString) -> Result<Self, Error> {
        let text = open_text(file, passphrase, Self::KIND)?;
        Self::decode(&text).ok_or(Error::Content(Self::KIND))
    }

    fn decode(text: &str) -> Option<Self> {
        let number = match value(text, "# root: ") {
            Some(number) => number.parse().ok().filter(|number| (2..=ROOTS_MAX).contains(number))?,
            None => 1,
        };
        let office = value(text, "# office: ")?.parse().ok()?;
        let next = value(text, "# next: ")?.parse().ok()?;
        let mut chain = keys(text)
            .map(|line| SigningKey::decode(line, Role::Root))
            .collect::<Result<Vec<_>, _>>()
            .ok()
            .filter(|chain| (1..=ROOTS_MAX + 1 - number).contains(&chain.len()))?;
        let key = chain.remove(0);
        let root = Self { office, number, key, next, successors: chain };
        let chained = root.successors.is_empty() || commitment(&root.successors) == next;
        let first = number > 1 || office_id(&root.root()) == office;
        (chained && first).then_some(root)
    }

    /// Nothing where no key is left.
    fn committed(office: OfficeId, number: usize, mut chain: Vec<SigningKey>) -> Option<Self> {
        if chain.is_empty() {
            return None;
        }
        let key = chain.remove(0);
        Some(Self { office, number, key, next: commitment(&chain), successors: chain })
    }
}

/// What the root before this chain of keys commits to.
fn commitment(chain: &[SigningKey]) -> Digest {
    chain.iter().rev().fold(NO_NEXT, |next, key| root_commitment(&Root { key: key.signer(), next }))
}

/// What stands behind the beginning of a line.
fn value<'a>(text: &'a str, beginning: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(beginning))
}

fn keys(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// What a key file holds, by its first line or its key.
fn kind(text: &str) -> Option<&'static str> {
    let first = text.lines().next().unwrap_or_default();
    if first.starts_with(INSPECTOR_LINE) {
        Some(InspectorKeys::KIND)
    } else if first == ROOT_LINE {
        Some(RootKeys::KIND)
    } else if keys(text).next().is_some_and(|key| key.starts_with("AGE-SECRET-KEY-")) {
        Some("an identity of age alone, which signs nothing")
    } else {
        None
    }
}

fn seal_text(text: &str, passphrase: &SecretString) -> Result<Vec<u8>, Error> {
    let failed = |error: &dyn std::fmt::Display| Error::Seal(error.to_string());
    let mut recipient = age::scrypt::Recipient::new(in_one_form(passphrase));
    recipient.set_work_factor(WORK_FACTOR);
    let encryptor = age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
        .map_err(|error| failed(&error))?;
    let mut writer = encryptor.wrap_output(Vec::new()).map_err(|error| failed(&error))?;
    writer.write_all(text.as_bytes()).map_err(|error| failed(&error))?;
    writer.finish().map_err(|error| failed(&error))
}

fn open_text(
    file: &[u8],
    passphrase: &SecretString,
    wanted: &'static str,
) -> Result<Zeroizing<String>, Error> {
    if file.trim_ascii_start().starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
        return Err(Error::Armored);
    }
    if std::str::from_utf8(file).is_ok_and(|text| kind(text).is_some()) {
        return Err(Error::InTheOpen);
    }
    let mut identity = age::scrypt::Identity::new(in_one_form(passphrase));
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    let decryptor = age::Decryptor::new_buffered(file).map_err(|_| Error::NotAKeyFile)?;
    if !decryptor.is_scrypt() {
        return Err(Error::NotByPassphrase);
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
    match kind(&text) {
        Some(found) if found != wanted => Err(Error::OtherKind { found, wanted }),
        _ => Ok(text),
    }
}

/// The same letters are one passphrase, whichever keyboard composed them.
fn in_one_form(passphrase: &SecretString) -> SecretString {
    let text = Zeroizing::new(compose(passphrase.expose_secret()));
    SecretString::from(text.as_str())
}

/// How many characters of a passphrase there are to guess.
pub fn passphrase_characters(passphrase: &SecretString) -> usize {
    Zeroizing::new(compose(passphrase.expose_secret())).chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase() -> SecretString {
        SecretString::from("a long enough passphrase")
    }

    /// Sealing takes a second of scrypt; what is inside needs none.
    fn text_of(file: &[u8]) -> String {
        open_text(file, &passphrase(), "anything").map_or_else(
            |error| match error {
                Error::OtherKind { found, .. } => found.to_owned(),
                error => panic!("{error}"),
            },
            |text| text.to_string(),
        )
    }

    #[test]
    fn an_identity_comes_back_with_its_epoch() {
        let keys = InspectorKeys::generate_epoch("inspector-1".parse().unwrap(), 3);
        let sealed = keys.seal(&passphrase()).unwrap();
        let opened = InspectorKeys::open(&sealed, &passphrase()).unwrap();
        assert_eq!((opened.id.as_str(), opened.epoch), ("inspector-1", 3));
        let entry = |keys: &InspectorKeys| keys.public_entry(1, Texts::new());
        assert_eq!(entry(&opened), entry(&keys));
        let wrong = RootKeys::open(&sealed, &passphrase()).unwrap_err().to_string();
        assert_eq!(wrong, "the file holds an inspector's keys, not an office root key");
        assert_eq!(text_of(&sealed), InspectorKeys::KIND);
    }

    #[test]
    fn a_passphrase_is_its_letters_and_not_their_bytes() {
        let composed = SecretString::from("caf\u{e9} \u{624}\u{c5} et cetera");
        let decomposed = SecretString::from("cafe\u{301} \u{648}\u{654}A\u{30a} et cetera");
        let file = seal_text("# nothing\n", &decomposed).unwrap();
        assert!(open_text(&file, &composed, "").is_ok());
        assert_eq!(passphrase_characters(&decomposed), passphrase_characters(&composed));
        // Twelve letters of a script that takes two bytes for each are twelve, and six are six.
        assert_eq!(passphrase_characters(&SecretString::from("گذرواژ")), 6);
    }

    #[test]
    fn every_root_commits_to_the_next_and_the_fourth_to_none() {
        let (first, mut committed) = RootKeys::generate();
        let mut roots = vec![first.root()];
        assert!(!first.is_committed() && committed.is_committed());
        loop {
            let sealed = RootKeys::decode(&clear(&committed)).unwrap();
            let (root, next) = sealed.succeed();
            assert_eq!((root.office, root.number), (first.office, roots.len() + 1));
            assert_eq!(root_commitment(&root.root()), roots.last().unwrap().next);
            roots.push(root.root());
            match next {
                Some(next) => committed = next,
                None => break,
            }
        }
        assert_eq!((roots.len(), roots[3].next), (ROOTS_MAX, NO_NEXT));
        assert_eq!(office_id(&roots[0]), first.office);
    }

    #[test]
    fn a_root_file_whose_lines_disagree_is_none() {
        let (root, committed) = RootKeys::generate();
        let (root, committed) = (clear(&root), clear(&committed));
        assert!(RootKeys::decode(&root).is_some() && RootKeys::decode(&committed).is_some());
        assert!(committed.starts_with("# mohr root key\n# root: 2\n# office: "), "{committed}");
        let without = |text: &str, word: &str| -> String {
            text.lines().filter(|line| !line.contains(word)).map(|line| format!("{line}\n")).collect()
        };
        let doubled = format!("{committed}{}\n", committed.lines().last().unwrap());
        for bad in [
            without(&root, "next"),
            without(&root, "office"),
            without(&root, "MOHR-ROOT"),
            root.replace("# next: ", "# next: 0"),
            root.replace("# office: ", "# office: 00").replace("\n# next", " \n# next"),
            committed.replace("root: 2", "root: 3"),
            committed.replace("root: 2", "root: 1"),
            without(&committed, "# root"),
            doubled,
        ] {
            assert!(RootKeys::decode(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_key_file_is_said_to_be_what_it_is() {
        let open = |file: &[u8]| InspectorKeys::open(file, &passphrase()).unwrap_err().to_string();
        assert!(open(b"-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n").contains("armored"));
        assert!(open(b"AGE-SECRET-KEY-PQ-1X\n").contains("lies open"));
        assert!(open(b"# mohr inspector a\n# epoch: 1\n").contains("lies open"));
        assert!(open(b"a shopping list").contains("not a key file"));
        let mut to_a_key = Vec::new();
        let recipient = Identity::generate().to_recipient();
        let encryptor =
            age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
        encryptor.wrap_output(&mut to_a_key).unwrap().finish().unwrap();
        assert!(open(&to_a_key).contains("sealed to somebody's key"));
        let stock = seal_text("# created: 2026-11-28\nAGE-SECRET-KEY-1X\n", &passphrase()).unwrap();
        assert!(open(&stock).contains("an identity of age alone"));
        let empty = seal_text("# mohr inspector a\n", &passphrase()).unwrap();
        assert!(open(&empty).contains("does not hold an inspector's keys"));
    }

    fn clear(root: &RootKeys) -> String {
        root.text().to_string()
    }
}
