//! Nets by a generator that knows the language, so that most of them reach the plan.
//!
//! It tracks shapes. If everything it wrote is right according to that, the compiler must find no mistake, and the plan is
//! run.

mod layers;
mod plan;

use std::fmt::Write as _;

use crate::choose::Choices;
use crate::source::expansion;

/// Writes a net, compiles and runs it.
///
/// # Panics
///
/// If the compiler does, its expansion is not Rust, it finds a mistake in a net without one, or the net's results depend on the
/// previous content of its memory or on the number of threads.
pub fn compile(bytes: &[u8]) {
    let (text, right) = source(bytes);
    let errors = expansion(&text);
    assert!(!right || errors.is_empty(), "{errors:#?} in\n{text}");
    if right {
        plan::run(&text);
    }
}

/// The source that these bytes choose, and whether it is free of mistakes.
pub fn source(bytes: &[u8]) -> (String, bool) {
    let mut writer = Writer { choices: Choices::new(bytes), text: String::new(), names: 0, steps: 0, right: true };
    writer.source();
    (writer.text, writer.right)
}

/// The shape of a value: maps, or a vector.
#[derive(Clone, Copy, PartialEq)]
struct Shape {
    channels: usize,
    height: usize,
    width: usize,
    vector: bool,
}

/// The most steps of a net: enough for every layer to meet every other.
const MOST_STEPS: usize = 40;

/// Channels of a value.
const MOST_CHANNELS: usize = 200;

struct Writer<'a> {
    choices: Choices<'a>,
    text: String,
    /// The number of names so far.
    names: usize,
    steps: usize,
    /// Whether it is free of mistakes.
    right: bool,
}

