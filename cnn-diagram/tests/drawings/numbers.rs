//! Numbers come from the graph: another net has others.

use cnn_diagram::{Detail, Options};
use cnn_runtime::graph::Graph;

use super::support::{drawn, texts};

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
}

fn told(graph: &Graph<'_>) -> Vec<String> {
    let options = Options { detail: Detail::Full, ..Options::default() };
    drawn(graph, &options, |document| texts(document.root_element()))
}

#[test]
fn a_changed_net_has_other_numbers() {
    let (small, wider) = (told(Small::GRAPH), told(Wider::GRAPH));
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
