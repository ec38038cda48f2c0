//! Rules that rename tensors.

use alloc::borrow::Cow;
use alloc::string::String;

/// What is wrong with a rule, if anything.
pub fn rule_error((from, to): (&str, &str)) -> Option<&'static str> {
    let stars = |part: &str| part.matches('*').count();
    match (stars(from), stars(to)) {
        (2.., _) | (_, 2..) => Some("each part can have at most one `*`"),
        (0, 1) => Some("the second part has a `*`, but the first part has none to take the text from"),
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
    let Some((before, after)) = from.split_once('*') else { return (name == from).then_some(to.into()) };
    let rest = name.strip_prefix(before)?.strip_suffix(after)?;
    Some(match to.split_once('*') {
        Some((before, after)) => [before, rest, after].concat().into(),
        None => to.into(),
    })
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
    }

    #[test]
    fn rules_follow_each_other() {
        let rules = [("_orig_mod.*", "*"), ("module.*", "*"), ("head.bias", "fc.bias")];
        assert_eq!(renamed(&rules, "_orig_mod.module.head.bias"), "fc.bias");
        assert_eq!(renamed(&rules, "conv1.bias"), "conv1.bias");
    }

    #[test]
    fn a_rule_has_a_star_on_both_sides_or_none_to_put_in() {
        assert!(rule_error(("*.*", "*")).is_some());
        assert!(rule_error(("a", "*")).is_some());
        assert!(rule_error(("", "a")).is_some());
        assert!(rule_error(("a*", "b")).is_none());
    }
}
