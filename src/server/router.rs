//! Every address of the server.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, head, options, patch, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::http::headers::secure;
use crate::http::problem::Problem;
use crate::protocol::api::ProblemWord;

use super::app::App;
use super::routes::{cases, extract, mailbox, pages, profile, sealed_form, sign_in, tus, uploads};

/// Makes of one table both the router and the list that `docs/openapi.yaml` is compared with.
macro_rules! routes {
    ($list:ident, $router:ident: $($method:ident $path:literal => $handler:path;)*) => {
        const $list: &[(&str, &str)] = &[$((stringify!($method), $path)),*];

        fn $router() -> Router<Arc<App>> {
            Router::new()$(.route($path, $method($handler)))*
        }
    };
}

routes! { UPLOADS, uploads:
    options "/uploads" => tus::options;
    post "/uploads" => uploads::create;
    head "/uploads/{upload}" => uploads::head;
    patch "/uploads/{upload}" => uploads::append;
    delete "/uploads/{upload}" => uploads::remove;
    post "/uploads/{upload}" => uploads::overridden;
}

routes! { OTHERS, others:
    get "/profile" => profile::read;
    get "/profile/{version}" => profile::read_version;
    get "/mailbox" => mailbox::list;
    get "/mailbox/{position}" => mailbox::message;
    post "/inspector/challenge" => sign_in::challenge;
    post "/inspector/session" => sign_in::session;
    get "/cases" => cases::list;
    post "/cases/read" => cases::read;
    get "/cases/{case}/{thread}/{position}" => cases::message;
}

/// Method and path of everything under `/api/v1`.
pub const ROUTES: [&[(&str, &str)]; 2] = [UPLOADS, OTHERS];

pub(super) fn router(app: Arc<App>) -> Router {
    let api = others().merge(uploads().layer(from_fn(tus::require_version)));
    let routes = Router::new()
        .nest("/api/v1", api)
        .route("/", get(pages::home))
        .route("/{page}", get(pages::read))
        .route("/{language}/", get(pages::read))
        .route("/{language}/{page}", get(pages::read))
        .route(
            "/{language}/sealed",
            get(pages::read).post(sealed_form::send).layer(sealed_form::body_limit()),
        )
        .route("/assets/{*file}", get(pages::read))
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::method_not_allowed)
        .with_state(app.clone());
    // Around the whole: a layer on routes would let them add headers to the answer for a host that has none.
    Router::new()
        .fallback_service(routes)
        .layer(from_fn_with_state(app, extract::choose_office))
        .layer(CatchPanicLayer::custom(|_: Box<dyn Any + Send>| -> Response {
            tracing::error!("a handler panicked");
            Problem::from(ProblemWord::Internal).into_response()
        }))
        .layer(from_fn(secure))
}
