//! Files that are larger than memory, and blobs that some insider crafted: the text is read by seeking,
//! nothing of a file is believed before all of it was, and a source that fails says nothing of the message.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use crate::support::office::{Case, Office};
use mohr::protocol::archive::{Archive, BLOCK, header};
use mohr::protocol::message::{File, Message};
use mohr::protocol::seal_json::{SealJson, signed_bytes};
use mohr::seal::blob_key::BlobKey;
use mohr::seal::hybrid::Identity;
use mohr::seal::opening::{OpenBlob, OpenError, OpenedBlob, open_blob};
use mohr::seal::signing::SigningKey;
use mohr::verify::digest::sha256;
use mohr::verify::message::{Unverified, entries};

/// A source that counts what is asked of it, and fails or ends when it is told to.
struct Watched<'a> {
    inner: Cursor<&'a [u8]>,
    read_bytes: u64,
    fails_at: Option<u64>,
    ends_at: Option<u64>,
}

impl<'a> Watched<'a> {
    fn new(blob: &'a [u8]) -> Self {
        Self { inner: Cursor::new(blob), read_bytes: 0, fails_at: None, ends_at: None }
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let position = self.inner.position();
        if self.fails_at.is_some_and(|at| position >= at) {
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "gone"));
        }
        if self.ends_at.is_some_and(|at| position >= at) {
            return Ok(0);
        }
        // A network gives what it has.
        let most = buffer.len().min(10_007);
        let read = self.inner.read(&mut buffer[..most])?;
        self.read_bytes += read as u64;
        Ok(read)
    }
}

impl Seek for Watched<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

fn file(size_bytes: usize) -> File {
    File { name: "a".to_owned(), media_type: "image/jpeg".to_owned(), size_bytes: size_bytes as u64 }
}

fn opened<R: Read + Seek>(source: R, identity: &Identity) -> Result<OpenBlob<R>, OpenError> {
    match open_blob(source, BlobKey::Identity(identity))? {
        OpenedBlob::Message(open) => Ok(open),
        OpenedBlob::OneWay(_) => panic!("no one-way report"),
    }
}

#[test]
fn the_text_of_a_large_message_is_read_without_its_files() {
    let office = Office::new();
    let case = Case::new(&office);
    let mut message = case.report_message("متن");
    message.files = vec![file(3 << 20), file(0), file(2 << 20)];
    let blob = case.seal(&message, &case.keys.signing);
    let mut watched = Watched::new(&blob);
    let text = opened(&mut watched, &office.inspectors[0].identity).unwrap().text().unwrap();
    assert_eq!(text.message, message);
    assert!(text.is_signed_by(&case.keys.signing.signer()));
    assert!(watched.read_bytes < 280 * 1024, "{} bytes were read", watched.read_bytes);

    let mut open = opened(Watched::new(&blob), &office.inspectors[0].identity).unwrap();
    let mut written = [Vec::new(), Vec::new(), Vec::new()];
    let mut sinks = written.iter_mut().map(Some).collect::<Vec<_>>();
    // The second file is not wanted.
    let sink = |index: usize| Ok(sinks[index].take().filter(|_| index != 1));
    open.read_files(&text, sha256(&blob), sink).unwrap();
    assert_eq!(written.map(|bytes| bytes.len()), [3 << 20, 0, 2 << 20]);
    assert!(matches!(open.check_files(&text, sha256(b"another")), Err(OpenError::OtherBlob)));
}

/// Where seal.json stands must not matter: at the beginning of a chunk, over its end, in the last or the
/// first.
#[test]
fn the_text_is_found_wherever_chunks_end() {
    let office = Office::with_inspectors(1);
    let case = Case::new(&office);
    let identity = &office.inspectors[0].identity;
    let head = BLOCK + case.report_message("").encode().unwrap().len().next_multiple_of(BLOCK);
    let mut sizes = vec![0, 1, 511, 512, 513, 65_536, 200_000];
    for chunk in [65_536, 131_072] {
        // The header of seal.json, then its content, at and around the beginning of a chunk.
        sizes.extend([-3i64, -2, -1, 0, 1].map(|blocks| {
            usize::try_from(chunk as i64 - (head + BLOCK) as i64 + blocks * BLOCK as i64).unwrap()
        }));
    }
    for size_bytes in sizes {
        let mut message = case.report_message("");
        message.files = vec![file(size_bytes)];
        let blob = case.seal(&message, &case.keys.signing);
        let mut open = opened(Cursor::new(&blob), identity).unwrap();
        let text = open.text().unwrap_or_else(|error| panic!("{size_bytes}: {error}"));
        assert_eq!(text.message.files, message.files);
        open.check_files(&text, sha256(&blob)).unwrap();
    }
}

