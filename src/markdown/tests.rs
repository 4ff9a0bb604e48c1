//! Properties that must hold for every document, however hostile and however it comes in.

use std::time::{Duration, Instant};

use scraper::{Html, Node};

use super::*;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// All pieces of a document that comes in parts, each part followed by a look at what is finished.
fn pieces<'a>(parts: impl IntoIterator<Item = &'a str>) -> Vec<Piece> {
    let (mut growing, mut pieces) = (Growing::default(), Vec::new());
    for (n, part) in parts.into_iter().enumerate() {
        growing.push(part);
        // Also when there is time for one line of code only.
        let more = match n % 3 {
            0 => growing.advance_for(Duration::ZERO),
            _ => growing.advance(),
        };
        if let Some(last) = more.last() {
            assert!(last.end <= growing.finished());
        }
        pieces.extend(more);
    }
    pieces.extend(growing.finish());
    assert_eq!(growing.finished(), growing.text().len());
    assert!(!growing.open_code());
    pieces
}

fn place(ids: &str) -> Place {
    Place {
        ids: ids.to_owned(),
        codes: "/messages/m/code/".to_owned(),
    }
}

fn joined(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| &*piece.html).collect()
}

/// Cuts a text in random places.
fn parts<'a>(text: &'a str, longest: usize, dice: &mut Dice) -> Vec<&'a str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let mut at = (1 + dice.roll(longest)).min(rest.len());
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        let (part, after) = rest.split_at(at);
        parts.push(part);
        rest = after;
    }
    parts
}

/// Pieces are the whole, and are the same pieces, however the text comes in.
fn check_growth(text: &str, dice: &mut Dice) {
    let whole = render(text);
    let at_once = pieces([text]);
    assert_eq!(joined(&at_once), whole, "{text:?} at once");
    for longest in [1, 3, 40] {
        let parts = parts(text, longest, dice);
        assert_eq!(
            pieces(parts.iter().copied()),
            at_once,
            "{text:?} as {parts:?}"
        );
    }
    let mut at = 0;
    for piece in &at_once {
        assert!(
            piece.end >= at
                && (piece.end == text.len() || text[..piece.end].ends_with(['\n', '\r'])),
            "{text:?}"
        );
        at = piece.end;
    }
}

const SNIPPETS: &[&str] = &[
    "a",
    "한국어",
    "😀 emoji 👩‍👩‍👧",
    " ",
    "  ",
    "    ",
    "\t",
    "\n",
    "\n",
    "\n",
    "\n\n",
    "\n\n",
    "  \n",
    "\\\n",
    "# h\n",
    "## 제목 ##\n",
    "#",
    "===\n",
    "---\n",
    "***\n",
    "* * *\n",
    "- ",
    "- a\n",
    "- a\n\n  b\n",
    "  - c\n",
    "* x\n",
    "+ y\n",
    "1. ",
    "1. one\n",
    "2) two\n",
    "10. ten\n",
    "- [ ] todo\n",
    "- [x] done\n",
    "> ",
    "> q\n",
    "> > qq\n",
    ">\n",
    "> ```\n> code\n",
    "> [!NOTE]\n> n\n",
    "> [!WARNING] 제목\n",
    "```\n",
    "```rust\n",
    "````\n",
    "`````\n",
    "~~~\n",
    "~~~ py x\n",
    "~~~~\n",
    "   ```\n",
    "  ~~~js\n",
    " ```\n",
    "    ```\n",
    "- ```c\n",
    "  ```\n",
    "``` a`b\n",
    "let a = 1;\n",
    "/* open\n",
    "close */\n",
    "\"string\n",
    "fn main() {}\n",
    "  indented\n",
    "\tcode\n",
    "    code\n",
    "   x\n",
    "| a | b |\n",
    "|---|:-:|\n",
    "| 1 | 2 |\n",
    "|--|\n",
    "a | b\n",
    "-|-\n",
    "`a\\|b`\n",
    "x \\| y\n",
    "<div>\n",
    "</div>\n",
    "<script>\n",
    "</script>\n",
    "<!-- ",
    "-->\n",
    "<?x\n",
    "?>\n",
    "<![CDATA[\n",
    "]]>\n",
    "<b>",
    "<br/>\n",
    "<a href='x'>\n",
    "*",
    "**",
    "_",
    "~~",
    "`",
    "``",
    "*em*",
    "**굵게(重)**합니다",
    "~~del~~",
    "`code`",
    "שלום",
    "[",
    "]",
    "(",
    ")",
    "![",
    "[t](https://a.b)",
    "![i](https://a.b/i.png)",
    "[t](javascript:x)",
    "<https://a.b>",
    "https://example.com에서 ",
    "www.a.b",
    "me@a.b",
    "&amp;",
    "&#35;",
    "&lt;",
    "\\",
    "\\*",
    "$x$",
    "~",
    "3~5",
    "$",
    "$5 ",
    "$$",
    "\\(",
    "\\]",
    "\\begin{align}",
    "\\end{align}\n",
    "2026. 11. 30.\n",
    "<sub>",
    "</sub>",
    "<br>",
    "https://a.bを",
    "\u{feff}",
    "\u{1b}[31m",
    "\u{202e}",
    "\u{0}",
    "\u{b}",
    "\u{85}",
    "\u{2028}",
    ":",
    "|",
    "+",
    "1",
    "=",
    "!",
];

