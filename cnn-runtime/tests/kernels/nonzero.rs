//! Fully connected layers that leave zeros out.

use cnn_net::op::Activation;
use cnn_runtime::exec::isa::Isa;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::dense::{
    Dense, dense_nonzero, dense_nonzero_batch, dense_nonzero_f16, dense_nonzero_f16_batch,
};
use cnn_runtime::pack::{Affine, DenseRows};
use cnn_runtime::place::bounds::Checked;
use cnn_runtime::place::map::Map;
use cnn_runtime::place::workspace::{Batch, SLACK};

use crate::conv::Filters;
use crate::dense_f16::Case;
use crate::support::{Rng, check, isas};

type Kernel = fn(Run<'_>, &Checked<Dense>, &[f32], &mut [f32]);

fn rows(filters: &Filters, inputs: usize) -> DenseRows {
    DenseRows { outputs: filters.bias.len(), inputs, pixels: filters.kernel.area() }
}

fn affine(filters: &Filters) -> impl Fn(usize) -> Affine {
    |c| Affine { scale: 1.0, shift: filters.bias[c].into() }
}

fn in_rows(filters: &Filters, inputs: usize) -> Vec<f32> {
    let rows = rows(filters, inputs);
    let mut packed = vec![f32::NAN; rows.len()];
    rows.pack(|at| filters.weight[at], affine(filters), &mut packed);
    packed
}

fn in_rows_of_halves(filters: &Filters, inputs: usize) -> Vec<f32> {
    let rows = rows(filters, inputs);
    let mut packed = vec![f32::NAN; rows.f16_len()];
    assert!(rows.pack_f16(|at| filters.weight[at], affine(filters), &mut packed));
    packed
}

fn random_shapes(seed: u64, pack: impl Fn(&Filters, usize) -> Vec<f32>, kernel: Kernel) {
    for isa in isas() {
        let mut rng = Rng(seed);
        for round in 0..150 {
            // Whole panels and parts of them.
            let outputs = [1, 3, 8, 10, 16, 23, 33, 48, 64, 70, 100, 128, 130, 147, 160][round % 15];
            let case = Case::random(&mut rng, outputs, 1, &pack);
            let image = &case.images[0];
            check(
                isa,
                &format!("{} {:?}", isa.name(), case.layer),
                image,
                &case.layer.output,
                |run, ws| kernel(run, &case.layer.check(), &case.packed, ws),
                |y, x, c| case.expected(image, [y, x, c]),
            );
        }
    }
}

#[test]
fn dense_nonzero_of_random_shapes() {
    random_shapes(24, in_rows, dense_nonzero);
}

#[test]
fn dense_nonzero_f16_of_random_shapes() {
    random_shapes(25, in_rows_of_halves, dense_nonzero_f16);
}

type BatchKernel = fn(Run<'_>, &Checked<Dense>, Batch, &[f32], &mut [f32]);

/// Each image gives what it should, and the same bits whatever the other images are.
fn several_images(seed: u64, pack: impl Fn(&Filters, usize) -> Vec<f32>, kernel: BatchKernel) {
    for isa in isas() {
        let mut rng = Rng(seed);
        for images in (1..=9).chain([30]) {
            let outputs = rng.pick(&[1, 7, 16, 21, 70, 512, 530]);
            let case = Case::random(&mut rng, outputs, images, &pack);
            let floats = case.images[0].ws.len();
            let mut ws: Vec<f32> = case.images.iter().flat_map(|image| image.ws.iter().copied()).collect();
            kernel(isa.into(), &case.layer.check(), Batch { images, floats }, &case.packed, &mut ws);
            case.check(isa, &ws);
            let mut alone = case.images[images - 1].ws.clone();
            kernel(isa.into(), &case.layer.check(), Batch { images: 1, floats }, &case.packed, &mut alone);
            let output = |ws: &[f32]| ws[case.layer.output.offset..][..outputs].iter().map(|x| x.to_bits()).collect();
            let [alone, last]: [Vec<u32>; 2] = [output(&alone), output(&ws[(images - 1) * floats..])];
            assert_eq!(alone, last, "{} of {images} images", isa.name());
        }
    }
}

#[test]
fn dense_nonzero_of_several_images() {
    several_images(27, in_rows, dense_nonzero_batch);
}

#[test]
fn dense_nonzero_f16_of_several_images() {
    several_images(28, in_rows_of_halves, dense_nonzero_f16_batch);
}

/// What is not read can't do harm: a NaN in the rows of all inputs that are zero changes nothing.
#[test]
fn rows_of_zeros_are_not_read() {
    let rows = DenseRows { outputs: 40, inputs: 300, pixels: 1 };
    let input: Vec<f32> = (0_usize..300).map(|k| if k.is_multiple_of(3) { 1.0 } else { 0.0 }).collect();
    let run = |poison: f32| {
        let weight = |at: usize| if (at % 300).is_multiple_of(3) { at as f32 } else { poison };
        let mut packed = vec![0.0; rows.len()];
        rows.pack(weight, |_| Affine { scale: 1.0, shift: 0.5 }, &mut packed);
        let mut ws = [input.clone(), vec![0.0; 40 + SLACK]].concat();
        let (input, output) = (Map::vector(0, 300), Map::vector(300, 40));
        let layer = Dense { input, output, weights: 0, residual: None, activation: Activation::Identity.into() };
        dense_nonzero(Run::best(), &layer.check(), &packed, &mut ws);
        ws[300..][..40].to_vec()
    };
    assert_eq!(run(f32::NAN), run(0.0));
}

#[test]
#[cfg_attr(panic = "abort", ignore = "the panics of refusals can't be caught")]
fn what_does_not_fit_is_refused() {
    let case = Case::random(&mut Rng(26), 24, 1, in_rows);
    let run = |change: &dyn Fn(&mut Dense), packed: &[f32]| {
        let (mut layer, packed, mut ws) = (case.layer, packed.to_vec(), case.images[0].ws.clone());
        change(&mut layer);
        std::panic::catch_unwind(move || dense_nonzero(Isa::best().into(), &layer.check(), &packed, &mut ws)).is_ok()
    };
    let (packed, end) = (&case.packed[..], case.images[0].ws.len());
    assert!(run(&|_| (), packed));
    assert!(!run(&|_| (), &packed[..packed.len() - 1]), "weights that end early");
    assert!(!run(&|layer| layer.weights += 1, packed), "weights past their end");
    assert!(!run(&|layer| layer.input.offset = end, packed), "an input outside of the workspace");
    assert!(!run(&|layer| layer.output.offset = end - 23, packed), "an output outside of the workspace");
    assert!(!run(&|layer| layer.output.width = 2, packed), "an output that is not a vector");
    assert!(!run(&|layer| layer.residual = Some(Map { channels: 8, ..layer.output }), packed), "another residual");
}
