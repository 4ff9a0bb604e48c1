//! Making an account, signing in, signing out, and who is kept from it.

use crate::support::*;
use damso::config::Registration;
use futures_util::future::join_all;
use http::{Method, StatusCode};
use unicode_normalization::UnicodeNormalization;

/// The answer without what is different in each one.
fn timeless(page: &Page) -> String {
    page.html.replace(&page.nonce, "nonce")
}

/// Whether this browser is signed in.
async fn is_in(browser: &Browser) -> bool {
    browser.get("/").await.has("#composer")
}

/// Sends the sign-in form without reading what comes back.
async fn try_password(browser: &Browser, name: &str, password: &str) -> StatusCode {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("username", name)
        .append_pair("password", password)
        .finish();
    browser
        .request(Method::POST, "/login", "document", Some(body))
        .await
        .status()
}

/// Guesses at the password of another account each time.
async fn guess(browser: &Browser, n: usize) -> StatusCode {
    try_password(browser, &format!("somebody{n}"), "a wrong guess").await
}

/// Sends the form for a new account without reading what comes back.
async fn try_to_register(browser: &Browser, name: &str, password: &str) -> StatusCode {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("username", name)
        .append_pair("password", password)
        .append_pair("password_confirm", password)
        .finish();
    browser
        .request(Method::POST, "/register", "document", Some(body))
        .await
        .status()
}

#[tokio::test]
async fn someone_makes_an_account_talks_and_signs_out() {
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let app = TestApp::start().await;
        let ann = kind(&app);
        let welcome = ann.get("/").await;
        assert!(welcome.has("a[href='/register']") && welcome.has("a[href='/login']"));
        let ann = ann.sign_up("ann").await;
        let page = ann.start_chat("Hello").await;
        assert_eq!(page.texts(".message .text"), ["Hello", "Hello!"]);
        let page = ann.sign_out().await;
        assert_eq!(page.path, "/login");
        let page = ann.sign_in("ann", PASSWORD).await;
        assert_eq!((page.status, &*page.path), (StatusCode::OK, "/chats/new"));
        assert_eq!(ann.get("/chats").await.texts("#chats li a"), ["Hello"]);
    }
}

#[tokio::test]
async fn the_first_account_is_the_administrators_and_its_form_says_so() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app);
    assert!(ann.get("/register").await.texts(".hint")[0].contains("administrator"));
    ann.sign_up("ann").await;
    let ben = Browser::plain(&app);
    let hints = ben.get("/register").await.texts(".hint");
    assert!(
        hints.iter().all(|hint| !hint.contains("administrator")),
        "{hints:?}"
    );
    ben.sign_up("ben").await;
    let admins: String = app
        .value("select string_agg(name, ',') from users where role = 'administrator'")
        .await;
    assert_eq!(admins, "ann");
}

#[tokio::test]
async fn of_fifty_who_register_at_once_one_becomes_the_administrator() {
    for (registration, accounts) in [(Registration::Open, 50), (Registration::Closed, 1)] {
        let app = TestApp::with(|config| config.registration = registration).await;
        let forms = join_all((0..50).map(async |n: u32| {
            let someone = Browser::plain(&app).from(&format!("10.0.0.{n}"));
            let page = someone.get("/register").await;
            (someone, page.form("main form"), format!("someone{n}"))
        }))
        .await;
        let pages = join_all(forms.iter().map(async |(someone, form, name)| {
            let form = form
                .clone()
                .fill("username", name)
                .fill("password", PASSWORD);
            // All of them wait for the same few hashing threads: more than one answer's patience.
            let body = form.fill("password_confirm", PASSWORD).body();
            someone
                .request(Method::POST, "/register", "document", Some(body))
                .await
                .status()
        }))
        .await;
        let made = pages
            .iter()
            .filter(|status| **status == StatusCode::SEE_OTHER)
            .count();
        assert_eq!(made, accounts);
        assert_eq!(
            app.value::<i64>("select count(*) from users").await,
            accounts as i64
        );
        assert_eq!(
            app.value::<i64>("select count(*) from users where role = 'administrator'")
                .await,
            1
        );
    }
}

