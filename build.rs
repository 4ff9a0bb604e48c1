//! Builds what the binary carries inside: the texts of the interface as typed functions, and the
//! files of `static/` under names that carry a hash, compressed once for all.

use sha2::{Digest, Sha256};
use std::{env, error::Error, fs, io::Write, path::Path};

/// Each asset: its name on the page, its media type, and the files it is made of, in order.
///
/// htmx and its extensions are one asset, since as separate deferred scripts they race: htmx may
/// start before an extension has come.
const ASSETS: &[(&str, &str, &[&str])] = &[
    (
        "clipboard-copy.js",
        "text/javascript; charset=utf-8",
        &["static/clipboard/clipboard-copy.js"],
    ),
    ("icon.svg", "image/svg+xml", &["static/icon.svg"]),
    (
        "htmx.js",
        "text/javascript; charset=utf-8",
        &[
            "static/htmx/htmx.min.js",
            "static/htmx/hx-csp.min.js",
            "static/htmx/hx-sse.min.js",
        ],
    ),
];

/// The font of formulas, under the name that the style sheet has for it. It is compressed already.
const FONT: (&str, &str) = ("math.woff2", "static/fonts/stix-two-math.woff2");

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    texts(&out)?;
    markdown(Path::new(&out))?;
    assets(Path::new(&out))
}

fn texts(out: &str) -> Result<(), Box<dyn Error>> {
    let options = fluent_typed::BuildOptions::default()
        .with_output_file_path(&format!("{out}/texts.rs"))
        .with_ftl_output(fluent_typed::FtlOutputOptions::single_file(&format!(
            "{out}/texts.ftl"
        )))
        .with_prefix("")
        .with_lint_level(fluent_typed::LintLevel::Strict)
        // Text browsers print the isolation marks; pages put inserted names in <bdi>.
        .without_bidi_isolation();
    Ok(fluent_typed::try_build_from_locales_folder(options)?)
}

/// A table of the longer texts.
fn markdown(out: &Path) -> Result<(), Box<dyn Error>> {
    let mut table = String::new();
    for language in languages()? {
        for file in fs::read_dir(format!("locales/{language}"))? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.file_stem().and_then(|name| name.to_str());
                let name = name.ok_or("a text has a plain name")?;
                let path = path.canonicalize()?;
                table += &format!("({language:?}, {name:?}, include_str!({path:?})),\n");
            }
        }
    }
    fs::write(out.join("markdown.rs"), format!("[\n{table}]"))?;
    Ok(())
}

/// The names of the folders in `locales/`.
fn languages() -> Result<Vec<String>, Box<dyn Error>> {
    let folders = fs::read_dir("locales")?;
    let names = folders.map(|folder| {
        folder?
            .file_name()
            .into_string()
            .map_err(|_| "a language has a plain name".into())
    });
    names.collect()
}

fn assets(out: &Path) -> Result<(), Box<dyn Error>> {
    let mut table = String::new();
    for (name, media_type, parts) in ASSETS {
        table += &asset(out, name, media_type, &joined(parts)?)?;
    }
    let (row, font) = font(out)?;
    table += &row;
    // What the style sheet says in words is a part of each language.
    for language in languages()? {
        let words = words(out, &language)?;
        let css = String::from_utf8(joined(&["static/app.css", &words])?)?.replace(FONT.0, &font);
        let name = format!("app-{language}.css");
        table += &asset(out, &name, "text/css; charset=utf-8", css.as_bytes())?;
    }
    fs::write(out.join("assets.rs"), format!("[\n{table}]"))?;
    Ok(())
}

/// The words of a language as a style sheet, which has them in custom properties; its path.
fn words(out: &Path, language: &str) -> Result<String, Box<dyn Error>> {
    let texts = format!("locales/{language}/words.ftl");
    println!("cargo::rerun-if-changed={texts}");
    let mut css = ":root {\n".to_owned();
    for line in fs::read_to_string(texts)?.lines() {
        if let Some((name, word)) = line.split_once(" = ") {
            css += &format!("--{name}: {word:?};\n");
        }
    }
    let path = out.join(format!("words-{language}.css"));
    fs::write(&path, css + "}\n")?;
    Ok(path.to_str().ok_or("the path is no text")?.to_owned())
}

/// Packs an asset; what the program is to know of it is returned.
fn asset(out: &Path, name: &str, media_type: &str, plain: &[u8]) -> Result<String, Box<dyn Error>> {
    let path = path(name, plain)?;
    fs::write(out.join(format!("{name}.plain")), plain)?;
    fs::write(out.join(format!("{name}.br")), brotli(plain)?)?;
    fs::write(out.join(format!("{name}.gz")), gzip(plain)?)?;
    let bytes =
        |kind: &str| format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}.{kind}\"))");
    Ok(format!(
        "Asset {{ name: {name:?}, path: {path:?}, media_type: {media_type:?}, \
             plain: {}, br: {}, gz: {} }},\n",
        bytes("plain"),
        bytes("br"),
        bytes("gz"),
    ))
}

/// The font as it is; also its address.
fn font(out: &Path) -> Result<(String, String), Box<dyn Error>> {
    let (name, file) = FONT;
    println!("cargo::rerun-if-changed={file}");
    let bytes = fs::read(file)?;
    let path = path(name, &bytes)?;
    fs::write(out.join(name), bytes)?;
    let row = format!(
        "Asset {{ name: {name:?}, path: {path:?}, media_type: \"font/woff2\", \
             plain: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\")), br: &[], gz: &[] }},\n"
    );
    Ok((row, path))
}

/// The address of a content, which has another one when it changes.
fn path(name: &str, content: &[u8]) -> Result<String, Box<dyn Error>> {
    let hash: String = Sha256::digest(content)[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (stem, extension) = name.split_once('.').ok_or("an asset has an extension")?;
    Ok(format!("/static/{stem}-{hash}.{extension}"))
}

/// A style sheet without its comments and without the white space that says nothing.
fn squeezed(css: &str) -> String {
    let mut plain = String::new();
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        plain += before;
        rest = after.split_once("*/").map_or("", |(_, rest)| rest);
    }
    plain += rest;
    let mut css: String = plain
        .lines()
        .map(|line| line.trim().to_owned() + " ")
        .collect();
    for (long, short) in [
        ("  ", " "),
        (" {", "{"),
        ("{ ", "{"),
        ("; ", ";"),
        (";}", "}"),
        ("} ", "}"),
        (": ", ":"),
        (", ", ","),
        (" > ", ">"),
        ("> ", ">"),
        (" / ", "/"),
    ] {
        while css.contains(long) {
            css = css.replace(long, short);
        }
    }
    css
}

/// The parts, one after the other, without the pointers to source maps that are not there.
fn joined(parts: &[&str]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut all = Vec::new();
    for part in parts {
        // What was written here just now is newer than the build; it would never be done.
        if Path::new(part).is_relative() {
            println!("cargo::rerun-if-changed={part}");
        }
        let text = fs::read_to_string(part)?;
        if part.ends_with(".css") {
            all.write_all(squeezed(&text).as_bytes())?;
            continue;
        }
        for line in text.lines() {
            if !line.starts_with("//# sourceMappingURL=") {
                writeln!(all, "{line}")?;
            }
        }
    }
    Ok(all)
}

fn brotli(plain: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut packed = Vec::new();
    brotli::CompressorWriter::new(&mut packed, 4096, 11, 22).write_all(plain)?;
    Ok(packed)
}

fn gzip(plain: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(plain)?;
    Ok(packed.finish()?)
}
