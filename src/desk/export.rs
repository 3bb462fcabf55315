//! Files out of a case: names that are safe to write, and the sealed originals beside what was opened.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::OpenedCase;
use crate::protocol::ids::Digest;

const NAME_BYTES_MAX: usize = 120;

#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}")]
pub struct Error {
    path: PathBuf,
    error: std::io::Error,
}

/// Names already given in one folder: no file ever overwrites another.
#[derive(Default)]
pub struct SafeNames(HashSet<String>);

impl SafeNames {
    /// A name to save a file under, made of what an anonymous sender called it: no path, no control or bidi
    /// characters, no leading dot, not too long, and not given before.
    pub fn give(&mut self, name: &str) -> String {
        let kept = |character: char| {
            let hidden = character.is_control()
                || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
            if hidden || matches!(character, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|') {
                '_'
            } else {
                character
            }
        };
        let mut safe: String = name.chars().map(kept).collect();
        while safe.len() > NAME_BYTES_MAX {
            // The end is kept: it says what kind of file it is.
            safe.remove(0);
        }
        // After the cut, which could bare another: a leading dot hides, and a leading hyphen is an option to
        // whatever command is given `*`.
        let leading = safe.len() - safe.trim_start_matches(['.', '-', ' ']).len();
        safe.replace_range(..leading, &"_".repeat(leading.min(1)));
        safe = safe.trim_end_matches([' ', '.']).to_owned();
        if safe.is_empty() || safe == "_" {
            safe = "file".to_owned();
        }
        if is_device(&safe) {
            safe.insert(0, '_');
        }
        let (stem, extension) = match safe.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem.to_owned(), format!(".{extension}")),
            _ => (safe.clone(), String::new()),
        };
        let mut candidate = safe;
        let mut count = 2;
        // Upper and lower case are one name on some file systems.
        while !self.0.insert(candidate.to_lowercase()) {
            candidate = format!("{stem} ({count}){extension}");
            count += 1;
        }
        candidate
    }
}

/// Names that Windows gives to devices, whatever their ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
        || ["com", "lpt"]
            .iter()
            .any(|device| stem.strip_prefix(device).is_some_and(|number| number.chars().count() == 1))
}

/// Creates a folder for one's own eyes.
pub fn create_folder(path: &Path) -> Result<(), Error> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| Error { path: path.to_owned(), error })
}

/// Writes a new file; an existing one is never touched.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let write = || {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| Error { path: path.to_owned(), error })
}

/// One file that an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    pub path: String,
    pub size_bytes: u64,
    pub sha256: Digest,
}

/// Writes the sealed originals as `NN.age`, and of what opened `NN.json` (message.json, as signed) and the files in
/// `NN/`; a `SHA256SUMS` that `sha256sum -c` checks comes last, so that its presence means the export is whole.
pub fn export(case: &OpenedCase, folder: &Path) -> Result<Vec<Exported>, Error> {
    create_folder(folder)?;
    let mut written = Vec::new();
    let mut write = |name: String, bytes: &[u8]| {
        write_new(&folder.join(&name), bytes)?;
        written.push(Exported {
            path: name,
            size_bytes: bytes.len() as u64,
            sha256: crate::verify::digest::sha256(bytes),
        });
        Ok(())
    };
    for message in &case.messages {
        let number = format!("{:02}", message.listed.position);
        write(format!("{number}.age"), &message.blob)?;
        if let Some(one_way) = &message.opened.one_way {
            write(format!("{number}.one-way"), &one_way.bytes)?;
        }
        let Some(content) = &message.opened.content else { continue };
        // What opened but is nobody's word is kept as well, under a name that says so.
        let mark = if message.opened.authentic().is_some() { "" } else { ".not-authentic" };
        let json = content.message.encode().expect("a message that was decoded encodes");
        write(format!("{number}{mark}.json"), &json)?;
        let mut names = SafeNames::default();
        for file in &content.files {
            create_folder(&folder.join(format!("{number}{mark}")))?;
            write(format!("{number}{mark}/{}", names.give(&file.file.name)), &file.bytes)?;
        }
    }
    let sums: String = written.iter().map(|file| format!("{}  {}\n", file.sha256, file.path)).collect();
    write_new(&folder.join("SHA256SUMS"), sums.as_bytes())?;
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_hostile_senders_are_harmless() {
        let mut names = SafeNames::default();
        assert_eq!(names.give("../../etc/passwd"), "__.._etc_passwd");
        assert_eq!(names.give("--checkpoint-action=exec=x"), "_checkpoint-action=exec=x");
        assert_eq!(names.give("-rf"), "_rf");
        assert_eq!(names.give(".bashrc"), "_bashrc");
        assert_eq!(names.give("CON.txt"), "_CON.txt");
        let cut = names.give(&format!("{}.ssh{}", "x".repeat(20), "y".repeat(116)));
        assert!(cut.starts_with('_') && cut.len() <= NAME_BYTES_MAX, "{cut}");
        assert_eq!(names.give("عکس ۱.jpg"), "عکس ۱.jpg");
        assert_eq!(names.give("عکس ۱.jpg"), "عکس ۱ (2).jpg");
        assert_eq!(names.give("FILE"), "FILE");
        assert_eq!(names.give("file"), "file (2)");
        assert_eq!(names.give("..."), "file (3)");
        assert_eq!(names.give("a\u{202e}gpj.exe\n\0"), "a_gpj.exe__");
        assert!(names.give(&"ب".repeat(255)).len() <= NAME_BYTES_MAX);
    }
}
