//! Pages about oneself: registering, signing in and out, name, password, sessions, deletion.

pub(crate) mod delete;
pub(crate) mod name;
pub(crate) mod password;
pub(crate) mod register;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod welcome;
