//! The pages and fragments of a chat.

use super::{CHATS_SHOWN, Chat, ChatId, Message, MessageId, MessageState, Role};
use crate::{
    App,
    auth::User,
    config::Registration,
    error::{Error, Notice, Result},
    i18n::Texts,
    markdown,
    models::TroubleKind,
    replies::{Held, LiveReply, hold},
    view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::response::{IntoResponse, Response};
use std::{fmt, sync::Arc};

/// What strangers see at `/`.
#[derive(Template, WebTemplate)]
#[template(path = "pages/welcome.html")]
pub(super) struct WelcomePage {
    view: View,
    is_open: bool,
}

impl WelcomePage {
    pub(super) fn new(view: View, app: &App) -> Self {
        Self {
            view,
            is_open: app.config.registration == Registration::Open,
        }
    }
}

/// The person's chats, newest activity first.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/chat_list.html")]
pub(super) struct ChatList {
    view: View,
    chats: Vec<Chat>,
    current: Option<ChatId>,
}

impl HtmlSafe for ChatList {}

impl ChatList {
    pub(super) async fn new(
        app: &App,
        view: &View,
        user: &User,
        current: Option<ChatId>,
    ) -> Result<Self> {
        let chats = app.db.chats(user, CHATS_SHOWN).await?;
        Ok(Self {
            view: view.clone(),
            chats,
            current,
        })
    }
}

/// The list on a page of its own.
#[derive(Template, WebTemplate)]
#[template(path = "pages/chats.html")]
pub(super) struct ChatsPage {
    pub view: View,
    pub chats: ChatList,
}

/// Where a message is written.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/composer.html")]
pub(super) struct Composer {
    view: View,
    /// Where the form goes.
    action: String,
    /// A new chat begins with this message.
    is_new: bool,
    fields: ComposerFields,
    stop: StopButton,
    pub notice: Option<Notice>,
}

impl HtmlSafe for Composer {}

/// What changes in the composer when something was sent.
#[derive(Template)]
#[template(path = "fragments/composer_fields.html")]
struct ComposerFields {
    view: View,
    /// The key that the message will have.
    token: MessageId,
    text: String,
}

impl HtmlSafe for ComposerFields {}

/// Stops a reply, while there is one.
#[derive(Template)]
#[template(path = "fragments/stop_button.html")]
struct StopButton {
    view: View,
    running: Option<MessageId>,
}

impl HtmlSafe for StopButton {}

impl Composer {
    pub(super) fn new(app: &App, view: &View, chat: Option<&Chat>, text: String) -> Self {
        let leaf = chat.and_then(|chat| chat.leaf);
        Self {
            view: view.clone(),
            action: chat.map_or("/chats".to_owned(), |chat| {
                format!("/chats/{}/messages", chat.id)
            }),
            is_new: chat.is_none(),
            fields: ComposerFields {
                view: view.clone(),
                token: MessageId::new(),
                text,
            },
            stop: StopButton {
                view: view.clone(),
                running: leaf.filter(|leaf| app.replies.live(*leaf).is_some()),
            },
            notice: None,
        }
    }

    /// Next to these messages: a reply that is shown in its final form, as one that has ended this
    /// very moment, cannot be stopped.
    fn beside(mut self, messages: &[Shown]) -> Self {
        let ended = |id| {
            messages
                .iter()
                .any(|shown| shown.message.id == id && !shown.is_live())
        };
        self.stop.running = self.stop.running.filter(|id| !ended(*id));
        self
    }
}

/// The chat's title, and what can be done with the chat.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/title.html")]
pub(super) struct Title {
    pub view: View,
    pub chat: Chat,
    /// The list, where it changes along with the title.
    pub chats: Option<ChatList>,
}

impl HtmlSafe for Title {}

/// Asks for another title.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/title_form.html")]
pub(super) struct TitleForm {
    pub view: View,
    pub chat: Chat,
    pub title: String,
    pub problem: Option<String>,
}

impl HtmlSafe for TitleForm {}

/// Asks whether a chat is really to go.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/delete_form.html")]
pub(super) struct DeleteForm {
    pub view: View,
    pub chat: Chat,
}

impl HtmlSafe for DeleteForm {}

/// What is asked about a chat.
pub(super) enum Question {
    Title(TitleForm),
    Delete(DeleteForm),
}

/// A question on a page of its own.
#[derive(Template, WebTemplate)]
#[template(path = "pages/ask.html")]
pub(super) struct AskPage {
    pub view: View,
    pub question: Question,
}

/// A message as it is shown.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/message.html")]
pub(crate) struct Shown {
    view: View,
    message: Message,
    html: Html,
    ending: Ending,
}

impl HtmlSafe for Shown {}

/// HTML that our own renderer made, which escapes whatever was not ours.
struct Rendered(String);

impl HtmlSafe for Rendered {}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a reply ended, below its text: what happened, and another try where that makes sense.
#[derive(Template)]
#[template(path = "fragments/ending.html")]
struct Ending {
    view: View,
    /// That earlier messages were left out of what the model was sent.
    dropped: Option<String>,
    sentence: Option<String>,
    retry: Option<MessageId>,
}

impl HtmlSafe for Ending {}

/// A reply's text as HTML.
enum Html {
    /// A person's message: shown as typed.
    None,
    /// In its final form.
    Final(Rendered),
    /// So far, and how it goes on.
    Live(LiveHtml),
    /// So far, where the page that stays open goes on (`HELD_HERE`).
    Held,
}

struct LiveHtml {
    blocks: Rendered,
    open: Rendered,
    note: String,
    position: usize,
}

/// Stands in a held page where the reply goes on; no text can contain it, as it is not escaped.
const HELD_HERE: &str = "<!--held-->";

impl Shown {
    /// The messages in order, each rendered.
    pub(super) async fn all(app: &App, view: &View, messages: Vec<Message>) -> Result<Vec<Self>> {
        let mut shown = Vec::with_capacity(messages.len());
        let mut finals = Vec::new();
        for mut message in messages {
            let mut html = Html::None;
            if message.state.is_running() {
                match app.replies.live(message.id) {
                    Some(live) => html = Html::Live(LiveHtml::of(&live, view)),
                    // It has ended since it was read.
                    None => message = app.db.message(message.id).await?,
                }
            }
            if message.role == Role::Assistant && !matches!(html, Html::Live(_)) {
                finals.push((shown.len(), message.id, message.body.clone()));
            }
            let ending = Ending::of(&message, view);
            shown.push(Self {
                view: view.clone(),
                message,
                html,
                ending,
            });
        }
        for (index, html) in render(finals).await? {
            shown[index].html = Html::Final(Rendered(html));
        }
        Ok(shown)
    }

    fn lines(&self) -> std::str::Split<'_, char> {
        self.message.body.split('\n')
    }

    /// The model that replied; until it is asked, the one that will be.
    fn model(&self) -> Option<&str> {
        self.message
            .model
            .as_deref()
            .or(self.view.model.model.as_deref())
    }

    /// Whether htmx takes it further. A page that stays open does so by itself, and could not say
    /// at its end that it is no longer busy.
    fn is_live(&self) -> bool {
        matches!(self.html, Html::Live(_))
    }
}

