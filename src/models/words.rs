//! Words of servers when something is wrong, and what they mean by them.
//!
//! A status says little: a wrong key is 400 here and 403 there, a rate limit 413. So the words decide
//! where they are known, and the status where they are not.

use super::{error::ModelErrorKind, said::Said};

/// Words for each kind, those that decide first before the others.
#[rustfmt::skip]
const WORDS: [(ModelErrorKind, &[&str]); 6] = [
    (ModelErrorKind::NoCredit, &[
        "insufficient_quota", "insufficient quota", "insufficient_balance", "insufficient balance", "insufficient credit",
        "insufficient fund", "insufficient_fund", "insufficient_credit", "credit balance",
        "out of credit", "not enough credit", "no credit", "more credits", "only afford",
        "negative balance", "not enough balance", "balance is too low", "low balance",
        "billing_hard_limit", "billing hard limit", "billing_not_active", "billing is not",
        "payment required", "payment_required", "payment method", "top up", "no money", "unpaid",
        "arrearage", "overdue", "budget has been exceeded", "budget_exceeded", "exceededbudget",
        "exceeded_current_quota", "billing disabled", "billing is disabled", "monthly usage limit", "monthly limit",
        "spend cap", "spending cap", "insufficient user quota", "quota exhausted", "not enough money",
        "outstanding balance", "all your free credits", "all of your credits", "spending limit", "spend limit", "credit limit exceeded", "good standing", "额度已", "余额", "欠费", "额度不足", "剩余额度", "잔액", "크레딧",
    ]),
    (ModelErrorKind::RateLimited, &[
        "rate limit", "rate_limit", "rate-limited", "ratelimit", "too many requests", "too_many_requests",
        "too many concurrent", "throttl", "per minute", "per-minute", "perminute", "per second",
        "per day", "per-day", "tokens per", "requests per", "(tpm)", "(rpm)", "slow down",
        "resource_exhausted", "resource exhausted", "concurrency limit", "concurrent request",
        "request limit reached", "requests limit", "qps", "速率", "频率", "并发", "请求过于频繁", "请求过多", "限流",
        "요청 한도", "호출 한도", "요청이 너무",
    ]),
    (ModelErrorKind::Region, &[
        "unsupported_country", "country, region", "your country", "your region", "your location",
        "this country", "this region", "your area", "unsupported region", "unsupported location",
        "location is not supported", "location not supported", "region is not supported",
        "region not supported", "country is not supported", "country not supported", "geoblock",
        "geo-block", "geographic", "这个地区", "所在地区", "所在的地区", "所在国家", "所在的国家", "이 지역", "해당 지역",
        "현재 지역", "거주 국가",
    ]),
    (ModelErrorKind::WrongKey, &[
        "invalid_api_key", "invalid api key", "invalid api-key", "invalid apikey", "incorrect api key",
        "incorrect_api_key", "wrong api key", "bad api key", "api key not valid", "api_key_invalid",
        "api key is not valid", "api key is invalid", "api key invalid", "api key not found",
        "api key required", "api key is required", "api key expired", "api key has expired",
        "api_key_expired", "expired api key", "expired_api_key", "api key is missing", "missing api key",
        "missing_api_key", "no api key", "no_api_key", "not provide an api key", "api key disabled",
        "api key has been", "invalid key", "invalid_key", "x-api-key", "no_db_connection",
        "no connected db", "invalid_auth", "invalid auth", "authentication failed", "authentication fail",
        "authentication_error", "authenticationerror", "authentication error", "authentication required",
        "auth_error", "unauthorized", "unauthenticated", "not authenticated", "invalid access token",
        "invalid bearer", "missing bearer", "no auth credentials", "missing authentication",
        "invalid credentials", "bad credentials", "login fail", "token is expired", "token has expired",
        "token is invalid", "authorization header", "malformed authorization", "invalid authorization",
        "无效的令牌", "密钥", "인증 실패", "인증에 실패",
    ]),
    (ModelErrorKind::TooLong, &[
        "context_length_exceeded", "exceed_context_size", "string_above_max_length", "context length",
        "context size", "context window", "context_window_exceeded", "contextwindowexceeded",
        "max context", "maximum context", "prompt is too long", "prompt too long", "input is too long",
        "input too long", "input_too_long", "prompt_too_long", "too many tokens", "too many input tokens",
        "max_model_len", "maximum model length", "maximum prompt length", "maximum input length",
        "maximum allowed input length", "range of input length", "reduce the length",
        "reduce your prompt", "shorten your", "model_max_length", "max_input_tokens", "context overflow",
        "context limit", "n_ctx", "token limit exceeded", "token_limit_exceeded", "exceeded token limit",
        "exceeds token limit", "exceeds the token limit", "exceeded the token limit", "over the token limit",
        "token count is too high", "token count exceed", "input length exceed", "input exceeds", "prompt exceeds",
        "history exceeds", "length of messages exceed", "too large for the model", "too long for the model",
        "上下文", "超长", "输入过长", "输入长度", "内容过长", "文本过长", "消息过长", "提示过长", "너무 깁니다", "너무 길", "컨텍스트",
        "토큰 수를 초과", "토큰 한도", "입력 길이", "長すぎ", "入力が長", "コンテキスト",
    ]),
    (ModelErrorKind::Moderated, &[
        "content_filter", "content filter", "contentfilter", "content_policy", "content policy",
        "content-policy", "content management policy", "policy_violation", "policyviolation",
        "responsibleai", "responsible ai", "moderation", "moderated", "flagged", "safety", "unsafe",
        "usage polic", "usage_polic", "acceptable use", "acceptable_use", "terms of", "violates our",
        "violates the", "violate our", "violation of",
        "data_inspection_failed", "datainspectionfailed", "inappropriate content", "inappropriate_content",
        "sensitive content", "sensitive word", "sensitive_word", "sensitive info", "sensitive text",
        "input sensitive", "output sensitive", "new_sensitive", "is sensitive", "sensitive or", "harmful", "prohibited content", "prohibited_content", "prohibited use", "blocklist",
        "guardrail", "hate speech", "sexual content", "risk control", "input blocked", "prompt blocked", "审核未通过", "content exists risk", "content risk", "was filtered", "违规", "敏感", "不安全", "유해", "부적절",
    ]),
];

