//! Which keys are believed for what: those of the profile, former ones until their day, and the signatures
//! of second persons (PROTOCOL 2.7).

use std::collections::BTreeSet;

use super::message::Unverified;
use crate::protocol::day::Day;
use crate::protocol::ids::Id;
use crate::protocol::profile::{ListedKey, Profile, WhyFormer};

/// Whether a key is trusted for something dated on these days. A stolen key needs more than the days; see
/// [`is_stolen`].
pub fn is_in_time(key: ListedKey<'_>, days: &[Day]) -> bool {
    match key {
        ListedKey::Present(_) => true,
        ListedKey::Former(key) => days.iter().all(|day| *day <= key.until),
    }
}

/// Whether a thief may have this key.
pub fn is_stolen(key: ListedKey<'_>) -> bool {
    matches!(key, ListedKey::Former(former) if former.why == WhyFormer::Stolen)
}

/// The persons besides its sender who signed a message and whose signature counts: none who is left out of
/// the case.
pub fn seconds(
    text: &Unverified,
    listed: Day,
    profile: &Profile,
    is_left_out: impl Fn(&Id) -> bool,
) -> BTreeSet<Id> {
    let mut persons = BTreeSet::new();
    for second in text.message.seconds() {
        let Some(key) = profile.key(&second.key_id()) else { continue };
        if text.message.sender.person() != Some(&second.sender)
            && !is_left_out(&second.sender)
            && !is_stolen(key)
            && is_in_time(key, &[text.message.day, listed])
            && text.is_seconded_by(&key.signer(), &second.signature)
        {
            persons.insert(second.sender.clone());
        }
    }
    persons
}
