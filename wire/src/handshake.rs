//! The first bytes of every connection: who calls, what for, and whether both belong together.
//!
//! ```text
//! caller   -> acceptor  magic(8) version(2) cluster(8) purpose(1) node(4) incarnation(8)
//! acceptor -> caller    verdict(1) version(2) cluster(8) incarnation(8)
//! ```
//!
//! Fixed sizes, little endian, read before any frame: whatever else connects is recognised within 8 bytes.
//! A caller that stays silent is let go after [`HANDSHAKE_TIMEOUT`].

use std::{fmt, net::SocketAddr};

use multicast::id::{Incarnation, NodeId};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    error::WireError,
    limits::{DIAL_TIMEOUT, HANDSHAKE_TIMEOUT},
};

/// The version of everything that crosses a connection.
pub const PROTOCOL_VERSION: u16 = 5;

const MAGIC: [u8; 8] = *b"FUSEBOX\n";
const HELLO_BYTES: usize = 31;
const VERDICT_BYTES: usize = 19;

/// What a connection is for; decides which messages it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// Client to a door: `ClientRequest` / `ClientReply`.
    Client = 1,
    /// A process that wants in, to the manager: `Enter` / `EnterReply`.
    Entry = 2,
    /// Manager to a process of the cluster that it admitted.
    Manager = 3,
    /// Donor to a joining data node: `StateFrame`.
    Transfer = 4,
    /// Primary to fused server: `DeltaFrame` / `AckFrame`.
    Delta = 5,
    /// Fused server to a replacement primary: `ResidualFrame`.
    Residual = 6,
    /// Manager to manager: `ManagerBeat`, both ways.
    Fellow = 7,
}

impl Purpose {
    fn from_byte(byte: u8) -> Option<Self> {
        use Purpose::*;
        [Client, Entry, Manager, Transfer, Delta, Residual, Fellow]
            .into_iter()
            .find(|p| *p as u8 == byte)
    }
}

/// Why an acceptor turned a caller away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rejection {
    /// Another protocol version.
    Version = 1,
    /// Another cluster.
    Cluster = 2,
    /// Not a purpose this process serves.
    Purpose = 3,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "it speaks another protocol version",
            Self::Cluster => "it belongs to a cluster with other settings",
            Self::Purpose => "it does not serve that purpose",
        })
    }
}

/// Who this process is, the same on all its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The cluster file's fingerprint.
    pub cluster: u64,
    /// Its node id; clients use 0.
    pub node: NodeId,
    /// This life of it.
    pub incarnation: Incarnation,
}

/// What the caller says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Who calls.
    pub identity: Identity,
    /// What for.
    pub purpose: Purpose,
}

/// The other end of a finished handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Who, as it says.
    pub identity: Identity,
    /// What for.
    pub purpose: Purpose,
    /// From where.
    pub address: SocketAddr,
}

fn hello_bytes(hello: &Hello) -> [u8; HELLO_BYTES] {
    let mut bytes = [0; HELLO_BYTES];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..10].copy_from_slice(&PROTOCOL_VERSION.to_le_bytes());
    bytes[10..18].copy_from_slice(&hello.identity.cluster.to_le_bytes());
    bytes[18] = hello.purpose as u8;
    bytes[19..23].copy_from_slice(&hello.identity.node.0.to_le_bytes());
    bytes[23..].copy_from_slice(&hello.identity.incarnation.0.to_le_bytes());
    bytes
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[..N]);
    array
}

/// Checks a caller's first bytes against our own identity.
fn judge(bytes: &[u8; HELLO_BYTES], ours: &Identity, serves: &[Purpose]) -> Result<Hello, WireError> {
    let version = u16::from_le_bytes(array(&bytes[8..10]));
    if version != PROTOCOL_VERSION {
        return Err(WireError::WrongVersion {
            theirs: version,
            ours: PROTOCOL_VERSION,
        });
    }
    let cluster = u64::from_le_bytes(array(&bytes[10..18]));
    if cluster != ours.cluster {
        return Err(WireError::WrongCluster {
            theirs: cluster,
            ours: ours.cluster,
        });
    }
    let purpose = Purpose::from_byte(bytes[18])
        .filter(|purpose| serves.contains(purpose))
        .ok_or(WireError::WrongPurpose { purpose: bytes[18] })?;
    let identity = Identity {
        cluster,
        node: NodeId(u32::from_le_bytes(array(&bytes[19..23]))),
        incarnation: Incarnation(u64::from_le_bytes(array(&bytes[23..31]))),
    };
    Ok(Hello { identity, purpose })
}

