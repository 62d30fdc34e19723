//! `bench lean`: what one plain copy takes, beside Redis.

use comfy_table::{CellAlignment, Table, presets::UTF8_FULL_CONDENSED};
use wire::process::HeapProbe;

use super::Failure;
use crate::{
    lean::{RedisScales, Weighed, weigh_ours},
    redis::RedisError,
};

/// Weighs and prints.
///
/// # Errors
/// If Redis is there but does not do what it should.
pub fn lean(elements: u64, heap: HeapProbe) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(weigh(elements, heap))
}

async fn weigh(elements: u64, heap: HeapProbe) -> Result<(), Failure> {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED);
    table.set_header(["what", "where", "bytes", "bytes per element", "of these its own"]);
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut add = |weighed: Weighed, place: String, bytes: u64| {
        table.add_row([
            weighed.name().to_owned(),
            place,
            bytes.to_string(),
            format!("{:.2}", bytes as f64 / elements as f64),
            weighed.own_bytes().to_string(),
        ]);
    };
    let (mut redis, missing) = match RedisScales::start().await {
        Ok(mut redis) => {
            let version = redis.version().await?;
            (Some((redis, version)), None)
        }
        Err(missing @ RedisError::NotInstalled) => (None, Some(missing)),
        Err(error) => return Err(error.into()),
    };
    for weighed in Weighed::ALL {
        add(weighed, "here".to_owned(), weigh_ours(weighed, elements, heap));
        if let Some((redis, version)) = &mut redis {
            let bytes = redis.weigh(weighed, elements).await?;
            add(weighed, format!("Redis {version}, used_memory"), bytes.used);
            add(weighed, format!("Redis {version}, MEMORY USAGE"), bytes.of_key);
        }
    }
    println!("{table}");
    println!("{elements} elements each; here: live bytes of the allocator, indexes and reserves included");
    if let Some(missing) = missing {
        println!("{missing}: its figures are left out");
    }
    Ok(())
}