/// Words of what stands in front of a model server and lets nothing through.
const FIREWALL: [&str; 7] = [
    "firewall",
    "cloudflare",
    "captcha",
    "access denied",
    "you have been blocked",
    "request blocked",
    "error code: 1020",
];

/// The numbers by which single providers call things, where they say nothing else.
const NUMBERS: [(&str, u64, ModelErrorKind); 17] = [
    // MiniMax's `base_resp`.
    ("base_resp", 1002, ModelErrorKind::RateLimited),
    ("base_resp", 1004, ModelErrorKind::WrongKey),
    ("base_resp", 1008, ModelErrorKind::NoCredit),
    ("base_resp", 1026, ModelErrorKind::Moderated),
    ("base_resp", 1027, ModelErrorKind::Moderated),
    ("base_resp", 1039, ModelErrorKind::TooLong),
    ("base_resp", 2049, ModelErrorKind::WrongKey),
    // iFlytek's `header.code`.
    ("", 10013, ModelErrorKind::Moderated),
    ("", 10014, ModelErrorKind::Moderated),
    ("", 10907, ModelErrorKind::TooLong),
    // Zhipu's `code`.
    ("", 1113, ModelErrorKind::NoCredit),
    ("", 1211, ModelErrorKind::UnknownModel),
    ("", 1261, ModelErrorKind::TooLong),
    ("", 1301, ModelErrorKind::Moderated),
    ("", 1302, ModelErrorKind::RateLimited),
    ("", 1303, ModelErrorKind::RateLimited),
    ("", 1305, ModelErrorKind::RateLimited),
];

