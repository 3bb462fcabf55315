//! A case read as a whole: who said what, whether anything was dropped, swapped, replayed, listed as
//! something else or erased without an order, and what it amounts to (PROTOCOL 2.5 to 2.12).
//!
//! It takes all that is listed at once, because one step works backwards: what a stolen key signed counts
//! when somebody wrote later who had seen it. It is pure, and total: what a server lists and a sender wrote
//! gives a reading, never an error. Whoever learns more, for instance the keys of a handover, opens more
//! and reads again.

use std::collections::BTreeSet;

pub use super::authenticity::{Authenticity, Warning};
pub use super::listing::{CaseContext, Found, OwnMemo, Perspective, ThreadEntry};

use super::case_state::{AskAgain, CaseState, OfficeState};
use super::effect::IneffectiveAct;
use super::erasure::{self, ErasureContext};
use super::journal::JournalState;
use super::mailbox_fold::{Counted, Judgement, MailboxFold};
use super::message::Unverified;
use super::office_fold::{ActContext, FirstReaders, OfficeFold};
use super::profile::VerifiedProfile;
use super::steps::{self, Passed, Step, ThreadDigests, Word};
use crate::protocol::day::Day;
use crate::protocol::erasure::ErasureOrder;
use crate::protocol::ids::Id;
use crate::protocol::message::{Content, MessageKind, ProfileStamp, Threads};
use crate::protocol::person::KeyId;
use crate::protocol::profile::WhyFormer;
use crate::protocol::record::{Act, HandedMessage, ThreadName};

/// What a reader makes of one message.
#[derive(Debug, Clone)]
pub struct MessageReading<'a> {
    pub authenticity: Authenticity,
    pub warnings: Vec<Warning>,
    /// Why the key that signed is no longer in use; nothing for a present one.
    pub former: Option<WhyFormer>,
    /// The persons besides its sender who signed it and count.
    pub seconds: BTreeSet<Id>,
    found: &'a Found,
}

impl<'a> MessageReading<'a> {
    /// The message, if it is the word of the sender it names.
    pub fn authentic(&self) -> Option<&'a Unverified> {
        self.unverified().filter(|_| self.authenticity == Authenticity::Authentic)
    }

    /// What was found, whoever wrote it. Look at `authenticity` first.
    pub fn unverified(&self) -> Option<&'a Unverified> {
        match self.found {
            Found::Opened(text) => Some(text),
            _ => None,
        }
    }
}

/// What a reader makes of a case.
#[derive(Debug, Clone)]
pub struct CaseReading<'a> {
    pub mailbox: Vec<MessageReading<'a>>,
    pub office: Vec<MessageReading<'a>>,
    /// Both threads as the next message of this reader states them; a message of the mailbox leaves the
    /// office's out.
    pub threads: Threads,
    pub state: CaseState,
    /// Of the journal alone.
    pub journal: JournalState,
}

impl CaseReading<'_> {
    /// Whether the profile is older than one by which an authentic message was sealed: fetch it again, and
    /// if it still is older, say so and seal nothing.
    pub fn is_profile_older(&self, profile: &VerifiedProfile) -> bool {
        self.state.profile_floor > profile.version
    }

    /// Which acts of a record would change nothing if this person, who reads the case,
    /// wrote it now for these readers.
    pub fn ineffective_acts(
        &self,
        context: CaseContext<'_>,
        (by, day): (&KeyId, Day),
        readers: &[Id],
        acts: &[Act],
    ) -> Vec<IneffectiveAct> {
        let length = self.threads.office.map_or(0, |point| point.length);
        let place = ActContext { position: length, length, by, day };
        if context.is_journal() {
            return self.journal.clone().apply_acts(acts, &place);
        }
        let mailbox_length = self.threads.mailbox.length;
        OfficeFold::resumed(context.profile, &self.state, mailbox_length, readers).apply_acts(acts, &place)
    }

    /// Every file key that some inspector's record gives, also where this reader cannot judge yet whether
    /// she is a reader: what a key opens is judged like everything else.
    pub fn handed_messages(&self) -> impl Iterator<Item = &HandedMessage> {
        let believable = |reading: &&MessageReading<'_>| {
            matches!(reading.authenticity, Authenticity::Authentic | Authenticity::NotFromAReader)
        };
        let acts = self.office.iter().filter(believable).filter_map(|reading| {
            match &reading.unverified()?.message.content {
                Content::Record { acts, .. } => Some(acts),
                _ => None,
            }
        });
        acts.flatten()
            .filter_map(|act| match act {
                Act::Handover { messages, .. } => Some(messages),
                _ => None,
            })
            .flatten()
    }
}

