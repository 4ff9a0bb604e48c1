//! The grammars: which rules count where, and their expressions.
//!
//! All that has been needed once stays for as long as the program runs, for all threads: to make the
//! expressions of a grammar takes 20 to 100 ms.

use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};

use onig::{Regex, RegexOptions, Syntax};
use serde::Serialize;
use serde_json::json;
use syntect::parsing::SyntaxReference;
use syntect::parsing::syntax_definition::{Context, ContextReference, MatchPattern, context_iter};

use super::SYNTAXES;

/// A pattern of a grammar.
pub(super) struct Rule {
    pub pattern: &'static MatchPattern,
    /// Counted from zero over all grammars.
    pub number: usize,
    regex: OnceLock<Option<Regex>>,
}

impl Rule {
    /// Its expression. None, for one that cannot be read, matches nothing.
    pub(super) fn regex(&self) -> Option<&Regex> {
        let regex = || compiled(self.pattern.regex.regex_str());
        self.regex.get_or_init(regex).as_ref()
    }
}

/// A place in a grammar: what can match there.
pub(super) struct Place {
    pub context: &'static Context,
    /// The rules of the context and of what it includes, in their order.
    pub rules: Vec<&'static Rule>,
    prototype: OnceLock<Option<&'static Self>>,
}

impl Place {
    /// The place of what its grammar has everywhere.
    pub(super) fn prototype(&self) -> Option<&'static Self> {
        let found = || Some(Self::of(by_id(&self.context.prototype?)?));
        *self.prototype.get_or_init(found)
    }

    /// That of a context.
    pub(super) fn of(context: &'static Context) -> &'static Self {
        let address = std::ptr::from_ref(context).addr();
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = known.places.get(&address) {
            return place;
        }
        drop(known);
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        let patterns = context_iter(&SYNTAXES, context).filter_map(|(of, n)| of.match_at(n).ok());
        let place = Self {
            context,
            rules: patterns.map(|pattern| known.rule(pattern)).collect(),
            prototype: OnceLock::new(),
        };
        known
            .places
            .entry(address)
            .or_insert_with(|| Box::leak(Box::new(place)))
    }

    /// Finds where reading a grammar begins: syntect names it to nobody, but nothing else looks like
    /// it.
    pub(super) fn start(syntax: &SyntaxReference) -> Option<&'static Self> {
        static STARTS: LazyLock<Vec<OnceLock<Option<&Place>>>> = LazyLock::new(|| {
            SYNTAXES
                .syntaxes()
                .iter()
                .map(|_| OnceLock::new())
                .collect()
        });
        let mut all = SYNTAXES.syntaxes().iter();
        let index = all.position(|one| std::ptr::eq(one, syntax))?;
        let is_start = |context: &&Context| {
            context.meta_content_scope == [syntax.scope]
                && matches!(context.patterns[..], [_])
                && context
                    .match_at(0)
                    .is_ok_and(|only| only.regex.regex_str().is_empty())
        };
        *STARTS[index].get_or_init(|| {
            let id = |n| json!({ "syntax_index": index, "context_index": n });
            let mut contexts = (0..).map_while(|n| by_id(&id(n)));
            contexts.find(is_start).map(Self::of)
        })
    }
}

/// A context by its number, which syntect takes only as a part of a reference.
fn by_id(id: &impl Serialize) -> Option<&'static Context> {
    let reference: ContextReference = serde_json::from_value(json!({ "Direct": id })).ok()?;
    reference.resolve(&SYNTAXES).ok()
}

/// All that was needed so far, by the addresses of contexts and patterns, which stay where they are.
#[derive(Default)]
struct Known {
    places: HashMap<usize, &'static Place>,
    rules: HashMap<usize, &'static Rule>,
}

static KNOWN: LazyLock<RwLock<Known>> = LazyLock::new(RwLock::default);

impl Known {
    fn rule(&mut self, pattern: &'static MatchPattern) -> &'static Rule {
        let number = self.rules.len();
        let new = || Rule {
            pattern,
            number,
            regex: OnceLock::new(),
        };
        let rule = self.rules.entry(std::ptr::from_ref(pattern).addr());
        rule.or_insert_with(|| Box::leak(Box::new(new())))
    }
}

/// An expression, made ready.
pub(super) fn compiled(source: &str) -> Option<Regex> {
    let options = RegexOptions::REGEX_OPTION_CAPTURE_GROUP;
    Regex::with_options(source, options, Syntax::default()).ok()
}

/// An expression in which the numbers of groups stand for what they have found.
pub(super) fn with_captures(source: &str, captures: &[String]) -> String {
    let (mut whole, mut escaped) = (String::with_capacity(source.len()), false);
    for c in source.chars() {
        match (escaped, c.to_digit(10)) {
            (true, Some(group)) => {
                for c in captures
                    .get(group as usize)
                    .into_iter()
                    .flat_map(|text| text.chars())
                {
                    if r"\.+*?()|[]{}^$#&-~".contains(c) {
                        whole.push('\\');
                    }
                    whole.push(c);
                }
            }
            (true, None) => whole.extend(['\\', c]),
            (false, _) if c != '\\' => whole.push(c),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    if escaped {
        whole.push('\\');
    }
    whole
}
