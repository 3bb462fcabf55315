//! The poster and its slips as a page of two sheets.

use maud::{DOCTYPE, Markup, html};

use super::address::PosterAddress;
use super::catalogue::{Catalogue, PHONE};
use super::verbatim::{STYLE, qr_code};
use crate::protocol::profile::Profile;

pub(super) const SLIPS: usize = 8;
/// What stands in a line of the address and is still read from two metres.
const COLUMNS_MAX: usize = 40;

const SEAL: &str = "M23 12 19.78 15.22V19.78H15.22L12 23 8.78 19.78H4.22V15.22L1 12 4.22 8.78V4.22H8.78L12 1 15.22 4.22\
                    H19.78V8.78Z";
const GIRIH: &str = "M48 24 40.97 31.03V40.97H31.03L24 48 16.97 40.97H7.03V31.03L0 24 7.03 16.97V7.03H16.97L24 0 31.03 \
                     7.03H40.97V16.97Z";

pub(super) struct Poster<'a> {
    pub(super) profile: &'a Profile,
    pub(super) address: &'a PosterAddress,
    pub(super) language: &'a str,
    pub(super) catalogue: &'a Catalogue,
}

impl Poster<'_> {
    pub(super) fn render(&self) -> String {
        let texts = self.catalogue;
        let page = html! {
            (DOCTYPE)
            html lang=(self.language) dir=(texts.direction) {
                (self.head())
                body translate="no" {
                    (parts())
                    aside class="how" {
                        p { (texts.print_paper) }
                        p { (texts.print_try) }
                    }
                    main {
                        (self.poster())
                        section class="sheet slips" {
                            @let slip = self.slip();
                            @for _ in 0..SLIPS { (slip) }
                        }
                    }
                }
            }
        };
        page.into_string()
    }

    /// The page may fetch nothing and run nothing, even if something of it were not what it should be.
    fn head(&self) -> Markup {
        html! {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="format-detection" content="telephone=no";
                title { (self.catalogue.print_title) }
                style { (STYLE) }
            }
        }
    }

    /// The first sheet, to hang up.
    fn poster(&self) -> Markup {
        let texts = self.catalogue;
        html! {
            section class="sheet poster" {
                header class="band" {
                    svg class="ground" aria-hidden="true" {
                        rect width="100%" height="100%" class="ground-colour" {}
                        rect width="100%" height="100%" fill="url(#girih)" {}
                    }
                    (self.office())
                    h1 { (texts.title) }
                    p class="what" { (texts.what) }
                }
                div class="way" {
                    (self.steps())
                    (self.scan())
                }
                (self.address())
                div class="fingerprint" {
                    p { strong { (texts.fingerprint_label) } " " (texts.fingerprint_compare) }
                    (self.fingerprint())
                }
                ul class="care" {
                    li { (icon("place")) span { (texts.care_place) } }
                    li { (icon("phone")) span { (texts.care_phone) } }
                    li { (icon("code")) span { (texts.care_code) } }
                }
                footer {
                    p class="danger" {
                        (icon("danger")) span { (self.danger(&texts.danger_phone, &texts.danger_plain)) }
                    }
                    p class="limits" { (texts.limits) }
                }
            }
        }
    }

    /// One of the second sheet, to take along.
    fn slip(&self) -> Markup {
        let texts = self.catalogue;
        html! {
            article class="slip" {
                div class="way" {
                    div class="words" {
                        (self.office())
                        p { (texts.what) }
                        (self.steps())
                    }
                    (self.scan())
                }
                (self.address())
                p class="fingerprint" { (texts.slip_compare) " " (self.fingerprint()) }
                p class="small" {
                    (texts.slip_care) " "
                    strong { (self.danger(&texts.slip_danger_phone, &texts.slip_danger_plain)) }
                }
            }
        }
    }

    fn office(&self) -> Markup {
        let name = self.profile.text(&self.profile.name, self.language);
        html! { p class="office" { (icon("seal")) bdi { (name) } } }
    }

    fn steps(&self) -> Markup {
        let texts = self.catalogue;
        html! {
            ol class="steps" {
                li { (if self.address.onion { &texts.step_open_onion } else { &texts.step_open }) }
                li { (texts.step_write) }
                li { (texts.step_return) }
            }
        }
    }

    fn scan(&self) -> Markup {
        let url = self.address.url(self.language, self.profile.office);
        html! { div class="scan" role="img" aria-label=(url) { (qr_code(&url)) } }
    }

    /// As many lines as it takes, all but the last equally long.
    fn address(&self) -> Markup {
        let origin = &self.address.origin;
        let lines = origin.len().div_ceil(COLUMNS_MAX);
        let columns = origin.len().div_ceil(lines);
        html! { div class="address" { code dir="ltr" style={ "--columns: " (columns) } { (origin) } } }
    }

    /// In groups of four, as the pages show it.
    fn fingerprint(&self) -> Markup {
        html! { code dir="ltr" { (self.profile.office.grouped()) } }
    }

    /// Whom to call in danger: the profile's number, or the police where it gives none.
    fn danger(&self, with_phone: &str, without: &str) -> Markup {
        let phone = self.profile.contacts.emergency_phone.trim();
        if phone.is_empty() {
            return html! { (without) };
        }
        let (before, after) = with_phone.split_once(PHONE).expect("a test looks for it in every language");
        html! { (before) bdi dir="ltr" { (self.catalogue.with_own_digits(phone)) } (after) }
    }
}

