//! The size of a block and of its text.

use crate::layout::{LETTER, Rect, SMALL, TEXT};
use crate::model::{Item, Label, Letter, Unit};
use crate::options::Detail;
use crate::text::{bold_width, count, width, wrap, wrap_bold};
use crate::theme::Kind;
use cnn_net::text::thousands;

/// The front of a block.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    /// Decides the fill; `None` for ports.
    pub(crate) kind: Option<Kind>,
    pub(crate) lines: Vec<Line>,
    /// The number of blocks in the pile, including the front one.
    pub(crate) pile: usize,
    /// Its size without stretching.
    pub(crate) size: [f32; 2],
}

/// A line of words.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) bold: bool,
    pub(crate) size: f32,
    /// Whether the mark of its kind precedes it.
    pub(crate) marked: bool,
}

/// The side of a mark, and the space after it.
pub(crate) const MARK: f32 = 10.0;
pub(crate) const AFTER_MARK: f32 = 4.0;
/// Height of a line of words.
pub(crate) const LINE: f32 = 12.5;
/// Between words and the edge of their block.
const PAD: f32 = 6.0;
/// Narrower blocks would look like lines.
const NARROWEST: f32 = 56.0;
/// Names on blocks are broken into lines of at most this width.
const WIDEST: f32 = 110.0;
/// How far each block of a pile sticks out.
pub(crate) const SHEET: f32 = 3.0;

impl Line {
    pub(super) fn head(text: &str) -> Self {
        Self { text: text.to_owned(), bold: true, size: TEXT, marked: false }
    }

    pub(super) fn small(text: String) -> Self {
        Self { text, bold: false, size: SMALL, marked: false }
    }

    pub(crate) fn width(&self) -> f32 {
        let words = if self.bold { bold_width(&self.text, self.size) } else { width(&self.text, self.size) };
        if self.marked { words + MARK + AFTER_MARK } else { words }
    }
}

/// The width of a letter.
pub(crate) fn letter_width(letter: &Letter) -> f32 {
    (bold_width(letter.short, SMALL - 1.0) + 7.0).max(LETTER + 1.0)
}

/// The width of letters side by side.
pub(super) fn letters_width(letters: &[Letter]) -> f32 {
    letters.iter().map(|letter| letter_width(letter) + 2.0).sum::<f32>()
}

impl Face {
    /// The front of a port.
    pub(super) fn port(label: &Label) -> Self {
        let lines = wrap(&label.head, SMALL, WIDEST).into_iter().chain(label.lines.iter().cloned());
        Self::new(None, lines.map(Line::small).collect(), &[], 1)
    }

    /// The front of a layer.
    pub(super) fn layer(label: &Label, item: &Item, detail: Detail) -> Self {
        let head = Line { marked: true, ..Line::head(&label.head) };
        let mut lines = vec![head];
        lines.extend(label.lines.iter().cloned().map(Line::small));
        if item.names.len() > 1 {
            lines.extend(pile_lines(item, detail == Detail::Full));
        }
        Self::new(Some(label.kind), lines.into_iter().chain(cost(item, detail)).collect(), &item.letters, pile(item))
    }

    /// The front of calls of a block that is drawn elsewhere.
    pub(super) fn unit(unit: &Unit, item: &Item, detail: Detail) -> Self {
        let name = unit.block.replace('_', " ");
        let mut lines: Vec<Line> = wrap_bold(&name, TEXT, 80.0).iter().map(|line| Line::head(line)).collect();
        // Within a stage, the position says as much as a number.
        let ends_in_a_word = item.names.last().is_some_and(|name| !name.ends_with(|last: char| last.is_ascii_digit()));
        lines.extend(pile_lines(item, detail == Detail::Full || ends_in_a_word));
        lines.extend(cost(item, detail));
        Self::new(Some(Kind::Block), lines, &item.letters, pile(item))
    }

    fn new(kind: Option<Kind>, lines: Vec<Line>, letters: &[Letter], pile: usize) -> Self {
        let widest = lines.iter().map(Line::width).fold(letters_width(letters), f32::max);
        let below = if letters.is_empty() { 0.0 } else { LETTER + 4.0 };
        let height = PAD + lines.len() as f32 * LINE + below + PAD - 1.0;
        let depth = SHEET * (pile - 1) as f32;
        Self { kind, lines, pile, size: [(widest + 2.0 * PAD).max(NARROWEST) + depth, height + depth] }
    }

    /// The front block of a pile; the others stick out above and to the right.
    pub(crate) fn front(&self, rect: Rect) -> Rect {
        let depth = SHEET * (self.pile - 1) as f32;
        Rect { y: rect.y + depth, width: rect.width - depth, height: rect.height - depth, ..rect }
    }
}

/// The parameters of an item, in drawings with all numbers.
fn cost(item: &Item, detail: Detail) -> Option<Line> {
    let is_shown = detail == Detail::Full && item.parameters > 0;
    is_shown.then(|| Line::small(count(item.parameters, "param")))
}

