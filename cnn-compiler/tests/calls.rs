//! Layers written and read again: the writer of calls and the compiler have the same names, arguments and defaults.

mod planned;
#[path = "support/random.rs"]
mod random;

use cnn_net::language::call;
use cnn_net::op::{
    Argument, Crop, Interval, Op, Padding, Rearrange, Shape, Size, Slot, UserFunction, UserLayer, UserTensor,
};
use planned::plan;
use random::Random;

/// Gives each argument of a layer a value that the language allows, or leaves it alone.
struct Shuffle(Random);

impl Shuffle {
    fn count(&mut self) -> usize {
        1 + self.0.below(9)
    }

    fn padding(&mut self) -> Padding {
        let [top, left, bottom, right] = [3, 3, 3, 3].map(|end| self.0.below(end));
        Padding::new(top, left, bottom, right)
    }
}

/// As many numbers as the input of all nets here has.
const SHAPES: [Shape; 4] =
    [Shape::Vector(36_000), Shape::map(18, 40, 50), Shape::map(36_000, 1, 1), Shape::map(1, 1, 36_000)];

const PATHS: [&str; 5] =
    ["f", "::layers::Layer", "self::r#type::Of<3, -4>", "Of<layers::Of<2>, x3>", "crate::of<3>::f"];

const TENSORS: [&[UserTensor]; 3] = [
    &[],
    &[UserTensor::new("weight", [3])],
    &[UserTensor::buffer("r", [1, 2, 3, 4]), UserTensor::new("bias", [2, 2]), UserTensor::buffer("weight", [7])],
];

impl Argument for Shuffle {
    fn argument(&mut self, _: &'static str, _: bool, slot: Slot<'_>) {
        if self.0.below(3) == 0 {
            return;
        }
        match slot {
            Slot::Count(field) => *field.value = self.count(),
            Slot::Size(field) | Slot::SizeLike(field, _) => *field.value = Size::new(self.count(), self.count()),
            Slot::SizeOrZero(field) => *field.value = Size::new(self.0.below(3), self.0.below(3)),
            Slot::Pad(field) | Slot::Sides(field) => *field.value = self.padding(),
            Slot::Crop(field) => {
                *field.value = match self.0.below(2) {
                    0 => Crop::To(Size::new(self.count(), self.count())),
                    _ => Crop::Margins(self.padding()),
                }
            }
            Slot::Range(field) => {
                let first = self.0.below(9);
                *field.value = Interval::new(first, first + self.count());
            }
            Slot::Shape(field) => *field.value = SHAPES[self.0.below(SHAPES.len())],
            Slot::Amount(amount) => *amount = self.0.below(9),
            Slot::Path(field) => *field.value = PATHS[self.0.below(PATHS.len())],
            Slot::Tensors(tensors) => *tensors = TENSORS[self.0.below(TENSORS.len())],
            Slot::Flag(field) => *field.value = self.0.below(2) == 0,
            Slot::Real(field, [from, to]) => *field.value = (self.0.below(1000) as f32 / 999.0).clamp(from, to),
            Slot::Perhaps(number, [from, to], _) => {
                *number = Some((self.0.below(1000) as f32 / 999.0).clamp(from, to));
            }
            Slot::Word(word, _) => word.set(self.0.below(word.words().len())),
        }
    }
}

/// The layer that a net of one layer has.
fn read(source: &str) -> Result<Op, String> {
    let plan = plan(source)?;
    plan.describe("Net", "", |graph| graph.nodes.first().map(|node| node.op)).ok_or_else(|| "no layer".to_owned())
}

/// A net of one layer. Its output is what the compiler says that it is.
fn net(layer: &str) -> String {
    let guess = |output: &str| format!("Net: 18x40x50 -> {output} {{ {layer}; }}");
    let found = plan(&guess("1")).err().and_then(|error| {
        let rest = error.split_once("the net's output is ")?.1;
        Some(rest.split_once(',')?.0.to_owned())
    });
    guess(found.as_deref().unwrap_or("1"))
}

#[test]
fn what_is_written_is_read_as_the_same_layer() {
    let mut read_back = 0;
    let fitting = |layer| match layer {
        Op::Rearrange(Rearrange::Reshape(_)) => Op::Rearrange(Rearrange::Reshape(SHAPES[0])),
        Op::Map(_) => Op::Map(UserFunction::new("f")),
        Op::Custom(layer) => Op::Custom(UserLayer { path: "layers::Layer", ..layer }),
        other => other,
    };
    for layer in Op::layers().map(fitting) {
        for seed in 0..60 {
            let mut op = layer;
            op.arguments(&mut Shuffle(Random(seed)));
            let text = call(&op);
            // Some arguments don't go together, such as groups that don't divide the channels.
            if let Ok(found) = read(&net(&text)) {
                assert_eq!(found, op, "{text}");
                read_back += 1;
            }
        }
        assert!(read(&net(&call(&layer))).is_ok_and(|found| found == layer), "{}", call(&layer));
    }
    assert!(read_back > 800, "only {read_back} layers were valid");
}
