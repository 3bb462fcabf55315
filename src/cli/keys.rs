//! `mohr keys`: the office root key, inspectors' identities and the signed profile. `keys/README.md` tells who
//! holds what.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::inspector::key_file_failure;
use super::output::print_json;
use super::passphrase::PassphraseArguments;
use super::typed::parse_office;
use super::writer::{note, print_line};
use super::{Failure, profile_failure, read_file, write_new_private, write_new_public};
use crate::files::{beside, replace_private};
use crate::protocol::day::Day;
use crate::protocol::ids::{Id, OfficeId, Signer};
use crate::protocol::note;
use crate::protocol::profile::{Inspector, Profile, Texts};
use crate::protocol::text::printable;
use crate::seal::hybrid::Recipient;
use crate::seal::key_file::{InspectorKeys, open_root, seal_root};
use crate::seal::profile::sign;
use crate::seal::signing::SigningKey;
use crate::verify::digest::office_id;
use crate::verify::profile::{Expectation, key_hash, verify};

/// An office to start from; its inspectors, keys and days are still empty.
pub(super) const EXAMPLE_PROFILE: &str = include_str!("../../keys/profile.example.json");

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Make the office root key, sealed with a passphrase, and its public half beside it.
    Root(RootArguments),
    /// Make an inspector's identity, sealed with a passphrase; prints the public entry for the profile.
    Inspector(InspectorArguments),
    /// Put together, sign and verify the office profile.
    #[command(subcommand)]
    Profile(ProfileCommand),
}

