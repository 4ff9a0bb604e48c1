//! Addresses that stand in prose without any brackets: where they end.

use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options};

use super::typed::{self, NOTHING};

/// Characters that can be more than text.
const MARKS: [char; 10] = ['*', '_', '~', '`', '[', '<', '$', '\\', '&', ':'];

/// Particles that prose puts right behind an address that ends in a slash or in another mark; polite
/// ones have 요 behind them.
const PARTICLES: &[&str] = &[
    "가",
    "과",
    "까지",
    "까지는",
    "께",
    "는",
    "도",
    "라",
    "라고",
    "라는",
    "랑",
    "로",
    "로는",
    "로도",
    "를",
    "마다",
    "만",
    "보다",
    "부터",
    "에",
    "에게",
    "에는",
    "에도",
    "에만",
    "에서",
    "에서는",
    "에서도",
    "에서만",
    "에서의",
    "예",
    "와",
    "으로",
    "으로는",
    "으로도",
    "은",
    "을",
    "의",
    "이",
    "이고",
    "이나",
    "이다",
    "이라",
    "이라고",
    "이라는",
    "이랑",
    "이며",
    "이지만",
    "인",
    "인데",
    "입니까",
    "입니다",
    "처럼",
    "하고",
    "한테",
];

/// Names that a host in Hangul ends in, and that particles follow without a dot.
const HANGUL_DOMAINS: &[&str] = &["한국", "닷컴", "닷넷", "삼성"];

/// Those of Japanese, and words that Chinese prose goes on with, right behind a host's slash.
const WORDS_BEHIND_A_HOST: &[&str] = &[
    "を", "は", "が", "に", "で", "へ", "と", "も", "の", "や", "から", "まで", "より", "です",
    "的", "上", "和", "或", "中", "是", "了", "来", "以", "可以", "查看", "进行", "获取", "下载",
    "这", "就", "即可",
];

/// Distance that emphasis around an address may reach back, in pieces of text.
const NEAR: usize = 16;
/// Bytes of text behind addresses that are read again, in all, for each byte of a document.
const READ_AGAIN: usize = 8;

/// Ends addresses where the sentence goes on right behind them, as it does in Korean, Japanese and
/// Chinese, and closes the emphasis that the parser takes for a part of one:
/// `**https://example.org**에서`.
pub(super) fn end_links<'a>(arena: &'a Arena<'a>, root: Node<'a>, bytes: usize, options: &Options) {
    let mut patience = bytes * READ_AGAIN;
    let mut links = bare_links(root);
    while let Some(link) = links.pop() {
        let text = bare_text(link);
        for child in link.children() {
            typed::restore(&mut child.data_mut().value);
        }
        let Some(text) = text else {
            continue;
        };
        let (address, behind) = text.split_at(address_end(&text));
        if behind.is_empty() {
            continue;
        }
        let emphasis = opening_of(link, behind);
        let behind = &behind[emphasis.as_ref().map_or(0, |emphasis| emphasis.mark.len())..];
        end_link(link, address, &text[address.len()..].replace(NOTHING, ""));
        // Nobody has read it yet: all of the sentence was a part of the address.
        let marked = behind.contains(MARKS) || behind.contains("www.");
        let read = marked && behind.len() < patience;
        let sentence = read.then(|| super::read(arena, &format!("{NOTHING}{behind}"), options));
        match sentence.flatten().and_then(|(root, _)| root.first_child()) {
            Some(sentence) => {
                patience -= behind.len();
                links.extend(bare_links(sentence));
                let nodes: Vec<Node> = sentence.children().collect();
                nodes
                    .into_iter()
                    .rev()
                    .for_each(|node| link.insert_after(node));
            }
            None => link.insert_after(text_node(arena, &behind.replace(NOTHING, ""))),
        }
        if let Some(emphasis) = emphasis {
            emphasis.close_behind(arena, link);
        }
    }
}

/// Those that stand in the prose without any brackets, the last one first.
fn bare_links<'a>(root: Node<'a>) -> Vec<Node<'a>> {
    let is_link = |node: &Node| matches!(node.data().value, NodeValue::Link(_));
    let mut links: Vec<Node> = root.descendants().filter(is_link).collect();
    links.reverse();
    links
}

fn text_node<'a>(arena: &'a Arena<'a>, text: &str) -> Node<'a> {
    arena.alloc(NodeValue::Text(text.to_owned().into()).into())
}

