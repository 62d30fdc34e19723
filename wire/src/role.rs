//! A role as a process: arguments, settings, logging, listeners, stopping, exit codes. The same for all
//! roles, whether a standalone binary runs them or `bench` runs itself again.
//!
//! Exit codes: 0 stopped in order, 1 failed, 2 bad usage or configuration, 130 interrupted.

use std::{
    error::Error,
    future::Future,
    io::{self, IsTerminal, Read},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use settings::{Cluster, Endpoint, LoadError, NoSuchSection};
use tokio::{net::TcpListener, signal::unix::SignalKind, sync::watch};
use tracing_subscriber::EnvFilter;

use crate::member::Advertised;

/// Exit code for bad usage or a bad cluster file.
pub const EXIT_CONFIGURATION: u8 = 2;

/// Exit code after Ctrl-C.
pub const EXIT_INTERRUPTED: u8 = 130;

/// What every role is told on its command line.
#[derive(Clone, Debug, clap::Args)]
pub struct RoleArguments {
    /// The cluster file.
    pub cluster: PathBuf,
    /// Which section of its kind in the cluster file this process is.
    #[arg(default_value_t = 1)]
    pub section: u32,
    /// Where a manager listens, if not where the cluster file says; once for each (a manager is told of those
    /// with smaller section numbers, which it calls).
    #[arg(long = "manager", value_name = "HOST:PORT", value_parser = host_and_port)]
    pub managers: Vec<(String, u16)>,
    /// Where others find this process, if not where it listens.
    #[command(flatten)]
    pub advertised: Advertised,
    /// Stop when standard input ends: a launcher's children do not outlive it.
    #[arg(long, hide = true)]
    pub leash: bool,
}

/// Reads `HOST:PORT`; an IPv6 address stands in brackets.
///
/// # Errors
/// What is wrong with it, in words.
pub fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let (host, port) = text.rsplit_once(':').ok_or("expected HOST:PORT")?;
    let port = port
        .parse()
        .map_err(|_| format!("\"{port}\" is no port (0 to 65535)"))?;
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if host.is_empty() {
        Err("expected HOST:PORT".to_owned())
    } else {
        Ok((host.to_owned(), port))
    }
}

/// Why a role did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    /// The cluster file is not usable.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The cluster file has no such section.
    #[error(transparent)]
    NoSuchSection(#[from] NoSuchSection),
    /// The address cannot be listened on.
    #[error("cannot listen on {endpoint}")]
    Listen {
        /// As the cluster file has it.
        endpoint: Endpoint,
        /// The operating system's error.
        source: io::Error,
    },
    /// The role itself failed.
    #[error(transparent)]
    Failed(#[from] Box<dyn Error + Send + Sync>),
}

impl RoleError {
    /// The role's own error.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

/// Completes once the process is asked to stop.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<Option<u8>>);

impl Shutdown {
    /// Waits for Ctrl-C, SIGTERM, or (on a leash) the end of standard input.
    pub async fn wait(mut self) {
        // An error means that nobody can ask any more.
        drop(self.0.wait_for(Option::is_some).await);
    }
}

/// Binds an endpoint of the cluster file; port 0 takes a free one.
///
/// # Errors
/// [`RoleError::Listen`].
pub async fn listen(endpoint: &Endpoint) -> Result<(TcpListener, SocketAddr), RoleError> {
    let failed = |source| RoleError::Listen {
        endpoint: endpoint.clone(),
        source,
    };
    let listener = TcpListener::bind((endpoint.host.as_str(), endpoint.port))
        .await
        .map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Runs one role to its end: loads the cluster file, starts logging to standard error, and gives the role
/// its settings and the shutdown it has to heed.
pub fn run_role<Start, Running>(arguments: RoleArguments, start: Start) -> ExitCode
where
    Start: FnOnce(Cluster, RoleArguments, Shutdown) -> Running,
    Running: Future<Output = Result<(), RoleError>> + Send + 'static,
{
    start_logging();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&RoleError::failed(error)),
    };
    let ended = runtime.block_on(async {
        let cluster = Cluster::load(&arguments.cluster)?;
        let (ask, asked) = watch::channel(None);
        watch_for_stop(ask, arguments.leash);
        // As a task, not as the runtime's main future: waking that one costs a look at the sockets each time.
        let running = tokio::spawn(start(cluster, arguments, Shutdown(asked.clone())));
        running.await.map_err(RoleError::failed)??;
        let code = *asked.borrow();
        Ok(ExitCode::from(code.unwrap_or(0)))
    });
    // Tasks that wait for the disk or a peer are not waited for.
    runtime.shutdown_background();
    ended.unwrap_or_else(|error| report(&error))
}

/// Logging to standard error; `RUST_LOG` says how much, warnings by default.
pub fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    // A second call in one process (tests) keeps the first one's settings.
    drop(
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .try_init(),
    );
}

