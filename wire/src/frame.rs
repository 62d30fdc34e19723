//! Framing, the only one: a little-endian u32 length, then that many bytes of one message.
//!
//! "Not enough bytes yet" is no error. An end of stream between two frames is [`WireError::Closed`] (told by
//! the stream's end), inside one it is [`WireError::Torn`].

use std::marker::PhantomData;

use bytes::{Buf, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::codec::{Decoder, Encoder};

use crate::{
    codec,
    error::WireError,
    limits::{MAX_FRAME_BYTES, READ_AHEAD_BYTES},
};

/// Bytes of the length prefix.
pub const PREFIX_BYTES: usize = 4;

/// Reads frames of `In`; writes frames of whatever can be encoded.
#[derive(Debug)]
pub struct FrameCodec<In> {
    limit: usize,
    incoming: PhantomData<fn() -> In>,
}

impl<In> Default for FrameCodec<In> {
    fn default() -> Self {
        Self::with_limit(MAX_FRAME_BYTES)
    }
}

impl<In> FrameCodec<In> {
    /// A codec that takes no frame longer than `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            incoming: PhantomData,
        }
    }

    /// The length that the buffered prefix announces, once it is there.
    fn announced(&self, bytes: &[u8]) -> Result<Option<usize>, WireError> {
        let Some(prefix) = bytes.first_chunk::<PREFIX_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*prefix) as usize;
        if length > self.limit {
            return Err(WireError::FrameTooLong {
                length,
                limit: self.limit,
            });
        }
        Ok(Some(length))
    }
}

impl<In: DeserializeOwned> FrameCodec<In> {
    /// The frame that the bytes begin with, if it is all there, and how many of them it takes.
    ///
    /// # Errors
    /// `FrameTooLong`, `Garbage`.
    pub fn first_frame(&self, bytes: &[u8]) -> Result<Option<(In, usize)>, WireError> {
        let Some(length) = self.announced(bytes)? else {
            return Ok(None);
        };
        let end = PREFIX_BYTES + length;
        match bytes.get(PREFIX_BYTES..end) {
            Some(content) => Ok(Some((codec::decode(content)?, end))),
            None => Ok(None),
        }
    }
}

impl<In: DeserializeOwned> Decoder for FrameCodec<In> {
    type Item = In;
    type Error = WireError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<In>, WireError> {
        if let Some((message, bytes)) = self.first_frame(buffer)? {
            buffer.advance(bytes);
            return Ok(Some(message));
        }
        if let Some(length) = self.announced(buffer)? {
            let missing = PREFIX_BYTES + length - buffer.len();
            buffer.reserve(missing.min(READ_AHEAD_BYTES));
        }
        Ok(None)
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<In>, WireError> {
        match self.decode(buffer)? {
            Some(message) => Ok(Some(message)),
            None if buffer.is_empty() => Ok(None),
            None => {
                let whole = PREFIX_BYTES + self.announced(buffer)?.unwrap_or(0);
                Err(WireError::Torn {
                    missing: whole - buffer.len(),
                })
            }
        }
    }
}

impl<In, Out: Serialize> Encoder<&Out> for FrameCodec<In> {
    type Error = WireError;

    fn encode(&mut self, message: &Out, buffer: &mut BytesMut) -> Result<(), WireError> {
        let start = buffer.len();
        buffer.extend_from_slice(&[0; PREFIX_BYTES]);
        codec::encode(message, buffer)?;
        let length = buffer.len() - start - PREFIX_BYTES;
        if length > self.limit {
            buffer.truncate(start);
            return Err(WireError::FrameTooLong {
                length,
                limit: self.limit,
            });
        }
        // The limit is far below u32::MAX.
        buffer[start..start + PREFIX_BYTES].copy_from_slice(&(length as u32).to_le_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framed(message: &Vec<u8>) -> BytesMut {
        let mut buffer = BytesMut::new();
        FrameCodec::<Vec<u8>>::default()
            .encode(message, &mut buffer)
            .expect("fits");
        buffer
    }

    #[test]
    fn a_frame_is_read_whatever_pieces_it_comes_in() {
        let whole = framed(&vec![1, 2, 3]);
        let mut codec = FrameCodec::<Vec<u8>>::default();
        let mut buffer = BytesMut::new();
        for (position, byte) in whole.iter().enumerate() {
            buffer.extend_from_slice(&[*byte]);
            let message = codec.decode(&mut buffer).expect("no error before the end");
            assert_eq!(message, (position + 1 == whole.len()).then(|| vec![1, 2, 3]));
        }
    }

    #[test]
    fn an_end_between_frames_is_clean_and_inside_one_is_torn() {
        let mut codec = FrameCodec::<Vec<u8>>::default();
        assert!(matches!(codec.decode_eof(&mut BytesMut::new()), Ok(None)));
        let mut cut = framed(&vec![1, 2, 3]);
        cut.truncate(cut.len() - 2);
        assert!(matches!(
            codec.decode_eof(&mut cut),
            Err(WireError::Torn { missing: 2 })
        ));
        let mut prefix_only = BytesMut::from(&[9u8, 0][..]);
        assert!(matches!(
            codec.decode_eof(&mut prefix_only),
            Err(WireError::Torn { missing: 2 })
        ));
    }

    #[test]
    fn the_limit_holds_at_it_and_one_past_it_and_before_allocation() {
        // 1 byte of length before the content, so a message of 9 makes a frame of 10.
        let mut codec = FrameCodec::<Vec<u8>>::with_limit(10);
        let mut buffer = BytesMut::new();
        codec.encode(&vec![7u8; 9], &mut buffer).expect("at the limit");
        assert_eq!(codec.decode(&mut buffer).expect("at the limit"), Some(vec![7; 9]));
        let past = codec.encode(&vec![7u8; 10], &mut buffer);
        assert!(matches!(
            past,
            Err(WireError::FrameTooLong {
                length: 11,
                limit: 10
            })
        ));
        assert!(buffer.is_empty(), "a refused frame leaves nothing behind");

        let mut announced = BytesMut::from(&u32::MAX.to_le_bytes()[..]);
        let capacity = announced.capacity();
        let refused = codec.decode(&mut announced);
        assert!(matches!(
            refused,
            Err(WireError::FrameTooLong {
                length: 0xFFFF_FFFF,
                limit: 10
            })
        ));
        assert_eq!(announced.capacity(), capacity);
    }
}
