//! A reply's article by itself.

use super::{
    composer::{Composer, FocusComposer, ParentField, StopButton},
    left_out::LeftOut,
    message::Shown,
    title::{Sign, Title},
};
use crate::{
    App,
    error::{Error, Result},
    ids::MessageId,
    messages::rows::{Chat, Message},
    web::view::View,
};
use askama::Template;
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};

/// A reply by itself, and the stop button that goes with it.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/reply.html")]
struct Reply {
    reply: Shown,
    stop: StopButton,
    /// The announcement; empty while it runs.
    said: String,
    sign: &'static str,
    chat_title: String,
    parent: ParentField,
    has_ended: bool,
    /// Set where a button was pressed that is gone.
    focus: Option<FocusComposer>,
    /// Set where the model is making one.
    title: Option<Title>,
    /// The part of the chat that the model was not sent, once it is known.
    left_out: Option<LeftOut>,
}

/// The reply's article as it is now.
pub(crate) async fn show_reply(
    app: &App,
    view: View,
    chat: Chat,
    message: Message,
) -> Result<Response> {
    let reply = Reply::of(app, view, chat, message).await?;
    Ok(reply.into_response())
}

/// The article of a reply that was just started.
pub(crate) async fn show_new_reply(
    app: &App,
    view: View,
    chat: Chat,
    id: MessageId,
) -> Result<Response> {
    let user = view.user.clone().ok_or(Error::SignedOut)?;
    let (message, _) = app.db.reply(&user, id).await?;
    let focus = FocusComposer { view: view.clone() };
    let reply = Reply::of(app, view, chat, message).await?;
    Ok(Reply {
        focus: Some(focus),
        ..reply
    }
    .into_response())
}

impl Reply {
    async fn of(app: &App, view: View, chat: Chat, message: Message) -> Result<Self> {
        let composer = Composer::new(&view, Some(&chat), String::new());
        // Not what the chat ends with by now: a page that is behind is to be told so.
        let parent = ParentField::of(message.id);
        let is_awaited = app.config.titles && !view.is_demo() && chat.awaits_title();
        let is_awaited = is_awaited && !message.state.is_running();
        let title = is_awaited.then(|| Title {
            is_awaited,
            ..Title::of(chat.clone(), &view)
        });
        let chat_title = chat.title.clone();
        let left_out = LeftOut::of(&app.db, &view, chat.id, &message).await?;
        let has_ended = !message.state.is_running();
        let reply = Shown::alone(app, &view, chat, message).await?;
        let stop = composer.beside(std::slice::from_ref(&reply)).stop;
        Ok(Self {
            said: reply.end_said(),
            sign: Sign::of(&reply.message),
            chat_title,
            reply,
            stop,
            parent,
            focus: None,
            title,
            left_out,
            has_ended,
        })
    }
}
