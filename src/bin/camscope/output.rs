//! Standard output that the reader can close at any time, as in `camscope info | head -1`.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write, stdout};

/// Print a line to standard output. If its reader has closed it, end the program successfully.
macro_rules! say {
    () => { $crate::output::line(format_args!("")) };
    ($($arguments:tt)*) => { $crate::output::line(format_args!($($arguments)*)) };
}
pub(crate) use say;

/// Return an error with its causes, each said once: many errors have their cause's text in their own.
pub fn text_of(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Print a line; called by [`say`].
pub fn line(text: Arguments<'_>) {
    let mut out = stdout().lock();
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) {
        if error.kind() == ErrorKind::BrokenPipe {
            std::process::exit(0);
        }
        eprintln!("camscope: standard output cannot be written: {error}");
        std::process::exit(1);
    }
}
