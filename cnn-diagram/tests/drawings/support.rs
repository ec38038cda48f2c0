//! The nets, and their drawings read back.

use std::fs;
use std::path::Path;

use cnn::custom::{Custom, Shape, Tensor};
use cnn_diagram::{Detail, Options, Theme, svg};
use cnn_net::graph::Graph;
use models::{tiny, torchvision};
use roxmltree::{Document, Node};

/// Checks that a drawing is the one in a file; `BLESS=1` writes it.
pub(super) fn assert_kept(path: &Path, drawing: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, drawing).unwrap();
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(kept == drawing, "{} differs from the drawing; `BLESS=1` writes it", path.display());
}

/// A function and a layer by a user.
fn bent(x: f32) -> f32 {
    x.max(x / 8.0)
}

struct Mixture<const N: usize>;

impl<const N: usize> Custom<N, 1> for Mixture<N> {
    const INPUTS: [Shape; N] = [Shape::map(8, 16, 16); N];
    const OUTPUT: Shape = Shape::map(8, 16, 16);
    const TENSORS: [Tensor; 1] = [Tensor::new("weight", [N, 8])];

    fn forward(_: [&[f32]; N], _: [&[f32]; 1], _: &mut [f32], _: &mut [f32]) {}
}

cnn::network! {
    block twice(filters) {
        add { conv(filters, 3x3, pad = 1) -> relu -> conv(filters, 3x3, pad = 1); skip; } -> last: relu;
    }

    /// Repeats (nobody 2024): repeated groups, with and without names, nested and around blocks.
    pub(crate) Repeats: 3x64x64 -> 10 {
        stem: conv(16, 3x3, pad = 1) -> relu;
        [{ conv(16, 3x3, pad = 1) -> batch_norm -> relu -> conv(16, 1x1) -> relu; }; 3];
        max_pool(2x2);
        body: [{ twice(16) -> add { x: conv(16, 1x1) -> y: conv(16, 1x1); skip; }; max_pool(3x3, stride = 1, pad = 1); }; 2];
        deep: [{ [{ conv(16, 3x3, pad = 1); lrn; }; 2]; max_pool(2x2); }; 2];
        other: { conv(32, 3x3) -> conv(16, 3x3); };
        flatten -> linear(10) -> softmax;
    }

    /// Mixed (nobody 2024): functions and layers by a user.
    pub(crate) Mixed: 3x16x16 -> 10 {
        stem: conv(8, 3x3, pad = 1) -> act: map(bent);
        one: custom(Mixture<1>, 8x16x16, weight = 1x8);
        several: custom(Mixture<2>, 8x16x16, weight = 2x8) { other: conv(8, 1x1) -> clip: relu; skip; };
        add { inner: custom(Mixture<1>, 8x16x16, weight = 1x8) -> last: map(bent); skip; };
        flatten -> linear(10);
    }

    block a_block_whose_name_is_a_sentence_of_many_words_that_nobody_would_ever_write(filters) {
        add { conv(filters, 1x1) -> conv(filters, 1x1); skip; };
    }

    /// Named (nobody 2024): names as long as Rust has them.
    pub(crate) ANetWhoseNameIsASentenceOfManyWordsThatNobodyWouldEverWriteSoItIsBroken: 4x8x8 -> 10 {
        first: a_block_whose_name_is_a_sentence_of_many_words_that_nobody_would_ever_write(4);
        a_call_whose_name_is_a_sentence_of_many_words_that_nobody_would_ever_write_either:
            a_block_whose_name_is_a_sentence_of_many_words_that_nobody_would_ever_write(4);
        tap a_tap_whose_name_is_a_sentence_of_many_words_that_nobody_would_ever_write;
        aux a_classifier_whose_name_is_a_sentence_of_many_words_that_nobody_would_ever_write(weight = 0.3) { linear(10); };
        flatten -> linear(10);
    }

    /// Siamese (nobody 2024): two inputs, and layers that are there twice.
    pub(crate) Siamese: { left: 1x32x32, right: 1x32x32 } -> 3 {
        from left;
        tower: {
            conv1: conv(8, 5x5) -> relu -> max_pool(2x2);
            add { conv2: conv(8, 3x3, pad = 1) -> batch_norm; skip; } -> relu -> flatten;
            fc: linear(10);
        };
        keep features;
        sub { from right -> again tower; from features; } -> tanh;
        head: linear(3);
    }

    block lateral(channels, coarse, fine) { add { from coarse -> upsample(2); from fine -> conv(channels, 1x1); }; }
    block predict() { conv(16, 3x3, pad = 1) -> relu -> conv(9, 1x1); }

    /// Detector (nobody 2024): outputs at three depths, the way back up in between.
    pub(crate) Detector: 3x64x64 -> { p3: 9x16x16, p4: 9x8x8, p5: 9x4x4, scores: 10 } {
        stem: conv(8, 3x3, stride = 2, pad = 1) -> relu;
        c3: { conv(16, 3x3, stride = 2, pad = 1) -> relu; };
        keep c3;
        c4: { conv(16, 3x3, stride = 2, pad = 1) -> relu; };
        keep c4;
        c5: { conv(16, 3x3, stride = 2, pad = 1) -> relu; };
        output p5 { predict(); };
        output scores { global_avg_pool -> linear(10); };
        keep c5;
        up4: lateral(16, c5, c4);
        output p4 { predict(); };
        keep up4;
        up3: lateral(16, up4, c3);
        output p3 { predict(); };
    }

    /// Passed (nobody 2024): inputs that leave as they are, and one whose way meets no other.
    pub(crate) Passed: { a: 2x3x3, b: 4 } -> { first: 2x3x3, second: 4, third: 5 } {
        from a -> relu;
        output first;
        from b;
        output second;
        linear(5);
        output third;
    }

    /// Late (nobody 2024): an input that is read at the end, and one in two places.
    pub(crate) Late: { image: 3x16x16, hint: 8x1x1 } -> 10 {
        from image -> conv(8, 3x3, pad = 1) -> relu;
        mul { skip; from hint -> sigmoid; } -> max_pool(2x2);
        mul { skip; from hint -> tanh; };
        flatten -> linear(10);
    }
}

