//! A history cut into objects that can be checked one by one: linearizability is local.
//!
//! Groups are objects of their own, and so is each key of a group with keys, unless somebody asks such a group for more
//! than single keys: then its keys belong together. Whatever one operation touches belongs together too, so operations
//! on several groups make one object of these. A read of all elements of an unordered group, while no other operation
//! on it ended or began, needs no such unity: it is a read of every single key between two eras.
//! Sources: Herlihy and Wing, section 3.3 (locality); A. Horn and D. Kroening, *Faster Linearizability Checking via
//! P-Compositionality*, FORTE 2015.

mod by_key;

use std::collections::{BTreeMap, BTreeSet};

use multicast::id::GroupId;
use structures::{
    kind::StructureSpec,
    query::{Found, Query},
};

use self::by_key::{all_reads, groups_by_key};
use super::{
    model::State,
    operation::{Asked, Ending, Entry, History, Part, Told},
};

/// A group, or one key of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) group: GroupId,
    pub(super) key: Option<Vec<u8>>,
}

/// What is checked as one.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) structure: StructureSpec,
    pub(super) places: Vec<Place>,
    /// In the order of their calls.
    pub(super) steps: Vec<Step>,
}

/// One operation on an object.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Its place in the history.
    pub(super) entry: usize,
    pub(super) call: u64,
    /// [`u64::MAX`] of one that may take effect at any time, or never.
    pub(super) end: u64,
    /// What is asked of which of the object's places.
    pub(super) parts: Vec<(usize, Asked)>,
    /// An answer for each part, if they are known.
    pub(super) told: Option<Vec<Told>>,
}

impl Step {
    /// Whether it must have taken effect.
    pub(super) fn is_certain(&self) -> bool {
        self.told.is_some()
    }

    /// Whether it is known to have changed nothing.
    pub(super) fn is_neutral(&self) -> bool {
        let changes = |told: &Told| matches!(told, Told::Answer(answer) if answer.outcome.changed());
        self.told.as_ref().is_some_and(|told| !told.iter().any(changes))
    }

    /// The parts with their answers; none if these are not known.
    pub(super) fn answered(&self) -> impl Iterator<Item = (usize, &Asked, &Told)> {
        let told = self.told.iter().flatten();
        self.parts
            .iter()
            .zip(told)
            .map(|((place, asked), told)| (*place, asked, told))
    }
}

impl Object {
    /// Everything empty.
    pub(super) fn beginning(&self) -> Vec<State> {
        let state = |place: &Place| match place.key {
            Some(_) => State::of_key(),
            None => State::of_group(self.structure.kind),
        };
        self.places.iter().map(state).collect()
    }

    /// What was known at that moment: later calls are not there, and what had not ended is uncertain.
    pub(super) fn until(&self, moment: u64) -> Self {
        let known = self.steps.iter().filter(|step| step.call <= moment);
        let step = |step: &Step| match step.end <= moment {
            true => Some(step.clone()),
            false if step.parts.iter().any(|(_, asked)| asked.is_write()) => Some(Step {
                end: u64::MAX,
                told: None,
                ..step.clone()
            }),
            false => None,
        };
        Self {
            structure: self.structure,
            places: self.places.clone(),
            steps: known.filter_map(step).collect(),
        }
    }
}

/// The objects of a history, in the order of their first places.
pub(super) fn objects(history: &History) -> Vec<Object> {
    let cut = Cut::of(history);
    let mut objects: BTreeMap<usize, Object> = BTreeMap::new();
    let mut seats = BTreeMap::new();
    for place in cut.places.keys() {
        let object = objects.entry(cut.root(place)).or_insert_with(|| Object {
            structure: history.structure,
            places: Vec::new(),
            steps: Vec::new(),
        });
        seats.insert(place.clone(), object.places.len());
        object.places.push(place.clone());
    }
    for (number, entry) in history.entries.iter().enumerate() {
        for (root, step) in cut.steps(number, entry, &seats) {
            if let Some(object) = objects.get_mut(&root) {
                object.steps.push(step);
            }
        }
    }
    let mut objects: Vec<Object> = objects.into_values().collect();
    for object in &mut objects {
        object.steps.sort_by_key(|step| (step.call, step.end));
    }
    objects
}

/// Which places belong together.
struct Cut {
    /// Groups whose keys are places.
    by_key: BTreeSet<GroupId>,
    /// Every place, with its number.
    places: BTreeMap<Place, usize>,
    /// By number: another place of the same object, or itself if it stands for the object.
    parents: Vec<usize>,
}

