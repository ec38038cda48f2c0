//! A training step by its plan: the kernels that emitted code would call.

use std::collections::BTreeMap;

use cnn_compiler::train::{Call, Kernel, LossOf, Spec, StepPlan, plan};
use cnn_net::graph::Graph;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::dropout::{MaskOf, dropout};
use cnn_runtime::kernels::gradient::loss::{binary_cross_entropy, cross_entropy, mean_squared};
use cnn_runtime::kernels::minibatch::pack::pack_step;
use cnn_runtime::place::workspace::Batch;
use cnn_runtime::reference::training::{Parameters, Targets};

/// The memory of a step.
pub(crate) struct Machine<'a> {
    graph: &'a Graph<'a>,
    pub(crate) plan: StepPlan,
    shared: Vec<f32>,
    /// The tensors of the trunk, and after them its packed weights.
    trunk: Vec<f32>,
    workspaces: Vec<f32>,
    batch: Batch,
    pub(crate) seed: u64,
}

impl<'a> Machine<'a> {
    /// With these tensors.
    pub(crate) fn new(graph: &'a Graph<'a>, spec: &Spec, tensors: &Parameters) -> Self {
        let plan = plan(graph, spec).unwrap_or_else(|faults| panic!("{}: {faults:?}", graph.name));
        // What is read before it was written shows.
        let mut shared = vec![f32::NAN; plan.layout().shared];
        let workspaces = vec![f32::NAN; spec.images * plan.layout().workspace];
        let (first, of_trunk) = (plan.layout().tensors_len, plan.layout().trunk_tensors);
        let mut trunk = vec![f32::NAN; of_trunk + plan.layout().trunk];
        for place in plan.layout().tensors {
            let name = graph.nodes[place.node].tensors[place.tensor].name;
            let to = match place.offset.checked_sub(first) {
                Some(offset) => &mut trunk[offset..],
                None => &mut shared[place.offset..],
            };
            for (to, from) in to.iter_mut().zip(&tensors[name]) {
                *to = *from as f32;
            }
        }
        for pack in &plan.trunk {
            pack_step(Run::best(), &pack.step.check(), &mut trunk);
        }
        for constant in plan.layout().constants {
            shared[constant.offset..][..constant.len].fill(constant.value);
        }
        let batch = Batch { images: spec.images, floats: plan.layout().workspace };
        Self { graph, plan, shared, trunk, workspaces, batch, seed: 0 }
    }

    /// Runs it, forward and back; returns the loss and how many targets were hit.
    pub(crate) fn run(&mut self, images: &[&[f32]], targets: &[Targets<'_>], step: u64) -> (f64, usize) {
        let calls = std::mem::take(&mut self.plan.calls);
        for call in &calls[..self.plan.forward] {
            self.call(call, images, targets, step);
        }
        let score = self.score();
        for call in &calls[self.plan.forward..] {
            self.call(call, images, targets, step);
        }
        self.plan.calls = calls;
        score
    }

    fn score(&self) -> (f64, usize) {
        let (mut loss, mut hits) = (0.0, 0);
        for image in self.workspaces.chunks_exact(self.batch.floats) {
            for (index, head) in self.plan.layout().heads.iter().enumerate() {
                loss += image[head.offset..][..head.losses].iter().map(|loss| f64::from(*loss)).sum::<f64>();
                if index < self.graph.outputs.len() {
                    let found = &image[head.offset + head.losses..][..head.hits];
                    hits += found.iter().filter(|hit| **hit == 1.0).count();
                }
            }
        }
        (loss, hits)
    }

    fn call(&mut self, call: &Call, images: &[&[f32]], targets: &[Targets<'_>], step: u64) {
        let run = Run::best();
        let Self { batch, workspaces, shared, trunk, .. } = self;
        let packed = &trunk[self.plan.layout().trunk_tensors..];
        match &call.kernel {
            Kernel::Batch(kernel) => return kernel.run(run, *batch, workspaces, shared),
            Kernel::Norm(training, _) => {
                let training: &dyn cnn_runtime::kernels::call::BatchCall = &**training;
                return training.run(run, *batch, workspaces, shared);
            }
            Kernel::Images(kernel) if call.trunk => return kernel.run_batch(run, *batch, packed, workspaces),
            Kernel::Images(kernel) => return kernel.run_batch(run, *batch, shared, workspaces),
            Kernel::Load(..) | Kernel::Image(_) | Kernel::Dropout(_) | Kernel::Loss(..) => {}
        }
        let sizes: Vec<usize> = self.graph.inputs.iter().map(|input| input.shape.elements()).collect();
        for (index, ws) in batch.split(workspaces).enumerate() {
            match &call.kernel {
                Kernel::Load(input, kernel) => {
                    let first: usize = sizes[..*input].iter().sum();
                    kernel.run(run, &images[index][first..][..sizes[*input]], &[], ws);
                }
                Kernel::Image(kernel) => kernel.run(run, &[], if call.trunk { packed } else { shared }, ws),
                Kernel::Dropout(layer) => {
                    dropout(run, &layer.check(), MaskOf { seed: self.seed, step, image: index }, ws);
                }
                Kernel::Loss(output, loss) => lose(loss, &targets[*output], index, batch.images, ws),
                Kernel::Images(_) | Kernel::Batch(_) | Kernel::Norm(..) => {}
            }
        }
    }

    /// All gradients, by the names of their tensors.
    pub(crate) fn gradients(&self) -> BTreeMap<&'a str, &[f32]> {
        let trained = self.plan.layout().tensors.iter().filter_map(|place| Some((place, place.gradient?)));
        let named = trained.map(|(place, gradient)| {
            (self.graph.nodes[place.node].tensors[place.tensor].name, &self.shared[gradient..][..place.len])
        });
        named.collect()
    }

    /// A tensor.
    pub(crate) fn tensor(&self, name: &str) -> &[f32] {
        let is_it =
            |place: &&cnn_runtime::step::TensorPlace| self.graph.nodes[place.node].tensors[place.tensor].name == name;
        let place = self.plan.layout().tensors.iter().find(is_it).unwrap_or_else(|| panic!("{name} is no tensor"));
        match place.offset.checked_sub(self.plan.layout().tensors_len) {
            Some(offset) => &self.trunk[offset..][..place.len],
            None => &self.shared[place.offset..][..place.len],
        }
    }
}

fn lose(loss: &LossOf, targets: &Targets<'_>, image: usize, images: usize, ws: &mut [f32]) {
    let run = Run::best();
    match (loss, targets) {
        (LossOf::CrossEntropy(layer), Targets::Classes(classes)) => {
            cross_entropy(run, &layer.check(), &classes[image * classes.len() / images..], ws);
        }
        (LossOf::MeanSquared(layer), Targets::Numbers(numbers)) => {
            mean_squared(run, &layer.check(), &numbers[image * numbers.len() / images..], ws);
        }
        (LossOf::BinaryCrossEntropy(layer), Targets::Numbers(numbers)) => {
            binary_cross_entropy(run, &layer.check(), &numbers[image * numbers.len() / images..], ws);
        }
        _ => panic!("targets of another kind"),
    }
}
