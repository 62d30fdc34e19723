//! Residuals that are wrong, in every way that they can be.

use super::*;

#[test]
fn rows_of_different_states_are_noticed_behind_the_end_of_a_region() {
    let (_, structure) = reference(WRITES);
    let [first, mut second] = two_residuals(&structure);
    let last = second.len() - 1;
    second[last] ^= 1;
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    recover(&mut primary, 1, 2);
    deliver(&mut primary, S, frames(&structure, 0, &first));
    let values = structure.image(RegionId::VALUES).len();
    let reason = format!("byte {last} of region 0 is not zero, behind its {values} bytes");
    assert_eq!(
        deliver(&mut primary, T, frames(&structure, 1, &second)),
        failed(&reason)
    );
}

#[test]
fn what_is_no_sound_structure_is_never_served() {
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    recover(&mut primary, 1, 1);
    let (_, structure) = reference(WRITES);
    let mut residual = structure.image(RegionId::VALUES).to_vec();
    residual[0] = 200;
    let commands = deliver(&mut primary, S, frames(&structure, 0, &residual));
    assert_eq!(
        commands,
        failed("the value in slot 0 has 200 bytes, of at most 8")
    );
    assert_eq!(order(&mut primary, resume(8)), []);
    assert_eq!(
        send_write(&mut primary, 1),
        [unavailable(1, "the primary has not entered yet")]
    );
}

#[test]
fn a_stream_that_is_wrong_fails_the_recovery_by_name() {
    let (_, structure) = reference(WRITES);
    let residual = structure.image(RegionId::VALUES).to_vec();
    let good = || frames(&structure, 0, &residual);
    let begin = |row, cut, longer| ResidualFrame::Begin {
        recovery: 1,
        row,
        cut: Seq(cut),
        lengths: lengths(&structure).map(|length| length + longer),
        residual_bytes: [residual.len() as u64, 0, 0],
    };
    let promising = |residual: u64| ResidualFrame::Begin {
        recovery: 1,
        row: 0,
        cut: Seq(WRITES),
        lengths: lengths(&structure),
        residual_bytes: [residual, 0, 0],
    };
    let replaced = |place: usize, frame| {
        let mut frames = good();
        frames[place] = frame;
        frames
    };
    let zeroes = |region, index, bytes: usize| block(region, index, &vec![0; bytes]);
    let whole = residual.len();
    let due = format!("Some(BlockId {{ region: RegionId(0), index: 0 }}) with {whole}");
    let entries = structure.image(RegionId::ENTRIES).len();
    let auxiliary = |region, bytes| ResidualFrame::Auxiliary {
        region,
        bytes: Bytes::from(vec![0; bytes]),
    };
    let cases = [
        (
            replaced(0, begin(1, WRITES, 0)),
            "node 10 sends row 1, not 0".to_owned(),
        ),
        (
            replaced(0, begin(0, 4, 0)),
            "node 10 cut at seq 4, not at seq 5".to_owned(),
        ),
        (
            replaced(0, begin(0, WRITES, MAX_REGION_BYTES)),
            format!(
                "there is no room for the {} bytes of region 0",
                whole as u64 + MAX_REGION_BYTES
            ),
        ),
        (
            replaced(0, promising(whole as u64 - 1)),
            format!(
                "node 10 has a residual of {} bytes of region 0, which has {whole}",
                whole - 1
            ),
        ),
        (
            replaced(0, promising(MAX_REGION_BYTES + 1)),
            format!(
                "there is no room for the {} bytes of region 0",
                MAX_REGION_BYTES + 1
            ),
        ),
        (
            replaced(3, zeroes(RegionId::VALUES, 1, whole)),
            format!("node 10 sent BlockId {{ region: RegionId(0), index: 1 }} with {whole} bytes, not {due}"),
        ),
        (
            replaced(3, zeroes(RegionId::ENTRIES, 0, whole)),
            format!("node 10 sent BlockId {{ region: RegionId(1), index: 0 }} with {whole} bytes, not {due}"),
        ),
        (
            replaced(3, zeroes(RegionId::VALUES, 0, 1)),
            format!("node 10 sent BlockId {{ region: RegionId(0), index: 0 }} with 1 bytes, not {due}"),
        ),
        (
            replaced(4, zeroes(RegionId::VALUES, 1, 1)),
            "node 10 sent BlockId { region: RegionId(0), index: 1 } with 1 bytes, not None with 0".to_owned(),
        ),
        (
            replaced(3, ResidualFrame::End),
            "node 10 ended after 0 of 1 blocks".to_owned(),
        ),
        (
            replaced(1, begin(0, WRITES, 0)),
            "node 10 sent a frame out of turn".to_owned(),
        ),
        (
            replaced(1, auxiliary(RegionId::ENTRIES, entries + 1)),
            format!(
                "node 10 sent {} bytes of region 1, which has {entries}",
                entries + 1
            ),
        ),
        (
            replaced(1, auxiliary(RegionId::VALUES, 1)),
            "node 10 sent 1 bytes of region 0, which has 0".to_owned(),
        ),
        (
            [good()[..1].to_vec(), good()[2..].to_vec()].concat(),
            format!("0 bytes of region 1 came, which has {entries}"),
        ),
    ];
    for (frames, reason) in cases {
        let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
        recover(&mut primary, 1, 1);
        let commands = deliver(&mut primary, S, frames);
        assert_eq!(commands.get(..2), Some(&failed(&reason)[..]), "{commands:?}");
    }
}

#[test]
fn a_stream_that_breaks_off_fails_the_recovery_and_one_that_came_to_its_end_does_not() {
    let (_, structure) = reference(WRITES);
    let [residual, _] = two_residuals(&structure);
    let stream = u64::from(S.0);
    for whole in [false, true] {
        let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
        recover(&mut primary, 1, 2);
        let mut frames = frames(&structure, 0, &residual);
        if !whole {
            frames.pop();
        }
        assert_eq!(deliver(&mut primary, S, frames), []);
        let expected = if whole {
            vec![]
        } else {
            failed("the stream of node 10 broke off").to_vec()
        };
        assert_eq!(primary.handle(Event::ResidualEnded { stream }), expected);
    }
}

#[test]
fn a_plain_region_that_comes_after_the_end_is_out_of_turn() {
    let (_, structure) = reference(WRITES);
    let [residual, _] = two_residuals(&structure);
    let mut primary = Primary::new(NodeId(0), DOOR, Layout::Linked);
    recover(&mut primary, 1, 2);
    let mut frames = frames(&structure, 0, &residual);
    let late = frames.remove(1);
    assert_eq!(deliver(&mut primary, S, frames), []);
    assert_eq!(
        deliver(&mut primary, S, vec![late]),
        failed("node 10 sent a frame out of turn")
    );
}
