//! The CSV files of a run: their names and columns, in one place for whoever writes and whoever reads them.

/// One CSV file of a run's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TableFile {
    /// Its name in the folder.
    pub(super) name: &'static str,
    /// The columns behind those of the configuration.
    columns: &'static str,
}

/// Every row begins with them.
const CONFIGURATION: &str = "mechanism,groups,faults,structure,workload,value_bytes";

pub(super) const UPDATES: TableFile = TableFile {
    name: "updates.csv",
    columns: "trial,at,count,mean_us,std_dev_us,p50_us,p90_us,p99_us,p999_us,max_us,messages_per_update,\
              bytes_per_update",
};

pub(super) const SIZES: TableFile = TableFile {
    name: "backup_size.csv",
    columns: "trial,elements_per_group,node,role,payload_bytes,auxiliary_bytes,heap_bytes,resident_bytes",
};

pub(super) const RECOVERIES: TableFile = TableFile {
    name: "recovery.csv",
    columns: "trial,crash,circumstance,elements_per_group,contents_bytes,node,role,detect_us,restart_us,fence_us,\
              transfer_us,decode_us,install_us,total_us,writes_paused_us,moved_bytes,lost,wrong",
};

pub(super) const OTHERS: TableFile = TableFile {
    name: "others.csv",
    columns: "trial,crash,period,duration_ms,updates,updates_per_s,p50_us,p99_us,p999_us,max_us",
};

pub(super) const THROUGHPUT: TableFile = TableFile {
    name: "throughput.csv",
    columns: "trial,crash,t_ms,bucket_ms,updates,max_us",
};

pub(super) const SUMMARY: TableFile = TableFile {
    name: "summary.csv",
    columns: "ops,update_mean_us,update_p50_us,update_p50_over_floor,backup_bytes,backup_over_replication,\
              recovery_p50_us,recovery_over_replication,lost,wrong",
};

impl TableFile {
    /// All files of a run, those that grow with it and the summary.
    pub(super) const ALL: [Self; 6] = [UPDATES, SIZES, RECOVERIES, OTHERS, THROUGHPUT, SUMMARY];

    /// The file's first line, without its end.
    pub(super) fn header(self) -> String {
        format!("{CONFIGURATION},{}", self.columns)
    }
}
