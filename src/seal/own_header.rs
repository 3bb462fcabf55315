//! A sealed message under another header: the same payload, its file key wrapped for one recipient
//! alone. So whoever was handed a message opens it with age and her own identity. It is a copy for her,
//! and never what a server listed.

use std::io::{self, Read, Seek, SeekFrom, Write};

use age_core::format::FileKey;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hkdf::Hkdf;
use libsodium_rs::crypto_auth::hmacsha256;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::hybrid::Recipient;
use super::opening::OpenError;
use crate::protocol::age_header::{AgeHeader, VERSION_LINE};
use crate::protocol::limits::AGE_HEADER_BYTES_MAX;
use crate::protocol::one_way;
use crate::protocol::secret::HandedKey;

/// Columns of a stanza's body in base64 (C2SP age.md).
const BODY_COLUMNS: usize = 64;

/// Writes the blob with a header for this recipient. `file_key` is that with which the blob was opened. Of a
/// one-way report the age file is written, without what the server put around it.
pub fn write_with_own_header<R: Read + Seek, W: Write>(
    mut blob: R,
    file_key: &HandedKey,
    recipient: &Recipient,
    mut sink: W,
) -> Result<(), OpenError> {
    let mut head = Vec::new();
    blob.by_ref().take(AGE_HEADER_BYTES_MAX as u64).read_to_end(&mut head).map_err(OpenError::Source)?;
    let mut payload: Box<dyn Read + '_> = if one_way::is_one_way(&head) {
        blob.by_ref().take(one_way::STORED_BYTES_MAX).read_to_end(&mut head).map_err(OpenError::Source)?;
        let age_file = one_way::decode(&head).map_err(|_| OpenError::Damaged)?;
        let header = AgeHeader::decode(age_file)?;
        Box::new(age_file.get(header.header_bytes..).ok_or(OpenError::Damaged)?)
    } else {
        let header = AgeHeader::decode(&head)?;
        blob.seek(SeekFrom::Start(header.header_bytes as u64)).map_err(OpenError::Source)?;
        Box::new(blob)
    };
    sink.write_all(&own_header(recipient, file_key)?).map_err(OpenError::Write)?;
    copy(&mut payload, &mut sink)
}

/// `io::copy`, which does not say on which side it failed.
fn copy(from: &mut dyn Read, to: &mut impl Write) -> Result<(), OpenError> {
    let mut piece = vec![0; 64 * 1024];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return to.flush().map_err(OpenError::Write),
            Ok(read) => to.write_all(piece.get(..read).unwrap_or_default()).map_err(OpenError::Write)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(OpenError::Source(error)),
        }
    }
}

/// age's header as C2SP age.md has it: version line, one stanza, and the MAC under a key
/// that follows from the file key.
fn own_header(recipient: &Recipient, file_key: &HandedKey) -> Result<Vec<u8>, OpenError> {
    let wrapped = FileKey::init_with_mut(|bytes| bytes.copy_from_slice(file_key.as_bytes()));
    let (stanzas, _) = age::Recipient::wrap_file_key(recipient, &wrapped)
        .map_err(|error| OpenError::Write(io::Error::other(error.to_string())))?;
    let mut header = VERSION_LINE.to_vec();
    for stanza in stanzas {
        let arguments = stanza.args.join(" ");
        header.extend_from_slice(format!("-> {} {arguments}\n", stanza.tag).as_bytes());
        let body = STANDARD_NO_PAD.encode(&stanza.body);
        for line in body.as_bytes().chunks(BODY_COLUMNS) {
            header.extend_from_slice(line);
            header.push(b'\n');
        }
        // The last line of a body is shorter than the others.
        if body.len().is_multiple_of(BODY_COLUMNS) {
            header.push(b'\n');
        }
    }
    header.extend_from_slice(b"---");
    let mac = header_mac(file_key, &header);
    header.extend_from_slice(format!(" {}\n", STANDARD_NO_PAD.encode(mac)).as_bytes());
    Ok(header)
}

fn header_mac(file_key: &HandedKey, header: &[u8]) -> [u8; hmacsha256::BYTES] {
    crate::verify::ensure_init();
    let mut key = Zeroizing::new([0; hmacsha256::KEYBYTES]);
    let derived = Hkdf::<Sha256>::new(None, file_key.as_bytes()).expand(b"header", &mut *key);
    derived.expect("32 bytes are few enough");
    let key = hmacsha256::Key::from_bytes(&*key).expect("a key of 32 bytes");
    hmacsha256::auth(header, &key).expect("HMAC takes any bytes")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::seal::blob_key::BlobKey;
    use crate::seal::hybrid::Identity;
    use crate::seal::opening::{OpenedBlob, open_blob};

    fn sealed_to(identity: &Identity, plaintext: &[u8]) -> Vec<u8> {
        let recipient = identity.to_recipient();
        let encryptor =
            age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
        let mut sealed = Vec::new();
        let mut writer = encryptor.wrap_output(&mut sealed).unwrap();
        writer.write_all(plaintext).unwrap();
        writer.finish().unwrap();
        sealed
    }

    fn opened_by(identity: &Identity, sealed: &[u8]) -> Option<Vec<u8>> {
        let decryptor = age::Decryptor::new(sealed).ok()?;
        let mut plaintext = Vec::new();
        let identities = std::iter::once(identity as &dyn age::Identity);
        decryptor.decrypt(identities).ok()?.read_to_end(&mut plaintext).ok()?;
        Some(plaintext)
    }

    #[test]
    fn whoever_was_handed_the_key_opens_it_with_age_and_nobody_else() {
        let (sender, reader) = (Identity::generate(), Identity::generate());
        let plaintext = vec![7; 200_000];
        let sealed = sealed_to(&sender, &plaintext);
        let stored = one_way::encode(&sealed, 1).unwrap();
        let OpenedBlob::OneWay(opened) = open_blob(Cursor::new(&stored), BlobKey::Identity(&sender)).unwrap()
        else {
            panic!("a one-way report");
        };
        for blob in [&sealed, &stored] {
            let mut own = Vec::new();
            write_with_own_header(Cursor::new(blob), opened.file_key(), &reader.to_recipient(), &mut own)
                .unwrap();
            assert!(opened_by(&reader, &own).as_deref() == Some(&plaintext));
            assert_eq!(opened_by(&sender, &own), None);
        }
        // A key of another file makes a header whose MAC holds, and a payload that does not open.
        let mut wrong = Vec::new();
        let other = HandedKey::from_bytes([1; HandedKey::LEN]);
        write_with_own_header(Cursor::new(&sealed), &other, &reader.to_recipient(), &mut wrong).unwrap();
        assert_eq!(opened_by(&reader, &wrong), None);
        for garbage in [&b""[..], b"mohr-one-way/v1\n", b"age-encryption.org/v1\n"] {
            let written =
                write_with_own_header(Cursor::new(garbage), &other, &reader.to_recipient(), &mut Vec::new());
            assert!(written.is_err());
        }
    }
}
