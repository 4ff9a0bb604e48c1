//! A real Chromium, driven through chromedriver.
//!
//! ```ignore
//! let tab = Tab::open(&site.url, Script::Off).await;
//! tab.go("/login").await;
//! tab.fill("[name=username]", "Ann").await;
//! tab.click("form.fields button").await;
//! tab.until("document.title.includes('New chat')").await;
//! tab.close().await;                                 // fails if the page complained of anything
//! ```

use super::site::wait_until;
use fantoccini::{
    Client, ClientBuilder, Locator,
    elements::Element,
    error::{CmdError, ErrorStatus},
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;
use url::Url;

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    On,
    Off,
}

/// A browser with one tab open, its profile empty at first. The browser ends with it.
pub struct Tab {
    /// Whether its pages may run scripts.
    pub script: Script,
    client: Client,
    site: String,
    _driver: Driver,
}

impl Tab {
    /// Opens a browser for a site, in English.
    pub async fn open(site: &str, script: Script) -> Self {
        Self::open_in(site, script, "en").await
    }

    /// Opens a browser that prefers a language.
    pub async fn open_in(site: &str, script: Script, language: &str) -> Self {
        let mut driver = Driver::start();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(driver.capabilities(script, language));
        let address = format!("http://127.0.0.1:{}", driver.port);
        let client = builder.connect(&address).await.unwrap();
        // The driver ends the session when it is dropped itself, even by a panic.
        client.persist().await.unwrap();
        driver.session = client.session_id().await.unwrap();
        Self {
            script,
            client,
            site: site.to_owned(),
            _driver: driver,
        }
    }

    // ---- Acting

    /// Goes to an address of the site, without waiting for the page's end.
    pub async fn go(&self, path: &str) {
        self.visit(&format!("{}{path}", self.site)).await;
    }

