//! Draws a net that is declared here: `cargo run -p cnn-diagram --example declared > small.svg`.

use cnn_diagram::{Detail, Options, svg};

cnn::network! {
    /// Two convolutions, and the input added to their result.
    block residual(channels) {
        add {
            conv1: conv(channels, 3x3, pad = 1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(channels, 3x3, pad = 1, bias = false) -> bn2: batch_norm;
            skip;
        } -> relu;
    }

    /// A small residual net with an auxiliary classifier.
    pub Small: 3x32x32 -> 10 {
        stem: conv(16, 3x3, stride = 2, pad = 1) -> relu;
        layers: [residual(16); 3];
        aux head(weight = 0.3) { global_avg_pool -> fc: linear(10); };
        concat { max_pool(2x2); half: conv(8, 2x2, stride = 2) -> relu; };
        global_avg_pool -> fc: linear(10) -> softmax;
    }
}

fn main() {
    print!("{}", svg(Small::GRAPH, &Options { detail: Detail::Full, ..Options::default() }));
}
