//! Several instances on one PostgreSQL: whatever one of them does is to be seen, followed and
//! stopped on the others, and goes on without those that die or lose the database.
//!
//! Where `TEST_DATABASE_URL` is empty, each test says so and passes; in CI one that is not set fails.

use crate::{
    replies::{reply_of, sentence},
    resume,
    support::{
        balancer::Balancer,
        model::{Answer, Gate, ModelServer, Step},
        postgres::Schema,
        process::Process,
        site::wait_until,
        wire::Wire,
        *,
    },
};
use http::{Method, StatusCode};
use std::time::{Duration, Instant};
use tokio::sync::watch;

const MESSAGES: &str = ".message .text";

/// Three instances, each with its own way to the database.
struct Cluster {
    instances: Vec<Process>,
    /// The instances' ways to the database.
    wires: Vec<Wire>,
    model: ModelServer,
    // Goes after the processes that use it.
    _schema: Schema,
}

impl Cluster {
    /// Starts them together on an empty database, if there is a PostgreSQL.
    async fn start() -> Option<Self> {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&str, &str)]) -> Option<Self> {
        let schema = Schema::new().await?;
        let model = ModelServer::start().await;
        let mut wires = Vec::new();
        for _ in 0..3 {
            wires.push(Wire::to(schema.server()).await);
        }
        let base_url = model.base_url().to_string();
        let start = async |wire: &Wire| {
            let database = schema.url_over(wire.address);
            let own = [
                ("DATABASE_URL", &*database),
                ("OPENAI_BASE_URL", &base_url),
                ("OPENAI_MODEL", "test-model"),
            ];
            Process::start(&[&own, settings].concat()).await
        };
        let (one, two, three) = tokio::join!(start(&wires[0]), start(&wires[1]), start(&wires[2]));
        Some(Self {
            instances: vec![one, two, three],
            wires,
            model,
            _schema: schema,
        })
    }

    async fn balancer(&self) -> Balancer {
        Balancer::before(self.instances.iter().map(|instance| instance.address)).await
    }

    /// The browser, opened at each of the instances.
    fn everywhere(&self, browser: &Browser) -> Vec<Browser> {
        let instances = self.instances.iter();
        instances
            .map(|instance| browser.clone().on(instance))
            .collect()
    }
}

/// Waits until a chat's page is as it must be.
async fn until(browser: &Browser, path: &str, what: &str, fits: impl Fn(&Page) -> bool) -> Page {
    wait_until(async || {
        let page = browser.get(path).await;
        match fits(&page) {
            true => Ok(page),
            false => Err(format!("{path} is never {what}: {}", page.html)),
        }
    })
    .await
}

/// Reads on, however long it takes, until the text has come.
async fn read_until(live: &mut Live, text: &str) {
    let read = async {
        while !live.seen.contains(text) {
            let more = live.try_next().await.unwrap();
            assert!(more.is_some(), "it ended without {text}: {}", live.seen);
        }
    };
    let read = tokio::time::timeout(PATIENCE, read).await;
    assert!(read.is_ok(), "{text} never came: {}", live.seen);
}

/// Reads to the end, however long it takes.
async fn read_all(mut live: Live) -> String {
    let read = async { while live.try_next().await.unwrap().is_some() {} };
    let read = tokio::time::timeout(PATIENCE, read).await;
    assert!(read.is_ok(), "it never ended: {}", live.seen);
    live.seen
}

fn is_running(page: &Page) -> bool {
    page.has("[aria-busy]") || page.has(".stop button")
}

fn is_interrupted(page: &Page) -> bool {
    let notes = page.texts(".ending .note");
    notes.contains(&sentence("en", "reply-interrupted"))
}

