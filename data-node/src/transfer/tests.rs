//! State transfer over real sockets of this machine.

use bytes::Bytes;
use multicast::{
    id::{Epoch, GroupId, Incarnation, MessageId, Seq, Timestamp},
    skeen::snapshot::Recent,
};
use tokio::net::TcpListener;
use wire::limits::{CHUNK_BYTES, MAX_FRAME_BYTES};

use super::*;

const IDENTITY: Identity = Identity {
    cluster: 7,
    node: NodeId(2),
    incarnation: Incarnation(9),
};

fn state(lengths: [usize; REGIONS]) -> State {
    let image = |(region, length): (usize, usize)| (0..length).map(|at| (at * 7 + region) as u8).collect();
    let mut images: [Vec<u8>; REGIONS] = Default::default();
    for place in lengths.into_iter().enumerate() {
        images[place.0] = image(place);
    }
    State {
        snapshot: snapshot(),
        images,
    }
}

fn snapshot() -> Snapshot<Batch> {
    let watermark = Timestamp {
        counter: 5,
        node: NodeId(3),
    };
    let recent = Recent {
        id: MessageId {
            sender: Incarnation(7),
            seq: Seq(2),
        },
        groups: vec![GroupId(1)],
        payload: Bytes::from_static(b"a batch"),
        timestamp: watermark,
        keeper: Incarnation(7),
    };
    Snapshot {
        epoch: Epoch(3),
        watermark,
        clock: 8,
        recent: vec![recent],
    }
}

/// The pieces of these images, which nobody changes meanwhile.
fn pieces(images: &[Vec<u8>; REGIONS]) -> mpsc::Receiver<Piece> {
    let (sender, receiver) = mpsc::channel(100);
    for (region, image) in RegionId::ALL.into_iter().zip(images) {
        for piece in image.chunks(CHUNK_BYTES) {
            let piece = (region, Bytes::copy_from_slice(piece));
            sender.try_send(piece).expect("room for all");
        }
    }
    receiver
}

fn begin(lengths: [u64; REGIONS]) -> StateFrame {
    StateFrame::Begin {
        transfer: 4,
        donor: IDENTITY.node,
        snapshot: snapshot(),
        lengths,
    }
}

fn chunk(region: u8, bytes: &'static [u8]) -> StateFrame {
    StateFrame::Chunk {
        region: RegionId(region),
        bytes: Bytes::from_static(bytes),
    }
}

/// A connection from here to here, past nothing: what `receive` reads and what the donor writes.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (caller, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    (caller.expect("listening"), accepted.expect("a caller").0)
}

/// What becomes of a stream of these frames, which then ends.
async fn received(frames: &[StateFrame]) -> Result<Received, (Option<u64>, String)> {
    let (mut donor, joiner) = pair().await;
    let mut buffer = BytesMut::new();
    for frame in frames {
        write(&mut donor, &mut buffer, frame)
            .await
            .expect("room for small frames");
    }
    drop(donor);
    receive(joiner)
        .await
        .map_err(|broken| (broken.transfer, broken.error.to_string()))
}

#[tokio::test]
async fn what_is_sent_is_received_byte_for_byte() {
    for lengths in [
        [0; REGIONS],
        [1; REGIONS],
        [CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES - 1],
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let to = listener.local_addr().expect("bound");
        let joiner = async {
            let (stream, _) = listener.accept().await.expect("a caller");
            let ours = Identity {
                node: NodeId(3),
                ..IDENTITY
            };
            let accepted = handshake::accept(stream, &ours, &[Purpose::Transfer]).await;
            let (peer, stream) = accepted.expect("a donor");
            assert_eq!((peer.identity, peer.purpose), (IDENTITY, Purpose::Transfer));
            receive(stream).await.expect("whole")
        };
        let State { snapshot, images } = state(lengths);
        let announcement = Announcement {
            transfer: 4,
            snapshot,
            lengths: lengths.map(|length| length as u64),
        };
        let sending = send(to, IDENTITY, announcement, pieces(&images));
        let (sent, mut received) = tokio::join!(sending, joiner);
        sent.expect("taken");
        received.transfer_us = 0;
        let expected = Received {
            transfer: 4,
            donor: IDENTITY.node,
            state: state(lengths),
            transfer_us: 0,
        };
        assert_eq!(received, expected);
    }
}

