//! Messages as they are shown.

use super::{
    connection_signs::reconnecting,
    message_actions::{self, Actions},
    reasoning::Thoughts,
    reply_ending::Ending,
};
use crate::{
    App,
    error::{Error, Result},
    markdown,
    messages::rows::{Chat, Message, Role},
    models::short_name,
    replies::{LiveReply, Position},
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use std::{fmt, sync::Arc};

/// A message as it is shown.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/message.html")]
pub(crate) struct Shown {
    pub view: View,
    pub message: Message,
    pub html: Html,
    pub ending: Ending,
    /// The row of actions below it, where it is shown in a chat and not being written.
    pub actions: Option<Actions>,
}

impl HtmlSafe for Shown {}

/// HTML that our own renderer made, which escapes whatever was not ours.
pub(crate) struct Rendered(pub Arc<str>);

impl HtmlSafe for Rendered {}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The part below a message's text: how it ended, and what can be done with it.
#[derive(Template)]
#[template(path = "fragments/below.html")]
pub(crate) struct Below {
    view: View,
    message: Message,
    ending: Ending,
    actions: Option<Actions>,
}

/// A reply's text as HTML.
pub(crate) enum Html {
    /// A person's message: shown as typed.
    None,
    /// In its final form.
    Final(Rendered),
    /// So far, and how it goes on.
    Live(LiveHtml),
    /// So far, where the page that stays open goes on (`HELD_HERE`).
    Held,
}

pub(crate) struct LiveHtml {
    blocks: Rendered,
    open: Rendered,
    note: String,
    thoughts: String,
    is_thinking: bool,
    position: Position,
    /// The words that are seen when nothing more comes.
    reconnecting: Rendered,
}

impl Shown {
    /// The messages in order, each rendered.
    pub(crate) async fn all(app: &App, view: &View, messages: Vec<Message>) -> Result<Vec<Self>> {
        let mut shown = Vec::with_capacity(messages.len());
        let mut finals = Vec::new();
        for mut message in messages {
            let mut html = Html::None;
            if message.state.is_running() {
                match app.replies.follow(message.id).await? {
                    Some(live) => {
                        html = Html::Live(LiveHtml::of(&live, view));
                    }
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
                actions: None,
            });
        }
        for (index, html) in app.rendered.all(finals).await? {
            let html = match view.graphical {
                true => html,
                false => markdown::for_text_browsers(&html, view.t).into(),
            };
            shown[index].html = Html::Final(Rendered(html));
        }
        Ok(shown)
    }

    /// A message by itself, with what can be done with it in its chat.
    pub(crate) async fn alone(
        app: &App,
        view: &View,
        chat: Chat,
        message: Message,
    ) -> Result<Self> {
        let leaf = app.db.leaf_through(&chat, message.id).await?;
        let chat = Chat {
            leaf: Some(leaf),
            ..chat
        };
        let mut shown = Self::all(app, view, vec![message]).await?;
        message_actions::add(app, &chat, &mut shown).await?;
        shown.pop().ok_or(Error::NotFound)
    }

    /// A reply that has ended, without its text.
    pub(crate) fn ended(message: Message, view: &View) -> Self {
        Self {
            view: view.clone(),
            ending: Ending::of(&message, view),
            message,
            html: Html::None,
            actions: None,
        }
    }

    /// Returns what stands below its text.
    pub(crate) fn below(self) -> Below {
        Below {
            view: self.view,
            message: self.message,
            ending: self.ending,
            actions: self.actions,
        }
    }

    fn lines(&self) -> std::str::Split<'_, char> {
        self.message.body.split('\n')
    }

    /// Returns what the model thought before its answer. (A page that stays open tells it as it
    /// comes.)
    fn thoughts(&self) -> Option<Thoughts> {
        let (text, is_thinking) = match &self.html {
            Html::Live(live) => (&live.thoughts, live.is_thinking),
            Html::Final(_) => (&self.message.reasoning, false),
            Html::None | Html::Held => return None,
        };
        let shown = |text| Thoughts::new(self.message.id, self.view.t, text, is_thinking);
        (!text.trim().is_empty()).then(|| shown(text.clone()))
    }

    /// The model that replied; until it is asked, the one that will be.
    fn model(&self) -> Option<&str> {
        let replied = self.message.model.as_deref();
        replied.or(self.view.model.model.as_deref()).map(short_name)
    }

    /// Returns the announcement of a reply's end.
    pub(crate) fn end_said(&self) -> String {
        match (&self.ending.sentence, self.message.state.is_running()) {
            (_, true) => String::new(),
            (Some(sentence), _) => sentence.clone(),
            (None, _) => self.view.t.reply_finished(),
        }
    }

    /// Tells whether it is being written and htmx takes it further. (A page that stays open does so
    /// by itself, and could not say at its end that it is no longer busy.)
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.html, Html::Live(_))
    }
}

impl LiveHtml {
    pub(crate) fn of(live: &Arc<LiveReply>, view: &View) -> Self {
        let news = live.now();
        let mut blocks: String = news.pieces.iter().map(|piece| &*piece.html).collect();
        let last = news.pieces.last().map(|piece| piece.kind);
        if matches!(
            last,
            Some(markdown::PieceKind::CodeStart | markdown::PieceKind::CodeLines)
        ) {
            blocks.push_str(markdown::CODE_END);
        }
        Self {
            blocks: Rendered(blocks.into()),
            open: Rendered(news.open.map(|open| open.html).unwrap_or_default()),
            note: news
                .note
                .and_then(|note| note.sentence(view.t))
                .unwrap_or_default(),
            thoughts: news.thoughts,
            is_thinking: !news.answers,
            position: news.position,
            reconnecting: Rendered(reconnecting(view.t).into()),
        }
    }
}
