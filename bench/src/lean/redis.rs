//! A Redis server of our own, for its memory: started on a socket in a folder of its own, asked, and stopped.
//!
//! Speaks as much of RESP, the Redis serialization protocol, as its few questions need. Invariant: the server does not outlive
//! the value that stands for it, and touches no port and no file beside its folder.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Weighed, element};

/// The program.
const PROGRAM: &str = "redis-server";

/// How long it may take to listen.
const START_PATIENCE: Duration = Duration::from_secs(10);

/// Pause between two attempts to connect.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// Elements of one command.
const BATCH: u64 = 1000;

/// The longest piece of text that it answers to our questions.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// Redis could not be weighed.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// There is no such program here.
    #[error("{PROGRAM} is not installed here")]
    NotInstalled,
    /// It could not be started, or its connection failed.
    #[error("{PROGRAM}: {0}")]
    Io(#[from] io::Error),
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

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Status(String),
    Error(String),
    Integer(u64),
    Text(String),
    Nothing,
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
    connection: BufReader<UnixStream>,
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
            connection: BufReader::new(connect(&socket)?),
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
        self.connection.get_mut().write_all(&request(words))?;
        Ok(answer(&mut self.connection)?)
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

/// A command as an array of byte strings.
fn request(words: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
        bytes.extend_from_slice(word);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// The next answer; arrays are never asked for.
fn answer(stream: &mut impl BufRead) -> io::Result<Answer> {
    let garbage = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut line = String::new();
    stream.by_ref().take(MAX_TEXT_BYTES as u64).read_line(&mut line)?;
    let line = line.strip_suffix("\r\n").ok_or_else(|| garbage("half a line"))?;
    let mut letters = line.chars();
    let kind = letters.next();
    let rest = letters.as_str();
    match kind {
        Some('+') => Ok(Answer::Status(rest.to_owned())),
        Some('-') => Ok(Answer::Error(rest.to_owned())),
        Some(':') => rest
            .parse()
            .map(Answer::Integer)
            .map_err(|_| garbage("no number")),
        Some('$') if rest == "-1" => Ok(Answer::Nothing),
        Some('$') => {
            let length: Option<usize> = rest.parse().ok().filter(|length| *length <= MAX_TEXT_BYTES);
            let length = length.ok_or_else(|| garbage("a bad length"))?;
            let mut text = vec![0; length + 2];
            stream.read_exact(&mut text)?;
            text.truncate(length);
            String::from_utf8(text)
                .map(Answer::Text)
                .map_err(|_| garbage("no text"))
        }
        _ => Err(garbage("no answer that was asked for")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_an_array_of_byte_strings() {
        let words = [b"RPUSH".to_vec(), b"list".to_vec(), vec![0, 13, 10]];
        let expected = b"*3\r\n$5\r\nRPUSH\r\n$4\r\nlist\r\n$3\r\n\x00\r\n\r\n";
        assert_eq!(request(&words), expected);
    }

    #[test]
    fn answers_of_every_kind_are_read_one_after_another() {
        let text = b"+OK\r\n-ERR no\r\n:42\r\n$5\r\na\r\nbc\r\n$-1\r\n";
        let mut stream = BufReader::new(&text[..]);
        let answers: Vec<Answer> = (0..5).map(|_| answer(&mut stream).unwrap()).collect();
        let expected = [
            Answer::Status("OK".to_owned()),
            Answer::Error("ERR no".to_owned()),
            Answer::Integer(42),
            Answer::Text("a\r\nbc".to_owned()),
            Answer::Nothing,
        ];
        assert_eq!(answers, expected);
    }

    #[test]
    fn what_is_no_answer_is_an_error_and_costs_no_memory() {
        for text in [
            "",
            "+OK",
            ":x\r\n",
            "$x\r\n",
            "$1048577\r\n",
            "*1\r\n",
            "$3\r\nab",
        ] {
            let read = answer(&mut BufReader::new(text.as_bytes()));
            assert!(read.is_err(), "{text:?}: {read:?}");
        }
        let longest = format!("${MAX_TEXT_BYTES}\r\n{}\r\n", "x".repeat(MAX_TEXT_BYTES));
        let read = answer(&mut BufReader::new(longest.as_bytes()));
        assert_eq!(read.unwrap(), Answer::Text("x".repeat(MAX_TEXT_BYTES)));
    }
}
