//! A profile, and a change of one, in words for the people who sign it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::change::{Fate, Past, fates};
use crate::protocol::profile::{FormerKey, Inspector, Profile, Root, Texts, WhyFormer, versions};
use crate::protocol::text::{printable, wrap};

const COLUMNS_MAX: usize = 76;

/// What is in a signed profile.
pub fn profile(profile: &Profile) -> String {
    let mut text = format!("office   {}\n", profile.office);
    for (language, name) in &profile.name {
        let _ = writeln!(text, "name     {} ({language})", printable(name));
    }
    let _ = writeln!(
        text,
        "version  {}, signed on {}, valid to {}",
        profile.version, profile.issued, profile.expires
    );
    let _ = writeln!(text, "root     {}", roots(profile));
    for address in &profile.addresses {
        let _ = writeln!(text, "address  {address}");
    }
    for inspector in &profile.inspectors {
        let Inspector { id, joined, epoch, .. } = inspector;
        let role = role(profile, &inspector.role);
        let _ = writeln!(text, "sealed to {id}: {role} (since version {joined}, key of epoch {epoch})");
    }
    for key in &profile.former {
        let FormerKey { id, epoch, until, .. } = key;
        let role = key.role.as_ref().map(|texts| format!(" {}", role(profile, texts))).unwrap_or_default();
        let _ =
            writeln!(text, "former key of {id}:{role} (epoch {epoch}, {}, trusted to {until})", why(key.why));
    }
    for entry in &profile.two_persons {
        let _ = writeln!(text, "two persons for {}, since {}", entry.id, entry.since);
    }
    let _ = writeln!(
        text,
        "kept     {} days after a case is closed, {} days without an answer",
        profile.retention.closed_days, profile.retention.unanswered_days
    );
    text
}

/// What an office's first profile says.
pub fn first(profile: &Profile) -> String {
    let mut text = format!(
        "version {}, the first one; valid {} to {}\n",
        profile.version, profile.issued, profile.expires
    );
    for inspector in &profile.inspectors {
        heading(&mut text, profile, inspector);
        paragraph(&mut text, "Opens every report that does not leave her out, and answers it.");
    }
    everybody(&mut text);
    alone(&mut text, profile);
    let reached = profile.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    paragraph(&mut text, &format!("Reporters and inspectors reach the server at {reached}."));
    text
}

/// What changes with this profile, person by person. For a change that nothing speaks against.
pub fn change(past: &Past<'_>, next: &Profile) -> String {
    let last = past.last;
    let mut text =
        format!("version {} -> {}; valid {} to {}\n", last.version, next.version, next.issued, next.expires);
    let fates = fates(past, next);
    for fate in &fates {
        person(&mut text, last, next, *fate);
    }
    everybody(&mut text);
    let keep: Vec<_> = fates.iter().filter(|fate| fate.keeps_reading()).collect();
    if keep.is_empty() {
        let nobody = "WARNING: nobody keeps her key: what was sealed before can be handed over by \
             nobody. Change one person at a time.";
        paragraph(&mut text, nobody);
    }
    alone(&mut text, next);
    paragraph(
        &mut text,
        "Whoever a reporter left out stays left out: the version with which each person joined is the \
         same as before.",
    );
    reporters(&mut text, last, next);
    succession(&mut text, last, next);
    addresses(&mut text, last, next);
    let changed = changed_members(last, next);
    if !changed.is_empty() {
        paragraph(&mut text, &format!("Also changed: {}.", changed.join(", ")));
    }
    text
}

fn succession(text: &mut String, last: &Profile, next: &Profile) {
    let (number, own) = (next.roots.len(), versions(next.roots.len()));
    if number > last.roots.len() {
        let root = format!(
            "Root {number} signs from this version on. Its versions, {} to {}, are above all that an \
             earlier root can sign: whoever has seen this one takes none of those any more. Codes, \
             posters and links stay valid.",
            own.start(),
            own.end()
        );
        paragraph(text, &root);
    }
    if next.version == *own.end() {
        let follows = match next.last_root().is_none_or(Root::is_last) {
            true => "and no root can follow it: found a new office while this profile is in force",
            false => "the next version needs the root after it",
        };
        paragraph(text, &format!("This is the last version that root {number} signs; {follows}."));
    }
}

