//! What branches off the trunk of a net: auxiliary classifiers and taps.

use std::borrow::Cow;

use cnn_net::language::Scope;
use proc_macro2::Ident;

use super::Expander;
use crate::ast::{self, ExprKind};
use crate::env::Env;
use crate::eval::real;
use crate::graph::{Aux, Source, Tap};
use crate::report::{Place, message};

impl Expander<'_> {
    pub(super) fn auxiliary(&mut self, aux: &ast::Aux, value: Source, scope: &Scope, env: &Env) {
        let name = scope.join(&aux.name.to_string());
        self.claim(&name, &(&aux.name).into());
        let value = self.given(value, aux.name.span());
        if self.aux.is_some() {
            self.report.error(
                aux.name.span(),
                "an auxiliary classifier can't contain another one\nhelp: put both on the trunk",
            );
            return;
        }
        if aux.body.statements.is_empty() {
            self.report.error(
                aux.body.span,
                format!("{} has no layers\nhelp: for example `flatten -> linear(10);`", aux.name),
            );
        }
        let Some(weight) = self.weight(aux, env) else { return };
        let index = self.graph.aux.len();
        self.graph.aux.push(Aux { name: name.clone(), weight, result: value });
        self.aux = Some(index);
        self.graph.aux[index].result = self.body(&aux.body, value, &mut Scope::new(&name), env);
        self.aux = None;
    }

    /// The weight of a classifier's loss.
    fn weight(&mut self, aux: &ast::Aux, env: &Env) -> Option<f32> {
        let value = match aux.weight.kind {
            ExprKind::Bool(_)
            | ExprKind::Size(_)
            | ExprKind::Tuple(_)
            | ExprKind::Call(_)
            | ExprKind::Path(_)
            | ExprKind::Range(_) => f64::NAN,
            _ => real(&aux.weight, env, self.report)?,
        };
        if (0.0..=f64::from(f32::MAX)).contains(&value) {
            return Some(value as f32);
        }
        let expected = if value > 0.0 { "a number that fits in 32 bits" } else { "a number of at least 0" };
        let wrong = format!("aux: `weight = {}`, expected {expected}", aux.weight);
        self.report.error(aux.weight.place, message(&wrong, &format!("`aux {}(weight = 0.3) {{ … }}`", aux.name)));
        None
    }

    pub(super) fn tap(&mut self, given: &Ident, value: Source, scope: &Scope, env: &mut Cow<'_, Env>) {
        if self.aux.is_some() {
            let wrong = "an auxiliary classifier does not run at inference, so none of its values can be kept";
            self.report.error(given.span(), format!("{wrong}\nhelp: put the tap on the trunk"));
            return;
        }
        let value = self.given(value, given.span());
        let name = scope.join(&given.to_string());
        let (place, method) = (Place::from(given.span()), method(&name));
        if let Some(first) = self.graph.taps.iter().find(|tap| tap.method() == method) {
            let wrong = format!("two taps are read by `{method}()`; the first is on line {}", first.place.line());
            self.report.error(place, message(&wrong, "give the tap another name"));
            return;
        }
        if name == "output" {
            self.report.error(place, "`output` is what `forward` returns\nhelp: give the tap another name");
            return;
        }
        self.graph.taps.push(Tap { name, value, place });
        // The tap has its name in any case; `from` can read it only where no value was kept under that name.
        if env.get(&given.to_string()).is_none() {
            self.name_value(given, value, true, env);
        }
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
