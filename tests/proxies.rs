//! Damso behind reverse proxies: what people do there works, what grows is seen while it grows, and a
//! connection that is cut is said to be. `scripts/proofs` tries all of them.

use crate::support::{
    chromium::{Script, Tab},
    model::{Answer, Gate, ModelServer},
    process::Process,
    proxy::{self, Proxy, Setup},
    site::Site,
    *,
};
use http::StatusCode;
use serde_json::json;
use std::{net::SocketAddr, time::Duration};
use tokio::time::timeout;

/// Damso behind a proxy, and the model that answers.
struct Behind {
    model: ModelServer,
    damso: Process,
    proxy: Proxy,
}

impl Behind {
    async fn start(setup: &Setup) -> Self {
        let address = Proxy::address();
        let (model, damso) = damso_at(address).await;
        let proxy = Proxy::at(address, setup, damso.address).await;
        Self {
            model,
            damso,
            proxy,
        }
    }
}

/// Damso whose public address is this.
async fn damso_at(address: SocketAddr) -> (ModelServer, Process) {
    let model = ModelServer::start().await;
    let damso = Process::start(&[
        ("OPENAI_API_KEY", KEY),
        ("OPENAI_BASE_URL", model.base_url().as_str()),
        ("OPENAI_MODEL", "test-model"),
        ("PUBLIC_URL", &format!("http://{address}")),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ])
    .await;
    (model, damso)
}

/// A reply whose first block is longer than what proxies look at before they compress.
fn counted(gate: &Gate) -> Answer {
    let first = format!("One {}.\n\n", "word ".repeat(600));
    Answer::gated(gate, [&*first, "Two.\n\n", "Three.\n\n", "Four."])
}

/// Does what people do, in each kind of browser.
async fn works(setup: &Setup) {
    let mut behind = Behind::start(setup).await;
    let Behind { model, proxy, .. } = &behind;
    for (name, kind) in [
        ("ann", Browser::htmx::<Proxy> as fn(&Proxy) -> Browser),
        ("ben", Browser::plain),
        ("cho", Browser::text),
    ] {
        let person = kind(proxy).sign_up(name).await;
        let gate = Gate::new();
        model.answer(counted(&gate));
        let chat = person.start_running("Count").await;
        gate.open(1);
        let (mut page, mut stream) = watch(&person, &chat).await;
        page.until("One word").await;
        stream.until("One word").await;
        gate.open(1);
        page.until("Two.").await;
        stream.until("Two.").await;
        person.submit(&person.get(&chat).await.form(".stop")).await;
        let (page, events) = (page.page().await, stream.events().await);
        assert!(page.text(".ending").contains("Stopped."), "{}", page.html);
        assert_eq!(events.last().unwrap().name, "done");
        let whole = person.get(&chat).await;
        assert!(whole.text(".reply .text").ends_with("word . Two."));
        assert_eq!(person.sign_out().await.path, "/login");
        assert_eq!(person.get(&chat).await.status, StatusCode::FORBIDDEN);
    }
    // The server dies: nothing that comes then may pass for an end.
    let dan = Browser::plain(proxy).sign_up("dan").await;
    let gate = Gate::new();
    model.answer(counted(&gate));
    let chat = dan.start_running("Count").await;
    gate.open(1);
    let (mut page, mut stream) = watch(&dan, &chat).await;
    page.until("One word").await;
    stream.until("One word").await;
    behind.damso.kill();
    for live in [&mut page, &mut stream] {
        while let Ok(Some(_)) = soon("the end of what was cut", live.try_next()).await {}
    }
    assert!(page.seen.contains("class=\"cut\""), "{}", page.seen);
    assert!(!page.seen.contains("class=\"b done\"") && !page.seen.contains("</html>"));
    assert!(stream.seen.contains("\"cut\"") && !stream.seen.contains("event: done"));
    behind.damso.restart().await;
    let healed = dan.get(&chat).await;
    assert!(
        healed.text(".ending").contains("restarted"),
        "{}",
        healed.html
    );
}

/// The page that stays open, and the event stream, as browsers ask for them that can decompress.
async fn watch(person: &Browser, chat: &str) -> (Live, Live) {
    let id = person.get(chat).await.attribute(".reply", "id");
    let packed = person
        .clone()
        .with_header("accept-encoding", "gzip, deflate, br, zstd");
    let page = packed.open_live(&format!("{chat}/live")).await;
    let events = format!("/replies/{}/events", id.trim_start_matches("r-"));
    (page, packed.events(&events, None).await)
}

