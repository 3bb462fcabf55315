//! What the office's own thread without a case amounts to (PROTOCOL 2.5 and 2.8). Every person of the
//! profile writes in it.

use std::collections::BTreeMap;

use super::case_state::{Handover, Noted};
use super::effect::{IneffectiveAct, NoEffect};
use super::mailbox_fold::{Counted, Judgement};
use super::office_fold::{ActContext, PassedRecord};
use super::steps::Passed;
use crate::protocol::day::Day;
use crate::protocol::ids::{CaseId, Digest, Id};
use crate::protocol::record::Act;
use crate::protocol::secret::CaseSecret;

/// The journal after all its records that count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalState {
    pub invitations: Vec<Noted<Invitation>>,
    /// The last of each id.
    pub templates: BTreeMap<Id, Noted<Template>>,
    pub laws: BTreeMap<Id, Noted<ExplainedLaw>>,
    pub minutes: Vec<Noted<Minutes>>,
    pub publications: Vec<Noted<Publication>>,
    pub handovers: Vec<Noted<Handover>>,
}

/// The secret of a case, for a person to whom it is then handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub person: Id,
    pub case: CaseId,
    pub secret: CaseSecret,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub title: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedLaw {
    pub question: String,
    pub answer: String,
    pub rule: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minutes {
    pub day: Day,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    pub publication: Id,
    pub digest: Digest,
}

impl JournalState {
    /// Takes in the next record that passed steps 1 to 7. Every person of the profile is a reader here.
    pub(super) fn apply(&mut self, passed: &Passed<'_>) -> Judgement {
        let Some(record) = PassedRecord::of(passed) else { return Judgement::NotFromAReader };
        if record.text.is_of_newer_version() {
            return Judgement::NewerVersion;
        }
        self.apply_acts(record.acts, &record.context);
        Judgement::Counts(Counted::default())
    }

    /// Takes in the acts of a record, and says which of them change nothing. What
    /// is not mentioned has an effect.
    pub(super) fn apply_acts(&mut self, acts: &[Act], context: &ActContext<'_>) -> Vec<IneffectiveAct> {
        let apply = |(at, act): (usize, &Act)| {
            let why = self.apply_act(act, context).err()?;
            Some(IneffectiveAct { at, word: act.word(), why })
        };
        acts.iter().enumerate().filter_map(apply).collect()
    }

    fn apply_act(&mut self, act: &Act, context: &ActContext<'_>) -> Result<(), NoEffect> {
        match act {
            Act::Invitation { person, case, secret } => {
                let invitation = Invitation { person: person.clone(), case: *case, secret: secret.clone() };
                self.invitations.push(context.note(invitation));
            }
            Act::Template { template, title, text } => {
                let value = Template { title: title.clone(), text: text.clone() };
                return replace(&mut self.templates, template, context.note(value));
            }
            Act::ExplainedLaw { law, question, answer, rule } => {
                let value =
                    ExplainedLaw { question: question.clone(), answer: answer.clone(), rule: rule.clone() };
                return replace(&mut self.laws, law, context.note(value));
            }
            Act::Minutes { day, text } => {
                self.minutes.push(context.note(Minutes { day: *day, text: text.clone() }));
            }
            Act::Publication { publication, digest } => {
                let value = Publication { publication: publication.clone(), digest: *digest };
                self.publications.push(context.note(value));
            }
            Act::Handover { persons, messages } => {
                let value = Handover { persons: persons.clone(), messages: messages.clone() };
                self.handovers.push(context.note(value));
            }
            _ => return Err(NoEffect::NotInJournal),
        }
        Ok(())
    }
}

fn replace<T: PartialEq>(
    values: &mut BTreeMap<Id, Noted<T>>,
    id: &Id,
    noted: Noted<T>,
) -> Result<(), NoEffect> {
    let is_new = values.get(id).is_none_or(|before| before.value != noted.value);
    values.insert(id.clone(), noted);
    is_new.then_some(()).ok_or(NoEffect::Unchanged)
}
