//! Chats and messages in the database.

use super::{Beginning, Chat, ChatId, Message, MessageId, Role, tree::columns};
use crate::{
    auth::User,
    db::{Db, Kind, Tx, now},
    error::{Error, Result},
    text::clean_line,
    with_pool, with_tx,
};

/// What keeps a message from being taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// The person has as many replies running and waiting as they may have.
    TooManyRunning,
    /// The chat's last reply is still being written.
    StillReplying,
    /// The chat has gone on since the page was made that this came from.
    GoneOn,
    /// The key of this form was used before, for something else.
    KeyUsed,
    /// The server is about to end.
    Ending,
}

/// A message that is being sent.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// The key it will have: that of the form, which may come twice.
    pub key: MessageId,
    /// The message it was written under, at the end of the branch that its page showed; `None` for
    /// a page that does not tell.
    pub seen: Option<MessageId>,
    /// What it says.
    pub text: String,
    /// How many replies its person may have running and waiting.
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
    /// The user's chat. Somebody else's is not found.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn chat(&self, user: &User, id: ChatId) -> Result<Chat> {
        let sql = "select id, title, leaf, model, persona, title_by from chats where id = $1 and user_id = $2";
        Ok(with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?))
    }

    /// A reply in one of the user's chats, and the chat.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn reply(&self, user: &User, id: MessageId) -> Result<(Message, Chat)> {
        let (message, chat) = self.message_of(user, id).await?;
        match message.role {
            Role::Assistant => Ok((message, chat)),
            Role::User => Err(Error::NotFound),
        }
    }

    /// A message in one of the user's chats, and the chat.
    ///
    /// # Errors
    /// When it is not there.
    pub(super) async fn message_of(&self, user: &User, id: MessageId) -> Result<(Message, Chat)> {
        let sql = "select c.id, c.title, c.leaf, c.model, c.persona, c.title_by
                   from chats c join messages m on m.chat_id = c.id
                   where m.id = $1 and c.user_id = $2";
        let chat = with_pool!(self.read, db => sqlx::query_as(sql)
            .bind(id)
            .bind(user.id)
            .fetch_one(db)
            .await?);
        Ok((self.message(id).await?, chat))
    }

    /// A message whose chat was found to be the user's.
    ///
    /// # Errors
    /// When it is not there.
    pub(super) async fn message(&self, id: MessageId) -> Result<Message> {
        let sql = concat!(
            "select ",
            columns!(),
            " from messages m where m.id = $1 and m.deleted_at is null"
        );
        Ok(with_pool!(self.read, db => sqlx::query_as(sql).bind(id).fetch_one(db).await?))
    }

    /// Makes a chat with its first message and the reply to it, which waits in line.
    ///
    /// # Errors
    /// When the database fails. In it, what keeps the message from being taken.
    pub async fn add_chat(
        &self,
        user: &User,
        new: &NewMessage,
        beginning: &Beginning,
    ) -> Result<Result<Exchange, NotTaken>> {
        let chat = ChatId::new();
        let sql = "insert into chats (id, user_id, title, created_at, active_at, model,
                       system_prompt, temperature, top_p, max_tokens, effort, persona, title_by)
                   values ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let preset = &beginning.preset;
        let mut tx = self.begin().await?;
        with_tx!(tx, db => sqlx::query(sql)
            .bind(chat)
            .bind(user.id)
            .bind(title_from(&new.text))
            .bind(now())
            .bind(&preset.model)
            .bind(&preset.system_prompt)
            .bind(preset.temperature)
            .bind(preset.top_p)
            .bind(preset.max_tokens)
            .bind(&preset.effort)
            .bind(&beginning.persona)
            .bind(if beginning.titled { "line" } else { "person" })
            .execute(db)
            .await?.rows_affected());
        let taken = add_exchange(&mut tx, user, chat, None, new).await?;
        self.settle(tx, user, chat, new, taken).await
    }

    /// Adds a message at the end of a branch, and the reply to it, which waits in line.
    ///
    /// # Errors
    /// When the database fails. In it, what keeps the message from being taken.
    pub async fn add_message(
        &self,
        user: &User,
        chat: &Chat,
        new: &NewMessage,
    ) -> Result<Result<Exchange, NotTaken>> {
        let mut tx = self.begin().await?;
        let leaf = last_message(&mut tx, user, chat).await?;
        let parent = new.seen.or(leaf);
        let end = match parent {
            Some(parent) => as_end(&mut tx, chat.id, parent, new.key).await?,
            None => Ok(()),
        };
        let parent = parent.filter(|_| end.is_ok());
        let mut taken = add_exchange(&mut tx, user, chat.id, parent, new).await?;
        if let (Ok(Some(_)), Err(not_taken)) = (&taken, end) {
            taken = Err(not_taken);
        }
        self.settle(tx, user, chat.id, new, taken).await
    }

    /// Adds a message beside another one, as another version of it, and the reply to it.
    ///
    /// # Errors
    /// When the other one is not there. In it, what keeps the message from being taken.
    pub async fn add_beside(
        &self,
        user: &User,
        chat: &Chat,
        other: &Message,
        new: &NewMessage,
    ) -> Result<Result<Exchange, NotTaken>> {
        let mut tx = self.begin().await?;
        last_message(&mut tx, user, chat).await?;
        is_there(&mut tx, other.id).await?;
        let taken = add_exchange(&mut tx, user, chat.id, other.parent_id, new).await?;
        self.settle(tx, user, chat.id, new, taken).await
    }

    /// Makes a reply to a person's message that has none.
    ///
    /// # Errors
    /// When the message is not there. In it, what keeps the reply from being made.
    pub async fn add_answer(
        &self,
        user: &User,
        chat: &Chat,
        asked: &Message,
        limit: usize,
    ) -> Result<Result<MessageId, NotTaken>> {
        let mut tx = self.begin().await?;
        last_message(&mut tx, user, chat).await?;
        if let Err(not_taken) = as_end(&mut tx, chat.id, asked.id, asked.id).await? {
            return Ok(Err(not_taken));
        }
        let key = MessageId::new();
        let taken = add_reply(&mut tx, user, chat.id, asked.id, key, None, limit).await?;
        if taken.is_ok() {
            tx.commit().await?;
        }
        Ok(taken)
    }

    /// Keeps what was taken. A message that is there already came with the same form before: it is
    /// told where that one went.
    async fn settle(
        &self,
        tx: Tx,
        user: &User,
        chat: ChatId,
        new: &NewMessage,
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
        drop(tx);
        // A page that came back from the browser's memory has its old key, and maybe a new text.
        let sql = "select c.id from chats c join messages m on m.chat_id = c.id
                   where m.id = $1 and c.user_id = $2 and m.body = $3";
        let before = with_pool!(self.read, db => sqlx::query_scalar(sql)
            .bind(new.key)
            .bind(user.id)
            .bind(&new.text)
            .fetch_optional(db)
            .await?);
        Ok(match before {
            Some(chat) => Ok(Exchange { chat, reply }),
            None => Err(NotTaken::KeyUsed),
        })
    }

    /// Makes another reply to the message that this one answers, beside it. Its key is that of the
    /// form, which may come twice.
    ///
    /// # Errors
    /// When the database fails. In it, what keeps the reply from being made.
    pub async fn add_attempt(
        &self,
        user: &User,
        chat: &Chat,
        ended: &Message,
        key: MessageId,
        model: Option<&str>,
        limit: usize,
    ) -> Result<Result<MessageId, NotTaken>> {
        let mut tx = self.begin().await?;
        last_message(&mut tx, user, chat).await?;
        is_there(&mut tx, ended.id).await?;
        let parent = ended.parent_id.ok_or(Error::NotFound)?;
        if is_being_answered(&mut tx, chat.id, parent).await? {
            // Another tab was faster.
            return Ok(Err(NotTaken::StillReplying));
        }
        let taken = add_reply(&mut tx, user, chat.id, parent, key, model, limit).await?;
        if taken.is_ok() {
            tx.commit().await?;
        }
        Ok(taken)
    }

    /// Puts a reply into the line again, to be carried on from the text it has.
    ///
    /// # Errors
    /// When the database fails. In it, what keeps it from going on.
    pub async fn continue_reply(
        &self,
        user: &User,
        chat: &Chat,
        reply: &Message,
        limit: usize,
    ) -> Result<Result<MessageId, NotTaken>> {
        let mut tx = self.begin().await?;
        last_message(&mut tx, user, chat).await?;
        if let Err(not_taken) = as_end(&mut tx, chat.id, reply.id, reply.id).await? {
            return Ok(Err(not_taken));
        }
        let parent = reply.parent_id.ok_or(Error::NotFound)?;
        if is_being_answered(&mut tx, chat.id, parent).await? {
            return Ok(Err(NotTaken::StillReplying));
        }
        if is_at_limit(&mut tx, user, limit).await? {
            return Ok(Err(NotTaken::TooManyRunning));
        }
        if !tx.continue_reply(reply.id).await? {
            return Ok(Err(NotTaken::StillReplying));
        }
        tx.set_leaf(chat.id, Some(reply.id)).await?;
        tx.commit().await?;
        Ok(Ok(reply.id))
    }

    /// Gives the chat another title.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rename_chat(&self, chat: &Chat, title: &str) -> Result<()> {
        let sql = "update chats set title = $2, title_by = 'person' where id = $1";
        with_pool!(self.write, db => sqlx::query(sql)
            .bind(chat.id)
            .bind(title)
            .execute(db)
            .await?.rows_affected());
        Ok(())
    }

    /// Deletes the chat with all that is in it; the replies that were being made are returned.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_chat(&self, chat: &Chat) -> Result<Vec<MessageId>> {
        let mut tx = self.begin().await?;
        // The chat first, as when something is sent: in the other order each could wait for the other.
        let sql = "update chats set leaf = null where id = $1";
        with_tx!(tx, db => sqlx::query(sql).bind(chat.id).execute(db).await?.rows_affected());
        let sql = "delete from messages where chat_id = $1 and state in ('queued', 'streaming')
                   returning id";
        let running =
            with_tx!(tx, db => sqlx::query_scalar(sql).bind(chat.id).fetch_all(db).await?);
        if let Kind::Sqlite(tx) = &mut tx {
            // Or one would take the next with it and so on, deeper than SQLite goes.
            let sql = "update messages set parent_id = null where chat_id = $1";
            sqlx::query(sql).bind(chat.id).execute(&mut **tx).await?;
        }
        let sql = "delete from chats where id = $1";
        with_tx!(tx, db => sqlx::query(sql).bind(chat.id).execute(db).await?.rows_affected());
        tx.commit().await?;
        Ok(running)
    }
}

