//! Links and images: where they may lead, and that a reader sees where.

use std::fmt::{self, Write};

use comrak::html::{ChildRendering, Context};
use comrak::nodes::{Node, NodeLink, NodeValue};
use url::Url;

use super::{Writing, autolink::bare_text, steers};

pub(super) fn write_link(
    context: &mut Context<Writing>,
    node: Node,
    link: &NodeLink,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if let Some(text) = bare_text(node) {
        if !entering {
            return Ok(ChildRendering::HTML);
        }
        write_bare(context, &link.url, &text)?;
        return Ok(ChildRendering::Skip);
    }
    let Some(url) = followable(&link.url) else {
        return write_as_typed(context, node, link, entering);
    };
    // `[a <https://b.example> c](https://d.example)` is a link in a link, which HTML does not know.
    if entering {
        if context.user.links_open == 0 {
            start(context, &url, "")?;
        }
        context.user.links_open += 1;
    } else {
        context.user.links_open -= 1;
        if context.user.links_open == 0 {
            context.write_str("</a>")?;
            if !shows(&node.collect_text(), &url) {
                write_place(context, &url)?;
            }
        }
    }
    Ok(ChildRendering::HTML)
}

/// A link that cannot be followed may be no link at all: `arr[i](x)`, `vector<std::string>`. Only
/// what would do harm elsewhere or leads to a place in some other page is just its text.
fn write_as_typed(
    context: &mut Context<Writing>,
    node: Node,
    link: &NodeLink,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    if in_angles(node) {
        context.escape(if entering { "<" } else { ">" })?;
    } else if stays(node, &link.url) {
        if entering {
            context.write_str("[")?;
        } else {
            write_target(context, link)?;
        }
    }
    Ok(ChildRendering::HTML)
}

/// Writes what stands behind the text of a link.
fn write_target(context: &mut Context<Writing>, link: &NodeLink) -> fmt::Result {
    let title = match &*link.title {
        "" => String::new(),
        title => format!(" \"{title}\""),
    };
    context.escape(&format!("]({}{title})", link.url))
}

/// Tells whether an address that cannot be followed is still worth showing.
fn stays(link: Node, url: &str) -> bool {
    let elsewhere = url.starts_with(['#', '/', '.', '?']) && !follows_code(link);
    let scheme = url.split_once(':').map(|(scheme, _)| {
        let scheme = scheme.chars().filter(|&c| !steers(c) && !c.is_whitespace());
        scheme.collect::<String>().to_ascii_lowercase()
    });
    let harmful = |scheme: String| ["javascript", "vbscript", "data"].contains(&&*scheme);
    !elsewhere && !scheme.is_some_and(harmful)
}

/// Tells whether what looks like a link stands right behind what brackets stand behind in code:
/// `app[method](/users)`. In Korean prose a link can stand behind a letter.
fn follows_code(link: Node) -> bool {
    link.previous_sibling()
        .is_some_and(|before| match &before.data().value {
            NodeValue::Text(text) => {
                text.ends_with(|c: char| c.is_ascii_alphanumeric() || "_$])}>\"'".contains(c))
            }
            NodeValue::Link(link) => followable(&link.url).is_none(),
            _ => false,
        })
}

/// Tells whether a link was typed in angle brackets.
fn in_angles(node: Node) -> bool {
    let end = node.data().sourcepos.end;
    node.first_child().is_some_and(|text| {
        let inside = text.data().sourcepos.end;
        (inside.line, inside.column + 1) == (end.line, end.column)
    })
}

/// An image would call a stranger's server from the reader's browser: it becomes a link.
pub(super) fn write_image(
    context: &mut Context<Writing>,
    node: Node,
    image: &NodeLink,
    entering: bool,
) -> Result<ChildRendering, fmt::Error> {
    // Links cannot hold links: inside of one only the image's text is shown.
    if context.user.links_open == 0
        && let Some(url) = followable(&image.url)
    {
        if entering {
            start(context, &url, " class=\"image\"")?;
        } else {
            context.write_str("</a>")?;
            write_place(context, &url)?;
        }
    } else if followable(&image.url).is_none() && stays(node, &image.url) {
        if entering {
            context.write_str("![")?;
        } else {
            write_target(context, image)?;
        }
    }
    Ok(ChildRendering::Plain)
}

