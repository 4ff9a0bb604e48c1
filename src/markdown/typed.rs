//! Protects text that models mean as they typed it and that the parser would take for marks. Before
//! the text is parsed, letters of private use go in where a mark must not be one, or must be; behind
//! it, they go out of what was parsed.
//!
//! All of this looks at one line and at those before it in its paragraph, never at what follows a
//! block: a text that grows is cut between blocks, and must come out the same.

use std::borrow::Cow;

use comrak::nodes::NodeValue;

use super::{
    fences::{Fences, has_fences_in_items},
    inline_html,
    math::dollars::{self, Dollars},
};

/// Stands on both sides of what takes the place of a mark: emphasis must meet punctuation there, as it
/// would have met the mark. Neither an address nor emphasis begins with it or ends before it.
const EDGE: char = '=';
/// A tilde that stands alone: `3~5일`.
const TILDE: char = '\u{e0d0}';
/// A dollar that opens no formula.
const DOLLAR: char = '\u{e0d1}';
/// Nothing, so that what follows does not stand at the start of a line.
pub(super) const NOTHING: char = '\u{e0d2}';
/// Stands before the dollars that were put around an environment, and behind them.
const AROUND: char = '\u{e0d3}';
/// Begins a formula that was typed with `\(` or `\[`.
const BACKSLASH: char = '\u{e0d4}';

/// A backslash in an environment that is text.
const KEPT: char = '\u{e0d5}';

/// All of them begin with it, and hardly anything else does.
const FIRST_BYTE: u8 = 0xee;

/// A greater number is a year, not that of a list's item: `2026. 11. 30.`
const GREATEST_NUMBER: u32 = 999;

/// The signs in a text that ask for a closer look. Most texts that grow have nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs(u8);

impl Signs {
    /// Of what was typed for something else than the parser takes it for.
    const TYPED: u8 = 1;
    /// Of links, numbered lists and HTML.
    const NODES: u8 = 2;
    /// Of what [`guarded`] puts in.
    const OURS: u8 = 4;
    /// Behind digits it is the sign of an item.
    const NUMBER: u8 = 8;
    /// Two of them are the sign of an address.
    const W: u8 = 16;
    /// Three of them are a fence.
    const FENCE: u8 = 32;
    /// Alone it ends a line.
    const RETURN: u8 = 64;
    /// Of fences in items.
    const FENCES_IN_ITEMS: u8 = 128;

    /// Those of each byte by itself.
    const OF_BYTE: [u8; 256] = {
        let mut signs = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            signs[byte] = match byte as u8 {
                b'$' | b'\\' => Self::TYPED,
                b'~' => Self::TYPED | Self::FENCE,
                b'<' => Self::TYPED | Self::NODES,
                b'[' | b':' | b'@' | b'&' => Self::NODES,
                b'.' | b')' => Self::NUMBER,
                b'w' => Self::W,
                b'`' => Self::FENCE,
                b'\r' => Self::RETURN,
                FIRST_BYTE => Self::OURS,
                _ => 0,
            };
            byte += 1;
        }
        signs
    };

    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        // Without a branch, as every text is looked at whole, time and again.
        let mut signs = bytes
            .iter()
            .fold(0, |signs, byte| signs | Self::OF_BYTE[usize::from(*byte)]);
        let has = |is: fn(&[u8]) -> bool| bytes.windows(2).any(is);
        if signs & Self::NUMBER != 0
            && has(|pair| pair[0].is_ascii_digit() && matches!(pair[1], b'.' | b')'))
        {
            signs |= Self::TYPED | Self::NODES;
        }
        if signs & Self::FENCE != 0 && has_fences_in_items(text) {
            signs |= Self::TYPED | Self::FENCES_IN_ITEMS;
        }
        if signs & Self::W != 0 && has(|pair| pair == b"ww") {
            signs |= Self::NODES;
        }
        Self(signs)
    }

    /// Tells whether [`guarded`] may have something to do.
    pub(super) fn typed(self) -> bool {
        self.0 & Self::TYPED != 0
    }

    /// Tells whether there may be links, numbered lists or HTML.
    pub(super) fn nodes(self) -> bool {
        self.0 & Self::NODES != 0
    }

    /// Tells whether there may be a line that ends as those of old Macs do.
    pub(super) fn returns(self) -> bool {
        self.0 & Self::RETURN != 0
    }

    /// Tells whether there may be a fence in an item.
    fn fences_in_items(self) -> bool {
        self.0 & Self::FENCES_IN_ITEMS != 0
    }

    /// Tells whether there may be letters that are taken for what [`guarded`] puts in.
    pub(super) fn ours(self) -> bool {
        self.0 & Self::OURS != 0
    }
}

