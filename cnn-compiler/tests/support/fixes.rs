//! The fixes that messages propose, applied to the source.

use std::ops::Range;

use cnn_compiler::report::{Edit, Place, Side};
use proc_macro2::{TokenStream, TokenTree};

/// A mistake in a source.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The text of the message.
    pub(crate) message: String,
    /// Where it is shown.
    pub(crate) at: Range<usize>,
    /// The changes that it proposes.
    pub(crate) fixes: Vec<Vec<Change>>,
}

/// Text in place of a part of the source.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    at: Range<usize>,
    text: String,
}

/// The mistakes in a source. None if it has no tokens.
pub(crate) fn mistakes(source: &str) -> Option<Vec<Found>> {
    let report = cnn_compiler::check(source.parse::<TokenStream>().ok()?);
    let found = report.mistakes().iter().map(|mistake| Found {
        message: mistake.error().to_string(),
        at: mistake.error().span().byte_range(),
        fixes: match written(&mistake.error().to_string()) {
            Some(text) => vec![vec![Change { at: mistake.error().span().byte_range(), text }]],
            None => mistake.fixes().iter().map(|fix| fix.iter().map(change).collect()).collect(),
        },
    });
    Some(found.collect())
}

/// The parser's proposal for a token, which is only in the text of its message.
fn written(message: &str) -> Option<String> {
    let (_, after) = ["is written `", "without quotes, `"].iter().find_map(|words| message.split_once(words))?;
    Some(after.split('`').next()?.to_owned())
}

fn change(edit: &Edit) -> Change {
    let Range { start, end } = range(edit.place);
    let at = match edit.side {
        Side::Before => start..start,
        Side::Instead => start..end,
        Side::After => end..end,
    };
    Change { at, text: edit.text.clone() }
}

fn range(place: Place) -> Range<usize> {
    let [first, last] = place.ends();
    first.byte_range().start..last.byte_range().end
}

/// A source with a fix applied.
pub(crate) fn apply(source: &str, fix: &[Change]) -> String {
    let mut source = source.to_owned();
    for Change { at, text } in sorted(fix).into_iter().rev() {
        source.replace_range(at.clone(), text);
    }
    source
}

fn sorted(fix: &[Change]) -> Vec<&Change> {
    let mut changes: Vec<&Change> = fix.iter().collect();
    changes.sort_by_key(|change| change.at.start);
    changes
}

/// Tries a fix for a mistake; the error says what is wrong with it.
pub(crate) fn try_fix(source: &str, before: &[Found], mistake: &Found, fix: &[Change]) -> Result<(), String> {
    let fixed = apply(source, fix);
    let Some(after) = mistakes(&fixed) else { return Err(format!("these are no tokens:\n{fixed}")) };
    let at = moved(&mistake.at, fix);
    let overlaps = |found: &&Found, place: &Range<usize>| found.at.start < place.end && place.start < found.at.end;
    if after.iter().any(|found| first_line(found) == first_line(mistake) && overlaps(&found, &at)) {
        return Err(format!("the mistake is still there:\n{fixed}"));
    }
    // If a call was wrong, its shapes were not checked.
    let matters = |found: &&Found| is_of_shapes(mistake) || !is_of_shapes(found);
    let is_new = |found: &&Found| !before.iter().any(|old| first_line(old) == first_line(found));
    let places: Vec<Range<usize>> = fix.iter().map(|change| moved(&change.at, fix)).chain([at]).collect();
    let is_there = |found: &&Found| places.iter().any(|place| overlaps(found, place));
    match after.iter().filter(is_new).filter(matters).find(is_there) {
        Some(found) => Err(format!("{}\nin\n{fixed}", found.message)),
        None => Ok(()),
    }
}

/// Whether a mistake is in how layers fit each other.
fn is_of_shapes(found: &Found) -> bool {
    let words = [
        "does not fit an input",
        " gives ",
        "the net's output",
        "does not divide",
        "expected feature maps",
        "expected a pad smaller",
        "nothing but padding",
        "too large",
        "are both called",
    ];
    words.iter().any(|words| first_line(found).contains(words))
}

fn first_line(found: &Found) -> &str {
    found.message.lines().next().unwrap_or_default()
}

/// Where a part of the source is after a fix, including insertions at its ends.
fn moved(part: &Range<usize>, fix: &[Change]) -> Range<usize> {
    let (mut start, mut end) = (part.start as isize, part.end as isize);
    for Change { at, text } in sorted(fix) {
        let longer = text.len() as isize - at.len() as isize;
        if at.end < part.start || at.end == part.start && at.start < part.start {
            start += longer;
        }
        if at.end <= part.end {
            end += longer;
        }
    }
    start.max(0) as usize..end.max(0) as usize
}

/// The sources of all `network!` in a file of Rust.
pub(crate) fn invocations(file: &str) -> Vec<String> {
    let Ok(tokens) = file.parse::<TokenStream>() else { return Vec::new() };
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let inside = |window: &[TokenTree]| match window {
        [TokenTree::Ident(name), TokenTree::Punct(_), TokenTree::Group(group)] if name == "network" => {
            let range = group.span_open().byte_range().end..group.span_close().byte_range().start;
            file.get(range).map(str::to_owned)
        }
        _ => None,
    };
    tokens.windows(3).filter_map(inside).collect()
}
