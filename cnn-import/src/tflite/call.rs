//! A call of one of TFLite's operators: what it reads and says, and the nodes that it becomes.

use cnn_net::text::count;
use std::rc::Rc;

use super::buffer::Table;
use super::dilated::Spread;
use super::model::{Operator, Tensor};
use super::{FIRST, LAST, Loader, names, order, tensors};
use crate::constant::{self, Constant};
use crate::graph::{Id, Node, axis};
use crate::proto::Value as Attribute;
use crate::proto::wire;
use crate::report::Fault;

/// Attributes of a node.
pub(super) type Attributes<'a> = Vec<(&'static str, Attribute<'a>)>;

/// The call that is being translated.
pub(super) struct Call<'l, 'm, 'a> {
    pub(super) loader: &'l mut Loader<'m, 'a>,
    pub(super) operator: &'l Operator<'a>,
    /// TFLite's name of the operator.
    pub(super) op: &'a str,
    /// The name of its first result.
    pub(super) title: &'a str,
    /// How it is dilated by operators around it.
    pub(super) spread: Option<Spread>,
}

impl<'a> Call<'_, '_, 'a> {
    fn index(&self, input: usize) -> Option<i32> {
        self.operator.inputs.get(input).copied().filter(|index| *index >= 0)
    }

    /// A value that it reads.
    pub(super) fn input(&mut self, input: usize) -> Result<Id, Fault> {
        self.optional(input)?.ok_or_else(|| Fault::new(format!("its input {} is missing", input + 1)))
    }

    /// The same, if it is given.
    pub(super) fn optional(&mut self, input: usize) -> Result<Option<Id>, Fault> {
        self.index(input).map(|index| self.loader.value_of(index)).transpose()
    }

    /// All values that it reads.
    pub(super) fn inputs(&mut self) -> Result<Vec<Id>, Fault> {
        (0..self.operator.inputs.len()).map(|input| self.input(input)).collect()
    }

