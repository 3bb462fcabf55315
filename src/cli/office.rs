//! The office that a command speaks with: where its server is, which languages it speaks, and whether the
//! clock here can agree with its profile.

use clap::Args;

use super::failure::{Failure, client_failure};
use super::writer::note;
use crate::client::{self, Client, ServerAddress};
use crate::protocol::day::Day;
use crate::protocol::ids::OfficeId;
use crate::protocol::profile::Profile;
use crate::protocol::text::fold_typed;
use crate::verify::profile::VerifiedProfile;

/// Where the server is and how to get there.
#[derive(Args)]
pub struct ServerArguments {
    /// Address of the server or of any of its pages, such as https://office.example
    #[arg(long, value_name = "URL")]
    server: String,
    /// SOCKS5 proxy, such as Tor's socks5://127.0.0.1:9050; the proxy resolves names, too
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
}

impl ServerArguments {
    pub fn client(&self) -> Result<Client, Failure> {
        Client::new(&self.server, self.proxy.as_deref()).map_err(client_failure)
    }

    /// The office that was named: by its own argument, or behind the address of a page.
    pub fn office(&self, named: Option<OfficeId>) -> Result<Option<OfficeId>, Failure> {
        let address: ServerAddress =
            self.server.parse().map_err(|error| client_failure(client::Error::Address(error)))?;
        match (named, address.office) {
            (Some(named), Some(pasted)) if named != pasted => Err(Failure::with_hint(
                "--office and the address name different offices",
                "compare both with a poster, and give the right one alone",
            )),
            (named, pasted) => Ok(named.or(pasted)),
        }
    }
}

/// The language to write in: the one asked for, else the office's own.
pub fn language(profile: &Profile, asked: Option<&str>) -> Result<String, Failure> {
    let Some(asked) = asked else { return Ok(profile.languages[0].clone()) };
    let folded = fold_typed(asked);
    if profile.languages.contains(&folded) {
        return Ok(folded);
    }
    Err(Failure::with_hint(
        format!("the office does not speak {asked}"),
        format!("its profile has {}", profile.languages.join(", ")),
    ))
}

/// Says when the profile is over by this computer's clock, and what is lost by that until there is a new one.
/// Says, too, when the clock stands before the day on which the profile was signed: the day goes into what is
/// sent, and a wrong one is a mark of its sender.
pub fn warn_of_days(profile: &VerifiedProfile, today: Day, lost: &str) {
    let (issued, expires) = (profile.issued, profile.expires);
    if profile.is_expired(today) {
        note(format!(
            "WARNING: the office profile expired on {expires}, and this computer's clock says {today}; {lost} until a \
             new one is signed"
        ));
    }
    if today < issued {
        note(format!(
            "WARNING: this computer's clock says {today}, and the office profile was signed on {issued}: if the clock \
             is wrong, set it before you send anything; the day is part of what you send"
        ));
    }
}
