//! `mohr keys inspector`: a person's identity, from her first day to her last. She makes it on her own
//! machine and gives away the public entry alone; the office changes its draft by that.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::super::Failure;
use super::super::files::{write_new_private, write_new_public};
use super::super::output::print_json;
use super::super::passphrase::{PassphraseArguments, key_file_failure};
use super::super::typed::parse_id;
use super::super::writer::note;
use super::change::days_ahead_max;
use super::draft;
use super::notes::read_note;
use crate::files::beside;
use crate::protocol::day::Day;
use crate::protocol::ids::Id;
use crate::protocol::profile::{Inspector, Profile, Texts, WhyFormer};
use crate::protocol::text::compose;
use crate::seal::key_file::InspectorKeys;

/// Without a subcommand it makes the identity of somebody new.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct InspectorArguments {
    #[command(subcommand)]
    command: Option<InspectorCommand>,
    #[command(flatten)]
    new: Option<NewInspectorArguments>,
}

#[derive(Subcommand)]
pub enum InspectorCommand {
    /// Make the identity of a new inspector, sealed with a passphrase; prints the public entry.
    New(NewInspectorArguments),
    /// Give an inspector new keys: hers were lost, or are to be changed.
    Replace(ReplaceArguments),
    /// Take out an inspector who leaves; what she answered stays authentic.
    Leave(LeaveArguments),
    /// Give an inspector new keys, and distrust what the stolen ones sign after a day.
    Stolen(StolenArguments),
    /// List an inspector again who was taken out.
    Return(ReturnArguments),
}

#[derive(Args)]
pub struct NewInspectorArguments {
    /// Short name in the profile, hers for ever: a-z, 0-9 and -
    #[arg(long, value_parser = parse_id)]
    id: Id,
    /// Public name of the role in one language, such as fa="بازرس یکم"; once for each language
    #[arg(long, value_name = "LANGUAGE=TEXT", value_parser = parse_text, required = true)]
    role: Vec<(String, String)>,
    /// Where to write the sealed identity
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Add her to this draft, too
    #[arg(long, value_name = "DRAFT", conflicts_with = "profile")]
    draft: Option<PathBuf>,
    /// The newest signed profile: an id that it knows is refused
    #[arg(long, value_name = "NOTE")]
    profile: Option<PathBuf>,
    // Flattened arguments that are optional as a whole cannot hold flattened ones.
    /// Read the passphrase from the first line of this file instead of asking
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Args)]
pub struct ReplaceArguments {
    /// Whose keys
    #[arg(long, value_parser = parse_id)]
    id: Id,
    /// The draft to change: at the office
    #[arg(long, value_name = "DRAFT", conflicts_with = "profile", required_unless_present = "profile")]
    draft: Option<PathBuf>,
    /// The newest signed profile, to make the next keys by: on her own machine
    #[arg(long, value_name = "NOTE", conflicts_with = "entry")]
    profile: Option<PathBuf>,
    /// The last day on which the old key is trusted [default: today]
    #[arg(long, value_name = "DAY", conflicts_with = "profile")]
    until: Option<Day>,
    #[command(flatten)]
    keys: NextKeysArguments,
}

#[derive(Args)]
pub struct StolenArguments {
    /// Whose keys
    #[arg(long, value_parser = parse_id)]
    id: Id,
    /// The draft to change
    #[arg(long, value_name = "DRAFT")]
    draft: PathBuf,
    /// The last day on which the key was surely hers alone: not the day on which the theft was noticed
    #[arg(long, value_name = "DAY")]
    until: Day,
    /// Take her out for now: she has no new keys yet
    #[arg(long, conflicts_with_all = ["out", "entry"])]
    no_new_key: bool,
    #[command(flatten)]
    keys: NextKeysArguments,
}

#[derive(Args)]
pub struct LeaveArguments {
    /// Who leaves
    #[arg(long, value_parser = parse_id)]
    id: Id,
    /// The draft to change
    #[arg(long, value_name = "DRAFT")]
    draft: PathBuf,
    /// Her last day; what she signs later does not count [default: today]
    #[arg(long, value_name = "DAY")]
    until: Option<Day>,
}

#[derive(Args)]
pub struct ReturnArguments {
    /// Who comes back
    #[arg(long, value_parser = parse_id)]
    id: Id,
    /// The draft to change
    #[arg(long, value_name = "DRAFT")]
    draft: PathBuf,
    #[command(flatten)]
    keys: NextKeysArguments,
}

/// New keys of a person who had some: made here, or by her on her own machine.
#[derive(Args)]
struct NextKeysArguments {
    /// Where to write the new sealed identity
    #[arg(long, value_name = "FILE", conflicts_with = "entry")]
    out: Option<PathBuf>,
    /// The public entry of keys that she made on her own machine
    #[arg(long, value_name = "ENTRY")]
    entry: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseArguments,
}

