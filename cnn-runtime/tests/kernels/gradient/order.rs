//! Tensors in other orders.

use cnn_runtime::exec::run::Run;
use cnn_runtime::kernels::minibatch::order::{Accumulate, Reorder, accumulate, reorder};

use super::same_bits;
use crate::elementwise::each_case;
use crate::support::on_pools;

#[test]
fn matrices() {
    each_case(140, 60, |isa, rng| {
        let [rows, pixels, channels] =
            [rng.pick(&[1, 2, 7, 20]), rng.pick(&[1, 9, 25, 49, 200]), rng.pick(&[1, 3, 16, 17, 40])];
        let len = rows * pixels * channels;
        let (from, to) = rng.pick(&[(3, 5 + len), (4 + len, 2)]);
        let layer = Reorder { adds: rng.below(2) == 0, ..Reorder::new(from, to, rows, pixels, channels) };
        let what = format!("{} {layer:?}", isa.name());
        let before = rng.floats(2 * len + 9);
        let mut expected = before.clone();
        for at in 0..len {
            let (row, channel, pixel) = (at / pixels / channels, at / pixels % channels, at % pixels);
            let number = before[from + (row * pixels + pixel) * channels + channel];
            expected[to + at] = if layer.adds { before[to + at] + number } else { number };
        }
        let run = |run: Run<'_>| {
            let mut shared = before.clone();
            reorder(run, &layer.check(), &mut shared);
            shared
        };
        assert!(same_bits(&run(isa.into()), &expected), "{what}");
        on_pools(isa, |pool| assert!(same_bits(&run(pool), &expected), "{what} on {pool:?}"));
        if !layer.adds {
            let mut shared = run(isa.into());
            shared[from..from + len].fill(f32::NAN);
            reorder(isa.into(), &Reorder::new(to, from, rows, channels, pixels).check(), &mut shared);
            assert!(same_bits(&shared[from..from + len], &before[from..from + len]), "{what}: and back");
        }
    });
}

#[test]
fn sums() {
    each_case(141, 30, |isa, rng| {
        let len = rng.pick(&[1, 5, 16, 33, 1000]);
        let (from, to) = rng.pick(&[(3, 5 + len), (4 + len, 2)]);
        let before = rng.floats(2 * len + 9);
        let mut expected = before.clone();
        (0..len).for_each(|at| expected[to + at] += before[from + at]);
        let run = |run: Run<'_>| {
            let mut shared = before.clone();
            accumulate(run, &Accumulate::new(from, to, len).check(), &mut shared);
            shared
        };
        assert!(same_bits(&run(isa.into()), &expected), "{} {len}", isa.name());
        on_pools(isa, |pool| assert!(same_bits(&run(pool), &expected), "{len} on {pool:?}"));
    });
}

#[test]
#[should_panic(expected = "what is read overlaps what is written")]
fn orders_are_not_changed_in_place() {
    let _ = Reorder::new(0, 11, 2, 2, 3).check();
}