/// Limits count by where people are, whatever they say of it.
async fn knows_where_people_are(setup: &Setup) {
    let behind = Behind::start(setup).await;
    let mut made_up = 0;
    let mut try_a_password = async |address: &str| {
        made_up += 1;
        let someone = Browser::plain(&Way::to_from(&behind.proxy.url, address))
            .with_header("x-forwarded-for", &format!("203.0.113.{made_up}"));
        someone
            .sign_in(&format!("nobody {made_up}"), PASSWORD)
            .await
            .status
    };
    let (wrong, too_many) = (
        StatusCode::UNPROCESSABLE_ENTITY,
        StatusCode::TOO_MANY_REQUESTS,
    );
    let mut tries = 0;
    while try_a_password("127.0.0.2").await == wrong {
        tries += 1;
        assert!(tries < 100, "no limit");
    }
    assert_eq!(try_a_password("127.0.0.2").await, too_many);
    assert_eq!(try_a_password("127.0.0.3").await, wrong);
}

/// Real browsers whose server dies in the middle of a reply.
async fn tells(model: &ModelServer, damso: &mut Process, url: &str) {
    for (script, name) in [(Script::Off, "ann"), (Script::On, "ben")] {
        let (gate, tab) = (Gate::new(), Tab::open(url, script).await);
        tab.register(name).await;
        model.answer(counted(&gate));
        tab.send("Count").await;
        for said in ["One word", "Two.", "Three."] {
            gate.open(1);
            tab.until_text(".reply", said).await;
        }
        assert!(!tab.text("body").await.contains("was lost"));
        // Long enough that a sign of life, which comes every 10 seconds, may be late.
        let last = "[...document.querySelectorAll('.cut')].at(-1)";
        let delay = format!("getComputedStyle({last}).animationDelay");
        assert_eq!(tab.eval(&delay).await, "18s");
        damso.kill();
        tab.until_text("body", "onnection").await;
        let said = tab.text("body").await;
        match script {
            Script::Off => assert!(said.contains("The connection was lost."), "{said}"),
            Script::On => assert!(said.contains("Reconnecting…"), "{said}"),
        }
        damso.restart().await;
        if script == Script::Off {
            tab.follow(".alive:checked + .cut button").await;
        }
        tab.until_text(".ending", "restarted").await;
        let gone = "!/was lost|Reconnecting/.test(document.body.innerText)";
        tab.until(gone).await;
    }
}

#[tokio::test]
async fn a_browser_tells_that_the_connection_was_lost() {
    let (model, mut damso) = damso_at(Proxy::address()).await;
    let url = damso.url();
    tells(&model, &mut damso, &url).await;
}

#[tokio::test]
async fn a_connection_that_only_falls_silent_is_lost_too() {
    for script in [Script::Off, Script::On] {
        let site = Site::start().await;
        let wire = site.over_a_wire().await;
        let (gate, tab) = (Gate::new(), Tab::open(&wire.url, script).await);
        tab.register("ann").await;
        site.model.answer(counted(&gate));
        tab.send("Count").await;
        gate.open(1);
        tab.until_text(".reply", "One word").await;
        wire.fall_silent();
        gate.open(1);
        // The 18 seconds are shorter for it.
        tab.cdp("Animation.enable", json!({})).await;
        tab.cdp("Animation.setPlaybackRate", json!({ "playbackRate": 30 }))
            .await;
        tab.until_text(".cut", "The connection was lost.").await;
        assert!(!tab.text(".reply").await.contains("Two."));
        // It covers nothing that is being typed.
        tab.eval("document.querySelector('#content').value = '1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9'")
            .await;
        let above = "[...document.querySelectorAll('.cut')].every(e => e.getBoundingClientRect().bottom <= document.querySelector('#composer').getBoundingClientRect().top)";
        assert_eq!(tab.eval(above).await, true, "{script:?}");
        // The next sign of life takes it back.
        if script == Script::On {
            tab.cdp("Animation.setPlaybackRate", json!({ "playbackRate": 1 }))
                .await;
            wire.heal();
            tab.until_text(".reply", "Two.").await;
            tab.until("![...document.querySelectorAll('.cut')].some(e => e.innerText)")
                .await;
        }
        gate.open_all();
    }
}

#[tokio::test]
async fn a_page_that_goes_to_the_background_gets_a_sign_of_life_for_its_return() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("ann").await;
    let gate = Gate::new();
    site.model.answer(counted(&gate));
    tab.send("Count").await;
    gate.open(1);
    tab.until_text(".reply", "One word").await;
    tab.eval(
        "document.querySelector('.cut').id = 'before';
         Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
         document.dispatchEvent(new Event('visibilitychange'))",
    )
    .await;
    tab.until("document.querySelector('.cut:not(#before)')")
        .await;
    gate.open_all();
    tab.until_replied().await;
    assert_eq!(tab.count(".cut").await, 0);
}

