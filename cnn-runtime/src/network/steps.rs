//! What a pass does, kernel by kernel, for those who measure it.
//!
//! A [`Step`] describes a kernel call in the emitted code, and [`Progress`] counts the calls as they are made: it knows which
//! step each of them is.

use core::cell::{Cell, RefCell};

/// A kernel of a net. `cnn::Network::STEPS` has them in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// Its name: that of a layer, `conv1`, or of work done for it, `conv1.halo`.
    pub name: &'a str,
    /// The kernel's function: `conv2d`.
    pub kernel: &'a str,
    /// What it does: `64x56x56 -> 64x56x56: conv 3x3 by F(4, 3), relu`.
    pub doc: &'a str,
    /// How a convolution or fully connected layer is computed: `direct`, Winograd's `F(4, 3)`, or `gemm`. `None` for other
    /// kernels, which have only one way.
    pub algorithm: Option<&'a str>,
    /// The node of the [graph](cnn_net::graph::Graph) that it computes or, if it only moves numbers, works for; `None` for
    /// the net's input. What was fused into a node's kernel has no step of its own.
    pub node: Option<usize>,
    /// Multiplications with a weight for one image: those of the layer, even if the kernel needs fewer.
    pub macs: u64,
    /// Whether a call computes all images of a batch. Others are called for each image.
    pub shared: bool,
}

/// Follows a pass from call to call, and reports which step each was.
pub struct Progress<'a> {
    steps: &'a [Step<'a>],
    /// Images of the pass.
    images: usize,
    tell: RefCell<&'a mut dyn FnMut(usize)>,
    /// The step that runs.
    step: Cell<usize>,
    /// The image it runs for, unless it is shared.
    image: Cell<usize>,
}

impl<'a> Progress<'a> {
    /// At the beginning of a pass over this many images.
    pub fn new(steps: &'a [Step<'a>], images: usize, tell: &'a mut dyn FnMut(usize)) -> Self {
        Self { steps, images, tell: RefCell::new(tell), step: Cell::new(0), image: Cell::new(0) }
    }

    /// A call is done.
    pub fn advance(&self) {
        let step = self.step.get();
        (self.tell.borrow_mut())(step);
        self.step.set(self.after(step));
    }

    /// The step after this one. Runs of steps that are not shared are repeated for each image.
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
        let step =
            |&shared: &bool| Step { name: "", kernel: "", doc: "", algorithm: None, node: None, macs: 0, shared };
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