#[test]
fn random_documents_grow_into_the_whole() {
    let mut dice = Dice(1);
    for _ in 0..6_000 {
        let text: String = (0..1 + dice.roll(14))
            .map(|_| SNIPPETS[dice.roll(SNIPPETS.len())])
            .collect();
        check_growth(&text, &mut dice);
    }
}

/// Checks that what refers to another block comes right in the whole only, but must not depend on
/// how the text comes in.
#[test]
fn random_references_are_the_same_pieces_however_they_come_in() {
    const REFERENCES: &[&str] = &[
        "[a]",
        "[a][]",
        "[b][a]",
        "[^1]",
        "[^n]",
        "[a]: /u\n",
        "[a]: https://a.b 't'\n",
        "[a]: https://a.b\n",
        "\"t\n",
        "t\"\n",
        "[b]:\n",
        "[^1]: note\n",
        "[^1]: note\n\n    more\n",
        "[^n]: ",
        "> [^1]: q\n",
        "- [^n]: l\n",
        "> [a]: https://q.b\n",
    ];
    let mut dice = Dice(5);
    for _ in 0..4_000 {
        let mut snippet = || {
            let from = if dice.roll(2) == 0 {
                REFERENCES
            } else {
                SNIPPETS
            };
            from[dice.roll(from.len())]
        };
        let text: String = (0..12).map(|_| snippet()).collect();
        let at_once = pieces([&*text]);
        for longest in [1, 30] {
            let parts = parts(&text, longest, &mut dice);
            assert_eq!(
                pieces(parts.iter().copied()),
                at_once,
                "{text:?} as {parts:?}"
            );
        }
    }
}

#[test]
fn the_examples_of_the_specifications_grow_into_the_whole() {
    let mut dice = Dice(2);
    let commonmark = include_str!("../../tests/fixtures/commonmark.txt");
    let gfm = include_str!("../../tests/fixtures/gfm.txt");
    let mut examples: Vec<&str> = [commonmark, gfm]
        .into_iter()
        .flat_map(|inputs| inputs.split("%%\n").skip(1))
        .collect();
    assert_eq!(examples.len(), 652 + 29);
    for example in &examples {
        check_safety(&render(example));
    }
    // What refers to another block comes right in the whole only.
    examples.retain(|example| !example.contains("]:"));
    for example in &examples {
        check_growth(example, &mut dice);
    }
    for neighbours in examples.chunks(3) {
        check_growth(&neighbours.concat(), &mut dice);
        check_growth(&neighbours.join("\n"), &mut dice);
    }
}

