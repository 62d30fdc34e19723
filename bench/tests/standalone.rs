//! The roles as processes of their own: `bench node ROLE`, and the standalone binaries where they were built
//! beside the bench (`cargo test --workspace` builds them).

#![allow(
    clippy::unwrap_used,
    reason = "a test, its helpers included, may fail by panicking"
)]

mod programs;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use multicast::id::NodeId;
use nix::sys::signal::Signal;
use programs::{Ended, Program, shown, with_port};
use settings::{Cluster, ClusterPlan, Mechanism};
use tokio::net::TcpListener;
use wire::{client::Client, message::membership::Role};

/// A kind of process and its place in a cluster file.
struct Kind {
    role: Role,
    binary: &'static str,
    mechanism: Mechanism,
    section: &'static str,
    port_key: &'static str,
    node: NodeId,
}

const KINDS: [Kind; 4] = [
    Kind {
        role: Role::GroupManager,
        binary: "group-manager",
        mechanism: Mechanism::Replication,
        section: "manager",
        port_key: "port",
        node: NodeId(0),
    },
    Kind {
        role: Role::DataNode,
        binary: "data-node",
        mechanism: Mechanism::Replication,
        section: "node",
        port_key: "multicast_port",
        node: NodeId(1),
    },
    Kind {
        role: Role::Primary,
        binary: "fusion-primary",
        mechanism: Mechanism::FusionLinked,
        section: "primary",
        port_key: "port",
        node: NodeId(1),
    },
    Kind {
        role: Role::FusionServer,
        binary: "fusion-server",
        mechanism: Mechanism::FusionLinked,
        section: "fusion",
        port_key: "port",
        node: NodeId(2),
    },
];

impl Kind {
    fn plan(&self) -> ClusterPlan {
        ClusterPlan {
            host: "127.0.0.1".to_owned(),
            ..ClusterPlan::new(self.mechanism, 1, 1)
        }
    }

    fn ini(&self) -> String {
        self.plan().to_ini().unwrap()
    }

    /// The ways to start it: a program, and what comes before the cluster file.
    fn commands(&self) -> Vec<(PathBuf, Vec<String>)> {
        let mut commands = vec![(programs::bench(), vec!["node".to_owned(), self.role.to_string()])];
        let standalone = programs::bench().with_file_name(self.binary);
        if standalone.exists() {
            commands.push((standalone, Vec::new()));
        } else {
            println!("skipped: {} was not built", standalone.display());
        }
        commands
    }

    fn start_all(&self, file: &Path, section: &str) -> Vec<Program> {
        let file = shown(file);
        let start = |(program, before): (PathBuf, Vec<String>)| {
            let mut arguments: Vec<&str> = before.iter().map(String::as_str).collect();
            arguments.extend([file.as_str(), section]);
            Program::start(&program, &arguments)
        };
        self.commands().into_iter().map(start).collect()
    }
}

/// A cluster file in a folder of its own.
fn written(ini: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cluster.ini");
    std::fs::write(&file, ini).unwrap();
    (folder, file)
}

/// Where clients may call, by the first line: `listening on ADDRESS`, of a data node also `(reads on ADDRESS)`.
fn clients_address(line: &str, role: Role) -> SocketAddr {
    let address = line.strip_prefix("listening on ").unwrap();
    let Role::DataNode = role else {
        return address.parse().unwrap();
    };
    let (peers, clients) = address.split_once(" (reads on ").unwrap();
    let _: SocketAddr = peers.parse().unwrap();
    clients.strip_suffix(')').unwrap().parse().unwrap()
}

#[tokio::test]
async fn each_role_says_where_it_listens_answers_there_and_stops_when_told() {
    for kind in KINDS {
        let (_folder, file) = written(&kind.ini());
        let fingerprint = Cluster::load(&file).unwrap().fingerprint();
        for (signal, code) in [(Signal::SIGTERM, 0), (Signal::SIGINT, 130)] {
            for mut program in kind.start_all(&file, "1") {
                let line = program.line().await.unwrap();
                let address = clients_address(&line, kind.role);
                let mut client = Client::connect(address, fingerprint).await.unwrap();
                let sizes = client.sizes().await.unwrap();
                assert_eq!((sizes.node, sizes.role), (kind.node, kind.role));
                program.signal(signal);
                let stopped = Ended {
                    code: Some(code),
                    errors: String::new(),
                };
                assert_eq!(program.ended().await, stopped, "{} after {signal}", kind.role);
            }
        }
    }
}

#[tokio::test]
async fn a_section_that_is_not_there_is_bad_configuration_for_each_role() {
    for kind in KINDS {
        let (_folder, file) = written(&kind.ini());
        for program in kind.start_all(&file, "9") {
            let Ended { code, errors } = program.ended().await;
            let there = match kind.role {
                Role::DataNode => "the numbers of [node N] are 1-2".to_owned(),
                _ => format!("the only [{} N] is 1", kind.section),
            };
            let expected = format!("error: no section [{} 9]: {there}\n", kind.section);
            assert_eq!((code, errors), (Some(2), expected));
        }
    }
}

#[tokio::test]
async fn an_address_in_use_fails_each_role_and_is_named() {
    for kind in KINDS {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let section = format!("[{} 1]", kind.section);
        let mut ini = with_port(&kind.ini(), &section, kind.port_key, port);
        if kind.role == Role::GroupManager {
            ini = ini.replace("mgr_port = 0", &format!("mgr_port = {port}"));
        }
        let (_folder, file) = written(&ini);
        for program in kind.start_all(&file, "1") {
            let Ended { code, errors } = program.ended().await;
            let expected =
                format!("error: cannot listen on 127.0.0.1:{port}: Address already in use (os error 98)");
            assert_eq!(code, Some(1));
            assert!(errors.starts_with(&expected), "{errors}");
        }
    }
}
