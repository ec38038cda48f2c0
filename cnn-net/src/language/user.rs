//! What a declaration can say about user-defined functions and layers.

use super::words::is_word;
use crate::op::UserTensor;

/// The largest size.
const LARGEST: usize = 1 << 24;
/// The largest number of elements of a tensor.
const MOST_ELEMENTS: usize = 1 << 31;

/// Names of a custom layer's arguments that are not tensors.
const TAKEN: [&str; 3] = ["type", "shape", "scratch"];

/// Whether a tensor of a user-defined layer can have this name: a word that is not read as something else.
#[must_use]
pub fn is_tensor_name(name: &str) -> bool {
    // `x3` is the end of a size.
    let is_size =
        name.strip_prefix('x').is_some_and(|rest| rest.split('x').all(|n| n.bytes().all(|b| b.is_ascii_digit())));
    is_word(name) && !is_size && !TAKEN.contains(&name) && !["true", "false"].contains(&name)
}

/// Whether these can be the tensors of a layer.
pub(super) fn are_tensors(tensors: &[UserTensor]) -> bool {
    let is_right = |(index, tensor): (usize, &UserTensor)| {
        let name = tensor.role().name();
        let elements = tensor.dims().iter().try_fold(1_usize, |elements, size| elements.checked_mul(*size));
        is_tensor_name(name)
            && tensors[..index].iter().all(|other| other.role().name() != name)
            && tensor.dims().iter().all(|size| (1..=LARGEST).contains(size))
            && elements.is_some_and(|elements| elements <= MOST_ELEMENTS)
    };
    tensors.iter().enumerate().all(is_right)
}

/// Whether this is the path of a function or a type, as the compiler writes one, with numbers and paths in angle
/// brackets.
pub(super) fn is_path(path: &str) -> bool {
    after_path(path, 0) == Some("")
}

/// Paths in paths.
const DEEPEST: usize = 16;

/// The rest of a text after the path at its beginning, if there is one.
fn after_path(text: &str, depth: usize) -> Option<&str> {
    let mut rest = text.strip_prefix("::").unwrap_or(text);
    loop {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end)?;
        if !is_word(word) {
            return None;
        }
        rest = after;
        if let Some(arguments) = rest.strip_prefix('<') {
            rest = after_arguments(arguments, depth)?;
        }
        match rest.strip_prefix("::") {
            Some(next) => rest = next,
            None => return Some(rest),
        }
    }
}

/// The rest after the closing angle bracket.
fn after_arguments(mut rest: &str, depth: usize) -> Option<&str> {
    if depth == DEEPEST {
        return None;
    }
    loop {
        let digits = rest.strip_prefix('-').unwrap_or(rest);
        let after = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        rest = if after.len() < digits.len() { after } else { after_path(rest, depth + 1)? };
        match rest.strip_prefix(", ") {
            Some(next) => rest = next,
            None => return rest.strip_prefix('>'),
        }
    }
}