async fn send_verdict(stream: &mut TcpStream, ours: &Identity, verdict: u8) -> Result<(), WireError> {
    let mut bytes = [0; VERDICT_BYTES];
    bytes[0] = verdict;
    bytes[1..3].copy_from_slice(&PROTOCOL_VERSION.to_le_bytes());
    bytes[3..11].copy_from_slice(&ours.cluster.to_le_bytes());
    bytes[11..].copy_from_slice(&ours.incarnation.0.to_le_bytes());
    stream.write_all(&bytes).await?;
    Ok(())
}

async fn accept_now(stream: &mut TcpStream, ours: &Identity, serves: &[Purpose]) -> Result<Hello, WireError> {
    let mut bytes = [0; HELLO_BYTES];
    stream.read_exact(&mut bytes[..8]).await?;
    if bytes[..8] != MAGIC {
        return Err(WireError::BadMagic {
            found: array(&bytes[..8]),
        });
    }
    stream.read_exact(&mut bytes[8..]).await?;
    let judged = judge(&bytes, ours, serves);
    let verdict = match &judged {
        Ok(_) => 0,
        Err(WireError::WrongVersion { .. }) => Rejection::Version as u8,
        Err(WireError::WrongCluster { .. }) => Rejection::Cluster as u8,
        Err(_) => Rejection::Purpose as u8,
    };
    send_verdict(stream, ours, verdict).await?;
    judged
}

/// Takes the caller's side of an accepted stream through the handshake.
///
/// # Errors
/// `BadMagic`, `WrongVersion`, `WrongCluster`, `WrongPurpose` (the caller is told), `HandshakeSilent`, `Io`.
pub async fn accept(
    mut stream: TcpStream,
    ours: &Identity,
    serves: &[Purpose],
) -> Result<(Peer, TcpStream), WireError> {
    let address = stream.peer_addr()?;
    stream.set_nodelay(true)?;
    let hello = timeout(HANDSHAKE_TIMEOUT, accept_now(&mut stream, ours, serves))
        .await
        .map_err(|_| WireError::HandshakeSilent {
            limit_ms: HANDSHAKE_TIMEOUT.as_millis(),
        })??;
    Ok((
        Peer {
            identity: hello.identity,
            purpose: hello.purpose,
            address,
        },
        stream,
    ))
}

async fn dial_now(address: SocketAddr, hello: &Hello) -> Result<(Incarnation, TcpStream), WireError> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.write_all(&hello_bytes(hello)).await?;
    let mut verdict = [0; VERDICT_BYTES];
    stream.read_exact(&mut verdict).await?;
    let rejected = |rejection| WireError::Rejected {
        purpose: hello.purpose,
        rejection,
    };
    match verdict[0] {
        0 => Ok((Incarnation(u64::from_le_bytes(array(&verdict[11..]))), stream)),
        1 => Err(WireError::WrongVersion {
            theirs: u16::from_le_bytes(array(&verdict[1..3])),
            ours: PROTOCOL_VERSION,
        }),
        2 => Err(rejected(Rejection::Cluster)),
        3 => Err(rejected(Rejection::Purpose)),
        _ => Err(WireError::BadMagic {
            found: array(&verdict),
        }),
    }
}

/// Dials and introduces itself; returns the acceptor's life and the stream, ready for frames.
///
/// # Errors
/// `Rejected` or `WrongVersion` by the acceptor's verdict, `DialTimeout`, `Io`.
pub async fn dial(address: SocketAddr, hello: &Hello) -> Result<(Incarnation, TcpStream), WireError> {
    timeout(DIAL_TIMEOUT, dial_now(address, hello))
        .await
        .map_err(|_| WireError::DialTimeout {
            limit_ms: DIAL_TIMEOUT.as_millis(),
        })?
}

#[cfg(test)]
mod tests;
