//! Mistakes in a Rust file, as rustc shows them: the place, the line, and what to do.

use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use cnn_compiler::file::Wrong;

use super::{printable, shown};
use crate::colours::Colours;

/// The most mistakes that are shown.
const MOST: usize = 50;

/// The mistakes in the text of a file, each with its lines.
pub(super) fn rendered(path: &Path, text: &str, mistakes: &[Wrong], colours: Colours) -> String {
    let renderer = if colours.0 { Renderer::styled() } else { Renderer::plain() };
    let path = shown(path);
    let shown: Vec<String> =
        mistakes.iter().take(MOST).map(|wrong| renderer.render(&[group(&path, text, wrong)])).collect();
    let more = match mistakes.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!("\n\nand {more} more mistakes"),
    };
    shown.join("\n\n") + &more
}

fn group<'a>(path: &'a str, text: &'a str, wrong: &Wrong) -> Group<'a> {
    let (wrong_text, help) = wrong.text.split_once("\nhelp: ").unwrap_or((&wrong.text, ""));
    let (title, details) = wrong_text.split_once('\n').unwrap_or((wrong_text, ""));
    let place = AnnotationKind::Primary.span(wrong.place.clone());
    let mut group =
        Level::ERROR.primary_title(printable(title)).element(Snippet::source(text).path(path).annotation(place));
    if !details.is_empty() {
        group = group.element(Level::NOTE.message(lines(details)));
    }
    if !help.is_empty() {
        group = group.element(Level::HELP.message(lines(help)));
    }
    group
}

/// Several lines, each without its indentation.
fn lines(of: &str) -> String {
    of.lines().map(|line| printable(line.trim())).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_has_its_place_its_line_and_help() {
        let text = "// ü\nnetwork! {\n    Net: 1x4x4 -> 3 { conv(0, 3x3); }\n}\n";
        let place = text.find('0').map_or(0..0, |at| at..at + 1);
        let wrong = Wrong { place, text: "no filters\n  in a net\nhelp: at least 1".to_owned() };
        let expected = "error: no filters
 --> net.rs:3:28
  |
3 |     Net: 1x4x4 -> 3 { conv(0, 3x3); }
  |                            ^
  |
  = note: in a net
  = help: at least 1";
        assert_eq!(rendered(Path::new("net.rs"), text, &[wrong], Colours(false)), expected);
    }
}