/// Text that wants to become more than text.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script>\n\ntext <script src=//evil.example></script>\n\n<ScRiPt\n>x</sCrIpT >\n",
    "<img src=x onerror=alert(1)> ![x](https://evil.example/?q=1 \"o' onload=x\") ![\" onerror=\"x](https://evil.example/\"onload=\"x)\n",
    "<svg onload=alert(1)><svg/onload=x><g><foreignObject><iframe srcdoc=\"<script>x</script>\"></iframe></svg>\n",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">\n\n<style>*{}</style>\n",
    "<iframe srcdoc='<script>x</script>'></iframe>\n<object data=x><embed src=x><base href=//evil.example><meta http-equiv=refresh>\n",
    "[a](javascript:alert(1)) [b](JaVaScRiPt:x) [c](java\tscript:x) [d](<java\nscript:x>) [e](java&#9;script:x) [f](&#x6A;avascript:x) [g](javascript&colon;x)\n",
    "[a](data:text/html,<script>x</script>) [b](vbscript:x) ![c](data:image/svg+xml;base64,x) <javascript:x> <data:text/html,x> [d](\u{1}javascript:x) [e](//evil.example) [f](\\\\evil)\n",
    "[x]: javascript:alert(1)\n[y]: https://evil.example \"t\\\" onclick=x\"\n\n[x] [y] ![x] ![y][y] [x][x]\n",
    "[a](https://a.example/\"onclick=\"x) [b](https://a.example/'><script>x) [c](https://\"><img>/) [d](mailto:\"><script>x</script>@a.b) [e](https://a.b@c.d:80/)\n",
    "<div hx-get=/x hx-trigger=load data-hx-get=/y hx-on:click=x sse-connect=/z hx-swap-oob=true>x</div>\n<hx-partial hx-target=body>x</hx-partial>\n",
    "```html\" onmouseover=\"x\n<script>x</script>\n```\n~~~ js'><script>\n'><img src=x onerror=x>\n~~~\n``` \"><b>\n</code></pre><script>x</script>\n",
    "- item\n  ```js\" hx-get=\"/x\n  </code></pre><img src=x onerror=x>\n  ```\n> ~~~<b>\n> <i>\n",
    "<form id=composer name=csrf><input name=content autofocus onfocus=x></form>\n# htmx-config {#x}\n<a id=htmx-config name=htmx>\n## <b>h</b> \"q\" {.c}\n",
    "text[^a\"><script>] and [^1]\n\n[^1]: note <b>x</b> [^2]\n[^2]: <img src=x onerror=x>\n[^a\"><script>]: \"x\n\n    more\n",
    "| <b>a</b> | b\" onclick=x |\n|:--|:-:|\n| <script>x</script> | `</td>` |\n| [a](javascript:x) | ![i](https://a.b/i) |\n| x |\n",
    "\u{1b}[31mred\u{1b}[0m \u{9b}31m \u{7}\u{8}\u{7f} \u{202e}gnp.exe\u{202c} \u{2066}x\u{2069} [\u{202e}a](https://a.b/\u{202e}x) &#27;[1m &#x202e; `\u{1b}[2J`\n```sh\n\u{1b}]0;x\u{7}\n```\n",
    "> [!NOTE] <b>\"x\"</b> &lt;script&gt;\n> text <script>x</script>\n> - [ ] <input onfocus=x>\n> - [x] [a](https://a.b)\n",
    "https://a.b/<script> https://a.b/\"onclick=x https://a.b/'x www.a.b/<b> a@b.c\"> https://한국.kr에서<b> HTTPS://A.B ftp://a.b http://[::1]/ https://a.b&lt;b\n",
    "<!-- --><script>x</script><!-- \n--> <![CDATA[<script>x</script>]]> <?php <script> ?> <!DOCTYPE html [<!ENTITY x \"y\">]>\n\n<!--\nopen <script>\n",
    "&lt;script&gt; &#60;script&#62; &#x3c;img&#x3e; &quot; onclick &#0; &NewLine; `&lt;b&gt;` &amp;lt;b&amp;gt; \\<b> \\&lt;\n",
    "[a <https://b.example> c](https://d.example) [![i](https://e.example)](https://f.example) ![a [b](https://g.example) c](https://h.example) [x[^1]](https://i.example)\n\n[^1]: n\n",
    "**<b>*x*</b>** ~~<s>x</s>~~ *a **b *c **d* <u\n>x</u> __<i title=\"*\">__ `<b>``<i>` ``` <b> ```\n***\n+ <b>\n1) <i>\n     <pre>\n",
    "a\r\n<script>\rx\r\n```\r\n\u{2028}<b>\r\n```\r\n\u{feff}# h\n\u{0}<b>\u{fffe}\n",
    "```diff\n+<script>\n-</script>\n@@ <b> @@\n```\n```html\n<a href=\"javascript:x\" onclick='y'>&lt;</a><!-- \n--><script>let a = \"</code>\"</script>\n```\n",
    "$$<script>x</script>$$ \\(\\href{javascript:x}{y}\\) \\[<b>\\] $\\htmlData{x=1}{y}$\n```math\n<b>\n```\n```mermaid\nclick A href \"javascript:x\"\n```\n",
];

