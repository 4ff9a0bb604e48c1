//! The documents: what they name exists, what they say of settings is so, and both languages of
//! README have the same parts.

use clap::CommandFactory;
use damso::config::Config;
use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

/// Folders whose files are named in documents by their path from here.
const FOLDERS: [&str; 11] = [
    ".ci",
    "benches",
    "docs",
    "findings",
    "locales",
    "migrations",
    "scripts",
    "src",
    "static",
    "templates",
    "tests",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A Markdown file of ours, cut into what the tests look at.
struct Document {
    /// Its path from the root of the repository.
    name: String,
    text: String,
}

/// A code block between fences, line by line.
type Block = Vec<String>;

impl Document {
    fn read(name: &str) -> Self {
        let text = fs::read_to_string(root().join(name)).expect(name);
        let name = name.to_owned();
        Self { name, text }
    }

    /// All documents: those at the top, and those in `docs/`.
    fn all() -> Vec<Self> {
        let mut names = BTreeSet::new();
        for folder in ["", "docs", "docs/proxies"] {
            for entry in fs::read_dir(root().join(folder)).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                if name.ends_with(".md") {
                    let path = Path::new(folder).join(name);
                    names.insert(path.to_str().unwrap().to_owned());
                }
            }
        }
        names.iter().map(|name| Self::read(name)).collect()
    }

    /// Its lines outside of code blocks, and its code blocks.
    fn parts(&self) -> (Vec<&str>, Vec<Block>) {
        let (mut prose, mut blocks) = (vec![], vec![]);
        let mut open: Option<Block> = None;
        for line in self.text.lines() {
            match (line.trim_start().starts_with("```"), open.as_mut()) {
                (true, None) => open = Some(vec![]),
                (true, Some(_)) => blocks.extend(open.take()),
                (false, Some(block)) => block.push(line.to_owned()),
                (false, None) => prose.push(line),
            }
        }
        assert!(open.is_none(), "{}: a code block has no end", self.name);
        (prose, blocks)
    }

    /// The marks of its headings: `#`, `##` …
    fn levels(&self) -> Vec<&str> {
        let (prose, _) = self.parts();
        let headings = prose.into_iter().filter(|line| line.starts_with('#'));
        headings.filter_map(|line| line.split(' ').next()).collect()
    }

    /// The names under which GitHub lets its headings be linked to.
    fn anchors(&self) -> BTreeSet<String> {
        let (prose, _) = self.parts();
        let headings = prose.into_iter().filter(|line| line.starts_with('#'));
        headings
            .map(|line| {
                let text = line.trim_start_matches('#').trim().to_lowercase();
                let kept = text
                    .chars()
                    .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
                kept.collect::<String>().replace(' ', "-")
            })
            .collect()
    }

    /// The targets of its links and pictures.
    fn links(&self) -> Vec<String> {
        let prose = self.parts().0.join("\n");
        let targets = prose.split("](").skip(1);
        targets
            .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
            .collect()
    }

    /// Its prose, cut at backticks: text and code take turns, text first.
    fn spans(&self) -> Vec<Vec<String>> {
        let prose = self.parts().0.join("\n");
        let paragraphs = prose.split("\n\n");
        paragraphs
            .map(|paragraph| {
                let words: Vec<_> = paragraph.split_whitespace().collect();
                words.join(" ").split('`').map(str::to_owned).collect()
            })
            .collect()
    }

    /// Every path from the root that it names as code, as far as no sign stands for something else.
    fn paths(&self) -> BTreeSet<String> {
        let spans = self.spans();
        let inline = spans
            .iter()
            .flat_map(|spans| spans.iter().skip(1).step_by(2));
        let (_, blocks) = self.parts();
        inline
            .chain(blocks.iter().flatten())
            .flat_map(|code| code.split_whitespace())
            .filter_map(path)
            .collect()
    }
}

/// The word as a path from the root, if it is one.
fn path(word: &str) -> Option<String> {
    let word = word.trim_end_matches([',', ';', ':', '.', ')']);
    let (folder, rest) = word.split_once('/')?;
    if !FOLDERS.contains(&folder) {
        return None;
    }
    let known = rest
        .split('/')
        .take_while(|part| !part.contains(['*', '…', '{', '<']));
    Some(
        std::iter::once(folder)
            .chain(known)
            .collect::<Vec<_>>()
            .join("/"),
    )
}