impl Ending {
    fn of(message: &Message, view: &View) -> Self {
        use MessageState::{Complete, Failed, Interrupted, Queued, Stopped, Streaming};
        let (t, state) = (view.t, message.state);
        let problem = message.problem.as_deref();
        let sentence = match (state, problem) {
            (Stopped, _) => Some(t.reply_stopped()),
            (Interrupted, _) => Some(t.reply_interrupted()),
            (Failed, code) => Some(failure(t, code.and_then(|code| code.parse().ok()))),
            (Complete, Some("length")) => Some(t.reply_length()),
            (Complete, Some("filtered")) => Some(t.reply_filtered()),
            (Complete | Queued | Streaming, _) => None,
        };
        let retry = matches!(state, Failed | Interrupted | Stopped).then_some(message.id);
        let dropped = (message.dropped > 0).then(|| t.reply_dropped(message.dropped));
        Self {
            view: view.clone(),
            dropped,
            sentence,
            retry,
        }
    }
}

/// Why a reply failed, and what to do.
fn failure(t: &Texts, kind: Option<TroubleKind>) -> String {
    let Some(kind) = kind else {
        return t.reply_failed();
    };
    match kind {
        TroubleKind::WrongKey => t.reply_wrong_key(),
        TroubleKind::UnknownModel => t.reply_unknown_model(),
        TroubleKind::TooLong => t.reply_too_long(),
        TroubleKind::RateLimited => t.reply_rate_limited(),
        TroubleKind::Unreachable => t.reply_unreachable(),
        TroubleKind::Overloaded => t.reply_overloaded(),
        TroubleKind::Silent => t.reply_silent(),
        TroubleKind::CutOff => t.reply_cut_off(),
        TroubleKind::TooLarge => t.reply_too_large(),
        TroubleKind::Refused => t.reply_refused(),
        TroubleKind::Garbled => t.reply_garbled(),
        TroubleKind::Reported => t.reply_reported(),
    }
}

