//! An order against a plain vector of pages and counts.

use proptest::prelude::*;

use super::*;

/// Pages with their records, in order.
#[derive(Clone, Debug, Default)]
struct Reference(Vec<(PageId, u16)>);

impl Reference {
    fn insert(&mut self, place: usize) {
        let page = PageId(self.0.len() as u32);
        self.0.insert(place, (page, 0));
    }

    fn remove(&mut self, place: usize) {
        let (page, _) = self.0.remove(place);
        let last = PageId(self.0.len() as u32);
        for (other, _) in &mut self.0 {
            if *other == last {
                *other = page;
            }
        }
    }

    fn locate(&self, index: u64) -> Option<(PageId, usize)> {
        let starts = self
            .0
            .iter()
            .flat_map(|(page, records)| (0..usize::from(*records)).map(|n| (*page, n)));
        starts.into_iter().nth(index as usize)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(prop::sample::Index),
    Append(usize),
    Remove(prop::sample::Index),
    RemoveRun(prop::sample::Index, usize),
    Count(prop::sample::Index, u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = any::<prop::sample::Index>;
    let step = prop_oneof![
        8 => place().prop_map(Step::Insert),
        2 => (1..300usize).prop_map(Step::Append),
        6 => place().prop_map(Step::Remove),
        1 => (place(), 1..300usize).prop_map(|(place, pages)| Step::RemoveRun(place, pages)),
        8 => (place(), 0..4u16).prop_map(|(place, records)| Step::Count(place, records)),
    ];
    prop::collection::vec(step, 0..60)
}

fn insert(order: &mut Order, reference: &mut Reference, place: usize) {
    let anchor = place.checked_sub(1).map(|before| reference.0[before].0);
    let page = order.insert_after(anchor);
    reference.insert(place);
    assert_eq!(page, reference.0[place].0);
}

fn remove(order: &mut Order, reference: &mut Reference, place: usize) {
    let page = reference.0[place].0;
    let is_last = page.index() + 1 == reference.0.len();
    assert_eq!(order.remove(page), !is_last);
    reference.remove(place);
}

fn run(order: &mut Order, reference: &mut Reference, step: Step) {
    let pages = reference.0.len();
    match step {
        Step::Insert(place) => insert(order, reference, place.index(pages + 1)),
        Step::Append(more) => (0..more).for_each(|n| insert(order, reference, pages + n)),
        Step::Remove(place) if pages > 0 => remove(order, reference, place.index(pages)),
        Step::RemoveRun(place, fewer) if pages > 0 => {
            let place = place.index(pages);
            (0..fewer.min(pages - place)).for_each(|_| remove(order, reference, place));
        }
        Step::Count(place, records) if pages > 0 => {
            let (page, count) = &mut reference.0[place.index(pages)];
            *count = records;
            order.set_records(*page, records);
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn an_order_knows_neighbours_and_places_as_a_vector_does(steps in steps()) {
        let (mut order, mut reference) = (Order::default(), Reference::default());
        for step in steps {
            run(&mut order, &mut reference, step);
        }
        let pages: Vec<PageId> = reference.0.iter().map(|(page, _)| *page).collect();
        let total: u64 = reference.0.iter().map(|(_, records)| u64::from(*records)).sum();
        prop_assert_eq!(order.iter().collect::<Vec<_>>(), &pages[..]);
        prop_assert_eq!((order.pages(), order.records()), (pages.len(), total));
        prop_assert_eq!((order.first(), order.last()), (pages.first().copied(), pages.last().copied()));
        for (place, page) in pages.iter().enumerate() {
            let before = place.checked_sub(1).map(|before| pages[before]);
            prop_assert_eq!(order.before(*page), before);
            prop_assert_eq!(order.records_in(*page), reference.0[place].1);
            let reach = place % 9;
            let around = &pages[place.saturating_sub(reach)..pages.len().min(place + reach + 1)];
            prop_assert_eq!(order.around(*page, reach), around);
        }
        for index in (0..=total).step_by(7).chain([total]) {
            prop_assert_eq!(order.locate(index), reference.locate(index));
        }
        let place = |page: PageId| pages.iter().position(|other| *other == page).unwrap();
        for border in (0..=pages.len()).step_by(11) {
            let with_records = |at: &&(PageId, u16)| at.1 > 0;
            let last = reference.0[..border].iter().rfind(with_records).map(|(page, _)| *page);
            prop_assert_eq!(order.last_page_where(|page| place(page) < border), last);
        }
        let most = 2 * pages.len() / (CHUNK_PAGES / 2) + 1;
        prop_assert!(order.sequence.len() <= most, "{} chunks for {} pages", order.sequence.len(), pages.len());
    }
}
