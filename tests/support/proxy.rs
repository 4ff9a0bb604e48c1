//! Reverse proxies as Debian has them, each with the configuration that `docs/proxies/` gives.
//!
//! ```ignore
//! let proxy = Proxy::at(Proxy::address(), &NGINX, damso.address).await;
//! let ann = Browser::plain(&proxy).sign_up("ann").await;
//! ```

use super::{Place, Way, process::free_address, site::wait_until};
use http::{Method, StatusCode};
use std::{
    fs,
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// A proxy and how it is set up.
pub struct Setup {
    /// The file in `docs/proxies/`.
    file: &'static str,
    /// The parts of that file that are others in a test: addresses, and what is switched on besides.
    changes: &'static [(&'static str, &'static str)],
    /// The configuration around it: paths in a folder of its own, one process. (`{site}` is the file.)
    around: &'static str,
    /// The program and its arguments; the Debian package has the program's name or is beside it.
    command: &'static [&'static str],
    package: &'static str,
    /// Browsers are to speak HTTP/2.
    http2: bool,
}

const NAME: (&str, &str) = ("chat.example.org", "127.0.0.1");
const DAMSO: (&str, &str) = ("127.0.0.1:3000", "127.0.0.1:{damso}");

pub const NGINX: Setup = Setup {
    file: "nginx.conf",
    changes: &[("listen 80;", "listen 127.0.0.1:{port};"), NAME, DAMSO],
    around: "daemon off;
        master_process off;
        pid {folder}/pid;
        error_log stderr;
        events {}
        http {
            access_log off;
            client_body_temp_path {folder}/body;
            proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi;
            uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            {site}
        }",
    command: &["nginx", "-e", "stderr", "-c", "{folder}/config"],
    package: "nginx",
    http2: false,
};

pub const NGINX_WITH_GZIP: Setup = Setup {
    changes: &[
        (
            "listen 80;",
            "listen 127.0.0.1:{port};
             gzip on; gzip_proxied any; gzip_types text/event-stream;",
        ),
        NAME,
        DAMSO,
    ],
    ..NGINX
};

pub const APACHE: Setup = Setup {
    file: "apache.conf",
    changes: &[("*:80", "127.0.0.1:{port}"), NAME, DAMSO],
    around: "ServerRoot {folder}
        ServerName 127.0.0.1
        DefaultRuntimeDir {folder}
        PidFile pid
        ErrorLog /dev/stderr
        User www-data
        Group www-data
        Listen 127.0.0.1:{port}
        LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
        LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
        LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
        LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
        LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so
        {site}",
    command: &["apache2", "-f", "{folder}/config", "-DFOREGROUND"],
    package: "apache2-bin",
    http2: false,
};

pub const APACHE_WITH_HTTP2: Setup = Setup {
    http2: true,
    ..APACHE
};

pub const CADDY: Setup = Setup {
    file: "Caddyfile",
    changes: &[("chat.example.org {", "http://127.0.0.1:{port} {"), DAMSO],
    around: "{
            admin off
        }
        {site}",
    command: &[
        "caddy",
        "run",
        "--config",
        "{folder}/config",
        "--adapter",
        "caddyfile",
    ],
    package: "caddy",
    http2: false,
};

pub const CADDY_WITHOUT_ENCODE: Setup = Setup {
    changes: &[
        ("chat.example.org {", "http://127.0.0.1:{port} {"),
        ("encode gzip zstd", ""),
        DAMSO,
    ],
    ..CADDY
};

pub const HAPROXY: Setup = Setup {
    file: "haproxy.cfg",
    changes: &[("bind :80\n", "bind 127.0.0.1:{port}\n"), DAMSO],
    // The defaults are Debian's.
    around: "defaults
        mode http
        timeout connect 5000
        timeout client 50000
        timeout server 50000
        {site}",
    command: &["haproxy", "-db", "-f", "{folder}/config"],
    package: "haproxy",
    http2: false,
};

pub const VARNISH: Setup = Setup {
    file: "varnish.vcl",
    changes: &[("\"3000\"", "\"{damso}\"")],
    around: "{site}",
    command: &[
        "varnishd",
        "-F",
        "-j",
        "none",
        "-T",
        "none",
        "-n",
        "{folder}/work",
        "-a",
        "127.0.0.1:{port}",
        "-f",
        "{folder}/config",
    ],
    package: "varnish",
    http2: false,
};

