//! The office profile: who opens reports, and what the pages need to know of an office (PROTOCOL 3). Decoding
//! believes nothing; `verify::profile` does.

use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::address::Address;
use super::day::Day;
use super::extensions::Extensions;
use super::ids::{Digest, Id, OfficeId, Signer};
use super::limits::{
    ADDRESSES_MAX, CHOICES_MAX, FILES_BYTES_MAX, FORMER_KEYS_MAX, HOLIDAYS_MAX, INSPECTORS_MAX, INTEGER_MAX,
    LANGUAGES_MAX, PROFILE_BYTES_MAX, PROFILE_DAYS_MAX, PROFILE_TEXT_BYTES_MAX, RETENTION_DAYS_MAX,
    ROOTS_MAX, TWO_PERSONS_MAX, VERSIONS_PER_ROOT,
};
use super::message::{OutcomeId, Sender, is_recipient};
use super::person::{KeyId, is_epoch};

/// One text for each language of the profile.
pub type Texts = BTreeMap<String, String>;

/// What may ask for two persons beside the ids of outcomes.
pub const TWO_PERSONS_ERASE: &str = "erase";
pub const TWO_PERSONS_FULL_EXPORT: &str = "full-export";
pub const TWO_PERSONS_PUBLICATION: &str = "publication";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub format: String,
    pub office: OfficeId,
    pub roots: Vec<Root>,
    pub version: u64,
    pub issued: Day,
    pub expires: Day,
    pub addresses: Vec<Address>,
    pub languages: Vec<String>,
    #[serde(deserialize_with = "texts")]
    pub name: Texts,
    pub inspectors: Vec<Inspector>,
    pub former: Vec<FormerKey>,
    pub kinds: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub units: Vec<Choice>,
    pub services: Vec<Service>,
    pub deadlines: Deadlines,
    pub holidays: Vec<Day>,
    pub retention: Retention,
    pub two_persons: Vec<TwoPersons>,
    pub contacts: Contacts,
    #[serde(deserialize_with = "texts")]
    pub legal_note: Texts,
    pub limits: ProfileLimits,
    pub extensions: Extensions,
}

/// A root key, and what commits it to the one after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    pub key: Signer,
    /// SHA-256 of the next root's key and `next`, or zeros where none is to follow.
    pub next: Digest,
}

impl Root {
    /// Whether no root is to follow.
    pub fn is_last(&self) -> bool {
        self.next.as_bytes() == &[0; 32]
    }
}

/// A person, with her present keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspector {
    pub id: Id,
    /// Version of the first profile that listed her.
    pub joined: u64,
    pub epoch: u64,
    #[serde(deserialize_with = "texts")]
    pub role: Texts,
    pub recipient: String,
    pub signer: Signer,
    pub extensions: Extensions,
}

/// A key that verifies what it signed until a day, and nothing after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormerKey {
    pub id: Id,
    pub epoch: u64,
    pub signer: Signer,
    /// The last day on which it is trusted, not the day on which a loss was found.
    pub until: Day,
    pub why: WhyFormer,
    /// Of a person who is no longer listed, as it stood there: who was left out of a case stays left out of
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "some")]
    pub joined: Option<u64>,
    /// Of a person who is no longer listed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_texts")]
    pub role: Option<Texts>,
    pub extensions: Extensions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyFormer {
    Left,
    Replaced,
    Stolen,
}

/// Who made a signature, by the profile: a present key or a former one.
#[derive(Debug, Clone, Copy)]
pub enum ListedKey<'a> {
    Present(&'a Inspector),
    Former(&'a FormerKey),
}

impl ListedKey<'_> {
    pub fn signer(&self) -> Signer {
        match self {
            Self::Present(inspector) => inspector.signer,
            Self::Former(key) => key.signer,
        }
    }
}

/// What citizens deal with, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    pub id: Id,
    #[serde(deserialize_with = "texts")]
    pub name: Texts,
    /// One of the profile's units.
    pub unit: Id,
}

/// How long cases are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub closed_days: u64,
    pub unanswered_days: u64,
}

