//! Runs of the same single layer: `[conv(8, 3x3, pad = 1); 200]` is one item.

use super::groups::follows;
use super::{Chain, Frame, Item, What};

/// This many calls, copies or layers without a name become one item. Fewer are just as easily drawn.
const CALLED: usize = 3;
/// The same for layers with numbered names. What a declaration names one by one, such as the stages of a VGG, is drawn one by
/// one.
const NAMED: usize = 5;

/// Folds runs of equal layers in a chain and in its branches.
pub(super) fn fold_repeats(chain: &mut Chain) {
    let Chain { items, frames } = std::mem::take(chain);
    let mut ranges = Vec::new();
    let mut start = 0;
    while start < items.len() {
        let more =
            (start + 1..items.len()).take_while(|next| goes_on(&items[*next - 1], &items[*next], *next, &frames));
        let end = start + 1 + more.count();
        if end - start >= enough(&items[start]) {
            ranges.push(start..end);
        } else {
            ranges.extend((start..end).map(|index| index..index + 1));
        }
        start = end;
    }
    // The new index of an item.
    let place = |index: usize| ranges.partition_point(|range| range.end <= index);
    chain.frames = frames
        .into_iter()
        .map(|frame| Frame { range: place(frame.range.start)..place(frame.range.end), ..frame })
        .collect();
    let mut items = items.into_iter();
    for range in &ranges {
        let mut piled = items.by_ref().take(range.len());
        chain.items.extend(piled.next().map(|first| {
            piled.fold(first, |mut first, next| {
                first.pile(next);
                first
            })
        }));
    }
    for item in &mut chain.items {
        if let What::Merge(_, branches) = &mut item.what {
            branches.iter_mut().for_each(fold_repeats);
        }
    }
}

/// Whether an item is the same single layer as the one before it, and in the same frames.
fn goes_on(before: &Item, item: &Item, index: usize, frames: &[Frame]) -> bool {
    let is_layer = |item: &Item| matches!(item.what, What::Layer(_)) && item.names.len() == 1;
    is_layer(before)
        && is_layer(item)
        && before.exact == item.exact
        && before.exits.is_empty()
        && (before.is_called && item.is_called || follows(&before.names[0], &item.names[0]))
        && frames.iter().all(|frame| frame.range.contains(&(index - 1)) == frame.range.contains(&index))
}

fn enough(item: &Item) -> usize {
    let last = item.names.first().and_then(|name| name.rsplit('.').next());
    let has_no_name = last.is_some_and(|last| last.chars().all(|c| c.is_ascii_digit()));
    if item.is_called || has_no_name { CALLED } else { NAMED }
}