#[tokio::test]
async fn where_registration_is_closed_only_the_first_account_can_be_made() {
    let app = TestApp::with(|config| config.registration = Registration::Closed).await;
    let ben = Browser::plain(&app);
    let early = ben.get("/register").await.form("main form");
    Browser::plain(&app).sign_up("ann").await;
    assert!(!ben.get("/").await.has("a[href='/register']"));
    let page = ben.get("/login").await;
    assert!(!page.has("a[href='/register']") && page.text("main").contains("Sign-up is closed"));
    let page = ben.get("/register").await;
    assert!(!page.has("main form") && page.text(".notice").contains("Sign-up is closed"));
    let form = early
        .fill("username", "ben")
        .fill("password", PASSWORD)
        .fill("password_confirm", PASSWORD);
    let page = ben.submit(&form).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text(".notice").contains("Sign-up is closed"));
    assert_eq!(app.value::<i64>("select count(*) from users").await, 1);
}

#[tokio::test]
async fn mistakes_come_back_at_their_field_with_all_but_the_passwords() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("ann").await;
    let good = "a door made of plums";
    for (name, password, confirm, at, says) in [
        ("", good, good, "username", "Choose a username"),
        ("  ", good, good, "username", "Choose a username"),
        (&"n".repeat(41), good, good, "username", "at most 40"),
        ("an\u{200b}n", good, good, "username", "invisible"),
        ("an\u{202e}n", good, good, "username", "invisible"),
        ("an\tn", good, good, "username", "invisible"),
        ("an\u{0}n", good, good, "username", "invisible"),
        ("ann", good, good, "username", "taken"),
        ("ANN", good, good, "username", "taken"),
        (" ann ", good, good, "username", "taken"),
        ("ａｎｎ", good, good, "username", "taken"),
        ("ben", "seven77", "seven77", "password", "8 to 128"),
        ("ben", "", "", "password", "8 to 128"),
        (
            "ben",
            &"x y".repeat(43),
            &"x y".repeat(43),
            "password",
            "8 to 128",
        ),
        (
            "ben",
            good,
            "a door made of prunes",
            "password_confirm",
            "do not match",
        ),
        (
            "ben",
            "iloveyou",
            "iloveyou",
            "password",
            "too easy to guess",
        ),
        (
            "benedict",
            "benedict",
            "benedict",
            "password",
            "too easy to guess",
        ),
        (
            "ben",
            "12345678",
            "12345678",
            "password",
            "too easy to guess",
        ),
    ] {
        let ben = Browser::plain(&app).from("10.1.1.1");
        let form = ben.get("/register").await.form("main form");
        let form = form
            .fill("username", name)
            .fill("password", password)
            .fill("password_confirm", confirm);
        let page = ben.submit(&form).await;
        assert_eq!(
            page.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{name:?} {password:?}"
        );
        assert_eq!(page.path, "/register");
        assert_eq!(
            page.count(".problem"),
            1,
            "{name:?} {password:?}: {}",
            page.html
        );
        let marked = page.attribute("input[aria-invalid]", "name");
        assert_eq!(marked, at, "{name:?} {password:?}");
        let described = page.attribute("input[aria-invalid]", "aria-describedby");
        let problem = described
            .split(' ')
            .map(|id| format!("#{id}.problem"))
            .find(|css| page.has(css))
            .unwrap();
        assert!(
            page.text(&problem).contains(says),
            "{name:?} {password:?}: {}",
            page.text(&problem)
        );
        let form = page.form("main form");
        let kept: String = name.nfkc().collect();
        assert_eq!(
            form.value("username").trim(),
            kept.trim().replace('\u{0}', "\u{fffd}")
        );
        assert_eq!(
            (form.value("password"), form.value("password_confirm")),
            ("", "")
        );
        for secret in [password, confirm] {
            let told = page.html.contains(secret) && secret.len() > 3 && !name.contains(secret);
            assert!(!told, "{secret} is on the page");
        }
        assert!(!is_in(&ben).await);
    }
    assert_eq!(app.value::<i64>("select count(*) from users").await, 1);
}

#[tokio::test]
async fn passwords_have_8_to_128_characters_of_any_script() {
    let app = TestApp::start().await;
    let long = "긴 비밀번호 😀".repeat(16);
    for (n, password) in ["plümage8", "바다건너우체국", "바다 건너 우체국"]
        .into_iter()
        .chain([&long[..]])
        .enumerate()
    {
        let length = password.chars().count();
        let someone = Browser::plain(&app);
        let name = format!("someone{n}");
        let page = someone.register(&name, password).await;
        assert_eq!(
            page.path == "/chats/new",
            (8..=128).contains(&length),
            "{password} has {length}"
        );
        if page.path == "/" {
            assert_eq!(someone.fresh().sign_in(&name, password).await.path, "/");
        }
    }
    assert_eq!(long.chars().count(), 128);
}

