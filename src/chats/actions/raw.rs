//! A message, or a block of code in it, as plain text to be copied.

use crate::{
    App,
    auth::user::User,
    db::Db,
    error::{Error, Result},
    markdown,
    messages::rows::MessageId,
    with_pool,
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

impl Db {
    /// Returns the text of the user's message; of a reply that is being made, what the journal has
    /// of it.
    async fn text_of(&self, user: &User, id: MessageId) -> Result<String> {
        let sql = "select m.body || coalesce((
                       select string_agg(p.text, '' order by p.seq) from reply_parts p
                       where p.message_id = m.id and p.kind = 'body'), '')
                   from messages m join chats c on c.id = m.chat_id
                   where m.id = $1 and c.user_id = $2 and m.deleted_at is null";
        Ok(with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?))
    }
}
