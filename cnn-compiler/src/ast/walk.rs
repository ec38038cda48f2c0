//! Visits everything in a body.

use super::{Ast, Body, Call, Statement, Step, StepKind};

/// A part of a body.
pub(crate) enum Part<'a> {
    /// The body itself, and each in it: of a group, a classifier, an output.
    Body(&'a Body),
    /// A step in a statement, a branch or a repeat.
    Step(&'a Step),
}

impl Ast {
    /// The bodies of all nets and blocks.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = &Body> {
        self.nets.iter().map(|net| &net.body).chain(self.blocks.iter().map(|block| &block.body))
    }
}

impl Body {
    /// Visits all parts.
    pub(crate) fn each<'a>(&'a self, visit: &mut dyn FnMut(Part<'a>)) {
        visit(Part::Body(self));
        for statement in &self.statements {
            match statement {
                Statement::Pipeline(pipeline) => each_of(&pipeline.steps, visit),
                Statement::Aux(aux) => aux.body.each(visit),
                Statement::Output(output) => output.body.iter().for_each(|body| body.each(visit)),
                Statement::Tap(_) | Statement::Keep(_) | Statement::Broken => {}
            }
        }
    }

    /// Visits the calls of layers and blocks. That of a merge is not among them.
    pub(crate) fn each_call<'a>(&'a self, visit: &mut dyn FnMut(&'a Call)) {
        self.each(&mut |part| {
            if let Part::Step(Step { kind: StepKind::Call(call) | StepKind::Splice(call), .. }) = part {
                visit(call);
            }
        });
    }

    /// Whether it keeps a value under this name, itself.
    pub(crate) fn keeps(&self, name: &str) -> bool {
        self.statements.iter().any(|statement| matches!(statement, Statement::Keep(kept) if kept == name))
    }
}

fn each_of<'a>(steps: &'a [Step], visit: &mut dyn FnMut(Part<'a>)) {
    for step in steps {
        visit(Part::Step(step));
        match &step.kind {
            StepKind::Merge(merge) => merge.branches.iter().for_each(|branch| each_of(&branch.steps, visit)),
            StepKind::Group(body) => body.each(visit),
            StepKind::Repeat(repeat) => each_of(&repeat.steps.steps, visit),
            StepKind::Call(_) | StepKind::Splice(_) | StepKind::Skip(_) | StepKind::From(_) | StepKind::Again(_) => {}
        }
    }
}
