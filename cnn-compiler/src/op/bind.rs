//! Arguments of a call, each brought to the parameter that it is for.

use std::collections::HashMap;
use std::fmt::Display;

use cnn_net::op::{Padding, Size};

use super::habits;
use super::read::Reader;
use super::{Default, Kind, Layer, PadMode, Param};
use crate::ast::{Call, Expr};
use crate::eval::Env;
use crate::report::{Message, Place, Report, listed, message};

/// The values of a layer's arguments, and where they stand.
pub(crate) struct Bound {
    values: HashMap<&'static str, Value>,
    places: HashMap<&'static str, Place>,
}

/// The value of an argument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Count(usize),
    Size(Size),
    Pad(Padding, PadMode),
    Flag(bool),
    Real(f32),
    Word(&'static str),
}

// The parameter tables say which argument is of which kind; a layer that asks for another is a mistake in this crate.
impl Bound {
    pub(crate) fn count(&self, name: &str) -> usize {
        match self.values[name] {
            Value::Count(count) => count,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    pub(crate) fn size(&self, name: &str) -> Size {
        match self.values[name] {
            Value::Size(size) => size,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    pub(crate) fn pad(&self, name: &str) -> Padding {
        match self.values[name] {
            Value::Pad(padding, _) => padding,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.values[name] {
            Value::Flag(flag) => flag,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    pub(crate) fn real(&self, name: &str) -> f32 {
        match self.values[name] {
            Value::Real(real) => real,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    pub(crate) fn word(&self, name: &str) -> &'static str {
        match self.values[name] {
            Value::Word(word) => word,
            other => unreachable!("{name} is {other:?}"),
        }
    }

    /// How the layer is padded.
    pub(crate) fn pad_mode(&self) -> PadMode {
        match self.values.get("pad") {
            Some(Value::Pad(_, mode)) => *mode,
            _ => PadMode::Explicit,
        }
    }

    /// Whether an argument was given.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// Where the arguments that were given stand.
    pub(crate) fn into_places(self) -> HashMap<&'static str, Place> {
        self.places
    }
}

/// Binds a call's arguments; all mistakes in them are reported.
pub(crate) fn bind(layer: &'static Layer, call: &Call, env: &Env, report: &mut Report) -> Option<Bound> {
    if let Some((place, message)) = habits::inputs_given(layer, call, env) {
        report.error(place, message);
        return None;
    }
    let mut bound = Bound { values: HashMap::new(), places: HashMap::new() };
    let mut first: HashMap<&str, &Expr> = HashMap::new();
    let mut sound = true;
    for (index, arg) in call.args.iter().enumerate() {
        let found = param_of(layer, call, index, env).and_then(|param| match first.insert(param.name, &arg.value) {
            Some(first) => Err(twice(layer.name, param.name, first, &arg.value).into()),
            None => Ok(param),
        });
        match found {
            Ok(param) => {
                let place = arg.name.as_ref().map_or(arg.value.place, |name| name.span().into());
                bound.places.insert(param.name, place.to(arg.value.place));
                let mut reader = Reader { layer, param, env, report };
                match reader.value(&arg.value) {
                    Some(value) => drop(bound.values.insert(param.name, value)),
                    None => sound = false,
                }
            }
            Err(message) => {
                report.error(arg.place(), message);
                sound = false;
            }
        }
    }
    if !sound || !missing(layer, call, &bound, report) {
        return None;
    }
    for param in layer.params {
        if !bound.places.contains_key(param.name)
            && let Some(value) = default(param, &bound)
        {
            bound.values.insert(param.name, value);
        }
    }
    if let Some((name, message)) = layer.ambiguous(&bound) {
        report.error(bound.places.get(name).copied().unwrap_or_else(|| call.name.span().into()), message);
        return None;
    }
    Some(bound)
}

/// Whether all arguments that a layer needs are there; those that are not are reported.
fn missing(layer: &Layer, call: &Call, bound: &Bound, report: &mut Report) -> bool {
    let needed = layer.params.iter().filter(|param| matches!(param.default, Default::Required));
    let missing: Vec<String> =
        needed.filter(|param| !bound.places.contains_key(param.name)).map(|p| format!("`{}`", p.name)).collect();
    if missing.is_empty() {
        return true;
    }
    let are = if missing.len() == 1 { "is" } else { "are" };
    let wrong = format!("{}: {} {are} missing", layer.name, listed(&missing, "and"));
    report.error(call.name.span(), message(&wrong, &[], &usage(layer)));
    false
}

fn usage(layer: &Layer) -> String {
    format!("usage: {}", layer.usage())
}

/// The parameter that an argument is for, or what is wrong.
fn param_of(layer: &'static Layer, call: &Call, index: usize, env: &Env) -> Result<&'static Param, Message> {
    let arg = &call.args[index];
    if let Some(name) = &arg.name {
        let param = layer.params.iter().find(|param| name == param.name);
        return param.ok_or_else(|| habits::unknown_name(layer, call, index, env));
    }
    let behind_named = call.args[..index].iter().any(|arg| arg.name.is_some());
    match layer.params.get(index) {
        Some(_) if behind_named => {
            let wrong = format!("{}: `{}` needs a name, since it follows a named argument", layer.name, arg.value);
            Err(message(&wrong, &[], &usage(layer)).into())
        }
        Some(param) if param.positional => Ok(param),
        _ => Err(habits::unexpected(layer, call, index, env)),
    }
}

/// What is said about an argument, of a layer or a block, that is there already.
pub(crate) fn twice(callee: impl Display, name: &str, first: &Expr, second: &Expr) -> String {
    format!("{callee}: `{name}` is given twice: {first} and {second}\nhelp: leave one of them out")
}

/// The value of a parameter that may be left out.
fn default(param: &Param, bound: &Bound) -> Option<Value> {
    Some(match param.default {
        Default::Required => return None,
        Default::One if matches!(param.kind, Kind::Count) => Value::Count(1),
        Default::One => Value::Size(Size::square(1)),
        Default::NoPad => Value::Pad(Padding::NONE, PadMode::Explicit),
        Default::Flag(flag) => Value::Flag(flag),
        Default::Count(count) => Value::Count(count),
        Default::Real(real) => Value::Real(real),
        Default::Like(other) => *bound.values.get(other)?,
        Default::FirstWord => match param.kind {
            Kind::Word(words) => Value::Word(words[0]),
            Kind::Count | Kind::Size | Kind::Pad | Kind::Flag | Kind::Real { .. } => return None,
        },
    })
}
