//! Formats numbers for people.

use alloc::format;
use alloc::string::{String, ToString};

/// Groups digits: `61,706`.
#[must_use]
pub fn thousands(number: u64) -> String {
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

/// A number of things: `1 layer`, `2 layers`.
#[must_use]
pub fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{} {what}s", thousands(number)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        assert_eq!([0, 1, 1000].map(|number| count(number, "step")), ["0 steps", "1 step", "1,000 steps"]);
        assert_eq!([0, 999, 1000, 61_706, 138_357_544].map(thousands), ["0", "999", "1,000", "61,706", "138,357,544"]);
    }
}
