//! Tells the program which compiler built it, for the record of every run.

use std::env;
use std::process::Command;

fn main() {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(compiler).arg("--version").output().ok();
    let version = version
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .unwrap_or_default();
    let version = version.trim();
    println!(
        "cargo::rustc-env=BENCH_COMPILER={}",
        if version.is_empty() { "unknown" } else { version }
    );
    println!("cargo::rerun-if-changed=build.rs");
}
