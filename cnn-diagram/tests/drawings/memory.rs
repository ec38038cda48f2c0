//! Charts of memory, read back.

use cnn_diagram::{Options, Theme, memory};
use cnn_net::graph::Graph;
use cnn_net::memory::Memory;
use roxmltree::Document;

use super::geometry::{blocks, number};

/// Descriptions and memory of nets.
macro_rules! nets {
    ($($net:ty),* $(,)?) => { &[$((<$net>::GRAPH, <$net>::MEMORY)),*] };
}

static NETS: &[(&Graph<'static>, &Memory<'static>)] = nets![
    models::Perceptron,
    models::LeNet5,
    models::AlexNet,
    models::Vgg16,
    models::InceptionV1,
    models::ResNet50,
    models::torchvision::DenseNet121,
];

#[test]
fn every_buffer_is_a_rectangle_of_its_lifetime_and_size() {
    for (graph, held) in NETS {
        let chart = memory(graph, held, &Options { theme: Theme::Light, ..Options::default() });
        let document = Document::parse(&chart).unwrap_or_else(|error| panic!("{}: {error}", graph.name));
        let rectangles: Vec<[f32; 4]> = blocks(&document)
            .map(|buffer| buffer.children().find(|child| child.has_tag_name("rect")).expect("a buffer has a rectangle"))
            .map(|rect| ["x", "y", "width", "height"].map(|name| number(rect, name)))
            .collect();
        assert_eq!(rectangles.len(), held.buffers.len(), "{}", graph.name);
        let [left, step, float] = [80.0, 664.0 / held.times.len() as f32, 340.0 / held.floats as f32];
        for (buffer, [x, _, width, height]) in held.buffers.iter().zip(&rectangles) {
            // Coordinates are rounded to tenths.
            assert!((x - left - buffer.first as f32 * step).abs() < 0.2, "{}: {buffer:?} at {x}", graph.name);
            assert!((width - (buffer.last + 1 - buffer.first) as f32 * step).abs() < 0.2, "{}: {buffer:?}", graph.name);
            assert!((height - buffer.len as f32 * float).abs() < 0.2, "{}: {buffer:?}", graph.name);
        }
    }
}

/// The branches of an inception module write into one buffer.
#[test]
fn the_result_of_a_concat_has_its_name() {
    let chart = memory(models::InceptionV1::GRAPH, models::InceptionV1::MEMORY, &Options::default());
    let document = Document::parse(&chart).unwrap();
    let titles: Vec<&str> = blocks(&document)
        .filter_map(|buffer| buffer.children().find(|child| child.has_tag_name("title")).and_then(|title| title.text()))
        .collect();
    let module = titles.iter().find(|title| title.starts_with("inception3b.") && title.contains(" concat: "));
    let lives = "from inception3b.conv1x1 to 12 max_pool";
    assert!(module.is_some_and(|title| title.contains(lives)), "{lives}: {titles:?}");
}

#[test]
fn the_bound_and_the_bytes_are_those_of_the_net() {
    let held = models::LeNet5::MEMORY;
    let chart = memory(models::LeNet5::GRAPH, held, &Options::default());
    assert!(chart.contains("lower bound</text>"));
    let bytes = cnn_net::text::thousands((held.floats * size_of::<f32>()) as u64);
    assert!(chart.contains(&format!("workspace {bytes} bytes, ")), "{bytes}");
    assert_eq!(chart, memory(models::LeNet5::GRAPH, held, &Options::default()));
}
