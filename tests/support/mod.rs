//! What the tests stand on: the app on a fresh database, and people with browsers.
//!
//! ```ignore
//! let app = TestApp::start().await;
//! let ann = Browser::plain(&app).sign_up("ann").await;
//! let page = ann.start_chat("Hello").await;
//! assert_eq!(page.texts(".message .text")[0], "Hello");
//! ```

mod app;
pub mod balancer;
mod browser;
pub mod chromium;
mod dice;
mod live;
pub mod model;
mod page;
pub mod pooler;
pub mod postgres;
pub mod process;
pub mod proxy;
pub mod site;
pub mod terminal;
pub mod wire;

pub use app::{KEY, TestApp, log, record_statements, recorded_statements};
pub use browser::{Browser, ORIGIN, PASSWORD, Place, Way};
pub use dice::Dice;
pub use live::Live;
pub use page::{Form, Page};

use std::{future::Future, time::Duration};

/// How long a test waits for something that must happen before it fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The time as the database has it, in microseconds since 1970.
pub fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_micros()).unwrap()
}

/// Waits for something that must happen soon, whatever else the computer does.
pub async fn soon<T>(what: &str, wait: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, wait).await;
    done.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Both kinds of browser that graphical programs can be: most tests are for each of them.
pub const KINDS: [fn(&TestApp) -> Browser; 2] = [Browser::plain, Browser::htmx];