#[tokio::test]
async fn a_password_is_the_same_however_the_system_composes_it() {
    let app = TestApp::start().await;
    let composed = "바다건너 우체국é";
    let decomposed: String = composed.nfd().collect();
    assert_ne!(composed, decomposed);
    for (name, made, typed) in [
        ("ann", composed, &*decomposed),
        ("ben", &*decomposed, composed),
    ] {
        assert_eq!(
            Browser::plain(&app).register(name, made).await.path,
            "/chats/new"
        );
        let elsewhere = Browser::plain(&app);
        assert_eq!(elsewhere.sign_in(name, typed).await.path, "/chats/new");
        assert!(is_in(&elsewhere).await);
    }
}

#[tokio::test]
async fn a_name_is_the_same_however_it_is_written() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("Ünal 김").await;
    for name in [
        "Ünal 김",
        "ünal 김",
        "ÜNAL 김",
        " Ünal 김 ",
        "U\u{308}nal 김",
        "Ünal \u{1100}\u{1175}\u{11b7}",
    ] {
        let page = Browser::plain(&app).sign_in(name, PASSWORD).await;
        assert_eq!(page.path, "/chats/new", "{name}");
        assert_eq!(page.text(".top nav bdi"), "Ünal 김");
    }
    for name in ["%", "_nal 김", "Ünal%", "Ünal 김' or 1=1 --"] {
        let page = Browser::plain(&app).sign_in(name, PASSWORD).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
    }
}

#[tokio::test]
async fn whoever_cannot_sign_in_does_not_learn_who_has_an_account() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("known").await;
    for kind in KINDS {
        let someone = kind(&app);
        let known = someone.sign_in("known", "not the password").await;
        let other = someone.sign_in("other", "not the password").await;
        assert_eq!(known.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(timeless(&known), timeless(&other).replace("other", "known"));
        assert!(known.text(".notice").contains("is wrong"));
        assert_eq!(known.form("main form").value("username"), "known");
        assert_eq!(known.form("main form").value("password"), "");
        // Nor by a password that nobody can have.
        for password in ["", &"x".repeat(10_000)] {
            let page = someone.sign_in("known", password).await;
            assert_eq!(page.text(".notice"), known.text(".notice"));
        }
    }
}

#[tokio::test]
async fn signing_in_gives_the_session_a_new_key_and_ends_the_old_one() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app);
    let form = ann
        .get("/login")
        .await
        .form("main form")
        .fill("username", "ann")
        .fill("password", PASSWORD);
    let ann = ann.sign_up("ann").await;
    let before = ann.stolen();
    ann.submit(&form).await;
    assert_ne!(ann.cookie("session"), before.cookie("session"));
    assert!(is_in(&ann).await && !is_in(&before).await);
}

#[tokio::test]
async fn a_session_key_that_somebody_made_up_is_never_taken() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("ann").await;
    let ann = Browser::plain(&app);
    for key in [
        "AAAAAAAAAAAAAAAAAAAAAA",
        "nonsense",
        "",
        "%00",
        "\"",
        &"A".repeat(4000),
    ] {
        ann.set_cookie("session", key);
        assert!(!is_in(&ann).await, "{key}");
        ann.sign_in("ann", PASSWORD).await;
        let session = ann.cookie("session").unwrap();
        assert!(session != key && is_in(&ann).await, "{key}");
        ann.sign_out().await;
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let (tab, stolen) = (ann.clone(), ann.stolen());
    let elsewhere = Browser::plain(&app);
    elsewhere.sign_in("ann", PASSWORD).await;
    let form = ann.get("/").await.form("form[action='/logout']");
    let answer = ann
        .request(Method::POST, "/logout", "document", Some(form.body()))
        .await;
    assert_eq!(answer.headers()["clear-site-data"], "\"cache\"");
    for gone in [&ann, &tab, &stolen] {
        assert!(!is_in(gone).await);
        assert_eq!(gone.get("/chats").await.status, StatusCode::FORBIDDEN);
    }
    assert!(is_in(&elsewhere).await);
    assert_eq!(app.value::<i64>("select count(*) from sessions").await, 1);
    // Signing out twice is no mistake.
    assert_eq!(ann.submit(&form).await.path, "/login");
}