pub(crate) use ANetWhoseNameIsASentenceOfManyWordsThatNobodyWouldEverWriteSoItIsBroken as Named;

/// The description of each net.
macro_rules! graphs {
    ($($net:ty),* $(,)?) => { &[$(<$net>::GRAPH),*] };
}

/// All nets.
pub(crate) static NETS: &[&Graph<'static>] = graphs![
    models::Perceptron,
    models::Mlp,
    models::LeNet5,
    models::AlexNet,
    models::Vgg11,
    models::Vgg11Lrn,
    models::Vgg13,
    models::Vgg16,
    models::Vgg19,
    models::InceptionV1,
    models::ResNet18,
    models::ResNet34,
    models::ResNet50,
    models::ResNet101,
    models::ResNet152,
    models::UNet,
    models::Espcn,
    tiny::ResNet8,
    tiny::DsCnn,
    tiny::MobileNetV1,
    tiny::Autoencoder,
    torchvision::AlexNet,
    torchvision::Vgg16,
    torchvision::GoogLeNet,
    torchvision::ResNet18,
    torchvision::ResNet50,
    torchvision::ResNeXt50,
    torchvision::SqueezeNet1_1,
    torchvision::MobileNetV2,
    torchvision::MobileNetV3Large,
    torchvision::DenseNet121,
    torchvision::InceptionV3,
    torchvision::ShuffleNetV2,
    torchvision::EfficientNetB0,
    torchvision::RegNetY400MF,
    torchvision::ConvNeXtTiny,
    Repeats,
    Siamese,
    Detector,
    Passed,
    Late,
    Mixed,
];

/// Every way to draw a net.
pub(crate) fn ways() -> impl Iterator<Item = Options> {
    let details = [Detail::Article, Detail::Full];
    let widths = [420, 700, 760, 1100];
    let pairs = details.into_iter().flat_map(move |detail| widths.map(|width| (detail, width)));
    pairs.flat_map(|(detail, width)| [false, true].map(|unfold| Options { detail, width, unfold, theme: Theme::Light }))
}

/// Draws a net and passes the drawing to `read`.
pub(crate) fn drawn<R>(graph: &Graph<'_>, options: &Options, read: impl FnOnce(&Document<'_>) -> R) -> R {
    let text = svg(graph, options);
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", graph.name));
    read(&document)
}

/// All texts in a group.
pub(crate) fn texts(node: Node<'_, '_>) -> Vec<String> {
    node.descendants().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text().map(str::to_owned)).collect()
}
