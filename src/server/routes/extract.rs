//! What handlers take from a request besides its headers and body.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::server::app::App;
use crate::server::office::ServedOffice;

/// What a path names, unless its bytes are no text. Handlers take it so: axum's own refusal is no problem
/// document and quotes the path.
pub type PathParam<T> = Result<Path<T>, PathRejection>;

/// The office that a request is for: the only way for a handler to get one.
pub struct AtOffice(pub Arc<ServedOffice>);

impl FromRequestParts<Arc<App>> for AtOffice {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(app.offices.answering().clone()))
    }
}
