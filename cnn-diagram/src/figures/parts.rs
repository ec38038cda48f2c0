//! The parts of figures: numbers as text, grids of numbers, arrows.

use std::ops::Range;

use crate::layout::MARGIN;
use crate::sheet::{Shape, px};
use crate::text::{width, wrap};
use crate::theme::Paint;

/// The width of figures.
pub(super) const WIDTH: f32 = 760.0;
/// Sizes of words and of numbers in grids.
pub(super) const WORDS: f32 = 12.0;
pub(super) const DIGITS: f32 = 11.0;
/// The distance from a line of words to the next.
pub(super) const LINE: f32 = 18.0;

/// A number with at most two decimals.
pub(super) fn number(value: f64) -> String {
    // Adding 0 turns -0 into 0.
    let rounded = (value * 100.0).round() / 100.0 + 0.0;
    rounded.to_string().replace('-', "−")
}

/// A number as a factor or after a sign; negative ones are in parentheses.
pub(super) fn factor(value: f64) -> String {
    let text = number(value);
    if text.starts_with('−') { format!("({text})") } else { text }
}

/// `= 3`, or `≈ 0.33` where decimals are cut. Arguments of layers are `f32`, and 0.1 of 5 still counts as exactly 0.5.
pub(super) fn equals(value: f64) -> String {
    let is_whole = ((value * 100.0).round() / 100.0 - value).abs() < 1e-7;
    format!("{} {}", if is_whole { '=' } else { '≈' }, number(value))
}

/// `2 − 1 + 3`
pub(super) fn sum(terms: impl IntoIterator<Item = f64>) -> String {
    terms.into_iter().fold(String::new(), |text, term| match (text.as_str(), number(term).strip_prefix('−')) {
        ("", _) => number(term),
        (_, Some(positive)) => format!("{text} − {positive}"),
        (_, None) => format!("{text} + {}", number(term)),
    })
}

/// `₁₂`
pub(super) fn subscript(index: usize) -> String {
    let digit = |digit: char| char::from_u32('₀' as u32 + digit as u32 - '0' as u32).unwrap_or(digit);
    index.to_string().chars().map(digit).collect()
}

/// A line of words.
pub(super) fn words(x: f32, y: f32, text: impl Into<String>) -> Shape {
    Shape::text(x, y, WORDS, text)
}

/// A line of words that explains something.
pub(super) fn note(x: f32, y: f32, text: impl Into<String>) -> Shape {
    Shape::text(x, y, DIGITS, text).fill(Paint::Muted)
}

/// The title and a few lines below it; returns the first free line.
pub(super) fn heading(title: &str, text: &str) -> (Vec<Shape>, f32) {
    let mut y = MARGIN + 13.0;
    let mut shapes = vec![Shape::text(MARGIN, y, 16.0, title).bold()];
    for line in wrap(text, WORDS, WIDTH - 2.0 * MARGIN) {
        y += LINE;
        shapes.push(words(MARGIN, y, line).fill(Paint::Muted));
    }
    (shapes, y + LINE)
}

/// A line from one point to another, with a head at its end.
pub(super) fn arrow([x, y]: [f32; 2], [to_x, to_y]: [f32; 2]) -> Shape {
    let [ahead, down] = [to_x - x, to_y - y];
    // `hypot` is the system's and differs between systems; square roots are the same everywhere.
    let length = (ahead * ahead + down * down).sqrt().max(1.0);
    let [ahead, down] = [ahead / length, down / length];
    let [base_x, base_y] = [to_x - 7.0 * ahead, to_y - 7.0 * down];
    let line = format!("M{} {}L{} {}", px(x), px(y), px(base_x), px(base_y));
    let corner = |side: f32| format!("L{} {}", px(base_x - side * down), px(base_y + side * ahead));
    let head = format!("M{} {}{}{}Z", px(to_x), px(to_y), corner(3.5), corner(-3.5));
    Shape::group().with(Shape::path(line).stroke(Paint::Line, 1.2)).with(Shape::path(head).fill(Paint::Line))
}

/// Words in the middle of a line, which they cover.
pub(super) fn label(x: f32, y: f32, text: &str) -> Shape {
    let wide = width(text, DIGITS) + 6.0;
    let ground = Shape::rect(x - wide / 2.0, y - 8.0, wide, 16.0).fill(Paint::Paper);
    Shape::group().with(ground).with(Shape::text(x, y + 4.0, DIGITS, text).centred())
}

