//! What stands around a drawing: its caption, and the legend of what is in it.

use std::collections::BTreeSet;

use cnn_runtime::graph::Graph;

use crate::draw::{mark, pill};
use crate::layout::{LETTER, MARGIN, Rect, SMALL, TEXT, letter_width};
use crate::model::{Letter, Picture};
use crate::sheet::Shape;
use crate::text::{count, thousands, times, width, wrap};
use crate::theme::{Kind, Paint};

/// Size of the net's name.
const NAME: f32 = 16.0;
/// Between the base lines of a caption.
const LEADING: f32 = 15.0;

/// The paper that a net's doc comment begins with: `LeNet-5 (LeCun et al., 1998)` of `LeNet-5 (LeCun et al., 1998): two
/// convolutions, …`; or its first sentence.
pub fn paper(doc: &str) -> String {
    let doc = doc.split("\n\n").next().unwrap_or_default();
    let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut depth = 0;
    let mut quoted = false;
    for (at, character) in doc.char_indices() {
        let next = doc[at + character.len_utf8()..].chars().next();
        match character {
            '"' => quoted = !quoted,
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            // A stop ends the sentence where nothing is open; a number may have a point.
            ':' | '.' | ',' | ';' if depth <= 0 && !quoted && next.is_none_or(char::is_whitespace) => {
                return plain(&doc[..at]);
            }
            _ => {}
        }
    }
    plain(&doc)
}

/// Without the signs of Markdown.
fn plain(text: &str) -> String {
    text.replace(['`', '[', ']', '*'], "")
}

/// The lines below a net's name.
fn lines(graph: &Graph<'_>) -> Vec<String> {
    let depth = graph.depth();
    let layers = format!(
        "{}: {}, {} fully connected",
        count(depth.layers(), "layer"),
        count(depth.convolutions, "convolution"),
        depth.fully_connected,
    );
    let numbers = [
        format!("input {}", times(graph.input)),
        layers,
        format!("{} parameters", thousands(graph.parameters())),
        format!("{} MACs", thousands(graph.macs())),
    ];
    [paper(graph.doc), numbers.join(" · ")].into_iter().filter(|line| !line.is_empty()).collect()
}

/// The caption of a net; returns where the page goes on.
pub(crate) fn caption(graph: &Graph<'_>, most: f32) -> (Vec<Shape>, f32) {
    let mut y = MARGIN + NAME - 3.0;
    let mut shapes = vec![Shape::text(MARGIN, y, NAME, graph.name).bold()];
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

/// The kinds of layers that a drawing has, letters aside.
pub(crate) fn kinds(picture: &Picture) -> BTreeSet<Kind> {
    let mut kinds = BTreeSet::new();
    each(picture, &mut |item| kinds.extend(item.kind()));
    if !picture.heads.is_empty() {
        kinds.insert(Kind::Auxiliary);
    }
    kinds
}

/// The letters that a drawing has.
pub(crate) fn letters(picture: &Picture) -> BTreeSet<Letter> {
    let mut letters = BTreeSet::new();
    each(picture, &mut |item| letters.extend(item.letters.iter().cloned()));
    letters
}

fn each<'a>(picture: &'a Picture, see: &mut impl FnMut(&'a crate::model::Item)) {
    let insets = picture.insets.iter().map(|inset| &inset.chain);
    let heads = picture.heads.iter().map(|head| &head.chain);
    std::iter::once(&picture.trunk).chain(insets).chain(heads).for_each(|chain| chain.each(see));
}

/// The legend of what a drawing has, below a line of the page; returns where the page ends.
pub(crate) fn legend(picture: &Picture, most: f32, top: f32) -> (Shape, f32) {
    let kinds = kinds(picture);
    // A batch normalisation is called the same on a block and as a block of its own.
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
        assert_eq!(paper(""), "");
    }
}
