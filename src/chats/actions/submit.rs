//! Stores a message and queues its reply.

use super::send::Sending;
use crate::{
    App,
    db::DiskSpace,
    error::{Error, NotWritten, Refusal, Result},
    ids::MessageId,
    messages::{
        add::{Exchange, NewMessage},
        create::Beginning,
        pace::Most,
        rows::{Chat, Message},
    },
    users::User,
};

/// The target of a message.
#[derive(Clone, Copy)]
pub(crate) enum To<'a> {
    /// Into a chat of its own, which begins like this.
    New(&'a Beginning),
    /// To the end of a branch.
    Chat(&'a Chat),
    /// Beside another message, as another version of it.
    Beside(&'a Chat, &'a Message),
}

/// Takes a message, in a chat or as the first of a new one, and sees to the reply to it.
pub(crate) async fn exchange(
    app: &App,
    user: &User,
    to: To<'_>,
    sent: &Sending,
) -> Result<Exchange> {
    may_be_taken(app).await?;
    let mut new = sent.message(app);
    let mut taken = add(app, user, to, &new).await;
    if matches!(taken, Err(Error::Refused(Refusal::KeyUsed))) {
        // Another key, but the same one if this comes twice.
        new.key = new.key.for_text(user, &new.text);
        taken = add(app, user, to, &new).await;
    }
    // Should the asker leave before this: the line is looked at by itself, too.
    app.replies.added().await;
    taken
}

/// Sees to a reply to a message that has none.
pub(crate) async fn answer(
    app: &App,
    user: &User,
    chat: &Chat,
    asked: &Message,
) -> Result<MessageId> {
    may_be_taken(app).await?;
    let taken = app.db.add_answer(user, chat, asked, most(app)).await;
    app.replies.added().await;
    taken
}

async fn add(app: &App, user: &User, to: To<'_>, new: &NewMessage) -> Result<Exchange> {
    match to {
        To::New(beginning) => app.db.add_chat(user, new, beginning).await,
        To::Chat(chat) => app.db.add_message(user, chat, new).await,
        To::Beside(chat, other) => app.db.add_beside(user, chat, other, new).await,
    }
}

/// The way to go on with a reply that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// By another attempt beside it, with this key, by this model or the chat's.
    Anew(MessageId, Option<String>),
    /// From the text it has.
    CarryOn,
}

/// Makes a reply again that has ended, or more of it.
pub(crate) async fn again(
    app: &App,
    user: &User,
    chat: &Chat,
    ended: &Message,
    how: Again,
) -> Result<MessageId> {
    may_be_taken(app).await?;
    let most = most(app);
    let taken = match how {
        Again::Anew(key, model) => {
            let model = model.as_deref();
            app.db
                .add_attempt(user, chat, ended, key, model, most)
                .await
        }
        Again::CarryOn => app.db.continue_reply(user, chat, ended, most).await,
    };
    app.replies.added().await;
    taken
}

/// Refuses what nobody would reply to, or there is no room for.
async fn may_be_taken(app: &App) -> Result<()> {
    if nobody_would_reply(app).await? {
        Err(Refusal::Ending.into())
    } else if app.db.disk_space() == DiskSpace::None {
        Err(Refusal::NotWritten(NotWritten::NoRoom).into())
    } else {
        Ok(())
    }
}

/// Tells whether this server is about to end, and there is no other.
async fn nobody_would_reply(app: &App) -> Result<bool> {
    Ok(app.replies.is_ending() && !app.replies.others_take_over().await?)
}

/// The most that one person may ask for.
pub(crate) fn most(app: &App) -> Most {
    let config = &app.config;
    Most {
        replies: config.replies_per_person + config.waiting_per_person,
        pace: config.messages_per_minute,
    }
}
