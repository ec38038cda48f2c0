//! Groups where a file has no modules: runs of layers that recur.
//!
//! A run is a group if it reads one value from outside, and if nothing but its end is read there. Two runs are alike if the same
//! layers read from each other; only numbers may differ, which become parameters of a block. Runs are compared by a hash that grows
//! with each layer, so all runs of all lengths take one pass.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

use cnn_net::graph::Value;
use cnn_net::op::{Kind, Op};

use super::is_merge;
use crate::blocks::{LEAST_WEIGHTS, is_weighted, words};
use crate::lower::Draft;

/// Longer runs are not considered for blocks.
const LONGEST: usize = 64;
/// This many layers whose names differ only in their number were not named by people.
const LEAST_COUNTED: usize = 10;
/// At most this many kinds of groups are looked for.
const MOST_KINDS: usize = 8;

/// Which runs to prefer. What makes the shortest text is not known before it is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Preference {
    /// Those whose block saves most.
    Saving,
    /// The same without those that join branches more than once, which are several blocks.
    Single,
    /// Of these, first those that join branches.
    Joined,
}

/// Wishes with groups in place of names that say nothing, in several ways.
pub(crate) fn grouped(drafts: &[Draft<'_>], outputs: &[(String, Value)], wishes: &[String]) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    for preference in [Preference::Single, Preference::Joined, Preference::Saving] {
        let mut runs = Runs::new(drafts, outputs, wishes, preference);
        let mut found: Vec<Range<usize>> = Vec::new();
        for _ in 0..MOST_KINDS {
            let Some(best) = runs.best() else { break };
            for run in &best {
                runs.is_free[run.clone()].fill(false);
            }
            found.extend(best);
        }
        found.sort_unstable_by_key(|run| run.start);
        let way = named(drafts, &found, wishes);
        if !found.is_empty() && !all.contains(&way) {
            all.push(way);
        }
    }
    all
}

