//! The types of a net with mistakes: the errors of the net are enough, so its uses add none.

use cnn_net::graph::{Input, Node, Output, Value};
use cnn_net::op::{Op, Shape};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;

use super::names::{self, Names};
use super::ports::{Ports, Signature};
use super::train;
use super::values::{number, value};
use crate::ast::{Ast, Net, Port};
use crate::graph::{Graph, graph};
use crate::report::Report;
use crate::train::criteria;

/// The types of a net that does not compile.
pub(crate) fn stub(net: &Net, ast: &Ast) -> TokenStream {
    let runtime = &ast.runtime();
    let names = Names::new(&net.name);
    let Names { name, weights, workspace, space: parameter, .. } = &names;
    let (visibility, attributes) = (&net.visibility, &net.attributes);
    let shared = ast.shares_weights(net);
    let weights_type = match shared {
        Some(shared) => {
            let shared = Names::new(&shared.name).weights;
            quote!(#visibility type #weights = #shared;)
        }
        None => quote! {
            #[derive(::core::fmt::Debug)]
            #visibility struct #weights {
                packed: #runtime::Packed<0>,
            }
        },
    };
    // Its mistakes were reported.
    let graph = ast.around(net).and_then(|ast| graph(net, ast, &mut Report::default()));
    let is_known = |graph: &&Graph| graph.outputs.iter().all(|output| output.declared.is_some());
    let is_known = graph.as_ref().filter(is_known).is_some();
    let space = quote!(#runtime::Workspace<0>);
    let (types, block) = declared(net, graph.as_ref(), |declared| {
        // The weights of another net may be in the binary or not.
        let has_embedded = shared.is_none() || ast.embedded(net).is_some();
        let stub = Stub { net, is_shared: shared.is_some(), has_embedded, graph: graph.as_ref(), declared, is_known };
        let block = names::block(net, runtime, &space, |names| {
            let code = [stub.description(), stub.inherent(&names), stub.network(&names)];
            let training = train::stub(net, &names, declared);
            quote!(#(#code)* #training)
        });
        let training = net.train.as_ref().map(|of| train::types(net, declared, &criteria(of, declared), runtime));
        let ports = stub.ports(&names).types(runtime);
        (quote!(#ports #training), block)
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
        #weights_type

        #(#attributes)*
        #[doc(hidden)]
        #visibility type #workspace = #runtime::Workspace<0>;

        #types

        #(#attributes)*
        #[allow(dead_code, unused_variables, missing_docs, reason = "a stub for a net with mistakes")]
        const _: () = { #block };
    }
}

/// What is known of a net with mistakes.
struct Stub<'a> {
    net: &'a Net,
    /// Whether its weights are those of another net.
    is_shared: bool,
    /// Whether it can be made of weights in the binary.
    has_embedded: bool,
    graph: Option<&'a Graph>,
    /// Its inputs and outputs as declared.
    declared: &'a cnn_net::graph::Graph<'a>,
    /// Whether their shapes are known.
    is_known: bool,
}

/// A description without layers, from what is declared.
fn declared<R>(net: &Net, graph: Option<&Graph>, read: impl FnOnce(&cnn_net::graph::Graph<'_>) -> R) -> R {
    let name = |port: &Port| port.name.as_ref().map(ToString::to_string).unwrap_or_default();
    let [inputs, outputs]: [Vec<String>; 2] = [&net.inputs, &net.outputs].map(|ports| ports.iter().map(name).collect());
    let input = |index: usize| graph.map_or(Shape::Vector(1), |graph| graph.inputs[index].shape);
    let output = |index: usize| graph.and_then(|graph| graph.outputs[index].declared).unwrap_or(Shape::Vector(1));
    let nodes: Vec<Node<'_>> =
        (0..outputs.len()).map(|index| Node::new("", Op::Flatten, &[Value::Input(0)], output(index))).collect();
    let inputs: Vec<Input<'_>> =
        inputs.iter().enumerate().map(|(index, name)| Input::new(name, input(index))).collect();
    let outputs: Vec<Output<'_>> =
        outputs.iter().enumerate().map(|(index, name)| Output::new(name, Value::Node(index))).collect();
    let name = net.name.unraw().to_string();
    read(&cnn_net::graph::Graph::new(&name, &inputs, &nodes, &outputs))
}

impl Stub<'_> {
    fn ports<'p>(&'p self, names: &'p Names) -> Ports<'p> {
        Ports { net: self.net, names, graph: self.declared, images: self.net.batch }
    }

    /// The type parameters, the parameters and the result of `forward`. Where a shape is unknown, any arguments are accepted.
    fn signature(&self, names: &Names) -> (Option<TokenStream>, Signature) {
        if self.is_known {
            return (None, self.ports(names).signature());
        }
        let count = if self.net.batch == 1 { self.net.inputs.len() } else { 1 };
        let types: Vec<_> = (0..count).map(|index| format_ident!("T{index}")).collect();
        let parameters: Vec<_> = (0..count).map(|index| format_ident!("input{index}")).collect();
        let parameters = quote!(#(#parameters: #types),*);
        // A slice does for most uses of a single output.
        let returned = match (self.net.outputs.len(), self.net.batch) {
            (0 | 1, 1) => quote!(&[rt::f32]),
            (0 | 1, _) => quote!(&[[rt::f32; 1]]),
            _ => quote!(!),
        };
        (Some(quote!(<#(#types),*>)), Signature { parameters, returned })
    }

    /// The methods and constants of the types.
    fn inherent(&self, names: &Names) -> TokenStream {
        let Names { name, weights, space, .. } = names;
        let (generic, Signature { parameters, returned }) = self.signature(names);
        let partial = (self.net.batch > 1).then(|| {
            quote! {
                pub fn forward_partial<T>(&mut self, images: &[T]) -> rt::Result<&[[rt::f32; 1]], rt::WrongLength> {
                    ::core::unreachable!()
                }
            }
        });
        let embedded = self.has_embedded.then(|| {
            quote! {
                pub const fn embedded() -> Self {
                    Self {
                        weights: rt::Shared::Borrowed(#weights::embedded()),
                        workspace: rt::Workspace::new(),
                        pool: rt::PoolOf::NONE,
                    }
                }
            }
        });
        // A tap's length is known only where the shapes are right; a slice does for most uses.
        let taps = self.graph.iter().flat_map(|graph| &graph.taps).map(|tap| format_ident!("{}", tap.method()));
        quote! {
            rt::net_methods!(#name, #weights, #space: 0);

            impl<'w> #name<'w> {
                pub fn new(weights: impl rt::Into<rt::Shared<'w, #weights>>) -> Self {
                    Self::with_workspace(weights, rt::Workspace::new())
                }

                #embedded
            }

            impl<#space> #name<'_, #space> {
                pub fn forward #generic(&mut self, #parameters) -> #returned {
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
    fn description(&self) -> TokenStream {
        let (graph, images) = (value(self.declared), number(self.net.batch));
        quote! {
            static GRAPH: rt::Graph<'static> = #graph;
            const DESCRIPTION: rt::Description =
                rt::Description::new(&GRAPH, &[], &rt::Memory::new(0, 0, &[], &[]), 0).batch(#images);
        }
    }

    /// The traits, and the methods of the weights.
    fn network(&self, names: &Names) -> TokenStream {
        let Names { name, weights, workspace, space, .. } = names;
        let [input, output] = self.ports(names).arrays();
        let of_weights = (!self.is_shared).then(|| {
            quote! {
                rt::load_weights!(#weights, GRAPH, &[]);

                impl #weights {
                    pub const fn embedded() -> &'static Self {
                        &Self { packed: rt::Packed::Embedded(&rt::Aligned::ZEROS) }
                    }
                }
            }
        });
        quote! {
            #of_weights

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
}
