//! One receiver of the floor: a process that sends every message back.
//!
//! ```text
//! launcher                          echo process
//!    |  (starts it, keeps its stdin)     |
//!    |<---- "floor-echo listening on A" -|   stdout
//!    |----- connects to A -------------->|
//!    |----- 64 bytes ------------------->|
//!    |<---- the same 64 bytes -----------|   ... until the connection closes
//! ```
//!
//! Messages that come in one piece go back in one piece.
//!
//! Invariant: it never outlives its launcher, however that dies: its standard input ends then, and so does it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpListener;
use std::{process, thread};

use super::{MAX_WINDOW, MESSAGE_BYTES};

/// Stands before the address on the line that an echo process prints.
pub(super) const ANNOUNCEMENT: &str = "floor-echo listening on ";

/// Listens on a free loopback port, prints the address on stdout, and echoes one connection until it closes.
/// Ends the whole process when standard input ends.
///
/// # Errors
/// Those of the socket and of stdout.
pub fn echo() -> io::Result<()> {
    thread::spawn(|| {
        // Only the end matters; that reading failed is an end too.
        io::copy(&mut io::stdin(), &mut io::sink()).ok();
        process::exit(0);
    });
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let mut out = io::stdout();
    writeln!(out, "{ANNOUNCEMENT}{}", listener.local_addr()?)?;
    out.flush()?;
    echo_on(&listener)
}

/// Echoes one connection, message by message, until it closes between two messages.
///
/// # Errors
/// Those of the socket; `UnexpectedEof` if the connection closes in the middle of a message.
pub fn echo_on(listener: &TcpListener) -> io::Result<()> {
    let (mut connection, _) = listener.accept()?;
    connection.set_nodelay(true)?;
    let mut buffer = [0; MAX_WINDOW * MESSAGE_BYTES];
    let mut held = 0;
    loop {
        let bytes = match connection.read(&mut buffer[held..]) {
            Ok(0) if held == 0 => return Ok(()),
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        held += bytes;
        let whole = held - held % MESSAGE_BYTES;
        connection.write_all(&buffer[..whole])?;
        buffer.copy_within(whole..held, 0);
        held -= whole;
    }
}
