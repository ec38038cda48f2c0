//! Dilated convolutions that are three operators.
//!
//! ```text
//! SPACE_TO_BATCH_ND(x, block, paddings)   every block-th pixel, for each place in a block: a batch of smaller maps
//! CONV_2D, DEPTHWISE_CONV_2D              of each of these
//! BATCH_TO_SPACE_ND(y, block, crops)      back
//! ```
//!
//! TensorFlow computes a dilated convolution in this way, and converters make one operator of it only where the batch is fixed.
//! Sequences have a dimension more around the convolution; a bias and a function may come after it. Rows that are cropped
//! are some of those that were added, so a convolution is padded by the difference.

use cnn_net::text::count;
use std::collections::{BTreeMap, BTreeSet};

use super::model::{Model, Operator};
use super::{operators, tensors};
use crate::report::{Fault, text};

/// What an operator is to a dilated convolution.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// One that moves numbers to a batch, or back: here, its result is what it reads.
    Same,
    /// One that adds or removes a dimension of 1.
    Added(i64),
    Removed(i64),
    Conv(Spread),
    /// One that computes each number for itself.
    Pointwise,
}

/// How far apart a convolution's taps are, and what is put around its input: of rows and of columns, before and after. Where more is
/// cropped than was added, that is less than 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) block: [i64; 2],
    pub(super) pads: [[i64; 2]; 2],
}

/// Parts by the places of their operators, or what is wrong with those that are none.
pub(super) type Parts = BTreeMap<usize, Result<Part, Fault>>;

/// The converter's other form.
const HELP: &str = "a dilated convolution is one operator in the file if the batch is fixed before the model is converted: \
                    `keras.Input(shape, batch_size=1)`";
/// More operators than this are not between a convolution and the end.
const MOST_BETWEEN: usize = 8;
const BEGIN: &str = "SPACE_TO_BATCH_ND";
const END: &str = "BATCH_TO_SPACE_ND";
const CONVOLUTIONS: [&str; 2] = ["CONV_2D", "DEPTHWISE_CONV_2D"];
const SHAPES: [&str; 3] = ["EXPAND_DIMS", "SQUEEZE", "RESHAPE"];
/// Operators on numbers for themselves, of a value and perhaps of a constant for each channel.
const POINTWISE: [&str; 17] = [
    "ADD",
    "SUB",
    "MUL",
    "DIV",
    "MAXIMUM",
    "MINIMUM",
    "PRELU",
    "RELU",
    "RELU6",
    "RELU_N1_TO_1",
    "RELU_0_TO_1",
    "LEAKY_RELU",
    "ELU",
    "GELU",
    "TANH",
    "LOGISTIC",
    "HARD_SWISH",
];

/// Finds all parts of dilated convolutions.
pub(super) fn parts(model: &Model<'_>) -> Parts {
    let finder = Finder::of(model);
    let mut parts = Parts::new();
    for end in finder.all(END) {
        match finder.chain(end) {
            Ok(chain) => chain.into_iter().for_each(|(at, part)| add(&mut parts, at, part)),
            Err(fault) => _ = parts.insert(end, Err(fault)),
        }
    }
    for begin in finder.all(BEGIN) {
        let none = || Err(misfit(format!("no convolution is between it and a {END}")));
        parts.entry(begin).or_insert_with(none);
    }
    let known: BTreeSet<usize> = parts.keys().copied().collect();
    for (at, part) in &mut parts {
        // Numbers between the two are in an order that only parts understand.
        if part.is_ok()
            && finder.op(*at) != END
            && let Some(other) = finder.reader_beside(*at, &known)
        {
            *part = Err(misfit(format!("{other} reads its result too, and is no part of a dilated convolution")));
        }
    }
    parts
}

/// A part, which may be that of two convolutions.
fn add(parts: &mut Parts, at: usize, part: Part) {
    let other = || Err(misfit("it is a part of two dilated convolutions that differ"));
    match parts.get(&at) {
        Some(Ok(known)) if *known != part => _ = parts.insert(at, other()),
        Some(_) => {}
        None => _ = parts.insert(at, Ok(part)),
    }
}

fn misfit(why: impl Into<String>) -> Fault {
    Fault::new(why).help(HELP)
}

