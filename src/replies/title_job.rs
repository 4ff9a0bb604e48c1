//! Titles: after its first whole reply a chat gets a short one, made by the model, once.

use super::{Replies, title_text::title_from, usage::Asked};
use crate::{
    db::{Db, Topic},
    error::Result,
    ids::{ChatId, MessageId, UserId},
    messages::rows::{Message, Role},
    models::{Event, Finish, ModelErrorKind, Models, Options, Role as Turns, Source, Turn, Usage},
    with_pool, with_tx,
};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for a title, and the most tokens it may take; then the most for a model that has used up
/// these with thinking, which is asked once more.
const PATIENCE: Duration = Duration::from_secs(120);
const TOKENS: i64 = 60;
const WITH_THOUGHTS: i64 = 2_000;

/// Most text that is searched for a title, in bytes.
const LOOKED_THROUGH: usize = 8_000;

/// Characters of each message that the model is sent for a title.
const TOLD: usize = 1_500;

/// In English, which every model understands best.
const TASK: &str = "Write a title for this conversation, in the language in which the user writes: \
    at most six words, no quotation marks, no full stop at its end, no formatting. Answer with \
    the title and nothing else.";

impl Db {
    /// Tells whether the model is now to be asked for the chat's title: true once for each chat
    /// that has none but its first line.
    async fn claim_title(&self, chat: ChatId) -> Result<bool> {
        let sql = "update chats set title_by = 'asked' where id = $1 and title_by = 'line'";
        let claimed = with_pool!(self.writer()?, db => sqlx::query(sql)
            .bind(chat)
            .execute(db)
            .await?
            .rows_affected());
        Ok(claimed == 1)
    }

    /// Gives the chat the model's title, if it made one and nobody has given it another one meanwhile,
    /// and counts what that took.
    async fn end_title(&self, chat: ChatId, title: Option<&str>, asked: &[Asked]) -> Result<()> {
        let sql = "update chats set title = $2, title_by = 'model'
                   where id = $1 and title_by = 'asked'";
        let mut tx = self.begin().await?;
        if let Some(title) = title {
            with_tx!(tx, db => sqlx::query(sql)
                .bind(chat)
                .bind(title)
                .execute(db)
                .await?
                .rows_affected());
        }
        for asked in asked.iter().filter(|asked| asked.usage != Usage::default()) {
            tx.add_usage(asked).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

impl Replies {
    /// Sees to the title of a chat one of whose replies has become whole, in the background.
    pub(crate) fn see_to_title(&self, user: UserId, chat: ChatId, reply: MessageId) {
        let Some(models) = self.titles.clone() else {
            return;
        };
        if models.now().source == Source::Demo {
            return;
        }
        let (db, closing) = (self.db.clone(), self.closing.clone());
        tokio::spawn(async move {
            let made = closing.run_until_cancelled(make_title(&db, &models, user, chat, reply));
            if let Some(Err(error)) = made.await {
                tracing::warn!(%error, "could not generate a title");
            }
        });
    }
}

async fn make_title(
    db: &Db,
    models: &Models,
    user: UserId,
    chat: ChatId,
    reply: MessageId,
) -> Result<()> {
    if !db.claim_title(chat).await? {
        return Ok(());
    }
    let branch = db.branch_end(chat, Some(reply), 2).await?;
    let model = branch.last().and_then(|reply| reply.model.clone());
    let name = model.clone().unwrap_or_default();
    let mut asked = [TOKENS, WITH_THOUGHTS].map(|tokens| (tokens, Asked::for_title(user, &name)));
    let asking = async {
        for (tokens, asked) in &mut asked {
            match ask(models, model.clone(), &branch, *tokens, asked).await {
                Said::Thoughts => {}
                said => return said,
            }
        }
        Said::Nothing
    };
    let said = timeout(PATIENCE, asking).await.map(Said::text);
    let title = said.ok().flatten().and_then(|said| title_from(&said, TASK));
    let asked = asked.map(|(_, asked)| asked);
    db.end_title(chat, title.as_deref(), &asked).await?;
    if title.is_some() {
        db.notify(Topic::Replies).await;
    }
    Ok(())
}

/// The result of asking for a title.
enum Said {
    /// An answer, whole.
    Text(String),
    /// Nothing but thoughts, as far as they may go.
    Thoughts,
    /// Nothing to be used.
    Nothing,
}

impl Said {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Thoughts | Self::Nothing => None,
        }
    }
}

/// Asks the model for a title of the beginning of a chat.
async fn ask(
    models: &Models,
    model: Option<String>,
    branch: &[Message],
    tokens: i64,
    asked: &mut Asked,
) -> Said {
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
    let prompt_tokens = turn.tokens();
    let options = Options {
        model,
        max_tokens: Some(tokens),
        ..Options::default()
    };
    let mut events = models.reply_with(vec![turn], options);
    let (mut said, mut thinks) = (String::new(), false);
    while let Some(event) = events.next().await {
        match event {
            Event::Text(text) => {
                asked.has_brought(prompt_tokens, &text);
                said += &text;
            }
            Event::Reasoning(text) => {
                asked.has_brought(prompt_tokens, &text);
                thinks = true;
            }
            Event::Usage(usage) => asked.took(usage),
            Event::End(Ok(Finish::Complete)) => return Said::Text(said),
            // What was cut is no title.
            Event::End(Ok(Finish::Length)) if thinks => return Said::Thoughts,
            Event::End(Ok(_)) => return Said::Nothing,
            Event::End(Err(trouble)) if trouble.kind() == ModelErrorKind::EndlessThoughts => {
                return Said::Thoughts;
            }
            Event::End(Err(trouble)) => {
                tracing::debug!(%trouble, "the model wrote no title");
                return Said::Nothing;
            }
            _ => {}
        }
        if said.len() > LOOKED_THROUGH {
            return Said::Nothing;
        }
    }
    Said::Nothing
}
