//! The words by which servers say why a reply ended: there are many for each reason, so they are told by
//! what is in them.

use super::Finish;

const LENGTH: [&str; 8] = [
    "length",
    "max",
    "limit",
    "context_window",
    "truncat",
    "budget",
    "too_many_tokens",
    "token_count",
];
const FILTERED: [&str; 26] = [
    // Gemini's, for a language that it does not speak.
    "language",
    "filter",
    "safety",
    "sensitive",
    "refus",
    "moderat",
    "blocklist",
    "block",
    "prohibit",
    "recitation",
    "spii",
    "guardrail",
    "policy",
    "violat",
    "flagged",
    "censor",
    "inspection",
    "unsafe",
    "hate",
    "violence",
    "sexual",
    "harm",
    "toxicity",
    "profan",
    "copyright",
    "jailbreak",
];
const CUT: [&str; 36] = [
    "rate_limit",
    "ratelimit",
    "throttl",
    "too_many_requests",
    "quota",
    "time_limit",
    "max_time",
    "disconnect",
    "terminat",
    "closed",
    "dropped",
    "deadline",
    "expired",
    "evict",
    "repetit",
    "loop",
    "degenerat",
    "malformed",
    "unexpected",
    "other",
    "resource",
    "abort",
    "cancel",
    "network",
    "connection",
    "timeout",
    "time_out",
    "timed_out",
    "interrupt",
    "incomplete",
    "overload",
    "unavailable",
    "preempt",
    "shutdown",
    "killed",
    "pause",
];
const ERROR: [&str; 3] = ["error", "fail", "exception"];
/// What cuts a reply off unless it is called an error.
const CUT_BY_ITSELF: [&str; 16] = [
    "oom", "memory", "exhaust", "partial", "early", "halt", "cutoff", "cut_off", "capacity",
    "down", "lost", "overflow", "stuck", "crash", "internal", "no_eos",
];

/// Tells why the reply ended, if the word says that it has, and not in an error.
pub(super) fn finish(word: &str) -> Option<Finish> {
    if word == "stop" {
        return Some(Finish::Complete);
    }
    let word = plain(word);
    if is_none(&word) {
        return None;
    }
    let says = |these: &[&str]| these.iter().any(|these| word.contains(these));
    if says(&CUT) {
        Some(Finish::Cut)
    } else if says(&LENGTH) {
        Some(Finish::Length)
    } else if says(&FILTERED) {
        Some(Finish::Filtered)
    } else if says(&ERROR) {
        None
    } else if says(&CUT_BY_ITSELF) {
        Some(Finish::Cut)
    } else {
        // "eos", "end_turn": servers have many words for an end.
        Some(Finish::Complete)
    }
}

/// Tells whether the word says that the reply ended in an error.
pub(super) fn is_error(word: &str) -> bool {
    if matches!(word, "" | "stop") {
        return false;
    }
    let word = plain(word);
    finish(&word).is_none() && !is_none(&word)
}

/// Tells whether the word says that the model wants a tool to be used.
pub(super) fn is_tool_call(word: &str) -> bool {
    if matches!(word, "" | "stop") {
        return false;
    }
    let word = plain(word);
    word.contains("tool") || word.contains("function_call")
}

/// Words that say that there is no reason.
fn is_none(word: &str) -> bool {
    matches!(
        word,
        "" | "null"
            | "none"
            | "nil"
            | "undefined"
            | "unspecified"
            | "finish_reason_unspecified"
            | "in_progress"
    )
}

fn plain(word: &str) -> String {
    word.trim().to_lowercase().replace(['-', ' '], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_for_an_end_is_understood() {
        use Finish::*;
        for (words, finish_) in [
            (
                &[
                    "stop",
                    "STOP",
                    "eos",
                    "eos_token",
                    "end_turn",
                    "stop_sequence",
                    "COMPLETE",
                    "completed",
                    "end_of_text",
                    "stop_token",
                    "eot_id",
                    "natural",
                    "FINISH_REASON_STOP",
                    "tool_calls",
                ][..],
                Some(Complete),
            ),
            (
                &[
                    "length",
                    "max_tokens",
                    "MAX_TOKENS",
                    "max_length",
                    "model_length",
                    "max_output_tokens",
                    "model_context_window_exceeded",
                    "token_limit",
                    "token_budget",
                    "too_many_tokens",
                    "maxTokens",
                ],
                Some(Length),
            ),
            (
                &[
                    "content_filter",
                    "content-filter",
                    "SAFETY",
                    "sensitive",
                    "refusal",
                    "RECITATION",
                    "BLOCKLIST",
                    "PROHIBITED_CONTENT",
                    "SPII",
                    "IMAGE_SAFETY",
                    "guardrail_intervened",
                    "LANGUAGE",
                    "hate",
                    "violence",
                    "copyright",
                    "jailbreak",
                    "toxicity",
                    "profanity",
                ],
                Some(Filtered),
            ),
            (
                &[
                    "insufficient_system_resource",
                    "network_error",
                    "abort",
                    "aborted",
                    "cancelled",
                    "canceled",
                    "timeout",
                    "incomplete",
                    "pause_turn",
                    "rate_limit",
                    "RATE_LIMIT_EXCEEDED",
                    "quota_exceeded",
                    "time_limit",
                    "OTHER",
                    "IMAGE_OTHER",
                    "MALFORMED_FUNCTION_CALL",
                    "terminated",
                    "client_disconnected",
                    "repetition",
                    "oom",
                    "out_of_memory",
                    "exhausted",
                    "partial",
                    "stopped_early",
                    "halt",
                    "cutoff",
                    "no_capacity",
                    "backend_down",
                    "gpu_lost",
                    "overflow",
                    "crashed",
                    "internal",
                    "no_eos",
                ],
                Some(Cut),
            ),
            (&["", "null", "none", "None", "NULL", " "], None),
            (
                &["error", "ERROR", "failed", "ERROR_TOXIC", "internal_error"],
                None,
            ),
        ] {
            for word in words {
                assert_eq!(finish(word), finish_, "{word}");
            }
        }
        for (word, error) in [
            ("error", true),
            ("failed", true),
            ("null", false),
            ("", false),
            ("network_error", false),
        ] {
            assert_eq!(is_error(word), error, "{word}");
        }
        for (word, tool) in [
            ("tool_calls", true),
            ("function_call", true),
            ("tool-use", true),
            ("stop", false),
        ] {
            assert_eq!(is_tool_call(word), tool, "{word}");
        }
    }
}