#[tokio::test]
async fn a_session_outlives_a_restart_of_the_server() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let path = ann.start_chat("Remember me").await.path;
    app.idle().await;
    let app = app.restarted().await;
    let page = ann
        .on(&app)
        .get(path.strip_suffix("/live").unwrap_or(&path))
        .await;
    assert_eq!(page.texts(".message .text"), ["Remember me", "Hello!"]);
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.change("update sessions set expires_at = 1").await;
    assert!(!is_in(&ann).await);
    assert_eq!(ann.get("/chats").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_stolen_database_opens_no_session() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let key: String = app
        .value("select hex(key_hash) || data from sessions")
        .await;
    assert!(!key.contains(&ann.cookie("session").unwrap()));
    let hash: String = app.value("select password_hash from users").await;
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains(PASSWORD),
        "{hash}"
    );
}

#[tokio::test]
async fn guessing_at_an_account_ends_and_does_not_lock_its_owner_out() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).from("10.0.0.1").sign_up("ann").await;
    ann.sign_out().await;
    let guesser = |n: usize| Browser::plain(&app).from(&format!("192.0.2.{n}"));
    for n in 0..10 {
        let status = try_password(&guesser(1), ["ann", "ANN"][n % 2], "a wrong guess").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "guess {n}");
    }
    let page = guesser(1).sign_in("ann", PASSWORD).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = page.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(
        page.text(".notice").contains("Too many attempts"),
        "{}",
        page.html
    );
    assert_eq!(page.form("main form").value("username"), "ann");
    // A device cookie that somebody made up is not one.
    let forger = guesser(1);
    forger.set_cookie("device", &"0".repeat(32));
    assert_eq!(
        try_password(&forger, "ann", PASSWORD).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    // The owner, on the browser that they signed up with.
    assert_eq!(ann.sign_in("ann", PASSWORD).await.path, "/chats/new");
    // And on a new one, from elsewhere.
    assert_eq!(guesser(2).sign_in("ann", PASSWORD).await.path, "/chats/new");
    // Guessing from many places ends as well, but not for who is known.
    for n in 3..30 {
        for _ in 0..10 {
            try_password(&guesser(n), "ann", "").await;
        }
    }
    assert_eq!(
        try_password(&guesser(30), "ann", PASSWORD).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    ann.sign_out().await;
    assert_eq!(ann.sign_in("ann", PASSWORD).await.path, "/chats/new");
    // Nobody else is affected.
    assert_eq!(
        try_password(&guesser(31), "ben", "whatever it is").await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_known_browser_may_not_guess_for_ever_either() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    ann.sign_out().await;
    for _ in 0..10 {
        assert_eq!(
            try_password(&ann, "ann", "a wrong guess").await,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
    assert_eq!(
        try_password(&ann, "ann", PASSWORD).await,
        StatusCode::TOO_MANY_REQUESTS
    );
}

#[tokio::test]
async fn one_network_may_try_only_so_often() {
    let app = TestApp::start().await;
    let tries = |address: &'static str| {
        let app = app.clone();
        async move {
            let mut tries = 0;
            // Each from its own browser and for another name, all from one subscriber's network.
            while try_password(
                &Browser::plain(&app).from(address),
                &format!("n{tries}"),
                "guess guess",
            )
            .await
                != StatusCode::TOO_MANY_REQUESTS
            {
                tries += 1;
                assert!(tries < 40, "nobody stops {address}");
            }
            tries
        }
    };
    let first = tries("2001:db8::1").await;
    assert!((20..=31).contains(&first), "{first}");
    assert!(
        tries("2001:db8::ffff:2").await <= 1,
        "a neighbour in the same /64 has the same budget"
    );
    let elsewhere = Browser::plain(&app).from("2001:db8:0:1::1");
    assert_eq!(
        try_password(&elsewhere, "x", "guess guess").await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn only_a_trusted_proxy_is_believed_about_where_people_are() {
    let flags = ["--trusted-proxies", "10.9.9.9,fd00::/8"];
    let proxies = damso::config::Config::from_flags(flags)
        .unwrap()
        .trusted_proxies;
    let app = TestApp::with(|config| config.trusted_proxies = proxies).await;
    let at = |peer: &str, forwarded: &str| {
        Browser::plain(&app)
            .from(peer)
            .with_header("x-forwarded-for", forwarded)
    };
    let until_stopped = async |browser: Browser| {
        let mut tries = 0;
        while tries < 40 && guess(&browser, tries).await == StatusCode::UNPROCESSABLE_ENTITY {
            tries += 1;
        }
        tries
    };
    let used_up = until_stopped(at("10.9.9.9", "203.0.113.1")).await;
    assert!((30..=31).contains(&used_up), "{used_up}");
    let too_many = StatusCode::TOO_MANY_REQUESTS;
    // The same person: what stands before the last address that is not ours could be made up.
    for forwarded in [
        "1.1.1.1, 203.0.113.1",
        "1.1.1.1,2.2.2.2, 203.0.113.1, 10.9.9.9",
        "203.0.113.1, fd00::7",
    ] {
        assert_eq!(
            guess(&at("10.9.9.9", forwarded), 50).await,
            too_many,
            "{forwarded}"
        );
    }
    // Somebody else behind the same proxy.
    assert_ne!(guess(&at("10.9.9.9", "203.0.113.2"), 50).await, too_many);
    // A stranger who claims to be a proxy is counted as what they are.
    let used_up = until_stopped(at("198.51.100.1", "203.0.113.77")).await;
    assert!((30..=31).contains(&used_up), "{used_up}");
    assert_eq!(
        guess(&at("198.51.100.1", "203.0.113.78"), 50).await,
        too_many
    );
    // Nonsense from the proxy counts for the proxy.
    assert_ne!(guess(&at("10.9.9.9", "nonsense"), 50).await, too_many);
}

#[tokio::test]
async fn signing_in_leads_on_to_our_own_pages_only() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("ann").await;
    for (n, next) in [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/ok\r\nSet-Cookie: a=b",
        "\\\\evil.example",
        "http:///evil.example",
    ]
    .into_iter()
    .enumerate()
    {
        let ann = Browser::plain(&app).from(&format!("10.0.0.{n}"));
        // The field that says where to go is changed. The device is known after the first time.
        let page = ann.get("/login").await;
        let mut form = page
            .form("main form")
            .fill("username", "ann")
            .fill("password", PASSWORD)
            .fill("next", next);
        form.fields
            .iter_mut()
            .for_each(|(_, value)| *value = value.replace('\n', "\r\n"));
        let answer = ann
            .request(Method::POST, "/login", "document", Some(form.body()))
            .await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()["location"], "/chats/new", "{next}");
        // Nor after choosing a language.
        let form = ann.get("/chats").await.form("form.languages");
        let form = form.fill("back", next).with("language", "en");
        let answer = ann
            .request(Method::POST, "/language", "document", Some(form.body()))
            .await;
        assert_eq!(answer.headers()["location"], "/", "{next}");
    }
    let ann = Browser::plain(&app);
    let page = ann.get("/chats?x=1").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let form = page
        .form("main form")
        .fill("username", "ann")
        .fill("password", PASSWORD);
    assert_eq!(ann.submit(&form).await.path, "/chats?x=1");
}

#[tokio::test]
async fn nobody_registers_or_signs_in_twice() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    assert_eq!(ann.get("/register").await.path, "/chats/new");
    assert_eq!(ann.get("/login").await.path, "/chats/new");
}

#[tokio::test]
async fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
    let cookies = async |public: Option<&str>, secure| {
        let app = TestApp::with(|config| {
            config.public_url = public.map(|url| url.parse().unwrap());
            config.secure_cookies = secure;
        })
        .await;
        let ann = Browser::plain(&app);
        let form = ann.get("/register").await.form("main form");
        let form = form
            .fill("username", "ann")
            .fill("password", PASSWORD)
            .fill("password_confirm", PASSWORD);
        let answer = ann
            .request(Method::POST, "/register", "document", Some(form.body()))
            .await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let lines = answer.headers().get_all("set-cookie").iter();
        let mut lines: Vec<_> = lines
            .map(|line| line.to_str().unwrap().to_owned())
            .collect();
        let form = ann
            .get("/")
            .await
            .form("form.languages")
            .with("language", "ko");
        let answer = ann
            .request(Method::POST, "/language", "document", Some(form.body()))
            .await;
        lines.push(answer.headers()["set-cookie"].to_str().unwrap().to_owned());
        let transport = answer.headers().contains_key("strict-transport-security");
        (lines, transport)
    };
    for (public, secure, is_secure) in [
        (None, None, false),
        (Some("http://chat.example.org"), None, false),
        (Some("https://chat.example.org"), None, true),
        (None, Some(true), true),
    ] {
        let (lines, transport) = cookies(public, secure).await;
        let mut names: Vec<_> = lines
            .iter()
            .map(|line| line.split('=').next().unwrap())
            .collect();
        names.sort_unstable();
        let wanted = if is_secure {
            ["__Host-device", "__Host-language", "__Host-session"]
        } else {
            ["device", "language", "session"]
        };
        assert_eq!(names, wanted);
        assert_eq!(transport, is_secure);
        for line in lines {
            let attributes: Vec<_> = line
                .split("; ")
                .skip(1)
                .map(str::to_ascii_lowercase)
                .collect();
            let has = |wanted: &str| attributes.iter().any(|attribute| attribute == wanted);
            assert!(
                has("httponly") && has("samesite=lax") && has("path=/"),
                "{line}"
            );
            assert_eq!(has("secure"), is_secure, "{line}");
            assert!(!line.to_ascii_lowercase().contains("domain"), "{line}");
        }
    }
}

#[tokio::test]
async fn a_flood_of_sign_ins_waits_its_turn() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("ann").await;
    let flood = (0..60).map(async |n| {
        let someone = Browser::plain(&app).from(&format!("10.0.{}.1", n / 20));
        try_password(&someone, &format!("n{n}"), "a wrong guess").await
    });
    let answers = join_all(flood).await;
    assert!(
        answers
            .iter()
            .all(|answer| *answer == StatusCode::UNPROCESSABLE_ENTITY)
    );
}