/// What takes effect only with a second person, from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwoPersons {
    pub id: Id,
    pub since: Day,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub id: Id,
    #[serde(deserialize_with = "texts")]
    pub name: Texts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadlines {
    pub conflict_check_working_days: u64,
    pub acknowledgement_days: u64,
    pub progress_days: u64,
    pub feedback_months: u64,
    pub information_working_days: u64,
    pub corrective_order_days: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contacts {
    pub emergency_phone: String,
    pub phone: String,
    pub website: String,
    /// Where the quick exit leads.
    pub neutral_page: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileLimits {
    /// What the files of one message may hold together.
    pub files_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the profile is longer than {PROFILE_BYTES_MAX} bytes")]
    TooLong,
    #[error("the profile does not parse: {0}")]
    Malformed(String),
    #[error("the profile breaks a rule: {0}")]
    Rule(&'static str),
    #[error("version {version} is none of root {roots}, which signs {} to {}", versions(*.roots).start(), versions(*.roots).end())]
    Version { version: u64, roots: usize },
    #[error("the profile is of a newer version of the format: a newer program is needed")]
    Newer,
}

/// The versions of a profile with so many roots.
pub fn versions(roots: usize) -> RangeInclusive<u64> {
    let last = (roots as u64).saturating_mul(VERSIONS_PER_ROOT);
    last.saturating_sub(VERSIONS_PER_ROOT) + 1..=last
}

impl Profile {
    /// The text of a profile's note. Nothing in it is verified yet.
    pub fn decode(text: &str) -> Result<Self, Error> {
        if text.len() > PROFILE_BYTES_MAX {
            return Err(Error::TooLong);
        }
        let profile: Self =
            serde_json::from_str(text).map_err(|error| Error::Malformed(error.to_string()))?;
        profile.check()?;
        Ok(profile)
    }

    /// The text of a profile's note: indented, for the people who sign it.
    pub fn encode(&self) -> Result<String, Error> {
        self.check()?;
        let mut text =
            serde_json::to_string_pretty(self).map_err(|error| Error::Malformed(error.to_string()))?;
        text.push('\n');
        if text.len() > PROFILE_BYTES_MAX { Err(Error::TooLong) } else { Ok(text) }
    }

    pub fn inspector(&self, id: &Id) -> Option<&Inspector> {
        self.inspectors.iter().find(|inspector| inspector.id == *id)
    }

    /// The key of a person's epoch, whether she still has it or not.
    pub fn key(&self, key: &KeyId) -> Option<ListedKey<'_>> {
        let present =
            self.inspectors.iter().find(|listed| listed.id == key.person && listed.epoch == key.epoch);
        let former =
            || self.former.iter().find(|listed| listed.id == key.person && listed.epoch == key.epoch);
        present.map(ListedKey::Present).or_else(|| former().map(ListedKey::Former))
    }

    /// Version of the first profile that listed this person, also when she is no longer listed.
    pub fn joined(&self, person: &Id) -> Option<u64> {
        self.inspector(person).map(|inspector| inspector.joined).or_else(|| self.joined_as_former(person))
    }

    /// Every person whom a key here is of, once or more often.
    pub fn persons(&self) -> impl Iterator<Item = &Id> {
        self.inspectors.iter().map(|listed| &listed.id).chain(self.former.iter().map(|key| &key.id))
    }

    /// What a person is called in public, also when she is no longer listed.
    pub fn role(&self, person: &Id) -> Option<&Texts> {
        let former = || self.former.iter().rev().find(|key| key.id == *person)?.role.as_ref();
        self.inspector(person).map(|inspector| &inspector.role).or_else(former)
    }

    /// The root that signs.
    pub fn last_root(&self) -> Option<&Root> {
        self.roots.last()
    }

    /// Whether what was listed on this day takes effect only with a second person.
    pub fn asks_two_persons(&self, what: &str, listed: Day) -> bool {
        self.two_persons.iter().any(|entry| entry.id.as_str() == what && entry.since <= listed)
    }

    /// This office's text in the language, or in the office's own.
    pub fn text<'a>(&self, texts: &'a Texts, language: &str) -> &'a str {
        texts.get(language).or_else(|| texts.get(self.languages.first()?)).map_or("", String::as_str)
    }

    fn check(&self) -> Result<(), Error> {
        rule(self.format == FORMAT, "another format")?;
        if self.all_extensions().any(Extensions::is_of_newer_version) {
            return Err(Error::Newer);
        }
        rule((1..=ROOTS_MAX).contains(&self.roots.len()), "1 to 4 roots")?;
        let (version, roots) = (self.version, self.roots.len());
        if !versions(roots).contains(&version) {
            return Err(Error::Version { version, roots });
        }
        rule(
            self.issued <= self.expires && self.expires <= self.issued.plus_days(PROFILE_DAYS_MAX),
            "a profile is in force for at most 190 days",
        )?;
        rule((1..=ADDRESSES_MAX).contains(&self.addresses.len()), "1 to 8 addresses")?;
        rule(all_different(&self.addresses), "an address twice")?;
        rule((1..=LANGUAGES_MAX).contains(&self.languages.len()), "1 to 8 languages")?;
        rule(all_different(&self.languages), "a language twice")?;
        rule(
            self.languages.iter().all(|language| {
                matches!(language.len(), 2..=3) && language.bytes().all(|byte| byte.is_ascii_lowercase())
            }),
            "a language is two or three letters",
        )?;
        rule(self.is_complete(&self.name) && self.is_complete(&self.legal_note), ONE_TEXT)?;
        self.check_persons()?;
        self.check_choices()?;
        self.check_rules()?;
        self.check_contacts()
    }

    fn all_extensions(&self) -> impl Iterator<Item = &Extensions> {
        let inspectors = self.inspectors.iter().map(|inspector| &inspector.extensions);
        let former = self.former.iter().map(|key| &key.extensions);
        std::iter::once(&self.extensions).chain(inspectors).chain(former)
    }

    fn is_complete(&self, texts: &Texts) -> bool {
        texts.len() == self.languages.len()
            && self
                .languages
                .iter()
                .all(|language| texts.get(language).is_some_and(|text| text.len() <= PROFILE_TEXT_BYTES_MAX))
    }

    /// One key never stands for two persons, nor two keys for one place.
    fn check_persons(&self) -> Result<(), Error> {
        rule((1..=INSPECTORS_MAX).contains(&self.inspectors.len()), "1 to 12 inspectors")?;
        rule(self.former.len() <= FORMER_KEYS_MAX, "at most 64 former keys")?;
        for inspector in &self.inspectors {
            rule(self.is_complete(&inspector.role), ONE_TEXT)?;
            rule(is_recipient(&inspector.recipient), "an inspector's recipient begins with age1pq1")?;
            rule(is_epoch(inspector.epoch), "an epoch counts from 1")?;
            rule(
                (1..=self.version).contains(&inspector.joined),
                "\"joined\" is a version of the profile up to this one",
            )?;
        }
        for key in &self.former {
            let listed = self.inspector(&key.id);
            rule(is_epoch(key.epoch), "an epoch counts from 1")?;
            rule(
                listed.is_none_or(|listed| key.epoch < listed.epoch),
                "a former key's epoch is an earlier one",
            )?;
            rule(
                key.role.is_some() != listed.is_some(),
                "a former key has a role exactly when its person is no longer listed",
            )?;
            rule(
                key.joined.is_some() != listed.is_some() && key.joined == self.joined_as_former(&key.id),
                "a former key says when its person joined exactly when she is no longer listed, and always the same",
            )?;
            rule(
                key.joined.is_none_or(|joined| (1..=self.version).contains(&joined)),
                "\"joined\" is a version of the profile up to this one",
            )?;
            rule(key.role.as_ref().is_none_or(|role| self.is_complete(role)), ONE_TEXT)?;
        }
        let (present, former) = (&self.inspectors, &self.former);
        rule(
            self.persons().all(|person| person.as_str() != Sender::REPORTER),
            "no inspector's id is \"reporter\"",
        )?;
        rule(all_different(present.iter().map(|listed| &listed.id)), "an inspector's id twice")?;
        rule(all_different(present.iter().map(|listed| &listed.recipient)), "a recipient twice")?;
        rule(all_different(former.iter().map(|key| (&key.id, key.epoch))), "a former key twice")?;
        let signers = present.iter().map(|listed| listed.signer).chain(former.iter().map(|key| key.signer));
        rule(all_different(signers.chain(self.roots.iter().map(|root| root.key))), "a signer twice")
    }

    fn joined_as_former(&self, person: &Id) -> Option<u64> {
        self.former.iter().find(|key| key.id == *person)?.joined
    }

    fn check_choices(&self) -> Result<(), Error> {
        for choices in [&self.kinds, &self.districts, &self.units] {
            rule(choices.len() <= CHOICES_MAX, "too many choices")?;
            rule(all_different(choices.iter().map(|choice| &choice.id)), "a choice's id twice")?;
            rule(choices.iter().all(|choice| self.is_complete(&choice.name)), ONE_TEXT)?;
        }
        rule(self.services.len() <= CHOICES_MAX, "too many services")?;
        rule(all_different(self.services.iter().map(|service| &service.id)), "a service's id twice")?;
        for service in &self.services {
            rule(self.is_complete(&service.name), ONE_TEXT)?;
            rule(
                self.units.iter().any(|unit| unit.id == service.unit),
                "a service's unit is one of the profile's units",
            )?;
        }
        Ok(())
    }

    fn check_rules(&self) -> Result<(), Error> {
        rule(
            self.deadlines.all().into_iter().all(|number| number <= INTEGER_MAX),
            "an integer is too large",
        )?;
        rule(self.holidays.len() <= HOLIDAYS_MAX, "too many holidays")?;
        rule(self.holidays.windows(2).all(|pair| pair[0] < pair[1]), "holidays ascend")?;
        rule(
            [self.retention.closed_days, self.retention.unanswered_days]
                .into_iter()
                .all(|days| (1..=RETENTION_DAYS_MAX).contains(&days)),
            "retention is 1 to 36500 days",
        )?;
        rule(self.two_persons.len() <= TWO_PERSONS_MAX, "too many things ask two persons")?;
        rule(all_different(self.two_persons.iter().map(|entry| &entry.id)), "two_persons names one twice")?;
        rule(
            self.two_persons.iter().all(|entry| may_ask_two_persons(entry.id.as_str())),
            "two_persons knows erase, full-export, publication and the ids of outcomes",
        )?;
        rule(self.limits.files_bytes <= FILES_BYTES_MAX, "files_bytes is at most 251658240")
    }

    fn check_contacts(&self) -> Result<(), Error> {
        let contacts = &self.contacts;
        let texts = [&contacts.emergency_phone, &contacts.phone, &contacts.website, &contacts.neutral_page];
        rule(texts.iter().all(|text| text.len() <= PROFILE_TEXT_BYTES_MAX), "a contact is too long")?;
        rule(is_https_address(&contacts.neutral_page), "the neutral page is an https:// address")
    }
}

