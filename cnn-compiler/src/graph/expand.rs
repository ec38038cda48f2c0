//! The expansion of one net.

use std::collections::HashMap;
use std::rc::Rc;

use cnn_runtime::op::Op;
use proc_macro2::Ident;

use super::{Aux, Frame, Graph, Node, Source, Tap, context};
use crate::ast::{self, Ast, Block, Body, Call, Merge, MergeKind, Net, Pipeline, Repeat, Statement, Step, StepKind};
use crate::eval::{Env, whole};
use crate::op::{Layer, PadMode, bind};
use crate::report::{Place, Report, message, nearest};

/// More layers than this are a mistake in a repeat.
const MOST_NODES: usize = 10_000;

/// Expands a net's body into `graph`.
pub(super) fn expand(net: &Net, ast: &Ast, graph: &mut Graph, report: &mut Report) {
    let mut expander = Expander {
        ast,
        graph,
        report,
        names: HashMap::new(),
        calls: Rc::from([]),
        aux: None,
        full: false,
    };
    let result = expander.body(&net.body, Source::Input, &mut Scope::new(""), &Env::new());
    expander.graph.result = result;
    if graph.nodes.is_empty() && net.body.statements.is_empty() {
        report.error(net.body.span, format!("`{}` has no layers", net.name));
    }
}

/// What the steps of one body share: what their names begin with, and the number that the next one has.
struct Scope {
    prefix: String,
    next: usize,
}

impl Scope {
    fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), next: 0 }
    }

    fn join(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}

struct Expander<'a> {
    ast: &'a Ast,
    graph: &'a mut Graph,
    report: &'a mut Report,
    /// Names that were given, by their full form.
    names: HashMap<String, Place>,
    /// The block calls that the expansion is in.
    calls: Rc<[Frame]>,
    /// The auxiliary classifier that the expansion is in.
    aux: Option<usize>,
    /// Whether too many layers were reported.
    full: bool,
}

