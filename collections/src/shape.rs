//! Which collection a [`Collection`](crate::Collection) is: its elements' types, and the structures that can
//! hold it.

use std::marker::PhantomData;

use structures::kind::StructureKind;

/// The type of a collection, at compile time.
pub trait Shape {
    /// Its name in messages.
    const NAME: &'static str;
    /// The structures that it can be kept in; a cluster file's `structure` is one of them.
    const KINDS: &'static [StructureKind];
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $shape:ident<$($of:ident),+> = $name:literal in $kinds:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $shape<$($of),+>(PhantomData<fn() -> ($($of,)+)>);

        impl<$($of),+> Shape for $shape<$($of),+> {
            const NAME: &'static str = $name;
            const KINDS: &'static [StructureKind] = &$kinds;
        }
    )+};
}

shapes! {
    /// A [`List`](crate::List).
    ListOf<T> = "list" in [StructureKind::List];
    /// A [`Map`](crate::Map); in a keyed list it iterates in the order of insertion.
    MapOf<K, V> = "map" in [StructureKind::Map, StructureKind::KeyedList];
    /// An [`OrderedMap`](crate::OrderedMap).
    OrderedMapOf<K, V> = "ordered map" in [StructureKind::OrderedMap];
    /// A [`Set`](crate::Set).
    SetOf<T> = "set" in [StructureKind::Set];
    /// A [`Queue`](crate::Queue).
    QueueOf<T> = "queue" in [StructureKind::Queue];
    /// A [`Stack`](crate::Stack).
    StackOf<T> = "stack" in [StructureKind::Stack];
    /// A [`PriorityQueue`](crate::PriorityQueue).
    PriorityQueueOf<T> = "priority queue" in [StructureKind::PriorityQueue];
}
