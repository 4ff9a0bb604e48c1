//! The chat's page that stays open while a reply runs.

use super::page_stream::{PageAround, stream_page};
use crate::{
    App,
    account::sign_in::sign_in_again,
    auth::session_watch::Access,
    chats::{
        fragments::{
            message::{Html, Shown},
            message_actions,
        },
        pages::chat::ChatPage,
    },
    error::{Error, Result},
    ids::{ChatId, MessageId},
    messages::rows::Chat,
    replies::LiveReply,
    urls::live_address,
    users::User,
    web::{request_info::is_graphical, view::View},
};
use askama::Template;
use axum::{
    Form,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::Method,
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Deserializer};
use std::sync::Arc;

/// Stands in the page where the reply goes on; no text can contain it, as text is escaped.
const HELD_HERE: &str = "<!--held-->";

/// `GET /chats/{id}/live/{reply}`: stays open while the reply runs, and the reply grows in it. `POST`
/// brings along what stands in the composer of the page before, which is not sent.
pub(crate) async fn live_reply(
    Path((id, reply)): Path<(ChatId, MessageId)>,
    following: Following,
) -> Result<Response> {
    following.show(id, Some((reply, 0))).await
}

/// `GET /chats/{id}/live`: the same for the reply at the end of the branch that was used last.
pub(crate) async fn live(Path(id): Path<ChatId>, following: Following) -> Result<Response> {
    following.show(id, None).await
}

/// `GET` and `POST /chats/{id}/live/{reply}/{n}`: the same after a page that had to end before the
/// reply did, for the n-th time. (Another address each time, for the sake of Links again.)
pub(crate) async fn live_further(
    Path((id, reply, n)): Path<(ChatId, MessageId, Further)>,
    following: Following,
) -> Result<Response> {
    following.show(id, Some((reply, n.0))).await
}

/// Number of times that a page had to end before the reply did. No number is zero.
pub(crate) struct Further(u64);

impl<'de> Deserialize<'de> for Further {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Ok(Self(text.parse().unwrap_or(0)))
    }
}

/// A request to follow a reply.
pub(crate) struct Following {
    access: Access,
    view: View,
    app: App,
    graphical: bool,
    /// The text typed in the page before, if a form brings it along.
    typed: Option<String>,
}

/// The composer's form, of a page that goes on elsewhere.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    content: String,
}

impl FromRequest<App> for Following {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        // Before the user is looked up: a sign-out after that is noticed.
        let Ok(access) = Access::from_request_parts(&mut parts, app).await;
        let view = View::from_request_parts(&mut parts, app).await;
        let view = view.map_err(IntoResponse::into_response)?;
        let graphical = is_graphical(&parts.headers);
        let typed = match parts.method {
            Method::POST => {
                let form = Request::from_parts(parts, body);
                let form = Form::<Typed>::from_request(form, app).await;
                Some(form.map_err(IntoResponse::into_response)?.0.content)
            }
            _ => None,
        };
        Ok(Self {
            access,
            view,
            app: app.clone(),
            graphical,
            typed,
        })
    }
}

