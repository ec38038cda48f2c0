//! Layers and their arguments.

use std::fmt::Write as _;

use super::{MOST_CHANNELS, Shape, Writer};

/// Functions that have no arguments, or any.
const FUNCTIONS: &[&str] = &[
    "relu",
    "tanh",
    "sigmoid",
    "step",
    "relu6",
    "softplus",
    "softplus(beta = 2, threshold = 5)",
    "hard_shrink",
    "soft_shrink(0.1)",
    "softsign",
    "silu",
    "mish",
    "hard_swish",
    "identity",
    "leaky_relu(0.1)",
    "elu(alpha = 1 / 3)",
    "selu(alpha = 0.5, gamma = -1)",
    "gelu",
    "gelu(approximate = tanh)",
    "hard_sigmoid(alpha = 0.2)",
    "hard_tanh",
    "hard_tanh(min = 0, max = 0.5)",
    "celu(0.5)",
    "threshold(0.1, -1)",
    "log_sigmoid",
    "softmax",
    "log_softmax",
    "dropout(0.1)",
];

/// Arguments that are wrong almost everywhere.
const WILD: &[&str] = &[
    "conv",
    "conv()",
    "conv(16777216, 16777216)",
    "conv(8, 0x3)",
    "conv(1, 1, groups = 7)",
    "conv(3 * 5 - 1, 2 x 1, stride = 9)",
    "linear(99999999)",
    "linear(1 / 0)",
    "max_pool(2, dilation = 3, pad = 1)",
    "max_pool(3, stride = 2, ceil = true)",
    "avg_pool(2x3, pad = (1, 0, 0, 1), ceil = true)",
    "lrn(size = 4)",
    "hard_tanh(min = 2)",
    "celu(0)",
    "threshold(1)",
    "group_norm(3)",
    "group_norm(0)",
    "instance_norm",
    "grn",
    "layer_norm(over = all)",
    "rms_norm(affine = false)",
    "scale(1 / 0)",
    "glu",
    "lrn(size = 1000001, k = 0)",
    "flatten",
    "flatten -> flatten",
    "global_max_pool",
    "[relu; 10000]",
    "[conv(4, 1); 3]",
    "[{ relu; [tanh; 50]; }; 50]",
    "concat { skip; skip; }",
    "add { skip; global_avg_pool; }",
    "mul { skip; global_avg_pool; global_max_pool; }",
    "part(4)",
    "part(4, k = -1)",
    "part(n = 1, k = 2, pad = k)",
    "prelu(per = element)",
    "prelu(per = tensor)",
    "scale(per = tensor)",
    "scale(2, per = tensor)",
    "batch_norm(eps = 0, affine = false)",
    "batch_norm",
    "linear(3)",
    "pixel_shuffle(2)",
    "pixel_unshuffle(3)",
    "channel_shuffle(5)",
    "channels(0..9)",
    "channels(3..3)",
    "channels(..=k)",
    "reshape(4x4x4)",
    "crop(9)",
    "crop((1, 2, 3, 4))",
    "pad(16777216)",
    "pad((9, 0, 1, 2), mode = reflect)",
    "upsample(16777216)",
    "resize(5000x5000, mode = bicubic)",
    "map(f)",
    "map(a::f::<3>) -> map(k) -> map(|x| x)",
    "custom(a::Layer, 4x4x4, scratch = 16777216)",
    "custom(Of<{ 1 + 2 }, k, b::C<{ -k }>>, 8, w = 2x2, b = buffer(9)) { skip; relu; }",
    "custom(::a::Layer<'static, [u8; 4]>, 16777216x16777216x16777216, w = 16777216x16777216)",
    "custom(crate::, 8)",
];

