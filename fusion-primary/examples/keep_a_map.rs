//! A map that outlives the process that holds it.
//!
//! `cargo run --release -p fusion-primary --example keep_a_map`
//!
//! This process runs a cluster's manager and its one fused server, and holds a map of its own (group B). A child,
//! which is this program again, holds the map of group A and writes to it. It is killed in the middle of that
//! (SIGKILL), and a second child takes its place: the map comes back out of the fused server's parity and
//! the map of group B. Fails if an answered write is lost.

use std::{
    collections::BTreeMap,
    error::Error,
    net::SocketAddr,
    process::{ExitCode, Stdio},
};

use collections::{Map, Site};
use fusion_primary::FusedMap;
use local_cluster::LocalCluster;
use settings::{Cluster, Mechanism};
use structures::kind::StructureKind;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// Writes of the first child that are answered before it is killed.
const BEFORE_THE_KILL: usize = 1_000;

/// Numbers and their squares.
type Squares = FusedMap<u64, u64>;
type Failure = Box<dyn Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match play(&words).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One of the three parts of this program.
async fn play(words: &[&str]) -> Result<(), Failure> {
    match words {
        ["write", file, manager] => write(&site(file, manager)?).await,
        ["hold", file, manager] => hold(&site(file, manager)?).await,
        _ => keep().await,
    }
}

/// Starts everything, kills, and compares.
async fn keep() -> Result<(), Failure> {
    let local = LocalCluster::start(cluster()?).await?;
    println!("a manager and one fused server run here; so does the primary of group B");
    let mut ours = Squares::host(&local.site(), "B").await?;
    for number in 0..500 {
        ours.insert(&number, &(number * number)).await?;
    }

    let (mut first, mut answered) = start("write", &local)?;
    let mut written = BTreeMap::new();
    while let Some(line) = answered.next_line().await? {
        let number: u64 = line.parse()?;
        written.insert(number, number * number);
        if written.len() == BEFORE_THE_KILL {
            println!("a child holds group A and writes to it; SIGKILL after {BEFORE_THE_KILL} answers");
            first.start_kill()?;
        }
    }
    let status = first.wait().await?;
    println!(
        "it is gone ({status}), with {} writes answered in all",
        written.len()
    );

    let (_second, mut said) = start("hold", &local)?;
    let found = said.next_line().await?.ok_or("the second child said nothing")?;
    println!("a second child holds group A now, and found {found} entries");
    let mut map = Squares::connect(&local.site(), "A").await?;
    judge(&written, &map.pages().all().await?.into_iter().collect())?;
    let others = ours.len().await?;
    println!("nothing is lost, and group B has its {others} entries still");
    Ok(())
}

fn cluster() -> Result<Cluster, settings::Problems> {
    Cluster::builder(Mechanism::FusionArena, ("localhost", 0))
        .structure(StructureKind::Map)
        .primary("A", ("localhost", 0))
        .primary("B", ("localhost", 0))
        .fusion_server(("localhost", 0))
        .build()
}

/// This program again, in another part, and the lines that it says.
fn start(part: &str, local: &LocalCluster) -> Result<(Child, Lines<BufReader<ChildStdout>>), Failure> {
    let (site, file) = (local.site(), local.folder().join("cluster.ini"));
    std::fs::write(&file, site.cluster().to_ini())?;
    let mut child = Command::new(std::env::current_exe()?)
        .arg(part)
        .arg(file)
        .arg(site.manager().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let said = child.stdout.take().ok_or("a child without a standard output")?;
    Ok((child, BufReader::new(said).lines()))
}

/// A child's way to the cluster.
fn site(file: &str, manager: &str) -> Result<Site, Failure> {
    let manager: SocketAddr = manager.parse()?;
    let host = manager.ip().to_string();
    Ok(Site::load(file)?.with_manager((host.as_str(), manager.port())))
}

/// The first child: writes until it is killed, and says what was answered.
async fn write(site: &Site) -> Result<(), Failure> {
    let mut map = Squares::host(site, "A").await?;
    for number in 0.. {
        map.insert(&number, &(number * number)).await?;
        println!("{number}");
    }
    Ok(())
}

/// The second child: holds what it finds until its parent lets go.
async fn hold(site: &Site) -> Result<(), Failure> {
    let mut map = Squares::host(site, "A").await?;
    println!("{}", map.len().await?);
    let mut until_let_go = Vec::new();
    tokio::io::stdin().read_to_end(&mut until_let_go).await?;
    Ok(())
}

/// Every answered write is there; the one that was in flight may be.
fn judge(written: &BTreeMap<u64, u64>, found: &BTreeMap<u64, u64>) -> Result<(), Failure> {
    let mut expected = written.clone();
    let in_flight = written.len() as u64;
    if found.contains_key(&in_flight) {
        expected.insert(in_flight, in_flight * in_flight);
    }
    match *found == expected {
        true => Ok(()),
        false => Err(format!(
            "{} entries were written, and these are found: {found:?}",
            written.len()
        )
        .into()),
    }
}