fn write_bare(context: &mut Context<Writing>, url: &str, text: &str) -> fmt::Result {
    let Some(url) = followable(url).filter(|_| context.user.links_open == 0) else {
        return context.escape(text);
    };
    start(context, &url, "")?;
    context.escape(text)?;
    context.write_str("</a>")?;
    if shows(text, &url) {
        Ok(())
    } else {
        write_place(context, &url)
    }
}

fn start(context: &mut Context<Writing>, url: &Url, class: &str) -> fmt::Result {
    context.write_str("<a href=\"")?;
    context.escape(url.as_str())?;
    context.write_str(
        "\" rel=\"noopener noreferrer nofollow\" referrerpolicy=\"no-referrer\" target=\"_blank\"",
    )?;
    context.write_str(class)?;
    context.write_str(">")
}

/// Says where a link leads when its text does not.
fn write_place(context: &mut Context<Writing>, url: &Url) -> fmt::Result {
    context.write_str(" <span class=\"host\">(<bdi>")?;
    context.escape(&place(url))?;
    context.write_str("</bdi>)</span>")
}

/// The address, if it is one that may be followed from a reply.
fn followable(url: &str) -> Option<Url> {
    // A space in a path is a part of it; Markdown knows no others than this one there.
    let url: String = url
        .chars()
        .filter(|&c| c == ' ' || !steers(c) && !c.is_whitespace())
        .collect();
    let url = Url::parse(url.trim()).ok()?;
    match url.scheme() {
        "http" | "https" => url.has_host().then_some(url),
        "mailto" => Some(url),
        _ => None,
    }
}

/// The host in ASCII with its port, or the address that mail goes to.
fn place(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => url.path().to_owned(),
    }
}

/// Tells whether a link's text is itself an address at the place it leads to.
fn shows(text: &str, url: &Url) -> bool {
    let text: String = text.chars().filter(|&c| !steers(c)).collect();
    if text.contains(char::is_whitespace) {
        return false;
    }
    let schemes = ["https://", "http://", "mailto:"];
    let scheme = schemes.iter().find(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(scheme))
    });
    let rest = &text[scheme.map_or(0, |scheme| scheme.len())..];
    let end = if url.has_host() {
        rest.find(['/', '?', '#'])
    } else {
        rest.find('?')
    };
    rest[..end.unwrap_or(rest.len())].eq_ignore_ascii_case(&place(url))
}

#[cfg(test)]
mod tests {
    use crate::markdown::render;

    fn link(text: &str, url: &str) -> String {
        format!(
            "<a href=\"{url}\" rel=\"noopener noreferrer nofollow\" referrerpolicy=\"no-referrer\" target=\"_blank\">{text}</a>"
        )
    }

    #[test]
    fn a_particle_stands_behind_the_link() {
        let link = link("https://example.com", "https://example.com/");
        assert_eq!(
            render("(https://example.com에서)"),
            format!("<p>({link}에서)</p>\n")
        );
    }

    #[test]
    fn a_link_says_where_it_leads_unless_its_text_does() {
        let host = |host: &str| format!(" <span class=\"host\">(<bdi>{host}</bdi>)</span>");
        for (markdown, html) in [
            (
                "https://a.example/b",
                link("https://a.example/b", "https://a.example/b"),
            ),
            (
                "www.a.example",
                link("www.a.example", "http://www.a.example/"),
            ),
            (
                "<https://a.example>",
                link("https://a.example", "https://a.example/"),
            ),
            ("me@a.example", link("me@a.example", "mailto:me@a.example")),
            (
                "[a.example](https://a.example/b)",
                link("a.example", "https://a.example/b"),
            ),
            (
                "[b](https://a.example)",
                link("b", "https://a.example/") + &host("a.example"),
            ),
            (
                "[https://a.example](https://b.example)",
                link("https://a.example", "https://b.example/") + &host("b.example"),
            ),
            (
                "https://a.example@b.example/",
                link(
                    "https://a.example@b.example/",
                    "https://a.example@b.example/",
                ) + &host("b.example"),
            ),
            (
                "[аpple.com](https://аpple.com)",
                link("аpple.com", "https://xn--pple-43d.com/") + &host("xn--pple-43d.com"),
            ),
            (
                "[a.example b](https://a.example)",
                link("a.example b", "https://a.example/") + &host("a.example"),
            ),
            (
                "[mail](mailto:me@a.example)",
                link("mail", "mailto:me@a.example") + &host("me@a.example"),
            ),
        ] {
            assert_eq!(render(markdown), format!("<p>{html}</p>\n"), "{markdown}");
        }
    }