    /// Goes to any address.
    pub async fn visit(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Presses the browser's reload button, and waits until the page is another one.
    pub async fn reload(&self) {
        self.leave(async || self.client.refresh().await.unwrap())
            .await;
    }

    /// Does something that leads to another page, and waits until that is there.
    pub async fn leave(&self, act: impl AsyncFnOnce()) {
        self.mark().await;
        act().await;
        self.until("!window.mark && document.body").await;
    }

    /// Presses the browser's back button.
    pub async fn back(&self) {
        self.client.back().await.unwrap();
    }

    /// Presses the browser's forward button.
    pub async fn forward(&self) {
        self.client.forward().await.unwrap();
    }

    /// Marks the page, so that another one can be told from it.
    pub async fn mark(&self) {
        self.eval("window.mark = true").await;
    }

    /// Whether the page is still the one that was marked.
    pub async fn is_marked(&self) -> bool {
        self.eval("window.mark === true").await == true
    }

    /// Clicks on an element once it is there.
    pub async fn click(&self, css: &str) {
        self.act(css, async |element| element.click().await).await;
    }

    /// Clicks on what leads to another page.
    pub async fn follow(&self, css: &str) {
        let link = self.find(css).await;
        self.leave(async || link.click().await.unwrap()).await;
    }

    /// Presses keys in an element.
    pub async fn press(&self, css: &str, keys: &str) {
        self.act(css, async |element| element.send_keys(keys).await)
            .await;
    }

    /// Puts a text in a field.
    pub async fn fill(&self, css: &str, text: &str) {
        self.act(css, async |field| {
            field.clear().await?;
            field.send_keys(text).await
        })
        .await;
    }

    /// The window's size inside, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.cdp("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Does something with an element as soon as it can be done, as a person would: what is there may
    /// be on its way to its place, or be replaced at this moment.
    async fn act(&self, css: &str, act: impl AsyncFn(&Element) -> Result<(), CmdError>) {
        const NOT_YET: [ErrorStatus; 3] = [
            ErrorStatus::ElementClickIntercepted,
            ErrorStatus::ElementNotInteractable,
            ErrorStatus::StaleElementReference,
        ];
        wait_until(async || {
            let element = self.find(css).await;
            match act(&element).await {
                Ok(()) => Ok(()),
                Err(CmdError::Standard(error)) if NOT_YET.contains(&error.error) => {
                    Err(format!("{css}: {error}"))
                }
                Err(error) => panic!("{css}: {error}"),
            }
        })
        .await;
    }

    // ---- Looking

    /// An element, once it is there.
    async fn find(&self, css: &str) -> Element {
        wait_until(async || {
            let found = self.client.find(Locator::Css(css)).await;
            found.map_err(|error| format!("no {css}: {error}"))
        })
        .await
    }

    /// What a script sees, whether or not the page may run any.
    pub async fn eval(&self, script: &str) -> Value {
        let asked = json!({ "expression": script, "returnByValue": true });
        let answer = self.cdp("Runtime.evaluate", asked).await;
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{script}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Waits until a script sees something true.
    pub async fn until(&self, script: &str) {
        let truth = format!("!!({script})");
        let page = "location.href + '\\n' + document.documentElement.outerHTML";
        wait_until(async || {
            // Between two pages there is nothing to see.
            let seen = self
                .try_cdp(
                    "Runtime.evaluate",
                    json!({ "expression": truth, "returnByValue": true }),
                )
                .await;
            if seen
                .as_ref()
                .is_ok_and(|seen| seen["result"]["value"] == true)
            {
                return Ok(());
            }
            let page = self
                .try_cdp(
                    "Runtime.evaluate",
                    json!({ "expression": page, "returnByValue": true }),
                )
                .await;
            let page = page.map(|page| {
                page["result"]["value"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned()
            });
            Err(format!("never {script}\n{}", page.unwrap_or_default()))
        })
        .await;
    }

    /// Waits until an element shows a text that contains this.
    pub async fn until_text(&self, css: &str, part: &str) {
        let (css, part) = (json!(css), json!(part));
        self.until(&format!(
            "[...document.querySelectorAll({css})].some(e => e.innerText.includes({part}))"
        ))
        .await;
    }

    /// The text that an element shows: what its style hides is not in it.
    pub async fn text(&self, css: &str) -> String {
        let script = format!("document.querySelector({}).innerText", json!(css));
        self.eval(&script)
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// How many elements there are.
    pub async fn count(&self, css: &str) -> u64 {
        let script = format!("document.querySelectorAll({}).length", json!(css));
        self.eval(&script).await.as_u64().unwrap()
    }

    /// The address, without the site.
    pub async fn path(&self) -> String {
        let path = self.eval("location.pathname + location.search").await;
        path.as_str().unwrap().to_owned()
    }

    /// A picture of the window as PNG.
    pub async fn screenshot(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    /// A picture of an element, also of what of it is not in view.
    pub async fn picture_of(&self, css: &str) -> Vec<u8> {
        self.find(css).await.screenshot().await.unwrap()
    }

    /// Every request since the last call, as method and address.
    pub async fn requests(&self) -> Vec<(String, String)> {
        let mut requests = Vec::new();
        for entry in self.log("performance").await {
            let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
            let (method, params) = (&message["message"]["method"], &message["message"]["params"]);
            let request = &params["request"];
            if method == "Network.requestWillBeSent" {
                let text = |value: &Value| value.as_str().unwrap().to_owned();
                requests.push((text(&request["method"]), text(&request["url"])));
            } else if method == "Network.webSocketCreated" {
                requests.push(("WEBSOCKET".into(), params["url"].to_string()));
            }
        }
        requests
    }

    /// What the console says since the last call: errors of scripts, what the
    /// Content-Security-Policy forbade, answers that are failures.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.log("browser").await.into_iter();
        let grave = entries.filter(|entry| entry["level"] != "INFO");
        let lines = grave.map(|entry| entry["message"].as_str().unwrap().to_owned());
        // A page that is left while it asks for something says so as it goes.
        let left = [
            "htmx:sse:error: network error",
            "htmx:error: Failed to fetch",
        ];
        lines
            .filter(|line| !left.iter().any(|part| line.contains(part)))
            .collect()
    }

    /// Closes the browser, and fails if the console said anything, or another site was asked.
    pub async fn close(self) {
        let complaints = self.complaints().await;
        assert!(complaints.is_empty(), "the console says {complaints:#?}");
        for (method, address) in self.requests().await {
            // The browser's own empty page comes before ours.
            let own = [
                &format!("{}/", self.site),
                "data:",
                "chrome:",
                "chrome-untrusted:",
            ];
            assert!(
                own.iter().any(|own| address.starts_with(*own)),
                "{method} {address}"
            );
        }
    }

    // ---- The protocols below

    /// A command of the DevTools protocol.
    pub async fn cdp(&self, command: &str, params: Value) -> Value {
        self.try_cdp(command, params).await.unwrap()
    }

    async fn try_cdp(&self, command: &str, params: Value) -> Result<Value, String> {
        let body = json!({ "cmd": command, "params": params });
        let answer = self
            .client
            .issue_cmd(Extension("goog/cdp/execute", body))
            .await;
        answer.map_err(|error| format!("{command}: {error}"))
    }

    async fn log(&self, kind: &str) -> Vec<Value> {
        let log = self
            .client
            .issue_cmd(Extension("se/log", json!({ "type": kind })))
            .await
            .unwrap();
        log.as_array().unwrap().clone()
    }
}

/// A command that only chromedriver has, and its body.
#[derive(Debug)]
struct Extension(&'static str, Value);

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.0
        ))
    }

    fn method_and_body(&self, _: &Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.1.to_string()))
    }
}

