//! Parts that every page shares: the view, cookies, security headers, checks of requests, errors as
//! pages.

pub(crate) mod assets;
pub(crate) mod bodies;
pub(crate) mod compression;
pub(crate) mod connection;
pub(crate) mod csrf;
pub(crate) mod errors;
pub(crate) mod given_back;
pub(crate) mod health;
pub(crate) mod host;
pub(crate) mod lost_cookie;
pub(crate) mod preset_form;
pub(crate) mod refusal;
pub(crate) mod request_info;
pub(crate) mod view;
