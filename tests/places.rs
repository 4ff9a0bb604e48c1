//! The places of things on a chat's page: in its column, and what is wide within it.

use crate::support::{
    chromium::{Script, Tab},
    site::Site,
};

const ENTER: &str = "\u{e007}";

impl Tab {
    /// The left and the right edge of an element.
    async fn edges(&self, css: &str) -> [f64; 2] {
        let edges = format!(
            "(() => {{ const b = document.querySelector({css:?}).getBoundingClientRect(); return [b.left, b.right] }})()"
        );
        let edges = self.eval(&edges).await;
        [0, 1].map(|n| edges[n].as_f64().unwrap())
    }

    /// That two elements are as wide as each other, and one below the other.
    async fn are_in_line(&self, css: &str, other: &str, at: u32) {
        let (one, two) = (self.edges(css).await, self.edges(other).await);
        for (one, two) in one.into_iter().zip(two) {
            assert!((one - two).abs() <= 1.0, "{css} and {other} at {at}");
        }
    }
}

#[tokio::test]
async fn notices_and_forms_stand_in_the_column_of_the_messages() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::On).await;
    tab.register("Ann").await;
    tab.send("Hello").await;
    tab.until_replied().await;
    for width in [390, 1_280, 1_600] {
        tab.resize(width, 800).await;
        // What is said above the composer.
        tab.fill("#content", "  ").await;
        tab.press("#composer button", ENTER).await;
        tab.until_text("#notice", "Write a message").await;
        tab.are_in_line("#notice", "#composer", width).await;
        // A form below a reply: its label, its field and its buttons, each below the one before.
        tab.click(".reply a[href$='/retry']").await;
        tab.until("document.querySelector('.other-model input')")
            .await;
        tab.are_in_line(".other-model input", ".reply .text", width)
            .await;
        let stacked = "['label', 'input', '.actions'].map(css => document.querySelector('.other-model ' + css).getBoundingClientRect()).every((b, n, all) => b.left == all[0].left && (!n || b.top >= all[n - 1].bottom))";
        assert_eq!(tab.eval(stacked).await, true, "at {width}");
        tab.press(".other-model .actions a", ENTER).await;
        tab.until("!document.querySelector('.other-model')").await;
    }
    let complaints = tab.complaints().await;
    assert!(complaints.iter().all(|line| line.contains("422")));
    tab.close().await;
}

/// Formulas in a line and on lines of their own, and tables in which one word is long.
const WIDE: &str = r"In a line $a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q+r+s+t+u+v+w+x+y+z$ and short, $a + b$.

$$a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q+r+s+t+u+v+w+x+y+z+a+b+c+d+e+f+g+h+i+j+k+l$$

| 1 | 2 | 3 | 4 | 5 | 6 | Address |
|---|---|---|---|---|---|---|
| some words here | and more words | yes indeed it is | a long explanation of what it is about | 3 to 6 months | more text to read | https://example.com/a/very/long/path/that/never/ends/index.html |

| Name | Meaning |
|---|---|
| `a_very_long_identifier_name_that_goes_on_and_on_for_seventy_letters_ok` | Which is a longer story, and needs some words to be told in full. |
| `a_short_name` | [Elsewhere](https://example.com/docs) |
";

#[tokio::test]
async fn what_is_wide_scrolls_by_itself_and_squeezes_nothing_beside_it() {
    let site = Site::start().await;
    let tab = Tab::open(&site.url, Script::Off).await;
    tab.register("Ann").await;
    site.model.says(WIDE);
    tab.send("Much, please").await;
    tab.until_replied().await;
    for (width, height) in [(320, 640), (390, 800), (844, 390), (1_280, 800)] {
        let at = format!("{width} x {height}");
        tab.resize(width, height).await;
        let sideways = "[document.documentElement, document.body, document.querySelector('#main')].filter(e => e.scrollWidth > e.clientWidth).length";
        assert_eq!(tab.eval(sideways).await, 0, "{at}");
        // What does not fit has a box that scrolls, which HTML is and MathML not everywhere; what fits has none.
        let formulas = "[...document.querySelectorAll('.reply math')].map(e => { const box = e.closest('[tabindex]'); return box?.closest('.reply .text') ? box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX == 'auto' : 'none' }).join()";
        if width < 400 {
            assert_eq!(tab.eval(formulas).await, "true,none,true", "{at}");
        }
        // In letters: the narrowest of the other columns.
        let columns = "document.querySelectorAll('.reply table')";
        let narrowest = |table: u32, cells: &str| {
            format!(
                "Math.min(...[...{columns}[{table}].querySelectorAll('td{cells}')].map(e => e.clientWidth / parseFloat(getComputedStyle(e).fontSize)))"
            )
        };
        let beside = tab.eval(&narrowest(0, ":not(:last-child)")).await;
        assert!(beside.as_f64().unwrap() >= 5.0, "{at}: {beside}");
        let beside = tab.eval(&narrowest(1, ":last-child")).await;
        assert!(beside.as_f64().unwrap() >= 7.0, "{at}: {beside}");
        let lines = "[...document.querySelectorAll('.reply td code')].map(e => e.offsetHeight / parseFloat(getComputedStyle(e).lineHeight) > 1.9).join()";
        assert_eq!(tab.eval(lines).await, "true,false", "{at}");
    }
    tab.close().await;
}