#[tokio::test]
async fn a_stream_that_ends_too_early_is_broken_under_its_number() {
    let closed = "the peer closed the connection".to_owned();
    assert_eq!(received(&[]).await, Err((None, closed.clone())));
    assert_eq!(
        received(&[begin([2, 0, 0])]).await,
        Err((Some(4), closed.clone()))
    );
    assert_eq!(
        received(&[begin([2, 0, 0]), chunk(0, b"ab")]).await,
        Err((Some(4), closed))
    );
    let short = "region 0 has 1 bytes instead of 2".to_owned();
    assert_eq!(
        received(&[begin([2, 0, 0]), chunk(0, b"a"), StateFrame::End]).await,
        Err((Some(4), short))
    );
}

#[tokio::test]
async fn a_stream_that_ends_inside_a_frame_is_torn() {
    let (mut donor, joiner) = pair().await;
    let mut buffer = BytesMut::new();
    write(&mut donor, &mut buffer, &begin([2, 0, 0]))
        .await
        .expect("room");
    donor.write_all(&[9, 0, 0, 0, 1]).await.expect("room");
    drop(donor);
    let broken = receive(joiner).await.expect_err("torn");
    assert!(
        matches!(broken.error, TransferError::Wire(WireError::Torn { missing: 8 })),
        "{broken:?}"
    );
}

#[tokio::test]
async fn frames_out_of_order_are_refused() {
    let out_of_order = |transfer: Option<u64>, found: &str, expected: &str| {
        Err((transfer, format!("the donor sent {found} instead of {expected}")))
    };
    assert_eq!(
        received(&[chunk(0, b"a")]).await,
        out_of_order(None, "Chunk", "Begin")
    );
    assert_eq!(
        received(&[StateFrame::End]).await,
        out_of_order(None, "End", "Begin")
    );
    let twice = [begin([0; REGIONS]), begin([0; REGIONS])];
    assert_eq!(
        received(&twice).await,
        out_of_order(Some(4), "Begin", "Chunk or End")
    );
    let back = [begin([1, 1, 0]), chunk(1, b"a"), chunk(0, b"b"), StateFrame::End];
    assert_eq!(
        received(&back).await,
        out_of_order(Some(4), "an earlier region", "a later one")
    );
    let unknown = [begin([1; REGIONS]), chunk(REGIONS as u8, b"a")];
    assert_eq!(
        received(&unknown).await,
        out_of_order(Some(4), "an unknown region", "a region")
    );
}

#[tokio::test]
async fn a_region_takes_what_was_announced_and_not_a_byte_more() {
    let at_it = received(&[begin([2, 0, 0]), chunk(0, b"a"), chunk(0, b"b"), StateFrame::End]).await;
    assert_eq!(
        at_it.map(|received| received.state.images),
        Ok([b"ab".to_vec(), vec![], vec![]])
    );
    let past_it = received(&[begin([2, 0, 0]), chunk(0, b"a"), chunk(0, b"bc")]).await;
    assert_eq!(
        past_it,
        Err((Some(4), "region 0 has 3 bytes instead of 2".to_owned()))
    );
}

#[test]
fn an_announcement_takes_no_more_memory_than_a_frame() {
    let mut images: [Vec<u8>; REGIONS] = Default::default();
    append(&mut images, RegionId(0), b"a", &[u64::MAX; REGIONS]).expect("below what was announced");
    assert!(
        images[0].capacity() <= MAX_FRAME_BYTES,
        "{}",
        images[0].capacity()
    );
}

#[tokio::test(start_paused = true)]
async fn a_donor_that_falls_silent_is_given_up() {
    let (mut donor, joiner) = pair().await;
    write(&mut donor, &mut BytesMut::new(), &begin([2, 0, 0]))
        .await
        .expect("room");
    let broken = receive(joiner).await.expect_err("silent");
    assert_eq!(broken.error.to_string(), "the other end was silent for 5000 ms");
}
