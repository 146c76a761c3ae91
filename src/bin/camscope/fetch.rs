//! `camscope fetch`: public data sets from their authors.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use camscope::data::{FORMATS, Fetched, Format, Step, fetch};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::say;

/// Download a public data set from its authors, check it and unpack it. A download that was interrupted continues.
#[derive(clap::Args)]
pub struct Args {
    #[arg(help = format!("Data set: {}", names()))]
    dataset: String,
    /// Folder for the files
    dir: PathBuf,
    /// Address of a mirror of the same archive
    #[arg(long)]
    url: Option<String>,
}

/// Names of the formats that can be fetched, separated by commas.
fn names() -> String {
    let fetchable = FORMATS.iter().filter(|format| format.archive.is_some());
    fetchable.map(|format| format.name).collect::<Vec<_>>().join(", ")
}

pub fn run(args: Args) -> anyhow::Result<ExitCode> {
    let format = FORMATS.iter().find(|format| format.name == args.dataset);
    let Some(&Format { name, archive: Some(ref archive), .. }) = format else {
        bail!("there is no data set \"{}\" to fetch; there are {}", args.dataset, names())
    };
    let url = args.url.as_deref().unwrap_or(archive.url);
    let style = "{msg} {bar:30} {decimal_bytes}/{decimal_total_bytes} · {decimal_bytes_per_sec} · {eta} left";
    let bar = ProgressBar::new(0).with_style(ProgressStyle::with_template(style)?);
    let mut last = None;
    let fetched = fetch(archive, url, &args.dir, |step, done, total| {
        if last.replace(step) != Some(step) {
            bar.reset();
            bar.set_message(match step {
                Step::Download => "downloading",
                Step::Check => "checking",
                Step::Unpack => "unpacking",
            });
        }
        bar.set_length(total);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let dir = args.dir.display();
    match fetched {
        Fetched::New => say!("{dir} holds {name}: use it with --data {name}:{dir}"),
        Fetched::Before => say!("{dir} holds {name} already: use it with --data {name}:{dir}"),
    }
    Ok(ExitCode::SUCCESS)
}
