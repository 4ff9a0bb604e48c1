//! PostgreSQL, when the tests are told where it is: `scripts/test` starts one and sets
//! `TEST_DATABASE_URL`, as in `postgres://postgres@127.0.0.1:5433/postgres`.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::{env, net::SocketAddr, thread};
use url::Url;
use uuid::Uuid;

/// The address of the server. Without one, those who asked for tests with SQLite alone by an empty
/// address are told on stderr what is skipped; for CI a forgotten one is a failure.
fn server() -> Option<String> {
    match env::var("TEST_DATABASE_URL") {
        Ok(server) if !server.is_empty() => return Some(server),
        Err(_) if env::var_os("CI").is_some() => {
            panic!("TEST_DATABASE_URL is not set; scripts/test starts a PostgreSQL")
        }
        _ => {}
    }
    eprintln!("skipped: TEST_DATABASE_URL names no PostgreSQL; scripts/test starts one");
    None
}

/// An empty schema, which is a database of its own for whoever is given its address. It goes with
/// the test.
pub struct Schema {
    server: Url,
    name: String,
}

impl Schema {
    /// A new one; none, told on stderr, where there is no PostgreSQL to test with.
    pub async fn new() -> Option<Self> {
        Some(Self::on(&server()?).await)
    }

    /// A new one, if the tests are to run on PostgreSQL.
    pub async fn wanted() -> Option<Self> {
        match env::var("TEST_DATABASE_URL") {
            Ok(server) if !server.is_empty() => Some(Self::on(&server).await),
            _ => None,
        }
    }

    async fn on(server: &str) -> Self {
        let schema = Self {
            server: server.parse().expect("TEST_DATABASE_URL is an address"),
            name: format!("t_{}", Uuid::now_v7().simple()),
        };
        // Tests read keys as SQLite shows them.
        let name = &schema.name;
        let sql = format!(
            "create schema {name};
             create function {name}.hex(uuid) returns text language sql
                 return upper(replace($1::text, '-', ''));
             create function {name}.hex(bytea) returns text language sql
                 return upper(encode($1, 'hex'));"
        );
        run(&schema.server, sql).await.unwrap();
        schema
    }

    /// The address for `DATABASE_URL`.
    pub fn url(&self) -> String {
        let mut url = self.server.clone();
        let path = format!("options=-c%20search_path%3D{}", self.name);
        let query = url.query().map(|query| format!("{query}&{path}"));
        url.set_query(Some(&query.unwrap_or(path)));
        url.into()
    }

    /// The same, but by another way to the server.
    pub fn url_over(&self, way: SocketAddr) -> String {
        let mut url: Url = self.url().parse().unwrap();
        url.set_host(Some(&way.ip().to_string())).unwrap();
        url.set_port(Some(way.port())).unwrap();
        url.into()
    }

    /// Where the server listens.
    pub fn server(&self) -> SocketAddr {
        let addresses = self.server.socket_addrs(|| Some(5432)).unwrap();
        addresses[0]
    }
}

/// An empty database, for what cannot be told of a schema. It goes with the test.
pub struct OwnDatabase {
    server: Url,
    name: String,
}

impl OwnDatabase {
    /// A new one; none, told on stderr, where there is no PostgreSQL to test with.
    pub async fn new() -> Option<Self> {
        let server: Url = server()?.parse().expect("TEST_DATABASE_URL is an address");
        let name = format!("d_{}", Uuid::now_v7().simple());
        run(&server, format!("create database {name}"))
            .await
            .unwrap();
        Some(Self { server, name })
    }

    /// The name that it has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address for `DATABASE_URL`.
    pub fn url(&self) -> String {
        let mut url = self.server.clone();
        url.set_path(&self.name);
        url.into()
    }

    /// The address at which its server listens.
    pub fn server(&self) -> SocketAddr {
        self.server.socket_addrs(|| Some(5432)).unwrap()[0]
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        drop_later(
            &self.server,
            format!("drop database {} with (force)", self.name),
        );
    }
}

/// Runs SQL that drops something. The test's runtime may be ending; what cannot be dropped goes with
/// the server.
fn drop_later(server: &Url, sql: String) {
    let (server, what) = (server.clone(), sql.clone());
    let dropping = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(run(&server, sql))
    });
    match dropping.join() {
        Ok(Ok(())) => {}
        Ok(Err(error)) => eprintln!("not done: {what}: {error}"),
        Err(_) => eprintln!("not done: {what}"),
    }
}

async fn run(server: &Url, sql: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(server.as_str()).await?;
    connection.execute("set lock_timeout = '5s'").await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await
}

impl Drop for Schema {
    fn drop(&mut self) {
        drop_later(&self.server, format!("drop schema {} cascade", self.name));
    }
}