/// The text with each line's end that is a lone return as the parser knows it everywhere.
pub(super) fn with_line_ends(text: &str) -> Cow<'_, str> {
    let alone = |(at, _): &(usize, &str)| !text[at + 1..].starts_with('\n');
    let mut returns = text.match_indices('\r').filter(alone).peekable();
    if returns.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut from) = (String::with_capacity(text.len()), 0);
    for (at, _) in returns {
        out.push_str(&text[from..at]);
        out.push('\n');
        from = at + 1;
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// The text for the parser, by its signs. No return stands alone in it.
pub(super) fn guarded(text: &str, signs: Signs) -> Cow<'_, str> {
    let mut guard = Guard {
        text,
        out: String::new(),
        copied: 0,
        has_marks: text.bytes().any(|byte| matches!(byte, b'~' | b'$' | b'\\')),
        open: None,
        block: None,
        closes: None,
        in_environment: false,
        fences: signs.fences_in_items().then(Fences::default),
    };
    guard.lines();
    guard.close(text.len());
    if guard.out.is_empty() {
        return Cow::Borrowed(text);
    }
    guard.out.push_str(&text[guard.copied..]);
    Cow::Owned(guard.out)
}

struct Guard<'a> {
    text: &'a str,
    out: String,
    /// Up to here the text is in what comes out.
    copied: usize,
    /// True if there are tildes, dollars or backslashes in it.
    has_marks: bool,
    /// The text that closes the open formula of many lines.
    open: Option<&'static str>,
    /// The same for one whose lines can begin nothing else.
    block: Option<String>,
    /// The end of an environment that has dollars before it.
    closes: Option<usize>,
    /// True if an environment is open that is no formula, as one with an empty line in it.
    in_environment: bool,
    fences: Option<Fences>,
}

