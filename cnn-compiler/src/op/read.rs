//! The value of one argument, which must be of its parameter's kind.

mod extents;
mod user;

use cnn_net::language::Param;
use cnn_net::op::{Bounds, Padding, Size};

use super::{Layer, PadMode, habits};
use crate::ast::{Expr, ExprKind};
use crate::env::Env;
use crate::eval::{LARGEST, real, whole};
use crate::report::{Edit, Message, Report, listed, message, nearest};

/// Reads one argument.
pub(super) struct Reader<'a> {
    pub(super) layer: &'static Layer,
    pub(super) param: &'a Param,
    pub(super) env: &'a Env,
    pub(super) report: &'a mut Report,
}

/// How to fix a value: in words, and as a replacement.
struct Help {
    words: String,
    instead: Option<String>,
}

impl Help {
    fn words(words: impl Into<String>) -> Self {
        Self { words: words.into(), instead: None }
    }

    fn instead(words: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { words: words.into(), instead: Some(instead.into()) }
    }

    fn message(self, wrong: &str, expr: &Expr) -> Message {
        let fixes = self.instead.map(|instead| vec![Edit::instead(expr.place, instead)]);
        message(wrong, &self.words).fixes(fixes)
    }
}

impl Reader<'_> {
    /// A whole number from 1. A mistake in it is reported, here and in all methods below.
    pub(super) fn count(&mut self, expr: &Expr) -> Option<usize> {
        self.number(expr, 1)
    }

    /// Reports `layer: param = expr, expected …`.
    fn wrong<T>(&mut self, expr: &Expr, expected: &str, help: Help) -> Option<T> {
        let wrong = format!("{}: `{} = {expr}`, expected {expected}", self.layer.name, self.param.name);
        self.report.error(expr.place, help.message(&wrong, expr));
        None
    }

    /// What applies without the argument, or how the layer is called.
    fn advice(&self) -> Help {
        match (self.param.like, &self.param.default) {
            (Some(other), _) => Help::words(format!("by default, it is the {other}")),
            (None, None) => Help::words(format!("usage: {}", self.layer.usage())),
            (None, Some(default)) => {
                Help { words: format!("the default is `{}`", self.param.usage()), instead: Some(default.clone()) }
            }
        }
    }

    /// The whole number that a decimal is, if it is one.
    fn rounded(&self, expr: &Expr) -> Option<Help> {
        let ExprKind::Real(value) = expr.kind else { return None };
        let is_whole = value.fract() == 0.0 && (1.0..=LARGEST as f64).contains(&value);
        is_whole.then(|| Help::instead(format!("`{value:.0}`"), format!("{value:.0}")))
    }

    /// A whole number from `least`.
    fn number(&mut self, expr: &Expr, least: i64) -> Option<usize> {
        match expr.kind {
            ExprKind::Int(_) | ExprKind::Name(_) | ExprKind::Binary(..) | ExprKind::Negative(_) => {}
            ExprKind::Broken => return None,
            ExprKind::Real(_)
            | ExprKind::Bool(_)
            | ExprKind::Size(_)
            | ExprKind::Tuple(_)
            | ExprKind::Call(_)
            | ExprKind::Path(_)
            | ExprKind::Range(_) => {
                let help = self.rounded(expr).unwrap_or_else(|| self.advice());
                return self.wrong(expr, "one whole number", help);
            }
        }
        let value = whole(expr, self.env, self.report)?;
        if (least..=LARGEST).contains(&value) {
            return Some(value as usize);
        }
        let is = if expr.to_string() == value.to_string() { String::new() } else { format!(" is {value}") };
        let expected = if value < least { format!("at least {least}") } else { format!("at most {LARGEST}") };
        let wrong = format!("{}: `{} = {expr}`{is}, expected {expected}", self.layer.name, self.param.name);
        // How a layer is called says nothing about a number's range.
        let required = self.param.default.is_none();
        let help = if required { Help::words("") } else { self.advice() };
        self.report.error(expr.place, help.message(&wrong, expr));
        None
    }

    pub(super) fn size(&mut self, expr: &Expr) -> Option<Size> {
        self.size_from(expr, 1)
    }

    pub(super) fn size_or_zero(&mut self, expr: &Expr) -> Option<Size> {
        self.size_from(expr, 0)
    }

    /// Height and width, each from `least`.
    fn size_from(&mut self, expr: &Expr, least: i64) -> Option<Size> {
        const FORMS: &str = "`3x3`, or `3` for both";
        match &expr.kind {
            ExprKind::Size(parts) | ExprKind::Tuple(parts) => match &parts[..] {
                [height, width] => {
                    let (height, width) = (self.number(height, least), self.number(width, least));
                    Some(Size::new(height?, width?))
                }
                _ => self.wrong(expr, "height and width", Help::words(FORMS)),
            },
            ExprKind::Real(_) | ExprKind::Bool(_) | ExprKind::Call(_) | ExprKind::Path(_) | ExprKind::Range(_) => {
                let required = self.param.default.is_none();
                let or_else = || match self.layer.name {
                    "upsample" => Help::words("factors are whole; a `resize` goes to any size"),
                    _ if required => Help::words(FORMS),
                    _ => self.advice(),
                };
                let help = self.rounded(expr).unwrap_or_else(or_else);
                self.wrong(expr, "whole numbers", help)
            }
            ExprKind::Broken => None,
            ExprKind::Int(_) | ExprKind::Name(_) | ExprKind::Binary(..) | ExprKind::Negative(_) => {
                self.number(expr, least).map(Size::square)
            }
        }
    }

    pub(super) fn pad(&mut self, expr: &Expr) -> Option<(Padding, PadMode)> {
        const EXPECTED: &str = "a number, a size or `same`";
        const FORMS: &str = "`1`, `1x2`, `(top, left, bottom, right)`, `same` or `same_lower`";
        let padding = match &expr.kind {
            ExprKind::Name(word) if !self.env.has_number(word) => {
                let mode = match word.as_str() {
                    "same" => PadMode::Same { lower: false },
                    "same_lower" => PadMode::Same { lower: true },
                    "valid" | "VALID" => {
                        return self.wrong(expr, EXPECTED, Help::instead("`pad = 0`, or leave it out", "0"));
                    }
                    _ => match nearest(word, ["same", "same_lower"].into_iter().chain(self.params())) {
                        Some(near) => {
                            let help = Help::instead(format!("did you mean `{near}`?"), near);
                            return self.wrong(expr, EXPECTED, help);
                        }
                        None => return self.wrong(expr, EXPECTED, Help::words(FORMS)),
                    },
                };
                return Some((Padding::NONE, mode));
            }
            ExprKind::Real(_) | ExprKind::Bool(_) | ExprKind::Call(_) | ExprKind::Path(_) | ExprKind::Range(_) => {
                let help = self.rounded(expr).unwrap_or(Help::words(FORMS));
                return self.wrong(expr, EXPECTED, help);
            }
            ExprKind::Broken => return None,
            ExprKind::Size(parts) | ExprKind::Tuple(parts) => {
                let numbers: Vec<Option<usize>> = parts.iter().map(|part| self.number(part, 0)).collect();
                match numbers[..] {
                    [vertical, horizontal] => Padding::symmetric(vertical?, horizontal?),
                    [top, left, bottom, right] => Padding { top: top?, left: left?, bottom: bottom?, right: right? },
                    _ => return self.wrong(expr, EXPECTED, Help::words(FORMS)),
                }
            }
            ExprKind::Int(_) | ExprKind::Name(_) | ExprKind::Binary(..) | ExprKind::Negative(_) => {
                let pad = self.number(expr, 0)?;
                Padding::symmetric(pad, pad)
            }
        };
        Some((padding, PadMode::Explicit))
    }

    /// The parameters of the block that the layer is in.
    fn params(&self) -> Vec<&str> {
        self.env.numbers()
    }

    pub(super) fn flag(&mut self, expr: &Expr) -> Option<bool> {
        let meant = match &expr.kind {
            ExprKind::Bool(flag) => return Some(*flag),
            ExprKind::Int(0) => Some("false"),
            ExprKind::Int(1) => Some("true"),
            ExprKind::Name(word) => nearest(word, ["true", "false"]),
            ExprKind::Int(_)
            | ExprKind::Real(_)
            | ExprKind::Binary(..)
            | ExprKind::Negative(_)
            | ExprKind::Size(_)
            | ExprKind::Tuple(_)
            | ExprKind::Call(_)
            | ExprKind::Path(_)
            | ExprKind::Range(_)
            | ExprKind::Broken => None,
        };
        let help = match meant {
            Some(meant) => Help::instead(format!("`{} = {meant}`", self.param.name), meant),
            None => self.advice(),
        };
        self.wrong(expr, "`true` or `false`", help)
    }

    pub(super) fn real(&mut self, expr: &Expr, [from, to]: Bounds) -> Option<f32> {
        let value = match &expr.kind {
            ExprKind::Int(_) | ExprKind::Real(_) | ExprKind::Name(_) | ExprKind::Binary(..) | ExprKind::Negative(_) => {
                real(expr, self.env, self.report)?
            }
            ExprKind::Broken => return None,
            ExprKind::Bool(_)
            | ExprKind::Size(_)
            | ExprKind::Tuple(_)
            | ExprKind::Call(_)
            | ExprKind::Path(_)
            | ExprKind::Range(_) => {
                return self.wrong(expr, "a number", self.advice());
            }
        };
        if (f64::from(from)..=f64::from(to)).contains(&value) {
            return Some(value as f32);
        }
        let expected = match (from, to) {
            (0.0, 1.0) => "0 to 1",
            (0.0, _) if value < 0.0 => "at least 0",
            (from, _) if from > 0.0 && value <= 0.0 => "more than 0",
            _ => "a number that fits in 32 bits",
        };
        self.wrong(expr, expected, self.advice())
    }

    /// A number, or the word for none.
    pub(super) fn perhaps(&mut self, expr: &Expr, bounds: Bounds, none: &str) -> Option<Option<f32>> {
        match &expr.kind {
            ExprKind::Name(word) if word == none && self.env.get(word).is_none() => Some(None),
            _ => self.real(expr, bounds).map(Some),
        }
    }

    pub(super) fn word(&mut self, expr: &Expr, words: &[&'static str]) -> Option<usize> {
        // It was reported.
        if matches!(expr.kind, ExprKind::Broken) {
            return None;
        }
        let ExprKind::Name(found) = &expr.kind else { return self.wrong_word(expr, words) };
        words.iter().position(|word| word == found).or_else(|| self.wrong_word(expr, words))
    }

    fn wrong_word<T>(&mut self, expr: &Expr, words: &[&'static str]) -> Option<T> {
        let meant = match &expr.kind {
            ExprKind::Name(found) => habits::word(found, words).or_else(|| nearest(found, words.iter().copied())),
            _ => None,
        };
        let help = match meant {
            Some(meant) => Help::instead(format!("did you mean `{meant}`?"), meant),
            None => self.advice(),
        };
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        self.wrong(expr, &listed(&words, "or"), help)
    }
}
