//! Processes that are measured, and what they cost.

use anyhow::{Context, Result, bail};
use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

/// A process, which ends with this value.
pub struct Server {
    child: Child,
    /// Where it answers, from `http://` on.
    pub base: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Server {
    /// This program in another role.
    pub fn role(args: &[&str]) -> Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(args)
            .stdout(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().context("the output is a pipe")?;
        Self::with_address(child, out)
    }

    /// Damso with its database, that of this address or a file in the folder.
    pub fn damso(
        program: &Path,
        database: Option<&str>,
        folder: &Path,
        upstream: &str,
    ) -> Result<Self> {
        let mut child = Command::new(program)
            // Faster than people; an older program does not know it.
            .env("MESSAGES_PER_MINUTE", "0")
            .current_dir(folder)
            .env("LISTEN", "127.0.0.1:0")
            .env("DATABASE_URL", database.unwrap_or("sqlite://bench.db"))
            // People seem to come from where their requests say.
            .env("TRUSTED_PROXIES", "127.0.0.0/8")
            .env("OPENAI_BASE_URL", format!("{upstream}/v1"))
            .env("OPENAI_MODEL", "bench")
            .env("REPLIES_PER_PERSON", "1000")
            // Each reply is one request to the model server.
            .env("TITLES", "false")
            .env("NO_COLOR", "1")
            .stderr(Stdio::piped())
            .spawn()?;
        let log = child.stderr.take().context("the log is a pipe")?;
        Self::with_address(child, log)
    }

    /// Reads up to the line with the address, and the rest to the end, so that nobody waits to write.
    fn with_address(child: Child, out: impl Read + Send + 'static) -> Result<Self> {
        let mut out = BufReader::new(out);
        let mut line = String::new();
        while out.read_line(&mut line)? > 0 {
            if let Some((_, base)) = line.trim().rsplit_once(" http://") {
                let base = format!("http://{base}");
                thread::spawn(move || {
                    for line in out
                        .lines()
                        .map_while(Result::ok)
                        .filter(|line| !line.contains("INFO"))
                    {
                        eprintln!("{line}");
                    }
                });
                return Ok(Self { child, base });
            }
            eprint!("{line}");
            line.clear();
        }
        bail!("a server ended before it listened");
    }

    pub fn address(&self) -> Result<SocketAddr> {
        Ok(self.base.trim_start_matches("http://").parse()?)
    }

    /// The CPU time that all its threads have used. The kernel counts it in nanoseconds and tells
    /// it in hundredths of a second, which is fine enough for seconds of it.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(") ").context("a name in brackets")?;
        let ticks: u64 = fields
            .split(' ')
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> Result<usize> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? * 1024)
    }
}

/// One request as a browser sends it, and every byte of the answer, headers included.
pub fn exchange(address: SocketAddr, path: &str, cookie: &str, encodings: &str) -> Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: Mozilla/5.0\r\nAccept: text/html,*/*;q=0.8\r\n\
         Accept-Language: en\r\nAccept-Encoding: {encodings}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = vec![];
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}