const FORBIDDEN: &[char] = &[
    '\u{0}', '\u{1}', '\u{7}', '\u{8}', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9b}', '\u{202c}',
    '\u{202e}', '\u{2066}', '\u{2069}',
];

/// Nothing but what we put into HTML ourselves is in it.
fn check_safety(html: &str) {
    for link in html.split("<a ").skip(1) {
        assert!(link.contains("</a>"), "a link in a link in {html}");
    }
    for node in Html::parse_fragment(html).tree.values() {
        match node {
            // The parser puts every fragment into these.
            Node::Element(element) if ["html", "body"].contains(&element.name()) => {
                assert_eq!(element.attrs().count(), 0, "{html}");
            }
            Node::Element(element) => {
                let formula = MATH_ELEMENTS.iter().map(|name| (*name, MATH_ATTRIBUTES));
                let (name, attributes) = ELEMENTS
                    .iter()
                    .copied()
                    .chain(formula)
                    .find(|(name, _)| *name == element.name())
                    .unwrap_or_else(|| panic!("<{}> in {html}", element.name()));
                for (attribute, value) in element.attrs() {
                    assert!(
                        attributes.contains(&attribute) || attribute == "class",
                        "<{name} {attribute}> in {html}"
                    );
                    check_value(attribute, value, html);
                }
            }
            Node::Text(text) => assert!(!text.contains(FORBIDDEN), "{html:?}"),
            Node::Comment(_) | Node::Doctype(_) | Node::ProcessingInstruction(_) => {
                panic!("{node:?} in {html}")
            }
            Node::Document | Node::Fragment => {}
        }
    }
}

fn check_value(attribute: &str, value: &str, html: &str) {
    let plain = |value: &str| {
        value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" -_+#.".contains(&byte))
    };
    let fine = match attribute {
        "href" if value.starts_with('#') => value.starts_with("#r-fn") && plain(value),
        "href" if value.starts_with('/') => {
            let number = value.strip_prefix("/messages/m/code/");
            number.is_some_and(|number| number.parse::<u32>().is_ok())
        }
        "href" => ["https://", "http://", "mailto:"]
            .iter()
            .any(|scheme| value.starts_with(scheme)),
        "id" => (value.starts_with("r-fn") || value.starts_with("r-code-")) && plain(value),
        "value" => value.parse::<u32>().is_ok(),
        "dir" => ["auto", "ltr"].contains(&value),
        "width" | "height" | "depth" | "voffset" => plain(&value.replace('%', "")),
        "align" => ["left", "center", "right"].contains(&value),
        "start" => value.parse::<u32>().is_ok(),
        "type" => value == "checkbox",
        "checked" | "disabled" => value.is_empty(),
        // The source of a formula, which nobody reads as anything else.
        "alttext" => true,
        _ => plain(value),
    };
    assert!(
        fine && !value.contains(steers),
        "{attribute}={value:?} in {html}"
    );
}

#[test]
fn no_beginning_of_hostile_text_becomes_more_than_text() {
    for text in HOSTILE {
        let (mut growing, mut finished) = (Growing::default(), String::new());
        for (at, c) in text.char_indices() {
            let end = at + c.len_utf8();
            check_safety(&render_in(&text[..end], &place("r-")));
            growing.push(&text[at..end]);
            finished.push_str(&joined(&growing.advance()));
            check_safety(&(finished.clone() + &growing.tail()));
        }
        finished.push_str(&joined(&growing.finish()));
        check_safety(&finished);
    }
}

