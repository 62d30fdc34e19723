//! Where a run took place and what was run: machine, commit, compiler. Times mean little without them.

use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};
use sysinfo::System;

/// Stands where the machine does not say.
const UNKNOWN: &str = "unknown";

/// The machine of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// Logical cores.
    pub cores: usize,
    /// Memory.
    pub memory_bytes: u64,
    /// The kernel's name and version.
    pub kernel: String,
}

impl Machine {
    /// This machine.
    pub fn detect() -> Self {
        let mut system = System::new();
        system.refresh_cpu_all();
        system.refresh_memory();
        let brand = system.cpus().first().map_or("", |cpu| cpu.brand().trim());
        Self {
            processor: if brand.is_empty() {
                System::cpu_arch()
            } else {
                brand.to_owned()
            },
            cores: system.cpus().len(),
            memory_bytes: system.total_memory(),
            kernel: System::kernel_long_version(),
        }
    }
}

/// The source and the compiler of this program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The commit, with `-dirty` where tracked files differ from it; `unknown` outside a repository.
    pub commit: String,
    /// The compiler's version.
    pub compiler: String,
}

impl Build {
    /// The commit of the source that this program was built from, as it is now, and its compiler.
    pub fn detect() -> Self {
        Self {
            commit: commit_of(Path::new(env!("CARGO_MANIFEST_DIR"))),
            compiler: env!("BENCH_COMPILER").to_owned(),
        }
    }
}

/// The commit checked out at `folder`, marked where tracked files differ from it. New files do not count:
/// a run's own output is one, and a new source file is of no effect until a tracked one names it.
fn commit_of(folder: &Path) -> String {
    let Some(commit) = git(folder, &["rev-parse", "HEAD"]) else {
        return UNKNOWN.to_owned();
    };
    match git(folder, &["status", "--porcelain", "--untracked-files=no"]) {
        Some(changes) if changes.is_empty() => commit,
        _ => commit + "-dirty",
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{commit_of, git};

    #[test]
    fn a_commit_is_unknown_outside_a_repository_and_marked_where_files_differ() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert_eq!(commit_of(path), "unknown");

        let commit_all = [
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.org",
            "commit",
            "--quiet",
            "-m",
            "first",
        ];
        fs::write(path.join("source"), "one").unwrap();
        git(path, &["init", "--quiet"]).unwrap();
        git(path, &["add", "source"]).unwrap();
        git(path, &commit_all).unwrap();
        let commit = git(path, &["rev-parse", "HEAD"]).unwrap();
        fs::write(path.join("results"), "").unwrap();
        assert_eq!(commit_of(path), commit);

        fs::write(path.join("source"), "two").unwrap();
        assert_eq!(commit_of(path), format!("{commit}-dirty"));
    }
}
