//! Arguments of a call, each brought to the parameter that it is for.

use std::collections::HashMap;

use cnn_runtime::op::{Padding, Size};

use super::{Default, Kind, Layer, PadMode, Param};
use crate::ast::{Arg, Call, Expr, ExprKind};
use crate::eval::{Env, LARGEST, whole};
use crate::report::{Place, Report, message, nearest};

/// The values of a layer's arguments, and where they stand.
pub(crate) struct Bound {
    values: HashMap<&'static str, Value>,
    places: HashMap<&'static str, Place>,
}

#[derive(Clone, Copy, Debug)]
enum Value {
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

    /// Where the arguments that were given stand.
    pub(crate) fn into_places(self) -> HashMap<&'static str, Place> {
        self.places
    }
}

/// Binds a call's arguments; all mistakes in them are reported.
pub(crate) fn bind(layer: &Layer, call: &Call, env: &Env, report: &mut Report) -> Option<Bound> {
    let mut bound = Bound { values: HashMap::new(), places: HashMap::new() };
    let mut sound = !call.broken;
    for (index, arg) in call.args.iter().enumerate() {
        match param_of(layer, arg, index, &bound, report) {
            Some(param) => {
                let place = arg.name.as_ref().map_or(arg.value.place, |name| name.span().into());
                bound.places.insert(param.name, place.to(arg.value.place));
                match value(layer, param, &arg.value, env, report) {
                    Some(value) => drop(bound.values.insert(param.name, value)),
                    None => sound = false,
                }
            }
            None => sound = false,
        }
    }
    if !sound {
        return None;
    }
    for param in layer.params {
        if !bound.places.contains_key(param.name) {
            match default(param, &bound) {
                Some(value) => drop(bound.values.insert(param.name, value)),
                None => {
                    let wrong = format!("{}: `{}` is missing", layer.name, param.name);
                    report.error(call.name.span(), message(&wrong, &[], &usage(layer)));
                    sound = false;
                }
            }
        }
    }
    sound.then_some(bound)
}

fn usage(layer: &Layer) -> String {
    format!("it is called as {}", layer.usage())
}

/// The parameter that an argument is for.
fn param_of(
    layer: &Layer,
    arg: &Arg,
    index: usize,
    bound: &Bound,
    report: &mut Report,
) -> Option<&'static Param> {
    let Some(name) = &arg.name else {
        let param = layer.params.get(index).filter(|param| param.positional);
        if param.is_none() {
            report.error(arg.value.place, unexpected(layer, arg, index));
        }
        return param;
    };
    let known = layer.params.iter().find(|param| name == param.name);
    match known {
        Some(param) if bound.places.contains_key(param.name) => {
            report.error(name.span(), format!("{}: `{name}` is given twice", layer.name));
            None
        }
        Some(param) => Some(param),
        None => {
            let near = nearest(&name.to_string(), layer.params.iter().map(|param| param.name));
            let help = near.map_or_else(|| usage(layer), |near| format!("did you mean `{near}`?"));
            report.error(name.span(), message(&format!("{}: there is no argument `{name}`", layer.name), &[], &help));
            None
        }
    }
}

/// What is wrong with an argument that stands without a name where none may.
fn unexpected(layer: &Layer, arg: &Arg, index: usize) -> String {
    let wrong = match layer.params.get(index) {
        Some(_) => format!("{}: `{}` needs a name", layer.name, arg.value),
        None => format!("{}: there is no argument for `{}`", layer.name, arg.value),
    };
    let help = match layer.params.get(index) {
        Some(param) => format!("if it is the {0}, write `{0} = {1}`; {2}", param.name, arg.value, usage(layer)),
        None => usage(layer),
    };
    message(&wrong, &[], &help)
}

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

/// The value of an argument, which must be of its parameter's kind.
fn value(layer: &Layer, param: &Param, expr: &Expr, env: &Env, report: &mut Report) -> Option<Value> {
    let mut reader = Reader { layer: layer.name, param: param.name, env, report };
    match param.kind {
        Kind::Count => reader.number(expr, 1).map(Value::Count),
        Kind::Size => reader.size(expr).map(Value::Size),
        Kind::Pad => reader.pad(expr),
        Kind::Flag => match expr.kind {
            ExprKind::Bool(flag) => Some(Value::Flag(flag)),
            _ => reader.wrong(expr, "expected `true` or `false`"),
        },
        Kind::Real { from, to } => reader.real(expr, from, to).map(Value::Real),
        Kind::Word(words) => {
            let found = words.iter().find(|word| matches!(&expr.kind, ExprKind::Name(name) if name == *word));
            match found {
                Some(word) => Some(Value::Word(word)),
                None => {
                    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                    reader.wrong(expr, &format!("expected {}", words.join(" or ")))
                }
            }
        }
    }
}

