//! Columns of text.

use std::io::{self, Write};

use clap::builder::styling::Style;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::colours::HEADING;
use crate::output::Output;

/// Between two columns.
const GAP: &str = "  ";

/// The alignment of cells in their column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of `N` cells.
#[derive(Debug)]
pub(crate) struct Table<const N: usize> {
    columns: [Align; N],
    rows: Vec<Row<N>>,
}

#[derive(Debug)]
enum Row<const N: usize> {
    Cells { cells: [String; N], style: Style },
    Text(String),
    Rule,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(columns: [Align; N]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// The names of the columns, and a line below them.
    pub(crate) fn head(&mut self, cells: [&str; N]) {
        self.styled(HEADING, cells.map(str::to_owned));
        self.rule();
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.styled(Style::new(), cells);
    }

    pub(crate) fn styled(&mut self, style: Style, cells: [String; N]) {
        self.rows.push(Row::Cells { cells, style });
    }

    /// A text across all columns.
    pub(crate) fn text(&mut self, text: String) {
        self.rows.push(Row::Text(text));
    }

    /// A line across the table.
    pub(crate) fn rule(&mut self) {
        self.rows.push(Row::Rule);
    }

    /// Cuts the ends of the cells of the last column where the table is wider than this, but not below `least` columns.
    pub(crate) fn cut(&mut self, width: usize, least: usize) {
        let others: usize = self.widths()[..N - 1].iter().map(|column| column + GAP.len()).sum();
        let room = width.saturating_sub(others).max(least);
        for row in &mut self.rows {
            if let Row::Cells { cells, .. } = row
                && cells[N - 1].width() > room
            {
                cells[N - 1] = format!("{}…", begin(&cells[N - 1], room - 1));
            }
        }
    }

    /// Shortens the cells of the first column where the table is wider than this.
    pub(crate) fn narrow(&mut self, width: usize) {
        let others: usize = self.widths()[1..].iter().map(|column| GAP.len() + column).sum();
        let room = width.saturating_sub(others);
        for row in &mut self.rows {
            match row {
                Row::Cells { cells, .. } => cells[0] = shortened(&cells[0], room),
                Row::Text(text) => *text = shortened(text, width),
                Row::Rule => {}
            }
        }
    }

    /// Writes columns as wide as their widest cells, without trailing spaces.
    pub(crate) fn write(&self, out: &mut Output<impl Write>) -> io::Result<()> {
        let widths = self.widths();
        let whole = widths.iter().sum::<usize>() + GAP.len() * N.saturating_sub(1);
        for row in &self.rows {
            match row {
                Row::Rule => writeln!(out, "{:-<whole$}", "")?,
                Row::Text(text) => writeln!(out, "{text}")?,
                Row::Cells { cells, style } => {
                    let padded: Vec<String> = (0..N)
                        .map(|i| match self.columns[i] {
                            Align::Left => format!("{}{}", cells[i], spaces(&cells[i], widths[i])),
                            Align::Right => format!("{}{}", spaces(&cells[i], widths[i]), cells[i]),
                        })
                        .collect();
                    let line = out.styled(*style, padded.join(GAP).trim_end());
                    writeln!(out, "{line}")?;
                }
            }
        }
        Ok(())
    }

    fn widths(&self) -> [usize; N] {
        let mut widths = [0; N];
        for row in &self.rows {
            if let Row::Cells { cells, .. } = row {
                widths.iter_mut().zip(cells).for_each(|(width, cell)| *width = (*width).max(cell.width()));
            }
        }
        widths
    }
}

/// What fills a cell up to the width of its column.
fn spaces(cell: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(cell.width()))
}

/// The longest beginning of a text that is at most this wide. Chinese, Japanese and Korean characters and most emoji take two columns.
fn begin(text: &str, most: usize) -> &str {
    let mut width = 0;
    let end = text.char_indices().find(|(_, c)| {
        width += c.width().unwrap_or(0);
        width > most
    });
    &text[..end.map_or(text.len(), |(end, _)| end)]
}

/// The longest end of a text that is at most this wide.
fn end(text: &str, most: usize) -> &str {
    let mut width = 0;
    let before = text.char_indices().rev().find(|(_, c)| {
        width += c.width().unwrap_or(0);
        width > most
    });
    &text[before.map_or(0, |(at, c)| at + c.len_utf8())..]
}