/// A highlighted part of a grid.
pub(super) struct Patch {
    pub(super) rows: Range<usize>,
    pub(super) columns: Range<usize>,
    pub(super) paint: Paint,
    /// Whether it has a thick outline.
    pub(super) is_framed: bool,
}

impl Patch {
    /// A part in another colour.
    pub(super) fn tint(rows: Range<usize>, columns: Range<usize>, paint: Paint) -> Self {
        Self { rows, columns, paint, is_framed: false }
    }

    /// The same with a thick outline.
    pub(super) fn framed(self) -> Self {
        Self { is_framed: true, ..self }
    }
}

/// Numbers in rows and columns.
pub(super) struct Grid<'a> {
    /// Its identifier in the drawing.
    pub(super) id: String,
    /// Its tooltip.
    pub(super) tip: String,
    /// The upper left corner.
    pub(super) at: [f32; 2],
    /// The size of a cell.
    pub(super) cell: [f32; 2],
    /// Numbers per row.
    pub(super) columns: usize,
    /// The numbers, row by row.
    pub(super) values: &'a [f64],
}

impl Grid<'_> {
    pub(super) fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    pub(super) fn right(&self) -> f32 {
        self.at[0] + self.cell[0] * self.columns as f32
    }

    pub(super) fn bottom(&self) -> f32 {
        self.at[1] + self.cell[1] * self.rows() as f32
    }

    pub(super) fn centre(&self) -> [f32; 2] {
        [(self.at[0] + self.right()) / 2.0, (self.at[1] + self.bottom()) / 2.0]
    }

    /// Draws the grid: first colours, then lines, outlines and numbers.
    pub(super) fn draw(&self, patches: &[Patch]) -> Shape {
        let [x, y] = self.at;
        let [wide, high] = self.cell;
        let rect = |patch: &Patch| {
            let [left, top] = [x + wide * patch.columns.start as f32, y + high * patch.rows.start as f32];
            Shape::rect(left, top, wide * patch.columns.len() as f32, high * patch.rows.len() as f32)
        };
        let tints = patches.iter().map(|patch| rect(patch).fill(patch.paint));
        let frames = patches.iter().filter(|patch| patch.is_framed).map(|patch| rect(patch).stroke(Paint::Accent, 2.0));
        let numbers = self.values.iter().enumerate().map(|(index, value)| {
            let [row, column] = [index / self.columns, index % self.columns].map(|place| place as f32);
            Shape::text(x + wide * (column + 0.5), y + high * (row + 0.5) + 4.0, DIGITS, number(*value)).centred()
        });
        Shape::group()
            .set("id", self.id.clone())
            .set("class", "n")
            .tip(self.tip.clone())
            .with(Shape::rect(x, y, self.right() - x, self.bottom() - y).fill(Paint::Paper))
            .with_all(tints)
            .with(lines(self.at, self.cell, [self.columns, self.rows()]))
            .with_all(frames)
            .with_all(numbers)
    }
}

/// The lines of a grid with this many columns and rows.
pub(super) fn lines([x, y]: [f32; 2], [wide, high]: [f32; 2], [columns, rows]: [usize; 2]) -> Shape {
    let [right, bottom] = [x + wide * columns as f32, y + high * rows as f32];
    let down = (0..=columns).map(|column| format!("M{} {}V{}", px(x + wide * column as f32), px(y), px(bottom)));
    let across = (0..=rows).map(|row| format!("M{} {}H{}", px(x), px(y + high * row as f32), px(right)));
    Shape::path(down.chain(across).collect::<String>()).stroke(Paint::Frame, 0.8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_readers() {
        assert_eq!([0.0, -0.0, 2.0, -1.5, 0.256, -0.001].map(number), ["0", "0", "2", "−1.5", "0.26", "0"]);
        assert_eq!([1.0, -1.0].map(factor), ["1", "(−1)"]);
        assert_eq!([0.5, 1.0 / 3.0].map(equals), ["= 0.5", "≈ 0.33"]);
        assert_eq!(sum([2.0, -1.0, 0.0]), "2 − 1 + 0");
        assert_eq!(sum([-2.0, 1.5]), "−2 + 1.5");
        assert_eq!(subscript(784), "₇₈₄");
    }
}
