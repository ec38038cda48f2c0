//! Binds the arguments of a call to a layer's parameters.

use std::collections::HashMap;
use std::fmt::Display;

use cnn_net::language::{Kind, Param, is_tensor_name};
use cnn_net::op::{Argument, Lrn, LrnWindow, Op, Slot, UserTensor};

use super::read::Reader;
use super::{Layer, PadMode};
use super::{habits, intern};
use crate::ast::{Arg, Call, Expr, ExprKind};
use crate::env::Env;
use crate::path::RustPath;
use crate::report::{Message, Place, Report, detailed, listed, message};

/// A layer with the arguments of a call.
pub(crate) struct Bound {
    pub(crate) op: Op,
    /// How its padding is found.
    pub(crate) pad: PadMode,
    /// The arguments that were given in the source.
    pub(crate) places: HashMap<&'static str, Place>,
    /// The paths that were given in the source.
    pub(crate) paths: Vec<RustPath>,
}

/// Binds a call's arguments; all mistakes in them are reported.
pub(crate) fn bind(layer: &'static Layer, call: &Call, env: &Env, report: &mut Report) -> Option<Bound> {
    // Without an argument, those after it have other places. It is reported.
    if call.args.iter().any(|arg| arg.name.is_none() && matches!(arg.value.kind, ExprKind::Broken)) {
        return None;
    }
    if let Some((place, message)) = habits::inputs_given(layer, call, env).or_else(|| habits::listed(layer, call, env))
    {
        report.error(place, message);
        return None;
    }
    let mut given: HashMap<&'static str, &Expr> = HashMap::new();
    let mut places: HashMap<&'static str, Place> = HashMap::new();
    let before = report.len();
    let mut tensors = Vec::new();
    for (index, arg) in call.args.iter().enumerate() {
        let name =
            param_of(layer, call, index, env).and_then(|param| own_name(param, arg)).and_then(|name| {
                match given.insert(name, &arg.value) {
                    Some(first) => Err(twice(layer.name, name, first, &arg.value).into()),
                    None => Ok(name),
                }
            });
        match name {
            Ok(name) => {
                let place = arg.name.as_ref().map_or(arg.value.place, |name| name.span().into());
                places.insert(name, place.to(arg.value.place));
                if layer.params.iter().all(|param| param.name != name || param.kind == Kind::Tensors) {
                    tensors.push(name);
                }
            }
            Err(message) => report.error(arg.place(), message),
        }
    }
    let mut op = layer.op;
    let (pad, paths) = (PadMode::Explicit, Vec::new());
    let mut binder = Binder { layer, given, tensors, env, report, pad, paths, sound: true, open: None };
    op.arguments(&mut binder);
    let Binder { given, pad, paths, sound, open, .. } = binder;
    let unread = given.into_iter().next().map(|(name, value)| (places[name], needless(&op, name, value)));
    if let Some((place, message)) = unread {
        report.error(place, message);
        return None;
    }
    if !sound || report.len() > before || !missing(layer, call, &places, report) {
        return None;
    }
    if let Some(name) = open {
        let place = places.get("size").copied().unwrap_or_else(|| call.name.span().into());
        report.error(place, undecided(&op, name));
        return None;
    }
    Some(Bound { op, pad, places, paths })
}

/// Reads the arguments of a call into those of a layer.
struct Binder<'a> {
    layer: &'static Layer,
    /// Those of the call, by name.
    given: HashMap<&'static str, &'a Expr>,
    /// The names of those that are tensors, in order.
    tensors: Vec<&'static str>,
    env: &'a Env,
    report: &'a mut Report,
    pad: PadMode,
    paths: Vec<RustPath>,
    /// Whether all could be read.
    sound: bool,
    /// An argument whose default doesn't go with the other arguments of this call.
    open: Option<&'static str>,
}

impl Argument for Binder<'_> {
    fn argument(&mut self, name: &'static str, _: bool, mut slot: Slot<'_>) {
        if let Slot::Tensors(tensors) = &mut slot {
            return self.tensors(tensors);
        }
        let expr = self.given.remove(name);
        let param = self.layer.params.iter().find(|param| param.name == name);
        let (Some(expr), Some(param)) = (expr, param) else { return self.default(name, slot) };
        let expr = &*self.env.literal(expr);
        let mut reader = Reader { layer: self.layer, param, env: self.env, report: self.report };
        let read = match slot {
            Slot::Count(field) => field.set(reader.count(expr)),
            Slot::Size(field) | Slot::SizeLike(field, _) => field.set(reader.size(expr)),
            Slot::Sides(field) => field.set(reader.sides(expr)),
            Slot::Crop(field) => field.set(reader.crop(expr)),
            Slot::Range(field) => field.set(reader.range(expr)),
            Slot::Shape(field) => field.set(reader.shape(expr)),
            Slot::Amount(amount) => reader.amount(expr).map(|read| *amount = read),
            Slot::Path(field) if reader.is_default(expr) => field.reset(),
            Slot::Path(field) => reader.path(expr).map(|read| {
                *field.value = intern::text(&read.to_string());
                self.paths.push(read);
            }),
            Slot::Tensors(_) => None,
            Slot::SizeOrZero(field) => field.set(reader.size_or_zero(expr)),
            Slot::Flag(field) => field.set(reader.flag(expr)),
            Slot::Real(field, bounds) => field.set(reader.real(expr, bounds)),
            Slot::Perhaps(number, bounds, none) => reader.perhaps(expr, bounds, none).map(|read| *number = read),
            Slot::Word(word, _) => reader.word(expr, word.words()).map(|index| word.set(index)),
            Slot::Pad(field) => reader.pad(expr).map(|(padding, mode)| {
                *field.value = padding;
                self.pad = mode;
            }),
        };
        self.sound &= read.is_some();
    }
}

