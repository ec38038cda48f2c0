//! Whole nets, one image at a time: on one thread, and on two.
//!
//! Weights are seeded. Two threads need an idle machine: compare the median with the minimum.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use cnn::{Network, Pool, network};
use cnn_runtime::exec::isa::Isa;
use criterion::{BenchmarkId, Criterion, criterion_group};
use models::{AlexNet, InceptionV1, LeNet5, ResNet50, Vgg16, seeded};

network! {
    /// AlexNet with the weights of its fully connected layers in half precision.
    #[store(f16)]
    pub(crate) AlexNetF16: 3x224x224 -> 1000 {
        conv1: conv(96, 11x11, stride = 4, pad = 2) -> relu -> lrn -> max_pool(3x3, stride = 2);
        conv2: conv(256, 5x5, pad = 2, groups = 2) -> relu -> lrn -> max_pool(3x3, stride = 2);
        conv3: conv(384, 3x3, pad = 1) -> relu;
        conv4: conv(384, 3x3, pad = 1, groups = 2) -> relu;
        conv5: conv(256, 3x3, pad = 1, groups = 2) -> relu -> max_pool(3x3, stride = 2);
        fc6: linear(4096) -> relu -> dropout(0.5);
        fc7: linear(4096) -> relu -> dropout(0.5);
        fc8: linear(1000);
        tap logits;
        softmax;
    }
}

/// Runs a net on one thread and on two.
fn bench<N: Network + 'static>(criterion: &mut Criterion, name: &str) {
    let weights = Arc::new(N::weights(&seeded::weights(N::GRAPH, "")).expect("made for the net"));
    let image = seeded::uniform("input", N::GRAPH.input().elements());
    let pool = Arc::new(Pool::new(2));
    let mut group = criterion.benchmark_group(name);
    let mut alone = Vec::new();
    for (threads, mut net) in [(1, N::new(&weights)), (2, N::new(&weights).with_pool(pool))] {
        let output = net.run(&image).expect("the image has the input's length");
        assert!(output.iter().all(|x| x.is_finite()), "{output:?}");
        if alone.is_empty() {
            alone = output.to_vec();
        }
        assert_eq!(output, alone, "two threads give a different output");
        let few = N::MACS > 10_000_000;
        group.sample_size(if few { 10 } else { 100 });
        group.measurement_time(Duration::from_secs(if few { 3 } else { 5 }));
        group.bench_function(BenchmarkId::new("threads", threads), |bench| {
            bench.iter(|| net.run(black_box(&image)).map(|output| output[0]));
        });
    }
}

fn lenet5(criterion: &mut Criterion) {
    bench::<LeNet5>(criterion, "lenet5");
}

fn alexnet(criterion: &mut Criterion) {
    bench::<AlexNet>(criterion, "alexnet");
}

fn alexnet_f16(criterion: &mut Criterion) {
    bench::<AlexNetF16>(criterion, "alexnet_f16");
}

fn vgg16(criterion: &mut Criterion) {
    bench::<Vgg16>(criterion, "vgg16");
}

fn inception_v1(criterion: &mut Criterion) {
    bench::<InceptionV1>(criterion, "inception_v1");
}

fn resnet50(criterion: &mut Criterion) {
    bench::<ResNet50>(criterion, "resnet50");
}

criterion_group!(nets, lenet5, alexnet, alexnet_f16, vgg16, inception_v1, resnet50);

fn main() {
    if let Err(why) = Isa::from_env() {
        eprintln!("error: {why}");
        std::process::exit(2);
    }
    nets();
    Criterion::default().configure_from_args().final_summary();
}
