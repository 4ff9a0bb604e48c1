//! Replies of model servers: good ones, awkward ones, and none at all.

use crate::support::model::{Answer, Gate, ModelServer, STOP, Step, install_tls, token};
use damso::models::{
    Current, Event, Events, Finish, ModelError, ModelErrorKind, Models, Role, Secret, Settings,
    Source, Turn, Usage,
};
use futures_util::StreamExt;
use std::{io::Write, time::Duration};
use tokio::time::timeout;

pub const KEY: &str = "sk-test-0123456789abcdef";

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Settings with short times, for no server at all.
fn settings() -> Settings {
    install_tls();
    Settings {
        find_ollama: false,
        first_token_timeout: ms(2000),
        silence_timeout: ms(250),
        retry_base: ms(1),
        demo_pace: Duration::ZERO,
        ..Settings::default()
    }
}

pub fn settings_for(server: &ModelServer) -> Settings {
    Settings {
        api_key: Some(Secret::new(KEY.into())),
        base_url: Some(server.base_url()),
        model: Some("m".into()),
        ..settings()
    }
}

/// For tests in which nothing may look like silence, however busy the computer is.
pub fn patient_settings_for(server: &ModelServer) -> Settings {
    Settings {
        first_token_timeout: Duration::from_secs(60),
        silence_timeout: Duration::from_secs(60),
        ..settings_for(server)
    }
}

pub fn models_of(server: &ModelServer) -> Models {
    Models::new(settings_for(server)).unwrap()
}

pub fn user(text: &str) -> Vec<Turn> {
    vec![Turn {
        role: Role::User,
        text: text.into(),
    }]
}

/// What a reply came to.
#[derive(Debug)]
pub struct Reply {
    pub text: String,
    pub reasoning: String,
    started: Vec<(String, usize)>,
    pub retries: Vec<(u32, Duration, ModelErrorKind)>,
    usage: Vec<Usage>,
    pub end: Result<Finish, ModelError>,
}

impl Reply {
    /// The whole reply in one line: text, reasoning in angle brackets, how it ended.
    pub fn line(&self) -> String {
        let thoughts = if self.reasoning.is_empty() {
            String::new()
        } else {
            format!("<{}>", self.reasoning)
        };
        let end = match &self.end {
            Ok(finish) => format!("{finish:?}"),
            Err(trouble) => format!("{:?}", trouble.kind()),
        };
        format!("{thoughts}{} {end}", self.text)
    }

    pub fn kind(&self) -> ModelErrorKind {
        self.end.as_ref().expect_err("it failed").kind()
    }
}

pub async fn reply(models: &Models, turns: Vec<Turn>) -> Reply {
    read(models.reply(turns)).await
}