/// Finds the kind of trouble by the status with which it came, if that is an error's, and its words.
pub(super) fn kind(status: Option<u16>, said: &Said) -> Option<ModelErrorKind> {
    let inner = said.status.or_else(|| status_in(&said.words));
    // Gateways answer what they were answered with statuses of their own.
    let status = match status {
        None | Some(400 | 500 | 502) => inner.or(status),
        _ => status,
    };
    // What is said with this is about the key, or what it may do.
    let sure = (status == Some(401)).then_some(ModelErrorKind::WrongKey);
    by_words(status, &said.words)
        .filter(|kind| {
            sure.is_none() || !matches!(kind, ModelErrorKind::TooLong | ModelErrorKind::Moderated)
        })
        .or(sure)
        .or_else(|| said.number.and_then(|(of, number)| by_number(of, number)))
        .or_else(|| status.and_then(|status| by_status(status, said)))
}

/// Makes a function that tells whether any of some words stands in these.
fn saying(words: &str) -> impl Fn(&[&str]) -> bool {
    move |these| these.iter().any(|these| words.contains(these))
}

fn by_words(status: Option<u16>, words: &str) -> Option<ModelErrorKind> {
    let says = saying(words);
    let (first, others) = WORDS.split_first()?;
    if says(first.1) {
        return Some(first.0);
    }
    // Where that ends by itself it is a limit, else the account is empty.
    if says(&["exceeded your current quota", "check your plan and billing"]) {
        let ends = says(&[
            "retry in",
            "retrydelay",
            "per minute",
            "perminute",
            "per day",
            "perday",
        ]);
        return Some(match ends {
            true => ModelErrorKind::RateLimited,
            false => ModelErrorKind::NoCredit,
        });
    }
    // It may be a model that is not to be had there.
    if is_about_place(words) {
        return Some(ModelErrorKind::Region);
    }
    if has_no_model(words, status) {
        return Some(ModelErrorKind::UnknownModel);
    }
    // A server that is down may say so in a long text in which anything can stand.
    let is_down = status.is_some_and(|status| status >= 500);
    let found = others
        .iter()
        .find(|(kind, these)| (!is_down || *kind != ModelErrorKind::Moderated) && says(these));
    match found {
        Some((kind, _)) => Some(*kind),
        None if is_about_credit(words) => Some(ModelErrorKind::NoCredit),
        None if is_about_key(words) => Some(ModelErrorKind::WrongKey),
        None if !is_down && is_about_rules(words) => Some(ModelErrorKind::Moderated),
        None if is_too_long(words) => Some(ModelErrorKind::TooLong),
        None if says(&["quota"]) && status.is_none_or(|status| matches!(status, 403 | 429)) => {
            Some(ModelErrorKind::RateLimited)
        }
        None if status.is_none() && says(&["overloaded", "server is busy", "server_busy"]) => {
            Some(ModelErrorKind::Overloaded)
        }
        None => None,
    }
}

/// Tells whether it is where we are that is not served, in whatever words.
fn is_about_place(words: &str) -> bool {
    const WHOSE: [&str; 9] = [
        "your ",
        "current ",
        "this ",
        "your current ",
        "your geographic ",
        "the user's ",
        "user ",
        "client ",
        "some ",
    ];
    const PLACES: [&str; 7] = [
        "location",
        "region",
        "country",
        "countries",
        "territor",
        "jurisdiction",
        "geograph",
    ];
    const NOT: [&str; 14] = [
        "not available",
        "unavailable",
        "not supported",
        "unsupported",
        "not offered",
        "not served",
        "not permitted",
        "not allowed",
        "restricted",
        "blocked",
        "prohibited",
        "isn't available",
        "isn't supported",
        "not accessible",
    ];
    if words.contains("access from ") && saying(words)(&NOT) {
        return true;
    }
    let ours = |place: &str| {
        let mut places = words.match_indices(place);
        places.any(|(at, _)| WHOSE.iter().any(|whose| words[..at].ends_with(whose)))
    };
    saying(words)(&NOT) && PLACES.iter().any(|place| ours(place))
}

