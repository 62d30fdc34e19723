//! Who gets past the door, and who keeps nobody out.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{super::*, dial, identity, listen};
use crate::handshake::{self, Hello, Purpose};

#[tokio::test]
async fn a_caller_that_talks_nonsense_does_not_keep_others_out() {
    let (listener, address) = listen().await;
    let mut doorstep = Doorstep::open(listener, identity(1), &[Purpose::Client]);
    let mut nonsense = TcpStream::connect(address).await.expect("listening");
    nonsense
        .write_all(b"GET / HTTP/1.1\r\n\r\n")
        .await
        .expect("connected");
    let _silent = TcpStream::connect(address).await.expect("listening");
    let _caller = dial(address, Purpose::Client).await;
    let (peer, _) = doorstep.next().await;
    assert_eq!((peer.identity, peer.purpose), (identity(9), Purpose::Client));
    let mut rest = Vec::new();
    // The door hangs up, with a reset if it had not read everything.
    let _ = nonsense.read_to_end(&mut rest).await;
    assert_eq!(rest, b"");
}

#[tokio::test]
async fn a_purpose_that_is_not_served_is_rejected_at_the_door() {
    let (listener, address) = listen().await;
    let _doorstep = Doorstep::open(listener, identity(1), &[Purpose::Client]);
    let hello = Hello {
        identity: identity(9),
        purpose: Purpose::Delta,
    };
    let refused = handshake::dial(address, &hello)
        .await
        .map(|_| ())
        .map_err(|error| error.to_string());
    assert_eq!(
        refused,
        Err("the peer rejected the Delta connection: it does not serve that purpose".to_owned())
    );
}
