//! Opening a blob that is larger than memory: first the text, by seeking, then the files, from end to end
//! (PROTOCOL 2.7).
//!
//! [`open_blob`] needs the header and a key. [`OpenBlob::text`] reads message.json and seal.json and
//! nothing between them: about 130 KiB of any blob. `verify::case` then judges whose word it is. Only for
//! what it finds authentic [`OpenBlob::read_files`] streams the files, and **nothing of what was streamed
//! may be shown, kept or handed on before it has returned**: write into files that are removed when it
//! fails. At no time is more in memory than message.json, seal.json and a few blocks of 64 KiB.
//!
//! The source is anything that reads and seeks: a file, a `Cursor` over bytes, or a reader that fetches
//! ranges from a server. It is asked for its length once, and read in pieces of 64 KiB.

use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use age::stream::StreamReader;
use zeroize::Zeroizing;

use super::blob_key::{BlobKey, Unwrapping};
use super::blob_source::{BlobSource, Hashing};
use crate::protocol::age_header::{self, AgeHeader};
use crate::protocol::archive::{self, BLOCK, END_BYTES, MESSAGE_PATH, SEAL_PATH, entry_bytes};
use crate::protocol::ids::Digest;
use crate::protocol::limits::{MESSAGE_JSON_BYTES_MAX, SEAL_JSON_BYTES_MAX, SEALED_BYTES_MAX};
use crate::protocol::one_way;
use crate::protocol::secret::HandedKey;
use crate::verify::digest::{Sha256, sha256};
use crate::verify::message::{self, Unverified};

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Header(#[from] age_header::Error),
    #[error("not sealed to this key")]
    NotForUs,
    #[error("the sealed message is damaged or was altered")]
    Damaged,
    #[error("the sealed message is too large")]
    TooLarge,
    #[error("the sealed message holds no message: {0}")]
    Content(#[from] message::Error),
    #[error("the sealed message is not the one that was listed")]
    OtherBlob,
    /// Says nothing of the message: it may open another time.
    #[error("the sealed message could not be read: {0}")]
    Source(io::Error),
    #[error("a file of the message could not be written: {0}")]
    Write(io::Error),
}

impl OpenError {
    /// Whether the blob itself is at fault, so that the message is *unreadable*; else trying again may help.
    pub fn is_unreadable(&self) -> bool {
        !matches!(self, Self::Source(_) | Self::Write(_))
    }
}

/// What a blob turns out to be.
pub enum OpenedBlob<R> {
    Message(OpenBlob<R>),
    /// Any bytes, of nobody.
    OneWay(OneWayFile),
}

/// What a one-way report holds.
pub struct OneWayFile {
    pub sha256: Digest,
    pub bytes: Zeroizing<Vec<u8>>,
    file_key: HandedKey,
}

/// A blob whose header opened.
pub struct OpenBlob<R> {
    source: BlobSource<R>,
    file_key: HandedKey,
    plaintext_bytes: u64,
}

type Plaintext<R> = StreamReader<BufReader<R>>;

/// Opens the header. What the blob holds is not read yet, unless it is a one-way report.
pub fn open_blob<R: Read + Seek>(source: R, key: BlobKey<'_>) -> Result<OpenedBlob<R>, OpenError> {
    let source = BlobSource::new(source).map_err(OpenError::Source)?;
    if source.length() > SEALED_BYTES_MAX {
        return Err(OpenError::TooLarge);
    }
    if one_way::is_one_way(source.head()) {
        return open_one_way(source, key).map(OpenedBlob::OneWay);
    }
    OpenBlob::new(source, key).map(OpenedBlob::Message)
}

impl OneWayFile {
    /// What a handover gives, so that somebody else can open this blob.
    pub fn file_key(&self) -> &HandedKey {
        &self.file_key
    }
}

impl<R: Read + Seek> OpenBlob<R> {
    fn new(mut source: BlobSource<R>, key: BlobKey<'_>) -> Result<Self, OpenError> {
        let header = AgeHeader::decode(source.head())?;
        let length = source.length();
        let (_, file_key) = start(&mut source, key)?;
        let plaintext_bytes =
            plaintext_bytes(length, header.header_bytes as u64).ok_or(OpenError::Damaged)?;
        Ok(Self { source, file_key, plaintext_bytes })
    }

    /// What a handover gives, so that somebody else can open this blob.
    pub fn file_key(&self) -> &HandedKey {
        &self.file_key
    }

    /// message.json and seal.json, the files passed over. They agree with each other, and nobody has
    /// checked whose they are.
    pub fn text(&mut self) -> Result<Unverified, OpenError> {
        self.source.seek(SeekFrom::Start(0)).map_err(OpenError::Source)?;
        let text = read_text(&mut self.source, &self.file_key, self.plaintext_bytes);
        text.map_err(|error| source_error(&mut self.source, error))
    }

    /// Reads the whole blob once and writes the files that `sink` wants, by their index in `text`. When it
    /// returns, the blob is the one that was listed, and every file what the sender signed; before that,
    /// nothing of them is.
    pub fn read_files<W: Write>(
        &mut self,
        text: &Unverified,
        listed: Digest,
        sink: impl FnMut(usize) -> io::Result<Option<W>>,
    ) -> Result<(), OpenError> {
        let mut hash = Sha256::new();
        let hashing = Hashing::new(&mut self.source, &mut hash);
        let read = start(hashing, BlobKey::Handed(&self.file_key))
            .and_then(|(plaintext, _)| read_archive(plaintext, text, sink));
        read.map_err(|error| source_error(&mut self.source, error))?;
        if hash.finish() == listed { Ok(()) } else { Err(OpenError::OtherBlob) }
    }

    /// The same, when nobody wants the files: the blob is the one that was listed and all of it is as it
    /// was signed.
    pub fn check_files(&mut self, text: &Unverified, listed: Digest) -> Result<(), OpenError> {
        self.read_files(text, listed, |_| Ok(None::<io::Sink>))
    }
}

/// A failure of the source's own is told from what a damaged blob makes of it.
fn source_error<R: Read + Seek>(source: &mut BlobSource<R>, error: OpenError) -> OpenError {
    match error {
        OpenError::Write(_) => error,
        error if !source.take_failed() => error,
        OpenError::Source(error) => OpenError::Source(error),
        _ => OpenError::Source(io::Error::other("reading was cut short")),
    }
}

/// Opens age's header, whose MAC then holds under the file key.
fn start<R: Read>(source: R, key: BlobKey<'_>) -> Result<(Plaintext<R>, HandedKey), OpenError> {
    let unwrapping = Unwrapping::new(key);
    let decryptor = age::Decryptor::new_buffered(BufReader::new(source)).map_err(open_error)?;
    let plaintext =
        decryptor.decrypt(std::iter::once(&unwrapping as &dyn age::Identity)).map_err(open_error)?;
    Ok((plaintext, unwrapping.into_found().ok_or(OpenError::NotForUs)?))
}

fn open_error(error: age::DecryptError) -> OpenError {
    match error {
        age::DecryptError::NoMatchingKeys => OpenError::NotForUs,
        age::DecryptError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            OpenError::Source(error)
        }
        _ => OpenError::Damaged,
    }
}