#[tokio::test]
async fn a_class_of_sixty_registers_and_signs_in_from_one_address() {
    let app = TestApp::start().await;
    let pupil = |n: usize| {
        (
            Browser::plain(&app).from("203.0.113.9"),
            format!("pupil{n}"),
        )
    };
    let (open, full) = (StatusCode::SEE_OTHER, StatusCode::TOO_MANY_REQUESTS);
    // What is refused at first uses up nothing: somebody else's name, a password that all try first.
    for n in 0..20 {
        let (browser, name) = pupil(n);
        let refused = StatusCode::UNPROCESSABLE_ENTITY;
        assert_eq!(try_to_register(&browser, &name, "password1").await, refused);
    }
    let all = join_all((0..60).map(async |n| {
        let (browser, name) = pupil(n);
        try_to_register(&browser, &name, PASSWORD).await
    }))
    .await;
    assert!(all.iter().all(|status| *status == open), "{all:?}");
    let (browser, name) = pupil(60);
    assert_eq!(try_to_register(&browser, &name, PASSWORD).await, full);
    let page = browser.register(&name, PASSWORD).await;
    assert_eq!(page.status, full);
    // Above the form, as nothing in it is wrong.
    assert!(
        page.text("form.fields > .notice")
            .contains("Too many attempts")
    );
    assert!(
        !page.has(".problem") && !page.has("[aria-invalid]"),
        "{}",
        page.html
    );
    assert!(page.has("#password[autofocus]"));
    assert_eq!(page.form("main form").value("username"), name);
    // At nine o'clock, on browsers that nobody has used: all at once, and then all once more.
    for _ in 0..2 {
        let all = join_all((0..60).map(async |n| {
            let (browser, name) = pupil(n);
            try_password(&browser, &name, PASSWORD).await
        }))
        .await;
        assert!(all.iter().all(|status| *status == open), "{all:?}");
    }
    // Guessing is as hopeless as ever after that.
    let mut guesses = 0;
    while guess(&pupil(0).0, guesses).await != full {
        guesses += 1;
        assert!(guesses <= 31, "nobody stops it");
    }
    assert!(guesses >= 29, "{guesses}");
}