/// The one place where a role's error is printed.
fn report(error: &RoleError) -> ExitCode {
    let configuration = matches!(error, RoleError::Load(_) | RoleError::NoSuchSection(_));
    match error {
        RoleError::Load(LoadError::Problems(problems)) => {
            let text = if io::stderr().is_terminal() {
                problems.coloured()
            } else {
                problems.plain()
            };
            eprintln!("{text}");
        }
        error => {
            eprint!("error: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprint!(": {cause}");
                source = cause.source();
            }
            eprintln!();
        }
    }
    ExitCode::from(if configuration { EXIT_CONFIGURATION } else { 1 })
}

fn watch_for_stop(ask: watch::Sender<Option<u8>>, leash: bool) {
    if leash {
        let ask = ask.clone();
        // A thread of its own: reading standard input cannot be waited for otherwise.
        std::thread::spawn(move || {
            let mut ignored = [0; 64];
            loop {
                match io::stdin().read(&mut ignored) {
                    Ok(1..) => {}
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Ok(0) | Err(_) => break,
                }
            }
            // Even a process that is stuck must not outlive its launcher.
            if ask.send(Some(0)).is_err() {
                std::process::exit(0);
            }
            std::thread::sleep(LEASH_PATIENCE);
            std::process::exit(0);
        });
    }
    tokio::spawn(async move {
        let Ok(mut terminate) = tokio::signal::unix::signal(SignalKind::terminate()) else {
            return;
        };
        let code = tokio::select! {
            _ = tokio::signal::ctrl_c() => EXIT_INTERRUPTED,
            _ = terminate.recv() => 0,
        };
        ask.send_replace(Some(code));
        ask.closed().await;
    });
}

/// How long a process may take to stop after its launcher is gone.
const LEASH_PATIENCE: std::time::Duration = std::time::Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_takes_names_and_both_kinds_of_addresses() {
        assert_eq!(host_and_port("localhost:99"), Ok(("localhost".to_owned(), 99)));
        assert_eq!(host_and_port("[::1]:99"), Ok(("::1".to_owned(), 99)));
        assert_eq!(host_and_port("localhost"), Err("expected HOST:PORT".to_owned()));
        assert_eq!(host_and_port(":99"), Err("expected HOST:PORT".to_owned()));
        assert_eq!(
            host_and_port("a:b"),
            Err("\"b\" is no port (0 to 65535)".to_owned())
        );
        assert_eq!(host_and_port("a:65535"), Ok(("a".to_owned(), 65535)));
        assert_eq!(
            host_and_port("a:65536"),
            Err("\"65536\" is no port (0 to 65535)".to_owned())
        );
    }

    #[derive(clap::Parser, Debug)]
    struct CommandLine {
        #[command(flatten)]
        role: RoleArguments,
    }

    fn arguments(words: &[&str]) -> Result<RoleArguments, String> {
        let words = std::iter::once("data-node").chain(words.iter().copied());
        let parsed = <CommandLine as clap::Parser>::try_parse_from(words);
        parsed
            .map(|line| line.role)
            .map_err(|error| error.to_string().lines().next().unwrap_or("").to_owned())
    }

    #[test]
    fn a_role_is_told_its_file_its_section_and_perhaps_its_manager() {
        let told = arguments(&["cluster.ini"]).expect("a file is enough");
        assert_eq!((told.cluster, told.section), (PathBuf::from("cluster.ini"), 1));
        assert_eq!((told.managers, told.leash), (vec![], false));
        let told = arguments(&["c.ini", "3", "--manager", "[::1]:9", "--leash"]).expect("all of it");
        assert_eq!((told.section, told.leash), (3, true));
        assert_eq!(told.managers, [("::1".to_owned(), 9)]);
        assert_eq!(told.advertised, Advertised::default());
        let told = arguments(&[
            "c.ini",
            "--advertise-peers",
            "10.0.0.9:7",
            "--advertise-clients",
            "[::1]:8",
        ]);
        let (peers, clients) = (
            Some("10.0.0.9:7".parse().unwrap()),
            Some("[::1]:8".parse().unwrap()),
        );
        assert_eq!(
            told.map(|told| told.advertised),
            Ok(Advertised { peers, clients })
        );
    }

    #[test]
    fn mistaken_arguments_are_named() {
        let error = |words: &[&str]| arguments(words).expect_err("mistaken");
        assert_eq!(
            error(&[]),
            "error: the following required arguments were not provided:"
        );
        assert_eq!(
            error(&["c.ini", "one"]),
            "error: invalid value 'one' for '[SECTION]': invalid digit found in string"
        );
        assert_eq!(
            error(&["c.ini", "1", "--manager", "here"]),
            "error: invalid value 'here' for '--manager <HOST:PORT>': expected HOST:PORT"
        );
        assert_eq!(
            error(&["c.ini", "1", "--advertise-peers", "here"]),
            "error: invalid value 'here' for '--advertise-peers <IP:PORT>': invalid socket address syntax"
        );
        assert_eq!(
            error(&["c.ini", "1", "--leach"]),
            "error: unexpected argument '--leach' found"
        );
    }
}