/// A chromedriver of our own, and the browser's profile. Both end when it is dropped.
struct Driver {
    process: Child,
    /// Held open, so that the driver can write on.
    _says: BufReader<ChildStdout>,
    port: u16,
    session: Option<String>,
    profile: TempDir,
}

impl Driver {
    /// Starts one. The port that it gets for IPv4 may be another program's for IPv6, and then it
    /// ends at once; the next time it gets another port.
    fn start() -> Self {
        let driver = (0..5).find_map(|_| Self::try_start());
        driver.expect("chromedriver does not end at once each time")
    }

    fn try_start() -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = command
            .spawn()
            .expect("chromedriver must be installed: scripts/test does it");
        let mut says = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        let port = loop {
            line.clear();
            if says.read_line(&mut line).unwrap() == 0 {
                process.wait().unwrap();
                return None;
            }
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim().trim_end_matches('.').parse().unwrap();
            }
        };
        Some(Self {
            process,
            _says: says,
            port,
            session: None,
            profile: tempfile::tempdir().unwrap(),
        })
    }

    fn capabilities(&self, script: Script, language: &str) -> Capabilities {
        let profile = format!("--user-data-dir={}", self.profile.path().display());
        let flags = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,800",
            // There is a mouse, which a machine without a screen does not have: 2 is one that can
            // hover, 4 one that is fine.
            "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
            &profile,
        ];
        let allowed = if script == Script::On { 1 } else { 2 };
        let preferences = json!({
            "intl.accept_languages": language,
            "profile.managed_default_content_settings.javascript": allowed,
        });
        let capabilities = json!({
            "browserName": "chrome",
            // A page that stays open until a reply has ended would never be loaded.
            "pageLoadStrategy": "none",
            "goog:chromeOptions": { "args": flags, "prefs": preferences },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        capabilities.as_object().unwrap().clone()
    }

    /// Asks the driver to close the browser; without tokio, as this also happens in a panic.
    fn close_browser(&self, session: &str) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(
            stream,
            "DELETE /session/{session} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.port
        )?;
        stream.read(&mut [0; 64]).map(drop)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(session) = &self.session {
            self.close_browser(session).ok();
        }
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
