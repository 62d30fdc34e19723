//! From the fused servers' syndromes to who is wrong, as far as they can tell.
//!
//! Source: DESIGN, "Scrub"; [`erasure::culprit`] says what can be told and why. Invariant: a node is named only
//! if it alone explains what all servers found.

use std::collections::{BTreeMap, BTreeSet};

use erasure::{Culprit, Signature, locate};
use multicast::id::NodeId;
use structures::delta::RegionId;
use wire::message::{
    fusion::{BLOCK_BYTES, BlockId},
    scrub::{Scrubbed, Syndrome},
};

/// Who has which place in the code, of those that are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// The fused servers, by row.
    pub servers: BTreeMap<usize, NodeId>,
    /// The primaries, by column.
    pub primaries: BTreeMap<usize, NodeId>,
}

/// Who may be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suspect {
    /// This node, if it is the only one.
    Node(NodeId),
    /// One of these; it cannot be told which.
    OneOf(Vec<NodeId>),
    /// More than one node.
    Several,
}

/// Neighbouring blocks that do not agree, all for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Their region.
    pub region: RegionId,
    /// The first one's number.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// Whose plain copy it is about; `None` if it is about the parity of all.
    pub copy_of: Option<NodeId>,
    /// Who may be wrong.
    pub suspect: Suspect,
}

impl Finding {
    /// The bytes of the region that they span: the first, and the one behind the last.
    pub fn bytes(&self) -> (u64, u64) {
        (self.first * BLOCK_BYTES, (self.first + self.count) * BLOCK_BYTES)
    }
}

/// Which comparison a syndrome belongs to: what is about one copy comes together.
type Place = (Option<NodeId>, BlockId);

/// What the servers' answers about one window mean; they are by row.
pub(super) fn judge(code: &Code, answers: &BTreeMap<usize, Scrubbed>) -> Vec<Finding> {
    let syndromes = answers.values().flat_map(|answer| &answer.syndromes);
    let places: BTreeSet<Place> = syndromes.map(place).collect();
    let mut findings: Vec<Finding> = Vec::new();
    for (copy_of, block) in places {
        let rows = answers
            .iter()
            .map(|(row, answer)| (*row, signature_at((copy_of, block), answer)));
        let rows: Vec<_> = rows.collect();
        if let Some(suspect) = suspect(code, copy_of, &rows) {
            let finding = Finding {
                region: block.region,
                first: block.index,
                count: 1,
                copy_of,
                suspect,
            };
            append(&mut findings, finding);
        }
    }
    findings
}

/// Adds a finding, to the one before if it goes on where that ends.
pub(super) fn append(findings: &mut Vec<Finding>, finding: Finding) {
    let goes_on = |before: &&mut Finding| {
        let adjacent = (before.region, before.first + before.count) == (finding.region, finding.first);
        adjacent && (before.copy_of, &before.suspect) == (finding.copy_of, &finding.suspect)
    };
    match findings.iter_mut().find(goes_on) {
        Some(before) => before.count += finding.count,
        None => findings.push(finding),
    }
}

fn place(syndrome: &Syndrome) -> Place {
    (syndrome.copy_of, syndrome.block)
}

fn signature_at(at: Place, answer: &Scrubbed) -> Signature {
    let mut there = answer.syndromes.iter().filter(|syndrome| place(syndrome) == at);
    there
        .next()
        .map_or(Signature::ZERO, |syndrome| syndrome.signature)
}

