//! Typed lists, maps, sets and queues over protected structures, the same for every mechanism.
//!
//! ```text
//! Map<K, V>, List<T>, ...   what an application is written against
//!        Collection         the one type behind them: encodes, asks, decodes
//!         Session           writes that are applied once, through crashes
//!          Line             to the group's door over TCP, or to a structure in this very process
//! ```
//!
//! An application is written against the traits ([`List`], [`Map`], [`OrderedMap`], [`Set`], [`Queue`],
//! [`Stack`], [`PriorityQueue`]) and names its mechanism in one place, where it opens the collection:
//! [`ReplicatedMap`] here, or `FusedMap` of the crate `fusion-primary`, which can also hold the map in the
//! application's own process. What can go wrong is an [`OpenError`] when opening and an [`Error`] later.
//! Read first: [`Collection`], then [`Map`].
//!
//! Several replicated collections are written together by a [`Together`], at one place in the order of all of them.
//!
//! The traits' methods return `impl Future + Send`, so that generic code may spawn them; implementations are plain
//! `async fn`s. Elements are what serde can write ([`Element`]); keys of ordered maps have bytes in the keys' order ([`OrderedKey`]).
//!
//! What is absent: no element is kept here, and nothing is cached; every answer is the structure's.

mod collection;
mod element;
mod error;
pub mod line;
mod list;
mod map;
mod open_error;
mod ordered_key;
mod ordered_map;
mod pages;
mod priority_queue;
mod queue;
mod replicated;
mod session;
mod set;
pub mod shape;
mod site;
mod stack;
mod together;

pub use collection::Collection;
pub use element::Element;
pub use error::Error;
pub use list::List;
pub use map::Map;
pub use open_error::OpenError;
pub use ordered_key::{OrderedKey, ToOrderedBytes};
pub use ordered_map::OrderedMap;
pub use pages::{PAGE_ELEMENTS, Pages};
pub use priority_queue::PriorityQueue;
pub use queue::Queue;
pub use replicated::{
    Replicated, ReplicatedList, ReplicatedMap, ReplicatedOrderedMap, ReplicatedPriorityQueue,
    ReplicatedQueue, ReplicatedSet, ReplicatedStack,
};
pub use set::Set;
pub use site::{PATIENCE, Site};
pub use stack::Stack;
pub use together::{Committed, Moved, Part, Pending, Together, Transaction};
pub use wire::message::client::Reads;
