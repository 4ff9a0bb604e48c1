//! Safety and fairness: passwords, limits, whose address asks, memory for people.

pub(crate) mod client_address;
pub(crate) mod common_words;
pub(crate) mod limits;
pub(crate) mod log;
pub(crate) mod memory_room;
pub(crate) mod password;
pub(crate) mod rate_limit;
