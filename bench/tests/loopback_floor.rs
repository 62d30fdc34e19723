//! The floor: what it sends, that its processes end, and that its figures are of the right kind.

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};

use bench::floor::{Floor, FloorError, MESSAGE_BYTES, Receivers, echo, echo_on, measure_over};

type Echo = (SocketAddr, JoinHandle<std::io::Result<()>>);

fn echo_thread() -> Echo {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    (
        listener.local_addr().unwrap(),
        thread::spawn(move || echo_on(&listener)),
    )
}

fn measured_over_threads(receivers: u32, samples: u32) -> Floor {
    let echoes: Vec<Echo> = (0..receivers).map(|_| echo_thread()).collect();
    let addresses: Vec<_> = echoes.iter().map(|(address, _)| *address).collect();
    let floor = measure_over(&mut Receivers::connect(&addresses).unwrap(), samples).unwrap();
    for (_, echo) in echoes {
        echo.join().unwrap().unwrap();
    }
    floor
}

#[test]
fn rounds_take_time_and_two_take_longer_than_one() {
    let floor = measured_over_threads(3, 101);
    assert_eq!((floor.faults, floor.samples, floor.message_bytes), (2, 101, 64));
    // No loopback round ends within a microsecond: a figure below that is a fault of the measurement.
    for times in [
        floor.client_round_trip,
        floor.one_round_to_f,
        floor.one_round_to_f_plus_1,
    ] {
        assert!(
            1.0 < times.p50_us && times.p50_us <= times.p90_us && times.p90_us <= times.p99_us,
            "{times:?}"
        );
    }
    assert!(
        floor.two_rounds_to_f_plus_1.p50_us > floor.one_round_to_f_plus_1.p50_us,
        "{floor:?}"
    );
}

#[test]
fn replication_is_judged_by_two_rounds_and_fusion_by_one() {
    let floor = measured_over_threads(2, 10);
    let two_rounds = Some(floor.two_rounds_to_f_plus_1.p50_us);
    let one_round = Some(floor.one_round_to_f.p50_us);
    let one_round_to_all = Some(floor.one_round_to_f_plus_1.p50_us);
    let asked = [
        "replication",
        "replication-sequencer",
        "fusion-linked",
        "fusion-arena",
        "chain",
        "",
    ];
    assert_eq!(
        asked.map(|name| floor.floor_us(name, 1)),
        [two_rounds, one_round_to_all, one_round, one_round, None, None]
    );
    assert_eq!(floor.floor_us("replication", 2), None);
}

#[test]
fn an_echo_returns_each_message_unchanged_and_ends_with_its_connection() {
    let (address, echo) = echo_thread();
    let mut connection = TcpStream::connect(address).unwrap();
    for first in [0, 100] {
        let message: Vec<u8> = (first..).take(MESSAGE_BYTES).collect();
        // In two parts: an echo waits for a whole message.
        connection.write_all(&message[..10]).unwrap();
        connection.write_all(&message[10..]).unwrap();
        let mut answer = [0; MESSAGE_BYTES];
        connection.read_exact(&mut answer).unwrap();
        assert_eq!(answer[..], message);
    }
    drop(connection);
    echo.join().unwrap().unwrap();
}

/// This test program, running nothing but the echo.
fn echo_process() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--ignored",
        "--exact",
        "the_echo_of_the_tests_below",
        "--nocapture",
    ]);
    command
}

#[test]
#[ignore = "runs as a process of the tests below, until its standard input ends"]
fn the_echo_of_the_tests_below() {
    echo().unwrap();
}

#[test]
fn receivers_are_processes_of_their_own() {
    let mut receivers = Receivers::spawn(2, echo_process).unwrap();
    assert_eq!(measure_over(&mut receivers, 5).unwrap().faults, 1);
}

#[test]
fn an_echo_process_ends_with_its_launchers_pipe() {
    let mut process = echo_process()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    // It listens, and nobody connects.
    assert!(lines.any(|line| line.unwrap().contains("floor-echo listening on 127.0.0.1:")));
    drop(process.stdin.take());
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_process_that_says_no_address_is_an_error_with_its_last_line() {
    let command = || {
        let mut command = Command::new("echo");
        command.arg("something else");
        command
    };
    match Receivers::spawn(1, command) {
        Err(FloorError::NoAddress { last_line }) => assert_eq!(last_line, "something else"),
        other => panic!("{other:?}"),
    }
}

fn bench_floor(options: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    command.arg("floor").args(options.split_whitespace());
    command.output().unwrap()
}

#[test]
fn bench_floor_prints_every_round_with_one_message_and_with_a_window_of_them() {
    let output = bench_floor("--faults 2 --samples 3 --window 5 --placement free");
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &[][..]));
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().filter(|line| line.contains('┆')).skip(1);
    let names: Vec<String> = rows
        .map(|row| {
            let mut cells = row.trim_matches('│').split('┆').map(str::trim);
            format!("{}, {}", cells.next().unwrap(), cells.next().unwrap())
        })
        .collect();
    let rounds = [
        "a client's round trip",
        "one round to f = 2",
        "one round to f + 1 = 3",
        "two rounds to f + 1 = 3",
    ];
    let expected = [1, 5].map(|messages| rounds.map(|round| format!("{round}, {messages}")));
    assert_eq!(names, expected.concat(), "{text}");
    assert!(text.contains("3 samples of 64-byte messages"), "{text}");
}

#[test]
fn bench_floor_says_what_its_options_may_be() {
    for (options, said) in [
        ("--faults 0", "0 is not in 1..=4"),
        ("--faults 5", "5 is not in 1..=4"),
        ("--samples 0", "0 is not in 1.."),
        ("--window 1", "1 is not in 2..=1024"),
        ("--window 1025", "1025 is not in 2..=1024"),
    ] {
        let output = bench_floor(options);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{options}");
        assert!(errors.contains(said), "{options}: {errors}");
    }
}
