//! `Sender`: who sends a request, found while it is being read.

use crate::{
    error::Result,
    ids::UserId,
    security::memory_room::{Room, Turn},
};
use std::sync::{Arc, OnceLock};

/// The person who sends a request, once they are known, and their turn to be answered.
#[derive(Clone, Default)]
pub(crate) struct Sender(pub(crate) Arc<OnceLock<(UserId, Turn)>>);

impl Sender {
    /// Tells who it is, and waits until not many of their requests are being answered.
    ///
    /// # Errors
    /// When they have taken all of their room: what has yet to be made would be refused.
    pub(crate) async fn is(&self, user: UserId, room: &Room) -> Result<()> {
        if self.0.get().is_none() {
            let turn = room.turn(user).await?;
            self.0.set((user, turn)).ok();
        }
        Ok(())
    }
}