/// A text that is at most this wide. Its first word is the most important: the end of the others goes first, and then the middle of
/// that word, since names differ at their ends.
fn shortened(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let (indent, rest) = text.split_at(text.len() - text.trim_start().len());
    let word = rest.split(' ').next().unwrap_or_default();
    if indent.len() + word.width() + 2 < most {
        return format!("{}…", begin(text, most - 1));
    }
    let kept = most.saturating_sub(indent.len() + 1).min(word.width());
    format!("{indent}{}…{}", begin(word, kept.div_ceil(2)), end(word, kept / 2))
}

/// A number with three digits and a unit: `15.5 G`.
pub(crate) fn rounded(number: u64) -> String {
    let mut unit = ["", " k", " M", " G", " T", " P", " E"].iter();
    let (mut value, mut suffix) = (number as f64, unit.next().unwrap_or(&""));
    // Rounded to three digits, 999.5 has four.
    while value >= 999.5
        && let Some(next) = unit.next()
    {
        (value, suffix) = (value / 1e3, next);
    }
    let digits = match value {
        _ if suffix.is_empty() => 0,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$}{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::written;

    fn table() -> Table<3> {
        let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
        table.head(["é", "1", "a"]);
        table.row(["long".into(), "100".into(), String::new()]);
        table
    }

    #[test]
    fn columns_are_aligned_and_lines_end_without_spaces() {
        assert_eq!(written(false, |out| table().write(out)), "é       1  a\n------------\nlong  100\n");
    }

    #[test]
    fn colours_do_not_change_the_columns() {
        let text = written(true, |out| table().write(out));
        assert_eq!(text, "\u{1b}[1mé       1  a\u{1b}[0m\n------------\nlong  100\n");
    }

    #[test]
    fn a_table_is_made_narrower_by_its_first_column() {
        let mut table = table();
        table.text("a text across all columns".to_owned());
        table.narrow(11);
        let text = written(false, |out| table.write(out));
        assert_eq!(text, "é      1  a\n-----------\nl…g  100\na text acr…\n");
    }

    #[test]
    fn a_last_column_may_be_cut_first() {
        let mut table = Table::new([Align::Left, Align::Left]);
        table.row(["name".into(), "a description".into()]);
        table.cut(13, 5);
        assert_eq!(written(false, |out| table.write(out)), "name  a desc…\n");
        table.cut(3, 5);
        table.narrow(10);
        assert_eq!(written(false, |out| table.write(out)), "n…e  a de…\n");
    }

    #[test]
    fn names_lose_their_middle_after_the_rest_has_lost_its_end() {
        for (text, most, expected) in [
            ("  denselayer12 dense_layer", 26, "  denselayer12 dense_layer"),
            ("  denselayer12 dense_layer", 21, "  denselayer12 dense…"),
            ("  denselayer12 dense_layer", 12, "  dense…er12"),
            ("abcdefgh", 5, "ab…gh"),
            ("éé…éé", 4, "éé…é"),
            ("abc", 0, "…"),
        ] {
            assert_eq!(shortened(text, most), expected);
        }
    }

    #[test]
    fn wide_signs_take_two_columns() {
        let mut table = Table::new([Align::Left, Align::Right]);
        table.row(["畳み込み".into(), "1".into()]);
        table.row(["conv".into(), "🐈".into()]);
        assert_eq!(written(false, |out| table.write(out)), "畳み込み   1\nconv      🐈\n");
        for (text, most, expected) in [("畳み込み", 8, "畳み込み"), ("畳み込み", 7, "畳…み"), ("畳み込み", 5, "畳…み")]
        {
            assert_eq!(shortened(text, most), expected);
        }
    }

    #[test]
    fn rounded_numbers_have_three_digits() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1.00 k"),
            (9_994, "9.99 k"),
            (9_995, "10.0 k"),
            (416_520, "417 k"),
            (999_499, "999 k"),
            (999_500, "1.00 M"),
            (15_470_264_320, "15.5 G"),
            (u64::MAX, "18.4 E"),
        ] {
            assert_eq!(rounded(number), expected);
        }
    }
}
