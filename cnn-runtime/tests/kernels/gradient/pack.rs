//! Weights that are packed in a step, against those that are packed when they are loaded.

use cnn_net::op::Size;
use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::minibatch::batch_norm::NormTensors;
use cnn_runtime::kernels::minibatch::pack::{PackNorm, PackStep, pack_step};
use cnn_runtime::pack::{
    Affine, ColumnPanels, ConvPanels, DenseRows, DepthwiseTaps, Layout, Normalisation, TransposedPanels,
    WinogradPanels, pack_gains, pack_scale_shift, pack_slopes,
};

use super::same_bits;
use crate::elementwise::each_case;
use crate::support::{Rng, on_pools};

/// A layout, and for how many outputs it takes an affine function.
fn layout(rng: &mut Rng) -> (Layout, usize) {
    let outputs = rng.pick(&[1, 7, 8, 9, 16, 17, 24, 33, 50]);
    let (groups, inputs) = (rng.pick(&[1, 1, 3]), rng.pick(&[1, 2, 5, 17]));
    let mut size = |most| Size::new(1 + rng.below(most), 1 + rng.below(most));
    let (kernel, stride, dilation, pad) = (size(5), size(3), size(2), size(3));
    let panels = ConvPanels { groups, outputs, inputs, kernel };
    match rng.below(12) {
        0..3 => (Layout::Conv(panels), groups * outputs),
        3 => (Layout::F16(panels), groups * outputs),
        4 => (Layout::Rows(DenseRows { outputs, inputs, pixels: kernel.area() }), outputs),
        5 => (Layout::RowsF16(DenseRows { outputs, inputs, pixels: kernel.area() }), outputs),
        6 => (Layout::Depthwise(DepthwiseTaps { channels: outputs, kernel }), outputs),
        7 | 8 => {
            let layout = TransposedPanels { groups, outputs, inputs, kernel, stride, dilation, pad };
            (Layout::Transposed(layout), groups * outputs)
        }
        9 => {
            let tiles = WinogradPanels { groups, outputs, inputs, kernel: 3, stride: 1, tile: rng.pick(&[2, 4]) };
            (Layout::Winograd(tiles), groups * outputs)
        }
        10 => {
            let columns = ColumnPanels { outputs, inputs, kernel: Size::new(5, 3), tile: rng.pick(&[1, 4]) };
            (Layout::Columns(columns), outputs)
        }
        _ => match rng.below(3) {
            0 => (Layout::ScaleShift { channels: outputs }, outputs),
            1 => (Layout::Gains { channels: outputs, pixels: kernel.area() }, outputs * kernel.area()),
            _ => (Layout::Slopes { channels: outputs, pixels: kernel.area() }, 0),
        },
    }
}

/// The layout's own packing.
fn pack(layout: Layout, weight: impl Fn(usize) -> f32, affine: impl Fn(usize) -> Affine) -> Vec<f32> {
    let mut packed = vec![f32::NAN; layout.len()];
    match layout {
        Layout::Conv(panels) => panels.pack(weight, affine, &mut packed),
        Layout::Winograd(panels) => panels.pack(weight, affine, &mut packed),
        Layout::Columns(panels) => panels.pack(weight, affine, &mut packed),
        Layout::F16(panels) => assert!(panels.pack_f16(weight, affine, &mut packed)),
        Layout::Rows(rows) => rows.pack(weight, affine, &mut packed),
        Layout::RowsF16(rows) => assert!(rows.pack_f16(weight, affine, &mut packed)),
        Layout::Depthwise(taps) => taps.pack(weight, affine, &mut packed),
        Layout::Transposed(panels) => panels.pack(weight, affine, &mut packed),
        Layout::ScaleShift { channels } => pack_scale_shift(channels, affine, &mut packed),
        Layout::Gains { channels, pixels } => pack_gains(channels, pixels, weight, affine, &mut packed),
        Layout::Slopes { channels, pixels } => pack_slopes(channels, pixels, weight, &mut packed),
        Layout::Tensors { .. } => packed.iter_mut().enumerate().for_each(|(at, to)| *to = weight(at)),
    }
    packed
}

