//! Frames around stages, which are found by what the names of layers have in common.
//!
//! A stage is a group of the declaration (`layer1` of `layer1.0`, `layer1.1`), or layers whose names differ only in their last
//! part: `conv3_1` and `conv3_2`, `inception4a` and `inception4b`.

use std::ops::Range;

use super::{Chain, Frame};

/// Frames the stages of a net.
pub(super) fn frame_stages(trunk: &mut Chain) {
    let mut slots: Vec<Range<usize>> = Vec::new();
    // Items in a frame belong together already; outer frames come later.
    for index in 0..trunk.items.len() {
        if slots.last().is_some_and(|slot| slot.contains(&index)) {
            continue;
        }
        let frame = trunk.frames.iter().rev().find(|frame| frame.range.contains(&index));
        slots.push(frame.map_or(index..index + 1, |frame| frame.range.clone()));
    }
    let key = |slot: &Range<usize>| stage(&trunk.items[slot.start].path);
    let frames = slots.chunk_by(|a, b| key(a).is_some() && key(a) == key(b)).filter_map(|run| {
        let range = run.first()?.start..run.last()?.end;
        let several = trunk.items[range.start].names.len() > 1;
        let label = key(run.first()?)?.rsplit('.').next()?.to_owned();
        (run.len() > 1 || several).then_some(Frame { label, range })
    });
    let frames: Vec<Frame> = frames.collect();
    trunk.frames.extend(frames);
}

/// The stage that a name belongs to.
fn stage(name: &str) -> Option<&str> {
    if let Some((group, _)) = name.rsplit_once('.') {
        return Some(group);
    }
    let letter = name.strip_suffix(|last: char| last.is_ascii_lowercase());
    if let Some(before) = letter.filter(|before| before.ends_with(|last: char| last.is_ascii_digit())) {
        return Some(before);
    }
    let (before, last) = name.rsplit_once('_')?;
    (!before.is_empty() && last.chars().all(|c| c.is_ascii_digit())).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_is_a_group_or_what_names_have_in_common() {
        for (name, expected) in [
            ("layer1.0", Some("layer1")),
            ("features.denseblock1.denselayer1", Some("features.denseblock1")),
            ("inception3a", Some("inception3")),
            ("conv3_1", Some("conv3")),
            ("conv1", None),
            ("fc", None),
            ("logits", None),
            ("12", None),
        ] {
            assert_eq!(stage(name), expected, "{name}");
        }
    }
}
