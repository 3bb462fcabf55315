//! Steps 1 to 7 of PROTOCOL 2.7: whose word a message is, whatever the case's state. Steps 8 and 9 need the
//! fold.

use std::collections::HashSet;

use super::authenticity::Authenticity;
use super::digest::{case_id, initial_thread_digest, next_thread_digest};
use super::listing::{CaseContext, Found, OwnMemo, ThreadEntry};
use super::message::Unverified;
use super::trust::{is_in_time, is_stolen};
use crate::protocol::day::Day;
use crate::protocol::ids::{Digest, Signer};
use crate::protocol::memo::Memo;
use crate::protocol::message::{Content, MessageKind, Sender, ThreadPoint};
use crate::protocol::profile::{ListedKey, WhyFormer};
use crate::protocol::record::ThreadName;

/// A message that passed the steps so far.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed<'a> {
    pub(super) thread: ThreadName,
    pub(super) position: u64,
    pub(super) listed_day: Day,
    pub(super) word: Word<'a>,
}

/// What there is of a message.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word<'a> {
    Text(&'a Unverified, WordKey<'a>),
    /// An own message, by its memo.
    Memo(&'a Memo),
}

/// The key that signed.
#[derive(Debug, Clone, Copy)]
pub(super) enum WordKey<'a> {
    Reporter(Signer),
    Person(ListedKey<'a>),
}

/// The digests of both threads, as this reader finds them.
pub(super) struct ThreadDigests {
    mailbox: Vec<Digest>,
    office: Vec<Digest>,
}

pub(super) type Step<'a> = Result<Passed<'a>, Authenticity>;

impl ThreadDigests {
    pub(super) fn new(context: CaseContext<'_>, mailbox: &[ThreadEntry], office: &[ThreadEntry]) -> Self {
        let digests = |thread, entries: &[ThreadEntry]| {
            let mut last = initial_thread_digest(context.profile.office, context.case, thread);
            let later = entries.iter().map(|entry| {
                last = next_thread_digest(last, entry.kind, entry.sha256);
                last
            });
            let first = initial_thread_digest(context.profile.office, context.case, thread);
            std::iter::once(first).chain(later).collect::<Vec<_>>()
        };
        Self { mailbox: digests(ThreadName::Mailbox, mailbox), office: digests(ThreadName::Office, office) }
    }

    pub(super) fn end(&self, thread: ThreadName) -> ThreadPoint {
        let digests = self.of(thread);
        ThreadPoint { length: digests.len() as u64 - 1, digest: digests[digests.len() - 1] }
    }

    /// Whether a sender at this place saw what this reader finds.
    pub(super) fn agree(&self, passed: &Passed<'_>) -> bool {
        ThreadName::ALL
            .into_iter()
            .filter_map(|thread| Some((thread, passed.states(thread)?)))
            .all(|(thread, point)| self.holds(passed, thread, point))
    }

    /// Whether what a message states of one thread is what this reader finds; of its own, nothing behind
    /// itself.
    fn holds(&self, passed: &Passed<'_>, thread: ThreadName, point: ThreadPoint) -> bool {
        let found = usize::try_from(point.length).ok().and_then(|length| self.of(thread).get(length));
        (thread != passed.thread || point.length <= passed.position) && found == Some(&point.digest)
    }

    fn of(&self, thread: ThreadName) -> &[Digest] {
        match thread {
            ThreadName::Mailbox => &self.mailbox,
            ThreadName::Office => &self.office,
        }
    }
}

impl<'a> Passed<'a> {
    /// A thread as the sender states it.
    fn states(&self, thread: ThreadName) -> Option<ThreadPoint> {
        match self.word {
            Word::Text(text, _) => text.message.threads.of(thread),
            Word::Memo(memo) => (thread == ThreadName::Mailbox).then_some(memo.thread),
        }
    }

    fn own_day(&self) -> Day {
        match self.word {
            Word::Text(text, _) => text.message.day,
            Word::Memo(memo) => memo.day,
        }
    }

    pub(super) fn former(&self) -> Option<WhyFormer> {
        match self.word {
            Word::Text(_, WordKey::Person(ListedKey::Former(key))) => Some(key.why),
            _ => None,
        }
    }
}

/// Steps 1 to 5.
pub(super) fn judge<'a>(
    context: CaseContext<'a>,
    report_signer: Option<Signer>,
    thread: ThreadName,
    position: usize,
    entry: &'a ThreadEntry,
) -> Step<'a> {
    let is_first_report = (entry.kind == MessageKind::Report) == (position == 0);
    let is_in_place = entry.kind.thread() == thread && (thread == ThreadName::Office || is_first_report);
    let word = match &entry.found {
        Found::Opened(text) => Word::Text(text, key(context, report_signer, is_in_place, entry.kind, text)?),
        Found::Own(OwnMemo::Hers(memo)) if is_in_place && entry.kind.is_from_reporter() => Word::Memo(memo),
        Found::Own(OwnMemo::None) => return Err(Authenticity::Unverifiable),
        Found::Own(_) => return Err(Authenticity::NotAuthentic),
        Found::OneWay if is_in_place && entry.kind == MessageKind::Report => {
            return Err(Authenticity::OneWay);
        }
        Found::OneWay => return Err(Authenticity::NotAuthentic),
        Found::Unreadable => return Err(Authenticity::Unreadable),
        Found::NotFetched => return Err(Authenticity::NotFetched),
        // Whether an order for it is obeyed, is asked when everything else is known.
        Found::Gone | Found::Missing => return Err(Authenticity::Missing),
    };
    Ok(Passed { thread, position: position as u64, listed_day: entry.day, word })
}

