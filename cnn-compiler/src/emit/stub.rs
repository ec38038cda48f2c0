//! The types of a net with mistakes: what is said about the net is enough, its uses need no errors of their own.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;

use super::values::{number, shape};
use crate::ast::{Ast, Net};
use crate::graph::{Graph, graph};
use crate::report::Report;

/// The types of a net that does not compile.
pub(crate) fn stub(net: &Net, ast: &Ast) -> TokenStream {
    let (name, weights, workspace) =
        (&net.name, format_ident!("{}Weights", net.name), format_ident!("{}Workspace", net.name));
    let (visibility, attributes) = (&net.visibility, &net.attributes);
    // Its mistakes were reported.
    let graph = graph(net, ast, &mut Report::default());
    let code =
        [inherent(net, &weights, graph.as_ref()), weights_impl(&weights), network(net, &weights, graph.as_ref())];
    quote! {
        #(#attributes)*
        #[doc(hidden)]
        #[derive(::core::fmt::Debug)]
        #visibility struct #name<'w>(::core::marker::PhantomData<&'w #weights>);

        #(#attributes)*
        #[doc(hidden)]
        #[derive(::core::fmt::Debug)]
        #visibility struct #weights(());

        #(#attributes)*
        #[doc(hidden)]
        #visibility type #workspace = ::cnn::__rt::Workspace<0>;

        #(#attributes)*
        #[allow(dead_code, unused_variables, missing_docs, reason = "the net has mistakes, this only stands for it")]
        const _: () = {
            use ::cnn::__rt as rt;
            #(#code)*
        };
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

/// What the types have themselves.
fn inherent(net: &Net, weights: &Ident, graph: Option<&Graph>) -> TokenStream {
    let (name, workspace) = (&net.name, format_ident!("{}Workspace", net.name));
    let [inputs, outputs] = lengths(graph);
    // Arrays of an unknown length are of any.
    let generic = inputs.is_none().then(|| quote!(<const N: usize>));
    let input = inputs.map_or(quote!([f32; N]), |inputs| batch(net, quote!([f32; #inputs])));
    let output = outputs.map_or(quote!(!), |outputs| {
        let output = batch(net, quote!([f32; #outputs]));
        quote!(&#output)
    });
    // A tap's length is known only where the shapes are right; a slice does for most uses.
    let taps = graph.iter().flat_map(|graph| &graph.taps).map(|tap| format_ident!("{}", tap.method()));
    let (text, images) = (name.unraw().to_string(), number(net.batch));
    let described = [graph.map(|graph| graph.input), graph.and_then(|graph| graph.output)]
        .map(|known| shape(known.unwrap_or(cnn_runtime::op::Shape::Vector(1))));
    let [from, to] = described;
    quote! {
        impl<'w> #name<'w> {
            pub const WORKSPACE_BYTES: usize = 0;
            pub const BATCH: usize = #images;
            pub const PARAMETERS: u64 = 0;
            pub const MACS: u64 = 0;
            pub const STEPS: &'static [rt::Step<'static>] = &[];
            pub const MEMORY: &'static rt::Memory<'static> =
                &rt::Memory { floats: 0, lower_bound: 0, times: &[], buffers: &[] };
            pub const GRAPH: &'static rt::Graph<'static> = &rt::Graph {
                name: #text, doc: "", input: #from, output: #to,
                nodes: &[], result: rt::Value::Input, taps: &[], aux: &[],
            };

            pub const fn new(weights: &'w #weights) -> Self {
                Self(::core::marker::PhantomData)
            }

            pub const fn with_workspace(weights: &'w #weights, workspace: &'w mut #workspace) -> Self {
                Self(::core::marker::PhantomData)
            }

            pub const fn embedded() -> Self {
                Self(::core::marker::PhantomData)
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
                pub fn #taps(&self) -> &[f32] {
                    ::core::unreachable!()
                }
            )*
        }
    }
}

/// What the weights' type has.
fn weights_impl(weights: &Ident) -> TokenStream {
    quote! {
        impl #weights {
            rt::if_alloc! {
                pub fn from_safetensors(file: &[u8]) -> ::core::result::Result<Self, rt::WeightsError> {
                    ::core::unreachable!()
                }

                pub fn from_safetensors_with(
                    file: &[u8],
                    rename: &[(&str, &str)],
                ) -> ::core::result::Result<Self, rt::WeightsError> {
                    ::core::unreachable!()
                }

                pub fn load(source: &rt::Source<'_>) -> ::core::result::Result<Self, rt::WeightsError> {
                    ::core::unreachable!()
                }
            }

            rt::if_std! {
                pub fn open(
                    path: impl ::core::convert::AsRef<rt::Path>,
                ) -> ::core::result::Result<Self, rt::WeightsError> {
                    ::core::unreachable!()
                }
            }

            pub const fn embedded() -> &'static Self {
                &Self(())
            }
        }
    }
}

/// The trait.
fn network(net: &Net, weights: &Ident, graph: Option<&Graph>) -> TokenStream {
    let name = &net.name;
    let [input, output] = lengths(graph).map(|length| {
        let length = length.unwrap_or_else(|| number(0));
        batch(net, quote!([f32; #length]))
    });
    quote! {
        impl<'w> rt::Network<'w> for #name<'w> {
            type Weights = #weights;
            type Input = #input;
            type Output = #output;
            const GRAPH: &'static rt::Graph<'static> = Self::GRAPH;
            const BATCH: usize = Self::BATCH;
            const WORKSPACE_BYTES: usize = 0;
            const PARAMETERS: u64 = 0;
            const MACS: u64 = 0;
            const STEPS: &'static [rt::Step<'static>] = &[];
            const MEMORY: &'static rt::Memory<'static> = Self::MEMORY;

            rt::if_alloc! {
                fn load(source: &rt::Source<'_>) -> ::core::result::Result<#weights, rt::WeightsError> {
                    #weights::load(source)
                }

                fn new(weights: &'w #weights) -> Self {
                    Self::new(weights)
                }
            }

            rt::if_std! {
                fn with_pool(self, pool: &'w rt::ThreadPool) -> Self {
                    self
                }
            }

            fn forward(&mut self, input: &Self::Input) -> &Self::Output {
                ::core::unreachable!()
            }

            fn run(&mut self, input: &[f32]) -> ::core::result::Result<&[f32], rt::WrongLength> {
                ::core::unreachable!()
            }

            fn profile(
                &mut self,
                input: &[f32],
                watch: &mut dyn ::core::ops::FnMut(usize),
            ) -> ::core::result::Result<&[f32], rt::WrongLength> {
                ::core::unreachable!()
            }

            fn tap(&self, name: &str) -> ::core::option::Option<&[f32]> {
                ::core::option::Option::None
            }
        }
    }
}
