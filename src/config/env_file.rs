//! The file `.env`: one setting a line, each value as it is typed or refused.
//!
//! Its dialect is dotenvy's, less what would change a value without a word: that library, like
//! many others, puts variables in place of `$NAME` and drops quotes in the middle of a value, so
//! that a password is silently another one. Here such a line is refused by its number.

use std::{collections::BTreeMap, fs, io::ErrorKind, path::Path};

/// The content of the file.
#[derive(Clone, Debug, Default)]
pub(super) struct EnvFile {
    /// The value of each name, and the number of its line, from 1.
    values: BTreeMap<String, (String, usize)>,
}

impl EnvFile {
    /// Reads the file; one that is not there says nothing.
    ///
    /// # Errors
    /// A sentence that names the file and the line, and never what stands there: it may be a secret.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(format!(".env cannot be read: {error}")),
        };
        Self::parse(&bytes)
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        // Some editors put a byte order mark before UTF-8; where UTF-16 is meant, nothing else fits.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = str::from_utf8(bytes)
            .map_err(|_| ".env is not UTF-8 text: save it as UTF-8".to_owned())?;
        let mut file = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            let parsed = parse_line(line).map_err(|why| format!(".env, line {number}: {why}"))?;
            let Some((name, value)) = parsed else {
                continue;
            };
            // An empty value is none, so it may stand beside one.
            if value.is_empty() {
                continue;
            }
            if let Some((_, first)) = file.values.get(&name) {
                return Err(format!(
                    ".env, line {number}: {name} is already set in line {first}"
                ));
            }
            file.values.insert(name, (value, number));
        }
        Ok(file)
    }

    /// The value of this name, and the number of its line.
    pub(super) fn value(&self, name: &str) -> Option<(&str, usize)> {
        let (value, line) = self.values.get(name)?;
        Some((value, *line))
    }

    /// Every name that has a value, and the number of its line.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        self.values
            .iter()
            .map(|(name, (_, line))| (name.as_str(), *line))
    }
}

/// The name and the value of a line, if it has any.
fn parse_line(line: &str) -> Result<Option<(String, String)>, &'static str> {
    const UNLIKE: &str = "not NAME=value";
    const QUOTE: &str = "put the value in single quotes, as in NAME='value'";
    if line.contains('\0') {
        return Err("not UTF-8 text: save the file as UTF-8");
    }
    let rest = line.trim();
    if rest.is_empty() || rest.starts_with('#') {
        return Ok(None);
    }
    let (name, typed) = rest.split_once('=').ok_or(UNLIKE)?;
    if !is_name(name) {
        return Err(UNLIKE);
    }
    if typed.starts_with('#') {
        return Err(
            "put a value that begins with # in single quotes, and a space before a comment",
        );
    }
    let typed = typed.trim_start();
    let parsed = dotenvy::from_read_iter(rest.as_bytes()).next();
    let (name, value) = parsed.and_then(Result::ok).ok_or(QUOTE)?;
    let same = match typed.chars().next() {
        Some('\'') => quoted(typed, '\'') == Some(&*value),
        // Inside of double quotes a backslash takes the meaning from what follows.
        Some('"') => {
            quoted(typed, '"').is_some()
                && !typed.replace("\\\\", "").replace("\\$", "").contains('$')
        }
        _ => {
            let comment = typed.find(" #").or_else(|| typed.find("\t#"));
            let typed = &typed[..comment.unwrap_or(typed.len())];
            typed.trim() == value || typed.starts_with('#')
        }
    };
    same.then_some(Some((name, value))).ok_or(QUOTE)
}

