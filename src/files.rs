//! Files on a person's own machine: private ones for her eyes, public ones to hand out, folders, and names
//! that are safe to save under. Nothing here follows a link that somebody else put in the place of a file to
//! write.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::protocol::text::is_hidden;

const NAME_BYTES_MAX: usize = 120;
const UNFINISHED_PREFIX: &str = "mohr-unfinished-";
const UNFINISHED_SUFFIX: &str = ".part";

#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}")]
pub struct Error {
    path: PathBuf,
    error: std::io::Error,
}

/// Creates a folder for one's own eyes; the folders above it, too, where they are missing.
pub fn create_private_folder(path: &Path) -> Result<(), Error> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| Error::new(path, error))
}

/// Writes a new file for one's own eyes; an existing one is never touched.
pub fn write_new_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_new(path, bytes, 0o600).map_err(|error| Error::new(path, error))
}

/// Writes a new file that everybody on this machine may read, such as the profile that a server of another
/// user hands out; an existing one is never touched.
pub fn write_new_public(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    write_new(path, bytes, 0o644).map_err(|error| Error::new(path, error))
}

/// Puts a file for one's own eyes in the place of the one that stands there, whole: a crash leaves the old
/// one or the new one, and perhaps an unfinished one beside it, which the next call throws away. Two calls at
/// once are the caller's to keep apart, by [`lock_private`].
pub fn replace_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let new = beside(path, ".new");
    let replace = || {
        match std::fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        write_new(&new, bytes, 0o600)?;
        std::fs::rename(&new, path)
    };
    replace().map_err(|error| Error::new(path, error))
}

/// Waits until nobody else holds the lock file, made where it is missing, and holds it until the answer is
/// dropped; the operating system lets go of it when the process dies.
pub fn lock_private(path: &Path) -> Result<File, Error> {
    let lock = || {
        let mut options = OpenOptions::new();
        options.write(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
        }
        let file = options.open(path)?;
        file.lock()?;
        Ok(file)
    };
    lock().map_err(|error| Error::new(path, error))
}

/// A file for one's own eyes that is being written. Until it is whole and checked it has a name that says so;
/// it goes when it is dropped, and where a crash left it, [`remove_unfinished`] throws it away.
#[derive(Debug)]
pub struct Unfinished {
    path: PathBuf,
    /// Locked for as long as somebody writes it.
    file: File,
}

