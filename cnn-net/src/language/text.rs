//! Writes a tree as text: one statement per line, with chains over as many lines as they need.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::tree::{Aux, Call, Kind, Layer, Merge, Repeat, Statement, Step};
use super::words::{self, in_order, is_channels, is_word};
use super::write::{call_of, number, value};

/// The column at which lines are wrapped, where possible.
const WIDTH: usize = 100;
const INDENT: usize = 4;
/// Groups that end before this column are written on one line.
const SHORT: usize = 72;

/// A body in braces, in a block with these parameters.
pub(super) fn braced(body: &[Statement], params: &[String]) -> String {
    Text { params }.braced(body, 0)
}

struct Text<'a> {
    params: &'a [String],
}

impl Text<'_> {
    /// A body in braces, which begin and end in this column.
    fn braced(&self, body: &[Statement], column: usize) -> String {
        lines(&self.body(body, column + INDENT), column)
    }

    /// The statements of a body in this column.
    fn body(&self, body: &[Statement], column: usize) -> Vec<String> {
        let mut statements = Vec::new();
        let mut chain: Vec<&Step> = Vec::new();
        for statement in body {
            let (step, aside) = match statement {
                Statement::Step(step) => (Some(step), None),
                Statement::Tap(name) => (None, Some(format!("tap {name}"))),
                Statement::Keep(name) => (None, Some(format!("keep {name}"))),
                Statement::Output(name) => (None, Some(format!("output {name}"))),
                Statement::Aux(aux) => (None, Some(self.aux(aux, column))),
            };
            let is_from = |step: &Step| matches!(step.kind, Kind::From(_));
            let goes_on = |step: &Step, last: &Step| is_from(last) && !is_from(step) || !ends(last) && !begins(step);
            let continues = step.is_some_and(|step| chain.last().is_some_and(|last| goes_on(step, last)));
            if !continues && !chain.is_empty() {
                statements.push(self.chain(&chain, column));
                chain.clear();
            }
            chain.extend(step);
            statements.extend(aside);
        }
        if !chain.is_empty() {
            statements.push(self.chain(&chain, column));
        }
        statements
    }

    fn aux(&self, aux: &Aux, column: usize) -> String {
        let weight = value(&aux.weight, false, self.params);
        format!("aux {}(weight = {weight}) {}", aux.name, self.braced(&aux.body, column))
    }

    /// Steps with arrows between them. Whatever doesn't fit on the first line goes on further lines, indented by one
    /// level.
    fn chain(&self, steps: &[&Step], first_column: usize) -> String {
        let mut text = String::new();
        let (mut column, mut end) = (first_column, first_column);
        for step in steps {
            let next = self.step(step, column);
            let line = next.lines().next().map_or(0, width);
            if text.is_empty() {
                text = next;
            } else if end + " -> ".len() + line + ";".len() <= WIDTH {
                text = format!("{text} -> {next}");
            } else {
                column = first_column + INDENT;
                text = format!("{text}\n{}-> {}", " ".repeat(column), self.step(step, column));
            }
            let last = text.rsplit_once('\n').map(|(_, last)| width(last));
            end = last.unwrap_or_else(|| first_column + width(&text));
        }
        text
    }

    fn step(&self, step: &Step, column: usize) -> String {
        let kind = match (&step.name, repeat_in(&step.kind)) {
            (Some(_), Some(repeat)) => self.repeat(repeat, column),
            (Some(_), None) | (None, _) => self.kind(&step.kind, column),
        };
        match &step.name {
            Some(name) => format!("{}: {kind}", quoted(name)),
            None => kind,
        }
    }

    fn kind(&self, kind: &Kind, column: usize) -> String {
        match kind {
            Kind::Layer(Layer { name, args, .. }) => call_of(name, args, self.params),
            Kind::Call(call) => self.call(call),
            Kind::Merge(Merge { name, args, branches, .. }) => {
                let call = call_of(name, args, self.params);
                let chain = |branch: &Vec<Step>| self.chain(&branch.iter().collect::<Vec<_>>(), column + INDENT);
                let are_names = branches.iter().flatten().all(|step| matches!(step.kind, Kind::Skip | Kind::From(_)));
                let branches: Vec<String> = branches.iter().map(chain).collect();
                let line = format!("{call} {{ {}; }}", branches.join("; "));
                let is_short = are_names && column + width(&line) <= SHORT;
                if is_short { line } else { format!("{call} {}", lines(&branches, column)) }
            }
            Kind::Group(body) => {
                let statements = self.body(body, column + INDENT);
                let line = format!("{{ {}; }}", statements.join("; "));
                match &*statements {
                    [] => "{}".into(),
                    _ if body.iter().all(is_call) && !line.contains('\n') && column + width(&line) <= SHORT => line,
                    [only] if !only.contains('\n') && column + width(only) <= SHORT => format!("{{ {only}; }}"),
                    _ => lines(&statements, column),
                }
            }
            Kind::Repeat(repeat) => self.repeat(repeat, column),
            Kind::Skip => "skip".into(),
            Kind::From(name) => format!("from {name}"),
            Kind::Again(name) => format!("again {}", quoted(name)),
        }
    }

    /// Channel counts come first; other arguments are named.
    fn call(&self, call: &Call) -> String {
        let arg = |(place, index): (usize, usize)| {
            let arg = number(*call.args.as_ref()?.get(index)?, self.params);
            let name = &call.params[index];
            Some(if place == 0 || is_channels(name) { arg } else { format!("{name} = {arg}") })
        };
        let args: Vec<String> = in_order(&call.params).enumerate().filter_map(arg).collect();
        format!("{}({})", call.block, args.join(", "))
    }

    fn repeat(&self, repeat: &Repeat, column: usize) -> String {
        let (step, count) = (self.step(&repeat.step, column), number(repeat.count, self.params));
        match &repeat.counter {
            Some(counter) => format!("[{counter}..: {step}; {count}]"),
            None => format!("[{step}; {count}]"),
        }
    }
}

