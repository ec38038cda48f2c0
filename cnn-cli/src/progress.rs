//! The progress of long tasks.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar appears after this time.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar on stderr, if that is a terminal and the task takes long. Dropping it removes the bar.
pub(crate) struct Bar {
    /// Starts a task, described as in `reading weights`.
    does: &'static str,
    begin: Instant,
    bar: RefCell<Option<ProgressBar>>,
}

impl Bar {
    pub(crate) fn new(does: &'static str) -> Self {
        Self { does, begin: Instant::now(), bar: RefCell::new(None) }
    }

    /// Sets how much of the total is done.
    pub(crate) fn show(&self, done: u64, total: u64) {
        if self.begin.elapsed() < PATIENCE {
            return;
        }
        let mut bar = self.bar.borrow_mut();
        bar.get_or_insert_with(|| drawn(self.does, total)).set_position(done);
    }
}

fn drawn(does: &'static str, total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr()).with_message(does);
    match ProgressStyle::with_template("{msg} {bar:40} {percent} %") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get_mut() {
            bar.finish_and_clear();
        }
    }
}
