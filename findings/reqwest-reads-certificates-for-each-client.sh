#!/bin/sh
# reqwest 0.13.5 with rustls, on Linux: each Client that is built reads all certificates that the system
# trusts again, from the disk, also when it will only ever speak plain HTTP. On Debian 12 these are some
# 140 files and 5 ms of processor time a client; a program that builds a client for each thread pays that
# at its start. A TLS configuration that was made once and is handed to each builder
# (`tls_backend_preconfigured`) is not read again; but then the builder leaves out ALPN, and without setting
# it oneself there is no HTTP/2.
#
# Seen here by counting how often the file is opened, which is twice for each reading. Needs cargo, openssl
# and strace. Prints what it saw; exit code 1 if that has changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"

[dependencies]
reqwest = { version = "=0.13.5", default-features = false, features = ["rustls-no-provider"] }
rustls = { version = "0.23", default-features = false, features = ["ring", "std", "tls12"] }
rustls-platform-verifier = "=0.7.1"
TOML
cat > src/main.rs <<'RUST'
use reqwest::Client;
use rustls_platform_verifier::ConfigVerifierExt;

fn main() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let is_shared = std::env::args().any(|word| word == "shared");
    let tls = is_shared.then(|| rustls::ClientConfig::with_platform_verifier().unwrap());
    if let Some(tls) = &tls {
        println!("ALPN of such a configuration: {:?}", tls.alpn_protocols);
    }
    for _ in 0..3 {
        let builder = Client::builder();
        let builder = match &tls {
            Some(tls) => builder.tls_backend_preconfigured(tls.clone()),
            None => builder,
        };
        builder.build().unwrap();
    }
}
RUST
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out root.pem -days 30 -subj "/CN=a root" 2>/dev/null
cargo build --quiet
for how in plain shared; do
    SSL_CERT_FILE="$folder/root.pem" strace -f -e trace=openat -o trace target/debug/finding $how
    echo "three $how clients open the file $(grep -c root.pem trace) times"
done | tee seen
cat > expected <<'TEXT'
three plain clients open the file 6 times
ALPN of such a configuration: []
three shared clients open the file 2 times
TEXT
diff expected seen
