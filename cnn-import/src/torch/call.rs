//! A call of one of PyTorch's operators: its arguments by name, and the nodes that it becomes.

use cnn_net::text::count;
use serde_json::Value as Json;

use super::{Known, Loader, Stop, fault, model};
use crate::constant::Constant;
use crate::graph::{Id, axis};
use crate::proto::Value as Attribute;
use crate::report::{Fault, text};

/// The call that is being translated.
pub(super) struct Call<'l, 'a> {
    pub(super) loader: &'l mut Loader<'a>,
    pub(super) node: &'a model::Node,
    /// The values of its results.
    pub(super) outputs: &'l [Id],
}

impl<'a> Call<'_, 'a> {
    /// An argument that is given and not `None`.
    fn argument(&self, name: &str) -> Option<&'a Json> {
        self.node.arguments.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.argument(name).is_some()
    }

    fn needs(&self, name: &str) -> Result<&'a Json, Fault> {
        self.argument(name).ok_or_else(|| Fault::new(format!("its argument `{name}` is missing")))
    }

    /// A value, a tensor or a number.
    pub(super) fn value(&mut self, name: &str) -> Result<Id, Stop> {
        let value = self.needs(name)?;
        self.term(name, value)
    }

    /// The value that it is of, whatever the schema calls that.
    pub(super) fn input(&mut self) -> Result<Id, Stop> {
        let name = ["input", "self", "x"].into_iter().find(|name| self.has(name));
        self.value(name.unwrap_or("input"))
    }

    /// The same, if it is given.
    pub(super) fn optional(&mut self, name: &str) -> Result<Option<Id>, Stop> {
        self.argument(name).map(|value| self.term(name, value)).transpose()
    }

    /// A list of values.
    pub(super) fn values(&mut self, name: &str) -> Result<Vec<Id>, Stop> {
        match self.needs(name)? {
            Json::Array(list) => list.iter().map(|value| self.term(name, value)).collect(),
            _ => Err(mistyped(name, "a list of values").into()),
        }
    }

    /// A list of values, of which some may be left out.
    pub(super) fn optionals(&mut self, name: &str) -> Result<Vec<Option<Id>>, Stop> {
        let Json::Array(list) = self.needs(name)? else { return Err(mistyped(name, "a list of values").into()) };
        list.iter().map(|value| (!value.is_null()).then(|| self.term(name, value)).transpose()).collect()
    }

    fn term(&mut self, name: &str, value: &'a Json) -> Result<Id, Stop> {
        if let Some(number) = number(value) {
            return Ok(self.loader.constant(Constant::floats(Vec::new(), vec![number as f32])));
        }
        let key = |key: &str| value.get(key).and_then(Json::as_str);
        match (key("value"), key("tensor")) {
            (Some(value), _) => match self.loader.known.get(value) {
                Some(Known::Value(id)) => Ok(*id),
                Some(Known::Broken) => Err(Stop::Broken),
                None => fault(format!("it reads `{}`, which nothing before it computes", text(value))),
            },
            (None, Some(tensor)) => Ok(self.loader.tensor(tensor)?),
            (None, None) => Err(mistyped(name, "a value, a tensor or a number").into()),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Fault> {
        match self.argument(name) {
            None => Ok(false),
            Some(Json::Bool(flag)) => Ok(*flag),
            Some(value) => value.as_i64().map(|number| number != 0).ok_or_else(|| mistyped(name, "true or false")),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, Fault> {
        self.needs(name)?.as_str().ok_or_else(|| mistyped(name, "a text"))
    }

    pub(super) fn int(&self, name: &str) -> Result<i64, Fault> {
        self.needs(name)?.as_i64().ok_or_else(|| mistyped(name, "a whole number"))
    }

    pub(super) fn int_or(&self, name: &str, default: i64) -> Result<i64, Fault> {
        if self.has(name) { self.int(name) } else { Ok(default) }
    }

    pub(super) fn float(&self, name: &str) -> Result<f64, Fault> {
        number(self.needs(name)?).ok_or_else(|| mistyped(name, "a number"))
    }

    pub(super) fn float_or(&self, name: &str, default: f64) -> Result<f64, Fault> {
        if self.has(name) { self.float(name) } else { Ok(default) }
    }

    /// Whole numbers, or a single one.
    pub(super) fn ints(&self, name: &str) -> Result<Vec<i64>, Fault> {
        let wrong = || mistyped(name, "a list of whole numbers");
        match self.needs(name)? {
            Json::Array(list) => list.iter().map(|it| it.as_i64().ok_or_else(wrong)).collect(),
            value => Ok(vec![value.as_i64().ok_or_else(wrong)?]),
        }
    }

    /// The same, if they are given.
    pub(super) fn ints_or(&self, name: &str, default: &[i64]) -> Result<Vec<i64>, Fault> {
        if self.has(name) { self.ints(name) } else { Ok(default.to_vec()) }
    }

    pub(super) fn floats(&self, name: &str) -> Result<Vec<f64>, Fault> {
        let wrong = || mistyped(name, "a list of numbers");
        match self.needs(name)? {
            Json::Array(list) => list.iter().map(|it| number(it).ok_or_else(wrong)).collect(),
            _ => Err(wrong()),
        }
    }

    /// Sizes along each direction of maps, where a single one counts for all; none at all is the default.
    pub(super) fn sizes(&self, name: &str, directions: usize, default: i64) -> Result<Vec<i64>, Fault> {
        match &*self.ints_or(name, &[])? {
            [] => Ok(vec![default; directions]),
            [size] => Ok(vec![*size; directions]),
            sizes if sizes.len() == directions => Ok(sizes.to_vec()),
            sizes => Err(Fault::new(format!(
                "its `{name}` is {sizes:?} for {directions}",
                directions = count(directions as u64, "direction")
            ))),
        }
    }

    pub(super) fn shape(&self, id: Id) -> &[usize] {
        &self.loader.shapes[id]
    }

    /// The shape of its first result.
    pub(super) fn result_shape(&self) -> Vec<usize> {
        self.outputs.first().map(|id| self.shape(*id).to_vec()).unwrap_or_default()
    }

    /// A dimension by a name of an argument, counted from the beginning.
    pub(super) fn axis(&self, name: &str, of: Id) -> Result<usize, Fault> {
        axis(self.int(name)?, self.shape(of).len())
    }

    /// A list of whole numbers as a value.
    pub(super) fn listed(&mut self, list: Vec<i64>) -> Option<Id> {
        Some(self.loader.constant(Constant::ints(vec![list.len()], list)))
    }

    pub(super) fn number(&mut self, number: f64) -> Option<Id> {
        Some(self.loader.constant(Constant::floats(Vec::new(), vec![number as f32])))
    }

    /// The node that gives the first result.
    pub(super) fn gives(
        &mut self,
        op: &'static str,
        inputs: Vec<Option<Id>>,
        attributes: Vec<(&'static str, Attribute<'a>)>,
    ) {
        let outputs = self.outputs.iter().map(|id| Some(*id)).collect();
        self.loader.push(self.node, op, inputs, attributes, outputs);
    }

    /// A node before that, whose result has this shape.
    pub(super) fn first(
        &mut self,
        op: &'static str,
        inputs: Vec<Option<Id>>,
        attributes: Vec<(&'static str, Attribute<'a>)>,
        shape: Vec<usize>,
    ) -> Id {
        let id = self.loader.value(shape);
        self.loader.push(self.node, op, inputs, attributes, vec![Some(id)]);
        id
    }

    /// The sizes of a shape as a value.
    pub(super) fn sizes_of(&mut self, shape: &[usize]) -> Option<Id> {
        self.listed(shape.iter().map(|size| *size as i64).collect())
    }
}

/// A number; those that JSON doesn't have are texts.
fn number(value: &Json) -> Option<f64> {
    match value {
        Json::String(text) => match &**text {
            "inf" => Some(f64::INFINITY),
            "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        Json::Bool(flag) => Some(f64::from(u8::from(*flag))),
        other => other.as_f64(),
    }
}

fn mistyped(name: &str, what: &str) -> Fault {
    Fault::new(format!("its argument `{name}` is not {what}"))
}