/// The key that signs for the reporter, once the report is found to be signed by it.
pub(super) fn report_signer(context: CaseContext<'_>, first: Option<&ThreadEntry>) -> Option<Signer> {
    match judge(context, None, ThreadName::Mailbox, 0, first?).ok()?.word {
        Word::Text(_, WordKey::Reporter(signer)) => Some(signer),
        _ => None,
    }
}

/// Steps 4 and 5: the key that signed, if it may have signed this here.
fn key<'a>(
    context: CaseContext<'a>,
    report_signer: Option<Signer>,
    is_in_place: bool,
    listed_kind: MessageKind,
    text: &Unverified,
) -> Result<WordKey<'a>, Authenticity> {
    let message = &text.message;
    let own = message.office == context.profile.office && message.case == context.case;
    if !own || !is_in_place || message.kind() != listed_kind {
        return Err(Authenticity::NotAuthentic);
    }
    let key = match (&message.content, &message.sender) {
        (Content::Report { reporter, .. }, Sender::Reporter) => {
            Some(reporter.signer).filter(|signer| case_id(signer) == context.case).map(WordKey::Reporter)
        }
        (Content::FollowUp { .. }, Sender::Reporter) => {
            Some(WordKey::Reporter(report_signer.ok_or(Authenticity::Unverifiable)?))
        }
        (Content::Reply { .. } | Content::Record { .. }, Sender::Inspector(id)) => {
            context.profile.key(id).map(WordKey::Person)
        }
        _ => None,
    };
    key.filter(|key| text.is_signed_by(&key.signer())).ok_or(Authenticity::NotAuthentic)
}

impl WordKey<'_> {
    fn signer(&self) -> Signer {
        match self {
            Self::Reporter(signer) => *signer,
            Self::Person(key) => key.signer(),
        }
    }
}

/// Step 6: only what passed step 5 makes a later copy a replay.
pub(super) fn refuse_replays(thread: &mut [Step<'_>], entries: &[ThreadEntry]) {
    let mut seen = HashSet::new();
    for (step, entry) in thread.iter_mut().zip(entries) {
        let Ok(passed) = step else { continue };
        let is_new = match passed.word {
            Word::Text(text, _) => seen.insert(text.digest),
            Word::Memo(_) => seen.insert(entry.sha256),
        };
        if !is_new {
            *step = Err(Authenticity::Replayed);
        }
    }
}

/// Step 7: what a former key signed in time; what a stolen one signed only where somebody else vouches for
/// it.
pub(super) fn doubt_former_keys<'a>(
    mailbox: &mut [Step<'a>],
    office: &mut [Step<'a>],
    digests: &ThreadDigests,
) {
    let all = || mailbox.iter().chain(office.iter()).flatten();
    // A stolen key vouches for nothing, so one pass is enough.
    let vouchers: Vec<Passed<'a>> = all().filter(|passed| is_trusted(passed)).copied().collect();
    for step in mailbox.iter_mut().chain(office.iter_mut()) {
        let Ok(passed) = step else { continue };
        let Word::Text(_, WordKey::Person(key)) = passed.word else { continue };
        let is_vouched = || vouchers.iter().any(|voucher| vouches(voucher, passed, key, digests));
        let days = [passed.own_day(), passed.listed_day];
        if !is_in_time(key, &days) || is_stolen(key) && !is_vouched() {
            *step = Err(Authenticity::Doubtful);
        }
    }
}

fn is_trusted(passed: &Passed<'_>) -> bool {
    match passed.word {
        Word::Memo(_) | Word::Text(_, WordKey::Reporter(_)) => true,
        Word::Text(_, WordKey::Person(key)) => {
            !is_stolen(key) && is_in_time(key, &[passed.own_day(), passed.listed_day])
        }
    }
}

/// Whether somebody with another key had seen this message, on a day on which its key was still trusted. A
/// record vouches for records alone: else the mailbox would be one thing to the reporter, who sees none,
/// and another to the office.
fn vouches(voucher: &Passed<'_>, passed: &Passed<'_>, key: ListedKey<'_>, digests: &ThreadDigests) -> bool {
    let is_other = match voucher.word {
        Word::Memo(_) => true,
        Word::Text(_, other) => other.signer() != key.signer(),
    };
    is_other
        && voucher.thread == passed.thread
        && is_in_time(key, &[voucher.own_day()])
        && voucher.states(passed.thread).is_some_and(|point| {
            point.length > passed.position && digests.holds(voucher, passed.thread, point)
        })
}
