//! `bench resync`: how a lost copy of a list comes back, beside Redis.

use std::{future::Future, time::Duration};

use clap::Args;
use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};

use super::{Failure, arguments::MAX_OPS};
use crate::{
    load::{ELEMENT_BYTES, recover_data_node, resynchronise_redis},
    placement::Placement,
    redis::RedisError,
    results::{median, ratio_text, time_us_text},
};

/// `bench resync`.
#[derive(Debug, Args)]
pub struct ResyncArguments {
    /// Elements of 8 bytes; several numbers, separated by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000],
          value_parser = clap::value_parser!(u64).range(1..=MAX_OPS))]
    elements: Vec<u64>,
    /// How often each; medians are printed.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    repeat: u32,
    /// `split`: the door on one core, the copies on another; `free`: wherever the system likes.
    #[arg(long, default_value = "split")]
    placement: Placement,
}

/// Times both in turns and prints the medians.
///
/// # Errors
/// If a cluster, or Redis where it is there, does not do what it should.
pub fn resync(arguments: &ResyncArguments) -> Result<(), Failure> {
    let ResyncArguments {
        elements,
        repeat,
        placement,
    } = arguments;
    let (repeat, placement) = (*repeat, *placement);
    placement.take_client_core();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["elements", "a data node", "a replica of Redis", "of Redis"]);
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut missing = None;
    for elements in elements.iter().copied() {
        let (mut ours, mut redis) = (Vec::new(), Vec::new());
        for _ in 0..repeat {
            ours.push(micros(
                runtime.block_on(interruptible(recover_data_node(elements, placement)))??,
            ));
            match runtime.block_on(interruptible(resynchronise_redis(elements, placement)))? {
                Ok(took) => redis.push(micros(took)),
                Err(error @ RedisError::NotInstalled) => missing = Some(error),
                Err(error) => return Err(error.into()),
            }
        }
        let (ours, redis) = (median(&ours), median(&redis));
        let ratio = ours.zip(redis).map(|(ours, redis)| ours / redis);
        let text = |value: Option<f64>, text: fn(f64) -> String| value.map_or_else(|| "–".to_owned(), text);
        table.add_row([
            elements.to_string(),
            text(ours, time_us_text),
            text(redis, time_us_text),
            text(ratio, ratio_text),
        ]);
    }
    println!("{table}");
    println!("elements of {ELEMENT_BYTES} bytes; medians of {repeat}; placement: {placement}");
    if let Some(missing) = missing {
        println!("{missing}: its figures are left out");
    }
    Ok(())
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}

async fn interruptible<T>(timed: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::select! {
        done = timed => Ok(done),
        _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    }
}
