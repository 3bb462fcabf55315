//! What may change from one version of a profile to the next, and what a change does to each person
//! (PROTOCOL 3 and 2.7). Whoever signs is asked before, because no reader can tell a slip from an attack.

use std::collections::BTreeSet;

use crate::protocol::day::Day;
use crate::protocol::ids::{Id, Signer};
use crate::protocol::limits::RETENTION_DAYS_MAX;
use crate::protocol::profile::{FormerKey, Inspector, Profile, WhyFormer};
use crate::verify::digest::root_commitment;

/// The last profile that was signed, and older ones as far as they are at hand.
pub struct Past<'a> {
    pub last: &'a Profile,
    pub older: Vec<&'a Profile>,
}

/// Why a version is not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    #[error("version {next} is not above version {last}, the last one signed")]
    Version { last: u64, next: u64 },
    #[error("it is the profile of another office")]
    Office,
    #[error("it is issued before the profile that it follows")]
    Issued,
    #[error("the roots that were signed before are no longer there as they were")]
    Roots,
    #[error("root {number} is not the one that root {} commits to", .number - 1)]
    Chain { number: usize },
    #[error("{id} is gone without a trace: her key must stand in \"former\"")]
    GoneWithoutFormer { id: Id },
    #[error("the key of {id}, epoch {epoch}, is gone: it must stand in \"former\"")]
    KeyWithoutFormer { id: Id, epoch: u64 },
    #[error("{id} is listed with \"joined\": {found}, but she joined with version {joined}")]
    Joined { id: Id, joined: u64, found: u64 },
    #[error("{id} has other keys under the same epoch {epoch}: new keys are of a new epoch")]
    KeysOfOneEpoch { id: Id, epoch: u64 },
    #[error("{id} has epoch {found} after epoch {last}: epochs only rise")]
    Epoch { id: Id, last: u64, found: u64 },
    #[error("{from} is called {to} now: a person keeps her id for ever")]
    Renamed { from: Id, to: Id },
    #[error("{id} is the id of somebody who was an inspector before: an id is never given again")]
    ReusedId { id: Id },
    #[error("\"former\" has a key of {id}, epoch {epoch}, that no profile listed as hers")]
    UnknownFormer { id: Id, epoch: u64 },
    #[error("the former key of {id}, epoch {epoch}, is no longer the same")]
    FormerChanged { id: Id, epoch: u64 },
    #[error(
        "the former key of {id}, epoch {epoch}, would be trusted for more than before: \"until\" only moves \
         back, and stolen stays stolen"
    )]
    FormerTrustedMore { id: Id, epoch: u64 },
    #[error("the former key of {id}, epoch {epoch}, is trusted to {until}, which is too far ahead")]
    TrustedAhead { id: Id, epoch: u64, until: Day },
    #[error("the former key of {id}, epoch {epoch}, is needed until {until}, as long as cases are kept")]
    FormerTooEarly { id: Id, epoch: u64, until: Day },
}

