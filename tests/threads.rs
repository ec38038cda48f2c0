//! Nets on several threads give the same bits as on one.

#[path = "support/nets.rs"]
mod nets;

use std::sync::Arc;
use std::thread;

use cnn::{DynNetwork, Network, Pool, network};
use models::seeded;
use nets::*;

/// Compares a net on one thread with the same net on several, which split even the smallest kernels.
fn bits_are_the_same<N: Network>() {
    let weights = Arc::new(N::weights(&seeded::weights(N::GRAPH, "")).unwrap_or_else(|e| panic!("{e}")));
    let input = seeded::uniform("input", N::BATCH * N::GRAPH.input().elements());
    let mut alone = N::new(&weights);
    let expected = bits(alone.run(&input).expect("as long as the input"));
    for threads in [1, 2, 3, 5] {
        let pool = Arc::new(Pool::new(threads).with_least_work(1));
        let mut net = N::new(&weights).with_pool(pool);
        for _ in 0..2 {
            let found = bits(net.run(&input).expect("as long as the input"));
            assert_eq!(found, expected, "{} on {threads} threads", N::GRAPH.name);
        }
        for tap in N::GRAPH.taps {
            let [found, expected] = [&net, &alone].map(|net| bits(net.tap(tap.name).expect("the net has it")));
            assert_eq!(found, expected, "{} at {} on {threads} threads", N::GRAPH.name, tap.name);
        }
    }
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

macro_rules! tests {
    ($($test:ident: $net:ident;)*) => {
        $(
            #[test]
            fn $test() {
                bits_are_the_same::<$net<'static>>();
            }
        )*
    };
}

for_each_net!(tests);

network! {
    /// Several images per pass, and layers that process them image by image.
    #[batch(3)]
    pub(crate) Three: 2x13x11 -> 10 {
        conv(24, 3x3, pad = 1) -> silu -> max_pool(2x2);
        conv(24, 3x3, pad = 1, groups = 24) -> lrn;
        tap maps;
        linear(40) -> tanh -> linear(10) -> softmax;
    }
}

#[test]
fn a_batch() {
    bits_are_the_same::<Three<'static>>();
}

#[test]
fn nets_on_two_threads_share_a_pool() {
    let weights = models::LeNet5Weights::embedded();
    let images: Vec<[f32; 1024]> =
        (0..2).map(|i| seeded::uniform(&i.to_string(), 1024).try_into().expect("1024 numbers")).collect();
    let pool = Pool::new(2).with_least_work(1);
    thread::scope(|scope| {
        for image in &images {
            scope.spawn(|| {
                let expected = *LeNet5::new(weights).forward(image);
                let mut net = LeNet5::new(weights).with_pool(&pool);
                for _ in 0..300 {
                    assert_eq!(*net.forward(image), expected);
                }
            });
        }
    });
}

#[test]
fn a_watched_pass_is_split_too() {
    let pool = Pool::new(2).with_least_work(1);
    let mut net = LeNet5::embedded().with_pool(&pool);
    let mut steps = Vec::new();
    let image = [0.5; 1024];
    let found = net.profile(&image, &mut |step| steps.push(step)).expect("as long as the input").to_vec();
    assert_eq!(steps.len(), LeNet5::STEPS.len());
    assert_eq!(found, LeNet5::embedded().forward(&image));
}
