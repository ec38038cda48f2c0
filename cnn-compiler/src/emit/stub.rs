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
    let Names { name, weights, workspace } = Names::new(&net.name);
    let (visibility, attributes) = (&net.visibility, &net.attributes);
    // Its mistakes were reported.
    let graph = graph(net, ast, &mut Report::default());
    let block = names::block(net, runtime, true, |names| {
        let code = [inherent(net, &names, graph.as_ref()), network(net, &names, graph.as_ref())];
        quote!(#(#code)*)
    });
    quote! {
        #(#attributes)*
        #[doc(hidden)]
        #[derive(::core::fmt::Debug)]
        #visibility struct #name<'w> {
            weights: ::core::marker::PhantomData<&'w #weights>,
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
fn inherent(net: &Net, Names { name, weights, workspace }: &Names, graph: Option<&Graph>) -> TokenStream {
    let [inputs, outputs] = lengths(graph);
    // Where the length is unknown, any is accepted.
    let generic = inputs.is_none().then(|| quote!(<const N: rt::usize>));
    let input = inputs.map_or(quote!([rt::f32; N]), |inputs| batch(net, quote!([rt::f32; #inputs])));
    let output = outputs.map_or(quote!(!), |outputs| {
        let output = batch(net, quote!([rt::f32; #outputs]));
        quote!(&#output)
    });
    // A tap's length is known only where the shapes are right; a slice does for most uses.
    let taps = graph.iter().flat_map(|graph| &graph.taps).map(|tap| format_ident!("{}", tap.method()));
    let (text, images) = (net.name.unraw().to_string(), number(net.batch));
    let [from, to] = [graph.map(|graph| graph.input), graph.and_then(|graph| graph.output)]
        .map(|known| known.unwrap_or(Shape::Vector(1)));
    let graph = value(&cnn_net::graph::Graph::new(&text, from, to, &[], Value::Input));
    quote! {
        static GRAPH: rt::Graph<'static> = #graph;

        impl<'w> #name<'w> {
            pub const WORKSPACE_BYTES: rt::usize = 0;
            pub const BATCH: rt::usize = #images;
            pub const PARAMETERS: rt::u64 = 0;
            pub const MACS: rt::u64 = 0;
            pub const STEPS: &'static [rt::Step<'static>] = &[];
            pub const MEMORY: &'static rt::Memory<'static> = &rt::Memory::new(0, 0, &[], &[]);
            pub const GRAPH: &'static rt::Graph<'static> = &GRAPH;

            pub const fn new(weights: &'w #weights) -> Self {
                Self { weights: ::core::marker::PhantomData }
            }

            pub const fn with_workspace(weights: &'w #weights, workspace: &'w mut #workspace) -> Self {
                Self { weights: ::core::marker::PhantomData }
            }

            pub const fn embedded() -> Self {
                Self { weights: ::core::marker::PhantomData }
            }

            rt::if_std! {
                pub fn with_pool(self, pool: &'w rt::ThreadPool) -> Self {
                    self
                }
            }

            pub fn forward #generic(&mut self, input: &#input) -> #output {
                ::core::unreachable!()
            }

            #(
                pub fn #taps(&self) -> &[rt::f32] {
                    ::core::unreachable!()
                }
            )*
        }
    }
}

/// The trait, and the methods of the weights.
fn network(net: &Net, Names { name, weights, .. }: &Names, graph: Option<&Graph>) -> TokenStream {
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

        impl<'w> rt::Network<'w> for #name<'w> {
            type Weights = #weights;
            type Input = #input;
            type Output = #output;
            const GRAPH: &'static rt::Graph<'static> = Self::GRAPH;
            const BATCH: rt::usize = Self::BATCH;
            const WORKSPACE_BYTES: rt::usize = 0;
            const STEPS: &'static [rt::Step<'static>] = &[];
            const MEMORY: &'static rt::Memory<'static> = Self::MEMORY;
            rt::network_methods!('w, #weights);

            fn forward(&mut self, input: &Self::Input) -> &Self::Output {
                ::core::unreachable!()
            }

            fn watched(&mut self, watch: &dyn ::core::ops::Fn(), input: &Self::Input) -> &Self::Output {
                ::core::unreachable!()
            }
        }
    }
}
