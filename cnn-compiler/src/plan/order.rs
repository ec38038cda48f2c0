//! The order of a pass over a batch: which calls run for which images, and when what leaves the net is gathered.

use std::ops::Range;

use super::pass::Gather;
use super::{Call, Plan};

/// A part of a pass. `plan/batch.rs` says what an image may overwrite in which.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Calls that take all images.
    Together(Range<usize>),
    /// Calls for each image, which stay in its own part of the workspace.
    Apart(Range<usize>),
    /// Calls and copies for each image, which may use the workspaces of the images after it.
    InTurns {
        /// Whether the last image begins.
        last_first: bool,
        /// For each image.
        acts: Vec<Act>,
    },
}

/// What is done for an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Act {
    /// The call of this number.
    Call(usize),
    /// What leaves the net is copied to its place next to that of the other images.
    Gather(Gather),
}

impl Plan {
    /// The parts of a pass over several images.
    #[must_use]
    pub fn order(&self) -> Vec<Part> {
        let gathers = self.pass().gathers;
        let complete = |calls: Range<usize>| {
            gathers.iter().filter(move |gather| calls.contains(&gather.complete)).map(|gather| Act::Gather(*gather))
        };
        let (mut parts, mut done, mut gathered) = (Vec::new(), 0, 0);
        for run in self.calls.chunk_by(|a, b| !a.shared && !b.shared) {
            let calls = done..done + run.len();
            done = calls.end;
            if run.iter().any(|call: &Call| call.shared) {
                parts.push(Part::Together(calls));
            } else if calls.start > 0 && calls.end < self.calls.len() {
                parts.push(Part::Apart(calls));
            } else {
                let last_first = calls.start > 0;
                let late = complete(gathered..calls.start + 1);
                let acts = calls.flat_map(|call| [Act::Call(call)].into_iter().chain(complete(call + 1..call + 2)));
                parts.push(Part::InTurns { last_first, acts: late.chain(acts).collect() });
                gathered = done + 1;
            }
        }
        let rest: Vec<Act> = complete(gathered..done + 1).collect();
        if !rest.is_empty() {
            parts.push(Part::InTurns { last_first: true, acts: rest });
        }
        parts
    }
}