impl Guard<'_> {
    fn lines(&mut self) {
        let (mut end, mut done, mut last) = (0, 0, Beginning::default());
        for line in self.text.split_inclusive('\n') {
            let start = end;
            end += line.len();
            if self.goes_on_in_formula(start, line, &last) {
                done = self.inside(done.max(start), end);
                self.end_block(line);
                continue;
            }
            if start < done {
                // An environment ends in this line or goes on behind it.
                done = self.inside(done, end);
                continue;
            }
            if let Some(fences) = &mut self.fences {
                let missing = fences.read(line);
                let in_code = fences.in_code();
                if let Some(missing) = missing {
                    self.put(start + missing.at, 0, &[' '].repeat(missing.spaces));
                }
                if in_code {
                    (self.open, self.in_environment) = (None, false);
                    (done, last) = (end, Beginning::default());
                    continue;
                }
            }
            let beginning = self.beginning(start, line);
            let content = &line[beginning.bytes..];
            if (self.open.is_some() || self.in_environment)
                && (last.ends || begins_block(content) || beginning.is_of_another_block(&last))
            {
                (self.open, self.in_environment) = (None, false);
            }
            done = self.inside(start + beginning.bytes, end);
            // Or it may be code.
            if content.starts_with(['$', '\\']) && indent(&line[..beginning.bytes]) < 4 {
                self.block = self.block_of(content);
            }
            last = beginning;
            last.ends = self.open.is_some() && (begins_block(content) || ends_html(content));
        }
    }

    /// Returns what closes a formula that a line begins alone, if it is still open.
    fn block_of(&self, content: &str) -> Option<String> {
        let content = content.trim();
        match self.open {
            Some(closing) if matches!(content, "$$" | "\\[") => Some(closing.to_owned()),
            _ => {
                let name = dollars::environment_name(content)?;
                let is_formula = self.closes.is_some() || dollars::is_formula_by_name(name);
                let end = format!("\\end{{{name}}}");
                (is_formula && !content.contains(&end)).then_some(end)
            }
        }
    }

    /// Tells whether a line goes on in such a formula, whose lines begin nothing else: not with `-
    /// b`, nor with `= c`.
    fn goes_on_in_formula(&mut self, start: usize, line: &str, last: &Beginning) -> bool {
        if self.block.is_none() {
            return false;
        }
        let content = line.trim_start_matches([' ', '\t']);
        let (mut content, mut quotes) = (content, last.quotes);
        while quotes > 0
            && let Some(quoted) = content.strip_prefix('>')
        {
            content = quoted.trim_start_matches([' ', '\t']);
            quotes -= 1;
        }
        if quotes > 0
            || content.trim().is_empty()
            || content.starts_with("```")
            || content.starts_with("~~~")
        {
            self.block = None;
            return false;
        }
        if content.starts_with(|c: char| c.is_ascii_digit() || "-+*=#>|_<".contains(c)) {
            let at = start + line.len() - content.len();
            self.close(at);
            self.put(at, 0, &[NOTHING]);
        }
        true
    }

    /// Ends the formula that a line closes.
    fn end_block(&mut self, line: &str) {
        if self
            .block
            .as_deref()
            .is_some_and(|closing| line.contains(closing))
        {
            self.block = None;
        }
    }

    /// Puts dollars behind an environment that ends up to there.
    fn close(&mut self, until: usize) {
        if let Some(end) = self.closes.take_if(|end| *end <= until) {
            self.put(end, 0, &['$', '$', AROUND, EDGE]);
        }
    }

    /// Puts `with` in the place of so many bytes.
    fn put(&mut self, at: usize, bytes: usize, with: &[char]) {
        self.out.push_str(&self.text[self.copied..at]);
        self.out.extend(with);
        self.copied = at + bytes;
    }

    /// Reads the marks of quotes and items that a line begins with.
    fn beginning(&mut self, start: usize, line: &str) -> Beginning {
        let mut beginning = Beginning::default();
        loop {
            let at = beginning.bytes;
            match &line.as_bytes()[at..] {
                [b' ' | b'\t', ..] => beginning.bytes += 1,
                [b'>', ..] => {
                    beginning.bytes += 1;
                    beginning.quotes += 1;
                }
                [b'-' | b'*' | b'+', b' ' | b'\t', ..] => {
                    beginning.bytes += 2;
                    beginning.item = true;
                }
                rest @ [b'0'..=b'9', ..] => {
                    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    let marked = match &rest[digits..] {
                        [b'.' | b')', after, ..] => after.is_ascii_whitespace(),
                        [b'.' | b')'] => true,
                        _ => false,
                    };
                    if !marked || digits > 9 {
                        return beginning;
                    }
                    if is_date(&line[at..]) {
                        self.put(start + at, 0, &[NOTHING]);
                        return beginning;
                    }
                    beginning.bytes += digits + 1;
                    beginning.item = true;
                }
                [b'<', ..] => {
                    // Alone on its line it would begin a block of HTML.
                    if inline_html::known(&line[at..]).is_some() {
                        self.put(start + at, 0, &[NOTHING]);
                    }
                    return beginning;
                }
                _ => return beginning,
            }
        }
    }

    /// The marks between there and the end of a line; up to where the text was looked at.
    fn inside(&mut self, mut at: usize, end: usize) -> usize {
        let text = self.text;
        if !self.has_marks {
            return at.max(end);
        }
        let mut no_ticks = 0_u64;
        self.close(at.min(end));
        while at < end
            && let Some(next) = text.as_bytes()[at..end]
                .iter()
                .position(|byte| matches!(byte, b'\\' | b'`' | b'~' | b'$'))
        {
            at += next;
            let rest = &text[at..end];
            let run = |mark: u8| rest.bytes().take_while(|byte| *byte == mark).count();
            at += match rest.as_bytes()[0] {
                b'`' => in_ticks(rest, &mut no_ticks),
                b'~' => {
                    let tildes = run(b'~');
                    if tildes == 1 {
                        self.put(at, 1, &[EDGE, TILDE, EDGE]);
                    }
                    tildes
                }
                b'$' => self.dollars(at, end, run(b'$')),
                _ => match self.backslash(at, end) {
                    Some(bytes) => bytes,
                    None => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
                },
            };
            self.close(at.min(end));
        }
        at.max(end)
    }

    /// Reads what begins with dollars: so many bytes of it.
    fn dollars(&mut self, at: usize, end: usize, run: usize) -> usize {
        if let Some(closing) = self.open {
            if closing.len() == run && closing.starts_with('$') {
                self.open = None;
            }
            return run;
        }
        match dollars::read(self.text, at, end, run) {
            Dollars::Formula(bytes) => {
                if run == 1 {
                    self.keep_dollars(at + 1, at + bytes - 1);
                }
                return bytes;
            }
            Dollars::Open => self.open = Some(if run == 2 { "$$" } else { "$" }),
            Dollars::Text if run == 1 => self.put(at, run, &[EDGE, DOLLAR, EDGE]),
            Dollars::Text => self.put(at, run, &[EDGE, DOLLAR, DOLLAR, EDGE]),
            Dollars::Unknown => {}
        }
        run
    }

    /// Keeps those inside of a formula from closing it.
    fn keep_dollars(&mut self, from: usize, to: usize) {
        let inside = &self.text[from..to];
        for (at, _) in inside.match_indices('$') {
            if !inside[..at].ends_with('\\') {
                self.put(from + at, 1, &[EDGE, DOLLAR, EDGE]);
            }
        }
    }

    /// A formula in backslashes, or an environment without any dollars around it.
    fn backslash(&mut self, at: usize, end: usize) -> Option<usize> {
        let rest = &self.text[at..end];
        if let Some(closing) = self.open {
            if rest.starts_with(closing) {
                self.open = None;
            }
            return None;
        }
        let closing = match rest.as_bytes().get(1)? {
            b'(' => "\\)",
            b'[' => "\\]",
            b'b' => {
                let Some(bytes) = dollars::environment(&self.text[at..]) else {
                    self.in_environment |= dollars::environment_name(rest).is_some();
                    return None;
                };
                self.put(at, 0, &[EDGE, AROUND, '$', '$']);
                self.closes = Some(at + bytes);
                return Some(bytes);
            }
            b'e' if rest.starts_with("\\end{") => {
                self.in_environment = false;
                return None;
            }
            mark if self.in_environment && mark.is_ascii_punctuation() => {
                self.put(at, 1, &[KEPT]);
                // The second one may be that of `\\\\`.
                if *mark == b'\\' {
                    self.put(at + 1, 1, &[KEPT]);
                }
                return None;
            }
            _ => return None,
        };
        self.put(at + 2, 0, &[BACKSLASH]);
        match rest[2..].find(closing) {
            Some(inside) => Some(inside + 4),
            None => {
                self.open = Some(closing);
                Some(2)
            }
        }
    }
}

