//! Layers that occur again: their tensors are the same ones, rather than equal ones.
//!
//! ```text
//! before   left → tower: { conv(8, 3x3) -> relu; };  right → tower_2: { conv(8, 3x3) -> relu; };
//! after    left → tower: { conv(8, 3x3) -> relu; };  right → again tower;
//! ```

use std::collections::BTreeMap;

use cnn_net::graph::Value;
use cnn_net::language::{arranged, declaration};

use super::{Layer, Net, Weights};
use crate::constant::{Bytes, Data};
use crate::report::Error;

/// Where a tensor is: its file in memory, and the bytes of it; or the number that it is filled with.
type Source = (usize, usize, usize);

impl Net<'_> {
    /// Finds layers that occur again: whole groups, or else single layers; or none, if a declaration can't express it.
    pub(super) fn share(&mut self) -> Result<(), Error> {
        let twins = twins(&self.layers);
        if twins.iter().all(Option::is_none) {
            return Ok(());
        }
        for again in [with_groups(&self.layers, &twins), twins] {
            let (layers, outputs) = (self.layers.clone(), self.outputs.clone());
            for (layer, again) in self.layers.iter_mut().zip(again) {
                (layer.again, layer.name) = (again, layer.wish.clone());
            }
            if let Ok(found) = self.with(arranged) {
                self.rearrange(&found.order, found.names)?;
                if self.with(declaration).is_ok() {
                    return Ok(());
                }
            }
            (self.layers, self.outputs) = (layers, outputs);
        }
        Ok(())
    }
}

/// For each layer, the first one with the same tensors.
fn twins(layers: &[Layer<'_>]) -> Vec<Option<usize>> {
    let mut first: BTreeMap<Vec<Source>, usize> = BTreeMap::new();
    let mut twins = Vec::with_capacity(layers.len());
    for (index, layer) in layers.iter().enumerate() {
        let sources: Option<Vec<Source>> = layer.tensors.iter().map(source).collect();
        // Two layers filled with the same number share nothing.
        let sources = sources.filter(|sources| sources.iter().any(|(file, ..)| *file != 0));
        let known = sources.map(|sources| *first.entry(sources).or_insert(index));
        twins.push(known.filter(|known| *known != index && layers[*known].op == layer.op));
    }
    twins
}

fn source(tensor: &Weights<'_>) -> Option<Source> {
    match &tensor.constant.data {
        Data::Encoded(Bytes::Elsewhere(file, range), _) => Some((file.as_ptr() as usize, range.start, range.end)),
        Data::Splat(number, _) => Some((0, (*number as f32).to_bits() as usize, 0)),
        // ONNX files store equal tensors once, whether or not the model shares them.
        Data::Encoded(Bytes::Here(_), _) | Data::Floats(_) | Data::Ints(_) => None,
    }
}

/// Adds the layers without tensors of groups that occur again as a whole.
fn with_groups(layers: &[Layer<'_>], twins: &[Option<usize>]) -> Vec<Option<usize>> {
    let mut all = twins.to_vec();
    for (index, twin) in twins.iter().enumerate() {
        let Some(first) = *twin else { continue };
        let groups = layers[first].name.match_indices('.').map(|(dot, _)| &layers[first].name[..=dot]);
        for group in groups {
            let members: Vec<usize> = (0..layers.len()).filter(|at| layers[*at].name.starts_with(group)).collect();
            let begin = members.first().and_then(|begin| (index + begin).checked_sub(first));
            if let Some(begin) = begin
                && is_again(layers, twins, &members, begin)
            {
                members.iter().enumerate().for_each(|(offset, member)| all[begin + offset] = Some(*member));
                break;
            }
        }
    }
    all
}

/// Whether the layers from here on are those of a group once more, of another value.
fn is_again(layers: &[Layer<'_>], twins: &[Option<usize>], members: &[usize], begin: usize) -> bool {
    let &[first, ..] = members else { return false };
    let is_run = members.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    let Some(copies) = layers.get(begin..begin.saturating_add(members.len())).filter(|_| is_run && begin > first)
    else {
        return false;
    };
    let (mut before, mut value) = (None, None);
    members.iter().zip(copies).enumerate().all(|(offset, (member, copy))| {
        let of = &layers[*member];
        let is_same = of.tensors.is_empty() || twins[begin + offset] == Some(*member);
        let mut inputs = of.inputs.iter().zip(&copy.inputs);
        let reads = inputs.all(|(input, copied)| match input {
            Value::Node(node) if members.contains(node) => *copied == Value::Node(begin + node - first),
            Value::Node(_) | Value::Input(_) => {
                *before.get_or_insert(*input) == *input && *value.get_or_insert(*copied) == *copied
            }
        });
        is_same && of.op == copy.op && of.inputs.len() == copy.inputs.len() && reads
    })
}
