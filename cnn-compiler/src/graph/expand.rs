//! The expansion of one net.

mod again;
mod aside;
mod blocks;
mod kept;
mod ports;

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use cnn_net::language::Scope;
use cnn_net::op::{Op, Store};

use self::again::Expanded;
use self::kept::Keeping;
use super::kinds::Kinds;
use super::{Branch, Frame, Graph, Node, Source};
use crate::ast::{Ast, Body, Call, ExprKind, Merge, MergeKind, Name, Net, Pipeline, Repeat, Statement, Step, StepKind};
use crate::env::Env;
use crate::eval::whole;
use crate::op::{Bound, Layer, PadMode, bind};
use crate::report::{Place, Report, message};

/// More layers than this must be a mistake in a repeat.
const MOST_NODES: usize = 10_000;
/// So must more steps than this, even if they are not layers.
const MOST_STEPS: usize = 30_000;
/// Steps nested more deeply than this could overflow the stack.
const DEEPEST: usize = 200;

/// Expands a net's body into `graph`.
pub(super) fn expand(net: &Net, ast: &Ast, constants: &Env, known: bool, graph: &mut Graph, report: &mut Report) {
    let (store, names) = (net.store, HashMap::new());
    let kinds = Kinds::of(ast, report);
    let mut expander = Expander {
        ast,
        constants,
        kinds,
        graph,
        report,
        store,
        names,
        expanded: Expanded::default(),
        keeping: Keeping::default(),
        calls: Rc::from([]),
        splices: Vec::new(),
        aux: None,
        steps: 0,
        depth: 0,
    };
    if net.body.statements.is_empty() {
        report.error(net.body.span, format!("{} has no layers\nhelp: for example `flatten -> linear(10);`", net.name));
        return;
    }
    let (mut env, before) = (Cow::Borrowed(constants), expander.report.len());
    expander.inputs(net, known, &mut env);
    let begin = match &net.inputs[..] {
        _ if !known => Source::Broken,
        [_] => Source::Input(0),
        _ => Source::None,
    };
    let end = expander.body(&net.body, begin, &mut Scope::new(""), &env);
    let is_clean = expander.report.len() == before;
    expander.outputs(net, end, is_clean);
    if is_clean {
        expander.lost();
    }
}

struct Expander<'a> {
    ast: &'a Ast,
    constants: &'a Env,
    kinds: Kinds,
    graph: &'a mut Graph,
    report: &'a mut Report,
    /// How fully connected layers store their weights unless they say otherwise.
    store: Store,
    /// The names given so far, in full.
    names: HashMap<String, Place>,
    /// The steps that were expanded, by their full names.
    expanded: Expanded,
    /// The values that were kept.
    keeping: Keeping,
    /// The block calls that the expansion is in.
    calls: Rc<[Frame]>,
    /// The blocks whose steps it is in without a call.
    splices: Vec<String>,
    /// The auxiliary classifier that the expansion is in.
    aux: Option<usize>,
    /// How many steps were expanded.
    steps: usize,
    /// How many steps the expansion is nested in.
    depth: usize,
}

impl<'a> Expander<'a> {
    fn body(&mut self, body: &Body, mut value: Source, scope: &mut Scope, env: &Env) -> Source {
        let (mut env, mut own, before) = (Cow::Borrowed(env), Vec::new(), self.report.len());
        for statement in &body.statements {
            match statement {
                Statement::Pipeline(pipeline) => value = self.pipeline(pipeline, value, scope, &env),
                Statement::Aux(aux) => self.auxiliary(aux, value, scope, &env),
                Statement::Tap(name) => self.tap(name, value, scope, &mut env),
                Statement::Keep(name) => own.extend(self.keep(name, value, &mut env)),
                Statement::Output(output) => self.output(output, value, scope, &mut env),
                Statement::Broken => value = Source::Broken,
            }
        }
        // A mistake may be why a value is not read.
        if self.report.len() == before && value != Source::Broken {
            self.never_read(&own);
        }
        value
    }

    fn pipeline(&mut self, pipeline: &Pipeline, value: Source, scope: &mut Scope, env: &Env) -> Source {
        let (value, rest) = match pipeline.steps.split_first() {
            Some((Step { kind: StepKind::From(from), name: None }, rest)) => (self.read(from, value, env), rest),
            Some(_) | None => (value, &pipeline.steps[..]),
        };
        rest.iter().fold(value, |value, step| self.step(step, value, scope, env))
    }

    /// A branch of a merge: a pipeline that may begin with `skip`, the merge's input.
    fn branch(&mut self, branch: &Pipeline, value: Source, scope: &mut Scope, env: &Env) -> Source {
        let Some((first, rest)) = branch.steps.split_first() else { return value };
        if let (StepKind::Skip(span), None) = (&first.kind, &first.name) {
            scope.step(None);
            let value = self.given(value, *span);
            return rest.iter().fold(value, |value, step| self.step(step, value, scope, env));
        }
        self.pipeline(branch, value, scope, env)
    }