#[test]
fn random_mixtures_of_hostile_text_stay_text() {
    let mut dice = Dice(3);
    for _ in 0..1_500 {
        let text: String = (0..6)
            .map(|_| {
                let from = HOSTILE[dice.roll(HOSTILE.len())];
                let piece = parts(from, 40, &mut dice);
                piece[dice.roll(piece.len())].to_owned() + SNIPPETS[dice.roll(SNIPPETS.len())]
            })
            .collect();
        check_safety(&render_in(&text, &place("r-")));
        check_safety(&joined(&pieces(parts(&text, 30, &mut dice))));
    }
}

/// Documents that cost others the square of their length, or their stack.
fn heavy() -> Vec<(&'static str, String)> {
    let nested = |indent: &str, line: &str, depth: usize| -> String {
        (0..depth)
            .map(|level| indent.repeat(level) + line + "\n")
            .collect()
    };
    let numbered =
        |count: usize, line: &dyn Fn(usize) -> String| -> String { (0..count).map(line).collect() };
    vec![
        ("quotes in quotes", ">".repeat(100_000)),
        ("spaced quotes in quotes", "> ".repeat(20_000)),
        (
            "quotes as deep as they may be",
            (">".repeat(999) + "\n\n").repeat(50),
        ),
        ("lists in lists on a line", "- ".repeat(10_000) + "a"),
        ("lists in lists", nested("  ", "- a", 500)),
        (
            "fences in lists in lists",
            nested("  ", "- a", 200) + &(" ".repeat(400) + "```\n").repeat(200),
        ),
        ("a long list", "- a\n".repeat(100_000)),
        ("a long paragraph", "word ".repeat(200_000)),
        ("a paragraph of many lines", "word\n".repeat(100_000)),
        ("brackets", "[".repeat(50_000)),
        ("brackets of images", "![a](b".repeat(20_000)),
        ("emphasis", "*a ".repeat(50_000)),
        (
            "emphasis in emphasis",
            "_*".repeat(20_000) + "a" + &"*_".repeat(20_000),
        ),
        (
            "ticks",
            (1..400).map(|count| "`".repeat(count) + " ").collect(),
        ),
        ("entities", "&".repeat(100_000)),
        ("comments", "<!--".repeat(50_000)),
        ("tags", "<a href='".repeat(30_000)),
        ("addresses", "https://".repeat(20_000)),
        ("addresses in brackets", "www.a(".repeat(20_000)),
        (
            "definitions of links",
            numbered(100_000, &|n| format!("[a{n}]: /u\n")),
        ),
        (
            "definitions of links apart",
            numbered(100_000, &|n| format!("[a{n}]: /u\n\n")),
        ),
        ("notes", numbered(10_000, &|n| format!("[^{n}]: a\n\n"))),
        (
            "a note used much",
            "[^1]: a\n\n".to_owned() + &"[^1] ".repeat(20_000),
        ),
        (
            "a wide table",
            "|a".repeat(5_000) + "\n" + &"|-".repeat(5_000) + "\n" + &"a\n".repeat(100),
        ),
        (
            "a long table",
            "|a|b|\n|-|-|\n".to_owned() + &"|1|2|\n".repeat(20_000),
        ),
        ("dollars", "$a ".repeat(30_000)),
        ("dollars without an end", "$$\n".repeat(30_000)),
        ("formulas", "$x_1$ ".repeat(10_000)),
        ("brackets of formulas", "\\(".repeat(30_000)),
        (
            "groups in a formula",
            format!("${}{}$", "{".repeat(1_900), "}".repeat(1_900)),
        ),
        (
            "commands in formulas",
            format!("$${}$$\n\n", "\\frac".repeat(700)).repeat(20),
        ),
        (
            "environments in formulas",
            format!("$${}$$\n\n", "\\begin{align}".repeat(250)).repeat(20),
        ),
        (
            "chemistry",
            format!("$\\ce{{{}}}$ ", "H2O + ".repeat(600)).repeat(20),
        ),
        ("addresses in Korean", "https://a.b/길에서".repeat(5_000)),
        (
            "a long address",
            format!("https://a.b/{}", "a/".repeat(100_000)),
        ),
        (
            "brackets behind an address",
            format!("https://a.b/{}", ")".repeat(50_000)),
        ),
        (
            "stars behind an address",
            format!("**https://a.b/{}", "*".repeat(50_000)),
        ),
        ("bold addresses", "**https://a.b/**길 ".repeat(5_000)),
        ("tasks", "- [ ] a\n".repeat(20_000)),
        ("marks of notes", "[^1] ".repeat(30_000)),
        ("breaks", "a\\\n".repeat(50_000)),
        ("numbers that begin lists", "1. ".repeat(10_000)),
        ("alerts", "> [!NOTE]\n> a\n\n".repeat(5_000)),
        (
            "blocks of code in lists",
            "- a\n  ```rust\n  let a = 1;\n  ```\n".repeat(1_000),
        ),
        ("blank lines", "\n".repeat(300_000)),
        ("headings", "# a\n".repeat(30_000)),
        (
            "an open tag",
            "<script>\n".to_owned() + &"a\n\n".repeat(50_000),
        ),
        ("blocks of code", "```rust\nlet a = 1;\n```\n".repeat(1_000)),
        (
            "a long block of code",
            "```rust\n".to_owned() + &"let a = \"b\"; // c\n".repeat(20_000),
        ),
        (
            "a long line of code",
            "```js\n".to_owned() + &"f(1,\"a\");".repeat(100_000),
        ),
        (
            "brackets in code",
            "```js\n".to_owned() + &("(".repeat(1_900) + "\n").repeat(10),
        ),
        (
            "quotes in code",
            "```python\n".to_owned() + &("\"'".repeat(900) + "\n").repeat(10),
        ),
        (
            "spaces in code",
            "```markdown\n".to_owned() + &("a".to_owned() + &" ".repeat(1_900) + "b\n").repeat(5),
        ),
    ]
}

