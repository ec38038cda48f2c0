//! The table of layers in the crate's documentation has exactly the layers and arguments of the language, with their defaults.

use cnn_net::language::{Kind, Param, params};
use cnn_net::op::Op;

/// A row: the layers, and what it says about their arguments.
struct Row<'t> {
    layers: Vec<&'t str>,
    arguments: Vec<(&'t str, Option<String>)>,
}

fn rows(docs: &str) -> Vec<Row<'_>> {
    let (_, table) = docs.split_once("| layer | arguments (default) |\n").expect("the table of layers");
    let (table, _) = table.split_once("\n\n").expect("the end of the table");
    let cells = |row: &'_ str| -> Option<(usize, usize)> { Some((row.find('|')?, row.rfind('|')?)) };
    let row = |row| {
        let (begin, end) = cells(row)?;
        let (layers, arguments) = row.get(begin + 1..end)?.split_once('|')?;
        let layers: Vec<&str> = layers.split([' ', '`']).filter(|name| !name.is_empty()).collect();
        Some(Row { layers, arguments: items(arguments).into_iter().filter_map(argument).collect() })
    };
    table.lines().filter(|line| !line.contains("---")).filter_map(row).collect()
}

/// The parts between commas that are not in parentheses, before a semicolon.
fn items(text: &str) -> Vec<&str> {
    let (mut items, mut start, mut depth) = (Vec::new(), 0, 0);
    for (index, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' | ';' if depth == 0 => {
                items.push(&text[start..index]);
                start = index + 1;
                if c == ';' {
                    return items;
                }
            }
            _ => {}
        }
    }
    items.push(&text[start..]);
    items
}

/// An argument and its default: `stride` (1). Anything else is prose.
fn argument(item: &str) -> Option<(&str, Option<String>)> {
    let item = item.trim();
    let (name, default) = match item.split_once(" (") {
        Some((name, default)) => (name, Some(default.strip_suffix(')')?)),
        None => (item, None),
    };
    let name = name.trim_matches('`');
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let default = default.map(|default| default.split([',', ';']).next().unwrap_or_default().trim_matches('`'));
    // A word of prose, and how the table says what has no number.
    let default = default.map(|default| match default.split(' ').collect::<Vec<_>>()[..] {
        ["1", "/", "6"] => (1.0_f32 / 6.0).to_string(),
        ["the", argument] => argument.to_owned(),
        // The first of several words is the default.
        [first, ..] => first.trim_matches('`').to_owned(),
        [] => String::new(),
    });
    is_name.then_some((name, default))
}

fn is_documented(row: &Row<'_>, param: &Param) -> bool {
    let documented = row.arguments.iter().find(|(name, _)| *name == param.name);
    documented.is_some_and(|(_, default)| match (default, &param.default) {
        (Some(shown), Some(default)) => {
            shown == default || shown.parse::<f32>().ok() == default.parse::<f32>().ok() && shown.parse::<f32>().is_ok()
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    })
}

#[test]
fn the_table_of_layers_is_that_of_the_language() {
    let rows = rows(include_str!("../src/doc/language.md"));
    let mut documented: Vec<&str> = rows.iter().flat_map(|row| row.layers.iter().copied()).collect();
    let mut layers: Vec<&str> = Op::layers().map(|op| op.name()).collect();
    documented.sort_unstable();
    layers.sort_unstable();
    assert_eq!(documented, layers);
    for row in &rows {
        let of_row: Vec<Op> = Op::layers().filter(|op| row.layers.contains(&op.name())).collect();
        for op in &of_row {
            // Tensors of layers by the user have any name.
            for param in params(*op).into_iter().filter(|param| param.kind != Kind::Tensors) {
                assert!(is_documented(row, &param), "{}: `{}` in {:?}", op.name(), param.usage(), row.arguments);
            }
        }
        for (name, _) in &row.arguments {
            let is_known = of_row.iter().any(|op| params(*op).iter().any(|param| param.name == *name));
            assert!(is_known, "{:?} have no `{name}`", row.layers);
        }
    }
}
