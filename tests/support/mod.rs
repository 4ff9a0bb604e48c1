//! What the tests stand on.

pub mod chromium;
pub mod model;
pub mod site;
pub mod terminal;