impl Following {
    async fn show(self, id: ChatId, further: Option<(MessageId, u64)>) -> Result<Response> {
        let Self {
            access,
            view,
            app,
            graphical,
            typed,
        } = self;
        let (reply, n) = further.unzip();
        let n = n.unwrap_or(0);
        let (user, text) = match (view.user.clone(), typed) {
            (Some(user), typed) => (user, typed.unwrap_or_default()),
            (None, Some(text)) => return Ok(sign_in_again(view, &format!("/chats/{id}"), text)),
            (None, None) => return Err(Error::SignedOut),
        };
        let mut chat = app.db.chat(&user, id).await?;
        let path = match reply {
            Some(reply) if chat.leaf != Some(reply) && app.db.is_in(id, reply).await? => {
                chat.leaf = Some(reply);
                format!("/chats/{id}/at/{reply}")
            }
            _ => format!("/chats/{id}"),
        };
        let running = match chat.leaf {
            Some(leaf) => app.replies.follow(leaf).await?,
            None => None,
        };
        // htmx reads an answer to its end before it shows anything.
        let Some(reply) = running.filter(|_| !view.htmx) else {
            if text.is_empty() {
                return Ok(Redirect::to(&path).into_response());
            }
            let page = ChatPage::new(&app, view, &user, chat, text).await?;
            return Ok(page.into_response());
        };
        // Another address than this page's, or Links would show this page again.
        let further = format!("{}/{}", live_address(id, reply.id()), n.saturating_add(1));
        let watcher = Watcher {
            access,
            graphical,
            further,
            text,
        };
        hold_open(&app, view, &user, chat, &reply, watcher).await
    }
}

/// The watcher of a page that stays open.
struct Watcher {
    access: Access,
    graphical: bool,
    /// The address where it goes on when the page must end before the reply does.
    further: String,
    /// The text that they have typed.
    text: String,
}

/// The chat's page, which stays open until the reply has ended.
async fn hold_open(
    app: &App,
    view: View,
    user: &User,
    chat: Chat,
    live: &Arc<LiveReply>,
    watcher: Watcher,
) -> Result<Response> {
    let seat = app.replies.seat(user)?;
    let t = view.t;
    let Watcher {
        access,
        graphical,
        further,
        text,
    } = watcher;
    let mut page = ChatPage::new(app, view.clone(), user, chat, text).await?;
    page.conversation.is_held = true;
    if let Some(last) = page.conversation.messages.last_mut() {
        last.html = Html::Held;
        last.actions = None;
    }
    let page = page.render()?;
    let Some((before, after)) = page.split_once(HELD_HERE) else {
        // The chat was deleted meanwhile.
        return Err(Error::NotFound);
    };
    let room = app.room.take(Some(user.id), page.len())?;
    let (first, reader) = live.from_the_start();
    let held = PageAround {
        before: before.to_owned(),
        after: after.to_owned(),
        room,
        time_limit: app.config.page_time_limit,
        further,
        id: live.id(),
        graphical,
        t,
    };
    let (app, user, id) = (app.clone(), user.clone(), live.id());
    let streamed = live.clone();
    let ending = move || async move {
        end_held(&app, &view, &user, id, &streamed, graphical)
            .await
            .unwrap_or_else(|error| {
                tracing::error!(%error, "could not render the end of a live page");
                None
            })
    };
    Ok(stream_page(
        held,
        first,
        reader.with(access.lost(), seat),
        ending,
    ))
}

/// Renders what follows the streamed text: its final form where that differs, and how it ended.
/// Nothing when it has not ended.
async fn end_held(
    app: &App,
    view: &View,
    user: &User,
    id: MessageId,
    live: &Arc<LiveReply>,
    graphical: bool,
) -> Result<Option<String>> {
    let (message, chat) = app.db.reply(user, id).await?;
    if message.state.is_running() {
        // It is over here only: another process makes it, or its end could not be stored.
        return Ok(None);
    }
    let mut html = String::new();
    // Footnotes and link definitions come right only when the whole text is known.
    match live.whole(&message.body).await? {
        Some(whole) if graphical => {
            html += &format!("<div class=\"text final\">{whole}</div>");
        }
        Some(_) => {
            let link = view.t.reply_show_final();
            let path = format!("/chats/{}/at/{id}", chat.id);
            html += &format!("<p><a href=\"{path}\">{link}</a></p>");
        }
        None => {}
    }
    let chat = Chat {
        leaf: Some(id),
        ..chat
    };
    let mut ended = [Shown::ended(message, view)];
    message_actions::add(app, &chat, &mut ended).await?;
    let [ended] = ended;
    html += &ended.below().render()?;
    Ok(Some(html))
}