/// Tells whether a line begins with a date and not with an item's number: `2026. 11. 30.`,
/// `12. 25. 성탄절`, `26. 11. 30.`; but with an item in `1. 12. 25. 성탄절`.
pub(super) fn is_date(line: &str) -> bool {
    let mut numbers = Vec::new();
    let mut rest = line;
    while numbers.len() < 3
        && let Some((number, after)) = rest.split_once(['.', ')'])
        && (1..=9).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        let dot = rest.as_bytes()[number.len()] == b'.';
        numbers.push((number.len(), number.parse::<u32>().unwrap_or(u32::MAX), dot));
        rest = after.trim_start_matches(' ');
    }
    let day = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
    match *numbers {
        [(_, year, _), ..] if year > GREATEST_NUMBER => true,
        // Of years with two digits, those that are no numbers of items.
        [(2, year, true), (_, month, true), (_, date, true)] if day(month, date) => {
            (20..100).contains(&year) || line.starts_with('0')
        }
        [(_, _, true), (_, month, true), (_, date, true)] if day(month, date) => false,
        [(_, month, true), (_, date, true), ..] => day(month, date),
        _ => false,
    }
}

/// The marks of quotes and items that a line begins with.
#[derive(Default)]
struct Beginning {
    bytes: usize,
    quotes: usize,
    /// True if an item begins here.
    item: bool,
    /// True if its line is the last one of its block.
    ends: bool,
}

