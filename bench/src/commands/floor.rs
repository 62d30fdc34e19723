//! `bench floor`: the bare loopback rounds, one message at a time and many in one piece.

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::Failure;
use crate::{
    floor::{BatchedFloor, Floor, RoundTimes, measure_batched, measure_over, receivers},
    placement::Placement,
};

/// Measures and prints them.
///
/// # Errors
/// If an echo process fails.
pub fn floor(faults: u32, samples: u32, window: usize, placement: Placement) -> Result<(), Failure> {
    placement.take_client_core();
    let mut receivers = receivers(faults, placement)?;
    let floor = measure_over(&mut receivers, samples)?;
    let batched = measure_batched(&mut receivers, window, samples)?;
    println!("{}", table(&floor, &batched));
    println!(
        "{} samples of {}-byte messages over kept connections",
        floor.samples, floor.message_bytes
    );
    println!("placement: {placement}");
    Ok(())
}

fn table(floor: &Floor, batched: &BatchedFloor) -> Table {
    let faults = floor.faults;
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header([
        "round",
        "messages",
        "p50 us",
        "p90 us",
        "p99 us",
        "mean us",
        "messages/s",
    ]);
    let round_trip = "a client's round trip".to_owned();
    let to_f = format!("one round to f = {faults}");
    let to_f_plus_1 = format!("one round to f + 1 = {}", faults + 1);
    let two_to_f_plus_1 = format!("two rounds to f + 1 = {}", faults + 1);
    let rows: [(&str, usize, RoundTimes); 8] = [
        (&round_trip, 1, floor.client_round_trip),
        (&to_f, 1, floor.one_round_to_f),
        (&to_f_plus_1, 1, floor.one_round_to_f_plus_1),
        (&two_to_f_plus_1, 1, floor.two_rounds_to_f_plus_1),
        (&round_trip, batched.window, batched.client_round_trip),
        (&to_f, batched.window, batched.one_round_to_f),
        (&to_f_plus_1, batched.window, batched.one_round_to_f_plus_1),
        (&two_to_f_plus_1, batched.window, batched.two_rounds_to_f_plus_1),
    ];
    for (name, messages, times) in rows {
        let RoundTimes {
            p50_us,
            p90_us,
            p99_us,
            mean_us,
        } = times;
        let figures = [p50_us, p90_us, p99_us, mean_us].map(|us| format!("{us:.1}"));
        let per_second = format!("{:.0}", messages as f64 * 1e6 / p50_us);
        let row = [
            vec![name.to_owned(), messages.to_string()],
            figures.to_vec(),
            vec![per_second],
        ];
        table.add_row(row.concat());
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