const ONE_TEXT: &str = "one text for each language";

fn rule(holds: bool, text: &'static str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Error::Rule(text)) }
}

fn may_ask_two_persons(id: &str) -> bool {
    matches!(id, TWO_PERSONS_ERASE | TWO_PERSONS_FULL_EXPORT | TWO_PERSONS_PUBLICATION)
        || OutcomeId::ALL.iter().any(|outcome| outcome.as_str() == id)
}

impl Deadlines {
    fn all(&self) -> [u64; 6] {
        [
            self.conflict_check_working_days,
            self.acknowledgement_days,
            self.progress_days,
            self.feedback_months,
            self.information_working_days,
            self.corrective_order_days,
        ]
    }
}

/// `https://`, a host of lowercase letters, digits, dots and hyphens, and perhaps a path of visible ASCII:
/// what every browser parses, so that leaving fast never fails on it.
fn is_https_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    host.bytes().all(|byte| inner(byte) || matches!(byte, b'.' | b'-'))
        && host.bytes().next().is_some_and(inner)
        && host.bytes().next_back().is_some_and(inner)
        && path.bytes().all(|byte| byte.is_ascii_graphic())
}

fn all_different<T: std::hash::Hash + Eq>(items: impl IntoIterator<Item = T>) -> bool {
    let mut seen = HashSet::new();
    items.into_iter().all(|item| seen.insert(item))
}

/// serde keeps the last of two equal keys of a map; a signed document must not have two.
fn texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Texts, D::Error> {
    struct TextsVisitor;
    impl<'de> serde::de::Visitor<'de> for TextsVisitor {
        type Value = Texts;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object with a text for each language")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
            let mut texts = Texts::new();
            while let Some((language, text)) = map.next_entry()? {
                if texts.insert(language, text).is_some() {
                    return Err(serde::de::Error::custom("a language twice"));
                }
            }
            Ok(texts)
        }
    }
    deserializer.deserialize_map(TextsVisitor)
}

/// A member that may be absent; `null` is no value.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    u64::deserialize(deserializer).map(Some)
}

/// The same for texts.
fn optional_texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Texts>, D::Error> {
    texts(deserializer).map(Some)
}