impl Binder<'_> {
    /// Reads the tensors of a user-defined layer.
    fn tensors(&mut self, slot: &mut &'static [UserTensor]) {
        let mut tensors = Vec::new();
        for name in core::mem::take(&mut self.tensors) {
            let Some(expr) = self.given.remove(name) else { continue };
            let param = Param { name, positional: false, kind: Kind::Count, default: None, like: None };
            let mut reader = Reader { layer: self.layer, param: &param, env: self.env, report: self.report };
            match reader.tensor(expr) {
                Some((dims, trained)) => tensors.push(UserTensor::of(name, &dims, trained)),
                None => self.sound = false,
            }
        }
        *slot = intern::tensors(&tensors);
    }

    fn default(&mut self, name: &'static str, slot: Slot<'_>) {
        let set = match slot {
            Slot::Count(field) => field.reset(),
            Slot::Size(field) | Slot::SizeLike(field, _) | Slot::SizeOrZero(field) => field.reset(),
            Slot::Pad(field) | Slot::Sides(field) => field.reset(),
            Slot::Crop(field) => field.reset(),
            Slot::Range(field) => field.reset(),
            Slot::Shape(field) => field.reset(),
            Slot::Amount(amount) => {
                *amount = 0;
                Some(())
            }
            Slot::Path(field) => field.reset(),
            Slot::Tensors(_) => None,
            Slot::Flag(field) => field.reset(),
            Slot::Real(field, _) => field.reset(),
            Slot::Perhaps(number, ..) => {
                *number = None;
                Some(())
            }
            Slot::Word(word, default) => default.map(|default| word.set(default)),
        };
        let has_default = self.layer.params.iter().any(|param| param.name == name && param.default.is_some());
        if set.is_none() && has_default {
            self.open = Some(name);
        }
    }
}

/// The message for an argument that the others make needless. There is one: what each learnt factor of a `scale` is for.
fn needless(op: &Op, name: &str, value: &Expr) -> Message {
    let wrong = format!("{}: `{name} = {value}` is for learnt factors, and this one is fixed", op.name());
    message(&wrong, "leave one of the two out: a fixed factor is the same for all numbers")
}

/// The message for an argument whose default doesn't go with the others. There is one: the window of an LRN of even size,
/// which has no middle.
fn undecided(op: &Op, name: &str) -> Message {
    let Op::Lrn(Lrn { size, .. }) = *op else { return format!("{}: `{name}` is missing", op.name()).into() };
    let wrong = format!(
        "lrn: `size = {size}` has no channel in the middle, and frameworks differ in the channels that they sum"
    );
    let ways = LrnWindow::ALL.map(|window| {
        let [before, after] = Lrn::new(size, 0.0, 0.0, 0.0).window(window).reach();
        let (word, sum) = (window.name(), before + 1 + after);
        format!("`window = {word}`: {sum} channels, {before} before and {after} after each")
    });
    detailed(&wrong, &ways, "choose one; an odd size means the same everywhere")
}

/// Whether all arguments that a layer needs are there; those that are not are reported.
fn missing(layer: &Layer, call: &Call, given: &HashMap<&str, Place>, report: &mut Report) -> bool {
    let needed = layer.params.iter().filter(|param| param.default.is_none());
    let missing: Vec<String> =
        needed.filter(|param| !given.contains_key(param.name)).map(|p| format!("`{}`", p.name)).collect();
    if missing.is_empty() {
        return true;
    }
    let are = if missing.len() == 1 { "is" } else { "are" };
    let wrong = format!("{}: {} {are} missing", layer.name, listed(&missing, "and"));
    report.error(call.name.span(), message(&wrong, &usage(layer)));
    false
}

fn usage(layer: &Layer) -> String {
    format!("usage: {}", layer.usage())
}

/// The parameter that an argument is for, or what is wrong.
fn param_of(layer: &'static Layer, call: &Call, index: usize, env: &Env) -> Result<&'static Param, Message> {
    let arg = &call.args[index];
    if let Some(name) = &arg.name {
        let param = layer.param(&name.to_string());
        return param.ok_or_else(|| habits::unknown_name(layer, call, index, env));
    }
    let after_named = call.args[..index].iter().any(|arg| arg.name.is_some());
    match layer.params.get(index) {
        Some(_) if after_named => {
            let wrong = format!("{}: `{}` needs a name, since it follows a named argument", layer.name, arg.value);
            Err(message(&wrong, &usage(layer)))
        }
        Some(param) if param.positional => Ok(param),
        _ => Err(habits::unexpected(layer, call, index, env)),
    }
}

/// The name of an argument: its parameter's, or that of a tensor.
fn own_name(param: &'static Param, arg: &Arg) -> Result<&'static str, Message> {
    let Some(name) = arg.name.as_ref().filter(|_| param.kind == Kind::Tensors) else { return Ok(param.name) };
    let name = name.to_string();
    if is_tensor_name(&name) {
        return Ok(intern::text(&name));
    }
    let wrong = format!("`{name}` can't be the name of a tensor: as a value, it would be something else");
    Err(message(&wrong, "give the tensor another name"))
}

/// The message for an argument, of a layer or a block, that is given twice.
pub(crate) fn twice(callee: impl Display, name: &str, first: &Expr, second: &Expr) -> String {
    format!("{callee}: `{name}` is given twice: {first} and {second}\nhelp: leave one of them out")
}
