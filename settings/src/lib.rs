//! INI text to checked settings: what a cluster file says, and the [`Cluster`] that the processes run on.
//!
//! Two stages (DESIGN section 6). The first keeps what was written and where: `ini` cuts the text into
//! sections and keys, `written` reads their values by the table in `schema`. The second, `check`,
//! compares them with each other and builds the [`Cluster`]. Both add to one list of [`Problem`]s, so that a
//! user sees every mistake at once; a `Cluster` exists only where there was none.
//!
//! [`ClusterBuilder`] is a cluster file in code. The other way round, [`ClusterPlan`] makes a `Cluster` from a few
//! numbers and [`Cluster::to_ini`] writes it.
//!
//! What is absent: no name is resolved and no socket is opened here; the only input is the text, and the only
//! file ever touched is the one given to [`Cluster::load`].

mod builder;
mod check;
mod cluster;
mod defaults;
mod detector;
mod endpoint;
mod fingerprint;
mod ini;
mod join;
mod limits;
mod load;
mod lookup;
mod mechanism;
mod member;
mod plan;
mod problem;
mod problems;
mod render;
mod schema;
mod span;
mod store;
mod suggest;
mod value;
mod writer;
mod written;

pub use builder::ClusterBuilder;
pub use check::ClusterError;
pub use cluster::{Cluster, StructureLimits};
pub use detector::DetectorSettings;
pub use endpoint::Endpoint;
pub use ini::SyntaxError;
pub use join::{Join, UnknownJoin};
pub use limits::*;
pub use load::LoadError;
pub use lookup::NoSuchSection;
pub use mechanism::{Mechanism, UnknownMechanism};
pub use member::{DataNode, FusionServer, Manager, Primary};
pub use plan::{ClusterPlan, MAX_PLANNED_MANAGERS, PlanError, PortPlan};
pub use problem::{Problem, ProblemKind, TextError};
pub use problems::Problems;
pub use schema::SectionKind;
pub use span::{Position, Span};
pub use store::{EtcdSettings, StoreKind, StoreSettings, UnknownStore};
pub use value::ValueError;
pub use written::SectionError;