fn open_one_way<R: Read + Seek>(
    mut source: BlobSource<R>,
    key: BlobKey<'_>,
) -> Result<OneWayFile, OpenError> {
    // One more than there may be, so that a longer one is refused and not cut.
    let most = one_way::STORED_BYTES_MAX + 1;
    let mut blob = Vec::new();
    source.by_ref().take(most).read_to_end(&mut blob).map_err(OpenError::Source)?;
    let age_file = one_way::decode(&blob).map_err(|_| OpenError::Damaged)?;
    let header = AgeHeader::decode(age_file)?;
    let (mut plaintext, file_key) = start(age_file, key)?;
    let length =
        plaintext_bytes(age_file.len() as u64, header.header_bytes as u64).ok_or(OpenError::Damaged)?;
    let room = usize::try_from(length).map_err(|_| OpenError::TooLarge)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    plaintext.read_to_end(&mut bytes).map_err(|_| OpenError::Damaged)?;
    Ok(OneWayFile { sha256: sha256(&bytes), bytes, file_key })
}

/// How long the plaintext of a blob of this length is; nothing for a length that no blob has. Nobody has
/// authenticated it: it only bounds where is looked.
fn plaintext_bytes(sealed_bytes: u64, header_bytes: u64) -> Option<u64> {
    let stream = sealed_bytes.checked_sub(header_bytes)?.checked_sub(NONCE_BYTES)?;
    stream.checked_sub(TAG_BYTES * stream.div_ceil(CHUNK_BYTES + TAG_BYTES))
}

fn read_text<R: Read + Seek>(
    source: &mut BlobSource<R>,
    file_key: &HandedKey,
    plaintext_bytes: u64,
) -> Result<Unverified, OpenError> {
    let (mut plaintext, _) = start(source, BlobKey::Handed(file_key))?;
    let message_json = read_entry(&mut plaintext, MESSAGE_PATH, MESSAGE_JSON_BYTES_MAX)?;
    // Decoded twice, here for the sizes alone: nothing is believed of either.
    let files = crate::protocol::message::Message::decode(&message_json).map_err(message::Error::from)?.files;
    let at = entry_bytes(message_json.len() as u64);
    let seal_at = files.iter().try_fold(at, |at, file| {
        (file.size_bytes <= archive::ENTRY_BYTES_MAX).then(|| at + entry_bytes(file.size_bytes))
    });
    let seal_at = seal_at
        .filter(|at| at + entry_bytes(1) + END_BYTES as u64 <= plaintext_bytes)
        .ok_or(message::Error::Archive(archive::Error::Short))?;
    skip_to(&mut plaintext, at, seal_at)?;
    let seal_json = read_entry(&mut plaintext, SEAL_PATH, SEAL_JSON_BYTES_MAX)?;
    Ok(Unverified::decode(&message_json, &seal_json)?)
}

