//! A one-way report as it is stored: an age file that somebody sealed with other tools, brought
//! to a size class (PROTOCOL 4.6).

use super::age_header::{self, AgeHeader};
use super::limits::{AGE_FILE_BYTES_MAX, size_class};

const MAGIC: &[u8] = b"mohr-one-way/v1\n";
const LENGTH_BYTES: usize = 8;
const HEADER_BYTES: usize = MAGIC.len() + LENGTH_BYTES;
/// More than the longest age file is stored in.
pub const STORED_BYTES_MAX: u64 = (AGE_FILE_BYTES_MAX + AGE_FILE_BYTES_MAX / 8) as u64;
/// The least that follows an age header: a nonce and the tag of an empty payload.
const PAYLOAD_BYTES_MIN: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Header(#[from] age_header::Error),
    #[error("sealed to {found} recipients, the office has {expected}")]
    Recipients { found: usize, expected: usize },
    #[error("the age file is cut short")]
    Short,
    #[error("the age file is too large")]
    TooLarge,
    #[error("not a stored one-way report")]
    NotOneWay,
}

/// The blob to store for an age file that is sealed to exactly `recipients` hybrid recipients.
pub fn encode(age_file: &[u8], recipients: usize) -> Result<Vec<u8>, Error> {
    if age_file.len() > AGE_FILE_BYTES_MAX {
        return Err(Error::TooLarge);
    }
    let header = AgeHeader::decode(age_file)?;
    if header.hybrid_stanzas != recipients {
        return Err(Error::Recipients { found: header.hybrid_stanzas, expected: recipients });
    }
    if age_file.len() < header.header_bytes + PAYLOAD_BYTES_MIN {
        return Err(Error::Short);
    }
    let class = size_class((HEADER_BYTES + age_file.len()) as u64).ok_or(Error::TooLarge)?;
    let mut blob = Vec::with_capacity(class as usize);
    blob.extend_from_slice(MAGIC);
    blob.extend_from_slice(&(age_file.len() as u64).to_be_bytes());
    blob.extend_from_slice(age_file);
    blob.resize(class as usize, 0);
    Ok(blob)
}

/// Whether a stored blob is a one-way report rather than a message.
pub fn is_one_way(blob: &[u8]) -> bool {
    blob.starts_with(MAGIC)
}

/// What stands of the age file in the first bytes of a stored blob.
pub fn head(blob: &[u8]) -> &[u8] {
    blob.get(HEADER_BYTES..).unwrap_or(&[])
}

/// The age file in a stored blob.
pub fn decode(blob: &[u8]) -> Result<&[u8], Error> {
    let rest = blob.strip_prefix(MAGIC).ok_or(Error::NotOneWay)?;
    let (length, rest) = rest.split_first_chunk::<LENGTH_BYTES>().ok_or(Error::NotOneWay)?;
    let length = usize::try_from(u64::from_be_bytes(*length)).map_err(|_| Error::NotOneWay)?;
    let (age_file, padding) = rest.split_at_checked(length).ok_or(Error::NotOneWay)?;
    let exact = size_class((HEADER_BYTES + length) as u64) == Some(blob.len() as u64);
    if exact && padding.iter().all(|byte| *byte == 0) { Ok(age_file) } else { Err(Error::NotOneWay) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::limits::is_size_class;

    fn age_file(stanzas: usize, payload_bytes: usize) -> Vec<u8> {
        let mut file = age_header::VERSION_LINE.to_vec();
        for _ in 0..stanzas {
            file.extend_from_slice(b"-> mlkem768x25519 AAAA\nAAAA\n");
        }
        file.extend_from_slice(b"--- AAAA\n");
        file.resize(file.len() + payload_bytes, 9);
        file
    }

    #[test]
    fn what_is_stored_has_a_size_class_and_gives_the_file_back() {
        for payload_bytes in [32, 32_600, 32_768, 40_000, 3_000_000] {
            let file = age_file(2, payload_bytes);
            let blob = encode(&file, 2).unwrap();
            assert!(is_size_class(blob.len() as u64) && is_one_way(&blob));
            assert_eq!(decode(&blob), Ok(&file[..]));
            for cut in [0, 15, 23, 24, blob.len() - 1] {
                assert_eq!(decode(&blob[..cut]), Err(Error::NotOneWay));
            }
        }
    }

    #[test]
    fn nobody_sends_anything_but_a_file_for_every_inspector() {
        assert_eq!(encode(b"My neighbour takes bribes", 2), Err(Error::Header(age_header::Error::NotAge)));
        assert_eq!(encode(&age_file(1, 99), 2), Err(Error::Recipients { found: 1, expected: 2 }));
        assert_eq!(encode(&age_file(3, 99), 2), Err(Error::Recipients { found: 3, expected: 2 }));
        assert_eq!(encode(&age_file(2, 31), 2), Err(Error::Short));
        assert_eq!(encode(&age_file(2, AGE_FILE_BYTES_MAX), 2), Err(Error::TooLarge));
        let armored = b"-----BEGIN AGE ENCRYPTED FILE-----\n";
        assert_eq!(encode(armored, 2), Err(Error::Header(age_header::Error::NotAge)));
    }
}