/// Fails with every complaint, if there is any.
#[track_caller]
fn nothing_wrong(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_path_that_a_document_names_exists() {
    let mut wrong = vec![];
    let mut seen = 0;
    for document in Document::all() {
        for path in document.paths() {
            seen += 1;
            if !root().join(&path).exists() {
                wrong.push(format!("{}: {path} does not exist", document.name));
            }
        }
    }
    nothing_wrong(wrong);
    assert!(seen > 100, "only {seen} paths were found");
}

/// “`name` in `src/file.rs`”, and in Korean “`src/file.rs`의 `name`”.
#[test]
fn every_name_that_a_document_places_in_a_file_is_there() {
    let mut wrong = vec![];
    for document in Document::all() {
        for spans in document.spans() {
            for three in spans.windows(3).skip(1).step_by(2) {
                let (name, file) = match &*three[1] {
                    " in " => (&three[0], &three[2]),
                    "의 " => (&three[2], &three[0]),
                    _ => continue,
                };
                let Some(path) = path(file).map(|path| root().join(path)) else {
                    continue;
                };
                if path.is_file() && !fs::read_to_string(path).unwrap().contains(&**name) {
                    wrong.push(format!("{}: {file} has no {name}", document.name));
                }
            }
        }
    }
    nothing_wrong(wrong);
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut wrong = vec![];
    for document in Document::all() {
        for link in document.links() {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let from = Path::new(&document.name);
            let target: PathBuf = match file {
                "" => from.to_owned(),
                file => from.with_file_name("").join(file),
            };
            if !root().join(&target).exists() {
                wrong.push(format!("{}: {link} leads nowhere", document.name));
                continue;
            }
            if anchor.is_empty() {
                continue;
            }
            let anchors = Document::read(target.to_str().unwrap()).anchors();
            if !anchors.contains(anchor) {
                wrong.push(format!("{}: {link} is not a heading", document.name));
            }
        }
    }
    nothing_wrong(wrong);
}

#[test]
fn both_languages_have_the_same_parts_and_commands() {
    for (english, korean) in [
        ("README.md", "README.ko.md"),
        ("docs/learn.md", "docs/learn.ko.md"),
    ] {
        let (english, korean) = (Document::read(english), Document::read(korean));
        assert_eq!(english.levels(), korean.levels(), "headings");
        let commands = |document: &Document| -> Vec<Block> {
            let blocks = document.parts().1;
            let without_comments = |line: &String| {
                let end = line.find(" #").unwrap_or(line.len());
                line[..end].trim_end().to_owned()
            };
            let blocks = blocks.iter();
            blocks
                .map(|block| block.iter().map(without_comments).collect())
                .collect()
        };
        assert_eq!(commands(&english), commands(&korean), "code blocks");
        assert_eq!(english.paths(), korean.paths(), "files that are named");
    }
}

#[test]
fn ci_runs_the_tests_as_readme_tells() {
    let commands = Document::read("README.md").parts().1;
    assert!(commands.contains(&vec!["scripts/test".to_owned()]));
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    assert!(ci.contains("exec scripts/test"));
}

/// A setting, as the program has it.
struct Setting {
    name: String,
    heading: String,
    default: String,
    about: String,
}

fn settings() -> Vec<Setting> {
    let command = Config::command();
    let arguments = command.get_arguments();
    arguments
        .filter_map(|arg| {
            let name = arg.get_env()?.to_str()?.to_owned();
            let about = arg.get_long_help().or(arg.get_help())?.to_string();
            // A default that depends on something is told in words.
            let (about, told) = match about.split_once(" [") {
                Some((about, told)) => (about.to_owned(), told.trim_end_matches(']')),
                None => (about, ""),
            };
            let told = told.strip_prefix("default: ").unwrap_or(told);
            let fixed = arg.get_default_values().first().filter(|_| told.is_empty());
            let default = fixed.map(|value| format!("`{}`", value.to_str().unwrap()));
            let values = arg.get_possible_values();
            let values: Vec<_> = values.iter().map(|value| value.get_name()).collect();
            let about = match values.is_empty() {
                true => about,
                false => format!("{about} ({})", values.join(" or ")),
            };
            Some(Setting {
                name,
                heading: arg.get_help_heading().unwrap_or_default().to_owned(),
                default: default.unwrap_or_else(|| told.to_owned()),
                about: about.split_whitespace().collect::<Vec<_>>().join(" "),
            })
        })
        .collect()
}

/// `docs/settings.md`, made from the program.
fn settings_page() -> String {
    let mut page = "\
# Settings

Every setting can stand in a file `.env` in the folder where Damso is started, in the environment, or on the command line
as a flag (`LISTEN` is `--listen`). Flags win over the environment, the environment over `.env`. An empty value is no
value. A changed setting takes effect at the next start. `damso check` says which settings were given a value, and where;
[.env.example](../.env.example) is a file to begin with.

This page is made from the program: `UPDATE_DOCS=1 cargo test --test all docs::` writes it anew.
"
    .to_owned();
    let mut heading = None;
    for setting in settings() {
        if heading.as_ref() != Some(&setting.heading) {
            if !setting.heading.is_empty() {
                page += &format!("\n## {}\n", setting.heading);
            }
            page += "\n| setting | default | what it is |\n| --- | --- | --- |\n";
            heading = Some(setting.heading);
        }
        let cells = [
            format!("`{}`", setting.name),
            setting.default,
            setting.about,
        ];
        page += &format!(
            "| {} |\n",
            cells.map(|cell| cell.replace('|', "\\|")).join(" | ")
        );
    }
    page
}

#[test]
fn the_page_of_settings_is_what_the_program_says() {
    let (page, path) = (settings_page(), root().join("docs/settings.md"));
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        there, page,
        "write it anew: UPDATE_DOCS=1 cargo test --test all docs::"
    );
}

#[test]
fn readme_names_settings_that_exist_with_their_defaults() {
    let settings = settings();
    for readme in ["README.md", "README.ko.md"] {
        let readme = Document::read(readme);
        let (prose, _) = readme.parts();
        let rows: Vec<Vec<_>> = prose
            .iter()
            .filter(|line| line.starts_with("| `"))
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        assert_eq!(rows.len(), 10, "{}", readme.name);
        for row in rows {
            let name = row[1].trim_matches('`');
            let setting = settings.iter().find(|setting| setting.name == name);
            let setting = setting.unwrap_or_else(|| panic!("{name} is not a setting"));
            if row[2].starts_with('`') {
                assert_eq!(row[2], setting.default, "{}: {name}", readme.name);
            }
        }
    }
}