/// Takes out of an address what does not belong to it.
fn end_link(link: Node, address: &str, behind: &str) {
    if let (NodeValue::Link(link), Some(child)) = (&mut link.data_mut().value, link.first_child()) {
        let url = link.url.strip_suffix(behind).unwrap_or(&link.url);
        link.url = url.to_owned();
        child.data_mut().value = NodeValue::Text(address.to_owned().into());
    }
}

/// Emphasis that opens before an address and closes right behind it.
struct Emphasis<'a> {
    mark: &'static str,
    /// The text that has the mark.
    opening: Node<'a>,
}

/// The emphasis that a mark behind an address closes.
fn opening_of<'a>(link: Node<'a>, behind: &str) -> Option<Emphasis<'a>> {
    let first = behind.chars().next()?;
    let marks = &behind[..behind.len() - behind.trim_start_matches(first).len()];
    let mark = *["*", "**", "~~"].iter().find(|mark| **mark == marks)?;
    let mut before = link.preceding_siblings().skip(1).take(NEAR);
    let opening = before.find(|node| match &node.data().value {
        NodeValue::Text(text) => opens(text, mark),
        _ => false,
    })?;
    Some(Emphasis { mark, opening })
}

impl<'a> Emphasis<'a> {
    /// Makes it of all from its mark to the address.
    fn close_behind(&self, arena: &'a Arena<'a>, link: Node<'a>) -> Option<()> {
        let text = self
            .opening
            .data()
            .value
            .text()
            .map(|text| text.to_string())?;
        let (outside, inside) = text.rsplit_once(self.mark)?;
        let emphasis = arena.alloc(
            match self.mark {
                "*" => NodeValue::Emph,
                "**" => NodeValue::Strong,
                _ => NodeValue::Strikethrough,
            }
            .into(),
        );
        self.opening.data_mut().value = NodeValue::Text(outside.to_owned().into());
        emphasis.append(text_node(arena, inside));
        let emphasised: Vec<Node> = self
            .opening
            .following_siblings()
            .skip(1)
            .take_while(|node| !node.previous_sibling().is_some_and(|it| it.same_node(link)))
            .collect();
        emphasised.iter().for_each(|node| emphasis.append(node));
        self.opening.insert_after(emphasis);
        Some(())
    }
}

/// Tells whether a text has a mark that opens emphasis and has not been closed: all that is left of
/// marks in text is.
fn opens(text: &str, mark: &str) -> bool {
    text.rsplit_once(mark).is_some_and(|(outside, inside)| {
        let part_of_more = |c: char| mark.starts_with(c);
        !outside.ends_with(part_of_more)
            && !inside.starts_with(|c: char| part_of_more(c) || c.is_whitespace())
    })
}

/// The text of an address that stood in the prose without any brackets.
pub(super) fn bare_text(node: Node) -> Option<String> {
    let child = node.first_child()?;
    let (node, child) = (node.data(), child.data());
    match &child.value {
        NodeValue::Text(text) if node.sourcepos.start == child.sourcepos.start => {
            Some(text.to_string())
        }
        _ => None,
    }
}

/// Finds where an address ends in prose that puts no space behind it: Korean, Japanese, Chinese.
///
/// A letter of these after an ASCII letter or digit, after a closing bracket or after emphasis is not
/// part of the address any more, and neither is a particle after the last slash. Others are:
/// `https://한국.kr/역사` is an address. Real ones behind ASCII in a path are nearly always written
/// with percent signs. CJK punctuation ends an address too.
pub(super) fn address_end(text: &str) -> usize {
    let start = text.find("://").map_or(0, |at| at + 3);
    let mut before = '/';
    for (at, c) in text[start..].char_indices().map(|(at, c)| (start + at, c)) {
        let ends = match c {
            _ if is_letter(c) => {
                let (address, behind) = (&text[start..at], &text[at..]);
                before.is_ascii_alphanumeric()
                    || at > start
                        && (")]}*~\"'`.,".contains(before)
                            || before == '/' && goes_on_behind_slash(address, behind)
                            || "-_=&+#%?".contains(before) && is_particle(behind)
                            || ends_in_hangul_domain(address) && is_particle(behind))
            }
            '\u{3000}'..='\u{303f}'
            | '\u{2013}'..='\u{2015}'
            | '\u{2018}'..='\u{201f}'
            | '…'
            | '！'..='／'
            | '：'..='＠'
            | '［'..='｀'
            | '｛'..='､' => true,
            _ => false,
        };
        // `한국.한국` is a host.
        let host_dot = before == '.' && !text[start..at].contains('/');
        if ends && !host_dot {
            return trimmed(&text[..at]);
        }
        before = c;
    }
    text.len()
}

