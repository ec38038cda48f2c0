//! A net that is not compiled: its kernels run one after another, as the plan says, which is what emitted code does.

use std::fmt;

use cnn::weights::{Source, WeightsError, load};
use cnn::{Description, DynNetwork, Pool, WrongLength};
use cnn_compiler::plan::{Plan, Purpose, Range};
use cnn_runtime::exec::run::{PoolOf, Run};

/// A plan for one image per pass, with weights and a workspace.
pub(super) struct Planned {
    plan: Plan,
    description: &'static Description,
    weights: Vec<f32>,
    workspace: Vec<f32>,
    pool: PoolOf<'static>,
}

impl Planned {
    /// The net with weights from files. `description` is that of the declared net, which may be for a batch.
    pub(super) fn load(
        plan: Plan,
        description: Description,
        source: &Source<'_>,
        pool: Option<Pool>,
    ) -> Result<Self, WeightsError> {
        let mut weights = vec![0.0; plan.packed_len];
        load(description.graph, &plan.recipe(), source, &mut weights)?;
        let workspace = vec![0.0; plan.workspace_len];
        let pool = pool.map_or(PoolOf::NONE, |pool| PoolOf::of(std::sync::Arc::new(pool)));
        Ok(Self { plan, description: Box::leak(Box::new(description)), weights, workspace, pool })
    }

    fn floats(&self, range: Range) -> Option<&[f32]> {
        self.workspace.get(range.offset..)?.get(..range.len)
    }
}

impl DynNetwork for Planned {
    fn description(&self) -> &'static Description {
        self.description
    }

    fn watched(&mut self, watch: Option<&dyn Fn()>, image: &[f32]) -> Result<&[f32], WrongLength> {
        let inputs = self.graph().inputs;
        if image.len() != self.input_len() {
            return Err(WrongLength::input(self.input_len(), 1, image.len()));
        }
        let run = Run::best().on(self.pool.threads()).watched(watch);
        let firsts = inputs.iter().scan(0, |first, input| {
            *first += input.shape.elements();
            Some(*first - input.shape.elements())
        });
        let firsts: Vec<usize> = firsts.collect();
        for call in &self.plan.calls {
            let read = match call.purpose {
                Purpose::Reads(input) => &image[firsts[input]..][..inputs[input].shape.elements()],
                Purpose::Computes(_) | Purpose::Moves(_) => &[],
            };
            call.kernel.run(run, read, &self.weights, &mut self.workspace);
        }
        Ok(self.floats(self.plan.output).unwrap_or_default())
    }

    fn tap(&self, name: &str) -> Option<&[f32]> {
        let tap = self.graph().taps.iter().position(|tap| tap.name == name)?;
        self.floats(*self.plan.taps.get(tap)?)
    }
}

impl fmt::Debug for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.graph().name)
    }
}
