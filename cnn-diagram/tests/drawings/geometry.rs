//! The content of a drawing, read back from its SVG: blocks, wires, frames and words, each at its position.

use cnn_diagram::text::{bold_width, width};
use roxmltree::{Document, Node};

/// Left, top, right, bottom.
pub(crate) type Area = [f32; 4];

/// Whether two areas have a point in common.
pub(crate) fn meet(a: Area, b: Area) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

/// Whether the second area is inside the first one.
pub(crate) fn holds(a: Area, b: Area) -> bool {
    a[0] <= b[0] && a[1] <= b[1] && b[2] <= a[2] && b[3] <= a[3]
}

fn union(a: Area, b: Area) -> Area {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

/// An attribute as a number.
pub(crate) fn number(node: Node<'_, '_>, name: &str) -> f32 {
    node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name} of {node:?}"))
}

/// Blocks, ports and joins.
pub(crate) fn blocks<'a>(document: &'a Document<'a>) -> impl Iterator<Item = Node<'a, 'a>> {
    document.descendants().filter(|node| node.attribute("class") == Some("n"))
}

/// The size of the page.
pub(crate) fn page(document: &Document<'_>) -> Area {
    let view = document.root_element().attribute("viewBox").expect("a drawing has a size");
    let size: Vec<f32> = view.split(' ').map(|number| number.parse().unwrap()).collect();
    [0.0, 0.0, size[2], size[3]]
}

/// The largest area that a text may cover; `None` if it is turned.
pub(crate) fn text_area(text: Node<'_, '_>) -> Option<Area> {
    let (x, y, size) = (number(text, "x"), number(text, "y"), number(text, "font-size"));
    let content = text.text()?;
    let wide = if text.attribute("font-weight").is_some() { bold_width(content, size) } else { width(content, size) };
    let left = match text.attribute("text-anchor") {
        Some("middle") => x - wide / 2.0,
        Some("end") => x - wide,
        _ => x,
    };
    text.attribute("transform").is_none().then_some([left, y - 0.75 * size, left + wide, y + 0.2 * size])
}

fn shape_area(shape: Node<'_, '_>) -> Option<Area> {
    match shape.tag_name().name() {
        "rect" => {
            let [x, y] = [number(shape, "x"), number(shape, "y")];
            Some([x, y, x + number(shape, "width"), y + number(shape, "height")])
        }
        "circle" => {
            let [x, y, r] = ["cx", "cy", "r"].map(|name| number(shape, name));
            Some([x - r, y - r, x + r, y + r])
        }
        _ => None,
    }
}

/// The area of a block or a frame: its rectangles, or its circle.
pub(crate) fn area(block: Node<'_, '_>) -> Area {
    block.children().filter_map(shape_area).reduce(union).expect("a block has a shape")
}

/// The area of a block with the letters next to it.
pub(crate) fn whole_area(block: Node<'_, '_>) -> Area {
    block.descendants().filter_map(shape_area).reduce(union).expect("a block has a shape")
}

/// The tooltip of a block or a frame.
pub(crate) fn title<'a>(node: Node<'a, 'a>) -> &'a str {
    node.children().find(|child| child.has_tag_name("title")).and_then(|title| title.text()).unwrap_or_default()
}

/// A line along points, with round corners.
pub(crate) struct Wire {
    pub(crate) points: Vec<[f32; 2]>,
    /// Whether it leads to layers that only training uses.
    pub(crate) dashed: bool,
}

impl Wire {
    /// Its straight parts.
    pub(crate) fn segments(&self) -> impl Iterator<Item = Area> {
        self.points.windows(2).map(|pair| {
            let ([x, y], [to_x, to_y]) = (pair[0], pair[1]);
            [x.min(to_x), y.min(to_y), x.max(to_x), y.max(to_y)]
        })
    }
}

/// All wires. They are lines `L` with curves `Q` at corners, whose control point is the corner.
pub(crate) fn wires(document: &Document<'_>) -> Vec<Wire> {
    let children = document.root_element().children();
    let paths = children.filter(|n| n.has_tag_name("path") && n.attribute("fill") == Some("none"));
    let mut wires = Vec::new();
    for path in paths {
        let dashed = path.attribute("stroke-dasharray").is_some();
        for line in path.attribute("d").unwrap_or_default().split('M').skip(1) {
            wires.push(Wire { points: corners(line), dashed });
        }
    }
    wires
}

fn corners(line: &str) -> Vec<[f32; 2]> {
    let numbers = |part: &str| -> Vec<f32> { part.split_whitespace().map(|n| n.parse().unwrap()).collect() };
    let mut points: Vec<[f32; 2]> = Vec::new();
    for part in line.split('L') {
        let (straight, curve) = part.split_once('Q').map_or((part, None), |(straight, curve)| (straight, Some(curve)));
        let at = numbers(curve.unwrap_or(straight));
        points.push([at[0], at[1]]);
    }
    points
}
