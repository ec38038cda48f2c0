//! Names that stand for nothing.

use crate::env::Env;
use crate::report::{Edit, Message, Place, listed, nearest};

/// What is wrong with such a name, and what it may mean.
pub(super) fn unknown_name(place: Place, name: &str, env: &Env) -> Message {
    let params = env.numbers();
    if params.is_empty() {
        let help = format!("`const {name} = …;` before the net names a number; Rust's constants are not seen here");
        return format!("expected a number, found `{name}`\nhelp: {help}").into();
    }
    let spaced = spaced(name, &params);
    let near = nearest(name, params.iter().copied());
    let help = match (&spaced, near) {
        (Some(spaced), _) => format!("names are between spaces, for example `{spaced}`"),
        (None, Some(near)) => format!("did you mean `{near}`?"),
        (None, None) => {
            format!("in scope: {}", listed(&params.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>(), "and"))
        }
    };
    let message = format!("`{name}` is neither a parameter nor a constant\nhelp: {help}");
    let fix = spaced.as_deref().or(near);
    Message::from(message).fixes(fix.map(|fix| vec![Edit::instead(place, fix)]))
}

/// A size without spaces, which Rust reads as one word: `k x k`, if that was written `kxk`.
fn spaced(word: &str, params: &[&str]) -> Option<String> {
    let parts: Vec<&str> = word.split('x').collect();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_size = parts.len() > 1 && parts.iter().all(|part| is_number(part) || params.contains(part));
    is_size.then(|| parts.join(" x "))
}
