//! Collections under active replication: every group's elements are held by f + 1 data nodes.

use multicast::id::GroupId;
use settings::Mechanism;
use structures::{
    op::{Answer, Write},
    query::{Found, Query},
};

use crate::{
    collection::Collection,
    line::{Connect, Line, LineError, RemoteLine},
    shape::{ListOf, MapOf, OrderedMapOf, PriorityQueueOf, QueueOf, SetOf, StackOf},
};

/// A line to a replicated group: through the group manager, which is its door.
#[derive(Debug)]
pub struct Replicated(RemoteLine);

impl Replicated {
    /// The group at its end.
    pub(crate) fn group(&self) -> GroupId {
        self.0.group()
    }

    /// The fingerprint of the group's cluster.
    pub(crate) fn cluster(&self) -> u64 {
        self.0.cluster()
    }
}

impl From<RemoteLine> for Replicated {
    fn from(line: RemoteLine) -> Self {
        Self(line)
    }
}

impl Connect for Replicated {
    const MECHANISMS: &'static [Mechanism] = &[Mechanism::Replication, Mechanism::ReplicationSequencer];
}

impl Line for Replicated {
    async fn write(&mut self, write: &Write) -> Result<Answer, LineError> {
        self.0.write(write).await
    }

    async fn read(&mut self, query: &Query) -> Result<Found, LineError> {
        self.0.read(query).await
    }

    fn another(&self) -> Self {
        Self(self.0.another())
    }

    async fn close(self) {
        self.0.close().await;
    }
}

/// A [`List`](crate::List) that is replicated.
///
/// ```
/// use collections::{List, ReplicatedList};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::Replication, structures::kind::StructureKind::List);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut list = ReplicatedList::<String>::connect(&site, "A").await?;
/// list.push_back(&"salt".to_owned()).await?;
/// list.push_front(&"bread".to_owned()).await?;
/// list.insert(1, &"milk".to_owned()).await?;
/// assert_eq!(list.pages().all().await?, ["bread", "milk", "salt"]);
/// assert_eq!(list.pop_front().await?.as_deref(), Some("bread"));
/// # Ok(())
/// # }
/// ```
pub type ReplicatedList<T> = Collection<Replicated, ListOf<T>>;

/// A [`Map`](crate::Map) that is replicated.
///
/// ```
/// use collections::{Map, ReplicatedMap};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::Replication, structures::kind::StructureKind::Map);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut map = ReplicatedMap::<String, u64>::connect(&site, "A").await?;
/// assert!(map.insert("apples", &3).await?, "a new key");
/// map.insert("pears", &5).await?;
/// assert_eq!(map.get("apples").await?, Some(3));
/// assert_eq!(map.remove("pears").await?, Some(5));
/// assert_eq!(map.len().await?, 1);
/// # Ok(())
/// # }
/// ```
pub type ReplicatedMap<K, V> = Collection<Replicated, MapOf<K, V>>;

/// An [`OrderedMap`](crate::OrderedMap) that is replicated.
///
/// ```
/// use collections::{OrderedMap, ReplicatedOrderedMap};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::Replication, structures::kind::StructureKind::OrderedMap);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut map = ReplicatedOrderedMap::<(u16, String), u64>::connect(&site, "A").await?;
/// for (year, name, votes) in [(2024, "b", 7), (2023, "z", 1), (2024, "a", 9)] {
///     map.insert(&(year, name.to_owned()), &votes).await?;
/// }
/// let of_2024 = (2024, String::new())..(2025, String::new());
/// let votes: Vec<u64> = map.range(of_2024).all().await?.into_iter().map(|(_, votes)| votes).collect();
/// assert_eq!(votes, [9, 7]);
/// assert_eq!(map.first().await?, Some(((2023, "z".to_owned()), 1)));
/// # Ok(())
/// # }
/// ```
pub type ReplicatedOrderedMap<K, V> = Collection<Replicated, OrderedMapOf<K, V>>;

/// A [`Set`](crate::Set) that is replicated.
///
/// ```
/// use collections::{ReplicatedSet, Set};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::Replication, structures::kind::StructureKind::Set);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut set = ReplicatedSet::<String>::connect(&site, "A").await?;
/// assert!(set.insert("ada").await?);
/// assert!(!set.insert("ada").await?, "it is there already");
/// assert!(set.contains("ada").await?);
/// assert!(set.remove("ada").await?);
/// # Ok(())
/// # }
/// ```
pub type ReplicatedSet<T> = Collection<Replicated, SetOf<T>>;

/// A [`Queue`](crate::Queue) that is replicated.
///
/// ```
/// use collections::{Queue, ReplicatedQueue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::Replication, structures::kind::StructureKind::Queue);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut queue = ReplicatedQueue::<u32>::connect(&site, "A").await?;
/// queue.push(&1).await?;
/// queue.push(&2).await?;
/// assert_eq!(queue.peek().await?, Some(1));
/// assert_eq!(queue.pop().await?, Some(1));
/// assert_eq!(queue.len().await?, 1);
/// # Ok(())
/// # }
/// ```
pub type ReplicatedQueue<T> = Collection<Replicated, QueueOf<T>>;

/// A [`Stack`](crate::Stack) that is replicated.
///
/// ```
/// use collections::{ReplicatedStack, Stack};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::Replication, structures::kind::StructureKind::Stack);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut stack = ReplicatedStack::<u32>::connect(&site, "A").await?;
/// stack.push(&1).await?;
/// stack.push(&2).await?;
/// assert_eq!(stack.peek().await?, Some(2));
/// assert_eq!(stack.pop().await?, Some(2));
/// assert_eq!(stack.len().await?, 1);
/// # Ok(())
/// # }
/// ```
pub type ReplicatedStack<T> = Collection<Replicated, StackOf<T>>;

/// A [`PriorityQueue`](crate::PriorityQueue) that is replicated.
///
/// ```
/// use collections::{PriorityQueue, ReplicatedPriorityQueue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::Replication, structures::kind::StructureKind::PriorityQueue);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut queue = ReplicatedPriorityQueue::<String>::connect(&site, "A").await?;
/// queue.push(7, &"later".to_owned()).await?;
/// queue.push(1, &"now".to_owned()).await?;
/// assert_eq!(queue.peek().await?, Some((1, "now".to_owned())));
/// assert_eq!(queue.pop().await?.as_deref(), Some("now"));
/// # Ok(())
/// # }
/// ```
pub type ReplicatedPriorityQueue<T> = Collection<Replicated, PriorityQueueOf<T>>;
