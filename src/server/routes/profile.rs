//! `GET /profile`: the signed note, as it was signed.

use axum::http::HeaderMap;
use axum::response::Response;

use super::extract::AtOffice;

pub async fn read(AtOffice(office): AtOffice, headers: HeaderMap) -> Response {
    office.signed.note.answer(&headers)
}
