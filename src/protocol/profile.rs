//! The office profile: who opens reports, and what the pages need to know of an office (PROTOCOL 3). Decoding
//! believes nothing; `verify::profile` does.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::day::Day;
use super::ids::{Id, OfficeId, Signer};
use super::limits::{
    CHOICES_MAX, FILES_BYTES_MAX, INSPECTORS_MAX, INTEGER_MAX, LANGUAGES_MAX, PROFILE_BYTES_MAX,
    PROFILE_TEXT_BYTES_MAX,
};
use super::message::{Sender, is_recipient};

/// One text for each language of the profile.
pub type Texts = BTreeMap<String, String>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    pub format: String,
    pub office: OfficeId,
    pub root: Signer,
    pub version: u64,
    pub issued: Day,
    pub expires: Day,
    pub languages: Vec<String>,
    #[serde(deserialize_with = "texts")]
    pub name: Texts,
    pub inspectors: Vec<Inspector>,
    pub kinds: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub units: Vec<Choice>,
    pub deadlines: Deadlines,
    pub contacts: Contacts,
    #[serde(deserialize_with = "texts")]
    pub legal_note: Texts,
    pub limits: Limits,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inspector {
    pub id: Id,
    #[serde(deserialize_with = "texts")]
    pub role: Texts,
    pub recipient: String,
    pub signer: Signer,
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
pub struct Limits {
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

    /// This office's text in the language, or in the office's own.
    pub fn text<'a>(&self, texts: &'a Texts, language: &str) -> &'a str {
        texts.get(language).or_else(|| texts.get(self.languages.first()?)).map_or("", String::as_str)
    }

    fn check(&self) -> Result<(), Error> {
        let rule = |holds: bool, text| if holds { Ok(()) } else { Err(Error::Rule(text)) };
        rule(self.format == FORMAT, "another format")?;
        rule((1..=INTEGER_MAX).contains(&self.version), "the version counts from 1")?;
        rule((1..=LANGUAGES_MAX).contains(&self.languages.len()), "1 to 8 languages")?;
        rule(all_different(&self.languages), "a language twice")?;
        rule(
            self.languages.iter().all(|language| {
                matches!(language.len(), 2..=3) && language.bytes().all(|byte| byte.is_ascii_lowercase())
            }),
            "a language is two or three letters",
        )?;
        let complete = |texts: &Texts| {
            texts.len() == self.languages.len()
                && self.languages.iter().all(|language| {
                    texts.get(language).is_some_and(|text| text.len() <= PROFILE_TEXT_BYTES_MAX)
                })
        };
        rule(complete(&self.name) && complete(&self.legal_note), "one text for each language")?;
        rule((1..=INSPECTORS_MAX).contains(&self.inspectors.len()), "1 to 12 inspectors")?;
        for inspector in &self.inspectors {
            rule(complete(&inspector.role), "one text for each language")?;
            rule(is_recipient(&inspector.recipient), "an inspector's recipient begins with age1pq1")?;
            rule(inspector.id.as_str() != Sender::REPORTER, "no inspector's id is \"reporter\"")?;
        }
        rule(
            all_different(self.inspectors.iter().map(|inspector| &inspector.id)),
            "an inspector's id twice",
        )?;
        rule(
            all_different(self.inspectors.iter().map(|inspector| &inspector.recipient)),
            "a recipient twice",
        )?;
        rule(all_different(self.inspectors.iter().map(|inspector| inspector.signer)), "a signer twice")?;
        for choices in [&self.kinds, &self.districts, &self.units] {
            rule(choices.len() <= CHOICES_MAX, "too many choices")?;
            rule(all_different(choices.iter().map(|choice| &choice.id)), "a choice's id twice")?;
            rule(choices.iter().all(|choice| complete(&choice.name)), "one text for each language")?;
        }
        let contacts = &self.contacts;
        let texts = [&contacts.emergency_phone, &contacts.phone, &contacts.website, &contacts.neutral_page];
        rule(texts.iter().all(|text| text.len() <= PROFILE_TEXT_BYTES_MAX), "a contact is too long")?;
        rule(is_https_address(&contacts.neutral_page), "the neutral page is an https:// address")?;
        rule(
            self.deadlines.all().into_iter().all(|number| number <= INTEGER_MAX),
            "an integer is too large",
        )?;
        rule(self.limits.files_bytes <= FILES_BYTES_MAX, "files_bytes is at most 251658240")
    }
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

/// `https://`, a host of lowercase letters, digits, dots and hyphens, and perhaps a path of visible ASCII: what every
/// browser parses, so that leaving fast never fails on it.
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
    struct Visitor;
    impl<'de> serde::de::Visitor<'de> for Visitor {
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
    deserializer.deserialize_map(Visitor)
}
