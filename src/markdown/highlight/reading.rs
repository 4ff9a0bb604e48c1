//! Reads code by a grammar, line by line, for no more than it may cost.
//!
//! The grammars are Sublime Text's, as syntect holds them, and what is read is what syntect's own
//! parser reads (a test compares them). That one cannot be stopped within a line, and its regular
//! expressions backtrack for as long as they like: a few ordinary lines can take it seconds.

use std::cell::RefCell;
use std::cmp::Reverse;

use onig::{MatchParam, Regex, Region, SearchOptions};
use syntect::parsing::syntax_definition::{Context, MatchOperation, MatchPattern};
use syntect::parsing::{ScopeStackOp, SyntaxReference};

use super::{
    SYNTAXES,
    grammar::{Place, Rule, compiled, with_captures},
};

/// The steps that may still be spent, of a few nanoseconds each.
///
/// Time itself would be another each time. These steps are counted: they follow from the text and
/// the grammar alone, so the same code is coloured up to the same line on every page, whole or
/// while it grows, on a busy machine and on another server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    pub left: u64,
}

/// Nothing is left of what could be spent.
#[derive(Debug)]
pub(super) struct Spent;

impl Budget {
    fn pay(&mut self, steps: usize) -> Result<(), Spent> {
        let left = self.left.checked_sub(steps as u64);
        self.left = left.unwrap_or(0);
        left.map(drop).ok_or(Spent)
    }
}

/// The price of each token. Without it a grammar that goes in circles would go on for ever.
const TOKEN: usize = 30;
/// The price of a look at a rule, though it is known where it matches.
const RULE: usize = 1;
/// The price of blank space that begins at each byte of blank space: many expressions look over it
/// from there, and do not count that as going back.
const BLANK: usize = 40;
/// The price of a search beside the bytes that it goes over.
const SEARCH: usize = 30;
/// The price of making an expression out of what was read before.
const COMPILE: usize = 4_000;
/// The number of times that a search may backtrack at each place before more is tried, and the
/// price then of each byte that it goes over.
const RETRIES: [(u32, usize); 2] = [(16, 1), (128, 8)];
/// The first such limit where it backtracks more and each place is looked at by itself,
const FEW_RETRIES: u32 = 64;
/// and the last.
const MOST_RETRIES: u32 = 1 << 17;
/// As deep as syntect goes.
const DEEPEST: usize = 100;

/// Reads one text by one grammar.
pub(super) struct Reader {
    levels: Vec<Level>,
    /// The beginnings of levels that were pushed by a pattern that was given along.
    given_starts: Vec<usize>,
    is_begun: bool,
}

/// A place in a grammar to which reading comes back.
struct Level {
    place: &'static Place,
    /// The places that were given along.
    given: Vec<&'static Place>,
    /// The texts of the groups of the expression that led here, for those that refer to them.
    captures: Option<Vec<String>>,
    /// These expressions, by the numbers of their rules.
    with_captures: Vec<(usize, Option<Regex>)>,
}

/// The places where the groups of an expression have matched, itself first. Empty if it has not.
type Groups = Vec<Option<(usize, usize)>>;

/// The rule that matches first.
struct Best {
    rule: &'static Rule,
    /// Only of what must not be kept for the line.
    groups: Option<Groups>,
    start: usize,
    end: usize,
    was_given: bool,
    would_loop: bool,
}

/// A line that is being read.
struct Line<'a> {
    text: &'a str,
    at: usize,
    /// The place where something was pushed without going on, and how deep it was then: to pop there
    /// would be a loop.
    pushed: (usize, usize),
    region: Region,
    found: &'a mut Found,
    budget: &'a mut Budget,
}

/// The matches in a line, by the numbers of the rules. Kept for the next lines on this thread only
/// to make no new memory.
#[derive(Default)]
struct Found {
    /// Counts the lines.
    line: u64,
    /// In which line it was searched last. All before the match is known to have none.
    rules: Vec<(u64, Groups)>,
}

impl Reader {
    pub(super) fn new(syntax: &SyntaxReference) -> Option<Self> {
        let start = Level {
            place: Place::start(syntax)?,
            given: Vec::new(),
            captures: None,
            with_captures: Vec::new(),
        };
        Some(Self {
            levels: vec![start],
            given_starts: Vec::new(),
            is_begun: false,
        })
    }

