//! Normalisation by the statistics of the input itself, and factors.

use alloc::vec;
use alloc::vec::Vec;

use cnn_net::op::{Factor, Norm, Normaliser};

use super::super::normalise::{set, sets, statistics};
use super::super::{Tensor, Weight, index, positions};
use super::{Gradients, per_channel};

/// Of a normalisation. With the normalised inputs `n` of a set, the factor `f` that they were multiplied by, and the gradients `g`
/// of the output times the weights, it is
///
/// - `f * (g - mean(g) - n * mean(n g))`, if the mean was subtracted;
/// - `f * (g - n * mean(n g))`, if they were divided by the root of the mean of their squares;
/// - `f * (g - n * sum(n g))`, if they were divided by their length, and `f * g`, if that was less than `eps`.
///
/// # Panics
///
/// If a tensor has neither one number per channel nor one per element, or groups are not of equal size.
#[must_use]
pub fn normalise<W: Weight>(norm: &Norm, input: &Tensor, weight: Option<&[W]>, upstream: &Tensor) -> Gradients {
    let shape = input.shape;
    let of_set: Vec<_> = sets(norm, input).iter().map(|set| statistics(norm, set)).collect();
    let set = |[channel, y, x]: [usize; 3]| set(norm, shape, channel, y, x);
    let normalised = Tensor::from_fn(shape, |channel, y, x| {
        let [mean, factor] = of_set[set([channel, y, x])];
        (input.at(channel, y, x) - mean) * factor
    });
    let weighted = Tensor::from_fn(shape, |channel, y, x| {
        let weight = weight.map_or(1.0, |weight| weight[place(norm, input, [channel, y, x])].into());
        upstream.at(channel, y, x) * weight
    });
    // The number of elements of each set, and its sums of `g`, of `n g`, and of squares of the input.
    let mut sums = vec![[0.0; 4]; of_set.len()];
    for (position, (n, g)) in positions(shape).zip(normalised.data.iter().zip(&weighted.data)) {
        let (sum, x) = (&mut sums[set(position)], input.data[index(shape, position)]);
        *sum = [sum[0] + 1.0, sum[1] + g, sum[2] + n * g, sum[3] + x * x];
    }
    let of_input = Tensor::from_fn(shape, |channel, y, x| {
        let set = set([channel, y, x]);
        let ([_, factor], [count, sum, product, squares]) = (of_set[set], sums[set]);
        let [centre, along] = match norm.closed() {
            Normaliser::Layer { .. } | Normaliser::Group { .. } | Normaliser::Instance { .. } => {
                [sum / count, product / count]
            }
            Normaliser::Rms { .. } => [0.0, product / count],
            Normaliser::L2 { eps, .. } if libm::sqrt(squares) >= f64::from(eps) => [0.0, product],
            Normaliser::L2 { .. } => [0.0, 0.0],
        };
        factor * (weighted.at(channel, y, x) - centre - normalised.at(channel, y, x) * along)
    });
    let products = normalised.data.iter().zip(&upstream.data).map(|(n, upstream)| n * upstream).collect();
    let products = Tensor { shape, data: products };
    if norm.is_per_element() {
        return Gradients::new(of_input, products.data, upstream.data.clone());
    }
    Gradients::new(of_input, per_channel(&products), per_channel(upstream))
}

/// Which weight an element has.
fn place(norm: &Norm, input: &Tensor, position: [usize; 3]) -> usize {
    if norm.is_per_element() { index(input.shape, position) } else { position[0] }
}

/// Of factors: the gradient of the output times the factor, and a channel's sum of products of inputs and gradients for its weight, or
/// the sum over all for a single one.
///
/// # Panics
///
/// If there are fewer weights than that.
pub fn scale<W: Weight>(factor: Factor, input: &Tensor, weight: &[W], upstream: &Tensor) -> Gradients {
    let of_input = super::super::scale(factor, upstream, weight);
    let products = input.data.iter().zip(&upstream.data).map(|(x, upstream)| x * upstream).collect();
    let mut of_weight = per_channel(&Tensor { shape: input.shape, data: products });
    if factor == Factor::Tensor {
        of_weight = vec![of_weight.iter().sum()];
    }
    Gradients::new(of_input, of_weight, Vec::new())
}
