//! A Redis server of our own, for its memory: started on a socket in a folder of its own, asked, and stopped.
//!
//! Invariant: the server does not outlive the value that stands for it, and touches no port and no file beside its
//! folder.

use std::{
    io::{self, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use bytes::BytesMut;

use super::{Weighed, element};
use crate::resp::{self, Answer, Garbage};

/// The program.
const PROGRAM: &str = "redis-server";

/// How long it may take to listen.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// Pause between two attempts to connect.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// Elements of one command.
const BATCH: u64 = 1000;

/// What is read at once.
const PIECE_BYTES: usize = 16 * 1024;

/// Redis could not be weighed.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// There is no such program here.
    #[error("{PROGRAM} is not installed here")]
    NotInstalled,
    /// It could not be started, or its connection failed.
    #[error("{PROGRAM}: {0}")]
    Io(#[from] io::Error),
    /// It talks nonsense.
    #[error("{PROGRAM} sent {0}")]
    Garbage(#[from] Garbage),
    /// It started but did not listen.
    #[error("{PROGRAM} does not listen after {waited_s} s")]
    Silent {
        /// How long it was waited for.
        waited_s: u64,
    },
    /// It answered an error, or something that was not asked.
    #[error("{PROGRAM} answered {answer:?} to {command}")]
    Unexpected {
        /// What was asked.
        command: &'static str,
        /// What came.
        answer: String,
    },
}

/// Its process; ended when dropped.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // A process that is gone already is as wanted.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A running server; stopped when dropped.
#[derive(Debug)]
pub struct RedisServer {
    connection: UnixStream,
    unread: BytesMut,
    /// Before the folder that it works in.
    _process: Process,
    _folder: tempfile::TempDir,
}

/// What a structure takes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedisBytes {
    /// By how much the server's used memory grew.
    pub used: u64,
    /// What it says of the key.
    pub of_key: u64,
}

impl RedisServer {
    /// Starts one.
    ///
    /// # Errors
    /// `NotInstalled` where there is no such program, `Silent` or `Io` if it does not come up.
    pub fn start() -> Result<Self, RedisError> {
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("socket");
        let spawned = Command::new(PROGRAM)
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(&socket)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        let process = spawned.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => RedisError::NotInstalled,
            _ => RedisError::Io(error),
        })?;
        let process = Process(process);
        Ok(Self {
            connection: connect(&socket)?,
            unread: BytesMut::new(),
            _process: process,
            _folder: folder,
        })
    }

    /// Its version.
    ///
    /// # Errors
    /// If it does not answer as it should.
    pub fn version(&mut self) -> Result<String, RedisError> {
        self.info("INFO server", "redis_version")
    }

    /// Fills a key of its own with so many elements, the same as [`super::weigh_ours`], and weighs it.
    ///
    /// # Errors
    /// If it does not answer as it should.
    pub fn weigh(&mut self, weighed: Weighed, elements: u64) -> Result<RedisBytes, RedisError> {
        let before = self.used_memory()?;
        let (name, command) = match weighed {
            Weighed::List => ("list", "RPUSH"),
            Weighed::Map => ("map", "HSET"),
        };
        for first in (0..elements).step_by(BATCH as usize) {
            let mut words = vec![command.as_bytes().to_vec(), name.as_bytes().to_vec()];
            for number in first..elements.min(first + BATCH) {
                let (key, value) = element(number);
                if weighed == Weighed::Map {
                    words.push(key.to_vec());
                }
                words.push(value.to_vec());
            }
            match self.ask(&words)? {
                Answer::Integer(_) => {}
                other => return Err(unexpected(command, &other)),
            }
        }
        let usage = ["MEMORY", "USAGE", name, "SAMPLES", "0"].map(|word| word.as_bytes().to_vec());
        let of_key = match self.ask(&usage)? {
            Answer::Integer(bytes) => bytes,
            other => return Err(unexpected("MEMORY USAGE", &other)),
        };
        let used = self.used_memory()?.saturating_sub(before);
        Ok(RedisBytes { used, of_key })
    }

    fn used_memory(&mut self) -> Result<u64, RedisError> {
        let text = self.info("INFO memory", "used_memory")?;
        let number = text.parse();
        number.map_err(|_| unexpected("INFO memory", &Answer::Text(text)))
    }

    /// One line of what it tells of itself.
    fn info(&mut self, command: &'static str, name: &str) -> Result<String, RedisError> {
        let words: Vec<Vec<u8>> = command.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        let answer = self.ask(&words)?;
        let Answer::Text(text) = &answer else {
            return Err(unexpected(command, &answer));
        };
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(key, _)| *key == name);
        found.map_or_else(
            || Err(unexpected(command, &answer)),
            |(_, value)| Ok(value.to_owned()),
        )
    }

    fn ask(&mut self, words: &[Vec<u8>]) -> Result<Answer, RedisError> {
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let mut bytes = BytesMut::new();
        resp::request(&words, &mut bytes);
        self.connection.write_all(&bytes)?;
        let mut piece = [0; PIECE_BYTES];
        loop {
            if let Some(answer) = resp::take_answer(&mut self.unread)? {
                return Ok(answer);
            }
            match self.connection.read(&mut piece)? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                length => self.unread.extend_from_slice(&piece[..length]),
            }
        }
    }
}

fn connect(socket: &Path) -> Result<UnixStream, RedisError> {
    let began = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return Ok(stream),
            Err(_) if began.elapsed() < START_PATIENCE => thread::sleep(RETRY_PAUSE),
            Err(_) => {
                let waited_s = START_PATIENCE.as_secs();
                return Err(RedisError::Silent { waited_s });
            }
        }
    }
}

fn unexpected(command: &'static str, answer: &Answer) -> RedisError {
    let answer = format!("{answer:?}").chars().take(80).collect();
    RedisError::Unexpected { command, answer }
}