impl Expander<'_> {
    fn body(&mut self, body: &Body, mut value: Source, scope: &mut Scope, env: &Env) -> Source {
        for statement in &body.statements {
            match statement {
                Statement::Pipeline(pipeline) => value = self.pipeline(pipeline, value, scope, env),
                Statement::Aux(aux) => self.auxiliary(aux, value, scope, env),
                Statement::Tap(name) => self.tap(name, value, scope),
                Statement::Broken => value = Source::Broken,
            }
        }
        value
    }

    fn pipeline(&mut self, pipeline: &Pipeline, mut value: Source, scope: &mut Scope, env: &Env) -> Source {
        for step in &pipeline.steps {
            value = self.step(step, value, scope, env);
        }
        value
    }

    /// A branch of a merge: a pipeline that may begin with `skip`, the merge's input.
    fn branch(&mut self, branch: &Pipeline, value: Source, scope: &mut Scope, env: &Env) -> Source {
        let Some((first, rest)) = branch.steps.split_first() else { return value };
        if let (StepKind::Skip(_), None) = (&first.kind, &first.name) {
            scope.next += 1;
            return rest.iter().fold(value, |value, step| self.step(step, value, scope, env));
        }
        self.pipeline(branch, value, scope, env)
    }

    fn step(&mut self, step: &Step, value: Source, scope: &mut Scope, env: &Env) -> Source {
        if let StepKind::Repeat(repeat) = &step.kind {
            return self.repeat(step, repeat, value, scope, env);
        }
        let name = self.name(step.name.as_ref(), scope);
        match &step.kind {
            StepKind::Call(call) => match Layer::named(&call.name.to_string()) {
                Some(layer) => self.layer(layer, call, step.name.is_some(), name, value, env),
                None => self.block(call, name, value, env),
            },
            StepKind::Merge(merge) => self.merge(merge, step.name.is_some(), name, value, scope, env),
            StepKind::Group(body) => self.body(body, value, &mut Scope::new(&name), env),
            StepKind::Skip(span) => {
                let wrong = "`skip` is the input of a branch: it stands at the branch's beginning, without a name";
                self.report.error(*span, format!("{wrong}\nhelp: add {{ conv(64, 3x3, pad = 1); skip; }}"));
                Source::Broken
            }
            StepKind::Repeat(_) => value,
        }
    }

    /// A step's full name: the one given, else its number among its siblings.
    fn name(&mut self, given: Option<&Ident>, scope: &mut Scope) -> String {
        let number = scope.next;
        scope.next += 1;
        let Some(given) = given else { return scope.join(&number.to_string()) };
        let name = scope.join(&given.to_string());
        self.claim(&name, given);
        name
    }

    /// Reports a name that was given before.
    fn claim(&mut self, name: &str, given: &Ident) {
        let place = Place::from(given.span());
        if let Some(first) = self.names.get(name) {
            let wrong = format!("the name `{given}` is given twice; the first is on line {}", first.line());
            let details = context(&self.calls);
            self.report.error_once(place, &wrong, message(&wrong, &details, "names in a net or a block differ"));
        } else {
            self.names.insert(name.to_owned(), place);
        }
    }

    fn layer(
        &mut self,
        layer: &Layer,
        call: &Call,
        named: bool,
        name: String,
        value: Source,
        env: &Env,
    ) -> Source {
        let Some(bound) = bind(layer, call, env, self.report) else { return Source::Broken };
        let node = Node {
            name,
            named,
            op: layer.build(&bound),
            pad: bound.pad_mode(),
            inputs: vec![value],
            place: call.name.span().into(),
            args: bound.into_places(),
            branches: Vec::new(),
            calls: self.calls.clone(),
            aux: self.aux,
        };
        self.push(node)
    }

    fn push(&mut self, node: Node) -> Source {
        if self.graph.nodes.len() >= MOST_NODES {
            if !self.full {
                self.report.error(node.place, format!("the net has more than {MOST_NODES} layers here"));
            }
            self.full = true;
            return Source::Broken;
        }
        if node.inputs.contains(&Source::Broken) {
            return Source::Broken;
        }
        self.graph.nodes.push(node);
        Source::Node(self.graph.nodes.len() - 1)
    }

    fn merge(
        &mut self,
        merge: &Merge,
        named: bool,
        name: String,
        value: Source,
        scope: &Scope,
        env: &Env,
    ) -> Source {
        if merge.branches.len() < 2 && !merge.broken {
            let kind = merge.kind.name();
            let wrong = format!("{kind}: expected at least two branches, found {}", merge.branches.len());
            self.report.error(merge.span, format!("{wrong}\nhelp: each branch ends in `;`, `skip;` is the input itself"));
            return Source::Broken;
        }
        // Merges add no level to names; the steps of all branches are numbered through.
        let mut inner = Scope::new(&scope.prefix);
        let inputs: Vec<Source> =
            merge.branches.iter().map(|branch| self.branch(branch, value, &mut inner, env)).collect();
        if merge.broken {
            return Source::Broken;
        }
        let branches = merge.branches.iter().map(|b| b.steps.last().map_or(merge.span, Step::span).into()).collect();
        self.push(Node {
            name,
            named,
            op: match merge.kind {
                MergeKind::Concat => Op::Concat,
                MergeKind::Add => Op::Add,
                MergeKind::Mul => Op::Mul,
            },
            pad: PadMode::Explicit,
            inputs,
            place: merge.span.into(),
            args: HashMap::new(),
            branches,
            calls: self.calls.clone(),
            aux: self.aux,
        })
    }

    fn repeat(&mut self, step: &Step, repeat: &Repeat, value: Source, scope: &mut Scope, env: &Env) -> Source {
        let Some(count) = whole(&repeat.count, env, self.report) else { return Source::Broken };
        let literal_zero = matches!(repeat.count.kind, ast::ExprKind::Int(0));
        if count < 0 || literal_zero || count > MOST_NODES as i64 {
            let wrong = format!("a step can't be repeated {count} times: expected 1 to {MOST_NODES}");
            self.report.error(repeat.count.place, wrong);
            return Source::Broken;
        }
        if let Some(name) = &repeat.step.name
            && count > 1
        {
            let wrong = format!("`{name}` would be given to each of {count} repeated steps");
            let help = format!("`{name}: [step; {count}]` numbers them `{name}.0`, `{name}.1`, …");
            self.report.error(name.span(), message(&wrong, &[], &help));
            return Source::Broken;
        }
        let mut named;
        let scope = match &step.name {
            Some(name) => {
                named = Scope::new(&self.name(Some(name), scope));
                &mut named
            }
            None => scope,
        };
        (0..count).fold(value, |value, _| if self.full { value } else { self.step(&repeat.step, value, scope, env) })
    }

    fn block(&mut self, call: &Call, name: String, value: Source, env: &Env) -> Source {
        // A name that nothing has was reported before the expansion, as was a block that calls itself.
        let ast = self.ast;
        let Some(block) = ast.blocks.iter().find(|block| block.name == call.name) else { return Source::Broken };
        let recursive = self.calls.iter().any(|frame| call.name == frame.block);
        let Some(inner) = self.bind_block(block, call, env) else { return Source::Broken };
        if recursive {
            return Source::Broken;
        }
        let values: Vec<String> = block.params.iter().map(|p| inner[&p.name.to_string()].to_string()).collect();
        let frame = Frame {
            block: block.name.to_string(),
            name: name.clone(),
            call: format!("{}({})", block.name, values.join(", ")),
            place: call.name.span().into(),
        };
        let outer = self.calls.clone();
        self.calls = outer.iter().cloned().chain([frame]).collect();
        let result = self.body(&block.body, value, &mut Scope::new(&name), &inner);
        self.calls = outer;
        result
    }

    /// The parameters of a block call.
    fn bind_block(&mut self, block: &Block, call: &Call, env: &Env) -> Option<Env> {
        let mut inner = Env::new();
        let mut sound = !call.broken;
        for (index, arg) in call.args.iter().enumerate() {
            let param = match &arg.name {
                Some(name) => block.params.iter().find(|param| param.name == *name),
                None => block.params.get(index),
            };
            let place = arg.name.as_ref().map_or(arg.value.place, |name| name.span().into());
            match param.map(|param| param.name.to_string()) {
                None => {
                    sound = false;
                    self.report.error(place, unknown_param(block, arg));
                }
                Some(name) if inner.contains_key(&name) => {
                    sound = false;
                    self.report.error(place, format!("{}: `{name}` is given twice", block.name));
                }
                Some(name) => match whole(&arg.value, env, self.report) {
                    Some(value) => drop(inner.insert(name, value)),
                    None => sound = false,
                },
            }
        }
        if !sound {
            return None;
        }
        for param in &block.params {
            if !inner.contains_key(&param.name.to_string()) {
                let value = self.default(block, param, call, &inner)?;
                inner.insert(param.name.to_string(), value);
            }
        }
        Some(inner)
    }

    fn default(&mut self, block: &Block, param: &ast::Param, call: &Call, inner: &Env) -> Option<i64> {
        let Some(default) = &param.default else {
            let wrong = format!("{}: `{}` is missing", block.name, param.name);
            self.report.error(call.name.span(), message(&wrong, &[], &usage(block)));
            return None;
        };
        whole(default, inner, self.report)
    }

    fn auxiliary(&mut self, aux: &ast::Aux, value: Source, scope: &Scope, env: &Env) {
        let name = scope.join(&aux.name.to_string());
        self.claim(&name, &aux.name);
        if self.aux.is_some() {
            self.report.error(aux.name.span(), "an auxiliary classifier can't have one of its own");
            return;
        }
        let index = self.graph.aux.len();
        self.graph.aux.push(Aux { name: name.clone(), weight: aux.weight, result: value });
        self.aux = Some(index);
        self.graph.aux[index].result = self.body(&aux.body, value, &mut Scope::new(&name), env);
        self.aux = None;
    }

    fn tap(&mut self, given: &Ident, value: Source, scope: &Scope) {
        if self.aux.is_some() {
            self.report.error(given.span(), "an auxiliary classifier does not run at inference: nothing can be kept of it");
            return;
        }
        let name = scope.join(&given.to_string());
        if self.graph.taps.iter().any(|tap| tap.method() == method(&name)) || name == "output" {
            let wrong = format!("two outputs are called `{name}`");
            self.report.error(given.span(), format!("{wrong}\nhelp: taps are read by name; `output` is the net's own"));
            return;
        }
        self.graph.taps.push(Tap { name, value });
    }
}

