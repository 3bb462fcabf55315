//! Offices that a server serves: their keys and profiles, their files and the configuration that names them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use mohr::protocol::address::Address;
use mohr::protocol::day::Day;
use mohr::protocol::ids::Digest;
use mohr::protocol::note::encode_note;
use mohr::protocol::profile::{Profile, Root};
use mohr::seal::signing::SigningKey;
use mohr::server::Config;
use mohr::verify::digest::{journal_id, office_id};
use mohr::verify::profile::key_hash;
use mohr::{server, storage};
use serde_json::{Value, json};

use super::http::HOST;

pub const FIRST_DAY: &str = "2026-11-21";

/// An office with two inspectors, whose keys live as long as the test.
pub struct Office {
    pub root: SigningKey,
    pub inspectors: Vec<SigningKey>,
    pub profile: Profile,
    pub note: String,
}

impl Office {
    pub fn new() -> Self {
        Self::at(&[&format!("http://{HOST}")])
    }

    /// One that is reached at these addresses.
    pub fn at(addresses: &[&str]) -> Self {
        let root = SigningKey::generate();
        let inspectors = vec![SigningKey::generate(), SigningKey::generate()];
        let first = Root { key: root.signer(), next: Digest::from_bytes([0; 32]) };
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/keys/profile.example.json");
        let mut document: Value = serde_json::from_str(&std::fs::read_to_string(example).unwrap()).unwrap();
        document["office"] = office_id(&first).to_string().into();
        document["roots"] = json!([first]);
        document["version"] = 3.into();
        document["issued"] = FIRST_DAY.into();
        document["expires"] = FIRST_DAY.parse::<Day>().unwrap().plus_days(100).to_string().into();
        document["addresses"] = json!(addresses);
        let (role, extensions) = (document["name"].clone(), json!({}));
        let entry = |(id, key): (&&str, &SigningKey)| {
            let recipient = mohr::seal::hybrid::Identity::generate().to_recipient().to_string();
            json!({"id": id, "joined": 1, "epoch": 2, "role": role, "recipient": recipient, "signer": key.signer(),
                "extensions": extensions})
        };
        document["inspectors"] = ["sara", "reza"].iter().zip(&inspectors).map(entry).collect();
        let profile = Profile::decode(&document.to_string()).unwrap();
        let note = sign(&profile, &root);
        Self { root, inspectors, profile, note }
    }

    /// The note of another profile of this office.
    pub fn sign(&self, change: impl FnOnce(&mut Profile)) -> String {
        let mut profile = self.profile.clone();
        change(&mut profile);
        sign(&profile, &self.root)
    }

    pub fn hosts(&self) -> Vec<&str> {
        self.profile.addresses.iter().map(Address::host).collect()
    }

    pub fn journal(&self) -> String {
        journal_id(self.profile.office).to_string()
    }
}

fn sign(profile: &Profile, root: &SigningKey) -> String {
    let text = profile.encode().unwrap();
    let hash = key_hash(profile.office, &root.signer());
    encode_note(&text, &profile.office.to_string(), hash, root.sign(text.as_bytes()))
}

/// The files of offices in a folder, and the configuration that names them.
pub struct Site {
    pub folder: tempfile::TempDir,
    /// Lines of each office's section, besides the files and hosts.
    pub room: String,
    /// Lines of the section `[limits]`.
    pub limits: String,
}

impl Site {
    pub fn new(offices: &[Arc<Office>]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (index, office) in offices.iter().enumerate() {
            storage::create(&folder.path().join(database_name(index)), office.profile.office).unwrap();
            std::fs::write(folder.path().join(profile_name(index)), &office.note).unwrap();
        }
        Self { folder, room: String::new(), limits: String::new() }
    }

    pub fn database(&self, index: usize) -> PathBuf {
        self.folder.path().join(database_name(index))
    }

    pub fn profile(&self, index: usize) -> PathBuf {
        self.folder.path().join(profile_name(index))
    }

    pub fn config(&self, offices: &[Arc<Office>]) -> Config {
        let sections: String = offices
            .iter()
            .enumerate()
            .map(|(index, office)| section(index, office) + &self.room + "\n")
            .collect();
        let text =
            format!("listen = '127.0.0.1:0'\n{sections}[limits]\n{}\n[log]\nlevel = 'trace'\n", self.limits);
        load(self.folder.path(), &text).unwrap()
    }
}

pub fn database_name(index: usize) -> String {
    if index == 0 { "mohr.db".to_owned() } else { format!("mohr-{index}.db") }
}

pub fn profile_name(index: usize) -> String {
    if index == 0 { "profile.note".to_owned() } else { format!("profile-{index}.note") }
}

/// How a configuration names an office.
pub fn section(index: usize, office: &Office) -> String {
    format!(
        "[[office]]\nhosts = {:?}\nprofile = '{}'\ndatabase = '{}'\n",
        office.hosts(),
        profile_name(index),
        database_name(index)
    )
}

pub fn load(folder: &Path, text: &str) -> Result<Config, server::config::Error> {
    let path = folder.join("server.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(&path)
}