/// The message that the chat ends with now. It is read by a write, with which the transaction
/// starts, so that nobody adds another one meanwhile.
async fn last_message(tx: &mut Tx, user: &User, chat: &Chat) -> Result<Option<MessageId>> {
    let sql = "update chats set active_at = $3 where id = $1 and user_id = $2 returning leaf";
    Ok(with_tx!(*tx, db => sqlx::query_scalar(sql)
        .bind(chat.id)
        .bind(user.id)
        .bind(now())
        .fetch_one(db)
        .await?))
}

/// Inserts a message and the reply to it, the reply's key in return; none when this message is
/// there already.
async fn add_exchange(
    tx: &mut Tx,
    user: &User,
    chat: ChatId,
    parent: Option<MessageId>,
    new: &NewMessage,
) -> Result<Result<Option<MessageId>, NotTaken>> {
    let sql = "insert into messages (id, chat_id, parent_id, role, body, state, created_at)
               values ($1, $2, $3, 'user', $4, 'complete', $5) on conflict (id) do nothing";
    let added = with_tx!(*tx, db => sqlx::query(sql)
        .bind(new.key)
        .bind(chat)
        .bind(parent)
        .bind(&new.text)
        .bind(now())
        .execute(db)
        .await?
        .rows_affected());
    if added == 0 {
        return Ok(Ok(None));
    }
    let reply = MessageId::new();
    let reply = add_reply(tx, user, chat, new.key, reply, None, new.limit).await?;
    Ok(reply.map(Some))
}

