//! The values of constants.

use std::collections::HashMap;

use crate::ast::{Ast, Expr, ExprKind};
use crate::env::{Env, Named};
use crate::eval::{named, whole};
use crate::report::{Place, Report, message};

/// The constants of an invocation; all mistakes in them are reported.
pub(crate) fn constants(ast: &Ast, report: &mut Report) -> Env {
    let (mut env, mut places) = (Env::default(), HashMap::new());
    for constant in &ast.constants {
        let name = constant.name.to_string();
        let place = Place::from(constant.name.span());
        if let Some(first) = places.insert(name.clone(), place) {
            let wrong = format!("two constants are named `{name}`; the first is on line {}", first.line());
            report.error(place, message(&wrong, "give the constant another name"));
        }
        let value = match named(&constant.value, &env, report) {
            // A word that stands for nothing.
            Some(Named::Literal(literal)) if matches!(literal.kind, ExprKind::Name(_)) => {
                whole(&constant.value, &env, report).map(Named::Number)
            }
            Some(Named::Layer(_)) => {
                let wrong = format!("`{name} = {}`, expected a number or a size", constant.value);
                report.error(constant.value.place, message(&wrong, "a block can have a layer as a parameter"));
                None
            }
            value => value,
        };
        env.insert(name, value.unwrap_or_else(|| Named::Literal(Expr::broken(constant.value.place))));
    }
    env
}
