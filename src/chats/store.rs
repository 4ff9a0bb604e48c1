//! Chats and messages in the database.

use super::{Chat, ChatId, Message, MessageId};
use crate::{
    auth::User,
    db::{Db, now},
    error::{Error, Result},
};

/// What keeps a message from being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The person has as many replies running as they may have.
    TooManyRunning,
    /// The chat's last reply is still being written.
    StillReplying,
    /// The key of this form was used before, for something else.
    KeyUsed,
}

/// A reply that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewReply {
    /// The key that it will have.
    pub id: MessageId,
    /// How many replies its person may have running.
    pub limit: usize,
}

/// A message that was taken, and the reply that is now to be made.
pub struct Exchange {
    /// The chat it is in.
    pub chat: ChatId,
    /// The reply; `None` when this very form had been sent before.
    pub reply: Option<MessageId>,
}

impl Db {
    /// The user's chats, newest activity first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn chats(&self, user: &User, limit: u32) -> Result<Vec<Chat>> {
        let sql = "select id, title, leaf from chats where user_id = $1
                   order by active_at desc, id desc limit $2";
        Ok(sqlx::query_as(sql)
            .bind(user.id)
            .bind(limit)
            .fetch_all(&self.read)
            .await?)
    }

    /// The user's chat. Somebody else's is not found.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn chat(&self, user: &User, id: ChatId) -> Result<Chat> {
        let sql = "select id, title, leaf from chats where id = $1 and user_id = $2";
        Ok(sqlx::query_as(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(&self.read)
            .await?)
    }

    /// The chat's messages from the first to the leaf.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn branch(&self, chat: &Chat) -> Result<Vec<Message>> {
        let sql = "with recursive branch (id, parent_id, depth) as (
                       select id, parent_id, 0 from messages where id = $2 and chat_id = $1
                       union all
                       select m.id, m.parent_id, depth + 1 from messages m
                       join branch on m.id = branch.parent_id
                       where m.chat_id = $1 and depth < 100000
                   )
                   select m.id, m.parent_id, role, body, state, problem, model, dropped
                   from branch join messages m on m.id = branch.id order by depth desc";
        Ok(sqlx::query_as(sql)
            .bind(chat.id)
            .bind(chat.leaf)
            .fetch_all(&self.read)
            .await?)
    }

    /// A reply in one of the user's chats, and the chat.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn reply(&self, user: &User, id: MessageId) -> Result<(Message, Chat)> {
        let sql = "select c.id, c.title, c.leaf from chats c join messages m on m.chat_id = c.id
                   where m.id = $1 and m.role = 'assistant' and c.user_id = $2";
        let chat = sqlx::query_as(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(&self.read)
            .await?;
        Ok((self.message(id).await?, chat))
    }

    /// A message whose chat was found to be the user's.
    ///
    /// # Errors
    /// When it is not there.
    pub(super) async fn message(&self, id: MessageId) -> Result<Message> {
        let sql = "select id, parent_id, role, body, state, problem, model, dropped
                   from messages where id = $1";
        Ok(sqlx::query_as(sql).bind(id).fetch_one(&self.read).await?)
    }

    /// Makes a chat with its first message and the reply to it.
    ///
    /// # Errors
    /// When the database fails. In it, what keeps the message from being taken.
    pub async fn add_chat(
        &self,
        user: &User,
        message: MessageId,
        text: &str,
        reply: NewReply,
    ) -> Result<Result<Exchange, NotTaken>> {
        let chat = ChatId::new();
        let mut tx = self.write.begin().await?;
        sqlx::query(
            "insert into chats (id, user_id, title, created_at, active_at) values ($1, $2, $3, $4, $4)",
        )
        .bind(chat)
        .bind(user.id)
        .bind(title_from(text))
        .bind(now())
        .execute(&mut *tx)
        .await?;
        let taken = add_exchange(&mut tx, user, chat, None, message, text, reply).await?;
        self.settle(tx, user, chat, message, text, taken).await
    }

    /// Adds a message at the chat's leaf, and the reply to it.
    ///
    /// # Errors
    /// When the database fails. In it, what keeps the message from being taken.
    pub async fn add_message(
        &self,
        user: &User,
        chat: &Chat,
        message: MessageId,
        text: &str,
        reply: NewReply,
    ) -> Result<Result<Exchange, NotTaken>> {
        let mut tx = self.write.begin().await?;
        let leaf = last_message(&mut tx, user, chat).await?;
        let taken = add_exchange(&mut tx, user, chat.id, leaf, message, text, reply).await?;
        self.settle(tx, user, chat.id, message, text, taken).await
    }

    /// Keeps what was taken. A message that is there already came with the same form before: it is
    /// told where that one went.
    async fn settle(
        &self,
        tx: Tx<'_>,
        user: &User,
        chat: ChatId,
        message: MessageId,
        text: &str,
        taken: Result<Option<MessageId>, NotTaken>,
    ) -> Result<Result<Exchange, NotTaken>> {
        let reply = match taken {
            Err(not_taken) => return Ok(Err(not_taken)),
            Ok(reply) => reply,
        };
        if reply.is_some() {
            tx.commit().await?;
            return Ok(Ok(Exchange { chat, reply }));
        }
        tx.rollback().await?;
        // A page that came back from the browser's memory has its old key, and maybe a new text.
        let sql = "select c.id from chats c join messages m on m.chat_id = c.id
                   where m.id = $1 and c.user_id = $2 and m.body = $3";
        let before = sqlx::query_scalar(sql)
            .bind(message)
            .bind(user.id)
            .bind(text);
        let before = before.fetch_optional(&self.read).await?;
        Ok(match before {
            Some(chat) => Ok(Exchange { chat, reply }),
            None => Err(NotTaken::KeyUsed),
        })
    }

    /// Makes another reply to the message that this one answers, beside it.
    ///
    /// # Errors
    /// When the database fails. In it, what keeps the reply from being made.
    pub async fn add_attempt(
        &self,
        user: &User,
        chat: &Chat,
        failed: &Message,
        reply: NewReply,
    ) -> Result<Result<MessageId, NotTaken>> {
        let mut tx = self.write.begin().await?;
        let leaf = last_message(&mut tx, user, chat).await?;
        if leaf != Some(failed.id) {
            // Another tab was faster, or the chat went on.
            return Ok(Err(NotTaken::StillReplying));
        }
        let parent = failed.parent_id.ok_or(Error::NotFound)?;
        let taken = add_reply(&mut tx, user, chat.id, parent, reply).await?;
        if taken.is_ok() {
            tx.commit().await?;
        }
        Ok(taken)
    }

    /// Gives the chat another title.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rename_chat(&self, chat: &Chat, title: &str) -> Result<()> {
        let sql = "update chats set title = $2 where id = $1";
        sqlx::query(sql)
            .bind(chat.id)
            .bind(title)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Deletes the chat with all that is in it; the replies that were being made are returned.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_chat(&self, chat: &Chat) -> Result<Vec<MessageId>> {
        let mut tx = self.write.begin().await?;
        let sql = "delete from messages where chat_id = $1 and state in ('queued', 'streaming')
                   returning id";
        let running = sqlx::query_scalar(sql).bind(chat.id);
        let running = running.fetch_all(&mut *tx).await?;
        let sql = "delete from chats where id = $1";
        sqlx::query(sql).bind(chat.id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(running)
    }
}

