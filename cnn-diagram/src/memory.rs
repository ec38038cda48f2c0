//! A workspace as a chart: where each buffer lies, and when.

use std::collections::BTreeSet;

use cnn_net::graph::Graph;
use cnn_net::memory::{Buffer, Holds, Memory};
use cnn_net::text::thousands;

use crate::caption::legend_of;
use crate::draw::mark;
use crate::layout::{MARGIN, SMALL, TEXT};
use crate::model::kind_of;
use crate::options::{NARROWEST, Options};
use crate::sheet::{Shape, Sheet, px};
use crate::text::{count, width, wrap};
use crate::theme::{Kind, Paint};

/// Room for the numbers of the vertical axis, and for the words below the horizontal one.
const AXIS: [f32; 2] = [64.0, 34.0];
/// Height of the chart itself.
const HEIGHT: f32 = 340.0;
/// Height of a line of words, and the space around a label.
const LINE: f32 = 12.0;
const PAD: f32 = 2.0;

/// Draws the workspace of a net over time: a rectangle for each buffer, its width the lifetime and its height the size.
///
/// The line is the lower bound: the most memory in use at once, which no workspace can be smaller than.
#[must_use]
pub fn memory(graph: &Graph<'_>, memory: &Memory<'_>, options: &Options) -> String {
    let words = Words {
        title: format!("{}: memory over time", graph.name),
        notes: &[],
        of: "",
        time: "layer by layer",
        turn: None,
    };
    draw(graph, memory, &words, options)
}

/// Draws the workspace of an image in a step of training: activations until the gradients have read them, and gradients, from the time
/// `turn` on. Notes are lines below the title.
#[must_use]
pub fn step_memory(graph: &Graph<'_>, memory: &Memory<'_>, turn: usize, notes: &[String], options: &Options) -> String {
    let title = format!("{}: memory of a training step", graph.name);
    let words = Words { title, notes, of: " of an image", time: "forwards, then backwards", turn: Some(turn) };
    draw(graph, memory, &words, options)
}

/// What a chart says besides its numbers.
struct Words<'a> {
    title: String,
    notes: &'a [String],
    /// What the workspace is of.
    of: &'a str,
    /// The order in which time passes.
    time: &'a str,
    /// When gradients begin.
    turn: Option<usize>,
}

fn draw(graph: &Graph<'_>, memory: &Memory<'_>, words: &Words<'_>, options: &Options) -> String {
    let size = options.width.max(NARROWEST) as f32;
    let (mut shapes, top) = caption(memory, words, size);
    let chart = Chart::new(memory, [MARGIN + AXIS[0], top + 8.0], size);
    shapes.extend(chart.axes(graph, memory, words.time));
    shapes.extend(memory.buffers.iter().enumerate().map(|(index, buffer)| chart.buffer(graph, memory, index, buffer)));
    shapes.extend(words.turn.map(|turn| chart.turn(turn)));
    shapes.push(chart.bound(memory));
    let kinds: BTreeSet<Kind> = memory.buffers.iter().map(|buffer| kind(graph, buffer)).collect();
    let (legend, bottom) = legend_of(&kinds, size, chart.bottom() + AXIS[1] + 8.0);
    shapes.push(legend);
    Sheet { title: &words.title, size: [size, bottom.ceil()], width: size, theme: options.theme }.write(shapes)
}

/// How a buffer is painted: as the layer that it is for.
fn kind(graph: &Graph<'_>, buffer: &Buffer<'_>) -> Kind {
    match (buffer.holds, graph.nodes.iter().find(|node| node.name == buffer.name)) {
        (Holds::Scratch, _) => Kind::Scratch,
        (Holds::Gradient, _) => Kind::Gradient,
        (Holds::Output, _) | (Holds::Values, None) => Kind::Port,
        (Holds::Values, Some(node)) => kind_of(&node.op),
    }
}

/// The name of a layer and, if that is only a number, what the layer does.
fn readable(graph: &Graph<'_>, name: &str) -> String {
    let is_number = name.rsplit('.').next().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit()));
    match graph.nodes.iter().find(|node| node.name == name) {
        Some(node) if is_number => format!("{name} {}", node.op.name()),
        Some(_) | None => name.to_owned(),
    }
}

