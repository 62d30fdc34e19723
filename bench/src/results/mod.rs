//! What a run leaves behind: observations as rows, the folder that keeps them, and what follows from them.
//!
//! Rows are tidy: one per observation, units in the column names. They are appended and flushed as they
//! come; the summary, the table, the plots and the report are all computed from the rows alone, so that a
//! folder can be read back, compared with another one, and drawn again.
//!
//! Invariant: the set of mechanisms is open. A mechanism is a name in a row; nothing here lists them.

mod backup_size;
mod compare;
mod configuration;
mod error;
mod folder;
mod hgrm;
mod median;
mod others;
mod others_summary;
mod quantity;
mod recovery;
mod run;
mod run_record;
mod summary;
mod table;
mod table_file;
mod timestamp;
mod update;
mod value_bytes;

pub use backup_size::BackupSizeRow;
pub use compare::compare;
pub use configuration::{Configuration, Role};
pub use error::FolderError;
pub use folder::{Ending, RunFolder};
pub use hgrm::write_hgrm;
pub use median::median;
pub use others::{OthersRow, Period, ThroughputRow};
pub use others_summary::{OthersSummary, others_summary};
pub use quantity::{bytes_text, ratio_text, time_us_text};
pub use recovery::{Circumstance, LastRecovery, RecoveryRow, last_recoveries};
pub use run::Run;
pub use run_record::RunRecord;
pub use summary::{SummaryRow, summarize};
pub use table::{result_cells, result_table, structure_text};
pub use timestamp::rfc3339_utc;
pub use update::{At, Traffic, UpdateRow};
pub use value_bytes::{BadValueBytes, ValueBytes};