impl Beginning {
    /// Tells whether a line begins in another way than one that goes on with the paragraph before.
    fn is_of_another_block(&self, last: &Self) -> bool {
        self.item || self.quotes != last.quotes || self.bytes < last.bytes
    }
}

/// Measures how far the marks of quotes and items put what follows to the right.
fn indent(marks: &str) -> usize {
    let spaces = marks.bytes().rev().take_while(u8::is_ascii_whitespace);
    spaces.map(|byte| if byte == b'\t' { 4 } else { 1 }).sum()
}

/// Tells whether a line, without the marks of quotes and items, can be no part of a paragraph.
fn begins_block(line: &str) -> bool {
    let mut marks = line.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let Some(first) = marks.next() else {
        return true;
    };
    match first {
        b'#' => true,
        b'`' => line.starts_with("```"),
        b'~' => line.starts_with("~~~"),
        b'<' => line[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)),
        b'-' | b'_' | b'*' | b'=' => marks.all(|mark| mark == first),
        _ => false,
    }
}

/// Tells whether a block of HTML could end with a line.
fn ends_html(line: &str) -> bool {
    ["-->", "?>", "]]>", "</"]
        .iter()
        .any(|end| line.contains(end))
}

/// Measures code in ticks, or the ticks alone where the line does not close it.
fn in_ticks(text: &str, none: &mut u64) -> usize {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let bit = 1_u64.checked_shl(ticks as u32).unwrap_or(0);
    if *none & bit != 0 || bit == 0 {
        return ticks;
    }
    let mut at = ticks;
    while let Some(next) = text[at..].find('`') {
        let run = text[at + next..]
            .bytes()
            .take_while(|byte| *byte == b'`')
            .count();
        at += next + run;
        if run == ticks {
            return at;
        }
    }
    *none |= bit;
    ticks
}

/// Takes out of the text of a link what [`guarded`] put in, but [`NOTHING`]: the text may be read again.
pub(super) fn restore_link_text(value: &mut NodeValue) {
    if let NodeValue::Text(text) = value
        && let Some(typed) = as_typed(text, |c| c == NOTHING)
    {
        *text = typed.into();
    }
}

/// Takes out of what was parsed what [`guarded`] put in.
pub(super) fn restore(value: &mut NodeValue) {
    match value {
        NodeValue::Text(text) => {
            if let Some(typed) = as_typed(text, |_| false) {
                *text = typed.into();
            }
        }
        NodeValue::Link(link) | NodeValue::Image(link) => {
            set(&mut link.url);
            set(&mut link.title);
        }
        NodeValue::CodeBlock(code) => {
            set(&mut code.info);
            set(&mut code.literal);
        }
        NodeValue::Code(code) => set(&mut code.literal),
        NodeValue::HtmlInline(html) => set(html),
        NodeValue::HtmlBlock(html) => set(&mut html.literal),
        NodeValue::Math(math) => {
            math.dollar_math = !math.literal.starts_with(BACKSLASH);
            set(&mut math.literal);
        }
        NodeValue::Alert(alert) => alert.title.iter_mut().for_each(set),
        NodeValue::FootnoteReference(note) => set(&mut note.name),
        NodeValue::FootnoteDefinition(note) => set(&mut note.name),
        _ => {}
    }
}

fn set(text: &mut String) {
    if let Some(typed) = as_typed(text, |_| false) {
        *text = typed;
    }
}

