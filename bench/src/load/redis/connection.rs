//! One connection to Redis: requests gather until an answer has to be waited for.

use std::net::SocketAddr;

use bytes::BytesMut;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::RedisError;
use crate::resp::{self, Answer};

/// What a read takes at once, in bytes: as the clients of our own doors do.
const READ_BYTES: usize = 64 * 1024;

/// See the module's documentation.
#[derive(Debug)]
pub(in crate::load) struct Connection {
    stream: TcpStream,
    unread: BytesMut,
    unsent: BytesMut,
}

impl Connection {
    /// # Errors
    /// `Io`.
    pub(in crate::load) async fn open(address: SocketAddr) -> Result<Self, RedisError> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            unread: BytesMut::with_capacity(READ_BYTES),
            unsent: BytesMut::new(),
        })
    }

    /// Queues a command.
    pub(super) fn submit(&mut self, words: &[&[u8]]) {
        resp::request(words, &mut self.unsent);
    }

    /// The next answer. What is queued leaves in one piece once no answer is there yet. Cancel-safe.
    ///
    /// # Errors
    /// `Io`, `Garbage`.
    pub(super) async fn receive(&mut self) -> Result<Answer, RedisError> {
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
    pub(in crate::load) async fn ask(&mut self, words: &[&[u8]]) -> Result<Answer, RedisError> {
        self.submit(words);
        self.receive().await
    }

    /// One question that a number answers.
    ///
    /// # Errors
    /// `Unexpected` if none does.
    pub(in crate::load) async fn ask_number(&mut self, words: &[&[u8]]) -> Result<u64, RedisError> {
        match self.ask(words).await? {
            Answer::Integer(number) => Ok(number),
            answer => Err(unexpected(words, answer)),
        }
    }
}

/// The answer is not one to this command.
pub(super) fn unexpected(words: &[&[u8]], answer: Answer) -> RedisError {
    let words: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
    let command = words.join(" ");
    RedisError::Unexpected { command, answer }
}
