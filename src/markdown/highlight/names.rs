//! The grammar for a language by the name that a model gave it.

use std::collections::HashMap;
use std::sync::LazyLock;

use syntect::parsing::SyntaxReference;

use super::SYNTAXES;

/// Names that models write and the grammars do not know: a name that they do, and its others.
const ALIASES: &[(&str, &str)] = &[
    ("Apache Conf", "apache apacheconf apache-conf httpd"),
    ("ARM Assembly", "aarch64 arm arm64 armasm gas mips riscv"),
    (
        "asa",
        "vb vb.net vba vbnet vbs vbscript visual-basic visualbasic",
    ),
    ("applescript", "osascript"),
    ("as", "as3"),
    ("awk", "gawk mawk"),
    ("bat", "batch batchfile cmd.exe dos"),
    ("bib", "biblatex"),
    ("c", "ansi-c c11 c17 c23 c89 c99"),
    ("clj", "clojurescript"),
    (
        "cpp",
        "arduino cplusplus cu cuda ino ispc metal opencl unreal",
    ),
    ("crontab", "cron"),
    ("cs", "c-sharp csharp dotnet dotnet-cli net razor-cs unity"),
    ("css", "postcss pcss qss tailwind tailwindcss wxss"),
    ("d", "dlang"),
    ("dart", "flutter"),
    ("diff", "git-diff gitdiff udiff unified-diff"),
    ("Dockerfile", "containerfile docker"),
    ("dot", "graphviz"),
    ("el", "elisp emacs-lisp"),
    ("erl", "erlang-repl"),
    ("ex", "elixir-repl iex"),
    ("F#", "fs f-sharp fsharp"),
    ("f90", "fortran fortran90 fortran95"),
    ("gd", "gdscript gdscript3 godot"),
    ("gitignore", "dockerignore npmignore"),
    ("glsl", "hlsl shader"),
    ("go", "golang templ vlang"),
    ("graphql", "apollo gql"),
    ("hs", "ghci"),
    (
        "html",
        "angular ascx aspx astro blade cshtml ejs gohtml gotmpl handlebars hbs html4 html5 htmx liquid mustache \
         razor thymeleaf tmpl wxml",
    ),
    ("html.eex", "eex heex leex"),
    ("html.erb", "html+erb"),
    (
        "html.j2",
        "django html+django html+jinja html-django htmldjango njk nunjucks",
    ),
    ("http", "https"),
    ("ini", "dosini service systemd unit"),
    ("java", "apex pde processing"),
    (
        "js",
        "apps-script appsscript bun ecmascript express google-apps-script javascript-react jquery node node.js nodejs",
    ),
    (
        "json",
        "avsc geojson har json-ld json-with-comments json5 jsonc jsonl jsonld jsonlines ndjson webmanifest",
    ),
    ("jl", "julia-repl"),
    ("kt", "kotlin-script"),
    ("lean", "lean4"),
    ("lisp", "common-lisp commonlisp fennel scheme wasm wast wat"),
    ("lua", "luau pico8"),
    ("make", "gmake mk"),
    ("matlab", "octave scilab"),
    ("md", "commonmark gfm mdx qmd quarto rmarkdown rmd"),
    ("nginx", "nginx-conf nginxconf"),
    ("Objective-C", "obj-c objc objectivec"),
    ("Objective-C++", "objc++ objcpp"),
    (
        "pas",
        "delphi fpc freepascal lazarus object-pascal objectpascal",
    ),
    ("perl", "raku"),
    ("proto", "grpc proto2 proto3 protobuf"),
    (
        "ps1",
        "azurepowershell azurepowershell-interactive posh powershell powershell-interactive powershell-session ps pwsh",
    ),
    (
        "py",
        "circuitpython cython ipython jupyter manim meson micropython mojo pycon pyspark python-console python-repl \
         sage sagemath snakemake starlark",
    ),
    ("r", "rscript rstats"),
    ("re", "regex regexp"),
    ("rkt", "guile"),
    ("rs", "rustlang"),
    (
        "sh",
        "azurecli azurecli-interactive bash-session cli command-line commandline console csh curl dash ksh sh-session \
         shell shell-script shell-session shellscript shellsession tcsh terminal",
    ),
    ("sml", "standard-ml standardml"),
    (
        "sql",
        "ansi-sql athena bigquery clickhouse cql duckdb hive hiveql hql mariadb mssql mysql oracle pgsql plpgsql \
         plsql postgres postgresql psql redshift snowflake soql spark-sql sparksql sqlite sqlite3 t-sql tsql",
    ),
    ("SSH Config", "ssh-config sshconfig"),
    ("swift", "swiftui"),
    ("tcl", "expect"),
    ("tex", "katex tikz"),
    ("tf", "hcl hcl2 nomad opentofu packer tofu"),
    ("ts", "deno"),
    ("tsx", "jsx react"),
    ("vim", "nvim vimscript"),
    ("vue", "vue2 vue3"),
    ("x86_64 Assembly", "asm assembly fasm masm x64 x86 x86asm"),
    (
        "xml",
        "atom csproj fxml gpx kml mathml plist pom soap wsdl xsl",
    ),
    (
        "yaml",
        "ansible cloudformation compose docker-compose github-actions gitlab-ci helm k8s kubernetes openapi swagger",
    ),
];

