//! A case as texts: what a server lists of it, and what whoever opens all of it finds. Nothing is sealed,
//! so that hundreds are read in a moment; the vectors in `tests/vectors/case` are made of the same. Every
//! key follows from a published name and protects nothing.

#![allow(dead_code, reason = "the maker of the vectors uses what the tests do not, and the other way round")]

use std::sync::{Arc, OnceLock};

use mohr::protocol::archive::Archive;
use mohr::protocol::day::Day;
use mohr::protocol::erasure::{ErasedMessage, ErasureOrder};
use mohr::protocol::ids::{CaseId, Digest, Id};
use mohr::protocol::memo::{Memo, SealedMemo};
use mohr::protocol::message::{
    Content, Door, File, Message, MessageKind, Sender, Status, ThreadPoint, Threads,
};
use mohr::protocol::person::{KeyId, PersonSignature};
use mohr::protocol::profile::{FormerKey, Inspector, Profile, Root, Texts, WhyFormer};
use mohr::protocol::receipt::ReceiptCode;
use mohr::protocol::record::{Act, ThreadName};
use mohr::protocol::seal_json::{SealJson, signed_bytes};
use mohr::seal::derive::ReporterKeys;
use mohr::seal::hybrid::Identity;
use mohr::seal::memo::MemoPlace;
use mohr::seal::message::{erasure_signature, second_signature};
use mohr::seal::signing::SigningKey;
use mohr::verify::case::{CaseContext, CaseReading, Found, OwnMemo, Perspective, ThreadEntry, read_case};
use mohr::verify::digest::{
    initial_thread_digest, journal_id, next_thread_digest, office_id, root_commitment, sha256,
};
use mohr::verify::message::{Unverified, entries};
use mohr::verify::profile::{VerifiedProfile, verify_signature};
use zeroize::Zeroizing;

/// SHA-256 of a name.
pub fn seed(name: &str) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(*sha256(name.as_bytes()).as_bytes())
}

pub fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub fn id(text: &str) -> Id {
    text.parse().unwrap()
}

pub fn ids(texts: &[&str]) -> Vec<Id> {
    texts.iter().map(|text| id(text)).collect()
}

pub fn key_id(person: &str, epoch: u64) -> KeyId {
    KeyId { person: id(person), epoch }
}

pub fn signing(person: &str, epoch: u64) -> SigningKey {
    SigningKey::from_seed(seed(&format!("{person} {epoch} signing")))
}

pub fn identity(person: &str, epoch: u64) -> Identity {
    Identity::from_seed(seed(&format!("{person} {epoch} identity")))
}

pub fn texts(text: &str) -> Texts {
    ["fa", "en"].map(|language| (language.to_owned(), format!("{text} ({language})"))).into()
}

pub fn inspector(person: &str, joined: u64, epoch: u64) -> Inspector {
    Inspector {
        id: id(person),
        joined,
        epoch,
        role: texts(person),
        recipient: identity(person, epoch).to_recipient().to_string(),
        signer: signing(person, epoch).signer(),
        extensions: Default::default(),
    }
}

/// The key of a person who is still listed, with a later one.
pub fn replaced(person: &str, epoch: u64, until: &str, why: WhyFormer) -> FormerKey {
    FormerKey {
        id: id(person),
        epoch,
        signer: signing(person, epoch).signer(),
        until: day(until),
        why,
        joined: None,
        role: None,
        extensions: Default::default(),
    }
}

/// The key of a person who is no longer listed.
pub fn departed(person: &str, joined: u64, until: &str) -> FormerKey {
    FormerKey {
        joined: Some(joined),
        role: Some(texts(person)),
        ..replaced(person, 1, until, WhyFormer::Left)
    }
}

pub fn root_key(number: usize) -> SigningKey {
    SigningKey::from_seed(seed(&format!("root {number}")))
}

/// Four roots, each committing to the one behind it.
pub fn roots() -> Vec<Root> {
    let mut chain = Vec::new();
    let mut next = Digest::from_bytes([0; 32]);
    for number in (1..=4).rev() {
        let root = Root { key: root_key(number).signer(), next };
        next = root_commitment(&root);
        chain.insert(0, root);
    }
    chain
}

/// Version 5 of an office of Sara, Reza and Mina, all there from the first version on.
pub fn profile() -> Profile {
    let example = include_str!("../../../keys/profile.example.json");
    let mut profile: Profile = serde_json::from_str(example).unwrap();
    // The lists of choices are long, and one of each is enough.
    profile.kinds.truncate(1);
    profile.districts.truncate(1);
    profile.services.truncate(1);
    profile.units.retain(|unit| profile.services.iter().all(|service| service.unit == unit.id));
    profile.version = 5;
    profile.issued = day("2026-10-01");
    profile.expires = day("2027-03-20");
    profile.inspectors = ["sara", "reza", "mina"].map(|person| inspector(person, 1, 1)).into();
    profile.roots = vec![roots()[0]];
    profile.office = office_id(&profile.roots[0]);
    profile
}

/// Signed by the last of its roots.
pub fn note(profile: &Profile) -> String {
    mohr::seal::profile::sign(profile.clone(), &root_key(profile.roots.len())).unwrap()
}

