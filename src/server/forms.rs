//! The form for one-way reports (PROTOCOL 4.6) as one office shows it: the embedded pages with its recipients
//! put in; and how much memory all forms in progress may hold.

use std::collections::HashMap;

use maud::{Markup, html};
use tokio::sync::Semaphore;

use crate::http::static_file::StaticFile;
use crate::protocol::profile::Profile;

use super::embedded::EmbeddedFiles;

/// A form is held in memory, for its length is part of what is stored. All of them together, whatever their
/// offices, hold no more than this.
const ROOM_BYTES: usize = 128 * 1024 * 1024;
pub(super) const ROOM_UNIT: usize = 64 * 1024;

/// What a page's source has where the server puts something in, each once. They stand in
/// a text or in a quoted attribute.
const RECIPIENTS_MARK: &str = "@RECIPIENTS@";
const OFFICE_MARK: &str = "@OFFICE@";
const REASON_MARK: &str = "@REASON@";

/// Why a form was refused; the page has words for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Refusal {
    NotAge,
    OtherRecipient,
    Recipients,
    Short,
    TooLarge,
    Malformed,
    StorageFull,
    Busy,
    Internal,
}

/// The forms of one office.
pub(super) struct Forms {
    /// By address.
    by_path: HashMap<String, Form>,
}

/// The form in one language, and every answer to it, so that each is compressed at most once.
pub(super) struct Form {
    /// With the office's recipients and id put in.
    page: StaticFile,
    pub(super) sent: StaticFile,
    refused: HashMap<Refusal, StaticFile>,
}

impl Forms {
    pub(super) fn new(pages: &EmbeddedFiles, profile: &Profile) -> Self {
        let recipients: Vec<_> =
            profile.inspectors.iter().map(|inspector| inspector.recipient.as_str()).collect();
        let (recipients, office) = (recipients.join("\n"), profile.office.grouped());
        let forms = profile.languages.iter().filter_map(|language| {
            let path = format!("/{language}/sealed");
            let page = pages.file(&path)?;
            let page = put_in(page, RECIPIENTS_MARK, html! { (recipients) });
            let page = put_in(&page, OFFICE_MARK, html! { (office) });
            let sent = pages.file(&format!("{path}-sent"))?;
            let refused = pages.file(&format!("{path}-refused"))?;
            let refusal = |refusal: Refusal| put_in(refused, REASON_MARK, html! { (refusal.word()) });
            let form = Form {
                page,
                sent: sent.with_text(sent.text().into_owned()),
                refused: Refusal::ALL.map(|why| (why, refusal(why))).into(),
            };
            Some((path, form))
        });
        Self { by_path: forms.collect() }
    }

    /// The page at an address, if it is one of the forms.
    pub(super) fn page(&self, path: &str) -> Option<&StaticFile> {
        self.form(path).map(|form| &form.page)
    }

    /// The form at an address, to answer what was sent with it.
    pub(super) fn form(&self, path: &str) -> Option<&Form> {
        self.by_path.get(path)
    }
}

impl Form {
    pub(super) fn refused(&self, refusal: Refusal) -> &StaticFile {
        &self.refused[&refusal]
    }
}

/// A page with something in the place of its mark.
fn put_in(page: &StaticFile, mark: &str, markup: Markup) -> StaticFile {
    let text = page.text();
    let (before, after) = text.split_once(mark).expect("a test finds every mark in its page");
    page.with_text([before, &markup.into_string(), after].concat())
}

/// How much of the memory for forms is free, in units of [`ROOM_UNIT`].
pub(super) fn room() -> Semaphore {
    Semaphore::new(ROOM_BYTES / ROOM_UNIT)
}

/// Pages that are only ever an answer to the form, or that still lack what the server puts in.
pub(super) fn is_template(path: &str) -> bool {
    ["/sealed", "/sealed-sent", "/sealed-refused"].iter().any(|template| path.ends_with(template))
}

impl Refusal {
    const ALL: [Self; 9] = [
        Refusal::NotAge,
        Refusal::OtherRecipient,
        Refusal::Recipients,
        Refusal::Short,
        Refusal::TooLarge,
        Refusal::Malformed,
        Refusal::StorageFull,
        Refusal::Busy,
        Refusal::Internal,
    ];

    /// As `sealed-refused.html` names it.
    fn word(self) -> &'static str {
        match self {
            Refusal::NotAge => "not-age",
            Refusal::OtherRecipient => "other-recipient",
            Refusal::Recipients => "recipients",
            Refusal::Short => "short",
            Refusal::TooLarge => "too-large",
            Refusal::Malformed => "malformed",
            Refusal::StorageFull => "storage-full",
            Refusal::Busy | Refusal::Internal => "busy",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mark_stands_once_and_in_its_page_alone() {
        let mut found = 0;
        for (path, page) in EmbeddedFiles::pages().iter().filter(|(path, _)| !path.contains('.')) {
            let text = page.text();
            for (mark, place) in
                [(RECIPIENTS_MARK, "/sealed"), (OFFICE_MARK, "/sealed"), (REASON_MARK, "/sealed-refused")]
            {
                let wanted = usize::from(path.ends_with(place));
                assert_eq!(text.matches(mark).count(), wanted, "{path}: {mark}");
                found += wanted;
            }
            assert_eq!(
                text.matches('@').count() > 0,
                is_template(path) && !path.ends_with("-sent"),
                "{path}"
            );
        }
        assert_eq!(found, 2 * 3, "in Persian and English");
    }

    #[test]
    fn what_is_put_in_is_escaped_and_not_looked_at_again() {
        let page = StaticFile::new("a.html", b"<p a=\"@OFFICE@\">@RECIPIENTS@</p>".into());
        let page = put_in(&page, OFFICE_MARK, html! { ("\"><b>&") });
        let page = put_in(&page, RECIPIENTS_MARK, html! { ("@OFFICE@<") });
        assert_eq!(page.text(), "<p a=\"&quot;&gt;&lt;b&gt;&amp;\">@OFFICE@&lt;</p>");
    }
}
