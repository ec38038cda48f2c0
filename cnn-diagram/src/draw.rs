//! A scene as shapes.

use crate::layout::{
    AFTER_MARK, Face, Form, FrameStyle, Framed, LINE, MARK, Placed, Rect, SHEET, SMALL, Scene, Wire, Word,
};
use crate::model::Letter;
use crate::sheet::{Shape, px};
use crate::theme::{Kind, Paint};

/// The radius of the corners of wires.
const CORNER: f32 = 6.0;

/// All shapes of a scene, from back to front.
pub(crate) fn shapes(scene: &Scene<'_>) -> Vec<Shape> {
    let (plain, dashed): (Vec<&Wire>, Vec<&Wire>) = scene.wires.iter().partition(|wire| !wire.dashed);
    let mut shapes: Vec<Shape> = scene.frames.iter().map(frame).collect();
    for (wires, is_dashed) in [(plain, false), (dashed, true)] {
        let lines: String = wires.iter().map(|wire| line(wire)).collect();
        let arrows: String = wires.iter().filter(|wire| wire.arrow).map(|wire| arrow(wire)).collect();
        if !lines.is_empty() {
            let path = Shape::path(lines).stroke(Paint::Line, 1.2);
            shapes.push(if is_dashed { path.dashed() } else { path });
        }
        if !arrows.is_empty() {
            shapes.push(Shape::path(arrows).fill(Paint::Line));
        }
    }
    shapes.extend(scene.nodes.iter().map(node));
    shapes.push(words(&scene.words));
    shapes
}

/// A path along the points of a wire, with round corners.
fn line(wire: &Wire) -> String {
    let points = &wire.points;
    let mut data = String::new();
    for (index, &[x, y]) in points.iter().enumerate() {
        match (index.checked_sub(1).map(|before| points[before]), points.get(index + 1)) {
            (None, _) => data.push_str(&format!("M{} {}", px(x), px(y))),
            (Some(_), None) => data.push_str(&format!("L{} {}", px(x), px(y))),
            (Some(before), Some(&after)) => {
                let [from, to] = [towards([x, y], before), towards([x, y], after)];
                data.push_str(&format!(
                    "L{} {}Q{} {} {} {}",
                    px(from[0]),
                    px(from[1]),
                    px(x),
                    px(y),
                    px(to[0]),
                    px(to[1])
                ));
            }
        }
    }
    data
}

/// The point before a corner where its curve begins.
fn towards([x, y]: [f32; 2], [to_x, to_y]: [f32; 2]) -> [f32; 2] {
    let far = (to_x - x).abs().max((to_y - y).abs());
    let share = if far == 0.0 { 0.0 } else { CORNER.min(far / 2.0) / far };
    [x + (to_x - x) * share, y + (to_y - y) * share]
}

/// A triangle at the end of a wire. Wires run along rows and columns.
fn arrow(wire: &Wire) -> String {
    let [.., [from_x, from_y], [x, y]] = wire.points[..] else { return String::new() };
    let [ahead, down] = [x - from_x, y - from_y].map(|way| if way == 0.0 { 0.0 } else { way.signum() });
    let corner = |side: f32| {
        let [across, along] = [x - 5.0 * ahead + side * down, y - 5.0 * down + side * ahead];
        format!("L{} {}", px(across), px(along))
    };
    format!("M{} {}{}{}Z", px(x), px(y), corner(3.0), corner(-3.0))
}

fn frame(frame: &Framed) -> Shape {
    let Rect { x, y, width, height } = frame.rect;
    let outline = Shape::rect(x, y, width, height).rounded(5.0);
    let outline = match frame.style {
        FrameStyle::Stage => outline.stroke(Paint::Frame, 1.0),
        FrameStyle::Inset => outline.stroke(Paint::Frame, 1.0).fill(Paint::Paper),
        FrameStyle::Head => outline.stroke(Paint::Line, 1.2).dashed().fill(Paint::Kind(Kind::Auxiliary)),
    };
    let (right, down, class) = match frame.style {
        FrameStyle::Stage => (6.0, 11.5, "stage"),
        FrameStyle::Head => (10.0, 14.0, "head"),
        FrameStyle::Inset => (10.0, 16.0, "inset"),
    };
    let labels = frame.label.iter().enumerate().map(|(index, line)| {
        let text = Shape::text(x + right, y + down + 13.0 * index as f32, line.size, &line.text);
        if line.bold { text.bold() } else { text.fill(Paint::Muted) }
    });
    let group = Shape::group().set("class", class);
    let group = if frame.title.is_empty() { group } else { group.tip(&frame.title) };
    group.with(outline).with_all(labels)
}

