//! A draft: the unsigned profile, which the commands here change and which people edit by hand.

use std::path::Path;

use super::super::Failure;
use super::super::files::read_file;
use crate::files::replace_private;
use crate::protocol::day::Day;
use crate::protocol::ids::Id;
use crate::protocol::limits::ROOTS_MAX;
use crate::protocol::profile::{self, FormerKey, Inspector, Profile, Root, WhyFormer, versions};
use crate::seal::hybrid::Recipient;

/// An office to start from; its inspectors, roots, addresses and days are not those of any office.
pub(in super::super) const EXAMPLE_PROFILE: &str = include_str!("../../../keys/profile.example.json");

/// For how long a draft's profile is to be valid, unless somebody says otherwise.
pub const VALID_DAYS: u16 = 180;

/// A JSON document with all members of a profile, not yet held to the rules of a signed one.
pub fn read(path: &Path) -> Result<Profile, Failure> {
    decode(&read_file(path)?).map_err(|error| {
        Failure::with_hint(
            format!("{}: {error}", path.display()),
            "a draft is what mohr keys profile create or new-version writes",
        )
    })
}

fn decode(bytes: &[u8]) -> Result<Profile, String> {
    if is_note(bytes) {
        return Err("this is a signed profile, and no draft".to_owned());
    }
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

fn is_note(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| crate::protocol::note::Note::decode(text).is_ok())
}

/// Puts the changed draft in the place of the old one, if it keeps the rules of a profile.
pub fn write(path: &Path, profile: &Profile) -> Result<(), Failure> {
    let text = profile.encode().map_err(|error| unsound(path, &error))?;
    replace_private(path, text.as_bytes()).map_err(Failure::new)
}

/// Why a draft is no profile yet.
pub fn unsound(path: &Path, error: &profile::Error) -> Failure {
    let failed = format!("{}: {error}", path.display());
    let profile::Error::Version { version, roots } = *error else { return Failure::new(failed) };
    let hint = if roots < ROOTS_MAX && versions(roots + 1).contains(&version) {
        format!(
            "it is for the root after it: mohr keys root next --from next-root.age --draft {}",
            path.display()
        )
    } else {
        format!("write a \"version\" from {} to {}", versions(roots).start(), versions(roots).end())
    };
    Failure::with_hint(failed, hint)
}

/// A draft that need not keep the rules yet.
pub fn encode(profile: &Profile) -> String {
    let text = serde_json::to_string_pretty(profile).expect("plain structures serialize");
    format!("{text}\n")
}

/// The public entry that an inspector made on her own machine.
pub fn read_entry(path: &Path) -> Result<Inspector, Failure> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::with_hint(
            format!("{}: {error}", path.display()),
            "a public entry is what mohr keys inspector prints",
        )
    };
    let entry: Inspector = serde_json::from_slice(&read_file(path)?).map_err(|error| failed(&error))?;
    match entry.recipient.parse::<Recipient>() {
        Ok(_) => Ok(entry),
        Err(error) => Err(failed(&error)),
    }
}

pub fn is_known(profile: &Profile, person: &Id) -> bool {
    profile.persons().any(|known| known == person)
}

/// The highest epoch that a person has had, 0 for whom the profile does not know.
pub fn last_epoch(profile: &Profile, person: &Id) -> u64 {
    let former = profile.former.iter().filter(|key| key.id == *person).map(|key| key.epoch);
    former.chain(profile.inspector(person).map(|listed| listed.epoch)).max().unwrap_or(0)
}

/// Lists a person who is new with this version.
pub fn add(profile: &mut Profile, entry: Inspector) -> Result<(), Failure> {
    let id = &entry.id;
    // Nobody has seen a first version before it is signed: there an entry may be made again.
    if profile.version == 1 && !profile.former.iter().any(|key| key.id == *id) {
        profile.inspectors.retain(|listed| listed.id != *id);
    }
    if profile.inspectors.contains(&entry) {
        return Ok(());
    }
    refuse_known(profile, id)?;
    profile.inspectors.push(Inspector { joined: profile.version, ..entry });
    Ok(())
}