#[test]
fn no_document_costs_much_more_than_its_length() {
    // Each takes a second at most where nothing else runs. Squares take minutes.
    let limit = Duration::from_secs(20);
    let all = move || {
        let mut dice = Dice(4);
        for (name, text) in heavy() {
            let start = Instant::now();
            render(&text);
            pieces(parts(&text, 60, &mut dice));
            assert!(start.elapsed() < limit, "{name} took {:?}", start.elapsed());
        }
    };
    // The threads of the server have stacks of this size.
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(all)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn a_table_that_would_be_huge_is_shown_as_it_was_typed() {
    let table = "|a".repeat(5_000) + "\n" + &"|-".repeat(5_000) + "\n" + &"a\n".repeat(100);
    assert!(render(&table).starts_with("<p class=\"raw\">|a|a"));
}

#[test]
fn blocks_have_the_form_that_the_style_sheet_knows() {
    for (markdown, html) in [
        (
            "```rust ignore\nlet a;\n```",
            "<div class=\"code\"><span class=\"lang\">rust</span><details class=\"wrap\"><summary aria-labelledby=\"w-wrap\"></summary></details>\
             <pre tabindex=\"0\"><code class=\"language-rust\"><span class=\"t\">let</span> a;\n</code></pre></div>\n",
        ),
        (
            "~~~ a\"b\n<\n",
            "<div class=\"code\"><span class=\"lang\">txt</span><details class=\"wrap\"><summary aria-labelledby=\"w-wrap\"></summary></details><pre tabindex=\"0\"><code>&lt;\n</code></pre></div>\n",
        ),
        (
            "    a\n",
            "<div class=\"code\"><span class=\"lang\">txt</span><details class=\"wrap\"><summary aria-labelledby=\"w-wrap\"></summary></details><pre tabindex=\"0\"><code>a\n</code></pre></div>\n",
        ),
        (
            "<div>\n**a**\n",
            "<p class=\"raw\">&lt;div&gt;\n**a**</p>\n",
        ),
        (
            "> [!TIP]\n> a",
            "<div class=\"alert tip\" dir=\"auto\">\n<p>a</p>\n</div>\n",
        ),
        (
            "> [!NOTE] t\n> a",
            "<div class=\"alert note\" dir=\"auto\">\n<p class=\"alert-title\">t</p>\n<p>a</p>\n</div>\n",
        ),
        (
            "- [x] a",
            "<ul dir=\"auto\">\n<li><input type=\"checkbox\" aria-labelledby=\"w-done\" checked=\"\" disabled=\"\" /> a</li>\n</ul>\n",
        ),
        (
            "|a|\n|:-:|\n|b|",
            "<div class=\"table\" tabindex=\"0\">\n<table dir=\"auto\">\n<thead>\n<tr>\n<th align=\"center\">a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n\
             <td align=\"center\">b</td>\n</tr>\n</tbody>\n</table>\n</div>\n",
        ),
        (
            "**중요(重要)**합니다",
            "<p><strong>중요(重要)</strong>합니다</p>\n",
        ),
        ("a\u{202e}b\u{1b}[1m", "<p>ab[1m</p>\n"),
    ] {
        assert_eq!(render(markdown), html, "{markdown}");
    }
}

#[test]
fn notes_have_ids_of_their_document() {
    assert_eq!(
        render_in("a[^x] b[^x]\n\n[^x]: c", &place("r-1-")),
        "<p>a<sup class=\"footnote-ref\"><a href=\"#r-1-fn-1\" id=\"r-1-fnref-1\">1</a></sup> \
         b<sup class=\"footnote-ref\"><a href=\"#r-1-fn-1\" id=\"r-1-fnref-1-2\">1</a></sup></p>\n\
         <section class=\"footnotes\" dir=\"auto\">\n<ol>\n<li id=\"r-1-fn-1\">\n<p>c </p>\n\
         <a href=\"#r-1-fnref-1\" class=\"footnote-backref\">↩</a> <a href=\"#r-1-fnref-1-2\" class=\"footnote-backref\">↩</a></li>\n</ol>\n</section>\n"
    );
}

/// Documents as models write them.
fn documents() -> Vec<&'static str> {
    let documents = include_str!("../../tests/fixtures/documents.txt");
    let documents: Vec<&str> = documents.split("%%\n").collect();
    assert_eq!(documents.len(), 20);
    documents
}