/// What is asked about the operators of a model.
struct Finder<'m, 'a> {
    model: &'m Model<'a>,
    /// The operators that compute tensors.
    producers: BTreeMap<i32, usize>,
    /// The operators that read each tensor.
    readers: BTreeMap<i32, Vec<usize>>,
}

impl<'m, 'a> Finder<'m, 'a> {
    fn of(model: &'m Model<'a>) -> Self {
        let (mut producers, mut readers) = (BTreeMap::new(), BTreeMap::<i32, Vec<usize>>::new());
        for (at, operator) in model.operators.iter().enumerate() {
            operator.outputs.iter().for_each(|tensor| _ = producers.insert(*tensor, at));
            operator.inputs.iter().for_each(|tensor| readers.entry(*tensor).or_default().push(at));
        }
        Self { model, producers, readers }
    }

    fn op(&self, at: usize) -> &'a str {
        let code = self.model.operators.get(at).and_then(|operator| self.model.codes.get(operator.code));
        code.and_then(operators::name).unwrap_or_default()
    }

    fn all(&self, op: &str) -> impl Iterator<Item = usize> {
        (0..self.model.operators.len()).filter(move |at| self.op(*at) == op)
    }

    /// What reads the result of an operator, but is none of these.
    fn reader_beside(&self, at: usize, known: &BTreeSet<usize>) -> Option<String> {
        let outputs = &self.model.operators.get(at)?.outputs;
        if outputs.iter().any(|tensor| self.model.outputs.contains(tensor)) {
            return Some("an output of the net".to_owned());
        }
        let mut readers = outputs.iter().filter_map(|tensor| self.readers.get(tensor)).flatten();
        readers.find(|reader| !known.contains(reader)).map(|reader| text(self.op(*reader)))
    }

    /// The parts of the convolution whose last operator this is.
    fn chain(&self, end: usize) -> Result<Vec<(usize, Part)>, Fault> {
        let mut chain = vec![(end, Part::Same)];
        let (mut at, mut conv, mut added, mut removed) = (end, None, None, None);
        for _ in 0..MOST_BETWEEN {
            at = self.before(at)?;
            let place = match conv {
                None => &mut removed,
                Some(_) => &mut added,
            };
            match (self.op(at), conv) {
                (BEGIN, Some(conv)) => {
                    let (spread, axis) = self.spread([at, end], added)?;
                    if let Some(added) = added {
                        chain.push((added, Part::Added(axis)));
                    }
                    if let Some(removed) = self.removed(removed, added.map(|_| axis))? {
                        chain.push((removed, Part::Removed(axis)));
                    }
                    chain.extend([(conv, Part::Conv(spread)), (at, Part::Same)]);
                    return Ok(chain);
                }
                (op, None) if CONVOLUTIONS.contains(&op) => conv = Some(at),
                (op, _) if SHAPES.contains(&op) && place.is_none() => *place = Some(at),
                (op, None) if POINTWISE.contains(&op) => chain.push((at, Part::Pointwise)),
                (op, _) => {
                    return Err(misfit(format!("{} is between it and a {BEGIN}, not one convolution", text(op))));
                }
            }
        }
        Err(misfit(format!("no {BEGIN} is before it")))
    }

    /// The operator that computes what one reads besides constants, which are for channels.
    fn before(&self, at: usize) -> Result<usize, Fault> {
        let operator = &self.model.operators[at];
        let is_pointwise = POINTWISE.contains(&self.op(at));
        let first = operator.inputs.iter().take(if is_pointwise { usize::MAX } else { 1 });
        let mut values = first.filter(|tensor| !is_pointwise || !self.is_of_channels(**tensor));
        let producer = values.next().and_then(|tensor| self.producers.get(tensor));
        match (producer, values.next()) {
            (Some(producer), None) => Ok(*producer),
            (None, _) | (Some(_), Some(_)) => {
                Err(misfit(format!("{} is before it, on more than the result of one convolution", text(self.op(at)))))
            }
        }
    }

    /// Whether a tensor is in the file, in half precision perhaps, with a number for each channel or for all.
    fn is_of_channels(&self, tensor: i32) -> bool {
        let producer = self.producers.get(&tensor).filter(|at| self.op(**at) == "DEQUANTIZE");
        let stored = producer.and_then(|at| self.model.operators[*at].inputs.first().copied()).unwrap_or(tensor);
        let content = self.model.tensor(stored).and_then(|tensor| self.model.content(tensor).ok().flatten());
        let sizes = self.shape(tensor);
        content.is_some() && sizes.iter().rev().skip(1).all(|size| *size == 1)
    }

    fn shape(&self, tensor: i32) -> &'m [i32] {
        self.model.tensor(tensor).map_or(&[], |tensor| &tensor.shape)
    }

    /// The shapes of what an operator reads first, and of its result.
    fn shapes(&self, at: usize) -> [&'m [i32]; 2] {
        let Operator { inputs, outputs, .. } = &self.model.operators[at];
        [inputs, outputs].map(|list| list.first().map_or(&[][..], |tensor| self.shape(*tensor)))
    }

    /// The numbers of an input, which are in the file.
    fn ints(&self, at: usize, input: usize) -> Result<Vec<i64>, Fault> {
        let index = self.model.operators[at].inputs.get(input);
        let tensor = index.and_then(|index| self.model.tensor(*index));
        let constant = tensor.map(|tensor| tensors::constant(self.model, tensor)).transpose()?.flatten();
        match constant.filter(|constant| constant.is_whole() && constant.len() <= 2 * super::LAST.len()) {
            Some(constant) => constant.to_ints(),
            None => Err(misfit(format!("its input {} is not in the file, but computed", input + 1))),
        }
    }

    /// What the first and the last operator say, and the dimension that is added in between.
    fn spread(&self, [begin, end]: [usize; 2], added: Option<usize>) -> Result<(Spread, i64), Fault> {
        let rank = self.shapes(begin)[0].len();
        let [block, other] = [self.ints(begin, 1)?, self.ints(end, 1)?];
        let [paddings, crops] = [self.ints(begin, 2)?, self.ints(end, 2)?];
        if block != other || [paddings.len(), crops.len()] != [2 * block.len(); 2] {
            return Err(misfit(format!("its block {other:?} is not that of the {BEGIN} before it, {block:?}")));
        }
        let side = |at: usize| {
            let pads = [0, 1].map(|end| paddings[2 * at + end].saturating_sub(crops[2 * at + end]));
            (block[at], pads)
        };
        let axis = added.map(|added| self.added(added)).transpose()?;
        let [rows, columns] = match (rank, block.len(), axis) {
            (4, 2, None) => [side(0), side(1)],
            (3, 1, Some(1)) => [(1, [0; 2]), side(0)],
            (3, 1, Some(2)) => [side(0), (1, [0; 2])],
            _ => {
                return Err(misfit(format!(
                    "it is of a value of {rank}, with the block {block:?}",
                    rank = count(rank as u64, "dimension")
                )));
            }
        };
        Ok((Spread { block: [rows.0, columns.0], pads: [rows.1, columns.1] }, axis.unwrap_or(0)))
    }

    /// The place of the dimension that makes maps of a sequence.
    fn added(&self, at: usize) -> Result<i64, Fault> {
        let [before, after] = self.shapes(at);
        let is_there = |axis: &usize| after.get(*axis) == Some(&1) && without(after, *axis) == before;
        let found = match self.op(at) {
            "EXPAND_DIMS" => {
                let axis = self.ints(at, 1)?.first().copied().unwrap_or(0);
                crate::graph::axis(axis, after.len()).ok().filter(is_there)
            }
            _ => [1, 2].into_iter().find(is_there),
        };
        found
            .map(|axis| axis as i64)
            .ok_or_else(|| misfit(format!("{} is before it, and adds neither rows nor columns", self.op(at))))
    }

    /// The operator that removes the added dimension.
    fn removed(&self, at: Option<usize>, axis: Option<i64>) -> Result<Option<usize>, Fault> {
        let is_removed = |at: usize, axis: i64| {
            let [before, after] = self.shapes(at);
            let axis = axis as usize;
            before.get(axis) == Some(&1) && without(before, axis) == after
        };
        match (at, axis) {
            (None, None) => Ok(None),
            (Some(at), Some(axis)) if is_removed(at, axis) => Ok(Some(at)),
            (at, _) => {
                let op = at.map_or("no SQUEEZE", |at| self.op(at));
                Err(misfit(format!("{op} is between it and the convolution before it")))
            }
        }
    }
}

/// A shape without one of its dimensions.
fn without(sizes: &[i32], axis: usize) -> Vec<i32> {
    sizes.iter().enumerate().filter(|(at, _)| *at != axis).map(|(_, size)| *size).collect()
}
