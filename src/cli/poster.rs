//! `mohr poster`: the office's public address and the fingerprint of its key on paper, as a poster and as
//! slips to take along. One HTML file for any browser to print: no script, and nothing fetched from anywhere.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use super::writer::{note, print_line};
use super::{Failure, profile_failure, read_file, write_new_public};
use crate::protocol::day::Day;
use crate::protocol::ids::OfficeId;
use crate::protocol::profile::Profile;
use crate::verify::profile::{Expectation, verify};

const POSTER: &str = include_str!("poster/poster.html");
const SLIP: &str = include_str!("poster/slip.html");
const STYLE: &str = include_str!("poster/poster.css");
const CATALOGUES: [(&str, &str); 2] =
    [("fa", include_str!("poster/fa.json")), ("en", include_str!("poster/en.json"))];

const SLIPS: usize = 8;
/// A longer address would make the modules of a slip's QR code too fine for a cheap printer and a cheap
/// phone.
const ADDRESS_BYTES_MAX: usize = 100;
/// What stands in a line of the address and is still read from two metres.
const COLUMNS_MAX: usize = 40;

#[derive(Args)]
pub struct PosterArguments {
    /// The signed profile
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// Which of the office's addresses: https://office.example/, or an onion service's http://….onion/
    /// [default: the first one that is for everybody]
    #[arg(long, value_name = "URL")]
    address: Option<String>,
    /// Where to write the page, such as poster.html
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Language of the poster, such as fa [default: the office's own]
    #[arg(long)]
    language: Option<String>,
}

pub fn run(arguments: &PosterArguments) -> Result<(), Failure> {
    let expectation = Expectation::of_first_visit(None, Day::today());
    let profile = verify(&read_file(&arguments.profile)?, expectation).map_err(profile_failure)?;
    let address = choose_address(&profile, arguments.address.as_deref())?;
    let (language, catalogue) = choose_catalogue(&profile, arguments.language.as_deref())?;
    let page = Poster { profile: &profile, address: &address, language, catalogue: &catalogue }
        .render()
        .expect("tests fill the templates in every language");
    write_new_public(&arguments.out, page.as_bytes())?;
    note(format!("wrote {}: a poster and {SLIPS} slips, two pages of A4", arguments.out.display()));
    note("compare the office id with root.pub before you print, and try the QR code before you hang it up");
    print_line(profile.office)
}

/// The address asked for, which must be one of the office's own: nobody could sign in at another, and its
/// server would not answer there. Or the first of them that can be reached from everywhere.
fn choose_address(profile: &Profile, asked: Option<&str>) -> Result<PosterAddress, Failure> {
    let listed = || profile.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let Some(asked) = asked else {
        let mut public = profile.addresses.iter().filter_map(|address| address.as_str().parse().ok());
        return public.next().ok_or_else(|| {
            Failure::with_hint(
                format!("no address of the office is for everybody: {}", listed()),
                "put one into the profile's \"addresses\" and sign a new version",
            )
        });
    };
    let address: PosterAddress = asked
        .parse()
        .map_err(|error: AddressError| Failure::with_hint(format!("{asked}: {error}"), error.hint()))?;
    if profile.addresses.iter().any(|listed| listed.as_str() == address.origin) {
        Ok(address)
    } else {
        Err(Failure::with_hint(
            format!("{} is none of the office's addresses", address.origin),
            format!("its profile has {}", listed()),
        ))
    }
}

/// The texts of the language asked for, or of the office's own.
fn choose_catalogue<'a>(
    profile: &'a Profile,
    asked: Option<&'a str>,
) -> Result<(&'a str, Catalogue), Failure> {
    let language = asked.unwrap_or(&profile.languages[0]);
    if !profile.languages.iter().any(|spoken| spoken == language) {
        return Err(Failure::with_hint(
            format!("the office does not speak {language}"),
            format!("its profile has {}", profile.languages.join(", ")),
        ));
    }
    let known = CATALOGUES.iter().find(|(known, _)| *known == language);
    let (_, json) = known.ok_or_else(|| {
        let known = CATALOGUES.map(|(known, _)| known);
        let usable: Vec<_> = profile.languages.iter().filter(|spoken| known.contains(&&***spoken)).collect();
        let hint = match usable.first() {
            Some(language) => format!("make one in another language of the office: --language {language}"),
            None => format!("there are posters in {}", known.join(", ")),
        };
        Failure::with_hint(format!("there is no poster in {language}"), hint)
    })?;
    Ok((language, Catalogue::decode(json)))
}

