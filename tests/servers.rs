//! Model servers, and what they send: one table, each row of which is a test.
//!
//! To add a server, add rows: its name and the version, where the bytes were seen (`run`: the server was
//! run and its bytes were read, as `scripts/servers` does; else a public report or the provider's own
//! reference), the situation, what it answers, and how the reply reads then: thoughts in angle brackets,
//! text, and how it ended.

use crate::{
    models::{Reply, models_of, reply, settings_for, user},
    support::model::{Answer, ModelServer, STOP, Step, token},
};
use damso::models::{Models, Options, Role, Turn};
use std::time::Duration;

struct Row {
    server: &'static str,
    seen: &'static str,
    situation: &'static str,
    answer: Answer,
    reads: &'static str,
}

const JSON: &str = "application/json";

/// An answer with that status and JSON.
fn refused(status: u16, body: &str) -> Answer {
    Answer::status(status, JSON, body)
}

/// A stream of events with these data, to its end.
fn events<'a>(data: impl IntoIterator<Item = &'a str>) -> Answer {
    data.into_iter()
        .fold(Answer::sse(), Answer::event)
        .then(Step::End)
}

/// A stream with one choice in each event: the delta, and why it ended.
fn deltas<'a>(deltas: impl IntoIterator<Item = (&'a str, &'a str)>) -> Answer {
    let event = |answer: Answer, (delta, reason): (&str, &str)| {
        answer.event(&format!(
            r#"{{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{delta},"finish_reason":{reason}}}]}}"#
        ))
    };
    deltas
        .into_iter()
        .fold(Answer::sse(), event)
        .event("[DONE]")
        .then(Step::End)
}

