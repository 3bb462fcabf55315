//! The one tar archive inside every message (PROTOCOL 2.1): ustar, written in exactly one way, so that
//! reading is comparing. What a decoder gets is hostile: it never allocates by a number it read.

use super::limits::{FILES_MAX, MESSAGE_JSON_BYTES_MAX, SEAL_JSON_BYTES_MAX};

pub const BLOCK: usize = 512;
pub const MESSAGE_PATH: &str = "message.json";
pub const SEAL_PATH: &str = "seal.json";
/// At least two blocks of zeros end an archive.
pub const END_BYTES: usize = 2 * BLOCK;
/// The largest size that a header states.
pub const ENTRY_BYTES_MAX: u64 = (1 << 33) - 1;

/// The entries of an archive, borrowed from its bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Archive<'a> {
    pub message_json: &'a [u8],
    pub files: Vec<&'a [u8]>,
    pub seal_json: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the archive ends early")]
    Short,
    #[error("an archive header is not as the format writes it")]
    Header,
    #[error("an archive entry is out of place")]
    Order,
    #[error("an archive entry is too large")]
    TooLarge,
    #[error("the archive has something where zeros belong")]
    Padding,
}

/// Path of the file with this index, counted from 0.
pub fn file_path(index: usize) -> String {
    format!("files/{:02}", index + 1)
}

impl<'a> Archive<'a> {
    /// Bytes of the archive up to and with its end marker, before it is filled to its class.
    pub fn encoded_bytes(&self) -> u64 {
        let entry = |content: &[u8]| entry_bytes(content.len() as u64);
        entry(self.message_json)
            + self.files.iter().map(|file| entry(file)).sum::<u64>()
            + entry(self.seal_json)
            + END_BYTES as u64
    }

    /// The archive, filled with zeros to `archive_bytes`, which is at least [`Archive::encoded_bytes`].
    pub fn encode(&self, archive_bytes: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(archive_bytes as usize);
        let mut put = |path: &str, content: &[u8]| {
            bytes.extend_from_slice(&header(path, content.len() as u64));
            bytes.extend_from_slice(content);
            bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        };
        put(MESSAGE_PATH, self.message_json);
        for (index, file) in self.files.iter().enumerate() {
            put(&file_path(index), file);
        }
        put(SEAL_PATH, self.seal_json);
        assert!(bytes.len() as u64 + END_BYTES as u64 <= archive_bytes, "an archive is never cut");
        bytes.resize(archive_bytes as usize, 0);
        bytes
    }

    pub fn decode(bytes: &'a [u8]) -> Result<Self, Error> {
        let (message_json, mut rest) = take_entry(bytes, MESSAGE_PATH, MESSAGE_JSON_BYTES_MAX as u64)?;
        let mut files = Vec::new();
        while files.len() < FILES_MAX && !names(rest, SEAL_PATH) {
            let file;
            (file, rest) = take_entry(rest, &file_path(files.len()), ENTRY_BYTES_MAX)?;
            files.push(file);
        }
        let (seal_json, rest) = take_entry(rest, SEAL_PATH, SEAL_JSON_BYTES_MAX as u64)?;
        if message_json.is_empty() || seal_json.is_empty() {
            return Err(Error::Order);
        }
        if rest.len() < END_BYTES {
            return Err(Error::Short);
        }
        if rest.iter().any(|byte| *byte != 0) {
            return Err(Error::Padding);
        }
        Ok(Self { message_json, files, seal_json })
    }
}