#[test]
fn every_beginning_of_a_document_is_inert_and_goes_on_to_the_whole() {
    for text in documents() {
        let whole = pieces([text]);
        // What refers to another block comes right in the whole only.
        if !text.contains("]:") {
            assert_eq!(joined(&whole), render(text));
        }
        let at = place("r-");
        let (mut growing, mut shown) = (Growing::new(at.clone()), String::new());
        for (start, c) in text.char_indices() {
            let end = start + c.len_utf8();
            growing.push(&text[start..end]);
            shown.push_str(&joined(&growing.advance()));
            check_safety(&(shown.clone() + &growing.tail()));
            check_safety(&render_in(&text[..end], &at));
            assert_eq!(
                pieces([&text[..end], &text[end..]]),
                whole,
                "{:?}",
                &text[..end]
            );
        }
    }
}

/// Its end that is still open is what it would be if it were rendered anew each time.
fn check_tails<'a>(parts: impl IntoIterator<Item = &'a str>) {
    let mut growing = Growing::new(place("r-"));
    for part in parts {
        growing.push(part);
        growing.advance();
        assert_eq!(growing.tail(), growing.rest(), "{:?}", growing.text());
    }
    growing.finish();
    assert_eq!(growing.tail(), "");
}

#[test]
fn a_tail_that_grows_is_the_same_as_one_made_anew() {
    let mut dice = Dice(6);
    for text in documents() {
        check_tails(text.split_inclusive(|_| true));
        check_tails(parts(text, 8, &mut dice));
    }
    for _ in 0..4_000 {
        let text: String = (0..1 + dice.roll(8))
            .flat_map(|_| {
                let words = [
                    "a",
                    "한국어 ",
                    " ",
                    " pre ",
                    "www",
                    "3",
                    "",
                    "",
                    "",
                    ", b",
                    ". ",
                    "1.",
                    "b) ",
                    "? ",
                    "\"c\"",
                    " - ",
                    ": ",
                    ";",
                    "(d",
                    "'s",
                    "! ",
                    "e.g.",
                    "http:",
                    "/f=",
                ];
                let open = [
                    "$$",
                    "$$\n",
                    "\\[ ",
                    "\\(",
                    "x_1 < 2 & y",
                    "\\frac{a}",
                    "$",
                    "https://a.b/c",
                    "- ```\n  code",
                    "> ~~~\n> code",
                    "    code",
                    "[t](https://a.b/c",
                    "[a]: /u",
                    "| a | b |\n|-|-|\n| c",
                    "&amp",
                    "me@a",
                ];
                [
                    if dice.roll(3) > 0 {
                        SNIPPETS[dice.roll(SNIPPETS.len())]
                    } else {
                        open[dice.roll(open.len())]
                    },
                    words[dice.roll(words.len())],
                ]
            })
            .collect();
        check_tails(text.split_inclusive(|_| true));
    }
}

