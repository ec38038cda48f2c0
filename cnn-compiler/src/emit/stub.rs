//! The types of a net with mistakes: the errors of the net are enough, so its uses add none.

use cnn_net::graph::Value;
use cnn_net::op::Shape;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;

use super::names::{self, Names};
use super::values::{number, value};
use crate::ast::{Ast, Net};
use crate::graph::{Graph, graph};
use crate::report::Report;

/// The types of a net that does not compile.
pub(crate) fn stub(net: &Net, ast: &Ast, runtime: &TokenStream) -> TokenStream {
    let Names { name, weights, workspace, space: parameter } = Names::new(&net.name);
    let (visibility, attributes) = (&net.visibility, &net.attributes);
    // Its mistakes were reported.
    let graph = graph(net, ast, &mut Report::default());
    let space = quote!(#runtime::Workspace<0>);
    let block = names::block(net, runtime, &space, |names| {
        let graph = graph.as_ref();
        let code = [description(net, graph), inherent(net, &names, graph), network(net, &names, graph)];
        quote!(#(#code)*)
    });
    quote! {
        #(#attributes)*
        #[doc(hidden)]
        #[derive(::core::clone::Clone)]
        #visibility struct #name<'w, #parameter = #space> {
            weights: #runtime::Shared<'w, #weights>,
            workspace: #parameter,
            pool: #runtime::PoolOf<'w>,
        }

        #(#attributes)*
        #[doc(hidden)]
        #[derive(::core::fmt::Debug)]
        #visibility struct #weights {
            packed: #runtime::Packed<0>,
        }

        #(#attributes)*
        #[doc(hidden)]
        #visibility type #workspace = #runtime::Workspace<0>;

        #(#attributes)*
        #[allow(dead_code, unused_variables, missing_docs, reason = "a stub for a net with mistakes")]
        const _: () = { #block };
    }
}

/// Lengths of input and output, where they are known.
fn lengths(graph: Option<&Graph>) -> [Option<proc_macro2::Literal>; 2] {
    let output = graph.and_then(|graph| graph.output);
    [graph.map(|graph| graph.input), output].map(|shape| shape.map(|shape| number(shape.elements())))
}

/// The type of the images of a pass.
fn batch(net: &Net, image: TokenStream) -> TokenStream {
    let images = number(net.batch);
    if net.batch == 1 { image } else { quote!([#image; #images]) }
}

/// The methods and constants of the types.
fn inherent(net: &Net, Names { name, weights, space, .. }: &Names, graph: Option<&Graph>) -> TokenStream {
    let [inputs, outputs] = lengths(graph);
    // Where the length is unknown, any is accepted.
    let generic = inputs.is_none().then(|| quote!(<const N: rt::usize>));
    let input = inputs.map_or(quote!([rt::f32; N]), |inputs| batch(net, quote!([rt::f32; #inputs])));
    let output = outputs.map_or(quote!(!), |outputs| {
        let output = batch(net, quote!([rt::f32; #outputs]));
        quote!(&#output)
    });
    let partial = (net.batch > 1).then(|| {
        quote! {
            pub fn forward_partial<T>(&mut self, images: &[T]) -> rt::Result<&[[rt::f32; 1]], rt::WrongLength> {
                ::core::unreachable!()
            }
        }
    });
    // A tap's length is known only where the shapes are right; a slice does for most uses.
    let taps = graph.iter().flat_map(|graph| &graph.taps).map(|tap| format_ident!("{}", tap.method()));
    quote! {
        rt::net_methods!(#name, #weights, #space: 0);

        impl<'w> #name<'w> {
            pub fn new(weights: impl rt::Into<rt::Shared<'w, #weights>>) -> Self {
                Self::with_workspace(weights, rt::Workspace::new())
            }

            pub const fn embedded() -> Self {
                Self {
                    weights: rt::Shared::Borrowed(#weights::embedded()),
                    workspace: rt::Workspace::new(),
                    pool: rt::PoolOf::NONE,
                }
            }
        }

        impl<#space> #name<'_, #space> {
            pub fn forward #generic(&mut self, input: &#input) -> #output {
                ::core::unreachable!()
            }

            #partial

            #(
                pub fn #taps(&self) -> &[rt::f32] {
                    ::core::unreachable!()
                }
            )*
        }
    }
}

/// The description of the net, as far as it is known.
fn description(net: &Net, graph: Option<&Graph>) -> TokenStream {
    let (text, images) = (net.name.unraw().to_string(), number(net.batch));
    let [from, to] = [graph.map(|graph| graph.input), graph.and_then(|graph| graph.output)]
        .map(|known| known.unwrap_or(Shape::Vector(1)));
    let graph = value(&cnn_net::graph::Graph::new(&text, from, to, &[], Value::Input));
    quote! {
        static GRAPH: rt::Graph<'static> = #graph;
        const DESCRIPTION: rt::Description =
            rt::Description::new(&GRAPH, &[], &rt::Memory::new(0, 0, &[], &[]), 0).batch(#images);
    }
}

/// The traits, and the methods of the weights.
fn network(net: &Net, Names { name, weights, workspace, space }: &Names, graph: Option<&Graph>) -> TokenStream {
    let [input, output] = lengths(graph).map(|length| {
        let length = length.unwrap_or_else(|| number(0));
        batch(net, quote!([rt::f32; #length]))
    });
    quote! {
        rt::load_weights!(#weights, GRAPH, &[]);

        impl #weights {
            pub const fn embedded() -> &'static Self {
                &Self { packed: rt::Packed::Embedded(&rt::Aligned::ZEROS) }
            }
        }

        impl<#space: rt::Space<0>> rt::DynNetwork for #name<'_, #space> {
            fn description(&self) -> &'static rt::Description {
                &DESCRIPTION
            }

            fn watched(
                &mut self,
                watch: rt::Option<&dyn ::core::ops::Fn()>,
                images: &[rt::f32],
            ) -> rt::Result<&[rt::f32], rt::WrongLength> {
                ::core::unreachable!()
            }
        }

        impl<#space> ::core::fmt::Debug for #name<'_, #space> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(GRAPH.name)
            }
        }

        impl rt::Network for #name<'_> {
            type Weights = #weights;
            type Workspace = #workspace;
            type Input = #input;
            type Output = #output;
            const DESCRIPTION: &'static rt::Description = &DESCRIPTION;
            rt::network_methods!(#weights);

            fn forward(&mut self, input: &Self::Input) -> &Self::Output {
                ::core::unreachable!()
            }

            fn forward_in<'a>(
                weights: &Self::Weights,
                workspace: &'a mut Self::Workspace,
                input: &Self::Input,
            ) -> &'a Self::Output {
                ::core::unreachable!()
            }
        }
    }
}