fn person(text: &mut String, last: &Profile, next: &Profile, fate: Fate<'_>) {
    match fate {
        Fate::Joins(now) => {
            heading(text, next, now);
            paragraph(
                text,
                &format!("Joins with version {}. Opens what is sealed from then on.", now.joined),
            );
            paragraph(text, HANDED_OVER);
        }
        Fate::Returns(now) => {
            heading(text, next, now);
            let since = format!(
                "Comes back, as the one who joined with version {}: who left her out then leaves her out \
                 still. Opens what is sealed from this version on.",
                now.joined
            );
            paragraph(text, &since);
            paragraph(text, HANDED_OVER);
        }
        Fate::Stays { before, now } => {
            heading(text, next, now);
            paragraph(text, "Stays, with the same key: reads and answers as before.");
            if before.role != now.role {
                let was = role(last, &before.role);
                paragraph(text, &format!("Was called {was}. Her old answers are shown under the new role."));
            }
        }
        Fate::NewKey { now, former } => {
            heading(text, next, now);
            new_key(text, now, former);
            old_answers(text, last, former);
        }
        Fate::Leaves { before, former } => {
            heading(text, last, before);
            leaves(text, former);
            old_answers(text, last, former);
            if former.why == WhyFormer::Left {
                paragraph(text, "Her file still opens what was sealed to it: see it destroyed.");
            }
        }
    }
}

fn new_key(text: &mut String, now: &Inspector, former: &FormerKey) {
    let (old, new) = (former.epoch, now.epoch);
    paragraph(text, &format!("New key, of epoch {new}; the one of epoch {old} {}.", ended(former)));
    paragraph(
        text,
        "Opens with it what is sealed from this version on. What was sealed to the old key opens with \
         the old file alone: another reader hands those cases over to her. A case that she alone read \
         can be handed over by nobody else.",
    );
}

fn leaves(text: &mut String, former: &FormerKey) {
    let epoch = former.epoch;
    paragraph(text, &format!("Is no longer an inspector; her key of epoch {epoch} {}.", ended(former)));
    let cases = match former.why {
        WhyFormer::Left | WhyFormer::Replaced => {
            "A case that she alone reads is then read by nobody: let her hand it over before."
        }
        WhyFormer::Stolen => {
            "A case that she alone reads is then read by nobody: a handover under the stolen key would \
             not count."
        }
    };
    paragraph(text, &format!("Cannot sign in any more once the server has this profile. {cases}"));
}

const HANDED_OVER: &str = "Of cases that are open now: reads what a reader hands over to her, and \
     nothing without. A reporter reads by role that she is there when an answer names her, and decides \
     whether to write to her.";

fn alone(text: &mut String, profile: &Profile) {
    if let [only] = &profile.inspectors[..] {
        let alone = format!(
            "WARNING: {} is alone. When her key is lost nobody can read the reports any more, and no \
             reporter can leave her out.",
            only.id
        );
        paragraph(text, &alone);
    }
}

/// Which of the old answers hold, and which do not.
fn old_answers(text: &mut String, last: &Profile, former: &FormerKey) {
    let until = former.until;
    match former.why {
        WhyFormer::Left | WhyFormer::Replaced => paragraph(
            text,
            &format!(
                "Answers and records signed with it up to {until} stay authentic. What is dated or \
                 arrives later is doubtful: it does not count."
            ),
        ),
        WhyFormer::Stolen => {
            paragraph(
                text,
                &format!(
                    "Answers and records signed with it stay authentic only where somebody else's \
                     message of up to {until} was written in sight of them. All others are doubtful: a \
                     status or outcome that they gave does not count. Go through her cases, and say \
                     again with a good key what is to hold."
                ),
            );
            paragraph(
                text,
                &format!(
                    "Whoever has the file and its passphrase opens everything that was sealed to it. A \
                     server in the thief's hands can show the old profile to newcomers until {}.",
                    last.expires
                ),
            );
        }
    }
}