/// Seals any bytes as if they were an archive.
fn seal_plaintext(plaintext: &[u8], identity: &Identity) -> Vec<u8> {
    let recipient = identity.to_recipient();
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient)).unwrap();
    let mut writer = encryptor.wrap_output(Vec::new()).unwrap();
    writer.write_all(plaintext).unwrap();
    writer.finish().unwrap()
}

/// The archive of a signed message with one file.
fn archive_of(message: &Message, file: &[u8], signing: &SigningKey) -> Vec<u8> {
    let message_json = message.encode().unwrap();
    let unsigned = Archive { message_json: &message_json, files: vec![file], seal_json: &[] };
    let entries = entries(&unsigned);
    let seal_json = SealJson::new(entries.clone(), signing.sign(&signed_bytes(&entries))).encode();
    let archive = Archive { seal_json: &seal_json, ..unsigned };
    archive.encode(archive.encoded_bytes() + 5000)
}

#[test]
fn nothing_of_a_crafted_file_is_handed_on() {
    let office = Office::with_inspectors(1);
    let case = Case::new(&office);
    let identity = &office.inspectors[0].identity;
    let mut message = case.report_message("x");
    message.files = vec![file(100_000)];
    let good = archive_of(&message, &[7; 100_000], &case.keys.signing);
    let file_at = BLOCK + message.encode().unwrap().len().next_multiple_of(BLOCK);
    let content_at = file_at + BLOCK;
    let check = |plaintext: &[u8]| {
        let blob = seal_plaintext(plaintext, identity);
        let mut open = opened(Cursor::new(&blob), identity).unwrap();
        let text = open.text()?;
        let whole = Unverified::decode_archive(plaintext);
        let streamed = open.check_files(&text, sha256(&blob));
        assert_eq!(whole.is_ok(), streamed.is_ok(), "whole and in pieces: {whole:?}");
        streamed
    };
    check(&good).unwrap();
    let altered = |at: usize| {
        let mut plaintext = good.clone();
        plaintext[at] ^= 1;
        plaintext
    };
    for (what, plaintext) in [
        ("the file's first byte", altered(content_at)),
        ("its last", altered(content_at + 99_999)),
        ("what fills its last block", altered(content_at + 100_001)),
        ("its header", altered(file_at + 500)),
        ("behind the end", altered(good.len() - 1)),
        ("too few zeros", good[..good.len() - 5000 - 512].to_vec()),
    ] {
        let error = check(&plaintext).expect_err(what);
        assert!(error.is_unreadable(), "{what}: {error}");
    }
}

/// The signature is over digests: what they are not of is nobody's word.
#[test]
fn a_message_that_seal_json_does_not_know_is_none() {
    let office = Office::with_inspectors(1);
    let case = Case::new(&office);
    let identity = &office.inspectors[0].identity;
    let signed = case.report_message("x").encode().unwrap();
    let entries = entries(&Archive { message_json: &signed, files: Vec::new(), seal_json: &[] });
    let seal_json = SealJson::new(entries.clone(), case.keys.signing.sign(&signed_bytes(&entries))).encode();
    let other = case.report_message("y").encode().unwrap();
    assert_eq!(other.len(), signed.len());
    let archive = Archive { message_json: &other, files: Vec::new(), seal_json: &seal_json };
    let blob = seal_plaintext(&archive.encode(archive.encoded_bytes()), identity);
    assert!(Unverified::decode(&signed, &seal_json).is_ok());
    assert!(opened(Cursor::new(&blob), identity).unwrap().text().is_err());
}

/// The end marker is asked for where it stands, however long seal.json is.
#[test]
fn an_end_marker_that_is_one_byte_short_is_none() {
    let office = Office::with_inspectors(1);
    let case = Case::new(&office);
    let identity = &office.inspectors[0].identity;
    let mut message = case.report_message("x");
    message.files = vec![file(1); 4];
    let message_json = message.encode().unwrap();
    let files: Vec<&[u8]> = vec![b"7"; 4];
    let unsigned = Archive { message_json: &message_json, files, seal_json: &[] };
    let entries = entries(&unsigned);
    let seal_json = SealJson::new(entries.clone(), case.keys.signing.sign(&signed_bytes(&entries))).encode();
    assert!(seal_json.len() > BLOCK);
    let archive = Archive { seal_json: &seal_json, ..unsigned };
    let plaintext = archive.encode(archive.encoded_bytes());
    let check = |plaintext: &[u8]| {
        let blob = seal_plaintext(plaintext, identity);
        let mut open = opened(Cursor::new(&blob), identity).unwrap();
        open.text().and_then(|text| open.check_files(&text, sha256(&blob)))
    };
    check(&plaintext).unwrap();
    assert!(check(&plaintext[..plaintext.len() - 1]).unwrap_err().is_unreadable());
}

