//! The office as a reporter meets it: its profile verified, a report sealed to its inspectors and sent.

use super::draft::{Attachment, Draft, ReportForm};
use super::error::Error;
use crate::client::{Bearer, Client, OutgoingMessage};
use crate::protocol::day::Day;
use crate::protocol::ids::{Id, OfficeId};
use crate::protocol::memo::{Memo, SealedMemo};
use crate::protocol::message::{Content, EarlierCase, Message, MessageKind, Sender, ThreadPoint, Threads};
use crate::protocol::receipt::ReceiptCode;
use crate::protocol::record::ThreadName;
use crate::protocol::upload::UploadMetadata;
use crate::seal::derive::{ReporterKeys, write_token};
use crate::seal::memo::MemoPlace;
use crate::seal::message::{SealError, recipients, seal};
use crate::verify::case::CaseReading;
use crate::verify::digest::{initial_thread_digest, sha256, write_hash};
use crate::verify::profile::{self, Expectation, VerifiedProfile};

/// The office, its signed profile verified.
pub struct Office<'a> {
    pub(super) client: &'a Client,
    /// It may have expired: what was answered stays readable under it, and nothing is sealed.
    pub profile: VerifiedProfile,
    today: Day,
}

/// A report or follow-up, sealed and on its way to nobody yet.
pub struct SealedMessage {
    metadata: UploadMetadata,
    token: Bearer,
    memo: SealedMemo,
    blob: Vec<u8>,
}

/// An earlier case of the same reporter that a report goes back to, and who was left out of it.
pub struct EarlierReport {
    pub(super) keys: ReporterKeys,
    pub(super) left_out: Vec<Id>,
}

/// What of a message depends on its place in a case.
pub(super) struct PlacedContent {
    pub(super) content: Content,
    pub(super) readers: Vec<Id>,
    pub(super) thread: ThreadPoint,
}

impl<'a> Office<'a> {
    /// Fetches and verifies the profile. `expected` is the office's id where the reporter has it from a
    /// poster or a link.
    pub fn visit(client: &'a Client, expected: Option<OfficeId>, today: Day) -> Result<Self, Error> {
        let expectation = Expectation::of_first_visit(expected, today);
        let profile = profile::verify_for_reading(&client.profile()?, expectation)?;
        Ok(Self { client, profile, today })
    }

    pub fn is_expired(&self) -> bool {
        self.profile.is_expired(self.today)
    }

    /// Whether anything may be sealed under this profile.
    pub fn check_in_force(&self) -> Result<(), Error> {
        check_in_force(&self.profile, self.today)
    }

    /// Seals and sends a report. When this returns, it is durable and the code opens its mailbox.
    pub fn report(
        &self,
        code: &ReceiptCode,
        form: ReportForm,
        draft: &Draft,
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        self.send(&self.seal_report(code, form, draft, None)?, progress)
    }

    /// Seals a report and sends nothing: its code can reach its owner before anybody else hears of it. Whom
    /// an earlier case left out, this one leaves out, too.
    pub fn seal_report(
        &self,
        code: &ReceiptCode,
        form: ReportForm,
        draft: &Draft,
        earlier: Option<&EarlierReport>,
    ) -> Result<SealedMessage, Error> {
        let keys = ReporterKeys::derive(code, self.profile.office);
        let case = keys.case();
        let left_out = |id: &Id| {
            draft.left_out.contains(id) || earlier.is_some_and(|earlier| earlier.left_out.contains(id))
        };
        let listed = self.profile.inspectors.iter().map(|inspector| inspector.id.clone());
        let readers = listed.filter(|id| !left_out(id)).collect();
        let earlier: Option<EarlierCase> =
            earlier.map(|earlier| earlier.keys.earlier_case(self.profile.office, case));
        let digest = initial_thread_digest(self.profile.office, case, ThreadName::Mailbox);
        let placed = PlacedContent {
            content: Content::Report {
                door: form.door,
                answers: form.answers,
                reporter: keys.reporter(),
                earlier,
            },
            readers,
            thread: ThreadPoint { length: 0, digest },
        };
        self.seal(&self.profile, &keys, placed, draft)
    }

    /// Sends what was sealed. When this returns, it is durable.
    pub fn send(&self, sealed: &SealedMessage, progress: impl FnMut(u64)) -> Result<(), Error> {
        let outgoing = OutgoingMessage {
            metadata: sealed.metadata,
            memo: Some(&sealed.memo),
            write: None,
            blob: &sealed.blob,
        };
        Ok(self.client.upload(&sealed.token, &outgoing, progress)?)
    }

    /// The profile as it is now, where the mailbox knows a newer one than was fetched.
    pub(super) fn newest_profile(&self, floor: u64) -> Result<VerifiedProfile, Error> {
        let newest = if floor > self.profile.version {
            let expectation = Expectation::after(&self.profile, self.today);
            profile::verify_for_reading(&self.client.profile()?, expectation)?
        } else {
            self.profile.clone()
        };
        Ok(newest)
    }

    /// Whether a mailbox that was read by this profile lets anything be sealed by it.
    pub(super) fn check_sealing(
        &self,
        profile: &VerifiedProfile,
        reading: &CaseReading<'_>,
    ) -> Result<(), Error> {
        check_in_force(profile, self.today)?;
        let (offered, floor) = (profile.version, reading.state.profile_floor);
        if offered < floor {
            Err(Error::ProfileOlder { offered, floor })
        } else if reading.state.profile_differs {
            Err(Error::ProfileDiffers { version: offered })
        } else {
            Ok(())
        }
    }

    pub(super) fn seal(
        &self,
        profile: &VerifiedProfile,
        keys: &ReporterKeys,
        placed: PlacedContent,
        draft: &Draft,
    ) -> Result<SealedMessage, Error> {
        check_in_force(profile, self.today)?;
        let max_bytes = profile.limits.files_bytes;
        if draft.files.iter().map(|file| file.bytes.len() as u64).sum::<u64>() > max_bytes {
            return Err(Error::FilesTooLarge { max_bytes });
        }
        let PlacedContent { content, mut readers, thread } = placed;
        readers.sort();
        let recipients = recipients(profile, &readers, None)?;
        let message = Message {
            office: profile.office,
            case: keys.case(),
            sender: Sender::Reporter,
            threads: Threads { mailbox: thread, office: None },
            day: self.today,
            language: draft.language.clone(),
            profile: profile.stamp(),
            readers,
            text: draft.text.clone(),
            content,
            files: draft.files.iter().map(Attachment::describe).collect(),
            extensions: Default::default(),
        };
        let files: Vec<&[u8]> = draft.files.iter().map(|file| &file.bytes[..]).collect();
        let blob = seal(&message, &files, &keys.signing, &recipients)?;
        let memo = Memo {
            day: message.day,
            profile: message.profile.version,
            readers: message.readers.clone(),
            thread,
        };
        let place = MemoPlace { office: message.office, case: message.case, blob: sha256(&blob) };
        let memo = keys.memo.seal(&memo, place).map_err(|error| SealError::Age(error.to_string()))?;
        let kind = message.kind();
        let write_hash = (kind == MessageKind::Report).then(|| write_hash(&write_token(&keys.secret)));
        let metadata = UploadMetadata { kind, case: message.case, write_hash };
        Ok(SealedMessage { metadata, token: keys.token.encode(), memo, blob })
    }
}

fn check_in_force(profile: &VerifiedProfile, today: Day) -> Result<(), Error> {
    if profile.is_expired(today) {
        return Err(profile::Error::Expired { expires: profile.expires }.into());
    }
    Ok(())
}