fn node(placed: &Placed<'_>) -> Shape {
    let group = Shape::group().set("id", placed.item.id.clone()).set("class", "n").tip(placed.item.title.clone());
    let group = match &placed.form {
        Form::Box(face) => group.with_all(block(face, placed)),
        Form::Circle(kind) => {
            let [x, y] = placed.rect.middle();
            let circle = Shape::circle(x, y, placed.rect.width / 2.0).fill(Paint::Kind(*kind)).stroke(Paint::Ink, 1.0);
            group.with(circle).with(mark(*kind, x - MARK / 2.0, y - MARK / 2.0))
        }
        Form::Bar => group.with_all(bar(placed.rect)),
    };
    group.with_all(placed.letters.iter().map(|(letter, rect)| pill(letter, *rect)))
}

/// A rectangle with words.
fn block(face: &Face, placed: &Placed<'_>) -> Vec<Shape> {
    let front = face.front(placed.rect);
    let mut shapes = Vec::new();
    for depth in (0..face.pile).rev() {
        let off = SHEET * depth as f32;
        let sheet = Shape::rect(front.x + off, front.y - off, front.width, front.height).rounded(3.0);
        shapes.push(match face.kind {
            Some(kind) => sheet.fill(Paint::Kind(kind)).stroke(Paint::Ink, 1.0),
            None => sheet.fill(Paint::Paper).stroke(Paint::Frame, 1.0).set("rx", "10"),
        });
    }
    let letters = if placed.letters.is_empty() { 0.0 } else { 17.0 };
    let [middle, centre] = front.middle();
    let top = centre - letters / 2.0 - face.lines.len() as f32 * LINE / 2.0;
    for (index, line) in face.lines.iter().enumerate() {
        let base = top + LINE * index as f32 + 9.8;
        let text = match face.kind {
            Some(kind) if line.marked => {
                // Most fonts are narrower than the reserved room.
                let left = middle - line.width() * 0.485;
                shapes.push(mark(kind, left, base - MARK + 1.0));
                Shape::text(left + MARK + AFTER_MARK, base, line.size, &line.text)
            }
            Some(_) | None => Shape::text(middle, base, line.size, &line.text).centred(),
        };
        shapes.push(if line.bold { text.bold() } else { text });
    }
    shapes
}

/// Where branches are joined.
fn bar(rect: Rect) -> Vec<Shape> {
    let [x, y] = rect.middle();
    let outline = Shape::rect(rect.x, rect.y, rect.width, rect.height).rounded(3.0);
    let outline = outline.fill(Paint::Kind(Kind::Concat)).stroke(Paint::Ink, 1.0);
    if rect.height < 60.0 {
        return vec![outline, mark(Kind::Concat, x - MARK / 2.0, y - MARK / 2.0)];
    }
    let turned = format!("rotate(-90 {} {})", px(x), px(y));
    vec![outline, Shape::text(x, y + 3.5, SMALL, "concat").centred().set("transform", turned)]
}

/// A function or a normalisation on its block.
pub(crate) fn pill(letter: &Letter, rect: Rect) -> Shape {
    let ground = Shape::rect(rect.x, rect.y, rect.width, rect.height).rounded(6.0);
    let text = Shape::text(rect.middle()[0], rect.bottom() - 3.3, SMALL - 1.0, letter.short).bold().centred();
    Shape::group().with(ground.fill(Paint::Kind(letter.kind)).stroke(Paint::Ink, 0.8)).with(text)
}

/// The mark of a kind, with its upper left corner at a point.
pub(crate) fn mark(kind: Kind, x: f32, y: f32) -> Shape {
    Shape::path(kind.mark()).stroke(Paint::Ink, 1.2).moved(x, y)
}

/// Shapes of values, which may be written over lines.
fn words(words: &[Word]) -> Shape {
    Shape::group()
        .with_all(words.iter().map(|word| Shape::text(word.x, word.y, SMALL, &word.text).fill(Paint::Muted).centred()))
}