#[test]
fn layouts() {
    each_case(150, 250, |isa, rng| {
        let (layout, outputs) = layout(rng);
        let len = layout.tensor_len();
        let mut shared = vec![f32::NAN; 2];
        let mut tensor = |rng: &mut Rng, len: usize, least: f32| {
            shared.extend(rng.floats(len).into_iter().map(|x| x + least));
            shared.len() - len
        };
        let spread = matches!(layout, Layout::ScaleShift { .. } | Layout::Slopes { .. }) && rng.below(3) == 0;
        let weight = tensor(rng, if spread { 1 } else { len }, 0.0);
        let index = |at: usize| if spread { 0 } else { at };
        let bias = (rng.below(2) == 0 && outputs > 0 && !matches!(layout, Layout::ScaleShift { .. }))
            .then(|| tensor(rng, outputs, 0.0));
        let norm = (rng.below(3) == 0 && outputs > 0).then(|| PackNorm {
            tensors: NormTensors {
                weight: (rng.below(3) > 0).then(|| tensor(rng, outputs, 0.0)),
                bias: (rng.below(3) > 0).then(|| tensor(rng, outputs, 0.0)),
                mean: tensor(rng, outputs, 0.0),
                var: tensor(rng, outputs, 1.5),
            },
            eps: 1e-3,
        });
        let weight = (!matches!(layout, Layout::Gains { .. }) || rng.below(2) == 0).then_some(weight);
        let to = shared.len() + 3;
        shared.resize(to + layout.len() + 4, f32::NAN);
        let step = PackStep { weight, spread, bias, norm, ..PackStep::new(layout, to) };
        let what = format!("{} {step:?}", isa.name());

        let affine = |output: usize| {
            let scale = match (layout, weight) {
                (Layout::ScaleShift { .. }, Some(weight)) => f64::from(shared[weight + index(output)]),
                _ => 1.0,
            };
            let own = Affine { scale, shift: bias.map_or(0.0, |bias| f64::from(shared[bias + output])) };
            match norm {
                Some(PackNorm { tensors: NormTensors { weight, bias, mean, var }, eps }) => {
                    let number = |at: usize| shared[at + output];
                    let (weight, bias) = (weight.map_or(1.0, number), bias.map_or(0.0, number));
                    let [mean, var] = [mean, var].map(number);
                    own.normalised(&Normalisation { weight, bias, mean, var, eps })
                }
                None => own,
            }
        };
        let expected = pack(layout, |at| weight.map_or(1.0, |weight| shared[weight + index(at)]), affine);
        let run = |run: Run<'_>| {
            let mut shared = shared.clone();
            pack_step(run, &step.check(), &mut shared);
            shared
        };
        let found = run(isa.into());
        assert!(same_bits(&found[to..to + layout.len()], &expected), "{what}");
        assert!(same_bits(&found[..to], &shared[..to]), "{what}: wrote before it");
        assert!(same_bits(&found[to + layout.len()..], &[f32::NAN; 4]), "{what}: wrote after it");
        on_pools(isa, |pool| assert!(same_bits(&run(pool), &found), "{what}: other bits on {pool:?}"));
    });
}

/// Filters turned by half a turn, with inputs as outputs: those of another tensor.
#[test]
fn turned() {
    each_case(151, 60, |isa, rng| {
        let (groups, outputs, inputs) = (rng.pick(&[1, 1, 3]), rng.pick(&[1, 8, 9, 17, 40]), rng.pick(&[1, 2, 5, 17]));
        let panels = WinogradPanels { groups, outputs, inputs, kernel: 3, stride: 1, tile: rng.pick(&[2, 4, 6]) };
        let layout = Layout::Winograd(panels);
        let tensor = rng.floats(layout.tensor_len());
        let mut turned = vec![f32::NAN; tensor.len()];
        for (at, to) in turned.iter_mut().enumerate() {
            let (tap, input, output) = (at % 9, at / 9 % inputs, at / 9 / inputs);
            let (group, output) = (output / outputs, output % outputs);
            *to = tensor[((group * inputs + input) * outputs + output) * 9 + 8 - tap];
        }
        let expected = pack(layout, |at| turned[at], |_| Affine::IDENTITY);
        let step = PackStep::new(layout, tensor.len()).weight(Some(0)).turned(true);
        let run = |run: Run<'_>| {
            let mut shared = tensor.clone();
            shared.resize(tensor.len() + layout.len(), f32::NAN);
            pack_step(run, &step.check(), &mut shared);
            shared
        };
        let found = run(isa.into());
        assert!(same_bits(&found[tensor.len()..], &expected), "{} {step:?}", isa.name());
        on_pools(isa, |pool| assert!(same_bits(&run(pool), &found), "{step:?}: other bits on {pool:?}"));
    });
}