/// Wishes with these runs as groups: `residual1.conv1`.
fn named(drafts: &[Draft<'_>], runs: &[Range<usize>], wishes: &[String]) -> Vec<String> {
    let mut wishes = wishes.to_vec();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for run in runs {
        let word = word(&drafts[run.clone()]);
        let count = counts.entry(word).or_default();
        *count += 1;
        let group = format!("{word}{count}");
        for index in run.clone() {
            let same = |other: &usize| {
                let (own, other) = (&drafts[index], &drafts[*other]);
                !other.tensors.is_empty() && own.op.name() == other.op.name()
            };
            let (before, all) = ((run.start..=index).filter(same).count(), run.clone().filter(same).count());
            let name = match (drafts[index].tensors.is_empty(), all) {
                (true, _) => String::new(),
                (false, 1) => drafts[index].op.name().to_owned(),
                (false, _) => format!("{}{before}", drafts[index].op.name()),
            };
            wishes[index] = format!("{group}.{name}");
        }
    }
    wishes
}

/// What the layers of a run do, in a word.
fn word(run: &[Draft<'_>]) -> &'static str {
    let merge = run.iter().rev().find(|draft| is_merge(draft)).map(|draft| draft.op.facts().kind);
    match merge {
        Some(Kind::Addition) => "residual",
        Some(Kind::Concatenation) => "joined",
        Some(Kind::Multiplication) => "gated",
        _ => "part",
    }
}

/// The layers of a net, of which some belong to no group yet.
struct Runs<'d, 'a> {
    drafts: &'d [Draft<'a>],
    /// What a layer does, without its numbers.
    kinds: Vec<u64>,
    /// The last layer that reads a value; outputs are read after all layers.
    last_readers: Vec<usize>,
    /// Whether a layer may be put into a group.
    is_free: Vec<bool>,
    preference: Preference,
}

impl<'d, 'a> Runs<'d, 'a> {
    fn new(drafts: &'d [Draft<'a>], outputs: &[(String, Value)], wishes: &[String], preference: Preference) -> Self {
        let mut last_readers = vec![0; drafts.len()];
        for (index, draft) in drafts.iter().enumerate() {
            for value in &draft.inputs {
                if let Value::Node(read) = value {
                    last_readers[*read] = index;
                }
            }
        }
        for (_, value) in outputs {
            if let Value::Node(read) = value {
                last_readers[*read] = drafts.len();
            }
        }
        // Only the windows of depthwise convolutions differ among blocks that people call the same.
        let kernel = |op: &Op| match op {
            Op::Conv(conv) if conv.groups == 1 => Some((conv.kernel.height, conv.kernel.width)),
            _ => None,
        };
        let kind = |draft: &Draft<'_>| hash(&(draft.op.name(), words(&draft.op), kernel(&draft.op)));
        let counted = counted(wishes);
        let is_free = |(draft, wish): (&Draft<'_>, &String)| {
            wish.is_empty() || *wish == draft.op.name() || counted.contains(stem(wish))
        };
        let is_free = drafts.iter().zip(wishes).map(is_free).collect();
        Self { drafts, kinds: drafts.iter().map(kind).collect(), last_readers, is_free, preference }
    }

    /// The runs that are alike whose block saves most.
    fn best(&self) -> Option<Vec<Range<usize>>> {
        let mut alike: BTreeMap<u64, Vec<Range<usize>>> = BTreeMap::new();
        for start in 0..self.drafts.len() {
            self.each_run(start, |hash, end| {
                let runs = alike.entry(hash).or_default();
                // Those that overlap can't both be groups.
                if runs.last().is_none_or(|last| last.end <= start) {
                    runs.push(start..end);
                }
            });
        }
        let is_single = |runs: &[Range<usize>]| {
            self.preference == Preference::Saving || runs.first().is_some_and(|run| self.joins(run) < 2)
        };
        let worth = |runs: Vec<Range<usize>>| {
            let saving = self.saving(&runs).filter(|saving| *saving > 0 && is_single(&runs))?;
            Some((saving, runs))
        };
        let worthy = alike.into_values().filter_map(worth);
        let key = |(saving, runs): &(usize, Vec<Range<usize>>)| {
            let first = runs.first().map_or(0, |run| run.start);
            let joins = runs.first().map_or(0, |run| self.joins(run));
            let rank = usize::from(self.preference == Preference::Joined && joins > 0);
            (rank, *saving, self.begins_well(first), std::cmp::Reverse(first))
        };
        worthy.max_by_key(key).map(|(_, runs)| runs)
    }

    /// Calls `each` with the hash and the end of every run from here that could be a group.
    fn each_run(&self, start: usize, mut each: impl FnMut(u64, usize)) {
        let (mut hasher, mut outside, mut weights, mut read_until) = (DefaultHasher::new(), None, 0, 0);
        for index in start..self.drafts.len().min(start + LONGEST) {
            let draft = &self.drafts[index];
            if !self.is_free[index] {
                return;
            }
            self.kinds[index].hash(&mut hasher);
            for value in &draft.inputs {
                match value {
                    Value::Node(read) if *read >= start => (index - read).hash(&mut hasher),
                    Value::Node(_) | Value::Input(_) => {
                        if *outside.get_or_insert(*value) != *value {
                            return;
                        }
                        0.hash(&mut hasher);
                    }
                }
            }
            weights += usize::from(is_weighted(&draft.op));
            if weights >= LEAST_WEIGHTS && read_until <= index {
                each(hasher.finish(), index + 1);
            }
            read_until = read_until.max(self.last_readers[index]);
        }
    }

    /// How many layers fewer a declaration says with a block, if a call is as long as a layer.
    fn saving(&self, runs: &[Range<usize>]) -> Option<usize> {
        let len = runs.first()?.len();
        let ops = |run: &Range<usize>| self.drafts[run.clone()].iter().map(|draft| draft.op);
        let is_repeat = |pair: &&[Range<usize>]| {
            let [first, second] = pair else { return false };
            first.end == second.start && ops(first).eq(ops(second))
        };
        let calls = runs.len() - runs.windows(2).filter(is_repeat).count();
        (runs.len() * len).checked_sub(len + calls)
    }

    /// How often a run joins branches; factors of channels don't count.
    fn joins(&self, run: &Range<usize>) -> usize {
        let is_join = |draft: &&Draft<'_>| is_merge(draft) && draft.op.facts().kind != Kind::Multiplication;
        self.drafts[run.clone()].iter().filter(is_join).count()
    }

    /// Whether a reader would begin a group here, rather than with what ends the one before.
    fn begins_well(&self, start: usize) -> bool {
        let is_end = |op: &Op| {
            matches!(op, Op::Activation(_)) || matches!(op.facts().kind, Kind::MaxPooling | Kind::AveragePooling)
        };
        !is_end(&self.drafts[start].op)
    }
}

fn hash(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// What comes before the number of a name.
fn stem(name: &str) -> &str {
    name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['_', '-'])
}

/// Stems of names that an exporter counted, `conv2d_17`: people don't count that far. A name in a group is none.
fn counted(names: &[String]) -> HashSet<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names.iter().filter(|name| !name.is_empty() && !name.contains('.')) {
        *counts.entry(stem(name)).or_default() += 1;
    }
    counts.into_iter().filter(|(_, count)| *count >= LEAST_COUNTED).map(|(stem, _)| stem).collect()
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn names_that_exporters_counted() {
        let names = |stem: &str, count: usize| (0..count).map(|number| format!("{stem}{number}")).collect::<Vec<_>>();
        assert!(counted(&names("conv2d_", 12)).contains("conv2d"));
        assert!(counted(&names("t", 12)).contains("t"));
        assert!(counted(&names("fc", 3)).is_empty());
        assert!(counted(&names("layer1.", 12)).is_empty());
    }
}