    /// What the file says of a value that it reads.
    fn tensor(&self, input: usize) -> Result<&Tensor<'a>, Fault> {
        let index = self.index(input).ok_or_else(|| Fault::new(format!("its input {} is missing", input + 1)))?;
        self.loader.tensor(index)
    }

    /// The sizes that the file says of it; those that are open are -1.
    pub(super) fn shape(&self, input: usize) -> Result<Vec<i64>, Fault> {
        Ok(self.tensor(input)?.shape.iter().map(|size| i64::from(*size)).collect())
    }

    pub(super) fn rank(&self, input: usize) -> Result<usize, Fault> {
        Ok(self.tensor(input)?.shape.len())
    }

    /// The rank of an input that must be maps.
    pub(super) fn maps(&self, input: usize) -> Result<usize, Fault> {
        match self.rank(input)? {
            4 => Ok(4),
            rank => Err(Fault::new(format!(
                "it reads a value of {rank}, and not maps",
                rank = count(rank as u64, "dimension")
            ))),
        }
    }

    /// Whole numbers that are in the file.
    pub(super) fn ints(&mut self, input: usize) -> Result<Vec<i64>, Fault> {
        let id = self.input(input)?;
        match self.loader.constants.get(&id).filter(|constant| constant.is_whole()) {
            Some(constant) => constant.to_ints(),
            None => {
                let help = "convert the model with a batch of 1 and fixed shapes";
                Err(Fault::new(format!("its input {} is not in the file, but computed", input + 1)).help(help))
            }
        }
    }

    /// Whether a value is whole numbers that are in the file.
    pub(super) fn is_whole(&self, id: Id) -> bool {
        self.loader.constants.get(&id).is_some_and(|constant| constant.is_whole())
    }

    /// Whether an input is real numbers that depend on those of the net.
    pub(super) fn is_batched(&self, input: usize) -> Result<bool, Fault> {
        let tensor = self.tensor(input)?;
        let id = self.index(input).and_then(|index| self.loader.known.get(&index));
        let is_constant = id.is_some_and(|id| self.loader.constants.contains_key(id));
        Ok(constant::is_float(tensors::kind(tensor.kind)?) && !is_constant)
    }

    /// A single one of these.
    pub(super) fn int(&mut self, input: usize) -> Result<i64, Fault> {
        match &*self.ints(input)? {
            [number] => Ok(*number),
            numbers => Err(Fault::new(format!("its input {} has {} numbers", input + 1, numbers.len()))),
        }
    }

    /// The only axis that an input says, from the beginning.
    pub(super) fn axis(&mut self, input: usize, of: usize) -> Result<i64, Fault> {
        let (at, rank) = (self.int(input)?, self.rank(of)?);
        Ok(axis(at, rank)? as i64)
    }

    /// A field of its options. Those that are left out are 0.
    pub(super) fn option<T: Default>(&self, read: impl Fn(&Table<'a>) -> wire::Result<T>) -> Result<T, Fault> {
        let broken = |why: wire::Malformed| Fault::new(format!("its options can't be read: {}", why.0));
        self.operator.options.as_ref().map_or(Ok(T::default()), |table| read(table).map_err(broken))
    }

    pub(super) fn number(&self, field: usize) -> Result<i64, Fault> {
        self.option(|table| table.int(field)).map(i64::from)
    }

    pub(super) fn float(&self, field: usize) -> Result<f32, Fault> {
        self.option(|table| table.float(field))
    }

    pub(super) fn flag(&self, field: usize) -> Result<bool, Fault> {
        self.option(|table| table.byte(field)).map(|byte| byte != 0)
    }

    /// A new node, and its result.
    pub(super) fn node(&mut self, op: &'a str, inputs: &[Id], attributes: Attributes<'a>) -> Id {
        let inputs = inputs.iter().map(|id| Some(*id)).collect();
        self.nodes(op, inputs, attributes, 1).swap_remove(0)
    }

    /// A new node with several results, or with inputs that are left out.
    pub(super) fn nodes(
        &mut self,
        op: &'a str,
        inputs: Vec<Option<Id>>,
        attributes: Attributes<'a>,
        count: usize,
    ) -> Vec<Id> {
        let outputs: Vec<Id> = (0..count).map(|_| self.loader.value()).collect();
        self.loader.nodes.push(Node {
            name: names::name(self.title),
            written: self.op,
            inputs,
            attributes: attributes.into_iter().map(|(name, value)| (name, Rc::new(value))).collect(),
            result: self.title,
            ..Node::blank(op, outputs.iter().map(|id| Some(*id)).collect())
        });
        outputs
    }

    /// A list of whole numbers as a value.
    pub(super) fn listed(&mut self, list: Vec<i64>) -> Id {
        self.loader.constant(Constant::ints(vec![list.len()], list))
    }

    /// A number as a value.
    pub(super) fn real(&mut self, number: f32) -> Id {
        self.loader.constant(Constant::floats(Vec::new(), vec![number]))
    }

    /// A value with its dimensions in another order; constants are there once for each.
    pub(super) fn transposed(&mut self, id: Id, order: &[i64]) -> Id {
        let key = (id, order.to_vec());
        if let Some(moved) = self.loader.moved.get(&key) {
            return *moved;
        }
        let moved = self.node("Transpose", &[id], vec![("perm", Attribute::Ints(order.to_vec()))]);
        if self.loader.constants.contains_key(&id) {
            self.loader.moved.insert(key, moved);
        }
        moved
    }

    /// Maps with their channels first, of this many dimensions.
    pub(super) fn first(&mut self, id: Id, rank: usize) -> Id {
        order(FIRST, rank).map_or(id, |order| self.transposed(id, order))
    }

    /// Maps with their channels last again.
    pub(super) fn last(&mut self, id: Id, rank: usize) -> Id {
        order(LAST, rank).map_or(id, |order| self.transposed(id, order))
    }

    /// A value in another shape.
    pub(super) fn reshaped(&mut self, id: Id, sizes: Vec<i64>) -> Id {
        let sizes = self.listed(sizes);
        self.node("Reshape", &[id, sizes], vec![("allowzero", Attribute::Int(1))])
    }

    /// A value after the activation that a field of the options says.
    pub(super) fn activated(&mut self, id: Id, field: usize) -> Result<Id, Fault> {
        Ok(match self.option(|table| table.byte(field))? {
            0 => id,
            1 => self.node("Relu", &[id], Vec::new()),
            2 => self.clipped(id, -1.0, 1.0),
            3 => self.clipped(id, 0.0, 6.0),
            4 => self.node("Tanh", &[id], Vec::new()),
            5 => return Err(Fault::new("its activation is SIGN_BIT, and no layer computes that")),
            other => return Err(Fault::new(format!("its activation has the number {other}, which is not known"))),
        })
    }

    pub(super) fn clipped(&mut self, id: Id, min: f32, max: f32) -> Id {
        self.node("Clip", &[id], vec![("min", Attribute::Float(min)), ("max", Attribute::Float(max))])
    }

    /// ONNX's number of the type of its first result.
    pub(super) fn kind(&self) -> Result<i64, Fault> {
        let index = self.operator.outputs.first().copied().unwrap_or(-1);
        tensors::kind(self.loader.tensor(index)?.kind)
    }
}