    fn step(&mut self, step: &Step, value: Source, scope: &mut Scope, env: &Env) -> Source {
        self.step_as(step.name.as_ref(), step, value, scope, env)
    }

    /// A step under the name that it was given, which need not be the one written before it.
    fn step_as(&mut self, given: Option<&Name>, step: &Step, value: Source, scope: &mut Scope, env: &Env) -> Source {
        if self.is_full(step.span().into()) {
            return Source::Broken;
        }
        if self.depth == DEEPEST {
            let wrong = format!("steps are nested more than {DEEPEST} deep here, including blocks and groups");
            self.report.error(step.span(), message(&wrong, "nest fewer blocks"));
            return Source::Broken;
        }
        self.steps += 1;
        self.depth += 1;
        let result = match &step.kind {
            StepKind::Repeat(repeat) => self.repeat(given, repeat, value, scope, env),
            StepKind::Splice(call) => self.splice(given, call, value, scope, env),
            StepKind::Again(again) => self.again(given, again, value, scope),
            _ => self.single(given, step, value, scope, env),
        };
        self.depth -= 1;
        result
    }

    /// A step that is not a repeat.
    fn single(&mut self, given: Option<&Name>, step: &Step, value: Source, scope: &mut Scope, env: &Env) -> Source {
        let (name, named) = (self.name(given, scope), given.is_some());
        let (full, first) = (name.clone(), self.graph.nodes.len());
        let result = match &step.kind {
            // There is no telling which of the two is meant; the block's name was already reported.
            StepKind::Call(call) if self.is_layer_and_block(call) => Source::Broken,
            StepKind::Call(call) => match self.meant(call, env) {
                None => Source::Broken,
                Some(call) => match Layer::named(&call.name.to_string()) {
                    Some(layer) => self.layer(layer, &call, named, name, value, env),
                    None => self.block(&call, named, name, value, env),
                },
            },
            StepKind::Merge(merge) => self.merge(merge, named, name, value, scope, env),
            StepKind::Group(body) => self.body(body, value, &mut Scope::new(&name), env),
            StepKind::Skip(span) => {
                let wrong = "`skip` is the input of a branch: it must come first in the branch, without a name";
                self.report.error(*span, format!("{wrong}\nhelp: `add {{ conv(64, 3x3, pad = 1); skip; }}`"));
                Source::Broken
            }
            StepKind::From(from) => {
                let name = &from.name;
                let wrong = format!("`from {name}` must come first in a statement or a branch, without a name");
                self.report.error(from.place, message(&wrong, &format!("`from {name} -> …;`")));
                Source::Broken
            }
            StepKind::Repeat(_) | StepKind::Splice(_) | StepKind::Again(_) => value,
        };
        self.expanded.insert(full, self.graph, first, value, result);
        result
    }

    /// A step's full name: the given one, or else its number among its siblings.
    fn name(&mut self, given: Option<&Name>, scope: &mut Scope) -> String {
        let name = scope.step(given.map(Name::text));
        if let Some(given) = given {
            self.claim(&name, given);
        }
        name
    }

    /// Reports a name that was given before.
    fn claim(&mut self, name: &str, given: &Name) {
        if self.graph.is_double(name) {
            return;
        }
        let place = Place::from(given.span());
        if let Some(first) = self.names.get(name) {
            let wrong = format!("the name `{given}` is used twice; the first is on line {}", first.line());
            self.report.error(place, message(&wrong, "names in a net, a block or a group must differ"));
            self.graph.doubles.push(name.to_owned());
        } else {
            self.names.insert(name.to_owned(), place);
        }
    }

    fn is_layer_and_block(&self, call: &Call) -> bool {
        Layer::named(&call.name.to_string()).is_some() && self.ast.blocks.iter().any(|block| block.name == call.name)
    }

    /// Whether there are too many layers or steps; reported once, at the first that exceeds the limit.
    fn is_full(&mut self, place: Place) -> bool {
        let (most, what) = if self.graph.nodes.len() >= MOST_NODES {
            (MOST_NODES, "layers")
        } else if self.steps >= MOST_STEPS {
            (MOST_STEPS, "steps")
        } else {
            return false;
        };
        let message = format!("the net has more than {most} {what}\nhelp: check the counts in `[step; n]`");
        if self.steps != usize::MAX {
            self.report.error(place, message);
        }
        self.steps = usize::MAX;
        true
    }

    fn layer(
        &mut self,
        layer: &'static Layer,
        call: &Call,
        named: bool,
        name: String,
        value: Source,
        env: &Env,
    ) -> Source {
        let value = self.given(value, call.name.span());
        let Some(bound) = bind(layer, call, env, self.report) else { return Source::Broken };
        let Bound { mut op, pad, places, paths } = bound;
        if let Op::Linear(linear) = &mut op
            && !places.contains_key("store")
        {
            linear.store = self.store;
        }
        let node = Node {
            name,
            named,
            op,
            pad,
            inputs: vec![value],
            place: call.name.span().into(),
            args: places,
            paths,
            branches: Vec::new(),
            calls: self.calls.clone(),
            aux: self.aux,
            again: None,
        };
        self.push(node)
    }

