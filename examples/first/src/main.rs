//! Reads a digit with LeNet-5. Its weights are in the executable, which needs no other file:
//!
//! ```sh
//! cargo run -p first --profile small
//! ```

use cnn::network;

network! {
    /// LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998), for digits of 32x32: white ink, 1, on black, 0.
    #[weights("../../models/weights/lenet5.safetensors")]
    LeNet5: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10) -> softmax;
    }
}

/// A character for each 2x2 pixels, in the middle of the picture.
const DIGIT: [&str; 10] = [
    " ######## ",
    " ######## ",
    "       ## ",
    "      ##  ",
    "      ##  ",
    "     ##   ",
    "     ##   ",
    "    ##    ",
    "    ##    ",
    "    ##    ",
];

/// The net's input.
fn image() -> [f32; 32 * 32] {
    let mut image = [0.0; 32 * 32];
    for (row, line) in DIGIT.iter().enumerate() {
        for (column, _) in line.match_indices('#') {
            for (y, x) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                image[(6 + 2 * row + y) * 32 + 6 + 2 * column + x] = 1.0;
            }
        }
    }
    image
}

fn main() {
    let mut net = LeNet5::embedded();
    let probabilities = net.forward(&image());
    let (digit, probability) = (0..).zip(probabilities).max_by(|a, b| a.1.total_cmp(b.1)).unwrap_or((0, &0.0));
    println!("{}", DIGIT.join("\n"));
    println!("is a {digit} ({:.1} %)", 100.0 * probability);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seven_is_read() {
        assert!(LeNet5::embedded().forward(&image())[7] > 0.9);
    }
}
