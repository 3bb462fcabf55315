//! A sealed blob wherever it lies, on a disk or behind a server's ranges, as age reads it: never beyond the
//! length it had at first, its head kept, and every byte hashed when it is read from end to end.

use std::io::{self, Read, Seek, SeekFrom};

use crate::protocol::limits::AGE_HEADER_BYTES_MAX;
use crate::verify::digest::Sha256;

pub(super) struct BlobSource<R> {
    inner: R,
    /// The first bytes, read once: age's header stands in them.
    head: Vec<u8>,
    length: u64,
    position: u64,
    /// Where `inner` stands, while that is known.
    inner_position: Option<u64>,
    /// The last failure was the source's own, and says nothing of what the blob holds.
    is_failed: bool,
}

impl<R: Read + Seek> BlobSource<R> {
    pub(super) fn new(mut inner: R) -> io::Result<Self> {
        let length = inner.seek(SeekFrom::End(0))?;
        inner.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        inner.by_ref().take(length.min(AGE_HEADER_BYTES_MAX as u64)).read_to_end(&mut head)?;
        Ok(Self { inner, head, length, position: 0, inner_position: None, is_failed: false })
    }

    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Whether reading failed since this was last asked.
    pub(super) fn take_failed(&mut self) -> bool {
        std::mem::take(&mut self.is_failed)
    }

    fn read_inner(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.inner_position != Some(self.position) {
            self.inner_position = None;
            self.inner.seek(SeekFrom::Start(self.position))?;
        }
        let read = self.inner.read(buffer)?;
        self.inner_position = Some(self.position + read as u64);
        Ok(read)
    }
}

impl<R: Read + Seek> Read for BlobSource<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.length.saturating_sub(self.position);
        let wanted = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let Some(buffer) = buffer.get_mut(..wanted).filter(|buffer| !buffer.is_empty()) else { return Ok(0) };
        let known = usize::try_from(self.position).ok().and_then(|position| self.head.get(position..));
        let read = match known {
            Some(known) if !known.is_empty() => {
                let read = known.len().min(buffer.len());
                buffer[..read].copy_from_slice(&known[..read]);
                read
            }
            _ => match self.read_inner(buffer) {
                Ok(read) => read,
                Err(error) => {
                    self.is_failed |= error.kind() != io::ErrorKind::Interrupted;
                    return Err(error);
                }
            },
        };
        self.position += read as u64;
        Ok(read)
    }
}

impl<R: Read + Seek> Seek for BlobSource<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(target) => Some(target),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

/// Reads from end to end and hashes what passes.
pub(super) struct Hashing<'a, R> {
    source: &'a mut BlobSource<R>,
    hash: &'a mut Sha256,
}

impl<'a, R: Read + Seek> Hashing<'a, R> {
    pub(super) fn new(source: &'a mut BlobSource<R>, hash: &'a mut Sha256) -> Self {
        source.position = 0;
        Self { source, hash }
    }
}

impl<R: Read + Seek> Read for Hashing<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}
