//! Runs `tests/vectors/`, which TypeScript runs as well: what both accept and refuse is the protocol.

mod case;
mod forms;
mod signed;

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

type Run = fn(&Vector);

/// Every folder of vectors and what runs it. `cctv` has a test of its own.
const GROUPS: [(&str, Run); 18] = [
    ("archive", forms::archive),
    ("case", case::case),
    ("derive", forms::derive),
    ("earlier", signed::earlier),
    ("erasure", signed::erasure),
    ("extensions", forms::extensions),
    ("memo", forms::memo),
    ("message", forms::message),
    ("padding", forms::padding),
    ("profile", signed::office_profile),
    ("receipt", forms::receipt_code),
    ("seal", forms::sealed),
    ("second", signed::second),
    ("session", signed::session),
    ("signature", signed::signature),
    ("text", forms::folded_text),
    ("thread", forms::thread),
    ("write", forms::write_token),
];

#[test]
fn every_vector_in_every_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let group = entry.file_name().into_string().unwrap();
        if !entry.path().is_dir() || group == "cctv" {
            continue;
        }
        let (_, run) =
            GROUPS.iter().find(|(name, _)| *name == group).expect("a folder that this runner knows");
        for file in std::fs::read_dir(entry.path()).unwrap().map(Result::unwrap) {
            let vector = Vector::read(&file.path());
            run(&vector);
            count += 1;
        }
    }
    assert!(count >= 320, "only {count} vectors: some were lost");
}

struct Vector {
    name: String,
    value: Value,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        Self { name: path.display().to_string(), value }
    }

    fn get<T: DeserializeOwned>(&self, member: &str) -> T {
        T::deserialize(&self.value[member]).unwrap_or_else(|error| panic!("{} {member}: {error}", self.name))
    }

    fn bytes(&self, member: &str) -> Vec<u8> {
        unhex(self.text(member))
    }

    fn text(&self, member: &str) -> &str {
        self.value[member].as_str().unwrap_or_else(|| panic!("{} {member}", self.name))
    }

    fn has(&self, member: &str) -> bool {
        self.value.get(member).is_some()
    }

    fn fails(&self) -> bool {
        self.has("error")
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    assert!(text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    text.as_bytes().chunks(2).map(digits).collect()
}