#[tokio::test]
async fn what_one_instance_writes_is_followed_on_another_and_stopped_on_a_third() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    for kind in [Browser::plain, Browser::htmx] {
        let name = format!("ann{}", kind(&cluster.instances[0]).is_htmx());
        let ann = kind(&cluster.instances[0]).sign_up(&name).await;
        let [one, two, three] = &cluster.everywhere(&ann)[..] else {
            unreachable!()
        };
        let gate = Gate::new();
        cluster.model.answer(Answer::gated(
            &gate,
            ["First.\n\n", "Second.\n\n", "Third.\n\n", "Never."],
        ));
        let left = cluster.model.requests().len();
        let path = one.start_running("Count").await;
        let page = until(two, &path, "running", is_running).await;
        let id = reply_of(&page);
        let stream = page.attribute("[hx-sse\\:connect]", "hx-sse:connect");
        let mut events = two.events(&stream, None).await;
        // A graphical browser without script keeps the page open.
        let reader = Browser::plain(&cluster.instances[1]);
        reader.sign_in(&name, PASSWORD).await;
        let mut held = reader.open_live(&format!("{path}/live/{id}")).await;
        assert!(held.path.contains("/live"), "{} is not held", held.path);
        for word in ["First.", "Second.", "Third."] {
            let said = Instant::now();
            gate.open(1);
            read_until(&mut events, word).await;
            eprintln!(
                "{word} was on another instance's stream after {:?}",
                said.elapsed()
            );
            read_until(&mut held, word).await;
            let page = until(three, &path, word, |page| page.html.contains(word)).await;
            assert!(is_running(&page) && page.html.matches(word).count() == 1);
        }
        three.submit(&three.get(&path).await.form(".stop")).await;
        cluster.model.closed().await;
        assert!(read_all(events).await.contains("event: done"));
        let held = read_all(held).await;
        assert!(held.contains(&sentence("en", "reply-stopped")), "{held}");
        for browser in [one, two, three] {
            let page = until(browser, &path, "stopped", |page| !is_running(page)).await;
            assert_eq!(page.texts(MESSAGES), ["Count", "First. Second. Third."]);
            assert_eq!(page.text(".ending .note"), sentence("en", "reply-stopped"));
        }
        assert_eq!(cluster.model.requests().len(), left + 1);
    }
}

#[tokio::test]
async fn behind_a_balancer_any_instance_answers_any_request() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let balancer = cluster.balancer().await;
    for kind in [Browser::plain, Browser::htmx, Browser::text] {
        let browser = kind(&balancer);
        let name = format!("ann{}{}", browser.is_htmx(), browser.is_text());
        let ann = browser.sign_up(&name).await;
        let page = ann.start_chat("Hello").await;
        assert_eq!(page.texts(MESSAGES), ["Hello", "Hello!"]);
        let page = ann.send(&page, "Again").await;
        assert_eq!(page.texts(MESSAGES).len(), 4);
        let path = page.path.clone();
        for _ in 0..3 {
            assert_eq!(ann.get(&path).await.texts(MESSAGES).len(), 4);
            assert!(ann.get("/chats").await.html.contains("Hello"));
        }
        let form = ann.get(&format!("{path}/rename")).await.form("form#title");
        ann.submit(&form.fill("title", "Otters")).await;
        for _ in 0..3 {
            assert!(ann.get("/chats").await.html.contains("Otters"));
        }
        let form = ann.get(&format!("{path}/delete")).await;
        ann.submit(&form.form("form#title")).await;
        for _ in 0..3 {
            assert_eq!(ann.get(&path).await.status, StatusCode::NOT_FOUND);
        }
        ann.sign_out().await;
        for _ in 0..3 {
            assert_eq!(ann.get("/chats").await.status, StatusCode::FORBIDDEN);
        }
    }
    assert!(balancer.connections().iter().all(|count| *count > 20));
}