pub fn run(arguments: InspectorArguments) -> Result<(), Failure> {
    match (arguments.command, arguments.new) {
        (Some(InspectorCommand::New(arguments)), _) | (None, Some(arguments)) => new(&arguments),
        (Some(InspectorCommand::Replace(arguments)), _) => replace(&arguments),
        (Some(InspectorCommand::Leave(arguments)), _) => leave(&arguments),
        (Some(InspectorCommand::Stolen(arguments)), _) => stolen(&arguments),
        (Some(InspectorCommand::Return(arguments)), _) => come_back(&arguments),
        (None, None) => Err(Failure::new("say what to do: mohr keys inspector --help")),
    }
}

fn new(arguments: &NewInspectorArguments) -> Result<(), Failure> {
    let mut draft = arguments.draft.as_deref().map(draft::read).transpose()?;
    let signed = arguments.profile.as_deref().map(read_note).transpose()?;
    let known = draft.as_ref().or(signed.as_ref().map(|note| &*note.profile));
    if let Some(known) = known {
        draft::refuse_known(known, &arguments.id)?;
    }
    let joined = match (&draft, &signed) {
        (Some(draft), _) => draft.version,
        (None, Some(note)) => note.profile.version + 1,
        (None, None) => 1,
    };
    let keys = InspectorKeys::generate(arguments.id.clone());
    let entry = keys.public_entry(joined, arguments.role.iter().cloned().collect());
    if let Some(draft) = &mut draft {
        draft::add(draft, entry.clone())?;
        // Before a file is written: an entry that does not fit, such as one without a language, costs
        // nothing.
        draft.encode().map_err(Failure::new)?;
    }
    write_identity(&keys, &arguments.out, &PassphraseArguments::of_file(&arguments.passphrase_file))?;
    if let (Some(path), Some(draft)) = (&arguments.draft, &draft) {
        draft::write(path, draft)?;
    }
    print_entry(&entry, &arguments.out)?;
    note(format!("wrote {}; what was printed goes into the profile", arguments.out.display()));
    Ok(())
}

fn replace(arguments: &ReplaceArguments) -> Result<(), Failure> {
    let path = match (&arguments.profile, &arguments.draft) {
        (Some(path), _) => return make_next(arguments, &read_note(path)?.profile),
        (None, Some(path)) => path,
        (None, None) => return Err(Failure::new("name the draft to change, or the profile to make keys by")),
    };
    let mut draft = draft::read(path)?;
    let until = arguments.until.unwrap_or_else(Day::today);
    refuse_far_day(until, WhyFormer::Replaced)?;
    let next = arguments.keys.entry(&draft, &arguments.id)?;
    draft::change_key(&mut draft, next.entry.clone(), until, WhyFormer::Replaced)?;
    next.finish(path, &draft, &arguments.keys)?;
    note(format!("{}: {} has a new key; the old one is trusted to {until}", path.display(), arguments.id));
    say_next(path);
    Ok(())
}

/// Her half: the next keys, by what the signed profile knows of her.
fn make_next(arguments: &ReplaceArguments, profile: &Profile) -> Result<(), Failure> {
    let id = &arguments.id;
    if !draft::is_known(profile, id) {
        return Err(Failure::with_hint(
            format!("the profile knows no {id}"),
            "the first keys of somebody: mohr keys inspector new",
        ));
    }
    let Some(out) = &arguments.keys.out else { return Err(no_keys()) };
    let keys = InspectorKeys::generate_epoch(id.clone(), draft::last_epoch(profile, id) + 1);
    let joined = profile.joined(id).unwrap_or(1);
    let entry = keys.public_entry(joined, profile.role(id).cloned().unwrap_or_default());
    write_identity(&keys, out, &arguments.keys.passphrase)?;
    print_entry(&entry, out)?;
    note(format!("wrote {}; give what was printed to the office", out.display()));
    Ok(())
}

fn stolen(arguments: &StolenArguments) -> Result<(), Failure> {
    let path = &arguments.draft;
    let mut draft = draft::read(path)?;
    refuse_far_day(arguments.until, WhyFormer::Stolen)?;
    if arguments.no_new_key {
        draft::take_out(&mut draft, &arguments.id, arguments.until, WhyFormer::Stolen)?;
        draft::write(path, &draft)?;
        note(format!("{}: {} is taken out until she has new keys", path.display(), arguments.id));
    } else {
        let next = arguments.keys.entry(&draft, &arguments.id)?;
        draft::change_key(&mut draft, next.entry.clone(), arguments.until, WhyFormer::Stolen)?;
        next.finish(path, &draft, &arguments.keys)?;
        note(format!("{}: {} has a new key", path.display(), arguments.id));
    }
    note(format!(
        "of the stolen key only that holds which somebody else's message of up to {} was written in sight of",
        arguments.until
    ));
    say_next(path);
    Ok(())
}

