//! Scrubs a fused cluster: asks all its servers to compare their bytes with the primaries', window by window.
//!
//! Blocks that do not agree are looked at once more, with other weights, before anything is said about them: so
//! what one server found before a byte changed and another one after it names nobody wrongly. After every window it
//! rests, so that it takes little from whoever writes meanwhile. Source: DESIGN, "Scrub".
//!
//! Invariant: nothing is changed anywhere.

mod verdict;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::future::try_join_all;
use multicast::id::NodeId;
use structures::delta::RegionId;
use tokio::time::{sleep, timeout};
use wire::{
    client::{Client, ClientError, Directory},
    member::redial_pause,
    message::{
        fusion::{BLOCK_BYTES, BlockId},
        membership::{Member, Membership, Role, Standing},
        scrub::{MAX_SCRUB_BLOCKS, ScrubWindow, Scrubbed},
    },
    process::random_id,
};

pub use self::verdict::{Code, Finding, Suspect};

/// How long one window is tried: a recovery makes scrubs wait, and takes less.
pub const WINDOW_PATIENCE: Duration = Duration::from_secs(20);

/// How many times as long as a window took it rests before the next: the primaries' own work has the other three
/// quarters of the time.
pub const RESTS: u32 = 3;

/// Why a scrub did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum ScrubError {
    /// The manager did not tell who is there.
    #[error("the manager does not answer: {0}")]
    Manager(ClientError),
    /// Nothing can take out what a lost primary had.
    #[error("{}: what the parity holds of them cannot be compared; scrub again when they are active", lost(.0))]
    LostPrimaries(Vec<(NodeId, Standing)>),
    /// Nobody has a parity.
    #[error("no fused server is active")]
    NoServer,
    /// A server refused for good, or for as long as the patience.
    #[error("{node} did not compare its bytes: {last}")]
    Server {
        /// Which.
        node: NodeId,
        /// Its last word.
        last: ClientError,
    },
    /// A server said nothing for as long as the patience: a primary that it asked may be held up.
    #[error("{node} did not answer within {} s", WINDOW_PATIENCE.as_secs())]
    NoAnswer {
        /// Which.
        node: NodeId,
    },
}

/// How much of a region was compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionReport {
    /// Which.
    pub region: RegionId,
    /// Bytes of it at the server that has most: of its parity, or of the longest plain copy.
    pub bytes: u64,
}

/// What a scrub found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrubReport {
    /// Every region, in order.
    pub regions: Vec<RegionReport>,
    /// Who took part.
    pub code: Code,
    /// Fused servers that are not active, and so were not compared.
    pub absent: Vec<NodeId>,
    /// Where the bytes do not agree.
    pub findings: Vec<Finding>,
    /// How long it took.
    pub took: Duration,
}

impl ScrubReport {
    /// Whether every fused server agrees with all primaries.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.absent.is_empty()
    }
}

/// Compares everything once.
///
/// # Errors
/// [`ScrubError`]: it did not come to its end, and says nothing.
pub async fn scrub(directory: &Directory) -> Result<ScrubReport, ScrubError> {
    let began = Instant::now();
    let mut manager = directory.manager().await.map_err(ScrubError::Manager)?;
    let members = manager.members().await.map_err(ScrubError::Manager)?;
    check_primaries(&members)?;
    let mut scrubber = Scrubber::of(directory.cluster, &members)?;
    let mut regions = Vec::new();
    for region in RegionId::ALL {
        regions.push(scrubber.scrub_region(region).await?);
    }
    Ok(ScrubReport {
        regions,
        code: scrubber.code,
        absent: scrubber.absent,
        findings: scrubber.findings,
        took: began.elapsed(),
    })
}

/// Every primary that ever entered is there: the others are in no parity.
fn check_primaries(members: &Membership) -> Result<(), ScrubError> {
    let all = members.members.iter();
    let primaries = all.filter(|(_, member)| member.role == Role::Primary);
    let lost = primaries
        .map(|(node, primary)| (*node, primary.standing))
        .filter(|(_, standing)| !matches!(standing, Standing::Absent | Standing::Active));
    let lost: Vec<_> = lost.collect();
    match lost.is_empty() {
        true => Ok(()),
        false => Err(ScrubError::LostPrimaries(lost)),
    }
}

/// Names lost primaries and their standings.
fn lost(primaries: &[(NodeId, Standing)]) -> String {
    let one = |(node, standing): &(NodeId, Standing)| format!("{node}, a primary, is {standing}");
    primaries.iter().map(one).collect::<Vec<_>>().join("; ")
}