    /// Reads the next line; gives what changes at which of its bytes.
    pub(super) fn line(
        &mut self,
        text: &str,
        budget: &mut Budget,
    ) -> Result<Vec<(usize, ScopeStackOp)>, Spent> {
        thread_local! {
            static FOUND: RefCell<Found> = RefCell::default();
        }
        budget.pay(BLANK * blanks(text))?;
        FOUND.with_borrow_mut(|found| {
            found.line += 1;
            let mut line = Line {
                text,
                at: 0,
                pushed: (0, 0),
                region: Region::new(),
                found,
                budget,
            };
            let mut changes = Vec::new();
            if !self.is_begun {
                let scopes = &self.levels[0].place.context.meta_content_scope;
                changes.extend(scopes.first().map(|scope| (0, ScopeStackOp::Push(*scope))));
                self.is_begun = true;
            }
            while self.token(&mut line, &mut changes)? {}
            Ok(changes)
        })
    }

    fn token(
        &mut self,
        line: &mut Line,
        changes: &mut Vec<(usize, ScopeStackOp)>,
    ) -> Result<bool, Spent> {
        line.budget.pay(TOKEN)?;
        let depth = self.levels.len();
        while self.given_starts.pop_if(|start| *start >= depth).is_some() {}
        let Some(best) = self.best(line)? else {
            return Ok(false);
        };
        if best.would_loop {
            // The next letter is looked at, as in Sublime Text.
            let next = line.text[line.at..].char_indices().nth(1);
            line.at += next.map_or(0, |(next, _)| next);
            return Ok(next.is_some());
        }
        let pattern = best.rule.pattern;
        if best.end <= line.at && matches!(pattern.operation, MatchOperation::Push(_)) {
            line.pushed = (best.end, depth + 1);
        }
        line.at = best.end;
        if best.was_given {
            self.given_starts.push(depth);
        }
        let groups = match &best.groups {
            Some(groups) => groups,
            None => &line.found.rules[best.rule.number].1,
        };
        self.changes(&best, groups, changes);
        self.go(line.text, groups, pattern);
        Ok(true)
    }

    /// The first match from there on; of those at one place that of the first rule.
    fn best(&mut self, line: &mut Line) -> Result<Option<Best>, Spent> {
        let depth = self.levels.len();
        // No grammar leaves the place where it begins.
        let Some(top) = self.levels.last() else {
            return Ok(None);
        };
        let may_loop = line.pushed == (line.at, depth);
        // What was given along, from the bottom to the top; what the grammar has everywhere; the
        // place itself. With each goes the level whose captures it refers to.
        let first = self.given_starts.last().copied().unwrap_or(0);
        let (place, prototype) = (top.place, top.place.prototype());
        let levels = first..depth;
        let given =
            levels.flat_map(|level| (0..self.levels[level].given.len()).map(move |n| (level, n)));
        let given: Vec<(usize, usize)> = given.collect();
        let given = given.into_iter().map(|(level, n)| (Some(level), Some(n)));
        let rest = [(None, None), (Some(depth - 1), None)];
        let mut best: Option<Best> = None;
        for (level, given) in given.chain(rest) {
            let place = match (level, given) {
                (Some(level), Some(n)) => Some(self.levels[level].given[n]),
                (Some(_), None) => Some(place),
                (None, _) => prototype,
            };
            for &rule in place.iter().flat_map(|place| &place.rules) {
                line.budget.pay(RULE)?;
                let level = level.map(|level| &mut self.levels[level]);
                let Some((start, end, groups)) = find(rule, level, line, depth)? else {
                    continue;
                };
                let is_better = best.as_ref().is_none_or(|best| {
                    start < best.start || start == best.start && best.would_loop
                });
                if !is_better {
                    continue;
                }
                let pops = matches!(rule.pattern.operation, MatchOperation::Pop);
                let would_loop = may_loop && end <= line.at && pops;
                best = Some(Best {
                    rule,
                    groups,
                    start,
                    end,
                    was_given: given.is_some(),
                    would_loop,
                });
                if start == line.at && !would_loop {
                    return Ok(best);
                }
            }
        }
        Ok(best)
    }