/// "hi", and then this reason.
fn ends(reason: &str) -> Answer {
    deltas([(r#"{"content":"hi"}"#, "null"), ("{}", reason)])
}

#[rustfmt::skip]
fn table() -> Vec<Row> {
    let mut rows = vec![];
    let mut add = |server, seen, situation, answer, reads| rows.push(Row { server, seen, situation, answer, reads });

    // ---- Servers of one's own

    let llama = ("llama.cpp server", "run: xllamacpp 2026.10.11549");
    add(llama.0, llama.1, "the first event is text, where that starts with Hangul",
        deltas([(r#"{"content":"안"}"#, "null"), (r#"{"content":"녕"}"#, "null"), ("{}", r#""stop""#)]), "안녕 Complete");
    add(llama.0, llama.1, "usage and timings in a chunk without choices",
        events([&token("hi"), STOP, r#"{"choices":[],"usage":{"completion_tokens":1,"prompt_tokens":3},"timings":{"prompt_n":3}}"#, "[DONE]"]), "hi Complete");
    add(llama.0, llama.1, "a chat longer than its context",
        refused(400, r#"{"error":{"code":400,"message":"request (1500 tokens) exceeds the available context size (1024 tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":1500,"n_ctx":1024}}"#), " TooLong");
    add(llama.0, llama.1, "a wrong key",
        refused(401, r#"{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}"#), " WrongKey");
    add(llama.0, llama.1, "while it loads the model",
        refused(503, r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#), " Overloaded");
    add(llama.0, "ggml-org/llama.cpp #16109", "an error in a field of its own",
        Answer::sse().token("hi").chunk("error: {\"code\":400,\"message\":\"exceeds the available context size\",\"type\":\"exceed_context_size_error\"}\n\ndata: [DONE]\n\n").then(Step::End), "hi TooLong");
    add(llama.0, "ggml-org/llama.cpp #16109", "the same before any text",
        Answer::sse().chunk("error: {\"code\":400,\"message\":\"exceeds the available context size\"}\n\ndata: [DONE]\n\n").then(Step::End), " TooLong");
    add(llama.0, "ggml-org/llama.cpp #17462", "progress before the first word",
        events([r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}],"prompt_progress":{"total":9,"cache":0,"processed":3}}"#, &token("hi"), STOP, "[DONE]"]), "hi Complete");
    add(llama.0, "ggml-org/llama.cpp #12107", "thoughts that the prompt began",
        Answer::stream(["I greet.\n", "</think>", "\n\nHello!"]), "I greet.\n</think>\n\nHello! Complete");

    let vllm = ("vLLM", "vllm-project/vllm #6862, #13125 and its source of 2026");
    add(vllm.0, vllm.1, "a chat longer than the model takes",
        refused(400, r#"{"object":"error","message":"The prompt (total length 9000) is longer than the maximum model length of 4096.","type":"BadRequestError","param":null,"code":400}"#), " TooLong");
    add(vllm.0, vllm.1, "an unknown model",
        refused(404, r#"{"error":{"message":"The model `x` does not exist.","type":"NotFoundError","param":"model","code":404}}"#), " UnknownModel");
    add(vllm.0, vllm.1, "an error in the stream",
        events([&token("hi"), r#"{"error":{"object":"error","message":"EngineCore encountered an issue.","type":"InternalServerError","param":null,"code":500}}"#, "[DONE]"]), "hi Reported");
    add(vllm.0, vllm.1, "thoughts with a parser",
        deltas([(r#"{"reasoning_content":"hm"}"#, "null"), (r#"{"content":"hi"}"#, "null"), (r#"{"content":""}"#, r#""stop""#)]), "<hm>hi Complete");

    add("SGLang", "sgl-project/sglang #892", "an empty role and a matched stop",
        events([r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null,"matched_stop":null}],"usage":null}"#, &token("hi"), r#"{"choices":[{"index":0,"delta":{"role":null,"content":null,"reasoning_content":null,"tool_calls":null},"finish_reason":"stop","matched_stop":2}],"usage":null}"#, "[DONE]"]), "hi Complete");

    add("Text Generation Inference", "huggingface/text-generation-inference, its validation errors", "a chat longer than the model takes",
        refused(422, r#"{"error":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4100 `inputs` tokens and 100 `max_new_tokens`","error_type":"validation"}"#), " TooLong");
    add("Text Generation Inference", "huggingface/text-generation-inference, its router", "too many at once",
        refused(429, r#"{"error":"Model is overloaded","error_type":"overloaded"}"#), " RateLimited");

    let ollama = ("Ollama", "ollama/ollama #16443 and its OpenAI compatibility");
    add(ollama.0, ollama.1, "thoughts in `reasoning`",
        deltas([(r#"{"role":"assistant","content":"","reasoning":"hm"}"#, "null"), (r#"{"role":"assistant","content":"hi"}"#, "null"), (r#"{"role":"assistant","content":""}"#, r#""stop""#)]), "<hm>hi Complete");
    add(ollama.0, ollama.1, "a model that was not pulled",
        refused(404, r#"{"error":{"message":"model \"x\" not found, try pulling it first","type":"api_error","param":null,"code":null}}"#), " UnknownModel");
    add(ollama.0, ollama.1, "its own form, by a proxy that leaves it as it is",
        Answer::status(200, "application/x-ndjson", "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"h\"},\"done\":false}\n{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"i\"},\"done\":true,\"done_reason\":\"stop\"}\n"), "hi Complete");

    add("LM Studio", "lmstudio-ai/lmstudio-bug-tracker", "an error with a name of its own",
        Answer::sse().chunk("event: error\ndata: {\"error\":{\"message\":\"The model has crashed without additional information. (Exit code: 1)\"}}\n\n").then(Step::End), " Reported");

    add("llama-cpp-python", "abetlen/llama-cpp-python #1032", "thoughts that `<thought>` marks",
        Answer::stream(["<tho", "ught>hm</tho", "ught>", "hi"]), "<hm>hi Complete");

    // ---- Gateways

    let litellm = ("LiteLLM proxy", "run: litellm 1.106.12");
    add(litellm.0, litellm.1, "a wrong key, without a database",
        refused(400, r#"{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}"#), " WrongKey");
    add(litellm.0, litellm.1, "an unknown model",
        refused(400, r#"{"error":{"message":"/chat/completions: Invalid model name passed in model=no-such. Call `/v1/models` to view available models for your key.","type":"invalid_request_error","param":"model","code":"400"}}"#), " UnknownModel");
    add(litellm.0, litellm.1, "a wrong key of its own upstream",
        refused(401, r#"{"error":{"message":"litellm.AuthenticationError: AuthenticationError: OpenAIException - Invalid API Key. Received Model Group=x\nAvailable Model Group Fallbacks=None","type":null,"param":null,"code":"401"}}"#), " WrongKey");
    add(litellm.0, litellm.1, "its upstream dies in mid-reply",
        events([&token("hi"), r#"{"error":{"message":"litellm.APIConnectionError: OpenAIException - peer closed connection","type":null,"param":null,"code":"500"}}"#]), "hi Reported");
    add(litellm.0, litellm.1, "usage in a chunk with a choice, after the finish",
        events([&token("hi"), STOP, r#"{"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}"#, "[DONE]"]), "hi Complete");
    add(litellm.0, "litellm's documentation of budgets", "the key's budget is spent",
        refused(400, r#"{"error":{"message":"Budget has been exceeded! Current cost: 1.2, Max budget: 1.0","type":"budget_exceeded","param":null,"code":"400"}}"#), " NoCredit");
    add(litellm.0, "BerriAI/litellm #16272", "thoughts twice, as text and as blocks",
        deltas([(r#"{"content":"","reasoning_content":"hm","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":""}]}"#, "null"), (r#"{"content":"hi"}"#, r#""stop""#)]), "<hm>hi Complete");

    let portkey = ("Portkey gateway", "run: @portkey-ai/gateway 1.15.2");
    add(portkey.0, portkey.1, "without its headers",
        refused(400, r#"{"status":"failure","message":"Either x-portkey-config or x-portkey-provider header is required"}"#), " Refused");
    add(portkey.0, portkey.1, "its upstream dies: an end like any other",
        Answer::sse().token("hi").then(Step::End), "hi CutOff");
    add(portkey.0, portkey.1, "an error of its upstream",
        refused(401, r#"{"error":{"message":"openai error: Invalid API Key","type":"authentication_error","param":null,"code":"401"},"provider":"openai"}"#), " WrongKey");

    let proxy = ("openai-http-proxy", "run: openai-http-proxy 3.3.2");
    let wrapped = |words: &str| format!(r#"{{"choices":[{{"index":0,"delta":{{}},"finish_reason":"error"}}],"error":{{"message":"{words}","type":"Error"}}}}"#);
    let wrong_key = wrapped(r#"{'message': \"Error code: 401 - {'error': {'message': 'Invalid API Key', 'type': 'authentication_error'}}\"}"#);
    let limited = wrapped(r#"{'message': \"Error code: 429 - {'error': {'message': 'slow'}}\"}"#);
    let broken = wrapped(r#"{'message': \"Error code: 500 - {'error': {'message': 'boom'}}\"}"#);
    add(proxy.0, proxy.1, "a wrong key of its upstream, with status 200", events([&*wrong_key, &*wrong_key, "[DONE]"]), " WrongKey");
    add(proxy.0, proxy.1, "a rate limit, with status 200", events([&*limited, "[DONE]"]), " RateLimited");
    add(proxy.0, proxy.1, "an error in mid-reply", events([&token("hi"), &*broken, "[DONE]"]), "hi Reported");
    add(proxy.0, proxy.1, "a wrong key of its own",
        refused(403, r#"{"detail":{"error":{"message":"Incorrect API key provided: your API key was invalid","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}}"#), " WrongKey");

    add("vllm-router", "run: vllm-router 0.1.17", "an error with the type of a stream",
        Answer::status(429, "text/event-stream", r#"{"error":{"message":"slow down","type":"rate_limit"}}"#), " RateLimited");
    add("vllm-router", "run: vllm-router 0.1.17", "a wrong key with the type of a stream",
        Answer::status(401, "text/event-stream", r#"{"error":{"message":"Invalid API Key"}}"#), " WrongKey");

    add("one-api, new-api", "songquanpeng/one-api, its errors", "no channel for the model",
        refused(503, r#"{"error":{"message":"当前分组 default 下对于模型 x 无可用渠道","type":"one_api_error"}}"#), " UnknownModel");
    add("gcli2api", "su-kaka/gcli2api #403", "each event has a reason",
        deltas([(r#"{"content":"a "}"#, r#""stop""#), (r#"{"content":"b "}"#, r#""stop""#), (r#"{"content":"c"}"#, r#""stop""#)]), "a b c Complete");
    add("9router", "decolua/9router #3051", "another shape of error, status 200",
        Answer::status(200, JSON, r#"{"code":"401","msg":"key disabled","success":false}"#), " WrongKey");
    add("a firewall", "cloudflare, error 1020", "a page in front of the server",
        Answer::status(403, "text/html", "<html><title>Attention Required! | Cloudflare</title>Sorry, you have been blocked</html>"), " Blocked");

    // ---- Providers

    let openai = ("OpenAI", "platform.openai.com, error codes");
    add(openai.0, openai.1, "no credit left",
        refused(429, r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#), " NoCredit");
    add(openai.0, openai.1, "a country that is not served",
        refused(403, r#"{"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported","param":null,"type":"request_forbidden"}}"#), " Region");
    add(openai.0, openai.1, "a model that the project may not use",
        refused(403, r#"{"error":{"message":"Project `p` does not have access to model `gpt-5`","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#), " UnknownModel");
    add(openai.0, openai.1, "text that is flagged",
        refused(400, r#"{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage policy.","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}"#), " Moderated");
    add(openai.0, openai.1, "a tool call that nobody asked for",
        deltas([(r#"{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"search","arguments":""}}]}"#, "null"), (r#"{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"#, "null"), ("{}", r#""tool_calls""#)]), " OnlyToolCall");
    add(openai.0, openai.1, "a refusal",
        deltas([(r#"{"content":null,"refusal":"I can't."}"#, "null"), ("{}", r#""stop""#)]), "I can't. Complete");

    let azure = ("Azure OpenAI", "learn.microsoft.com, content filtering");
    add(azure.0, azure.1, "filter results in front",
        events([r#"{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{"hate":{"filtered":false,"severity":"safe"}}}]}"#, &token("hi"), STOP, "[DONE]"]), "hi Complete");
    add(azure.0, azure.1, "text that is filtered",
        refused(400, r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#), " Moderated");
    add(azure.0, azure.1, "no such deployment",
        refused(404, r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#), " UnknownModel");
    add(azure.0, azure.1, "filtered before the first word",
        deltas([("{}", r#""content_filter""#)]), " Moderated");

    let openrouter = ("OpenRouter", "openrouter.ai/docs, errors and reasoning");
    add(openrouter.0, openrouter.1, "comments before the first word",
        Answer::sse().chunk(": OPENROUTER PROCESSING\n\n").chunk(": OPENROUTER PROCESSING\n\n").token("hi").finish(), "hi Complete");
    add(openrouter.0, openrouter.1, "thoughts in details alone",
        deltas([(r#"{"content":"","reasoning_details":[{"type":"reasoning.text","text":"hm","format":"unknown","index":0}]}"#, "null"), (r#"{"content":"hi"}"#, r#""stop""#)]), "<hm>hi Complete");
    add(openrouter.0, openrouter.1, "an error in mid-reply",
        events([&token("hi"), r#"{"id":"g","error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#]), "hi Reported");
    add(openrouter.0, openrouter.1, "no credit",
        refused(402, r#"{"error":{"message":"This request requires more credits, or fewer max_tokens. You requested up to 8192 tokens, but can only afford 10.","code":402}}"#), " NoCredit");
    add(openrouter.0, openrouter.1, "a picture",
        deltas([(r#"{"role":"assistant","content":"","images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}"#, "null"), ("{}", r#""stop""#)]), " OnlyMedia");
    add(openrouter.0, openrouter.1, "its upstream's words in a text",
        refused(429, r#"{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"{\"error\":{\"message\":\"x is temporarily rate-limited upstream\"}}","provider_name":"X"}}}"#), " RateLimited");

    let gemini = ("Gemini, OpenAI compatibility", "continuedev/continue #10530, #12828");
    add(gemini.0, gemini.1, "a wrong key",
        refused(400, r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}]"#), " WrongKey");
    add(gemini.0, gemini.1, "the same with status 200",
        Answer::status(200, JSON, r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#), " WrongKey");
    add(gemini.0, gemini.1, "a limit of the minute",
        refused(429, r#"[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.\nPlease retry in 0.01s.","status":"RESOURCE_EXHAUSTED"}}]"#), " RateLimited");
    add(gemini.0, gemini.1, "a country that is not served",
        refused(400, r#"[{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}]"#), " Region");
    add(gemini.0, "Gemma 4's chat template", "thoughts in a channel", Answer::stream(["<|chan", "nel>thought\nhm", "<channel|>", "hi"]), "<\nhm>hi Complete");
    add(gemini.0, "ai.google.dev, FinishReason", "a recital", ends(r#""RECITATION""#), "hi Filtered");

    let mistral = ("Mistral", "docs.mistral.ai, reasoning; vercel/ai #8072");
    add(mistral.0, mistral.1, "thoughts as parts",
        deltas([(r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}"#, "null"), (r#"{"content":"hi"}"#, "null"), (r#"{"content":""}"#, r#""stop""#)]), "<hm>hi Complete");
    add(mistral.0, mistral.1, "the model's length", ends(r#""model_length""#), "hi Length");
    add(mistral.0, "docs.mistral.ai, errors", "an unknown model",
        refused(400, r#"{"object":"error","message":"Invalid model: x","type":"invalid_model","param":null,"code":"1500"}"#), " UnknownModel");

    let deepseek = ("DeepSeek", "api-docs.deepseek.com, error codes");
    add(deepseek.0, deepseek.1, "no balance",
        refused(402, r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}"#), " NoCredit");
    add(deepseek.0, deepseek.1, "no more room", ends(r#""insufficient_system_resource""#), "hi Cut");
    add(deepseek.0, deepseek.1, "an unknown model",
        refused(400, r#"{"error":{"message":"Model Not Exist","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#), " UnknownModel");
    add(deepseek.0, deepseek.1, "signs of life before the first word",
        Answer::sse().chunk(": keep-alive\n\n: keep-alive\n\n").token("hi").finish(), "hi Complete");

    let minimax = ("MiniMax", "langgenius/dify #1336, semperai/amica #234");
    add(minimax.0, minimax.1, "no balance, in the stream",
        events([r#"{"id":"1","choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}"#]), " NoCredit");
    add(minimax.0, minimax.1, "the same as one JSON, in words that say nothing",
        Answer::status(200, JSON, r#"{"choices":null,"base_resp":{"status_code":1008,"status_msg":"no"}}"#), " NoCredit");
    add(minimax.0, minimax.1, "all is well beside each event",
        events([r#"{"choices":[{"index":0,"delta":{"content":"hi"}}],"base_resp":{"status_code":0,"status_msg":""}}"#, r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"base_resp":{"status_code":0,"status_msg":""}}"#]), "hi Complete");

    add("Zhipu", "docs.bigmodel.cn, error codes", "text that is not allowed",
        refused(400, r#"{"contentFilter":[{"level":1,"role":"user"}],"error":{"code":"1301","message":"系统检测到输入或生成内容可能包含敏感内容"}}"#), " Moderated");
    add("Zhipu", "docs.bigmodel.cn, error codes", "a sensitive reply", ends(r#""sensitive""#), "hi Filtered");
    add("Zhipu", "docs.bigmodel.cn, error codes", "the network broke", ends(r#""network_error""#), "hi Cut");
    add("Moonshot", "platform.moonshot.ai, errors", "no balance",
        refused(429, r#"{"error":{"message":"Your account is suspended, please check your plan and billing details","type":"exceeded_current_quota_error"}}"#), " NoCredit");
    add("Alibaba Model Studio", "help.aliyun.com, error codes", "too long",
        refused(400, r#"{"error":{"code":"invalid_parameter_error","message":"<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]","param":null,"type":"invalid_request_error"}}"#), " TooLong");
    add("Alibaba Model Studio", "help.aliyun.com, error codes", "text that is not allowed",
        refused(400, r#"{"error":{"code":"data_inspection_failed","message":"Input data may contain inappropriate content.","param":null,"type":"data_inspection_failed"}}"#), " Moderated");
    add("Doubao", "volcengine.com, Seed's chat template", "thoughts in an element with a prefix", Answer::stream(["<seed:", "think>hm</seed:think>", "hi"]), "<hm>hi Complete");

    let groq = ("Groq", "console.groq.com, rate limits");
    add(groq.0, groq.1, "tokens a minute, with status 413",
        refused(413, r#"{"error":{"message":"Request too large for model `x` in organization `o` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 9000, please reduce your message size and try again.","type":"tokens","code":"rate_limit_exceeded"}}"#), " RateLimited");
    add(groq.0, groq.1, "an unknown model",
        refused(404, r#"{"error":{"message":"The model `x` does not exist or you do not have access to it.","type":"invalid_request_error","code":"model_not_found"}}"#), " UnknownModel");
    add("xAI", "earendil-works/pi #4943", "too long",
        refused(400, r#"{"code":"Client specified an invalid argument","error":"This model's maximum prompt length is 131072 but the request contains 140000 tokens."}"#), " TooLong");
    add("xAI", "docs.x.ai, errors", "a wrong key",
        refused(400, r#"{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***ey. You can obtain an API key from https://console.x.ai."}"#), " WrongKey");
    add("Anthropic, OpenAI compatibility", "docs.anthropic.com, errors", "overloaded, in the stream",
        Answer::sse().token("hi").chunk("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n").then(Step::End), "hi Reported");
    add("Anthropic, OpenAI compatibility", "docs.anthropic.com, errors", "no credit",
        refused(400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits."}}"#), " NoCredit");
    add("Anthropic, OpenAI compatibility", "docs.anthropic.com, errors", "too long",
        refused(400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#), " TooLong");
    add("gpt-oss, unparsed", "openai/harmony, its format", "channels",
        Answer::stream(["<|channel|>anal", "ysis<|message|>hm<|end|><|start|>assis", "tant<|channel|>final<|mess", "age|>hi"]), "<hm>hi Complete");
    add(deepseek.0, deepseek.1, "text that is not allowed",
        refused(400, r#"{"error":{"message":"Content Exists Risk","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#), " Moderated");
    add("Anthropic, OpenAI compatibility", "docs.anthropic.com, supported regions", "a country that is not served",
        refused(403, r#"{"type":"error","error":{"type":"forbidden","message":"This model is not available in your current location"}}"#), " Region");
    add(gemini.0, "ai.google.dev, FinishReason", "a language it does not speak", ends(r#""LANGUAGE""#), "hi Filtered");
    add(gemini.0, "ai.google.dev, FinishReason", "another reason", ends(r#""OTHER""#), "hi Cut");
    add(gemini.0, "ai.google.dev, FinishReason", "a broken call", ends(r#""MALFORMED_FUNCTION_CALL""#), "hi Cut");
    add(openrouter.0, openrouter.1, "a limit in mid-reply", ends(r#""rate_limit""#), "hi Cut");
    add("LongCat", "meituan-longcat's chat template", "thoughts in an element of its own", Answer::stream(["<longcat_", "think>hm</longcat_think>", "hi"]), "<hm>hi Complete");
    add("ERNIE", "baidu's ERNIE-4.5 Thinking chat template", "the answer in an element", Answer::stream(["<think>hm</think>\n\n<resp", "onse>\nhi</resp", "onse>"]), "<hm>hi Complete");
    add("Apriel", "ServiceNow's chat template", "marks around the answer", Answer::stream(["[BEGIN FINAL RES", "PONSE]hi[END FINAL", " RESPONSE]"]), "hi Complete");
    add("Cohere", "docs.cohere.com, Command A Reasoning", "marks around the answer too", Answer::stream(["<|START_THINKING|>hm<|END_THINKING|>", "<|START_RESPONSE|>hi<|END_", "RESPONSE|>"]), "<hm>hi Complete");
    add("a model of one's own", "seen with fine-tuned models", "marks that do not fit together", Answer::stream(["<thinking>hm</think>", "hi"]), "<hm>hi Complete");
    add("iFlytek Spark", "xfyun.cn, error codes", "text that is not allowed",
        events([r#"{"header":{"code":10013,"message":"no","sid":"s"}}"#]), " Moderated");
    add("Cohere", "docs.cohere.com, Command A Reasoning", "thoughts between its marks", Answer::stream(["<|START_THINKING|>hm<|END_THINKING|>", "hi"]), "<hm>hi Complete");
    rows
}

#[tokio::test]
async fn every_server_is_understood() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    let mut wrong = vec![];
    for Row {
        server: name,
        seen,
        situation,
        answer,
        reads,
    } in table()
    {
        server.always(answer);
        let line = reply(&models, user("hi")).await.line();
        if line != reads {
            wrong.push(format!(
                "{name} ({seen}), {situation}: {line:?} instead of {reads:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a server that is as strict as many a chat template refuses, if this is that.
fn refused_by_template(messages: &[serde_json::Value], knows_system: bool) -> Option<&'static str> {
    let mut turns = messages;
    if turns[0]["role"] == "system" {
        if !knows_system {
            return Some("System role not supported");
        }
        turns = &turns[1..];
    }
    let in_turn = turns.iter().enumerate().all(|(number, turn)| {
        turn["role"] == ["user", "assistant"][number % 2] && turn["content"] != ""
    });
    let odd = turns.len() % 2 == 1;
    (!in_turn || !odd)
        .then_some("Conversation roles must alternate user/assistant/user/assistant/...")
}

fn turn(role: Role, text: &str) -> Turn {
    Turn {
        role,
        text: text.to_owned(),
    }
}

fn with_prompt(model: &str) -> Options {
    Options {
        model: Some(model.to_owned()),
        system_prompt: Some("Be brief.".to_owned()),
        ..Options::default()
    }
}

async fn reply_with(models: &Models, turns: Vec<Turn>, options: Options) -> Reply {
    crate::models::read(models.reply_with(turns, options)).await
}

#[tokio::test]
async fn turns_are_sent_as_strict_servers_want_them() {
    let server = ModelServer::start().await;
    server.answers(|request| {
        let messages = request.body["messages"].as_array().unwrap();
        match refused_by_template(messages, true) {
            Some(words) => refused(400, &format!(r#"{{"error":{{"message":"{words}"}}}}"#)),
            None => Answer::stream(["hi"]),
        }
    });
    let models = models_of(&server);
    use Role::{Assistant as A, User as U};
    for turns in [
        vec![turn(U, "a"), turn(U, "b")],
        vec![turn(U, "a"), turn(A, ""), turn(U, "b")],
        vec![turn(U, "a"), turn(A, "b"), turn(U, "c"), turn(U, "d")],
        vec![turn(A, "hello"), turn(U, "a")],
    ] {
        let last = turns.last().unwrap().text.clone();
        let reply = reply_with(&models, turns, with_prompt("m")).await;
        assert_eq!(reply.line(), "hi Complete", "{last}");
        let sent = server.requests().pop().unwrap();
        assert!(sent.question().ends_with(&last), "{}", sent.body);
    }
}

#[tokio::test]
async fn a_model_without_a_system_role_is_told_with_the_first_message() {
    let in_stream = events([r#"{"error":{"message":"System role not supported"}}"#]);
    let others = [
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Only user and assistant roles are supported!",
        "invalid role: system, must be one of user, assistant",
        "Input should be 'user' or 'assistant'",
        "First message should be from user role",
        "messages.0.role: system is not one of [user, assistant]",
        "Unrecognized role: system",
        "role must be user or assistant",
        "Unexpected message role at messages[0]",
    ];
    let words = |words: &str| format!(r#"{{"error":{{"message":"{words}"}}}}"#);
    let mut answers = vec![
        refused(400, &words("System role not supported")),
        refused(500, &words("Jinja Exception: System role not supported")),
        refused(422, &words("the model does not support system prompts")),
        refused(
            422,
            r#"{"detail":[{"type":"literal_error","loc":["body","messages",0,"role"],"msg":"Input should be 'user' or 'assistant'","input":"system"}]}"#,
        ),
        in_stream,
    ];
    answers.extend(others.map(|said| refused(400, &words(said))));
    for (number, answer) in answers.into_iter().enumerate() {
        let server = ModelServer::start().await;
        server.answers(move |request| {
            let messages = request.body["messages"].as_array().unwrap();
            match refused_by_template(messages, false) {
                Some(_) => answer.clone(),
                None => Answer::stream(["hi"]),
            }
        });
        let models = models_of(&server);
        let ask = || reply_with(&models, user("Hello"), with_prompt("gemma"));
        assert_eq!(ask().await.line(), "hi Complete", "{number}");
        let sent = server.requests().pop().unwrap().body;
        let expected = serde_json::json!([{ "role": "user", "content": "Be brief.\n\nHello" }]);
        assert_eq!(sent["messages"], expected, "{number}");
        // From then on it is known.
        assert_eq!(ask().await.line(), "hi Complete", "{number}");
        assert_eq!(server.requests().len(), 3, "{number}");
        // Of this model.
        reply_with(&models, user("Hello"), with_prompt("other")).await;
        assert_eq!(server.requests()[3].body["messages"][0]["role"], "system");
    }
}

#[tokio::test]
async fn a_reply_that_is_said_once_more_at_its_end_is_told_once() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    let whole = |reason: &str| {
        format!(
            r#"{{"object":"chat.completion","choices":[{{"index":0,"message":{{"role":"assistant","content":"ab","reasoning_content":"hm"}},"finish_reason":{reason}}}]}}"#
        )
    };
    let hm = r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#;
    // MiniMax ends its streams so.
    let last = whole(r#""stop""#);
    let parts = [hm, &*token("a"), &*token("b"), &*last];
    server.always(events(parts));
    assert_eq!(reply(&models, user("hi")).await.line(), "<hm>ab Complete");
    server.always(events([hm, &*token("ab"), STOP, &*whole("null"), "[DONE]"]));
    assert_eq!(reply(&models, user("hi")).await.line(), "<hm>ab Complete");
    // Alone it is the reply.
    server.always(events([&*last, "[DONE]"]));
    assert_eq!(reply(&models, user("hi")).await.line(), "<hm>ab Complete");
    // Parts that are called messages are parts.
    let part = |text: &str| format!(r#"{{"choices":[{{"message":{{"content":"{text}"}}}}]}}"#);
    server.always(events([&*part("a"), &*part("b"), STOP]));
    assert_eq!(reply(&models, user("hi")).await.line(), "ab Complete");
}

#[tokio::test]
async fn a_refusal_that_another_way_does_not_mend_is_told_and_not_remembered() {
    let server = ModelServer::start().await;
    let words = r#"{"error":{"message":"role 'assistant' needs a name"}}"#;
    server.always(refused(400, words));
    let models = models_of(&server);
    let ask = || reply_with(&models, user("Hello"), with_prompt("m"));
    assert_eq!(ask().await.line(), " Refused");
    server.always(Answer::stream(["hi"]));
    assert_eq!(ask().await.line(), "hi Complete");
    let sent = server.requests();
    assert_eq!(sent[2].body["messages"][0]["role"], "system");
    // Where nothing was told before the conversation there is no other way.
    server.always(refused(400, words));
    assert_eq!(reply(&models, user("Hello")).await.line(), " Refused");
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_server_that_shows_life_is_waited_for() {
    let ms = Duration::from_millis;
    let progress = r#"{"choices":[{"index":0,"delta":{}}],"prompt_progress":{"processed":3}}"#;
    let details = r#"{"choices":[{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]}}]}"#;
    let nothing = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}"#;
    for life in [
        ": ping\n\n".to_owned(),
        format!("data: {progress}\n\n"),
        format!("data: {details}\n\n"),
        format!("data: {nothing}\n\n"),
        "event: ping\ndata: {\"type\":\"ping\"}\n\n".to_owned(),
        "data: keep-alive\n\n".to_owned(),
    ] {
        let server = ModelServer::start().await;
        let slow = (0..10).fold(Answer::sse(), |answer, _| {
            answer.chunk(life.clone()).then(Step::Wait(ms(60)))
        });
        server.answer(slow.token("hi").finish());
        let models = Models::new(damso::models::Settings {
            first_token_timeout: ms(300),
            silence_timeout: Duration::from_secs(60),
            ..settings_for(&server)
        })
        .unwrap();
        let reply = reply(&models, user("hi")).await;
        assert_eq!(
            (reply.line().as_str(), reply.retries.len()),
            ("hi Complete", 0),
            "{life}"
        );
    }
}

#[tokio::test]
async fn reasons_that_are_none_end_nothing() {
    let part = |text: &str| {
        format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"finish_reason":"stop"}}]}}"#)
    };
    let empty = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    // Longer than last words are waited for.
    let pause = || Step::Wait(Duration::from_millis(3_300));
    for (situation, answer, reads) in [
        (
            "in every event",
            Answer::sse()
                .event(&part("a "))
                .then(pause())
                .event(&part("b "))
                .event(&part("c"))
                .then(Step::End),
            "a b c Complete",
        ),
        (
            "in an empty first event",
            Answer::sse()
                .event(empty)
                .then(pause())
                .token("a")
                .event("[DONE]")
                .then(Step::End),
            "a Complete",
        ),
        (
            "in every event, and then an error",
            Answer::sse()
                .event(&part("a "))
                .event(&part("b"))
                .event(r#"{"error":{"message":"boom"}}"#)
                .then(Step::End),
            "a b Reported",
        ),
        (
            "in every event, and then a cut",
            Answer::sse()
                .event(&part("a "))
                .event(&part("b"))
                .then(Step::Cut),
            "a b CutOff",
        ),
        (
            "as words for none",
            Answer::sse()
                .event(r#"{"choices":[{"delta":{"content":"a"},"finish_reason":"null"}]}"#)
                .event(r#"{"choices":[{"delta":{"content":"b"},"finish_reason":"none"}]}"#)
                .then(Step::Cut),
            "ab CutOff",
        ),
    ] {
        let server = ModelServer::start().await;
        server.answer(answer);
        let models = Models::new(crate::models::patient_settings_for(&server)).unwrap();
        assert_eq!(
            reply(&models, user("hi")).await.line(),
            reads,
            "{situation}"
        );
    }
}

#[tokio::test]
async fn a_reply_without_text_is_none() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    for (situation, answer, reads) in [
        ("nothing but the end", events(["[DONE]"]), " Empty"),
        ("blanks", Answer::stream([" ", "\n"]), " \n Empty"),
        (
            "what nobody can see",
            Answer::stream(["\u{200b}", "\u{feff}\u{a0}"]),
            "\u{200b}\u{feff}\u{a0} Empty",
        ),
        (
            "thoughts",
            deltas([(r#"{"reasoning":"hm"}"#, "null"), ("{}", r#""stop""#)]),
            "<hm> OnlyThoughts",
        ),
        (
            "marked thoughts",
            Answer::stream(["<think>hm</think>"]),
            "<hm> OnlyThoughts",
        ),
        (
            "endless thoughts",
            deltas([(r#"{"reasoning":"hm"}"#, "null"), ("{}", r#""length""#)]),
            "<hm> EndlessThoughts",
        ),
        (
            "an old function call",
            deltas([
                (r#"{"function_call":{"name":"f"}}"#, "null"),
                ("{}", r#""function_call""#),
            ]),
            " OnlyToolCall",
        ),
        (
            "pictures as parts",
            deltas([(
                r#"{"content":[{"type":"image_url","image_url":{}}]}"#,
                r#""stop""#,
            )]),
            " OnlyMedia",
        ),
        (
            "sound",
            deltas([(r#"{"audio":{"id":"a","data":"AA=="}}"#, r#""stop""#)]),
            " OnlyMedia",
        ),
        (
            "an empty list of calls",
            deltas([(r#"{"tool_calls":[]}"#, "null"), ("{}", r#""stop""#)]),
            " Empty",
        ),
        (
            "a text of old completions",
            events([r#"{"choices":[{"text":"hi","index":0,"finish_reason":"stop"}]}"#]),
            "hi Complete",
        ),
        (
            "an answer that is not streamed",
            Answer::status(
                200,
                JSON,
                r#"{"choices":[{"message":{"content":""},"finish_reason":"stop"}]}"#,
            ),
            " Empty",
        ),
    ] {
        server.always(answer);
        assert_eq!(
            reply(&models, user("hi")).await.line(),
            reads,
            "{situation}"
        );
    }
}

#[tokio::test]
async fn errors_of_every_shape_are_errors_and_empty_ones_are_none() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    let bare = |json: &str| {
        Answer::sse()
            .token("hi")
            .chunk(format!("{json}\n\n"))
            .then(Step::End)
    };
    let mut cases = vec![
        (
            "a bare line",
            bare(r#"{"error":{"message":"boom"}}"#),
            "hi Reported",
        ),
        (
            "bare lines",
            bare("{\n \"error\": {\n  \"message\": \"boom\"\n }\n}"),
            "hi Reported",
        ),
        (
            "a bare line behind a comment",
            Answer::sse()
                .chunk(": hello\n\n{\"error\":\"boom\"}\n\n")
                .then(Step::End),
            " Reported",
        ),
        (
            "an error, and then the end of a stream",
            Answer::sse()
                .chunk("{\"error\":{\"message\":\"boom\"}}\n\ndata: [DONE]\n\n")
                .then(Step::End),
            " Reported",
        ),
        (
            "a dictionary of Python's",
            events([&token("hi"), "{'error': {'message': 'boom'}}"]),
            "hi Reported",
        ),
        (
            "JSON that broke off",
            events([&token("hi"), r#"{"error": {"message": "bo"#]),
            "hi Reported",
        ),
        (
            "a text",
            events([&token("hi"), r#""Error: boom""#]),
            "hi Reported",
        ),
        (
            "a code that is a word",
            events([&token("hi"), r#"{"error":{"code":"rate_limit_exceeded"}}"#]),
            "hi RateLimited",
        ),
        (
            "a code in digits",
            events([&token("hi"), r#"{"error":{"code":"429"}}"#]),
            "hi RateLimited",
        ),
        (
            "another code in digits",
            events([&token("hi"), r#"{"error":{"code":"401"}}"#]),
            "hi WrongKey",
        ),
        (
            "no credit",
            events([&token("hi"), r#"{"error":{"type":"insufficient_quota"}}"#]),
            "hi NoCredit",
        ),
        (
            "a delta's",
            events([&token("hi"), r#"{"choices":[{"delta":{"error":"boom"}}]}"#]),
            "hi Reported",
        ),
        (
            "500 with model and not found in other words",
            refused(
                500,
                r#"{"error":{"message":"the model runner crashed: shared object not found"}}"#,
            ),
            " Overloaded",
        ),
    ];
    for nothing in ["\"\"", "false", "{}", "null", "[]", "\"none\""] {
        let event = format!(r#"{{"choices":[{{"delta":{{"content":"hi"}}}}],"error":{nothing}}}"#);
        cases.push((
            "an empty error",
            events([event.as_str(), STOP]),
            "hi Complete",
        ));
    }
    for (situation, answer, reads) in cases {
        server.always(answer);
        assert_eq!(
            reply(&models, user("hi")).await.line(),
            reads,
            "{situation}"
        );
    }
}

#[tokio::test]
async fn an_error_behind_half_a_reply_is_one_whatever_its_fields_are_called() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    for (error, kind) in [
        (r#"{"err":"boom"}"#, "Reported"),
        (r#"{"Message":"Too many requests"}"#, "RateLimited"),
        (r#"{"message":"boom"}"#, "Reported"),
        (r#"{"exception":"boom"}"#, "Reported"),
        (r#"{"fault":{"faultstring":"boom"}}"#, "Reported"),
        (r#"{"ERROR":"Invalid API key"}"#, "WrongKey"),
        (r#"{"failure":"boom"}"#, "Reported"),
        (r#"{"retmsg":"boom"}"#, "Reported"),
        (r#"{"errMsg":"Insufficient balance"}"#, "NoCredit"),
        (r#"{"code":1,"info":"bad"}"#, "Reported"),
        (r#"{"header":{"code":10013,"message":"no"}}"#, "Moderated"),
        (r#"{"title":"x","status":429}"#, "RateLimited"),
        (r#"{"ok":false}"#, "Reported"),
        (r#"{"throttlingException":{"message":"x"}}"#, "RateLimited"),
    ] {
        server.always(events([&*token("half"), error, "[DONE]"]));
        let half = reply(&models, user("hi")).await;
        assert_eq!(half.line(), format!("half {kind}"), "{error}");
        // Where it is all there is, it is told as well. A limit is tried again.
        if kind != "RateLimited" {
            server.always(events([error, "[DONE]"]));
            let alone = reply(&models, user("hi")).await;
            assert_eq!(alone.line(), format!(" {kind}"), "{error}");
        }
        // Behind the end it takes nothing away.
        server.always(events([&*token("all"), STOP, error, "[DONE]"]));
        let all = reply(&models, user("hi")).await;
        assert_eq!(all.line(), "all Complete", "{error}");
    }
}

#[tokio::test]
async fn events_that_nothing_parts_are_read() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    let (a, b) = (token("a"), token("b"));
    for stream in [
        format!("data: {a}\ndata: {b}\ndata: {STOP}\ndata: [DONE]\n"),
        format!("data: {a}\r\ndata: {b}\r\ndata: {STOP}\r\n"),
        format!("data: {a}\n \ndata: {b}\n \ndata: {STOP}\n \n"),
        format!("data: {a}data: {b}data: {STOP}data: [DONE]\n\n"),
        format!("data: {a}{b}{STOP}\n\n"),
        format!("data: {a}\nevent: message\ndata: {b}\nevent: message\ndata: {STOP}\n"),
    ] {
        server.always(Answer::sse().chunk(stream.clone()).then(Step::End));
        let all = reply(&models, user("hi")).await;
        assert_eq!(all.line(), "ab Complete", "{stream}");
    }
    let error = format!("data: {a}\nevent: error\ndata: {{\"message\":\"boom\"}}\n");
    server.always(Answer::sse().chunk(error).then(Step::End));
    assert_eq!(reply(&models, user("hi")).await.line(), "a Reported");
}

#[tokio::test]
async fn messages_of_a_server_at_work_end_nothing() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    for message in [
        r#"{"message":"Model is loading"}"#,
        r#"{"msg":"queue position 3"}"#,
        r#"{"type":"info","message":"hello"}"#,
        r#"{"event":"start","message":"accepted"}"#,
        r#"{"status":"queued","message":"x"}"#,
        r#"{"detail":"one moment, please"}"#,
        r#"{"code":0,"message":"Success"}"#,
        r#"{"ok":true}"#,
    ] {
        server.always(events([message, &*token("hi"), message, STOP, "[DONE]"]));
        let all = reply(&models, user("hi")).await;
        assert_eq!(all.line(), "hi Complete", "{message}");
    }
    for message in [
        r#"{"message":"processing"}"#,
        r#"{"type":"end","message":"x"}"#,
    ] {
        server.always(events([&*token("hi"), message, "[DONE]"]));
        let all = reply(&models, user("hi")).await;
        assert_eq!(all.line(), "hi Complete", "{message}");
    }
}

#[tokio::test]
async fn a_gateway_that_has_tried_again_is_asked_once() {
    let server = ModelServer::start().await;
    let models = models_of(&server);
    server.always(refused(429, r#"{"error":{"message":"litellm.RateLimitError: slow down. LiteLLM Retried: 2 times, LiteLLM Max Retries: 2","type":"throttling_error","code":"429"}}"#));
    let limited = reply(&models, user("hi")).await;
    assert_eq!(
        (limited.line().as_str(), limited.retries.len()),
        (" RateLimited", 0)
    );
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_limit_says_how_long_to_wait() {
    for (headers, body, waits) in [
        (vec![("llm_provider-retry-after", "70")], "{}", false),
        (vec![("retry-after-ms", "70000")], "{}", false),
        (vec![("retry-after", "1m10s")], "{}", false),
        (
            vec![],
            r#"{"error":{"message":"Please try again in 1m10s."}}"#,
            false,
        ),
        (vec![("retry-after", "70 seconds")], "{}", false),
        (vec![("retry-after", "PT70S")], "{}", false),
        (vec![("x-ms-retry-after-ms", "70000")], "{}", false),
        (vec![("x-ratelimit-reset-tokens", "70s")], "{}", false),
        (
            vec![],
            r#"{"error":{"message":"x","retry_after":70}}"#,
            false,
        ),
        (
            vec![],
            r#"{"error":{"message":"Please wait 70 seconds"}}"#,
            false,
        ),
        (
            vec![],
            r#"{"error":{"message":"x","code":429,"metadata":{"headers":{"X-RateLimit-Remaining":"0","X-RateLimit-Reset":"70"}}}}"#,
            false,
        ),
        (
            vec![],
            r#"{"error":{"message":"All 3 retries failed"}}"#,
            false,
        ),
        (
            vec![],
            r#"{"error":{"message":"rate limited after 3 attempts"}}"#,
            false,
        ),
        (vec![("retry-after-ms", "20")], "{}", true),
        (
            vec![],
            r#"{"error":{"message":"Please try again in 20ms."}}"#,
            true,
        ),
    ] {
        let server = ModelServer::start().await;
        server.answer(Answer::with_headers(429, &headers, body));
        let reply = reply(&models_of(&server), user("hi")).await;
        let waited = reply.retries.first().map(|(_, wait, _)| *wait);
        let right = match waits {
            true => waited.is_some_and(|wait| wait >= Duration::from_millis(20)),
            false => waited.is_none(),
        };
        assert!(right, "{headers:?} {body}: {waited:?}");
    }
}

#[tokio::test]
async fn our_own_headers_are_sent_and_never_told() {
    let server = ModelServer::start().await;
    let models = Models::new(damso::models::Settings {
        headers: "x-portkey-provider: openai; x-gateway-key: hush-hush-0123"
            .parse()
            .unwrap(),
        ..settings_for(&server)
    })
    .unwrap();
    server.answer(refused(
        400,
        r#"{"error":{"message":"bad key hush-hush-0123"}}"#,
    ));
    let trouble = reply(&models, user("hi")).await.end.unwrap_err();
    let sent = &server.requests()[0].headers;
    assert_eq!(sent["x-portkey-provider"], "openai");
    assert_eq!(sent["x-gateway-key"], "hush-hush-0123");
    assert_eq!(
        sent["authorization"],
        format!("Bearer {}", crate::models::KEY)
    );
    assert!(
        !format!("{trouble:?} {}", trouble.in_full()).contains("hush"),
        "{trouble:?}"
    );
    // They are for the server, not for whatever else is asked.
    models.list_anew().await;
    assert_eq!(
        server.all_requests().last().unwrap().headers["x-gateway-key"],
        "hush-hush-0123"
    );
}
