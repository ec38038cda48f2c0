//! Fully connected layers with weights in half precision. These are rounded before, so errors are those of `f32`.

use cnn_net::op::{Activation, Padding, Size};
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::kernels::dense::{Dense, dense_f16, dense_f16_batch};
use cnn_runtime::pack::{Affine, ConvPanels};
use cnn_runtime::place::workspace::Batch;
use half::f16;

use crate::conv::{Filters, sum_at, whole_map};
use crate::support::{ACTIVATIONS, Arena, Expected, Rng, activated, check, isas};

/// Numbers of all magnitudes that a half can have, the smallest of them subnormal.
fn halves(rng: &mut Rng, count: usize) -> Vec<f32> {
    let scales = [1.0, 1.0, 100.0, 1e-3, 1e-5, 1e-7];
    (0..count).map(|_| f16::from_f32(rng.float() * rng.pick(&scales)).to_f32()).collect()
}

/// A layer with its weights, and a workspace for each image.
pub(crate) struct Case {
    pub(crate) layer: Dense,
    filters: Filters,
    pub(crate) packed: Vec<f32>,
    pub(crate) images: Vec<Arena>,
}

/// Packs weights and biases of a layer as panels.
fn in_panels(filters: &Filters, inputs: usize) -> Vec<f32> {
    let Filters { kernel, weight, bias, .. } = filters;
    let panels = ConvPanels { groups: 1, outputs: bias.len(), inputs, kernel: *kernel };
    let mut packed = vec![f32::NAN; panels.f16_len()];
    assert!(panels.pack_f16(|at| weight[at], |c| Affine { scale: 1.0, shift: bias[c].into() }, &mut packed));
    packed
}

impl Case {
    /// One of `outputs` outputs, whose weights `pack` packs for the input's channels; of three elements of an image,
    /// some are zero.
    pub(crate) fn random(
        rng: &mut Rng,
        outputs: usize,
        images: usize,
        pack: impl Fn(&Filters, usize) -> Vec<f32>,
    ) -> Self {
        let zeros = rng.below(4);
        let kernel = Size::new(rng.pick(&[1, 2, 5]), rng.pick(&[1, 3, 5]));
        let inputs = rng.pick(&[1, 3, 16, 33, 100]);
        let mut arena = Arena::default();
        let halo = rng.padding(1);
        let input = arena.map(rng, [kernel.height, kernel.width, inputs], halo);
        let output = arena.map(rng, [1, 1, outputs], Padding::NONE);
        let residual = rng.pick(&[None, Some(output)]);
        arena.close();
        let filled = |_| {
            let mut image = Arena { ws: arena.ws.clone() };
            image.fill(&input, || if rng.below(3) < zeros { rng.pick(&[0.0, -0.0]) } else { rng.float() });
            residual.iter().for_each(|map| image.fill(map, || rng.float()));
            image
        };
        let images = (0..images).map(filled).collect();
        let weight = halves(rng, outputs * inputs * kernel.area());
        let filters = Filters { groups: 1, kernel, weight, bias: rng.floats(outputs) };
        // There are other weights before these.
        let packed = [vec![f32::NAN; 4], pack(&filters, inputs)].concat();
        let any = rng.pick(&ACTIVATIONS);
        let activation = rng.pick(&[Activation::Identity, Activation::Relu, any]);
        Self {
            layer: Dense { input, output, weights: 4, residual, activation: activation.into() },
            filters,
            packed,
            images,
        }
    }

    /// What an element of an image's output should be.
    pub(crate) fn expected(&self, image: &Arena, [y, x, c]: [usize; 3]) -> Expected {
        let conv = whole_map(&self.layer, self.filters.kernel);
        let (sum, tolerance) = sum_at(image, &conv, &self.filters, [y, x, c]);
        activated(self.layer.activation.activation(), sum, tolerance)
    }

    /// Compares what each image became.
    pub(crate) fn check(&self, isa: Isa, results: &[f32]) {
        let layer = &self.layer;
        let results = results.chunks_exact(results.len() / self.images.len());
        for (index, (image, result)) in self.images.iter().zip(results).enumerate() {
            let what = format!("{} image {index} of {}, {layer:?}", isa.name(), self.images.len());
            check(
                isa,
                &what,
                image,
                &layer.output,
                // It ran before, on all images together.
                |_, ws| ws.copy_from_slice(result),
                |y, x, c| self.expected(image, [y, x, c]),
            );
        }
    }
}

#[test]
fn dense_f16_of_random_shapes() {
    for isa in isas() {
        let mut rng = Rng(21);
        for round in 0..150 {
            // Each number of panels that are read at once, with and without a half panel.
            let outputs = [1, 5, 8, 10, 16, 23, 33, 47, 64, 70, 100, 128, 130, 147, 160][round % 15];
            let case = Case::random(&mut rng, outputs, 1, in_panels);
            let mut ws = case.images[0].ws.clone();
            dense_f16(isa.into(), &case.layer.check(), &case.packed, &mut ws);
            case.check(isa, &ws);
        }
    }
}

#[test]
fn dense_f16_of_several_images() {
    for isa in isas() {
        let mut rng = Rng(22);
        for images in (2..=27).chain([200]) {
            let outputs = rng.pick(&[1, 7, 8, 16, 21, 33, 70]);
            let case = Case::random(&mut rng, outputs, images, in_panels);
            let batch = Batch { images, floats: case.images[0].ws.len() };
            let mut ws: Vec<f32> = case.images.iter().flat_map(|image| image.ws.iter().copied()).collect();
            dense_f16_batch(isa.into(), &case.layer.check(), batch, &case.packed, &mut ws);
            case.check(isa, &ws);
        }
    }
}

#[test]
#[cfg_attr(panic = "abort", ignore = "the panics of refusals can't be caught")]
fn weights_that_end_early_are_refused() {
    let mut rng = Rng(23);
    let case = Case::random(&mut rng, 24, 1, in_panels);
    let run = |packed: &[f32]| {
        let mut ws = case.images[0].ws.clone();
        let (layer, packed) = (case.layer, packed.to_vec());
        std::panic::catch_unwind(move || dense_f16(Isa::best().into(), &layer.check(), &packed, &mut ws)).is_ok()
    };
    assert!(run(&case.packed));
    assert!(!run(&case.packed[..case.packed.len() - 1]));
}
