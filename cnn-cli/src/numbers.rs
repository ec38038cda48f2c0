//! Numbers and shapes for people.

use cnn::op::Shape;

/// `61,706`
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.char_indices() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The dimensions of a shape as files have them: `[C, H, W]`, or `[F]` of a vector.
pub(crate) fn dimensions(shape: Shape) -> Vec<usize> {
    match shape {
        Shape::Map { channels, height, width } => vec![channels, height, width],
        Shape::Vector(features) => vec![features],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        assert_eq!([0, 999, 1000, 61_706, 138_357_544].map(thousands), ["0", "999", "1,000", "61,706", "138,357,544"]);
    }
}
