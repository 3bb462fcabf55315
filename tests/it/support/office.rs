//! An office that a test makes and throws away.

use mohr::protocol::day::Day;
use mohr::protocol::ids::{CaseId, Id};
use mohr::protocol::memo::{Memo, SealedMemo};
use mohr::protocol::message::{Content, Door, Message, MessageKind, Sender, Status, ThreadPoint, Threads};
use mohr::protocol::person::KeyId;
use mohr::protocol::profile::{Inspector, Profile, Root};
use mohr::protocol::receipt::ReceiptCode;
use mohr::protocol::record::{Act, ThreadName};
use mohr::seal::derive::ReporterKeys;
use mohr::seal::key_file::InspectorKeys;
use mohr::seal::memo::MemoPlace;
use mohr::seal::message::{recipients, seal};
use mohr::seal::signing::SigningKey;
use mohr::verify::digest::{initial_thread_digest, next_thread_digest, office_id, sha256};
use mohr::verify::profile::{VerifiedProfile, verify_signature};

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
        profile.roots =
            vec![Root { key: root.signer(), next: mohr::protocol::ids::Digest::from_bytes([0; 32]) }];
        profile.office = office_id(&profile.roots[0]);
        profile.inspectors = inspectors.iter().map(public_entry).collect();
        Self { root, inspectors, profile }
    }

    pub fn note(&self) -> String {
        mohr::seal::profile::sign(self.profile.clone(), &self.root).unwrap()
    }

    pub fn verified(&self) -> VerifiedProfile {
        verify_signature(self.note().as_bytes()).unwrap()
    }

    /// Everybody, as a message names them.
    pub fn everybody(&self) -> Vec<Id> {
        let mut ids: Vec<_> = self.profile.inspectors.iter().map(|listed| listed.id.clone()).collect();
        ids.sort();
        ids
    }
}

pub fn public_entry(keys: &InspectorKeys) -> Inspector {
    let role = ["fa", "en"].map(|language| (language.to_owned(), format!("{} ({language})", keys.id)));
    Inspector {
        id: keys.id.clone(),
        joined: 1,
        epoch: 1,
        role: role.into(),
        recipient: keys.identity.to_recipient().to_string(),
        signer: keys.signing.signer(),
        extensions: Default::default(),
    }
}

/// A case as its honest parties write it, blob by blob: what a server holds.
pub struct Case<'a> {
    pub office: &'a Office,
    pub keys: ReporterKeys,
    pub mailbox: Vec<Posted>,
    pub records: Vec<Posted>,
}

/// One message as a server holds it.
#[derive(Clone)]
pub struct Posted {
    pub kind: MessageKind,
    pub blob: Vec<u8>,
    /// Beside what the reporter sent.
    pub memo: Option<SealedMemo>,
}

impl<'a> Case<'a> {
    pub fn new(office: &'a Office) -> Self {
        let code = ReceiptCode::generate(mohr::seal::fill_random);
        let keys = ReporterKeys::derive(&code, office.profile.office);
        Self { office, keys, mailbox: Vec::new(), records: Vec::new() }
    }

    pub fn id(&self) -> CaseId {
        self.keys.case()
    }

    pub fn report(&mut self, text: &str) -> &mut Self {
        self.push_report(text, &self.office.everybody())
    }

    pub fn push_report(&mut self, text: &str, readers: &[Id]) -> &mut Self {
        let message = Message { readers: readers.to_vec(), ..self.report_message(text) };
        self.push(&message, &self.keys.signing.clone())
    }

    pub fn follow_up(&mut self, text: &str) -> &mut Self {
        let message = self.follow_up_message(text);
        self.push(&message, &self.keys.signing.clone())
    }

    pub fn reply(&mut self, text: &str) -> &mut Self {
        let message = self.reply_message(text);
        self.push(&message, &self.office.inspectors[0].signing.clone())
    }

    pub fn record(&mut self, acts: Vec<Act>) -> &mut Self {
        let message = self.record_message(acts);
        self.push(&message, &self.office.inspectors[0].signing.clone())
    }

