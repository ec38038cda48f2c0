//! Models whose nodes and weights have no names that say anything: blocks and repeats are found by what is computed.

mod again;
mod onnx;

use cnn_import::{File, Options};
use onnx::{Model, input, int_tensor, ints, node};

/// A model in the making. Weights are zeros of which the file has the shape alone.
#[derive(Default)]
struct Builder {
    nodes: Vec<Vec<u8>>,
    initializers: Vec<Vec<u8>>,
    /// What values are called: this and a number.
    word: &'static str,
    count: usize,
}

impl Builder {
    fn name(&mut self) -> String {
        self.count += 1;
        format!("{}{}", self.word, self.count)
    }

    fn node(&mut self, op: &str, inputs: &[&str], attributes: &[(&str, Vec<u8>)]) -> String {
        let result = self.name();
        self.nodes.push(node(op, inputs, &[&result], attributes));
        result
    }

    fn weight(&mut self, shape: &[i64]) -> String {
        let dims = self.name();
        self.initializers.push(int_tensor(&dims, &[shape.len() as u64], shape));
        self.node("ConstantOfShape", &[&dims], &[])
    }

    fn conv(&mut self, x: &str, [filters, channels, size]: [i64; 3], stride: i64, groups: i64) -> String {
        let weight = self.weight(&[filters, channels / groups, size, size]);
        let attributes =
            [("pads", ints(&[size / 2; 4])), ("strides", ints(&[stride; 2])), ("group", onnx::int(groups))];
        self.node("Conv", &[x, &weight], &attributes)
    }

    fn relu(&mut self, x: &str) -> String {
        self.node("Relu", &[x], &[])
    }

    /// The end of a classifier, and the file.
    fn classifier(mut self, x: &str, channels: i64, size: u64) -> File {
        let x = self.node("GlobalAveragePool", &[x], &[]);
        let x = self.node("Flatten", &[&x], &[]);
        let weight = self.weight(&[1000, channels]);
        self.nodes.push(node("Gemm", &[&x, &weight], &["y"], &[("transB", onnx::int(1))]));
        let inputs = vec![input("x", &[1, 3, size, size])];
        let Self { nodes, initializers, .. } = self;
        File::new(Model { opset: 17, nodes, initializers, inputs, output: "y", more_outputs: Vec::new() }.encode())
    }
}

#[track_caller]
fn assert_declared(file: &File, expected: &str) {
    let net = file.import(&Options { name: Some("Net".to_owned()), ..Options::default() }).expect("a net");
    let text = net.declaration();
    net.with(|graph| again::read(text, graph)).expect("the same net");
    assert_eq!(text.replace("/// Imported from ONNX.\n", ""), expected);
}

fn bottleneck(net: &mut Builder, x: &str, [before, filters]: [i64; 2], stride: i64) -> String {
    let y = net.conv(x, [filters, before, 1], 1, 1);
    let y = net.relu(&y);
    let y = net.conv(&y, [filters, filters, 3], stride, 1);
    let y = net.relu(&y);
    let y = net.conv(&y, [4 * filters, filters, 1], 1, 1);
    let skipped = if before == 4 * filters { x.to_owned() } else { net.conv(x, [4 * filters, before, 1], stride, 1) };
    let y = net.node("Add", &[&y, &skipped], &[]);
    net.relu(&y)
}

fn resnet50(word: &'static str) -> File {
    let mut net = Builder { word, ..Builder::default() };
    let x = net.conv("x", [64, 3, 7], 2, 1);
    let x = net.relu(&x);
    let window = [("kernel_shape", ints(&[3; 2])), ("strides", ints(&[2; 2])), ("pads", ints(&[1; 4]))];
    let (mut x, mut channels) = (net.node("MaxPool", &[&x], &window), 64);
    for (stage, count) in [3, 4, 6, 3].into_iter().enumerate() {
        for index in 0..count {
            let stride = if index == 0 && stage > 0 { 2 } else { 1 };
            x = bottleneck(&mut net, &x, [channels, 64 << stage], stride);
            channels = 256 << stage;
        }
    }
    net.classifier(&x, 2048, 224)
}

const RESNET: &str = "\
block residual_conv4(filters, stride) {
    add {
        conv1: conv(filters, 1x1, bias = false) -> relu
            -> conv2: conv(filters, 3x3, stride = stride, pad = 1, bias = false) -> relu
            -> conv3: conv(4 * filters, 1x1, bias = false);
        conv4: conv(4 * filters, 1x1, stride = stride, bias = false);
    } -> relu;
}

