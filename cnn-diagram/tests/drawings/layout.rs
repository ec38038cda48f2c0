//! Nothing overlaps, is cut off, or crosses.

use roxmltree::{Document, Node};

use super::support::{Area, NETS, blocks, drawn, meet, number, text_area, ways};

fn shrunk([left, top, right, bottom]: Area, by: f32) -> Area {
    [left + by, top + by, right - by, bottom - by]
}

/// What a block covers: its rectangles, or its circle.
fn area(block: Node<'_, '_>) -> Area {
    let shapes = block.children().filter_map(|shape| match shape.tag_name().name() {
        "rect" => {
            let [x, y] = [number(shape, "x"), number(shape, "y")];
            Some([x, y, x + number(shape, "width"), y + number(shape, "height")])
        }
        "circle" => {
            let [x, y, r] = ["cx", "cy", "r"].map(|name| number(shape, name));
            Some([x - r, y - r, x + r, y + r])
        }
        _ => None,
    });
    let union = |a: Area, b: Area| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
    shapes.reduce(union).expect("a block has a shape")
}

/// The straight parts of wires.
fn segments(document: &Document<'_>) -> Vec<Area> {
    let wires =
        document.root_element().children().filter(|n| n.has_tag_name("path") && n.attribute("fill") == Some("none"));
    let mut segments = Vec::new();
    for data in wires.filter_map(|wire| wire.attribute("d")) {
        for line in data.split('M').skip(1) {
            // A curve is not as far out as its corner.
            let spaced = line.replace(['L', 'Q'], " ");
            let numbers: Vec<f32> = spaced.split_whitespace().map(|number| number.parse().unwrap()).collect();
            for pair in numbers.chunks_exact(2).collect::<Vec<_>>().windows(2) {
                let ([x, y], [to_x, to_y]) = ([pair[0][0], pair[0][1]], [pair[1][0], pair[1][1]]);
                segments.push([x.min(to_x), y.min(to_y), x.max(to_x), y.max(to_y)]);
            }
        }
    }
    segments
}

fn each_drawing(check: impl Fn(&str, &Document<'_>)) {
    for graph in NETS {
        for way in ways() {
            let what = format!("{} {way:?}", graph.name);
            drawn(graph, &way, |document| check(&what, document));
        }
    }
}

#[test]
fn blocks_do_not_overlap() {
    each_drawing(|what, document| {
        let areas: Vec<(Option<&str>, Area)> = blocks(document).map(|b| (b.attribute("id"), area(b))).collect();
        for (index, (a, area)) in areas.iter().enumerate() {
            for (b, other) in &areas[index + 1..] {
                assert!(!meet(*area, *other), "{what}: {a:?} {area:?} and {b:?} {other:?}");
            }
        }
    });
}

#[test]
fn wires_cross_no_block() {
    each_drawing(|what, document| {
        let segments = segments(document);
        assert!(!segments.is_empty());
        for block in blocks(document) {
            // They touch its edges, and lie on the line between it and letters beside it.
            let inside = shrunk(area(block), 1.0);
            let crossing = segments.iter().find(|segment| meet(shrunk(**segment, -0.1), inside));
            assert!(crossing.is_none(), "{what}: {crossing:?} crosses {:?} {inside:?}", block.attribute("id"));
        }
    });
}

#[test]
fn everything_is_on_the_page() {
    each_drawing(|what, document| {
        let view = document.root_element().attribute("viewBox").expect("a drawing has a size");
        let size: Vec<f32> = view.split(' ').map(|number| number.parse().unwrap()).collect();
        let page = |area: Area| area[0] >= 0.0 && area[1] >= 0.0 && area[2] <= size[2] && area[3] <= size[3];
        for text in document.descendants().filter(|node| node.has_tag_name("text")) {
            let area = text_area(text);
            assert!(area.is_none_or(page), "{what}: {:?} {area:?}", text.text());
        }
        for block in blocks(document) {
            assert!(page(area(block)), "{what}: {:?}", block.attribute("id"));
        }
        for segment in segments(document) {
            assert!(page(segment), "{what}: {segment:?}");
        }
    });
}

#[test]
fn words_stand_in_their_block_or_beside_all_blocks() {
    each_drawing(|what, document| {
        let areas: Vec<(Node<'_, '_>, Area)> = blocks(document).map(|block| (block, area(block))).collect();
        for text in document.descendants().filter(|node| node.has_tag_name("text")) {
            let Some(covers) = text_area(text) else { continue };
            for (block, area) in &areas {
                let own = text.ancestors().any(|ancestor| ancestor == *block);
                let touches = meet(covers, *area);
                // Letters of joins stand beside them.
                let inside = !own || !touches || (covers[0] >= area[0] && covers[2] <= area[2]);
                assert!(
                    inside && (own || !touches),
                    "{what}: {:?} {covers:?} at {:?} {area:?}",
                    text.text(),
                    block.attribute("id")
                );
            }
        }
    });
}

#[test]
fn words_do_not_overlap() {
    each_drawing(|what, document| {
        let texts = document.descendants().filter(|node| node.has_tag_name("text"));
        let areas: Vec<(Option<&str>, Area)> = texts.filter_map(|text| Some((text.text(), text_area(text)?))).collect();
        for (index, (a, area)) in areas.iter().enumerate() {
            for (b, other) in &areas[index + 1..] {
                assert!(!meet(*area, *other), "{what}: {a:?} {area:?} and {b:?} {other:?}");
            }
        }
    });
}
