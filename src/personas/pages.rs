//! The pages on which personas are made, changed, duplicated and deleted.

use super::{Persona, Typed, store::PERSONAS_LIMIT};
use crate::{
    App,
    error::{NotWritten, Result},
    ids::PersonaId,
    presets::Preset,
    text::{clean_line, plain},
    users::User,
    web::{
        preset_form::{PresetFields, PresetForm},
        view::View,
    },
};
use askama::Template;
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

/// Most characters of a name, a greeting, and the questions.
const NAME_LIMIT: usize = 80;
const GREETING_LIMIT: usize = 2_000;
const STARTERS_LIMIT: usize = 2_000;

/// Most questions.
const STARTERS_AT_MOST: usize = 12;

#[derive(Template, WebTemplate)]
#[template(path = "pages/personas.html")]
pub(crate) struct PersonasPage {
    view: View,
    personas: Vec<Persona>,
    problem: Option<String>,
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/persona.html")]
pub(crate) struct PersonaPage {
    view: View,
    /// The one that is changed; `None` for a new one.
    id: Option<PersonaId>,
    typed: Typed,
    problem: Option<String>,
    fields: PresetFields,
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/delete_persona.html")]
pub(crate) struct DeletePage {
    view: View,
    persona: Persona,
}

/// The fields of the form.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sent {
    #[serde(flatten)]
    typed: Typed,
    #[serde(flatten)]
    preset: PresetForm,
}

/// `GET /personas`
pub(crate) async fn list(user: User, view: View, State(app): State<App>) -> Result<PersonasPage> {
    list_page(&app, view, &user, None).await
}

async fn list_page(
    app: &App,
    view: View,
    user: &User,
    problem: Option<String>,
) -> Result<PersonasPage> {
    let personas = app.db.personas(user).await?;
    Ok(PersonasPage {
        view,
        personas,
        problem,
    })
}

/// `GET /personas/new`
pub(crate) async fn new(_: User, view: View, State(app): State<App>) -> Result<PersonaPage> {
    Ok(PersonaPage::new(&app, view, None, Sent::default()).await)
}

/// `POST /personas/new`
pub(crate) async fn create(
    user: User,
    view: View,
    State(app): State<App>,
    Form(sent): Form<Sent>,
) -> Result<Response> {
    let (typed, preset) = match sent.read(&app, &view, None).await {
        Ok(read) => read,
        Err(page) => return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response()),
    };
    match app.db.add_persona(&user, &typed, &preset).await {
        Ok(true) => Ok(Redirect::to("/personas").into_response()),
        Ok(false) => {
            let mut page = PersonaPage::new(&app, view, None, sent).await;
            page.problem = Some(page.view.t.personas_too_many(PERSONAS_LIMIT as u64));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => {
            let why = error.not_written()?;
            Ok(PersonaPage::new(&app, view, None, sent).await.not_kept(why))
        }
    }
}

/// `GET /personas/{id}`
pub(crate) async fn show(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<PersonaId>,
) -> Result<PersonaPage> {
    let persona = app.db.persona(&user, id).await?;
    let sent = Sent {
        typed: Typed {
            name: persona.name,
            greeting: persona.greeting,
            starters: persona.starters,
        },
        preset: persona.preset.into(),
    };
    Ok(PersonaPage::new(&app, view, Some(id), sent).await)
}

/// `POST /personas/{id}`
pub(crate) async fn change(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<PersonaId>,
    Form(sent): Form<Sent>,
) -> Result<Response> {
    let persona = app.db.persona(&user, id).await?;
    match sent.read(&app, &view, Some(id)).await {
        Err(page) => Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response()),
        Ok((typed, preset)) => {
            let Err(error) = app.db.set_persona(&persona, &typed, &preset).await else {
                return Ok(Redirect::to("/personas").into_response());
            };
            let why = error.not_written()?;
            let page = PersonaPage::new(&app, view, Some(id), sent).await;
            Ok(page.not_kept(why))
        }
    }
}

