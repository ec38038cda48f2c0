//! Rules that rename tensors.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// What is wrong with a rule, if anything.
#[must_use]
pub fn rule_error((from, to): (&str, &str)) -> Option<&'static str> {
    let stars = |part: &str| part.matches('*').count();
    match (stars(from), stars(to)) {
        (0, 1..) => Some("the second part has a `*`, but the first part has none to take the text from"),
        (from, to) if from != to && to > 0 => Some("the second part needs as many `*` as the first, or none"),
        _ if from.is_empty() => Some("the first part is empty; `*` matches any name"),
        _ => None,
    }
}

/// The name of a tensor after all rules, which must be free of mistakes.
pub(super) fn rename(rules: &[(&str, &str)], name: String) -> String {
    rules.iter().fold(name, |name, rule| match apply(*rule, &name) {
        Some(Cow::Owned(renamed)) => renamed,
        Some(Cow::Borrowed(renamed)) => renamed.into(),
        None => name,
    })
}

/// What one rule turns a name into; `None` if it does not match.
fn apply<'a>((from, to): (&'a str, &'a str), name: &'a str) -> Option<Cow<'a, str>> {
    let mut texts = texts(from, name)?.into_iter();
    let mut parts = to.split('*');
    let first = parts.next().unwrap_or_default();
    let rest: String = parts.flat_map(|part| [texts.next().unwrap_or_default(), part]).collect();
    Some(if rest.is_empty() { first.into() } else { [first, &rest].concat().into() })
}

/// The texts that the `*` of a pattern stand for, each as short as possible but the last one; `None` if a name is another.
fn texts<'a>(from: &str, name: &'a str) -> Option<Vec<&'a str>> {
    let Some((before, after)) = from.split_once('*') else { return (name == from).then(Vec::new) };
    let mut rest = name.strip_prefix(before)?;
    let mut texts = Vec::new();
    let (between, last) = after.rsplit_once('*').map_or((None, after), |(between, last)| (Some(between), last));
    for part in between.into_iter().flat_map(|between| between.split('*')) {
        let (text, after) = rest.split_at(rest.find(part)?);
        texts.push(text);
        rest = &after[part.len()..];
    }
    texts.push(rest.strip_suffix(last)?);
    Some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renamed(rules: &[(&str, &str)], name: &str) -> String {
        assert_eq!(rules.iter().find_map(|rule| rule_error(*rule)), None);
        rename(rules, name.into())
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert_eq!(renamed(&[("module.*", "*")], "module.fc.weight"), "fc.weight");
        assert_eq!(renamed(&[("*.gamma", "*.weight")], "bn1.gamma"), "bn1.weight");
        assert_eq!(renamed(&[("a.*.kernel", "b.*.weight")], "a.0.1.kernel"), "b.0.1.weight");
        assert_eq!(renamed(&[("*", "net.*")], "fc.bias"), "net.fc.bias");
        assert_eq!(renamed(&[("ab*ba", "*")], "aba"), "aba");
        assert_eq!(
            renamed(&[("layer*.*.bn*.gamma", "stage*_*.norm*.weight")], "layer2.10.bn1.gamma"),
            "stage2_10.norm1.weight"
        );
        assert_eq!(renamed(&[("*.block.*.*", "*.*.*")], "a.b.block.0.conv.weight"), "a.b.0.conv.weight");
        assert_eq!(renamed(&[("a*b*b", "*-*")], "abb"), "-");
        assert_eq!(renamed(&[("a*b*b", "*-*")], "ab"), "ab");
        assert_eq!(renamed(&[("*é*", "*e*")], "caféx"), "cafex");
        assert_eq!(renamed(&[("*.*", "one")], "a.b"), "one");
    }

    #[test]
    fn rules_follow_each_other() {
        let rules = [("_orig_mod.*", "*"), ("module.*", "*"), ("head.bias", "fc.bias")];
        assert_eq!(renamed(&rules, "_orig_mod.module.head.bias"), "fc.bias");
        assert_eq!(renamed(&rules, "conv1.bias"), "conv1.bias");
    }

    #[test]
    fn both_sides_have_as_many_stars_or_there_is_none_to_put_in() {
        assert!(rule_error(("*.*", "*")).is_some());
        assert!(rule_error(("*.*", "*.*.*")).is_some());
        assert!(rule_error(("*.*", "*/*")).is_none());
        assert!(rule_error(("a", "*")).is_some());
        assert!(rule_error(("", "a")).is_some());
        assert!(rule_error(("a*", "b")).is_none());
    }
}