fn caption(memory: &Memory<'_>, words: &Words<'_>, most: f32) -> (Vec<Shape>, f32) {
    let mut y = MARGIN + 13.0;
    let mut shapes = vec![Shape::text(MARGIN, y, 16.0, &words.title).bold()];
    let spare = memory.floats as f64 / memory.lower_bound.max(1) as f64;
    let text = format!(
        "workspace{} {} bytes, {:.1} % of the lower bound of {} bytes · {}",
        words.of,
        thousands(bytes(memory.floats)),
        100.0 * spare,
        thousands(bytes(memory.lower_bound)),
        count(memory.buffers.len() as u64, "buffer"),
    );
    for line in words.notes.iter().chain([&text]).flat_map(|text| wrap(text, TEXT, most - 2.0 * MARGIN)) {
        y += 15.0;
        shapes.push(Shape::text(MARGIN, y, TEXT, line).fill(Paint::Muted));
    }
    (shapes, y + 14.0)
}

fn bytes(floats: usize) -> u64 {
    (floats * size_of::<f32>()) as u64
}

/// The scales of a chart.
struct Chart {
    origin: [f32; 2],
    size: [f32; 2],
    /// Pixels per step, and per float.
    scale: [f32; 2],
}

impl Chart {
    fn new(memory: &Memory<'_>, origin: [f32; 2], width: f32) -> Self {
        let size = [width - MARGIN - origin[0], HEIGHT];
        let scale = [size[0] / memory.times.len().max(1) as f32, size[1] / memory.floats.max(1) as f32];
        Self { origin, size, scale }
    }

    fn bottom(&self) -> f32 {
        self.origin[1] + self.size[1]
    }

    fn x(&self, time: usize) -> f32 {
        self.origin[0] + time as f32 * self.scale[0]
    }

    fn y(&self, floats: usize) -> f32 {
        self.bottom() - floats as f32 * self.scale[1]
    }

    /// Both axes with their numbers.
    fn axes(&self, graph: &Graph<'_>, memory: &Memory<'_>, order: &str) -> Vec<Shape> {
        let [left, top] = self.origin;
        let right = left + self.size[0];
        let frame = Shape::path(format!("M{0} {1}V{2}H{3}", px(left), px(top), px(self.bottom()), px(right)));
        let mut shapes = vec![frame.stroke(Paint::Line, 1.0)];
        let (step, unit, name) = ticks(bytes(memory.floats));
        for tick in (0..).map(|index| index * step).take_while(|tick| *tick <= bytes(memory.floats)) {
            let y = self.y(tick as usize / size_of::<f32>());
            let text = format!("{} {name}", thousands(tick / unit));
            shapes.push(Shape::path(format!("M{} {}h4", px(left - 4.0), px(y))).stroke(Paint::Line, 1.0));
            shapes.push(Shape::text(left - 7.0, y + 3.5, SMALL, text).ending().fill(Paint::Muted));
        }
        // As many names of layers as there is room for.
        let mut end = f32::NEG_INFINITY;
        let last = memory.times.len().saturating_sub(1);
        let end_name = readable(graph, memory.times.last().copied().unwrap_or_default());
        let limit = right - width(&end_name, SMALL) - 8.0;
        for (time, name) in memory.times.iter().enumerate() {
            let name = readable(graph, name);
            let (x, wide) = (self.x(time), width(&name, SMALL));
            if time == last || (x > end && x + wide < limit) {
                shapes.push(Shape::path(format!("M{} {}v4", px(x), px(self.bottom()))).stroke(Paint::Line, 1.0));
                let at = if time == last { right } else { x };
                let text = Shape::text(at, self.bottom() + 15.0, SMALL, name).fill(Paint::Muted);
                shapes.push(if time == last { text.ending() } else { text });
                end = x + wide + 8.0;
            }
        }
        shapes.push(Shape::text(left, self.bottom() + 29.0, SMALL, format!("time, {order} →")).fill(Paint::Muted));
        shapes
    }

