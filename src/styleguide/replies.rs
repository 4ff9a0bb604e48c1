//! Samples for the style guide: replies that are being made, and the question for another model.

use super::{MODEL, Sample, chats::chat as sample_chat};
use crate::{
    chats::actions::other_model::OtherModel,
    error::Result,
    ids::MessageId,
    replies::{LiveReply, Note},
    web::view::View,
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// A reply that is being made: what was thought, what it says so far, and what is said of it.
pub(crate) fn live(id: MessageId, thoughts: &str, text: &str, note: Note) -> Arc<LiveReply> {
    let live = LiveReply::new(id, &CancellationToken::new());
    live.think(thoughts);
    if !text.is_empty() {
        let mut growing = live.growing();
        growing.push(text);
        live.show(&mut growing, None);
    }
    live.say(note);
    Arc::new(live)
}

/// Every sample of this feature.
pub(crate) fn samples(view: &View) -> Result<Vec<Sample>> {
    let form = |problem| OtherModel {
        view: view.clone(),
        chat: sample_chat(view),
        reply: MessageId::new(),
        model: String::new(),
        models: [MODEL.to_owned()].into(),
        problem,
    };
    let long = Some(view.t.preset_model_too_long(200));
    Ok(vec![
        Sample::of("other_model", "plain", &form(None))?,
        Sample::of("other_model", "problem", &form(long))?,
    ])
}