/// The text as it was typed, if there is something of ours in it.
fn as_typed(text: &str, stays: impl Fn(char) -> bool) -> Option<String> {
    if !may_have_guards(text) {
        return None;
    }
    let first = text.find(is_ours)?;
    let mut typed = text[..first].to_owned();
    let mut rest = &text[first..];
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let has_edges = matches!(c, TILDE | DOLLAR | AROUND);
        if has_edges && typed.ends_with(EDGE) {
            typed.pop();
        }
        match c {
            TILDE => typed.push('~'),
            DOLLAR => typed.push('$'),
            KEPT => typed.push('\\'),
            // The dollars go as well: behind it, or before it.
            AROUND => match rest.strip_prefix("$$") {
                Some(after) => rest = after,
                None => typed.truncate(typed.strip_suffix("$$").unwrap_or(&typed).len()),
            },
            _ if is_ours(c) && !stays(c) => {}
            c => typed.push(c),
        }
        if has_edges {
            rest = rest.strip_prefix(EDGE).unwrap_or(rest);
        }
    }
    Some(typed)
}

/// Tells whether there can be something of ours in a text: their first byte hardly anything else
/// has.
fn may_have_guards(text: &str) -> bool {
    text.bytes().any(|byte| byte == FIRST_BYTE)
}

fn is_ours(c: char) -> bool {
    matches!(c, TILDE..=KEPT)
}

#[cfg(test)]
mod tests {
    use crate::markdown::{code, render};

    #[test]
    fn one_tilde_is_text_and_two_strike_out() {
        for text in [
            "행사는 3~5일이고, 참가자는 10~20명입니다.",
            "20~25도(체감 22~27도)",
            "(~$1.50) and (~$10)",
            "H~2~O ~a~ b~",
            "좋아요~ 봐요~",
            "a ~/.bashrc b ~/.profile",
            "https 없이 ~user~",
        ] {
            assert_eq!(render(text), format!("<p>{text}</p>\n"));
        }
        for (text, html) in [
            ("~~취소~~했다", "<del>취소</del>했다"),
            ("~~3~5일~~ 6~7일", "<del>3~5일</del> 6~7일"),
            ("3~**5~6**일", "3~<strong>5~6</strong>일"),
            ("`a~b` 3~5 \\~x\\~", "<code>a~b</code> 3~5 ~x~"),
        ] {
            assert_eq!(render(text), format!("<p>{html}</p>\n"), "{text}");
        }
        let table = render("|a|\n|-|\n|3~6개월, 6~9개월|\n");
        assert!(table.contains("<td>3~6개월, 6~9개월</td>"), "{table}");
        assert!(render("[a](https://a.b/~c)").contains("href=\"https://a.b/~c\""));
        assert!(render("https://a.b/~c ~d~").contains("href=\"https://a.b/~c\""));
        assert_eq!(code("~~~sh\ncd ~\n~~~\n", 1).as_deref(), Some("cd ~\n"));
    }

    #[test]
    fn emphasis_meets_marks_that_are_text_as_punctuation() {
        for (text, html) in [
            (
                "**10%**~**20%**",
                "<strong>10%</strong>~<strong>20%</strong>",
            ),
            ("**10%**~20%", "<strong>10%</strong>~20%"),
            ("~**\"5\"**", "~<strong>&quot;5&quot;</strong>"),
            ("*(a)*~*(b)*", "<em>(a)</em>~<em>(b)</em>"),
            ("~~(a)~~$5, $6", "<del>(a)</del>$5, $6"),
            (
                "가격은 **약 5,000원(세금 포함)**~",
                "가격은 <strong>약 5,000원(세금 포함)</strong>~",
            ),
            (
                "**월간:**$5, 연간 $50",
                "<strong>월간:</strong>$5, 연간 $50",
            ),
            (
                "**Price:**$5 (was $10)",
                "<strong>Price:</strong>$5 (was $10)",
            ),
            ("**$5**~**$10**", "<strong>$5</strong>~<strong>$10</strong>"),
            ("$**(a)** $", "$<strong>(a)</strong> $"),
            (
                "US$**\"5\"**, $10",
                "US$<strong>&quot;5&quot;</strong>, $10",
            ),
            // What stood beside them stays.
            ("a=~b=~=c ~=~", "a=~b=~=c ~=~"),
            ("=$5=$10= $=$6", "=$5=$10= $=$6"),
            ("me@a=~b ~/a=$HOME/b=$PATH", "me@a=~b ~/a=$HOME/b=$PATH"),
            ("`a\n~b=~` ~c", "<code>a ~b=~</code> ~c"),
        ] {
            assert_eq!(render(text), format!("<p>{html}</p>\n"), "{text}");
        }
        for text in [
            "**값(식):**\\begin{pmatrix}1\\end{pmatrix}",
            "\\begin{pmatrix}1\\end{pmatrix}**(값)**",
            "a=\\begin{pmatrix}1\\end{pmatrix}=**b**",
        ] {
            let html = render(text);
            assert!(
                html.contains("<math") && html.contains("<strong>") && !html.contains('*'),
                "{text}: {html}"
            );
        }
        assert!(
            render("a=\\begin{pmatrix}1\\end{pmatrix}=")
                .contains("<p>a=<span class=\"table\" tabindex=\"0\"><math")
        );
        assert!(render("https://a.b/c~에서").contains("href=\"https://a.b/c\""));
        assert!(render("~me@a.example~").contains(">me@a.example</a>~</p>"));
    }

