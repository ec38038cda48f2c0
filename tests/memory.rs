//! Memory: `forward` allocates nothing and fits on a small stack, and the workspace is as described.

#[path = "support/nets.rs"]
mod nets;

use std::sync::{Arc, Mutex};
use std::thread;

use allocation_counter::measure;
use cnn::{Network, Pool, network};
use models::seeded;
use nets::*;

/// The default stack of a Rust thread.
const STACK_BYTES: usize = 2 << 20;

network! {
    /// A workspace far larger than a stack.
    pub(crate) Large: 3x600x600 -> 10 {
        conv(8, 3x3, pad = 1) -> relu -> conv(8, 3x3, pad = 1) -> max_pool(2x2) -> conv(16, 3x3, stride = 2) -> relu;
        global_avg_pool -> linear(10);
    }

    /// Several images per pass.
    #[batch(3)]
    pub(crate) Three: 1x12x12 -> 10 {
        conv(8, 3x3, pad = 1) -> relu -> max_pool(2x2);
        tap maps;
        linear(10) -> softmax;
    }
}

/// Runs a net twice on a small stack, and twice on two threads; not even the first pass may allocate.
fn runs_without_allocating<N: Network>() {
    let weights = Arc::new(N::weights(&seeded::weights(N::GRAPH, "")).unwrap_or_else(|error| panic!("{error}")));
    let input = seeded::uniform("input", N::BATCH * N::GRAPH.input().elements());
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        let pool = Arc::new(Pool::new(2).with_least_work(1));
        let mut net = N::new(weights);
        if std::env::var_os("CNN_ISA").is_some() {
            // Reading the variable allocates, once per process.
            assert!(net.run(&input).is_ok());
        }
        let info = measure(|| {
            for _ in 0..2 {
                assert!(net.run(&input).is_ok());
            }
        });
        assert_eq!((info.count_total, info.bytes_total), (0, 0), "{}", N::GRAPH.name);
        let mut net = net.with_pool(pool);
        let info = measure(|| {
            for _ in 0..2 {
                assert!(net.run(&input).is_ok());
            }
        });
        assert_eq!((info.count_total, info.bytes_total), (0, 0), "{} on two threads", N::GRAPH.name);
    });
    thread.and_then(|thread| thread.join().map_err(|_| std::io::Error::other("it failed"))).expect(N::GRAPH.name);
}

macro_rules! tests {
    ($($test:ident: $net:ident;)*) => {
        $(
            #[test]
            fn $test() {
                runs_without_allocating::<$net<'static>>();
            }
        )*
    };
}

for_each_net!(tests);

#[test]
fn a_batch() {
    runs_without_allocating::<Three<'static>>();
}

#[test]
fn a_large_net() {
    runs_without_allocating::<Large<'static>>();
    const { assert!(Large::WORKSPACE_BYTES > STACK_BYTES) };
}

#[test]
fn a_large_net_runs_in_memory_of_the_caller() {
    let weights = LargeWeights::from_safetensors(&seeded::weights(Large::GRAPH, "")).expect("made for the net");
    let mut own = Large::new(&weights);
    static WORKSPACE: Mutex<LargeWorkspace> = Mutex::new(LargeWorkspace::new());
    let workspace = WORKSPACE.lock().expect("no other test uses it");
    let mut borrowed = Large::with_workspace(&weights, workspace);
    let image = vec![0.5; Large::GRAPH.input().elements()];
    assert_eq!(own.run(&image), borrowed.run(&image));
}

#[test]
fn a_net_is_its_workspace() {
    assert!(size_of::<LeNet5<'_>>() <= LeNet5::WORKSPACE_BYTES + 64);
    assert_eq!(<LeNet5<'_> as Network>::WORKSPACE_BYTES, LeNet5::WORKSPACE_BYTES);
}

#[test]
fn two_threads_share_weights() {
    let weights = <LeNet5<'_> as Network>::weights(&seeded::weights(LeNet5::GRAPH, "")).expect("made for the net");
    let image: [f32; 1024] = seeded::uniform("input", 1024).try_into().expect("1024 numbers");
    let alone = *LeNet5::new(&weights).forward(&image);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut net = LeNet5::new(&weights);
                for _ in 0..100 {
                    assert_eq!(*net.forward(&image), alone);
                }
            });
        }
    });
}

/// The description of the workspace is correct: buffers are inside it, and those in use at the same time do not overlap.
fn buffers_share_memory_over_time<N: Network>() {
    let memory = N::MEMORY;
    assert!(memory.floats <= N::WORKSPACE_BYTES / size_of::<f32>() && memory.lower_bound <= memory.floats);
    assert_eq!([memory.times.first(), memory.times.last()], [Some(&"input"), Some(&"output")]);
    for (index, buffer) in memory.buffers.iter().enumerate() {
        assert!(buffer.first <= buffer.last && buffer.last < memory.times.len(), "{buffer:?}");
        assert!(buffer.offset + buffer.len <= memory.floats, "{buffer:?}");
        // A concat's buffer is written by its branches first.
        assert!(memory.times[buffer.first..=buffer.last].contains(&buffer.name), "{buffer:?}");
        for other in &memory.buffers[index + 1..] {
            let same_time = buffer.first <= other.last && other.first <= buffer.last;
            let overlap = buffer.offset < other.offset + other.len && other.offset < buffer.offset + buffer.len;
            assert!(!(same_time && overlap), "{buffer:?} and {other:?}");
        }
    }
}

macro_rules! memory_tests {
    ($($test:ident: $net:ident;)*) => {
        mod buffers_share_memory_over_time {
            use super::*;
            $(
                #[test]
                fn $test() {
                    super::buffers_share_memory_over_time::<$net<'static>>();
                }
            )*
        }
    };
}

for_each_net!(memory_tests);
