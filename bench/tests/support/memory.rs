//! Bytes of a running process, changed behind its back: what a fault of its memory does.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Where a process's writable memory has these bytes.
fn places(pid: u32, pattern: &[u8]) -> Vec<u64> {
    let memory = fs::File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut places = Vec::new();
    for line in fs::read_to_string(format!("/proc/{pid}/maps")).unwrap().lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [from, to] = [from, to].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut bytes = vec![0; (to - from) as usize];
        // Some mappings cannot be read, such as those of the kernel.
        if memory.read_exact_at(&mut bytes, from).is_err() {
            continue;
        }
        let found = bytes
            .windows(pattern.len())
            .enumerate()
            .filter(|(_, window)| *window == pattern);
        places.extend(found.map(|(place, _)| from + place as u64));
    }
    places
}

/// Flips a bit of the first byte wherever a process has this pattern, buffers that it reads no more included;
/// at least once. It stands still meanwhile, so that nothing else has come to lie there.
pub fn corrupt(pid: u32, pattern: &[u8]) {
    let process = Pid::from_raw(pid as i32);
    kill(process, Signal::SIGSTOP).unwrap();
    wait_until_stopped(pid);
    let places = places(pid, pattern);
    assert!(!places.is_empty(), "process {pid} does not have {pattern:?}");
    let memory = OpenOptions::new()
        .write(true)
        .open(format!("/proc/{pid}/mem"))
        .unwrap();
    for place in places {
        memory.write_all_at(&[pattern[0] ^ 4], place).unwrap();
    }
    kill(process, Signal::SIGCONT).unwrap();
}

/// A signal is taken when the process is next scheduled; its state, the first letter behind its name, tells.
fn wait_until_stopped(pid: u32) {
    let is_stopped = || {
        let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let (_, behind_name) = status.rsplit_once(") ").unwrap();
        behind_name.starts_with('T')
    };
    while !is_stopped() {
        std::thread::yield_now();
    }
}
