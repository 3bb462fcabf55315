//! Fetching a sealed blob (PROTOCOL 4.3 and 4.5): whole, in one go or over a line that breaks again and
//! again, and in pieces, for whoever needs its head and a place near its end. Nothing is believed here:
//! whoever reads the whole compares its SHA-256 with the one listed.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};

use zeroize::Zeroizing;

use super::error::Error;
use super::patience::Patience;
use super::session::Credentials;
use super::transport::{Bearer, Client, Headers, HttpResponse, authorization, header, read_body};
use crate::protocol::api::ListedMessage;
use crate::protocol::ids::CaseId;
use crate::protocol::limits::SEALED_BYTES_MAX;
use crate::protocol::record::ThreadName;
use crate::protocol::secret::WriteToken;

/// What a [`BlobReader`] fetches at once, and how many of them it keeps: a head, what stands behind it, and a
/// place near the end with its neighbour.
const BLOCK_BYTES: u64 = 64 * 1024;
const BLOCKS_KEPT: usize = 4;

/// A blob on the server, and the right to fetch it.
#[derive(Clone)]
pub struct RemoteBlob<'a> {
    client: &'a Client,
    credentials: &'a dyn Credentials,
    path: String,
    write: Option<Zeroizing<String>>,
    size_bytes: u64,
}

impl Client {
    /// The sealed message at a place of one's own mailbox.
    pub fn mailbox_blob<'a>(
        &'a self,
        token: &'a Bearer,
        listed: &ListedMessage,
    ) -> Result<RemoteBlob<'a>, Error> {
        self.remote_blob(token, format!("/mailbox/{}", listed.position), None, listed)
    }

    /// The sealed message at a place of a case. `write` is the case's, but for one-way cases, the journal and
    /// the first message of a mailbox, which are fetched without.
    pub fn case_blob<'a>(
        &'a self,
        session: &'a dyn Credentials,
        case: CaseId,
        thread: ThreadName,
        write: Option<&WriteToken>,
        listed: &ListedMessage,
    ) -> Result<RemoteBlob<'a>, Error> {
        let path = format!("/cases/{case}/{}/{}", thread.as_str(), listed.position);
        self.remote_blob(session, path, write.map(WriteToken::encode), listed)
    }

    fn remote_blob<'a>(
        &'a self,
        credentials: &'a dyn Credentials,
        path: String,
        write: Option<Zeroizing<String>>,
        listed: &ListedMessage,
    ) -> Result<RemoteBlob<'a>, Error> {
        match listed.size_bytes {
            Some(size_bytes) if size_bytes <= SEALED_BYTES_MAX => {
                Ok(RemoteBlob { client: self, credentials, path, write, size_bytes })
            }
            Some(_) => Err(Error::UnexpectedAnswer("a message larger than any")),
            None => Err(Error::UnexpectedAnswer("a message that is gone")),
        }
    }
}

impl<'a> RemoteBlob<'a> {
    /// As it was listed.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// All of it, in memory.
    pub fn read_whole(&self) -> Result<Vec<u8>, Error> {
        let mut stream = self.stream();
        let mut bytes = Vec::new();
        match stream.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(stream.failure().cloned().unwrap_or_else(|| Error::from_io(&error))),
        }
    }

    /// From its beginning to its end, and exactly as many bytes as were listed. A line that breaks is taken
    /// up where it broke; only a line that brings nothing any more ends it.
    pub fn stream(&self) -> BlobStream<'a> {
        BlobStream {
            blob: self.clone(),
            offset: 0,
            answer: None,
            patience: Patience::default(),
            failure: None,
        }
    }

    /// For reading here and there in it.
    pub fn reader(&self) -> BlobReader<'a> {
        BlobReader { blob: self.clone(), position: 0, blocks: VecDeque::new() }
    }

    /// Asks for the bytes `first..=last`, of which the answer then holds no others.
    fn request(&self, first: u64, last: u64) -> Result<HttpResponse, Error> {
        let range = format!("bytes={first}-{last}");
        let whole = first == 0 && last + 1 == self.size_bytes;
        let answer = self.client.authorized(self.credentials, |bearer| {
            let authorization = authorization(bearer);
            let mut headers = vec![("authorization", authorization.as_str())];
            headers.extend(self.write.as_deref().map(|write| ("case-write", write.as_str())));
            if !whole {
                headers.push(("range", &range));
            }
            self.client.get(&self.path, Headers::from(&headers[..]))
        })?;
        if whole {
            return Ok(answer);
        }
        let expected = format!("bytes {first}-{last}/{}", self.size_bytes);
        if answer.status().as_u16() == 206 && header(&answer, "content-range")? == expected {
            Ok(answer)
        } else {
            Err(Error::UnexpectedAnswer("another range of the blob"))
        }
    }

    fn block(&self, index: u64) -> Result<Vec<u8>, Error> {
        let first = index * BLOCK_BYTES;
        let last = (first + BLOCK_BYTES).min(self.size_bytes) - 1;
        let bytes = last - first + 1;
        self.client.patiently(|| {
            let block = read_body(self.request(first, last)?, bytes)?;
            if block.len() as u64 == bytes {
                Ok(block)
            } else {
                Err(Error::Unreachable("the answer ends early".to_owned()))
            }
        })
    }
}