    #[test]
    fn the_number_of_a_year_begins_no_list() {
        for text in [
            "2026. 11. 30. 월요일\n2026. 12. 1. 화요일",
            "2026. 11. 30.",
            "1999) a",
            "12. 25. 성탄절\n1. 1. 새해",
            "11. 30. (월) 회의",
            "5. 5.",
            "26. 11. 30. 작성",
            "05. 3. 1.",
            "3.1. 절",
        ] {
            let html = text.replace('\n', "<br />\n");
            assert_eq!(render(text), format!("<p>{html}</p>\n"));
        }
        let list = render("- 2026. 11. 30. 회의\n- 2026. 12. 1. 휴일\n");
        assert!(list.contains("<li>2026. 11. 30. 회의</li>"), "{list}");
        let list = render("1. 2026. 11. 30. 회의\n2. 2026. 12. 1. 휴일\n");
        assert!(
            list.contains("<ol dir=\"auto\">\n<li>2026. 11. 30. 회의</li>"),
            "{list}"
        );
        let list = render("- 12. 25. 성탄절\n- 26. 1. 1. 새해\n");
        assert!(list.contains("<li>12. 25. 성탄절</li>"), "{list}");
        assert!(list.contains("<li>26. 1. 1. 새해</li>"), "{list}");
        let list = render("1. 12. 25. 성탄절\n2. 1. 1. 새해\n");
        assert!(list.contains("<li>12. 25. 성탄절</li>"), "{list}");
        assert!(list.contains("<li>1. 1. 새해</li>"), "{list}");
        for list in ["13. 25. a", "1. 40. a", "1) 2) a", "1. 2) a", "0. 1. a"] {
            assert!(render(list).contains("<ol"), "{list}");
        }
        assert!(render("> 2026. 1. 2.").contains("<p>2026. 1. 2.</p>"));
        assert!(render("999. a").contains("<ol start=\"999\""));
    }

    #[test]
    fn the_ends_of_lines_are_seen() {
        assert_eq!(
            render("홍길동\n서울시 중구 1-2\n010-0000-0000"),
            "<p>홍길동<br />\n서울시 중구 1-2<br />\n010-0000-0000</p>\n"
        );
        assert_eq!(
            render("① a\n② **b\nc**"),
            "<p>① a<br />\n② <strong>b<br />\nc</strong></p>\n"
        );
        assert_eq!(render("a  \nb"), "<p>a<br />\nb</p>\n");
        assert_eq!(
            render("a\r**b**\rc\r\nd\r\r# e\r> f\rg"),
            "<p>a<br />\n<strong>b</strong><br />\nc<br />\nd</p>\n<h1>e</h1>\n\
             <blockquote dir=\"auto\">\n<p>f<br />\ng</p>\n</blockquote>\n"
        );
        assert_eq!(code("```\ra\rb\r```\r", 1).as_deref(), Some("a\nb\n"));
        assert_eq!(
            render("- a\n  b\n"),
            "<ul dir=\"auto\">\n<li>a<br />\nb</li>\n</ul>\n"
        );
    }