/// Tells whether there is no money left, in whatever words.
#[rustfmt::skip]
fn is_about_credit(words: &str) -> bool {
    let says = saying(words);
    says(&["credit", "balance", "funds", "prepaid"])
        && says(&[
            "insufficient", "not enough", "exhausted", "run out", "ran out", "out of", "depleted",
            "negative", "too low", "top up", "purchase", "used up", "no remaining", "recharge",
        ])
}

/// Tells whether a key is wanted, or another one, in whatever words.
#[rustfmt::skip]
fn is_about_key(words: &str) -> bool {
    let says = saying(words);
    says(&["api key", "api_key", "apikey", "api-key", "access token", "auth token", "api token", "security token", "bearer token", "subscription key", "access key", "secret key", "credential"])
        && says(&[
            "invalid", "incorrect", "wrong", "not valid", "valid api", "expired", "missing", "required",
            "not found", "unknown", "unrecognized", "unrecognised", "revoked", "disabled", "malformed",
            "provide", "mismatch", "not exist", "verify",
        ])
}

/// Tells whether rules stand against it, in whatever words.
#[rustfmt::skip]
fn is_about_rules(words: &str) -> bool {
    let says = saying(words);
    let policy = says(&["polic", "guideline", "community standard"])
        && says(&["not allow", "violat", "against", "prohibit", "disallow", "breach", "not permit"]);
    let blocked = says(&["blocked", "rejected", "refused"])
        && says(&["content", "safety", "filter", "prompt was", "your prompt", "harm"]);
    policy || blocked || says(&["inappropriate"])
}

/// Tells whether what was sent is longer than what may be, in whatever words.
fn is_too_long(words: &str) -> bool {
    let says = saying(words);
    // About the reply's longest length, which was set.
    let about_reply = says(&["max_tokens", "max_completion_tokens"]) && !says(&["prompt", "input"]);
    let all_of_it = [
        "prompt",
        "input",
        "context",
        "message",
        "conversation",
        "chat",
        "history",
        "sequence",
        "query",
    ];
    let slow = says(&[
        "taking too long",
        "took too long",
        "takes too long",
        "waited too long",
    ]);
    if says(&all_of_it)
        && says(&["too long"])
        && !slow
        && !says(&["name", "title", "field", "role"])
    {
        return true;
    }
    let what = [
        "prompt",
        "input",
        "context",
        "message",
        "conversation",
        "sequence",
        "request",
        "you sent",
    ];
    let how = [
        "too long",
        "too large",
        "exceed",
        "longer than",
        "larger than",
        "greater than",
        "more than",
        "over the limit",
        "maximum is",
        "limit is",
        "limit of",
        "must be <=",
        "must be less",
        "less than",
        "fewer than",
        "must not be longer",
        "does not fit",
        "overflow",
        "only supports",
        "supports only",
        "supports up to",
        "supports at most",
        "limited to",
        "at most",
        "but only",
        "too many",
    ];
    let which = [
        "token",
        "context",
        "maximum length",
        "max length",
        "maximum model",
    ];
    let in_chinese = says(&["超过", "超出", "超過"])
        && says(&[
            "长度",
            "长度限制",
            "最大",
            "token",
            "字数",
            "長度",
            "文字数",
        ]);
    let in_korean = says(&["초과", "넘었", "넘습"]) && says(&["길이", "토큰", "글자"]);
    !about_reply && ((says(&what) && says(&how) && says(&which)) || in_chinese || in_korean)
}

