//! Layers in the nesting of their names: `layer1.0.conv1` is in `layer1.0`, which is in `layer1`.

use super::cost::Facts;

/// A row of a summary.
#[derive(Debug, PartialEq)]
pub(super) enum Row {
    /// A layer, by its node.
    Layer { node: usize, level: usize },
    /// A block, or a group: layers with a common beginning of their names.
    Block(Block),
}

/// What lies between two levels of nesting.
#[derive(Debug, PartialEq)]
pub(super) struct Block {
    /// The common beginning of its layers' names.
    pub(super) name: &'static str,
    /// The name of what the declaration calls here.
    pub(super) block: Option<&'static str>,
    /// How deep it lies; at the top, this is 1.
    pub(super) level: usize,
    pub(super) layers: Vec<usize>,
    /// Whether rows for its layers follow.
    pub(super) open: bool,
}

impl Block {
    /// The layer whose output is that of the block.
    pub(super) fn last(&self) -> usize {
        self.layers[self.layers.len() - 1]
    }
}

/// The rows for some layers, in order. Blocks are opened down to this level.
pub(super) fn rows(facts: &Facts, layers: &[usize], depth: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    add(facts, layers, 1, depth, &mut rows);
    rows
}

fn add(facts: &Facts, layers: &[usize], level: usize, depth: usize, rows: &mut Vec<Row>) {
    let name = |node: &usize| prefix(facts.node(*node).name, level);
    for layers in layers.chunk_by(|a, b| name(a).is_some() && name(a) == name(b)) {
        let Some(name) = name(&layers[0]) else {
            rows.push(Row::Layer { node: layers[0], level });
            continue;
        };
        let call = facts.node(layers[0]).calls.iter().find(|call| call.name == name);
        let (block, open) = (call.map(|call| call.block), level < depth);
        rows.push(Row::Block(Block { name, block, level, layers: layers.to_vec(), open }));
        if open {
            add(facts, layers, level + 1, depth, rows);
        }
    }
}

/// The first parts of a name that has more of them: two of `layer1.0.conv1` are `layer1.0`.
fn prefix(name: &str, parts: usize) -> Option<&str> {
    name.match_indices('.').nth(parts - 1).map(|(dot, _)| &name[..dot])
}

/// The last part of a name.
pub(super) fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Model;
    use crate::registry::tests::BRANCHED;

    fn names(facts: &Facts, depth: usize) -> Vec<String> {
        rows(facts, &facts.layers(None), depth).iter().map(|row| shown(facts, row)).collect()
    }

    fn shown(facts: &Facts, row: &Row) -> String {
        match row {
            Row::Layer { node, level } => format!("{level} {}", facts.node(*node).name),
            Row::Block(block) => format!("{} {} ({} layers)", block.level, block.name, block.layers.len()),
        }
    }

    #[test]
    fn blocks_are_folded_where_they_are_too_deep() {
        let facts = Facts::new(Model::named("resnet18").unwrap());
        let top = names(&facts, 1);
        assert_eq!(top[3..6], ["1 maxpool", "1 layer1 (14 layers)", "1 layer2 (16 layers)"]);
        let blocks = names(&facts, 2);
        assert_eq!(blocks[4..7], ["1 layer1 (14 layers)", "2 layer1.0 (7 layers)", "2 layer1.1 (7 layers)"]);
        let all = names(&facts, usize::MAX);
        assert_eq!(all[5..7], ["2 layer1.0 (7 layers)", "3 layer1.0.conv1"]);
        assert_eq!(all.iter().filter(|row| !row.contains('(')).count(), facts.graph.nodes.len());
    }

    #[test]
    fn a_net_without_blocks_has_one_level() {
        let facts = Facts::new(&BRANCHED);
        assert_eq!(names(&facts, 1), ["1 same", "1 0", "1 1", "1 2", "1 fc"]);
        assert_eq!(names(&facts, 1), names(&facts, usize::MAX));
        let aux = rows(&facts, &facts.layers(Some(0)), usize::MAX);
        let aux: Vec<String> = aux.iter().map(|row| shown(&facts, row)).collect();
        assert_eq!(aux, ["1 head (2 layers)", "2 head.0", "2 head.fc"]);
    }
}