/// Where citizens reach the office: scheme, host, and a port that is not the scheme's own. No path: mohr has
/// the whole host.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PosterAddress {
    origin: String,
    onion: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum AddressError {
    #[error("not an address that begins with https://")]
    Scheme,
    #[error("http:// shows everybody on the way what is read and written")]
    Plain,
    #[error("more than the server's name")]
    Path,
    #[error("not a name that is found from everywhere")]
    Host,
    #[error("not the address of an onion service")]
    Onion,
    #[error("longer than {ADDRESS_BYTES_MAX} characters")]
    Long,
}

impl AddressError {
    fn hint(self) -> &'static str {
        match self {
            Self::Scheme | Self::Plain => {
                "it is https://office.example/, or http:// with the name of an onion service"
            }
            Self::Path => "leave out what stands before @ or behind the name: https://office.example/",
            Self::Host => "it is a name such as office.example, in ASCII (xn--… for others), and no number",
            Self::Onion => "56 letters and digits and .onion, as in the file hostname that Tor wrote",
            Self::Long => "a shorter name gives a QR code that more phones can read",
        }
    }
}

impl FromStr for PosterAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim().to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://").ok_or(AddressError::Scheme)?;
        let own_port = match scheme {
            "https" => 443,
            "http" => 80,
            _ => return Err(AddressError::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@', '\\']) {
            return Err(AddressError::Path);
        }
        let (host, port) = match rest.split_once(':') {
            Some((host, port)) => (host, parse_port(port).ok_or(AddressError::Host)?),
            None => (rest, own_port),
        };
        if !is_public_name(host) {
            return Err(AddressError::Host);
        }
        let onion = host.strip_suffix(".onion").map(|name| name.rsplit('.').next().unwrap_or(name));
        match onion {
            Some(service) if !is_onion_service(service) => return Err(AddressError::Onion),
            None if scheme == "http" => return Err(AddressError::Plain),
            _ => {}
        }
        let port = if port == own_port { String::new() } else { format!(":{port}") };
        let origin = format!("{scheme}://{host}{port}");
        if origin.len() > ADDRESS_BYTES_MAX {
            return Err(AddressError::Long);
        }
        Ok(Self { origin, onion: onion.is_some() })
    }
}

impl PosterAddress {
    /// What the QR code says: the page in this language, which compares the office it finds with the
    /// fragment. A browser keeps the fragment to itself.
    fn url(&self, language: &str, office: OfficeId) -> String {
        format!("{}/{language}/#office={office}", self.origin)
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0)
}

/// Labels of letters, digits and hyphens with dots between them, the last of them not a number.
fn is_public_name(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((_, last)) = host.rsplit_once('.') else { return false };
    host.len() <= 253 && host.split('.').all(is_label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// Base32 of a key, a checksum and the version, 3, whose last letter is always d (Tor's rend-spec-v3).
fn is_onion_service(name: &str) -> bool {
    name.len() == 56
        && name.ends_with('d')
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
}

/// The texts of one language, by key.
struct Catalogue(BTreeMap<String, String>);

/// A placeholder that a template has and nothing fills.
#[derive(Debug, PartialEq, Eq)]
struct Unfilled(String);

impl Catalogue {
    fn decode(json: &str) -> Self {
        Self(serde_json::from_str(json).expect("an embedded catalogue is an object of texts"))
    }

    fn text(&self, key: &str) -> Result<&str, Unfilled> {
        self.0.get(key).map(String::as_str).ok_or_else(|| Unfilled(key.to_owned()))
    }
}

/// HTML that may stand as it is. What a profile or a person said becomes markup by `Markup::text` alone.
#[derive(Clone)]
struct Markup(String);

impl Markup {
    /// For the content of elements and for attributes in double quotes.
    fn text(text: &str) -> Self {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\'' => escaped.push_str("&#39;"),
                character => escaped.push(character),
            }
        }
        Self(escaped)
    }
}