fn suspect(code: &Code, copy_of: Option<NodeId>, rows: &[(usize, Signature)]) -> Option<Suspect> {
    let is_in = |primary: &NodeId| copy_of.is_none_or(|only| *primary == only);
    let compared = code.primaries.iter().filter(|(_, primary)| is_in(primary));
    let (columns, primaries): (Vec<usize>, Vec<NodeId>) = compared.unzip();
    match locate(rows, &columns) {
        Culprit::Nobody => None,
        Culprit::Primary { column } => Some(Suspect::Node(code.primaries[&column])),
        Culprit::Server { row } => Some(Suspect::Node(code.servers[&row])),
        Culprit::Unknown => Some(match rows {
            [(row, _)] => Suspect::OneOf([primaries, vec![code.servers[row]]].concat()),
            _ => Suspect::Several,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: NodeId = NodeId(1);
    const Q: NodeId = NodeId(2);
    const S: NodeId = NodeId(10);
    const T: NodeId = NodeId(11);

    fn code(servers: &[NodeId]) -> Code {
        Code {
            servers: servers.iter().copied().enumerate().collect(),
            primaries: [P, Q].into_iter().enumerate().collect(),
        }
    }

    fn block(index: u64) -> BlockId {
        BlockId {
            region: RegionId::VALUES,
            index,
        }
    }

    /// An answer with these (block, factor) syndromes, of a change of signature e.
    fn answer(copy_of: Option<NodeId>, syndromes: &[(u64, u8)]) -> Scrubbed {
        let syndrome = |(index, factor): &(u64, u8)| {
            let mut signature = Signature::ZERO;
            signature.add_scaled(*factor, &Signature::of(1, &[9, 8, 7]));
            Syndrome {
                block: block(*index),
                copy_of,
                signature,
            }
        };
        Scrubbed {
            region_bytes: 7,
            syndromes: syndromes.iter().map(syndrome).collect(),
        }
    }

    fn answers(rows: Vec<Scrubbed>) -> BTreeMap<usize, Scrubbed> {
        rows.into_iter().enumerate().collect()
    }

    fn found(first: u64, count: u64, copy_of: Option<NodeId>, suspect: Suspect) -> Finding {
        Finding {
            region: RegionId::VALUES,
            first,
            count,
            copy_of,
            suspect,
        }
    }

    fn coefficient(row: usize, node: NodeId) -> u8 {
        erasure::coefficient(row, node.0 as usize - 1)
    }

    #[test]
    fn answers_without_syndromes_find_nothing() {
        let sound = answers(vec![answer(None, &[]), answer(None, &[])]);
        assert_eq!(judge(&code(&[S, T]), &sound), []);
    }

    #[test]
    fn with_two_servers_a_primary_or_a_server_is_named_each_in_its_own_block() {
        let rows = |row| {
            let mut syndromes = vec![(3, coefficient(row, Q)), (5, coefficient(row, P))];
            syndromes.extend((row == 1).then_some((4, 1)));
            answer(None, &syndromes)
        };
        let findings = judge(&code(&[S, T]), &answers(vec![rows(0), rows(1)]));
        let expected = [
            found(3, 1, None, Suspect::Node(Q)),
            found(4, 1, None, Suspect::Node(T)),
            found(5, 1, None, Suspect::Node(P)),
        ];
        assert_eq!(findings, expected);
    }

    #[test]
    fn with_one_server_nobody_is_named() {
        let findings = judge(&code(&[S]), &answers(vec![answer(None, &[(0, 1)])]));
        assert_eq!(findings, [found(0, 1, None, Suspect::OneOf(vec![P, Q, S]))]);
    }

    #[test]
    fn a_plain_copy_is_its_primarys_or_the_servers_fault_and_no_other_primarys() {
        let copy_of = Some(Q);
        let one = judge(&code(&[S]), &answers(vec![answer(copy_of, &[(0, 1)])]));
        assert_eq!(one, [found(0, 1, copy_of, Suspect::OneOf(vec![Q, S]))]);
        let both = [0, 1].map(|row| answer(copy_of, &[(0, coefficient(row, Q))]));
        let primary = judge(&code(&[S, T]), &answers(both.to_vec()));
        assert_eq!(primary, [found(0, 1, copy_of, Suspect::Node(Q))]);
        // In the proportion of P, which this copy is not of.
        let strange = [0, 1].map(|row| answer(copy_of, &[(0, coefficient(row, P))]));
        let several = judge(&code(&[S, T]), &answers(strange.to_vec()));
        assert_eq!(several, [found(0, 1, copy_of, Suspect::Several)]);
    }

    #[test]
    fn what_no_single_node_explains_is_nobodys() {
        let rows = vec![answer(None, &[(0, 1)]), answer(None, &[(0, 2)])];
        let ratio = |node| coefficient(1, node) == 2;
        assert!(!ratio(P) && !ratio(Q));
        let findings = judge(&code(&[S, T]), &answers(rows));
        assert_eq!(findings, [found(0, 1, None, Suspect::Several)]);
    }

    #[test]
    fn neighbours_with_the_same_suspect_are_one_finding_whichever_window_they_are_of() {
        let rows = |first| {
            answers(vec![
                answer(None, &[]),
                answer(None, &[(first, 1), (first + 1, 5)]),
            ])
        };
        let mut findings = judge(&code(&[S, T]), &rows(2));
        assert_eq!(findings, [found(2, 2, None, Suspect::Node(T))]);
        for finding in judge(&code(&[S, T]), &rows(4)) {
            append(&mut findings, finding);
        }
        assert_eq!(findings, [found(2, 4, None, Suspect::Node(T))]);
        assert_eq!(findings[0].bytes(), (2 * BLOCK_BYTES, 6 * BLOCK_BYTES));
    }
}
