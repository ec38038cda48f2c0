//! What is packed.

use cnn_net::graph::{Graph, Node, Tensor, Value};
use cnn_net::op::{BatchNorm, Conv, Op, Size};
use cnn_runtime::pack::{Affine, ConvPanels, DenseRows, DepthwiseTaps, HALF_PANEL, Layout, Pack, scale_shift_len};
use cnn_runtime::place::packed::{self, Aligned, Packed};
use cnn_runtime::reference;
use cnn_runtime::weights::{Source, load, read};

use crate::net::{CONV_PANELS, Entry, FC_PANELS, GRAPH, PACKED, RECIPE, entries, entries_with, entry, file, of_values};

/// A folded layer differs from the two separate layers by the rounding of its weights to single precision.
const ROUNDING: f64 = 1e-6;

fn packed(bytes: &[u8]) -> Vec<f32> {
    let mut packed = vec![f32::NAN; PACKED];
    load(&GRAPH, &RECIPE, &Source::new(bytes), &mut packed).expect("the file fits");
    packed
}

/// The dot product that a kernel computes for one output at one place, with `inputs` in the order height, width, channels.
fn output(panels: &ConvPanels, packed: &[f32], channel: usize, inputs: &[f64]) -> f64 {
    assert!(panels.outputs <= HALF_PANEL, "one panel");
    let column = packed[channel..].iter().step_by(HALF_PANEL).map(|weight| f64::from(*weight));
    column.zip([1.0].iter().chain(inputs)).map(|(weight, input)| weight * input).sum()
}

fn assert_close(found: f64, expected: f64) {
    assert!((found - expected).abs() < ROUNDING, "{found} is not {expected}");
}

#[test]
fn a_folded_net_agrees_with_the_reference() {
    let bytes = file(&entries());
    let (packed, params) = (packed(&bytes), read(&GRAPH, &Source::new(&bytes)).unwrap());
    let input: Vec<f32> = (0..12).map(|index| (index * index) as f32 / 50.0 - 1.0).collect();
    let outputs = reference::run(&GRAPH, &params, &input).unwrap();

    let normed = outputs.value(Value::Node(1)).unwrap();
    let pixels = [(0, 0), (0, 1), (1, 0), (1, 1)];
    for (y, x) in pixels {
        let window: Vec<f64> = (0..6).map(|tap| f64::from(input[(y + tap / 2) * 3 + x + tap % 2])).collect();
        for channel in 0..2 {
            assert_close(output(&CONV_PANELS, &packed, channel, &window), normed.at(channel, y, x));
        }
    }
    let slopes = &packed[CONV_PANELS.len()..][..16];
    assert_eq!(slopes[..2], params["act.weight"]);
    assert_eq!(slopes[2..], [0.0; 14]);

    let active = outputs.value(Value::Node(2)).unwrap();
    let pixels = pixels.iter().flat_map(|(y, x)| [active.at(0, *y, *x), active.at(1, *y, *x)]);
    let pixels: Vec<f64> = pixels.collect();
    for feature in 0..3 {
        let found = output(&FC_PANELS, &packed[CONV_PANELS.len() + 16..], feature, &pixels);
        assert_close(found, outputs.result().data[feature]);
    }
}

#[test]
fn what_is_not_folded_is_scale_and_shift() {
    let graph = Graph { nodes: &[GRAPH.nodes[1]], ..GRAPH };
    let Op::BatchNorm(BatchNorm { eps, .. }) = graph.nodes[0].op else { panic!("a batch normalisation") };
    let recipe = [Pack { node: 0, norm: None, offset: 0, layout: Layout::ScaleShift { channels: 2 } }];
    let bytes = file(&[
        of_values("bn1.weight", &[2], &[3.0, -1.0]),
        of_values("bn1.bias", &[2], &[0.5, 0.0]),
        of_values("bn1.running_mean", &[2], &[2.0, 0.0]),
        of_values("bn1.running_var", &[2], &[4.0, 0.0]),
    ]);
    let mut packed = [f32::NAN; scale_shift_len(2)];
    assert_eq!(recipe[0].len(), packed.len());
    load(&graph, &recipe, &Source::new(&bytes), &mut packed).unwrap();

    let scale = 3.0 / (4.0 + f64::from(eps)).sqrt();
    assert_eq!(packed[..2], [scale as f32, (-1.0 / f64::from(eps).sqrt()) as f32]);
    assert_eq!(packed[16..18], [(0.5 - 2.0 * scale) as f32, 0.0]);
}

