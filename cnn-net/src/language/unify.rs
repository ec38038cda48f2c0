//! Unifies several bodies, with parameters where their numbers differ.
//!
//! A number that is a multiple of a parameter in all bodies is written as such, as in most blocks that people write:
//! `4 * filters`.

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::repeat::{counted, counted_steps};
use super::tree::{Arg, Aux, Block, Call, Kind, Layer, Merge, Number, Repeat, Site, Statement, Step, Value};
use super::words::is_channels;

/// More digits after the point than a parameter can stand for.
const MOST_DIGITS: u32 = 9;
/// Whole numbers from here on are not exact in double precision.
const EXACT: i64 = 1 << 53;

/// A body, and its parameters.
pub(super) struct Unified {
    pub(super) body: Vec<Statement>,
    /// Their names.
    pub(super) params: Vec<String>,
    /// For each of them, its value in each body.
    pub(super) values: Vec<Vec<i64>>,
}

/// A difference between bodies that no parameter can express.
pub(super) struct Differ(pub(super) &'static str);

const STEPS: Differ = Differ("its calls differ in their steps");
const LAYERS: Differ = Differ("its calls differ in their layers");
const NAMES: Differ = Differ("its calls differ in the names in them");
const VALUES: Differ = Differ("its calls differ in an argument that is not a number");

/// Unifies bodies that contain only numbers.
pub(super) fn unify(bodies: &[&[Statement]], sites: &[Site], known: &[Block]) -> Result<Unified, Differ> {
    let mut unifier = Unifier { sites, known, params: Vec::new() };
    let body = unifier.body(bodies)?;
    let params = unifier.names();
    Ok(Unified { body, params, values: unifier.params.into_iter().map(|param| param.values).collect() })
}

struct Param {
    /// A word for it, which others may share.
    word: String,
    values: Vec<i64>,
}

struct Unifier<'a> {
    sites: &'a [Site],
    known: &'a [Block],
    params: Vec<Param>,
}

/// The same part of several things.
fn each<'t, T, U: ?Sized>(
    all: &[&'t T],
    part: impl Fn(&'t T) -> Option<&'t U>,
    or: Differ,
) -> Result<Vec<&'t U>, Differ> {
    all.iter().map(|one| part(one)).collect::<Option<_>>().ok_or(or)
}

/// Whether lists have the same length. If not, perhaps steps in them are repeated more or less often.
fn is_even<T>(lists: &[&[T]]) -> bool {
    lists.windows(2).all(|pair| pair[0].len() == pair[1].len())
}

/// Lists of the same length, item by item.
fn zipped<'t, T>(lists: &[&'t [T]], or: Differ) -> Result<Vec<Vec<&'t T>>, Differ> {
    let len = lists.first().map_or(0, |list| list.len());
    if !is_even(lists) {
        return Err(or);
    }
    Ok((0..len).map(|index| lists.iter().filter_map(|list| list.get(index)).collect()).collect())
}

/// A step that other bodies repeat, as one repetition.
fn once(step: &Step) -> Repeat {
    match &step.kind {
        Kind::Repeat(repeat) => repeat.clone(),
        Kind::Layer(_)
        | Kind::Call(_)
        | Kind::Merge(_)
        | Kind::Group(_)
        | Kind::Skip
        | Kind::From(_)
        | Kind::Again(_) => {
            let kind = step.kind.clone();
            Repeat { counter: step.name.clone(), step: Box::new(Step::unnamed(kind)), count: Number::Is(1) }
        }
    }
}

/// Whether all are equal.
fn same<T: PartialEq>(all: &[&T]) -> bool {
    all.windows(2).all(|pair| pair[0] == pair[1])
}

impl<'a> Unifier<'a> {
    fn body(&mut self, bodies: &[&[Statement]]) -> Result<Vec<Statement>, Differ> {
        if is_even(bodies) {
            return zipped(bodies, STEPS)?.iter().map(|all| self.statement(all)).collect();
        }
        let short: Vec<Vec<Statement>> = bodies.iter().map(|body| counted(body.iter().cloned())).collect();
        let short: Vec<&[Statement]> = short.iter().map(|body| &**body).collect();
        zipped(&short, STEPS)?.iter().map(|all| self.statement(all)).collect()
    }

    /// The branches of merges.
    fn branch(&mut self, all: &[&[Step]]) -> Result<Vec<Step>, Differ> {
        if is_even(all) {
            return zipped(all, STEPS)?.iter().map(|all| self.step(all)).collect();
        }
        let short: Vec<Vec<Step>> = all.iter().map(|steps| counted_steps(steps.iter().cloned())).collect();
        let short: Vec<&[Step]> = short.iter().map(|steps| &**steps).collect();
        zipped(&short, STEPS)?.iter().map(|all| self.step(all)).collect()
    }

