//! Addresses that stand in prose without any brackets: where they end.

use comrak::Arena;
use comrak::nodes::{Node, NodeValue};

/// Particles that prose puts right behind an address that ends in a slash.
const PARTICLES: &[&str] = &[
    "가",
    "과",
    "까지",
    "는",
    "도",
    "라고",
    "라는",
    "로",
    "를",
    "만",
    "부터",
    "에",
    "에는",
    "에서",
    "에서는",
    "와",
    "으로",
    "은",
    "을",
    "의",
    "이",
    "이고",
    "이나",
    "이다",
    "입니다",
    "처럼",
];

/// How far emphasis around an address may reach back, in pieces of text.
const NEAR: usize = 16;

/// Closes the emphasis that the parser takes for a part of an address, for Korean goes on right
/// behind it: `**https://example.org**에서`.
pub(super) fn close_emphasis<'a>(arena: &'a Arena<'a>, root: Node<'a>) {
    let links: Vec<Node> = root
        .descendants()
        .filter(|node| matches!(node.data().value, NodeValue::Link(_)))
        .collect();
    for link in links {
        close_behind(arena, link);
    }
}

fn close_behind<'a>(arena: &'a Arena<'a>, link: Node<'a>) -> Option<()> {
    let text = bare_text(link)?;
    let (address, behind) = text.split_at(address_end(&text));
    let mark = &behind[..behind.len() - behind.trim_start_matches(behind.chars().next()?).len()];
    let emphasis = match mark {
        "*" => NodeValue::Emph,
        "**" => NodeValue::Strong,
        "~~" => NodeValue::Strikethrough,
        _ => return None,
    };
    let mut before = link.preceding_siblings().skip(1).take(NEAR);
    let (opening, text) = before.find_map(|node| match &node.data().value {
        NodeValue::Text(text) => Some((node, text.to_string())).filter(|_| opens(text, mark)),
        _ => None,
    })?;
    let (outside, inside) = text.rsplit_once(mark)?;
    let url = match &link.data().value {
        NodeValue::Link(link) => link.url.strip_suffix(behind)?.to_owned(),
        _ => return None,
    };

    let emphasis = arena.alloc(emphasis.into());
    let text = |text: &str| arena.alloc(NodeValue::Text(text.to_owned().into()).into());
    link.insert_after(text(&behind[mark.len()..]));
    if let (NodeValue::Link(link), Some(child)) = (&mut link.data_mut().value, link.first_child()) {
        link.url = url;
        child.data_mut().value = NodeValue::Text(address.to_owned().into());
    }
    opening.data_mut().value = NodeValue::Text(outside.to_owned().into());
    emphasis.append(text(inside));
    let emphasised: Vec<Node> = opening
        .following_siblings()
        .skip(1)
        .take_while(|node| !node.previous_sibling().is_some_and(|it| it.same_node(link)))
        .collect();
    emphasised.iter().for_each(|node| emphasis.append(node));
    opening.insert_after(emphasis);
    Some(())
}

/// Whether a text has a mark that opens emphasis and has not been closed: all that is left of marks
/// in text is.
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

/// Where an address in Korean prose ends, for the next particle follows it without a space.
///
/// A Hangul letter after an ASCII letter or digit, after a closing bracket or after emphasis is not
/// part of the address any more, and neither is a particle after the last slash. Others are:
/// `https://한국.kr/역사` is an address. Real Hangul behind ASCII in a path is nearly always written
/// with percent signs. CJK punctuation ends an address too.
pub(super) fn address_end(text: &str) -> usize {
    let start = text.find("://").map_or(0, |at| at + 3);
    let mut before = '/';
    for (at, c) in text[start..].char_indices().map(|(at, c)| (start + at, c)) {
        let particle = || before == '/' && PARTICLES.contains(&&text[at..]);
        let ends = match c {
            '가'..='힣' | 'ㄱ'..='ㆎ' | 'ᄀ'..='ᇿ' => {
                before.is_ascii_alphanumeric()
                    || ")]*~\"'`.,".contains(before) && at > start
                    || particle()
            }
            '\u{3000}'..='\u{303f}' | '\u{2018}'..='\u{201f}' | '…' | '！'..='／' | '：'..='＠' => {
                true
            }
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

/// Without the punctuation that belongs to the sentence and not to the address.
fn trimmed(address: &str) -> usize {
    let address =
        address.trim_end_matches(['*', '~', '"', '\'', '`', '.', ',', ':', ';', '!', '?']);
    match address.strip_suffix(')') {
        Some(inside) if !inside.contains('(') => trimmed(inside),
        _ => address.len(),
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
        ] {
            assert_eq!(&text[..address_end(text)], address);
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
            ("https://a.b/c**에서", format!("{a}**에서")),
            ("** https://a.b/c**에서", format!("** {a}**에서")),
            ("*https://a.b/c**에서", format!("*{a}**에서")),
            ("***https://a.b/c**에서", format!("***{a}**에서")),
        ] {
            assert_eq!(render(markdown), format!("<p>{html}</p>\n"), "{markdown}");
        }
    }
}
