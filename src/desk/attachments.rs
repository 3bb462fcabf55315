//! The files of messages, from the server to the disk. A sealed original is fetched whole to a
//! private, unfinished file and compared with what was listed; its files are then written beside it,
//! unfinished as well, and get their names when all of it is what its sender signed. At no time is
//! more of it in memory than a few blocks.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::error::Error;
use super::opened::{MessagePlace, OpenedCase};
use super::workbench::Desk;
use crate::files::{Unfinished, create_private_folder};
use crate::protocol::ids::Digest;
use crate::protocol::record::ThreadName;
use crate::seal::blob_key::BlobKey;
use crate::seal::opening::{OpenError, OpenedBlob, open_blob};
use crate::verify::case::Authenticity;
use crate::verify::digest::Sha256;
use crate::verify::message::Unverified;

/// What is read from a line at once.
const PIECE_BYTES: usize = 64 * 1024;

/// What came of fetching one message.
pub(super) enum Fetched<T> {
    Whole(T),
    /// It could not be had, or is not what was listed: this message alone.
    Failed(String),
}

impl Desk {
    /// The sealed original, of exactly the SHA-256 that was listed, in a file without a name of its own yet.
    pub(super) fn fetch_sealed(
        &self,
        opened: &OpenedCase,
        place: MessagePlace,
        folder: &Path,
    ) -> Result<Fetched<Unfinished>, Error> {
        let Some(listed) = opened.listed(place.0).get(place.1).filter(|listed| !listed.gone) else {
            return Ok(Fetched::Failed("the server does not have it any more".to_owned()));
        };
        let write = opened.write();
        let blob = match self.client.case_blob(&self.session, opened.case, place.0, write.as_ref(), listed) {
            Ok(blob) => blob,
            Err(error) => return Ok(Fetched::Failed(error.to_string())),
        };
        let mut stream = blob.stream();
        let mut sealed = Unfinished::create(folder)?;
        let mut hash = Sha256::new();
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match stream.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => {
                    hash.update(&piece[..read]);
                    sealed.write(&piece[..read])?;
                }
                Err(error) => {
                    if stream.failure().is_some_and(crate::client::Error::is_passing) {
                        self.client.answers()?;
                    }
                    return Ok(Fetched::Failed(error.to_string()));
                }
            }
        }
        if hash.finish() == listed.sha256 {
            Ok(Fetched::Whole(sealed))
        } else {
            Ok(Fetched::Failed("what the server gives is not what it lists".to_owned()))
        }
    }

    /// The files inside a sealed original, each in a file without a name of its own
    /// yet. `text` is what was judged.
    pub(super) fn open_files(
        &self,
        opened: &OpenedCase,
        place: MessagePlace,
        sealed: &Unfinished,
        text: &Unverified,
        folder: &Path,
    ) -> Result<Fetched<Vec<Unfinished>>, Error> {
        let Some((key, sha256)) = key_and_digest(opened, place) else {
            return Ok(Fetched::Failed("it does not open".to_owned()));
        };
        let mut files = Vec::new();
        let mut failed = None;
        let read = rewound(sealed).map_err(OpenError::Source).and_then(|source| {
            let OpenedBlob::Message(mut blob) = open_blob(source, key)? else {
                return Err(OpenError::Damaged);
            };
            blob.read_files(text, sha256, |_| {
                let unfinished = Unfinished::create(folder).map_err(|error| {
                    failed = Some(error);
                    std::io::Error::other("no file")
                })?;
                let handle = unfinished.handle()?;
                files.push(unfinished);
                Ok(Some(handle))
            })
        });
        match (read, failed) {
            (Ok(()), _) => Ok(Fetched::Whole(files)),
            (Err(_), Some(error)) => Err(error.into()),
            (Err(OpenError::Write(error)), _) => Err(Error::Disk(error)),
            (Err(error), _) => Ok(Fetched::Failed(error.to_string())),
        }
    }
}

/// The folder beside all others for files whose sender's word they are not, by why; nothing for those that
/// may lie together. What is of a newer version, or not there, has no files.
pub(super) fn folder_apart(authenticity: Authenticity) -> Option<&'static str> {
    match authenticity {
        Authenticity::NotAuthentic | Authenticity::Replayed => Some("not-authentic"),
        Authenticity::Unverifiable => Some("not-verified"),
        Authenticity::Doubtful => Some("doubtful"),
        Authenticity::NotFromAReader => Some("not-from-a-reader"),
        Authenticity::NewerVersion => Some("newer-version"),
        Authenticity::Authentic
        | Authenticity::OneWay
        | Authenticity::Unreadable
        | Authenticity::Gone
        | Authenticity::Missing
        | Authenticity::NotFetched => None,
    }
}

/// All the names that [`folder_apart`] gives.
pub(super) const FOLDERS_APART: [&str; 5] =
    ["not-authentic", "not-verified", "doubtful", "not-from-a-reader", "newer-version"];

/// Writes bytes that are in memory already.
pub(super) fn unfinished_bytes(folder: &Path, bytes: &[u8]) -> Result<Unfinished, Error> {
    let mut file = Unfinished::create(folder)?;
    file.write(bytes)?;
    Ok(file)
}

/// A folder for one's own eyes in which nothing of an earlier run is left unfinished.
pub(super) fn prepare_folder(folder: &Path) -> Result<(), Error> {
    create_private_folder(folder)?;
    Ok(crate::files::remove_unfinished(folder)?)
}

fn key_and_digest(opened: &OpenedCase, place: MessagePlace) -> Option<(BlobKey<'_>, Digest)> {
    let listed = opened.listed(place.0).get(place.1)?;
    Some((BlobKey::Handed(opened.file_keys.get(&place)?), listed.sha256))
}

pub(super) fn rewound(sealed: &Unfinished) -> std::io::Result<File> {
    let mut file = sealed.handle()?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Every place of a case, the mailbox first.
pub(super) fn places(opened: &OpenedCase) -> impl Iterator<Item = MessagePlace> {
    let of = |thread| (0..opened.listed(thread).len()).map(move |position| (thread, position));
    of(ThreadName::Mailbox).chain(of(ThreadName::Office))
}