    #[test]
    fn an_environment_that_is_no_formula_keeps_its_backslashes() {
        for text in [
            "\\begin{tabular}{l} a \\\\ b \\end{tabular}",
            "\\begin{tabular}{ll}\na & b \\\\\nc & 5\\% \\\\ \\hline\n\\end{tabular}",
            "\\begin{itemize}\\item a \\item b\\end{itemize}",
            "\\begin{tikzpicture}\\draw (0,0) -- (1,1);\\end{tikzpicture}",
            "글 \\begin{theorem}\n모든 x \\\\ 참\n\\end{theorem} 끝",
            "\\begin{subequations}\na &= b \\\\\nc\n\\end{subequations}",
            "\\begin{foo*} a \\\\ b \\end{foo*}",
        ] {
            let shown = crate::markdown::render(text);
            let shown = shown.replace("&amp;", "&");
            let source = text.trim_start_matches("글 ").trim_end_matches(" 끝");
            assert!(
                shown.contains(&format!("<code class=\"math\">{source}</code>")),
                "{shown}"
            );
        }
        for text in [
            "\\begin{theorem}\n모든 $x$에 \\\\ 참 \\{a\\}\n\\end{theorem}",
            "\\begin{align*}\na &= b \\\\\n\nc &= d\n\\end{align*}",
            "\\begin{align} a \\\\ b",
        ] {
            let html = render(text);
            assert_eq!(
                html.matches('\\').count(),
                text.matches('\\').count(),
                "{html}"
            );
        }
        let html = render("\\begin{x} $a$ \\end{x} \\\\ b \\* c");
        assert!(html.ends_with("\\end{x} \\ b * c</p>\n"), "{html}");
        assert!(render("\\begin{x} a\n\nb \\* c").ends_with("<p>b * c</p>\n"));
    }

    #[test]
    fn an_environment_is_a_formula_without_dollars() {
        for text in [
            "\\begin{align}a&=b\\\\c&=d\\end{align}",
            "식:\n\\begin{align}\na &= b \\\\\n  &= c\n\\end{align}\n끝",
            "\\begin{equation}\nE = mc^2\n\\end{equation}",
            "- \\begin{cases} 1 & x > 0 \\\\ 0 & \\text{그 밖} \\end{cases}",
            "> \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}",
            "\\begin{gather*}\na_1 \\\\ b_2\n\\end{gather*}",
            // Their lines begin nothing else.
            "\\begin{align}\na &= b \\\\\n- c &= d \\\\\n1. &= e\n\\end{align}",
            "$$\na\n= b\n+ c\n- d\n$$",
            "\\[\na\n=\nb\n\\]",
            "> $$\n> a\n> - b\n> > c\n> $$",
            "$$\n\\begin{aligned}\na &= b\n\\end{aligned}\n$$",
            "\\[\n\\begin{aligned}\na &= b\n\\end{aligned}\n\\]",
            "\\begin{dcases} x & y \\\\ z & w \\end{dcases}",
            "\\begin{rcases} x \\\\ z \\end{rcases}",
            "1. 식\n   $$\n   \\begin{aligned}\n   a &= b\n   \\end{aligned}\n   $$\n",
        ] {
            let html = render(text);
            assert_eq!(html.matches("<math").count(), 1, "{text}: {html}");
            assert!(
                !html.contains("$$") && !html.contains("\\begin{a</"),
                "{html}"
            );
        }
        for text in [
            "`\\begin{align}a\\end{align}`",
            "```tex\n\\begin{align}\na\n\\end{align}\n```",
            "\\begin{document} a \\end{document}",
            "\\begin{align} a",
        ] {
            let html = render(text);
            assert!(!html.contains("<math") && !html.contains('$'), "{html}");
        }
        assert_eq!(
            code("```tex\n\\begin{align}\na\n\\end{align}\n```", 1).as_deref(),
            Some("\\begin{align}\na\n\\end{align}\n")
        );
    }
}
