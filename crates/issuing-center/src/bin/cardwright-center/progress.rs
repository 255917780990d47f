//! How far a long command is: a bar on standard error where a person looks at it; what the command answers stays clean.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `total` steps under the name of `what` is made; it goes away when it is dropped.
pub(crate) fn bar(total: u64, what: String) -> ProgressBar {
    let bar = if stderr().is_terminal() && total > 0 { ProgressBar::new(total) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{msg}  {bar:40} {pos}/{len}  {elapsed}, {eta} left");
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())).with_message(what);
    bar.tick();
    bar
}
