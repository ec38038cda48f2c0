//! Checks that a graph can have a declaration at all: all values that it refers to exist, its numbers are within the
//! language's limits, and its tensors match its layers.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::Unsayable;
use super::nesting::is_merge;
use super::user::{are_tensors, is_path};
use super::words::is_field;
use crate::graph::{Graph, Node, Tensor, Value};
use crate::op::{Argument, Crop, Dims, Op, Padding, Role, Shape, Size, Slot};

/// The language rejects nets with more layers.
const MOST_NODES: usize = 10_000;
/// And larger numbers.
const LARGEST: usize = 1 << 24;
/// And values with more elements.
const MOST_ELEMENTS: usize = 1 << 31;

/// Checks that a graph's values exist and its numbers can be declared.
pub(super) fn graph(graph: &Graph<'_>) -> Result<(), Unsayable> {
    values(graph)?;
    numbers(graph)
}

/// Checks that a graph's values exist.
pub(super) fn values(graph: &Graph<'_>) -> Result<(), Unsayable> {
    let whole = |why| Err(Unsayable::new(graph.name, why));
    if graph.nodes.is_empty() {
        return whole("it has no layers");
    }
    if graph.nodes.len() > MOST_NODES {
        return whole("it has too many layers");
    }
    if !are_names(graph.names_inputs(), graph.inputs.iter().map(|input| input.name))
        || !are_names(graph.names_outputs(), graph.outputs.iter().map(|output| output.name))
    {
        return whole("the names of its inputs or outputs are not words that differ");
    }
    let is_before = |value: Value, node: usize| match value {
        Value::Input(index) => index < graph.inputs.len(),
        Value::Node(index) => index < node,
    };
    let is_there = |value: Value| is_before(value, graph.nodes.len());
    if !graph.leaving().chain(graph.aux.iter().map(|aux| aux.result)).all(is_there) {
        return whole("it names a value that it doesn't have");
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        let error = |why| Err(Unsayable::new(node.name, why));
        if node.again.is_some_and(|first| first >= index) {
            return error("the layer that it is once more comes later");
        }
        match (is_merge(&node.op), node.inputs.len()) {
            (true, 2..) | (false, 1) => {}
            (true, _) => return error("it has fewer than two branches"),
            (false, _) => return error("it doesn't have one input"),
        }
        if matches!(node.op, Op::Custom(layer) if layer.inputs != node.inputs.len()) {
            return error("it reads other values than its layer");
        }
        if !node.inputs.iter().all(|input| is_before(*input, index)) {
            return error("it reads a value that comes later");
        }
        if node.aux.is_some_and(|aux| aux >= graph.aux.len()) {
            return error("its auxiliary classifier is not there");
        }
    }
    Ok(())
}

/// Checks that all numbers are within the language's limits, and that tensors and shapes follow from the layers, except the
/// shapes of maps: only the compiler knows how layers change them.
fn numbers(graph: &Graph<'_>) -> Result<(), Unsayable> {
    let outputs = graph.outputs.iter().map(|output| graph.shape(output.value));
    if !graph.inputs.iter().map(|input| input.shape).chain(outputs).all(is_shape) {
        return Err(Unsayable::new(graph.name, "its shapes are not those of a net"));
    }
    if let Some(aux) = graph.aux.iter().find(|aux| !(0.0..=f32::MAX).contains(&aux.weight)) {
        return Err(Unsayable::new(aux.name, "its weight is not a number of at least 0"));
    }
    for node in graph.nodes {
        let mut bounds = Bounds { kept: true };
        let mut op = node.op;
        op.arguments(&mut bounds);
        if !bounds.kept {
            return Err(Unsayable::new(node.name, "an argument is not in its bounds"));
        }
        if !has_its_tensors(graph, node) {
            return Err(Unsayable::new(node.name, "its tensors are not those of such a layer"));
        }
    }
    Ok(())
}

/// Checks that each input or output has a unique name; a single one needs none.
fn are_names<'n>(named: bool, names: impl Iterator<Item = &'n str>) -> bool {
    let mut seen = BTreeSet::new();
    !named
        || names.map(|name| is_field(name) && seen.insert(name)).reduce(|all, is_name| all && is_name).unwrap_or(false)
}

fn is_shape(shape: Shape) -> bool {
    let size = shape.size();
    let sizes = [shape.channels(), size.height, size.width];
    let elements = sizes.iter().try_fold(1_usize, |elements, size| elements.checked_mul(*size));
    sizes.iter().all(|size| (1..=LARGEST).contains(size)) && elements.is_some_and(|elements| elements <= MOST_ELEMENTS)
}

fn has_its_tensors(graph: &Graph<'_>, node: &Node<'_>) -> bool {
    let Some(input) = node.inputs.first().map(|input| graph.shape(*input)) else { return false };
    let expected = is_shape(input).then(|| node.op.tensors(input));
    let expected: Vec<(Role, Dims)> = expected.iter().flat_map(|tensors| tensors.iter()).collect();
    let is_same = |(tensor, (role, dims)): (&Tensor<'_>, &(Role, Dims))| {
        tensor.name == node.op.tensor_name(node.name, *role) && tensor.role == *role && *tensor.shape == **dims
    };
    node.tensors.len() == expected.len() && node.tensors.iter().zip(&expected).all(is_same)
}

/// Checks that all arguments are within their bounds.
struct Bounds {
    kept: bool,
}

impl Argument for Bounds {
    fn argument(&mut self, _: &'static str, _: bool, slot: Slot<'_>) {
        let is_count = |count: usize| (1..=LARGEST).contains(&count);
        let is_size = |size: Size| is_count(size.height) && is_count(size.width);
        let is_padding =
            |Padding { top, left, bottom, right }| [top, left, bottom, right].iter().all(|side| *side <= LARGEST);
        self.kept &= match slot {
            Slot::Count(field) => is_count(*field.value),
            Slot::Size(field) | Slot::SizeLike(field, _) => is_size(*field.value),
            Slot::Pad(field) | Slot::Sides(field) => is_padding(*field.value),
            Slot::Crop(field) => match *field.value {
                Crop::To(size) => is_size(size),
                Crop::Margins(margins) => is_padding(margins),
            },
            Slot::Range(field) => field.value.first < field.value.end && field.value.end <= LARGEST,
            Slot::Shape(field) => is_shape(*field.value),
            Slot::SizeOrZero(field) => field.value.height <= LARGEST && field.value.width <= LARGEST,
            Slot::Real(field, [from, to]) => (from..=to).contains(field.value),
            Slot::Perhaps(number, [from, to], _) => number.is_none_or(|number| (from..=to).contains(&number)),
            Slot::Amount(amount) => *amount <= MOST_ELEMENTS,
            Slot::Tensors(tensors) => are_tensors(tensors),
            Slot::Path(field) => field.default == Some(*field.value) || is_path(field.value),
            Slot::Flag(_) | Slot::Word(..) => true,
        };
    }
}
