//! Imports run down only: this table is the layout of `src/`, from the pages to the leaves.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// Each part of the program, from the top down, and the parts it uses. A folder, or a file that is
/// alone, is a part; so is each folder of `chats/`. Whoever adds an arrow adds it here, downwards.
const PARTS: &[(&str, &str)] = &[
    ("commands", "web config models db"),
    (
        "styleguide",
        "chats/actions chats/fragments account personas preferences web auth app replies messages presets models appearance urls ids time error",
    ),
    ("help", "web"),
    (
        "chats/actions",
        "chats/pages chats/fragments account web app messages security markdown db users urls ids time text error",
    ),
    (
        "chats/watch",
        "chats/pages chats/fragments account web auth app replies messages security markdown users urls ids i18n error",
    ),
    (
        "chats/pages",
        "chats/fragments account personas web app messages presets users ids error",
    ),
    (
        "chats/fragments",
        "personas web app replies messages models markdown db users urls ids time i18n error",
    ),
    (
        "account",
        "preferences web auth app config security db users appearance cookies urls ids time i18n error",
    ),
    ("personas", "web app presets db users ids time text error"),
    (
        "preferences",
        "web app presets db users appearance cookies urls ids time i18n error",
    ),
    (
        "web",
        "auth app config presets security models db users appearance cookies urls time i18n text error",
    ),
    (
        "auth",
        "app security db users appearance cookies urls ids time text error",
    ),
    ("server", "app security i18n"),
    ("app", "config replies messages security models db error"),
    ("config", "replies models db time"),
    (
        "replies",
        "messages models markdown db users ids time text error",
    ),
    (
        "messages",
        "presets security models markdown db users ids time text error",
    ),
    ("presets", "models db users ids error"),
    ("security", "db ids time error"),
    ("models", "i18n"),
    ("markdown", "i18n"),
    ("db", "time error"),
    ("users", "appearance ids i18n"),
    ("appearance", "cookies"),
    ("cookies", "error"),
    ("urls", "ids"),
    ("ids", ""),
    ("time", "i18n"),
    ("i18n", ""),
    ("text", ""),
    ("error", ""),
];

/// What ties the parts together may use all of them.
const TOP: [&str; 2] = ["lib", "main"];

/// The part that a module, `chats::actions::send` for example, belongs to.
fn part_of(module: &str) -> String {
    let mut names = module.split("::");
    match (names.next().unwrap_or_default(), names.next()) {
        ("App", _) => "app".to_owned(),
        ("with_pool" | "with_tx" | "execute", _) => "db".to_owned(),
        ("chats", Some(folder)) => format!("chats/{folder}"),
        (name, _) => name.to_owned(),
    }
}

/// The paths behind `crate::` in a source, the lists in braces taken apart.
fn paths(source: &str) -> Vec<String> {
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n");
    let mut found = Vec::new();
    for after in code.split("crate::").skip(1) {
        take_apart(&mut after.chars().peekable(), "", &mut found);
    }
    found
}

/// Reads one path, or a list of them, and leaves what follows.
fn take_apart(
    code: &mut std::iter::Peekable<std::str::Chars<'_>>,
    before: &str,
    found: &mut Vec<String>,
) {
    let mut path = before.to_owned();
    while let Some(&c) = code.peek() {
        match c {
            '{' => {
                code.next();
                loop {
                    while code.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
                    match code.peek() {
                        None => return,
                        Some('}') => {
                            code.next();
                            return;
                        }
                        Some(c) if !(c.is_alphanumeric() || "_#{*".contains(*c)) => return,
                        Some(_) => take_apart(code, &path, found),
                    }
                }
            }
            c if c.is_alphanumeric() || "_:#*".contains(c) => {
                path.push(c);
                code.next();
            }
            _ => break,
        }
    }
    // `as`, and the name that follows it.
    if code.clone().take(4).collect::<String>() == " as " {
        code.by_ref().take(4).for_each(drop);
        while code.next_if(|c| c.is_alphanumeric() || *c == '_').is_some() {}
    }
    found.push(path);
}

/// The arrows between the parts of a folder's files, each with a file that has it.
fn arrows(folder: &Path, root: &Path, found: &mut BTreeMap<(String, String), String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            arrows(&path, root, found);
            continue;
        }
        let file = path.strip_prefix(root).unwrap().with_extension("");
        let file = file.to_string_lossy().replace('\\', "/");
        let module = file.trim_end_matches("/mod").replace('/', "::");
        let from = part_of(&module);
        if TOP.contains(&from.as_str()) || file == "chats/mod" {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        // What tests use is not part of the program.
        let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        for used in paths(source) {
            let to = part_of(&used);
            if to != from {
                found.insert((from.clone(), to), format!("{file}: crate::{used}"));
            }
        }
    }
}

#[test]
fn imports_run_down_only() {
    let rank: BTreeMap<&str, usize> = PARTS
        .iter()
        .enumerate()
        .map(|(rank, (part, _))| (*part, rank))
        .collect();
    let allowed: BTreeSet<(String, String)> = PARTS
        .iter()
        .flat_map(|(from, to)| {
            let to = to.split_whitespace();
            to.map(|to| ((*from).to_owned(), to.to_owned()))
        })
        .collect();
    for (from, to) in &allowed {
        let down = rank
            .get(to.as_str())
            .is_some_and(|to| *to > rank[from.as_str()]);
        assert!(
            down,
            "the table has an arrow that does not run down: {from} → {to}"
        );
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    arrows(&src, &src, &mut found);
    for (arrow, place) in &found {
        let (from, to) = arrow;
        assert!(
            allowed.contains(arrow),
            "{from} may not use {to}: {place}. Move what both need below them, or add the arrow \
             to the table if it runs down"
        );
    }
    for (from, to) in &allowed {
        assert!(
            found.contains_key(&(from.clone(), to.clone())),
            "{from} does not use {to} any more: take the arrow out of the table"
        );
    }
}

#[test]
fn what_is_left_out_on_postgresql_knows_no_database_that_it_is_given() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap();
    let config = read(".config/nextest.toml");
    let (_, modules) = config.split_once("test(/^(").unwrap();
    let (modules, _) = modules.split_once(')').unwrap();
    let given = [
        "TestApp",
        "KINDS",
        "Schema",
        "OwnDatabase",
        "TEST_DATABASE_URL",
    ];
    for module in modules.split('|').filter(|module| *module != "layers") {
        let source = read(&format!("tests/{module}.rs"));
        for name in given {
            assert!(
                !source.contains(name),
                "{module} knows {name}: take it out of .config/nextest.toml"
            );
        }
    }
}

#[test]
fn paths_are_taken_apart() {
    let source = "use crate::{\n    App,\n    a::b::{C, d::{self, E as F}, g},\n    with_pool,\n};\nfn f() { crate::h::i(); }";
    assert_eq!(
        paths(source),
        [
            "App",
            "a::b::C",
            "a::b::d::self",
            "a::b::d::E",
            "a::b::g",
            "with_pool",
            "h::i"
        ]
    );
}
