//! One-way reports (PROTOCOL 4.5): a plain form for browsers without scripts, which takes a file that was sealed
//! elsewhere. There is no code and no answer.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::protocol::ids::CaseId;
use crate::protocol::limits::AGE_FILE_BYTES_MAX;
use crate::protocol::one_way;
use crate::protocol::profile::Profile;
use crate::protocol::upload::MessageKind;
use crate::protocol::{age_header, limits};
use crate::storage::{self, NewUpload, Owner, Piece};
use crate::verify::digest::sha256;

use super::app::App;
use super::error::Problem;
use super::pages::{self, File, Pages};

/// Around the file: boundaries and the heads of the form's parts.
const FORM_BYTES: usize = 16 * 1024;
/// A form is held in memory, for its length is part of what is stored. All of them together hold no more than this.
const ROOM_BYTES: usize = 128 * 1024 * 1024;
const ROOM_UNIT: usize = 64 * 1024;

/// Why a form was refused; the page has words for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Refusal {
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

/// The pages of one office, and how much of the forms' room is taken.
pub(super) struct OneWay {
    /// By address.
    forms: HashMap<String, Form>,
    room: Semaphore,
}

/// The form in one language, and every answer to it, so that each is compressed at most once.
struct Form {
    /// With the office's recipients and id put in.
    page: File,
    sent: File,
    refused: HashMap<Refusal, File>,
}

impl OneWay {
    pub(super) fn new(pages: &Pages, profile: &Profile) -> Self {
        let recipients: Vec<_> =
            profile.inspectors.iter().map(|inspector| inspector.recipient.as_str()).collect();
        let (recipients, office) = (recipients.join("\n"), profile.office.to_string());
        let forms = profile.languages.iter().filter_map(|language| {
            let path = format!("/{language}/sealed");
            let refused = pages.file(&format!("{path}-refused"))?;
            let form = Form {
                // Bech32, hex and words of ours: none of them can be markup.
                page: pages.file(&path)?.with("@RECIPIENTS@", &recipients).with("@OFFICE@", &office),
                sent: pages.file(&format!("{path}-sent"))?.with("@REASON@", ""),
                refused: Refusal::ALL
                    .map(|refusal| (refusal, refused.with("@REASON@", refusal.word())))
                    .into(),
            };
            Some((path, form))
        });
        Self { forms: forms.collect(), room: Semaphore::new(ROOM_BYTES / ROOM_UNIT) }
    }

    /// The page at an address, if it is one of the forms.
    pub(super) fn page(&self, path: &str) -> Option<&File> {
        self.forms.get(path).map(|form| &form.page)
    }
}

/// Pages that are only ever an answer to the form, or that still lack what the server puts in.
pub(super) fn is_template(path: &str) -> bool {
    ["/sealed", "/sealed-sent", "/sealed-refused"].iter().any(|template| path.ends_with(template))
}

pub(super) fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(AGE_FILE_BYTES_MAX + FORM_BYTES)
}

/// `POST /<language>/sealed`.
pub(super) async fn send(
    State(app): State<Arc<App>>,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let Some(answers) = app.one_way.forms.get(uri.path()) else {
        return pages::missing(&uri, &headers, Problem::NotFound);
    };
    let outcome = match form {
        Ok(form) => take(&app, form).await,
        Err(_) => Err(Refusal::Malformed),
    };
    let (status, page) = match outcome {
        Ok(()) => (StatusCode::CREATED, &answers.sent),
        Err(refusal) => (refusal.status(), &answers.refused[&refusal]),
    };
    let mut response = page.answer(uri.path(), &headers);
    *response.status_mut() = status;
    response
}

/// Stores the file of a form, as the only message of a case that nobody has a token for.
async fn take(app: &App, form: Multipart) -> Result<(), Refusal> {
    let (age_file, room) = sealed_file(app, form).await?;
    let blob = one_way::encode(&age_file, app.signed.profile.inspectors.len())?;
    drop(age_file);
    if blob.len() as u64 > app.message_bytes_max {
        return Err(Refusal::TooLarge);
    }
    debug_assert!(limits::is_size_class(blob.len() as u64));
    let new = NewUpload {
        owner: Owner::from_bytes(rand::random()),
        kind: MessageKind::Report,
        case: CaseId::from_bytes(rand::random()),
        length_bytes: blob.len() as u64,
        day: app.today(),
    };
    let whole = Piece { offset: 0, digest: Some(sha256(&blob)), data: blob };
    app.storage.create_upload(new, Some(whole)).await?;
    drop(room);
    Ok(())
}

/// The bytes in the form's field `sealed`, which must be its only one, and the room they take.
async fn sealed_file(
    app: &App,
    mut form: Multipart,
) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), Refusal> {
    let mut field =
        form.next_field().await?.filter(|field| field.name() == Some("sealed")).ok_or(Refusal::Malformed)?;
    let (mut file, mut room) = (Vec::new(), None::<SemaphorePermit<'_>>);
    while let Some(chunk) = field.chunk().await? {
        file.extend_from_slice(&chunk);
        if file.len() > AGE_FILE_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        // A multiple of two: the blob that is made of it is held for a moment beside it.
        let held = room.as_ref().map_or(0, SemaphorePermit::num_permits);
        let more = (2 * file.len()).div_ceil(ROOM_UNIT) - held;
        let permit = app.one_way.room.try_acquire_many(more as u32).map_err(|_| Refusal::Busy)?;
        match &mut room {
            Some(room) => room.merge(permit),
            None => room = Some(permit),
        }
    }
    drop(field);
    if form.next_field().await?.is_some() { Err(Refusal::Malformed) } else { Ok((file, room)) }
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

    fn status(self) -> StatusCode {
        match self {
            Refusal::NotAge | Refusal::OtherRecipient | Refusal::Recipients | Refusal::Short => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::Malformed => StatusCode::BAD_REQUEST,
            Refusal::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
            Refusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

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

impl From<one_way::Error> for Refusal {
    fn from(error: one_way::Error) -> Self {
        match error {
            one_way::Error::Header(age_header::Error::NotAge) | one_way::Error::NotOneWay => Refusal::NotAge,
            one_way::Error::Header(age_header::Error::OtherRecipient) => Refusal::OtherRecipient,
            one_way::Error::Recipients { .. } => Refusal::Recipients,
            one_way::Error::Short => Refusal::Short,
            one_way::Error::TooLarge => Refusal::TooLarge,
        }
    }
}

impl From<axum::extract::multipart::MultipartError> for Refusal {
    fn from(error: axum::extract::multipart::MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge,
            _ => Refusal::Malformed,
        }
    }
}

impl From<storage::Error> for Refusal {
    fn from(error: storage::Error) -> Self {
        match Problem::from(error) {
            Problem::StorageFull => Refusal::StorageFull,
            Problem::Busy => Refusal::Busy,
            _ => Refusal::Internal,
        }
    }
}
