//! Gateways that are not what etcd's is: silent, talking nonsense, or losing an answer that matters.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use group_manager::store::{EtcdStore, MembershipStore, StoreError};
use multicast::id::Epoch;
use wire::message::membership::Membership;

use crate::{
    contract::{LONG, conflict, membership, written_by},
    etcd_server::{EtcdServer, settings},
};

/// An answer to an empty key.
const NOTHING_STORED: &str = r#"{"header":{"revision":"3"}}"#;

/// Serves each request by `serve(path, whole request)`; what that returns is sent, or the connection cut.
fn gateway(serve: impl Fn(&str, &[u8]) -> Option<Vec<u8>> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Ends with the test's process: it waits for callers, and costs nothing.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (path, request) = request(&mut stream);
            if let Some(answer) = serve(&path, &request) {
                // A caller that had enough has hung up.
                let _ = stream.write_all(&answer);
            }
        }
    });
    port
}

/// Reads one request: its path, and all of it.
fn request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(written) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = written.trim().parse().unwrap();
        }
        let last = line.trim().is_empty();
        head += &line;
        if last {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    (path, [head.into_bytes(), body].concat())
}

fn answer(status: &str, body: &str) -> Option<Vec<u8>> {
    let length = body.len();
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    Some(text.into_bytes())
}

fn store_at(ports: &[u16]) -> EtcdStore {
    EtcdStore::new(&settings(ports, LONG), "lab")
}

/// The error of a load from a gateway that always says this.
fn refusal(status: &'static str, body: &'static str) -> String {
    let port = gateway(move |_, _| answer(status, body));
    let refused = store_at(&[port]).load().unwrap_err().to_string();
    let (words, _place) = refused.split_once(" at line ").unwrap_or((&refused, ""));
    words.replace(&port.to_string(), "PORT")
}

#[test]
fn whatever_is_no_answer_of_etcds_is_an_error_and_never_an_empty_membership() {
    let no_etcd = |reason: &str| format!("http://127.0.0.1:PORT does not answer as etcd: {reason}");
    let cases = [
        ("", "EOF while parsing a value"),
        ("{}", "missing field `header`"),
        ("[1]", "invalid type: integer `1`, expected struct Header"),
        (r#"{"header":{}}"#, "missing field `revision`"),
        (r#"{"header":{"revision":"x"}}"#, "invalid digit found in string"),
        (
            r#"{"header":{"revision":"3"},"kvs":[{"mod_revision":"2","value":"~"}]}"#,
            "Invalid symbol 126, offset 0.",
        ),
        (
            r#"{"header":{"revision":"3"},"kvs":[{"value":""}]}"#,
            "missing field `mod_revision`",
        ),
    ];
    for (body, reason) in cases {
        assert_eq!(refusal("200 OK", body), no_etcd(reason), "{body}");
    }
    let page = refusal("404 Not Found", "<html>");
    assert_eq!(page, no_etcd("status 404 Not Found"));
    let empty_value = r#"{"header":{"revision":"3"},"kvs":[{"mod_revision":"2"}]}"#;
    assert_eq!(
        refusal("200 OK", empty_value),
        "/tests/lab/membership holds no membership: EOF while parsing a value"
    );
}

#[test]
fn an_etcd_in_trouble_is_told_by_its_own_words() {
    let no_leader = r#"{"error":"x","message":"etcdserver: no leader","code":14}"#;
    assert_eq!(
        refusal("503 Service Unavailable", no_leader),
        "etcd does not answer: http://127.0.0.1:PORT: etcdserver: no leader"
    );
}

#[test]
fn an_answer_is_read_up_to_the_limit_and_no_further() {
    const LIMIT: usize = 8 * 1024 * 1024;
    let padded = |bytes: usize| {
        let body = NOTHING_STORED.to_owned() + &" ".repeat(bytes - NOTHING_STORED.len());
        store_at(&[gateway(move |_, _| answer("200 OK", &body))]).load()
    };
    assert_eq!(padded(LIMIT).unwrap(), Membership::default());
    match padded(LIMIT + 1) {
        Err(StoreError::Answer { reason, .. }) => assert_eq!(reason, "more than 8388608 bytes"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_silent_endpoint_is_left_after_the_timeout() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let short = Duration::from_millis(50);
    let refused = EtcdStore::new(&settings(&[port], short), "lab")
        .load()
        .unwrap_err();
    let begins = format!("etcd does not answer: http://127.0.0.1:{port}: timeout");
    assert!(refused.to_string().starts_with(&begins), "{refused}");

    let other = gateway(|_, _| answer("200 OK", NOTHING_STORED));
    let short = Duration::from_secs(2);
    let store = EtcdStore::new(&settings(&[port, other], short), "lab");
    assert_eq!(store.load().unwrap(), Membership::default());
}

/// The request with the wish that etcd hang up after its answer.
fn alone(request: &[u8]) -> Vec<u8> {
    let end = request.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    [&request[..end], b"Connection: close\r\n", &request[end..]].concat()
}

/// Passes requests to etcd and answers back, but loses the answers to transactions; `after` runs when one is lost.
fn forgetful(server: &EtcdServer, after: impl Fn() + Send + 'static) -> u16 {
    let etcd = server.port();
    gateway(move |path, request| {
        let mut upstream = TcpStream::connect(("127.0.0.1", etcd)).unwrap();
        upstream.write_all(&alone(request)).unwrap();
        if path == "/v3/kv/txn" {
            // Its first byte says that etcd is through with it.
            upstream.read_exact(&mut [0]).unwrap();
            after();
            return None;
        }
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer).unwrap();
        Some(answer)
    })
}

#[test]
fn a_swap_whose_answer_was_lost_is_found_to_be_done() {
    let Some(server) = EtcdServer::start() else { return };
    let store = store_at(&[forgetful(&server, || ())]);
    store.compare_and_swap(Epoch(0), &membership(1)).unwrap();
    assert_eq!(store.load().unwrap(), membership(1));
}

#[test]
fn a_swap_whose_answer_was_lost_is_found_to_be_done_by_the_next_endpoint_too() {
    let Some(server) = EtcdServer::start() else { return };
    let store = store_at(&[forgetful(&server, || ()), server.port()]);
    store.compare_and_swap(Epoch(0), &membership(1)).unwrap();
    assert_eq!(store.load().unwrap(), membership(1));
}

#[test]
fn a_lost_swap_that_another_manager_has_overtaken_is_a_conflict() {
    let Some(server) = EtcdServer::start() else { return };
    let other = store_at(&[server.port()]);
    let overtake = move || other.compare_and_swap(Epoch(1), &written_by(2, 2)).unwrap();
    let store = store_at(&[forgetful(&server, overtake)]);
    let told = conflict(store.compare_and_swap(Epoch(0), &membership(1)));
    assert_eq!(told, written_by(2, 2));
}