impl LiveHtml {
    fn of(live: &Arc<LiveReply>, view: &View) -> Self {
        let (news, _) = live.now();
        let mut blocks: String = news.pieces.iter().map(|piece| &*piece.html).collect();
        let last = news.pieces.last().map(|piece| piece.kind);
        if matches!(
            last,
            Some(markdown::PieceKind::CodeStart | markdown::PieceKind::CodeLines)
        ) {
            blocks.push_str("</code></pre>\n");
        }
        Self {
            blocks: Rendered(blocks),
            open: Rendered(
                news.open
                    .map(|open| open.html.to_string())
                    .unwrap_or_default(),
            ),
            note: news
                .note
                .and_then(|note| note.sentence(view.t))
                .unwrap_or_default(),
            position: news.position,
        }
    }
}

/// Renders replies off the async threads: code takes about 2 ms a KB.
async fn render(replies: Vec<(usize, MessageId, String)>) -> Result<Vec<(usize, String)>> {
    if replies.is_empty() {
        return Ok(Vec::new());
    }
    let rendered = tokio::task::spawn_blocking(move || {
        let html = |(index, id, body): (usize, MessageId, String)| {
            (index, markdown::render_in(&body, &format!("r-{id}-")))
        };
        replies.into_iter().map(html).collect()
    });
    rendered.await.map_err(Error::internal)
}

/// A chat without its frame: title, messages and composer.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/conversation.html")]
pub(super) struct Conversation {
    view: View,
    title: Option<Title>,
    messages: Vec<Shown>,
    pub composer: Composer,
    /// This page stays open until the reply has ended.
    is_held: bool,
}

impl HtmlSafe for Conversation {}

impl Conversation {
    /// A chat that has not begun.
    pub(super) fn empty(view: View, composer: Composer) -> Self {
        Self {
            view,
            title: None,
            messages: Vec::new(),
            composer,
            is_held: false,
        }
    }

    fn is_running(&self) -> bool {
        self.composer.stop.running.is_some()
    }

    fn chat(&self) -> Option<&Chat> {
        self.title.as_ref().map(|title| &title.chat)
    }
}

/// A chat with its frame.
#[derive(Template, WebTemplate)]
#[template(path = "pages/chat.html")]
pub(super) struct ChatPage {
    pub view: View,
    pub chats: ChatList,
    pub conversation: Conversation,
}

impl ChatPage {
    pub(super) async fn new(
        app: &App,
        view: View,
        user: &User,
        chat: Chat,
        text: String,
    ) -> Result<Self> {
        let chats = ChatList::new(app, &view, user, Some(chat.id)).await?;
        let messages = Shown::all(app, &view, app.db.branch(&chat).await?).await?;
        let composer = Composer::new(app, &view, Some(&chat), text).beside(&messages);
        let title = Some(Title {
            view: view.clone(),
            chat,
            chats: None,
        });
        let conversation = Conversation {
            view: view.clone(),
            title,
            messages,
            composer,
            is_held: false,
        };
        Ok(Self {
            view,
            chats,
            conversation,
        })
    }

