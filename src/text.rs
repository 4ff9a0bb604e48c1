//! Text that people and models write, as it is kept.

/// Text for one line: no control characters, and nothing that turns the text around it.
pub(crate) fn clean_line(text: &str) -> String {
    let keep = |c: &char| {
        !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.trim().chars().filter(keep).collect()
}

/// Text of many lines: browsers send their ends as CR LF; and no other control characters.
pub(crate) fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|c| matches!(c, '\n' | '\t') || !c.is_control())
        .collect()
}
