//! Handshakes over real sockets on free ports: whatever does not belong here is told apart.

use tokio::net::TcpListener;

use super::*;

const OURS: Identity = Identity {
    cluster: 7,
    node: NodeId(1),
    incarnation: Incarnation(11),
};
const THEIRS: Identity = Identity {
    cluster: 7,
    node: NodeId(2),
    incarnation: Incarnation(22),
};
const SERVES: &[Purpose] = &[Purpose::Client, Purpose::Manager];

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    (listener, address)
}

/// What the acceptor makes of a caller that says these bytes, and what the caller hears.
async fn say(bytes: &[u8], then_close: bool) -> (Result<Peer, String>, Vec<u8>) {
    let (listener, address) = listen().await;
    let caller = async {
        let mut stream = TcpStream::connect(address).await.expect("listening");
        stream.write_all(bytes).await.expect("room for a few bytes");
        if then_close {
            stream.shutdown().await.expect("connected");
        }
        let mut heard = Vec::new();
        // A reset says as well as an end that the acceptor hung up.
        let _ = stream.read_to_end(&mut heard).await;
        heard
    };
    let acceptor = async {
        let (stream, _) = listener.accept().await.expect("a caller");
        accept(stream, &OURS, SERVES)
            .await
            .map(|(peer, _)| peer)
            .map_err(|error| error.to_string())
    };
    tokio::join!(acceptor, caller)
}

fn hello(purpose: Purpose) -> [u8; HELLO_BYTES] {
    hello_bytes(&Hello {
        identity: THEIRS,
        purpose,
    })
}

fn verdict(byte: u8) -> Vec<u8> {
    let mut bytes = vec![byte];
    bytes.extend(PROTOCOL_VERSION.to_le_bytes());
    bytes.extend(OURS.cluster.to_le_bytes());
    bytes.extend(OURS.incarnation.0.to_le_bytes());
    bytes
}

#[test]
fn golden_bytes_of_a_hello() {
    let mut golden = b"FUSEBOX\n".to_vec();
    golden.extend([5, 0]); // version
    golden.extend([7, 0, 0, 0, 0, 0, 0, 0]); // cluster
    golden.push(3); // Manager
    golden.extend([2, 0, 0, 0]); // node
    golden.extend([22, 0, 0, 0, 0, 0, 0, 0]); // incarnation
    assert_eq!(hello(Purpose::Manager).to_vec(), golden);
}

#[tokio::test]
async fn both_ends_learn_who_the_other_is() {
    let (listener, address) = listen().await;
    let greeting = Hello {
        identity: THEIRS,
        purpose: Purpose::Manager,
    };
    let (accepted, dialled) = tokio::join!(
        async {
            let (stream, from) = listener.accept().await.expect("a caller");
            (accept(stream, &OURS, SERVES).await.expect("ours").0, from)
        },
        dial(address, &greeting)
    );
    let (peer, from) = accepted;
    assert_eq!(
        peer,
        Peer {
            identity: THEIRS,
            purpose: Purpose::Manager,
            address: from
        }
    );
    assert_eq!(dialled.expect("let in").0, OURS.incarnation);
}

#[tokio::test]
async fn whatever_is_no_handshake_is_recognised_by_its_first_8_bytes_and_not_answered() {
    let found = "not a fusebox peer: the handshake starts with [47, 45, 54, 20, 2f, 20, 48, 54]";
    assert_eq!(say(b"GET / HT", false).await, (Err(found.to_owned()), vec![]));
    let (judged, heard) = say(&[0; 4096], false).await;
    assert_eq!(
        judged,
        Err("not a fusebox peer: the handshake starts with [00, 00, 00, 00, 00, 00, 00, 00]".to_owned())
    );
    assert_eq!(heard, []);
}

#[tokio::test]
async fn a_handshake_that_is_cut_off_is_an_error_of_its_connection() {
    for length in [0, 7, 8, HELLO_BYTES - 1] {
        let (judged, heard) = say(&hello(Purpose::Client)[..length], true).await;
        assert_eq!(
            (judged, heard),
            (Err("early eof".to_owned()), vec![]),
            "{length} bytes"
        );
    }
}

#[tokio::test]
async fn another_version_cluster_or_purpose_is_refused_and_told_so() {
    let mut version = hello(Purpose::Client);
    version[8] = 9;
    let words = "the peer speaks protocol version 9, this process 5";
    assert_eq!(say(&version, false).await, (Err(words.to_owned()), verdict(1)));

    let mut cluster = hello(Purpose::Client);
    cluster[10] = 8;
    let words = "the peer belongs to another cluster (0000000000000008, this one is 0000000000000007)";
    assert_eq!(say(&cluster, false).await, (Err(words.to_owned()), verdict(2)));

    for purpose in [0, Purpose::Delta as u8, 7, 255] {
        let mut bytes = hello(Purpose::Client);
        bytes[18] = purpose;
        let words = format!("this process does not serve connections for purpose {purpose}");
        assert_eq!(say(&bytes, false).await, (Err(words), verdict(3)));
    }
}

/// What the caller makes of an acceptor that answers these bytes.
async fn answered(bytes: &[u8]) -> String {
    let (listener, address) = listen().await;
    let greeting = Hello {
        identity: THEIRS,
        purpose: Purpose::Client,
    };
    let (_, dialled) = tokio::join!(
        async {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let mut hello = [0; HELLO_BYTES];
            stream.read_exact(&mut hello).await.expect("a hello");
            stream.write_all(bytes).await.expect("room");
        },
        dial(address, &greeting)
    );
    dialled.map(|_| ()).expect_err("turned away").to_string()
}

#[tokio::test]
async fn a_caller_understands_every_verdict() {
    let mut other_version = verdict(1);
    other_version[1] = 9;
    assert_eq!(
        answered(&other_version).await,
        "the peer speaks protocol version 9, this process 5"
    );
    assert_eq!(
        answered(&verdict(2)).await,
        "the peer rejected the Client connection: it belongs to a cluster with other settings"
    );
    assert_eq!(
        answered(&verdict(3)).await,
        "the peer rejected the Client connection: it does not serve that purpose"
    );
    let mut nonsense = [b'x'; VERDICT_BYTES];
    nonsense[0] = 4;
    assert_eq!(
        answered(&nonsense).await,
        "not a fusebox peer: the handshake starts with [04, 78, 78, 78, 78, 78, 78, 78]"
    );
    assert_eq!(answered(&verdict(0)[..5]).await, "early eof");
}

#[tokio::test(start_paused = true)]
async fn silence_at_the_handshake_ends_it_on_both_sides() {
    for said in [&b""[..], b"FUSEBOX\n"] {
        let words = "the handshake was not finished within 2000 ms".to_owned();
        assert_eq!(say(said, false).await, (Err(words), vec![]));
    }
    let (_listener, address) = listen().await;
    let greeting = Hello {
        identity: THEIRS,
        purpose: Purpose::Client,
    };
    let silent = dial(address, &greeting)
        .await
        .map(|_| ())
        .expect_err("nobody accepts");
    assert_eq!(silent.to_string(), "no answer within 2000 ms");
}