impl Tap {
    /// The method that reads it.
    pub(crate) fn method(&self) -> String {
        method(&self.name)
    }
}

fn method(name: &str) -> String {
    format!("tap_{}", name.replace('.', "_"))
}

fn unknown_param(block: &Block, arg: &ast::Arg) -> String {
    let name = &block.name;
    let wrong = match &arg.name {
        Some(given) => format!("{name}: there is no parameter `{given}`"),
        None => format!(
            "{name}: expected {} argument{}, found one more: `{}`",
            block.params.len(),
            if block.params.len() == 1 { "" } else { "s" },
            arg.value
        ),
    };
    let params: Vec<String> = block.params.iter().map(|param| param.name.to_string()).collect();
    let near = arg.name.as_ref().and_then(|given| nearest(&given.to_string(), params.iter().map(String::as_str)));
    let help = near.map_or_else(|| usage(block), |near| format!("did you mean `{near}`?"));
    message(&wrong, &[], &help)
}

/// How a block is called.
fn usage(block: &Block) -> String {
    let param = |param: &ast::Param| match &param.default {
        Some(default) => format!("{} = {default}", param.name),
        None => param.name.to_string(),
    };
    let params: Vec<String> = block.params.iter().map(param).collect();
    format!("the block is called as `{}({})`", block.name, params.join(", "))
}