    fn push(&mut self, node: Node) -> Source {
        if node.inputs.contains(&Source::Broken) {
            return Source::Broken;
        }
        self.graph.nodes.push(node);
        Source::Node(self.graph.nodes.len() - 1)
    }

    fn merge(&mut self, merge: &Merge, named: bool, name: String, value: Source, scope: &Scope, env: &Env) -> Source {
        if merge.branches.len() < 2 && !merge.broken {
            let kind = merge.kind.name();
            let wrong = format!("{kind}: expected at least two branches, found {}", merge.branches.len());
            let help = match &merge.call {
                Some(call) => format!("with a single input, `… -> {call};`"),
                None => "each branch ends in `;`, and `skip;` is the input itself".to_owned(),
            };
            self.report.error(merge.span, message(&wrong, &help));
        }
        // Merges add no level to names; the steps of all branches are numbered consecutively.
        let mut inner = Scope::new(&scope.prefix);
        let mut input = |branch: &Pipeline| {
            let result = self.branch(branch, value, &mut inner, env);
            self.given(result, merge.span)
        };
        let inputs: Vec<Source> = merge.branches.iter().map(&mut input).collect();
        if merge.broken || inputs.len() < 2 {
            return Source::Broken;
        }
        let Some(Bound { op, places, paths, .. }) = self.joint(merge, inputs.len(), env) else { return Source::Broken };
        let last = |branch: &Pipeline| match branch.steps.last() {
            Some(step) => Branch { place: step.span().into(), whole: step.place() },
            None => Branch { place: merge.span.into(), whole: merge.span.into() },
        };
        let branches = merge.branches.iter().map(last).collect();
        self.push(Node {
            name,
            named,
            op,
            pad: PadMode::Explicit,
            inputs,
            place: merge.span.into(),
            args: places,
            paths,
            branches,
            calls: self.calls.clone(),
            aux: self.aux,
            again: None,
        })
    }

    /// What joins this many branches.
    fn joint(&mut self, merge: &Merge, inputs: usize, env: &Env) -> Option<Bound> {
        let op = match merge.kind {
            MergeKind::Concat => Op::Concat,
            MergeKind::Add => Op::Add,
            MergeKind::Sub => Op::Sub,
            MergeKind::Mul => Op::Mul,
            MergeKind::Max => Op::Max,
            MergeKind::Custom => {
                let mut bound = bind(Layer::named(merge.kind.name())?, merge.call.as_ref()?, env, self.report)?;
                if let Op::Custom(layer) = &mut bound.op {
                    layer.inputs = inputs;
                }
                return Some(bound);
            }
        };
        Some(Bound { op, pad: PadMode::Explicit, places: HashMap::new(), paths: Vec::new() })
    }

    fn repeat(&mut self, given: Option<&Name>, repeat: &Repeat, value: Source, scope: &mut Scope, env: &Env) -> Source {
        let Some(count) = whole(&repeat.count, env, self.report) else { return Source::Broken };
        let literal_zero = matches!(repeat.count.kind, ExprKind::Int(0));
        if count < 0 || literal_zero || count > MOST_NODES as i64 {
            let shown = &repeat.count;
            let is = if shown.to_string() == count.to_string() { String::new() } else { format!(" ({count})") };
            let expected = match count {
                0 => "at least 1".to_owned(),
                ..0 => "at least 0".to_owned(),
                1.. => format!("at most {MOST_NODES}"),
            };
            let wrong = format!("the step is repeated `{shown}`{is} times, expected {expected}");
            self.report.error(repeat.count.place, wrong);
            return Source::Broken;
        }
        if count > 1
            && let Some(name) = repeat.steps.steps.iter().find_map(|step| step.name.as_ref())
        {
            let wrong = format!("`{name}` would be the name of each of the {count} repeated steps");
            let levels = format!("`{}: [step; {count}]` numbers them `{name}.0`, `{name}.1`, …", name.written());
            let first = name.to_string();
            let first = if first.ends_with(|c: char| c.is_ascii_digit()) { first } else { first + "1" };
            let counter = Name::new(first.clone(), name.span()).written();
            let help = format!("{levels}; `[{counter}..: step; {count}]` counts from `{first}`");
            self.report.error(name.span(), message(&wrong, &help));
            return Source::Broken;
        }
        let repeated = |this: &mut Self, scope: &mut Scope| {
            let mut value = value;
            for index in 0..count as u64 {
                let mut counted = repeat.counter.as_ref().map(|counter| counter.name_of(index));
                for step in &repeat.steps.steps {
                    let name = counted.take();
                    value = this.step_as(name.as_ref().or(step.name.as_ref()), step, value, scope, env);
                }
            }
            value
        };
        let Some(given) = given else { return repeated(self, scope) };
        let (name, first) = (self.name(Some(given), scope), self.graph.nodes.len());
        let result = repeated(self, &mut Scope::new(&name));
        self.expanded.insert(name, self.graph, first, value, result);
        result
    }
}
