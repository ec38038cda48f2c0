//! The nets, and drawings that were read back.

use cnn_diagram::text::{bold_width, width};
use cnn_diagram::{Detail, Options, Theme, svg};
use cnn_runtime::graph::Graph;
use models::torchvision;
use roxmltree::{Document, Node};

cnn::network! {
    block twice(filters) {
        add { conv(filters, 3x3, pad = 1) -> relu -> conv(filters, 3x3, pad = 1); skip; } -> relu;
    }

    /// Repeats (nobody 2024): groups that are repeated, with and without names, in each other and around blocks.
    pub(crate) Repeats: 3x64x64 -> 10 {
        stem: conv(16, 3x3, pad = 1) -> relu;
        [{ conv(16, 3x3, pad = 1) -> batch_norm -> relu -> conv(16, 1x1) -> relu; }; 3];
        max_pool(2x2);
        body: [{ twice(16) -> add { conv(16, 1x1) -> conv(16, 1x1); skip; }; max_pool(3x3, stride = 1, pad = 1); }; 2];
        deep: [{ [{ conv(16, 3x3, pad = 1); lrn; }; 2]; max_pool(2x2); }; 2];
        other: { conv(32, 3x3) -> conv(16, 3x3); };
        flatten -> linear(10) -> softmax;
    }
}

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
    torchvision::AlexNet,
    torchvision::Vgg16,
    torchvision::GoogLeNet,
    torchvision::ResNet18,
    torchvision::ResNet50,
    torchvision::SqueezeNet1_1,
    torchvision::MobileNetV2,
    torchvision::DenseNet121,
    Repeats,
];

/// Every way to draw a net.
pub(crate) fn ways() -> impl Iterator<Item = Options> {
    let details = [Detail::Article, Detail::Full];
    let widths = [420, 700, 760, 1100];
    let pairs = details.into_iter().flat_map(move |detail| widths.map(|width| (detail, width)));
    pairs.flat_map(|(detail, width)| [false, true].map(|unfold| Options { detail, width, unfold, theme: Theme::Light }))
}

/// Draws a net and hands what was drawn to `read`.
pub(crate) fn drawn<R>(graph: &Graph<'_>, options: &Options, read: impl FnOnce(&Document<'_>) -> R) -> R {
    let text = svg(graph, options);
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", graph.name));
    read(&document)
}

/// An attribute as a number.
pub(crate) fn number(node: Node<'_, '_>, name: &str) -> f32 {
    node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} of {node:?}"))
}

/// Blocks, ports and joins.
pub(crate) fn blocks<'a>(document: &'a Document<'a>) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(|node| node.attribute("class") == Some("n"))
}

/// All text that a group has.
pub(crate) fn texts(node: Node<'_, '_>) -> Vec<String> {
    node.descendants().filter(|n| n.has_tag_name("text")).filter_map(|n| n.text().map(str::to_owned)).collect()
}

/// Left, top, right, bottom.
pub(crate) type Area = [f32; 4];

/// Whether two areas have a point in common.
pub(crate) fn meet(a: Area, b: Area) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// What a text covers at most, if it is not turned.
pub(crate) fn text_area(text: Node<'_, '_>) -> Option<Area> {
    let (x, y, size) = (number(text, "x"), number(text, "y"), number(text, "font-size"));
    let content = text.text()?;
    let wide = if text.attribute("font-weight").is_some() { bold_width(content, size) } else { width(content, size) };
    let left = match text.attribute("text-anchor") {
        Some("middle") => x - wide / 2.0,
        Some("end") => x - wide,
        _ => x,
    };
    text.attribute("transform").is_none().then_some([left, y - 0.75 * size, left + wide, y + 0.2 * size])
}
