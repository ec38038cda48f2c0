//! Loading: from a safetensors file, as PyTorch writes it, to packed weights.
//!
//! The whole file is checked against the net before the first float is packed, and everything that is wrong with it is
//! reported in one [`WeightsError`]. Values are read a few rows at a time, so a large net needs little more memory than its
//! packed weights.
//!
//! A file on a disk may change while it is being read. Each tensor is read twice, when it is checked and when it is packed: a
//! checksum proves that what is packed is what was checked, or loading ends with an error.
//!
//! A [recipe](Pack) says what is packed where. The compiler emits it as a `static`, since it chose the layouts and which batch
//! normalisations to fold; [`Graph`] remains the description of what was declared.

mod advice;
mod bytes;
mod check;
#[cfg(feature = "std")]
mod disk;
mod error;
mod file;
#[cfg(feature = "std")]
mod files;
mod fold;
mod format;
mod packed;
mod rename;
mod reparametrised;
mod report;
mod shown;
mod similar;
mod source;
mod tensors;
mod unreadable;
mod values;
mod window;
mod wrapped;

use crate::pack::{Layout, Pack};
use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use cnn_net::graph::{Graph, Role};

pub use self::advice::Reparametrisation;
pub use self::check::Found;
pub use self::error::{Cause, Problem, WeightsError};
#[cfg(feature = "std")]
pub use self::files::Files;
pub use self::format::Format;
pub use self::rename::rule_error;
pub use self::report::{Report, report};
pub use self::source::{Progress, Source};
pub use self::tensors::Tensors;
pub use self::unreadable::{FileError, Unreadable};
#[cfg(feature = "std")]
#[doc(hidden)]
pub use std::path::Path;

use self::check::{Bad, Checked};
use self::fold::Affines;
use self::window::Window;

/// Reads safetensors files and packs what `recipe` says into `packed`, which is left alone if anything is wrong
/// with the file (but for numbers that overflow while a batch normalisation is folded, or that are too large for `f16`).
///
/// F32, F16 and BF16 are accepted. Tensors of auxiliary classifiers may be missing, and `num_batches_tracked`, which
/// PyTorch's batch normalisation writes, is ignored.
///
/// # Errors
///
/// All mismatches between the file and the net, at once.
///
/// # Panics
///
/// If `recipe` does not belong to `graph`, or does not fit into `packed`.
pub fn load(graph: &Graph<'_>, recipe: &[Pack], source: &Source<'_>, packed: &mut [f32]) -> Result<(), WeightsError> {
    let loaded = load_unlogged(graph, recipe, source, packed);
    #[cfg(feature = "tracing")]
    match &loaded {
        Ok(()) => tracing::debug!(net = graph.name, floats = packed.len(), "weights are loaded"),
        Err(error) => tracing::error!(net = graph.name, problems = error.problems.len(), "{}", error.summary()),
    }
    loaded
}

fn load_unlogged(
    graph: &Graph<'_>,
    recipe: &[Pack],
    source: &Source<'_>,
    packed: &mut [f32],
) -> Result<(), WeightsError> {
    let checked = check::check(graph, source).map_err(|problems| WeightsError::new(graph, problems))?;
    let mut problems = Vec::new();
    let mut memory = Vec::new();
    for step in recipe {
        let finite = pack(&checked, step, &mut memory, &mut packed[step.offset..][..step.len()]);
        match finite.and_then(|finite| if finite { Ok(None) } else { overflow(&checked, step).map(Some) }) {
            Ok(problem) => problems.extend(problem),
            Err(why) => return Err(WeightsError::unreadable(graph, why)),
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(WeightsError::new(graph, problems)) }
}

/// Checks safetensors files the way [`load`] does before it packs anything.
///
/// # Errors
///
/// All mismatches between the file and the net, at once.
pub fn verify(graph: &Graph<'_>, source: &Source<'_>) -> Result<(), WeightsError> {
    check::check(graph, source).map(drop).map_err(|problems| WeightsError::new(graph, problems))
}

/// Reads safetensors files like [`load`], but keeps the tensors as they are: by name, for the
/// [reference executor](crate::reference::run). Tensors that the net does not know are left out.
///
/// # Errors
///
/// All mismatches between the file and the net, at once.
pub fn read(graph: &Graph<'_>, source: &Source<'_>) -> Result<BTreeMap<String, Vec<f32>>, WeightsError> {
    let checked = check::check(graph, source).map_err(|problems| WeightsError::new(graph, problems))?;
    let tensors = graph.nodes.iter().flat_map(|node| node.tensors);
    let found = tensors.filter_map(|tensor| {
        let floats = checked.named(tensor.name).transpose()?;
        Some(floats.map(|floats| (tensor.name.to_string(), floats)))
    });
    found.collect::<Result<_, _>>().map_err(|why| WeightsError::unreadable(graph, why))
}

/// The problem in a step of the recipe whose numbers became infinite.
fn overflow(checked: &Checked<'_>, step: &Pack) -> Result<Problem, Unreadable> {
    let node = &checked.graph().nodes[step.node];
    if let Some(depth) = step.layout.depth_of_halves() {
        let ((weight, _), affines) = (checked.expect(step.node, Role::Weight), Affines::new(checked, step)?);
        let mut infinite = Bad::default();
        weight.each(|mut position, values| {
            values.for_each(|value| {
                if !affines.of(position / depth).fits_half(value) {
                    infinite.see(position);
                }
                position += 1;
            });
        })?;
        let tensor = node.tensors.iter().find(|tensor| tensor.role == Role::Weight);
        if let (Some(first), Some(tensor)) = (infinite.first, tensor) {
            return Ok(Problem::BeyondF16 { name: tensor.name.to_string(), count: infinite.count, first });
        }
    }
    Ok(Problem::Overflow { layer: node.name.to_string() })
}

/// Packs one step of the recipe. Returns whether all of it is finite. What was packed is what was checked, or there is an error.
fn pack(checked: &Checked<'_>, step: &Pack, memory: &mut Vec<f32>, packed: &mut [f32]) -> Result<bool, Unreadable> {
    if matches!(step.layout, Layout::Tensors { .. }) {
        return copy(checked, step.node, packed).map(|()| true);
    }
    let affines = Affines::new(checked, step)?;
    if !checked.has(step.node, Role::Weight) {
        return Ok(step.layout.pack(|_| 1.0, |channel| affines.of(channel), packed));
    }
    let (weight, sum) = checked.expect(step.node, Role::Weight);
    let read = |bytes| checked.packed(bytes);
    let window = Window::new(&step.layout, weight, memory, &read);
    // Called once for each channel, in order, and for all channels of a panel before their weights are taken.
    let affine = |channel: usize| {
        window.reach(channel);
        affines.of(channel)
    };
    let finite = match weight.len() {
        1 => step.layout.pack(|_| window.at(0), affine, packed),
        _ => step.layout.pack(|index| window.at(index), affine, packed),
    };
    window.finish(sum).map(|()| finite)
}

/// Copies the tensors of a layer by the user, one after another.
fn copy(checked: &Checked<'_>, node: usize, mut packed: &mut [f32]) -> Result<(), Unreadable> {
    for tensor in checked.graph().nodes[node].tensors {
        let (to, rest) = packed.split_at_mut(tensor.elements());
        checked.copy(node, tensor.role, to)?;
        packed = rest;
    }
    Ok(())
}
