//! One connection to Redis: requests gather until an answer has to be waited for.

use std::net::SocketAddr;

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    RedisError,
    resp::{self, Answer},
};

/// What a read takes at once, in bytes: as the clients of our own doors do.
const READ_BYTES: usize = 64 * 1024;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    unread: BytesMut,
    unsent: BytesMut,
}

impl Connection {
    /// # Errors
    /// `Io`.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self, RedisError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            unread: BytesMut::with_capacity(READ_BYTES),
            unsent: BytesMut::new(),
        })
    }

    /// Queues a command.
    pub(crate) fn submit(&mut self, words: &[&[u8]]) {
        resp::request(words, &mut self.unsent);
    }

    /// The next answer. What is queued leaves in one piece once no answer is there yet. Cancel-safe.
    ///
    /// # Errors
    /// `Io`, `Garbage`.
    pub(crate) async fn receive(&mut self) -> Result<Answer, RedisError> {
        loop {
            if let Some(answer) = resp::take_answer(&mut self.unread)? {
                return Ok(answer);
            }
            self.stream.write_all_buf(&mut self.unsent).await?;
            self.unread.reserve(READ_BYTES);
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
            }
        }
    }

    /// One question and its answer.
    ///
    /// # Errors
    /// As of [`Connection::receive`].
    pub(crate) async fn ask(&mut self, words: &[&[u8]]) -> Result<Answer, RedisError> {
        self.submit(words);
        self.receive().await
    }

    /// One command that is heeded, or not.
    ///
    /// # Errors
    /// `Unexpected` if it is not.
    pub(super) async fn order(&mut self, words: &[&[u8]]) -> Result<(), RedisError> {
        match self.ask(words).await? {
            Answer::Status(_) => Ok(()),
            answer => Err(unexpected(words, answer)),
        }
    }

    /// One line of what the server tells of itself.
    ///
    /// # Errors
    /// `Unexpected` if there is no such line.
    pub(crate) async fn info(&mut self, section: &str, name: &str) -> Result<String, RedisError> {
        let command = [b"INFO".as_slice(), section.as_bytes()];
        let answer = self.ask(&command).await?;
        let Answer::Text(text) = &answer else {
            return Err(unexpected(&command, answer));
        };
        let mut lines = text.lines().filter_map(|line| line.split_once(':'));
        let found = lines
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned());
        found.ok_or_else(|| unexpected(&command, answer))
    }

    /// One question that a number answers.
    ///
    /// # Errors
    /// `Unexpected` if none does.
    pub(crate) async fn ask_number(&mut self, words: &[&[u8]]) -> Result<u64, RedisError> {
        match self.ask(words).await? {
            Answer::Integer(number) => Ok(number),
            answer => Err(unexpected(words, answer)),
        }
    }
}

/// The answer is not one to this command.
pub(crate) fn unexpected(words: &[&[u8]], answer: Answer) -> RedisError {
    const WORDS: usize = 2;
    const ANSWER_CHARS: usize = 80;
    let words = words.iter().take(WORDS).map(|word| String::from_utf8_lossy(word));
    let answer = format!("{answer:?}");
    RedisError::Unexpected {
        command: words.collect::<Vec<_>>().join(" "),
        answer: answer.chars().take(ANSWER_CHARS).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_another_question_is_told_in_few_words_however_long_both_are() {
        let element = [7; 1000];
        let error = unexpected(&[b"RPUSH", b"list", &element], Answer::Error("x".repeat(1000)));
        let expected = format!("redis-server answered Error(\"{} to RPUSH list", "x".repeat(73));
        assert_eq!(error.to_string(), expected);
    }
}