/// Reads a case from all that is listed of it. The reporter gives no office thread.
pub fn read_case<'a>(
    context: CaseContext<'a>,
    mailbox: &'a [ThreadEntry],
    office: &'a [ThreadEntry],
    orders: &[ErasureOrder],
) -> CaseReading<'a> {
    let digests = ThreadDigests::new(context, mailbox, office);
    let report_signer = steps::report_signer(context, mailbox.first());
    let judge_all = |thread, entries: &'a [ThreadEntry]| -> Vec<Step<'a>> {
        let judged = entries.iter().enumerate();
        judged.map(|(at, entry)| steps::judge(context, report_signer, thread, at, entry)).collect()
    };
    let mut mailbox_steps = judge_all(ThreadName::Mailbox, mailbox);
    let mut office_steps = judge_all(ThreadName::Office, office);
    steps::refuse_replays(&mut mailbox_steps, mailbox);
    steps::refuse_replays(&mut office_steps, office);
    steps::doubt_former_keys(&mut mailbox_steps, &mut office_steps, &digests);

    let mut reader = CaseReader { context, digests, profile_floor: 0, profile_differs: false };
    let mut fold = MailboxFold::new(context.profile);
    let mut mailbox_readings = reader.read_thread(mailbox, &mailbox_steps, |passed| fold.apply(passed));
    let mailbox_state = fold.finish();

    let mut journal = JournalState::default();
    let (mut office_readings, office_state) = if context.is_journal() {
        let readings = reader.read_thread(office, &office_steps, |passed| journal.apply(passed));
        (readings, OfficeState::default())
    } else {
        let first_readers = match mailbox.first().map(|entry| &entry.found) {
            _ if mailbox_state.report.is_some() => FirstReaders::Report,
            Some(Found::OneWay) => FirstReaders::FirstRecord,
            _ => FirstReaders::Unknown,
        };
        let length = mailbox.len() as u64;
        let mut fold = OfficeFold::new(context.profile, &mailbox_state, length, first_readers);
        let readings = reader.read_thread(office, &office_steps, |passed| fold.apply(passed));
        let state = match context.perspective {
            Perspective::Reporter => OfficeState::default(),
            Perspective::Inspector => fold.finish(),
        };
        (readings, state)
    };
    let mut state = CaseState {
        mailbox: mailbox_state,
        office: office_state,
        profile_floor: reader.profile_floor,
        profile_differs: reader.profile_differs,
    };
    obey_orders(context, &state, orders, (mailbox, &mut mailbox_readings), (office, &mut office_readings));
    if context.perspective == Perspective::Reporter {
        state.mailbox.own.ask_again = ask_again(mailbox, &mailbox_readings);
    }
    let threads = Threads {
        mailbox: reader.digests.end(ThreadName::Mailbox),
        office: Some(reader.digests.end(ThreadName::Office)),
    };
    CaseReading { mailbox: mailbox_readings, office: office_readings, threads, state, journal }
}

struct CaseReader<'a> {
    context: CaseContext<'a>,
    digests: ThreadDigests,
    profile_floor: u64,
    profile_differs: bool,
}