/// The name of a step, in quotes unless it is a word or a number.
fn quoted(name: &str) -> String {
    if is_word(name) || words::step_number(name).is_some() { name.to_owned() } else { format!("{name:?}") }
}

/// What a group repeats, if there is nothing else in it: `name: [step; n]` gives its copies the same names.
fn repeat_in(kind: &Kind) -> Option<&Repeat> {
    let Kind::Group(body) = kind else { return None };
    let [Statement::Step(Step { name: None, kind: Kind::Repeat(repeat) })] = &**body else { return None };
    Some(repeat)
}

/// Whether a statement only calls a block, perhaps repeatedly.
fn is_call(statement: &Statement) -> bool {
    let Statement::Step(Step { name: None, kind }) = statement else { return false };
    match kind {
        Kind::Call(_) => true,
        Kind::Repeat(repeat) => matches!(repeat.step.kind, Kind::Call(_)),
        _ => false,
    }
}

/// Statements in braces, which begin and end in this column.
fn lines(statements: &[String], column: usize) -> String {
    let (outer, inner) = (" ".repeat(column), " ".repeat(column + INDENT));
    let lines: Vec<String> = statements.iter().map(|statement| format!("{inner}{statement};\n")).collect();
    format!("{{\n{}{outer}}}", lines.concat())
}

/// Whether a person would begin a statement with a step.
fn begins(step: &Step) -> bool {
    match &step.kind {
        Kind::Layer(layer) => layer.begins,
        Kind::Call(_) | Kind::Merge(_) | Kind::Group(_) | Kind::Repeat(_) | Kind::From(_) | Kind::Again(_) => true,
        Kind::Skip => false,
    }
}

/// Whether a person would end a statement with a step.
fn ends(step: &Step) -> bool {
    matches!(step.kind, Kind::Group(_) | Kind::Repeat(_))
}

fn width(line: &str) -> usize {
    line.chars().count()
}
