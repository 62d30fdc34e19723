//! Links over real sockets on free ports: what a peer can do to them.

use tokio::{net::TcpListener, sync::mpsc::Receiver};

use super::*;
use crate::{limits::MAX_FRAME_BYTES, traffic::received_bytes};

type Events = Receiver<LinkEvent<Vec<u8>>>;

/// A link, what it reports, and the other end of its connection.
async fn linked() -> (Link<Vec<u8>>, Events, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let (peer, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (link, events) = link_over(accepted.expect("a caller").0);
    (link, events, peer.expect("listening"))
}

/// A link over a stream, and what it reports.
fn link_over(stream: TcpStream) -> (Link<Vec<u8>>, Events) {
    let (deliver, events) = mpsc::channel(8);
    let link = Link::start(stream, Arc::default(), move |event| {
        let deliver = deliver.clone();
        async move { deliver.send(event).await.is_ok() }
    });
    (link, events)
}

fn framed(messages: &[&[u8]]) -> BytesMut {
    let mut buffer = BytesMut::new();
    for message in messages {
        FrameCodec::<()>::default()
            .encode(&message.to_vec(), &mut buffer)
            .expect("small");
    }
    buffer
}

/// Everything that is reported: the messages, and why no more came.
async fn reported(mut events: Events) -> (Vec<Vec<u8>>, String) {
    let mut messages = Vec::new();
    loop {
        match events.recv().await.expect("an end is reported") {
            LinkEvent::Message(message) => messages.push(message),
            LinkEvent::Ended(error) => return (messages, error.to_string()),
        }
    }
}

/// What a link reports of a peer that says these bytes and closes.
async fn heard(bytes: &[u8]) -> (Vec<Vec<u8>>, String) {
    let (_link, events, mut peer) = linked().await;
    peer.write_all(bytes).await.expect("room");
    drop(peer);
    reported(events).await
}

#[tokio::test]
async fn messages_come_in_order_and_a_close_between_them_is_the_orderly_end() {
    let closed = "the peer closed the connection".to_owned();
    assert_eq!(heard(&[]).await, (vec![], closed.clone()));
    assert_eq!(
        heard(&framed(&[b"a", b"", b"bc"])).await,
        (vec![b"a".to_vec(), vec![], b"bc".to_vec()], closed)
    );
}

#[tokio::test]
async fn a_torn_frame_ends_the_link_after_what_was_whole() {
    let mut bytes = framed(&[b"a", b"bcd"]);
    bytes.truncate(bytes.len() - 2);
    let torn = "the stream ended inside a frame, 2 bytes short".to_owned();
    assert_eq!(heard(&bytes).await, (vec![b"a".to_vec()], torn));
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_link_without_being_awaited() {
    let (_link, events, mut peer) = linked().await;
    let length = MAX_FRAME_BYTES as u32 + 1;
    peer.write_all(&length.to_le_bytes()).await.expect("room");
    let words = format!("a frame of {length} bytes is over the limit of {MAX_FRAME_BYTES}");
    // The peer is still there: the prefix alone decides.
    assert_eq!(reported(events).await, (vec![], words));
    drop(peer);
}

#[tokio::test]
async fn a_frame_that_is_no_message_ends_the_link() {
    let mut bytes = framed(&[b"a"]);
    bytes.extend_from_slice(&[2, 0, 0, 0, 9, 9]);
    let (messages, words) = heard(&bytes).await;
    assert_eq!(messages, [b"a".to_vec()]);
    assert!(
        words.starts_with("a frame of 2 bytes is no alloc::vec::Vec<u8>: "),
        "{words}"
    );
}

#[tokio::test]
async fn what_is_queued_is_sent_before_a_dropped_link_closes() {
    let (link, _events, mut peer) = linked().await;
    link.send(b"a".to_vec()).expect("room");
    link.send(b"b".to_vec()).expect("room");
    drop(link);
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).await.expect("an orderly end");
    assert_eq!(bytes, framed(&[b"a", b"b"]));
}

/// Below, at and above what one flush gathers; and one frame alone that is more than that.
#[tokio::test]
async fn a_bulk_stream_arrives_whole_whatever_a_flush_gathers() {
    for bytes in [FLUSH_BYTES / 2, FLUSH_BYTES - 8, FLUSH_BYTES, 3 * FLUSH_BYTES] {
        let (sender, _events, peer) = linked().await;
        let (_receiver, events) = link_over(peer);
        let messages: Vec<Vec<u8>> = (0..5).map(|byte| vec![byte; bytes]).collect();
        for message in &messages {
            sender.send(message.clone()).expect("room");
        }
        drop(sender);
        assert!(reported(events).await == (messages, "the peer closed the connection".to_owned()));
    }
}

#[tokio::test]
async fn an_outbox_takes_its_limit_and_refuses_one_past_it() {
    // The writing task does not run before this one waits.
    let (link, _events, mut peer) = linked().await;
    for _ in 0..OUTBOX_FRAMES {
        link.send(vec![7]).expect("up to the limit");
    }
    let full = link.send(vec![7]).expect_err("one past it");
    assert_eq!(
        full.to_string(),
        format!("the peer lets {OUTBOX_FRAMES} frames wait")
    );
    // What waited is dropped with the connection, so that a peer that takes nothing holds no memory.
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).await.expect("the connection is cut");
    assert_eq!(bytes, Vec::<u8>::new());
}

#[tokio::test]
async fn a_link_whose_peer_is_gone_says_so() {
    let (link, events, peer) = linked().await;
    drop(peer);
    reported(events).await;
    // The first frames may still find room; the writing task ends with the first that does not.
    let refused = loop {
        match link.send(vec![7]) {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert_eq!(refused.to_string(), "the peer closed the connection");
}

#[tokio::test]
async fn every_byte_of_the_frames_that_were_read_counts_as_received() {
    let bytes = framed(&[b"a", b"", b"bc"]);
    let before = received_bytes();
    heard(&bytes).await;
    // Other tests read frames meanwhile.
    assert!(received_bytes() - before >= bytes.len() as u64);
}

#[tokio::test]
async fn frames_around_what_one_read_takes_come_whole_and_a_stream_at_rest_holds_no_memory() {
    let around = (READ_START_BYTES - 16)..=(READ_START_BYTES + 4);
    let lengths = around.chain([0, 3, 5 * READ_START_BYTES, 1]);
    let messages: Vec<Vec<u8>> = lengths
        .zip(0u8..)
        .map(|(length, byte)| vec![byte; length])
        .collect();
    // Alone, so that each begins where a read does; then all in a row, so that they begin anywhere.
    let alone = messages.iter().map(|message| vec![message.clone()]);
    for row in alone.chain([messages.clone()]) {
        let slices: Vec<&[u8]> = row.iter().map(Vec::as_slice).collect();
        let bytes = framed(&slices);
        let mut stream = &bytes[..];
        let (mut codec, mut buffer) = (FrameCodec::<Vec<u8>>::default(), BytesMut::new());
        let traffic = Traffic::default();
        let mut read = Vec::new();
        let end = loop {
            match next_frame(&mut stream, &mut codec, &mut buffer, &traffic).await {
                Ok(message) => read.push(message),
                Err(error) => break error,
            }
        };
        assert!(read == row, "{} frames of {}", read.len(), row.len());
        assert!(matches!(end, WireError::Closed), "{end}");
        assert_eq!(buffer.capacity(), 0);
        let total = traffic.total();
        assert_eq!(
            (total.frames, total.bytes),
            (row.len() as u64, bytes.len() as u64)
        );
    }
}
