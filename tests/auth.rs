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

/// Asks for an account with a password that is never accepted, which counts as a try all the same.
async fn try_to_register(browser: &Browser) -> StatusCode {
    let body = "username=ann&password=password1&password_confirm=password1".to_owned();
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
        .value("select string_agg(name, ',') from users where is_admin")
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
            app.value::<i64>("select count(*) from users where is_admin")
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
    let page = ben.get("/register").await;
    assert!(!page.has("main form") && page.text(".notice").contains("No new accounts"));
    let form = early
        .fill("username", "ben")
        .fill("password", PASSWORD)
        .fill("password_confirm", PASSWORD);
    let page = ben.submit(&form).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text(".notice").contains("No new accounts"));
    assert_eq!(app.value::<i64>("select count(*) from users").await, 1);
}

#[tokio::test]
async fn mistakes_come_back_at_their_field_with_all_but_the_passwords() {
    let app = TestApp::start().await;
    Browser::plain(&app).sign_up("ann").await;
    let good = "a door made of plums";
    for (name, password, confirm, at, says) in [
        ("", good, good, "username", "Choose a user name"),
        ("  ", good, good, "username", "Choose a user name"),
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
            "not the same",
        ),
        (
            "ben",
            "iloveyou",
            "iloveyou",
            "password",
            "first that others",
        ),
        (
            "benedict",
            "benedict",
            "benedict",
            "password",
            "first that others",
        ),
        (
            "ben",
            "12345678",
            "12345678",
            "password",
            "first that others",
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
        assert!(known.text(".notice").contains("do not match"));
        assert_eq!(known.form("main form").value("username"), "known");
        assert_eq!(known.form("main form").value("password"), "");
        // Nor by a password that nobody can have.
        for password in ["", &"x".repeat(100_000)] {
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
        page.text(".notice").contains("Too many tries"),
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
        while tries < 30 && try_to_register(&browser).await == StatusCode::UNPROCESSABLE_ENTITY {
            tries += 1;
        }
        tries
    };
    let used_up = until_stopped(at("10.9.9.9", "203.0.113.1")).await;
    assert_eq!(used_up, 20);
    let too_many = StatusCode::TOO_MANY_REQUESTS;
    // The same person: what stands before the last address that is not ours could be made up.
    for forwarded in [
        "1.1.1.1, 203.0.113.1",
        "1.1.1.1,2.2.2.2, 203.0.113.1, 10.9.9.9",
        "203.0.113.1, fd00::7",
    ] {
        assert_eq!(
            try_to_register(&at("10.9.9.9", forwarded)).await,
            too_many,
            "{forwarded}"
        );
    }
    // Somebody else behind the same proxy.
    assert_ne!(
        try_to_register(&at("10.9.9.9", "203.0.113.2")).await,
        too_many
    );
    // A stranger who claims to be a proxy is counted as what they are.
    assert_eq!(until_stopped(at("198.51.100.1", "203.0.113.77")).await, 20);
    assert_eq!(
        try_to_register(&at("198.51.100.1", "203.0.113.78")).await,
        too_many
    );
    // Nonsense from the proxy counts for the proxy.
    assert_ne!(try_to_register(&at("10.9.9.9", "nonsense")).await, too_many);
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
        let session = if is_secure {
            "__Host-session"
        } else {
            "session"
        };
        let mut wanted = ["device", "language", session];
        wanted.sort_unstable();
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
