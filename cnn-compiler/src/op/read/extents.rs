//! Values of several numbers: sides, parts, ranges and shapes.

use cnn_net::op::{Crop, Interval, Padding, Shape};

use super::{Help, Reader};
use crate::ast::{Expr, ExprKind};

impl Reader<'_> {
    /// `1`, `1x2`, or four numbers.
    pub(in crate::op) fn sides(&mut self, expr: &Expr) -> Option<Padding> {
        const FORMS: &str = "for example `1`, `1x2` or `(top, left, bottom, right)`";
        match &expr.kind {
            ExprKind::Size(parts) | ExprKind::Tuple(parts) => {
                let numbers: Vec<Option<usize>> = parts.iter().map(|part| self.number(part, 0)).collect();
                match numbers[..] {
                    [vertical, horizontal] => Some(Padding::symmetric(vertical?, horizontal?)),
                    [top, left, bottom, right] => Some(Padding::new(top?, left?, bottom?, right?)),
                    _ => self.wrong(expr, "one, two or four numbers", Help::words(FORMS)),
                }
            }
            ExprKind::Real(_) | ExprKind::Bool(_) | ExprKind::Range(_) | ExprKind::Path(_) | ExprKind::Call(_) => {
                let help = self.rounded(expr).unwrap_or(Help::words(FORMS));
                self.wrong(expr, "whole numbers", help)
            }
            ExprKind::Broken => None,
            ExprKind::Int(_) | ExprKind::Name(_) | ExprKind::Binary(..) | ExprKind::Negative(_) => {
                self.number(expr, 0).map(|all| Padding::symmetric(all, all))
            }
        }
    }

    /// A size, or four margins.
    pub(in crate::op) fn crop(&mut self, expr: &Expr) -> Option<Crop> {
        match &expr.kind {
            ExprKind::Size(parts) | ExprKind::Tuple(parts) if parts.len() == 4 => self.sides(expr).map(Crop::Margins),
            ExprKind::Size(parts) | ExprKind::Tuple(parts) if parts.len() != 2 => {
                let forms = "for example `24x24`, or the margins `(top, left, bottom, right)`";
                self.wrong(expr, "two or four numbers", Help::words(forms))
            }
            _ => self.size(expr).map(Crop::To),
        }
    }

    /// `0..16`
    pub(in crate::op) fn range(&mut self, expr: &Expr) -> Option<Interval> {
        let ExprKind::Range(ends) = &expr.kind else {
            let help = match &expr.kind {
                ExprKind::Broken => return None,
                ExprKind::Int(count) if *count > 0 => {
                    Help::instead(format!("`0..{count}` is the first {count}"), format!("0..{count}"))
                }
                _ => Help::words("for example `0..16`, which is 0 to 15"),
            };
            return self.wrong(expr, "a range", help);
        };
        let [first, end] = &**ends;
        let (first, end) = (self.number(first, 0), self.number(end, 1));
        let (first, end) = (first?, end?);
        if first < end {
            return Some(Interval { first, end });
        }
        let expected = format!("an end of at least {}", first + 1);
        self.wrong(expr, &expected, Help::words("a range ends before its second number"))
    }

    /// A whole number from 0.
    pub(in crate::op) fn amount(&mut self, expr: &Expr) -> Option<usize> {
        self.number(expr, 0)
    }

    /// `16x8x8`, or `1024`.
    pub(in crate::op) fn shape(&mut self, expr: &Expr) -> Option<Shape> {
        match &expr.kind {
            ExprKind::Size(parts) | ExprKind::Tuple(parts) => {
                let numbers: Vec<Option<usize>> = parts.iter().map(|part| self.count(part)).collect();
                match numbers[..] {
                    [channels, height, width] => Some(Shape::map(channels?, height?, width?)),
                    _ => self.wrong(
                        expr,
                        "one or three numbers",
                        Help::words("maps are channels x height x width, and a vector is one number"),
                    ),
                }
            }
            _ => self.count(expr).map(Shape::Vector),
        }
    }
}
