//! A reply to a message that has none, as that was deleted.

use super::{
    MessageId, NotTaken, exchange, live::live_address, refusals::Refused, swaps::show_begun,
};
use crate::{App, auth::User, error::Result, view::View};
use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
    routing::post,
};

/// The routes of this part.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/messages/{id}/answer", post(answer))
}

/// `POST /messages/{id}/answer`: a reply to a message that has none, as that was deleted.
async fn answer(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, chat) = app.db.own_message(&user, id).await?;
    match exchange::answer(&app, &user, &chat, &message).await? {
        Ok(_) if view.htmx => show_begun(&app, view, &user, chat.id).await,
        Ok(reply) => Ok(Redirect::to(&live_address(chat.id, reply)).into_response()),
        // It has one by now.
        Err(NotTaken::GoneOn) => {
            let address = format!("/chats/{}/at/{id}", chat.id);
            Ok(match view.htmx {
                true => [("HX-Redirect", address)].into_response(),
                false => Redirect::to(&address).into_response(),
            })
        }
        Err(reason) => {
            let refused = Refused::by(reason, &view, String::new());
            refused.shown(&app, view, &user, chat, Some(id)).await
        }
    }
}
