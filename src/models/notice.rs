//! Events that are no part of a reply: errors of every shape, and messages that may be one.

use serde_json::{Value, json};

/// The word of an event beside a reply, or instead of one.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Notice {
    #[default]
    None,
    /// Words without a reply in them. If nothing comes after them they were an error.
    Perhaps(Value),
    Error(Value),
}

impl Notice {
    /// Takes its error, for who cannot wait for what comes after it.
    pub(super) fn error(self) -> Option<Value> {
        match self {
            Self::None => None,
            Self::Perhaps(error) | Self::Error(error) => Some(error),
        }
    }
}

/// Reads the notice of an event whose choice, and whose part of the reply, are these.
pub(super) fn notice(event: &Value, choice: &Value, delta: &Value) -> Notice {
    let named = [
        &event["error"],
        &choice["error"],
        &delta["error"],
        &event["errors"],
    ]
    .into_iter()
    .find(|error| !says_nothing(error));
    match named {
        // Then the words stand beside it.
        Some(Value::Bool(_) | Value::Number(_)) => Notice::Error(event.clone()),
        Some(error) => Notice::Error(error.clone()),
        None if denies(event) => Notice::Error(event.clone()),
        None if !choice.is_null() => Notice::None,
        None if is_error(event, 0) => Notice::Error(event.clone()),
        None if is_message(event) => Notice::Perhaps(event.clone()),
        None => Notice::None,
    }
}

pub(super) fn ended_with_error() -> Notice {
    Notice::Error(json!("the reply ended with an error"))
}

/// Tells whether a field has this name, written in whatever way: `errMsg`, `err_msg`, `ErrMsg`.
pub(super) fn is_called(field: &str, name: &str) -> bool {
    plain(field).eq(name.bytes())
}

fn plain(field: &str) -> impl Iterator<Item = u8> {
    let letters = field.bytes().filter(|b| !matches!(b, b'_' | b'-'));
    letters.map(|b| b.to_ascii_lowercase())
}

/// The event says that it is none, also beside a reply.
fn denies(event: &Value) -> bool {
    let is_false = |value: &Value| match value {
        Value::String(word) => word.eq_ignore_ascii_case("false"),
        value => value == false,
    };
    is_false(&event["success"])
        || is_false(&event["ok"])
        || !says_nothing(&event["base_resp"]["status_code"])
}

/// Tells whether an event without a reply is an error by the names of its fields, its own name, or a
/// number.
fn is_error(event: &Value, depth: usize) -> bool {
    const AROUND: [&str; 7] = [
        "header",
        "response",
        "responsemetadata",
        "data",
        "result",
        "output",
        "body",
    ];
    let Value::Object(fields) = event else {
        return false;
    };
    let well = fields.iter().any(|(name, value)| {
        is_words(&plain_name(name)) && value.is_string() && says_nothing(value)
    });
    // What has anything else to tell is not judged by a number.
    let has_more = ["usage", "data", "models"]
        .iter()
        .any(|name| event[*name].is_array() || !says_nothing(&event[*name]));
    fields.iter().any(|(name, value)| {
        let name = plain_name(name);
        let says = !says_nothing(value);
        let word = value.as_str().unwrap_or_default().to_lowercase();
        match &*name {
            "type" | "event" | "object" => ["error", "exception", "failed", "failure"]
                .iter()
                .any(|bad| word.contains(bad)),
            "status" if value.is_string() => {
                matches!(&*word, "error" | "failure" | "failed" | "fail")
            }
            "success" | "ok" => *value == false,
            "status" | "statuscode" | "httpcode" | "httpstatus" => {
                number(value).is_some_and(|status| (400..600).contains(&status))
            }
            "code" | "retcode" | "resultcode" => match number(value) {
                Some(code) => {
                    let bad = !matches!(code, 0 | 100..400) && !well;
                    bad && (!has_more || !(0..400).contains(&code))
                }
                None => says && !well,
            },
            around if AROUND.contains(&around) => depth < 3 && is_error(value, depth + 1),
            name => is_of_error(name) && says,
        }
    })
}

/// A field's name in small letters alone.
pub(super) fn plain_name(field: &str) -> String {
    plain(field).map(char::from).collect()
}

