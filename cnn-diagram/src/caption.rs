//! The surroundings of a drawing: its caption, and the legend of what is in it.

use std::collections::BTreeSet;

use cnn_net::graph::{Graph, Input};

use crate::draw::{mark, pill};
use crate::layout::{LETTER, MARGIN, Rect, SMALL, TEXT, letter_width};
use crate::model::{Letter, Picture};
use crate::sheet::Shape;
use crate::text::{count, times, width, wrap, wrap_bold};
use crate::theme::{Kind, Paint};

/// Size of the net's name.
const NAME: f32 = 16.0;
/// Between the base lines of a caption.
const LEADING: f32 = 15.0;

/// The paper at the start of a net's doc comment: `LeNet-5 (LeCun et al., 1998)` of `LeNet-5 (LeCun et al., 1998): two
/// convolutions, …`. Without one, the first sentence.
#[must_use]
pub fn paper(doc: &str) -> String {
    let doc = doc.split("\n\n").next().unwrap_or_default();
    let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut depth, mut quoted, mut coded) = (0, false, false);
    for (at, character) in doc.char_indices() {
        let (before, after) = (&doc[..at], &doc[at + character.len_utf8()..]);
        let is_open = depth > 0 || quoted;
        match character {
            '`' => coded = !coded,
            _ if coded => {}
            '"' => quoted = !quoted,
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            // A number may contain a point.
            ':' | '.' | ',' | ';' if is_open || after.starts_with(|next: char| !next.is_whitespace()) => {}
            ':' | ';' => return plain(before),
            '.' if ends_sentence(before, after.trim_start()) => return plain(before),
            ',' if ends_paper(before) => return plain(before),
            _ => {}
        }
    }
    plain(&doc)
}

/// Whether a full stop after `before` ends a sentence rather than an abbreviation.
fn ends_sentence(before: &str, after: &str) -> bool {
    let last = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let is_short = last.chars().count() == 1 || last.contains('.') || ["al", "cf", "etc", "vs"].contains(&last);
    let goes_on = after.starts_with(|next: char| next.is_lowercase() || next.is_numeric() || next == '(');
    after.is_empty() || (!goes_on && !is_short)
}

/// Whether a comma after `before` ends a paper, whose year is in parentheses.
fn ends_paper(before: &str) -> bool {
    let paper = before.strip_suffix(')').and_then(|text| text.rsplit_once('('));
    let is_year = |word: &str| word.len() == 4 && word.chars().all(|c| c.is_ascii_digit());
    paper.is_some_and(|(_, inside)| inside.split(|c: char| !c.is_alphanumeric()).any(is_year))
}

/// The text without Markdown's markup.
fn plain(text: &str) -> String {
    text.replace(['`', '[', ']', '*'], "")
}

/// The lines below a net's name.
fn lines(graph: &Graph<'_>) -> Vec<String> {
    let depth = graph.depth();
    let layers = format!(
        "{}: {}, {} fully connected",
        count(depth.layers() as u64, "layer"),
        count(depth.convolutions as u64, "convolution"),
        depth.fully_connected,
    );
    let numbers = [inputs(graph), layers, count(graph.parameters(), "parameter"), count(graph.macs(), "MAC")];
    [paper(graph.doc), numbers.join(" · ")].into_iter().filter(|line| !line.is_empty()).collect()
}

/// `input 3×224×224`; of several, `inputs left 1×16×16, right 2×8×8`
fn inputs(graph: &Graph<'_>) -> String {
    let name = |input: &Input<'_>| format!("{} {}", input.name, times(input.shape));
    match graph.inputs {
        [only] => format!("input {}", times(only.shape)),
        several => format!("inputs {}", several.iter().map(name).collect::<Vec<_>>().join(", ")),
    }
}

/// The caption of a net; returns where the page continues.
pub(crate) fn caption(graph: &Graph<'_>, most: f32) -> (Vec<Shape>, f32) {
    let mut y = MARGIN - 5.0;
    let mut shapes = Vec::new();
    for line in wrap_bold(graph.name, NAME, most - 2.0 * MARGIN) {
        y += NAME + 2.0;
        shapes.push(Shape::text(MARGIN, y, NAME, line).bold());
    }
    for text in lines(graph) {
        for line in wrap(&text, TEXT, most - 2.0 * MARGIN) {
            y += LEADING;
            shapes.push(Shape::text(MARGIN, y, TEXT, line).fill(Paint::Muted));
        }
    }
    (shapes, y + 18.0)
}

/// An entry of a legend.
enum Entry {
    Kind(Kind),
    Letter(Letter),
}

