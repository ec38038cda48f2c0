//! Pooling of uneven parts of a map, and of channels.

use cnn_net::op::Padding;
use cnn_runtime::kernels::pool::{
    AdaptivePool, ChannelPool, adaptive_avg_pool, adaptive_max_pool, channel_max, channel_mean,
};

use crate::support::{Arena, Expected, Rng, SPECIAL, check, index, isas, largest};

#[test]
fn adaptive_pools_of_random_shapes() {
    for isa in isas() {
        let mut rng = Rng(31);
        for _ in 0..300 {
            let [height, width] = [rng.below(12) + 1, rng.below(12) + 1];
            let [rows, columns] = [rng.below(9) + 1, rng.below(9) + 1];
            let channels = rng.pick(&[1, 3, 6, 8, 16, 17, 31, 40]);
            let mut arena = Arena::default();
            let halo = rng.padding(1);
            let input = arena.map(&mut rng, [height, width, channels], halo);
            let output = arena.map(&mut rng, [rows, columns, channels], Padding::NONE);
            arena.fill(&input, || rng.float() - 1.5);
            arena.close();
            let what = format!("{} {input:?} {output:?}", isa.name());
            let part = |size: usize, count: usize, i: usize| i * size / count..((i + 1) * size).div_ceil(count);
            let values = |[y, x, c]: [usize; 3]| {
                let pixels =
                    part(height, rows, y).flat_map(|row| part(width, columns, x).map(move |column| (row, column)));
                pixels.map(|(row, column)| arena.get(&input, row, column, c)).collect::<Vec<f64>>()
            };
            let layer = AdaptivePool { input, output };
            let max = |y, x, c| Expected { value: largest(values([y, x, c])), tolerance: 0.0 };
            check(isa, &what, &arena, &output, |run, ws| adaptive_max_pool(run, &layer.check(), ws), max);
            let mean = |y, x, c| {
                let values = values([y, x, c]);
                let value = values.iter().sum::<f64>() / values.len() as f64;
                Expected { value, tolerance: 144.0 * 2.5 * f64::from(f32::EPSILON) }
            };
            check(isa, &what, &arena, &output, |run, ws| adaptive_avg_pool(run, &layer.check(), ws), mean);
        }
    }
}

#[test]
fn pools_of_channels() {
    for isa in isas() {
        let mut rng = Rng(32);
        for turn in 0..200 {
            let channels = rng.pick(&[1, 2, 7, 8, 15, 16, 17, 33, 100, 600]);
            let [height, width] = [rng.below(4) + 1, rng.below(5) + 1];
            let mut arena = Arena::default();
            let halo = rng.padding(1);
            let input = arena.map(&mut rng, [height, width, channels], halo);
            let output = arena.map(&mut rng, [height, width, 1], Padding::NONE);
            arena.fill(&input, || rng.float() - 1.5);
            let layer = ChannelPool { input, output };
            arena.close();
            let what = format!("{} {input:?} {output:?}", isa.name());
            let values = |arena: &Arena, y, x| (0..channels).map(|c| arena.get(&input, y, x, c)).collect::<Vec<f64>>();
            let mean = |y, x, _| {
                let value = values(&arena, y, x).iter().sum::<f64>() / channels as f64;
                Expected { value, tolerance: 20.0 * 2.5 * f64::from(f32::EPSILON) }
            };
            check(isa, &what, &arena, &output, |run, ws| channel_mean(run, &layer.check(), ws), mean);
            if turn % 2 == 0 {
                let at = index(&input, rng.below(height), rng.below(width), rng.below(channels));
                arena.ws[at] = rng.pick(&SPECIAL);
            }
            let max = |y, x, _| Expected { value: largest(values(&arena, y, x)), tolerance: 0.0 };
            check(isa, &what, &arena, &output, |run, ws| channel_max(run, &layer.check(), ws), max);
        }
    }
}