    #[test]
    fn a_space_in_an_address_is_a_part_of_it() {
        for (typed, url) in [
            ("<https://a.example/b c>", "https://a.example/b%20c"),
            (
                "<https://a.example/b?c=d e#f g>",
                "https://a.example/b?c=d%20e#f%20g",
            ),
            ("< https://a.example/b >", "https://a.example/b"),
            (
                "<https://a.example/가 나>",
                "https://a.example/%EA%B0%80%20%EB%82%98",
            ),
        ] {
            let html = render(&format!("[a.example]({typed})"));
            assert_eq!(html, format!("<p>{}</p>\n", link("a.example", url)));
        }
        for typed in [
            "<https://a .example>",
            "<java script:x>",
            "<https ://a.example>",
        ] {
            let html = render(&format!("[a]({typed})"));
            assert!(!html.contains("<a "), "{html}");
        }
    }

    #[test]
    fn only_harmless_addresses_are_links() {
        for url in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java&#9;script:alert(1)",
            "&#1;javascript:alert(1)",
            "&#106;avascript&colon;alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "//evil.example",
            "/logout",
            "?logout",
            "#composer",
        ] {
            assert_eq!(render(&format!("[text]({url})")), "<p>text</p>\n", "{url}");
            assert_eq!(render(&format!("![text]({url})")), "<p>text</p>\n", "{url}");
            assert_eq!(
                render(&format!(
                    "글은 [text]({url}) 또는[text]({url}), ([text]({url}))"
                )),
                "<p>글은 text 또는text, (text)</p>\n",
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_no_link_is_shown_as_it_was_typed() {
        for text in [
            "C[C@@H](N)C(=O)O",
            "use arr[i](x)",
            "f[0](1) and ![a](b.png)",
            "[설명](file:///etc/passwd) [b](https://) [전화](tel:010)",
            "[문서](docs/guide.md)",
            "std::map<std:string>",
            "<soap:Body> <xsl:template> <localhost:3000>",
            "handlers[event]() [](){ return 1; } [&]() ![]() ![a]()",
            "app[method](/users) s[i](.5) f[0](#tag) f(x)[y](?z)",
            "m[\"k\"](/a) v[i][j](/b) [a](b)[c](/d) $a[$b](/c)",
            "[x]()",
        ] {
            let mut shown = String::new();
            crate::markdown::escape(text, &mut shown);
            assert_eq!(render(text), format!("<p>{shown}</p>\n"));
        }
        assert_eq!(
            render("[*a*](b \"c\")"),
            "<p>[<em>a</em>](b &quot;c&quot;)</p>\n"
        );
    }

    #[test]
    fn an_image_is_a_link_that_says_where_it_leads() {
        assert_eq!(
            render("![a *b*](https://a.example/x.png \"title\")"),
            "<p><a href=\"https://a.example/x.png\" rel=\"noopener noreferrer nofollow\" referrerpolicy=\"no-referrer\" \
             target=\"_blank\" class=\"image\">a b</a> <span class=\"host\">(<bdi>a.example</bdi>)</span></p>\n"
        );
    }

    #[test]
    fn a_link_in_a_link_is_its_text() {
        let link = link("a https://b.example c", "https://d.example/")
            + " <span class=\"host\">(<bdi>d.example</bdi>)</span>";
        assert_eq!(
            render("[a <https://b.example> c](https://d.example)"),
            format!("<p>{link}</p>\n")
        );
    }

    #[test]
    fn an_image_in_a_link_is_its_text() {
        let link = link("alt", "https://b.example/")
            + " <span class=\"host\">(<bdi>b.example</bdi>)</span>";
        assert_eq!(
            render("[![alt](https://a.example)](https://b.example)"),
            format!("<p>{link}</p>\n")
        );
    }
}
