//! A reply's HTML for text browsers, which have no style sheet and no MathML.

use super::escape;
use crate::i18n::Texts;

/// The same HTML, which [`super::render_in`] or a [`super::Growing`] made, with what style sheets say
/// written into it: what an alert is called, and where a block of code leads. Formulas are in TeX.
pub(crate) fn for_text_browsers(html: &str, t: &Texts) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    // Each `<` of a text is escaped, so these are elements.
    while let Some(at) = rest.find('<') {
        let (before, element) = rest.split_at(at);
        out.push_str(before);
        rest = alert(element, t, &mut out)
            .or_else(|| formula(element, &mut out))
            .or_else(|| code(element, t, &mut out))
            .unwrap_or_else(|| {
                out.push('<');
                &element[1..]
            });
    }
    out.push_str(rest);
    out
}

/// Names an alert, unless it has a title; gives what follows.
fn alert<'a>(html: &'a str, t: &Texts, out: &mut String) -> Option<&'a str> {
    let (kind, rest) = html.strip_prefix("<div class=\"alert ")?.split_once('"')?;
    let (_, rest) = rest.split_once(">\n")?;
    let name = match kind {
        "note" => t.words_note(),
        "tip" => t.words_tip(),
        "important" => t.words_important(),
        "warning" => t.words_warning(),
        "caution" => t.words_caution(),
        _ => return None,
    };
    out.push_str("<div>\n");
    if !rest.starts_with("<p class=\"alert-title\">") {
        out.push_str("<p><b>");
        escape(&name, out);
        out.push_str("</b></p>\n");
    }
    Some(rest)
}

/// Writes a formula as its source, which is in the `alttext`; gives what follows.
fn formula<'a>(html: &'a str, out: &mut String) -> Option<&'a str> {
    let (formula, rest) = html.strip_prefix("<math ")?.split_once("</math>")?;
    let (source, _) = formula.split_once("alttext=\"")?.1.split_once('"')?;
    out.push_str("<code>");
    out.push_str(source);
    out.push_str("</code>");
    Some(rest)
}

/// Says that the name of a code's language leads to its plain text; gives what follows.
fn code<'a>(html: &'a str, t: &Texts, out: &mut String) -> Option<&'a str> {
    let link = html.strip_prefix("<a class=\"lang\"")?;
    let end = link.find("</a>")?;
    out.push_str("<a");
    out.push_str(&link[..end]);
    out.push_str(" · ");
    escape(&t.words_plain(), out);
    Some(&link[end..])
}
