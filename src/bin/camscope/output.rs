//! Standard output that may be closed at any time, as by `camscope info | head -1`.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write, stdout};

/// Print a line to standard output. Where nobody reads it any more, the program ends as if it were done.
macro_rules! say {
    () => { $crate::output::line(format_args!("")) };
    ($($arguments:tt)*) => { $crate::output::line(format_args!($($arguments)*)) };
}
pub(crate) use say;

/// What [`say`] calls.
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