impl Entry {
    fn text(&self) -> &'static str {
        match self {
            Self::Kind(kind) => kind.name(),
            Self::Letter(letter) => letter.long,
        }
    }

    fn swatch_width(&self) -> f32 {
        match self {
            Self::Kind(_) => SWATCH,
            Self::Letter(letter) => letter_width(letter),
        }
    }

    fn shape(&self, x: f32, y: f32) -> Shape {
        match self {
            Self::Kind(kind) => {
                let ground = Shape::rect(x, y, SWATCH, SWATCH).rounded(3.0).fill(Paint::Kind(*kind));
                Shape::group().with(ground.stroke(Paint::Ink, 1.0)).with(mark(*kind, x + 4.0, y + 4.0))
            }
            Self::Letter(letter) => {
                let height = LETTER;
                pill(letter, Rect { x, y: y + (SWATCH - height) / 2.0, width: letter_width(letter), height })
            }
        }
    }
}

/// The side of the square that shows a kind.
const SWATCH: f32 = 18.0;

/// The kinds of layers in a drawing, letters aside.
pub(crate) fn kinds(picture: &Picture) -> BTreeSet<Kind> {
    let mut kinds = BTreeSet::new();
    each(picture, &mut |item| kinds.extend(item.kind()));
    each(picture, &mut |item| {
        if item.exits.iter().any(|exit| exit.label.is_some()) {
            kinds.insert(Kind::Auxiliary);
        }
    });
    kinds
}

/// The letters in a drawing.
pub(crate) fn letters(picture: &Picture) -> BTreeSet<Letter> {
    let mut letters = BTreeSet::new();
    each(picture, &mut |item| letters.extend(item.letters.iter().cloned()));
    letters
}

fn each<'a>(picture: &'a Picture, see: &mut impl FnMut(&'a crate::model::Item)) {
    let insets = picture.insets.iter().map(|inset| &inset.chain);
    std::iter::once(&picture.trunk).chain(insets).for_each(|chain| chain.each(see));
}

/// The legend of a drawing, below a line of the page; returns where the page ends.
pub(crate) fn legend(picture: &Picture, most: f32, top: f32) -> (Shape, f32) {
    let kinds = kinds(picture);
    // A batch normalisation has the same name as a letter and as a block.
    let letters = letters(picture).into_iter();
    let letters = letters.filter(|letter| letter.kind != Kind::BatchNorm || !kinds.contains(&letter.kind));
    entries(kinds.iter().copied().map(Entry::Kind).chain(letters.map(Entry::Letter)), most, top)
}

/// A legend of kinds.
pub(crate) fn legend_of(kinds: &BTreeSet<Kind>, most: f32, top: f32) -> (Shape, f32) {
    entries(kinds.iter().copied().map(Entry::Kind), most, top)
}

fn entries(entries: impl Iterator<Item = Entry>, most: f32, top: f32) -> (Shape, f32) {
    let (mut x, mut y) = (MARGIN, top);
    let mut group = Shape::group().set("class", "legend");
    for entry in entries {
        let wide = entry.swatch_width() + 5.0 + width(entry.text(), SMALL) + 14.0;
        if x > MARGIN && x + wide > most - MARGIN + 14.0 {
            (x, y) = (MARGIN, y + SWATCH + 6.0);
        }
        group = group.with(entry.shape(x, y));
        group = group.with(Shape::text(x + entry.swatch_width() + 5.0, y + 12.8, SMALL, entry.text()));
        x += wide;
    }
    (group, y + SWATCH + MARGIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paper_is_what_a_doc_comment_begins_with() {
        let doc = "LeNet-5 (LeCun & others,\n\"On 5.5: what\", 1998): two [convolutions](x).\n\nMore.";
        assert_eq!(paper(doc), "LeNet-5 (LeCun & others, \"On 5.5: what\", 1998)");
        assert_eq!(paper("A small net with 1.5 layers. It learns."), "A small net with 1.5 layers");
        assert_eq!(paper("VGG (Simonyan, ICLR 2015), column D of a table."), "VGG (Simonyan, ICLR 2015)");
        for whole in [
            "Two convolutions, a pooling, and two layers",
            "A net for 1, 2 or 1,000 classes",
            "A net (small, cheap), for digits",
            "The net of LeCun et al. 1998, after Y. LeCun, i.e. `a: b` and [this](x)",
        ] {
            assert_eq!(paper(&format!("{whole}. More of it.")), plain(whole));
            assert_eq!(paper(whole), plain(whole));
        }
        assert_eq!(paper(""), "");
    }
}
