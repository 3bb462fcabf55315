//! A case as files: the sealed originals beside what was opened, what the server says of them, the profiles
//! that were in force, and a page for whoever gets the folder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use super::attachments::{Fetched, folder_apart, places, prepare_folder, rewound, unfinished_bytes};
use super::error::Error;
use super::opened::{MessagePlace, OpenedCase};
use super::saving::reading_at;
use super::view::{ShownPerson, shown_persons};
use super::workbench::Desk;
use crate::files::{SafeNames, Unfinished, create_private_folder};
use crate::protocol::day::Day;
use crate::protocol::erasure::ErasureOrder;
use crate::protocol::ids::{CaseId, Digest, OfficeId};
use crate::protocol::message::{MessageKind, ProfileStamp};
use crate::protocol::record::ThreadName;
use crate::seal::blob_key::BlobKey;
use crate::seal::opening::{OpenError, OpenedBlob, open_blob};
use crate::seal::own_header::write_with_own_header;
use crate::verify::case::{Authenticity, CaseReading, MessageReading, Warning};
use crate::verify::digest::Sha256;
use crate::verify::profile::verify_signature;

const README_EN: &str = include_str!("export_readme.en.txt");
const README_FA: &str = include_str!("export_readme.fa.txt");

/// One file that an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    pub path: String,
    pub size_bytes: u64,
    pub sha256: Digest,
}

/// What an export wrote, and what it could not.
#[derive(Debug, Serialize)]
pub struct ExportSummary {
    pub files: Vec<Exported>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<String>,
}

/// `listing.json`: what the server says of the messages, and what this desk makes of them.
#[derive(Serialize)]
struct ExportedListing<'a> {
    office: OfficeId,
    case: CaseId,
    exported: Day,
    #[serde(skip_serializing_if = "Option::is_none")]
    readers: Option<Vec<ShownPerson>>,
    not_readers: Vec<ShownPerson>,
    mailbox: Vec<ExportedEntry<'a>>,
    /// The office's own thread.
    records: Vec<ExportedEntry<'a>>,
    orders: &'a [ErasureOrder],
}

#[derive(Serialize)]
struct ExportedEntry<'a> {
    position: u64,
    kind: MessageKind,
    sha256: Digest,
    /// Day on which the server took it.
    received: Day,
    /// Day that its sender signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<Day>,
    authenticity: Authenticity,
    warnings: &'a [Warning],
    /// Why the original, or what is in it, is not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// A folder that is being filled, each file whole before it has its name.
struct ExportFolder<'a> {
    folder: &'a Path,
    written: Vec<Exported>,
}

impl Desk {
    /// Writes the sealed originals as `NN.age`, of what opened `NN.json` (message.json, as signed) and the
    /// files in `NN/`, what age and her identity alone would not open once more as `NN.own.age`, the office's
    /// own records in `office/`, `listing.json`, the profiles, and a `SHA256SUMS` that `sha256sum -c` checks.
    /// That one comes last, so that its presence means the export is whole.
    pub fn export(&self, opened: &OpenedCase, folder: &Path) -> Result<ExportSummary, Error> {
        prepare_folder(folder)?;
        let mut export = ExportFolder { folder, written: Vec::new() };
        let reading = opened.read(&self.profile);
        let mut failures = BTreeMap::new();
        for place in places(opened) {
            let Some(message) = reading_at(&reading, place) else { continue };
            if let Some(failure) = self.export_message(&mut export, opened, place, message)? {
                failures.insert(place, failure);
            }
        }
        let listing = self.exported_listing(opened, &reading, &failures);
        let listing = serde_json::to_vec_pretty(&listing).expect("plain structures serialize");
        export.put("listing.json", &listing)?;
        let mut said: Vec<String> =
            failures.into_iter().map(|(place, failure)| said_of(place, &failure)).collect();
        said.extend(self.export_profiles(&mut export, &reading)?);
        export.put("README.txt", README_EN.as_bytes())?;
        export.put("README.fa.txt", README_FA.as_bytes())?;
        let sums = export.written.iter().map(|file| format!("{}  {}\n", file.sha256, file.path));
        let sums: String = sums.collect();
        unfinished_bytes(folder, sums.as_bytes())?.finish_as(&folder.join("SHA256SUMS"))?;
        Ok(ExportSummary { files: export.written, failures: said })
    }

    /// What is missing of this message, if anything.
    fn export_message(
        &self,
        export: &mut ExportFolder<'_>,
        opened: &OpenedCase,
        place: MessagePlace,
        message: &MessageReading<'_>,
    ) -> Result<Option<String>, Error> {
        if matches!(message.authenticity, Authenticity::Gone | Authenticity::Missing) {
            return Ok(Some(
                opened.failure(place).unwrap_or("the server does not have it any more").to_owned(),
            ));
        }
        let sealed = match self.fetch_sealed(opened, place, export.folder)? {
            Fetched::Whole(sealed) => sealed,
            Fetched::Failed(failure) => return Ok(Some(failure)),
        };
        let number = number(place);
        let mark = folder_apart(message.authenticity).map_or_else(String::new, |apart| format!(".{apart}"));
        let files = match message.unverified() {
            Some(text) => Some((text, self.open_files(opened, place, &sealed, text, export.folder)?)),
            None => None,
        };
        let own = self.with_own_header(opened, place, &sealed, export.folder)?;
        export.finish(sealed, &format!("{number}.age"))?;
        if let Some(own) = own {
            export.finish(own, &format!("{number}.own.age"))?;
        }
        if let Some(one_way) = opened.one_way.as_ref().filter(|_| place == (ThreadName::Mailbox, 0)) {
            export.put(&format!("{number}.one-way"), &one_way.bytes)?;
        }
        let Some((text, files)) = files else { return Ok(None) };
        let json = text.message.encode().expect("a message that was decoded encodes");
        export.put(&format!("{number}{mark}.json"), &json)?;
        let files = match files {
            Fetched::Whole(files) => files,
            Fetched::Failed(failure) => return Ok(Some(failure)),
        };
        let mut names = SafeNames::default();
        for (file, unfinished) in text.message.files.iter().zip(files) {
            create_private_folder(&export.folder.join(format!("{number}{mark}")))?;
            export.finish(unfinished, &format!("{number}{mark}/{}", names.give(&file.name)))?;
        }
        Ok(None)
    }

