//! Simplification: operators that exporters write for one layer become that layer's operator, a file for each kind.
//!
//! A rule looks at a node and at what it reads from, and says what replaces it. Nodes are visited once, in order, so a
//! rule sees what others have made of earlier nodes. Whatever nothing reads afterwards is dropped.

mod choice;
mod gated;
mod gelu;
mod grn;
mod hard;
mod l2_norm;
mod layer_norm;
mod logarithm;
mod lrn;
mod rms_norm;
mod shrink;
mod squeeze;
mod unshuffle;

use crate::graph::{Graph, Id, Node};

/// What replaces a node.
type Rule = for<'a> fn(&Finder<'_, 'a>, &Node<'a>) -> Option<Node<'a>>;

const RULES: [Rule; 20] = [
    squeeze::squeeze,
    choice::choice,
    shrink::by_size,
    shrink::outside,
    shrink::sum,
    hard::hard_sigmoid,
    hard::hard_swish,
    gated::silu,
    gated::mish,
    gated::softsign,
    gelu::gelu,
    layer_norm::layer_norm,
    layer_norm::multiplied,
    rms_norm::rms_norm,
    l2_norm::l2_norm,
    grn::grn,
    lrn::lrn,
    unshuffle::unshuffle,
    logarithm::of_activation,
    logarithm::softplus,
];

/// Applies all rules.
pub(crate) fn simplify(graph: &mut Graph<'_>) {
    let producers = graph.producers();
    for index in 0..graph.nodes.len() {
        let finder = Finder { graph, producers: &producers };
        let node = &graph.nodes[index];
        if node.domain.is_empty()
            && let Some(node) = RULES.iter().find_map(|rule| rule(&finder, node))
        {
            graph.nodes[index] = node;
        }
    }
    graph.sweep();
}

/// What rules ask about a graph.
struct Finder<'g, 'a> {
    graph: &'g Graph<'a>,
    producers: &'g [Option<usize>],
}

/// Constants of exporters have single precision, and often fewer digits.
const CLOSE: f64 = 1e-4;
/// Those of models in half precision.
const CLOSE_TO_HALF: f64 = 5e-4;

fn is_close(a: f64, b: f64) -> bool {
    let is_half = |x: f64| (f64::from(half::f16::from_f64(x)) - x).abs() <= 1e-9 * x.abs();
    // A divisor is the inverse of a factor.
    let close = if is_half(a) || is_half(1.0 / a) { CLOSE_TO_HALF } else { CLOSE };
    (a - b).abs() <= close * b.abs()
}

/// A product of more factors than this does not occur in a layer.
const MOST_FACTORS: usize = 8;

/// How many nodes after each other may be computed twice.
const MOST_STEPS: usize = 3;

impl<'g, 'a> Finder<'g, 'a> {
    /// The node that computes a value, if it is of this operator.
    fn of(&self, id: Id, op: &str) -> Option<&'g Node<'a>> {
        let node = &self.graph.nodes[self.producers[id]?];
        (node.op == op && node.domain.is_empty()).then_some(node)
    }

    /// Whether two values are one, perhaps computed twice: files by PyTorch's `torch.export` have what the model has.
    fn is_same(&self, a: Id, b: Id) -> bool {
        self.is_same_within(a, b, MOST_STEPS)
    }

    fn is_same_within(&self, a: Id, b: Id, steps: usize) -> bool {
        if a == b {
            return true;
        }
        if let (Some(a), Some(b)) = (self.number(Some(a)), self.number(Some(b))) {
            return a == b;
        }
        let (Some(a), Some(b)) = (self.producers[a], self.producers[b]) else { return false };
        let (a, b) = (&self.graph.nodes[a], &self.graph.nodes[b]);
        let both = |(a, b): (&Option<Id>, &Option<Id>)| match (a, b) {
            (Some(a), Some(b)) => self.is_same_within(*a, *b, steps - 1),
            (a, b) => a == b,
        };
        steps > 0
            && (a.op, a.domain, &a.attributes) == (b.op, b.domain, &b.attributes)
            && (a.outputs.len(), a.inputs.len()) == (1, b.inputs.len())
            && a.inputs.iter().zip(&b.inputs).all(both)
    }

    fn number(&self, id: Option<Id>) -> Option<f64> {
        self.graph.scalar(id)
    }

    /// The value and the number that a sum, a product, … is of.
    fn with_number(&self, node: &Node<'a>) -> Option<(Id, f64)> {
        let (first, second) = (node.input(0)?, node.input(1)?);
        match (self.number(Some(first)), self.number(Some(second))) {
            (None, Some(number)) => Some((first, number)),
            (Some(number), None) if node.op != "Div" && node.op != "Sub" => Some((second, number)),
            _ => None,
        }
    }

    /// The axes of a reduction that keeps them.
    fn kept_axes(&self, node: &Node<'a>) -> Option<Vec<i64>> {
        let axes = match node.input(1) {
            Some(axes) => self.graph.constant(Some(axes))?.to_ints().ok()?,
            None => node.ints("axes").ok()??.to_vec(),
        };
        (node.flag("keepdims", true).ok()? && !axes.is_empty()).then_some(axes)
    }

    /// A value plus this number.
    fn plus(&self, id: Id, number: f64) -> Option<Id> {
        let (value, found) = self.with_number(self.of(id, "Add")?)?;
        is_close(found, number).then_some(value)
    }

    /// The limits of a `Clip`, with what it limits.
    fn clip(&self, id: Id) -> Option<(Id, f64, f64)> {
        let node = self.of(id, "Clip")?;
        let limit = |index: usize, name: &str| match node.input(index) {
            Some(id) => self.number(Some(id)),
            None => node.float(name, f32::NAN).ok().map(f64::from).filter(|limit| !limit.is_nan()),
        };
        Some((node.input(0)?, limit(1, "min")?, limit(2, "max")?))
    }

    /// The factors of a product that are not numbers, and the product of those that are.
    fn factors(&self, id: Id) -> (Vec<Id>, f64) {
        let (mut factors, mut number, mut open) = (Vec::new(), 1.0, vec![id]);
        while let Some(id) = open.pop() {
            let product = self.of(id, "Mul").map(|node| (node.input(0), node.input(1)));
            let quotient = self.of(id, "Div").and_then(|node| self.with_number(node));
            match (self.number(Some(id)), product, quotient) {
                (Some(found), _, _) => number *= found,
                (None, Some((Some(a), Some(b))), _) if factors.len() + open.len() < MOST_FACTORS => open.extend([b, a]),
                (None, _, Some((value, divisor))) if divisor != 0.0 => {
                    number /= divisor;
                    open.push(value);
                }
                _ => factors.push(id),
            }
        }
        (factors, number)
    }

    /// The other of two factors, of which one is such a function of it.
    fn gate(&self, node: &Node<'a>, is: impl Fn(Id, Id) -> bool) -> Option<Id> {
        let (a, b) = (node.input(0)?, node.input(1)?);
        if is(b, a) {
            Some(a)
        } else if is(a, b) {
            Some(b)
        } else {
            None
        }
    }
}
