//! Normalised constants: filters that are standardised whenever the model runs, as in NFNets and BiT.

use crate::constant::{Constant, positions};
use crate::graph::Node;
use crate::report::Fault;
use cnn_net::text::count;

/// A batch normalisation of numbers: by their own mean and variance in training mode, as exporters write a standardisation.
pub(super) fn batch_norm<'a>(node: &Node<'a>, inputs: &[Option<&Constant<'a>>]) -> Result<Option<Constant<'a>>, Fault> {
    let &[Some(constant), Some(scale), Some(bias), Some(mean), Some(var), ..] = inputs else { return Ok(None) };
    let Some(channels) = constant.dims.get(1).copied().filter(|channels| *channels > 0 && constant.len() > 0) else {
        return Ok(None);
    };
    let each = [scale, bias, mean, var];
    if each.iter().any(|numbers| numbers.len() != channels) {
        return Err(Fault::new(format!(
            "it has no number for each of {channels}",
            channels = count(channels as u64, "channel")
        )));
    }
    let [scale, bias, mut mean, mut var] = each.map(Constant::to_f64);
    let mut numbers = constant.to_f64()?;
    // The channel of each number.
    let steps: Vec<usize> = (0..constant.dims.len()).map(|axis| usize::from(axis == 1)).collect();
    let channel: Vec<usize> = positions(&constant.dims, &steps).collect();
    if node.flag("training_mode", false)? {
        let count = (numbers.len() / channels) as f64;
        let mean_of = |each: &dyn Fn(usize) -> f64| {
            let mut sums = vec![0.0; channels];
            channel.iter().enumerate().for_each(|(index, channel)| sums[*channel] += each(index) / count);
            sums
        };
        let means = mean_of(&|index| numbers[index]);
        let vars = mean_of(&|index| (numbers[index] - means[channel[index]]).powi(2));
        (mean, var) = (Ok(means), Ok(vars));
    }
    let (scale, bias, mean, var) = (scale?, bias?, mean?, var?);
    let eps = f64::from(node.float("epsilon", 1e-5)?);
    for (number, channel) in numbers.iter_mut().zip(channel) {
        *number = (*number - mean[channel]) / (var[channel] + eps).sqrt() * scale[channel] + bias[channel];
    }
    let floats = numbers.into_iter().map(|number| number as f32).collect();
    Ok(Some(Constant { name: constant.name, ..Constant::floats(constant.dims.clone(), floats) }))
}