#[tokio::test]
async fn a_class_in_which_everybody_slips_at_first_signs_in_from_one_address() {
    let app = TestApp::start().await;
    let (open, wrong) = (StatusCode::SEE_OTHER, StatusCode::UNPROCESSABLE_ENTITY);
    let registered = join_all((0..36).map(async |n| {
        try_to_register(&Browser::plain(&app), &format!("pupil{n}"), PASSWORD).await
    }))
    .await;
    assert!(registered.iter().all(|status| *status == open));
    let pupil = || Browser::plain(&app).from("203.0.113.9");
    // Each time more wrong passwords than a network may try, but each followed by the right one.
    for (pupils, slips) in [(36, 1), (12, 3), (6, 7)] {
        app.change("delete from tries").await;
        let names: Vec<_> = (0..pupils).map(|n| format!("pupil{n}")).collect();
        for some in names.chunks(3) {
            let all = join_all(some.iter().map(async |name| {
                for _ in 0..slips {
                    let status = try_password(&pupil(), name, "a slip of the pen").await;
                    assert_eq!(status, wrong, "{name}, who slips {slips} times");
                }
                try_password(&pupil(), name, PASSWORD).await
            }));
            assert!(all.await.iter().all(|status| *status == open));
        }
        // All that was given back, and no more than that.
        let mut guesses = 0;
        while guess(&pupil(), guesses).await != StatusCode::TOO_MANY_REQUESTS {
            guesses += 1;
            assert!(guesses <= 31, "nobody stops it");
        }
        assert!(guesses >= 29, "{guesses} after {slips} slips");
    }
}

