//! Finds consecutive equal steps: `[step; n]`.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::tree::{Kind, Number, Repeat, Statement, Step};
use super::words::is_word;

/// A body with equal steps collapsed, recursively.
pub(super) fn repeated(body: Vec<Statement>) -> Vec<Statement> {
    let nested = |statement| match statement {
        Statement::Step(Step { name, kind }) => Statement::Step(Step { name, kind: repeated_in(kind) }),
        Statement::Aux(mut aux) => {
            aux.body = repeated(aux.body);
            Statement::Aux(aux)
        }
        Statement::Tap(_) | Statement::Keep(_) | Statement::Output(_) => statement,
    };
    counted(body.into_iter().map(nested))
}

fn repeated_in(kind: Kind) -> Kind {
    match kind {
        Kind::Group(body) => Kind::Group(repeated(body)),
        Kind::Merge(mut merge) => {
            let step = |Step { name, kind }| Step { name, kind: repeated_in(kind) };
            let branch = |branch: Vec<Step>| counted_steps(branch.into_iter().map(step));
            merge.branches = merge.branches.into_iter().map(branch).collect();
            Kind::Merge(merge)
        }
        Kind::Repeat(mut repeat) => {
            repeat.step.kind = repeated_in(repeat.step.kind);
            Kind::Repeat(repeat)
        }
        Kind::Layer(_) | Kind::Call(_) | Kind::Skip | Kind::From(_) | Kind::Again(_) => kind,
    }
}

/// Statements with equal steps collapsed.
pub(super) fn counted(body: impl IntoIterator<Item = Statement>) -> Vec<Statement> {
    let mut short: Vec<Statement> = Vec::new();
    for statement in body {
        let is_next = match (short.last_mut(), &statement) {
            (Some(Statement::Step(last)), Statement::Step(step)) => absorbed(last, step),
            (Some(_) | None, _) => false,
        };
        if !is_next {
            short.push(statement);
        }
    }
    short
}

/// Steps with equal ones collapsed.
pub(super) fn counted_steps(steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let mut short: Vec<Step> = Vec::new();
    for step in steps {
        if !short.last_mut().is_some_and(|last| absorbed(last, &step)) {
            short.push(step);
        }
    }
    short
}

/// Whether a step is the next copy of the one before it, which then has one more.
fn absorbed(last: &mut Step, step: &Step) -> bool {
    if matches!(last.kind, Kind::Skip | Kind::From(_) | Kind::Again(_)) {
        return false;
    }
    if let (None, Kind::Repeat(Repeat { counter, step: copy, count: Number::Is(count) })) = (&last.name, &mut last.kind)
    {
        let is_next = match (counter, &step.name) {
            (Some(first), Some(name)) => counts(first, *count, name),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if is_next && copy.kind == step.kind {
            *count += 1;
            return true;
        }
        return false;
    }
    let is_next = match (&last.name, &step.name) {
        (Some(first), Some(name)) => counts(first, 1, name),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    if !is_next || last.kind != step.kind {
        return false;
    }
    let kind = core::mem::replace(&mut last.kind, Kind::Skip);
    let counter = last.name.take();
    last.kind = Kind::Repeat(Repeat { counter, step: Box::new(Step::unnamed(kind)), count: Number::Is(2) });
    true
}

/// Whether a name is that of a later copy, counted from 0 at the first name.
fn counts(first: &str, index: i64, name: &str) -> bool {
    if !is_word(first) {
        return false;
    }
    let stem = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = first.len() - stem.len();
    let Ok(number) = first[stem.len()..].parse::<u32>() else { return false };
    format!("{stem}{:0digits$}", i64::from(number) + index) == name
}