struct Poster<'a> {
    profile: &'a Profile,
    address: &'a PosterAddress,
    language: &'a str,
    catalogue: &'a Catalogue,
}

impl Poster<'_> {
    fn render(&self) -> Result<String, Unfilled> {
        let url = self.address.url(self.language, self.profile.office);
        let step = if self.address.onion { "step.open-onion" } else { "step.open" };
        let mut values = BTreeMap::from([
            ("language", Markup::text(self.language)),
            ("style", Markup(STYLE.to_owned())),
            ("office", Markup::text(self.profile.text(&self.profile.name, self.language))),
            ("step", Markup::text(self.catalogue.text(step)?)),
            ("url", Markup::text(&url)),
            ("qr", qr_code(&url)),
            ("address", self.address_markup()),
            ("fingerprint", self.fingerprint_markup()),
            ("danger", self.danger("danger.phone", "danger.plain")?),
            ("slip-danger", self.danger("slip.danger-phone", "slip.danger-plain")?),
        ]);
        let slip = self.fill(SLIP, &values)?;
        values.insert("slips", Markup(slip.repeat(SLIPS)));
        self.fill(POSTER, &values)
    }

    /// Puts texts and values in the place of `{{ text.KEY }}` and `{{ NAME }}`. What is put in is not looked
    /// at again.
    fn fill(&self, template: &str, values: &BTreeMap<&str, Markup>) -> Result<String, Unfilled> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, behind)) = rest.split_once("{{ ") {
            let (name, after) = behind.split_once(" }}").ok_or_else(|| Unfilled(behind.to_owned()))?;
            filled.push_str(before);
            let markup = match name.strip_prefix("text.") {
                Some(key) => Markup::text(self.catalogue.text(key)?),
                None => values.get(name).cloned().ok_or_else(|| Unfilled(name.to_owned()))?,
            };
            filled.push_str(&markup.0);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// As many lines as it takes, all but the last equally long.
    fn address_markup(&self) -> Markup {
        let origin = &self.address.origin;
        let lines = origin.len().div_ceil(COLUMNS_MAX);
        let columns = origin.len().div_ceil(lines);
        Markup(format!("<code dir=\"ltr\" style=\"--columns: {columns}\">{}</code>", Markup::text(origin).0))
    }

    /// In groups of four, as the pages show it.
    fn fingerprint_markup(&self) -> Markup {
        let digits = self.profile.office.to_string();
        let groups: Vec<_> =
            digits.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group)).collect();
        Markup(format!("<code dir=\"ltr\">{}</code>", groups.join(" ")))
    }

    /// Whom to call in danger: the profile's number, or the police where it gives none.
    fn danger(&self, with_phone: &str, without: &str) -> Result<Markup, Unfilled> {
        let phone = self.profile.contacts.emergency_phone.trim();
        if phone.is_empty() {
            return Ok(Markup::text(self.catalogue.text(without)?));
        }
        let digits: Vec<char> = self.catalogue.text("language.digits")?.chars().collect();
        let own_digit = |character: char| {
            let digit = character.to_digit(10).and_then(|digit| digits.get(digit as usize));
            digit.copied().unwrap_or(character)
        };
        let phone = Markup::text(&phone.chars().map(own_digit).collect::<String>());
        let sentence = Markup::text(self.catalogue.text(with_phone)?);
        Ok(Markup(sentence.0.replace("{phone}", &format!("<bdi dir=\"ltr\">{}</bdi>", phone.0))))
    }
}

