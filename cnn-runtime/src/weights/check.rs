//! Compares a file with a net.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cell::Cell;

use cnn_net::graph::{Graph, Node, Role, Tensor};
use cnn_net::op::{Op, PreluPer};

use super::bytes::Sum;
use super::error::{Cause, Problem};
use super::file::{Entry, File};
use super::reparametrised;
use super::similar::{self, Stranger};
use super::source::{Progress, Source};
use super::unreadable::Unreadable;
use super::values::{Stored, Values};
use super::wrapped;

/// Weights that fit the net.
pub(super) struct Checked<'a> {
    graph: &'a Graph<'a>,
    file: File<'a>,
    /// The state of each tensor of the file when it was checked.
    sums: Vec<Option<Sum>>,
    reading: Reading<'a>,
}

/// A tensor that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Its name in the net.
    pub name: String,
    /// Its shape in the file.
    pub shape: Vec<usize>,
    /// Its type, as safetensors calls it: `F32`.
    pub dtype: String,
}

impl Found {
    pub(super) fn new(entry: &Entry<'_>, name: &str) -> Self {
        Self { name: name.to_string(), shape: entry.shape.clone(), dtype: entry.dtype.to_string() }
    }
}

/// The progress of reading. All tensors are read twice: when they are checked, and when they are packed.
struct Reading<'a> {
    source: &'a Source<'a>,
    progress: Cell<Progress>,
}

/// A tensor that was checked: its values, and their checksum at the time.
type Seen<'a> = (Stored<'a>, Sum);

impl<'a> Checked<'a> {
    /// The net.
    pub(super) fn graph(&self) -> &'a Graph<'a> {
        self.graph
    }

    /// The tensor of this name.
    fn get(&self, name: &str) -> Option<Seen<'a>> {
        let position = self.file.position(name)?;
        Some((self.file.tensors()[position].values()?, self.sums[position]?))
    }

    /// A tensor of a node, if the node has one of this role and the file has it.
    fn of(&self, node: usize, role: Role) -> Option<Seen<'a>> {
        let tensor = self.graph.nodes[node].tensors.iter().find(|tensor| tensor.role == role)?;
        self.get(tensor.name)
    }

    /// Whether a node has a tensor of this role according to the net.
    pub(super) fn has(&self, node: usize, role: Role) -> bool {
        self.graph.nodes[node].tensors.iter().any(|tensor| tensor.role == role)
    }

    /// A tensor that a node has according to the net.
    ///
    /// # Panics
    ///
    /// If there is none: the recipe is for another net, or packs an auxiliary classifier, whose tensors may be missing.
    pub(super) fn expect(&self, node: usize, role: Role) -> Seen<'a> {
        let Some(seen) = self.of(node, role) else {
            panic!("the recipe packs `{}`, which has no {}", self.graph.nodes[node].name, role.name())
        };
        seen
    }

    /// The numbers of a tensor, if there is such a tensor.
    pub(super) fn named(&self, name: &str) -> Result<Option<Vec<f32>>, Unreadable> {
        self.get(name).map(|seen| self.all_of(seen)).transpose()
    }

    /// The numbers of a tensor of a node, if it has one of this role.
    pub(super) fn floats(&self, node: usize, role: Role) -> Result<Option<Vec<f32>>, Unreadable> {
        self.of(node, role).map(|seen| self.all_of(seen)).transpose()
    }

    /// The numbers of a tensor that must exist, as for [`expect`](Self::expect).
    pub(super) fn expect_floats(&self, node: usize, role: Role) -> Result<Vec<f32>, Unreadable> {
        self.all_of(self.expect(node, role))
    }

    /// Copies the numbers of a tensor that must exist, as for [`expect`](Self::expect), to where there is room for as many.
    pub(super) fn copy(&self, node: usize, role: Role, to: &mut [f32]) -> Result<(), Unreadable> {
        let mut to = to.iter_mut();
        self.each_of(self.expect(node, role), |value| to.next().into_iter().for_each(|to| *to = value))
    }

    fn all_of(&self, seen: Seen<'_>) -> Result<Vec<f32>, Unreadable> {
        let mut floats = Vec::with_capacity(seen.0.len());
        self.each_of(seen, |value| floats.push(value)).map(|()| floats)
    }

    fn each_of(&self, (stored, sum): Seen<'_>, mut each: impl FnMut(f32)) -> Result<(), Unreadable> {
        let mut reader = stored.reader();
        reader.read(stored.len(), |values| values.for_each(&mut each))?;
        self.packed(stored.len() * stored.size());
        reader.expect(sum)
    }

    /// Notes that this many bytes of tensors were packed.
    pub(super) fn packed(&self, bytes: usize) {
        self.reading.read(bytes);
    }
}

