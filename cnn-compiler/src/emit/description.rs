//! `GRAPH`.

use cnn_net::graph::{Aux, Call, Graph, Node, Tap, Tensor};
use proc_macro2::TokenStream;
use quote::quote;

use super::values::{number, op, option, real, role, shape, value};

/// The literal of a description.
pub(super) fn graph(graph: &Graph<'_>) -> TokenStream {
    let Graph { name, doc, .. } = graph;
    let (input, output, result) = (shape(graph.input), shape(graph.output), value(graph.result));
    let nodes = graph.nodes.iter().map(node);
    let taps = graph.taps.iter().map(|Tap { name, value: kept }| {
        let kept = value(*kept);
        quote!(rt::Tap { name: #name, value: #kept })
    });
    let aux = graph.aux.iter().map(|Aux { name, weight, result }| {
        let (weight, result) = (real(*weight), value(*result));
        quote!(rt::Aux { name: #name, weight: #weight, result: #result })
    });
    quote! {
        rt::Graph {
            name: #name, doc: #doc, input: #input, output: #output,
            nodes: &[#(#nodes),*],
            result: #result, taps: &[#(#taps),*], aux: &[#(#aux),*],
        }
    }
}

fn node(node: &Node<'_>) -> TokenStream {
    let Node { name, macs, .. } = node;
    let macs = proc_macro2::Literal::u64_unsuffixed(*macs);
    let (layer, output) = (op(&node.op), shape(node.output));
    let inputs = node.inputs.iter().map(|input| value(*input));
    let tensors = node.tensors.iter().map(|Tensor { name, role: of, shape }| {
        let (of, dims) = (role(*of), shape.iter().map(|dim| number(*dim)));
        quote!(rt::Tensor { name: #name, role: #of, shape: &[#(#dims),*] })
    });
    let calls = node.calls.iter().map(|Call { block, name }| quote!(rt::Call { block: #block, name: #name }));
    let aux = option(node.aux.map(number));
    quote! {
        rt::Node {
            name: #name, op: #layer, inputs: &[#(#inputs),*], output: #output,
            tensors: &[#(#tensors),*], macs: #macs, calls: &[#(#calls),*], aux: #aux,
        }
    }
}
