//! The poster's texts in each language that it has.

use serde::Deserialize;

/// Where a sentence has room for the emergency number.
pub(super) const PHONE: &str = "{phone}";

/// The texts of one language. A catalogue that lacks one of them, or has one more, cannot be read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalogue {
    #[serde(rename = "language.direction")]
    pub(super) direction: String,
    /// From zero to nine.
    #[serde(rename = "language.digits")]
    pub(super) digits: String,

    #[serde(rename = "print.title")]
    pub(super) print_title: String,
    #[serde(rename = "print.paper")]
    pub(super) print_paper: String,
    #[serde(rename = "print.try")]
    pub(super) print_try: String,

    pub(super) title: String,
    pub(super) what: String,

    #[serde(rename = "step.open")]
    pub(super) step_open: String,
    #[serde(rename = "step.open-onion")]
    pub(super) step_open_onion: String,
    #[serde(rename = "step.write")]
    pub(super) step_write: String,
    #[serde(rename = "step.return")]
    pub(super) step_return: String,

    #[serde(rename = "fingerprint.label")]
    pub(super) fingerprint_label: String,
    #[serde(rename = "fingerprint.compare")]
    pub(super) fingerprint_compare: String,

    #[serde(rename = "care.place")]
    pub(super) care_place: String,
    #[serde(rename = "care.phone")]
    pub(super) care_phone: String,
    #[serde(rename = "care.code")]
    pub(super) care_code: String,
    pub(super) limits: String,

    /// With [`PHONE`] in it; so has that of the slip.
    #[serde(rename = "danger.phone")]
    pub(super) danger_phone: String,
    #[serde(rename = "danger.plain")]
    pub(super) danger_plain: String,

    #[serde(rename = "slip.compare")]
    pub(super) slip_compare: String,
    #[serde(rename = "slip.care")]
    pub(super) slip_care: String,
    #[serde(rename = "slip.danger-phone")]
    pub(super) slip_danger_phone: String,
    #[serde(rename = "slip.danger-plain")]
    pub(super) slip_danger_plain: String,
}

impl Catalogue {
    pub(super) const LANGUAGES: [&str; 2] = ["fa", "en"];

    pub(super) fn of(language: &str) -> Option<Self> {
        Some(serde_json::from_str(catalogue_json(language)?).expect("a test reads every catalogue"))
    }

    /// A number that people dial, in the digits of the language.
    pub(super) fn with_own_digits(&self, number: &str) -> String {
        let own_digit = |character: char| {
            let digit = character.to_digit(10).and_then(|digit| self.digits.chars().nth(digit as usize));
            digit.unwrap_or(character)
        };
        number.chars().map(own_digit).collect()
    }
}

/// An object with a text to every key.
pub(super) fn catalogue_json(language: &str) -> Option<&'static str> {
    match language {
        "fa" => Some(include_str!("fa.json")),
        "en" => Some(include_str!("en.json")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_catalogue_has_every_text_and_no_other() {
        let read = |texts: &BTreeMap<_, _>| {
            serde_json::from_value::<Catalogue>(serde_json::to_value(texts).unwrap()).map(|_| ())
        };
        for language in Catalogue::LANGUAGES {
            assert!(Catalogue::of(language).is_some());
            let texts = texts_by_key(language);
            assert!(texts.len() > 20 && read(&texts).is_ok());
            for key in texts.keys() {
                let mut without = texts.clone();
                without.remove(key);
                assert!(read(&without).unwrap_err().to_string().contains(key), "{language}: {key}");
            }
            let mut more = texts;
            more.insert("more".to_owned(), String::new());
            assert!(read(&more).unwrap_err().to_string().contains("more"));
        }
        assert!(Catalogue::of("tr").is_none());
    }

    #[test]
    fn texts_leave_room_for_the_phone_number_and_have_ten_digits() {
        for language in Catalogue::LANGUAGES {
            for (key, text) in texts_by_key(language) {
                let wanted = usize::from(key.ends_with("danger.phone") || key.ends_with("danger-phone"));
                assert_eq!(text.matches(PHONE).count(), wanted, "{language}: {key}");
                assert!(!text.trim().is_empty(), "{language}: {key}");
            }
            assert_eq!(Catalogue::of(language).unwrap().digits.chars().count(), 10);
        }
    }

    fn texts_by_key(language: &str) -> BTreeMap<String, String> {
        serde_json::from_str(catalogue_json(language).unwrap()).unwrap()
    }
}
