//! The bench: see `bench --help`.

use std::{alloc::System, process::ExitCode};

use bench::{
    commands::{
        Failure,
        arguments::{Command, CommandLine},
        check_history, config, experiment, floor, lean, load, member, node, rejoin, resync, scrub, takeover,
        up,
    },
    floor::echo,
    placement, results,
};
use cap::Cap;
use clap::Parser;

/// Counts the live bytes of the nodes that this program runs as.
#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

fn heap_bytes() -> u64 {
    ALLOCATOR.allocated() as u64
}

fn main() -> ExitCode {
    let CommandLine {
        command,
        experiment: arguments,
    } = CommandLine::parse();
    if let Some(Command::Node { core: Some(core), .. } | Command::FloorEcho { core: Some(core) }) = command {
        placement::keep_on(core);
    }
    if let Some(Command::Node { role, arguments, .. }) = command {
        return node::run(role, arguments, heap_bytes);
    }
    wire::role::start_logging();
    let done = match command {
        None => experiment::experiment(arguments),
        Some(Command::Up { cluster, fresh }) => up::up(&cluster, fresh),
        Some(Command::Config(arguments)) => config::config(&arguments),
        Some(Command::Check { cluster }) => config::check(&cluster),
        Some(Command::Scrub(arguments)) => scrub::scrub(&arguments),
        Some(Command::Member(command)) => member::member(&command),
        Some(Command::Resync(arguments)) => resync::resync(&arguments),
        Some(Command::Rejoin(arguments)) => rejoin::rejoin(&arguments),
        Some(Command::Load(arguments)) => load::load(&arguments),
        Some(Command::Floor {
            faults,
            samples,
            window,
            placement,
        }) => floor::floor(faults, samples, window.into(), placement),
        Some(Command::Takeover(arguments)) => takeover::takeover(&arguments),
        Some(Command::Lean { elements }) => lean::lean(elements, heap_bytes),
        Some(Command::CheckHistory(arguments)) => check_history::check_history(&arguments),
        Some(Command::Compare { a, b }) => compare(&a, &b),
        Some(Command::Report { folder }) => experiment::redraw(&folder),
        Some(Command::FloorEcho { .. }) => echo().map_err(Failure::from),
        Some(Command::Node { .. }) => Ok(()), // dealt with above
    };
    done.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}

fn compare(a: &std::path::Path, b: &std::path::Path) -> Result<(), Failure> {
    let text = results::compare(a, b).map_err(|error| Failure::Usage(format!("error: {error}")))?;
    println!("{text}");
    Ok(())
}