/// What happens to one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate<'a> {
    Joins(&'a Inspector),
    Returns(&'a Inspector),
    Stays {
        before: &'a Inspector,
        now: &'a Inspector,
    },
    /// The former key says which it was and why.
    NewKey {
        now: &'a Inspector,
        former: &'a FormerKey,
    },
    Leaves {
        before: &'a Inspector,
        former: &'a FormerKey,
    },
}

/// All that speaks against signing `next` after these, most telling first. None is left out: whoever mends
/// one wants to know of the others.
pub fn refusals(past: &Past<'_>, next: &Profile) -> Vec<ChangeRefusal> {
    let last = past.last;
    let mut found = Vec::new();
    if next.version <= last.version {
        found.push(ChangeRefusal::Version { last: last.version, next: next.version });
    }
    if next.office != last.office {
        found.push(ChangeRefusal::Office);
    }
    if next.issued < last.issued {
        found.push(ChangeRefusal::Issued);
    }
    check_roots(last, next, &mut found);
    let renamed = check_names(last, next, &mut found);
    for before in last.inspectors.iter().filter(|before| !renamed.contains(&before.id)) {
        check_listed(before, next, &mut found);
    }
    let is_new = |now: &&Inspector| last.inspector(&now.id).is_none();
    for now in next.inspectors.iter().filter(is_new) {
        check_newcomer(past, now, next.version, &mut found);
    }
    check_former(last, next, &mut found);
    found
}

/// Whether this id, of somebody whom the last profile does not list, was ever anybody's.
fn was_known(past: &Past<'_>, id: &Id) -> bool {
    let knows = |profile: &Profile| profile.persons().any(|person| person == id);
    knows(past.last) || past.older.iter().any(|profile| knows(profile))
}

/// With which version a person first came, by the newest profile that knows her.
fn joined(past: &Past<'_>, id: &Id) -> Option<u64> {
    past.last.joined(id).or_else(|| past.older.iter().rev().find_map(|profile| profile.joined(id)))
}

/// Gives the version of this profile to whoever comes with it: no other number could be right.
pub fn set_joined(past: Option<&Past<'_>>, next: &mut Profile) {
    let version = next.version;
    for now in &mut next.inspectors {
        if past.is_none_or(|past| !was_known(past, &now.id)) {
            now.joined = version;
        }
    }
}

fn check_roots(last: &Profile, next: &Profile, found: &mut Vec<ChangeRefusal>) {
    if !next.roots.starts_with(&last.roots) {
        found.push(ChangeRefusal::Roots);
    }
    for (at, pair) in next.roots.windows(2).enumerate() {
        if pair[0].next != root_commitment(&pair[1]) {
            found.push(ChangeRefusal::Chain { number: at + 2 });
        }
    }
}

/// A key that stands under another id now; gives the ids that are gone so.
fn check_names<'a>(last: &'a Profile, next: &Profile, found: &mut Vec<ChangeRefusal>) -> BTreeSet<&'a Id> {
    let mut renamed = BTreeSet::new();
    let of_former = |profile: &Profile, signer: Signer| {
        profile.former.iter().find(|key| key.signer == signer).map(|key| key.id.clone())
    };
    let owner = |profile: &Profile, signer: Signer, recipient: &str| {
        let listed = profile.inspectors.iter();
        let mut listed = listed.filter(|now| now.signer == signer || now.recipient == recipient);
        listed.next().map(|now| now.id.clone()).or_else(|| of_former(profile, signer))
    };
    for before in &last.inspectors {
        if let Some(to) = owner(next, before.signer, &before.recipient).filter(|to| *to != before.id) {
            renamed.insert(&before.id);
            found.push(ChangeRefusal::Renamed { from: before.id.clone(), to });
        }
    }
    for key in &last.former {
        if let Some(to) = owner(next, key.signer, "").filter(|to| *to != key.id) {
            found.push(ChangeRefusal::Renamed { from: key.id.clone(), to });
        }
    }
    renamed
}

fn check_listed(before: &Inspector, next: &Profile, found: &mut Vec<ChangeRefusal>) {
    let id = before.id.clone();
    let kept = next.former.iter().any(|key| (&key.id, key.epoch) == (&before.id, before.epoch));
    if let Some(found_joined) = next.joined(&id).filter(|joined| *joined != before.joined) {
        found.push(ChangeRefusal::Joined { id: id.clone(), joined: before.joined, found: found_joined });
    }
    let Some(now) = next.inspector(&before.id) else {
        if !kept {
            found.push(ChangeRefusal::GoneWithoutFormer { id });
        }
        return;
    };
    if now.epoch == before.epoch {
        if (now.signer, &now.recipient) != (before.signer, &before.recipient) {
            found.push(ChangeRefusal::KeysOfOneEpoch { id, epoch: now.epoch });
        }
    } else if now.epoch < before.epoch {
        found.push(ChangeRefusal::Epoch { id, last: before.epoch, found: now.epoch });
    } else if !kept {
        found.push(ChangeRefusal::KeyWithoutFormer { id, epoch: before.epoch });
    }
}

