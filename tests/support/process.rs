//! The program itself, as a process of its own that can be killed.
//!
//! ```ignore
//! let mut damso = Process::start(&[("OPENAI_BASE_URL", model.base_url().as_str())]).await;
//! let ann = Browser::plain(&damso).sign_up("ann").await;
//! damso.kill();
//! damso.restart().await;                             // the same address, the same database
//! assert_eq!(damso.terminate().await, Some(0));
//! ```

use super::{Browser, Dice, PATIENCE, Place, Way, site::wait_until};
use http::{Method, StatusCode};
use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek},
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
};
use tempfile::{TempDir, tempfile};

/// What the program says when its port is taken.
const TAKEN: &str = "cannot listen";

/// Runs a command to its end, without input. One that does not end in time is killed, and the test
/// fails with what it printed until then.
pub async fn output(mut command: Command) -> Output {
    // Files and not pipes: what is in them is there however it ends.
    let (mut out, mut err) = (tempfile().unwrap(), tempfile().unwrap());
    command
        .stdin(Stdio::null())
        .stdout(out.try_clone().unwrap())
        .stderr(err.try_clone().unwrap());
    let name = format!("{command:?}");
    let mut child = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await;
    let (stdout, stderr) = (written(&mut out), written(&mut err));
    let Ok(status) = ended else {
        let said = [stdout, stderr].concat();
        panic!(
            "it does not end: {name}\n{}",
            String::from_utf8_lossy(&said)
        );
    };
    Output {
        status: status.unwrap(),
        stdout,
        stderr,
    }
}

/// Everything in a file.
fn written(file: &mut File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// The program, running or dead. It is killed when it is dropped.
pub struct Process {
    /// Where it listens.
    pub address: SocketAddr,
    settings: Vec<(String, String)>,
    /// The command that starts it, where it is not started alone.
    by: Vec<String>,
    folder: TempDir,
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Process {
    /// Starts it with these environment variables and no others, and waits until it answers. Its
    /// database is an SQLite file of its own, unless they say another one.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        Self::start_by(&[], settings).await
    }

    /// The same where it may have only so many files open.
    pub async fn with_files(files: u32, settings: &[(&str, &str)]) -> Self {
        let limited = format!("ulimit -n {files} && exec \"$0\"");
        Self::start_by(&["/bin/sh", "-c", &limited], settings).await
    }

    /// The same, started by a program that becomes it.
    pub async fn start_by(by: &[&str], settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}/damso.db", folder.path().display());
        let all = [("DATABASE_URL", &*database), ("FIND_OLLAMA", "false")]
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut process = Self {
            address: "127.0.0.1:0".parse().unwrap(),
            settings: all,
            by: by.iter().map(|word| (*word).to_owned()).collect(),
            child: nothing(),
            log: Arc::default(),
            folder,
        };
        loop {
            process.address = free_address();
            if process.try_start().await {
                return process;
            }
        }
    }

    /// Starts it again after its end, with the same settings at the same address.
    pub async fn restart(&mut self) {
        // Somebody else's connection may have the port for a moment.
        for _ in 0..100 {
            if self.try_start().await {
                return;
            }
        }
        panic!("{} stays taken", self.address);
    }

    /// Starts it and waits until it answers; false if the port is taken.
    async fn try_start(&mut self) -> bool {
        let program = env!("CARGO_BIN_EXE_damso").to_owned();
        let mut words = self.by.iter().chain([&program]);
        let mut command = Command::new(words.next().unwrap());
        command
            .args(words)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LISTEN", self.address.to_string())
            .env("TITLES", "false")
            // Tests are faster than people.
            .env("MESSAGES_PER_MINUTE", "0")
            .envs(self.settings.iter().cloned())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        self.child = command.spawn().unwrap();
        self.log.lock().unwrap().clear();
        let (log, stderr) = (self.log.clone(), self.child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                *log.lock().unwrap() += &(line + "\n");
            }
        });
        let browser = Browser::plain(self);
        let mut is_taken = false;
        wait_until(async || {
            if let Some(status) = self.child.try_wait().unwrap() {
                is_taken = self.log().contains(TAKEN);
                assert!(is_taken, "it ended with {status}:\n{}", self.log());
                return Ok(());
            }
            let answer = browser.try_request(Method::GET, "/healthz", "document", None);
            match answer.await {
                Ok(answer) if answer.status() == StatusCode::OK => Ok(()),
                Ok(answer) => Err(format!("{}:\n{}", answer.status(), self.log())),
                Err(error) => Err(format!("{error}:\n{}", self.log())),
            }
        })
        .await;
        !is_taken
    }

    /// Where browsers find it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The folder it works in, where its SQLite file `damso.db` is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has said since it was started last.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// What the system calls it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How much memory it has at this moment, in bytes, where Linux tells.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kib.unwrap_or(0) * 1024
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, by SIGTERM.
    pub fn ask_to_stop(&self) {
        let pid = self.child.id().to_string();
        let kill = ["-c", "kill -TERM \"$0\"", &pid];
        let asked = Command::new("sh").args(kill).status().unwrap();
        assert!(asked.success(), "it is not running:\n{}", self.log());
    }

    /// Waits for its end; its exit code, unless a signal ended it.
    pub async fn ended(&mut self) -> Option<i32> {
        wait_until(async || match self.child.try_wait().unwrap() {
            Some(status) => Ok(status.code()),
            None => Err(format!("it does not end:\n{}", self.log())),
        })
        .await
    }

    /// Asks it to stop, by SIGTERM, and waits for its end; its exit code.
    pub async fn terminate(&mut self) -> Option<i32> {
        self.ask_to_stop();
        self.ended().await
    }
}

impl Place for Process {
    fn way(&self) -> Way {
        Way::to(&self.url())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if thread::panicking() {
            eprintln!("{} said:\n{}", self.url(), self.log());
        }
    }
}

/// A process that has ended, before there is a real one.
fn nothing() -> Child {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    child
}

/// A free port below those that the system gives to connections, so that none of them has it when
/// the program is started again.
pub fn free_address() -> SocketAddr {
    let mut dice = Dice::unseeded();
    loop {
        let port = u16::try_from(dice.throw(10_000, 32_000)).unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}