pub fn verified(profile: &Profile) -> VerifiedProfile {
    verify_signature(note(profile).as_bytes()).unwrap()
}

/// A reporter of the office above, from a published code.
pub fn reporter(first: u8) -> Arc<ReporterKeys> {
    static KNOWN: OnceLock<[Arc<ReporterKeys>; 2]> = OnceLock::new();
    let derived = |first| Arc::new(ReporterKeys::derive(&code(first), profile().office));
    let known = KNOWN.get_or_init(|| [derived(7), derived(99)]);
    Arc::clone(if first == 7 { &known[0] } else { &known[1] })
}

pub fn code(first: u8) -> ReceiptCode {
    let mut next = first;
    ReceiptCode::generate(|buffer| {
        for byte in buffer {
            *byte = next % 250;
            next = next.wrapping_mul(5).wrapping_add(131);
        }
    })
}

/// One message as it is listed.
#[derive(Clone)]
pub struct Item {
    pub kind: MessageKind,
    pub sha256: Digest,
    pub day: Day,
    pub message_json: Vec<u8>,
    pub seal_json: Vec<u8>,
    pub memo: Option<SealedMemo>,
    pub state: ItemState,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    Opens,
    /// For inspectors; the reporter opens what she opens.
    Unreadable,
    OneWay,
    Gone,
    Missing,
    NotFetched,
}

#[derive(Clone)]
pub struct Script {
    pub profile: VerifiedProfile,
    pub note: String,
    pub keys: Arc<ReporterKeys>,
    pub case: CaseId,
    pub mailbox: Vec<Item>,
    pub office: Vec<Item>,
    pub orders: Vec<ErasureOrder>,
    /// On which messages are written and listed.
    pub today: Day,
    /// For whom drafts are sealed.
    pub readers: Vec<Id>,
}

/// What one side finds in what is listed.
pub struct Seen<'a> {
    script: &'a Script,
    perspective: Perspective,
    pub mailbox: Vec<ThreadEntry>,
    pub office: Vec<ThreadEntry>,
}

impl Script {
    pub fn new(profile: &Profile) -> Self {
        let keys = reporter(7);
        Self {
            profile: verified(profile),
            note: note(profile),
            case: keys.case(),
            keys,
            mailbox: Vec::new(),
            office: Vec::new(),
            orders: Vec::new(),
            today: day("2026-11-21"),
            readers: ids(&["mina", "reza", "sara"]),
        }
    }

    pub fn journal(profile: &Profile) -> Self {
        let script = Self::new(profile);
        Self { case: journal_id(script.profile.office), ..script }
    }

    /// What is written from here on is sealed and read by this profile.
    pub fn with_profile(&mut self, profile: &Profile) -> &mut Self {
        (self.profile, self.note) = (verified(profile), note(profile));
        self
    }

    pub fn on(&mut self, today: &str) -> &mut Self {
        self.today = day(today);
        self
    }

    pub fn to(&mut self, readers: &[&str]) -> &mut Self {
        self.readers = ids(readers);
        self
    }

    pub fn report(&mut self) -> &mut Self {
        let message = self.draft(Content::Report {
            door: Door::Report,
            answers: Vec::new(),
            reporter: self.keys.reporter(),
            earlier: None,
        });
        self.push(&message, &self.keys.signing.clone())
    }

    pub fn follow_up(&mut self) -> &mut Self {
        let message = self.draft(Content::FollowUp { answers: Vec::new() });
        self.push(&message, &self.keys.signing.clone())
    }

    pub fn reply(&mut self, person: &str, status: Option<Status>) -> &mut Self {
        let message = self.draft_reply(person, status);
        self.push(&message, &signing(person, 1))
    }

    pub fn record(&mut self, person: &str, acts: Vec<Act>) -> &mut Self {
        let message = self.draft_record(person, acts);
        self.push(&message, &signing(person, 1))
    }

    pub fn draft_reply(&self, person: &str, status: Option<Status>) -> Message {
        let content = Content::Reply { status, outcome: None, seconds: Vec::new() };
        Message { sender: Sender::Inspector(key_id(person, 1)), ..self.draft(content) }
    }

    pub fn draft_record(&self, person: &str, acts: Vec<Act>) -> Message {
        let content = Content::Record { acts, seconds: Vec::new() };
        let sender = Sender::Inspector(key_id(person, 1));
        let office = Some(self.point(ThreadName::Office));
        let threads = Threads { mailbox: self.point(ThreadName::Mailbox), office };
        Message { sender, threads, ..self.draft(content) }
    }

    /// From the reporter, who has seen everything.
    pub fn draft(&self, content: Content) -> Message {
        Message {
            office: self.profile.office,
            case: self.case,
            sender: Sender::Reporter,
            threads: Threads { mailbox: self.point(ThreadName::Mailbox), office: None },
            day: self.today,
            language: "fa".to_owned(),
            profile: self.profile.stamp(),
            readers: self.readers.clone(),
            text: format!("پیام {}", self.mailbox.len() + self.office.len()),
            content,
            files: Vec::<File>::new(),
            extensions: Default::default(),
        }
    }

