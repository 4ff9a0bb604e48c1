//! A reply that is watched while it is made: as an event stream, or in a page that stays open.

pub(crate) mod event_stream;
pub(crate) mod open_page;
pub(crate) mod page_stream;
