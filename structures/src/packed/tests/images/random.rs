//! Any changes of any images.

use proptest::prelude::*;

use super::*;
use crate::packed::tests::script::script;

/// Takes every element out of a structure that was accepted, and adds others.
fn exercise(packed: &mut Packed) {
    let client = ClientId(u64::MAX);
    let mut seq = Seq(0);
    let mut apply = |packed: &mut Packed, op: Op| {
        seq = seq.next();
        packed.apply(&Write { client, seq, op }).0.outcome
    };
    apply(packed, Op::OpenSession);
    let kind = packed.spec().kind;
    for element in packed.elements() {
        let outcome = match kind {
            StructureKind::Stack => apply(packed, Op::PopBack),
            kind if kind.is_keyed() => apply(packed, Op::Remove { key: element.key }),
            _ => apply(packed, Op::PopFront),
        };
        assert_eq!(outcome, Outcome::Removed);
    }
    assert_eq!(
        (packed.len(), packed.arena().len(crate::delta::RegionId::RECORDS)),
        (0, HEADER_BYTES)
    );
}

fn kinds() -> impl Strategy<Value = StructureKind> {
    prop::sample::select(StructureKind::ALL[1..].to_vec())
}

#[derive(Clone, Debug)]
enum Corruption {
    Flip(usize, prop::sample::Index, u8),
    Copy(usize, prop::sample::Index, prop::sample::Index, usize),
    Cut(usize, prop::sample::Index),
    Extend(usize, Vec<u8>),
}

fn corruption() -> impl Strategy<Value = Corruption> {
    let (region, at) = (|| 0..REGIONS, any::<prop::sample::Index>);
    prop_oneof![
        6 => (region(), at(), 1..=255u8).prop_map(|(region, at, flip)| Corruption::Flip(region, at, flip)),
        3 => (region(), at(), at(), 1..40usize).prop_map(|(region, from, to, bytes)| Corruption::Copy(region, from, to, bytes)),
        1 => (region(), at()).prop_map(|(region, at)| Corruption::Cut(region, at)),
        1 => (region(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(region, more)| Corruption::Extend(region, more)),
    ]
}

fn corrupt(images: &mut Images, corruption: Corruption) {
    match corruption {
        Corruption::Flip(region, at, flip) => {
            let at = at.index(images[region].len());
            images[region][at] ^= flip;
        }
        Corruption::Copy(region, from, to, bytes) => {
            let image = &mut images[region];
            let (from, to) = (from.index(image.len()), to.index(image.len()));
            let bytes = bytes.min(image.len() - from.max(to));
            image.copy_within(from..from + bytes, to);
        }
        Corruption::Cut(region, at) => {
            let length = at.index(images[region].len());
            images[region].truncate(length);
        }
        Corruption::Extend(region, more) => images[region].extend(more),
    }
}

proptest! {
    /// Not every change can be seen (another value, another key); but what is accepted must be a whole
    /// structure of exactly these bytes, and whatever is asked of it must not panic.
    #[test]
    fn whatever_is_changed_is_refused_or_a_whole_structure_of_these_bytes(
        (kind, script) in kinds().prop_flat_map(|kind| (Just(kind), script(kind, 60))),
        page_bytes in prop_oneof![Just(16), Just(40)],
        corruptions in prop::collection::vec(corruption(), 1..4),
    ) {
        let mut packed = Packed::with_pages(spec(kind), page_bytes);
        for write in &script {
            packed.apply(write);
        }
        let mut changed = images(&packed);
        for corruption in corruptions {
            if changed.iter().all(|image| !image.is_empty()) {
                corrupt(&mut changed, corruption);
            }
        }
        if let Ok(mut accepted) = read(kind, changed.clone(), page_bytes) {
            prop_assert_eq!(images(&accepted), changed);
            prop_assert_eq!(accepted.elements().len(), accepted.len());
            exercise(&mut accepted);
        }
    }
}
