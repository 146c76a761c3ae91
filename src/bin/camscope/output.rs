//! Standard output that the reader can close at any time, as in `camscope info | head -1`.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write, stdout};

/// Print a line to standard output. If its reader has closed it, end the program successfully.
macro_rules! say {
    () => { $crate::output::line(format_args!("")) };
    ($($arguments:tt)*) => { $crate::output::line(format_args!($($arguments)*)) };
}
pub(crate) use say;

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
