//! Collections under fusion: every group's elements are held by one primary, and all primaries together by f
//! fused servers.
//!
//! A primary can be the application itself: `host` takes the group's structure into its process. Other
//! processes reach it there by `connect`, as they reach one that runs as a process of its own.

use collections::{
    Collection, OpenError, Site,
    line::{Connect, Host, Line, LineError, RemoteLine},
    shape::{ListOf, MapOf, OrderedMapOf, PriorityQueueOf, QueueOf, SetOf, StackOf},
};
use settings::Mechanism;
use structures::{
    op::{Answer, Write},
    query::{Found, Query},
};

use crate::host::LocalLine;

/// A line to a fused group: to its primary, here or elsewhere.
#[derive(Debug)]
pub struct Fused(Place);

#[derive(Debug)]
enum Place {
    Here(LocalLine),
    Elsewhere(Box<RemoteLine>),
}

impl From<RemoteLine> for Fused {
    fn from(line: RemoteLine) -> Self {
        Self(Place::Elsewhere(Box::new(line)))
    }
}

impl Connect for Fused {
    const MECHANISMS: &'static [Mechanism] = &[Mechanism::FusionArena, Mechanism::FusionLinked];
}

impl Host for Fused {
    async fn host(site: &Site, group: &str) -> Result<Self, OpenError> {
        Ok(Self(Place::Here(LocalLine::host(site, group).await?)))
    }
}

impl Line for Fused {
    async fn write(&mut self, write: &Write) -> Result<Answer, LineError> {
        match &mut self.0 {
            Place::Here(line) => line.write(write).await,
            Place::Elsewhere(line) => line.write(write).await,
        }
    }

    async fn read(&mut self, query: &Query) -> Result<Found, LineError> {
        match &mut self.0 {
            Place::Here(line) => line.read(query).await,
            Place::Elsewhere(line) => line.read(query).await,
        }
    }

    fn another(&self) -> Self {
        match &self.0 {
            Place::Here(line) => Self(Place::Here(line.another())),
            Place::Elsewhere(line) => line.another().into(),
        }
    }

    async fn close(self) {
        match self.0 {
            Place::Here(line) => line.close().await,
            Place::Elsewhere(line) => line.close().await,
        }
    }
}

/// A [`List`](collections::List) that is fused.
///
/// ```
/// use collections::List;
/// use fusion_primary::FusedList;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::FusionArena, structures::kind::StructureKind::List);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut list = FusedList::<String>::host(&site, "A").await?;
/// list.push_back(&"salt".to_owned()).await?;
/// list.push_front(&"bread".to_owned()).await?;
/// list.insert(1, &"milk".to_owned()).await?;
/// assert_eq!(list.pages().all().await?, ["bread", "milk", "salt"]);
/// assert_eq!(list.pop_front().await?.as_deref(), Some("bread"));
/// # Ok(())
/// # }
/// ```
pub type FusedList<T> = Collection<Fused, ListOf<T>>;

/// A [`Map`](collections::Map) that is fused.
///
/// ```
/// use collections::Map;
/// use fusion_primary::FusedMap;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::FusionArena, structures::kind::StructureKind::Map);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut map = FusedMap::<String, u64>::host(&site, "A").await?;
/// assert!(map.insert("apples", &3).await?, "a new key");
/// map.insert("pears", &5).await?;
/// assert_eq!(map.get("apples").await?, Some(3));
/// assert_eq!(map.remove("pears").await?, Some(5));
/// assert_eq!(map.len().await?, 1);
///
/// // What was answered survives whoever hosts it.
/// map.close().await;
/// let mut map = FusedMap::<String, u64>::host(&site, "A").await?;
/// assert_eq!(map.get("apples").await?, Some(3));
/// # Ok(())
/// # }
/// ```
pub type FusedMap<K, V> = Collection<Fused, MapOf<K, V>>;

/// An [`OrderedMap`](collections::OrderedMap) that is fused.
///
/// ```
/// use collections::OrderedMap;
/// use fusion_primary::FusedOrderedMap;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::FusionArena, structures::kind::StructureKind::OrderedMap);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut map = FusedOrderedMap::<(u16, String), u64>::host(&site, "A").await?;
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
pub type FusedOrderedMap<K, V> = Collection<Fused, OrderedMapOf<K, V>>;

/// A [`Set`](collections::Set) that is fused.
///
/// ```
/// use collections::Set;
/// use fusion_primary::FusedSet;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::FusionArena, structures::kind::StructureKind::Set);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut set = FusedSet::<String>::host(&site, "A").await?;
/// assert!(set.insert("ada").await?);
/// assert!(!set.insert("ada").await?, "it is there already");
/// assert!(set.contains("ada").await?);
/// assert!(set.remove("ada").await?);
/// # Ok(())
/// # }
/// ```
pub type FusedSet<T> = Collection<Fused, SetOf<T>>;

/// A [`Queue`](collections::Queue) that is fused.
///
/// ```
/// use collections::Queue;
/// use fusion_primary::FusedQueue;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::FusionArena, structures::kind::StructureKind::Queue);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut queue = FusedQueue::<u32>::host(&site, "A").await?;
/// queue.push(&1).await?;
/// queue.push(&2).await?;
/// assert_eq!(queue.peek().await?, Some(1));
/// assert_eq!(queue.pop().await?, Some(1));
/// assert_eq!(queue.len().await?, 1);
/// # Ok(())
/// # }
/// ```
pub type FusedQueue<T> = Collection<Fused, QueueOf<T>>;

/// A [`Stack`](collections::Stack) that is fused.
///
/// ```
/// use collections::Stack;
/// use fusion_primary::FusedStack;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::FusionArena, structures::kind::StructureKind::Stack);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut stack = FusedStack::<u32>::host(&site, "A").await?;
/// stack.push(&1).await?;
/// stack.push(&2).await?;
/// assert_eq!(stack.peek().await?, Some(2));
/// assert_eq!(stack.pop().await?, Some(2));
/// assert_eq!(stack.len().await?, 1);
/// # Ok(())
/// # }
/// ```
pub type FusedStack<T> = Collection<Fused, StackOf<T>>;

/// A [`PriorityQueue`](collections::PriorityQueue) that is fused.
///
/// ```
/// use collections::PriorityQueue;
/// use fusion_primary::FusedPriorityQueue;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (mechanism, kind) = (settings::Mechanism::FusionArena, structures::kind::StructureKind::PriorityQueue);
/// # let local = local_cluster::LocalCluster::small(mechanism, kind).await?;
/// # let site = local.site();
/// let mut queue = FusedPriorityQueue::<String>::host(&site, "A").await?;
/// queue.push(7, &"later".to_owned()).await?;
/// queue.push(1, &"now".to_owned()).await?;
/// assert_eq!(queue.peek().await?, Some((1, "now".to_owned())));
/// assert_eq!(queue.pop().await?.as_deref(), Some("now"));
/// # Ok(())
/// # }
/// ```
pub type FusedPriorityQueue<T> = Collection<Fused, PriorityQueueOf<T>>;
