//! Making an account.

use crate::{
    App,
    appearance::Appearance,
    auth::{
        rows::{Creation, FIRST_PASSWORD},
        sign_in, too_many,
    },
    config::Registration,
    cookies::cookie,
    error::Result,
    i18n::{self, Lang, Texts},
    security::{
        client_address::Network,
        limits,
        log::Event,
        password::{self, Password},
    },
    urls::HOME,
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::{
    Form,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use std::time::Duration;
use tower_sessions::Session;
use unicode_normalization::UnicodeNormalization;

/// Most characters of a username.
const NAME_LIMIT: usize = 40;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Registering {
    username: String,
    password: String,
    password_confirm: String,
}

/// The form for a new account, with what was typed and what is wrong with it.
#[derive(Template, WebTemplate)]
#[template(path = "fragments/register_form.html")]
pub(crate) struct RegisterForm {
    pub view: View,
    pub username: String,
    /// Nobody has an account yet, so this one becomes the administrator's.
    pub is_first: bool,
    pub is_closed: bool,
    /// The reason why no account can be made at the moment.
    pub problem: Option<String>,
    pub username_problem: Option<String>,
    pub password_problem: Option<String>,
    pub confirm_problem: Option<String>,
}

impl HtmlSafe for RegisterForm {}

#[derive(Template, WebTemplate)]
#[template(path = "pages/register.html")]
struct RegisterPage {
    view: View,
    form: RegisterForm,
}

impl RegisterForm {
    async fn new(view: View, app: &App) -> Result<Self> {
        let is_first = app.db.has_no_users().await?;
        let is_closed = app.config.registration == Registration::Closed && !is_first;
        Ok(Self {
            view,
            username: String::new(),
            is_first,
            is_closed,
            problem: None,
            username_problem: None,
            password_problem: None,
            confirm_problem: None,
        })
    }

    /// Says what is wrong with what was typed, at its field.
    fn check(&mut self, password: &Password, confirm: &Password) {
        let t = self.view.t;
        self.username_problem = name_problem(t, &self.username);
        self.password_problem = password_problem(t, password);
        if self.password_problem.is_none() && !password.is(confirm) {
            self.confirm_problem = Some(t.register_confirm_differs());
        }
    }

    /// Tells whether only the passwords are to be typed again, which are never given back.
    fn types_password_again(&self) -> bool {
        let problems = [&self.problem, &self.password_problem, &self.confirm_problem];
        self.username_problem.is_none() && problems.into_iter().any(Option::is_some)
    }

    fn is_fine(&self) -> bool {
        let problems = [
            &self.username_problem,
            &self.password_problem,
            &self.confirm_problem,
        ];
        problems.into_iter().all(Option::is_none)
    }

    fn refused(self) -> Response {
        let view = self.view.clone();
        view.clone()
            .refused(self, |form| RegisterPage { view, form })
    }

    fn too_many(mut self, wait: Duration) -> Response {
        let seconds = wait.as_secs().max(1);
        self.problem = Some(self.view.t.error_too_many(seconds));
        too_many(self.refused(), seconds)
    }
}

/// A name as it is kept.
pub(crate) fn clean_name(typed: &str) -> String {
    typed.nfkc().collect::<String>().trim().to_owned()
}

/// Tells what is wrong with a name.
pub(crate) fn name_problem(t: &Texts, name: &str) -> Option<String> {
    if name.is_empty() {
        Some(t.register_name_empty())
    } else if name.chars().count() > NAME_LIMIT {
        Some(t.register_name_long(NAME_LIMIT as u64))
    } else if !name.chars().all(is_fit_for_a_name) {
        Some(t.register_name_characters())
    } else {
        None
    }
}

/// Tells what is wrong with a new password, as far as can be seen at once.
pub(crate) fn password_problem(t: &Texts, password: &Password) -> Option<String> {
    let (least, most) = (
        *password::LENGTH.start() as u64,
        *password::LENGTH.end() as u64,
    );
    let fits = password::LENGTH.contains(&password.length());
    (!fits).then(|| t.register_password_length(least, most))
}

/// Letters, digits, marks, punctuation and inner spaces; nothing that is invisible or turns text around.
fn is_fit_for_a_name(c: char) -> bool {
    let invisible = matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    );
    !(c.is_control() || invisible || (c.is_whitespace() && c != ' '))
}

/// `GET /register`
pub(crate) async fn show(view: View, State(app): State<App>) -> Result<Response> {
    if view.user.is_some() {
        return Ok(Redirect::to(HOME).into_response());
    }
    let form = RegisterForm::new(view.clone(), &app).await?;
    Ok(RegisterPage { view, form }.into_response())
}

/// `POST /register`
pub(crate) async fn register(
    view: View,
    network: Network,
    session: Session,
    State(app): State<App>,
    headers: HeaderMap,
    Form(typed): Form<Registering>,
) -> Result<Response> {
    let mut form = RegisterForm::new(view, &app).await?;
    form.username = clean_name(&typed.username);
    if form.is_closed {
        return Ok(form.refused());
    }
    let password = Password::new(&typed.password);
    form.check(&password, &Password::new(&typed.password_confirm));
    if !form.is_fine() {
        return Ok(form.refused());
    }
    // Only accounts that are made use up the room for them; but each form tells something.
    let room = app.config.registrations_per_network;
    let forms = limits::REGISTRATION_FORMS.with_burst(room.saturating_mul(2));
    let accounts = limits::REGISTRATIONS.with_burst(room);
    let place = network.to_string();
    if let Some(wait) = app.db.count_try(&forms, &place).await? {
        app.guard.tell(&forms, &place, Some(&network));
        return Ok(form.too_many(wait));
    }
    if app.is_common(&password, &form.username).await? {
        form.password_problem = Some(form.view.t.register_password_common());
        return Ok(form.refused());
    }
    if app.db.account(&form.username).await?.is_some() {
        form.username_problem = Some(form.view.t.register_name_taken());
        return Ok(form.refused());
    }
    if let Some(wait) = app.db.count_try(&accounts, &place).await? {
        app.guard.tell(&accounts, &place, Some(&network));
        return Ok(form.too_many(wait));
    }
    let hash = app.guard.passwords.hash(password).await?;
    let open = app.config.registration == Registration::Open;
    let language = cookie(&headers, i18n::COOKIE).and_then(|tag| Lang::for_tag(&tag));
    let look = Appearance::of_cookies(&headers);
    let made = app
        .db
        .add_user(&form.username, &hash, language.as_deref(), &look, open)
        .await?;
    if !matches!(made, Creation::Created(_)) {
        app.db.give_back_try(&accounts, &place).await?;
    }
    match made {
        Creation::Created(user) => {
            Event::AccountMade.log(Some(&network), Some(user));
            let sign_in = sign_in(&app, &session, &headers, (user, FIRST_PASSWORD), HOME).await;
            match sign_in {
                // The account is made all the same; nobody is signed in.
                Err(error) if error.is_passing() => {
                    session.clear().await;
                    Ok(Redirect::to("/login").into_response())
                }
                sign_in => sign_in,
            }
        }
        Creation::NameTaken => {
            form.username_problem = Some(form.view.t.register_name_taken());
            Ok(form.refused())
        }
        Creation::Closed => {
            form.is_closed = true;
            Ok(form.refused())
        }
    }
}
