//! `mohr keys profile`: from a draft to a signed profile, and what is in one.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::super::failure::{Failure, profile_failure};
use super::super::files::{read_file, write_new_private, write_new_public};
use super::super::passphrase::{PassphraseArguments, key_file_failure};
use super::super::typed::parse_office;
use super::super::writer::{note, print};
use super::change::{self, last_day_needed, refusals};
use super::draft::{self, EXAMPLE_PROFILE, VALID_DAYS};
use super::notes::{EarlierNotes, read_note};
use super::words;
use crate::client::{ServerAddress, ServerAddressError};
use crate::protocol::address::Address;
use crate::protocol::day::Day;
use crate::protocol::ids::{Malformed, OfficeId};
use crate::protocol::limits::PROFILE_DAYS_MAX;
use crate::protocol::profile::{Profile, Root, versions};
use crate::seal::key_file::RootKeys;
use crate::seal::profile::sign;
use crate::verify::digest::{office_id, sha256};
use crate::verify::profile::{Expectation, verify};

/// An office is told this early that its profile expires: signing takes people, a safe and a journey.
const WARNING_DAYS: i32 = 30;
/// Hosts that name nobody (RFC 2606): the example's.
const NO_HOST: &str = ".invalid";

#[derive(Subcommand)]
pub enum ProfileCommand {
    /// Write the draft of an office's first profile, to edit.
    Create(CreateArguments),
    /// Make the draft of the next version of a signed profile.
    NewVersion(NewVersionArguments),
    /// Add the public entries of new inspectors to a draft.
    Add {
        /// The draft
        #[arg(long, alias = "profile", value_name = "DRAFT")]
        draft: PathBuf,
        /// What mohr keys inspector printed
        #[arg(value_name = "ENTRY", required = true)]
        entries: Vec<PathBuf>,
    },
    /// Say in words what a draft would change: for each person, for open cases, and for reporters.
    Check(CheckArguments),
    /// Sign a draft with the office's root key.
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
pub struct CreateArguments {
    /// Where to write it
    #[arg(long, value_name = "DRAFT")]
    out: PathBuf,
    /// An address of the office's server, such as https://report.example; may be given more than once
    #[arg(long, value_name = "URL", value_parser = parse_address)]
    address: Vec<Address>,
}

#[derive(Args)]
pub struct NewVersionArguments {
    /// The newest signed profile
    #[arg(value_name = "NOTE")]
    note: PathBuf,
    /// Where to write the draft
    #[arg(long, value_name = "DRAFT")]
    out: PathBuf,
    /// For how many days it is to be valid
    #[arg(long, default_value_t = VALID_DAYS, value_parser = parse_days())]
    days: u16,
    /// Take out former keys that nobody needs any more: "closed_days" have passed since their last day
    #[arg(long)]
    prune: bool,
}

#[derive(Args)]
pub struct CheckArguments {
    /// The draft
    #[arg(long, alias = "profile", value_name = "DRAFT")]
    draft: PathBuf,
    #[command(flatten)]
    earlier: EarlierArguments,
}

#[derive(Args)]
pub struct SignArguments {
    /// The draft
    #[arg(long, alias = "profile", value_name = "DRAFT")]
    draft: PathBuf,
    /// The root key that signs, sealed
    #[arg(long, value_name = "FILE")]
    root_key: PathBuf,
    /// Where to write the signed profile
    #[arg(long, value_name = "NOTE")]
    out: PathBuf,
    #[command(flatten)]
    earlier: EarlierArguments,
    /// From today on it is valid for so many days [default: as the draft says]
    #[arg(long, value_parser = parse_days())]
    days: Option<u16>,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

#[derive(Args)]
struct EarlierArguments {
    /// The last signed profile, and older ones if need be [default: the *.note beside the files named here]
    #[arg(long, value_name = "NOTE")]
    previous: Vec<PathBuf>,
}

pub fn run(command: ProfileCommand) -> Result<(), Failure> {
    match command {
        ProfileCommand::Create(arguments) => create(&arguments),
        ProfileCommand::NewVersion(arguments) => new_version(&arguments),
        ProfileCommand::Add { draft, entries } => add(&draft, &entries),
        ProfileCommand::Check(arguments) => check(&arguments),
        ProfileCommand::Sign(arguments) => sign_draft(&arguments),
        ProfileCommand::Verify { note, office } => verify_note(&note, office),
    }
}

fn create(arguments: &CreateArguments) -> Result<(), Failure> {
    let mut profile: Profile = serde_json::from_str(EXAMPLE_PROFILE).expect("the example is a profile");
    put_in_force(&mut profile, Day::today(), VALID_DAYS);
    if !arguments.address.is_empty() {
        profile.addresses.clone_from(&arguments.address);
    }
    write_new_private(&arguments.out, draft::encode(&profile).as_bytes())?;
    note(format!("wrote {}: now edit it, add inspectors and sign it", arguments.out.display()));
    Ok(())
}

fn new_version(arguments: &NewVersionArguments) -> Result<(), Failure> {
    let newest = read_note(&arguments.note)?;
    let last: &Profile = &newest.profile;
    let today = Day::today();
    let mut profile = last.clone();
    profile.version += 1;
    let root = last.roots.len();
    let awaits_next_root = !versions(root).contains(&profile.version);
    if awaits_next_root && last.last_root().is_none_or(Root::is_last) {
        return Err(Failure::with_hint(
            format!("version {} is the last that root {root} signs, and no root can follow it", last.version),
            "found a new office with mohr keys root new, and say so in public while this profile is in force",
        ));
    }
    put_in_force(&mut profile, today, arguments.days);
    let is_needed = |key: &_| today <= last_day_needed(last, key);
    if arguments.prune {
        profile.former.retain(is_needed);
    }
    write_new_private(&arguments.out, draft::encode(&profile).as_bytes())?;
    note(format!(
        "wrote {}: version {}, valid to {}; now change it, check it and sign it",
        arguments.out.display(),
        profile.version,
        profile.expires
    ));
    if awaits_next_root {
        note(format!(
            "version {} was the last that root {root} signs; first of all: mohr keys root next --from next-root.age \
             --draft {}",
            last.version,
            arguments.out.display()
        ));
    }
    let old = last.former.len() - last.former.iter().filter(|key| is_needed(key)).count();
    if old > 0 && !arguments.prune {
        note(format!("{old} former keys are needed no more: --prune takes them out"));
    } else if old > 0 {
        note(format!("took out {old} former keys; keep the old notes, they know whose ids are taken"));
    }
    Ok(())
}

fn add(path: &Path, entries: &[PathBuf]) -> Result<(), Failure> {
    let mut profile = draft::read(path)?;
    for entry in entries {
        draft::add(&mut profile, draft::read_entry(entry)?)?;
    }
    draft::write(path, &profile)?;
    note(format!("{} now lists {}", path.display(), words::inspectors(&profile)));
    Ok(())
}

fn check(arguments: &CheckArguments) -> Result<(), Failure> {
    let mut profile = draft::read(&arguments.draft)?;
    let today = Day::today();
    let notes = arguments.earlier.gather(&profile, &[&arguments.draft])?;
    let past = match notes.past(profile.version) {
        None if profile.version > 1 => return Err(no_previous(profile.version)),
        past => past,
    };
    set_days(&mut profile, past.as_ref().map(|past| past.last), None, today);
    change::set_joined(past.as_ref(), &mut profile);
    refuse_unfinished(&arguments.draft, &profile)?;
    let refused = past.as_ref().map(|past| refusals(past, &profile)).unwrap_or_default();
    if !refused.is_empty() {
        refused.iter().for_each(|refusal| note(format!("- {refusal}")));
        return Err(Failure::with_hint(
            format!("{} would not be signed", arguments.draft.display()),
            "mend what stands above; mohr keys inspector makes such changes rightly",
        ));
    }
    let text = match &past {
        Some(past) => words::change(past, &profile),
        None => words::first(&profile),
    };
    print(&text)?;
    warn_of_expiry(&profile, today);
    Ok(())
}

fn sign_draft(arguments: &SignArguments) -> Result<(), Failure> {
    let mut profile = draft::read(&arguments.draft)?;
    // Behind the last version of a root a draft is whole as soon as the next one has signed.
    if !versions(profile.roots.len() + 1).contains(&profile.version) {
        refuse_unfinished(&arguments.draft, &profile)?;
    }
    let today = Day::today();
    let passphrase = arguments.passphrase.ask(&arguments.root_key.display().to_string())?;
    let root = RootKeys::open(&read_file(&arguments.root_key)?, &passphrase).map_err(key_file_failure)?;
    set_root(&mut profile, &root)?;
    refuse_unfinished(&arguments.draft, &profile)?;
    let beside = [&*arguments.draft, &*arguments.root_key, &*arguments.out];
    let notes = arguments.earlier.gather(&profile, &beside)?;
    let past = notes.past(profile.version);
    if past.is_none() && profile.version > 1 {
        return Err(no_previous(profile.version));
    }
    set_days(&mut profile, past.as_ref().map(|past| past.last), arguments.days, today);
    change::set_joined(past.as_ref(), &mut profile);
    let refused = past.as_ref().map(|past| refusals(past, &profile)).unwrap_or_default();
    if let Some(first) = refused.first() {
        let more = match refused.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let hint = format!("mohr keys profile check --draft {} says more", arguments.draft.display());
        return Err(Failure::with_hint(format!("not signed: {first}{more}"), hint));
    }
    refuse_second_text(&notes, &profile)?;
    let failed = |error| Failure::new(format!("{}: {error}", arguments.draft.display()));
    let signed = sign(profile.clone(), &root.key).map_err(failed)?;
    write_new_public(&arguments.out, signed.as_bytes())?;
    note(format!(
        "wrote {}: version {}, valid to {}, {}",
        arguments.out.display(),
        profile.version,
        profile.expires,
        words::inspectors(&profile)
    ));
    warn_of_expiry(&profile, today);
    Ok(())
}

fn verify_note(path: &Path, office: Option<OfficeId>) -> Result<(), Failure> {
    let today = Day::today();
    let expectation = Expectation::of_first_visit(office, today);
    let profile = verify(&read_file(path)?, expectation).map_err(profile_failure)?;
    print(&words::profile(&profile))?;
    warn_of_expiry(&profile, today);
    Ok(())
}

/// The root in use is the draft's last one, or the one that this commits to: then it signs from now on. A
/// first profile takes its office from it.
fn set_root(profile: &mut Profile, root: &RootKeys) -> Result<(), Failure> {
    if root.is_committed() {
        return Err(Failure::with_hint(
            format!("this file is the committed successor, root {}: it signs nothing yet", root.number),
            "if it is to sign from now on: mohr keys root next --from it",
        ));
    }
    let own = root.root();
    if profile.version == 1 && root.number == 1 {
        profile.roots = vec![own];
        profile.office = office_id(&own);
    } else if profile.last_root() != Some(&own) {
        if !draft::add_root(profile, own) {
            return Err(Failure::with_hint(
                "this root key is not the draft's last root, nor the one that follows it",
                "is it the newest root of this office, and the draft of its newest profile?",
            ));
        }
        note(format!(
            "root {} signs from this version on, {}: it is above all that the root before it can sign",
            profile.roots.len(),
            profile.version
        ));
    }
    Ok(())
}

/// A draft keeps the days that it was given. Those that are over, or only copied from the last profile, were
/// given by nobody.
fn set_days(profile: &mut Profile, last: Option<&Profile>, days: Option<u16>, today: Day) {
    let given = profile.issued <= today
        && today <= profile.expires
        && last.is_none_or(|last| (last.issued, last.expires) != (profile.issued, profile.expires));
    if days.is_some() || !given {
        put_in_force(profile, today, days.unwrap_or(VALID_DAYS));
    }
}

fn put_in_force(profile: &mut Profile, today: Day, days: u16) {
    profile.issued = today;
    profile.expires = today.plus_days(i32::from(days));
}

/// What is wrong with the draft itself, whatever was signed before.
fn refuse_unfinished(path: &Path, profile: &Profile) -> Result<(), Failure> {
    profile.encode().map_err(|error| draft::unsound(path, &error))?;
    match profile.addresses.iter().find(|address| address.host().ends_with(NO_HOST)) {
        None => Ok(()),
        Some(address) => Err(Failure::with_hint(
            format!("{}: {address} is the example's address, where nobody is", path.display()),
            "write the addresses of your server into \"addresses\"",
        )),
    }
}

/// An office signs one text of a version: readers that saw another refuse both, and rightly.
fn refuse_second_text(notes: &EarlierNotes, profile: &Profile) -> Result<(), Failure> {
    if let Some(newest) = notes.newest().filter(|note| note.profile.version > profile.version) {
        return Err(Failure::with_hint(
            format!(
                "not signed: {} is version {} already, and this is version {}",
                newest.path.display(),
                newest.profile.version,
                profile.version
            ),
            "make the draft from the newest one: mohr keys profile new-version",
        ));
    }
    let digest = sha256(profile.encode().map_err(Failure::new)?.as_bytes());
    match notes.of_version(profile.version).find(|note| note.profile.stamp().digest != digest) {
        None => Ok(()),
        Some(other) => Err(Failure::with_hint(
            format!(
                "not signed: {} is version {} already, with another text",
                other.path.display(),
                profile.version
            ),
            "raise \"version\", or make the draft from it: mohr keys profile new-version",
        )),
    }
}

fn no_previous(version: u64) -> Failure {
    Failure::with_hint(
        format!("version {version} follows a signed profile, and none was found beside it"),
        "name the last one signed: --previous profile.note",
    )
}

fn warn_of_expiry(profile: &Profile, today: Day) {
    if profile.expires < today.plus_days(WARNING_DAYS) {
        note(format!(
            "WARNING: the profile expires on {}: then nobody can report. Sign a new version before",
            profile.expires
        ));
    }
}

impl EarlierArguments {
    fn gather(&self, profile: &Profile, beside: &[&Path]) -> Result<EarlierNotes, Failure> {
        EarlierNotes::gather(profile.office, &self.previous, beside)
    }
}

/// An address as it was typed or copied from a browser.
fn parse_address(text: &str) -> Result<Address, String> {
    let address: ServerAddress = text.parse().map_err(|error: ServerAddressError| error.to_string())?;
    address.origin().parse().map_err(|error: Malformed| error.to_string())
}

fn parse_days() -> clap::builder::RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=i64::from(PROFILE_DAYS_MAX))
}
