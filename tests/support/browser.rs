//! A person with a browser.

use super::{
    Form, Live, Page, TestApp,
    live::{OverSocket, nonce},
    page::Swap,
    soon,
};
use axum::{body::Body, extract::ConnectInfo};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header,
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use std::{
    cell::Cell,
    collections::BTreeMap,
    env,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    thread,
};

/// Where browsers find the app, unless its settings say another address.
pub const ORIGIN: &str = "http://localhost:3000";

/// The password of everybody who signs up with [`Browser::sign_up`].
pub const PASSWORD: &str = "a door made of plums";

/// How a browser goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Without script.
    Plain,
    /// With htmx.
    Htmx,
    /// In a terminal: says neither `Origin` nor `Sec-Fetch-…`.
    Text,
}

/// What a browser can open: the app itself, or an address.
pub trait Place {
    /// How requests get there.
    fn way(&self) -> Way;
}

/// How requests get to a place.
#[derive(Clone)]
pub enum Way {
    /// To the app in this process, without a socket.
    App(Box<TestApp>),
    /// To an address such as `http://127.0.0.1:4321`, with a new connection for each request.
    Socket(String, Box<Client<HttpConnector, Body>>),
}

impl Way {
    /// To an address.
    pub fn to(url: &str) -> Self {
        let mut client = Client::builder(TokioExecutor::new());
        Self::Socket(
            url.to_owned(),
            Box::new(client.pool_max_idle_per_host(0).build_http()),
        )
    }

    /// The same from one of this machine's addresses.
    pub fn to_from(url: &str, address: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(address.parse().unwrap()));
        let mut client = Client::builder(TokioExecutor::new());
        let client = client.pool_max_idle_per_host(0).build(connector);
        Self::Socket(url.to_owned(), Box::new(client))
    }

    /// The same by HTTP/2 without TLS.
    pub fn over_http2(url: &str) -> Self {
        let mut client = Client::builder(TokioExecutor::new());
        Self::Socket(
            url.to_owned(),
            Box::new(client.http2_only(true).build_http()),
        )
    }

    /// What a browser calls the place.
    fn origin(&self) -> String {
        match self {
            Self::App(app) => {
                let public = app.config().public_url.as_ref();
                public.map_or(ORIGIN.to_owned(), |url| url.origin().ascii_serialization())
            }
            Self::Socket(url, _) => url.clone(),
        }
    }

    /// One request, answered as far as its head; or what became of the connection.
    async fn answer(&self, mut request: Request<Body>) -> Result<Response<Body>, String> {
        match self {
            Self::App(app) => Ok(app.answer(request).await),
            Self::Socket(url, client) => {
                let uri = format!("{url}{}", request.uri()).parse::<Uri>();
                *request.uri_mut() = uri.map_err(|error| error.to_string())?;
                let answer = client.request(request).await;
                let mut answer = answer.map_err(|error| format!("{error:?}"))?;
                answer.extensions_mut().insert(OverSocket);
                Ok(answer.map(Body::new))
            }
        }
    }
}

impl Place for Way {
    fn way(&self) -> Way {
        self.clone()
    }
}

impl Place for TestApp {
    fn way(&self) -> Way {
        Way::App(Box::new(self.clone()))
    }
}

/// Says after a failure in which of its ways a test went, as many go in all of them.
#[derive(Clone)]
struct Told(Kind);

impl Drop for Told {
    fn drop(&mut self) {
        thread_local!(static WAS_SAID: Cell<bool> = const { Cell::new(false) });
        if thread::panicking() && !WAS_SAID.replace(true) {
            let database = match env::var("TEST_DATABASE_URL") {
                Ok(url) if !url.is_empty() => "PostgreSQL",
                _ => "SQLite",
            };
            eprintln!(
                "It failed with {:?} as the kind of browser, on {database}.",
                self.0
            );
        }
    }
}

/// A person with a browser. A clone is another tab of it.
#[derive(Clone)]
pub struct Browser {
    way: Way,
    kind: Kind,
    _told: Told,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    language: &'static str,
    address: Option<IpAddr>,
    extra: HeaderMap,
}

impl Browser {
    fn new(place: &impl Place, kind: Kind) -> Self {
        let (cookies, extra) = (Arc::default(), HeaderMap::new());
        Self {
            way: place.way(),
            kind,
            _told: Told(kind),
            cookies,
            language: "en",
            address: None,
            extra,
        }
    }

