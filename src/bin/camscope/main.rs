//! The native binary: the same models and maps as the page, on files; and the training that feeds the page.

mod import;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// See where a convolutional network looked.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Import(import::Args),
    Train(train::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Import(args) => import::run(args),
        Command::Train(args) => train::run(args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("camscope: {error:#}");
            ExitCode::FAILURE
        }
    }
}
