//! A page as a person sees it: read by CSS selectors, changed by htmx's swaps.

use http::{HeaderMap, Method, StatusCode};
use scraper::{ElementRef, Html, Node, Selector};

/// Elements that do not part the words around them.
const INLINE: [&str; 9] = ["a", "b", "bdi", "code", "del", "em", "i", "span", "strong"];

/// What a browser shows after an answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status of the last answer.
    pub status: StatusCode,
    /// The headers of the last answer.
    pub headers: HeaderMap,
    /// What the last answer brought: the whole page, or with htmx a fragment.
    pub answer: String,
    /// The address that the browser shows.
    pub path: String,
    /// The document, after all swaps.
    pub html: String,
    /// The nonce without which htmx's attributes count for nothing.
    pub nonce: String,
}

pub fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|error| panic!("{css}: {error}"))
}

/// The value of the option that is chosen, or else of the first.
fn chosen(select: ElementRef<'_>) -> String {
    let (chosen, any) = (selector("option[selected]"), selector("option"));
    let option = select.select(&chosen).next();
    let option = option.or_else(|| select.select(&any).next());
    let value = option.and_then(|option| option.attr("value"));
    value.unwrap_or_default().to_owned()
}

/// An element's text with its white space as it is shown: one space, or none.
fn shown(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    for node in element.descendants() {
        match node.value() {
            Node::Text(more) => text += more,
            Node::Element(inner) if !INLINE.contains(&inner.name()) => text.push(' '),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Page {
    pub fn document(&self) -> Html {
        Html::parse_document(&self.html)
    }

    /// The text of every element that matches.
    pub fn texts(&self, css: &str) -> Vec<String> {
        self.document().select(&selector(css)).map(shown).collect()
    }

    /// The text of the one element that matches.
    #[track_caller]
    pub fn text(&self, css: &str) -> String {
        let mut texts = self.texts(css);
        assert_eq!(texts.len(), 1, "{css} in {}", self.html);
        texts.remove(0)
    }

    /// How many elements match.
    pub fn count(&self, css: &str) -> usize {
        self.document().select(&selector(css)).count()
    }

    pub fn has(&self, css: &str) -> bool {
        self.count(css) > 0
    }

    /// An attribute of every element that matches and has it.
    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        let document = self.document();
        let selector = selector(css);
        let values = document
            .select(&selector)
            .filter_map(|element| element.attr(name));
        values.map(str::to_owned).collect()
    }

    /// An attribute of the first element that matches.
    #[track_caller]
    pub fn attribute(&self, css: &str, name: &str) -> String {
        let values = self.attributes(css, name);
        values
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no {css} with {name} in {}", self.html))
    }

    /// What is inside the first element that matches, as HTML.
    #[track_caller]
    pub fn inside(&self, css: &str) -> String {
        let document = self.document();
        let element = document.select(&selector(css)).next();
        element
            .unwrap_or_else(|| panic!("no {css} in {}", self.html))
            .inner_html()
    }

    /// The value of a header of the last answer; empty without it.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The form that matches, as it is filled in now.
    #[track_caller]
    pub fn form(&self, css: &str) -> Form {
        let document = self.document();
        let form = document.select(&selector(css)).next();
        let form = form.unwrap_or_else(|| panic!("no form {css} in {}", self.html));
        assert_eq!(form.value().name(), "form", "{css}");
        let attribute = |name: &str| form.attr(name).map(str::to_owned);
        let fields = selector("input, textarea, select");
        let fields = form.select(&fields).filter_map(|field| {
            let is_box = matches!(field.attr("type"), Some("checkbox" | "radio"));
            if is_box && field.attr("checked").is_none() {
                return None;
            }
            let name = field.attr("name")?.to_owned();
            let is_one_of_several = matches!(field.attr("type"), Some("radio" | "checkbox"));
            if is_one_of_several && field.attr("checked").is_none() {
                return None;
            }
            let value = match field.value().name() {
                "textarea" => field.text().collect(),
                "select" => chosen(field),
                _ => field.attr("value").unwrap_or_default().to_owned(),
            };
            Some((name, value))
        });
        Form {
            page: self.clone(),
            css: css.to_owned(),
            action: attribute("action").unwrap_or_else(|| self.path.clone()),
            method: attribute("method")
                .map_or(Method::GET, |method| method.to_uppercase().parse().unwrap()),
            fields: fields.collect(),
            in_frame: form.attr("target").is_some(),
            hx: attribute("hx-post").filter(|_| self.lets_act(form)),
            target: attribute("hx-target"),
            swap: attribute("hx-swap"),
        }
    }

    /// Whether htmx acts on the element: the page loads it, and hx-csp leaves what has no nonce, or
    /// another one, inert.
    pub fn lets_act(&self, element: ElementRef<'_>) -> bool {
        let loaded = self.has("script[src^='/static/htmx-']");
        loaded && element.attr("hx-nonce") == Some(&self.nonce)
    }

    /// Applies an answer as htmx does: partials where they say, also empty ones, the rest to the
    /// target.
    pub fn apply(&mut self, answer: &str, target: &str, swap: &str) {
        self.apply_at(answer, &Swap::new(target, swap));
    }

    /// The same, of the rest only what is selected.
    pub fn apply_at(&mut self, answer: &str, place: &Swap) {
        let (rest, partials) = partials(answer);
        let mut rest = without_title(&rest);
        if let Some(css) = &place.select {
            let found = Html::parse_fragment(&rest);
            rest = found.select(&selector(css)).map(|one| one.html()).collect();
        }
        if !rest.trim().is_empty() && place.how != "none" {
            self.swap(&place.target, &place.how, &rest);
        }
        for partial in partials {
            self.swap(&partial.target, &partial.swap, &partial.html);
        }
    }

    /// Whether a morph leaves an element as it is.
    fn keeps(&self, target: &str) -> bool {
        let config = self.attribute("meta[name=htmx-config]", "content");
        let config: serde_json::Value = serde_json::from_str(&config).unwrap();
        let skips = config["morphSkip"].as_str().unwrap();
        self.document()
            .select(&selector(skips))
            .any(|element| element.attr("id") == target.strip_prefix('#'))
    }

    #[track_caller]
    fn swap(&mut self, target: &str, swap: &str, html: &str) {
        let mut document = self.document();
        let found = document
            .select(&selector(target))
            .next()
            .map(|element| element.id());
        if swap == "delete" {
            if let Some(found) = found {
                document.tree.get_mut(found).unwrap().detach();
                self.html = document.html();
            }
            return;
        }
        // What is deleted, or what something is put before, may not be on the page.
        if swap == "beforebegin" && found.is_none() {
            return;
        }
        let found = found
            .unwrap_or_else(|| panic!("nothing at {target} to swap {html} into: {}", self.html));
        if swap == "outerMorph" && self.keeps(target) {
            return;
        }
        // As in htmx, which lets a fragment begin with a table's row.
        let fragment = Html::parse_fragment(&format!("<template>{html}</template>"));
        let new = document.tree.extend_tree(fragment.tree).id();
        // The parser wraps a fragment into an element html.
        let html = document
            .tree
            .get(new)
            .and_then(|root| Some(root.first_child()?.first_child()?.id()))
            .unwrap_or(new);
        let mut place = document.tree.get_mut(found).unwrap();
        match swap.split_whitespace().next().unwrap_or("innerHTML") {
            "beforeend" => place.reparent_from_id_append(html),
            "beforebegin" => {
                let children = document.tree.get(html).unwrap().children();
                let children: Vec<_> = children.map(|child| child.id()).collect();
                for child in children {
                    let mut place = document.tree.get_mut(found).unwrap();
                    place.insert_id_before(child);
                }
            }
            "innerHTML" => {
                while let Some(mut child) = place.first_child() {
                    child.detach();
                }
                place.reparent_from_id_append(html);
            }
            "outerHTML" | "outerMorph" => {
                let children: Vec<_> = document
                    .tree
                    .get(html)
                    .unwrap()
                    .children()
                    .map(|child| child.id())
                    .collect();
                for child in children {
                    document
                        .tree
                        .get_mut(found)
                        .unwrap()
                        .insert_id_before(child);
                }
                document.tree.get_mut(found).unwrap().detach();
            }
            other => panic!("hx-swap={other}"),
        }
        self.html = document.html();
    }
}

/// Where an answer to htmx goes, and what of it.
pub struct Swap {
    pub select: Option<String>,
    pub target: String,
    pub how: String,
}

impl Swap {
    pub fn new(target: &str, how: &str) -> Self {
        Self {
            select: None,
            target: target.to_owned(),
            how: how.to_owned(),
        }
    }
}

struct Partial {
    target: String,
    swap: String,
    html: String,
}

/// The answer without its partials, and those.
fn partials(answer: &str) -> (String, Vec<Partial>) {
    let (mut rest, mut partials) = (String::new(), Vec::new());
    let mut left = answer;
    while let Some((before, from)) = left.split_once("<hx-partial ") {
        let (head, body) = from
            .split_once('>')
            .filter(|(head, _)| head.matches('"').count() % 2 == 0)
            .unwrap_or_else(|| {
                // A > in a selector: the tag ends behind the next quote.
                let end = from.find("\">").unwrap() + 1;
                (&from[..end], &from[end + 1..])
            });
        let (html, after) = body.split_once("</hx-partial>").unwrap();
        let attribute = |name: &str| {
            let value = head
                .split_once(&format!("{name}=\""))
                .map(|(_, value)| value.split('"').next().unwrap());
            value.unwrap_or_default().replace("&gt;", ">")
        };
        rest += before;
        partials.push(Partial {
            target: attribute("hx-target"),
            swap: attribute("hx-swap"),
            html: html.to_owned(),
        });
        left = after;
    }
    (rest + left, partials)
}

fn without_title(html: &str) -> String {
    match (html.find("<title>"), html.find("</title>")) {
        (Some(from), Some(to)) => format!("{}{}", &html[..from], &html[to + "</title>".len()..]),
        _ => html.to_owned(),
    }
}

/// A form with what is in its fields.
#[derive(Clone, Debug)]
pub struct Form {
    pub page: Page,
    pub css: String,
    pub action: String,
    pub method: Method,
    pub fields: Vec<(String, String)>,
    /// Its answer goes to a frame, not to the page.
    pub in_frame: bool,
    /// Where htmx sends it, if it does.
    pub hx: Option<String>,
    pub target: Option<String>,
    pub swap: Option<String>,
}

impl Form {
    /// Types into a field that the form must have.
    #[track_caller]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(field, _)| field == name);
        let (_, old) = field
            .unwrap_or_else(|| panic!("no field {name} in {} of {}", self.css, self.page.html));
        *old = value.to_owned();
        self
    }

    /// Presses a radio button that the form must have.
    #[track_caller]
    pub fn pick(self, name: &str, value: &str) -> Self {
        let button = format!("{} input[type=radio][name={name}][value={value}]", self.css);
        assert_eq!(
            self.page.count(&button),
            1,
            "{button} in {}",
            self.page.html
        );
        self.fill(name, value)
    }

    /// Adds a field that the form has not: a button that was pressed, or what an attacker adds.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What is in a field.
    #[track_caller]
    pub fn value(&self, name: &str) -> &str {
        let field = self.fields.iter().find(|(field, _)| field == name);
        &field
            .unwrap_or_else(|| panic!("no field {name} in {}", self.css))
            .1
    }

    /// The body as browsers send it, line ends as CR LF.
    pub fn body(&self) -> String {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.fields {
            let value = value.replace("\r\n", "\n").replace('\n', "\r\n");
            body.append_pair(name, &value);
        }
        body.finish()
    }
}