/// Forward, to a place that is known to be inside. Within one chunk it reads on: age's own seeking does not
/// ask there whether the chunk is long enough.
fn skip_to<R: Read + Seek>(plaintext: &mut Plaintext<R>, from: u64, to: u64) -> Result<(), OpenError> {
    if from / CHUNK_BYTES == to / CHUNK_BYTES {
        let skipped = io::copy(&mut plaintext.by_ref().take(to - from), &mut io::sink());
        skipped.map_err(|_| OpenError::Damaged)?;
    } else {
        plaintext.seek(SeekFrom::Start(to)).map_err(|_| OpenError::Damaged)?;
    }
    Ok(())
}

fn read_block<R: Read>(plaintext: &mut Plaintext<R>) -> Result<[u8; BLOCK], OpenError> {
    let mut block = [0; BLOCK];
    plaintext.read_exact(&mut block).map_err(|_| OpenError::Damaged)?;
    Ok(block)
}

/// A text entry: never empty, and bounded before there is room made for it.
fn read_entry<R: Read>(
    plaintext: &mut Plaintext<R>,
    path: &str,
    bytes_max: usize,
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let size_bytes = archive::decode_header(&read_block(plaintext)?, path, bytes_max as u64)
        .map_err(message::Error::from)?;
    let size = usize::try_from(size_bytes).map_err(|_| OpenError::TooLarge)?;
    if size == 0 {
        return Err(message::Error::Archive(archive::Error::Order).into());
    }
    let mut content = Zeroizing::new(vec![0; size.next_multiple_of(BLOCK)]);
    plaintext.read_exact(&mut content).map_err(|_| OpenError::Damaged)?;
    if content.iter().skip(size).any(|byte| *byte != 0) {
        return Err(message::Error::Archive(archive::Error::Padding).into());
    }
    content.truncate(size);
    Ok(content)
}

/// The whole archive against what `text` says of it.
fn read_archive<R: Read, W: Write>(
    mut plaintext: Plaintext<R>,
    text: &Unverified,
    mut sink: impl FnMut(usize) -> io::Result<Option<W>>,
) -> Result<(), OpenError> {
    let message_json = read_entry(&mut plaintext, MESSAGE_PATH, MESSAGE_JSON_BYTES_MAX)?;
    for index in 0..text.message.files.len() {
        let writer = sink(index).map_err(OpenError::Write)?;
        read_file(&mut plaintext, text, index, writer)?;
    }
    let seal_json = read_entry(&mut plaintext, SEAL_PATH, SEAL_JSON_BYTES_MAX)?;
    if Unverified::decode(&message_json, &seal_json)? != *text {
        return Err(message::Error::Digests.into());
    }
    read_end(&mut plaintext)
}

fn read_file<R: Read, W: Write>(
    plaintext: &mut Plaintext<R>,
    text: &Unverified,
    index: usize,
    mut writer: Option<W>,
) -> Result<(), OpenError> {
    let entry = text.file_entry(index).ok_or(message::Error::Digests)?;
    let header = read_block(plaintext)?;
    let size_bytes = archive::decode_header(&header, &entry.path, archive::ENTRY_BYTES_MAX)
        .map_err(message::Error::from)?;
    if size_bytes != entry.size_bytes {
        return Err(message::Error::Digests.into());
    }
    let mut hash = Sha256::new();
    let mut buffer = Zeroizing::new(vec![0; CHUNK_BYTES as usize]);
    let mut left = size_bytes;
    while left > 0 {
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let piece = &mut buffer[..wanted];
        plaintext.read_exact(piece).map_err(|_| OpenError::Damaged)?;
        hash.update(piece);
        if let Some(writer) = &mut writer {
            writer.write_all(piece).map_err(OpenError::Write)?;
        }
        left -= wanted as u64;
    }
    let padding = usize::try_from(entry_bytes(size_bytes) - BLOCK as u64 - size_bytes).unwrap_or(BLOCK);
    let mut block = [0; BLOCK];
    plaintext.read_exact(&mut block[..padding]).map_err(|_| OpenError::Damaged)?;
    if block[..padding].iter().any(|byte| *byte != 0) {
        return Err(message::Error::Archive(archive::Error::Padding).into());
    }
    if hash.finish() != entry.sha256 {
        return Err(message::Error::Digests.into());
    }
    if let Some(writer) = &mut writer {
        writer.flush().map_err(OpenError::Write)?;
    }
    Ok(())
}

/// Zeros to the end, and enough of them.
fn read_end<R: Read>(plaintext: &mut Plaintext<R>) -> Result<(), OpenError> {
    let mut buffer = vec![0; CHUNK_BYTES as usize];
    let mut zeros = 0;
    loop {
        let read = plaintext.read(&mut buffer).map_err(|_| OpenError::Damaged)?;
        if read == 0 {
            break;
        }
        if buffer[..read].iter().any(|byte| *byte != 0) {
            return Err(message::Error::Archive(archive::Error::Padding).into());
        }
        zeros += read;
    }
    if zeros < END_BYTES { Err(message::Error::Archive(archive::Error::Short).into()) } else { Ok(()) }
}

/// age's STREAM (C2SP age.md).
const NONCE_BYTES: u64 = 16;
const CHUNK_BYTES: u64 = 64 * 1024;
const TAG_BYTES: u64 = 16;
