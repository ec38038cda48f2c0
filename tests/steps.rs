//! What a pass reports about itself: its kernels, and when each of them is done.

#[path = "support/nets.rs"]
mod nets;

use std::sync::Arc;

use cnn::{DynNetwork, Network, Step, network};
use models::seeded;
use nets::*;

/// A watched pass gives the same results as any other, and goes through all steps in order.
fn steps_come_in_order<N: Network>() {
    let weights = Arc::new(N::weights(&seeded::weights(N::GRAPH, "")).unwrap_or_else(|e| panic!("{e}")));
    let input = seeded::uniform("input", N::GRAPH.input().elements());
    let mut net = N::new(weights);
    let expected = net.run(&input).expect("as long as the input").to_vec();
    let mut seen = Vec::new();
    let found = net.profile(&input, &mut |step| seen.push(step)).expect("as long as the input");
    assert_eq!(found, expected);
    assert!(seen.into_iter().eq(0..N::STEPS.len()), "{}", N::GRAPH.name);
    assert_eq!(N::STEPS.iter().map(|step| step.macs(N::GRAPH)).sum::<u64>(), N::MACS, "{}", N::GRAPH.name);
    for step in N::STEPS {
        let node = step.node().map_or("", |node| N::GRAPH.nodes[node].name);
        let moves = ["load_chw", "clear_halo", "store_chw"].contains(&step.kernel);
        assert!(moves || step.name == node, "{step:?} computes `{node}`");
    }
}

macro_rules! tests {
    ($($test:ident: $net:ident;)*) => {
        $(
            #[test]
            fn $test() {
                steps_come_in_order::<$net<'static>>();
            }
        )*
    };
}

for_each_net!(tests);

network! {
    /// Two images at once.
    #[batch(2)]
    pub(crate) Two: 1x6x6 -> 3 {
        conv: conv(4, 3x3) -> relu;
        pool: max_pool(2x2);
        lrn;
        fc: linear(3);
    }

    /// Two images, each with large maps.
    #[batch(2)]
    pub(crate) Large: 1x16x16 -> 3 {
        conv: conv(4, 3x3) -> relu;
        pool: max_pool(2x2);
        fc: linear(4);
        relu;
        last: linear(3);
        softmax;
    }
}

/// The steps of a pass, in the order in which they were done.
fn seen<N: Network>() -> Vec<usize> {
    let weights = N::weights(&seeded::weights(N::GRAPH, "")).expect("made for the net");
    let mut seen = Vec::new();
    let input = vec![0.5; N::BATCH * N::GRAPH.input().elements()];
    let mut net = N::new(Arc::new(weights));
    assert!(net.profile(&input, &mut |step| seen.push(step)).is_ok());
    seen
}

#[test]
fn steps_before_and_between_shared_ones_are_repeated_for_each_image() {
    let names: Vec<&str> = Two::STEPS.iter().map(|step| step.name).collect();
    assert_eq!(names, ["input", "conv", "pool", "3", "fc"]);
    let conv = Two::STEPS[1];
    assert_eq!(conv, Step::new("conv", "conv2d", "direct", &[0, 1]).shared());
    assert_eq!((conv.node(), conv.macs(Two::GRAPH)), (Some(0), 36 * 16));
    assert_eq!(conv.doc(Two::GRAPH).to_string(), "1x6x6 -> 4x4x4: conv 3x3, relu");

    assert_eq!(seen::<Two<'_>>(), [0, 0, 1, 2, 3, 2, 3, 4]);
    // Large maps exist for one image at a time.
    assert_eq!(seen::<Large<'_>>(), [0, 1, 2, 0, 1, 2, 3, 4, 5, 5]);
}

#[test]
fn a_slice_of_another_length_is_refused() {
    let weights = TwoWeights::from_safetensors(&seeded::weights(Two::GRAPH, "")).expect("made for the net");
    let mut net = Two::new(&weights);
    let mut calls = 0;
    assert!(net.profile(&[0.5; 71], &mut |_| calls += 1).is_err());
    assert!(net.run(&[0.5; 73]).is_err());
    assert_eq!(calls, 0);
}
