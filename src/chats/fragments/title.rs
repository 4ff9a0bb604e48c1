//! A chat's title, and renaming.

use super::{caret::CaretAtEnd, chat_list::ChatList, refusal::notice};
use crate::{
    App,
    auth::user::User,
    chats::pages::confirm::{AskAboutChat, ChatQuestion},
    db::Db,
    error::{Error, Result, unless_not_written},
    i18n::Texts,
    messages::rows::{Chat, ChatId, Message, MessageState},
    text::clean_line,
    web::view::View,
    with_pool,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// Most characters of a chat's title.
pub const TITLE_LIMIT: usize = 80;

/// The chat's title, and what can be done with the chat.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/title.html")]
pub(crate) struct Title {
    pub view: View,
    pub chat: Chat,
    /// The list, where it changes along with the title, which then is the window's too, behind a sign.
    pub chats: Option<ChatList>,
    pub sign: &'static str,
    /// The model is making another one, which is looked for in a moment.
    pub is_awaited: bool,
    /// It stands where a form was that had the focus.
    pub takes_focus: bool,
}

impl HtmlSafe for Title {}

impl Title {
    pub(crate) fn of(chat: Chat, view: &View) -> Self {
        Self {
            view: view.clone(),
            chat,
            chats: None,
            sign: "",
            is_awaited: false,
            takes_focus: false,
        }
    }

    /// The same, and the list and the window's title, which have it as well.
    async fn with_list(app: &App, view: &View, user: &User, chat: Chat) -> Result<Self> {
        let chats = ChatList::new(app, view, user, Some(chat.id)).await?;
        Ok(Self {
            chats: Some(chats),
            sign: Sign::at_the_end(app, &chat).await?,
            ..Self::of(chat, view)
        })
    }
}

/// Status mark in the document title, so that another tab shows whether the reply is running.
pub(crate) struct Sign;

impl Sign {
    pub(crate) const RUNNING: &str = "⋯ ";
    const DONE: &str = "✓ ";

    pub(crate) fn of(reply: &Message) -> &'static str {
        match reply.state {
            MessageState::Queued | MessageState::Streaming => Self::RUNNING,
            MessageState::Complete => Self::DONE,
            _ => "",
        }
    }

    /// For the reply that the chat ends with.
    async fn at_the_end(app: &App, chat: &Chat) -> Result<&'static str> {
        let Some(leaf) = chat.leaf else {
            return Ok("");
        };
        match app.db.message(leaf).await {
            Ok(reply) => Ok(Self::of(&reply)),
            // It was deleted meanwhile.
            Err(Error::NotFound) => Ok(""),
            Err(error) => Err(error),
        }
    }
}

/// Asks for another title.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/title_form.html")]
pub(crate) struct TitleForm {
    pub view: View,
    pub chat: Chat,
    pub title: String,
    pub problem: Option<String>,
}

impl HtmlSafe for TitleForm {}

/// The field for it.
#[derive(Template)]
#[template(path = "fragments/title_field.html")]
struct TitleField {
    t: &'static Texts,
    title: String,
    takes_focus: bool,
    has_problem: bool,
}

impl HtmlSafe for TitleField {}

impl TitleForm {
    /// The field gets the focus in a moment, and then with its caret at the end.
    fn awaits_caret(&self) -> bool {
        self.view.htmx && self.problem.is_none()
    }

    fn field(&self) -> TitleField {
        TitleField {
            t: self.view.t,
            title: self.title.clone(),
            takes_focus: !self.awaits_caret(),
            has_problem: self.problem.is_some(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewTitle {
    title: String,
}

/// `GET /chats/{id}/rename`: the form, in the title's place or on a page of its own.
pub(crate) async fn ask(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let form = TitleForm {
        view: view.clone(),
        title: chat.title.clone(),
        chat,
        problem: None,
    };
    Ok(view.clone().fragment_or(form, |form| AskAboutChat {
        view,
        question: ChatQuestion::Title(form),
    }))
}

/// `GET /chats/{id}/rename/caret`: the field of a form that htmx has just put in the title's place.
pub(crate) async fn caret(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    if !view.htmx {
        return Ok(Redirect::to(&format!("/chats/{id}/rename")).into_response());
    }
    let field = |title, takes_focus| TitleField {
        t: view.t,
        title,
        takes_focus,
        has_problem: false,
    };
    let caret = CaretAtEnd {
        form: "#title".to_owned(),
        id: "new-title".to_owned(),
        emptied: field(String::new(), false),
        full: field(chat.title, true),
    };
    Ok(caret.into_response())
}

/// `GET /chats/{id}/title`: the title and the list as they are by now, for a page that is open while
/// the model makes one, and for a form in its place that is given up.
pub(crate) async fn title(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
) -> Result<Response> {
    let chat = app.db.chat(&user, id).await?;
    let title = Title::with_list(&app, &view, &user, chat).await?;
    Ok(title.into_response())
}

/// `POST /chats/{id}/rename`
pub(crate) async fn rename(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<ChatId>,
    Form(new): Form<NewTitle>,
) -> Result<Response> {
    let mut chat = app.db.chat(&user, id).await?;
    let title = clean_line(&new.title);
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let problem = if title.is_empty() {
        Some(view.t.rename_empty())
    } else if title.chars().count() > TITLE_LIMIT {
        Some(view.t.rename_too_long(TITLE_LIMIT as u64))
    } else {
        let renamed = unless_not_written(app.db.rename_chat(&chat, &title).await)?;
        status = StatusCode::SERVICE_UNAVAILABLE;
        match renamed.err().map(|why| why.sentence(view.t)) {
            // The title is still in its field.
            Some(problem) if view.htmx => return Ok(notice(problem).for_htmx(status)),
            problem => problem,
        }
    };
    if problem.is_some() {
        let form = TitleForm {
            view: view.clone(),
            title: new.title,
            chat,
            problem,
        };
        let form = view.clone().fragment_or(form, |form| AskAboutChat {
            view,
            question: ChatQuestion::Title(form),
        });
        return Ok((status, form).into_response());
    }
    chat.title = title;
    if !view.htmx {
        return Ok(Redirect::to(&format!("/chats/{id}")).into_response());
    }
    let title = Title::with_list(&app, &view, &user, chat).await?;
    // Whoever renames it has seen how it ended.
    let sign = Some(title.sign).filter(|sign| *sign == Sign::RUNNING);
    Ok(Title {
        sign: sign.unwrap_or_default(),
        takes_focus: true,
        ..title
    }
    .into_response())
}

/// A chat's first title: the first line that says something, not too long.
pub(crate) fn title_from(text: &str) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let line = clean_line(line);
    if line.chars().count() <= TITLE_LIMIT {
        return line;
    }
    let kept: String = line.chars().take(TITLE_LIMIT - 1).collect();
    format!("{}…", kept.trim_end())
}

impl Db {
    /// Gives the chat another title.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rename_chat(&self, chat: &Chat, title: &str) -> Result<()> {
        let sql = "update chats set title = $2, title_by = 'person' where id = $1";
        with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(chat.id)
            .bind(title)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }
}