/// Whether this message is there.
async fn is_there(tx: &mut Tx, message: MessageId) -> Result<()> {
    let sql = "select 1 from messages where id = $1 and deleted_at is null";
    with_tx!(*tx, db => sqlx::query(sql).bind(message).fetch_one(db).await.map(drop)?);
    Ok(())
}

/// Whether a branch of the chat ends with this message, apart from a new one that is there already,
/// so that something can be put under it.
async fn as_end(
    tx: &mut Tx,
    chat: ChatId,
    message: MessageId,
    new: MessageId,
) -> Result<Result<(), NotTaken>> {
    let sql = "select m.state in ('queued', 'streaming') as is_running, exists (
                   select 1 from messages c where c.chat_id = $2 and c.parent_id = m.id
                   and c.id <> $3 and c.deleted_at is null) as has_gone_on
               from messages m where m.id = $1 and m.chat_id = $2 and m.deleted_at is null";
    let end: Option<(bool, bool)> = with_tx!(*tx, db => sqlx::query_as(sql)
        .bind(message)
        .bind(chat)
        .bind(new)
        .fetch_optional(db)
        .await?);
    Ok(match end {
        Some((false, false)) => Ok(()),
        Some((true, false)) => Err(NotTaken::StillReplying),
        Some((_, true)) | None => Err(NotTaken::GoneOn),
    })
}

