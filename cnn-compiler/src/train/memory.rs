//! What the workspace of an image holds during a step: for charts and tables.

use cnn_net::graph::Graph;
use cnn_net::memory::{Buffer, Holds, Memory};
use cnn_runtime::kernels::gradient::plain::recomputed;

use super::StepPlan;
use super::forward::Nodes;
use super::place::Places;
use super::program::{Host, Program, Task, ValueId, Work};

/// The workspace over time; times are positions of tasks.
#[derive(Debug)]
pub(super) struct Held {
    /// What each task does.
    times: Vec<String>,
    spans: Vec<Span>,
}

/// A part of the workspace for some time.
#[derive(Debug)]
struct Span {
    /// The layer that it is for.
    name: String,
    holds: Holds,
    offset: usize,
    len: usize,
    first: usize,
    last: usize,
}

impl Span {
    fn buffer(&self) -> Buffer<'_> {
        let Self { ref name, holds, offset, len, first, last } = *self;
        Buffer::new(name, holds, offset, len, first, last)
    }
}

impl StepPlan {
    /// The workspace of an image over the tasks of a step: those of the layers, the losses, and then those of gradients.
    ///
    /// A buffer is an activation, a gradient, or scratch memory, from its first write to its last read. A value written
    /// over another has its own buffer, which begins when the other's ends.
    pub fn memory<R>(&self, read: impl FnOnce(&Memory<'_>) -> R) -> R {
        let times: Vec<&str> = self.held.times.iter().map(String::as_str).collect();
        let buffers: Vec<Buffer<'_>> = self.held.spans.iter().map(Span::buffer).collect();
        read(&Memory::new(self.workspace, self.lower_bound, &times, &buffers))
    }

    /// At which of those times the losses are complete, and gradients begin.
    #[must_use]
    pub fn turn(&self) -> usize {
        self.turn
    }
}

impl Program {
    /// What lies where, and when.
    pub(super) fn held(&self, graph: &Graph<'_>, places: &Places) -> Held {
        let mut lives: Vec<Option<[usize; 2]>> = vec![None; self.values.len()];
        for (time, task) in self.tasks.iter().enumerate() {
            for value in task.reads.iter().chain(&task.writes) {
                let [_, last] = lives[self.whole(*value)].get_or_insert([time; 2]);
                *last = time;
            }
        }
        // The losses are added up at the end of all of them.
        let turn = self.forward.min(self.tasks.len().saturating_sub(1));
        for head in &self.heads {
            if let Some([_, last]) = &mut lives[head.losses] {
                *last = turn.max(*last);
            }
        }
        for value in 0..self.values.len() {
            if let (Host::Over(dead), Some([first, _])) = (self.values[value].host, lives[value])
                && let Some(life) = &mut lives[self.whole(dead)]
            {
                life[1] = life[1].min(first.saturating_sub(1)).max(life[0]);
            }
        }
        let of_value = |(value, life): (usize, &Option<[usize; 2]>)| {
            let [first, last] = (*life)?;
            let root = self.root(value);
            let buffer = places.buffers.iter().find(|buffer| buffer.value == Some(root))?;
            let (name, holds) = self.named(graph, value);
            Some(Span { name, holds, offset: buffer.offset, len: buffer.len, first, last })
        };
        let mut spans: Vec<Span> = lives.iter().enumerate().filter_map(of_value).collect();
        for buffer in places.buffers.iter().filter(|buffer| buffer.holds == Holds::Scratch) {
            let name = layer(graph, &self.tasks[buffer.first]).to_owned();
            let (holds, first, last) = (Holds::Scratch, buffer.first, buffer.last);
            spans.push(Span { name, holds, offset: buffer.offset, len: buffer.len, first, last });
        }
        spans.sort_by_key(|span| (span.first, span.offset));
        let time = |(time, task): (usize, &Task)| self.time(graph, time, task);
        Held { times: self.tasks.iter().enumerate().map(time).collect(), spans }
    }

    /// The value that a value is a slice of, or itself.
    fn whole(&self, value: ValueId) -> ValueId {
        match self.values[value].host {
            Host::Slice { whole, .. } => self.whole(whole),
            Host::Own | Host::Over(_) => value,
        }
    }

    /// The layer that writes a value, and what that is.
    fn named(&self, graph: &Graph<'_>, value: ValueId) -> (String, Holds) {
        let writes = |task: &&Task| task.writes.contains(&value);
        // Parts of a gradient that nothing writes as a whole are.
        let writes_part = |task: &&Task| task.writes.iter().any(|part| self.whole(*part) == value);
        let writer = self.tasks.iter().position(|task| writes(&task));
        let writer = writer.or_else(|| self.tasks.iter().position(|task| writes_part(&task))).unwrap_or(0);
        let task = &self.tasks[writer];
        let holds = match task.work {
            Work::Loss(_) if task.writes.first() == Some(&value) => Holds::Gradient,
            _ if writer >= self.forward => Holds::Gradient,
            _ => Holds::Values,
        };
        (layer(graph, task).to_owned(), holds)
    }

    /// What a task does.
    fn time(&self, graph: &Graph<'_>, time: usize, task: &Task) -> String {
        let name = layer(graph, task);
        match task.work {
            Work::Load(_) | Work::Forward(_) | Work::Loss(_) => name.to_owned(),
            Work::Statistics => format!("{name}.statistics"),
            Work::Dropout if time < self.forward => name.to_owned(),
            Work::Dropout | Work::Inputs { .. } | Work::NormInput | Work::Dense => format!("{name}.gradient"),
            Work::Tensors | Work::NormTensors => format!("{name}.tensors"),
            Work::Sum => format!("{name}.sum"),
        }
    }
}

/// The name of the layer, the loss or the input that a task is for.
pub(super) fn layer<'a>(graph: &Graph<'a>, task: &Task) -> &'a str {
    let name = match (task.node, &task.work) {
        (Some(node), _) => graph.nodes[node].name,
        (None, Work::Loss(head)) => loss_name(graph, *head),
        (None, Work::Load(input)) => graph.input_name(*input),
        (None, _) => "",
    };
    if name.is_empty() { "input" } else { name }
}

/// The name of a head: of an output, or of an auxiliary classifier.
fn loss_name<'a>(graph: &Graph<'a>, head: usize) -> &'a str {
    match (head.checked_sub(graph.outputs.len()), graph.outputs) {
        (Some(aux), _) => graph.aux[aux].name,
        (None, [_]) => "loss",
        (None, outputs) => outputs[head].name,
    }
}

/// What the gradients of a net recompute.
pub(super) fn recomputations(nodes: &Nodes<'_>) -> Vec<&'static str> {
    let mut all = Vec::new();
    for (index, node) in nodes.graph.nodes.iter().enumerate() {
        if let Some(what) = recomputed(&node.op).filter(|what| nodes.learning[index] && !all.contains(what)) {
            all.push(what);
        }
    }
    all
}
