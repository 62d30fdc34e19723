//! Writing a history while a run goes on: a [`Recorder`] for the file, a [`ClientRecord`] for each client.
//!
//! A client's lines gather in memory and go to the file in pieces; what is under way when a client ends is written as
//! unknown. Invariant: call times are taken before, end times after what they are about.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use multicast::id::GroupId;
use structures::{
    kind::StructureSpec,
    op::{Answer, Outcome},
    query::Found,
};
use wire::{
    client::ClientError,
    message::client::{Reads, Refusal, ReplyBody},
};

use super::{
    line::{Head, Line},
    operation::{Asked, Ending, Entry, Part, Told},
};

/// Bytes of lines that a client gathers before it writes them.
const PIECE_BYTES: usize = 64 * 1024;

/// A history file that is being written; clones write to the same one.
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Behind a lock, for a piece is all that is ever written under it, whoever the client and its task are.
    file: Mutex<File>,
    /// Times are counted from here.
    began: Instant,
    clients: AtomicU64,
}

/// What one client does; its operations may overlap.
#[derive(Debug)]
pub struct ClientRecord {
    recorder: Recorder,
    client: u64,
    piece: Vec<u8>,
    under_way: Vec<Call>,
    calls: u64,
    reads: Reads,
}

/// An operation that was called and has not ended.
#[derive(Debug)]
struct Call {
    number: CallNumber,
    call: u64,
    parts: Vec<Part>,
    reads: Reads,
}

/// Names one call of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallNumber(u64);

impl Recorder {
    /// Begins the history of a cluster whose groups protect such a structure and are empty.
    ///
    /// # Errors
    /// `AlreadyExists` if the file is there; others of the operating system.
    pub fn create(path: &Path, structure: StructureSpec) -> io::Result<Self> {
        let mut file = File::create_new(path)?;
        let mut head = serde_json::to_vec(&Head::from(structure))?;
        head.push(b'\n');
        file.write_all(&head)?;
        Ok(Self(Arc::new(Shared {
            file: Mutex::new(file),
            began: Instant::now(),
            clients: AtomicU64::new(0),
        })))
    }

    /// The record of one more client.
    pub fn client(&self) -> ClientRecord {
        ClientRecord {
            recorder: self.clone(),
            client: self.0.clients.fetch_add(1, Ordering::Relaxed) + 1,
            piece: Vec::new(),
            under_way: Vec::new(),
            calls: 0,
            reads: Reads::default(),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl ClientRecord {
    /// From now on questions are asked like this; at first [`Reads::Local`].
    pub fn read_as(&mut self, reads: Reads) {
        self.reads = reads;
    }

    /// The client is about to ask this of one group.
    pub fn call(&mut self, group: GroupId, asked: Asked) -> CallNumber {
        self.call_together(vec![Part { group, asked }])
    }

    /// The client is about to ask all this at once; of a group with several operations, a part for each.
    pub fn call_together(&mut self, parts: Vec<Part>) -> CallNumber {
        self.calls += 1;
        let number = CallNumber(self.calls);
        let call = self.recorder.now();
        self.under_way.push(Call {
            number,
            call,
            parts,
            reads: self.reads,
        });
        number
    }

    /// A call ended with a pipeline's or a client's answer.
    ///
    /// # Errors
    /// Of the file.
    pub fn answered(
        &mut self,
        number: CallNumber,
        answer: &Result<ReplyBody, ClientError>,
    ) -> io::Result<()> {
        let ending = match answer {
            Ok(body) => told(body).map_or(Ending::Unknown, Ending::Ok),
            Err(ClientError::Refused(refusal)) if is_final(refusal) => Ending::Refused,
            Err(_) => Ending::Unknown,
        };
        self.ended(number, ending)
    }

    /// A call ended.
    ///
    /// # Errors
    /// Of the file.
    pub fn ended(&mut self, number: CallNumber, ending: Ending) -> io::Result<()> {
        let Some(place) = self.under_way.iter().position(|call| call.number == number) else {
            return Ok(());
        };
        let end = self.recorder.now();
        let Call {
            call, parts, reads, ..
        } = self.under_way.remove(place);
        let entry = Entry {
            client: self.client,
            call,
            end,
            parts,
            reads,
            ending,
        };
        serde_json::to_writer(&mut self.piece, &Line::from(&entry))?;
        self.piece.push(b'\n');
        match self.piece.len() >= PIECE_BYTES {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// What is under way is unknown; writes everything down.
    ///
    /// # Errors
    /// Of the file.
    pub fn finish(mut self) -> io::Result<()> {
        self.end_all()
    }

    fn end_all(&mut self) -> io::Result<()> {
        while let Some(call) = self.under_way.first() {
            self.ended(call.number, Ending::Unknown)?;
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        // Whole pieces only: one that panicked elsewhere left no half of one that matters.
        let mut file = self
            .recorder
            .0
            .file
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        file.write_all(&self.piece)?;
        self.piece.clear();
        Ok(())
    }
}

impl Drop for ClientRecord {
    fn drop(&mut self) {
        if let Err(error) = self.end_all() {
            tracing::error!(%error, client = self.client, "the history is not complete");
        }
    }
}

/// The answers in a reply, unless it leaves open what became of the operation.
fn told(body: &ReplyBody) -> Option<Vec<Told>> {
    let found = match body {
        ReplyBody::Written(answer) => return written([answer]),
        ReplyBody::WrittenTogether(answers) => return written(answers.iter().flatten()),
        ReplyBody::Value(value) => Found::Value(value.as_ref().map(|value| value.to_vec())),
        ReplyBody::Element(element) => Found::Element(element.clone()),
        ReplyBody::Len(len) => Found::Len(*len),
        ReplyBody::Elements { elements, .. } => Found::Elements(elements.clone()),
        _ => return None,
    };
    Some(vec![Told::Found(found)])
}

/// The answers to writes; none if a session was evicted, or has moved on: an earlier attempt may have taken effect.
fn written<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> Option<Vec<Told>> {
    let is_open = |outcome| matches!(outcome, Outcome::NoSession | Outcome::Forgotten);
    let told = |answer: &Answer| (!is_open(answer.outcome)).then(|| Told::Answer(answer.clone()));
    answers.into_iter().map(told).collect()
}

/// Whether the refusal is of the request itself, whatever the cluster's condition: then no attempt took effect. An
/// earlier attempt at what is refused for the cluster's condition may have.
fn is_final(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::KeyLength { .. }
            | Refusal::ValueLength { .. }
            | Refusal::UnknownGroup { .. }
            | Refusal::Unsupported { .. }
            | Refusal::TooManyGroups { .. }
            | Refusal::RepeatedGroup { .. }
            | Refusal::TooManyOperations { .. }
            | Refusal::TooManyBytes { .. }
    )
}
