//! The pages, and what stands at addresses that are none.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use crate::http::problem::Problem;
use crate::protocol::api::ProblemWord;
use crate::server::app::App;
use crate::server::forms;

use super::extract::AtOffice;

/// `GET /`: to the office's own language.
pub async fn home(AtOffice(office): AtOffice) -> Response {
    let language = office.profile.languages.first().map_or("", String::as_str);
    to(StatusCode::TEMPORARY_REDIRECT, &format!("/{language}/"))
}

/// A page or an asset.
pub async fn read(
    State(app): State<Arc<App>>,
    AtOffice(office): AtOffice,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = uri.path();
    if let Some(file) = office.forms.page(path) {
        return file.answer(&headers);
    }
    if let Some(file) = app.pages.file(path).filter(|_| !forms::is_template(path)) {
        return file.answer(&headers);
    }
    let folder = format!("{path}/");
    if app.pages.file(&folder).is_some() {
        return to(StatusCode::PERMANENT_REDIRECT, &folder);
    }
    missing(&uri, &headers, ProblemWord::NotFound)
}

/// Everything that the router does not know.
pub async fn not_found(uri: Uri, headers: HeaderMap) -> Response {
    missing(&uri, &headers, ProblemWord::NotFound)
}

pub async fn method_not_allowed(uri: Uri, headers: HeaderMap) -> Response {
    missing(&uri, &headers, ProblemWord::MethodNotAllowed)
}

/// A page for people, a problem document for programs.
pub fn missing(uri: &Uri, headers: &HeaderMap, problem: ProblemWord) -> Response {
    let is_api = uri.path() == "/api" || uri.path().starts_with("/api/");
    let wants_html = headers
        .get_all(ACCEPT)
        .iter()
        .any(|value| value.as_bytes().windows(9).any(|part| part == b"text/html"));
    let mut response = Problem::from(problem).into_response();
    if wants_html && !is_api {
        let page = if problem == ProblemWord::MethodNotAllowed { METHOD_PAGE } else { NOT_FOUND_PAGE };
        response = (response.status(), [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response();
    }
    response
}

const NOT_FOUND_PAGE: &str = concat!(
    "<!doctype html><html lang=\"fa\" dir=\"rtl\"><meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><title>پیدا نشد · Not found</title>",
    "<main><h1>این صفحه پیدا نشد</h1><p><a href=\"/\">رفتن به صفحهٔ نخست</a></p>",
    "<div lang=\"en\" dir=\"ltr\"><h2>This page was not found</h2><p><a href=\"/\">Go to the home page</a></p></div></main></html>"
);

const METHOD_PAGE: &str = concat!(
    "<!doctype html><html lang=\"fa\" dir=\"rtl\"><meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><title>انجام نشد · Not possible</title>",
    "<main><h1>این کار در این صفحه ممکن نیست</h1><p><a href=\"/\">رفتن به صفحهٔ نخست</a></p>",
    "<div lang=\"en\" dir=\"ltr\"><h2>This page cannot do that</h2><p><a href=\"/\">Go to the home page</a></p></div></main></html>"
);

fn to(status: StatusCode, path: &str) -> Response {
    match HeaderValue::try_from(path) {
        Ok(location) => (status, [(LOCATION, location)]).into_response(),
        Err(_) => Problem::from(ProblemWord::NotFound).into_response(),
    }
}