/// An id is one person's for ever.
pub fn refuse_known(profile: &Profile, id: &Id) -> Result<(), Failure> {
    if profile.inspector(id).is_some() {
        return Err(Failure::with_hint(
            format!("{id} is an inspector already"),
            "for new keys of hers: mohr keys inspector replace, or stolen; for somebody else: another id",
        ));
    }
    if is_known(profile, id) {
        return Err(Failure::with_hint(
            format!("{id} was an inspector who is listed no more; the id stays hers for ever"),
            "choose another id; if it is she who comes back: mohr keys inspector return",
        ));
    }
    Ok(())
}

/// Takes a person's key out of use and puts her new one in its place.
pub fn change_key(
    profile: &mut Profile,
    entry: Inspector,
    until: Day,
    why: WhyFormer,
) -> Result<(), Failure> {
    let listed = listed_mut(profile, &entry.id)?;
    if entry.epoch <= listed.epoch {
        return Err(Failure::with_hint(
            format!("the entry is of epoch {}, and {} is at {} now", entry.epoch, listed.id, listed.epoch),
            "she makes her next keys with mohr keys inspector replace --profile profile.note",
        ));
    }
    let new = Inspector {
        joined: listed.joined,
        role: listed.role.clone(),
        extensions: listed.extensions.clone(),
        ..entry
    };
    let old = std::mem::replace(listed, new);
    profile.former.push(former_key(&old, until, why));
    Ok(())
}

/// Takes a person out of the profile. Her keys stay where they verify what she signed, with her role.
pub fn take_out(profile: &mut Profile, id: &Id, until: Day, why: WhyFormer) -> Result<(), Failure> {
    let gone = listed_mut(profile, id)?.clone();
    if profile.inspectors.len() == 1 {
        return Err(Failure::with_hint(
            format!("{id} is the only inspector: without her nobody could read anything"),
            "add another one first, and hand the cases over to her",
        ));
    }
    profile.inspectors.retain(|listed| listed.id != *id);
    profile.former.push(former_key(&gone, until, why));
    for key in profile.former.iter_mut().filter(|key| key.id == *id) {
        key.role = Some(gone.role.clone());
        key.joined = Some(gone.joined);
    }
    Ok(())
}

/// Lists a person again who was taken out, as who she was: whoever left her out leaves her out still.
pub fn bring_back(profile: &mut Profile, entry: Inspector) -> Result<(), Failure> {
    let id = &entry.id;
    if profile.inspector(id).is_some() {
        return Err(Failure::new(format!("{id} is an inspector already")));
    }
    let (Some(joined), Some(role)) = (profile.joined(id), profile.role(id).cloned()) else {
        return Err(Failure::with_hint(
            format!("{id} has never been an inspector here"),
            "for somebody new: mohr keys inspector new",
        ));
    };
    let epoch = last_epoch(profile, id);
    if entry.epoch <= epoch {
        return Err(Failure::new(format!(
            "the entry is of epoch {}, and {} had epoch {epoch} before she left",
            entry.epoch, entry.id
        )));
    }
    for key in profile.former.iter_mut().filter(|key| key.id == entry.id) {
        (key.role, key.joined) = (None, None);
    }
    profile.inspectors.push(Inspector { joined, role, ..entry });
    Ok(())
}

/// The root behind the last one, if it is the one that this commits to; the
/// draft's version becomes one of its.
pub fn add_root(profile: &mut Profile, root: Root) -> bool {
    let follows =
        profile.last_root().is_some_and(|last| last.next == crate::verify::digest::root_commitment(&root));
    if follows {
        profile.roots.push(root);
        profile.version = profile.version.max(*versions(profile.roots.len()).start());
    }
    follows
}

fn former_key(of: &Inspector, until: Day, why: WhyFormer) -> FormerKey {
    FormerKey {
        id: of.id.clone(),
        epoch: of.epoch,
        signer: of.signer,
        until,
        why,
        joined: None,
        role: None,
        extensions: Default::default(),
    }
}

fn listed_mut<'a>(profile: &'a mut Profile, id: &Id) -> Result<&'a mut Inspector, Failure> {
    let ids: Vec<_> = profile.inspectors.iter().map(|listed| listed.id.to_string()).collect();
    profile.inspectors.iter_mut().find(|listed| listed.id == *id).ok_or_else(|| {
        Failure::with_hint(
            format!("the draft has no inspector {id}"),
            format!("it has {}", if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }),
        )
    })
}
