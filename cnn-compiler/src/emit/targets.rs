//! The types of an image in training, of its targets, and of the outputs for it.
//!
//! ```text
//! Net: 1x28x28 -> 10                                u32
//! Net: 1x28x28 -> { digit: 10, corners: 8 }         NetTarget { digit: u32, corners: [f32; 8] }
//! ```

use cnn_net::graph::{Graph, Output};
use cnn_runtime::train::Criterion;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::names::Names;
use super::ports::field;
use super::values::number;
use crate::ast::Net;

/// The types of an image, of its target, and of the outputs for it, in the block of a net.
pub(super) fn image_types(names: &Names, graph: &Graph<'_>, criteria: &[Criterion]) -> [TokenStream; 3] {
    let [input, outputs] = [graph.input(), graph.output()].map(|shape| number(shape.elements()));
    let target = match (graph.outputs, criteria) {
        ([output], [criterion]) => target(graph, output, criterion, &quote!(rt)).0,
        _ => {
            let target = &names.target;
            quote!(#target)
        }
    };
    [quote!([rt::f32; #input]), target, quote!([rt::f32; #outputs])]
}

/// The struct of the targets of an image, of a net with several outputs.
pub(super) fn struct_of_targets(
    net: &Net,
    graph: &Graph<'_>,
    criteria: &[Criterion],
    runtime: &TokenStream,
) -> Option<TokenStream> {
    if graph.outputs.len() == 1 {
        return None;
    }
    let Names { name, target: target_type, .. } = Names::new(&net.name);
    let (visibility, attributes) = (&net.visibility, &net.attributes);
    let fields: Vec<Ident> = graph.outputs.iter().map(|output| field(output.name)).collect();
    let targets = graph.outputs.iter().zip(criteria).map(|(output, of)| target(graph, output, of, runtime));
    let (types, docs): (Vec<TokenStream>, Vec<String>) = targets.unzip();
    let doc = format!(" What the outputs of [`{name}`] for an image should be.");
    Some(quote! {
        #[doc = #doc]
        #(#attributes)*
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug, ::core::cmp::PartialEq)]
        #visibility struct #target_type {
            #(
                #[doc = #docs]
                pub #fields: #types,
            )*
        }
    })
}

/// The type of an output's target, and what is said of it.
fn target(graph: &Graph<'_>, output: &Output<'_>, of: &Criterion, runtime: &TokenStream) -> (TokenStream, String) {
    let shape = graph.shape(output.value);
    match (of.loss.is_of_classes(), shape.size().area()) {
        (true, 1) => (quote!(#runtime::u32), format!(" One of {} classes, counted from 0.", shape.channels())),
        (true, pixels) => {
            let pixels = number(pixels);
            let doc = format!(" One of {} classes for each pixel, row by row.", shape.channels());
            (quote!([#runtime::u32; #pixels]), doc)
        }
        (false, _) => {
            let numbers = number(shape.elements());
            (quote!([#runtime::f32; #numbers]), format!(" {shape}, in the order channels, rows, columns."))
        }
    }
}
