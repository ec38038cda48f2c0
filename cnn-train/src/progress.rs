//! A bar while a net is trained.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::run::Step;

/// How much older steps weigh in the shown loss.
const KEEP: f64 = 0.98;

/// A bar on stderr, if that is a terminal.
pub(crate) struct Bar {
    bar: Option<ProgressBar>,
    begin: Instant,
    /// Steps before this program began, and all of them.
    first: usize,
    total: usize,
    per_epoch: usize,
    batch: usize,
    classes: bool,
    /// Means of recent steps: loss, accuracy, and how much they weigh.
    recent: [f64; 3],
}

impl Bar {
    pub(crate) fn new(first: usize, total: usize, per_epoch: usize, batch: usize, classes: bool) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
            match ProgressStyle::with_template("{bar:30} {msg}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Self { bar, begin: Instant::now(), first, total, per_epoch, batch, classes, recent: [0.0; 3] }
    }

    pub(crate) fn step(&mut self, done: usize, step: Step) {
        let shares = [f64::from(step.loss), f64::from(step.hits) / self.batch as f64, 1.0];
        for (recent, new) in self.recent.iter_mut().zip(shares) {
            *recent = KEEP * *recent + (1.0 - KEEP) * new;
        }
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            bar.set_message(self.message(done, self.begin.elapsed()));
        }
    }

    fn message(&self, done: usize, time: Duration) -> String {
        let [loss, accuracy, weight] = self.recent;
        let epoch = done.saturating_sub(1) / self.per_epoch + 1;
        let steps_a_second = (done - self.first) as f64 / time.as_secs_f64().max(1e-3);
        let left = (self.total - done) as f64 / steps_a_second.max(1e-9);
        let accuracy = if self.classes { format!(", {:.1} %", 100.0 * accuracy / weight) } else { String::new() };
        let [images, epochs] = [steps_a_second * self.batch as f64, (self.total / self.per_epoch) as f64];
        format!(
            "epoch {epoch}/{epochs}: loss {:.4}{accuracy}, {images:.0} images/s, {} left",
            loss / weight,
            clock(left)
        )
    }

    /// Prints a line above the bar.
    pub(crate) fn above(&self, print: impl FnOnce() -> std::io::Result<()>) -> std::io::Result<()> {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// How many images were seen in a second.
    pub(crate) fn speed(&self, done: usize) -> f64 {
        (done - self.first) as f64 * self.batch as f64 / self.begin.elapsed().as_secs_f64().max(1e-9)
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// `1:02:03`, or `2:03`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.min(359_999.0) as u64;
    let [hours, minutes, seconds] = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_how_it_goes() {
        let mut bar = Bar::new(10, 100, 50, 64, true);
        bar.step(60, Step { loss: 0.5, hits: 32 });
        let message = bar.message(60, Duration::from_secs(5));
        assert_eq!(message, "epoch 2/2: loss 0.5000, 50.0 %, 640 images/s, 0:04 left");
        assert_eq!([clock(59.9), clock(3723.0), clock(f64::INFINITY)], ["0:59", "1:02:03", "99:59:59"]);
    }
}
