//! Replies as HTML: rendered once, and kept as long as there is room.

use crate::{
    error::{Error, Result},
    ids::MessageId,
    markdown::{self, Place},
};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};
use std::sync::Arc;

/// About the most bytes of texts and their HTML that are kept.
const ROOM: u64 = 32 << 20;

/// Replies that are expected to fit in there.
const REPLIES: usize = 4_096;

/// Bytes of one entry beside its text.
const OVERHEAD: u64 = 128;

/// A reply's whole text as HTML.
pub(crate) fn html_of(id: MessageId, body: &str) -> String {
    markdown::render_in(body, &place_of(id))
}

/// Returns where a reply is shown: its anchors are its own.
pub(crate) fn place_of(id: MessageId) -> Place {
    Place {
        ids: format!("r-{id}-"),
        codes: format!("/messages/{id}/code/"),
    }
}

/// A text and what it is as HTML. Only for this very text: a reply that was carried on has another.
#[derive(Clone)]
struct Kept {
    body: Arc<str>,
    html: Arc<str>,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<MessageId, Kept> for Bytes {
    fn weight(&self, _: &MessageId, kept: &Kept) -> u64 {
        (kept.body.len() + kept.html.len()) as u64 + OVERHEAD
    }
}

/// The HTML of replies that were shown lately. Cheap to clone.
#[derive(Clone)]
pub(crate) struct HtmlCache(Arc<Cache<MessageId, Kept, Bytes>>);

impl Default for HtmlCache {
    fn default() -> Self {
        Self::with_room(ROOM)
    }
}

impl HtmlCache {
    /// Room in one part, or the more cores there are, the shorter the longest reply that is kept
    /// (of eight cores a megabyte with its HTML, and a known reply is dropped for a longer one).
    /// Looking takes a lock for less than a microsecond, so parts would gain nothing.
    fn with_room(bytes: u64) -> Self {
        let options = OptionsBuilder::new()
            .shards(1)
            .estimated_items_capacity(REPLIES)
            .weight_capacity(bytes)
            .build()
            .expect("both capacities are set");
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        Self(Arc::new(Cache::with_options(
            options, Bytes, hasher, lifecycle,
        )))
    }

    /// Replies as HTML, each with whatever stands before it. What is not known is rendered off the
    /// async threads: code takes about 2 ms a KB.
    ///
    /// # Errors
    /// When rendering fails.
    pub(crate) async fn all<T: Send + 'static>(
        &self,
        replies: Vec<(T, MessageId, String)>,
    ) -> Result<Vec<(T, Arc<str>)>> {
        let (mut done, mut unknown) = (Vec::with_capacity(replies.len()), Vec::new());
        for (place, id, body) in replies {
            match self.known(id, &body) {
                Some(html) => done.push((place, html)),
                None => unknown.push((place, id, body)),
            }
        }
        if unknown.is_empty() {
            return Ok(done);
        }
        let rendered = self.clone();
        let render = move || -> Vec<(T, Arc<str>)> {
            let render = |(place, id, body)| (place, rendered.render(id, body));
            unknown.into_iter().map(render).collect()
        };
        let rendered = tokio::task::spawn_blocking(render).await;
        done.extend(rendered.map_err(Error::internal)?);
        Ok(done)
    }

    fn known(&self, id: MessageId, body: &str) -> Option<Arc<str>> {
        let kept = self.0.get(&id)?;
        (*kept.body == *body).then_some(kept.html)
    }

    fn render(&self, id: MessageId, body: String) -> Arc<str> {
        let html: Arc<str> = html_of(id, &body).into();
        self.keep(id, body, html.clone());
        html
    }

    fn keep(&self, id: MessageId, body: String, html: Arc<str>) {
        let body = body.into();
        self.0.insert(id, Kept { body, html });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_known_is_not_rendered_again() {
        let (rendered, id) = (HtmlCache::default(), MessageId::new());
        let show = async |body: &str| {
            let all = rendered.all(vec![((), id, body.to_owned())]).await.unwrap();
            all[0].1.clone()
        };
        let first = show("*a*").await;
        assert_eq!(&*first, "<p><em>a</em></p>\n");
        assert!(Arc::ptr_eq(&first, &show("*a*").await));
        assert_eq!(&*show("*a* b").await, "<p><em>a</em> b</p>\n");
        assert_eq!(&*show("*a*").await, "<p><em>a</em></p>\n");
    }

    #[test]
    fn the_longest_reply_is_kept_whatever_the_machine() {
        let rendered = HtmlCache::default();
        let (long, short) = (MessageId::new(), MessageId::new());
        // Code has up to five times as much HTML.
        let (body, html) = ("a".repeat(4 << 20), "b".repeat(20 << 20));
        rendered.render(short, "*a*".to_owned());
        rendered.keep(long, body.clone(), html.into());
        assert!(rendered.known(long, &body).is_some());
        assert!(rendered.known(short, "*a*").is_some());
        // Not a part of the room for each core.
        assert_eq!(rendered.0.shard_capacity(), ROOM);
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let rendered = HtmlCache::with_room(1 << 20);
        for n in 0..1_000 {
            rendered.render(MessageId::new(), format!("{n} {}", "word ".repeat(2_000)));
            assert!(rendered.0.weight() <= 1 << 20);
        }
        assert!(rendered.0.len() > 10);
    }
}
