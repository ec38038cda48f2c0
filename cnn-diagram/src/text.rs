//! Text without a font at hand: how wide it is at most, where lines break, numbers for people.

/// The family that drawings ask for. The last one that everybody has is the widest, and widths are those of it.
pub const FONT: &str = "Helvetica, Arial, 'DejaVu Sans', sans-serif";

/// How wide a text is at most at a size, in pixels.
///
/// The advances are those of DejaVu Sans, rounded up; Helvetica and Arial are narrower.
pub fn width(text: &str, size: f32) -> f32 {
    text.chars().map(advance).sum::<f32>() * size
}

/// The same for bold text.
pub fn bold_width(text: &str, size: f32) -> f32 {
    1.06 * width(text, size)
}

/// The advance of a character, in ems.
fn advance(character: char) -> f32 {
    match character {
        'i' | 'l' | 'j' | '\'' => 0.28,
        ' ' | '.' | ',' | '·' | 'I' | ':' | ';' | '/' | '|' | '-' => 0.36,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' => 0.42,
        '"' | '“' | '”' | '–' | 'J' | '_' => 0.52,
        'm' | 'M' | 'W' | '%' | '…' | '—' => 1.0,
        'w' | '×' | '→' | '+' | '=' | '&' | '<' | '>' => 0.84,
        'A'..='Z' => 0.76,
        _ => 0.64,
    }
}

/// Breaks a text between words into lines of at most this width.
pub fn wrap(text: &str, size: f32, most: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `61,706`
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

/// `256×4×4`, from what the language writes as `256x4x4`.
pub fn times(text: impl ToString) -> String {
    text.to_string().replace('x', "×")
}

/// `1 layer`, `2 layers`
pub fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{} {what}s", thousands(number as u64)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        assert_eq!([0, 999, 1000, 61_706, 138_357_544].map(thousands), ["0", "999", "1,000", "61,706", "138,357,544"]);
    }

    #[test]
    fn lines_break_between_words_and_never_in_them() {
        assert_eq!(wrap("one two three", 10.0, 50.0), ["one two", "three"]);
        assert_eq!(wrap("extraordinarily", 10.0, 20.0), ["extraordinarily"]);
        assert!(wrap("", 10.0, 20.0).is_empty());
    }
}
