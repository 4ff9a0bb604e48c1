//! Signing out, of this browser in any case.

use super::sign_in::sign_in_because;
use crate::{
    App,
    auth::{gone_to, run_to_completion, session_store},
    cookies::add_cookie,
    db::Topic,
    error::{Error, Result},
    preferences,
    security::{client_address::Network, log::Event},
    urls::{HOME, SIGN_OUT},
    web::{request_info::RequestInfo, view::View},
};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_sessions::{Session, cookie::time::Duration};

/// `POST /logout`
pub(crate) async fn sign_out(
    view: View,
    network: Network,
    State(app): State<App>,
    session: Session,
) -> Result<Response> {
    let secure = app.config.secure();
    if let Some(user) = &view.user {
        Event::SignedOut.log(Some(&network), Some(user.id));
    }
    let signing_out = async move {
        session.flush().await?;
        app.db.notify(Topic::SignOuts).await;
        Ok(())
    };
    run_to_completion(signing_out).await?;
    let mut response = gone_to("/login");
    if let Some(user) = &view.user {
        // The browser goes on as the account had it, also where that was chosen elsewhere.
        let language = user.language();
        preferences::remember(
            &mut response,
            language.as_deref(),
            user.appearance(),
            secure,
        )?;
    }
    Ok(response)
}

/// Makes a browser forget its session where that could not be ended, as while the disk is full: whoever
/// leaves a browser to others must not stay signed in there. What is left of it is said.
pub(crate) async fn sign_out_anyway(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path() != SIGN_OUT || request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let visit = RequestInfo::from_parts(&parts);
    let failed = match app.db.is_away() {
        true => Error::Unavailable("the database is away".into()).into_response(),
        false => next.run(Request::from_parts(parts, body)).await,
    };
    if !failed.status().is_server_error() {
        return failed;
    }
    let view = View::of_request(visit, None);
    let why = view.t.logout_not_ended();
    let mut response = sign_in_because(why, view, HOME, String::new());
    *response.status_mut() = failed.status();
    let headers = response.headers_mut();
    if let Some(wait) = failed.headers().get(header::RETRY_AFTER) {
        headers.insert(header::RETRY_AFTER, wait.clone());
    }
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    let secure = app.config.secure();
    match add_cookie(
        &mut response,
        session_store::NAME,
        "",
        Duration::ZERO,
        secure,
    ) {
        Ok(()) => response,
        Err(error) => error.into_response(),
    }
}