#[tokio::test]
async fn a_stream_goes_on_at_another_instance_exactly_where_it_was() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let mut dice = Dice::new("streams over instances");
    let balancer = cluster.balancer().await;
    let ann = Browser::htmx(&balancer).sign_up("ann").await;
    let gate = Gate::new();
    let text = format!("{}\n\n{}", crate::replies::DOCUMENT.repeat(2), resume::LAST);
    let letters: Vec<char> = text.chars().collect();
    let answer = letters.chunks(5).fold(Answer::sse(), |answer, token| {
        answer
            .then(Step::Wait(Duration::from_millis(5)))
            .token(&token.iter().collect::<String>())
    });
    cluster
        .model
        .answer(answer.then(Step::Gate(gate.clone())).finish());
    let form = ann.get("/").await.form("#composer").fill("content", "Go");
    let page = ann.submit(&form).await;
    let caught_up = watch::Sender::new(0);
    let readers = (0..3).map(|_| {
        let dice = Dice::with_seed(dice.throw(0, u64::MAX));
        tokio::spawn(resume::follow(
            ann.clone(),
            page.clone(),
            dice,
            caught_up.clone(),
        ))
    });
    let readers: Vec<_> = readers.collect();
    let mut caught_up = caught_up.subscribe();
    let all = caught_up.wait_for(|readers| *readers == 3);
    tokio::time::timeout(PATIENCE, all)
        .await
        .expect("all see the last word")
        .unwrap();
    gate.open_all();
    let mut ends = Vec::new();
    for reader in readers {
        ends.push(reader.await.unwrap());
    }
    let whole = until(&ann, &page.path, "whole", |page| !is_running(page)).await;
    let whole = whole.inside(&format!("#r-{}-blocks", reply_of(&page)));
    let same = |html: &str| html.replace("\n\n", "\n").trim().to_owned();
    for (end, connections) in ends {
        assert_eq!(same(&end), same(&whole));
        assert!(connections > 3, "only {connections} connections");
    }
}

#[tokio::test]
async fn when_an_instance_dies_the_others_tell_so_and_go_on() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let ann = Browser::plain(&cluster.instances[0]).sign_up("ann").await;
    let everywhere = cluster.everywhere(&ann);
    let [one, two, three] = &everywhere[..] else {
        unreachable!()
    };
    // One reply on the instance that will die, and one that has nothing to do with it.
    let (dying, other) = (Gate::new(), Gate::new());
    cluster.model.answer(Answer::gated(
        &dying,
        ["Before.\n\n", "Shown.\n\n", "Never."],
    ));
    let path = one.start_running("Die").await;
    cluster
        .model
        .answer(Answer::gated(&other, ["Other.\n\n", "Whole."]));
    let other_path = two.start_running("Live").await;
    dying.open(2);
    other.open(1);
    let page = until(three, &path, "shown", |page| page.html.contains("Shown.")).await;
    until(three, &other_path, "shown", |page| {
        page.html.contains("Other.")
    })
    .await;
    let stream = page.attribute("[hx-sse\\:connect]", "hx-sse:connect");
    let events = two.events(&stream, None).await;
    let held = three.open_live(&format!("{path}/live")).await;
    let killed = Instant::now();
    cluster.instances[0].kill();
    // What is open on the others ends as it should, and says why.
    assert!(read_all(events).await.contains("event: done"));
    eprintln!("the death was noticed after {:?}", killed.elapsed());
    let held = read_all(held).await;
    assert!(
        held.contains(&sentence("en", "reply-interrupted")),
        "{held}"
    );
    for browser in [two, three] {
        let page = until(browser, &path, "interrupted", is_interrupted).await;
        assert_eq!(page.texts(MESSAGES), ["Die", "Before. Shown."]);
        assert!(!is_running(&page));
    }
    // An instance that comes back leaves what the others write alone.
    cluster.instances[0].restart().await;
    for browser in [one, two, three] {
        let page = browser.get(&other_path).await;
        assert!(is_running(&page), "{}", page.html);
    }
    other.open_all();
    for browser in [one, two, three] {
        let page = until(browser, &other_path, "whole", |page| !is_running(page)).await;
        assert_eq!(page.texts(MESSAGES), ["Live", "Other. Whole."]);
        assert!(!is_interrupted(&page));
    }
    let page = one.get(&path).await;
    assert!(is_interrupted(&page));
    let retry = page.form(".ending form[action$='/retry']");
    let page = three.submit(&retry).await;
    let page = until(two, &page.path, "whole", |page| !is_running(page)).await;
    assert_eq!(page.texts(MESSAGES), ["Die", "Hello!"]);
}