impl<'a> CaseReader<'a> {
    /// Steps 8 and 9, which `place` answers, and what is to be said beside each message.
    fn read_thread(
        &mut self,
        entries: &'a [ThreadEntry],
        steps: &[Step<'a>],
        mut place: impl FnMut(&Passed<'a>) -> Judgement,
    ) -> Vec<MessageReading<'a>> {
        let mut readings = Vec::with_capacity(entries.len());
        for (entry, step) in entries.iter().zip(steps) {
            let reading = |authenticity| MessageReading {
                authenticity,
                warnings: own_warnings(&entry.found, authenticity),
                former: None,
                seconds: BTreeSet::new(),
                found: &entry.found,
            };
            let passed = match step {
                Ok(passed) => passed,
                Err(failed) => {
                    readings.push(reading(*failed));
                    continue;
                }
            };
            let (authenticity, counted) = match place(passed) {
                Judgement::Counts(counted) => (Authenticity::Authentic, counted),
                Judgement::NotFromAReader => (Authenticity::NotFromAReader, Counted::default()),
                Judgement::NewerVersion => (Authenticity::NewerVersion, Counted::default()),
            };
            let mut warnings = counted.warnings;
            if !self.digests.agree(passed) {
                warnings.push(Warning::ThreadDiffers);
            }
            if authenticity == Authenticity::Authentic {
                warnings.extend(self.profile_warning(passed));
            }
            readings.push(MessageReading {
                warnings,
                former: passed.former(),
                seconds: counted.seconds,
                ..reading(authenticity)
            });
        }
        readings
    }

    /// A reporter may state any profile in what inspectors read; it is no reason for them to seal nothing.
    fn profile_warning(&mut self, passed: &Passed<'_>) -> Option<Warning> {
        let own: ProfileStamp = self.context.profile.stamp();
        let (version, digest, is_floor) = match passed.word {
            Word::Memo(memo) => (memo.profile, None, true),
            Word::Text(text, _) => {
                let stamp = text.message.profile;
                (stamp.version, Some(stamp.digest), !text.message.kind().is_from_reporter())
            }
        };
        if is_floor {
            self.profile_floor = self.profile_floor.max(version);
        }
        if version > own.version && is_floor {
            Some(Warning::ProfileOlder)
        } else if version == own.version && digest.is_some_and(|digest| digest != own.digest) {
            self.profile_differs |= is_floor;
            Some(Warning::ProfileDiffers)
        } else {
            None
        }
    }
}

fn own_warnings(found: &Found, authenticity: Authenticity) -> Vec<Warning> {
    match found {
        Found::Own(OwnMemo::None) => vec![Warning::MemoMissing],
        Found::Own(_) if authenticity == Authenticity::NotAuthentic => vec![Warning::NotHers],
        _ => Vec::new(),
    }
}

/// Why the reporter must be asked again whom to leave out. The memo of her last message decides: the one
/// before it would bring back whomever she has left out since.
fn ask_again(mailbox: &[ThreadEntry], readings: &[MessageReading<'_>]) -> Option<AskAgain> {
    if mailbox.iter().any(|entry| matches!(entry.found, Found::Own(OwnMemo::None))) {
        return Some(AskAgain::Server);
    }
    let mut own = mailbox.iter().zip(readings).filter(|(entry, _)| entry.kind.is_from_reporter());
    match own.next_back().map(|(_, reading)| reading.authenticity) {
        // Of a message that is listed once more the first one's memo counts.
        Some(Authenticity::Authentic | Authenticity::Replayed) => None,
        Some(Authenticity::Gone) => Some(AskAgain::Erased),
        _ => Some(AskAgain::Server),
    }
}

type Thread<'r, 'a> = (&'a [ThreadEntry], &'r mut [MessageReading<'a>]);

/// What the server says is gone is gone only under an order that holds.
fn obey_orders<'a>(
    context: CaseContext<'_>,
    state: &CaseState,
    orders: &[ErasureOrder],
    mailbox: Thread<'_, 'a>,
    office: Thread<'_, 'a>,
) {
    let left_out: BTreeSet<Id> = state.mailbox.left_out.keys().cloned().collect();
    let erasure = ErasureContext {
        profile: context.profile,
        case: context.case,
        left_out: &left_out,
        readers: state.office.readers.as_ref(),
        is_replied: mailbox.0.iter().any(|entry| entry.kind == MessageKind::Reply),
    };
    let threads = [(ThreadName::Mailbox, mailbox), (ThreadName::Office, office)];
    for (thread, (entries, readings)) in threads {
        for (position, (entry, reading)) in entries.iter().zip(readings).enumerate() {
            // Signatures are checked only of orders that name it: a server may list any number of others.
            let is_ordered = || {
                let named = orders.iter().filter(|order| order.names(thread, position as u64, entry.sha256));
                named.take(ORDERS_MAX).any(|order| erasure::is_valid(order, erasure))
            };
            if matches!(entry.found, Found::Gone) && is_ordered() {
                reading.authenticity = Authenticity::Gone;
            }
        }
    }
}

/// Orders for one message that are looked at: whoever needs more lists them to keep readers busy.
const ORDERS_MAX: usize = 16;
