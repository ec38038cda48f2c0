//! What a pass does, kernel by kernel, for profiling.
//!
//! A [`Step`] describes a kernel call in the emitted code, and [`Progress`] counts the calls as they are made: it knows which
//! step each of them is.

use core::cell::{Cell, RefCell};
use core::fmt;

use cnn_net::graph::Graph;
#[cfg(feature = "alloc")]
use cnn_net::literal::{Literal, Rust};
use cnn_net::op::{Linear, Op, Store};

/// A kernel call of a net. `cnn::Network::STEPS` has them in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Its name: a layer's, `conv1`, or that of a helper step for the layer, `conv1.halo`.
    pub name: &'a str,
    /// The kernel's function: `conv2d`.
    pub kernel: &'a str,
    /// How a convolution or fully connected layer is computed: `direct`, Winograd's `F(4, 3)`, `gemm`, or `nonzero`. Empty for
    /// kernels with a single algorithm.
    pub algorithm: &'a str,
    /// The nodes of the [graph](cnn_net::graph::Graph) that it computes: a layer and what was fused into its kernel. Empty if
    /// the step only moves numbers.
    pub nodes: &'a [usize],
    /// The node that it moves numbers for; none for the net's input.
    pub serves: Option<usize>,
    /// Whether one call computes all images of a batch. Other kernels are called once per image.
    pub shared: bool,
}

impl<'a> Step<'a> {
    /// A step that computes nodes.
    #[must_use]
    pub const fn new(name: &'a str, kernel: &'a str, algorithm: &'a str, nodes: &'a [usize]) -> Self {
        Self { name, kernel, algorithm, nodes, serves: None, shared: false }
    }

    /// A step that moves numbers for a node.
    #[must_use]
    pub const fn moves(name: &'a str, kernel: &'a str, serves: Option<usize>) -> Self {
        Self { name, kernel, algorithm: "", nodes: &[], serves, shared: false }
    }

    /// The same for all images of a batch.
    #[must_use]
    pub const fn shared(self) -> Self {
        Self { shared: true, ..self }
    }

    /// The node that it computes or serves.
    #[must_use]
    pub const fn node(&self) -> Option<usize> {
        if let [node, ..] = self.nodes { Some(*node) } else { self.serves }
    }

    /// Multiplications with a weight for one image, counted as the layers define them, even if the kernel needs fewer.
    #[must_use]
    pub fn macs(&self, graph: &Graph<'_>) -> u64 {
        self.nodes.iter().map(|node| graph.nodes[*node].macs()).sum()
    }

    /// What it does, in a net with this graph: `64x56x56 -> 64x56x56: conv 3x3 by F(4, 3), relu`.
    #[must_use]
    pub fn doc<'g>(&'g self, graph: &'g Graph<'g>) -> impl fmt::Display {
        Doc { step: self, graph }
    }
}

/// What a step does, in words.
struct Doc<'g> {
    step: &'g Step<'g>,
    graph: &'g Graph<'g>,
}

impl fmt::Display for Doc<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, graph } = self;
        let ([first, ..], [.., last]) = (step.nodes, step.nodes) else { return self.movement(f) };
        let node = &graph.nodes[*first];
        write!(f, "{} -> {}: ", graph.shape(node.inputs[0]), graph.nodes[*last].output)?;
        layer(&node.op, f)?;
        if step.algorithm.starts_with("F(") {
            write!(f, " by {}", step.algorithm)?;
        }
        if step.algorithm == "nonzero" {
            f.write_str(" of nonzero inputs")?;
        }
        if let Op::Linear(Linear { store: Store::F16, .. }) = node.op {
            f.write_str(", weights in f16")?;
        }
        step.nodes[1..].iter().try_for_each(|node| {
            f.write_str(", ")?;
            layer(&graph.nodes[*node].op, f)
        })
    }
}

impl Doc<'_> {
    /// What is moved.
    fn movement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = self.step.serves.map_or(self.graph.input(), |node| self.graph.nodes[node].output);
        match self.step.kernel {
            "clear_halo" => write!(f, "zeros around {}", shape.size()),
            "load_chw" => write!(f, "the image, {shape}"),
            "store_chw" => write!(f, "{shape} in the order C, H, W"),
            _ => write!(f, "a branch into its channels of {shape}"),
        }
    }
}

/// `conv 3x3`
fn layer(op: &Op, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(op.name())?;
    op.kernel().map_or(Ok(()), |kernel| write!(f, " {kernel}"))
}

#[cfg(feature = "alloc")]
impl Literal for Step<'_> {
    fn write(&self, to: &mut Rust) {
        match self.nodes {
            [] => to.tuple("Step::moves", &[&self.name, &self.kernel, &self.serves]),
            nodes => to.tuple("Step::new", &[&self.name, &self.kernel, &self.algorithm, &nodes]),
        }
        to.push(if self.shared { ".shared()" } else { "" });
    }
}

/// Follows a pass from call to call, and reports the step of each.
pub struct Progress<'a> {
    steps: &'a [Step<'a>],
    /// Images of the pass.
    images: usize,
    report: RefCell<&'a mut dyn FnMut(usize)>,
    /// The step that runs.
    step: Cell<usize>,
    /// The image it runs for, unless it is shared.
    image: Cell<usize>,
}

impl<'a> Progress<'a> {
    /// The start of a pass over this many images.
    pub fn new(steps: &'a [Step<'a>], images: usize, report: &'a mut dyn FnMut(usize)) -> Self {
        Self { steps, images, report: RefCell::new(report), step: Cell::new(0), image: Cell::new(0) }
    }

    /// A call is done.
    pub fn advance(&self) {
        let step = self.step.get();
        (self.report.borrow_mut())(step);
        self.step.set(self.after(step));
    }

    /// The next step. Runs of steps that are not shared are repeated for each image.
    fn after(&self, step: usize) -> usize {
        let shared = |step: usize| self.steps.get(step).is_none_or(|step| step.shared);
        let next = step + 1;
        if shared(step) || !shared(next) {
            return next;
        }
        self.image.set((self.image.get() + 1) % self.images);
        if self.image.get() == 0 {
            return next;
        }
        (0..step).rev().find(|before| shared(*before)).map_or(0, |before| before + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(shared: &[bool], images: usize) -> Vec<usize> {
        let step = |&shared: &bool| Step { shared, ..Step::moves("", "", None) };
        let steps: Vec<Step<'_>> = shared.iter().map(step).collect();
        let calls = shared.iter().map(|shared| if *shared { 1 } else { images }).sum();
        let mut order = Vec::new();
        let mut note = |step| order.push(step);
        let progress = Progress::new(&steps, images, &mut note);
        (0..calls).for_each(|_: usize| progress.advance());
        order
    }

    #[test]
    fn steps_of_one_image_come_in_order() {
        assert_eq!(order(&[false, true, false, true, false, false], 1), [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn steps_between_shared_ones_are_repeated_for_each_image() {
        assert_eq!(order(&[false, true, true, false, false, true], 2), [0, 0, 1, 2, 3, 4, 3, 4, 5]);
        assert_eq!(order(&[true, false, false], 3), [0, 1, 2, 1, 2, 1, 2]);
    }
}
