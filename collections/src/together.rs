//! Several replicated collections written together: one place in the order of all of them.
//!
//! ```text
//! Together::connect(&site)          a client of its own; sessions with groups open when they are first written
//!     .transaction()                operations are gathered ...
//!        .on(&map_a).remove("ada")  ... on typed collections; each gives a Pending result
//!        .on(&map_b).insert("ada", &value)
//!     .commit().await?              ... one multicast, one answer per operation: Committed
//! ```
//!
//! What a commit promises: all of its operations are applied at one place in the order of all their groups, or, if the
//! cluster refuses it, none; whatever crashes, once; whoever reads with [`Reads::Ordered`](crate::Reads) after it returned sees
//! all of it. What it does not: an operation is not conditional on another. One that has no effect (a key that is not
//! there, a structure that is full, a session that was evicted) says so in its own result, and the others have theirs.
//! The groups' data nodes know nothing of each other's contents; a condition across groups would take a round more.
//!
//! Fused groups have no order in common: there is no `Together` for them.

mod moves;
mod parts;
mod transaction;

use std::{collections::BTreeSet, time::Duration};

use multicast::id::{ClientId, GroupId, Seq};
use settings::Mechanism;
use structures::{
    kind::StructureSpec,
    op::{Answer, Op, Outcome},
};
use wire::{
    client::{Client, ClientError},
    message::client::{
        WriteTogether,
        together::{MAX_TOGETHER_GROUPS, judge_together},
    },
    process::random_id,
};

pub use self::{
    moves::Moved,
    parts::{Part, Pending},
    transaction::{Committed, Transaction},
};
use crate::{
    Error, OpenError, Site,
    line::{LineError, RemoteLine},
    session::Attempts,
};

/// A client that writes to several groups of one cluster at once. One transaction at a time.
///
/// ```
/// use collections::{Map, ReplicatedMap, Together};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::Replication, structures::kind::StructureKind::Map);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut names = ReplicatedMap::<u64, String>::connect(&site, "A").await?;
/// let mut numbers = ReplicatedMap::<String, u64>::connect(&site, "B").await?;
/// let mut together = Together::connect(&site).await?;
///
/// let mut transaction = together.transaction();
/// let is_new = transaction.on(&names).insert(&7, &"ada".to_owned())?;
/// transaction.on(&numbers).insert("ada", &7)?;
/// let mut committed = transaction.commit().await?;
/// assert!(committed.take(is_new)?);
/// assert_eq!(names.get(&7).await?.as_deref(), Some("ada"));
/// assert_eq!(numbers.get("ada").await?, Some(7));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Together {
    /// To a manager: the door of every group.
    line: RemoteLine,
    patience: Duration,
    spec: StructureSpec,
    id: ClientId,
    /// The last sequence number used in any group.
    seq: Seq,
    /// Groups that have a session of this client.
    opened: BTreeSet<GroupId>,
}

impl Together {
    /// A client of the cluster, once its manager answers.
    ///
    /// # Errors
    /// `WrongMechanism` at once; `NoManager` when the site's patience has ended.
    pub async fn connect(site: &Site) -> Result<Self, OpenError> {
        let wanted: &[Mechanism] = &[Mechanism::Replication, Mechanism::ReplicationSequencer];
        let found = site.cluster().mechanism;
        if !wanted.contains(&found) {
            return Err(OpenError::WrongMechanism { wanted, found });
        }
        site.wait_for_manager().await?;
        Ok(Self {
            line: RemoteLine::new(site.directory(), GroupId::default(), site.reads()),
            patience: site.patience(),
            spec: site.cluster().structure(),
            id: ClientId(random_id()),
            seq: Seq(0),
            opened: BTreeSet::new(),
        })
    }

    /// Begins to gather operations. Nothing is sent before [`Transaction::commit`].
    pub fn transaction(&mut self) -> Transaction<'_> {
        Transaction::new(self)
    }

    /// Opens the sessions that are missing, and writes.
    async fn write(&mut self, parts: Vec<(GroupId, Vec<Op>)>) -> Result<Vec<Vec<Answer>>, Error> {
        let judged = WriteTogether {
            client: self.id,
            seq: self.seq,
            parts,
        };
        judge_together(self.spec, &judged)?;
        self.open(judged.groups().collect()).await?;
        let answers = self.persist(judged.parts.clone()).await?;
        for (group, part) in judged.groups().zip(&answers) {
            if part.iter().any(|answer| answer.outcome == Outcome::NoSession) {
                self.opened.remove(&group);
            }
        }
        Ok(answers)
    }

    /// A session is opened by a write of its own, so that a retry of what follows finds it or is told that it is gone.
    async fn open(&mut self, groups: Vec<GroupId>) -> Result<(), Error> {
        let mut missing = groups;
        missing.retain(|group| !self.opened.contains(group));
        for groups in missing.chunks(MAX_TOGETHER_GROUPS) {
            let parts = groups
                .iter()
                .map(|group| (*group, vec![Op::OpenSession]))
                .collect();
            for answer in self.persist(parts).await?.into_iter().flatten() {
                if answer.outcome != Outcome::SessionOpened {
                    return Err(Error::of(answer.outcome));
                }
            }
            self.opened.extend(groups);
        }
        Ok(())
    }

    /// Writes once, whatever crashes.
    async fn persist(&mut self, parts: Vec<(GroupId, Vec<Op>)>) -> Result<Vec<Vec<Answer>>, Error> {
        let write = WriteTogether {
            client: self.id,
            seq: self.seq.next(),
            parts,
        };
        self.seq = write.last_seq();
        let mut attempts = Attempts::new(self.patience);
        loop {
            if let Some(answers) = attempts.settle(self.attempt(write.clone())).await? {
                return Ok(answers);
            }
        }
    }

    async fn attempt(&mut self, write: WriteTogether) -> Result<Vec<Vec<Answer>>, LineError> {
        let counts: Vec<usize> = write.parts.iter().map(|(_, ops)| ops.len()).collect();
        let asking = async move |client: &mut Client, _| client.write_together(write).await;
        let answers = self.line.attempt(false, asking).await?;
        match answers.iter().map(Vec::len).eq(counts) {
            true => Ok(answers),
            false => Err(ClientError::Unexpected {
                asked: "write of several groups",
                found: format!("{} parts of other lengths", answers.len()),
            }
            .into()),
        }
    }
}