/// `errMsg`, `error_code`, `exception`, `throttlingException`, `fault`, `hasError`.
fn is_of_error(name: &str) -> bool {
    const ENDS: [&str; 6] = [
        "error",
        "errors",
        "exception",
        "fault",
        "failure",
        "traceback",
    ];
    name.starts_with("err") || ENDS.iter().any(|end| name.ends_with(end))
}

/// Tells whether a field of this name holds words.
fn is_words(name: &str) -> bool {
    name.ends_with("msg")
        || name.ends_with("message")
        || matches!(
            name,
            "detail" | "details" | "description" | "reason" | "info"
        )
}

/// A number, perhaps in digits.
pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::String(digits) => digits.trim().parse().ok(),
        value => value.as_i64(),
    }
}

/// Tells whether there are words, and none that tell of a server at work.
fn is_message(event: &Value) -> bool {
    let Value::Object(fields) = event else {
        return false;
    };
    // What counts a reply's tokens belongs to one.
    if !says_nothing(&event["usage"]) {
        return false;
    }
    let mut has_words = false;
    for (name, value) in fields {
        let name = plain_name(name);
        let word = || value.as_str().unwrap_or_default().to_lowercase();
        match &*name {
            "type" | "event" | "status" | "object" if is_at_work(&word()) => return false,
            name if is_words(name) && is_at_work(&word()) => return false,
            "info" => {}
            name => has_words |= is_words(name) && !says_nothing(value),
        }
    }
    has_words
}

/// Tells whether these words, in lower case, say that all goes its way.
#[rustfmt::skip]
fn is_at_work(words: &str) -> bool {
    const WORDS: [&str; 61] = [
        "accepted", "alive", "assigned", "await", "awaiting", "begin", "begun", "beginning", "booting", "complete",
        "completed", "connected", "connecting", "created", "debug", "done", "end", "ended", "eta", "finish",
        "finished", "generating", "heartbeat", "hello", "info", "initialising", "initializing", "keepalive", "load",
        "loaded", "loading", "log", "meta", "metadata", "notice", "open", "ping", "pong", "prefill", "preparing",
        "processing", "progress", "queue", "queued", "queueing", "queuing", "ready", "received", "running",
        "scheduled", "session", "start", "started", "starting", "status", "thinking", "wait", "waiting", "warming",
        "warmup", "welcome",
    ];
    const OTHERS: [&str; 12] = [
        "加载", "排队", "处理中", "等待", "准备", "生成中", "로딩", "대기", "불러오", "처리 중", "준비", "생성 중",
    ];
    const BAD: [&str; 44] = [
        "error", "fail", "exception", "invalid", "denied", "unable", "cannot", "can't", "could not", "not ", "too ",
        "limit", "exceed", "overload", "unavailable", "timeout", "timed out", "time out", "full", "abort", "crash",
        "refus", "reject", "forbid", "unauthor", "expire", "insufficient", "out of", "no ", "wrong", "bad ", "again",
        "retry", "quota", "balance", "credit", "block", "失败", "错误", "超时", "已满", "실패", "오류", "초과",
    ];
    let is_good = words
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| WORDS.contains(&word))
        || OTHERS.iter().any(|good| words.contains(good))
        || words.contains("keep-alive");
    is_good && !BAD.iter().any(|bad| words.contains(bad))
}