impl Writer<'_> {
    pub(super) fn layer(&mut self, value: Shape) -> Shape {
        match self.choices.below(9) {
            8 if !value.vector => self.moved(value),
            0..=2 if !value.vector => self.conv(value),
            3..=4 if !value.vector => self.pool(value),
            5 if value.channels * value.height * value.width <= 4096 => self.linear(value),
            6 if !value.vector => {
                let pool = self.choices.pick(&["global_avg_pool", "global_max_pool"]);
                self.text.push_str(pool);
                Shape { height: 1, width: 1, ..value }
            }
            _ => self.pointwise(value),
        }
    }

    /// A layer that moves numbers, or resizes maps.
    fn moved(&mut self, value: Shape) -> Shape {
        let Shape { channels, height, width, .. } = value;
        let mut out = value;
        match self.choices.below(7) {
            0 if channels.is_multiple_of(4) => {
                self.text.push_str("pixel_shuffle(2)");
                out = Shape { channels: channels / 4, height: 2 * height, width: 2 * width, ..value };
            }
            1 if height.is_multiple_of(2) && width.is_multiple_of(2) && 4 * channels <= MOST_CHANNELS => {
                self.text.push_str("pixel_unshuffle(2)");
                out = Shape { channels: 4 * channels, height: height / 2, width: width / 2, ..value };
            }
            2 => {
                let first = self.choices.below(channels);
                let end = self.choices.between(first + 1, channels);
                let _ = write!(self.text, "channels({first}..{end})");
                out.channels = end - first;
            }
            3 => {
                let _ = write!(self.text, "reshape({channels}x{width}x{height})");
                (out.height, out.width) = (width, height);
            }
            4 => {
                let (rows, columns) = (self.choices.between(1, height), self.choices.between(1, width));
                let _ = write!(self.text, "crop({rows} x {columns})");
                (out.height, out.width) = (rows, columns);
            }
            5 => {
                let mode = self.choices.pick(&["replicate", "zero"]);
                let _ = write!(self.text, "pad((1, 0, 2, 1), mode = {mode})");
                (out.height, out.width) = (height + 3, width + 1);
            }
            _ => {
                let mode = self.choices.pick(&["nearest", "bilinear", "bicubic"]);
                let (rows, columns) = (self.choices.between(1, 9), self.choices.between(1, 9));
                let _ = write!(self.text, "resize({rows} x {columns}, mode = {mode})");
                (out.height, out.width) = (rows, columns);
            }
        }
        out
    }

    /// A layer that keeps the shape.
    pub(super) fn pointwise(&mut self, value: Shape) -> Shape {
        let name = self.name();
        let _ = match self.choices.below(14) {
            12 => write!(self.text, "{name}: scale(per = tensor)"),
            13 => write!(self.text, "{name}: prelu(per = tensor)"),
            8 => write!(self.text, "{name}: layer_norm"),
            9 => write!(self.text, "{name}: layer_norm(over = all, affine = false) -> l2_norm"),
            10 => write!(self.text, "{name}: rms_norm(over = all)"),
            11 => write!(self.text, "{name}: scale"),
            0 => write!(self.text, "{name}: batch_norm"),
            1 => write!(self.text, "{name}: prelu"),
            2 => write!(self.text, "{name}: prelu(per = element)"),
            3 if !value.vector => write!(self.text, "lrn(size = 3, alpha = 1e-2, beta = 0.5)"),
            4 if !value.vector => write!(self.text, "max_pool(3, stride = 1, pad = 1)"),
            _ => {
                let function = self.choices.pick(FUNCTIONS);
                write!(self.text, "{function}")
            }
        };
        value
    }

    fn conv(&mut self, value: Shape) -> Shape {
        let (same, dilation) = (self.choices.once_in(2), self.choices.pick(&[1, 1, 1, 2]));
        let stride = if same { 1 } else { self.choices.pick(&[1, 1, 2, 4]) };
        let pad = self.choices.below(4);
        let mut out = value;
        let mut kernel = [1, 1];
        for (taps, side) in kernel.iter_mut().zip([&mut out.height, &mut out.width]) {
            let padded = *side + 2 * pad;
            let most = if same { 7 } else { ((padded - 1) / dilation + 1).min(11) };
            *taps = self.choices.between(1, most);
            *side = if same { *side } else { (padded - dilation * (*taps - 1) - 1) / stride + 1 };
        }
        let groups = self.choices.pick(&[1, 1, 1, 2, value.channels]);
        let groups = if value.channels.is_multiple_of(groups) { groups } else { 1 };
        out.channels = groups * self.choices.between(1, (MOST_CHANNELS / groups).clamp(1, 40));
        let (name, bias) = (self.name(), self.choices.pick(&["", ", bias = false", ", groups = 1 * 1"]));
        let bias = if groups > 1 && bias.starts_with(", groups") { "" } else { bias };
        let pad = if same { "same".to_owned() } else { pad.to_string() };
        let ([kh, kw], filters) = (kernel, out.channels);
        let _ = write!(self.text, "{name}: conv({filters}, {kh} x {kw}, pad = {pad}");
        if stride != 1 || dilation != 1 {
            let _ = write!(self.text, ", stride = {stride}, dilation = {dilation}");
        }
        if groups > 1 {
            let _ = write!(self.text, ", groups = {groups}");
        }
        let _ = write!(self.text, "{bias})");
        let batch_norm = self.choices.once_in(4).then(|| self.name());
        if let Some(name) = batch_norm {
            let _ = write!(self.text, " -> {name}: batch_norm(eps = 1e-3)");
        }
        out
    }

    fn pool(&mut self, value: Shape) -> Shape {
        let pool = self.choices.pick(&["max_pool", "max_pool", "avg_pool"]);
        let taps = self.choices.between(1, value.height.min(value.width).min(4));
        let stride = self.choices.between(1, 3);
        let pad = self.choices.below(taps / 2 + 1);
        let side = |side: usize| (side + 2 * pad - taps) / stride + 1;
        let _ = write!(self.text, "{pool}({taps}, stride = {stride}, pad = {pad})");
        Shape { height: side(value.height), width: side(value.width), ..value }
    }

    fn linear(&mut self, _: Shape) -> Shape {
        let (name, channels) = (self.name(), self.choices.between(1, 60));
        let store = self.choices.pick(&["", ", store = f16", ", bias = false"]);
        let _ = write!(self.text, "{name}: linear({channels}{store})");
        Shape { channels, height: 1, width: 1, vector: true }
    }

    /// A step that may be wrong here.
    pub(super) fn wild(&mut self, value: Shape) -> Shape {
        self.right = false;
        let step = self.choices.pick(WILD);
        self.text.push_str(step);
        value
    }
}