/// message.json and seal.json must say one thing of a file, whoever signed both.
#[test]
fn two_sizes_of_one_file_are_none() {
    let office = Office::with_inspectors(1);
    let case = Case::new(&office);
    let identity = &office.inspectors[0].identity;
    let mut message = case.report_message("x");
    message.files = vec![file(100)];
    let message_json = message.encode().unwrap();
    let content = [7; 612];
    let unsigned = Archive { message_json: &message_json, files: vec![&content], seal_json: &[] };
    let entries = entries(&unsigned);
    let seal_json = SealJson::new(entries.clone(), case.keys.signing.sign(&signed_bytes(&entries))).encode();
    let archive = Archive { seal_json: &seal_json, ..unsigned };
    let plaintext = archive.encode(archive.encoded_bytes());
    assert!(Unverified::decode_archive(&plaintext).is_err());
    assert!(Unverified::decode(&message_json, &seal_json).is_err());
    let blob = seal_plaintext(&plaintext, identity);
    assert!(opened(Cursor::new(&blob), identity).unwrap().text().is_err());
}

/// Sizes that lie give an error, neither memory nor a panic.
#[test]
fn sizes_that_lie_cost_nothing() {
    let office = Office::with_inspectors(1);
    let case = Case::new(&office);
    let identity = &office.inspectors[0].identity;
    let refused = |plaintext: &[u8]| {
        let blob = seal_plaintext(plaintext, identity);
        let mut open = opened(Cursor::new(&blob), identity).unwrap();
        open.text().expect_err("a lie")
    };
    for size_bytes in [1 << 20, (1 << 33) - 1, 1 << 33, (1 << 53) - 1] {
        let mut message = case.report_message("x");
        message.files = vec![File { size_bytes, ..file(0) }; 99];
        let json = message.encode().unwrap();
        let mut plaintext = header("message.json", json.len() as u64).to_vec();
        plaintext.extend_from_slice(&json);
        plaintext.resize(plaintext.len().next_multiple_of(BLOCK) + 100_000, 0);
        assert!(refused(&plaintext).is_unreadable());
    }
    for size_bytes in [0, 1 << 20, (1 << 20) + 1, (1 << 33) - 1] {
        let plaintext = [&header("message.json", size_bytes)[..], &[0; 4096]].concat();
        assert!(refused(&plaintext).is_unreadable());
    }
    for plaintext in [&[][..], &[0; 511], &[0; 512], &[0; 70_000]] {
        assert!(refused(plaintext).is_unreadable());
    }
}

/// A source that breaks says nothing of the message; one that is shorter than it said is a damaged message.
/// Never a panic.
#[test]
fn a_source_that_fails_is_told_from_a_damaged_blob() {
    let office = Office::with_inspectors(1);
    let case = Case::new(&office);
    let identity = &office.inspectors[0].identity;
    let mut message = case.report_message("x");
    message.files = vec![file(300_000)];
    let blob = case.seal(&message, &case.keys.signing);
    let whole = |source: Watched<'_>| {
        let mut open = opened(source, identity)?;
        let text = open.text()?;
        open.check_files(&text, sha256(&blob))
    };
    whole(Watched::new(&blob)).unwrap();
    for at in (0..blob.len() as u64).step_by(17_011) {
        let error = whole(Watched { fails_at: Some(at), ..Watched::new(&blob) }).expect_err("it fails");
        assert!(!error.is_unreadable(), "{at}: {error}");
        let error = whole(Watched { ends_at: Some(at), ..Watched::new(&blob) }).expect_err("it ends");
        assert!(error.is_unreadable(), "{at}: {error}");
    }
    for length in (0..blob.len()).step_by(9_001) {
        let cut = Watched::new(&blob[..length]);
        assert!(whole(cut).expect_err("it is cut").is_unreadable(), "{length}");
    }
}

/// A sink that fails is not the message's fault either.
#[test]
fn a_full_disk_is_no_damaged_message() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let office = Office::with_inspectors(1);
    let case = Case::new(&office);
    let mut message = case.report_message("x");
    message.files = vec![file(1000)];
    let blob = case.seal(&message, &case.keys.signing);
    let mut open = opened(Cursor::new(&blob), &office.inspectors[0].identity).unwrap();
    let text = open.text().unwrap();
    let error = open.read_files(&text, sha256(&blob), |_| Ok(Some(Full))).unwrap_err();
    assert!(matches!(error, OpenError::Write(_)) && !error.is_unreadable());
}