/// How many blocks of a pile are drawn.
fn pile(item: &Item) -> usize {
    item.names.len().min(3)
}

/// The names of equal layers, calls or copies, and how many there are.
fn pile_lines(item: &Item, named: bool) -> Vec<Line> {
    let names = if named { wrap(&call_names(&item.names), SMALL, WIDEST) } else { Vec::new() };
    let mut lines: Vec<Line> = names.into_iter().map(Line::small).collect();
    if item.names.len() > 1 {
        lines.push(Line::head(&format!("× {}", thousands(item.names.len() as u64))));
    }
    lines
}

/// `layer1.1–2, layer2.1–3`: the names of calls, without the groups that all of them share.
pub(super) fn call_names(calls: &[String]) -> String {
    let calls: Vec<Called<'_>> = calls.iter().map(|call| Called::new(call)).collect();
    let shared = shared_groups(&calls);
    let mut names: Vec<String> = Vec::new();
    let mut before = None;
    for run in calls.chunk_by(Called::goes_on) {
        let (first, last) = (run[0], run[run.len() - 1]);
        // Further numbers under the same name don't repeat it.
        let name = if before == Some((first.group, first.stem)) && first.number.is_some() {
            String::new()
        } else {
            first.within(shared) + first.stem
        };
        let number = first.number.map(|number| number.to_string()).unwrap_or_default();
        let until = last.number.filter(|_| run.len() > 1).map(|number| format!("–{number}")).unwrap_or_default();
        names.push(name + &number + &until);
        before = Some((first.group, first.stem));
    }
    names.join(", ")
}

/// How many outer groups all calls share. A number keeps the word before it.
fn shared_groups(calls: &[Called<'_>]) -> usize {
    let is_number = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let first: Vec<&str> = calls.first().map(Called::parts).unwrap_or_default();
    let same = |call: &Called<'_>| call.parts().iter().zip(&first).take_while(|(a, b)| a == b).count();
    let mut shared = calls.iter().map(same).min().unwrap_or(0);
    let next_is_number = |shared: usize| {
        calls.iter().any(|call| call.parts().get(shared).map_or(call.stem.is_empty(), |part| is_number(part)))
    };
    while shared > 0 && next_is_number(shared) {
        shared -= 1;
    }
    shared
}

/// A call's name taken apart: `layer1.block2` is `layer1`, `block`, 2.
#[derive(Clone, Copy)]
struct Called<'a> {
    group: &'a str,
    stem: &'a str,
    number: Option<u64>,
}

impl<'a> Called<'a> {
    fn new(name: &'a str) -> Self {
        let (group, last) = name.rsplit_once('.').unwrap_or(("", name));
        let stem = last.trim_end_matches(|c: char| c.is_ascii_digit());
        match last[stem.len()..].parse() {
            Ok(number) => Self { group, stem, number: Some(number) },
            Err(_) => Self { group, stem: last, number: None },
        }
    }

    /// The names of the groups around it.
    fn parts(&self) -> Vec<&'a str> {
        self.group.split('.').filter(|part| !part.is_empty()).collect()
    }

    /// The groups around it without the first `shared` ones, each with a dot: `deep.0.`.
    fn within(&self, shared: usize) -> String {
        self.parts().iter().skip(shared).map(|part| format!("{part}.")).collect()
    }

    /// Whether `next` has the next number.
    fn goes_on(&self, next: &Self) -> bool {
        let is_next = self.number.zip(next.number).is_some_and(|(number, next)| next == number + 1);
        is_next && self.group == next.group && self.stem == next.stem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_named_by_what_differs() {
        let names = |calls: &[&str]| call_names(&calls.iter().map(|call| (*call).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["layer1.1", "layer1.2", "layer2.1"]), "layer1.1–2, layer2.1");
        assert_eq!(names(&["features.denseblock1.denselayer1", "features.denseblock1.denselayer2"]), "denselayer1–2");
        assert_eq!(names(&["a.dense1", "a.dense2", "x.b.dense1"]), "a.dense1–2, x.b.dense1");
        assert_eq!(names(&["s.a.body.0", "s.a.body.1", "s.b.body.0"]), "a.body.0–1, b.body.0");
        assert_eq!(names(&["body.0", "body.1", "alone"]), "body.0–1, alone");
        assert_eq!(names(&["inception3a", "inception3b"]), "inception3a, inception3b");
        // The ones in between are other blocks.
        assert_eq!(names(&["features.2", "features.4", "features.5", "features.7"]), "features.2, 4–5, 7");
        assert_eq!(names(&["net.deep.0.0", "net.deep.0.1", "net.deep.1.0"]), "deep.0.0–1, deep.1.0");
        assert_eq!(names(&["fire2", "fire3", "fire5"]), "fire2–3, 5");
        assert_eq!(names(&["1", "3"]), "1, 3");
    }
}