/// Tells whether the server says that it has no such model, or not for this key.
fn has_no_model(words: &str, status: Option<u16>) -> bool {
    const SURE: [&str; 8] = [
        "model_not_found",
        "model_not_exist",
        "modelnotfound",
        "model_key_access",
        "key_model_access",
        "deploymentnotfound",
        "not allowed to access model",
        "not have access to model",
    ];
    const LIKELY: [&str; 36] = [
        "no model with",
        "allowed now, your model",
        "no provider found",
        "no providers found",
        "no provider available",
        "no provider for",
        "no available channel",
        "no available model",
        "no route for model",
        "no models loaded",
        "no model loaded",
        "unable to access model",
        "not access to model",
        "no access to model",
        "model does not support this api",
        "不支持该模型",
        "model_not_supported",
        "model_not_available",
        "invalid model",
        "invalid_model",
        "unknown model",
        "unknown_model",
        "unsupported model",
        "unsupported_model",
        "unrecognized model",
        "no such model",
        "no model named",
        "no model found",
        "not a valid model",
        "not find model",
        "not find the model",
        "model not supported",
        "no endpoints found",
        "deployment for this resource does not exist",
        "模型不存在",
        "无可用渠道",
    ];
    const GONE: [&str; 27] = [
        "has been removed",
        "isn't available",
        "isn't supported",
        "is not deployed",
        "is not served",
        "is not enabled",
        "is not recognized",
        "is unavailable",
        "has been retired",
        "is not allowed",
        "not found",
        "is not found",
        "was not found",
        "could not be found",
        "cannot be found",
        "does not exist",
        "doesn't exist",
        "not exist",
        "is not available",
        "not available",
        "is not supported",
        "is unknown",
        "is invalid",
        "is not a valid",
        "not loaded",
        "has been deprecated",
        "has been decommissioned",
    ];
    let says = saying(words);
    if says(&SURE) {
        return true;
    }
    // `model`, perhaps a name or two words, and that there is none. In the words of a server that is
    // down, its `model` and its `not found` may be of different things.
    let is_down = status.is_some_and(|status| status >= 500);
    let between = if is_down { 1 } else { 3 };
    let gone = words.match_indices("model").any(|(at, _)| {
        let mut rest = words[at..].trim_start_matches(|c: char| !c.is_whitespace());
        (0..=between).any(|_| {
            rest = rest.trim_start();
            let gone = GONE.iter().any(|gone| rest.starts_with(gone));
            rest = rest.trim_start_matches(|c: char| !c.is_whitespace());
            gone
        })
    });
    gone || (says(&LIKELY) && (!is_down || status == Some(503)))
}

fn by_number(of: &str, number: u64) -> Option<ModelErrorKind> {
    let known = NUMBERS
        .iter()
        .find(|known| (known.0, known.1) == (of, number));
    known.map(|(_, _, kind)| *kind)
}

/// Finds the kind of trouble by a status where nothing was said that is known.
pub(super) fn by_status(status: u16, said: &Said) -> Option<ModelErrorKind> {
    let blocked = said.is_page || saying(&said.words)(&FIREWALL);
    Some(match status {
        402 => ModelErrorKind::NoCredit,
        403 if blocked => ModelErrorKind::Blocked,
        401 | 403 => ModelErrorKind::WrongKey,
        404 => ModelErrorKind::UnknownModel,
        413 => ModelErrorKind::TooLong,
        429 => ModelErrorKind::RateLimited,
        451 => ModelErrorKind::Region,
        408 | 500..=599 => ModelErrorKind::Overloaded,
        400..500 => ModelErrorKind::Refused,
        _ => return None,
    })
}

/// The status that stands in the words, as in those of OpenAI's own library: `Error code: 401 - {…}`.
fn status_in(words: &str) -> Option<u16> {
    const BEFORE: [&str; 7] = [
        "error code: ",
        "status code: ",
        "status code ",
        "status_code: ",
        "status_code=",
        "'code': ",
        "http ",
    ];
    BEFORE.iter().find_map(|before| {
        let (_, after) = words.split_once(before)?;
        let digits = after.trim_start_matches(['\'', '"']).get(..3)?;
        let status: u16 = digits.parse().ok()?;
        (400..600).contains(&status).then_some(status)
    })
}

