//! The page on which a person chooses their time zone.

use crate::{
    App,
    error::Result,
    time::{self, Clock},
    users::User,
    web::view::View,
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

#[derive(Template, WebTemplate)]
#[template(path = "pages/time.html")]
pub(crate) struct TimePage {
    view: View,
    /// The name of the zone that is chosen; empty for the server's.
    chosen: String,
    /// The name of the server's.
    server: String,
    names: Vec<String>,
    is_saved: bool,
    problem: Option<String>,
}

impl TimePage {
    fn new(app: &App, view: View, user: &User) -> Self {
        Self {
            view,
            chosen: user.time_zone().unwrap_or_default().to_owned(),
            server: time::name(&app.zone),
            names: time::names(),
            is_saved: false,
            problem: None,
        }
    }

    fn clock(&self) -> &Clock {
        &self.view.clock
    }
}

/// The fields of the form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    time_zone: String,
}

/// `GET /settings/time`
pub(crate) async fn show(user: User, view: View, State(app): State<App>) -> TimePage {
    TimePage::new(&app, view, &user)
}

/// `GET /settings/time/saved`: the same, after a change.
pub(crate) async fn saved(user: User, view: View, State(app): State<App>) -> TimePage {
    TimePage {
        is_saved: true,
        ..TimePage::new(&app, view, &user)
    }
}

/// `POST /settings/time`
pub(crate) async fn change(
    user: User,
    view: View,
    State(app): State<App>,
    Form(sent): Form<Sent>,
) -> Result<Response> {
    let chosen = Some(sent.time_zone).filter(|name| !name.is_empty());
    let mut page = TimePage::new(&app, view, &user);
    if chosen
        .as_ref()
        .is_some_and(|name| !page.names.contains(name))
    {
        page.problem = Some(page.view.t.clock_zone_unknown());
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    app.db.set_time_zone(user.id, chosen.as_deref()).await?;
    Ok(Redirect::to("/settings/time/saved").into_response())
}