    fn statement(&mut self, all: &[&Statement]) -> Result<Statement, Differ> {
        match all {
            [Statement::Step(_), ..] => {
                let steps = each(all, |one| if let Statement::Step(step) = one { Some(step) } else { None }, STEPS)?;
                self.step(&steps).map(Statement::Step)
            }
            [first @ (Statement::Tap(_) | Statement::Keep(_) | Statement::Output(_)), ..] if same(all) => {
                Ok((*first).clone())
            }
            [Statement::Aux(first), ..] => {
                let aux = each(all, |one| if let Statement::Aux(aux) = one { Some(aux) } else { None }, STEPS)?;
                if aux.iter().any(|aux| aux.name != first.name) {
                    return Err(NAMES);
                }
                let weights: Vec<&Value> = aux.iter().map(|aux| &aux.weight).collect();
                let bodies: Vec<&[Statement]> = aux.iter().map(|aux| &*aux.body).collect();
                let weight = self.value(&weights, "weight")?;
                Ok(Statement::Aux(Aux { name: first.name.clone(), weight, body: self.body(&bodies)? }))
            }
            [Statement::Tap(_) | Statement::Keep(_) | Statement::Output(_), ..] | [] => Err(STEPS),
        }
    }

    fn step(&mut self, all: &[&Step]) -> Result<Step, Differ> {
        if all.iter().any(|step| matches!(step.kind, Kind::Repeat(_))) {
            let all: Vec<Repeat> = all.iter().map(|step| once(step)).collect();
            return self.repeat(&all).map(|repeat| Step::unnamed(Kind::Repeat(repeat)));
        }
        let [first, ..] = all else { return Err(STEPS) };
        if all.iter().any(|step| step.name != first.name) {
            return Err(NAMES);
        }
        let kinds: Vec<&Kind> = all.iter().map(|step| &step.kind).collect();
        Ok(Step { name: first.name.clone(), kind: self.kind(&kinds)? })
    }

    fn kind(&mut self, all: &[&Kind]) -> Result<Kind, Differ> {
        match all {
            [Kind::Layer(_), ..] => {
                let layers = each(all, |one| if let Kind::Layer(layer) = one { Some(layer) } else { None }, LAYERS)?;
                self.layer(&layers).map(Kind::Layer)
            }
            [Kind::Call(_), ..] => {
                let calls = each(all, |one| if let Kind::Call(call) = one { Some(call) } else { None }, STEPS)?;
                self.call(&calls).map(Kind::Call)
            }
            [Kind::Merge(_), ..] => {
                let merges = each(all, |one| if let Kind::Merge(merge) = one { Some(merge) } else { None }, STEPS)?;
                self.merge(&merges).map(Kind::Merge)
            }
            [Kind::Group(_), ..] => {
                let bodies =
                    each(all, |one| if let Kind::Group(body) = one { Some(body.as_slice()) } else { None }, STEPS)?;
                self.body(&bodies).map(Kind::Group)
            }
            [first @ (Kind::Skip | Kind::From(_) | Kind::Again(_)), ..] if same(all) => Ok((*first).clone()),
            [Kind::Skip | Kind::From(_) | Kind::Again(_) | Kind::Repeat(_), ..] | [] => Err(STEPS),
        }
    }

    fn layer(&mut self, all: &[&Layer]) -> Result<Layer, Differ> {
        let [first, ..] = all else { return Err(LAYERS) };
        if all.iter().any(|layer| layer.name != first.name) {
            return Err(LAYERS);
        }
        let args = self.args(&all.iter().map(|layer| &*layer.args).collect::<Vec<_>>())?;
        Ok(Layer { node: 0, name: first.name, args, begins: first.begins })
    }

    fn args(&mut self, all: &[&[Arg]]) -> Result<Vec<Arg>, Differ> {
        zipped(all, LAYERS)?.iter().map(|args| self.arg(args)).collect()
    }

    fn arg(&mut self, all: &[&Arg]) -> Result<Arg, Differ> {
        let [Arg { name, positional, .. }, ..] = all else { return Err(LAYERS) };
        // User-defined layers name their tensors.
        if all.iter().any(|arg| arg.name != *name) {
            return Err(LAYERS);
        }
        let values: Vec<&Value> = all.iter().map(|arg| &arg.value).collect();
        let defaults: Option<Vec<&Value>> = all.iter().map(|arg| arg.default.as_ref()).collect();
        // A default that is another argument was unified with that one. Where only some calls have a default, all write it.
        let value = self.value(&values, name)?;
        let default = defaults.and_then(|defaults| self.value(&defaults, name).ok());
        Ok(Arg { name, positional: *positional, value, default })
    }