fn is_name(name: &str) -> bool {
    let name = name.trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The text within the quotes that it begins with, if nothing but a comment comes after them.
fn quoted(typed: &str, quote: char) -> Option<&str> {
    let inner = &typed[quote.len_utf8()..];
    let mut is_escaped = false;
    let end = inner.find(|c| {
        let is_end = c == quote && !is_escaped;
        is_escaped = quote == '"' && c == '\\' && !is_escaped;
        is_end
    })?;
    let after = &inner[end + quote.len_utf8()..];
    let is_comment = after.starts_with(char::is_whitespace) && after.trim_start().starts_with('#');
    (after.is_empty() || is_comment).then(|| &inner[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_was_typed() {
        for (line, value) in [
            ("A=b", "b"),
            ("A=b\r", "b"),
            ("\u{feff}A=b", "b"),
            ("  A = b  ", "b"),
            ("export A=b", "b"),
            ("A=b # more", "b"),
            ("A=b#c", "b#c"),
            ("A='p$ss #1'", "p$ss #1"),
            ("A='p$ss' # mine", "p$ss"),
            (r#"A="two words""#, "two words"),
            (r#"A="p\$ss""#, "p$ss"),
            (r#"A='{"a": 1}'"#, r#"{"a": 1}"#),
            (r"A='C:\data'", r"C:\data"),
            (r#"A="say \"so\"" # mine"#, r#"say "so""#),
            (r#"A="C:\\""#, r"C:\"),
            ("A='#b'", "#b"),
            ("A=\"#b\"\t# mine", "#b"),
            ("A_1=b", "b"),
            (
                "A=postgres://me:s%24t@host/db?sslmode=require",
                "postgres://me:s%24t@host/db?sslmode=require",
            ),
            ("A=한글", "한글"),
            ("A='한글 이름'", "한글 이름"),
        ] {
            let file = EnvFile::parse(line.as_bytes()).expect(line);
            let name = if line.contains("A_1") { "A_1" } else { "A" };
            assert_eq!(file.value(name), Some((value, 1)), "{line}");
        }
    }

    #[test]
    fn nothing_is_no_value() {
        for line in [
            "A=",
            "A= ",
            "A=''",
            r#"A="""#,
            "A= # nothing",
            "#A=b",
            "",
            "   ",
        ] {
            let file = EnvFile::parse(line.as_bytes()).expect(line);
            assert_eq!(file.value("A"), None, "{line}");
        }
    }

    #[test]
    fn what_would_become_another_value_is_refused_by_its_line() {
        for line in [
            "A=p$ss",
            "A=${B}",
            r#"A="p$ss""#,
            r#"A="it's $B""#,
            "A=two words",
            r"A=C:\data",
            "A=it's",
            r#"A={"a": 1}"#,
            r#"A={"a":1}"#,
            "A='it's'",
            "A='b'c",
            "A='b'c'",
            "A='b' c",
            "A='b''c'",
            "A='b'#c",
            "A=''b",
            r#"A="b"c"#,
            r#"A="b" c"#,
            r#"A="b""c""#,
            r#"A="b"'c'"#,
            r##"A="b"#c"##,
            r#"A=""b"#,
            r#"A=b"c""#,
            "A=b'c'",
            "A=#b",
            "A=#",
            "A='open",
            r#"A="open"#,
            r"A=a\$b",
            "A: b",
            "A",
            "한글=b",
            "A-B=c",
            "=b",
            "1A=b",
            "A B=c",
        ] {
            let file = format!("# first\nB=c\n{line}\nC=d\n");
            let error = EnvFile::parse(file.as_bytes()).expect_err(line);
            assert!(error.starts_with(".env, line 3: "), "{line}: {error}");
            assert!(!error.contains("ss") && !error.contains("data"), "{error}");
        }
        for line in ["=b", "1A=b", "A-B=c", "A B=c", "한글=b"] {
            let error = EnvFile::parse(line.as_bytes()).unwrap_err();
            assert!(error.contains("NAME=value"), "{line}: {error}");
        }
        let twice = EnvFile::parse(b"A=b\nB=c\nA=d").unwrap_err();
        assert_eq!(twice, ".env, line 3: A is already set in line 1");
        let wide: Vec<u8> = "A=b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(EnvFile::parse(&wide).unwrap_err().contains("UTF-8"));
        assert!(EnvFile::parse(b"A=\xff\xfe").unwrap_err().contains("UTF-8"));
    }
}