impl Cut {
    fn of(history: &History) -> Self {
        let mut cut = Self {
            by_key: groups_by_key(history),
            places: BTreeMap::new(),
            parents: Vec::new(),
        };
        for entry in history
            .entries
            .iter()
            .filter(|entry| entry.ending != Ending::Refused)
        {
            let mut joined = None;
            for place in cut.touched(entry) {
                let number = cut.number(place);
                match joined {
                    Some(other) => cut.join(number, other),
                    None => joined = Some(number),
                }
            }
        }
        for entry in &history.entries {
            for (part, elements) in all_reads(entry) {
                if cut.by_key.contains(&part.group) {
                    for element in elements {
                        cut.number(place_of(part.group, Some(&element.key)));
                    }
                }
            }
        }
        cut
    }

    /// The places that the operation names.
    fn touched(&self, entry: &Entry) -> Vec<Place> {
        let parts = entry.parts.iter();
        let places = parts.filter_map(
            |part| match (self.by_key.contains(&part.group), part.asked.key()) {
                (true, None) => None,
                (true, key) => Some(place_of(part.group, key)),
                (false, _) => Some(place_of(part.group, None)),
            },
        );
        places.collect()
    }

    fn number(&mut self, place: Place) -> usize {
        let next = self.parents.len();
        let number = *self.places.entry(place).or_insert(next);
        if number == next {
            self.parents.push(next);
        }
        number
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.top(a), self.top(b));
        self.parents[a.max(b)] = a.min(b);
    }

    fn top(&self, mut number: usize) -> usize {
        while self.parents[number] != number {
            number = self.parents[number];
        }
        number
    }

    fn root(&self, place: &Place) -> usize {
        self.places
            .get(place)
            .map_or(usize::MAX, |number| self.top(*number))
    }

    /// The entry as steps of objects; none if it has nothing to say.
    fn steps(&self, number: usize, entry: &Entry, seats: &BTreeMap<Place, usize>) -> BTreeMap<usize, Step> {
        let mut steps = BTreeMap::new();
        let told = match &entry.ending {
            Ending::Refused => return steps,
            Ending::Unknown if !entry.parts.iter().any(|part| part.asked.is_write()) => return steps,
            Ending::Unknown => None,
            Ending::Ok(told) => Some(told),
        };
        for (place_in_entry, part) in entry.parts.iter().enumerate() {
            let told = told.map(|told| &told[place_in_entry]);
            for (place, asked, told) in self.asked_of_places(part, told) {
                let step = steps.entry(self.root(&place)).or_insert_with(|| Step {
                    entry: number,
                    call: entry.call,
                    end: told.as_ref().map_or(u64::MAX, |_| entry.end),
                    parts: Vec::new(),
                    told: told.as_ref().map(|_| Vec::new()),
                });
                step.parts.push((seats[&place], asked));
                if let (Some(all), Some(told)) = (&mut step.told, told) {
                    all.push(told);
                }
            }
        }
        steps
    }

    /// The part, or a read of all keys as reads of each.
    fn asked_of_places(&self, part: &Part, told: Option<&Told>) -> Vec<(Place, Asked, Option<Told>)> {
        let group = part.group;
        if !self.by_key.contains(&group) {
            return vec![(place_of(group, None), part.asked.clone(), told.cloned())];
        }
        if let Some(key) = part.asked.key() {
            return vec![(place_of(group, Some(key)), part.asked.clone(), told.cloned())];
        }
        let found: BTreeMap<&[u8], &[u8]> = match told {
            Some(Told::Found(Found::Elements(elements))) => elements
                .iter()
                .map(|e| (e.key.as_slice(), e.value.as_slice()))
                .collect(),
            _ => BTreeMap::new(),
        };
        let of_group = self.places.keys().filter(|place| place.group == group);
        let get = |place: &Place| {
            let key = place.key.clone().unwrap_or_default();
            let value = found.get(key.as_slice()).map(|value| value.to_vec());
            let told = Told::Found(Found::Value(value));
            (place.clone(), Asked::Read(Query::Get { key }), Some(told))
        };
        of_group.map(get).collect()
    }
}

fn place_of(group: GroupId, key: Option<&[u8]>) -> Place {
    Place {
        group,
        key: key.map(<[u8]>::to_vec),
    }
}
