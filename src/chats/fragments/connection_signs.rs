//! Signs of life, and what is seen when none comes: a sentence that shows by itself unless the next
//! sign renews it (`.cut` in the style sheet, after 18 seconds).

use super::reasoning::escape;
use crate::i18n::Texts;
use std::time::Duration;
use tokio::time::Instant;

/// The longest time between two signs of life for whoever follows a reply. Nobody on the way takes
/// the connection for dead then, and one that comes late by some seconds is no alarm yet.
const EVERY: Duration = Duration::from_secs(10);

/// The next sign of life, and the time when it is due.
pub(crate) struct Alive {
    due: Instant,
}

impl Alive {
    /// The first one is due at once.
    pub(crate) fn new() -> Self {
        let due = Instant::now();
        Self { due }
    }

    /// Tells how long there is nothing to do.
    pub(crate) fn patience(&self) -> Duration {
        self.due - Instant::now()
    }

    /// Tells whether a sign is due; then the next one is later.
    pub(crate) fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = now >= self.due;
        if is_due {
            self.due = now + EVERY;
        }
        is_due
    }
}

/// The sentence in a page that htmx takes further: each sign puts a new one in the place of the last.
pub(crate) fn reconnecting(t: &Texts) -> String {
    let mut html = "<p class=\"cut\">".to_owned();
    escape(&mut html, &t.reply_reconnecting());
    html + "</p>"
}

/// Takes back what stands in a page that stays open, of whose radio buttons only the last one can be
/// checked, wherever in it they stand.
pub(crate) const NOT_CUT: &str =
    "<input class=\"alive\" type=\"radio\" name=\"alive\" checked hidden autocomplete=\"off\">";

/// The sentence in such a page, with the way to where the reply goes on. It takes the place of the one
/// before.
pub(crate) fn cut(html: &mut String, further: &str, t: &Texts) {
    html.push_str(NOT_CUT);
    html.push_str("<span class=\"cut\" role=\"status\">");
    escape(html, &t.reply_cut());
    html.push(' ');
    go_on(html, further, t);
    html.push_str("</span>");
}

/// The way to where the reply goes on. It takes along what stands in the composer by then.
pub(crate) fn go_on(html: &mut String, further: &str, t: &Texts) {
    html.push_str("<button class=\"quiet\" form=\"composer\" formnovalidate formaction=\"");
    html.push_str(further);
    html.push_str("\">");
    escape(html, &t.reply_goes_on());
    html.push_str("</button>");
}