    pub fn push(&mut self, message: &Message, signing: &SigningKey) -> &mut Self {
        let item = self.item(message, signing);
        match message.kind().thread() {
            ThreadName::Mailbox => self.mailbox.push(item),
            ThreadName::Office => self.office.push(item),
        }
        self
    }

    /// A message as it would be listed.
    pub fn item(&self, message: &Message, signing: &SigningKey) -> Item {
        let message_json = message.encode().unwrap();
        let archive = Archive { message_json: &message_json, files: Vec::new(), seal_json: &[] };
        let entries = entries(&archive);
        let signature = signing.sign(&signed_bytes(&entries));
        let seal_json = SealJson::new(entries, signature).encode();
        let sha256 = sha256(&[&message_json[..], &seal_json].concat());
        let memo = message.kind().is_from_reporter().then(|| self.memo(message, sha256));
        let (kind, day) = (message.kind(), self.today);
        Item { kind, sha256, day, message_json, seal_json, memo, state: ItemState::Opens }
    }

    pub fn memo(&self, message: &Message, blob: Digest) -> SealedMemo {
        let memo = Memo {
            day: message.day,
            profile: message.profile.version,
            readers: message.readers.clone(),
            thread: message.threads.mailbox,
        };
        let place = MemoPlace { office: message.office, case: message.case, blob };
        let nonce = *blob.as_bytes().first_chunk().unwrap();
        self.keys.memo.seal_with_nonce(&memo, place, nonce).unwrap()
    }

    pub fn second(&self, message: &Message, person: &str, epoch: u64) -> PersonSignature {
        second_signature(message, &[], &key_id(person, epoch), &signing(person, epoch)).unwrap()
    }

    /// An order for these positions, signed by these persons.
    pub fn order(&mut self, thread: ThreadName, positions: &[usize], persons: &[&str]) -> &mut Self {
        let items = match thread {
            ThreadName::Mailbox => &self.mailbox,
            ThreadName::Office => &self.office,
        };
        let message = |at: &usize| ErasedMessage { position: *at as u64, sha256: items[*at].sha256 };
        let messages = positions.iter().map(message).collect();
        self.order_of(thread, messages, persons)
    }

    /// An order for any messages.
    pub fn order_of(
        &mut self,
        thread: ThreadName,
        messages: Vec<ErasedMessage>,
        persons: &[&str],
    ) -> &mut Self {
        let mut order = ErasureOrder { thread, day: self.today, messages, signatures: Vec::new() };
        for person in persons {
            let (office, case) = (self.profile.office, self.case);
            let signature = erasure_signature(&order, office, case, &key_id(person, 1), &signing(person, 1));
            order.signatures.push(signature);
        }
        self.orders.push(order);
        self
    }

    /// A thread as it stands.
    pub fn point(&self, thread: ThreadName) -> ThreadPoint {
        let items = match thread {
            ThreadName::Mailbox => &self.mailbox,
            ThreadName::Office => &self.office,
        };
        let first = initial_thread_digest(self.profile.office, self.case, thread);
        let digest =
            items.iter().fold(first, |digest, item| next_thread_digest(digest, item.kind, item.sha256));
        ThreadPoint { length: items.len() as u64, digest }
    }

    pub fn seen(&self, perspective: Perspective) -> Seen<'_> {
        let find = |item: &Item| {
            let found = self.find(item, perspective);
            ThreadEntry { kind: item.kind, sha256: item.sha256, day: item.day, found }
        };
        let office = match perspective {
            Perspective::Reporter => Vec::new(),
            Perspective::Inspector => self.office.iter().map(find).collect(),
        };
        Seen { script: self, perspective, mailbox: self.mailbox.iter().map(find).collect(), office }
    }

    fn find(&self, item: &Item, perspective: Perspective) -> Found {
        let is_own = perspective == Perspective::Reporter && item.kind.is_from_reporter();
        match item.state {
            ItemState::Gone => Found::Gone,
            _ if is_own => {
                let place = MemoPlace { office: self.profile.office, case: self.case, blob: item.sha256 };
                let open = |memo| self.keys.memo.open(memo, place).map_or(OwnMemo::NotHers, OwnMemo::Hers);
                Found::Own(item.memo.as_ref().map_or(OwnMemo::None, open))
            }
            ItemState::Missing => Found::Missing,
            ItemState::NotFetched => Found::NotFetched,
            ItemState::OneWay => Found::OneWay,
            ItemState::Unreadable if perspective == Perspective::Inspector => Found::Unreadable,
            ItemState::Opens | ItemState::Unreadable => {
                let text = Unverified::decode(&item.message_json, &item.seal_json);
                text.map_or(Found::Unreadable, |text| Found::Opened(Box::new(text)))
            }
        }
    }
}

impl Seen<'_> {
    pub fn read(&self) -> CaseReading<'_> {
        let Script { profile, case, orders, .. } = self.script;
        let context = CaseContext { profile, case: *case, perspective: self.perspective };
        read_case(context, &self.mailbox, &self.office, orders)
    }
}
