//! Whole nets, one image at a time on one thread.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use models::{LeNet5, LeNet5Weights, seeded};

fn lenet5(criterion: &mut Criterion) {
    let weights = LeNet5Weights::from_safetensors(&seeded::weights(LeNet5::GRAPH, "")).expect("made for the net");
    let mut net = LeNet5::new(&weights);
    let image: [f32; 1024] = seeded::uniform("input", 1024).try_into().expect("1024 numbers");
    let sum: f32 = net.forward(&image).iter().sum();
    assert!((sum - 1.0).abs() < 1e-5, "probabilities add up to {sum}");
    criterion.bench_function("lenet5/forward", |bench| {
        bench.iter(|| net.forward(black_box(&image))[0]);
    });
}

criterion_group!(nets, lenet5);
criterion_main!(nets);
