//! PgBouncer before a PostgreSQL server.

use super::site::wait_until;
use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// A running PgBouncer. It ends when this is dropped.
pub struct Pooler {
    address: SocketAddr,
    child: Child,
    _folder: TempDir,
}

impl Pooler {
    /// Before the server at this address, with these lines among its settings.
    pub async fn before(server: SocketAddr, settings: &str) -> Self {
        let folder = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir()
            .unwrap();
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let (host, port) = (server.ip(), server.port());
        let file = folder.path().join("pgbouncer.ini");
        let config = format!(
            "[databases]\n* = host={host} port={port} user=damso\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\nauth_type = any\n\
             unix_socket_dir =\n{settings}\n",
            address.port()
        );
        fs::write(&file, config).unwrap();
        let is_root = fs::metadata("/proc/self")
            .is_ok_and(|of| std::os::unix::fs::MetadataExt::uid(&of) == 0);
        // It refuses to run as root.
        let mut command = match is_root {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--", "pgbouncer"]);
                command
            }
            false => Command::new("pgbouncer"),
        };
        let child = command
            .arg(&file)
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pooler = Self {
            address,
            child,
            _folder: folder,
        };
        wait_until(async || TcpStream::connect(address).map_err(|error| error.to_string())).await;
        pooler
    }

    /// The address of a database behind it.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://damso@{}/{database}", self.address)
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // By SIGTERM, which runuser hands on.
        let pid = self.child.id().to_string();
        Command::new("sh")
            .args(["-c", "kill -TERM \"$0\"", &pid])
            .status()
            .ok();
        self.child.wait().ok();
    }
}