pub const VARNISH_WITH_GZIP: Setup = Setup {
    changes: &[
        ("\"3000\"", "\"{damso}\""),
        (
            "vcl 4.1;",
            "vcl 4.1;
             sub vcl_backend_response { set beresp.do_gzip = true; }",
        ),
    ],
    ..VARNISH
};

pub const SQUID: Setup = Setup {
    file: "squid.conf",
    changes: &[
        ("http_port 80", "http_port 127.0.0.1:{port}"),
        NAME,
        (" 3000 ", " {damso} "),
    ],
    around: "{site}
        pid_filename none
        access_log none
        cache_store_log none
        cache_log /dev/stderr
        coredump_dir {folder}
        shutdown_lifetime 0 seconds
        visible_hostname proxy",
    command: &["squid", "-N", "-f", "{folder}/config"],
    package: "squid",
    http2: false,
};

pub const LIGHTTPD: Setup = Setup {
    file: "lighttpd.conf",
    changes: &[NAME, ("=> 3000", "=> {damso}")],
    around: "server.port = {port}
        server.bind = \"127.0.0.1\"
        server.document-root = \"{folder}\"
        {site}",
    command: &["lighttpd", "-D", "-f", "{folder}/config"],
    package: "lighttpd",
    http2: false,
};

pub const H2O: Setup = Setup {
    file: "h2o.conf",
    changes: &[
        NAME,
        ("port: 80", "host: 127.0.0.1\n      port: {port}"),
        DAMSO,
    ],
    around: "{site}",
    command: &["h2o", "-c", "{folder}/config"],
    package: "h2o",
    http2: false,
};

/// A proxy that runs. It ends when it is dropped.
pub struct Proxy {
    /// The address where browsers find it.
    pub url: String,
    http2: bool,
    child: Child,
    _folder: TempDir,
}

impl Proxy {
    /// An address where a proxy can be, which whoever stands behind it is told before.
    pub fn address() -> SocketAddr {
        free_address()
    }

    /// Starts a proxy at this address before that server, and waits until it answers.
    pub async fn at(address: SocketAddr, setup: &Setup, damso: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/proxies");
        let mut site = fs::read_to_string(path.join(setup.file)).unwrap();
        for (from, to) in setup.changes {
            assert!(site.contains(from), "no {from} in {}", setup.file);
            site = site.replace(from, to);
        }
        let fill = |text: &str| {
            text.replace("{site}", &site)
                .replace("{folder}", &folder.path().display().to_string())
                .replace("{port}", &address.port().to_string())
                .replace("{damso}", &damso.port().to_string())
        };
        fs::write(folder.path().join("config"), fill(setup.around)).unwrap();
        let (program, arguments) = setup.command.split_first().unwrap();
        let program = ["/usr/sbin", "/usr/bin"].map(|folder| Path::new(folder).join(program));
        let program = program.iter().find(|program| program.exists());
        let program = program.unwrap_or_else(|| panic!("{} must be installed", setup.package));
        let said = fs::File::create(folder.path().join("said")).unwrap();
        let mut command = Command::new(program);
        command
            .args(arguments.iter().map(|argument| fill(argument)))
            .current_dir(folder.path())
            .env("HOME", folder.path())
            // All its processes can be ended together.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said);
        let mut proxy = Self {
            url: format!("http://{address}"),
            http2: setup.http2,
            child: command.spawn().unwrap(),
            _folder: folder,
        };
        let browser = super::Browser::plain(&proxy);
        wait_until(async || {
            let said = fs::read_to_string(proxy._folder.path().join("said")).unwrap_or_default();
            if let Some(status) = proxy.child.try_wait().unwrap() {
                panic!("{} ended with {status}:\n{said}", setup.file);
            }
            let answer = browser.try_request(Method::GET, "/healthz", "document", None);
            match answer.await {
                Ok(answer) if answer.status() == StatusCode::OK => Ok(()),
                Ok(answer) => Err(format!("{}: {}:\n{said}", setup.file, answer.status())),
                Err(error) => Err(format!("{}: {error}:\n{said}", setup.file)),
            }
        })
        .await;
        proxy
    }
}

impl Place for Proxy {
    fn way(&self) -> Way {
        match self.http2 {
            true => Way::over_http2(&self.url),
            false => Way::to(&self.url),
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let kill = ["-c", "kill -s TERM -- \"$0\"", &group];
        Command::new("sh").args(kill).status().ok();
        self.child.wait().ok();
    }
}
