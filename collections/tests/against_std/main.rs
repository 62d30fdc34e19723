//! Every typed collection against the standard library's, operation by operation, over real loopback
//! connections: replicated, hosted by this process under fusion, and fused from afar.

mod list;
mod map;
mod ordered_map;
mod priority_queue;
mod queue;
mod set;
mod stack;

use local_cluster::LocalCluster;
use rand::{Rng, rngs::StdRng};
use settings::{ClusterPlan, Mechanism, StructureLimits};
use structures::kind::StructureKind;

/// How a test ends.
type Ended = Result<(), Box<dyn std::error::Error>>;

/// Operations of one test.
const OPERATIONS: usize = 300;

async fn start(mechanism: Mechanism, structure: StructureKind) -> LocalCluster {
    let plan = ClusterPlan {
        structure,
        limits: StructureLimits {
            key_bytes: 40,
            element_bytes: 400,
        },
        ..ClusterPlan::new(mechanism, 2, 1)
    };
    let cluster = plan.cluster().expect("a sound plan");
    LocalCluster::start(cluster).await.expect("it starts")
}

/// A text of mixed length.
fn text(random: &mut StdRng) -> String {
    let length = match random.random_range(0..4) {
        0 => 0,
        1 => random.random_range(1..8),
        _ => random.random_range(8..300),
    };
    (0..length).map(|_| random.random_range('a'..='z')).collect()
}

/// Three tests of one kind of collection.
macro_rules! against_std {
    ($kind:expr, $replicated:ty, $fused:ty, $check:path) => {
        use rand::SeedableRng as _;

        #[tokio::test]
        async fn replicated() -> crate::Ended {
            let local = crate::start(settings::Mechanism::Replication, $kind).await;
            let mut one = <$replicated>::connect(&local.site(), "B").await?;
            Ok($check(&mut one, &mut rand::rngs::StdRng::seed_from_u64(1)).await?)
        }

        #[tokio::test]
        async fn fused_and_hosted_here() -> crate::Ended {
            let local = crate::start(settings::Mechanism::FusionArena, $kind).await;
            let mut one = <$fused>::host(&local.site(), "B").await?;
            Ok($check(&mut one, &mut rand::rngs::StdRng::seed_from_u64(2)).await?)
        }

        #[tokio::test]
        async fn fused_from_afar() -> crate::Ended {
            let local = crate::start(settings::Mechanism::FusionArena, $kind).await;
            let _host = <$fused>::host(&local.site(), "B").await?;
            let mut one = <$fused>::connect(&local.site(), "B").await?;
            Ok($check(&mut one, &mut rand::rngs::StdRng::seed_from_u64(3)).await?)
        }
    };
}
use against_std;