block residual(filters) {
    add {
        conv1: conv(filters, 1x1, bias = false) -> relu
            -> conv2: conv(filters, 3x3, pad = 1, bias = false) -> relu
            -> conv3: conv(4 * filters, 1x1, bias = false);
        skip;
    } -> relu;
}

Net: 3x224x224 -> 1000 {
    conv(64, 7x7, stride = 2, pad = 3, bias = false) -> relu -> max_pool(3x3, stride = 2, pad = 1);
    residual1: residual_conv4(64, stride = 1);
    [residual2..: residual(64); 2];
    residual4: residual_conv4(128, stride = 2);
    [residual5..: residual(128); 3];
    residual8: residual_conv4(256, stride = 2);
    [residual9..: residual(256); 5];
    residual14: residual_conv4(512, stride = 2);
    [residual15..: residual(512); 2];
    global_avg_pool;
    linear(1000, bias = false);
}
";

const MOBILE: &str = "\
block part(filters1, filters2, size) {
    conv1: conv(filters1, 1x1, bias = false) -> relu;
    conv2: conv(filters1, size x size, pad = size / 2, groups = filters1, bias = false) -> relu;
    conv3: conv(filters2, 1x1, bias = false);
}

Net: 3x32x32 -> 1000 {
    conv(16, 3x3, stride = 2, pad = 1, bias = false);
    add {
        skip;
        part1: part(64, 16, size = 3);
    };
    part2: part(64, 24, size = 3);
    add {
        skip;
        part3: part(96, 24, size = 5);
    };
    part4: part(96, 32, size = 5);
    add {
        skip;
        part5: part(128, 32, size = 3);
    } -> global_avg_pool;
    linear(1000, bias = false);
}
";

const CROSSED: &str = "\
Net: 3x8x8 -> 1000 {
    conv(8, 3x3, pad = 1, bias = false);
    keep kept;
    conv(8, 3x3, pad = 1, bias = false);
    add {
        skip;
        add { from kept; skip; } -> conv(8, 3x3, pad = 1, bias = false);
    } -> global_avg_pool;
    linear(1000, bias = false);
}
";

/// Two blocks with repeats, in little more lines than a person needs.
#[test]
fn resnet50_without_names() {
    for word in ["", "onnx::Conv_"] {
        assert_declared(&resnet50(word), RESNET);
    }
    // What is in no block keeps its name, whatever that is worth.
    let named = RESNET
        .replace("    conv(64, 7x7", "    conv2d_2: conv(64, 7x7")
        .replace("-> relu -> max_pool", "-> relu\n        -> max_pool")
        .replace("    linear", "    conv2d_229: linear");
    assert_declared(&resnet50("conv2d_"), &named);
}

/// Blocks that differ in the window of a depthwise convolution are one, whether something is added to them or not.
#[test]
fn depthwise_blocks() {
    let mut net = Builder::default();
    let mut x = net.conv("x", [16, 3, 3], 2, 1);
    for (before, filters, size) in [(16, 16, 3), (16, 24, 3), (24, 24, 5), (24, 32, 5), (32, 32, 3)] {
        let y = net.conv(&x, [4 * before, before, 1], 1, 1);
        let y = net.relu(&y);
        let y = net.conv(&y, [4 * before, 4 * before, size], 1, 4 * before);
        let y = net.relu(&y);
        let y = net.conv(&y, [filters, 4 * before, 1], 1, 1);
        x = if before == filters { net.node("Add", &[&x, &y], &[]) } else { y };
    }
    assert_declared(&net.classifier(&x, 32, 32), MOBILE);
}

/// A short chain, and layers that read across each other, say less in blocks than in a row.
#[test]
fn what_is_not_repeated_stays_flat() {
    let mut net = Builder::default();
    let a = net.conv("x", [8, 3, 3], 1, 1);
    let b = net.conv(&a, [8, 8, 3], 1, 1);
    let c = net.node("Add", &[&a, &b], &[]);
    let d = net.conv(&c, [8, 8, 3], 1, 1);
    let e = net.node("Add", &[&b, &d], &[]);
    assert_declared(&net.classifier(&e, 8, 8), CROSSED);
}