/// Hangul, kana and Han.
fn is_letter(c: char) -> bool {
    matches!(c,
        '가'..='힣' | 'ㄱ'..='ㆎ' | 'ᄀ'..='ᇿ' | 'ぁ'..='ヿ' | 'ㄅ'..='ㄯ' | 'ㇰ'..='ㇿ' | '々'..='〇'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | 'ｦ'..='ﾟ'
        | '\u{20000}'..='\u{3ffff}')
}

/// Tells whether prose goes on behind the slash that an address ends in.
fn goes_on_behind_slash(address: &str, behind: &str) -> bool {
    let at_host = address.find('/') == Some(address.len() - 1);
    is_particle(behind)
        // No word of Japanese begins with it.
        || behind.starts_with('を')
        || at_host && WORDS_BEHIND_A_HOST.iter().any(|word| behind.starts_with(word))
}

/// Tells whether nothing but a particle follows up to the end of the word.
fn is_particle(behind: &str) -> bool {
    let end = behind.find(|c| !is_letter(c)).unwrap_or(behind.len());
    let (word, after) = behind.split_at(end);
    let particle = word.strip_suffix('요').unwrap_or(word);
    let ends = !after.starts_with(|c: char| c.is_ascii_alphanumeric() || "/_-=&%#?".contains(c));
    ends && PARTICLES.contains(&particle)
}

/// Tells whether the host of an address ends there, as far as its last name can tell.
fn ends_in_hangul_domain(address: &str) -> bool {
    let last = address.rsplit_once('.').map(|(_, last)| last);
    !address.contains('/') && last.is_some_and(|last| HANGUL_DOMAINS.contains(&last))
}

