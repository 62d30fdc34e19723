//! The proxy between real sockets.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::{io, time::Duration};

use fault_proxy::{Caller, Conduct, Faults, Flow, Proxy, Recognise};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// For things that do not happen: long enough for what happens at once.
const A_MOMENT: Duration = Duration::from_millis(30);

/// A proxy and the process behind it.
struct Scene {
    proxy: Proxy,
    served: TcpListener,
}

/// The two ends of a connection through the proxy.
struct Pair {
    caller: TcpStream,
    served: TcpStream,
}

impl Scene {
    async fn new(recognise: Recognise) -> Self {
        let served = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Proxy::open(recognise, 1).await.unwrap();
        proxy.handle().lead_to(served.local_addr().unwrap());
        Self { proxy, served }
    }

    /// Connects, and says these first words.
    async fn connect(&self, words: &str) -> Pair {
        let mut caller = TcpStream::connect(self.proxy.address()).await.unwrap();
        caller.write_all(words.as_bytes()).await.unwrap();
        let (mut served, _) = self.served.accept().await.unwrap();
        assert_eq!(heard(&mut served, words.len()).await, words);
        Pair { caller, served }
    }
}

async fn heard(stream: &mut TcpStream, bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    stream.read_exact(&mut buffer).await.unwrap();
    String::from_utf8(buffer).unwrap()
}

/// All that comes before the end, and how it ends.
async fn to_the_end(stream: &mut TcpStream) -> (String, io::Result<()>) {
    let mut all = Vec::new();
    let ended = stream.read_to_end(&mut all).await.map(|_| ());
    (String::from_utf8(all).unwrap(), ended)
}

async fn hears_nothing(stream: &mut TcpStream) {
    let mut byte = [0];
    timeout(A_MOMENT, stream.read(&mut byte)).await.unwrap_err();
}

#[tokio::test]
async fn both_directions_and_both_ends_pass() {
    let scene = Scene::new(Recognise::NOBODY).await;
    let mut pair = scene.connect("question").await;
    pair.caller.shutdown().await.unwrap();
    assert_eq!(to_the_end(&mut pair.served).await.0, "");
    pair.served.write_all(b"answer").await.unwrap();
    drop(pair.served);
    assert_eq!(to_the_end(&mut pair.caller).await.0, "answer");
}

#[tokio::test]
async fn a_stall_of_one_way_leaves_the_other_and_loses_nothing() {
    let scene = Scene::new(Recognise::NOBODY).await;
    let mut pair = scene.connect("hello").await;
    scene.proxy.handle().set(Faults::forth(Conduct::of(Flow::Stall)));
    pair.served.write_all(b"back").await.unwrap();
    assert_eq!(heard(&mut pair.caller, 4).await, "back");
    pair.caller.write_all(b"forth").await.unwrap();
    hears_nothing(&mut pair.served).await;
    scene.proxy.handle().heal();
    assert_eq!(heard(&mut pair.served, 5).await, "forth");
}

#[tokio::test]
async fn a_black_hole_takes_everything_and_breaks_the_connection_when_it_ends() {
    let scene = Scene::new(Recognise::NOBODY).await;
    let mut pair = scene.connect("hello").await;
    scene.proxy.handle().set(Faults::both(Conduct::of(Flow::Swallow)));
    // More than all buffers on the way: somebody takes it.
    pair.caller.write_all(&vec![7; 32 << 20]).await.unwrap();
    hears_nothing(&mut pair.served).await;
    scene.proxy.handle().heal();
    assert_eq!(to_the_end(&mut pair.served).await.0, "");
    let (nothing, ended) = to_the_end(&mut pair.caller).await;
    assert_eq!(
        (nothing.as_str(), ended.unwrap_err().kind()),
        ("", io::ErrorKind::ConnectionReset)
    );
    let mut next = scene.connect("again").await;
    next.served.write_all(b"yes").await.unwrap();
    assert_eq!(heard(&mut next.caller, 3).await, "yes");
}

#[tokio::test]
async fn a_cut_ends_the_connection_after_so_many_bytes() {
    let scene = Scene::new(Recognise::NOBODY).await;
    let mut pair = scene.connect("hello").await;
    scene
        .proxy
        .handle()
        .set(Faults::back(Conduct::of(Flow::CutAfter(3))));
    pair.served.write_all(b"answer").await.unwrap();
    assert_eq!(to_the_end(&mut pair.caller).await.0, "ans");
}

#[tokio::test]
async fn a_reset_reaches_both_ends() {
    let scene = Scene::new(Recognise::NOBODY).await;
    let mut pair = scene.connect("hello").await;
    scene.proxy.handle().set(Faults::forth(Conduct::of(Flow::Reset)));
    for end in [&mut pair.caller, &mut pair.served] {
        let kind = to_the_end(end).await.1.unwrap_err().kind();
        assert_eq!(kind, io::ErrorKind::ConnectionReset);
    }
}

#[tokio::test]
async fn callers_are_treated_by_their_first_bytes() {
    let by_first = Recognise {
        bytes: 1,
        caller: |first| Caller(first.first().copied().unwrap_or(0).into()),
    };
    let scene = Scene::new(by_first).await;
    let (mut a, mut b) = (scene.connect("a").await, scene.connect("b").await);
    let stalled = Faults::both(Conduct::of(Flow::Stall));
    scene.proxy.handle().set_for(Caller(b'a'.into()), stalled);
    a.caller.write_all(b"x").await.unwrap();
    b.caller.write_all(b"y").await.unwrap();
    assert_eq!(heard(&mut b.served, 1).await, "y");
    hears_nothing(&mut a.served).await;
    scene.proxy.handle().heal();
    assert_eq!(heard(&mut a.served, 1).await, "x");
}

#[tokio::test]
async fn a_proxy_that_leads_nowhere_turns_callers_away_and_later_ones_go_where_it_leads_then() {
    let proxy = Proxy::open(Recognise::NOBODY, 1).await.unwrap();
    let mut turned_away = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(to_the_end(&mut turned_away).await.0, "");
    for _ in 0..2 {
        let served = TcpListener::bind("127.0.0.1:0").await.unwrap();
        proxy.handle().lead_to(served.local_addr().unwrap());
        let mut caller = TcpStream::connect(proxy.address()).await.unwrap();
        let (mut served, _) = served.accept().await.unwrap();
        caller.write_all(b"here").await.unwrap();
        assert_eq!(heard(&mut served, 4).await, "here");
    }
}

#[tokio::test]
async fn a_delay_keeps_the_bytes_and_their_order() {
    let scene = Scene::new(Recognise::NOBODY).await;
    let mut pair = scene.connect("hello").await;
    scene.proxy.handle().set(Faults::both(Conduct {
        delay: Duration::from_millis(3),
        jitter: Duration::from_millis(3),
        flow: Flow::Pass,
    }));
    let numbers: Vec<u8> = (b'a'..=b'z').collect();
    for number in &numbers {
        pair.caller.write_all(&[*number]).await.unwrap();
    }
    assert_eq!(heard(&mut pair.served, numbers.len()).await.as_bytes(), numbers);
}
