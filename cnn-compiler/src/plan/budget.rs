//! How large a workspace may be, and the plan that keeps to it.
//!
//! The fastest plan is not the smallest: Winograd's algorithm computes in scratch memory, and its weights are larger. A
//! net for a small target takes the algorithms that need less, and fewer of its layers take all images of a batch:
//!
//! - `#[memory(small)]`: the smallest workspace, and of the plans that have it, one with the smallest weights.
//! - `#[workspace(max = 32_768)]`: the fastest plan that a search finds within that.
//!
//! Both begin with the algorithms that have the least scratch memory, and change one step at a time as long as that helps. A
//! pooling that is fused into its convolution saves more than the scratch memory of some algorithms costs, so a change can
//! help either way.

use std::fmt;

use cnn_net::memory::Memory;
use cnn_net::text::thousands;

use super::Plan;
use super::choice::{Choice, Way};
use super::share::Planned;
use crate::ast::Budget;
use crate::optimise::Optimised;

/// The workspace that a net has to fit into, and the least that was found.
#[derive(Clone, Debug)]
pub struct OverBudget {
    /// Bytes of the smallest workspace.
    pub least: usize,
    /// Bytes allowed.
    pub most: usize,
    /// Images per pass.
    pub images: usize,
    /// What runs when the part of an image is full, and what is in it then: names and bytes.
    pub full: (String, Vec<(String, usize)>),
    /// Bytes outside that part: what leaves the net, for all images.
    pub kept: usize,
}

/// The choices of a net that is searched.
pub(super) struct Search<'a> {
    /// The net, undecided.
    pub(super) net: &'a Optimised,
    /// The ways to compute each step.
    pub(super) choices: &'a [Vec<Choice>],
    /// Plans a net whose steps are decided, if possible in a workspace of this many bytes.
    pub(super) plan: &'a dyn Fn(Optimised, usize) -> Planned,
}

/// What is chosen for each step, and the plan that this gives.
struct Found {
    chosen: Vec<usize>,
    planned: Planned,
}