/// `POST /personas/{id}/duplicate`
pub(crate) async fn duplicate(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<PersonaId>,
) -> Result<Response> {
    let persona = app.db.persona(&user, id).await?;
    let name = view.t.personas_copy(&*persona.name);
    let typed = Typed {
        name: name.chars().take(NAME_LIMIT).collect(),
        greeting: persona.greeting,
        starters: persona.starters,
    };
    if !app.db.add_persona(&user, &typed, &persona.preset).await? {
        let problem = view.t.personas_too_many(PERSONAS_LIMIT as u64);
        let page = list_page(&app, view, &user, Some(problem)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    Ok(Redirect::to("/personas").into_response())
}

/// `GET /personas/{id}/delete`: asks first.
pub(crate) async fn ask_delete(
    user: User,
    view: View,
    State(app): State<App>,
    Path(id): Path<PersonaId>,
) -> Result<DeletePage> {
    let persona = app.db.persona(&user, id).await?;
    Ok(DeletePage { view, persona })
}

/// `POST /personas/{id}/delete`
pub(crate) async fn delete(
    user: User,
    State(app): State<App>,
    Path(id): Path<PersonaId>,
) -> Result<Redirect> {
    app.db.persona(&user, id).await?;
    app.db.delete_persona(id).await?;
    Ok(Redirect::to("/personas"))
}

impl PersonaPage {
    fn not_kept(mut self, why: NotWritten) -> Response {
        self.problem = Some(why.sentence(self.view.t));
        (StatusCode::SERVICE_UNAVAILABLE, self).into_response()
    }

    async fn new(app: &App, view: View, id: Option<PersonaId>, sent: Sent) -> Self {
        let fields = PresetFields::new(&view, sent.preset, app.models.list().await);
        Self {
            view,
            id,
            typed: sent.typed,
            problem: None,
            fields,
        }
    }

    fn action(&self) -> String {
        match self.id {
            Some(id) => format!("/personas/{id}"),
            None => "/personas/new".to_owned(),
        }
    }
}

impl Sent {
    /// Reads what is to be stored, or makes the page again with what is wrong.
    async fn read(
        &self,
        app: &App,
        view: &View,
        id: Option<PersonaId>,
    ) -> Result<(Typed, Preset), PersonaPage> {
        let typed = Typed {
            name: clean_line(&self.typed.name),
            greeting: plain(&self.typed.greeting),
            starters: plain(&self.typed.starters),
        };
        let problem = typed.problem(view);
        let preset = self.preset.preset(view.t);
        if let (None, Ok(preset)) = (&problem, &preset) {
            return Ok((typed, preset.clone()));
        }
        let sent = Self {
            typed: self.typed.clone(),
            preset: self.preset.clone(),
        };
        let mut page = PersonaPage::new(app, view.clone(), id, sent).await;
        page.problem = problem;
        if let Err(problems) = preset {
            page.fields.problems = *problems;
        }
        Err(page)
    }
}

impl Typed {
    fn problem(&self, view: &View) -> Option<String> {
        let t = view.t;
        let length = |text: &str| text.chars().count();
        let questions = self.starters.lines().filter(|line| !line.trim().is_empty());
        if self.name.is_empty() {
            Some(t.personas_name_empty())
        } else if length(&self.name) > NAME_LIMIT {
            Some(t.personas_name_too_long(NAME_LIMIT as u64))
        } else if length(&self.greeting) > GREETING_LIMIT {
            Some(t.personas_greeting_too_long(GREETING_LIMIT as u64))
        } else if length(&self.starters) > STARTERS_LIMIT || questions.count() > STARTERS_AT_MOST {
            Some(t.personas_starters_too_long(STARTERS_AT_MOST as u64, STARTERS_LIMIT as u64))
        } else {
            None
        }
    }
}
