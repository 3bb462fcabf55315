//! One-way reports (PROTOCOL 4.6): a plain form for browsers without scripts, which takes a file that was
//! sealed elsewhere. There is no code and no answer.

use std::sync::Arc;

use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::protocol::api::ProblemWord;
use crate::protocol::ids::CaseId;
use crate::protocol::limits::{self, AGE_FILE_BYTES_MAX};
use crate::protocol::{age_header, one_way};
use crate::server::app::App;
use crate::server::forms::{ROOM_UNIT, Refusal};
use crate::server::office::ServedOffice;
use crate::server::problem::word_of;
use crate::storage;
use crate::verify::digest::sha256;

use super::extract::AtOffice;
use super::pages;

/// Around the file: boundaries and the heads of the form's parts.
const FORM_BYTES: usize = 16 * 1024;

pub fn body_limit() -> DefaultBodyLimit {
    DefaultBodyLimit::max(AGE_FILE_BYTES_MAX + FORM_BYTES)
}

/// `POST /<language>/sealed`.
pub async fn send(
    State(app): State<Arc<App>>,
    AtOffice(office): AtOffice,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let Some(answers) = office.forms.form(uri.path()) else {
        return pages::missing(&uri, &headers, ProblemWord::NotFound);
    };
    let outcome = match form {
        Ok(form) => take(&app, &office, form).await,
        Err(_) => Err(Refusal::Malformed),
    };
    let (status, page) = match outcome {
        Ok(()) => (StatusCode::CREATED, &answers.sent),
        Err(refusal) => (status(refusal), answers.refused(refusal)),
    };
    let mut response = page.answer(&headers);
    *response.status_mut() = status;
    response
}

/// Stores the file of a form, as the only message of a case that nobody has a token for.
async fn take(app: &App, office: &ServedOffice, form: Multipart) -> Result<(), Refusal> {
    let (age_file, room) = sealed_file(&app.form_room, form).await?;
    let blob = one_way::encode(&age_file, office.profile.inspectors.len())?;
    drop(age_file);
    if blob.len() as u64 > app.message_bytes_max {
        return Err(Refusal::TooLarge);
    }
    debug_assert!(limits::is_size_class(blob.len() as u64));
    let digest = sha256(&blob);
    let case = CaseId::from_bytes(rand::random());
    office.storage.add_one_way(case, blob, digest, app.today()).await?;
    drop(room);
    Ok(())
}

/// The bytes in the form's field `sealed`, which must be its only one, and the room they take.
async fn sealed_file(
    free: &Semaphore,
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
        let permit = free.try_acquire_many(more as u32).map_err(|_| Refusal::Busy)?;
        match &mut room {
            Some(room) => room.merge(permit),
            None => room = Some(permit),
        }
    }
    drop(field);
    if form.next_field().await?.is_some() { Err(Refusal::Malformed) } else { Ok((file, room)) }
}

fn status(refusal: Refusal) -> StatusCode {
    match refusal {
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
        match word_of(error) {
            ProblemWord::StorageFull => Refusal::StorageFull,
            ProblemWord::Busy => Refusal::Busy,
            _ => Refusal::Internal,
        }
    }
}
