//! From the configuration to offices that may be served. Whatever speaks against it is said in words, before
//! the first request, for whoever starts the server.

use std::collections::{BTreeSet, HashMap};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::protocol::day::Day;
use crate::protocol::ids::OfficeId;
use crate::storage::{self, OfficeIds, Options, ProfileAdmission, Storage};
use crate::verify::digest::journal_id;

use super::config::{self, Config, OfficeConfig};
use super::embedded::EmbeddedFiles;
use super::office::{Offices, ServedOffice, SignedProfile};

/// Why the server could not start. Shown to the operator only.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Config(#[from] config::Error),
    #[error(transparent)]
    Database(#[from] storage::DatabaseError),
    #[error("{}: {source}", .path.display())]
    Profile { path: PathBuf, source: crate::verify::profile::Error },
    #[error("{}: {source}", .path.display())]
    ReadProfile { path: PathBuf, source: std::io::Error },
    #[error(
        "the hosts of this office must be those of the addresses in {}; in the server's configuration write \
         hosts = [{}]",
        .path.display(), quoted(.wanted)
    )]
    Hosts { path: PathBuf, wanted: BTreeSet<String> },
    #[error("{} and {} are profiles of one office: it has one section [[office]]", .0.display(), .1.display())]
    SameOffice(PathBuf, PathBuf),
    #[error("{} and {} are one file: each office needs a database of its own", .0.display(), .1.display())]
    SameDatabase(PathBuf, PathBuf),
    #[error(
        "{} is version {version} of the profile, but version {served} was served before: put the newest signed profile \
         in its place",
        .path.display()
    )]
    OlderProfile { path: PathBuf, version: u64, served: u64 },
    #[error(
        "{} is another text than the version {version} that was served before: whoever has seen that one will refuse \
         this one; sign it as version {}",
        .path.display(), .version + 1
    )]
    OtherText { path: PathBuf, version: u64 },
    #[error("{}: the profile could not be kept: {source}", .path.display())]
    KeepProfile { path: PathBuf, source: storage::Error },
}

/// The id of the office that a section of the configuration is about, by its signed profile.
pub fn office_id(office: &OfficeConfig) -> Result<OfficeId, Error> {
    Ok(load_profile(&office.profile)?.profile.office)
}

/// Every office of the configuration, opened; or none, and why.
pub(super) async fn open_offices(
    config: &Config,
    pages: &EmbeddedFiles,
    today: Day,
) -> Result<Offices, Error> {
    let mut profiles = Vec::new();
    for office in &config.offices {
        let signed = load_profile(&office.profile)?;
        check_hosts(office, &signed)?;
        profiles.push((office, signed));
    }
    check_apart(&profiles)?;
    let mut offices = Offices::default();
    for (office, signed) in profiles {
        match open_office(office, signed, pages, today).await {
            Ok(served) => offices.add(&office.hosts, served),
            Err(error) => {
                offices.all().for_each(|office| office.storage.close());
                return Err(error);
            }
        }
    }
    Ok(offices)
}

async fn open_office(
    office: &OfficeConfig,
    signed: SignedProfile,
    pages: &EmbeddedFiles,
    today: Day,
) -> Result<ServedOffice, Error> {
    let profile = &signed.profile;
    let ids = OfficeIds { office: profile.office, journal: journal_id(profile.office) };
    let options = Options { database_bytes: office.database_bytes };
    let storage = Storage::open(&office.database, ids, options)?;
    if let Err(error) = keep_profile(&office.profile, &signed, &storage).await {
        storage.close();
        return Err(error);
    }
    if profile.is_expired(today) {
        tracing::warn!(
            parent: &ids.log_span(),
            profile = %office.profile.display(),
            "the office profile has expired: the pages will refuse it until a new one is signed"
        );
    }
    Ok(ServedOffice::new(signed, ids, storage, pages))
}

async fn keep_profile(path: &Path, signed: &SignedProfile, storage: &Storage) -> Result<(), Error> {
    let (path, version) = (path.to_owned(), signed.profile.version);
    match storage.keep_profile(version, signed.profile.stamp().digest, signed.note.clone()).await {
        Ok(ProfileAdmission::Kept) => Ok(()),
        Ok(ProfileAdmission::Older { served }) => Err(Error::OlderProfile { path, version, served }),
        Ok(ProfileAdmission::OtherText) => Err(Error::OtherText { path, version }),
        Err(source) => Err(Error::KeepProfile { path, source }),
    }
}

fn check_hosts(office: &OfficeConfig, signed: &SignedProfile) -> Result<(), Error> {
    let wanted: BTreeSet<_> =
        signed.profile.addresses.iter().map(|address| address.host().to_owned()).collect();
    if office.hosts.iter().cloned().collect::<BTreeSet<_>>() == wanted {
        Ok(())
    } else {
        Err(Error::Hosts { path: office.profile.clone(), wanted })
    }
}

/// No two sections are about one office, and no two paths lead to one database.
fn check_apart(profiles: &[(&OfficeConfig, SignedProfile)]) -> Result<(), Error> {
    let (mut ids, mut files) = (HashMap::new(), HashMap::new());
    for (office, signed) in profiles {
        if let Some(other) = ids.insert(signed.profile.office, &office.profile) {
            return Err(Error::SameOffice(other.clone(), office.profile.clone()));
        }
        // One that is not there is missed when it is opened.
        let Ok(file) = std::fs::metadata(&office.database) else { continue };
        if let Some(other) = files.insert((file.dev(), file.ino()), &office.database) {
            return Err(Error::SameDatabase(other.clone(), office.database.clone()));
        }
    }
    Ok(())
}

fn load_profile(path: &Path) -> Result<SignedProfile, Error> {
    let note = std::fs::read(path).map_err(|source| Error::ReadProfile { path: path.to_owned(), source })?;
    SignedProfile::verify(note).map_err(|source| Error::Profile { path: path.to_owned(), source })
}

fn quoted(hosts: &BTreeSet<String>) -> String {
    hosts.iter().map(|host| format!("\"{host}\"")).collect::<Vec<_>>().join(", ")
}
