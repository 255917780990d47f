//! Programs that run beside us, each ended by its own number when its value is dropped, and commands that are waited
//! for. Whatever they say is in a file of the world's directory.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How long a program may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);

/// How a command ended.
#[derive(Debug, Clone)]
pub struct Said {
    /// its exit code; -1 where a signal ended it
    pub exit: i32,
    /// what it wrote on standard output
    pub out: String,
    /// what it wrote on standard error
    pub err: String,
}

impl Said {
    fn of(output: Output) -> Self {
        Self {
            exit: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Both streams, trimmed: for people.
    #[must_use]
    pub fn text(&self) -> String {
        [self.out.trim_end(), self.err.trim_end()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The lines of standard output that are JSON objects.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// Runs `command` to its end with nothing on its standard input, and appends what was said to `log`.
///
/// # Errors
/// The program could not be started, or the log not be written.
pub fn run(command: &mut Command, log: &Path) -> io::Result<Said> {
    let output = command.stdin(Stdio::null()).output();
    let said = Said::of(output.map_err(|error| missing(command, error))?);
    let mut file = appended(log)?;
    let line = format!("$ {}\n{}\n[{}]\n\n", shown(command), said.text(), said.exit);
    io::Write::write_all(&mut file, line.as_bytes())?;
    Ok(said)
}

/// The command as a user would type it; its variables are not shown, for they hold secrets.
#[must_use]
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(OsStr::new("?"));
    let words = std::iter::once(program).chain(command.get_args());
    let quoted = words.map(|word| {
        let word = word.to_string_lossy();
        let plain = !word.is_empty() && word.chars().all(|sign| sign.is_alphanumeric() || "-_./:=".contains(sign));
        if plain { word.into_owned() } else { format!("'{word}'") }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// A program that runs until it is ended. Its standard output is read line by line, its standard error goes to a file.
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Running {
    /// Starts `command` with `input`; its standard error is appended to `log`. Should this process be killed, it dies
    /// with the thread that started it.
    ///
    /// # Errors
    /// The program could not be started, or the log not be opened.
    pub fn start(command: &Command, input: Stdio, log: &Path) -> io::Result<Self> {
        let mut command = bound(command);
        let child = command.stdin(input).stdout(Stdio::piped()).stderr(appended(log)?).spawn();
        let mut child = child.map_err(|error| missing(&command, error))?;
        let out = child.stdout.take().ok_or_else(|| io::Error::other("no pipe"))?;
        let (told, lines) = channel();
        std::thread::spawn(move || {
            let lines = BufReader::new(out).lines().map_while(Result::ok);
            // whoever listened may have gone: the pipe is emptied all the same, so that nobody waits
            lines.for_each(|line| drop(told.send(line)));
        });
        Ok(Self { child, lines, said: Vec::new() })
    }

    /// Its process number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its standard input, where that is piped; once.
    pub fn input(&mut self) -> Option<std::process::ChildStdin> {
        self.child.stdin.take()
    }

    /// The next line of its standard output; `None` after `limit`, or when it has ended.
    pub fn line(&mut self, limit: Duration) -> Option<String> {
        match self.lines.recv_timeout(limit) {
            Ok(line) => {
                self.said.push(line.clone());
                Some(line)
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }

    /// Waits for a JSON line that `wanted` takes.
    pub fn event(&mut self, limit: Duration, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let end = Instant::now() + limit;
        loop {
            let line = self.line(end.saturating_duration_since(Instant::now()))?;
            if let Some(event) = serde_json::from_str(&line).ok().filter(|event| wanted(event)) {
                return Some(event);
            }
        }
    }

    /// Every line of its standard output that was read so far.
    #[must_use]
    pub fn said(&self) -> &[String] {
        &self.said
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until it ends by itself; `None` after `limit`.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    while self.line(GRACE).is_some() {}
                    return Some(status);
                }
                Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(10)),
                _ => return None,
            }
        }
    }

    /// Asks it to end (SIGTERM), and waits.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        self.signal(Signal::TERM);
        self.wait(GRACE)
    }

    /// Ends it in the middle of whatever it does (SIGKILL).
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // it may have ended by itself
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.runs() {
            self.signal(Signal::TERM);
            let end = Instant::now() + GRACE;
            while self.runs() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        self.kill();
    }
}

/// A program that is not there is named, with what to do.
fn missing(command: &Command, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::NotFound {
        return error;
    }
    let program = command.get_program().to_string_lossy();
    io::Error::new(error.kind(), format!("{program} is missing; run script/prepare"))
}

/// The same command, bound to this thread's life.
fn bound(command: &Command) -> Command {
    let mut bound = Command::new("setpriv");
    bound.args(["--pdeathsig", "KILL"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bound.env(name, value),
            None => bound.env_remove(name),
        };
    }
    bound
}

fn appended(log: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(log)
}