/// Tells whether it is one of the many ways to say that there is nothing to be said.
pub(super) fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => matches!(number.as_u64(), Some(0 | 200)),
        Value::String(text) => matches!(
            &*text.trim().to_lowercase(),
            "" | "null"
                | "none"
                | "false"
                | "0"
                | "200"
                | "ok"
                | "success"
                | "successful"
                | "no error"
                | "{}"
                | "[]"
                | "成功"
                | "성공"
        ),
        Value::Array(parts) => parts.iter().all(says_nothing),
        Value::Object(fields) => fields.values().all(says_nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(event: &str) -> Notice {
        notice(
            &serde_json::from_str(event).unwrap(),
            &Value::Null,
            &Value::Null,
        )
    }

    #[test]
    fn an_event_without_a_reply_is_an_error_by_its_names_and_numbers() {
        for event in [
            r#"{"err":"boom"}"#,
            r#"{"Error":"boom"}"#,
            r#"{"ERROR":{"Message":"boom"}}"#,
            r#"{"exception":"boom"}"#,
            r#"{"failure":"boom"}"#,
            r#"{"errMsg":"boom"}"#,
            r#"{"ErrorMessage":"boom","ErrorType":"X"}"#,
            r#"{"code":1,"info":"bad"}"#,
            r#"{"code":-1}"#,
            r#"{"code":1,"retmsg":"bad"}"#,
            r#"{"ok":false}"#,
            r#"{"success":"False"}"#,
            r#"{"is_error":true,"content":"x"}"#,
            r#"{"type":"invalid_request_error","message":"no"}"#,
            r#"{"event":"task-failed"}"#,
            r#"{"status":"failed","message":"queue"}"#,
            // RFC 9457, Spring, NestJS
            r#"{"title":"x","status":503}"#,
            r#"{"timestamp":"2026-11-30","status":500,"path":"/v1"}"#,
            r#"{"statusCode":"401","message":"Access denied due to missing subscription key"}"#,
            // iFlytek Spark, Baidu, Tencent, Volcengine, DashScope
            r#"{"header":{"code":10013,"message":"no","sid":"s"}}"#,
            r#"{"error_code":336003,"error_msg":"no","id":"1"}"#,
            r#"{"Response":{"Error":{"Code":"AuthFailure","Message":"no"},"RequestId":"r"}}"#,
            r#"{"ErrorMsg":{"Msg":"no","Code":4001},"Note":"n"}"#,
            r#"{"ResponseMetadata":{"RequestId":"r","Error":{"Code":"no"}}}"#,
            r#"{"code":"InvalidApiKey","message":"no","request_id":"r"}"#,
            // Amazon, Apigee, Cloudflare
            r#"{"__type":"com.amazon.coral.service#ThrottlingException","message":"no"}"#,
            r#"{"modelStreamErrorException":{"message":"no"}}"#,
            r#"{"fault":{"faultstring":"no","detail":{"errorcode":"x"}}}"#,
            r#"{"result":null,"success":false,"errors":[],"messages":[]}"#,
            // OpenAI's other interface
            r#"{"type":"response.failed","response":{"error":{"message":"no"}}}"#,
        ] {
            assert!(matches!(of(event), Notice::Error(_)), "{event}");
        }
    }

    #[test]
    fn words_alone_may_be_an_error() {
        for event in [
            r#"{"Message":"Too many requests"}"#,
            r#"{"detail":"Not Found"}"#,
            r#"{"msg":"no"}"#,
            r#"{"retmsg":"no"}"#,
            r#"{"message":"Model is loading, try again later"}"#,
            r#"{"message":"The queue is full"}"#,
            r#"{"message":"Server overloaded"}"#,
            r#"{"type":"x","message":"Endpoint request timed out"}"#,
        ] {
            assert!(matches!(of(event), Notice::Perhaps(_)), "{event}");
        }
    }

    #[test]
    fn a_server_at_work_tells_of_no_error() {
        for event in [
            r#"{"message":"Model is loading"}"#,
            r#"{"msg":"queue position 3"}"#,
            r#"{"type":"info","message":"hello"}"#,
            r#"{"event":"start","message":"accepted"}"#,
            r#"{"message":"排队中"}"#,
            r#"{"message":"모델을 불러오는 중"}"#,
            r#"{"code":0,"message":"Success"}"#,
            r#"{"code":20000,"message":"success"}"#,
            r#"{"retcode":0,"retmsg":"OK"}"#,
            r#"{"header":{"code":0,"message":"Success","sid":"s","status":1}}"#,
            r#"{"object":"list","data":[{"id":"a"}],"code":1}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":3},"code":1}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":3},"details":{"cached":1}}"#,
            r#"{"error":null,"errors":[],"err_code":0,"exception":""}"#,
            r#"{"id":"1","object":"chat.completion.chunk","status":"in_progress"}"#,
            r#"{"status":200}"#,
            r#"{"ok":true}"#,
            "{}",
        ] {
            assert_eq!(of(event), Notice::None, "{event}");
        }
    }
}