/// A blob as it comes.
pub struct BlobStream<'a> {
    blob: RemoteBlob<'a>,
    offset: u64,
    /// What has not been read of the last answer.
    answer: Option<ureq::BodyReader<'static>>,
    patience: Patience,
    failure: Option<Error>,
}

impl BlobStream<'_> {
    /// Why the last read failed: it was the line or the server, and never what was read.
    pub fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    fn read_once(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let size_bytes = self.blob.size_bytes;
        let answer = match &mut self.answer {
            Some(answer) => answer,
            None => {
                let answer = self.blob.request(self.offset, size_bytes - 1)?;
                self.answer.insert(answer.into_body().into_reader())
            }
        };
        // What comes beyond the size that was listed is not looked at: the digest tells what the rest is.
        let wanted = usize::try_from(size_bytes - self.offset).unwrap_or(usize::MAX).min(buffer.len());
        match answer.read(&mut buffer[..wanted]) {
            Ok(0) => Err(Error::Unreachable("the answer ends early".to_owned())),
            Ok(read) => Ok(read),
            Err(error) => Err(Error::from_io(&error)),
        }
    }
}

impl Read for BlobStream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while self.offset < self.blob.size_bytes {
            match self.read_once(buffer) {
                Ok(read) => {
                    self.offset += read as u64;
                    self.patience.renew();
                    return Ok(read);
                }
                Err(error) => {
                    self.answer = None;
                    if let Err(error) = self.patience.bear(error, self.blob.client.has_answered()) {
                        self.failure = Some(error.clone());
                        return Err(io::Error::other(error));
                    }
                }
            }
        }
        Ok(0)
    }
}

/// A blob as a file to read and seek in. It fetches what is read and keeps a little of it, sealed as it is.
pub struct BlobReader<'a> {
    blob: RemoteBlob<'a>,
    position: u64,
    /// The one used last is the last.
    blocks: VecDeque<(u64, Vec<u8>)>,
}

impl BlobReader<'_> {
    fn fetch(&mut self, index: u64) -> io::Result<&[u8]> {
        let kept = self.blocks.iter().position(|(kept, _)| *kept == index);
        let block = match kept.and_then(|at| self.blocks.remove(at)) {
            Some((_, block)) => block,
            None => self.blob.block(index).map_err(io::Error::other)?,
        };
        if self.blocks.len() == BLOCKS_KEPT {
            self.blocks.pop_front();
        }
        self.blocks.push_back((index, block));
        Ok(self.blocks.back().map_or(&[], |(_, block)| block))
    }
}

impl Read for BlobReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.blob.size_bytes || buffer.is_empty() {
            return Ok(0);
        }
        let (index, skipped) = (self.position / BLOCK_BYTES, self.position % BLOCK_BYTES);
        let block = self.fetch(index)?;
        let rest = block.get(skipped as usize..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for BlobReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.blob.size_bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