type Tx<'a> = sqlx::Transaction<'a, sqlx::Sqlite>;

/// The message that the chat ends with now. It is read by a write, with which the transaction
/// starts, so that nobody adds another one meanwhile.
async fn last_message(tx: &mut Tx<'_>, user: &User, chat: &Chat) -> Result<Option<MessageId>> {
    let sql = "update chats set active_at = $3 where id = $1 and user_id = $2 returning leaf";
    let leaf = sqlx::query_scalar(sql)
        .bind(chat.id)
        .bind(user.id)
        .bind(now());
    Ok(leaf.fetch_one(&mut **tx).await?)
}

/// Inserts a message and the reply to it, the reply's key in return; none when this message is
/// there already.
async fn add_exchange(
    tx: &mut Tx<'_>,
    user: &User,
    chat: ChatId,
    parent: Option<MessageId>,
    message: MessageId,
    text: &str,
    reply: NewReply,
) -> Result<Result<Option<MessageId>, NotTaken>> {
    let added = sqlx::query(
        "insert into messages (id, chat_id, parent_id, role, body, state, created_at)
         values ($1, $2, $3, 'user', $4, 'complete', $5) on conflict (id) do nothing",
    );
    let added = added
        .bind(message)
        .bind(chat)
        .bind(parent)
        .bind(text)
        .bind(now())
        .execute(&mut **tx)
        .await?;
    if added.rows_affected() == 0 {
        return Ok(Ok(None));
    }
    let sql =
        "select exists (select 1 from messages where id = $1 and state in ('queued', 'streaming'))";
    if sqlx::query_scalar(sql)
        .bind(parent)
        .fetch_one(&mut **tx)
        .await?
    {
        return Ok(Err(NotTaken::StillReplying));
    }
    Ok(add_reply(tx, user, chat, message, reply).await?.map(Some))
}

/// Inserts an empty reply under a message and makes it the chat's leaf.
async fn add_reply(
    tx: &mut Tx<'_>,
    user: &User,
    chat: ChatId,
    parent: MessageId,
    reply: NewReply,
) -> Result<Result<MessageId, NotTaken>> {
    let sql = "select count(*) from messages m join chats c on c.id = m.chat_id
               where m.state in ('queued', 'streaming') and c.user_id = $1";
    let present: i64 = sqlx::query_scalar(sql)
        .bind(user.id)
        .fetch_one(&mut **tx)
        .await?;
    if usize::try_from(present).is_ok_and(|present| present >= reply.limit) {
        return Ok(Err(NotTaken::TooManyRunning));
    }
    sqlx::query(
        "insert into messages (id, chat_id, parent_id, role, body, state, created_at)
         values ($1, $2, $3, 'assistant', '', 'queued', $4)",
    )
    .bind(reply.id)
    .bind(chat)
    .bind(parent)
    .bind(now())
    .execute(&mut **tx)
    .await?;
    sqlx::query("update chats set leaf = $2 where id = $1")
        .bind(chat)
        .bind(reply.id)
        .execute(&mut **tx)
        .await?;
    Ok(Ok(reply.id))
}

/// How many characters a chat's title may have.
pub const TITLE_LIMIT: usize = 80;

/// A chat's first title: the first line that says something, not too long.
fn title_from(text: &str) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    let line = clean_line(line);
    if line.chars().count() <= TITLE_LIMIT {
        return line;
    }
    let kept: String = line.chars().take(TITLE_LIMIT - 1).collect();
    format!("{}…", kept.trim_end())
}

/// Text for one line: no control characters, and nothing that turns the text around it.
pub fn clean_line(text: &str) -> String {
    let keep = |c: &char| {
        !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.trim().chars().filter(keep).collect()
}
