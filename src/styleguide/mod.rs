//! `/styleguide`: every fragment in every state, for those who work on how pages look.
//!
//! Each feature makes the samples of its own fragments, with its own structs and templates.

mod account;
mod chats;
mod preferences;
mod replies;

use crate::{
    App,
    error::{Error, Result},
    models::{Current, Source},
    web::view::View,
};
use askama::{Template, filters::HtmlSafe};
use askama_web::WebTemplate;
use axum::extract::{Path, State};
use std::{collections::HashSet, fmt};

/// The model that samples name: long, as such names are.
pub(crate) const MODEL: &str = "sample-provider/sample-model-2026-11-large-instruct";

/// A fragment in one of its states.
pub(crate) struct Sample {
    /// The file in `templates/fragments/`, without its ending.
    template: &'static str,
    state: &'static str,
    html: RawHtml,
    /// True if it is here, not only on its own page.
    is_here: bool,
}

/// HTML that a template of ours made.
struct RawHtml(String);

impl HtmlSafe for RawHtml {}

impl fmt::Display for RawHtml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Sample {
    pub(crate) fn of(
        template: &'static str,
        state: &'static str,
        fragment: &impl Template,
    ) -> Result<Self> {
        // A page begins in one place at most; among samples in none.
        let html = fragment.render()?.replace(" autofocus", "");
        Ok(Self {
            template,
            state,
            html: RawHtml(html),
            is_here: true,
        })
    }

    /// Returns its name in an address.
    fn name(&self) -> String {
        format!("{}-{}", self.template, self.state).replace(' ', "-")
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        let after = self.html.0.split(" id=\"").skip(1);
        after.filter_map(|rest| rest.split('"').next())
    }
}

#[derive(Template, WebTemplate)]
#[template(path = "pages/styleguide.html")]
pub(crate) struct StyleguidePage {
    view: View,
    samples: Vec<Sample>,
}

impl StyleguidePage {
    /// As many of the samples as can share a page: an id may be there once.
    fn all(view: View) -> Result<Self> {
        let mut samples = samples(&view)?;
        let mut taken: HashSet<String> = ["main", "menu"].map(str::to_owned).into();
        for sample in &mut samples {
            let is_here = sample.ids().all(|id| !taken.contains(id));
            if is_here {
                taken.extend(sample.ids().map(str::to_owned));
            }
            sample.is_here = is_here;
        }
        Ok(Self { view, samples })
    }

    /// One of the samples by itself.
    fn one(view: View, name: &str) -> Result<Self> {
        let mut samples = samples(&view)?;
        samples.retain(|sample| sample.name() == name);
        match samples.is_empty() {
            true => Err(Error::NotFound),
            false => Ok(Self { view, samples }),
        }
    }
}

/// Every sample, in the order in which they are shown.
fn samples(view: &View) -> Result<Vec<Sample>> {
    // The same whatever this server is set to.
    let view = view.answered_by(Current {
        source: Source::Server,
        model: Some(MODEL.to_owned()),
    });
    let mut samples = chats::samples(&view)?;
    samples.extend(replies::samples(&view)?);
    samples.extend(preferences::samples(&view)?);
    samples.extend(account::samples(&view)?);
    Ok(samples)
}

fn allowed(app: &App) -> Result<()> {
    match app.config.styleguide {
        true => Ok(()),
        false => Err(Error::NotFound),
    }
}

/// `GET /styleguide`: as the browser wants it.
pub(crate) async fn all(view: View, State(app): State<App>) -> Result<StyleguidePage> {
    allowed(&app)?;
    StyleguidePage::all(view)
}

/// `GET /styleguide/{sample}`: `light`, `dark`, or the name of a sample.
pub(crate) async fn part(
    view: View,
    State(app): State<App>,
    Path(what): Path<String>,
) -> Result<StyleguidePage> {
    allowed(&app)?;
    match what.as_str() {
        "light" | "dark" => StyleguidePage::all(view.themed(&what)),
        name => StyleguidePage::one(view, name),
    }
}
