//! `bench floor`: the bare loopback rounds.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};

use super::Failure;
use crate::{
    floor::{RoundTimes, measure},
    placement::Placement,
};

/// Measures and prints them.
///
/// # Errors
/// If an echo process fails.
pub fn floor(faults: u32, samples: u32, placement: Placement) -> Result<(), Failure> {
    placement.take_client_core();
    let floor = measure(faults, samples, placement)?;
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["round", "p50 us", "p90 us", "p99 us", "mean us"]);
    let rows: [(String, RoundTimes); 4] = [
        ("a client's round trip".to_owned(), floor.client_round_trip),
        (format!("one round to f = {faults}"), floor.one_round_to_f),
        (
            format!("one round to f + 1 = {}", faults + 1),
            floor.one_round_to_f_plus_1,
        ),
        (
            format!("two rounds to f + 1 = {}", faults + 1),
            floor.two_rounds_to_f_plus_1,
        ),
    ];
    for (name, times) in rows {
        let RoundTimes {
            p50_us,
            p90_us,
            p99_us,
            mean_us,
        } = times;
        let figures = [p50_us, p90_us, p99_us, mean_us].map(|us| format!("{us:.1}"));
        table.add_row([vec![name], figures.to_vec()].concat());
    }
    println!("{table}");
    println!(
        "{} samples of {}-byte messages over kept connections",
        floor.samples, floor.message_bytes
    );
    println!("placement: {placement}");
    Ok(())
}