/// Tells whether a gateway on the way has tried again already, in vain.
pub(super) fn has_retried(words: &str) -> bool {
    const RETRIED: [&str; 12] = [
        "litellm retried",
        "max retries",
        "max_retries",
        "maximum retries",
        "retries exhausted",
        "exhausted retries",
        "exhausted all retries",
        "retry limit",
        "retries failed",
        "attempts failed",
        "after retrying",
        "retried:",
    ];
    let says = saying(words);
    // `after 3 attempts`, `all 3 retries failed`, `gave up after 3 tries`
    let after_some = words.match_indices("after ").any(|(at, after)| {
        let mut rest = words[at + after.len()..].split_whitespace();
        let number = rest.next().is_some_and(|word| {
            word.parse::<u32>().is_ok() || matches!(word, "all" | "several" | "multiple" | "many")
        });
        let what = rest.take(2).any(|word| {
            ["attempt", "retr", "tries"]
                .iter()
                .any(|what| word.starts_with(what))
        });
        let asks = words[..at].trim_end().ends_with("again");
        number && what && !asks
    });
    says(&RETRIED) || after_some
}

/// Tells whether the server takes no message that comes before the conversation, or not as it was
/// sent.
pub(super) fn refuses_system_role(words: &str) -> bool {
    let says = saying(words);
    let system = says(&[
        "system role",
        "role system",
        "role: system",
        "'system'",
        "\"system\"",
        "`system`",
        "system message",
        "system_message",
        "system prompt",
        "system instruction",
        "developer instruction",
        "system messages",
        "role 'system",
        "role \"system",
    ]);
    let refused = says(&[
        "not support",
        "unsupported",
        "not allowed",
        "not enabled",
        "not permitted",
        "invalid role",
        "unknown role",
        "unexpected role",
        "not available",
        "not accept",
        "must be one of",
        "must be",
        "input should be",
        "cannot",
        "not implemented",
    ]);
    let only_two = says(&[
        "roles must alternate",
        "only user and assistant",
        "only user, assistant",
        "user/assistant/user/assistant",
        "user and assistant roles",
        "alternate between",
    ]);
    (system && refused) || only_two
}

