//! The percentile text format of HdrHistogram (`.hgrm`), which its plotters read.
//!
//! The layout is that of `outputPercentileDistribution` of the Java original: a header, one line per
//! percentile step (value, quantile, running count, 1 / (1 - quantile)), five steps per halving of the
//! distance to 100 %, and three comment lines. Values are in microseconds.

use std::io::{self, Write};

use hdrhistogram::Histogram;

/// Steps each time the distance to 100 % halves: the usual number of the format.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

/// Nanoseconds per unit of the file.
const NS_PER_US: f64 = 1000.0;

/// Writes a histogram of nanoseconds as microseconds.
///
/// # Errors
/// Those of the writer.
pub fn write_hgrm(out: &mut impl Write, latency_ns: &Histogram<u64>) -> io::Result<()> {
    writeln!(
        out,
        "{:>12} {:>14} {:>10} {:>14}\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    )?;
    let mut running = 0;
    for step in latency_ns.iter_quantiles(TICKS_PER_HALF_DISTANCE) {
        running += step.count_since_last_iteration();
        let value_us = latency_ns.highest_equivalent(step.value_iterated_to()) as f64 / NS_PER_US;
        let quantile = step.quantile_iterated_to();
        write!(out, "{value_us:>12.3} {quantile:>14.12} {running:>10}")?;
        if quantile < 1.0 {
            write!(out, " {:>14.2}", 1.0 / (1.0 - quantile))?;
        }
        writeln!(out)?;
    }
    write_comments(out, latency_ns)
}

fn write_comments(out: &mut impl Write, latency_ns: &Histogram<u64>) -> io::Result<()> {
    let mean = latency_ns.mean() / NS_PER_US;
    let deviation = latency_ns.stdev() / NS_PER_US;
    let max = latency_ns.max() as f64 / NS_PER_US;
    let (count, buckets) = (latency_ns.len(), latency_ns.buckets());
    // As in HdrHistogram: linear buckets that tell 2 * 10^sigfig values apart, rounded up to a power of two.
    let sub_buckets = (2 * 10_u32.pow(u32::from(latency_ns.sigfig()))).next_power_of_two();
    writeln!(
        out,
        "#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]"
    )?;
    writeln!(out, "#[Max     = {max:>12.3}, Total count    = {count:>12}]")?;
    writeln!(
        out,
        "#[Buckets = {buckets:>12}, SubBuckets     = {sub_buckets:>12}]"
    )
}