#[tokio::test]
async fn the_room_for_new_accounts_is_a_setting() {
    let app = TestApp::with(|config| config.registrations_per_network = 2).await;
    let from = |address: &str| Browser::plain(&app).from(address);
    for (address, name, status) in [
        ("10.1.1.1", "one", StatusCode::SEE_OTHER),
        ("10.1.1.1", "one", StatusCode::UNPROCESSABLE_ENTITY),
        ("10.1.1.1", "two", StatusCode::SEE_OTHER),
        ("10.1.1.1", "three", StatusCode::TOO_MANY_REQUESTS),
        ("10.1.1.2", "three", StatusCode::SEE_OTHER),
    ] {
        let answer = try_to_register(&from(address), name, PASSWORD).await;
        assert_eq!(answer, status, "{address} {name}");
    }
    // Asking which names are taken ends as well.
    let asker = from("10.1.1.3");
    let mut asked = 0;
    while try_to_register(&asker, "one", PASSWORD).await != StatusCode::TOO_MANY_REQUESTS {
        asked += 1;
        assert!(asked <= 5, "it goes on for ever");
    }
}

#[tokio::test]
async fn a_browser_that_an_account_knows_is_not_stopped_by_its_network() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).from("10.0.0.1").sign_up("ann").await;
    ann.sign_out().await;
    let neighbour = |_| Browser::plain(&app).from("10.0.0.1");
    for n in 0..40 {
        guess(&neighbour(n), n).await;
    }
    let too_many = StatusCode::TOO_MANY_REQUESTS;
    assert_eq!(try_password(&neighbour(0), "ann", PASSWORD).await, too_many);
    assert_eq!(ann.sign_in("ann", PASSWORD).await.path, "/chats/new");
    // It is known to her account, not to others.
    assert_eq!(guess(&ann, 50).await, too_many);
}

#[tokio::test]
async fn a_browser_is_known_by_a_token_that_was_made_here_for_this_account() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let ben = Browser::plain(&app);
    // Somebody gives her browser a token: one that was made up, or that of an account of their own.
    let mallory = Browser::plain(&app).sign_up("mallory").await;
    let made_up = "0123456789abcdef0123456789abcdef".to_owned();
    for planted in [made_up, mallory.cookie("device").unwrap()] {
        ben.set_cookie("device", &planted);
        assert_eq!(ben.sign_in("ann", PASSWORD).await.path, "/chats/new");
        assert_ne!(ben.cookie("device").unwrap(), planted);
        ben.sign_out().await;
        // It opens no side door to her account.
        let thief = Browser::plain(&app).from("192.0.2.66");
        thief.set_cookie("device", &planted);
        for _ in 0..10 {
            try_password(&thief, "ann", "a wrong guess").await;
        }
        let known = thief.from("192.0.2.67");
        for n in 0..30 {
            guess(&known, n).await;
        }
        let stopped = try_password(&known, "ann", PASSWORD).await;
        assert_eq!(stopped, StatusCode::TOO_MANY_REQUESTS);
        app.change("delete from tries").await;
    }
    // A browser that two people use is known to both of their accounts.
    let shared = ann.from("10.0.0.7");
    shared.sign_out().await;
    shared.sign_in("mallory", PASSWORD).await;
    shared.sign_out().await;
    for n in 0..40 {
        guess(&shared.fresh(), n).await;
    }
    for name in ["ann", "mallory", "ann"] {
        assert_eq!(
            shared.sign_in(name, PASSWORD).await.path,
            "/chats/new",
            "{name}"
        );
        shared.sign_out().await;
    }
}

#[tokio::test]
async fn a_clock_that_was_ahead_and_is_set_right_keeps_nobody_out() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("ann").await;
    let browser = Browser::plain(&app).from("10.0.0.1");
    let mut n = 0;
    while guess(&browser, n).await != StatusCode::TOO_MANY_REQUESTS {
        n += 1;
    }
    // As if all that had been a day later by a clock that is right now.
    app.change("update tries set fresh_at = fresh_at + 86400000000")
        .await;
    let page = browser.sign_in("ann", PASSWORD).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = page.header("retry-after").parse().unwrap();
    assert!(wait <= 10, "{wait} seconds");
    // The wait is counted from now on, not from each time that somebody asks.
    app.change("update tries set fresh_at = fresh_at - 11000000")
        .await;
    assert_eq!(browser.sign_in("ann", PASSWORD).await.path, "/chats/new");
}