fn reporters(text: &mut String, last: &Profile, next: &Profile) {
    let roles: Vec<_> = next.inspectors.iter().map(|now| format!("\"{}\"", role(next, &now.role))).collect();
    paragraph(
        text,
        &format!(
            "A new reporter is asked whom of these to leave out: {}. Who comes back writes to the \
             persons of the last message who are still here.",
            roles.join(", ")
        ),
    );
    let former: BTreeSet<_> = next.former.iter().map(|key| &key.id).collect();
    let gone = last.inspectors.iter().filter(|before| next.inspector(&before.id).is_none());
    let gone: Vec<_> =
        gone.filter(|before| former.contains(&before.id)).map(|before| before.id.as_str()).collect();
    if !gone.is_empty() {
        paragraph(
            text,
            &format!(
                "A reporter who wrote to nobody but {} can write to nobody any more until an answer \
                 names somebody else and she agrees. Let that be said in an answer before this profile \
                 is served.",
                gone.join(" and ")
            ),
        );
    }
}

fn addresses(text: &mut String, last: &Profile, next: &Profile) {
    for address in next.addresses.iter().filter(|address| !last.addresses.contains(address)) {
        paragraph(text, &format!("New address: {address}. The server's configuration must have its host."));
    }
    for address in last.addresses.iter().filter(|address| !next.addresses.contains(address)) {
        paragraph(
            text,
            &format!(
                "{address} is no address any more: posters and links with it lead nowhere, and nobody \
                 signs in there."
            ),
        );
    }
}

/// Names of the members that differ and are told of nowhere else.
fn changed_members(last: &Profile, next: &Profile) -> Vec<&'static str> {
    [
        ("languages", last.languages != next.languages),
        ("name", last.name != next.name),
        ("kinds", last.kinds != next.kinds),
        ("districts", last.districts != next.districts),
        ("units", last.units != next.units),
        ("services", last.services != next.services),
        ("deadlines", last.deadlines != next.deadlines),
        ("holidays", last.holidays != next.holidays),
        ("retention", last.retention != next.retention),
        ("two_persons", last.two_persons != next.two_persons),
        ("contacts", last.contacts != next.contacts),
        ("legal_note", last.legal_note != next.legal_note),
        ("limits", last.limits != next.limits),
        ("extensions", last.extensions != next.extensions),
    ]
    .into_iter()
    .filter_map(|(name, differs)| differs.then_some(name))
    .collect()
}

fn roots(profile: &Profile) -> String {
    let number = profile.roots.len();
    let (first, last) = versions(number).into_inner();
    let ends = profile.last_root().is_none_or(Root::is_last);
    let follows = if ends { "none can follow" } else { "its successor is committed to" };
    format!("{number} signs versions {first} to {last}, {follows}")
}

fn ended(former: &FormerKey) -> String {
    format!("{} and is trusted to {}", why(former.why), former.until)
}

fn why(why: WhyFormer) -> &'static str {
    match why {
        WhyFormer::Left => "left with her",
        WhyFormer::Replaced => "was replaced",
        WhyFormer::Stolen => "was stolen",
    }
}

/// In the office's own language.
fn role(profile: &Profile, texts: &Texts) -> String {
    printable(profile.text(texts, ""))
}

fn heading(text: &mut String, profile: &Profile, inspector: &Inspector) {
    let _ = writeln!(text, "\n{}: {}", inspector.id, role(profile, &inspector.role));
}

fn everybody(text: &mut String) {
    text.push_str("\nfor everybody\n");
}

fn paragraph(text: &mut String, words: &str) {
    for (at, line) in wrap(&printable(words), COLUMNS_MAX - 4).into_iter().enumerate() {
        let indent = if at == 0 { "  - " } else { "    " };
        let _ = writeln!(text, "{indent}{}", line.trim_end());
    }
}

/// As people count.
pub fn inspectors(profile: &Profile) -> String {
    match profile.inspectors.len() {
        1 => "1 inspector".to_owned(),
        many => format!("{many} inspectors"),
    }
}
