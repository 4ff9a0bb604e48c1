//! Damso: an AI chat that answers live in every browser.

pub mod models;
