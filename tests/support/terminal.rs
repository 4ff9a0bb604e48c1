//! Programs in a terminal, typed into and looked at as a person does. tmux is the terminal.
//!
//! ```ignore
//! let w3m = Terminal::run(&[], "w3m", &[&site.url]);
//! w3m.until("Damso").await;
//! w3m.keys(&["Tab", "Enter"]);
//! ```

use super::site::wait_until;
use std::{
    fs,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// A terminal in which a program runs. Its home folder is empty at first, and goes with it.
pub struct Terminal {
    home: TempDir,
}

impl Terminal {
    /// Starts a program in a home folder that has these files.
    pub fn run(files: &[(&str, &str)], program: &str, arguments: &[&str]) -> Self {
        let terminal = Self {
            home: tempfile::tempdir().unwrap(),
        };
        for (name, text) in files {
            fs::write(terminal.home.path().join(name), text).unwrap();
        }
        let home = format!("HOME={}", terminal.home.path().display());
        let mut command = vec![
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "100",
            "env",
            &home,
            program,
        ];
        command.extend(arguments);
        terminal.tmux(&command);
        terminal
    }

    /// Presses keys by their names.
    pub fn keys(&self, names: &[&str]) {
        self.tmux(&[&["send-keys"], names].concat());
    }

    /// Presses a key that moves the cursor, and waits until it has.
    pub async fn move_by(&self, key: &str) {
        let from = self.cursor();
        self.keys(&[key]);
        self.until_cursor(key, |at| at != from).await;
    }

    /// Types a text into a line, and waits until it is there.
    pub async fn write(&self, text: &str) {
        let (column, row) = self.cursor();
        self.tmux(&["send-keys", "-l", text]);
        let end = (column + text.chars().count(), row);
        self.until_cursor(text, |at| at == end).await;
    }

    /// Waits until the cursor has come to rest at a place that fits: programs draw with it.
    async fn until_cursor(&self, doing: &str, fits: impl Fn((usize, usize)) -> bool) {
        let (mut last, mut seen) = (self.cursor(), 0);
        wait_until(async || {
            let at = self.cursor();
            seen = if at == last { seen + 1 } else { 0 };
            last = at;
            if seen > 2 && fits(at) {
                return Ok(());
            }
            Err(format!(
                "{doing} leaves the cursor at {at:?}:\n{}",
                self.screen()
            ))
        })
        .await;
    }

    /// What is to be seen.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Waits until a text is to be seen.
    pub async fn until(&self, text: &str) {
        wait_until(async || {
            let screen = self.screen();
            if screen.contains(text) {
                Ok(())
            } else {
                Err(format!("no {text:?}:\n{screen}"))
            }
        })
        .await;
    }

    /// Goes on by a key until the cursor stands on a line with this text.
    pub async fn go_to(&self, text: &str, key: &str) {
        for _ in 0..40 {
            let (_, row) = self.cursor();
            let screen = self.screen();
            if screen
                .lines()
                .nth(row)
                .is_some_and(|line| line.contains(text))
            {
                return;
            }
            self.move_by(key).await;
        }
        panic!("no way to {text:?}:\n{}", self.screen());
    }

    fn cursor(&self) -> (usize, usize) {
        let place = self.tmux(&["display-message", "-p", "#{cursor_x} #{cursor_y}"]);
        let (column, row) = place.trim().split_once(' ').unwrap();
        (column.parse().unwrap(), row.parse().unwrap())
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command
            .arg("-S")
            .arg(self.home.path().join("tmux"))
            .args(["-f", "/dev/null", "-u"]);
        command
            .args(arguments)
            .env("LANG", "C.UTF-8")
            .env_remove("TMUX")
            .stdin(Stdio::null());
        let output = command
            .output()
            .expect("tmux must be installed: scripts/test does it");
        let problem = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {arguments:?}: {problem}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let mut command = Command::new("tmux");
        command
            .arg("-S")
            .arg(self.home.path().join("tmux"))
            .arg("kill-server");
        command.stderr(Stdio::null()).status().ok();
    }
}