    /// The same message for this inspector alone, where what the server keeps does not open with age and her
    /// identity: it was handed over to her, or came one-way.
    fn with_own_header(
        &self,
        opened: &OpenedCase,
        place: MessagePlace,
        sealed: &Unfinished,
        folder: &Path,
    ) -> Result<Option<Unfinished>, Error> {
        let Some(file_key) = opened.file_keys.get(&place) else { return Ok(None) };
        let handle = || rewound(sealed).map_err(Error::Disk);
        if let Ok(OpenedBlob::Message(_)) = open_blob(handle()?, BlobKey::Identity(&self.keys.identity)) {
            return Ok(None);
        }
        let own = Unfinished::create(folder)?;
        let sink = std::io::BufWriter::new(own.handle().map_err(Error::Disk)?);
        match write_with_own_header(handle()?, file_key, &self.keys.identity.to_recipient(), sink) {
            Ok(()) => Ok(Some(own)),
            Err(OpenError::Source(error) | OpenError::Write(error)) => Err(Error::Disk(error)),
            // It opened with this key, so it has a header.
            Err(_) => Ok(None),
        }
    }

    fn exported_listing<'a>(
        &self,
        opened: &'a OpenedCase,
        reading: &'a CaseReading<'_>,
        failures: &BTreeMap<MessagePlace, String>,
    ) -> ExportedListing<'a> {
        let entries = |thread, readings: &'a [MessageReading<'_>]| {
            let listed = opened.listed(thread).iter().zip(readings).enumerate();
            let entry = listed.map(|(at, (listed, reading))| ExportedEntry {
                position: listed.position,
                kind: listed.kind,
                sha256: listed.sha256,
                received: listed.day,
                signed: reading.authentic().map(|text| text.message.day),
                authenticity: reading.authenticity,
                warnings: &reading.warnings,
                failure: failures.get(&(thread, at)).cloned(),
            });
            entry.collect()
        };
        let (readers, not_readers) = shown_persons(&self.profile, &reading.state);
        ExportedListing {
            office: self.profile.office,
            case: opened.case,
            exported: self.today,
            readers,
            not_readers,
            mailbox: entries(ThreadName::Mailbox, &reading.mailbox),
            records: entries(ThreadName::Office, &reading.office),
            orders: &opened.listing.orders,
        }
    }

    /// The profiles by which the messages were sealed, as the office signed them.
    fn export_profiles(
        &self,
        export: &mut ExportFolder<'_>,
        reading: &CaseReading<'_>,
    ) -> Result<Vec<String>, Error> {
        let messages = reading.mailbox.iter().chain(&reading.office);
        let named: BTreeSet<(u64, Digest)> = messages
            .filter_map(|message| message.authentic())
            .map(|text| text.message.profile)
            .map(|ProfileStamp { version, digest }| (version, digest))
            .collect();
        let mut failures = Vec::new();
        for (version, digest) in named {
            let note = match self.client.profile_version(version) {
                Ok(note) => note,
                Err(error) => {
                    failures.push(format!("version {version} of the office profile: {error}"));
                    continue;
                }
            };
            let is_it = verify_signature(&note).is_ok_and(|profile| {
                profile.office == self.profile.office && profile.stamp() == ProfileStamp { version, digest }
            });
            if is_it {
                create_private_folder(&export.folder.join("profiles"))?;
                export.put(&format!("profiles/{version}.note"), &note)?;
            } else {
                failures.push(format!(
                    "version {version} of the office profile: the server gives another text than a message names"
                ));
            }
        }
        Ok(failures)
    }
}

impl ExportFolder<'_> {
    fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let file = unfinished_bytes(self.folder, bytes)?;
        self.finish(file, name)
    }

    /// Gives a whole file its name, and notes what is in it.
    fn finish(&mut self, file: Unfinished, name: &str) -> Result<(), Error> {
        if let Some((folder, _)) = name.split_once('/') {
            create_private_folder(&self.folder.join(folder))?;
        }
        let (size_bytes, sha256) = hash(&file).map_err(Error::Disk)?;
        file.finish_as(&self.folder.join(name))?;
        self.written.push(Exported { path: name.to_owned(), size_bytes, sha256 });
        Ok(())
    }
}

/// Of what is on the disk: it is that which is vouched for.
fn hash(file: &Unfinished) -> std::io::Result<(u64, Digest)> {
    use std::io::{Read as _, Seek as _};
    let mut handle = file.handle()?;
    handle.rewind()?;
    let (mut hash, mut size_bytes, mut piece) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        match handle.read(&mut piece)? {
            0 => return Ok((size_bytes, hash.finish())),
            read => {
                hash.update(&piece[..read]);
                size_bytes += read as u64;
            }
        }
    }
}

/// Where the message stands in the folder, without an ending.
fn number(place: MessagePlace) -> String {
    match place.0 {
        ThreadName::Mailbox => format!("{:02}", place.1),
        ThreadName::Office => format!("office/{:02}", place.1),
    }
}

fn said_of(place: MessagePlace, failure: &str) -> String {
    format!("{}: {failure}", number(place))
}
