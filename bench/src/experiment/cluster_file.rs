//! The cluster file of a trial: one that the processes read, and a copy beside the results.

use std::path::{Path, PathBuf};

use settings::ClusterPlan;

use super::{ExperimentError, Trial};

/// Writes it into the scratch folder, and a copy into the folder of results; gives the former.
///
/// # Errors
/// `Plan` if the plan makes no cluster, `ClusterFile` if a file cannot be written.
pub(super) fn write_cluster_file(
    plan: &ClusterPlan,
    trial: &Trial,
    scratch: &Path,
    out: &Path,
) -> Result<PathBuf, ExperimentError> {
    let text = plan.to_ini()?;
    let Trial {
        mechanism,
        groups,
        value_bytes,
        ..
    } = trial;
    let name = format!("{mechanism}-values{value_bytes}-groups{groups}.ini");
    let copies = out.join("clusters");
    let write = |folder: &Path| -> Result<PathBuf, ExperimentError> {
        let path = folder.join(&name);
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &text));
        written.map_err(|source| ExperimentError::ClusterFile {
            path: path.clone(),
            source,
        })?;
        Ok(path)
    };
    write(&copies)?;
    write(scratch)
}