    /// A browser whose script is switched off.
    pub fn plain<P: Place>(place: &P) -> Self {
        Self::new(place, Kind::Plain)
    }

    /// A browser in which htmx runs.
    pub fn htmx<P: Place>(place: &P) -> Self {
        Self::new(place, Kind::Htmx)
    }

    /// A text browser.
    pub fn text<P: Place>(place: &P) -> Self {
        Self::new(place, Kind::Text)
    }

    pub fn is_htmx(&self) -> bool {
        self.kind == Kind::Htmx
    }

    pub fn is_text(&self) -> bool {
        self.kind == Kind::Text
    }

    /// The same person, preferring this language.
    pub fn speaking(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    /// The same person, from that address.
    pub fn from(mut self, address: &str) -> Self {
        self.address = Some(address.parse().unwrap());
        self
    }

    /// The same person, with a header that every request has.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.extra.insert(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        );
        self
    }

    /// The same browser, now that the app is another one.
    pub fn on(mut self, place: &impl Place) -> Self {
        self.way = place.way();
        self
    }

    /// Another browser of the same kind, which has none of this one's cookies.
    pub fn fresh(&self) -> Self {
        Self {
            cookies: Arc::default(),
            ..self.clone()
        }
    }

    /// Another browser that has stolen this one's cookies as they are now.
    pub fn stolen(&self) -> Self {
        let cookies = Arc::new(Mutex::new(self.cookies.lock().unwrap().clone()));
        Self {
            cookies,
            ..self.clone()
        }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies
            .lock()
            .unwrap()
            .insert(name.to_owned(), value.to_owned());
    }

    pub fn drop_cookie(&self, name: &str) {
        self.cookies.lock().unwrap().remove(name);
    }

