//! A reply made anew by another model: which one is asked here.

use crate::{
    App, error::Result, ids::MessageId, messages::rows::Chat, users::User, web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    extract::{Path, State},
    response::Response,
};
use std::sync::Arc;

/// Asks for the model. It sends what "Try again" sends, and the model's name.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/other_model.html")]
pub(crate) struct OtherModel {
    pub view: View,
    pub chat: Chat,
    pub reply: MessageId,
    pub model: String,
    pub models: Arc<[String]>,
    pub problem: Option<String>,
}

impl HtmlSafe for OtherModel {}

#[derive(Template, WebTemplate)]
#[template(path = "pages/other_model.html")]
pub(crate) struct OtherModelPage {
    pub view: View,
    pub form: OtherModel,
}

/// `GET /replies/{id}/retry`: the form, in the link's place or on a page of its own.
pub(crate) async fn ask(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<MessageId>,
) -> Result<Response> {
    let (_, chat) = app.db.reply(&user, id).await?;
    let form = OtherModel {
        view: view.clone(),
        chat,
        reply: id,
        model: String::new(),
        models: app.models.list().await,
        problem: None,
    };
    Ok(view
        .clone()
        .fragment_or(form, |form| OtherModelPage { view, form }))
}
