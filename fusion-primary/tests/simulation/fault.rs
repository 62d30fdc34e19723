//! What can be wrong with the cores of a world, on purpose.

use fusion_primary::{defect::Defect as PrimaryDefect, primary::Primary};
use fusion_server::{backup::FusedBackup, defect::Defect as ServerDefect};
use group_manager::fusion::{Defect as ManagerDefect, FusionCoordinator};

/// Which core has a fault, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Manager(ManagerDefect),
    Primary(PrimaryDefect),
    Server(ServerDefect),
}

pub(crate) fn manager(core: FusionCoordinator, fault: Option<Fault>) -> FusionCoordinator {
    match fault {
        Some(Fault::Manager(defect)) => core.with_defect(defect),
        _ => core,
    }
}

pub(crate) fn primary(core: Primary, fault: Option<Fault>) -> Primary {
    match fault {
        Some(Fault::Primary(defect)) => core.with_defect(defect),
        _ => core,
    }
}

pub(crate) fn server(core: FusedBackup, fault: Option<Fault>) -> FusedBackup {
    match fault {
        Some(Fault::Server(defect)) => core.with_defect(defect),
        _ => core,
    }
}