    /// Adds what changes with a match: scopes of the places that are left and entered, of the match
    /// and of its groups.
    fn changes(&self, best: &Best, groups: &Groups, changes: &mut Vec<(usize, ScopeStackOp)>) {
        let pattern = best.rule.pattern;
        self.meta(true, best.start, &pattern.operation, changes);
        changes.extend(
            pattern
                .scope
                .iter()
                .map(|scope| (best.start, ScopeStackOp::Push(*scope))),
        );

        let mut inner = Vec::new();
        for (group, scopes) in pattern.captures.iter().flatten() {
            let Some((start, end)) = group_at(groups, *group).filter(|(start, end)| start < end)
            else {
                continue;
            };
            // Of those that start together the longest comes first.
            for scope in scopes {
                inner.push(((start, Reverse(end - start)), ScopeStackOp::Push(*scope)));
            }
            inner.push(((end, Reverse(usize::MAX)), ScopeStackOp::Pop(scopes.len())));
        }
        inner.sort_by_key(|(place, _)| *place);
        changes.extend(inner.into_iter().map(|((at, _), change)| (at, change)));
        if !pattern.scope.is_empty() {
            changes.push((best.end, ScopeStackOp::Pop(pattern.scope.len())));
        }
        self.meta(false, best.end, &pattern.operation, changes);
    }

    /// The scopes of the contexts themselves, before what has matched and behind it.
    fn meta(
        &self,
        before: bool,
        at: usize,
        operation: &MatchOperation,
        changes: &mut Vec<(usize, ScopeStackOp)>,
    ) {
        let Some(level) = self.levels.last() else {
            return;
        };
        let current = level.place.context;
        let (targets, is_set) = match operation {
            MatchOperation::Push(targets) => (targets, false),
            MatchOperation::Set(targets) => (targets, true),
            MatchOperation::Pop => {
                let scopes = match before {
                    true => &current.meta_content_scope,
                    false => &current.meta_scope,
                };
                if !scopes.is_empty() {
                    changes.push((at, ScopeStackOp::Pop(scopes.len())));
                }
                if !before && current.clear_scopes.is_some() {
                    changes.push((at, ScopeStackOp::Restore));
                }
                return;
            }
            MatchOperation::None => return,
        };
        let targets = || {
            targets
                .iter()
                .filter_map(|target| target.resolve(&SYNTAXES).ok())
        };
        let clear = |target: &Context| {
            target
                .clear_scopes
                .map(|amount| (at, ScopeStackOp::Clear(amount)))
        };
        let push = |scope: &_| (at, ScopeStackOp::Push(*scope));
        if before {
            if is_set && current.clear_scopes.is_some() {
                changes.push((at, ScopeStackOp::Restore));
            }
            for target in targets() {
                changes.extend(clear(target).filter(|_| !is_set));
                changes.extend(target.meta_scope.iter().map(push));
            }
            return;
        }
        let left = current.meta_scope.len() + current.meta_content_scope.len();
        let again = is_set && left > 0
            || targets().any(|target| {
                !target.meta_content_scope.is_empty() || is_set && target.clear_scopes.is_some()
            });
        if !again {
            return;
        }
        let pushed: usize = targets().map(|target| target.meta_scope.len()).sum();
        let pops = pushed + if is_set { left } else { 0 };
        if pops > 0 {
            changes.push((at, ScopeStackOp::Pop(pops)));
        }
        for target in targets() {
            changes.extend(clear(target).filter(|_| is_set));
            changes.extend(target.meta_scope.iter().map(push));
            changes.extend(target.meta_content_scope.iter().map(push));
        }
    }

    /// Goes to where a match leads.
    fn go(&mut self, line: &str, groups: &Groups, pattern: &MatchPattern) {
        let (targets, mut left) = match &pattern.operation {
            MatchOperation::Push(targets) => (targets, None),
            // What was given along stays until its level is left.
            MatchOperation::Set(targets) => (targets, self.levels.pop()),
            MatchOperation::Pop => {
                self.levels.pop();
                return;
            }
            MatchOperation::None => return,
        };
        for (n, target) in targets.iter().enumerate() {
            let Ok(context) = target.resolve(&SYNTAXES) else {
                continue;
            };
            let mut given = left.take().map_or_else(Vec::new, |level| level.given);
            if n == targets.len() - 1
                && let Some(more) = &pattern.with_prototype
            {
                given.extend(more.resolve(&SYNTAXES).ok().map(Place::of));
            }
            let refers =
                context.uses_backrefs || given.iter().any(|given| given.context.uses_backrefs);
            let capture = |group: &Option<(usize, usize)>| {
                group.map_or_else(String::new, |(start, end)| line[start..end].to_owned())
            };
            self.levels.push(Level {
                place: Place::of(context),
                given,
                captures: refers.then(|| groups.iter().map(capture).collect()),
                with_captures: Vec::new(),
            });
        }
    }
}

