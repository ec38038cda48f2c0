//! What leaves a chain: taps and auxiliary classifiers, at the items whose values they read.

use cnn_net::graph::{Aux, Value};

use super::build::Builder;
use super::pipeline::{Leaver, Pipelines, begin};
use super::repeats::fold_repeats;
use super::{Chain, Exit, Item};

impl Builder<'_> {
    /// Attaches taps and auxiliary classifiers to the items of a chain. The first item is the net's input.
    pub(super) fn let_out(&mut self, trunk: &mut Chain, pipelines: &Pipelines<'_>) {
        let mut leavers = std::mem::take(&mut self.leavers);
        let begin = [begin(self.graph), None];
        let mut at_input: Vec<Leaver> = begin.iter().filter_map(|begin| leavers.remove(begin)).flatten().collect();
        trunk.each_mut(&mut |item: &mut Item| {
            let at_nodes = item.gives.iter().filter_map(|node| leavers.remove(&Some(Value::Node(*node)))).flatten();
            let all: Vec<Leaver> = std::mem::take(&mut at_input).into_iter().chain(at_nodes).collect();
            item.exits = all.into_iter().map(|leaver| self.exit(leaver, pipelines)).collect();
        });
    }

    fn exit(&mut self, leaver: Leaver, pipelines: &Pipelines<'_>) -> Exit {
        match leaver {
            Leaver::Tap(index) => {
                let tap = self.graph.taps[index];
                let port = self.port(&format!("tap {}", tap.name), self.graph.shape(tap.value));
                let mut chain = self.chain(&pipelines.to_taps[index], 0, "");
                chain.items.push(port);
                Exit { label: None, chain }
            }
            Leaver::Output(index) => {
                let port = self.output(index);
                let mut chain = self.chain(&pipelines.to_outputs[index], 0, "");
                chain.items.push(port);
                Exit { label: None, chain }
            }
            Leaver::Kept(node) => {
                let node = &self.graph.nodes[node];
                let port = self.port(&format!("keep {}", node.name), node.output);
                Exit { label: None, chain: Chain { items: vec![port], frames: Vec::new() } }
            }
            Leaver::Aux(index) => {
                let aux = self.graph.aux[index];
                let parts = pipelines.between(pipelines.fork(aux.result), aux.result);
                let mut chain = self.chain(&parts, self.depth(&aux), aux.name);
                if !self.options.unfold {
                    fold_repeats(&mut chain);
                }
                let label = format!("{} · training only · loss × {}", aux.name, aux.weight);
                Exit { label: Some(label), chain }
            }
        }
    }

    /// The number of block calls around an auxiliary classifier.
    fn depth(&self, aux: &Aux<'_>) -> usize {
        let Value::Node(node) = aux.result else { return 0 };
        let inside = |call: &str| aux.name.strip_prefix(call).is_some_and(|rest| rest.starts_with('.'));
        self.graph.nodes[node].calls.iter().take_while(|call| inside(call.name)).count()
    }
}