#[tokio::test]
async fn an_instance_that_is_asked_to_stop_lets_its_replies_end_and_leaves_the_rest_to_others() {
    let Some(mut cluster) = Cluster::start().await else {
        return;
    };
    let balancer = cluster.balancer().await;
    let ann = Browser::plain(&balancer).sign_up("ann").await;
    let everywhere = cluster.everywhere(&ann);
    let [one, two, three] = &everywhere[..] else {
        unreachable!()
    };
    let gate = Gate::new();
    cluster.model.answer(Answer::gated(
        &gate,
        ["Before.\n\n", "During.\n\n", "After."],
    ));
    let path = one.start_running("Go").await;
    gate.open(1);
    let page = until(two, &path, "shown", |page| page.html.contains("Before.")).await;
    let stream = page.attribute("[hx-sse\\:connect]", "hx-sse:connect");
    let mut events = two.events(&stream, None).await;
    cluster.instances[0].ask_to_stop();
    gate.open(1);
    read_until(&mut events, "During.").await;
    // New ones are made elsewhere.
    let page = three.start_chat("Meanwhile").await;
    assert_eq!(page.texts(MESSAGES), ["Meanwhile", "Hello!"]);
    gate.open_all();
    assert!(read_all(events).await.contains("event: done"));
    assert_eq!(cluster.instances[0].ended().await, Some(0));
    // Who comes by the balancer notices nothing.
    let whole = ["Go", "Before. During. After."];
    for _ in 0..3 {
        let page = until(&ann, &path, "whole", |page| !is_running(page)).await;
        assert_eq!(page.texts(MESSAGES), whole);
        assert!(!is_interrupted(&page));
    }
    cluster.instances[0].restart().await;
    assert_eq!(one.get(&path).await.texts(MESSAGES), whole);
}

/// An instance loses the database while it writes a reply: it says so, the others go on, and when
/// it has the database again everything is well by itself.
async fn cut_from_the_database(cut: impl Fn(&Wire)) {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let ann = Browser::plain(&cluster.instances[0]).sign_up("ann").await;
    let everywhere = cluster.everywhere(&ann);
    let [one, two, three] = &everywhere[..] else {
        unreachable!()
    };
    let gate = Gate::new();
    cluster.model.answer(Answer::gated(
        &gate,
        ["Before.\n\n", "During.\n\n", "After."],
    ));
    let path = one.start_running("Go").await;
    gate.open(1);
    until(two, &path, "shown", |page| page.html.contains("Before.")).await;
    cut(&cluster.wires[0]);
    gate.open(1);
    wait_until(async || {
        let answer = one.try_request(Method::GET, &path, "document", None);
        match answer.await?.status() {
            StatusCode::SERVICE_UNAVAILABLE => Ok(()),
            status => Err(format!("{status} without a database")),
        }
    })
    .await;
    // Others do not even notice.
    let page = two.start_chat("Meanwhile").await;
    assert_eq!(page.texts(MESSAGES), ["Meanwhile", "Hello!"]);
    assert_eq!(three.get(&page.path).await.texts(MESSAGES).len(), 2);
    cluster.wires[0].heal();
    wait_until(async || {
        let answer = one.try_request(Method::GET, &path, "document", None);
        match answer.await?.status() {
            StatusCode::OK => Ok(()),
            status => Err(format!("{status} with the database back")),
        }
    })
    .await;
    gate.open_all();
    // Whole, or interrupted with what had come: the same for all of them.
    let mut ends = Vec::new();
    for browser in [one, two, three] {
        let page = until(browser, &path, "over", |page| !is_running(page)).await;
        ends.push((is_interrupted(&page), page.texts(MESSAGES)));
    }
    let (interrupted, texts) = &ends[0];
    assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    let whole = "Before. During. After.";
    assert!(
        texts[1].starts_with("Before.") && whole.starts_with(&texts[1]),
        "{texts:?}"
    );
    assert!(*interrupted || texts[1] == whole, "{texts:?}");
    for browser in [one, two, three] {
        let page = browser.start_chat("Once more").await;
        assert_eq!(page.texts(MESSAGES), ["Once more", "Hello!"]);
    }
}