#[test]
fn a_formula_is_quiet_until_it_closes() {
    for (text, closed) in [
        ("$$\n\\frac{a_1}{b_2} \\\\\n*x* = y_1\n$$\n", "math"),
        ("a \\[ x_1 * y_2 * z \\] b\n", "math"),
        ("> $$x_1\n> y$$\n", "math"),
        ("- \\(a_1 + b\\)\n", "math"),
    ] {
        let mut growing = Growing::default();
        let (mut sources, mut formulas) = (0, 0);
        for c in text.chars() {
            growing.push(&c.to_string());
            let tail = growing.tail();
            assert!(!tail.contains("<em>"), "{tail}");
            let formula = tail.contains("<math");
            assert!(formulas == 0 || formula, "it was a formula before {tail}");
            formulas += usize::from(formula);
            sources += usize::from(tail.contains("<code class=\"math\">"));
        }
        assert!(formulas > 0 && sources > 3, "{text}: {formulas} {sources}");
        assert!(render(text).contains(closed));
    }
}

#[test]
fn no_formula_is_closed_in_code() {
    for text in ["- ```\n  a $$ b", "    a $$ b", "> ~~~\n> a $$ b"] {
        let mut growing = Growing::default();
        growing.push(text);
        let tail = growing.tail();
        let (_, code) = tail.split_once("<code>").unwrap();
        let (code, _) = code.split_once("</code>").unwrap();
        assert_eq!(code.trim_end(), "a $$ b", "{text}");
    }
}

#[test]
fn a_block_of_code_is_found_by_its_number() {
    for text in documents() {
        let html = Html::parse_fragment(&render_in(text, &place("r-")));
        let shown = scraper::Selector::parse("pre code").unwrap();
        let shown: Vec<String> = html
            .select(&shown)
            .map(|code| code.text().collect())
            .collect();
        for (n, shown) in shown.iter().enumerate() {
            assert_eq!(code(text, n + 1).as_ref(), Some(shown), "{text}");
        }
        assert_eq!(code(text, shown.len() + 1), None);
        assert_eq!(code(text, 0), None);
    }
}

#[test]
fn prices_stay_text() {
    for text in [
        "It is $5 and $10.",
        "US$5 or US$10",
        "$5-$10",
        "$5 ~ $10 사이",
        "from 5$ to 10$",
        "$5 (or 5$)",
        "$100 더하기 20$ 정도",
        "$1,000 and $2,000 and $3,000",
    ] {
        assert_eq!(render(text), format!("<p>{text}</p>\n"));
    }
    for formula in ["$5$", "$5x + 3$", "$2^n$", "$x$", "$10\\,\\text{kg 정도}$"] {
        assert!(render(formula).contains("<math"), "{formula}");
    }
}

#[test]
fn decomposed_hangul_is_kept_as_it_was_typed() {
    let text = "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}";
    assert_eq!(
        render(&format!("**{text}**")),
        format!("<p><strong>{text}</strong></p>\n")
    );
}