/// Reads on until a text has come so often, however long that takes.
async fn until_so_often(live: &mut Live, text: &str, times: usize) {
    while live.seen.matches(text).count() < times {
        let more = timeout(Duration::from_secs(60), live.try_next()).await;
        assert!(more.unwrap().unwrap().is_some(), "{}", live.seen);
    }
}

#[tokio::test]
async fn signs_of_life_come_in_every_silence_and_take_back_the_one_before() {
    let app = TestApp::start().await;
    let ann = Browser::plain(&app).sign_up("ann").await;
    let gate = Gate::new();
    let answer = Answer::gated(&gate, ["One", " line.\n\nTwo", " lines."]);
    app.model.answer(answer);
    let chat = ann.start_running("Go").await;
    let text = Browser::text(&app);
    text.sign_in("ann", PASSWORD).await;
    let mut read = text.open_live(&format!("{chat}/live")).await;
    let (mut page, mut stream) = watch(&ann, &chat).await;
    gate.open(1);
    page.until("One").await;
    // The first one is in the page from its beginning.
    let sign = "<span class=\"cut\"";
    assert_eq!(page.seen.matches(sign).count(), 1);
    until_so_often(&mut page, sign, 2).await;
    until_so_often(&mut read, "<!-- -->", 2).await;
    until_so_often(&mut stream, "\"cut\"", 2).await;
    assert!(!read.seen.contains("\"cut\"") && !read.seen.contains("<input class=\"alive\""));
    // It stood in what is hidden from now on, so it comes again behind that.
    gate.open(1);
    page.until("Two").await;
    let (_, shown) = page.seen.rsplit_once("<i class=\"b\"></i>").unwrap();
    let again = "<input class=\"alive\" type=\"radio\" name=\"alive\" checked";
    assert!(shown.starts_with(again) && shown.contains(sign), "{shown}");
    gate.open_all();
    let page = page.page().await;
    // Of these buttons the last one is checked, and has no sentence beside it.
    let (_, after) = page.html.rsplit_once("name=\"alive\"").unwrap();
    assert!(!after.contains("\"cut\""), "{after}");
    assert_eq!(page.attributes("[name=alive]", "form"), [] as [&str; 0]);
    assert_eq!(stream.events().await.last().unwrap().name, "done");
}

macro_rules! behind {
    ($($(#[$long:meta])? $name:ident: $setup:ident;)*) => {
        $(mod $name {
            use super::*;

            #[tokio::test]
            $(#[$long])?
            async fn what_people_do_works_and_what_grows_is_live() {
                works(&proxy::$setup).await;
            }

            #[tokio::test]
            #[ignore = "takes many passwords; scripts/proofs runs it"]
            async fn limits_count_by_where_people_are() {
                knows_where_people_are(&proxy::$setup).await;
            }

            #[tokio::test]
            #[ignore = "takes a browser and half a minute; scripts/proofs runs it"]
            async fn a_browser_tells_that_the_connection_was_lost() {
                let mut behind = Behind::start(&proxy::$setup).await;
                tells(&behind.model, &mut behind.damso, &behind.proxy.url).await;
            }
        })*
    };
}

behind! {
    nginx: NGINX;
    apache_with_http2: APACHE_WITH_HTTP2;
    caddy: CADDY;
    #[ignore = "is another way of nginx; scripts/proofs runs it"]
    nginx_with_gzip: NGINX_WITH_GZIP;
    #[ignore = "is another way of Apache; scripts/proofs runs it"]
    apache: APACHE;
    #[ignore = "is another way of Caddy; scripts/proofs runs it"]
    caddy_without_encode: CADDY_WITHOUT_ENCODE;
    #[ignore = "needs HAProxy; scripts/proofs runs it"]
    haproxy: HAPROXY;
    #[ignore = "needs Varnish; scripts/proofs runs it"]
    varnish: VARNISH;
    #[ignore = "needs Varnish; scripts/proofs runs it"]
    varnish_with_gzip: VARNISH_WITH_GZIP;
    #[ignore = "needs Squid; scripts/proofs runs it"]
    squid: SQUID;
    #[ignore = "needs lighttpd; scripts/proofs runs it"]
    lighttpd: LIGHTTPD;
    #[ignore = "needs h2o; scripts/proofs runs it"]
    h2o: H2O;
}
