//! The gradients of layers' inputs.

use cnn_net::graph::Role;
use cnn_net::op::Op;
use cnn_runtime::kernels::call::KernelCall;
use cnn_runtime::kernels::conv::Conv2d;
use cnn_runtime::kernels::gradient::batch_norm::BatchNormInputGradient;
use cnn_runtime::kernels::gradient::conv::ConvInputGradient;
use cnn_runtime::kernels::gradient::dense::DenseInputGradient;
use cnn_runtime::kernels::gradient::plain::{custom_gradients, input_gradients};
use cnn_runtime::kernels::gradient::user::CustomGradientCall;
use cnn_runtime::kernels::minibatch::order::Reorder;
use cnn_runtime::kernels::norm::ScaleShift;
use cnn_runtime::kernels::plain::Own;
use cnn_runtime::pack::padded;
use cnn_runtime::place::map::Map;

use super::algorithm::Backward;
use super::calls::Calls;
use super::program::Task;
use super::shared::Once;

impl Calls<'_> {
    /// The gradients of inputs.
    pub(super) fn inputs(&mut self, time: usize, task: &Task, node: usize, wanted: &[bool]) {
        let op = self.graph.nodes[node].op;
        let (inputs, output) = self.maps(node);
        let upstream = self.map(task.reads[task.reads.len() - 1]);
        let mut written = task.writes.iter();
        let gradients: Vec<Option<Map>> = wanted
            .iter()
            .map(|wanted| wanted.then(|| written.next()).flatten().map(|value| self.map(*value)))
            .collect();
        let name = self.name(task, "gradient");
        let (backward, scratch) = (self.program.algorithms[node].backward, self.places.scratch[time]);
        if let Op::Custom(layer) = op {
            let (output, tensors) = (self.map(task.writes[task.writes.len() - 1]), self.user_tensors_at(node));
            let all = CustomGradientCall { inputs, upstream, output, layer, tensors, scratch };
            return custom_gradients(all, &gradients).into_iter().for_each(|kernel| self.image(name.clone(), kernel));
        }
        if let (Op::Conv(conv), [Some(gradient)], Backward::Rows) = (op, &gradients[..], backward) {
            let sizes = [upstream.channels, conv.kernel.area(), gradient.channels];
            let Some(weights) = self.in_map_order(time, task, node, sizes) else { return };
            let rows = ConvInputGradient::new(upstream, *gradient, conv.kernel).stride(conv.stride).weights(weights);
            return self.image(name, Box::new(rows));
        }
        let make = |weights| match (op, gradients.first(), backward) {
            // By the running statistics: what is normalised by those of the minibatch has other tasks.
            (Op::BatchNorm(_), Some(Some(gradient)), _) => {
                vec![Box::new(ScaleShift::new(upstream, *gradient).weights(weights)) as Box<dyn KernelCall>]
            }
            (Op::Conv(_), Some(Some(gradient)), Backward::Conv(conv, algorithm)) => {
                let conv = Conv2d::of(&conv, upstream, *gradient).weights(weights);
                vec![algorithm.gradient_kernel(conv, scratch)]
            }
            _ => input_gradients(&op, &inputs, output, upstream, &gradients, Own { weights, scratch }),
        };
        let mut kernels = make(0);
        if let Some(weights) = kernels.iter().find_map(|kernel| kernel.weights()) {
            let offset = self.shared.once(self.owner(node), Once::Inputs, weights.layout.len(), time);
            // That of a batch normalisation was packed with the layer's own.
            if !matches!(op, Op::BatchNorm(_)) {
                self.pack(task, node, weights.layout, Once::Inputs, offset);
            }
            kernels = make(offset);
        }
        for kernel in kernels {
            self.product(time, name.clone(), kernel, false);
        }
    }

    pub(super) fn norm_input(&mut self, time: usize, task: &Task, node: usize) {
        let (input, upstream, output) = (self.map(task.reads[0]), self.map(task.reads[1]), self.map(task.writes[0]));
        let relu = task.reads.get(2).map(|value| self.map(*value));
        let weights = self.shared.once(node, Once::Coefficients, 3 * padded(input.channels), time);
        self.image(
            self.name(task, "gradient"),
            Box::new(BatchNormInputGradient { input, upstream, output, relu, weights }),
        );
    }

    /// The gradient of a fully connected layer's input.
    pub(super) fn dense(&mut self, time: usize, task: &Task, node: usize) {
        let (upstream, output) = (self.map(task.reads[0]), self.map(task.writes[0]));
        let sizes = [upstream.channels, output.pixels(), output.channels];
        let Some(weights) = self.in_map_order(time, task, node, sizes) else { return };
        self.batch(time, self.name(task, "gradient"), Box::new(DenseInputGradient { upstream, output, weights }));
    }

    /// Where the weights of a layer are, for each of its outputs in the order of a map: by pixels or taps, then channels.
    fn in_map_order(&mut self, time: usize, task: &Task, node: usize, sizes: [usize; 3]) -> Option<usize> {
        let [rows, pixels, channels] = sizes;
        let tensor = self.tensor(node, Role::Weight)?;
        if pixels == 1 || channels == 1 {
            return Some(tensor);
        }
        let owner = self.owner(node);
        let [_, to] =
            [self.section.1, time].map(|time| self.shared.once(owner, Once::Raw, rows * pixels * channels, time));
        if self.packed.insert((owner, Once::Raw)) {
            // From channels and pixels to pixels and channels.
            let order = Reorder { from: tensor, to, rows, pixels: channels, channels: pixels, adds: false };
            self.before(self.name(task, "order"), Box::new(order));
        }
        Some(to)
    }
}