struct Scrubber {
    servers: Vec<Server>,
    code: Code,
    absent: Vec<NodeId>,
    findings: Vec<Finding>,
}

impl Scrubber {
    fn of(fingerprint: u64, members: &Membership) -> Result<Self, ScrubError> {
        let (mut servers, mut absent) = (Vec::new(), Vec::new());
        for (node, member) in &members.members {
            let Some(row) = member.row else { continue };
            let active = Some(member).filter(|member| member.standing == Standing::Active);
            match active.and_then(|member| member.addresses) {
                None => absent.push(*node),
                Some(addresses) => servers.push(Server {
                    node: *node,
                    row: usize::from(row),
                    address: addresses.clients,
                    cluster: fingerprint,
                    client: None,
                }),
            }
        }
        if servers.is_empty() {
            return Err(ScrubError::NoServer);
        }
        let column = |(node, member): (&NodeId, &Member)| Some((usize::from(member.column?), *node));
        let primaries = members.members.iter().filter_map(column);
        let code = Code {
            servers: servers.iter().map(|server| (server.row, server.node)).collect(),
            primaries: primaries.collect(),
        };
        Ok(Self {
            servers,
            code,
            absent,
            findings: Vec::new(),
        })
    }

    /// Goes through a region to its end, which may move meanwhile.
    async fn scrub_region(&mut self, region: RegionId) -> Result<RegionReport, ScrubError> {
        let (mut index, mut bytes) = (0, 0);
        while index == 0 || index * BLOCK_BYTES < bytes {
            let began = Instant::now();
            let answers = self.compare_surely(BlockId { region, index }).await?;
            bytes = answers
                .values()
                .fold(0, |most, answer| answer.region_bytes.max(most));
            for finding in verdict::judge(&self.code, &answers) {
                verdict::append(&mut self.findings, finding);
            }
            index += MAX_SCRUB_BLOCKS;
            sleep(began.elapsed() * RESTS).await;
        }
        Ok(RegionReport { region, bytes })
    }

    /// Compares a window, twice if it does not agree.
    async fn compare_surely(&mut self, first: BlockId) -> Result<BTreeMap<usize, Scrubbed>, ScrubError> {
        let answers = self.compare(first).await?;
        match answers.values().all(|answer| answer.syndromes.is_empty()) {
            true => Ok(answers),
            false => self.compare(first).await,
        }
    }

    /// Has every server compare a window, all at the same time; their answers by row.
    async fn compare(&mut self, first: BlockId) -> Result<BTreeMap<usize, Scrubbed>, ScrubError> {
        let window = ScrubWindow {
            seed: random_id(),
            first,
            count: MAX_SCRUB_BLOCKS,
        };
        let asked = self.servers.iter_mut().map(|server| server.compare(window));
        Ok(try_join_all(asked).await?.into_iter().collect())
    }
}

/// A fused server, and the connection to it.
struct Server {
    node: NodeId,
    row: usize,
    address: SocketAddr,
    /// The cluster file's fingerprint.
    cluster: u64,
    client: Option<Client>,
}

impl Server {
    /// Has a window compared, tried again while what is in the way may pass.
    async fn compare(&mut self, window: ScrubWindow) -> Result<(usize, Scrubbed), ScrubError> {
        let (node, row) = (self.node, self.row);
        let (mut last, mut attempt) = (None, 0);
        let answered = timeout(WINDOW_PATIENCE, async {
            loop {
                match self.try_compare(window).await {
                    Err(error) if error.is_passing() => last = Some(error),
                    answer => return answer,
                }
                sleep(redial_pause(attempt)).await;
                attempt += 1;
            }
        });
        match answered.await {
            Ok(Ok(scrubbed)) => Ok((row, scrubbed)),
            Ok(Err(last)) => Err(ScrubError::Server { node, last }),
            Err(_) => Err(
                last.map_or(ScrubError::NoAnswer { node }, |last| ScrubError::Server {
                    node,
                    last,
                }),
            ),
        }
    }

    /// A connection is kept as long as it is answered with results.
    async fn try_compare(&mut self, window: ScrubWindow) -> Result<Scrubbed, ClientError> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(self.address, self.cluster).await?,
        };
        let scrubbed = client.scrub(window).await?;
        self.client = Some(client);
        Ok(scrubbed)
    }
}