/// Somebody whom the last profile did not list: new, or back again under her own first version.
fn check_newcomer(past: &Past<'_>, now: &Inspector, version: u64, found: &mut Vec<ChangeRefusal>) {
    let id = now.id.clone();
    if !was_known(past, &now.id) {
        if now.joined != version {
            found.push(ChangeRefusal::Joined { id, joined: version, found: now.joined });
        }
        return;
    }
    if joined(past, &now.id) != Some(now.joined) {
        found.push(ChangeRefusal::ReusedId { id });
        return;
    }
    let former = past.last.former.iter().filter(|key| key.id == now.id).map(|key| key.epoch);
    let last = former.max().unwrap_or(0);
    if now.epoch <= last {
        found.push(ChangeRefusal::Epoch { id, last, found: now.epoch });
    }
}

fn check_former(last: &Profile, next: &Profile, found: &mut Vec<ChangeRefusal>) {
    let same = |a: &FormerKey, b: &FormerKey| (&a.id, a.epoch) == (&b.id, b.epoch);
    for key in &last.former {
        let (id, epoch) = (key.id.clone(), key.epoch);
        match next.former.iter().find(|now| same(key, now)) {
            None => {
                let until = last_day_needed(last, key);
                if next.issued <= until {
                    found.push(ChangeRefusal::FormerTooEarly { id, epoch, until });
                }
            }
            Some(now) if now.signer != key.signer || has_other_joined(last, next, &id) => {
                found.push(ChangeRefusal::FormerChanged { id, epoch })
            }
            Some(now) => {
                let forgiven = key.why == WhyFormer::Stolen && now.why != WhyFormer::Stolen;
                if now.until > key.until || forgiven {
                    found.push(ChangeRefusal::FormerTrustedMore { id, epoch });
                }
            }
        }
    }
    for key in next.former.iter().filter(|key| !last.former.iter().any(|before| same(before, key))) {
        let listed = last.inspector(&key.id);
        let (id, epoch) = (key.id.clone(), key.epoch);
        if listed.is_none_or(|listed| (listed.epoch, listed.signer) != (key.epoch, key.signer)) {
            found.push(ChangeRefusal::UnknownFormer { id, epoch });
        } else if key.until > next.issued.plus_days(days_ahead_max(key.why)) {
            found.push(ChangeRefusal::TrustedAhead { id, epoch, until: key.until });
        }
    }
}

/// Of somebody who is not listed before and after. Of others it is asked where they are.
fn has_other_joined(last: &Profile, next: &Profile, id: &Id) -> bool {
    let listed = last.inspector(id).is_some() || next.inspector(id).is_some();
    !listed && last.joined(id) != next.joined(id)
}

/// How far ahead the last day of a key may lie that goes out of use: until the server has the new profile its
/// person answers with it. A stolen one is trusted for no day to come.
pub fn days_ahead_max(why: WhyFormer) -> i32 {
    match why {
        WhyFormer::Left | WhyFormer::Replaced => 31,
        WhyFormer::Stolen => 0,
    }
}

/// A former key's last day in a profile.
pub fn last_day_needed(profile: &Profile, key: &FormerKey) -> Day {
    let days = profile.retention.closed_days.min(RETENTION_DAYS_MAX);
    let days = i32::try_from(days).expect("a bounded number of days");
    key.until.plus_days(days)
}

/// What happens to everybody, in the order of the new profile, then those who leave. For a change without a
/// refusal.
pub fn fates<'a>(past: &Past<'a>, next: &'a Profile) -> Vec<Fate<'a>> {
    let former = |id: &Id, epoch: u64| next.former.iter().find(|key| key.id == *id && key.epoch == epoch);
    let now = next.inspectors.iter().map(|now| match past.last.inspector(&now.id) {
        Some(before) => match former(&before.id, before.epoch) {
            Some(former) => Fate::NewKey { now, former },
            None => Fate::Stays { before, now },
        },
        None if was_known(past, &now.id) => Fate::Returns(now),
        None => Fate::Joins(now),
    });
    let gone = past.last.inspectors.iter().filter(|before| next.inspector(&before.id).is_none());
    let gone = gone
        .filter_map(|before| former(&before.id, before.epoch).map(|former| Fate::Leaves { before, former }));
    now.chain(gone).collect()
}

impl Fate<'_> {
    /// Whether she still has the key that opens what was sealed to her before.
    pub fn keeps_reading(&self) -> bool {
        matches!(self, Self::Stays { .. })
    }
}

#[cfg(test)]
mod tests;