#[derive(Args)]
pub struct RootArguments {
    /// Where to write the sealed key; the public half goes to the same name ending in .pub
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

#[derive(Args)]
pub struct InspectorArguments {
    /// Short name in the profile: a-z, 0-9 and -
    #[arg(long)]
    id: Id,
    /// Public name of the role in one language, such as fa="بازرس یکم"; once for each language
    #[arg(long, value_name = "LANGUAGE=TEXT", value_parser = parse_text, required = true)]
    role: Vec<(String, String)>,
    /// Where to write the sealed identity
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

#[derive(Subcommand)]
pub enum ProfileCommand {
    /// Write an unsigned profile to edit.
    Create {
        /// Where to write it
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Add inspectors' public entries to an unsigned profile; an entry with the same id is replaced.
    Add {
        /// The unsigned profile
        #[arg(long, value_name = "FILE")]
        profile: PathBuf,
        /// What mohr keys inspector printed
        #[arg(value_name = "ENTRY", required = true)]
        entries: Vec<PathBuf>,
    },
    /// Sign an unsigned profile with the office root key.
    Sign(SignArguments),
    /// Check a signed profile and say what is in it.
    Verify {
        /// The signed profile
        #[arg(value_name = "NOTE")]
        note: PathBuf,
        /// The office's id, if you have it from elsewhere
        #[arg(long, value_name = "ID", value_parser = parse_office)]
        office: Option<OfficeId>,
    },
}

#[derive(Args)]
pub struct SignArguments {
    /// The unsigned profile
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// The sealed office root key
    #[arg(long, value_name = "FILE")]
    root_key: PathBuf,
    /// Where to write the signed profile
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// For how many days it is valid
    #[arg(long, default_value_t = 180, value_parser = clap::value_parser!(u16).range(1..=730))]
    days: u16,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

pub fn run(command: KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::Root(arguments) => root(&arguments),
        KeysCommand::Inspector(arguments) => inspector(&arguments),
        KeysCommand::Profile(ProfileCommand::Create { out }) => {
            write_new_private(&out, EXAMPLE_PROFILE.as_bytes())?;
            note(format!("wrote {}: now edit it, add inspectors and sign it", out.display()));
            Ok(())
        }
        KeysCommand::Profile(ProfileCommand::Add { profile, entries }) => add(&profile, &entries),
        KeysCommand::Profile(ProfileCommand::Sign(arguments)) => sign_profile(&arguments),
        KeysCommand::Profile(ProfileCommand::Verify { note, office }) => verify_note(&note, office),
    }
}

fn root(arguments: &RootArguments) -> Result<(), Failure> {
    let passphrase = arguments.passphrase.choose("the office root key")?;
    let root = SigningKey::generate();
    write_new_private(&arguments.out, &seal_root(&root, &passphrase).map_err(key_file_failure)?)?;
    let public = arguments.out.with_extension("pub");
    write_new_public(&public, format!("{}\n", verifier_key(&root.signer())).as_bytes())?;
    note(format!("wrote {} (keep it offline) and {}", arguments.out.display(), public.display()));
    print_line(office_id(&root.signer())).map_err(|failure| {
        failure.with_fate(format!("the office's id is what {} begins with", public.display()))
    })
}

fn inspector(arguments: &InspectorArguments) -> Result<(), Failure> {
    let passphrase = arguments.passphrase.choose("the inspector's identity")?;
    let keys = InspectorKeys::generate(arguments.id.clone());
    write_new_private(&arguments.out, &keys.seal(&passphrase).map_err(key_file_failure)?)?;
    let entry = public_entry(&keys, arguments.role.iter().cloned().collect());
    print_json(&entry).map_err(|failure| keep_entry(&entry, &arguments.out, failure))?;
    note(format!("wrote {}; what was printed goes into the profile", arguments.out.display()));
    Ok(())
}

/// The identity is made and will not be made again: an entry that could not be printed is kept beside it.
fn keep_entry(entry: &Inspector, identity: &Path, failure: Failure) -> Failure {
    let path = beside(identity, ".entry.json");
    let json = serde_json::to_vec_pretty(entry).expect("plain structures serialize");
    let wrote = format!("wrote {}", identity.display());
    match write_new_public(&path, &json) {
        Ok(()) => failure.with_fate(format!("{wrote}; its entry for the profile is in {}", path.display())),
        Err(_) => failure
            .with_fate(format!("{wrote}, and its entry for the profile nowhere: make another identity")),
    }
}

/// What the profile lists of an inspector.
pub(super) fn public_entry(keys: &InspectorKeys, role: Texts) -> Inspector {
    Inspector {
        id: keys.id.clone(),
        role,
        recipient: keys.identity.to_recipient().to_string(),
        signer: keys.signing.signer(),
    }
}

/// The root's public half in signed-note form.
pub(super) fn verifier_key(root: &Signer) -> String {
    note::verifier_key(office_id(root), key_hash(root), *root)
}

fn add(profile_path: &Path, entries: &[PathBuf]) -> Result<(), Failure> {
    let mut profile = read_draft(profile_path)?;
    for path in entries {
        let malformed = |error: serde_json::Error| Failure::new(format!("{}: {error}", path.display()));
        let entry: Inspector = serde_json::from_slice(&read_file(path)?).map_err(malformed)?;
        if entry.recipient.parse::<Recipient>().is_err() {
            return Err(Failure::new(format!("{}: not a post-quantum recipient (age1pq1…)", path.display())));
        }
        match profile.inspectors.iter_mut().find(|listed| listed.id == entry.id) {
            Some(listed) => *listed = entry,
            None => profile.inspectors.push(entry),
        }
    }
    // With its inspectors the draft is complete but for what signing fills in: say now what is wrong with it.
    let text =
        profile.encode().map_err(|error| Failure::new(format!("{}: {error}", profile_path.display())))?;
    replace_private(profile_path, text.as_bytes()).map_err(Failure::new)?;
    note(format!("{} now lists {} inspectors", profile_path.display(), profile.inspectors.len()));
    Ok(())
}

fn sign_profile(arguments: &SignArguments) -> Result<(), Failure> {
    let mut profile = read_draft(&arguments.profile)?;
    profile.issued = Day::today();
    profile.expires = profile.issued.plus_days(i32::from(arguments.days));
    let passphrase = arguments.passphrase.ask(&arguments.root_key.display().to_string())?;
    let root = open_root(&read_file(&arguments.root_key)?, &passphrase).map_err(key_file_failure)?;
    let signed = sign(profile.clone(), &root)
        .map_err(|error| Failure::new(format!("{}: {error}", arguments.profile.display())))?;
    write_new_public(&arguments.out, signed.as_bytes())?;
    note(format!(
        "wrote {}: version {}, valid to {}, {} inspectors",
        arguments.out.display(),
        profile.version,
        profile.expires,
        profile.inspectors.len()
    ));
    Ok(())
}

fn verify_note(path: &Path, office: Option<OfficeId>) -> Result<(), Failure> {
    let expectation = Expectation { office, version: 0, today: Day::today() };
    let profile = verify(&read_file(path)?, expectation).map_err(profile_failure)?;
    print_line(format!("office   {}", profile.office))?;
    for (language, name) in &profile.name {
        print_line(format!("name     {} ({language})", printable(name)))?;
    }
    print_line(format!(
        "version  {}, signed on {}, valid to {}",
        profile.version, profile.issued, profile.expires
    ))?;
    for inspector in &profile.inspectors {
        let role = printable(profile.text(&inspector.role, ""));
        print_line(format!("sealed to {}: {role}", inspector.id))?;
    }
    Ok(())
}

/// An unsigned profile: a JSON document in which signing fills office, root and days.
fn read_draft(path: &Path) -> Result<Profile, Failure> {
    serde_json::from_slice(&read_file(path)?).map_err(|error| {
        Failure::with_hint(
            format!("{}: {error}", path.display()),
            "an unsigned profile is what mohr keys profile create writes",
        )
    })
}

fn parse_text(text: &str) -> Result<(String, String), String> {
    let (language, text) = text.split_once('=').ok_or("LANGUAGE=TEXT, such as en=\"First inspector\"")?;
    Ok((language.to_owned(), text.to_owned()))
}