/// The header block of a regular file; `size_bytes` fits 11 octal digits.
pub fn header(path: &str, size_bytes: u64) -> [u8; BLOCK] {
    assert!(path.len() < 100 && size_bytes <= ENTRY_BYTES_MAX, "a path and a size that ustar holds");
    let mut block = [0; BLOCK];
    let mut put = |at: usize, field: &[u8]| block[at..at + field.len()].copy_from_slice(field);
    put(0, path.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0"); // uid
    put(116, b"0000000\0"); // gid
    put(124, format!("{size_bytes:011o}\0").as_bytes());
    put(136, b"00000000000\0"); // mtime: no clock
    put(148, b"        "); // the checksum counts itself as spaces
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(329, b"0000000\0"); // devmajor
    put(337, b"0000000\0"); // devminor
    let checksum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{checksum:06o}\0 ").as_bytes());
    block
}

fn names(bytes: &[u8], path: &str) -> bool {
    bytes.len() > path.len() && bytes.starts_with(path.as_bytes()) && bytes[path.len()] == 0
}

/// The size that the header of the entry which must stand here states; hostile, and at most `size_max`.
pub fn decode_header(block: &[u8; BLOCK], path: &str, size_max: u64) -> Result<u64, Error> {
    if !names(block, path) {
        return Err(Error::Order);
    }
    let size_bytes = block[124..135].iter().try_fold(0u64, |size, digit| match digit {
        b'0'..=b'7' => Ok(size * 8 + u64::from(digit - b'0')),
        _ => Err(Error::Header),
    })?;
    if *block != header(path, size_bytes) {
        return Err(Error::Header);
    }
    if size_bytes > size_max { Err(Error::TooLarge) } else { Ok(size_bytes) }
}

/// Bytes of an entry with this content: its header, the content and what fills its last block.
pub const fn entry_bytes(size_bytes: u64) -> u64 {
    BLOCK as u64 + size_bytes.next_multiple_of(BLOCK as u64)
}

/// The content of the entry that must stand here, and what follows its last block.
fn take_entry<'a>(bytes: &'a [u8], path: &str, size_max: u64) -> Result<(&'a [u8], &'a [u8]), Error> {
    let (block, rest) = bytes.split_first_chunk().ok_or(Error::Short)?;
    let size_bytes = decode_header(block, path, size_max)?;
    let size = usize::try_from(size_bytes).map_err(|_| Error::TooLarge)?;
    let (blocks, after) = rest.split_at_checked(size.next_multiple_of(BLOCK)).ok_or(Error::Short)?;
    let (content, padding) = blocks.split_at(size);
    if padding.iter().any(|byte| *byte != 0) {
        return Err(Error::Padding);
    }
    Ok((content, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let archive = Archive { message_json: b"{}", files: vec![b"", &[7; 513]], seal_json: b"{\"a\":1}" };
        archive.encode(archive.encoded_bytes() + 1000)
    }

    #[test]
    fn decode_gives_back_what_was_encoded() {
        let bytes = sample();
        let archive = Archive::decode(&bytes).unwrap();
        assert_eq!(
            (archive.message_json, archive.files[0].len(), archive.files[1].len()),
            (&b"{}"[..], 0, 513)
        );
        assert_eq!(archive.encode(bytes.len() as u64), bytes);
    }

    #[test]
    fn every_flipped_bit_outside_content_and_every_cut_is_noticed() {
        let bytes = sample();
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            match Archive::decode(&flipped) {
                Err(_) => {}
                // Content is not the archive's business: seal.json has its digest.
                Ok(archive) => assert_eq!(archive.encode(bytes.len() as u64), flipped),
            }
        }
        let shortest = bytes.len() - 1000;
        for length in 0..shortest {
            assert!(Archive::decode(&bytes[..length]).is_err(), "{length}");
        }
        assert!(Archive::decode(&bytes[..shortest]).is_ok());
    }

    #[test]
    fn a_size_that_lies_does_not_allocate() {
        let mut bytes = header(MESSAGE_PATH, 2).to_vec();
        bytes.extend_from_slice(&[0; BLOCK]);
        bytes.extend_from_slice(&header("files/01", ENTRY_BYTES_MAX));
        assert_eq!(Archive::decode(&bytes), Err(Error::Short));
    }
}