fn leave(arguments: &LeaveArguments) -> Result<(), Failure> {
    let mut draft = draft::read(&arguments.draft)?;
    let until = arguments.until.unwrap_or_else(Day::today);
    refuse_far_day(until, WhyFormer::Left)?;
    draft::take_out(&mut draft, &arguments.id, until, WhyFormer::Left)?;
    draft::write(&arguments.draft, &draft)?;
    note(format!(
        "{}: {} leaves; what she answers to {until} stays authentic. Let her hand over her cases before",
        arguments.draft.display(),
        arguments.id
    ));
    say_next(&arguments.draft);
    Ok(())
}

fn come_back(arguments: &ReturnArguments) -> Result<(), Failure> {
    let path = &arguments.draft;
    let mut draft = draft::read(path)?;
    let next = arguments.keys.entry(&draft, &arguments.id)?;
    draft::bring_back(&mut draft, next.entry.clone())?;
    let joined = draft.joined(&arguments.id).unwrap_or_default();
    next.finish(path, &draft, &arguments.keys)?;
    note(format!("{}: {} is back, as who joined with version {joined}", path.display(), arguments.id));
    say_next(path);
    Ok(())
}

/// A public entry, and the keys behind it where they were made here and lie nowhere yet.
struct NextKeys {
    entry: Inspector,
    made: Option<InspectorKeys>,
}

impl NextKeysArguments {
    fn entry(&self, draft: &Profile, id: &Id) -> Result<NextKeys, Failure> {
        if let Some(path) = &self.entry {
            let entry = draft::read_entry(path)?;
            if entry.id != *id {
                return Err(Failure::new(format!("{} is of {}, not of {id}", path.display(), entry.id)));
            }
            return Ok(NextKeys { entry, made: None });
        }
        if self.out.is_none() {
            return Err(no_keys());
        }
        let keys = InspectorKeys::generate_epoch(id.clone(), draft::last_epoch(draft, id) + 1);
        let entry = keys.public_entry(1, Texts::new());
        Ok(NextKeys { entry, made: Some(keys) })
    }
}

impl NextKeys {
    /// The identity first, then the draft: a draft never lists keys that nobody has.
    fn finish(self, path: &Path, draft: &Profile, keys: &NextKeysArguments) -> Result<(), Failure> {
        draft.encode().map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        if let (Some(made), Some(out)) = (&self.made, &keys.out) {
            write_identity(made, out, &keys.passphrase)?;
            note(format!("wrote {}", out.display()));
        }
        draft::write(path, draft)?;
        match draft.inspector(&self.entry.id) {
            Some(entry) if self.made.is_some() => print_json(entry).map_err(|failure| {
                failure.with_fate(format!("the public entry is in {} all the same", path.display()))
            }),
            _ => Ok(()),
        }
    }
}

/// The identity is made and will not be made again: an entry that could not be printed is kept beside it.
fn print_entry(entry: &Inspector, identity: &Path) -> Result<(), Failure> {
    let Err(failure) = print_json(entry) else { return Ok(()) };
    let path = beside(identity, ".entry.json");
    let json = serde_json::to_vec_pretty(entry).expect("plain structures serialize");
    let wrote = format!("wrote {}", identity.display());
    Err(match write_new_public(&path, &json) {
        Ok(()) => failure.with_fate(format!("{wrote}; its entry for the profile is in {}", path.display())),
        Err(_) => failure
            .with_fate(format!("{wrote}, and its entry for the profile nowhere: make another identity")),
    })
}

fn write_identity(keys: &InspectorKeys, out: &Path, passphrase: &PassphraseArguments) -> Result<(), Failure> {
    let passphrase = passphrase.choose("the inspector's identity")?;
    write_new_private(out, &keys.seal(&passphrase).map_err(key_file_failure)?)
}

fn refuse_far_day(until: Day, why: WhyFormer) -> Result<(), Failure> {
    let days = days_ahead_max(why);
    if until <= Day::today().plus_days(days) {
        return Ok(());
    }
    Err(match why {
        WhyFormer::Stolen => {
            Failure::new(format!("{until} has not come yet: a stolen key is trusted for no day to come"))
        }
        WhyFormer::Left | WhyFormer::Replaced => {
            Failure::new(format!("{until} is more than {days} days ahead"))
        }
    })
}

fn no_keys() -> Failure {
    Failure::with_hint(
        "new keys are needed",
        "--out FILE makes them here; --entry FILE takes the public entry of those that she made",
    )
}

fn say_next(draft: &Path) {
    note(format!("next: mohr keys profile check --draft {}", draft.display()));
}

/// A text for one language, as it was typed, in one Unicode form.
fn parse_text(text: &str) -> Result<(String, String), String> {
    let (language, text) = text.split_once('=').ok_or("LANGUAGE=TEXT, such as en=\"First inspector\"")?;
    Ok((language.to_owned(), compose(text)))
}
