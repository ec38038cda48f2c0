//! Steps of training allocate nothing, on any thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cnn::Pool;
use cnn::train::{Adam, Optimiser, Sgd};

/// The system's allocator, counting the allocations of all threads.
struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::SeqCst);
        // SAFETY: what the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: what the caller promises.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, len: usize) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::SeqCst);
        // SAFETY: what the caller promises.
        unsafe { System.realloc(memory, layout, len) }
    }
}

cnn::network! {
    #[train(batch = 8)]
    Convolutional: 1x28x28 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 3x3, pad = 1) -> lrn -> relu -> max_pool(2x2);
        fc1: linear(40) -> dropout(0.5) -> relu;
        fc2: linear(10) -> softmax;
    }

    block residual(channels) {
        add {
            { conv1: conv(channels, 3x3, pad = 1, bias = false) -> bn1: batch_norm -> relu -> conv2: conv(channels, 3x3, pad = 1); };
            skip;
        } -> relu;
    }

    #[train(batch = 6, loss = cross_entropy(smoothing = 0.1))]
    Residual: 3x17x13 -> 5 {
        stem: conv(8, 3x3, pad = 1) -> bn: batch_norm -> silu;
        aux head(weight = 0.3) { avg_pool(4x4) -> linear(5) -> softmax; };
        layer1: residual(8);
        concat { a: conv(4, 1x1); b: conv(8, 3x3, stride = 1, pad = 1, groups = 4); } -> layer_norm(over = channels) -> global_avg_pool;
        fc: linear(5) -> softmax;
    }

    #[train(batch = 3, loss = mean_squared, except("a"))]
    Denoise: 2x12x12 -> 2x12x12 {
        a: conv(4, 3x3, pad = 1) -> bn: batch_norm -> gelu -> b: conv(6, 2x2, stride = 2) -> c: conv_transpose(2, 2x2, stride = 2);
    }
}

/// How often some work is done.
const RUNS: usize = 40;

/// How many of these runs allocate anything.
fn allocating(mut work: impl FnMut()) -> usize {
    // The first may ask the system for the instruction set.
    work();
    let mut run = |_: &usize| {
        let before = COUNT.load(Ordering::SeqCst);
        work();
        COUNT.load(Ordering::SeqCst) != before
    };
    (0..RUNS).filter(&mut run).count()
}

macro_rules! counts {
    ($net:ident, $params:ident, $trainer:ident, $image:expr, $target:expr, $optimiser:expr) => {
        for threads in [1, 2, 3] {
            let mut trainer = $trainer::new($params::init(1), $optimiser).clip(1.0);
            if threads > 1 {
                trainer = trainer.with_pool(Arc::new(Pool::new(threads).with_least_work(1)));
            }
            let (images, targets) = ([$image; BATCH], [$target; BATCH]);
            const BATCH: usize = $trainer::<Sgd>::BATCH;
            let what = format!("{} on {threads} threads", $net::GRAPH.name);
            let steps = allocating(|| {
                assert!(trainer.step(&images, &targets, 0.01).loss.is_finite());
            });
            // The system may allocate when another thread works for the first time.
            assert!(steps < threads, "{steps} steps of {what}");
            // A minibatch, and a part of one.
            let judged = [&images[..], &images[..1]].concat();
            let wishes = [&targets[..], &targets[..1]].concat();
            let evaluations = allocating(|| {
                assert!(trainer.evaluate(&judged, &wishes).loss.is_finite());
            });
            assert!(evaluations < threads, "{evaluations} evaluations by {what}");
        }
    };
}

/// One test, since others would allocate at the same time.
#[test]
fn steps_and_evaluations_allocate_nothing() {
    assert_eq!(allocating(|| drop(std::hint::black_box(vec![1]))), RUNS, "allocations are counted");
    let spawn = || std::thread::scope(|scope| drop(scope.spawn(|| std::hint::black_box(vec![1]))));
    assert_eq!(allocating(spawn), RUNS, "also those of other threads");
    fn all(optimiser: impl Optimiser + Copy) {
        counts!(Convolutional, ConvolutionalParams, ConvolutionalTrainer, [0.5; 28 * 28], 3_u32, optimiser);
        counts!(Residual, ResidualParams, ResidualTrainer, [0.25; 3 * 17 * 13], 1_u32, optimiser);
        counts!(Denoise, DenoiseParams, DenoiseTrainer, [0.25; 288], [0.5; 288], optimiser);
    }
    all(Sgd::new(0.9));
    all(Adam::DEFAULT);
}