/// Reads a reply to its end.
pub async fn read(mut events: Events) -> Reply {
    let (mut text, mut reasoning) = (String::new(), String::new());
    let (mut started, mut retries, mut usage, mut ends) = (vec![], vec![], vec![], vec![]);
    let read = async {
        while let Some(event) = events.next().await {
            assert!(ends.is_empty(), "{event:?} after the end");
            match event {
                Event::Started { model, dropped } => started.push((model, dropped)),
                Event::Retrying {
                    attempt,
                    of,
                    wait,
                    trouble,
                } => {
                    assert_eq!(of, 3);
                    assert!(
                        text.is_empty() && reasoning.is_empty(),
                        "a retry after the first token"
                    );
                    retries.push((attempt, wait, trouble));
                }
                Event::Text(more) => text += &more,
                Event::Reasoning(more) => reasoning += &more,
                Event::Usage(used) => usage.push(used),
                Event::End(end) => ends.push(end),
            }
        }
    };
    timeout(Duration::from_secs(20), read)
        .await
        .expect("a reply in time");
    let end = ends.pop().expect("an end");
    Reply {
        text,
        reasoning,
        started,
        retries,
        usage,
        end,
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn gzipped(bytes: &[u8]) -> Answer {
    Answer::head("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n")
        .then(Step::Raw(gzip(bytes)))
        .then(Step::Cut)
}

/// A delta with these fields, and whatever stands beside it in its choice.
pub fn delta(fields: &str, beside: &str) -> String {
    format!(
        r#"{{"id":"c","object":"o","created":1,"model":"m","choices":[{{"index":0,"delta":{fields}{beside}}}]}}"#
    )
}

/// A stream of "hi" with this event in the middle.
fn with_event(data: &str) -> Answer {
    Answer::sse().token("h").event(data).token("i").finish()
}

/// A stream of "hi" that ends with this event.
fn ending_with(data: &str) -> Answer {
    Answer::sse()
        .token("hi")
        .event(data)
        .event("[DONE]")
        .then(Step::End)
}

#[tokio::test]
async fn awkward_streams_are_understood() {
    let json = "application/json";
    let hi = token("hi");
    let close = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let big = "가".repeat(333_000);
    let bytes = |answer: Answer, bytes: &[u8]| {
        bytes
            .iter()
            .fold(answer, |answer, byte| answer.chunk([*byte]))
    };
    let plain_stream = format!("data: {hi}\n\ndata: {STOP}\n\ndata: [DONE]\n\n");
    let usage = r#""usage":{"prompt_tokens":3,"completion_tokens":1}"#;

    let cases: Vec<(&str, Answer, &str)> = vec![
        ("plain", Answer::stream(["h", "i"]), "hi Complete"),
        (
            "comments",
            Answer::sse()
                .chunk(": OPENROUTER PROCESSING\n\n")
                .chunk(":\n\n: ping\n\n")
                .token("hi")
                .finish(),
            "hi Complete",
        ),
        (
            "no id, created, object or index",
            Answer::sse()
                .event(r#"{"choices":[{"delta":{"content":"hi"}}]}"#)
                .event(r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#)
                .event("[DONE]")
                .then(Step::End),
            "hi Complete",
        ),
        (
            "created as float",
            with_event(
                r#"{"created":1700000000.5,"choices":[{"index":0,"delta":{"content":"!"}}]}"#,
            ),
            "h!i Complete",
        ),
        (
            "usage with choices []",
            ending_with(&format!(r#"{{"choices":[],{usage}}}"#)),
            "hi Complete",
        ),
        (
            "usage with nulls",
            with_event(
                r#"{"choices":[{"delta":{}}],"usage":{"prompt_tokens":null,"completion_tokens":1}}"#,
            ),
            "hi Complete",
        ),
        (
            "reasoning_content",
            with_event(&delta(r#"{"content":null,"reasoning_content":"hm"}"#, "")),
            "<hm>hi Complete",
        ),
        (
            "reasoning and its details",
            with_event(&delta(
                r#"{"content":"","reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm"}]}"#,
                "",
            )),
            "<hm>hi Complete",
        ),
        (
            "reasoning in both fields",
            with_event(&delta(r#"{"reasoning":"hm","reasoning_content":"hm"}"#, "")),
            "<hm>hi Complete",
        ),
        (
            "role only",
            with_event(&delta(r#"{"role":"assistant"}"#, "")),
            "hi Complete",
        ),
        (
            "content null",
            with_event(&delta(r#"{"role":"assistant","content":null}"#, "")),
            "hi Complete",
        ),
        (
            "empty role",
            with_event(&delta(r#"{"role":"","content":"!"}"#, "")),
            "h!i Complete",
        ),
        (
            "unknown role",
            with_event(&delta(r#"{"role":"model","content":"!"}"#, "")),
            "h!i Complete",
        ),
        ("delta null", with_event(&delta("null", "")), "hi Complete"),
        (
            "delta null at the end",
            ending_with(&delta("null", r#","finish_reason":"stop""#)),
            "hi Complete",
        ),
        (
            "content as parts",
            with_event(&delta(
                r#"{"content":[{"type":"text","text":"!"},{"type":"text","text":"?"}]}"#,
                "",
            )),
            "h!?i Complete",
        ),
        (
            "tool calls",
            with_event(&delta(
                r#"{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]}"#,
                "",
            )),
            "hi Complete",
        ),
        (
            "unknown service_tier",
            with_event(
                r#"{"service_tier":"standard","choices":[{"index":0,"delta":{"content":"!"}}]}"#,
            ),
            "h!i Complete",
        ),
        (
            "finish length",
            ending_with(&delta("{}", r#","finish_reason":"length""#)),
            "hi Length",
        ),
        (
            "finish content_filter",
            ending_with(&delta("{}", r#","finish_reason":"content_filter""#)),
            "hi Filtered",
        ),
        (
            "finish empty, then a word",
            with_event(&delta("{}", r#","finish_reason":"""#)),
            "hi Complete",
        ),
        (
            "finish with an unknown word",
            ending_with(&delta("{}", r#","finish_reason":"eos""#)),
            "hi Complete",
        ),
        (
            "error object in the stream",
            ending_with(r#"{"error":{"message":"overloaded","code":502}}"#),
            "hi Reported",
        ),
        (
            "too long, said in the stream",
            ending_with(r#"{"error":{"message":"maximum context length is 4096"}}"#),
            "hi TooLong",
        ),
        (
            "error in a choice",
            ending_with(&delta(
                r#"{"content":""}"#,
                r#","finish_reason":"error","error":{"message":"gone"}"#,
            )),
            "hi Reported",
        ),
        (
            "finish error",
            ending_with(&delta("{}", r#","finish_reason":"error""#)),
            "hi Reported",
        ),
        (
            "error without its wrapper",
            ending_with(r#"{"object":"error","message":"boom","code":500}"#),
            "hi Reported",
        ),
        (
            "event: error",
            Answer::sse()
                .token("hi")
                .chunk("event: error\ndata: {\"type\":\"server_error\"}\n\n")
                .then(Step::End),
            "hi Reported",
        ),
        (
            "plain-text error",
            Answer::sse()
                .token("hi")
                .event("Internal Server Error")
                .then(Step::End),
            "hi Reported",
        ),
        (
            "200 and a JSON error",
            Answer::status(200, json, r#"{"error":{"message":"no such thing"}}"#),
            " Reported",
        ),
        (
            "200 and a JSON error of an unknown model",
            Answer::status(200, json, r#"{"error":{"message":"nope","code":404}}"#),
            " UnknownModel",
        ),
        (
            "200 and a whole completion",
            Answer::status(
                200,
                json,
                r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#,
            ),
            "hi Complete",
        ),
        (
            "200 and a pretty completion of the wrong type",
            Answer::status(
                200,
                "text/plain",
                "{\n \"choices\": [\n  {\"message\": {\"content\": \"hi\"}}\n ]\n}\n",
            ),
            "hi Complete",
        ),
        (
            "200 and HTML",
            Answer::status(200, "text/html", "<html><body>Sign in</body></html>"),
            " Garbled",
        ),
        (
            "200 and plain text",
            Answer::status(200, "text/plain", "It works!"),
            " Garbled",
        ),
        (
            "200 and broken JSON",
            Answer::status(200, json, r#"{"choices":"#),
            " Garbled",
        ),
        (
            "401",
            Answer::status(
                401,
                json,
                r#"{"error":{"message":"bad","code":"invalid_api_key"}}"#,
            ),
            " WrongKey",
        ),
        (
            "401 with a numeric code",
            Answer::status(401, json, r#"{"error":{"message":"No auth","code":401}}"#),
            " WrongKey",
        ),
        ("403", Answer::status(403, json, "{}"), " WrongKey"),
        (
            "404 detail",
            Answer::status(404, json, r#"{"detail":"Not Found"}"#),
            " UnknownModel",
        ),
        (
            "404 string",
            Answer::status(404, json, r#"{"error":"model 'x' not found"}"#),
            " UnknownModel",
        ),
        (
            "404 HTML",
            Answer::status(404, "text/html", "<html>nginx</html>"),
            " UnknownModel",
        ),
        (
            "400 too long",
            Answer::status(
                400,
                json,
                r#"{"error":{"message":"…","code":"context_length_exceeded"}}"#,
            ),
            " TooLong",
        ),
        ("413", Answer::status(413, json, ""), " TooLong"),
        (
            "400",
            Answer::status(400, json, r#"{"error":{"message":"no"}}"#),
            " Refused",
        ),
        (
            "a redirect",
            Answer::with_headers(302, &[("location", "http://127.0.0.1:1/")], ""),
            " Garbled",
        ),
        (
            "503 HTML",
            Answer::status(503, "text/html", "<html><h1>503</h1></html>"),
            " Overloaded",
        ),
        (
            "cut mid-event",
            Answer::sse()
                .token("hi")
                .then(Step::Raw(b"40\r\ndata: {\"choices\":[{\"del".into()))
                .then(Step::Cut),
            "hi CutOff",
        ),
        (
            "cut between events",
            Answer::sse().token("hi").then(Step::Cut),
            "hi CutOff",
        ),
        (
            "cut after the finish",
            Answer::sse().token("hi").event(STOP).then(Step::Cut),
            "hi Complete",
        ),
        (
            "cut without chunking",
            Answer::head(close)
                .then(Step::Raw(format!("data: {hi}\n\n").into()))
                .then(Step::Cut),
            "hi CutOff",
        ),
        (
            "cut mid-event without chunking",
            Answer::head(close)
                .then(Step::Raw(format!("data: {hi}\n\ndata: {{\"cho").into()))
                .then(Step::Cut),
            "hi CutOff",
        ),
        (
            "no [DONE]",
            Answer::sse().token("hi").event(STOP).then(Step::End),
            "hi Complete",
        ),
        (
            "no finish_reason",
            Answer::sse().token("hi").event("[DONE]").then(Step::End),
            "hi Complete",
        ),
        (
            "neither [DONE] nor finish_reason",
            Answer::sse().token("hi").then(Step::End),
            "hi CutOff",
        ),
        (
            "last event without an empty line",
            Answer::sse()
                .token("hi")
                .chunk(format!("data: {STOP}"))
                .then(Step::End),
            "hi Complete",
        ),
        (
            "data:[DONE]",
            Answer::sse()
                .token("hi")
                .event(STOP)
                .chunk("data:[DONE]\n\n")
                .token("after")
                .then(Step::End),
            "hi Complete",
        ),
        (
            "nothing after the finish",
            Answer::sse().token("hi").event(STOP).then(Step::Hang),
            "hi Complete",
        ),
        (
            "only comments after the finish",
            Answer::sse()
                .token("hi")
                .event(STOP)
                .then(Step::Wait(ms(200)))
                .chunk(":\n")
                .then(Step::Wait(ms(200)))
                .chunk(":\n")
                .then(Step::Hang),
            "hi Complete",
        ),
        (
            "CRLF",
            Answer::sse()
                .chunk(plain_stream.replace('\n', "\r\n"))
                .then(Step::End),
            "hi Complete",
        ),
        (
            "CR",
            Answer::sse()
                .chunk(plain_stream.replace('\n', "\r"))
                .then(Step::End),
            "hi Complete",
        ),
        (
            "two data lines",
            Answer::sse()
                .chunk("data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"hi\"}}]}\n\n")
                .finish(),
            "hi Complete",
        ),
        (
            "id and retry lines",
            Answer::sse()
                .chunk(format!("id: 7\nretry: 100\nevent: message\ndata: {hi}\n\n"))
                .finish(),
            "hi Complete",
        ),
        (
            "unknown event names and fields",
            Answer::sse()
                .chunk(format!("event: keepalive\nfoo: bar\ndata: {hi}\n\n"))
                .finish(),
            "hi Complete",
        ),
        (
            "BOM",
            Answer::sse().chunk("\u{feff}").token("hi").finish(),
            "hi Complete",
        ),
        (
            "UTF-8 in single bytes",
            bytes(
                Answer::sse(),
                format!("data: {}\n\n", token("한국어 🎉")).as_bytes(),
            )
            .finish(),
            "한국어 🎉 Complete",
        ),
        (
            "invalid UTF-8",
            Answer::sse()
                .chunk(b"data: {\"choices\":[{\"delta\":{\"content\":\"a\xFFb\"}}]}\n\n")
                .finish(),
            "a\u{fffd}b Complete",
        ),
        (
            "lone surrogate",
            with_event(&delta(r#"{"content":"\ud83d"}"#, "")),
            "h\u{fffd}i Complete",
        ),
        (
            "broken JSON between good",
            with_event(r#"{"choices":"#),
            "hi Complete",
        ),
        (
            "only broken JSON",
            Answer::sse()
                .event(r#"{"choices":"#)
                .event("[DONE]")
                .then(Step::End),
            " Garbled",
        ),
        (
            "JSON of another kind",
            with_event("[1,\"two\"]"),
            "hi Complete",
        ),
        ("gzip", gzipped(plain_stream.as_bytes()), "hi Complete"),
        (
            "gzip of endless tokens",
            gzipped(format!("data: {hi}\n\n").repeat(60_000).as_bytes()),
            "TooLarge",
        ),
        (
            "gzip of an endless line",
            gzipped(&vec![b'x'; 50_000_000]),
            " TooLarge",
        ),
        ("1 MB delta", Answer::stream([big.as_str()]), "Complete"),
        (
            "4 MB without a newline",
            Answer::sse().chunk(vec![b'x'; 4_000_000]).then(Step::Hang),
            " TooLarge",
        ),
        (
            "4 MB of JSON",
            Answer::sse()
                .chunk(format!("{{\"a\":\"{}", "x".repeat(4_200_000)))
                .then(Step::Hang),
            " TooLarge",
        ),
        (
            "comments without end",
            Answer::sse()
                .chunk(": ping\n".repeat(600_000))
                .then(Step::Hang),
            " TooLarge",
        ),
        (
            "keep-alive only, then silence",
            Answer::sse().chunk(": ping\n\n").then(Step::Hang),
            " Silent",
        ),
        (
            "slow, kept alive",
            [1, 2, 3]
                .iter()
                .fold(Answer::sse().token("h"), |a, _| {
                    a.then(Step::Wait(ms(100))).chunk(": ping\n\n")
                })
                .token("i")
                .finish(),
            "hi Complete",
        ),
        (
            "slow headers",
            Answer::default()
                .then(Step::Wait(ms(300)))
                .0
                .into_iter()
                .chain(Answer::stream(["hi"]).0)
                .fold(Answer::default(), Answer::then),
            "hi Complete",
        ),
        (
            "slow first token",
            Answer::sse().then(Step::Wait(ms(200))).token("hi").finish(),
            "hi Complete",
        ),
        (
            "silence in the middle",
            Answer::sse().token("hi").then(Step::Hang),
            "hi Silent",
        ),
        (
            "single bytes without a line's end",
            (0..8)
                .fold(Answer::sse().token("hi"), |a, _| {
                    a.then(Step::Wait(ms(100))).chunk("d")
                })
                .finish(),
            "hi Silent",
        ),
        (
            "empty data",
            Answer::sse()
                .chunk("\n\n\ndata:\n\ndata: \n\n")
                .token("hi")
                .finish(),
            "hi Complete",
        ),
        (
            "content after the finish",
            Answer::sse()
                .token("h")
                .event(STOP)
                .token("i")
                .event("[DONE]")
                .then(Step::End),
            "hi Complete",
        ),
        (
            "a refusal",
            with_event(&delta(r#"{"refusal":"!"}"#, "")),
            "h!i Complete",
        ),
        ("an empty reply", Answer::stream([]), " Empty"),
        ("nothing at all", Answer::sse().then(Step::End), " CutOff"),
    ];
    let server = ModelServer::start().await;
    let models = models_of(&server);
    let mut wrong = vec![];
    for (name, answer, expected) in cases {
        server.always(answer);
        let reply = reply(&models, user("hi")).await;
        let line = reply.line();
        // Of the largest replies only the end is compared.
        if line != expected && !(line.len() > 10_000 && line.ends_with(expected)) {
            wrong.push(format!(
                "{name}: {} instead of {expected}",
                line.chars().take(200).collect::<String>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn usage_is_told_once_wherever_it_comes() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    let counts = r#""usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}"#;
    for (name, event, stop) in [
        ("choices []", format!(r#"{{"choices":[],{counts}}}"#), STOP),
        (
            "choices null",
            format!(r#"{{"choices":null,{counts}}}"#),
            STOP,
        ),
        ("no choices", format!("{{{counts}}}"), STOP),
        (
            "with each token",
            delta(r#"{"content":""}"#, "").replace("\"id\"", &format!("{counts},\"id\"")),
            "null",
        ),
    ] {
        let answer = Answer::sse()
            .event(&event)
            .event(stop)
            .event(&event)
            .event(STOP)
            .event("[DONE]")
            .then(Step::End);
        server.answer(answer);
        let reply = reply(&models, user("hi")).await;
        assert_eq!(
            reply.usage,
            [Usage {
                prompt_tokens: 3,
                completion_tokens: 2,
                ..Usage::default()
            }],
            "{name}"
        );
    }
    server.answer(ending_with(STOP));
    assert_eq!(reply(&models, user("hi")).await.usage, []);
}

#[tokio::test]
async fn the_request_is_what_servers_expect() {
    let server = ModelServer::start().await;
    let turn = |role, text: &str| Turn {
        role,
        text: text.into(),
    };
    let turns = vec![
        turn(Role::User, "하나"),
        turn(Role::Assistant, "둘"),
        turn(Role::User, "셋"),
    ];
    let reply = reply(&models_of(&server), turns).await;
    assert_eq!(reply.started, [("m".to_owned(), 0)]);
    let [request] = &server.requests()[..] else {
        panic!("one request")
    };
    assert_eq!(request.path, "/v1/chat/completions");
    assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
    assert!(!request.headers.contains_key("openai-organization"));
    let expected = serde_json::json!({
        "model": "m",
        "messages": [
            { "role": "user", "content": "하나" },
            { "role": "assistant", "content": "둘" },
            { "role": "user", "content": "셋" },
        ],
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    assert_eq!(request.body, expected);
}

#[tokio::test]
async fn without_a_key_none_is_sent() {
    let server = ModelServer::start().await;
    let models = Models::new(Settings {
        api_key: None,
        ..settings_for(&server)
    })
    .unwrap();
    assert_eq!(reply(&models, user("hi")).await.line(), "Hello! Complete");
    assert!(!server.requests()[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn old_turns_are_left_out() {
    let server = ModelServer::start().await;
    let models = Models::new(Settings {
        history_limit: 5,
        ..settings_for(&server)
    })
    .unwrap();
    let turn = |role, text: &str| Turn {
        role,
        text: text.into(),
    };
    let turns = vec![
        turn(Role::User, "aaaa"),
        turn(Role::Assistant, "bb"),
        turn(Role::User, "cc"),
    ];
    assert_eq!(reply(&models, turns).await.started, [("m".to_owned(), 2)]);
    assert_eq!(
        server.requests()[0].body["messages"],
        serde_json::json!([{ "role": "user", "content": "cc" }])
    );
}

#[tokio::test]
async fn a_server_that_knows_no_stream_options_replies_all_the_same() {
    let server = ModelServer::start().await;
    server.answer(Answer::status(
        422,
        "application/json",
        r#"{"detail":"extra field: stream_options"}"#,
    ));
    let reply = reply(&models_of(&server), user("hi")).await;
    assert_eq!(reply.line(), "Hello! Complete");
    assert_eq!(reply.retries, []);
    assert!(server.requests()[1].body.get("stream_options").is_none());
}

#[tokio::test]
async fn trouble_before_the_first_token_is_retried() {
    let cut = Answer::sse().then(Step::Cut);
    let silent = Answer::sse().then(Step::Hang);
    let comments = Answer::sse().chunk(": ping\n\n").then(Step::Cut);
    for (name, bad, kind) in [
        (
            "no answer",
            Answer::default().then(Step::Cut),
            ModelErrorKind::Unreachable,
        ),
        (
            "429",
            Answer::status(429, "application/json", "{}"),
            ModelErrorKind::RateLimited,
        ),
        (
            "500",
            Answer::status(500, "text/html", "<html>"),
            ModelErrorKind::Overloaded,
        ),
        ("cut", cut, ModelErrorKind::CutOff),
        ("comments, then cut", comments, ModelErrorKind::CutOff),
        ("silence", silent, ModelErrorKind::Silent),
    ] {
        let server = ModelServer::start().await;
        let models = models_of(&server);
        for _ in 0..3 {
            server.answer(bad.clone());
        }
        let reply = reply(&models, user("hi")).await;
        assert_eq!(reply.line(), "Hello! Complete", "{name}");
        assert_eq!(reply.started.len(), 1, "{name}");
        let retries: Vec<_> = reply
            .retries
            .iter()
            .map(|(attempt, _, kind)| (*attempt, *kind))
            .collect();
        assert_eq!(retries, [(1, kind), (2, kind), (3, kind)], "{name}");
        assert!(
            reply
                .retries
                .iter()
                .all(|(attempt, wait, _)| *wait <= ms(1 << (attempt - 1))),
            "{name}"
        );
        assert_eq!(server.requests().len(), 4, "{name}");
    }
}

#[tokio::test]
async fn after_three_retries_it_ends() {
    let server = ModelServer::start().await;
    server.always(Answer::status(429, "application/json", "{}"));
    let reply = reply(&models_of(&server), user("hi")).await;
    assert_eq!(
        (reply.kind(), reply.retries.len()),
        (ModelErrorKind::RateLimited, 3)
    );
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn nothing_is_retried_after_the_first_token() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    let thought = Answer::sse()
        .event(&delta(r#"{"reasoning":"hm"}"#, ""))
        .then(Step::Cut);
    for (answer, line) in [
        (Answer::sse().token("hi").then(Step::Cut), "hi CutOff"),
        (thought, "<hm> CutOff"),
    ] {
        server.answer(answer);
        let reply = reply(&models, user("hi")).await;
        assert_eq!((reply.line().as_str(), reply.retries.len()), (line, 0));
    }
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_first_token_that_does_not_come_is_not_waited_for_again() {
    let server = ModelServer::start().await;
    let models = Models::new(Settings {
        first_token_timeout: ms(150),
        ..settings_for(&server)
    })
    .unwrap();
    let pings = (0..4).fold(Answer::sse(), |answer, _| {
        answer.then(Step::Wait(ms(60))).chunk(": ping\n\n")
    });
    for (name, answer) in [
        ("no headers", Answer::default().then(Step::Hang)),
        ("comments only", pings.then(Step::Hang)),
    ] {
        server.answer(answer);
        let reply = reply(&models, user("hi")).await;
        assert_eq!(
            (reply.kind(), reply.retries.len()),
            (ModelErrorKind::Silent, 0),
            "{name}"
        );
    }
    server.closed_times(2).await;
}

#[tokio::test]
async fn retry_after_is_honoured_up_to_a_minute() {
    let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let limited = |headers: &[(&str, &str)]| Answer::with_headers(429, headers, "{}");
    for (name, answer, wait) in [
        ("seconds", limited(&[("retry-after", "0.1")]), Some(ms(100))),
        (
            "a date gone by",
            limited(&[date, ("retry-after", "Sun, 06 Nov 1994 08:49:30 GMT")]),
            Some(ms(0)),
        ),
        ("two minutes", limited(&[("retry-after", "120")]), None),
        (
            "a date tomorrow",
            limited(&[date, ("retry-after", "Mon, 07 Nov 1994 08:49:37 GMT")]),
            None,
        ),
    ] {
        let server = ModelServer::start().await;
        server.answer(answer);
        let reply = reply(&models_of(&server), user("hi")).await;
        match wait {
            Some(wait) => {
                assert_eq!(reply.line(), "Hello! Complete", "{name}");
                let (_, waited, kind) = reply.retries[0];
                assert_eq!(kind, ModelErrorKind::RateLimited, "{name}");
                assert!(
                    waited >= wait && waited <= wait + ms(1),
                    "{name}: {waited:?}"
                );
            }
            None => assert_eq!(
                (reply.kind(), reply.retries.len()),
                (ModelErrorKind::RateLimited, 0),
                "{name}"
            ),
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url: url::Url = format!("http://{}/v1", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    drop(listener);
    for model in [Some("m".to_owned()), None] {
        let models = Models::new(Settings {
            base_url: Some(base_url.clone()),
            model,
            ..settings()
        })
        .unwrap();
        models.look().await;
        let reply = reply(&models, user("hi")).await;
        assert_eq!(
            (reply.kind(), reply.retries.len()),
            (ModelErrorKind::Unreachable, 3)
        );
    }
}

#[tokio::test]
async fn nobody_reads_the_key() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    let json = "application/json";
    let error = format!(
        r#"{{"error":{{"message":"Incorrect API key provided: {KEY}. \u001b[31m Bearer%20{KEY}","x":"{KEY}"}}}}"#
    );
    for (name, answer) in [
        ("401", Answer::status(401, json, &error)),
        (
            "401 without a message",
            Answer::status(401, json, &format!(r#"{{"oops":"{KEY}"}}"#)),
        ),
        (
            "400 text",
            Answer::status(
                400,
                "text/plain",
                &format!("key={KEY}\r\n{}", "x".repeat(100_000)),
            ),
        ),
        (
            "400 partial",
            Answer::status(
                400,
                json,
                r#"{"error":"bad key sk-te***cdef, sk-test-0123"}"#,
            ),
        ),
        ("in the stream", ending_with(&error)),
        (
            "plain text in the stream",
            ending_with(&format!("no {KEY} here")),
        ),
        (
            "event: error",
            Answer::sse()
                .chunk(format!("event: error\ndata: {error}\n\n"))
                .then(Step::End),
        ),
    ] {
        server.answer(answer);
        let trouble = reply(&models, user("hi")).await.end.unwrap_err();
        for text in [
            trouble.to_string(),
            trouble.in_full(),
            format!("{trouble:?}"),
        ] {
            assert!(
                !text.contains("sk-") && !text.contains("0123456789") && !text.contains("cdef"),
                "{name}: {text}"
            );
            assert!(!text.contains(char::is_control), "{name}: {text}");
            assert!(text.chars().count() < 400, "{name}: {text}");
        }
    }
    assert!(!format!("{:?}", settings_for(&server)).contains(KEY));
}

#[tokio::test]
async fn a_dropped_reply_closes_the_connection() {
    for (name, answer) in [
        ("before the headers", Answer::default().then(Step::Hang)),
        ("before the first token", Answer::sse().then(Step::Hang)),
        ("in the middle", Answer::sse().token("hi").then(Step::Hang)),
        (
            "in the middle of a flood",
            Answer::sse()
                .token("hi")
                .chunk(format!("data: {}\n\n", token("x")).repeat(20_000))
                .then(Step::Hang),
        ),
    ] {
        let server = ModelServer::start().await;
        let models = Models::new(patient_settings_for(&server)).unwrap();
        server.answer(answer);
        let mut events = models.reply(user("hi"));
        assert!(
            matches!(events.next().await, Some(Event::Started { .. })),
            "{name}"
        );
        if name.starts_with("in") {
            assert_eq!(
                events.next().await,
                Some(Event::Text("hi".into())),
                "{name}"
            );
        } else {
            tokio::select! {
                event = events.next() => panic!("{name}: {event:?}"),
                () = server.asked(1) => {}
            }
        }
        drop(events);
        timeout(Duration::from_secs(5), server.closed())
            .await
            .expect(name);
    }
}

#[tokio::test]
async fn a_reply_that_is_not_read_is_not_taken_from_the_server() {
    let server = ModelServer::start().await;
    let models = Models::new(patient_settings_for(&server)).unwrap();
    // More than a reply may hold: reading ahead would end in trouble, and leave.
    let lump = "x".repeat(20_000);
    let flood = (0..600).fold(Answer::sse(), |answer, _| answer.token(&lump));
    server.answer(flood.then(Step::Hang));
    let mut events = models.reply(user("hi"));
    events.next().await;
    assert_eq!(events.next().await, Some(Event::Text(lump)));
    let left = timeout(ms(200), server.closed()).await;
    assert!(left.is_err(), "it was read ahead");
    let mut end = None;
    while let Some(event) = events.next().await {
        end = Some(event);
    }
    let Some(Event::End(Err(trouble))) = end else {
        panic!("{end:?}");
    };
    assert_eq!(trouble.kind(), ModelErrorKind::TooLarge);
    server.closed().await;
}

#[tokio::test]
async fn tokens_come_as_they_are_sent() {
    let server = ModelServer::start().await;
    let models = Models::new(patient_settings_for(&server)).unwrap();
    let gate = Gate::new();
    server.answer(Answer::gated(&gate, ["하나 ", "둘"]));
    let mut events = models.reply(user("hi"));
    assert_eq!(
        events.next().await,
        Some(Event::Started {
            model: "m".into(),
            dropped: 0
        })
    );
    for token in ["하나 ", "둘"] {
        gate.open(1);
        assert_eq!(events.next().await, Some(Event::Text(token.into())));
    }
    gate.open_all();
    assert_eq!(events.next().await, Some(Event::End(Ok(Finish::Complete))));
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn the_connection_is_used_again() {
    let server = ModelServer::start().await;
    server.says("Hello again, and again!");
    let models = models_of(&server);
    for _ in 0..3 {
        assert_eq!(
            reply(&models, user("hi")).await.line(),
            "Hello again, and again! Complete"
        );
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn without_a_model_the_first_for_chats_is_taken_once() {
    let server = ModelServer::start().await;
    server.has(&["text-embedding-3", "first", "second"]);
    let models = Models::new(Settings {
        model: None,
        ..settings_for(&server)
    })
    .unwrap();
    assert_eq!(
        models.now(),
        Current {
            source: Source::Server,
            model: None
        }
    );
    let (one, two) = tokio::join!(reply(&models, user("hi")), reply(&models, user("hi")));
    assert_eq!(
        (&one.started[0].0, &two.started[0].0),
        (&"first".to_owned(), &"first".to_owned())
    );
    assert_eq!(
        models.now(),
        Current {
            source: Source::Server,
            model: Some("first".into())
        }
    );
    assert_eq!(server.all_requests().len(), 3);
    assert_eq!(server.requests()[0].body["model"], "first");
}

#[tokio::test]
async fn replies_that_begin_together_wait_for_a_list_in_vain_only_once() {
    let server = ModelServer::start().await;
    server.lists(Answer::status(401, "application/json", "{}"));
    let models = Models::new(Settings {
        model: None,
        ..settings_for(&server)
    })
    .unwrap();
    let ask = || reply(&models, user("hi"));
    let (one, two, three) = tokio::join!(ask(), ask(), ask());
    for reply in [one, two, three] {
        assert_eq!(reply.end.unwrap_err().kind(), ModelErrorKind::WrongKey);
    }
    assert_eq!(server.all_requests().len(), 1);
    // A later one asks again.
    server.has(&["first"]);
    assert_eq!(ask().await.started[0].0, "first");
}

#[tokio::test]
async fn a_model_that_cannot_be_chosen_is_the_replys_trouble() {
    let json = "application/json";
    for (list, kind) in [
        (Answer::status(401, json, "{}"), ModelErrorKind::WrongKey),
        (
            Answer::status(200, json, r#"{"data":null}"#),
            ModelErrorKind::UnknownModel,
        ),
        (
            Answer::status(200, "text/html", "<html>"),
            ModelErrorKind::Garbled,
        ),
        (
            Answer::status(200, json, r#"{"error":{"message":"no","code":401}}"#),
            ModelErrorKind::WrongKey,
        ),
        (
            Answer::sse().chunk(vec![b' '; 5_000_000]).then(Step::Hang),
            ModelErrorKind::TooLarge,
        ),
        (
            Answer::default().then(Step::Cut),
            ModelErrorKind::Unreachable,
        ),
    ] {
        let server = ModelServer::start().await;
        server.lists(list);
        let models = Models::new(Settings {
            model: None,
            ..settings_for(&server)
        })
        .unwrap();
        models.look().await;
        let failed = reply(&models, user("hi")).await;
        assert_eq!((failed.kind(), failed.started.len()), (kind, 0));
        // The next reply asks anew.
        server.has(&["here"]);
        assert_eq!(reply(&models, user("hi")).await.started[0].0, "here");
    }
}

#[tokio::test]
async fn looking_at_the_server_finds_its_model() {
    let server = ModelServer::start().await;
    let models = Models::new(Settings {
        model: None,
        ..settings_for(&server)
    })
    .unwrap();
    models.look().await;
    assert_eq!(models.now().model.as_deref(), Some("test-model"));
    let models = models_of(&server);
    models.look().await;
    assert_eq!(
        models.now(),
        Current {
            source: Source::Server,
            model: Some("m".into())
        }
    );
}

#[tokio::test]
async fn an_ollama_nearby_is_found_and_missed() {
    let server = ModelServer::start().await;
    server.has(&["nomic-embed-text", "llama", "gemma"]);
    let near = |model: Option<&str>| Settings {
        find_ollama: true,
        ollama_url: server.base_url(),
        model: model.map(str::to_owned),
        ..settings()
    };
    for (wanted, taken) in [
        (None, "llama"),
        (Some("gemma"), "gemma"),
        (Some("gpt"), "llama"),
    ] {
        let models = Models::new(near(wanted)).unwrap();
        assert_eq!(models.now().source, Source::Demo);
        models.look().await;
        assert_eq!(
            models.now(),
            Current {
                source: Source::Ollama,
                model: Some(taken.into())
            }
        );
        assert_eq!(reply(&models, user("hi")).await.line(), "Hello! Complete");
    }

    // Without a look at the start, the first reply looks.
    let models = Models::new(near(None)).unwrap();
    assert_eq!(reply(&models, user("hi")).await.started[0].0, "llama");
    // It goes: that reply fails, and the next look finds what there is then.
    server.always(Answer::default().then(Step::Cut));
    server.lists(Answer::default().then(Step::Cut));
    assert_eq!(
        reply(&models, user("hi")).await.kind(),
        ModelErrorKind::Unreachable
    );
    assert_eq!(reply(&models, user("hi")).await.started[0].0, "demo");

    // An Ollama without models is none.
    server.lists(Answer::status(
        200,
        "application/json",
        r#"{"object":"list","data":null}"#,
    ));
    let models = Models::new(near(None)).unwrap();
    assert_eq!(reply(&models, user("hi")).await.started[0].0, "demo");
    let asked = server.all_requests().len();
    assert_eq!(reply(&models, user("hi")).await.started[0].0, "demo");
    assert_eq!(
        server.all_requests().len(),
        asked,
        "it is not looked for again at once"
    );
}

#[tokio::test]
async fn the_demo_answers_in_the_persons_language() {
    let models = Models::new(settings()).unwrap();
    models.look().await;
    assert_eq!(
        models.now(),
        Current {
            source: Source::Demo,
            model: Some("demo".into())
        }
    );
    for (said, parts) in [
        (
            "Hello there",
            [
                "not a real AI",
                "> Hello there",
                "OPENAI_API_KEY",
                "OPENAI_BASE_URL",
                "```rust",
            ],
        ),
        (
            "Damso가 뭐예요?",
            [
                "진짜 AI가 아니",
                "> Damso가 뭐예요?",
                "OPENAI_API_KEY",
                "OPENAI_BASE_URL",
                "```rust",
            ],
        ),
    ] {
        let first = reply(&models, user(said)).await;
        assert_eq!(first.end, Ok(Finish::Complete));
        assert_eq!(first.started, [("demo".to_owned(), 0)]);
        assert!(first.usage[0].completion_tokens > 100, "{:?}", first.usage);
        for part in parts {
            assert!(first.text.contains(part), "{part} in {}", first.text);
        }
        let first_sentence = first.text.split("\n\n").next().unwrap();
        assert!(first_sentence.contains(parts[0]), "{first_sentence}");

        let turn = |role, text: &str| Turn {
            role,
            text: text.into(),
        };
        let later = vec![
            turn(Role::User, "x"),
            turn(Role::Assistant, "y"),
            turn(Role::User, said),
        ];
        let second = reply(&models, later).await;
        assert!(
            second.text.contains(parts[0]) && second.text.contains(parts[1]),
            "{}",
            second.text
        );
        assert!(second.text.len() < first.text.len() / 2);
    }
}

#[tokio::test]
async fn the_demo_comes_in_small_pieces() {
    let models = Models::new(Settings {
        demo_pace: ms(1),
        ..settings()
    })
    .unwrap();
    let mut events = models.reply(user("안녕하세요"));
    let mut pieces = 0;
    while let Some(event) = events.next().await {
        if let Event::Text(text) = event {
            assert!(text.chars().count() <= 6, "{text}");
            pieces += 1;
        }
    }
    assert!(pieces > 100);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    for url in [
        "ftp://example.org/v1",
        "http://user@example.org/v1",
        "http://example.org/v1?x=1",
        "data:x",
    ] {
        let settings = Settings {
            base_url: Some(url.parse().unwrap()),
            ..settings()
        };
        assert!(Models::new(settings).is_err(), "{url}");
    }
    let settings = Settings {
        api_key: Some("two\nlines".into()),
        ..settings()
    };
    assert!(Models::new(settings).is_err());
}