#[tokio::test]
async fn a_session_ends_some_time_however_much_it_is_used() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    app.change("update sessions set created_at = created_at - 179 * 86400000000")
        .await;
    assert!(is_in(&ann).await);
    app.change("update sessions set created_at = created_at - 2 * 86400000000")
        .await;
    assert!(!is_in(&ann).await);
    let elsewhere = Browser::plain(&app);
    elsewhere.sign_in("ann", PASSWORD).await;
    let sessions = elsewhere.get("/settings/account").await;
    assert_eq!(
        sessions.count("#sessions form[action$='/end']"),
        0,
        "{}",
        sessions.html
    );
}

#[tokio::test]
async fn passwords_that_everybody_tries_first_are_refused_in_korean_too() {
    let public = "https://chat.haneul.example";
    let app = TestApp::with(|config| config.public_url = Some(public.parse().unwrap())).await;
    for (n, common) in [
        "damso1234",
        "DamsoChat1",
        "dkssudgktpdy",
        "qlalfqjsgh",
        "안녕하세요반갑습니다",
        "haneul2026",
    ]
    .into_iter()
    .enumerate()
    {
        let ben = Browser::plain(&app);
        let page = ben.register(&format!("ben{n}"), common).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{common}");
        assert!(
            page.text("#password-problem").contains("too easy to guess"),
            "{common}"
        );
    }
}

#[tokio::test]
async fn after_two_different_passwords_one_begins_with_the_first() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app);
    let form = ann
        .get("/register")
        .await
        .form("main form")
        .fill("username", "ann");
    let form = form
        .fill("password", PASSWORD)
        .fill("password_confirm", "another one");
    let page = ann.submit(&form).await;
    assert_eq!(page.attribute("[autofocus]", "name"), "password");
    assert_eq!(page.attribute("[aria-invalid]", "name"), "password_confirm");
    let ann = ann.sign_up("ann").await;
    let form = ann.get("/settings/account").await.form("#change-password");
    let form = form
        .fill("password", PASSWORD)
        .fill("new_password", "a door made of pears");
    let page = ann
        .submit(&form.fill("new_password_confirm", "another one"))
        .await;
    assert_eq!(page.attribute("[autofocus]", "name"), "new_password");
}

#[tokio::test]
async fn whoever_signs_in_without_cookies_is_told_why_it_does_not_hold() {
    let https = "https://chat.example.org/";
    for (public, says) in [(None, "did not save the cookie"), (Some(https), https)] {
        let app = TestApp::with(|config| {
            config.public_url = public.map(|url| url.parse().unwrap());
        })
        .await;
        let host = public.map_or("localhost:3000", |_| "chat.example.org");
        let seen = async |path: &str, from: &str, cookie: Option<(&str, &str)>| {
            let browser = Browser::plain(&app);
            if let Some((name, value)) = cookie {
                browser.set_cookie(name, value);
            }
            // As browsers ask over http.
            let referer = format!("http://{host}{from}");
            let headers = [("referer", &*referer), ("accept-language", "en")];
            let answer = browser.raw(Method::GET, path, &headers, "").await;
            let page = Live::new(path, answer).page().await;
            page.texts(".notice").join(" ")
        };
        for (path, from) in [
            ("/chats/new", "/login"),
            ("/chats/new", "/register"),
            ("/chats", "/login"),
            // The sign-in form stands in the place of a page.
            ("/chats", "/chats"),
        ] {
            let told = seen(path, from, None).await;
            assert!(told.contains(says), "{path} from {from}: {told:?}");
        }
        // Who only looks around, or has cookies of this site, has not signed in in vain.
        let cookie = public.map_or("language", |_| "__Host-language");
        for (path, from, cookie) in [
            ("/chats/new", "/", None),
            ("/chats/new", "/help", None),
            ("/", "/login", None),
            ("/chats", "/settings/look", None),
            ("/chats", "/chats", Some((cookie, "en"))),
            ("/chats/new", "/login", Some((cookie, "en"))),
        ] {
            let told = seen(path, from, cookie).await;
            assert!(!told.contains(says), "{path} from {from}: {told:?}");
        }
    }
}