    /// One request with these headers and the cookies, nothing else: for what no browser sends.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Response<Body> {
        let answer = self.try_raw(method, path, headers, body.into());
        soon(path, answer)
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The same where the connection may break before there is an answer.
    async fn try_raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Result<Response<Body>, String> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = path
            .parse()
            .unwrap_or_else(|error| panic!("{path}: {error}"));
        let host = self.way.origin();
        let (_, host) = host.split_once("://").unwrap();
        let to = request.headers_mut();
        to.insert(header::HOST, HeaderValue::from_str(host).unwrap());
        for (name, value) in headers {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            to.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
        }
        to.extend(self.extra.clone());
        let cookies: Vec<_> = self
            .cookies
            .lock()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            to.insert(
                header::COOKIE,
                HeaderValue::from_str(&cookies.join("; ")).unwrap(),
            );
        }
        if let Some(address) = self.address {
            request
                .extensions_mut()
                .insert(ConnectInfo(SocketAddr::new(address, 40_000)));
        }
        let response = self.way.answer(request).await?;
        for line in response.headers().get_all(header::SET_COOKIE) {
            self.keep(line.to_str().unwrap());
        }
        Ok(response)
    }

    fn keep(&self, line: &str) {
        let (name, rest) = line.split_once('=').unwrap();
        let (value, attributes) = rest.split_once(';').unwrap_or((rest, ""));
        let gone = attributes.to_ascii_lowercase().contains("max-age=0");
        let mut cookies = self.cookies.lock().unwrap();
        if gone {
            cookies.remove(name);
        } else {
            cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// One request as this browser sends it for a page (`document`), a frame (`iframe`), or, with
    /// htmx, for a piece of one (`empty`).
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        dest: &str,
        body: Option<String>,
    ) -> Response<Body> {
        let answer = self.try_request(method, path, dest, body);
        soon(path, answer)
            .await
            .unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The same where the connection may break before there is an answer.
    pub async fn try_request(
        &self,
        method: Method,
        path: &str,
        dest: &str,
        body: Option<String>,
    ) -> Result<Response<Body>, String> {
        let origin = self.way.origin();
        let referer = format!("{origin}/");
        let mut headers = vec![("accept-language", self.language), ("referer", &*referer)];
        if self.kind == Kind::Text {
            headers.extend([
                ("user-agent", "w3m/0.5.3+git20230121"),
                ("accept", "text/html, text/*;q=0.5"),
            ]);
        } else {
            let mode = if dest == "empty" { "cors" } else { "navigate" };
            headers.extend([
                (
                    "user-agent",
                    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                ),
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-dest", dest),
                ("sec-fetch-mode", mode),
            ]);
            if method == Method::POST {
                headers.push(("origin", &origin));
            }
        }
        if dest == "empty" {
            headers.extend([
                ("hx-request", "true"),
                ("accept", "text/html, text/event-stream"),
            ]);
        }
        if body.is_some() {
            headers.push(("content-type", "application/x-www-form-urlencoded"));
        }
        let body = Body::from(body.unwrap_or_default());
        self.try_raw(method, path, &headers, body).await
    }

    /// Goes on where a redirect leads, and gives the answer with its address.
    async fn follow(&self, path: &str, mut response: Response<Body>, dest: &str) -> Live {
        let mut path = path.to_owned();
        for _ in 0..5 {
            if !response.status().is_redirection() {
                return Live::new(&path, response);
            }
            assert_eq!(
                response.status(),
                StatusCode::SEE_OTHER,
                "every redirect of ours is a 303"
            );
            path = response.headers()[header::LOCATION]
                .to_str()
                .unwrap()
                .to_owned();
            assert!(
                path.starts_with('/') && !path.starts_with("//"),
                "a redirect to {path}"
            );
            response = self.request(Method::GET, &path, dest, None).await;
        }
        panic!("redirected for ever, last to {path}");
    }

    /// Opens an address, reads all of the answer.
    pub async fn get(&self, path: &str) -> Page {
        self.open_live(path).await.page().await
    }

    /// Opens an address whose answer may stay open.
    pub async fn open_live(&self, path: &str) -> Live {
        let response = self.request(Method::GET, path, "document", None).await;
        self.follow(path, response, "document").await
    }

    /// Asks for a piece of a page as htmx does, without any swap.
    pub async fn get_piece(&self, path: &str) -> Page {
        let response = self.request(Method::GET, path, "empty", None).await;
        self.follow(path, response, "empty").await.page().await
    }

    /// Opens an event stream as hx-sse does.
    pub async fn events(&self, path: &str, last_id: Option<&str>) -> Live {
        let answer = soon(path, self.try_events(path, last_id)).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The same where the connection may break before there is an answer.
    pub async fn try_events(&self, path: &str, last_id: Option<&str>) -> Result<Live, String> {
        let mut headers = vec![
            ("hx-request", "true"),
            ("accept", "text/event-stream"),
            ("accept-language", self.language),
        ];
        headers.extend(last_id.map(|id| ("last-event-id", id)));
        let answer = self.try_raw(Method::GET, path, &headers, Body::empty());
        Ok(Live::new(path, answer.await?))
    }

    /// Sends a form and reads all of the answer: with htmx the page after its swaps.
    pub async fn submit(&self, form: &Form) -> Page {
        match &form.hx {
            Some(path) if self.is_htmx() => {
                let response = self
                    .request(Method::POST, path, "empty", Some(form.body()))
                    .await;
                let target = form.target.as_deref().unwrap_or(&form.css);
                let place = Swap::new(target, form.swap.as_deref().unwrap_or("outerHTML"));
                self.swapped(&form.page, response, path, place).await
            }
            _ => {
                let live = self.submit_live(form).await;
                if live.status == StatusCode::NO_CONTENT {
                    return Page {
                        status: live.status,
                        headers: live.headers,
                        answer: String::new(),
                        ..form.page.clone()
                    };
                }
                live.page().await
            }
        }
    }

    /// Sends a form without script; the answer may stay open.
    pub async fn submit_live(&self, form: &Form) -> Live {
        let dest = if form.in_frame && self.kind != Kind::Text {
            "iframe"
        } else {
            "document"
        };
        let (path, body) = match form.method {
            Method::GET => (format!("{}?{}", form.action, form.body()), None),
            _ => (form.action.clone(), Some(form.body())),
        };
        let response = self.request(form.method.clone(), &path, dest, body).await;
        self.follow(&path, response, dest).await
    }

    /// Follows a link: in place where htmx does.
    pub async fn click(&self, page: &Page, css: &str) -> Page {
        let document = page.document();
        let link = document.select(&super::page::selector(css)).next();
        let link = link.unwrap_or_else(|| panic!("no link {css} in {}", page.html));
        let attribute = |name: &str| link.attr(name).map(str::to_owned);
        let (path, hx) = (attribute("href").unwrap(), attribute("hx-get"));
        let hx = hx.filter(|_| self.is_htmx() && page.lets_act(link));
        let Some(hx) = hx else {
            return self.get(&path).await;
        };
        let response = self.request(Method::GET, &hx, "empty", None).await;
        let place = Swap {
            select: attribute("hx-select"),
            target: attribute("hx-target").unwrap(),
            how: attribute("hx-swap").unwrap(),
        };
        self.swapped(page, response, &hx, place).await
    }

    /// The page after an answer to htmx.
    async fn swapped(
        &self,
        page: &Page,
        response: Response<Body>,
        path: &str,
        place: Swap,
    ) -> Page {
        let live = self.follow(path, response, "empty").await;
        let answered = soon("a fragment", live.page()).await;
        if let Some(to) = answered.headers.get("hx-redirect") {
            return self.get(to.to_str().unwrap()).await;
        }
        let mut page = Page {
            status: answered.status,
            headers: answered.headers.clone(),
            answer: answered.answer.clone(),
            ..page.clone()
        };
        if let Some(to) = answered.headers.get("hx-push-url") {
            page.path = to.to_str().unwrap().to_owned();
        }
        if answered.status == StatusCode::NO_CONTENT {
            return page;
        }
        let header = |name: &str| {
            answered
                .headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let place = Swap {
            select: header("hx-reselect").or(place.select),
            target: header("hx-retarget").unwrap_or(place.target),
            how: header("hx-reswap").unwrap_or(place.how),
        };
        // hx-csp gives what the answer's nonce allowed the page's nonce.
        let fragment = answered
            .answer
            .replace(&nonce(&answered.headers), &page.nonce);
        page.apply_at(&fragment, &place);
        page
    }

    /// The page once no reply runs on it any more: htmx follows the events, swaps each, and asks
    /// for the final article at the end; without it the page that stayed open is loaded anew.
    pub async fn finished(&self, page: &Page) -> Page {
        let streams = page.attributes("[hx-sse\\:connect]", "hx-sse:connect");
        if !self.is_htmx() {
            return match page.path.split_once("/live") {
                Some((chat, _)) => self.get(chat).await,
                None => page.clone(),
            };
        }
        let mut page = page.clone();
        for stream in streams {
            let mut live = self.events(&stream, None).await;
            while let Some(event) = live.event().await {
                if event.name.is_empty() {
                    page.apply(&event.data, "body", "none");
                }
            }
            let article = stream.split("/events").next().unwrap().to_owned();
            let id = article.strip_prefix("/replies/").unwrap();
            let response = self.request(Method::GET, &article, "empty", None).await;
            let place = Swap::new(&format!("#r-{id}"), "outerMorph");
            page = self.swapped(&page, response, &article, place).await;
        }
        page
    }

    // ---- What people do

    /// Makes an account and is signed in.
    pub async fn sign_up(self, name: &str) -> Self {
        let page = self.register(name, PASSWORD).await;
        assert_eq!(
            (page.status, &*page.path),
            (StatusCode::OK, "/chats/new"),
            "{}",
            page.html
        );
        self
    }

    /// Fills in the form for a new account.
    pub async fn register(&self, name: &str, password: &str) -> Page {
        let form = self.get("/register").await.form("main form");
        let form = form.fill("username", name).fill("password", password);
        self.submit(&form.fill("password_confirm", password)).await
    }

    /// Fills in the sign-in form.
    pub async fn sign_in(&self, name: &str, password: &str) -> Page {
        let form = self.get("/login").await.form("main form");
        self.submit(&form.fill("username", name).fill("password", password))
            .await
    }

    /// Presses the button that signs out.
    pub async fn sign_out(&self) -> Page {
        let form = self.get("/").await.form("form[action='/logout']");
        self.submit(&form).await
    }

    /// Starts a chat and waits for the end of the reply.
    pub async fn start_chat(&self, text: &str) -> Page {
        let form = self.get("/").await.form("#composer").fill("content", text);
        let page = self.submit(&form).await;
        self.finished(&page).await
    }

    /// Sends a message from this page and waits for the end of the reply.
    pub async fn send(&self, page: &Page, text: &str) -> Page {
        let page = self
            .submit(&page.form("#composer").fill("content", text))
            .await;
        self.finished(&page).await
    }

    /// Starts a chat with a reply that still runs, and gives the chat's address.
    pub async fn start_running(&self, text: &str) -> String {
        let form = self.get("/").await.form("#composer").fill("content", text);
        if self.is_htmx() {
            return self.submit(&form).await.path;
        }
        let live = self.submit_live(&form).await;
        let path = live.path.split("/live").next();
        path.unwrap_or(&live.path).to_owned()
    }
}
