//! Messages as they are shown.

use super::{Message, MessageId, MessageState, Role};
use crate::{
    App, error::Result, i18n::Texts, markdown, models::TroubleKind, replies::LiveReply, view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use std::{fmt, sync::Arc};

/// A message as it is shown.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/message.html")]
pub(super) struct Shown {
    view: View,
    pub message: Message,
    pub html: Html,
    pub ending: Ending,
}

impl HtmlSafe for Shown {}

/// HTML that our own renderer made, which escapes whatever was not ours.
pub(super) struct Rendered(pub Arc<str>);

impl HtmlSafe for Rendered {}

impl fmt::Display for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a reply ended, below its text: what happened, and another try where that makes sense.
#[derive(Template)]
#[template(path = "fragments/ending.html")]
pub(super) struct Ending {
    view: View,
    /// That earlier messages were left out of what the model was sent.
    dropped: Option<String>,
    sentence: Option<String>,
    retry: Option<MessageId>,
    /// Whether it can also be carried on from its text.
    can_continue: bool,
}

impl HtmlSafe for Ending {}

/// A reply's text as HTML.
pub(super) enum Html {
    /// A person's message: shown as typed.
    None,
    /// In its final form.
    Final(Rendered),
    /// So far, and how it goes on.
    Live(LiveHtml),
    /// So far, where the page that stays open goes on (`HELD_HERE`).
    Held,
}

pub(super) struct LiveHtml {
    blocks: Rendered,
    open: Rendered,
    note: String,
    position: usize,
}

impl Shown {
    /// The messages in order, each rendered.
    pub(super) async fn all(app: &App, view: &View, messages: Vec<Message>) -> Result<Vec<Self>> {
        let mut shown = Vec::with_capacity(messages.len());
        let mut finals = Vec::new();
        for mut message in messages {
            let mut html = Html::None;
            if message.state.is_running() {
                match app.replies.follow(message.id).await? {
                    Some(live) => {
                        html = Html::Live(LiveHtml::of(&live, view));
                        message.reasoning += &app.db.reasoning_so_far(message.id).await?;
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
            });
        }
        for (index, html) in app.rendered.all(finals).await? {
            shown[index].html = Html::Final(Rendered(html));
        }
        // Only the last one can be tried again: a chat goes on from its end.
        if let Some((_, earlier)) = shown.split_last_mut() {
            earlier
                .iter_mut()
                .for_each(|shown| shown.ending.retry = None);
        }
        Ok(shown)
    }

    fn lines(&self) -> std::str::Split<'_, char> {
        self.message.body.split('\n')
    }

    fn thoughts(&self) -> std::str::Split<'_, char> {
        self.message.reasoning.trim().split('\n')
    }

    /// The model that replied; until it is asked, the one that will be.
    fn model(&self) -> Option<&str> {
        self.message
            .model
            .as_deref()
            .or(self.view.model.model.as_deref())
    }

    /// Whether it is being written and htmx takes it further. (A page that stays open does so by
    /// itself, and could not say at its end that it is no longer busy.)
    pub(super) fn is_live(&self) -> bool {
        matches!(self.html, Html::Live(_))
    }
}

impl Ending {
    pub(super) fn of(message: &Message, view: &View) -> Self {
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
        let can_continue = message.can_continue();
        let again = can_continue || matches!(state, Failed | Interrupted | Stopped);
        let retry = again.then_some(message.id);
        let dropped = (message.dropped > 0).then(|| t.reply_dropped(message.dropped));
        Self {
            view: view.clone(),
            dropped,
            sentence,
            retry,
            can_continue,
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
            position: news.position,
        }
    }
}