    fn call<'t>(&mut self, all: &[&'t Call]) -> Result<Call, Differ>
    where
        'a: 't,
    {
        let [first, ..] = all else { return Err(STEPS) };
        if all.iter().any(|call| call.block != first.block) {
            return Err(Differ("its calls differ in the blocks that they call"));
        }
        let (sites, known) = (self.sites, self.known);
        let args = |call: &'t Call| call.args.as_ref().or_else(|| sites.get(call.site).map(|site| &site.args));
        let lists: Vec<&[Number]> = each(all, |call| args(call).map(Vec::as_slice), STEPS)?;
        let words = known.iter().find(|block| block.name == first.block).map_or(&[][..], |block| &*block.params);
        let mut args = Vec::new();
        for (numbers, word) in zipped(&lists, STEPS)?.iter().zip(words) {
            args.push(self.number(numbers, word.trim_end_matches(|c: char| c.is_ascii_digit()))?);
        }
        Ok(Call { site: 0, block: first.block.clone(), args: Some(args), params: words.to_vec() })
    }

    fn merge(&mut self, all: &[&Merge]) -> Result<Merge, Differ> {
        let [first, ..] = all else { return Err(STEPS) };
        if all.iter().any(|merge| merge.name != first.name) {
            return Err(LAYERS);
        }
        let lists: Vec<&[Vec<Step>]> = all.iter().map(|merge| &*merge.branches).collect();
        let mut branches = Vec::new();
        for branch in zipped(&lists, STEPS)? {
            let branch: Vec<&[Step]> = branch.into_iter().map(|branch| &**branch).collect();
            branches.push(self.branch(&branch)?);
        }
        let args = self.args(&all.iter().map(|merge| &*merge.args).collect::<Vec<_>>())?;
        Ok(Merge { node: 0, name: first.name, args, branches })
    }

    fn repeat(&mut self, all: &[Repeat]) -> Result<Repeat, Differ> {
        let [first, ..] = all else { return Err(STEPS) };
        if all.iter().any(|repeat| repeat.counter != first.counter) {
            return Err(NAMES);
        }
        let steps: Vec<&Step> = all.iter().map(|repeat| &*repeat.step).collect();
        let counts: Vec<&Number> = all.iter().map(|repeat| &repeat.count).collect();
        let (step, count) = (self.step(&steps)?, self.number(&counts, "count")?);
        Ok(Repeat { counter: first.counter.clone(), step: Box::new(step), count })
    }

    fn value<'t>(&mut self, all: &[&'t Value], word: &str) -> Result<Value, Differ> {
        if let ([first, ..], true) = (all, same(all)) {
            return Ok((*first).clone());
        }
        match all {
            [Value::Count(_), ..] => {
                let counts = each(all, |one| if let Value::Count(count) = one { Some(count) } else { None }, VALUES)?;
                self.number(&counts, word).map(Value::Count)
            }
            [Value::Size(_), ..] => {
                let sizes = each(all, |one| if let Value::Size(size) = one { Some(size) } else { None }, VALUES)?;
                self.numbers(&sizes, word).map(Value::Size)
            }
            [Value::Pad(_), ..] => {
                let pads = each(all, |one| if let Value::Pad(sides) = one { Some(sides) } else { None }, VALUES)?;
                self.numbers(&pads, word).map(Value::Pad)
            }
            [Value::Margins(_), ..] => {
                let sides = each(all, |one| if let Value::Margins(sides) = one { Some(sides) } else { None }, VALUES)?;
                self.numbers(&sides, word).map(Value::Margins)
            }
            [Value::Range(_), ..] => {
                let ends = each(all, |one| if let Value::Range(ends) = one { Some(ends) } else { None }, VALUES)?;
                self.numbers(&ends, word).map(Value::Range)
            }
            [Value::Shape(_), ..] => {
                let sizes = each(all, |one| if let Value::Shape(sizes) = one { Some(sizes) } else { None }, VALUES)?;
                self.numbers(&sizes, word).map(Value::Shape)
            }
            [Value::Real(_), ..] => {
                let reals = each(all, |one| if let Value::Real(real) = one { Some(real) } else { None }, VALUES)?;
                self.real(&reals, word)
            }
            [Value::Path { texts, .. }, ..] => {
                let numbers = |one: &'t Value| match one {
                    Value::Path { texts: other, numbers } if other == texts => Some(&**numbers),
                    _ => None,
                };
                let columns = zipped(&each(all, numbers, VALUES)?, VALUES)?;
                let numbers = columns.iter().map(|column| self.number(column, USER)).collect::<Result<_, _>>()?;
                Ok(Value::Path { texts: texts.clone(), numbers })
            }
            [Value::Tensor { trained, .. }, ..] => {
                let dims = |one: &'t Value| match one {
                    Value::Tensor { dims, trained: other } if other == trained => Some(&**dims),
                    _ => None,
                };
                let columns = zipped(&each(all, dims, VALUES)?, VALUES)?;
                let dims = columns.iter().map(|column| self.number(column, USER)).collect::<Result<_, _>>()?;
                Ok(Value::Tensor { dims, trained: *trained })
            }
            [Value::Decimal(..) | Value::Word(_), ..] | [] => Err(VALUES),
        }
    }

    fn numbers<const N: usize>(&mut self, all: &[&[Number; N]], word: &str) -> Result<[Number; N], Differ> {
        let mut numbers = [Number::Is(0); N];
        for (index, number) in numbers.iter_mut().enumerate() {
            let column: Vec<&Number> = all.iter().map(|numbers| &numbers[index]).collect();
            *number = self.number(&column, word)?;
        }
        Ok(numbers)
    }

    /// Real numbers as whole ones over a power of ten.
    fn real(&mut self, all: &[&f32], word: &str) -> Result<Value, Differ> {
        for digits in 0..=MOST_DIGITS {
            let scale = f64::from(10_u32.pow(digits));
            let whole = |real: &f32| {
                // The nearest whole number; `round` is not in `core`.
                let scaled = f64::from(*real) * scale;
                let whole = (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i64;
                let is_same = whole.unsigned_abs() < EXACT.unsigned_abs() && (whole as f64 / scale) as f32 == *real;
                is_same.then_some(Number::Is(whole))
            };
            if let Some(numbers) = all.iter().map(|real| whole(real)).collect::<Option<Vec<Number>>>() {
                let numbers: Vec<&Number> = numbers.iter().collect();
                return Ok(Value::Decimal(self.number(&numbers, word)?, digits));
            }
        }
        Err(Differ("its calls differ in a number with too many digits for a parameter"))
    }

    /// A number that is the same in all bodies or depends on a parameter.
    fn number(&mut self, all: &[&Number], word: &str) -> Result<Number, Differ> {
        let is = |number: &&Number| if let Number::Is(is) = number { Some(*is) } else { None };
        let values: Vec<i64> = all.iter().map(is).collect::<Option<_>>().ok_or(VALUES)?;
        match &*values {
            [first, ..] if values.iter().all(|value| value == first) => return Ok(Number::Is(*first)),
            _ => {}
        }
        let factors = |param: &Param| param.factors(word, &values);
        let known = self.params.iter().position(|param| factors(param) == Some((1, 1)));
        let related = || self.params.iter().position(|param| factors(param).is_some());
        let factors = known.or_else(related).and_then(|index| Some((index, factors(&self.params[index])?)));
        if let Some((index, (times, over))) = factors {
            return Ok(Number::Param { index, times, over });
        }
        self.params.push(Param { word: word.to_owned(), values });
        Ok(Number::Param { index: self.params.len() - 1, times: 1, over: 1 })
    }

    /// The names of the parameters, numbered where several share a word.
    fn names(&self) -> Vec<String> {
        let named = |(index, param): (usize, &Param)| {
            let is_same = |other: &&Param| other.word == param.word;
            let before = self.params[..index].iter().filter(is_same).count();
            let is_only = self.params.iter().filter(is_same).count() == 1;
            if is_only { param.word.clone() } else { format!("{}{}", param.word, before + 1) }
        };
        self.params.iter().enumerate().map(named).collect()
    }
}

/// The word for numbers in the path and the tensors of a user-defined layer: the same as for its shape, so that equal numbers are one
/// parameter.
const USER: &str = "shape";

impl Param {
    /// How numbers follow from a parameter, if a person would write it so: by a factor and a divisor, one of which is
    /// 1. Numbers of channels are multiples of each other, and the usual padding is half of the window.
    fn factors(&self, word: &str, numbers: &[i64]) -> Option<(i64, i64)> {
        if self.word == word || is_channels(&self.word) && is_channels(word) {
            let times = factor(numbers, &self.values).map(|times| (times, 1));
            return times.or_else(|| factor(&self.values, numbers).map(|over| (1, over)));
        }
        let is_half = self.values.iter().zip(numbers).all(|(value, half)| value / 2 == *half);
        (self.word == "size" && word == "pad" && is_half).then_some((1, 2))
    }
}

/// The whole factor between all numbers of two lists, if there is one.
fn factor(of: &[i64], by: &[i64]) -> Option<i64> {
    let (first, divisor) = (*of.first()?, *by.first()?);
    let factor = first.checked_div(divisor).filter(|factor| *factor > 0)?;
    of.iter().zip(by).all(|(of, by)| by.checked_mul(factor) == Some(*of)).then_some(factor)
}