#[test]
fn a_depthwise_convolution_is_folded_too() {
    let taps = DepthwiseTaps { channels: 2, kernel: Size::new(1, 3) };
    let Op::Conv(conv) = GRAPH.nodes[0].op else { panic!("a convolution") };
    let op = Op::Conv(Conv { kernel: taps.kernel, groups: 2, bias: false, ..conv });
    let tensors = [Tensor { shape: &[2, 1, 1, 3], ..GRAPH.nodes[0].tensors[0] }];
    let graph = Graph { nodes: &[Node { op, tensors: &tensors, ..GRAPH.nodes[0] }, GRAPH.nodes[1]], ..GRAPH };
    let recipe = [Pack { node: 0, norm: Some(1), offset: 16, layout: Layout::Depthwise(taps) }];
    let bytes = file(&[
        of_values("conv1.weight", &[2, 1, 1, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        of_values("bn1.weight", &[2], &[2.0, 3.0]),
        of_values("bn1.bias", &[2], &[0.0, 1.0]),
        of_values("bn1.running_mean", &[2], &[7.0, 0.0]),
        of_values("bn1.running_var", &[2], &[4.0, 9.0]),
    ]);
    let mut packed = vec![9.0; 16 + taps.len()];
    load(&graph, &recipe, &Source::new(&bytes), &mut packed).unwrap();

    // Apart from eps, the scales are 2 / sqrt(4) and 3 / sqrt(9).
    let expected = [[9.0, 9.0], [-7.0, 1.0], [1.0, 4.0], [2.0, 5.0], [3.0, 6.0]];
    for (row, expected) in packed.chunks_exact(16).zip(expected) {
        let close = row.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-4);
        assert!(close, "{row:?} is not {expected:?}");
    }
}

#[test]
fn half_precision_is_read_exactly() {
    // Halves and eighths are exact in all three types.
    let values: Vec<f32> = (0..24).map(|index| index as f32 / 8.0 - 1.5).collect();
    let exact = packed(&file(&entries_with(of_values("fc.weight", &[3, 8], &values))));
    for (dtype, bits) in [("F16", f16_bits as fn(f32) -> u16), ("BF16", bf16_bits)] {
        let bytes = values.iter().flat_map(|value| bits(*value).to_le_bytes()).collect();
        let entry = Entry { name: "fc.weight".to_string(), dtype, shape: vec![3, 8], bytes };
        assert_eq!(packed(&file(&entries_with(entry))), exact, "{dtype}");
    }
}

#[test]
fn a_layer_can_be_packed_in_half_precision() {
    let panels = ConvPanels { groups: 1, outputs: 21, inputs: 3, kernel: Size::new(2, 1) };
    let (biases, weights): (Vec<f32>, Vec<f32>) =
        ((0..21).map(|c| c as f32 + 0.1).collect(), (0..126).map(|at| at as f32 / 7.0 - 9.0).collect());
    let affine =
        |channel: usize| Affine { scale: if channel == 20 { 0.3 } else { 1.0 }, shift: biases[channel].into() };
    let mut packed = vec![f32::NAN; panels.f16_len()];
    assert!(panels.pack_f16(|at| weights[at], affine, &mut packed));
    // A panel of 16 and one of 8: biases in single precision, then a row of halves for each input.
    let (whole, half) = packed.split_at(16 + 6 * 8);
    assert_eq!(whole[..16], biases[..16]);
    assert_eq!(half[..5], biases[16..]);
    assert_eq!((&half[5..8], half.len()), (&[0.0; 3][..], 8 + 6 * 4));
    for (panel, width, first) in [(whole, 16, 0), (half, 8, 16)] {
        for (row, pairs) in panel[width..].chunks_exact(width / 2).enumerate() {
            for column in 0..width {
                let bits = (pairs[column / 2].to_bits() >> (16 * (column % 2))) as u16;
                // Rows are in the order height, width, channels; the tensor is in the order channels, height, width.
                let (channel, at) = (first + column, (first + column) * 6 + row % 3 * 2 + row / 3);
                let scale = affine(channel.min(20)).scale;
                let expected = if channel < 21 { (f64::from(weights[at]) * scale) as f32 } else { 0.0 };
                assert_eq!(bits, f16_bits(expected), "channel {channel}, row {row}");
            }
        }
    }
}

#[test]
fn a_layer_can_be_packed_in_rows() {
    let rows = DenseRows { outputs: 21, inputs: 3, pixels: 2 };
    let (scale, shift) = (|channel: usize| 1.0 + channel as f64 / 4.0, |channel: usize| channel as f64 - 5.0);
    let affine = |channel: usize| Affine { scale: scale(channel), shift: shift(channel) };
    let weight = |at: usize| at as f32 / 8.0;
    let (mut single, mut halves) = (vec![f32::NAN; rows.len()], vec![f32::NAN; rows.f16_len()]);
    rows.pack(weight, affine, &mut single);
    assert!(rows.pack_f16(weight, affine, &mut halves));
    assert_eq!((single.len(), halves.len()), (32 * 7, 32 + 16 * 6));
    assert_eq!(single[..32], halves[..32], "biases are in single precision");
    for channel in 0..32 {
        let real = channel < 21;
        assert_eq!(single[channel], if real { shift(channel) as f32 } else { 0.0 });
        for k in 0..6 {
            // Rows are in the order pixels, channels; the tensor is in the order channels, pixels.
            let at = channel * 6 + k % 3 * 2 + k / 3;
            let expected = if real { (f64::from(weight(at)) * scale(channel)) as f32 } else { 0.0 };
            assert_eq!(single[32 * (1 + k) + channel], expected, "channel {channel}, row {k}");
            let pair = halves[32 + 16 * k + channel / 2].to_bits();
            assert_eq!((pair >> (16 * (channel % 2))) as u16, f16_bits(expected), "channel {channel}, row {k}");
        }
    }
}

/// The halves into which `weights` of a layer with one input are packed.
fn halves(weights: &[f32], scale: f64) -> (Vec<u16>, bool) {
    let panels = ConvPanels { groups: 1, outputs: weights.len(), inputs: 1, kernel: Size::square(1) };
    let mut packed = vec![f32::NAN; panels.f16_len()];
    let finite = panels.pack_f16(|at| weights[at], |_| Affine { scale, shift: 0.0 }, &mut packed);
    let pairs = packed[8..].iter().map(|pair| pair.to_bits());
    (pairs.flat_map(|bits| [bits as u16, (bits >> 16) as u16]).take(weights.len()).collect(), finite)
}

#[test]
fn halves_are_rounded_to_the_nearest_and_to_the_even() {
    let (ulp, smallest) = (2.0_f32.powi(-10), 2.0_f32.powi(-24));
    let weights =
        [1.0 + 0.5 * ulp, 1.0 + 1.5 * ulp, 1.0 + 0.51 * ulp, -65504.0, 65519.0, smallest, 0.5 * smallest, -0.0];
    let expected = [0x3c00, 0x3c02, 0x3c01, 0xfbff, 0x7bff, 0x0001, 0x0000, 0x8000];
    assert_eq!(halves(&weights, 1.0), (expected.to_vec(), true));
    // What counts is the result of folding.
    assert_eq!(halves(&[65520.0, 1.0], 1.0), (vec![0x7c00, 0x3c00], false));
    assert_eq!(halves(&[65520.0, 1.0], 0.5), (vec![0x77ff + 1, 0x3800], true));
    assert_eq!(halves(&[1.0, 2.0], 32768.0), (vec![0x7800, 0x7c00], false));
}

fn f16_bits(value: f32) -> u16 {
    half::f16::from_f32(value).to_bits()
}

fn bf16_bits(value: f32) -> u16 {
    half::bf16::from_f32(value).to_bits()
}

#[test]
fn one_slope_can_be_used_for_all_channels() {
    let packed = packed(&file(&entries_with(of_values("act.weight", &[1], &[0.25]))));
    assert_eq!(packed[CONV_PANELS.len()..][..3], [0.25, 0.25, 0.0]);
}

#[test]
fn leftovers_of_training_are_ignored() {
    let counter = Entry { dtype: "I64", bytes: vec![0; 8], ..entry("bn1.num_batches_tracked", &[]) };
    let with_more = [entries(), vec![counter, entry("head.fc.weight", &[3, 8])]].concat();
    assert_eq!(packed(&file(&with_more)), packed(&file(&entries())));
    assert!(read(&GRAPH, &Source::new(&file(&with_more))).unwrap().contains_key("head.fc.weight"));
    assert!(!read(&GRAPH, &Source::new(&file(&with_more))).unwrap().contains_key("bn1.num_batches_tracked"));
}

#[test]
fn loaded_weights_are_owned_and_aligned() {
    let bytes = file(&entries());
    let weights = Packed::<PACKED>::load(&GRAPH, &RECIPE, &Source::new(&bytes)).unwrap();
    assert_eq!(*weights, packed(&bytes));
    assert!(weights.as_ptr().addr().is_multiple_of(64));
    assert!(Packed::<PACKED>::load(&GRAPH, &RECIPE, &Source::new(b"")).is_err());
}

#[test]
fn large_weights_do_not_pass_through_the_stack() {
    const LARGE: usize = 16 << 20;
    let bytes = file(&entries());
    let weights = Packed::<LARGE>::load(&GRAPH, &RECIPE, &Source::new(&bytes)).unwrap();
    assert_eq!(weights[..PACKED], packed(&bytes));
    assert_eq!(weights[LARGE - 1], 0.0);
}

static EMBEDDED: Aligned<2> = Aligned::from_le_bytes(b"\x00\x00\x80\x3f\x00\x00\x00\xc0");

#[test]
fn embedded_weights_are_in_the_binary() {
    let weights = Packed::Embedded(&EMBEDDED);
    assert_eq!(*weights, [1.0, -2.0]);
    assert_eq!(weights.as_array(), EMBEDDED.as_array());
    assert!(weights.as_ptr().addr().is_multiple_of(64));
    assert_eq!(format!("{weights:?}"), "Embedded(Aligned(2 floats))");
}

/// Whatever the machine's byte order.
#[test]
fn embedded_weights_of_either_byte_order() {
    const BIG: Aligned<2> = Aligned::from_be_bytes(b"\x3f\x80\x00\x00\xc0\x00\x00\x00");
    assert_eq!(BIG.as_array(), EMBEDDED.as_array());
    assert_eq!(Aligned::<2>::ZEROS.as_array(), &[0.0; 2]);
    let of_machine = [1.0_f32.to_ne_bytes(), (-2.0_f32).to_ne_bytes()].concat();
    assert_eq!(packed::bytes(EMBEDDED.as_array()), of_machine);
}

#[test]
fn weights_are_shared_between_threads() {
    fn assert_shared<T: Send + Sync>() {}
    assert_shared::<Packed<4>>();
}

#[test]
#[should_panic(expected = "four bytes for each float")]
fn bytes_of_another_length_are_refused() {
    let _ = Aligned::<2>::from_le_bytes(&[0; 7]);
}