impl Search<'_> {
    /// A plan within a budget: the fast one, if it fits.
    pub(super) fn within(&self, fast: &[Option<Way>], budget: Budget) -> Result<Plan, OverBudget> {
        if let Budget::AtMost(most) = budget {
            let plan = self.decided(fast, usize::MAX).plan;
            if plan.bytes() <= most {
                return Ok(plan);
            }
        }
        let mut found = self.planned(self.leanest(), budget);
        // Once more after a change, since it may have made room for others.
        while self.improve(&mut found, budget) {}
        // The fastest algorithms may fit if fewer layers take all images.
        let fast = self.planned(self.chosen(fast), budget);
        if self.badness(&fast, budget) < self.badness(&found, budget) {
            found = fast;
        }
        let plan = found.planned.plan;
        match budget {
            Budget::AtMost(most) if plan.bytes() > most => Err(over(&plan, most)),
            Budget::Any | Budget::Least | Budget::AtMost(_) => Ok(plan),
        }
    }

    /// The choices that are these ways.
    fn chosen(&self, ways: &[Option<Way>]) -> Vec<usize> {
        let chosen = |(all, way): (&Vec<Choice>, &Option<Way>)| {
            all.iter().position(|choice| Some(choice.way) == *way).unwrap_or(0)
        };
        self.choices.iter().zip(ways).map(chosen).collect()
    }

    /// For each step, the choice with the least scratch memory, and of these the fastest.
    fn leanest(&self) -> Vec<usize> {
        let steps = self.net.steps.iter().zip(self.choices);
        let least = steps.map(|(step, choices)| {
            let scratch = |choice: &Choice| match choice.way {
                Way::Conv(algorithm) => algorithm.scratch(self.net.values[step.output].size()).unwrap_or(0),
                Way::Linear { .. } => 0,
            };
            (0..choices.len()).min_by_key(|index| scratch(&choices[*index])).unwrap_or(0)
        });
        least.collect()
    }

    fn planned(&self, chosen: Vec<usize>, budget: Budget) -> Found {
        let ways = self.choices.iter().zip(&chosen).map(|(all, index)| all.get(*index).map(|choice| choice.way));
        let most = match budget {
            Budget::Any => usize::MAX,
            // Whatever takes all images needs more than one after the other.
            Budget::Least => 0,
            Budget::AtMost(most) => most,
        };
        Found { planned: self.decided(&ways.collect::<Vec<_>>(), most), chosen }
    }

    fn decided(&self, ways: &[Option<Way>], most: usize) -> Planned {
        let mut net = self.net.clone();
        net.decide(ways);
        (self.plan)(net, most)
    }

    /// Changes each step to its best choice, those first that save the most time. Returns whether any was changed.
    fn improve(&self, found: &mut Found, budget: Budget) -> bool {
        let gain = |step: usize| {
            let costs = || self.choices[step].iter().map(|choice| choice.cost);
            costs().fold(0.0, f64::max) - costs().fold(f64::INFINITY, f64::min)
        };
        let mut steps: Vec<usize> = (0..self.choices.len()).filter(|step| self.choices[*step].len() > 1).collect();
        steps.sort_by(|a, b| gain(*b).total_cmp(&gain(*a)));
        let mut changed = false;
        for step in steps {
            for choice in 0..self.choices[step].len() {
                let mut chosen = found.chosen.clone();
                chosen[step] = choice;
                let other = self.planned(chosen, budget);
                if self.badness(&other, budget) < self.badness(found, budget) {
                    (*found, changed) = (other, true);
                }
            }
        }
        changed
    }

    /// What a budget wants less of, the most important first.
    fn badness(&self, found: &Found, budget: Budget) -> [f64; 2] {
        let Found { chosen, planned: Planned { plan, saves } } = found;
        let costs = || {
            let costs = self.choices.iter().zip(chosen).filter_map(|(all, index)| Some(all.get(*index)?.cost));
            costs.sum::<f64>() - saves
        };
        match budget {
            Budget::Any => [0.0, costs()],
            Budget::Least => [plan.bytes() as f64, plan.packed_len as f64],
            Budget::AtMost(most) => [plan.bytes().saturating_sub(most) as f64, costs()],
        }
    }
}

/// Says why a plan exceeds its limit.
fn over(plan: &Plan, most: usize) -> OverBudget {
    let full = plan.memory(|memory: &Memory<'_>| {
        let alive =
            |time: usize| memory.buffers.iter().filter(move |buffer| (buffer.first..=buffer.last).contains(&time));
        let floats = |time: usize| alive(time).map(|buffer| buffer.len).sum::<usize>();
        let time = (0..memory.times.len()).max_by_key(|time| (floats(*time), usize::MAX - time)).unwrap_or(0);
        let held = alive(time).map(|buffer| {
            let of = if buffer.name == memory.times[time] { "its output" } else { buffer.name };
            (of.to_owned(), buffer.len * size_of::<f32>())
        });
        (memory.times[time].to_owned(), held.collect())
    });
    let kept = plan.bytes() - plan.workspace_len * size_of::<f32>();
    OverBudget { least: plan.bytes(), most, images: plan.images, full, kept }
}

/// The message at the limit.
impl fmt::Display for OverBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { least, most, images, full: (time, held), kept } = self;
        let [least, more, most] = [*least, least - most, *most].map(|bytes| thousands(bytes as u64));
        writeln!(f, "the smallest workspace takes {least} bytes, {more} more than the {most} that it may have")?;
        let bytes = |bytes: usize| format!("{} bytes", thousands(bytes as u64));
        let held: Vec<String> = held.iter().map(|(of, held)| format!("{of}, {}", bytes(*held))).collect();
        let what = if *images == 1 { "it" } else { "the part in which images take turns" };
        writeln!(f, "  {what} is full at `{time}`: {}", held.join("; "))?;
        if *images > 1 {
            writeln!(f, "  what leaves the net, of {images} images, takes {}", bytes(*kept))?;
        }
        let least = least.replace(',', "_");
        write!(
            f,
            "help: `max = {least}`, a smaller input, fewer channels there, or a larger stride or a pooling before it"
        )
    }
}