impl Reading<'_> {
    fn read(&self, bytes: usize) {
        let Progress { done, total } = self.progress.get();
        // Reading something again to explain an error is not progress.
        let progress = Progress { done: total.min(done + bytes as u64), total };
        self.progress.set(progress);
        self.source.tell(progress);
    }
}

/// What a comparison found.
pub(super) struct Comparison {
    /// All mismatches between the files and the net.
    pub(super) problems: Vec<Problem>,
    /// Tensors that do fit, in the net's order.
    pub(super) found: Vec<Found>,
    /// Names of tensors that no net needs.
    pub(super) ignored: Vec<String>,
    /// The state of each tensor of the file, if it was read.
    sums: Vec<Option<Sum>>,
}

/// Opens the files and compares all of them with the net.
pub(super) fn check<'a>(graph: &'a Graph<'a>, source: &'a Source<'a>) -> Result<Checked<'a>, Vec<Problem>> {
    let file = File::open(source).map_err(|problem| vec![problem])?;
    let bytes = file.tensors().iter().map(|entry| entry.bytes.len() as u64).sum::<u64>();
    let reading = Reading { source, progress: Cell::new(Progress { done: 0, total: 2 * bytes }) };
    let compared = compare_all(graph, &file, |bytes| reading.read(bytes));
    let Comparison { problems, sums, .. } = compared.map_err(|why| vec![Problem::Unreadable(why)])?;
    if problems.is_empty() { Ok(Checked { graph, file, sums, reading }) } else { Err(problems) }
}

/// Compares files with a net; `read` is called with how many bytes were read.
pub(super) fn compare_all(graph: &Graph<'_>, file: &File<'_>, read: impl Fn(usize)) -> Result<Comparison, Unreadable> {
    let prefix = similar::common_prefix(graph, file);
    let (mut problems, mut found, mut ignored) = (Vec::new(), Vec::new(), Vec::new());
    if !prefix.is_empty() {
        problems.push(Problem::Prefixed { prefix: prefix.to_string() });
    }
    let mut sums = vec![None; file.tensors().len()];
    let mut known = vec![false; file.tensors().len()];
    for (node, tensor) in
        graph.nodes.iter().flat_map(|node| node.own_tensors().iter().map(move |tensor| (node, tensor)))
    {
        let position = file.position(&[prefix, tensor.name].concat());
        if let Some(position) = position {
            known[position] = true;
            let entry = &file.tensors()[position];
            let mut wrong = compare(node, tensor, entry);
            if let Some(stored) = entry.values() {
                let (sum, bad) = compare_values(node, tensor, stored)?;
                sums[position] = Some(sum);
                wrong.extend(bad);
            }
            if wrong.is_empty() {
                found.push(Found::new(entry, tensor.name));
            }
            problems.extend(wrong);
            read(entry.bytes.len());
        } else if node.aux.is_none() {
            problems.push(Problem::Missing { name: tensor.name.to_string(), shape: tensor.shape.to_vec() });
        }
    }
    let mut strangers = Vec::new();
    for (entry, _) in file.tensors().iter().zip(known).filter(|(_, known)| !known) {
        if is_bookkeeping(entry) {
            ignored.push(entry.name.clone());
        } else {
            strangers.push(stranger(entry, prefix));
        }
    }
    reparametrised::find(&mut problems, &mut strangers);
    similar::match_names(&mut problems, &mut strangers);
    problems.extend(strangers.into_iter().map(|stranger| unexpected(graph, stranger)));
    if !problems.is_empty()
        && let Some(of_all) = wrapped::find(graph, file)
            .or_else(|| similar::several(graph, file))
            .or_else(|| similar::scattered(graph, file))
    {
        problems = vec![of_all];
    }
    Ok(Comparison { problems, found, ignored, sums })
}

/// Counters of PyTorch's batch normalisation and averaged models.
fn is_bookkeeping(entry: &Entry<'_>) -> bool {
    entry.name.ends_with("num_batches_tracked") || entry.name == "n_averaged"
}

/// A tensor that the net does not know, under its name without the prefix.
fn stranger<'f>(entry: &'f Entry<'_>, prefix: &str) -> Stranger<'f> {
    Stranger { name: entry.name.strip_prefix(prefix).unwrap_or(&entry.name), shape: &entry.shape }
}

/// The problem with a tensor that the net does not know.
fn unexpected(graph: &Graph<'_>, Stranger { name, shape }: Stranger<'_>) -> Problem {
    let layer = name.strip_suffix(".bias").and_then(|layer| graph.nodes.iter().find(|node| node.name == layer));
    let unused_bias = layer.is_some_and(|layer| matches!(layer.op, Op::Conv(_) | Op::ConvTranspose(_) | Op::Linear(_)));
    Problem::Unexpected { name: name.to_string(), shape: shape.to_vec(), unused_bias }
}

