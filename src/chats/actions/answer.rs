//! A reply to a message that has none, as that was deleted.

use super::submit;
use crate::{
    App,
    chats::pages::{htmx_answers::show_begun, refusal::Refused},
    error::{Error, Refusal, Result},
    ids::MessageId,
    urls::live_address,
    users::User,
    web::view::View,
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

/// `POST /messages/{id}/answer`: a reply to a message that has none, as that was deleted.
pub(crate) async fn answer(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, chat) = app.db.own_message(&user, id).await?;
    match submit::answer(&app, &user, &chat, &message).await {
        Ok(_) if view.htmx => show_begun(&app, view, &user, chat.id).await,
        Ok(reply) => Ok(Redirect::to(&live_address(chat.id, reply)).into_response()),
        // It has one by now.
        Err(Error::Refused(Refusal::GoneOn)) => {
            Ok(view.redirect(&format!("/chats/{}/at/{id}", chat.id)))
        }
        Err(error) => {
            let refused = Refused::by(error.refusal()?, &view, String::new());
            refused.shown(&app, view, &user, chat, Some(id)).await
        }
    }
}
