//! Text without a font at hand: its greatest width, where lines break, and numbers for people.

pub use cnn_net::text::count;

/// The font family of drawings. DejaVu Sans is the widest of the usual fonts, so widths are computed for it.
pub const FONT: &str = "Helvetica, Arial, 'DejaVu Sans', sans-serif";

/// The greatest width of a text at a font size, in pixels: that in DejaVu Sans. Helvetica and Arial are narrower.
#[must_use]
pub fn width(text: &str, size: f32) -> f32 {
    advances(text, &REGULAR) * size
}

/// The same for bold text.
#[must_use]
pub fn bold_width(text: &str, size: f32) -> f32 {
    advances(text, &BOLD) * size
}

/// The sum of the advances of a text's characters, in ems.
fn advances(text: &str, printable: &[u16; 95]) -> f32 {
    let advance = |character: char| match character {
        ' '..='~' => printable[character as usize - ' ' as usize],
        '·' => 380,
        '–' => 500,
        '×' | '→' | '−' | '≥' | '≈' => 838,
        // Indices, squares and cubes.
        '₀'..='₉' | '²' | '³' => 450,
        // Greek and accented letters are narrower than this; dashes and dots are not.
        'α'..='ω' | 'à'..='ÿ' => 780,
        _ => 1000,
    };
    text.chars().map(|character| f32::from(advance(character)) / 1000.0).sum()
}

/// Advances of DejaVu Sans from space to `~`, in thousandths of an em.
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
];

/// Those of DejaVu Sans Bold.
const BOLD: [u16; 95] = [
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995,
    837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716,
    678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712,
    365, 712, 838,
];

/// Breaks a text between words into lines of at most this width. A wider word is broken, too.
#[must_use]
pub fn wrap(text: &str, size: f32, most: f32) -> Vec<String> {
    fill(text, |line| width(line, size) <= most)
}

/// The same for bold text.
#[must_use]
pub fn wrap_bold(text: &str, size: f32, most: f32) -> Vec<String> {
    fill(text, |line| bold_width(line, size) <= most)
}

fn fill(text: &str, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if fits(&format!("{line} {word}")) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(pieces(word, &fits)),
        }
    }
    lines
}

/// A word, in pieces that fit if it does not. A piece has at least one character.
fn pieces(word: &str, fits: &impl Fn(&str) -> bool) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for character in word.chars() {
        let Some(piece) = pieces.last_mut() else { continue };
        piece.push(character);
        if !fits(piece) && piece.chars().nth(1).is_some() {
            piece.pop();
            pieces.push(character.to_string());
        }
    }
    pieces
}

/// `256×4×4`, from what the language writes as `256x4x4`.
pub fn times(text: impl ToString) -> String {
    text.to_string().replace('x', "×")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_widest_font() {
        assert_eq!(width("conv 3×3", 1000.0).round(), 550.0 + 612.0 + 634.0 + 592.0 + 318.0 + 2.0 * 636.0 + 838.0);
        assert_eq!(bold_width("fc", 1000.0).round(), 435.0 + 593.0);
    }

    #[test]
    fn lines_break_between_words_and_in_those_that_are_too_long() {
        assert_eq!(wrap("one two three", 10.0, 50.0), ["one two", "three"]);
        let lines = wrap("an extraordinarily long word", 10.0, 40.0);
        assert_eq!(lines.concat().replace(' ', ""), "anextraordinarilylongword");
        assert!(lines.iter().all(|line| width(line, 10.0) <= 40.0), "{lines:?}");
        assert_eq!(wrap("ab", 10.0, 1.0), ["a", "b"]);
        assert!(wrap("", 10.0, 20.0).is_empty());
    }
}
