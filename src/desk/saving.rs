//! Saving the files of a case for its inspector to look at: under safe names, what is nobody's word in a
//! folder of its own, and nothing under a name that says it is there before all of it is checked.

use std::collections::HashMap;
use std::path::Path;

use super::attachments::{FOLDERS_APART, Fetched, folder_apart, places, prepare_folder, unfinished_bytes};
use super::error::Error;
use super::opened::{MessagePlace, OpenedCase};
use super::view::{ShownCase, ShownMessage};
use super::workbench::Desk;
use crate::files::{SafeNames, Unfinished};
use crate::protocol::record::ThreadName;
use crate::verify::case::{Authenticity, CaseReading, MessageReading};

impl Desk {
    /// Saves every file of the case, and says in `shown` where. What could not be had or is not as it was
    /// signed is said there, too, and costs its own message alone.
    pub fn save_files(&self, opened: &OpenedCase, shown: &mut ShownCase, folder: &Path) -> Result<(), Error> {
        prepare_folder(folder)?;
        let reading = opened.read(&self.profile);
        let mut names = FolderNames::default();
        for place in places(opened) {
            let (Some(message), Some(shown)) = (reading_at(&reading, place), shown_at(shown, place)) else {
                continue;
            };
            if shown.files.is_empty() {
                continue;
            }
            match self.fetch_files(opened, place, message, folder)? {
                Fetched::Failed(failure) => {
                    // What was said of it rested on its text alone.
                    shown.authenticity = Authenticity::Unreadable;
                    shown.verified = false;
                    shown.failure = Some(failure);
                }
                Fetched::Whole(files) => {
                    shown.files_unread = false;
                    let apart = folder_apart(message.authenticity);
                    for (file, shown) in files.into_iter().zip(&mut shown.files) {
                        let name = names.give(apart, &shown.name);
                        if let Some(apart) = apart {
                            prepare_folder(&folder.join(apart))?;
                        }
                        file.finish_as(&folder.join(&name))?;
                        shown.saved = Some(name);
                    }
                }
            }
        }
        Ok(())
    }

    fn fetch_files(
        &self,
        opened: &OpenedCase,
        place: MessagePlace,
        message: &MessageReading<'_>,
        folder: &Path,
    ) -> Result<Fetched<Vec<Unfinished>>, Error> {
        let Some(text) = message.unverified() else {
            let one_way = opened.one_way.iter().map(|file| unfinished_bytes(folder, &file.bytes));
            return Ok(Fetched::Whole(one_way.collect::<Result<_, _>>()?));
        };
        match self.fetch_sealed(opened, place, folder)? {
            Fetched::Failed(failure) => Ok(Fetched::Failed(failure)),
            Fetched::Whole(sealed) => self.open_files(opened, place, &sealed, text, folder),
        }
    }
}

/// Names in the folder and in the folders inside it.
#[derive(Default)]
struct FolderNames(HashMap<Option<&'static str>, SafeNames>);

impl FolderNames {
    fn give(&mut self, apart: Option<&'static str>, name: &str) -> String {
        let names = self.0.entry(apart).or_insert_with(|| {
            let mut names = SafeNames::default();
            // A sender's file must not take the place of a folder of ours.
            if apart.is_none() {
                for folder in FOLDERS_APART {
                    names.give(folder);
                }
            }
            names
        });
        let name = names.give(name);
        apart.map_or_else(|| name.clone(), |apart| format!("{apart}/{name}"))
    }
}

pub(super) fn reading_at<'r, 'a>(
    reading: &'r CaseReading<'a>,
    place: MessagePlace,
) -> Option<&'r MessageReading<'a>> {
    match place.0 {
        ThreadName::Mailbox => reading.mailbox.get(place.1),
        ThreadName::Office => reading.office.get(place.1),
    }
}

fn shown_at(shown: &mut ShownCase, place: MessagePlace) -> Option<&mut ShownMessage> {
    match place.0 {
        ThreadName::Mailbox => shown.messages.get_mut(place.1),
        ThreadName::Office => shown.records.get_mut(place.1),
    }
}
