//! `bench check-history FILE`: whether what clients saw can be the truth.
//!
//! Exit codes: 0 linearizable, 1 not, or undecided, 2 no such file or not of that form.

use std::path::PathBuf;

use super::Failure;
use crate::history::{DEFAULT_BUDGET, Report, Verdict, check, read};

/// `bench check-history`.
#[derive(Debug, clap::Args)]
pub struct CheckHistoryArguments {
    /// The history: JSON lines, the first one says what the groups protect.
    pub file: PathBuf,
    /// Steps that the search for an order may take, of each group or key; past it, it is undecided.
    #[arg(long, default_value_t = DEFAULT_BUDGET, value_parser = clap::value_parser!(u64).range(1..))]
    pub budget: u64,
}

/// Reads, checks, says what was found.
///
/// # Errors
/// `Usage` if the file is no history; `Failed` if it is not linearizable, or that is not known.
pub fn check_history(arguments: &CheckHistoryArguments) -> Result<(), Failure> {
    let file = arguments.file.display();
    let history =
        read::read(&arguments.file).map_err(|error| Failure::Usage(format!("error: {file}: {error}")))?;
    let report = check(&history, arguments.budget);
    println!("{}", counted(&report));
    match &report.verdict {
        Verdict::Linearizable => {
            println!("linearizable");
            Ok(())
        }
        Verdict::Flawed(flaws) => {
            flaws.iter().for_each(|flaw| println!("\n{flaw}"));
            let (count, all) = (flaws.len(), report.objects);
            Err(anyhow::anyhow!("not linearizable: {count} of {all} objects have no order").into())
        }
        Verdict::Undecided(names) => Err(anyhow::anyhow!(
            "undecided: {} steps were not enough for {}; --budget allows more",
            arguments.budget,
            names.join("; ")
        )
        .into()),
    }
}

fn counted(report: &Report) -> String {
    let Report {
        operations,
        uncertain,
        objects,
        ..
    } = report;
    format!("{operations} operations, {uncertain} of them with unknown outcome, on {objects} objects")
}
