//! Sessions against a door that is played by hand.

use settings::Mechanism;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tokio_util::codec::Encoder;

use structures::op::Outcome;

use super::*;
use crate::{
    Identity, Purpose, Traffic,
    frame::FrameCodec,
    handshake,
    link::next_frame,
    message::client::{ClientReply, ClientRequest, Refusal, ReplyBody, RequestBody},
};

const GROUP: GroupId = GroupId(3);

/// A door that takes one write a connection and answers it, or not.
struct Door(TcpListener);

impl Door {
    async fn open() -> (Self, Directory) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let manager = ("127.0.0.1".to_owned(), port);
        (
            Self(listener),
            Directory {
                manager,
                cluster: 7,
                mechanism: Mechanism::Replication,
            },
        )
    }

    async fn accept(&self) -> TcpStream {
        let (stream, _) = self.0.accept().await.expect("a caller");
        let ours = Identity {
            cluster: 7,
            node: multicast::id::NodeId(0),
            incarnation: multicast::id::Incarnation(1),
        };
        handshake::accept(stream, &ours, &[Purpose::Client])
            .await
            .expect("a client")
            .1
    }
}

async fn next_write(stream: &mut TcpStream) -> (u64, Write) {
    let mut codec = FrameCodec::<ClientRequest>::default();
    let mut buffer = bytes::BytesMut::new();
    let request = next_frame(stream, &mut codec, &mut buffer, &Traffic::default()).await;
    match request.expect("a request") {
        ClientRequest {
            request,
            body: RequestBody::Write { group: GROUP, write },
        } => (request, write),
        other => panic!("no write: {other:?}"),
    }
}

async fn reply(stream: &mut TcpStream, request: u64, body: ReplyBody) {
    let mut buffer = bytes::BytesMut::new();
    FrameCodec::<()>::default()
        .encode(&ClientReply { request, body }, &mut buffer)
        .expect("small");
    stream.write_all(&buffer).await.expect("connected");
}

fn delete() -> Op {
    Op::Delete { key: b"k".to_vec() }
}

#[tokio::test]
async fn a_write_goes_again_under_its_number_when_the_connection_breaks_or_the_door_is_busy() {
    let (door, directory) = Door::open().await;
    let served = async {
        let mut stream = door.accept().await;
        let (request, opening) = next_write(&mut stream).await;
        reply(
            &mut stream,
            request,
            ReplyBody::Written(Outcome::SessionOpened.into()),
        )
        .await;
        let (_, first) = next_write(&mut stream).await;
        drop(stream); // whether it took effect is unknown
        let mut stream = door.accept().await;
        let (request, second) = next_write(&mut stream).await;
        let busy = Refusal::Unavailable {
            reason: "a view change".to_owned(),
        };
        reply(&mut stream, request, ReplyBody::Refused(busy)).await;
        let mut stream = door.accept().await;
        let (request, third) = next_write(&mut stream).await;
        reply(&mut stream, request, ReplyBody::Written(Outcome::Deleted.into())).await;
        let (request, next) = next_write(&mut stream).await;
        reply(
            &mut stream,
            request,
            ReplyBody::Written(Outcome::AbsentKey.into()),
        )
        .await;
        [opening, first, second, third, next]
    };
    let asked = async {
        let mut session = Session::open(directory, GROUP, Duration::from_secs(20))
            .await
            .expect("opened");
        [
            session.write(delete()).await.expect("answered"),
            session.write(delete()).await.expect("answered"),
        ]
    };
    let (served, answers) = tokio::join!(served, asked);
    assert_eq!(answers, [Outcome::Deleted.into(), Outcome::AbsentKey.into()]);
    let client = served[0].client;
    let write = |seq, op| Write {
        client,
        seq: Seq(seq),
        op,
    };
    let expected = [
        write(1, Op::OpenSession),
        write(2, delete()),
        write(2, delete()),
        write(2, delete()),
        write(3, delete()),
    ];
    assert_eq!(served, expected);
}

#[tokio::test]
async fn a_refusal_that_does_not_pass_is_not_tried_again() {
    let (door, directory) = Door::open().await;
    let served = async {
        let mut stream = door.accept().await;
        let (request, _) = next_write(&mut stream).await;
        reply(
            &mut stream,
            request,
            ReplyBody::Refused(Refusal::UnknownGroup { group: GROUP }),
        )
        .await;
        stream
    };
    let (_stream, opened) = tokio::join!(served, Session::open(directory, GROUP, Duration::from_secs(20)));
    assert_eq!(
        opened.expect_err("refused").to_string(),
        "group #3 is not known here"
    );
}

#[tokio::test]
async fn a_door_that_takes_a_write_and_never_answers_exhausts_the_patience() {
    let (door, directory) = Door::open().await;
    // Not paused time, which runs on while bytes are on their way.
    let silent = tokio::spawn(async move {
        let mut stream = door.accept().await;
        next_write(&mut stream).await;
        std::future::pending::<()>().await;
    });
    let opened = Session::open(directory, GROUP, Duration::from_millis(100));
    let opened = timeout(Duration::from_secs(20), opened)
        .await
        .expect("the patience is shorter");
    let error = opened.expect_err("no answer").to_string();
    assert!(
        error.starts_with("no answer within 100 ms; last: no answer within "),
        "{error}"
    );
    silent.abort();
}

#[tokio::test(start_paused = true)]
async fn a_door_that_is_not_there_exhausts_the_patience() {
    let (door, directory) = Door::open().await;
    drop(door);
    let opened = Session::open(directory, GROUP, Duration::from_secs(3)).await;
    let error = opened.expect_err("nobody listens").to_string();
    assert!(error.starts_with("no answer within 3000 ms; last: "), "{error}");
}