#[tokio::test]
async fn an_instance_whose_database_closes_its_connections_comes_back() {
    cut_from_the_database(Wire::close).await;
}

#[tokio::test]
async fn an_instance_whose_database_falls_silent_comes_back() {
    cut_from_the_database(Wire::fall_silent).await;
}

#[tokio::test]
async fn when_the_database_is_gone_for_all_it_all_comes_back() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let balancer = cluster.balancer().await;
    let ann = Browser::plain(&balancer).sign_up("ann").await;
    let gate = Gate::new();
    cluster.model.answer(Answer::gated(
        &gate,
        ["Before.\n\n", "During.\n\n", "After."],
    ));
    let path = ann.start_running("Go").await;
    gate.open(1);
    for _ in 0..3 {
        until(&ann, &path, "shown", |page| page.html.contains("Before.")).await;
    }
    for wire in &cluster.wires {
        wire.close();
    }
    gate.open(1);
    for browser in cluster.everywhere(&ann) {
        wait_until(async || {
            let answer = browser.try_request(Method::GET, &path, "document", None);
            match answer.await?.status() {
                StatusCode::SERVICE_UNAVAILABLE => Ok(()),
                status => Err(format!("{status} without a database")),
            }
        })
        .await;
    }
    for wire in &cluster.wires {
        wire.heal();
    }
    gate.open_all();
    for browser in cluster.everywhere(&ann) {
        let page = until(&browser, &path, "over", |page| {
            page.status == StatusCode::OK && !is_running(page)
        })
        .await;
        let texts = page.texts(MESSAGES);
        let whole = "Before. During. After.";
        assert!(
            whole.starts_with(&texts[1]) && texts[1].starts_with("Before."),
            "{texts:?}"
        );
        assert!(is_interrupted(&page) || texts[1] == whole, "{texts:?}");
        let page = browser.start_chat("Once more").await;
        assert_eq!(page.texts(MESSAGES), ["Once more", "Hello!"]);
    }
}

#[tokio::test]
async fn signing_out_on_one_instance_ends_what_is_open_on_another() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let gate = Gate::new();
    let ann = Browser::plain(&cluster.instances[0]).sign_up("ann").await;
    let two = ann.clone().on(&cluster.instances[1]);
    let elsewhere = Browser::plain(&cluster.instances[2]);
    elsewhere.sign_in("ann", PASSWORD).await;
    cluster
        .model
        .answer(Answer::gated(&gate, ["One.\n\nTwo.\n\n", "Secret."]));
    let path = ann.start_running("Go").await;
    let id = reply_of(&ann.get(&path).await);
    let stream = format!("/replies/{id}/events?after=0");
    let mut events = two.events(&stream, None).await;
    let mut page = two.open_live(&format!("{path}/live")).await;
    let mut kept = elsewhere.events(&stream, None).await;
    gate.open(1);
    for live in [&mut events, &mut page, &mut kept] {
        read_until(live, "Two.").await;
    }
    ann.sign_out().await;
    let (events, page) = (read_all(events).await, read_all(page).await);
    assert!(events.contains("event: done"));
    gate.open_all();
    read_until(&mut kept, "Secret.").await;
    assert!(!events.contains("Secret.") && !page.contains("Secret."));
    assert_eq!(two.get(&path).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn tries_at_signing_in_count_on_all_instances_together() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let ann = Browser::plain(&cluster.instances[0]).sign_up("ann").await;
    let balancer = cluster.balancer().await;
    for n in 0..10 {
        let guesser = Browser::plain(&balancer);
        let page = guesser.sign_in("ann", "a wrong guess").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "guess {n}");
    }
    for instance in &cluster.instances {
        let page = Browser::plain(instance).sign_in("ann", PASSWORD).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
        // The owner's own browser is let in everywhere.
        let ann = ann.clone().on(instance);
        ann.sign_out().await;
        assert_eq!(ann.sign_in("ann", PASSWORD).await.path, "/chats/new");
    }
}