/// The grammar for a language by a name, the extension of a file or the file's name, with or
/// without a version behind it.
pub(super) fn syntax(language: &str) -> Option<&'static SyntaxReference> {
    let name = language.to_ascii_lowercase();
    let ends = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
    let version = name.trim_end_matches(|c: char| c.is_ascii_digit() || ".-_".contains(c));
    // The letter alone says little: `h264` is no header of C.
    let versionless = Some(version).filter(|name| name.len() > 2);
    [name.as_str()]
        .into_iter()
        .chain(ends)
        .chain(versionless)
        .find_map(known)
}

fn known(name: &str) -> Option<&'static SyntaxReference> {
    if name.is_empty() {
        return None;
    }
    SYNTAXES.find_syntax_by_token(NAMES.get(name).unwrap_or(&name))
}

/// The name that the grammars know, by each of the others.
static NAMES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let others =
        |&(name, others): &(_, &'static str)| others.split(' ').map(move |other| (other, name));
    ALIASES.iter().flat_map(others).collect()
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::tests::html;
    use super::*;

    #[test]
    fn the_names_that_models_write_are_coloured() {
        const SAMPLE: &str = "FROM a\n# b\n-- c\n// d\n% e\n+f\n\"g\": 1\n<h i=\"j\">1</h>\n\\k{1}\nif (true) { return 1; }\n' l\n; m\n";
        let names = "rust python py javascript js typescript ts tsx jsx bash sh shell zsh console json yaml \
            yml toml html css scss sql go java kotlin swift c cpp c++ cs csharp ruby rb php dockerfile diff xml markdown \
            powershell lua r dart scala haskell elixir vue svelte graphql nginx makefile cmake ini protobuf proto hcl \
            terraform zig latex tex objc perl julia nix jsonc asm matlab groovy clojure erlang fsharp ocaml \
            less sass coffee d pascal lisp elm nim verilog crystal ada vim awk bat \
            C C# C++ F# JavaScript Objective-C php8 python3 python3.12 python2 c++17 c++20 java17 lua5.4 perl5 python-3 python_3.12 php-8.3 \
            main.py app.config.ts index.html.erb Makefile Cargo.toml";
        let others = ALIASES.iter().flat_map(|(_, others)| others.split(' '));
        let (coloured, plain): (Vec<&str>, Vec<&str>) = names
            .split_whitespace()
            .chain(others)
            .partition(|name| html(name, SAMPLE).contains("<span"));
        assert_eq!(plain, Vec::<&str>::new());
        let languages: BTreeSet<&str> = coloured
            .into_iter()
            .filter_map(syntax)
            .map(|syntax| syntax.name.as_str())
            .collect();
        assert!(languages.len() >= 80, "{}", languages.len());
    }

    #[test]
    fn other_names_lead_to_languages_and_are_there_once() {
        let mut seen = BTreeSet::new();
        for (name, others) in ALIASES {
            assert!(
                SYNTAXES.find_syntax_by_token(name).is_some(),
                "{name} is unknown"
            );
            for other in others.split_whitespace() {
                assert!(seen.insert(other), "{other} is there twice");
                assert_eq!(other, other.to_ascii_lowercase());
            }
        }
    }

    #[test]
    fn a_name_is_never_that_of_another_language() {
        for (name, language) in [
            ("fs", "F#"),
            ("ps", "PowerShell"),
            ("mysql", "SQL"),
            ("scheme", "Lisp"),
            ("ino", "C++"),
            ("docker-compose", "YAML"),
            ("docker-compose.yml", "YAML"),
            ("vb.net", "ASP"),
            ("main.rs", "Rust"),
            ("TypeScript", "TypeScript"),
        ] {
            assert_eq!(
                syntax(name).map(|syntax| syntax.name.as_str()),
                Some(language),
                "{name}"
            );
        }
        for name in [
            "", "h264", "mermaid", "text", "base64", "x1", "klingon", "utf8", "v2", "utf-8",
            "h-264", "base-64",
        ] {
            let language = syntax(name).map(|syntax| syntax.name.as_str());
            assert!(
                language.is_none_or(|name| name == "Plain Text"),
                "{name}: {language:?}"
            );
        }
    }
}