    pub fn report_message(&self, text: &str) -> Message {
        let office = self.office.profile.office;
        let first = initial_thread_digest(office, self.id(), ThreadName::Mailbox);
        Message {
            office,
            case: self.id(),
            sender: Sender::Reporter,
            threads: Threads { mailbox: ThreadPoint { length: 0, digest: first }, office: None },
            day: today(),
            language: "fa".to_owned(),
            profile: self.office.verified().stamp(),
            readers: self.office.everybody(),
            text: text.to_owned(),
            content: Content::Report {
                door: Door::Report,
                answers: Vec::new(),
                reporter: self.keys.reporter(),
                earlier: None,
            },
            files: Vec::new(),
            extensions: Default::default(),
        }
    }

    pub fn follow_up_message(&self, text: &str) -> Message {
        Message {
            threads: Threads { mailbox: self.point(ThreadName::Mailbox), office: None },
            content: Content::FollowUp { answers: Vec::new() },
            ..self.report_message(text)
        }
    }

    pub fn reply_message(&self, text: &str) -> Message {
        let status = Some(Status::UnderInvestigation);
        Message {
            sender: Sender::Inspector(key_of(1)),
            content: Content::Reply { status, outcome: None, seconds: Vec::new() },
            ..self.follow_up_message(text)
        }
    }

    pub fn record_message(&self, acts: Vec<Act>) -> Message {
        let office = Some(self.point(ThreadName::Office));
        Message {
            sender: Sender::Inspector(key_of(1)),
            threads: Threads { mailbox: self.point(ThreadName::Mailbox), office },
            content: Content::Record { acts, seconds: Vec::new() },
            ..self.report_message("")
        }
    }

    /// The sealed blob of a message, signed by whomever the test says.
    pub fn seal(&self, message: &Message, signing: &SigningKey) -> Vec<u8> {
        let reporter = (message.kind() == MessageKind::Reply).then(|| self.keys.identity.to_recipient());
        let recipients = recipients(&self.office.profile, &message.readers, reporter).unwrap();
        let files: Vec<Vec<u8>> =
            message.files.iter().map(|file| vec![7; file.size_bytes as usize]).collect();
        let files: Vec<&[u8]> = files.iter().map(|file| &file[..]).collect();
        seal(message, &files, signing, &recipients).unwrap()
    }

    pub fn push(&mut self, message: &Message, signing: &SigningKey) -> &mut Self {
        let posted = self.posted(message, signing);
        match message.kind().thread() {
            ThreadName::Mailbox => self.mailbox.push(posted),
            ThreadName::Office => self.records.push(posted),
        }
        self
    }

    pub fn posted(&self, message: &Message, signing: &SigningKey) -> Posted {
        let blob = self.seal(message, signing);
        let kind = message.kind();
        let memo = kind.is_from_reporter().then(|| self.memo(message, &blob));
        Posted { kind, blob, memo }
    }

    pub fn memo(&self, message: &Message, blob: &[u8]) -> SealedMemo {
        let memo = Memo {
            day: message.day,
            profile: message.profile.version,
            readers: message.readers.clone(),
            thread: message.threads.mailbox,
        };
        let place = MemoPlace { office: message.office, case: message.case, blob: sha256(blob) };
        self.keys.memo.seal(&memo, place).unwrap()
    }

    /// A thread as it stands.
    pub fn point(&self, thread: ThreadName) -> ThreadPoint {
        let posted = match thread {
            ThreadName::Mailbox => &self.mailbox,
            ThreadName::Office => &self.records,
        };
        let first = initial_thread_digest(self.office.profile.office, self.id(), thread);
        let digest = posted
            .iter()
            .fold(first, |digest, posted| next_thread_digest(digest, posted.kind, sha256(&posted.blob)));
        ThreadPoint { length: posted.len() as u64, digest }
    }
}

/// The first key of the inspector with this number.
pub fn key_of(number: usize) -> KeyId {
    KeyId { person: format!("inspector-{number}").parse().unwrap(), epoch: 1 }
}
