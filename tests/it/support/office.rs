//! An office that a test makes and throws away.

use mohr::protocol::day::Day;
use mohr::protocol::ids::{CaseId, Id};
use mohr::protocol::message::{Content, Direction, Door, File, Message, Reporter, Sender, Status, Thread};
use mohr::protocol::profile::{Inspector, Profile};
use mohr::protocol::receipt::ReceiptCode;
use mohr::seal::derive::ReporterKeys;
use mohr::seal::key_file::InspectorKeys;
use mohr::seal::message::{recipients, seal};
use mohr::seal::signing::SigningKey;
use mohr::verify::digest::{office_id, sha256};
use mohr::verify::thread::{ThreadReader, initial_digest};

pub struct Office {
    pub root: SigningKey,
    pub inspectors: Vec<InspectorKeys>,
    pub profile: Profile,
}

pub fn today() -> Day {
    Day::today()
}

impl Office {
    pub fn new() -> Self {
        Self::with_inspectors(2)
    }

    pub fn with_inspectors(count: usize) -> Self {
        let root = SigningKey::generate();
        let ids = (1..=count).map(|number| format!("inspector-{number}").parse().unwrap());
        let inspectors: Vec<_> = ids.map(InspectorKeys::generate).collect();
        let mut profile: Profile =
            serde_json::from_str(include_str!("../../../keys/profile.example.json")).unwrap();
        profile.issued = today();
        profile.expires = today().plus_days(30);
        profile.root = root.signer();
        profile.office = office_id(&root.signer());
        profile.inspectors = inspectors.iter().map(public_entry).collect();
        Self { root, inspectors, profile }
    }

    pub fn note(&self) -> String {
        mohr::seal::profile::sign(self.profile.clone(), &self.root).unwrap()
    }
}

pub fn public_entry(keys: &InspectorKeys) -> Inspector {
    let role = ["fa", "en"].map(|language| (language.to_owned(), format!("{} ({language})", keys.id)));
    Inspector {
        id: keys.id.clone(),
        role: role.into(),
        recipient: keys.identity.to_recipient().to_string(),
        signer: keys.signing.signer(),
    }
}

/// A case as its honest parties write it, blob by blob: what a server holds.
pub struct Case<'a> {
    pub office: &'a Office,
    pub keys: ReporterKeys,
    pub blobs: Vec<(Direction, Vec<u8>)>,
}

impl<'a> Case<'a> {
    pub fn new(office: &'a Office) -> Self {
        let code = ReceiptCode::generate(mohr::seal::fill_random);
        let keys = ReporterKeys::derive(&code, office.profile.office);
        Self { office, keys, blobs: Vec::new() }
    }

    pub fn id(&self) -> CaseId {
        self.keys.case()
    }

    pub fn report(&mut self, text: &str) -> &mut Self {
        self.push_report(text, &[])
    }

    pub fn push_report(&mut self, text: &str, left_out: &[Id]) -> &mut Self {
        let message = Message { left_out: left_out.to_vec(), ..self.report_message(text) };
        self.push(&message, &self.keys.signing.clone())
    }

    pub fn follow_up(&mut self, text: &str) -> &mut Self {
        let sequence = self.count(Direction::ToOffice);
        let message = Message {
            sequence,
            thread: self.thread(),
            content: Content::FollowUp,
            ..self.report_message(text)
        };
        self.push(&message, &self.keys.signing.clone())
    }

    pub fn reply(&mut self, text: &str) -> &mut Self {
        let message = self.reply_message(text);
        self.push(&message, &self.office.inspectors[0].signing.clone())
    }

    pub fn report_message(&self, text: &str) -> Message {
        Message {
            office: self.office.profile.office,
            case: self.id(),
            sender: Sender::Reporter,
            sequence: 0,
            thread: Thread { length: 0, digest: initial_digest(self.office.profile.office, self.id()) },
            day: today(),
            language: "fa".to_owned(),
            text: text.to_owned(),
            left_out: Vec::new(),
            content: Content::Report {
                door: Door::Report,
                answers: Vec::new(),
                reporter: Reporter {
                    recipient: self.keys.identity.to_recipient().to_string(),
                    signer: self.keys.signing.signer(),
                },
            },
            files: Vec::new(),
        }
    }

    pub fn reply_message(&self, text: &str) -> Message {
        Message {
            sender: Sender::Inspector("inspector-1".parse().unwrap()),
            sequence: self.count(Direction::ToReporter),
            thread: self.thread(),
            content: Content::Reply { status: Some(Status::UnderInvestigation), outcome: None },
            ..self.report_message(text)
        }
    }

    /// The sealed blob of a message, signed by whomever the test says.
    pub fn seal(&self, message: &Message, signing: &SigningKey) -> Vec<u8> {
        let reporter = match message.direction() {
            Direction::ToOffice => None,
            Direction::ToReporter => Some(self.keys.identity.to_recipient()),
        };
        let recipients = recipients(&self.office.profile, &message.left_out, reporter).unwrap();
        let files: Vec<Vec<u8>> =
            message.files.iter().map(|file: &File| vec![7; file.size_bytes as usize]).collect();
        let files: Vec<&[u8]> = files.iter().map(|file| &file[..]).collect();
        seal(message, &files, signing, &recipients).unwrap()
    }

    pub fn push(&mut self, message: &Message, signing: &SigningKey) -> &mut Self {
        let blob = self.seal(message, signing);
        self.blobs.push((message.direction(), blob));
        self
    }

    /// The thread as it stands in `blobs`.
    pub fn thread(&self) -> Thread {
        let mut reader = ThreadReader::new(&self.office.profile, self.id());
        for (_, blob) in &self.blobs {
            reader.skip(sha256(blob), false);
        }
        reader.thread()
    }

    fn count(&self, wanted: Direction) -> u64 {
        self.blobs.iter().filter(|(direction, _)| *direction == wanted).count() as u64
    }
}