/// One unit of the drawing is one module; the sheet says how large that is. Error correction M: a code that
/// lost a seventh of itself to a thumb or a tear is still read.
fn qr_code(url: &str) -> Markup {
    let code = QrCode::with_error_correction_level(url, EcLevel::M)
        .expect("an address within its bound fits into a QR code");
    let svg = code.render::<svg::Color>().module_dimensions(1, 1).build();
    // Inside HTML an XML declaration is an error.
    let (_, svg) = svg.split_once("?>").expect("the renderer begins with an XML declaration");
    Markup(svg.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Posters for every kind of address and with and without a phone number use every text.
    #[test]
    fn catalogues_have_the_same_texts_and_none_is_unused() {
        let keys = CATALOGUES.map(|(_, json)| Catalogue::decode(json).0.into_keys().collect::<Vec<_>>());
        assert!(keys.iter().all(|of_language| *of_language == keys[0]));
        for (language, json) in CATALOGUES {
            assert_eq!(render_all(language, &Catalogue::decode(json)), Ok(()));
            for key in &keys[0] {
                let mut without = Catalogue::decode(json);
                without.0.remove(key);
                assert_eq!(render_all(language, &without), Err(Unfilled(key.clone())));
            }
        }
    }

    #[test]
    fn texts_leave_room_for_the_phone_number_and_have_ten_digits() {
        for (language, json) in CATALOGUES {
            let catalogue = Catalogue::decode(json);
            for (key, text) in &catalogue.0 {
                let wanted = usize::from(key.ends_with("danger.phone") || key.ends_with("danger-phone"));
                assert_eq!(text.matches("{phone}").count(), wanted, "{language}: {key}");
            }
            assert_eq!(catalogue.text("language.digits").unwrap().chars().count(), 10);
        }
    }

    #[test]
    fn addresses_are_public_and_whole() {
        let onion = format!("{}d.onion", "a2".repeat(27) + "b");
        let normalized = |text: &str| text.parse::<PosterAddress>().map(|address| address.origin);
        let office = Ok("https://office.example".to_owned());
        assert_eq!(normalized("https://office.example"), office);
        assert_eq!(normalized(" HTTPS://Office.Example:443/ "), office);
        assert_eq!(normalized("https://office.example:8443/"), Ok("https://office.example:8443".to_owned()));
        assert_eq!(normalized(&format!("http://{onion}/")), Ok(format!("http://{onion}")));
        assert_eq!(normalized(&format!("https://fa.{onion}")), Ok(format!("https://fa.{onion}")));
        let refused = [
            ("office.example", AddressError::Scheme),
            ("ftp://office.example", AddressError::Scheme),
            ("javascript://office.example", AddressError::Scheme),
            ("http://office.example", AddressError::Plain),
            ("http://127.0.0.1:8080/", AddressError::Host),
            ("https://office.example/fa/", AddressError::Path),
            ("https://office.example/?a", AddressError::Path),
            ("https://office.example#a", AddressError::Path),
            ("https://office.example@evil.example", AddressError::Path),
            ("https://office.example\\evil", AddressError::Path),
            ("https://localhost", AddressError::Host),
            ("https://", AddressError::Host),
            ("https://[::1]/", AddressError::Host),
            ("https://192.0.2.1", AddressError::Host),
            ("https://office..example", AddressError::Host),
            ("https://-office.example", AddressError::Host),
            ("https://گزارش.example", AddressError::Host),
            ("https://office.example:0", AddressError::Host),
            ("https://office.example:+80", AddressError::Host),
            ("https://office.example:65536", AddressError::Host),
            ("https://office.example\"><script>", AddressError::Host),
            ("http://office.onion/", AddressError::Onion),
            ("http://expyuzz4wqqyqhjn.onion/", AddressError::Onion),
        ];
        for (text, error) in refused {
            assert_eq!(normalized(text), Err(error), "{text}");
        }
        let label = "a".repeat(40);
        let longest = format!("https://{label}.{}.example", "b".repeat(ADDRESS_BYTES_MAX - 8 - 41 - 8));
        assert_eq!(normalized(&longest), Ok(longest.clone()));
        assert_eq!(normalized(&format!("{longest}s")), Err(AddressError::Long));
    }

    fn render_all(language: &str, catalogue: &Catalogue) -> Result<(), Unfilled> {
        let mut profile: Profile =
            serde_json::from_str(include_str!("../../keys/profile.example.json")).unwrap();
        for phone in ["110", ""] {
            profile.contacts.emergency_phone = phone.to_owned();
            for onion in [false, true] {
                let address = PosterAddress { origin: "https://office.example".to_owned(), onion };
                let page = Poster { profile: &profile, address: &address, language, catalogue }.render()?;
                assert!(!page.contains("{{") && !page.contains("}}") && !page.contains("{phone}"));
            }
        }
        Ok(())
    }
}