/// Finds where a rule matches next, and its groups if they are not kept for the line.
fn find(
    rule: &'static Rule,
    level: Option<&mut Level>,
    line: &mut Line,
    depth: usize,
) -> Result<Option<(usize, usize, Option<Groups>)>, Spent> {
    let mut own = None;
    let place = match level {
        Some(level) if rule.pattern.has_captures && level.captures.is_some() => {
            let groups = match level.regex(rule, line.budget)? {
                Some(regex) => line.search(regex, Groups::new())?,
                None => Groups::new(),
            };
            group_at(own.insert(groups), 0)
        }
        _ => line.find(rule)?,
    };
    let does_something = |(start, end): &(usize, usize)| match rule.pattern.operation {
        MatchOperation::None => start != end,
        MatchOperation::Push(_) => depth < DEEPEST,
        _ => true,
    };
    let place = place.filter(does_something);
    Ok(place.map(|(start, end)| (start, end, own)))
}

impl Level {
    /// The expression of a rule, with what was captured before in it.
    fn regex(&mut self, rule: &Rule, budget: &mut Budget) -> Result<Option<&Regex>, Spent> {
        let mut known = self.with_captures.iter();
        let at = match known.position(|(number, _)| *number == rule.number) {
            Some(at) => at,
            None => {
                let captures = self.captures.as_deref().unwrap_or_default();
                let source = with_captures(rule.pattern.regex.regex_str(), captures);
                budget.pay(COMPILE + source.len())?;
                self.with_captures.push((rule.number, compiled(&source)));
                self.with_captures.len() - 1
            }
        };
        Ok(self.with_captures[at].1.as_ref())
    }
}

impl Line<'_> {
    /// Finds where a rule matches next.
    fn find(&mut self, rule: &Rule) -> Result<Option<(usize, usize)>, Spent> {
        if self.found.rules.len() <= rule.number {
            self.found.rules.resize(rule.number + 1, (0, Groups::new()));
        }
        let (line, groups) = &mut self.found.rules[rule.number];
        let place = group_at(groups, 0);
        if *line == self.found.line && place.is_none_or(|(start, _)| start >= self.at) {
            return Ok(place);
        }
        *line = self.found.line;
        let mut groups = std::mem::take(groups);
        match rule.regex() {
            Some(regex) => groups = self.search(regex, groups)?,
            None => groups.clear(),
        }
        let place = group_at(&groups, 0);
        self.found.rules[rule.number].1 = groups;
        Ok(place)
    }

    /// Finds where an expression matches from here on.
    fn search(&mut self, regex: &Regex, mut groups: Groups) -> Result<Groups, Spent> {
        groups.clear();
        if self.finds(regex)? {
            groups.extend((0..self.region.len()).map(|group| self.region.pos(group)));
        }
        Ok(groups)
    }

    fn finds(&mut self, regex: &Regex) -> Result<bool, Spent> {
        let Self {
            text, at, region, ..
        } = self;
        let options = SearchOptions::SEARCH_OPTION_NONE;
        let limit = |retries| {
            let mut limit = MatchParam::default();
            limit.set_retry_limit_in_match(retries);
            limit
        };
        let until = text.len();
        for (retries, price) in RETRIES {
            self.budget.pay(SEARCH)?;
            let limit = limit(retries);
            let found = regex.search_with_param(*text, *at, until, options, Some(region), limit);
            if let Ok(found) = found {
                self.budget.pay(price * (found.unwrap_or(until) - *at))?;
                return Ok(found.is_some());
            }
        }
        // At one place or more it backtracks much: each is looked at by itself, and what that costs
        // is counted. (A search up to some place only would not see the text behind it.)
        let places = text[*at..].char_indices().map(|(place, _)| *at + place);
        for place in places.chain([until]) {
            let mut retries = FEW_RETRIES;
            loop {
                self.budget.pay(SEARCH + retries as usize / 2)?;
                match regex.match_with_param(*text, place, options, Some(region), limit(retries)) {
                    Ok(Some(_)) => return Ok(true),
                    Ok(None) => break,
                    Err(_) if retries >= MOST_RETRIES => return Err(Spent),
                    Err(_) => retries *= 8,
                }
            }
        }
        Ok(false)
    }
}

/// Counts the pairs of a blank byte and one behind it in the same space that a line has.
fn blanks(line: &str) -> usize {
    let mut run = 0;
    let pairs = line.bytes().map(|byte| {
        run = if byte.is_ascii_whitespace() {
            run + 1
        } else {
            0
        };
        run
    });
    pairs.sum()
}

fn group_at(groups: &Groups, group: usize) -> Option<(usize, usize)> {
    groups.get(group).copied().flatten()
}