    /// Where this page sends browsers without JavaScript: it is complete, and a reply runs.
    fn live_address(&self) -> Option<String> {
        let Conversation {
            composer, is_held, ..
        } = &self.conversation;
        composer.stop.running.filter(|_| !is_held)?;
        Some(format!("/chats/{}/live", self.conversation.chat()?.id))
    }
}

/// A conversation that takes another one's place, and the list that goes with it.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/created.html")]
pub(super) struct Created {
    pub conversation: Conversation,
    pub chats: ChatList,
}

/// What htmx adds after sending: both messages, a fresh composer, the list.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/sent.html")]
pub(super) struct Sent {
    messages: Vec<Shown>,
    fields: ComposerFields,
    stop: StopButton,
    chats: ChatList,
}

impl Sent {
    pub(super) fn new(messages: Vec<Shown>, composer: Composer, chats: ChatList) -> Self {
        let Composer { fields, stop, .. } = composer.beside(&messages);
        Self {
            messages,
            fields,
            stop,
            chats,
        }
    }
}

/// A reply by itself, and the stop button that goes with it.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/reply.html")]
struct Reply {
    reply: Shown,
    stop: StopButton,
}

/// The reply's article as it is now.
pub(crate) async fn show_reply(
    app: &App,
    view: View,
    chat: Chat,
    message: Message,
) -> Result<Response> {
    let composer = Composer::new(app, &view, Some(&chat), String::new());
    let mut shown = Shown::all(app, &view, vec![message]).await?;
    let stop = composer.beside(&shown).stop;
    let reply = shown.pop().ok_or(Error::NotFound)?;
    Ok(Reply { reply, stop }.into_response())
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
    show_reply(app, view, chat, message).await
}

/// The chat's page, which stays open until the reply has ended.
pub(super) async fn hold_open(
    app: &App,
    view: View,
    user: &User,
    chat: Chat,
    live: &Arc<LiveReply>,
    graphical: bool,
) -> Result<Response> {
    let t = view.t;
    let mut page = ChatPage::new(app, view.clone(), user, chat, String::new()).await?;
    page.conversation.is_held = true;
    if let Some(last) = page.conversation.messages.last_mut() {
        last.html = Html::Held;
    }
    let page = page.render()?;
    let Some((before, after)) = page.split_once(HELD_HERE) else {
        // It ended while the page was made.
        return Ok(axum::response::Redirect::to(".").into_response());
    };
    let held = Held {
        before: before.to_owned(),
        after: after.to_owned(),
        graphical,
        t,
    };
    let (first, reader) = live.now();
    let (app, user, id) = (app.clone(), user.clone(), live.id());
    let streamed = live.clone();
    let ending = move || async move {
        end_held(&app, &view, &user, id, &streamed, graphical)
            .await
            .unwrap_or_else(|error| {
                tracing::error!(%error, "the end of a page could not be made");
                "</div>".to_owned()
            })
    };
    Ok(hold(held, first, reader, ending))
}

/// What follows the streamed text: its final form where that differs, and how it ended.
async fn end_held(
    app: &App,
    view: &View,
    user: &User,
    id: MessageId,
    live: &Arc<LiveReply>,
    graphical: bool,
) -> Result<String> {
    let (message, chat) = app.db.reply(user, id).await?;
    let mut shown = Shown::all(app, view, vec![message]).await?;
    let shown = shown.pop().ok_or(Error::NotFound)?;
    let mut html = "</div>".to_owned();
    // Footnotes and link definitions come right only when the whole text is known.
    let (news, _) = live.now();
    let streamed: String = news.pieces.iter().map(|piece| &*piece.html).collect();
    match &shown.html {
        Html::Final(whole) if whole.0 != streamed && graphical => {
            html += &format!("<div class=\"text final\">{whole}</div>");
        }
        Html::Final(whole) if whole.0 != streamed => {
            let link = view.t.reply_show_final();
            html += &format!("<p><a href=\"/chats/{}\">{link}</a></p>", chat.id);
        }
        _ => {}
    }
    html += &shown.ending.render()?;
    Ok(html)
}