    fn buffer(&self, graph: &Graph<'_>, memory: &Memory<'_>, index: usize, buffer: &Buffer<'_>) -> Shape {
        let (x, y) = (self.x(buffer.first), self.y(buffer.offset + buffer.len));
        let (wide, high) = (self.x(buffer.last + 1) - x, self.y(buffer.offset) - y);
        let what = match buffer.holds {
            Holds::Values => "",
            Holds::Scratch => ", scratch",
            Holds::Output => ", output",
            Holds::Gradient => ", gradient",
        };
        let at = |time: usize| readable(graph, memory.times.get(time).copied().unwrap_or("output"));
        let [from, until] = [buffer.first, buffer.last].map(at);
        let title = format!(
            "{}{what}: {} bytes\nfrom byte {}, from {from} to {until}",
            readable(graph, buffer.name),
            thousands(bytes(buffer.len)),
            thousands(bytes(buffer.offset)),
        );
        let kind = kind(graph, buffer);
        let id = format!("{}-memory-{index}", graph.name);
        let group = Shape::group().set("id", id).set("class", "n").tip(title);
        let group = group.with(Shape::rect(x, y, wide, high).fill(Paint::Kind(kind)).stroke(Paint::Ink, 0.6));
        match label(&readable(graph, buffer.name), what, [wide, high]) {
            Some((text, turned)) => {
                let [middle_x, middle_y] = [x + wide / 2.0, y + high / 2.0];
                let words = Shape::text(middle_x, middle_y + 3.5, SMALL, text).centred();
                let turn = format!("rotate(-90 {} {})", px(middle_x), px(middle_y));
                group.with(if turned { words.set("transform", turn) } else { words })
            }
            None if wide > 12.0 && high > 12.0 => group.with(mark(kind, x + wide / 2.0 - 5.0, y + high / 2.0 - 5.0)),
            None => group,
        }
    }

    /// The line where gradients begin.
    fn turn(&self, time: usize) -> Shape {
        let (x, top) = (self.x(time), self.origin[1]);
        let line = Shape::path(format!("M{} {}V{}", px(x), px(top - 14.0), px(self.bottom()))).stroke(Paint::Line, 1.0);
        let words = |x: f32, text| Shape::text(x, top - 4.0, SMALL, text).fill(Paint::Muted);
        let group = Shape::group().with(line.dashed());
        group.with(words(x - 5.0, "← forwards").ending()).with(words(x + 5.0, "gradients →"))
    }

    /// The line of the lower bound.
    fn bound(&self, memory: &Memory<'_>) -> Shape {
        let (y, left) = (self.y(memory.lower_bound), self.origin[0]);
        let line =
            Shape::path(format!("M{} {}h{}", px(left), px(y), px(self.size[0]))).stroke(Paint::Accent, 1.5).dashed();
        let text = "lower bound";
        let words = Shape::text(left + self.size[0], self.origin[1] - 4.0, SMALL, text).ending();
        Shape::group().with(line).with(words.fill(Paint::Accent))
    }
}

/// The longest name of a buffer that fits, and whether it is turned.
fn label(name: &str, what: &str, [wide, high]: [f32; 2]) -> Option<(String, bool)> {
    let last = name.rsplit('.').next().unwrap_or(name);
    // A number says less than the layer's operation.
    let short = last.split_once(' ').map_or(last, |(_, what)| what);
    let texts = [format!("{name}{what}"), name.to_owned(), short.to_owned()];
    texts.into_iter().find_map(|text| {
        let length = width(&text, SMALL) + 2.0 * PAD;
        let level = length <= wide && LINE <= high;
        let turned = length <= high && LINE <= wide;
        (level || turned).then_some((text, !level))
    })
}

/// The distance of ticks in bytes, the bytes of their unit, and its name: four to ten ticks at round numbers.
fn ticks(bytes: u64) -> (u64, u64, &'static str) {
    let (unit, name) = match bytes {
        0..10_240 => (1, "B"),
        10_240..4_194_304 => (1 << 10, "KiB"),
        _ => (1 << 20, "MiB"),
    };
    let steps = (0..).flat_map(|power| [1, 2, 5].map(|digit| digit * 10u64.pow(power) * unit));
    let step = steps.into_iter().find(|step| bytes / step <= 9).unwrap_or(bytes.max(1));
    (step, unit, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(ticks(50_000), (5 * 1024, 1024, "KiB"));
        assert_eq!(ticks(20 << 20), (5 << 20, 1 << 20, "MiB"));
        assert_eq!(ticks(100), (20, 1, "B"));
    }
}