#[tokio::test]
async fn no_person_has_more_replies_than_allowed_on_all_instances_together() {
    let Some(cluster) = Cluster::with(&[("REPLIES_PER_PERSON", "2")]).await else {
        return;
    };
    let ann = Browser::plain(&cluster.instances[0]).sign_up("ann").await;
    let gate = Gate::new();
    cluster
        .model
        .always(Answer::gated(&gate, ["Some", "thing"]));
    let everywhere = cluster.everywhere(&ann);
    for browser in &everywhere[..2] {
        browser.start_running("Go").await;
    }
    cluster.model.asked(2).await;
    // A third one is refused, or waits in line.
    let form = everywhere[2].get("/").await.form("#composer");
    let third = everywhere[2]
        .submit_live(&form.fill("content", "Too many"))
        .await;
    assert!([StatusCode::OK, StatusCode::UNPROCESSABLE_ENTITY].contains(&third.status));
    for browser in &everywhere {
        browser.get("/chats").await;
    }
    assert_eq!(cluster.model.requests().len(), 2);
    gate.open_all();
}

#[tokio::test]
async fn a_form_that_is_sent_to_every_instance_at_once_makes_one_message() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let ann = Browser::plain(&cluster.instances[0]).sign_up("ann").await;
    let [one, two, three] = &cluster.everywhere(&ann)[..] else {
        unreachable!()
    };
    let new = one.get("/").await.form("#composer");
    let form = new.fill("content", "Only once");
    let sent = tokio::join!(one.submit(&form), two.submit(&form), three.submit(&form));
    let path = |page: Page| page.path.split("/live").next().unwrap().to_owned();
    let (first, second, third) = (path(sent.0), path(sent.1), path(sent.2));
    assert!(
        first == second && second == third,
        "{first} {second} {third}"
    );
    let page = until(two, &first, "over", |page| !is_running(page)).await;
    assert_eq!(page.texts(MESSAGES), ["Only once", "Hello!"]);
    assert_eq!(three.get("/chats").await.count("#chats li"), 1);
    // The same in a chat that is there.
    let form = page.form("#composer").fill("content", "And again");
    tokio::join!(one.submit(&form), two.submit(&form), three.submit(&form));
    let page = until(one, &first, "over", |page| !is_running(page)).await;
    assert_eq!(
        page.texts(MESSAGES),
        ["Only once", "Hello!", "And again", "Hello!"]
    );
    assert_eq!(cluster.model.requests().len(), 2);
}

#[tokio::test]
async fn a_chat_that_is_deleted_on_one_instance_ends_its_reply_on_another() {
    let Some(cluster) = Cluster::start().await else {
        return;
    };
    let ann = Browser::plain(&cluster.instances[0]).sign_up("ann").await;
    let [one, two, three] = &cluster.everywhere(&ann)[..] else {
        unreachable!()
    };
    let gate = Gate::new();
    cluster
        .model
        .answer(Answer::gated(&gate, ["Some", "thing"]));
    let path = one.start_running("Go").await;
    gate.open(1);
    let page = until(three, &path, "shown", |page| page.html.contains("Some")).await;
    let stream = page.attribute("[hx-sse\\:connect]", "hx-sse:connect");
    let events = three.events(&stream, None).await;
    let question = two.get(&format!("{path}/delete")).await;
    two.submit(&question.form("form#title")).await;
    cluster.model.closed().await;
    assert!(read_all(events).await.contains("event: done"));
    for browser in [one, two, three] {
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(browser.get("/chats").await.count("#chats li"), 0);
    }
}
