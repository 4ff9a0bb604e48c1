//! Titles: after its first whole reply a chat gets a short one, made by the model, once.

use super::Replies;
use crate::{
    chats::{ChatId, Message, MessageId, Role, TITLE_LIMIT},
    db::{Db, Topic},
    error::Result,
    models::{Event, Models, Options, Role as Turns, Source, Turn},
    text::clean_line,
    with_pool,
};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::timeout;

/// How long a title may be waited for, and how many tokens it may take.
const PATIENCE: Duration = Duration::from_secs(30);
const TOKENS: i64 = 60;

/// How much of the chat the model is told, in characters of each message.
const TOLD: usize = 1_500;

/// In English, which every model understands best.
const TASK: &str = "Write a title for this conversation, in the language in which the user writes: \
    at most six words, no quotation marks, no full stop at its end, no formatting. Answer with \
    the title and nothing else.";

impl Db {
    /// Whether the model is now to be asked for the chat's title: true once for each chat that has
    /// none but its first line.
    async fn claim_title(&self, chat: ChatId) -> Result<bool> {
        let sql = "update chats set title_by = 'asked' where id = $1 and title_by = 'line'";
        let claimed = with_pool!(self.write, db => sqlx::query(sql)
            .bind(chat)
            .execute(db)
            .await?
            .rows_affected());
        Ok(claimed == 1)
    }

    /// Gives the chat the model's title, if nobody has given it another one meanwhile.
    async fn set_model_title(&self, chat: ChatId, title: &str) -> Result<()> {
        let sql = "update chats set title = $2, title_by = 'model'
                   where id = $1 and title_by = 'asked'";
        with_pool!(self.write, db => sqlx::query(sql)
            .bind(chat)
            .bind(title)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }
}

impl Replies {
    /// Sees to the title of a chat one of whose replies has become whole, in the background.
    pub(super) fn see_to_title(&self, chat: ChatId, reply: MessageId) {
        let Some(models) = self.titles.clone() else {
            return;
        };
        if models.now().source == Source::Demo {
            return;
        }
        let (db, closing) = (self.db.clone(), self.closing.clone());
        tokio::spawn(async move {
            let made = closing.run_until_cancelled(make_title(&db, &models, chat, reply));
            if let Some(Err(error)) = made.await {
                tracing::warn!(%error, "a title could not be made");
            }
        });
    }
}

async fn make_title(db: &Db, models: &Models, chat: ChatId, reply: MessageId) -> Result<()> {
    if !db.claim_title(chat).await? {
        return Ok(());
    }
    let branch = db.branch_end(chat, Some(reply), 2).await?;
    let model = branch.last().and_then(|reply| reply.model.clone());
    let said = timeout(PATIENCE, ask(models, model, &branch)).await;
    if let Some(title) = said.ok().flatten().and_then(|said| title_from(&said)) {
        db.set_model_title(chat, &title).await?;
        db.wake(Topic::Replies).await;
    }
    Ok(())
}

/// What the model says to the beginning of a chat when it is asked for a title.
async fn ask(models: &Models, model: Option<String>, branch: &[Message]) -> Option<String> {
    let mut told = String::new();
    for message in branch {
        let who = match message.role {
            Role::User => "User",
            Role::Assistant => "Assistant",
        };
        let text: String = message.body.chars().take(TOLD).collect();
        told += &format!("{who}:\n{text}\n\n");
    }
    let turn = Turn {
        role: Turns::User,
        text: format!("{told}---\n{TASK}"),
    };
    let options = Options {
        model,
        max_tokens: Some(TOKENS),
        ..Options::default()
    };
    let mut events = models.reply_with(vec![turn], options);
    let mut said = String::new();
    while let Some(event) = events.next().await {
        match event {
            Event::Text(text) => said += &text,
            Event::End(Ok(_)) => return Some(said),
            Event::End(Err(trouble)) => {
                tracing::debug!(%trouble, "the model made no title");
                return None;
            }
            _ => {}
        }
        if said.len() > TOLD {
            return Some(said);
        }
    }
    None
}

/// A title out of what a model says: its last line, as some think aloud before it, without what
/// models like to put around it.
fn title_from(said: &str) -> Option<String> {
    let said = said.rsplit("</think>").next().unwrap_or(said);
    if said.contains("<think>") {
        return None;
    }
    let line = said
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty())?;
    let line = clean_line(line);
    let line = line.trim_start_matches(['#', '-', '>']).trim();
    let line = bare(line.strip_prefix("Title:").unwrap_or(line));
    let length = line.chars().count();
    (1..=TITLE_LIMIT).contains(&length).then(|| line.to_owned())
}

/// The line without the marks around it, however many.
fn bare(mut line: &str) -> &str {
    const AROUND: [(&str, &str); 9] = [
        ("**", "**"),
        ("\"", "\""),
        ("“", "”"),
        ("‘", "’"),
        ("'", "'"),
        ("「", "」"),
        ("『", "』"),
        ("«", "»"),
        ("`", "`"),
    ];
    loop {
        line = line.trim().trim_end_matches(['.', '。']);
        let inner = |(open, close): &(&str, &str)| line.strip_prefix(*open)?.strip_suffix(*close);
        match AROUND.iter().find_map(inner) {
            Some(inner) => line = inner,
            None => return line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_without_what_models_put_around_it() {
        for (said, title) in [
            ("Cooking rice", Some("Cooking rice")),
            ("\"Cooking rice.\"\n", Some("Cooking rice")),
            ("**“밥 짓는 법”**", Some("밥 짓는 법")),
            ("\"**밥 짓는 법.**\"", Some("밥 짓는 법")),
            ("Title: Rice", Some("Rice")),
            ("# Rice", Some("Rice")),
            ("<think>hm\n</think>\n\nRice", Some("Rice")),
            ("<think>hm, that would be", None),
            ("a\u{202e}b\u{1b}[31m", Some("ab[31m")),
            ("", None),
            ("\"\"", None),
            (" \n \n", None),
        ] {
            assert_eq!(title_from(said).as_deref(), title, "{said:?}");
        }
        assert_eq!(title_from(&"x".repeat(TITLE_LIMIT + 1)), None);
    }
}