/// What is wrong with a tensor that has the right name, apart from its values.
fn compare(node: &Node<'_>, tensor: &Tensor<'_>, entry: &Entry<'_>) -> Vec<Problem> {
    let name = || tensor.name.to_string();
    let mut problems = Vec::new();
    if !is_accepted(&node.op, tensor.shape, &entry.shape) {
        let (expected, found) = (tensor.shape.to_vec(), entry.shape.clone());
        let cause = Cause::of(&expected, &found);
        problems.push(Problem::Misshapen { name: name(), expected, found, cause });
    }
    if entry.values().is_none() {
        problems.push(Problem::Mistyped { name: name(), dtype: entry.dtype.to_string() });
    }
    problems
}

/// What is wrong with the values of a tensor.
fn compare_values(node: &Node<'_>, tensor: &Tensor<'_>, stored: Stored<'_>) -> Result<(Sum, Vec<Problem>), Unreadable> {
    let (mut not_finite, mut negative) = (Bad::default(), Bad::default());
    let eps = match node.op {
        Op::BatchNorm(norm) if tensor.role == Role::RunningVar => Some(norm.eps),
        _ => None,
    };
    let sum = stored.each(|position, values| {
        not_finite.look(position, values, |value| !value.is_finite());
        if let Some(eps) = eps {
            negative.look(position, values, |value| value.is_finite() && value <= -eps);
        }
    })?;
    let name = || tensor.name.to_string();
    let not_finite = not_finite.first.map(|first| Problem::NotFinite { name: name(), count: not_finite.count, first });
    let negative = negative.first.map(|first| Problem::NegativeVariance { name: name(), count: negative.count, first });
    Ok((sum, not_finite.into_iter().chain(negative).collect()))
}

/// How many values of a tensor are bad, and the position of the first.
#[derive(Default)]
pub(super) struct Bad {
    pub(super) count: usize,
    pub(super) first: Option<usize>,
}

impl Bad {
    /// Checks some values, the first of which is at this position.
    pub(super) fn look(&mut self, mut position: usize, values: Values<'_>, is: impl Fn(f32) -> bool) {
        // Nearly always there are none.
        if !values.any(&is) {
            return;
        }
        values.for_each(|value| {
            if is(value) {
                self.see(position);
            }
            position += 1;
        });
    }

    /// Counts the value at this position as bad.
    pub(super) fn see(&mut self, position: usize) {
        self.count += 1;
        self.first.get_or_insert(position);
    }
}

/// Whether a tensor may have this shape.
fn is_accepted(op: &Op, expected: &[usize], found: &[usize]) -> bool {
    found == expected
        || (found == [1] && matches!(op, Op::Prelu(PreluPer::Channel)))
        || differs_in_ones(expected, found)
}

/// Whether one of two shapes has dimensions of 1 that the other lacks: filters of one row, `[f, c, k]`, or a matrix that was a
/// convolution, `[o, i, 1, 1]`. As many dimensions in another order may mean another order of the numbers.
fn differs_in_ones(expected: &[usize], found: &[usize]) -> bool {
    let others = |shape: &'_ [usize]| shape.iter().copied().filter(|dimension| *dimension != 1).collect();
    let [expected_others, found_others]: [Vec<usize>; 2] = [others(expected), others(found)];
    // No tensor has more than a few dimensions, but a file can claim any number.
    found.len() <= 8 && expected.len() != found.len() && expected_others == found_others
}

impl Cause {
    /// A guess why a tensor has another shape.
    fn of(expected: &[usize], found: &[usize]) -> Option<Self> {
        match *expected {
            [o, i, h, w] if found == [h, w, i, o] => return Some(Self::Hwio),
            [c, 1, h, w] if found == [h, w, c, 1] => return Some(Self::DepthwiseHwio),
            [o, i, h, w] if found == [o, h, w, i] => return Some(Self::Ohwi),
            [o, i] if found == [i, o] => return Some(Self::Transposed),
            [o, i, h, w] => match *found {
                [a, b, c, d] if [a, c, d] == [o, h, w] && is_multiple(i, b) => return Some(Self::Groups),
                _ => {}
            },
            _ => {}
        }
        (elements(expected) == elements(found)).then_some(Self::Reshaped)
    }
}

/// Whether one of the two is a multiple of the other.
fn is_multiple(a: usize, b: usize) -> bool {
    a != 0 && b != 0 && (a.is_multiple_of(b) || b.is_multiple_of(a))
}

/// How many values a tensor of this shape has. A file can claim any shape if one of the dimensions is 0.
fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1, |product: usize, dimension| product.checked_mul(*dimension))
}
