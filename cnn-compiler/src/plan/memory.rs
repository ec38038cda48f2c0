//! The description of a workspace over time, which is emitted as `MEMORY`.

use cnn_net::memory::{Buffer, Memory};

use super::Plan;

impl Plan {
    /// Calls `read` with what the workspace of an image holds where, and when.
    pub fn memory<R>(&self, read: impl FnOnce(&Memory<'_>) -> R) -> R {
        let plan = self;
        let nodes = &plan.net.shaped.graph.nodes;
        let layers = plan.net.steps.iter().map(|step| nodes[step.node()].name.as_str());
        let times: Vec<&str> = ["input"].into_iter().chain(layers).chain(["output"]).collect();
        let mut sorted: Vec<_> = plan.buffers.iter().collect();
        sorted.sort_by_key(|buffer| (buffer.first, buffer.offset));
        let described = sorted.into_iter().map(|buffer| {
            // A concat's branches write into its buffer before it runs.
            let owner = plan.net.steps.iter().position(|step| Some(step.output) == buffer.value);
            let name = owner.map_or(times[buffer.first], |step| times[step + 1]);
            Buffer::new(name, buffer.holds, buffer.offset, buffer.len, buffer.first, buffer.last)
        });
        let buffers: Vec<Buffer<'_>> = described.collect();
        read(&Memory::new(plan.workspace_len, plan.lower_bound, &times, &buffers))
    }
}
