//! Nothing overlaps, is cut off, or crosses.

use cnn_diagram::{Detail, Options};
use roxmltree::{Document, Node};

use super::follow;
use super::geometry::{Area, area, blocks, holds, meet, page, text_area, whole_area, wires};
use super::support::{NETS, drawn, ways};

fn shrunk([left, top, right, bottom]: Area, by: f32) -> Area {
    [left + by, top + by, right - by, bottom - by]
}

fn words<'a>(document: &'a Document<'a>) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(|node| node.has_tag_name("text"))
}

/// Checks everything that must hold for the layout of any drawing.
pub(crate) fn check(what: &str, document: &Document<'_>) {
    blocks_do_not_overlap(what, document);
    wires_cross_no_block_and_no_word(what, document);
    everything_is_on_the_page(what, document);
    words_are_in_their_block_or_outside_of_all_blocks(what, document);
    words_do_not_overlap(what, document);
    frames_hold_what_is_in_them(what, document);
}

#[test]
fn nets_are_drawn_without_overlaps() {
    for graph in NETS {
        for way in ways() {
            let what = format!("{} {way:?}", graph.name);
            drawn(graph, &way, |document| {
                check(&what, document);
                follow::check(&what, graph, way.detail, document);
            });
        }
    }
}

fn blocks_do_not_overlap(what: &str, document: &Document<'_>) {
    let areas: Vec<(Option<&str>, Area)> = blocks(document).map(|b| (b.attribute("id"), whole_area(b))).collect();
    for (index, (a, area)) in areas.iter().enumerate() {
        for (b, other) in &areas[index + 1..] {
            assert!(!meet(*area, *other), "{what}: {a:?} {area:?} and {b:?} {other:?}");
        }
    }
}

fn wires_cross_no_block_and_no_word(what: &str, document: &Document<'_>) {
    let segments: Vec<Area> = wires(document).iter().flat_map(|wire| wire.segments().collect::<Vec<_>>()).collect();
    assert!(!segments.is_empty());
    let crosses = |area: Area| segments.iter().find(|segment| meet(shrunk(**segment, -0.1), area));
    for block in blocks(document) {
        // They touch its edges, and run between it and letters next to it.
        let crossing = crosses(shrunk(area(block), 1.0));
        assert!(crossing.is_none(), "{what}: {crossing:?} crosses {:?}", block.attribute("id"));
    }
    for (text, area) in words(document).filter_map(|text| Some((text, text_area(text)?))) {
        let crossing = crosses(area);
        assert!(crossing.is_none(), "{what}: {crossing:?} crosses {:?} {area:?}", text.text());
    }
}

fn everything_is_on_the_page(what: &str, document: &Document<'_>) {
    let page = page(document);
    for text in words(document) {
        let area = text_area(text);
        assert!(area.is_none_or(|area| holds(page, area)), "{what}: {:?} {area:?}", text.text());
    }
    for block in blocks(document) {
        assert!(holds(page, whole_area(block)), "{what}: {:?}", block.attribute("id"));
    }
    for wire in wires(document) {
        assert!(wire.segments().all(|segment| holds(page, segment)), "{what}: {:?}", wire.points);
    }
}

fn words_are_in_their_block_or_outside_of_all_blocks(what: &str, document: &Document<'_>) {
    let areas: Vec<(Node<'_, '_>, Area)> = blocks(document).map(|block| (block, area(block))).collect();
    for text in words(document) {
        let Some(covers) = text_area(text) else { continue };
        for (block, area) in areas.iter().filter(|(_, area)| meet(covers, *area)) {
            let own = text.ancestors().any(|ancestor| ancestor == *block);
            // Letters of joins are next to them.
            assert!(
                own && holds(*area, covers),
                "{what}: {:?} {covers:?} at {:?} {area:?}",
                text.text(),
                block.attribute("id")
            );
        }
    }
}

fn words_do_not_overlap(what: &str, document: &Document<'_>) {
    let areas: Vec<(Option<&str>, Area)> =
        words(document).filter_map(|text| Some((text.text(), text_area(text)?))).collect();
    for (index, (a, area)) in areas.iter().enumerate() {
        for (b, other) in &areas[index + 1..] {
            assert!(!meet(*area, *other), "{what}: {a:?} {area:?} and {b:?} {other:?}");
        }
    }
}

/// A frame holds its label; blocks and other frames are inside or outside.
fn frames_hold_what_is_in_them(what: &str, document: &Document<'_>) {
    let is_frame =
        |node: &Node<'_, '_>| node.attribute("class").is_some_and(|c| ["stage", "head", "inset"].contains(&c));
    let frames: Vec<(Node<'_, '_>, Area)> = document.descendants().filter(is_frame).map(|f| (f, area(f))).collect();
    for (index, (frame, area)) in frames.iter().enumerate() {
        for text in frame.children().filter(|child| child.has_tag_name("text")) {
            assert!(text_area(text).is_none_or(|words| holds(*area, words)), "{what}: {:?} in {area:?}", text.text());
        }
        let others = frames[index + 1..].iter().map(|(_, other)| *other);
        for other in others.chain(blocks(document).map(whole_area)) {
            let apart = !meet(*area, other) || holds(*area, other) || holds(other, *area);
            assert!(apart, "{what}: the frame {area:?} cuts {other:?}");
        }
    }
}

/// A drawing has the requested width if the net can be broken into rows.
#[test]
fn long_names_do_not_make_a_drawing_wider() {
    for width in [420, 760] {
        drawn(
            super::support::Named::GRAPH,
            &Options { width, detail: Detail::Full, ..Options::default() },
            |document| {
                assert_eq!(page(document)[2], width as f32);
                check("long names", document);
            },
        );
    }
}
