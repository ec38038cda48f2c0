//! Numbers come from the graph: a changed net has others.

use std::fs;
use std::path::Path;

use cnn::Network;
use cnn_diagram::{Detail, Entry, Options, Theme, gallery, svg, table_markdown};
use cnn_net::graph::Graph;
use cnn_net::text::thousands;
use models::About;

use super::random::described;
use super::support::{assert_kept, drawn, texts};

cnn::network! {
    /// Small (Somebody 2001): a net.
    Small: 1x8x8 -> 10 {
        conv1: conv(6, 3x3) -> relu;
        head: linear(10) -> softmax;
    }

    /// Small (Somebody 2001): a net with more filters.
    Wider: 1x8x8 -> 10 {
        conv1: conv(12, 5x5, stride = 2, pad = 2) -> tanh;
        head: linear(10) -> softmax;
    }

    /// Small, with half the bytes for the weights of its fully connected layer.
    #[store(f16)]
    Half = Small;
}

fn shown(graph: &Graph<'_>) -> Vec<String> {
    let options = Options { detail: Detail::Full, ..Options::default() };
    drawn(graph, &options, |document| texts(document.root_element()))
}

#[test]
fn a_changed_net_has_other_numbers() {
    let (small, wider) = (shown(Small::GRAPH), shown(Wider::GRAPH));
    for (line, changed) in [
        ("conv 3×3", "conv 5×5"),
        ("6 filters", "12 filters"),
        ("60 params", "312 params"),
        ("6×6×6", "12×4×4"),
        ("R", "T"),
        (
            "input 1×8×8 · 2 layers: 1 convolution, 1 fully connected · 2,230 parameters · 4,104 MACs",
            "input 1×8×8 · 2 layers: 1 convolution, 1 fully connected · 2,242 parameters · 6,720 MACs",
        ),
    ] {
        assert!(small.contains(&line.to_owned()), "{line} of {small:?}");
        assert!(wider.contains(&changed.to_owned()), "{changed} of {wider:?}");
        assert!(!wider.contains(&line.to_owned()), "{line} of {wider:?}");
    }
    assert!(small.contains(&"Small (Somebody 2001)".to_owned()));
}

/// The cells of a net's column in the table of architectures.
fn column<N: Network>() -> Vec<String> {
    let (name, year, new) = ("net", 2001, "smallness");
    let entry = Entry { name, graph: N::GRAPH, memory: N::MEMORY, workspace_bytes: N::WORKSPACE_BYTES, year, new };
    let table = table_markdown(&[entry]);
    let cell = |line: &str| line.split('|').nth(2).expect("a column for the net").trim().to_owned();
    table.lines().map(cell).filter(|cell| cell != "---").collect()
}

#[test]
fn a_changed_net_has_another_column_in_the_table() {
    let (small, wider) = (column::<Small>(), column::<Wider>());
    let cells = |parameters: &str, macs: &str, weights: &str, workspace: usize, functions: &str| {
        let workspace = format!("{} B", thousands(workspace as u64));
        let cells = [
            "net",
            "2001",
            "1×8×8",
            "2: 1 + 1",
            parameters,
            macs,
            weights,
            &workspace,
            "–",
            functions,
            "–",
            "smallness",
        ];
        cells.map(str::to_owned)
    };
    assert_eq!(small, cells("2,230", "4,104", "8,920 B", Small::WORKSPACE_BYTES, "ReLU, softmax"));
    assert_eq!(wider, cells("2,242", "6,720", "8,968 B", Wider::WORKSPACE_BYTES, "tanh, softmax"));
    assert_ne!(Small::WORKSPACE_BYTES, Wider::WORKSPACE_BYTES);
}

/// 60 numbers of the convolution and 10 biases of the other layer in single precision, 2160 weights in half precision.
#[test]
fn weights_are_as_large_as_they_are_stored() {
    assert_eq!(Half::GRAPH.weights_bytes(), 4 * (60 + 10) + 2 * 2160);
    assert!(column::<Half>().contains(&"4,600 B".to_owned()), "{:?}", column::<Half>());
    assert_eq!(models::AlexNetF16::GRAPH.weights_bytes(), 126_616_992);
}

/// On any screen, a pixel of a drawing is a pixel of the page, so its text keeps its size; and links scroll to below the bar.
#[test]
fn drawings_on_pages_are_shown_at_their_natural_size() {
    let page = gallery(&[entry::<models::InceptionV1>("inception-v1")], &Options::default());
    let shown: Vec<&str> = page.split("--natural:").skip(1).filter_map(|rest| rest.split("px\"").next()).collect();
    let drawn: Vec<&str> = page.split("viewBox=\"0 0 ").skip(1).filter_map(|rest| rest.split(' ').next()).collect();
    assert_eq!(shown, drawn);
    assert_eq!(drawn.len(), 4);
    for rule in ["svg{display:block;width:var(--natural)", "scroll-margin-top:var(--bar", ".scroll{overflow-x:auto}"] {
        assert!(page.contains(rule), "{rule}");
    }
}

fn entry<N: Network + About>(name: &'static str) -> Entry<'static> {
    Entry { name, graph: N::GRAPH, memory: N::MEMORY, workspace_bytes: N::WORKSPACE_BYTES, year: N::YEAR, new: N::NEW }
}

/// `BLESS=1` writes it.
#[test]
fn the_table_in_the_readme_is_that_of_the_nets() {
    let five = [
        entry::<models::LeNet5>("LeNet-5"),
        entry::<models::AlexNet>("AlexNet"),
        entry::<models::Vgg16>("VGG-16"),
        entry::<models::InceptionV1>("Inception-v1"),
        entry::<models::ResNet50>("ResNet-50"),
    ];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let start = readme.find("|  | LeNet-5 |").expect("the README has the table");
    let end = start + readme[start..].find("\n\n").expect("something follows it") + 1;
    let table = table_markdown(&five);
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, [&readme[..start], &table, &readme[end..]].concat()).unwrap();
    } else {
        assert!(readme[start..end] == table, "the table is\n{table}");
    }
}

/// The drawings next to the README's declaration are of that declaration.
#[test]
fn the_first_drawing_in_the_readme_is_that_of_its_declaration() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let declaration = readme.split("cnn::network! {").nth(1).and_then(|rest| rest.split("```").next());
    let source = declaration.and_then(|net| net.trim_end().strip_suffix('}')).expect("a declaration comes first");
    described(source, "", |graph| {
        for (name, theme) in [("light", Theme::Light), ("dark", Theme::Dark)] {
            let path = root.join(format!("docs/pictures/lenet5-{name}.svg"));
            let drawn = svg(graph, &Options { width: 400, theme, ..Options::default() });
            assert_kept(&path, &drawn);
        }
    });
}