impl Unfinished {
    pub fn create(folder: &Path) -> Result<Self, Error> {
        let path =
            folder.join(format!("{UNFINISHED_PREFIX}{:016x}{UNFINISHED_SUFFIX}", rand::random::<u64>()));
        let create = || {
            let mut options = private_options();
            options.read(true);
            let file = options.create_new(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        let file = create().map_err(|error| Error::new(&path, error))?;
        Ok(Self { path, file })
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file.write_all(bytes).map_err(|error| Error::new(&self.path, error))
    }

    /// The same file for whoever writes it, or reads and seeks in what was written.
    pub fn handle(&self) -> std::io::Result<File> {
        self.file.try_clone()
    }

    /// Gives it its name, under which nothing stands yet: when this returns, all of it is on the disk.
    pub fn finish_as(self, path: &Path) -> Result<(), Error> {
        let finish = || {
            self.file.sync_all()?;
            match std::fs::hard_link(&self.path, path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(error),
                // Not every file system has links: there the name is taken first,
                // and then replaced by the file.
                Err(_) => {
                    private_options().create_new(true).open(path)?;
                    std::fs::rename(&self.path, path)
                }
                Ok(()) => Ok(()),
            }
        };
        // Dropped behind this, which takes the other name away.
        finish().map_err(|error| Error::new(path, error))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Gone already where the name was replaced. What cannot be removed has a name that says what it is.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Throws away what earlier runs left unfinished in this folder; what somebody is still writing stays.
pub fn remove_unfinished(folder: &Path) -> Result<(), Error> {
    let remove = || {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_ours = name
                .to_str()
                .is_some_and(|name| name.starts_with(UNFINISHED_PREFIX) && name.ends_with(UNFINISHED_SUFFIX));
            // A link of that name is nothing of ours.
            if is_ours
                && entry.file_type()?.is_file()
                && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok())
            {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    remove().map_err(|error| Error::new(folder, error))
}

/// The path with something behind the file's name.
pub fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// Names already given in one folder: no file ever overwrites another.
#[derive(Default)]
pub struct SafeNames(HashSet<String>);

impl SafeNames {
    /// A name to save a file under, made of what an anonymous sender called it: no path, no character that
    /// hides or turns what stands beside it, no leading dot, not too long, and not given before.
    pub fn give(&mut self, name: &str) -> String {
        let kept = |character: char| {
            let refused = matches!(character, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
            if refused || is_hidden(character) { '_' } else { character }
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

impl Error {
    fn new(path: &Path, error: std::io::Error) -> Self {
        Self { path: path.to_owned(), error }
    }
}

/// For writing what nobody else may read.
fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Fails where anything has that name already, a link that leads nowhere included.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let mut file = private_options().create_new(true).open(path)?;
    file.write_all(bytes)?;
    // Whatever the umask says: a public file that others cannot read is a fault of its own.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    file.sync_all()
}

/// Names that Windows gives to devices, whatever their ending.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
        || ["com", "lpt"]
            .iter()
            .any(|device| stem.strip_prefix(device).is_some_and(|number| number.chars().count() == 1))
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
        assert_eq!(names.give("CON\u{200b}.\u{2028}desktop\u{2063}\u{e0041}"), "CON_._desktop__");
        assert_eq!(names.give("می‌شود.txt"), "می‌شود.txt", "Persian is written with a joiner that nobody sees");
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_for_one_and_a_public_one_for_all() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        write_new_private(&at("private"), b"1").unwrap();
        write_new_public(&at("public"), b"2").unwrap();
        replace_private(&at("public"), b"3").unwrap();
        write_new_public(&at("note"), b"4").unwrap();
        drop(lock_private(&at("lock")).unwrap());
        create_private_folder(&at("a/b")).unwrap();
        let modes = ["private", "public", "note", "lock", "a", "a/b"].map(|name| mode(&at(name)));
        assert_eq!(modes, [0o600, 0o600, 0o644, 0o600, 0o700, 0o700]);
        assert!(
            write_new_public(&at("private"), b"5").is_err() && write_new_private(&at("note"), b"5").is_err()
        );
        assert_eq!(std::fs::read(at("note")).unwrap(), b"4");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_unfinished_says_so_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let names = || {
            let entries = std::fs::read_dir(folder.path()).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        let mut file = Unfinished::create(folder.path()).unwrap();
        file.write(b"whole").unwrap();
        assert!(names()[0].contains("unfinished"), "{:?}", names());
        assert_eq!(mode(&folder.path().join(&names()[0])), 0o600);
        remove_unfinished(folder.path()).unwrap();
        assert_eq!(names().len(), 1, "somebody is writing it");
        file.finish_as(&folder.path().join("a")).unwrap();
        assert_eq!(names(), ["a"]);
        assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"whole");

        drop(Unfinished::create(folder.path()).unwrap());
        assert_eq!(names(), ["a"], "given up");
        let another = Unfinished::create(folder.path()).unwrap();
        another.finish_as(&folder.path().join("a")).unwrap_err();
        assert_eq!(std::fs::read(folder.path().join("a")).unwrap(), b"whole", "nothing is overwritten");

        let left = format!("{UNFINISHED_PREFIX}0{UNFINISHED_SUFFIX}");
        std::fs::write(folder.path().join(&left), "a crash left this").unwrap();
        std::os::unix::fs::symlink(
            folder.path().join("a"),
            folder.path().join(format!("{UNFINISHED_PREFIX}1{UNFINISHED_SUFFIX}")),
        )
        .unwrap();
        remove_unfinished(folder.path()).unwrap();
        assert!(!folder.path().join(left).exists() && folder.path().join("a").exists());
        assert_eq!(names().len(), 2, "a link is nothing of ours");
    }

    /// Whoever can write to the folder puts a link where a file of ours is about to be.
    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("victim"), "untouched").unwrap();
        for name in ["memory.new", "lock", "note", "memory"] {
            std::os::unix::fs::symlink(at("victim"), at(name)).unwrap();
        }
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
        assert!(lock_private(&at("lock")).is_err());
        assert!(
            write_new_public(&at("note"), b"x").is_err() && write_new_private(&at("note"), b"x").is_err()
        );
        assert!(write_new_public(&at("dangling"), b"x").is_err() && !at("nowhere").exists());
        replace_private(&at("memory"), b"whole").unwrap();
        assert!(at("memory").symlink_metadata().unwrap().is_file(), "the link itself is replaced");
        assert_eq!(std::fs::read(at("memory")).unwrap(), b"whole");
        assert!(!at("memory.new").exists());
        assert_eq!(std::fs::read(at("victim")).unwrap(), b"untouched");
    }
}