impl Writer<'_> {
    fn source(&mut self) {
        let attributes = [
            "",
            "",
            "#[batch(3)] ",
            "#[algorithm(exact)] ",
            "#[algorithm(folded)] ",
            "#[store(f16)] ",
            "/// A net.\n#[cfg(test)] ",
        ];
        let attributes = self.choices.pick(&attributes);
        let visibility = self.choices.pick(&["", "pub ", "pub(crate) "]);
        let input = self.input();
        let _ = write!(self.text, "{attributes}{visibility}Net: {} -> ", shape(input));
        let header = self.text.len();
        self.text.push_str("{ ");
        let output = self.body(input, 3);
        self.text.push_str(" }");
        self.text.insert_str(header, &format!("{} ", shape(output)));
        if self.choices.once_in(4) {
            let attributes = self.choices.pick(&["", "#[batch(2)] ", "#[store(f16)] #[algorithm(exact)] "]);
            let _ = write!(self.text, " {attributes}Variant = Net;");
        }
        self.text.push_str(" block part(n, k = 3, pad = (k - 1) / 2) { conv: conv(n, k x k, pad = pad) -> relu; }");
    }

    fn input(&mut self) -> Shape {
        let most = self.choices.pick(&[1, 12, 12, 40]);
        let channels = self.choices.pick(&[1, 1, 2, 3, 3, 16, 20]);
        let vector = self.choices.once_in(8);
        let (height, width) = (self.choices.between(1, most), self.choices.between(1, most));
        if vector { Shape { channels, height: 1, width: 1, vector } } else { Shape { channels, height, width, vector } }
    }

    /// A few statements; returns the shape of their result.
    fn body(&mut self, mut value: Shape, depth: usize) -> Shape {
        for _ in 0..self.choices.between(1, 4) {
            value = self.chain(value, depth);
            self.text.push_str("; ");
            if depth == 3 && self.choices.once_in(8) {
                let name = self.name();
                let _ = write!(self.text, "tap {name}; ");
            }
            if depth == 3 && self.choices.once_in(8) {
                let name = self.name();
                let _ = write!(self.text, "aux {name}(weight = 0.3) {{ fc{name}: linear(2); }}; ");
            }
        }
        value
    }

    /// Steps with arrows between them.
    fn chain(&mut self, mut value: Shape, depth: usize) -> Shape {
        value = self.step(value, depth);
        while self.steps < MOST_STEPS && self.choices.once_in(2) {
            self.text.push_str(" -> ");
            value = self.step(value, depth);
        }
        value
    }

    fn step(&mut self, value: Shape, depth: usize) -> Shape {
        self.steps += 1;
        let nested = depth > 0 && self.steps < MOST_STEPS;
        match self.choices.below(12) {
            0 if nested && value.channels <= MOST_CHANNELS => self.concat(value, depth - 1),
            1 if nested => self.sum(value, depth - 1),
            2 if nested => self.scaled(value, depth - 1),
            3 if nested => self.group(value, depth - 1),
            4 => self.repeat(value),
            5 if !value.vector => self.call(value),
            6 => self.wild(value),
            _ => self.layer(value),
        }
    }

    fn concat(&mut self, value: Shape, depth: usize) -> Shape {
        self.text.push_str("concat { ");
        let mut channels = self.branch(value, depth).channels;
        if self.choices.once_in(3) {
            channels += value.channels;
            self.text.push_str("skip; ");
        }
        for _ in 0..self.choices.between(1, 2) {
            channels += self.branch(value, depth).channels;
        }
        self.text.push('}');
        Shape { channels, ..value }
    }

    /// Branches of the same shape, added up.
    fn sum(&mut self, value: Shape, depth: usize) -> Shape {
        let merge = self.choices.pick(&["add", "mul"]);
        let _ = write!(self.text, "{merge} {{ skip; ");
        for _ in 0..self.choices.between(1, 2) {
            let branch = self.keeping(value, depth);
            self.back(branch, value);
            self.text.push_str("; ");
        }
        self.text.push('}');
        value
    }

    /// Maps, each multiplied by a number.
    fn scaled(&mut self, value: Shape, depth: usize) -> Shape {
        if value.vector {
            return self.sum(value, depth);
        }
        let name = self.name();
        let channels = value.channels;
        let _ = write!(self.text, "mul {{ skip; global_avg_pool -> {name}: conv({channels}, 1x1) -> sigmoid; }}");
        value
    }

    fn group(&mut self, value: Shape, depth: usize) -> Shape {
        if self.choices.once_in(2) {
            let name = self.name();
            let _ = write!(self.text, "{name}: ");
        }
        self.text.push_str("{ ");
        let mut value = self.chain(value, depth);
        self.text.push_str("; ");
        if self.choices.once_in(2) {
            value = self.chain(value, depth);
            self.text.push_str("; ");
        }
        self.text.push('}');
        value
    }

    /// A step that keeps the shape, a few times.
    fn repeat(&mut self, value: Shape) -> Shape {
        let (name, times) = (self.name(), self.choices.between(1, 3));
        let channels = value.channels;
        let layer =
            if value.vector { format!("linear({channels})") } else { format!("conv({channels}, 3x3, pad = 1)") };
        let _ = if self.choices.once_in(2) {
            write!(self.text, "[{name}1..: {layer}; {times}]")
        } else {
            write!(self.text, "{name}: [{layer}; {times}]")
        };
        value
    }

    /// A block of the source.
    fn call(&mut self, value: Shape) -> Shape {
        let (name, channels) = (self.name(), self.choices.between(1, 24));
        let kernel = self.choices.pick(&["", ", k = 1", ", 5", ", pad = 1"]);
        let _ = write!(self.text, "{name}: part({channels}{kernel})");
        Shape { channels, ..value }
    }

    /// A branch of a concat: any number of channels, of maps of the same size.
    fn branch(&mut self, value: Shape, depth: usize) -> Shape {
        let branch = self.keeping(value, depth);
        let channels = self.choices.between(1, 24);
        self.back(branch, Shape { channels, ..value });
        self.text.push_str("; ");
        Shape { channels, ..value }
    }

    /// Steps that keep the size of maps.
    fn keeping(&mut self, value: Shape, depth: usize) -> Shape {
        match self.choices.below(3) {
            0 if depth > 0 && self.steps < MOST_STEPS => self.sum(value, depth - 1),
            1 => self.repeat(value),
            _ => self.pointwise(value),
        }
    }

    /// A layer that leads to a shape, of which only the channels may differ.
    fn back(&mut self, from: Shape, to: Shape) {
        debug_assert!((from.height, from.width, from.vector) == (to.height, to.width, to.vector));
        let (name, channels) = (self.name(), to.channels);
        let layer = if to.vector { format!("linear({channels})") } else { format!("conv({channels}, 1x1)") };
        let _ = write!(self.text, " -> {name}: {layer}");
    }

    /// A unique name.
    fn name(&mut self) -> String {
        self.names += 1;
        let letter = |number: usize| char::from(b'a' + (number % 26) as u8);
        format!("n{}{}", letter(self.names / 26), letter(self.names))
    }
}

fn shape(Shape { channels, height, width, vector }: Shape) -> String {
    if vector { channels.to_string() } else { format!("{channels}x{height}x{width}") }
}
