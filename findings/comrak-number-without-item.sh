#!/bin/sh
# comrak 0.59.0: a number with its full stop is an empty item of a list only if a line end follows. As the
# last thing of a text it is a paragraph, though CommonMark 0.31.2 (5.2, "empty list item") gives a file's
# end no such meaning, and commonmark.js 0.31.2 makes it an item both times. A bullet is an item both ways.
#
# Whoever shows text that grows sees "2." hang on the text as a paragraph first and then become an item.
#
# Needs cargo, node and npm. Prints what it saw; exit code 1 if any of that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
comrak = { version = "=0.59.0", default-features = false }
TOML
cat > src/main.rs <<'RUST'
fn main() {
    for text in ["1.", "1.\n", "7)", "7)\n", "-", "-\n"] {
        let html = comrak::markdown_to_html(text, &comrak::Options::default());
        println!("comrak {text:?} {html:?}");
    }
}
RUST
cat > other.js <<'JS'
const { Parser, HtmlRenderer } = require("commonmark");
for (const text of ["1.", "1.\n"]) {
  const html = new HtmlRenderer().render(new Parser().parse(text));
  console.log("commonmark.js", JSON.stringify(text), JSON.stringify(html));
}
JS
npm install --silent --no-audit --no-fund commonmark@0.31.2 >&2
{ cargo run --quiet; node other.js; } | tee seen
cat > expected <<'TEXT'
comrak "1." "<p>1.</p>\n"
comrak "1.\n" "<ol>\n<li></li>\n</ol>\n"
comrak "7)" "<p>7)</p>\n"
comrak "7)\n" "<ol start=\"7\">\n<li></li>\n</ol>\n"
comrak "-" "<ul>\n<li></li>\n</ul>\n"
comrak "-\n" "<ul>\n<li></li>\n</ul>\n"
commonmark.js "1." "<ol>\n<li></li>\n</ol>\n"
commonmark.js "1.\n" "<ol>\n<li></li>\n</ol>\n"
TEXT
diff expected seen
