use cnn_net::op::Size;
use cnn_runtime::pack::{ColumnPanels, WinogradPanels};

use super::*;
use crate::plan::error::{columns, direct, tiles};
use crate::step::Algorithm;

fn relative(error: f64) -> f64 {
    (error * UNIT).sqrt() * 1e7
}

/// The table of the module, within a sixth.
#[test]
fn errors_are_those_that_were_measured() {
    let near = |found: f64, expected: f64| {
        assert!((found / expected - 1.0).abs() < 1.0 / 6.0, "{found:.2}, measured {expected}");
    };
    for (inputs, expected) in [(4, 1.1), (16, 2.1), (64, 4.2), (256, 8.4)] {
        near(relative(direct(9 * inputs)), expected);
    }
    let table = [
        (3, 2, [1.1, 1.5, 2.6, 4.9]),
        (3, 4, [3.8, 5.0, 8.3, 15.0]),
        (3, 6, [15.0, 20.0, 33.0, 62.0]),
        (4, 3, [3.8, 4.9, 8.0, 15.0]),
        (4, 5, [14.0, 19.0, 30.0, 56.0]),
    ];
    for (kernel, tile, expected) in table {
        for (inputs, expected) in [4, 16, 64, 256].into_iter().zip(expected) {
            let panels = WinogradPanels { groups: 1, outputs: 32, inputs, kernel, stride: 1, tile };
            near(relative(tiles(&panels)), expected);
        }
    }
    for (inputs, expected) in [(4, 6.9), (16, 12.0)] {
        let panels = ColumnPanels { outputs: 6, inputs, kernel: Size::square(5), tile: 5 };
        near(relative(columns(&panels)), expected);
    }
}

/// A step with two ways: one that costs 1 and has this error, and a direct one.
fn step(error: f64, direct_cost: f64) -> Vec<Choice> {
    let panels = WinogradPanels { groups: 1, outputs: 1, inputs: 1, kernel: 3, stride: 1, tile: 2 };
    let tiles = Way::Conv(Algorithm::Winograd { panels, block: 1, tail: None });
    let direct = Way::Conv(Algorithm::Direct);
    vec![Choice { way: tiles, cost: 1.0, error }, Choice { way: direct, cost: direct_cost, error: 1.0 }]
}

fn exact(factors: &[f64], choices: &[Vec<Choice>]) -> Vec<bool> {
    let model = Model { values: Vec::new(), factors: factors.to_vec(), folded: false };
    settle(&model, choices).iter().flatten().map(Way::is_exact).collect()
}

#[test]
fn small_errors_stay_as_they_are() {
    assert_eq!(exact(&[1.0, 1.0], &[step(100.0, 1.1), step(200.0, 1.1)]), [false, false]);
}

#[test]
fn large_errors_go_where_that_costs_least() {
    let large = GOAL * GOAL / UNIT;
    assert_eq!(exact(&[1.0, 1.0], &[step(1.1 * large, 3.0), step(0.2 * large, 3.0)]), [true, false]);
    assert_eq!(exact(&[1.0, 1.0], &[step(0.6 * large, 3.0), step(0.6 * large, 1.5)]), [false, true]);
    assert_eq!(exact(&[1.0, 9.0], &[step(0.6 * large, 3.0), step(0.2 * large, 3.0)]), [false, true]);
}

#[test]
fn nets_that_amplify_are_held_against_the_direct_algorithm() {
    let amplified = [1e4, 1e4];
    // Half as much again is allowed, and more exact steps would take too much of the time.
    assert_eq!(exact(&amplified, &[step(1.0, 1.1), step(2.0, 1.5)]), [false, false]);
    assert_eq!(exact(&amplified, &[step(1.0, 1.1), step(20.0, 1.5)]), [false, true]);
    assert_eq!(exact(&amplified, &[step(1.0, 1.1), step(3.0, 1.01)]), [false, true]);
}

#[test]
fn nothing_is_added_to_errors_that_are_large() {
    // The direct algorithm has 0.7 times what counts as large, or 1.1 times.
    let factors = |of: f64| [of * of * LARGE * LARGE / UNIT / 2.0; 2];
    assert_eq!(exact(&factors(0.7), &[step(1.0, 1.1), step(2.0, 3.0)]), [false, false]);
    assert_eq!(exact(&factors(1.1), &[step(1.0, 1.1), step(2.0, 3.0)]), [false, true]);
}
