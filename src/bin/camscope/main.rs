//! Native binary: the page's models and maps on files, and the training that makes them.

// A closed pipe must not panic: `output::say` writes instead.
#![deny(clippy::print_stdout)]

mod batch;
mod bench;
mod bench_train;
mod cam;
mod curves;
mod eval;
mod evaluation_data;
mod fetch;
mod import;
mod info;
mod model;
mod output;
mod publish;
mod report;
mod run_config;
mod run_folder;
mod score;
mod sheet;
mod train;
#[cfg(feature = "autotune")]
mod tuning;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// mimalloc keeps freed memory. The system's allocator returns megabytes to the kernel, which clears them before they are
/// used again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Keep freed memory for longer than a training step takes.
#[expect(unsafe_code, reason = "mimalloc's options are set through its C interface")]
fn keep_freed_memory() {
    /// `mi_option_purge_delay` of mimalloc's `mi_option_t`, in milliseconds.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: mimalloc allows setting options at any time, and ignores one that does not exist.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, 10_000) };
}

/// See where a convolutional network looked.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Cam(cam::Args),
    /// List the methods with their caveats, as a table in Markdown.
    Methods,
    Report(report::Args),
    Train(Box<train::Args>),
    Eval(eval::Args),
    Fetch(fetch::Args),
    Score(score::Args),
    Curves(curves::Args),
    Info(info::Args),
    Import(import::Args),
    Export(publish::ExportArgs),
    Publish(publish::PublishArgs),
    Unpublish(publish::UnpublishArgs),
    Bench(bench::Args),
    BenchTrain(bench_train::Args),
    /// Rewrite a models folder's manifest.json from the cards in it.
    Manifest {
        #[arg(default_value = "www/models")]
        dir: PathBuf,
    },
}

fn main() -> ExitCode {
    keep_freed_memory();
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let result = match cli.command {
        Command::Cam(args) => cam::run(args),
        Command::Methods => Ok(cam::methods()),
        Command::Report(args) => report::run(args),
        Command::Train(args) => train::run(*args, matches.subcommand_matches("train").unwrap_or(&matches)),
        Command::Eval(args) => eval::run(args),
        Command::Fetch(args) => fetch::run(args),
        Command::Score(args) => score::run(args),
        Command::Curves(args) => curves::run(args),
        Command::Info(args) => info::run(args),
        Command::Import(args) => import::run(args),
        Command::Export(args) => publish::run_export(args),
        Command::Publish(args) => publish::run_publish(args),
        Command::Unpublish(args) => publish::run_unpublish(args),
        Command::Bench(args) => bench::run(args),
        Command::BenchTrain(args) => bench_train::run(args),
        Command::Manifest { dir } => model::write_manifest_of(&dir),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("camscope: {}", output::text_of(&error));
            ExitCode::FAILURE
        }
    }
}