/// Tells whether it may be that: it is about roles, or about what comes first.
pub(super) fn may_refuse_system_role(words: &str) -> bool {
    const WORDS: [&str; 10] = [
        "role",
        "assistant",
        "first message",
        "system",
        "messages.0",
        "messages[0]",
        "messages: 0",
        "alternat",
        "jinja",
        "template",
    ];
    saying(words)(&WORDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(status: u16, words: &str) -> Option<ModelErrorKind> {
        kind(Some(status), &Said::in_body(words))
    }

    #[test]
    #[rustfmt::skip]
    fn what_servers_mean_is_told_by_their_words() {
        use ModelErrorKind::*;
        let mut wrong = vec![];
        for (kind, all) in [
            (TooLong, &[
                "Requested tokens (5000) exceed context window of 2048",
                "The input token count (40000) exceeds the maximum number of tokens allowed (32768).",
                "input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000",
                "Prompt exceeds max length",
                "Your request exceeded model token limit: 8192",
                "prompt contains 5000 tokens, maximum is 4096",
                "Please reduce the length of the messages or completion.",
                "This model's maximum prompt length is 131072",
                "Input is longer than the maximum allowed input length of 4096 tokens",
                "token limit exceeded",
                "context overflow",
                "n_ctx exceeded",
                "Prompt has 9000 tokens, but the model only supports 8192",
                "Your messages are too long for this model",
                "The conversation is too long",
                "输入长度超过限制",
                "输入内容过长，请减少字数",
                "입력이 너무 깁니다",
                // vLLM, SGLang, TGI, LM Studio, Ollama, Cohere, Bedrock, OpenRouter, Together, Qwen, Zhipu
                "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (4000 in the messages, 1000 in the completion).",
                "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
                "Requested token count exceeds the model's maximum context length of 8192 tokens.",
                "Trying to keep the first 5000 tokens when context overflows. However, the model is loaded with context length of only 4096 tokens",
                "too many tokens: total number of tokens in the prompt cannot exceed 4081",
                "Input is too long for requested model.",
                "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens",
                "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000",
                "prompt token count of 200000 exceeds the limit of 128000",
                "Prompt 超长",
                "최대 토큰 수를 초과했습니다",
                "入力が長すぎます",
                "This model supports at most 8192 tokens, you sent 9000",
                "Requested 9000 tokens but only 8192 are available for the prompt",
                "Token count is too high",
                "Input exceeds maximum size",
                "Input length exceeds",
                "Conversation history exceeds 32k limit",
                "Total length of messages exceeds model capacity",
                "request is too large for the model's window",
            ][..]),
            (WrongKey, &[
                "The API key appears to be invalid or may have expired.",
                "Please provide a valid API key",
                "You didn't provide an API key.",
                "Unknown api_key",
                "Error code: 401 - no",
                "AuthenticationError: no",
                // one-api, DashScope, Cohere, Bedrock, Azure
                "无效的令牌",
                "Incorrect API key provided. For details, see the documentation",
                "invalid api token",
                "no api key supplied",
                "Access denied due to invalid subscription key or wrong API endpoint.",
                "The security token included in the request is invalid.",
                "Token is invalid",
                "Authorization header missing",
                "Malformed authorization",
            ]),
            (NoCredit, &[
                "You have run out of credits",
                "Your prepaid balance is used up",
                "Insufficient quota",
                "Your credits are exhausted, please recharge.",
                // one-api, Moonshot, SiliconFlow, DashScope, Together
                "用户额度不足",
                "该令牌额度已用尽",
                "Sorry, your account balance is insufficient",
                "Access denied, please make sure your account is in good standing.",
                "Credit limit exceeded, please navigate to billing",
                "You exceeded your current quota, please check your plan and billing details.",
                "You have used all your free credits",
                "Billing disabled for this project",
                "Monthly usage limit reached for this key",
                "spend cap is reached",
                "outstanding balance",
                "Quota exceeded: insufficient user quota",
                "Free tier quota exhausted. Upgrade your plan",
                "Not enough money in the wallet",
            ]),
            (Moderated, &[
                "Your request was rejected as a result of our safety system.",
                "This content is not allowed by our policies",
                "The prompt was blocked by the content filter",
                "Inappropriate prompt",
                "Input text may contain sensitive information",
                "Content Exists Risk",
                // Qwen, Zhipu, Azure, Groq, Baidu
                "Output data may contain inappropriate content.",
                "系统检测到输入或生成内容可能包含不安全或敏感内容",
                "The response was filtered",
                "the content of the input field is sensitive",
                "Input blocked: hate speech detected",
                "内容审核未通过",
                "risk control triggered",
                "sexual content",
            ]),
            (Region, &[
                "This service is not available in your region",
                "User location is not supported for the API use.",
                "Model x is not available in your current location",
                "This model is unavailable in your country",
                "Claude is not permitted in some countries or territories",
                "Access from China is restricted",
            ]),
            (UnknownModel, &[
                "model 'x' is not loaded",
                "x is not a valid model ID",
                "The requested model `x` does not exist",
                "models/x is not found for API version v1beta",
                "No endpoints found for x.",
                "Model x is not supported",
                "key not allowed to access model. This key can only access models=['a']",
                "Only m2 allowed now, your model x",
                "No provider found for model x",
                "The model x isn't available",
                "Model x has been retired",
                // Ollama, LM Studio, Bedrock, Together, DashScope, Cohere, Cloudflare
                "model \"x\" not found, try pulling it first",
                "No models loaded. Please load a model in the developer page",
                "The provided model identifier is invalid.",
                "Unable to access model x. Please visit the site to see the list of supported models.",
                "No such model @cf/x or task",
                "No model with id m9",
                "The model has been removed",
            ]),
            (RateLimited, &[
                "Rate limit reached for model x (TPM)",
                "Request too large: limit 6000 tokens per minute",
                "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free requests",
                "Error code: 429 - no",
                "Open api qps request limit reached",
                "当前并发数过高",
                // Anthropic, Zhipu
                "This request would exceed your organization's rate limit of 4,000 input tokens per minute",
                "您的账户已达到速率限制",
            ]),
            (Refused, &[
                "the request took too long",
                "The name of the message is too long",
                "user role is not supported in this area of the prompt",
                "region us-east-1 has no such parameter",
                "temperature must be less than or equal to 2",
                "max_tokens is too large: 9999. This model supports at most 4096 completion tokens",
                "`max_tokens` must be less than or equal to `8192`, which is less than the `context_window`",
                "Unsupported parameter: 'top_p' is not supported with this model.",
                "model names are case sensitive",
                "no",
            ]),
        ] {
            for words in all {
                let told = kind_of(400, words);
                if told != Some(kind) {
                    wrong.push(format!("{words}: {told:?} instead of {kind:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_the_status_says_stays_where_the_words_say_nothing_else() {
        use ModelErrorKind::*;
        for (status, words, kind) in [
            (
                429,
                "Resource has been exhausted (e.g. check quota).",
                RateLimited,
            ),
            (429, "Your account reached max request", RateLimited),
            (
                429,
                "No deployments available for selected model, Try again in 60 seconds",
                RateLimited,
            ),
            (429, "The model is currently at capacity", RateLimited),
            (
                503,
                "The model is overloaded. Please try again later.",
                Overloaded,
            ),
            (503, "Model x is currently loading", Overloaded),
            (
                500,
                "Internal error: the prompt could not be processed",
                Overloaded,
            ),
            (
                502,
                "<html><title>502 Bad Gateway</title><center>nginx</center></html>",
                Overloaded,
            ),
            (
                524,
                "<html>Cloudflare: a timeout occurred</html>",
                Overloaded,
            ),
            (529, "Overloaded", Overloaded),
            (
                404,
                "<html><title>404 Not Found</title><center>nginx</center></html>",
                UnknownModel,
            ),
            (
                413,
                "<html><title>413 Request Entity Too Large</title></html>",
                TooLong,
            ),
            (
                401,
                "<html><title>401 Authorization Required</title></html>",
                WrongKey,
            ),
            (403, "<html><title>Just a moment...</title></html>", Blocked),
            (400, "Bad Request", Refused),
        ] {
            assert_eq!(kind_of(status, words), Some(kind), "{status} {words}");
        }
    }

    #[test]
    fn who_has_tried_again_says_so() {
        for words in [
            "litellm retried: 2 times",
            "upstream failed after 3 attempts",
            "gave up after 3 tries",
            "failed after 3 failed retries",
            "all 3 retries failed",
            "exhausted all retries",
            "failed after several attempts",
        ] {
            assert!(has_retried(words), "{words}");
        }
        for words in [
            "try again after 3 seconds",
            "too many requests: 3 per minute",
            "please retry",
            "you may retry 3 times",
            "please come back after several minutes",
            "try again after 3 attempts",
        ] {
            assert!(!has_retried(words), "{words}");
        }
    }

    #[test]
    fn what_a_person_wrote_does_not_count() {
        let body = r#"{"detail":[{"loc":["body","top_p"],"msg":"should be less than 1","input":"Is my API key invalid?"}]}"#;
        assert_eq!(kind_of(422, body), Some(ModelErrorKind::Refused));
        assert!(Said::in_body(body).words.contains("top_p"));
    }
}
