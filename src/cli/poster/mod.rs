//! `mohr poster`: the office's public address and the fingerprint of its key on paper, as a poster and as
//! slips to take along. One HTML file for any browser to print: no script, and nothing fetched from anywhere.

mod address;
mod catalogue;
mod page;
mod verbatim;

use std::path::PathBuf;

use clap::Args;

use super::failure::{Failure, profile_failure};
use super::files::{read_file, write_new_public};
use super::office::language;
use super::writer::{note, print_line};
use crate::protocol::day::Day;
use crate::protocol::profile::Profile;
use crate::verify::profile::{Expectation, verify};

use address::{AddressError, PosterAddress};
use catalogue::Catalogue;
use page::{Poster, SLIPS};

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
    let page =
        Poster { profile: &profile, address: &address, language: &language, catalogue: &catalogue }.render();
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

/// The language asked for, or the office's own, and the texts in it.
fn choose_catalogue(profile: &Profile, asked: Option<&str>) -> Result<(String, Catalogue), Failure> {
    let language = language(profile, asked)?;
    let catalogue = Catalogue::of(&language).ok_or_else(|| {
        let usable = profile.languages.iter().find(|spoken| Catalogue::LANGUAGES.contains(&spoken.as_str()));
        let hint = match usable {
            Some(language) => format!("make one in another language of the office: --language {language}"),
            None => format!("there are posters in {}", Catalogue::LANGUAGES.join(", ")),
        };
        Failure::with_hint(format!("there is no poster in {language}"), hint)
    })?;
    Ok((language, catalogue))
}
