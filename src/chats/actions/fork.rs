//! A new chat that begins as another one did, up to one of its messages.

use crate::{
    App,
    chats::pages::refusal::Refused,
    db::DiskSpace,
    error::{NotWritten, Refusal, Result},
    ids::MessageId,
    security::rate_limit::Limit,
    users::User,
    web::{refusal::notice, view::View},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use std::time::Duration;

/// The limit on copies of chats by one person: a copy is the one thing here that makes much out of
/// little.
const COPIES: Limit = Limit {
    what: "copies of chats",
    burst: 20,
    every: Duration::from_secs(60),
};

/// `POST /messages/{id}/branch`: a new chat with the messages up to this one, under the same title.
pub(crate) async fn branch_off(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (_, chat) = app.db.message_of(&user, id).await?;
    if app.db.disk_space() == DiskSpace::None {
        let refused = Refused::by(
            Refusal::NotWritten(NotWritten::NoRoom),
            &view,
            String::new(),
        );
        return refused.shown(&app, view, &user, chat, Some(id)).await;
    }
    let wait = app.db.count_try(&COPIES, &user.id.0.to_string()).await?;
    if let Some(wait) = wait {
        let minutes = wait.as_secs().div_ceil(60).max(1);
        let refused = Refused {
            status: StatusCode::TOO_MANY_REQUESTS,
            notice: notice(view.t.message_branch_too_often(minutes)),
            text: String::new(),
        };
        return refused.shown(&app, view, &user, chat, Some(id)).await;
    }
    let copy = match app.db.branch_off(&user, &chat, id).await {
        Ok(copy) => format!("/chats/{copy}"),
        Err(error) => {
            let refused = Refused::by(error.refusal()?, &view, String::new());
            return refused.shown(&app, view, &user, chat, Some(id)).await;
        }
    };
    Ok(view.redirect(&copy))
}