/// Whether a reply to this message runs or waits.
async fn is_being_answered(tx: &mut Tx, chat: ChatId, message: MessageId) -> Result<bool> {
    let sql = "select exists (select 1 from messages where chat_id = $1 and parent_id = $2
               and deleted_at is null and state in ('queued', 'streaming'))";
    Ok(with_tx!(*tx, db => sqlx::query_scalar(sql)
        .bind(chat)
        .bind(message)
        .fetch_one(db)
        .await?))
}

impl Tx {
    /// Makes this the end of the branch that the chat shows.
    pub(super) async fn set_leaf(&mut self, chat: ChatId, leaf: Option<MessageId>) -> Result<()> {
        let sql = "update chats set leaf = $2 where id = $1";
        with_tx!(*self, db => sqlx::query(sql)
            .bind(chat)
            .bind(leaf)
            .execute(db)
            .await?
            .rows_affected());
        Ok(())
    }
}

/// Inserts an empty reply under a message, by this model or the chat's, at the end of the line, and
/// makes it the chat's leaf.
async fn add_reply(
    tx: &mut Tx,
    user: &User,
    chat: ChatId,
    parent: MessageId,
    reply: MessageId,
    model: Option<&str>,
    limit: usize,
) -> Result<Result<MessageId, NotTaken>> {
    if is_at_limit(tx, user, limit).await? {
        return Ok(Err(NotTaken::TooManyRunning));
    }
    // Until it is asked, the model is named that will be.
    let sql = "insert into messages (id, chat_id, parent_id, role, body, state, created_at,
                   queued_at, asked_model, model)
               select $1, $2, $3, 'assistant', '', 'queued', $4, $4, $5, coalesce($5, model)
               from chats where id = $2
               on conflict (id) do nothing";
    let added = with_tx!(*tx, db => sqlx::query(sql)
        .bind(reply)
        .bind(chat)
        .bind(parent)
        .bind(now())
        .bind(model)
        .execute(db)
        .await?.rows_affected());
    if added == 0 {
        // The same form came before.
        return Ok(Err(NotTaken::GoneOn));
    }
    tx.set_leaf(chat, Some(reply)).await?;
    Ok(Ok(reply))
}

/// Whether the person has as many replies running and waiting as they may have.
async fn is_at_limit(tx: &mut Tx, user: &User, limit: usize) -> Result<bool> {
    tx.alone(&user.id.0.to_string()).await?;
    let sql = "select count(*) from messages m join chats c on c.id = m.chat_id
               where m.state in ('queued', 'streaming') and c.user_id = $1";
    let present: i64 =
        with_tx!(*tx, db => sqlx::query_scalar(sql).bind(user.id).fetch_one(db).await?);
    Ok(usize::try_from(present).is_ok_and(|present| present >= limit))
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
