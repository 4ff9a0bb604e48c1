//! A message, or a block of code in it, as plain text to be copied.

use crate::{
    App,
    error::{Error, Result},
    ids::MessageId,
    markdown,
    users::User,
};
use axum::{
    extract::{Path, State},
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};

/// `GET /messages/{id}/raw`: the text as it was typed, or as it came from the model.
pub(crate) async fn raw(
    user: User,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    Ok(plain(app.db.text_of(&user, id).await?))
}

/// `GET /messages/{id}/code/{n}`: the n-th block of code in a reply.
pub(crate) async fn code(
    user: User,
    State(app): State<App>,
    Path((id, n)): Path<(MessageId, String)>,
) -> Result<Response> {
    let text = app.db.text_of(&user, id).await?;
    let n: usize = n.parse().map_err(|_| Error::NotFound)?;
    let code = tokio::task::spawn_blocking(move || markdown::code(&text, n)).await;
    let code = code.map_err(Error::internal)?.ok_or(Error::NotFound)?;
    Ok(plain(code))
}

fn plain(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
    ];
    (headers, text).into_response()
}
