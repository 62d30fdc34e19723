//! RESP, the Redis serialization protocol, as much of it as our few questions need. Pure: bytes in, answers out.
//!
//! Source: the protocol's specification at redis.io. A request is an array of byte strings; answers are statuses,
//! errors, numbers and texts. Invariant: what is no answer is an error and costs no memory.

use bytes::{Buf, BytesMut};

/// The longest piece of text that is taken for an answer.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// The longest line that tells the kind of an answer.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `+`: as a rule, OK.
    Status(String),
    /// `-`: why not.
    Error(String),
    /// `:`
    Integer(u64),
    /// `$`
    Text(String),
    /// `$-1`: no such thing.
    Nothing,
}

/// Bytes that are no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Garbage(&'static str);

/// Appends a command.
pub fn request(words: &[&[u8]], out: &mut BytesMut) {
    number(b'*', words.len(), out);
    for word in words {
        number(b'$', word.len(), out);
        out.extend_from_slice(word);
        out.extend_from_slice(b"\r\n");
    }
}

fn number(kind: u8, number: usize, out: &mut BytesMut) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    let mut left = number;
    loop {
        first -= 1;
        digits[first] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&[kind]);
    out.extend_from_slice(&digits[first..]);
    out.extend_from_slice(b"\r\n");
}

/// Takes the first answer off the bytes; none while it is not all there.
///
/// # Errors
/// `Garbage`; arrays are never asked for, and are garbage too.
pub fn take_answer(bytes: &mut BytesMut) -> Result<Option<Answer>, Garbage> {
    let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") else {
        return match bytes.len() > MAX_LINE_BYTES {
            true => Err(Garbage("an endless line")),
            false => Ok(None),
        };
    };
    let Some((kind, rest)) = bytes[..end].split_first() else {
        return Err(Garbage("an empty line"));
    };
    let words = || String::from_utf8_lossy(rest).into_owned();
    let answer = match kind {
        b'+' => Answer::Status(words()),
        b'-' => Answer::Error(words()),
        b':' => Answer::Integer(digits(rest).ok_or(Garbage("no number"))?),
        b'$' if rest == b"-1" => Answer::Nothing,
        b'$' => {
            let length = digits(rest).and_then(|length| usize::try_from(length).ok());
            let length = length.filter(|length| *length <= MAX_TEXT_BYTES);
            return take_text(bytes, end + 2, length.ok_or(Garbage("a bad length"))?);
        }
        _ => return Err(Garbage("no answer that was asked for")),
    };
    bytes.advance(end + 2);
    Ok(Some(answer))
}

fn take_text(bytes: &mut BytesMut, start: usize, length: usize) -> Result<Option<Answer>, Garbage> {
    let end = start + length;
    if bytes.len() < end + 2 {
        return Ok(None);
    }
    if bytes[end..end + 2] != *b"\r\n" {
        return Err(Garbage("a text that does not end"));
    }
    let text = String::from_utf8(bytes[start..end].to_vec()).map_err(|_| Garbage("no text"))?;
    bytes.advance(end + 2);
    Ok(Some(Answer::Text(text)))
}

fn digits(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_an_array_of_byte_strings() {
        let mut bytes = BytesMut::new();
        request(&[b"RPUSH", b"list-of-ten", &[0, 13, 10]], &mut bytes);
        let expected = b"*3\r\n$5\r\nRPUSH\r\n$11\r\nlist-of-ten\r\n$3\r\n\x00\r\n\r\n";
        assert_eq!(bytes[..], expected[..]);
    }

    #[test]
    fn answers_of_every_kind_are_read_whatever_pieces_they_come_in() {
        let text = b"+OK\r\n-ERR no\r\n:42\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n";
        let mut bytes = BytesMut::new();
        let mut answers = Vec::new();
        for byte in text {
            bytes.extend_from_slice(&[*byte]);
            answers.extend(take_answer(&mut bytes).unwrap());
        }
        let expected = [
            Answer::Status("OK".to_owned()),
            Answer::Error("ERR no".to_owned()),
            Answer::Integer(42),
            Answer::Text("a\r\nbc".to_owned()),
            Answer::Text(String::new()),
            Answer::Nothing,
        ];
        assert_eq!((answers, bytes.len()), (expected.to_vec(), 0));
    }

    fn taken(text: impl AsRef<[u8]>) -> Result<Option<Answer>, Garbage> {
        take_answer(&mut BytesMut::from(text.as_ref()))
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for (text, why) in [
            ("\r\n", "an empty line"),
            (":x\r\n", "no number"),
            (":-1\r\n", "no number"),
            ("$x\r\n", "a bad length"),
            ("$1048577\r\n", "a bad length"),
            ("*1\r\n", "no answer that was asked for"),
            ("$1\r\nabc", "a text that does not end"),
            ("$1\r\n\u{7f}\r\n\r\n", ""),
        ] {
            let expected = match why {
                "" => Ok(Some(Answer::Text("\u{7f}".to_owned()))),
                why => Err(Garbage(why)),
            };
            assert_eq!(taken(text), expected, "{text:?}");
        }
        assert_eq!(taken(b"$1\r\n\xff\r\n"), Err(Garbage("no text")));
    }

    #[test]
    fn the_limits_hold_at_them_and_one_past_them() {
        let longest = "x".repeat(MAX_TEXT_BYTES);
        let text = format!("${MAX_TEXT_BYTES}\r\n{longest}\r\n");
        assert_eq!(taken(text), Ok(Some(Answer::Text(longest))));
        assert_eq!(taken("+".repeat(MAX_LINE_BYTES)), Ok(None));
        assert_eq!(
            taken("+".repeat(MAX_LINE_BYTES + 1)),
            Err(Garbage("an endless line"))
        );
    }
}
