//! The launcher's side of the floor: the echo processes and a kept connection to each.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use super::echo::ANNOUNCEMENT;
use super::{FloorError, MAX_WINDOW, MESSAGE_BYTES};

/// Echo processes and connections to them. Dropping it ends the processes.
#[derive(Debug)]
pub struct Receivers {
    connections: Vec<TcpStream>,
    /// The messages of one round.
    messages: Vec<u8>,
    /// Empty where the receivers were started by someone else.
    processes: Vec<Child>,
}

impl Receivers {
    /// Starts `count` echo processes (each runs [`super::echo`]) and connects to them.
    ///
    /// # Errors
    /// [`FloorError`] if one does not start, does not say where it listens, or does not accept.
    pub fn spawn(count: u32, command: impl Fn() -> Command) -> Result<Self, FloorError> {
        let mut receivers = Self {
            connections: Vec::new(),
            messages: vec![0x5a; MAX_WINDOW * MESSAGE_BYTES],
            processes: Vec::new(),
        };
        for _ in 0..count {
            // The pipe to its stdin stays open, inside the Child, for as long as this process lives.
            let child = command()
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .map_err(FloorError::Start)?;
            receivers.processes.push(child);
        }
        for process in &mut receivers.processes {
            receivers.connections.push(connect(announced_address(process)?)?);
        }
        Ok(receivers)
    }

    /// Connects to receivers that run already.
    ///
    /// # Errors
    /// [`FloorError::Connection`] if one does not accept.
    pub fn connect(addresses: &[SocketAddr]) -> Result<Self, FloorError> {
        let connections = addresses
            .iter()
            .map(|address| connect(*address))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            connections,
            messages: vec![0x5a; MAX_WINDOW * MESSAGE_BYTES],
            processes: Vec::new(),
        })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.connections.len()
    }

    /// One round: sends so many messages in one piece to each of the first `to`, then reads the answers of each.
    pub(super) fn round(&mut self, to: usize, batch: usize) -> io::Result<()> {
        let messages = &mut self.messages[..batch * MESSAGE_BYTES];
        for connection in &mut self.connections[..to] {
            connection.write_all(messages)?;
        }
        for connection in &mut self.connections[..to] {
            connection.read_exact(messages)?;
        }
        Ok(())
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        for process in &mut self.processes {
            // A process that is gone already is as wanted.
            process.kill().ok();
            process.wait().ok();
        }
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let connection = TcpStream::connect(address)?;
    connection.set_nodelay(true)?;
    Ok(connection)
}

/// Reads the process's output up to the line that holds its address.
fn announced_address(process: &mut Child) -> Result<SocketAddr, FloorError> {
    let mut last_line = String::new();
    let Some(output) = process.stdout.take() else {
        return Err(FloorError::NoAddress { last_line });
    };
    for line in BufReader::new(output).lines() {
        last_line = line?;
        let address = last_line
            .split_once(ANNOUNCEMENT)
            .and_then(|(_, address)| address.parse().ok());
        if let Some(address) = address {
            return Ok(address);
        }
    }
    Err(FloorError::NoAddress { last_line })
}