/// Drawings that the sheets use by their ids.
fn parts() -> Markup {
    html! {
        svg class="parts" aria-hidden="true" {
            symbol id="seal" viewBox="0 0 24 24" { path d=(SEAL) {} path d="m8.3 12.3 2.6 2.6 4.8-5.4" {} }
            symbol id="place" viewBox="0 0 24 24" {
                path d="M5 21V4h9v17M14 9h5v12M3 21h18M8 8h3m-3 4h3m-3 4h3" {}
            }
            symbol id="phone" viewBox="0 0 24 24" { path d="M7 2.5h10v19H7zM10.5 18.5h3" {} }
            symbol id="code" viewBox="0 0 24 24" { path d="M6 3h12v18H6zM9 8h6m-6 4h6m-6 4h3" {} }
            symbol id="danger" viewBox="0 0 24 24" { path d="M12 3 22 20.5H2ZM12 9.5v5m0 3v.1" {} }
            pattern id="girih" width="48" height="48" patternUnits="userSpaceOnUse" viewBox="0 0 48 48" {
                path d=(GIRIH) {}
            }
        }
    }
}

fn icon(id: &str) -> Markup {
    html! { svg class="icon" aria-hidden="true" { use href={ "#" (id) } {} } }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::catalogue::catalogue_json;
    use super::*;

    /// Posters for every kind of address and with and without a phone number say all that a catalogue has.
    #[test]
    fn no_text_is_unused() {
        for language in Catalogue::LANGUAGES {
            let pages = every_kind(language);
            let number = Catalogue::of(language).unwrap().with_own_digits("110");
            let texts: BTreeMap<String, String> =
                serde_json::from_str(catalogue_json(language).unwrap()).unwrap();
            for (key, text) in texts {
                let pieces: Vec<_> = text.split(PHONE).map(|piece| html! { (piece) }.into_string()).collect();
                let shown = match key.as_str() {
                    "language.direction" => format!(" dir=\"{text}\"><head>"),
                    "language.digits" => number.clone(),
                    _ => pieces.join(&format!("<bdi dir=\"ltr\">{number}</bdi>")),
                };
                assert!(pages.contains(&shown), "{language}: {key}");
            }
            assert!(!pages.contains(PHONE));
        }
    }

    fn every_kind(language: &str) -> String {
        let mut profile: Profile =
            serde_json::from_str(include_str!("../../../keys/profile.example.json")).unwrap();
        let catalogue = Catalogue::of(language).unwrap();
        let mut pages = String::new();
        for phone in ["110", ""] {
            profile.contacts.emergency_phone = phone.to_owned();
            for onion in [false, true] {
                let address = PosterAddress { origin: "https://office.example".to_owned(), onion };
                let poster = Poster { profile: &profile, address: &address, language, catalogue: &catalogue };
                pages.push_str(&poster.render());
            }
        }
        pages
    }
}
