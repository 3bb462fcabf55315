//! The textual header of an age file (C2SP age.md), read only as far as mohr must: of which types its stanzas
//! are and where it ends. Opening is age's own business.

use super::limits::AGE_HEADER_BYTES_MAX;

/// The first line of every age file.
pub const VERSION_LINE: &[u8] = b"age-encryption.org/v1\n";
const HYBRID: &str = "mlkem768x25519";
const GREASE_SUFFIX: &str = "-grease";

/// What a header says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgeHeader {
    /// With the MAC line.
    pub header_bytes: usize,
    /// Stanzas for the post-quantum hybrid recipient.
    pub hybrid_stanzas: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("not an age file")]
    NotAge,
    #[error("sealed to a kind of recipient that this protocol does not know")]
    OtherRecipient,
}

impl AgeHeader {
    /// The header at the beginning of `blob`.
    pub fn decode(blob: &[u8]) -> Result<Self, Error> {
        let head = &blob[..blob.len().min(AGE_HEADER_BYTES_MAX)];
        let mut rest = head.strip_prefix(VERSION_LINE).ok_or(Error::NotAge)?;
        let mut hybrid_stanzas = 0;
        loop {
            let end = rest.iter().position(|byte| *byte == b'\n').ok_or(Error::NotAge)?;
            let line = std::str::from_utf8(&rest[..end]).map_err(|_| Error::NotAge)?;
            rest = &rest[end + 1..];
            if let Some(stanza) = line.strip_prefix("-> ") {
                match stanza.split(' ').next().unwrap_or_default() {
                    HYBRID => hybrid_stanzas += 1,
                    tag if tag.ends_with(GREASE_SUFFIX) => {}
                    _ => return Err(Error::OtherRecipient),
                }
            } else if line.starts_with("--- ") {
                return Ok(Self { header_bytes: head.len() - rest.len(), hybrid_stanzas });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hybrid_and_grease_stanzas_are_taken() {
        let header = |stanzas: &str| [VERSION_LINE, stanzas.as_bytes(), b"--- abc\npayload"].concat();
        let decoded = AgeHeader::decode(&header("-> mlkem768x25519 x\ny\n-> joint-grease z\n\n")).unwrap();
        assert_eq!(decoded, AgeHeader { header_bytes: 22 + 22 + 19 + 8, hybrid_stanzas: 1 });
        assert_eq!(AgeHeader::decode(&header("-> X25519 x\ny\n")), Err(Error::OtherRecipient));
        assert_eq!(AgeHeader::decode(&header("-> scrypt x 18\ny\n")), Err(Error::OtherRecipient));
        for garbage in
            [&b""[..], b"age-encryption.org/v1", b"age-encryption.org/v1\n-> mlkem768x25519", b"PK\x03\x04"]
        {
            assert_eq!(AgeHeader::decode(garbage), Err(Error::NotAge));
        }
    }
}
