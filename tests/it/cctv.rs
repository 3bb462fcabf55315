//! C2SP's vectors for the hybrid recipient: one file, one success or one failure.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;

use mohr::protocol::ids::encode_hex;
use mohr::seal::hybrid::{Identity, Recipient};
use mohr::verify::digest::sha256;

struct Vector {
    headers: HashMap<String, Vec<String>>,
    file: Vec<u8>,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").expect("an empty line ends the headers");
        let mut headers = HashMap::<String, Vec<String>>::new();
        for line in std::str::from_utf8(&bytes[..end]).unwrap().lines() {
            let (key, value) = line.split_once(": ").unwrap();
            headers.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        let mut file = bytes[end + 2..].to_vec();
        if headers.contains_key("compressed") {
            let mut inflated = Vec::new();
            flate2::read::ZlibDecoder::new(&file[..]).read_to_end(&mut inflated).unwrap();
            file = inflated;
        }
        Self { headers, file }
    }

    fn one(&self, key: &str) -> &str {
        &self.headers[key][0]
    }
}

/// What opening came to, in the vectors' own words.
fn open(vector: &Vector) -> (&'static str, Vec<u8>) {
    let decryptor = match age::Decryptor::new_buffered(&vector.file[..]) {
        Ok(decryptor) => decryptor,
        Err(_) => return ("header failure", Vec::new()),
    };
    let mut identities: Vec<Box<dyn age::Identity>> = Vec::new();
    for text in &vector.headers["identity"] {
        match text.parse::<Identity>() {
            Ok(identity) => identities.push(Box::new(identity)),
            Err(_) => identities.push(Box::new(text.parse::<age::x25519::Identity>().unwrap())),
        }
    }
    let mut plaintext = Vec::new();
    match decryptor.decrypt(identities.iter().map(|identity| &**identity)) {
        Ok(mut reader) => match reader.read_to_end(&mut plaintext) {
            Ok(_) => ("success", plaintext),
            Err(_) => ("payload failure", Vec::new()),
        },
        Err(age::DecryptError::NoMatchingKeys) => ("no match", Vec::new()),
        Err(age::DecryptError::InvalidMac) => ("HMAC failure", Vec::new()),
        Err(_) => ("header failure", Vec::new()),
    }
}

#[test]
fn every_vector_opens_or_fails_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/cctv");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let vector = Vector::read(&path);
        let (outcome, plaintext) = open(&vector);
        assert_eq!(outcome, vector.one("expect"), "{name}");
        if outcome == "success" {
            assert_eq!(encode_hex(sha256(&plaintext).as_bytes()), vector.one("payload"), "{name}");
        }
        count += 1;
    }
    assert_eq!(count, 18, "no vector was lost");
}

#[test]
fn keys_encode_and_decode() {
    let identity = Identity::generate();
    let text = identity.encode();
    assert!(text.starts_with("AGE-SECRET-KEY-PQ-1"));
    let recipient = identity.to_recipient();
    assert_eq!(text.parse::<Identity>().unwrap().to_recipient(), recipient);
    assert_eq!(recipient.to_string().parse::<Recipient>().unwrap(), recipient);
    assert_eq!(recipient.to_string().len(), 1959);
    for bad in
        ["", "age1pq1", "age1qqqq", &recipient.to_string()[..1958], &recipient.to_string().to_uppercase()]
    {
        assert!(bad.parse::<Recipient>().is_err(), "{bad}");
    }
    assert!(age::x25519::Identity::generate().to_public().to_string().parse::<Recipient>().is_err());
    assert_eq!(format!("{identity:?}"), "hybrid::Identity(…)");
}