/// Reads one argument.
struct Reader<'a> {
    layer: &'a str,
    param: &'a str,
    env: &'a Env,
    report: &'a mut Report,
}

impl Reader<'_> {
    /// Reports `layer: param = expr: what was expected`.
    fn wrong<T>(&mut self, expr: &Expr, expected: &str) -> Option<T> {
        self.report.error(expr.place, format!("{}: `{} = {expr}`: {expected}", self.layer, self.param));
        None
    }

    /// A whole number from `least`.
    fn number(&mut self, expr: &Expr, least: i64) -> Option<usize> {
        match expr.kind {
            ExprKind::Int(_) | ExprKind::Name(_) | ExprKind::Binary(..) | ExprKind::Negative(_) => {}
            ExprKind::Real(_) | ExprKind::Bool(_) | ExprKind::Size(_) | ExprKind::Tuple(_) => {
                return self.wrong(expr, &format!("expected one whole number from {least}"));
            }
        }
        let value = whole(expr, self.env, self.report)?;
        if (least..=LARGEST).contains(&value) {
            return Some(value as usize);
        }
        let is = if matches!(expr.kind, ExprKind::Int(_)) { String::new() } else { format!("it is {value}, but ") };
        self.wrong(expr, &format!("{is}expected {least} to {LARGEST}"))
    }

    fn size(&mut self, expr: &Expr) -> Option<Size> {
        match &expr.kind {
            ExprKind::Size(parts) | ExprKind::Tuple(parts) => match &parts[..] {
                [height, width] => {
                    let (height, width) = (self.number(height, 1), self.number(width, 1));
                    Some(Size::new(height?, width?))
                }
                _ => self.wrong(expr, "expected height and width, `3x3`"),
            },
            ExprKind::Real(_) | ExprKind::Bool(_) => self.wrong(expr, "expected height and width, `3x3`"),
            ExprKind::Int(_) | ExprKind::Name(_) | ExprKind::Binary(..) | ExprKind::Negative(_) => {
                self.number(expr, 1).map(Size::square)
            }
        }
    }

    fn pad(&mut self, expr: &Expr) -> Option<Value> {
        const FORMS: &str = "expected a number, `HxW`, `(top, left, bottom, right)`, `same` or `same_lower`";
        let mode = match &expr.kind {
            ExprKind::Name(name) if name == "same" => Some(PadMode::Same { lower: false }),
            ExprKind::Name(name) if name == "same_lower" => Some(PadMode::Same { lower: true }),
            _ => None,
        };
        if let Some(mode) = mode {
            return Some(Value::Pad(Padding::NONE, mode));
        }
        let padding = match &expr.kind {
            ExprKind::Real(_) | ExprKind::Bool(_) => return self.wrong(expr, FORMS),
            ExprKind::Size(parts) | ExprKind::Tuple(parts) => {
                let numbers: Vec<Option<usize>> = parts.iter().map(|part| self.number(part, 0)).collect();
                match numbers[..] {
                    [vertical, horizontal] => Padding::symmetric(vertical?, horizontal?),
                    [top, left, bottom, right] => {
                        Padding { top: top?, left: left?, bottom: bottom?, right: right? }
                    }
                    _ => return self.wrong(expr, FORMS),
                }
            }
            ExprKind::Int(_) | ExprKind::Name(_) | ExprKind::Binary(..) | ExprKind::Negative(_) => {
                let pad = self.number(expr, 0)?;
                Padding::symmetric(pad, pad)
            }
        };
        Some(Value::Pad(padding, PadMode::Explicit))
    }

    fn real(&mut self, expr: &Expr, from: f32, to: f32) -> Option<f32> {
        let value = match &expr.kind {
            ExprKind::Real(value) => *value,
            ExprKind::Int(_) | ExprKind::Name(_) | ExprKind::Binary(..) | ExprKind::Negative(_) => {
                whole(expr, self.env, self.report)? as f64
            }
            ExprKind::Bool(_) | ExprKind::Size(_) | ExprKind::Tuple(_) => return self.wrong(expr, "expected a number"),
        };
        if (f64::from(from)..=f64::from(to)).contains(&value) {
            return Some(value as f32);
        }
        let expected = match (from, to) {
            (0.0, 1.0) => "expected 0 to 1".to_owned(),
            (0.0, _) => "expected 0 or more".to_owned(),
            _ => "too large for a 32-bit float".to_owned(),
        };
        self.wrong(expr, &expected)
    }
}
