//! The words behind the fence of a block of code: a language, a file, or more than that.

/// The longest name that is shown.
const LONGEST: usize = 40;

/// The label and the language that a fence gives its code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Info<'a> {
    /// The name that the block is shown with: its language, or its file as it was named.
    pub label: &'a str,
    /// The name of a language, or of a file whose name tells it.
    pub language: &'a str,
}

impl<'a> Info<'a> {
    /// Reads `rust`, `rust,ignore`, `js {1,3}`, `{.python}`, `{r, echo=FALSE}`, `python:main.py`,
    /// `12:15:src/app.ts`, `src/main.rs`, `file=main.rs`.
    pub(super) fn of(fence: &'a str) -> Self {
        let fence = fence.trim();
        match fence.strip_prefix('{') {
            Some(attributes) => Self::of_attributes(attributes),
            None => Self::of_word(first(fence)),
        }
    }

    /// As R Markdown and Pandoc write it.
    fn of_attributes(attributes: &'a str) -> Self {
        let words = || attributes.split([' ', '\t', ',', '}', '{']);
        let class = words().find_map(|word| word.strip_prefix(['.', '=']));
        Self::of_word(class.or_else(|| words().next()).unwrap_or_default())
    }

    fn of_word(word: &'a str) -> Self {
        if let Some((key, value)) = word.split_once('=') {
            let value = value.trim_matches(['"', '\'']);
            return match key {
                "lang" | "language" => Self::named(value),
                "file" | "filename" | "name" | "path" | "src" | "title" => Self::file(value),
                _ => Self::default(),
            };
        }
        // Before a path stands its language, or which of its lines these are.
        match word.split_once(':') {
            Some((lines, rest)) if lines.bytes().all(|byte| byte.is_ascii_digit()) => {
                Self::of_word(rest)
            }
            Some((language, _)) => Self::named(language),
            None if word.contains(['/', '\\']) => Self::file(word),
            None => Self::named(word),
        }
    }

    fn named(name: &'a str) -> Self {
        if !fits(name) {
            return Self::default();
        }
        // As HTML names it.
        let prefixes = ["language-", "lang-", "highlight-source-"];
        let bare = |prefix: &&str| name.strip_prefix(*prefix);
        let name = prefixes.iter().find_map(bare).unwrap_or(name);
        Self {
            label: name,
            language: name,
        }
    }

    fn file(path: &'a str) -> Self {
        let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
        // Of a name in other letters its end is enough.
        let name = match fits(name) {
            true => Self::named(name),
            false => Self::named(name.rsplit('.').next().unwrap_or_default()),
        };
        if name.label.is_empty() || path.len() > LONGEST || !path.split(['/', '\\']).all(fits) {
            return name;
        }
        Self {
            label: path,
            ..name
        }
    }
}

fn first(fence: &str) -> &str {
    fence
        .split([' ', '\t', ',', '{', ';'])
        .next()
        .unwrap_or_default()
}

fn fits(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"+-#._".contains(&byte);
    name.len() <= LONGEST && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_tells_a_language_or_a_file() {
        for (fence, label, language) in [
            ("rust", "rust", "rust"),
            (" rust ignore", "rust", "rust"),
            ("rust,ignore", "rust", "rust"),
            ("js {1,3}", "js", "js"),
            ("js{1,3}", "js", "js"),
            ("js title=\"a.js\"", "js", "js"),
            ("c++", "c++", "c++"),
            ("C#", "C#", "C#"),
            ("language-python", "python", "python"),
            ("lang-js", "js", "js"),
            ("{.language-c++}", "c++", "c++"),
            ("highlight-source-rust", "rust", "rust"),
            ("python-3", "python-3", "python-3"),
            ("vb.net", "vb.net", "vb.net"),
            ("python:main.py", "python", "python"),
            ("ts:src/app/page.tsx", "ts", "ts"),
            ("12:15:src/app.ts", "src/app.ts", "app.ts"),
            ("{.python}", "python", "python"),
            ("{.python .numberLines startFrom=\"1\"}", "python", "python"),
            ("{#id .haskell}", "haskell", "haskell"),
            ("{=html}", "html", "html"),
            ("{python}", "python", "python"),
            ("{r}", "r", "r"),
            ("{r, echo=FALSE}", "r", "r"),
            ("{r setup, include=FALSE}", "r", "r"),
            ("{ .sh }", "sh", "sh"),
            ("src/main.rs", "src/main.rs", "main.rs"),
            ("./a/b.py", "./a/b.py", "b.py"),
            ("src\\main.cs", "src\\main.cs", "main.cs"),
            ("main.py", "main.py", "main.py"),
            ("Dockerfile", "Dockerfile", "Dockerfile"),
            ("file=main.rs", "main.rs", "main.rs"),
            ("filename=\"src/a.go\"", "src/a.go", "a.go"),
            ("title='a.js'", "a.js", "a.js"),
            ("lang=python", "python", "python"),
            ("예제/계산.py", "py", "py"),
            ("file=예제.py", "py", "py"),
            ("app/[id]/page.tsx", "page.tsx", "page.tsx"),
            ("", "", ""),
            ("{}", "", ""),
            ("a\"b", "", ""),
            ("<script>", "", ""),
            ("id=x", "", ""),
        ] {
            assert_eq!(Info::of(fence), Info { label, language }, "{fence}");
        }
        let long = format!("src/{}/main.rs", "a".repeat(40));
        assert_eq!(
            Info::of(&long),
            Info {
                label: "main.rs",
                language: "main.rs"
            }
        );
    }
}
