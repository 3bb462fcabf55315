//! `mohr keys root`: the chain of roots. The office id follows from the first, so codes, posters and links
//! live as long as the chain does.

use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use clap::{Args, Subcommand};

use super::super::Failure;
use super::super::files::{read_file, write_new_private, write_new_public};
use super::super::passphrase::{PassphraseArguments, key_file_failure};
use super::super::writer::{note, print_line};
use super::draft;
use crate::protocol::note::verifier_key;
use crate::seal::key_file::RootKeys;
use crate::verify::profile::key_hash;

#[derive(Subcommand)]
pub enum RootCommand {
    /// Make the office's first root key and the file of its committed successor; prints the office id.
    New(NewRootArguments),
    /// Take the committed successor out of its safe: it becomes the root that signs.
    Next(NextRootArguments),
}

#[derive(Args)]
pub struct NewRootArguments {
    /// Where to write the root key; its public half goes to the same name ending in .pub
    #[arg(long, value_name = "FILE", default_value = "root.age")]
    out: PathBuf,
    #[command(flatten)]
    files: SuccessorArguments,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

#[derive(Args)]
pub struct NextRootArguments {
    /// The committed successor's file, such as next-root.age
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Where to write the root key that signs from now on
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    files: SuccessorArguments,
    /// Add the root to this draft of the next profile
    #[arg(long, value_name = "DRAFT")]
    draft: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArguments,
    /// Read the new root's passphrase from this file [default: that of --passphrase-file, or ask]
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
}

#[derive(Args)]
struct SuccessorArguments {
    /// Where to write the committed successor [default: beside the root, with next- before its name]
    #[arg(long, value_name = "FILE")]
    next_out: Option<PathBuf>,
    /// Read the successor's passphrase from this file [default: that of the root, or ask]
    #[arg(long, value_name = "FILE")]
    next_passphrase_file: Option<PathBuf>,
}

pub fn run(command: RootCommand) -> Result<(), Failure> {
    match command {
        RootCommand::New(arguments) => new(&arguments),
        RootCommand::Next(arguments) => next(&arguments),
    }
}

fn new(arguments: &NewRootArguments) -> Result<(), Failure> {
    let next_out = arguments.files.path(&arguments.out);
    refuse_existing(&[&arguments.out, &arguments.out.with_extension("pub"), &next_out])?;
    let passphrase = arguments.passphrase.choose("the root key")?;
    let next_passphrase = arguments.files.passphrase(&arguments.passphrase)?;
    let (root, committed) = RootKeys::generate();
    // The successor first: without it the root is not to be used, and a root alone would look whole.
    write_new_private(&next_out, &committed.seal(&next_passphrase).map_err(key_file_failure)?)?;
    let public = write_root(&root, &arguments.out, &passphrase)?;
    note(format!("wrote {}: the root key. Into the first safe, never on a network", arguments.out.display()));
    note(format!("wrote {}: its committed successor. Into another safe, elsewhere", next_out.display()));
    note(format!("wrote {}: public, for posters and for whoever compares", public.display()));
    print_office(&root, &public)
}

fn next(arguments: &NextRootArguments) -> Result<(), Failure> {
    let next_out = arguments.files.path(&arguments.out);
    refuse_existing(&[&arguments.out, &arguments.out.with_extension("pub"), &next_out])?;
    let mut draft = arguments.draft.as_deref().map(draft::read).transpose()?;
    let passphrase = arguments.passphrase.ask(&arguments.from.display().to_string())?;
    let committed = RootKeys::open(&read_file(&arguments.from)?, &passphrase).map_err(key_file_failure)?;
    if committed.number == 1 || !committed.is_committed() && committed.next.as_bytes() != &[0; 32] {
        return Err(Failure::with_hint(
            format!("{} is a root that signs already, and no committed successor", arguments.from.display()),
            "the successor lies in the other safe: next-root.age, or what the last succession wrote",
        ));
    }
    let (root, committed) = committed.succeed();
    let drafted = draft.as_ref().map(|draft| draft.version);
    if let Some(draft) = &mut draft
        && draft.last_root() != Some(&root.root())
        && !draft::add_root(draft, root.root())
    {
        return Err(Failure::with_hint(
            format!("the draft's last root does not commit to this root {}", root.number),
            "is it a draft of this office's newest profile?",
        ));
    }
    let new = PassphraseArguments::or(&arguments.new_passphrase_file, &arguments.passphrase);
    let new_passphrase = new.choose(&format!("root {}", root.number))?;
    if let Some(committed) = &committed {
        let next_passphrase = arguments.files.passphrase(&new)?;
        write_new_private(&next_out, &committed.seal(&next_passphrase).map_err(key_file_failure)?)?;
    }
    let public = write_root(&root, &arguments.out, &new_passphrase)?;
    if let (Some(path), Some(draft)) = (&arguments.draft, &draft) {
        draft::write(path, draft)?;
    }
    if let Some(draft) = draft.filter(|draft| drafted.is_some_and(|version| version < draft.version)) {
        note(format!(
            "the draft is version {} now: it is above all that the root before it can sign",
            draft.version
        ));
    }
    say_succession(arguments, &root, committed.is_some().then_some(&*next_out));
    print_office(&root, &public)
}

fn print_office(root: &RootKeys, public: &Path) -> Result<(), Failure> {
    print_line(root.office).map_err(|failure| {
        failure.with_fate(format!("the office's id is what {} begins with", public.display()))
    })
}

fn say_succession(arguments: &NextRootArguments, root: &RootKeys, next_out: Option<&Path>) {
    note(format!("wrote {}: root {}. Into the first safe", arguments.out.display(), root.number));
    match next_out {
        Some(path) => note(format!("wrote {}: its committed successor. Into the other safe", path.display())),
        None => {
            note("this is the last root of the office: when it is lost or stolen, a new office is needed")
        }
    }
    note("the office id stays the same: codes, posters and links stay valid");
    if arguments.draft.is_none() {
        note("next: make a draft with mohr keys profile new-version");
    }
    let draft = arguments.draft.as_deref().unwrap_or(Path::new("DRAFT"));
    note(format!(
        "next: mohr keys profile sign --draft {} --root-key {}, and give the profile to the server",
        draft.display(),
        arguments.out.display()
    ));
    note(format!("then destroy {}, and what is left of the root before this one", arguments.from.display()));
}

/// Seals a root that signs, and writes its public half beside it; gives where that is.
pub(in super::super) fn write_root(
    root: &RootKeys,
    path: &Path,
    passphrase: &SecretString,
) -> Result<PathBuf, Failure> {
    let signer = root.key.signer();
    write_new_private(path, &root.seal(passphrase).map_err(key_file_failure)?)?;
    let public = path.with_extension("pub");
    let line = verifier_key(root.office, key_hash(root.office, &signer), signer);
    write_new_public(&public, format!("{line}\n").as_bytes())?;
    Ok(public)
}

/// Before anybody types a passphrase. What really keeps a file is that none is ever opened for writing.
fn refuse_existing(paths: &[&Path]) -> Result<(), Failure> {
    match paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        None => Ok(()),
        Some(path) => Err(Failure::with_hint(
            format!("{} is there already", path.display()),
            "choose another name: nothing is overwritten",
        )),
    }
}

impl SuccessorArguments {
    fn path(&self, root: &Path) -> PathBuf {
        self.next_out.clone().unwrap_or_else(|| {
            let mut name = std::ffi::OsString::from("next-");
            name.push(root.file_name().unwrap_or_default());
            root.with_file_name(name)
        })
    }

    fn passphrase(&self, root: &PassphraseArguments) -> Result<SecretString, Failure> {
        PassphraseArguments::or(&self.next_passphrase_file, root)
            .choose("the committed successor, which another person may keep")
    }
}