/// Without the punctuation that belongs to the sentence and not to the address.
fn trimmed(address: &str) -> usize {
    let count = |bracket| address.matches(bracket).count();
    let mut unopened = count(')').saturating_sub(count('('));
    let mut address = address;
    loop {
        address =
            address.trim_end_matches(['*', '~', '"', '\'', '`', '.', ',', ':', ';', '!', '?']);
        match address.strip_suffix(')') {
            Some(inside) if unopened > 0 => {
                (address, unopened) = (inside, unopened - 1);
            }
            _ => return address.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markdown::render;

    #[test]
    fn an_address_ends_where_korean_goes_on() {
        for (text, address) in [
            ("https://example.com에서", "https://example.com"),
            ("https://example.com/에서", "https://example.com/"),
            ("https://a.b/c입니다", "https://a.b/c"),
            ("https://a.b/c?d=1을", "https://a.b/c?d=1"),
            ("https://a.b/c)에서", "https://a.b/c"),
            ("https://a.b/c_(d)에서", "https://a.b/c_(d)"),
            (
                "https://a.b/wiki/Rust_(lang))에서",
                "https://a.b/wiki/Rust_(lang)",
            ),
            ("https://a.b/c_(d).)에서", "https://a.b/c_(d)"),
            ("https://a.b/(c)))에서", "https://a.b/(c)"),
            (
                "https://youtu.be/dQw4w9WgXc-에서",
                "https://youtu.be/dQw4w9WgXc-",
            ),
            (
                "https://youtu.be/dQw4w9WgXc_를",
                "https://youtu.be/dQw4w9WgXc_",
            ),
            ("https://a.b/{id}를", "https://a.b/{id}"),
            ("https://a.b/?q=을", "https://a.b/?q="),
            ("https://a.b/c/에서는요", "https://a.b/c/"),
            ("https://a.b/으로요.", "https://a.b/"),
            ("https://한국.한국에서", "https://한국.한국"),
            ("https://예제.닷컴입니다", "https://예제.닷컴"),
            ("https://한국.한국", "https://한국.한국"),
            (
                "https://ko.wikipedia.org/wiki/K-팝",
                "https://ko.wikipedia.org/wiki/K-팝",
            ),
            (
                "https://ko.wikipedia.org/wiki/C_언어",
                "https://ko.wikipedia.org/wiki/C_언어",
            ),
            (
                "https://ko.wikipedia.org/wiki/C_(프로그래밍_언어)",
                "https://ko.wikipedia.org/wiki/C_(프로그래밍_언어)",
            ),
            ("https://a.b/?q=이름", "https://a.b/?q=이름"),
            ("https://a.b/이/c", "https://a.b/이/c"),
            ("https://a.b**에서", "https://a.b"),
            ("https://a.b/c”라고", "https://a.b/c"),
            ("https://a.b/c。", "https://a.b/c"),
            (
                "https://ko.wikipedia.org/wiki/대한민국",
                "https://ko.wikipedia.org/wiki/대한민국",
            ),
            ("https://a.b/?q=한국", "https://a.b/?q=한국"),
            ("https://한국.kr에서", "https://한국.kr"),
            ("https://한국.한국/역사", "https://한국.한국/역사"),
            ("www.example.com은", "www.example.com"),
            ("https://example.comをご覧ください", "https://example.com"),
            ("https://example.com/pathへ", "https://example.com/path"),
            ("https://example.com/をご覧", "https://example.com/"),
            ("https://a.b/docs/を", "https://a.b/docs/"),
            ("https://example.com查看详情", "https://example.com"),
            (
                "https://example.com/a.html下载",
                "https://example.com/a.html",
            ),
            ("https://example.com/的首页", "https://example.com/"),
            ("https://a.b/c——这是", "https://a.b/c"),
            ("https://a.b/%E3%81%82を", "https://a.b/%E3%81%82"),
            (
                "https://ja.wikipedia.org/wiki/佐々木",
                "https://ja.wikipedia.org/wiki/佐々木",
            ),
            (
                "https://ja.wikipedia.org/wiki/のび太",
                "https://ja.wikipedia.org/wiki/のび太",
            ),
            (
                "https://zh.wikipedia.org/wiki/中国",
                "https://zh.wikipedia.org/wiki/中国",
            ),
            ("https://例え.テスト/", "https://例え.テスト/"),
            ("https://a.b/?q=東京", "https://a.b/?q=東京"),
        ] {
            assert_eq!(&text[..address_end(text)], address);
        }
    }

    #[test]
    fn brackets_around_an_address_are_not_in_it() {
        let link = "https://a.b/Rust_(lang)\"";
        for text in [
            "(참고: https://a.b/Rust_(lang))에서",
            "(참고: https://a.b/Rust_(lang))",
            "(참고: https://a.b/Rust_(lang)).",
            "([참고] (https://a.b/Rust_(lang)))입니다",
        ] {
            let html = render(text);
            assert!(html.contains(link) && html.contains(")</a>)"), "{html}");
        }
    }

    #[test]
    fn emphasis_closes_behind_an_address() {
        let link = |at: &str| {
            let start = render(at);
            start[3..start.len() - 5].to_owned()
        };
        let (a, b) = (link("https://a.b/c"), link("https://d.e"));
        for (markdown, html) in [
            ("**https://a.b/c**에서", format!("<strong>{a}</strong>에서")),
            ("*https://a.b/c*에서 b", format!("<em>{a}</em>에서 b")),
            ("~~https://a.b/c~~는", format!("<del>{a}</del>는")),
            (
                "a **b `c` https://a.b/c**에서 **d**",
                format!("a <strong>b <code>c</code> {a}</strong>에서 <strong>d</strong>"),
            ),
            (
                "**https://a.b/c**와 **https://d.e**에서",
                format!("<strong>{a}</strong>와 <strong>{b}</strong>에서"),
            ),
            (
                "https://a.b/cを見て**太字**。",
                format!("{a}を見て<strong>太字</strong>。"),
            ),
            (
                "请看https://a.b/c和https://d.e。`x`",
                format!("请看{a}和{b}。<code>x</code>"),
            ),
            ("https://a.b/c**에서", format!("{a}**에서")),
            ("** https://a.b/c**에서", format!("** {a}**에서")),
            ("*https://a.b/c**에서", format!("*{a}**에서")),
            ("***https://a.b/c**에서", format!("***{a}**에서")),
        ] {
            assert_eq!(render(markdown), format!("<p>{html}</p>\n"), "{markdown}");
        }
    }
}
