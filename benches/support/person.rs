//! People with an account, as many as a measurement needs.

use super::now;
use anyhow::{Context, Result, bail};
use futures_util::{StreamExt, TryStreamExt};

/// How many streams a person has open: the server allows no one many more.
const STREAMS_EACH: usize = 50;

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Person {
    http: reqwest::Client,
    base: String,
    /// The session, as a header has it.
    pub cookie: String,
    /// Where the person seems to be.
    place: String,
}

impl Person {
    pub async fn register(base: &str) -> Result<Self> {
        // The client must not follow redirects: what they say is needed.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .user_agent("Mozilla/5.0")
            .build()?;
        // Nobody was here before by this name or from this place.
        let number = now();
        let mut person = Self {
            http,
            base: base.to_owned(),
            cookie: String::new(),
            place: format!("10.{}.{}.1", number / 1000 % 256, number / 256_000 % 256),
        };
        let password = "a long enough secret, 2937";
        let name = format!("bench {number}");
        let form = [
            ("username", name.as_str()),
            ("password", password),
            ("password_confirm", password),
        ];
        let answer = person.post("/register", &form).await?;
        let cookies = answer
            .headers()
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| value.to_str().ok());
        let pairs: Vec<&str> = cookies
            .filter_map(|cookie| cookie.split(';').next())
            .collect();
        person.cookie = pairs.join("; ");
        Ok(person)
    }

    /// As many people as have so many streams open together.
    pub async fn crowd(base: &str, streams: usize) -> Result<Vec<Self>> {
        futures_util::stream::iter(0..streams.div_ceil(STREAMS_EACH))
            .then(|_| Self::register(base))
            .try_collect()
            .await
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<reqwest::Response> {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .header("cookie", &self.cookie)
            .header("x-forwarded-for", &self.place)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await?;
        if answer.status() != 303 {
            bail!("POST {path}: {}", answer.status());
        }
        Ok(answer)
    }

    pub async fn get(&self, path: &str) -> Result<reqwest::Response> {
        let request = self
            .http
            .get(format!("{}{path}", self.base))
            .header("cookie", &self.cookie);
        Ok(request.send().await?.error_for_status()?)
    }

    /// Starts a chat; its address is returned.
    pub async fn start_chat(&self) -> Result<String> {
        let answer = self
            .post(
                "/chats",
                &[("content", "Which database suits a small server?")],
            )
            .await?;
        let to = answer
            .headers()
            .get("location")
            .and_then(|to| to.to_str().ok())
            .context("a redirect")?;
        Ok(to.split("/live").next().unwrap_or_default().to_owned())
    }

    /// The address of the event stream that the chat's page follows.
    pub async fn events(&self, chat: &str) -> Result<String> {
        let page = self.get(chat).await?.text().await?;
        let address = page
            .split_once("hx-sse:connect=\"")
            .and_then(|(_, rest)| rest.split_once('"'));
        Ok(address.context("a live reply on the page")?.0.to_owned())
    }
}
