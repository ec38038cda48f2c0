//! Columns of text.

use std::io::{self, Write};

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
    Cells([String; N]),
    Rule,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(columns: [Align; N]) -> Self {
        Self { columns, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: [String; N]) {
        self.rows.push(Row::Cells(cells));
    }

    /// A line across the table.
    pub(crate) fn rule(&mut self) {
        self.rows.push(Row::Rule);
    }

    /// Writes columns as wide as their widest cells, without trailing spaces.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let widths = self.widths();
        let whole = widths.iter().sum::<usize>() + GAP.len() * N.saturating_sub(1);
        for row in &self.rows {
            match row {
                Row::Rule => writeln!(out, "{:-<whole$}", "")?,
                Row::Cells(cells) => {
                    let padded: Vec<String> = (0..N)
                        .map(|i| match self.columns[i] {
                            Align::Left => format!("{:<1$}", cells[i], widths[i]),
                            Align::Right => format!("{:>1$}", cells[i], widths[i]),
                        })
                        .collect();
                    writeln!(out, "{}", padded.join(GAP).trim_end())?;
                }
            }
        }
        Ok(())
    }

    fn widths(&self) -> [usize; N] {
        let mut widths = [0; N];
        for row in &self.rows {
            if let Row::Cells(cells) = row {
                widths.iter_mut().zip(cells).for_each(|(width, cell)| *width = (*width).max(cell.chars().count()));
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_end_without_spaces() {
        let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
        table.row(["é".into(), "1".into(), "a".into()]);
        table.rule();
        table.row(["long".into(), "100".into(), String::new()]);
        let mut text = Vec::new();
        table.write(&mut text).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "é       1  a\n------------\nlong  100\n");
    }
}
