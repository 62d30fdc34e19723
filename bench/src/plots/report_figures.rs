//! The report's own figures, from the CSV files in `reference/`: Table 2 whole, and the few numbers that its
//! text gives for Figures 7 to 12 (the figures themselves cannot be read off a page to any precision).

use std::collections::BTreeMap;

use serde::Deserialize;

const TABLE_2: &str = include_str!("../../reference/table2-update-time.csv");
const HEADLINE: &str = include_str!("../../reference/headline.csv");

/// What the report measured, f = 1.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportFigures {
    /// Table 2, by groups.
    pub table_2: Vec<Table2Row>,
    /// Size of a fused backup of 10,000 elements with its auxiliary lists, bytes (footnote 6).
    pub fused_bytes: f64,
    /// Fusion's backup over replication's at 5 groups (abstract).
    pub backup_ratio: f64,
    /// Replication's recovery at 5 groups and 10,000 elements, microseconds (abstract).
    pub recovery_replication_us: f64,
    /// Fusion's recovery at 5 groups and 10,000 elements, microseconds (abstract).
    pub recovery_fusion_us: f64,
    /// Fusion's recovery at 2 groups and 10,000 elements, microseconds (section "Recovery time").
    pub recovery_fusion_2_groups_us: f64,
}

/// One line of Table 2: update time of one mechanism at one number of groups.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Table2Row {
    /// Groups.
    pub groups: u32,
    /// `fusion` or `replication`.
    pub mechanism: String,
    /// Mean.
    pub mean_us: f64,
    /// Median.
    pub median_us: f64,
    /// Standard deviation.
    pub std_dev_us: f64,
}

#[derive(Deserialize)]
struct HeadlineRow {
    figure: String,
    value: String,
}

impl ReportFigures {
    /// Elements per group at which the report's single figures were taken.
    pub const ELEMENTS: f64 = 10_000.0;
    /// Groups of its most extreme case.
    pub const GROUPS: u32 = 5;

    /// The figures that are part of the program.
    pub fn embedded() -> Self {
        let headline: BTreeMap<String, String> = rows::<HeadlineRow>(HEADLINE)
            .into_iter()
            .map(|row| (row.figure, row.value))
            .collect();
        let number = |figure: &str| -> f64 {
            let value = headline.get(figure).and_then(|value| value.parse().ok());
            value.expect("the embedded file does not change after the build, and a test reads all of it")
        };
        Self {
            table_2: rows(TABLE_2),
            fused_bytes: number("fused_structure_10000_elements_with_aux") * 1e6,
            backup_ratio: number("backup_bytes_fusion_over_replication_most_extreme"),
            recovery_replication_us: number("recovery_replication_most_extreme") * 1e6,
            recovery_fusion_us: number("recovery_fusion_most_extreme") * 1e6,
            recovery_fusion_2_groups_us: number("recovery_fusion_g2_10000_elements") * 1e6,
        }
    }
}

fn rows<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let rows: Result<_, _> = reader.deserialize().collect();
    rows.expect("the embedded file does not change after the build, and a test reads all of it")
}

#[cfg(test)]
mod tests {
    use super::{ReportFigures, Table2Row};

    #[test]
    fn the_embedded_files_give_the_numbers_of_the_report() {
        let report = ReportFigures::embedded();
        let fusion_5 = Table2Row {
            groups: 5,
            mechanism: "fusion".to_owned(),
            mean_us: 1065.98,
            median_us: 1068.0,
            std_dev_us: 855.87,
        };
        assert_eq!(report.table_2.len(), 10);
        assert_eq!(report.table_2[8], fusion_5);
        let single = [
            report.fused_bytes,
            report.backup_ratio,
            report.recovery_replication_us,
            report.recovery_fusion_us,
            report.recovery_fusion_2_groups_us,
        ];
        assert_eq!(single, [730_000.0, 0.83, 3_700.0, 3_400_000.0, 780_000.0]);
    }
}
