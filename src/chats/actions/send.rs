//! Sending a message, and what the form for that says.

use super::submit::{To, exchange, most};
use crate::{
    App,
    account::sign_in::sign_in_again,
    chats::{
        fragments::{chat_list::ChatList, composer::Composer, message::Shown, message_actions},
        pages::{
            htmx_answers::Sent,
            refusal::{Refused, refuse},
        },
    },
    error::{Error, Result},
    ids::{ChatId, MessageId, PersonaId},
    messages::{
        add::{Exchange, NewMessage},
        rows::Chat,
    },
    text::plain,
    time::grouped,
    urls::live_address,
    web::{refusal::notice, view::View},
};
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// The fields of the composer's form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sending {
    pub content: String,
    /// The key that the message will have: the same form sent twice makes one message.
    token: Option<MessageId>,
    /// The message it was written under.
    parent: Option<MessageId>,
    /// Not empty where the page does not show the end of the branch.
    partial: String,
    /// With which persona a new chat begins, and by which model.
    pub persona: Option<PersonaId>,
    pub model: String,
}

impl Sending {
    pub(crate) fn key(&self) -> MessageId {
        self.token
            .filter(|token| !token.0.is_nil())
            .unwrap_or_default()
    }

    /// The message it was written under, if the page tells.
    fn seen(&self) -> Option<MessageId> {
        self.parent.filter(|parent| !parent.0.is_nil())
    }

    pub(crate) fn message(&self, app: &App) -> NewMessage {
        NewMessage {
            key: self.key(),
            seen: self.seen(),
            text: self.text(),
            most: most(app),
        }
    }

    /// Tells what is wrong with the text, if anything.
    pub(crate) fn problem(&self, app: &App, view: &View) -> Option<String> {
        let limit = app.config.message_limit;
        let text = self.text();
        let length = text.chars().count();
        if text.trim().is_empty() {
            Some(view.t.composer_empty())
        } else if length > limit {
            Some(view.t.composer_too_long(grouped(length), grouped(limit)))
        } else {
            None
        }
    }

    /// The text as it is kept: browsers send line ends as CR LF.
    fn text(&self) -> String {
        plain(&self.content)
    }
}

/// `POST /chats/{id}/messages`
pub(crate) async fn send(
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
    Form(new): Form<Sending>,
) -> Result<Response> {
    let path = format!("/chats/{id}");
    let Some(user) = view.user.clone() else {
        return Ok(sign_in_again(view, &path, new.content));
    };
    let chat = app.db.chat(&user, id).await?;
    if let Some(problem) = new.problem(&app, &view) {
        let seen = new.seen();
        let refused = Refused {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            notice: notice(problem),
            text: new.content,
        };
        return refused.shown(&app, view, &user, chat, seen).await;
    }
    let exchange = match exchange(&app, &user, To::Chat(&chat), &new).await {
        Ok(exchange) => exchange,
        Err(error) => {
            let (reason, seen) = (error.refusal()?, new.seen());
            return refuse(&app, view, &user, chat, seen, new.content, reason).await;
        }
    };
    if exchange.chat != id {
        return Err(Error::NotFound);
    }
    let chat = app.db.chat(&user, id).await?;
    if !view.htmx {
        return Ok(to_live(&exchange));
    }
    if exchange.reply.is_none() || !new.partial.is_empty() {
        // The answer to the first try got lost, or the page does not show where the chat goes on: it
        // is shown as it is now.
        return Ok([("HX-Redirect", path)].into_response());
    }
    // What this page ends with now, even if the chat has gone on in another tab.
    let chat = Chat {
        leaf: exchange.reply,
        ..chat
    };
    let chats = ChatList::new(&app, &view, &user, Some(chat.id)).await?;
    let composer = Composer::new(&view, Some(&chat), String::new());
    let new = app.db.branch_end(chat.id, chat.leaf, 2).await?;
    let mut messages = Shown::all(&app, &view, new).await?;
    message_actions::add(&app, &chat, &mut messages).await?;
    Ok(Sent::new(messages, composer, chats).into_response())
}

/// To where the reply is watched; the form that came twice goes to the chat as it is.
pub(crate) fn to_live(exchange: &Exchange) -> Response {
    let address = match exchange.reply {
        Some(reply) => live_address(exchange.chat, reply),
        None => format!("/chats/{}/live", exchange.chat),
    };
    Redirect::to(&address).into_response()
}
