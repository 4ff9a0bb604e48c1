//! Requests about a reply.

use super::{
    other_model::{OtherModel, OtherModelPage},
    submit::{self, Again},
};
use crate::{
    App,
    chats::{
        fragments::{
            composer::FocusComposer,
            connection_signs::reconnecting,
            reply::{show_new_reply, show_reply},
        },
        pages::{htmx_answers::show_begun, refusal::refuse},
    },
    error::{Error, Refusal, Result},
    ids::{ChatId, MessageId},
    messages::rows::Chat,
    urls::live_address,
    users::User,
    web::{preset_form, refusal, view::View},
};
use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// `GET /replies/{id}`: the article alone, live or in its final form.
pub(crate) async fn show(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, chat) = app.db.reply(&user, id).await?;
    show_reply(&app, view, chat, message).await
}

/// `GET /replies/{id}/ended`: says so by the event that the stream ends with. A page in the background
/// lets go of its stream, and asks now and then, so that its title can tell. Until then it gets a sign of
/// life, so that it does not say, when it is looked at again, that it had none.
pub(crate) async fn ended(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (message, _) = app.db.reply(&user, id).await?;
    Ok(match message.state.is_running() {
        true => Html(reconnecting(view.t)).into_response(),
        false => (StatusCode::NO_CONTENT, [("HX-Trigger", "done")]).into_response(),
    })
}

/// `POST /replies/{id}/stop`
pub(crate) async fn stop(
    user: User,
    view: View,
    headers: HeaderMap,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (_, chat) = app.db.reply(&user, id).await?;
    app.replies.stop(id).await?;
    // The form's target is a hidden frame, so that an open page stays open and ends by itself; a
    // browser without frames goes to the chat.
    let in_frame = headers
        .get("sec-fetch-dest")
        .is_some_and(|dest| dest == "iframe");
    if view.htmx {
        // The button goes away when the reply ends.
        return Ok(FocusComposer { view }.into_response());
    }
    if in_frame {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    if chat.leaf != Some(id) {
        return Ok(Redirect::to(&format!("/chats/{}/at/{id}", chat.id)).into_response());
    }
    Ok(to_live(chat.id))
}

/// The form of "Try again", which may say more than that.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Retry {
    /// The key that the attempt will have: the same form sent twice makes one.
    token: Option<MessageId>,
    /// Another model than the chat's.
    model: String,
}

/// `POST /replies/{id}/retry`: makes another attempt beside one that has ended.
pub(crate) async fn retry(
    user: User,
    view: View,
    app: State<App>,
    id: Path<MessageId>,
    Form(sent): Form<Retry>,
) -> Result<Response> {
    let model = preset_form::model(&sent.model, view.t).and_then(|model| match &model {
        Some(name) if app.models.doubts(user.id.0, name) => Err(view.t.preset_model_unlisted(name)),
        _ => Ok(model),
    });
    match model {
        Ok(model) => {
            let key = sent.token.filter(|token| !token.0.is_nil());
            let how = Again::Anew(key.unwrap_or_default(), model);
            again(user, view, app, id, how).await
        }
        Err(problem) => {
            let (message, chat) = app.db.reply(&user, id.0).await?;
            if view.htmx {
                // The name is still in its field.
                return Ok(refusal::problem(problem));
            }
            let form = OtherModel {
                view: view.clone(),
                chat,
                reply: message.id,
                model: sent.model,
                models: app.models.list().await,
                problem: Some(problem),
            };
            let page = OtherModelPage { view, form };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// `POST /replies/{id}/continue`: carries on one that ended before its end, from the text it has.
pub(crate) async fn carry_on(
    user: User,
    view: View,
    app: State<App>,
    id: Path<MessageId>,
) -> Result<Response> {
    again(user, view, app, id, Again::CarryOn).await
}

async fn again(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
    how: Again,
) -> Result<Response> {
    let (message, chat) = app.db.reply(&user, id).await?;
    let may_be = match how {
        Again::Anew(..) => !message.state.is_running(),
        Again::CarryOn => message.can_continue(),
    };
    let taken = match may_be {
        true => submit::again(&app, &user, &chat, &message, how).await,
        false => Err(Refusal::StillReplying.into()),
    };
    show_taken(&app, view, &user, chat, id, taken).await
}

/// The reply that was begun, or why none was.
async fn show_taken(
    app: &App,
    view: View,
    user: &User,
    chat: Chat,
    ended: MessageId,
    taken: Result<MessageId>,
) -> Result<Response> {
    use Refusal::{Ending, NotWritten, TooFast, TooManyRunning};
    let reply = match taken.map_err(Error::refusal) {
        Ok(reply) => reply,
        Err(refusal) => match refusal? {
            reason @ (TooManyRunning | Ending | NotWritten(_) | TooFast(_)) => {
                let (through, text) = (Some(ended), String::new());
                return refuse(app, view, user, chat, through, text, reason).await;
            }
            // Another tab was faster, or the chat has gone on: it is shown as it is.
            _ if view.htmx => {
                return Ok([("HX-Redirect", format!("/chats/{}", chat.id))].into_response());
            }
            _ => return Ok(to_live(chat.id)),
        },
    };
    if view.htmx && reply == ended {
        let chat = app.db.chat(user, chat.id).await?;
        return show_new_reply(app, view, chat, reply).await;
    }
    if view.htmx {
        // What followed the other attempt is not below this one.
        return show_begun(app, view, user, chat.id).await;
    }
    Ok(Redirect::to(&live_address(chat.id, reply)).into_response())
}

fn to_live(chat: ChatId) -> Response {
    Redirect::to(&format!("/chats/{chat}/live")).into_response()
}
