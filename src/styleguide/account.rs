//! Samples for the style guide: signing in, and making an account.

use super::Sample;
use crate::{
    account::{
        delete::DeleteAccountForm, name::NameForm, password::PasswordForm, register::RegisterForm,
        sessions::SessionList, sign_in::LoginForm,
    },
    auth::{erase::Holdings, session_list::Seen},
    error::Result,
    time::now,
    urls::HOME,
    web::view::View,
};

/// Every sample of this feature.
pub(crate) fn samples(view: &View) -> Result<Vec<Sample>> {
    let t = view.t;
    let login = |draft: String, problem: Option<String>| LoginForm {
        view: view.clone(),
        username: problem.as_ref().map(|_| t.you()).unwrap_or_default(),
        next: HOME.to_owned(),
        draft,
        problem,
    };
    let register = |is_closed| RegisterForm {
        view: view.clone(),
        username: String::new(),
        is_first: false,
        is_closed,
        problem: None,
        username_problem: None,
        password_problem: None,
        confirm_problem: None,
    };
    let first = RegisterForm {
        is_first: true,
        ..register(false)
    };
    let refused = RegisterForm {
        username_problem: Some(t.register_name_empty()),
        password_problem: Some(t.register_password_length(8, 1_000)),
        confirm_problem: Some(t.register_confirm_differs()),
        ..register(false)
    };
    let too_many = RegisterForm {
        username: t.you(),
        problem: Some(t.error_too_many(40)),
        ..register(false)
    };
    let lost = login(t.empty_second(), Some(t.error_signed_out()));
    let mut samples = account(view)?;
    samples.extend([
        Sample::of("login_form", "plain", &login(String::new(), None))?,
        Sample::of(
            "login_form",
            "problem",
            &login(String::new(), Some(t.login_wrong())),
        )?,
        Sample::of("login_form", "with a draft", &lost)?,
        Sample::of("register_form", "plain", &register(false))?,
        Sample::of("register_form", "first", &first)?,
        Sample::of("register_form", "problems", &refused)?,
        Sample::of("register_form", "too many", &too_many)?,
        Sample::of("register_form", "closed", &register(true))?,
    ]);
    Ok(samples)
}

/// Makes the samples of the page of somebody's account.
fn account(view: &View) -> Result<Vec<Sample>> {
    let t = view.t;
    let name = |problem: Option<String>| NameForm {
        view: view.clone(),
        username: t.you(),
        too_many: None,
        problem,
    };
    let name_too_many = NameForm {
        too_many: Some(t.error_too_many(40)),
        ..name(None)
    };
    let password_too_many = PasswordForm {
        too_many: Some(t.error_too_many(40)),
        ..PasswordForm::new(view.clone())
    };
    let password = PasswordForm {
        problem: Some(t.account_password_wrong()),
        new_problem: Some(t.register_password_length(8, 1_000)),
        confirm_problem: Some(t.register_confirm_differs()),
        ..PasswordForm::new(view.clone())
    };
    let form = |is_needed, is_alone| DeleteAccountForm {
        view: view.clone(),
        holdings: Holdings {
            chats: 12,
            personas: 1,
            is_needed,
            is_alone,
        },
        is_sure: false,
        too_many: None,
        sure_problem: None,
        password_problem: None,
    };
    let unsure = DeleteAccountForm {
        is_sure: false,
        sure_problem: Some(t.delete_account_not_sure()),
        password_problem: Some(t.account_password_wrong()),
        ..form(false, true)
    };
    let deleting_too_many = DeleteAccountForm {
        is_sure: true,
        too_many: Some(t.error_too_many(40)),
        ..form(false, false)
    };
    let used = |number: u8, user_agent: Option<&str>| Seen {
        key_hash: vec![number; 32],
        user_agent: user_agent.map(str::to_owned),
        created_at: Some(now()),
        seen_at: Some(now()),
    };
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let sessions = |others| SessionList {
        view: view.clone(),
        this: Some(used(1, Some(firefox))),
        others,
    };
    let others = vec![used(2, Some("w3m/0.5.3")), used(3, None)];
    Ok(vec![
        Sample::of("name_form", "plain", &name(None))?,
        Sample::of("name_form", "problem", &name(Some(t.register_name_taken())))?,
        Sample::of("name_form", "too many", &name_too_many)?,
        Sample::of("password_form", "plain", &PasswordForm::new(view.clone()))?,
        Sample::of("password_form", "problems", &password)?,
        Sample::of("password_form", "too many", &password_too_many)?,
        Sample::of("session_list", "one", &sessions(Vec::new()))?,
        Sample::of("session_list", "several", &sessions(others))?,
        Sample::of("delete_account_form", "plain", &form(false, false))?,
        Sample::of("delete_account_form", "problems", &unsure)?,
        Sample::of("delete_account_form", "too many", &deleting_too_many)?,
        Sample::of("delete_account_form", "refused", &form(true, false))?,
    ])
}
