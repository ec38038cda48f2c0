//! The types of a net.

use cnn_runtime::graph::Graph;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::values::number;
use super::weights::{Embedded, recipe};
use super::{description, kernels, thousands};
use crate::ast::Net;
use crate::plan::{Plan, Range};

/// Workspaces up to this many bytes are a field of the net, which then needs no allocator; larger ones could overflow
/// a stack.
const INLINE_BYTES: usize = 128 << 10;

/// What the parts of a net's code need to know.
struct Parts<'a> {
    net: &'a Net,
    plan: &'a Plan,
    graph: &'a Graph<'a>,
    embedded: Option<&'a Embedded>,
    /// `LeNet5`
    name: &'a Ident,
    /// `LeNet5Weights`
    weights: Ident,
    /// `LeNet5Workspace`
    workspace: Ident,
}

/// The code of a net.
pub(crate) fn net(net: &Net, plan: &Plan, graph: &Graph<'_>, embedded: Option<&Embedded>) -> TokenStream {
    let name = &net.name;
    let parts = Parts {
        net,
        plan,
        graph,
        embedded,
        name,
        weights: format_ident!("{name}Weights"),
        workspace: format_ident!("{name}Workspace"),
    };
    let types = parts.types();
    let (constants, calls) = kernels::kernels(&plan.calls);
    let code = [parts.constructors(), parts.forward(&calls), parts.weights_impl(), parts.network()];
    let statics = parts.statics();
    let attributes = &net.attributes;
    quote! {
        #types

        #(#attributes)*
        const _: () = {
            use ::cnn::__rt as rt;
            use ::core::option::Option::{self, None, Some};
            use ::core::result::Result;

            #(#constants)*
            #(#code)*
            #statics
        };
    }
}

impl Parts<'_> {
    fn is_inline(&self) -> bool {
        self.plan.workspace_len * size_of::<f32>() <= INLINE_BYTES
    }

    /// `LeNet5`, `LeNet5Weights`, and for large nets `LeNet5Workspace`.
    fn types(&self) -> TokenStream {
        let Parts { name, weights, workspace, graph, .. } = self;
        let (visibility, docs, attributes) = (&self.net.visibility, &self.net.docs, &self.net.attributes);
        let (floats, packed) = (number(self.plan.workspace_len), number(self.plan.packed_len));
        let numbers = format!(
            " `{} -> {}`: {} parameters, {} multiplications, a workspace of {} bytes.",
            graph.input,
            graph.output,
            thousands(graph.parameters()),
            thousands(graph.macs()),
            thousands((self.plan.workspace_len * size_of::<f32>()) as u64),
        );
        let (alias, field) = if self.is_inline() {
            (None, quote!(::cnn::__rt::Workspace<#floats>))
        } else {
            let doc = format!(" Memory that [`{name}`] computes in, for [`{name}::with_workspace`].");
            (
                Some(quote! {
                    #[doc = #doc]
                    #(#attributes)*
                    #visibility type #workspace = ::cnn::__rt::Workspace<#floats>;
                }),
                quote!(::cnn::__rt::Place<'w, #floats>),
            )
        };
        let blank = (!docs.is_empty()).then(|| quote!(#[doc = ""]));
        let weights_doc = format!(" Weights of [`{name}`], packed as its kernels read them. Threads can share them.");
        quote! {
            #(#docs)*
            #blank
            #[doc = #numbers]
            #(#attributes)*
            #visibility struct #name<'w> {
                weights: &'w #weights,
                workspace: #field,
            }

            #[doc = #weights_doc]
            #(#attributes)*
            #[derive(::core::fmt::Debug)]
            #visibility struct #weights {
                packed: ::cnn::__rt::Packed<#packed>,
            }

            #alias
        }
    }

    /// The description, the recipe, and embedded weights.
    fn statics(&self) -> TokenStream {
        let Parts { name, weights, .. } = self;
        let graph = description::graph(self.graph);
        let recipe = recipe(&self.plan.recipe);
        let embedded = self.embedded.map(|embedded| embedded.tokens(self.plan.packed_len));
        let shared = self.embedded.map(|_| quote!(type Weights = #weights;));
        let doc = format!(" What `{name}` was declared as.");
        quote! {
            #[doc = #doc]
            static GRAPH: rt::Graph<'static> = #graph;
            rt::if_alloc! {
                /// How the tensors of a file are packed.
                static RECIPE: &[rt::Pack] = #recipe;
            }
            #shared
            #embedded
        }
    }

    /// `new`, `embedded`, `with_workspace`, and the numbers.
    fn constructors(&self) -> TokenStream {
        let Parts { name, weights, workspace, graph, .. } = self;
        let bytes = number(self.plan.workspace_len * size_of::<f32>());
        let parameters = proc_macro2::Literal::u64_unsuffixed(graph.parameters());
        let macs = proc_macro2::Literal::u64_unsuffixed(graph.macs());
        let new = if self.is_inline() {
            quote! {
                /// A net with a workspace of its own; one for each thread.
                pub const fn new(weights: &'w #weights) -> Self {
                    Self { weights, workspace: rt::Workspace::new() }
                }
            }
        } else {
            quote! {
                rt::if_alloc! {
                    /// A net with a workspace of its own, on the heap; one for each thread.
                    pub fn new(weights: &'w #weights) -> Self {
                        Self { weights, workspace: rt::Place::heap() }
                    }
                }

                /// A net in memory of the caller's, which can be a `static`.
                pub const fn with_workspace(weights: &'w #weights, workspace: &'w mut #workspace) -> Self {
                    Self { weights, workspace: rt::Place::Borrowed(workspace) }
                }
            }
        };
        let embedded = self.embedded.map(|_| self.embedded_constructor());
        quote! {
            impl<'w> #name<'w> {
                /// Bytes of the workspace.
                pub const WORKSPACE_BYTES: usize = #bytes;
                /// Trained parameters, without those of auxiliary classifiers.
                pub const PARAMETERS: u64 = #parameters;
                /// Multiplications with a weight in one pass.
                pub const MACS: u64 = #macs;
                /// The net as it was declared: layers, shapes, tensors.
                pub const GRAPH: &'static rt::Graph<'static> = &GRAPH;

                #new
            }
            #embedded
        }
    }

    fn embedded_constructor(&self) -> TokenStream {
        let Parts { name, weights, .. } = self;
        let (constant, condition) = if self.is_inline() { (Some(quote!(const)), None) } else { (None, Some(())) };
        let body = quote! {
            /// A net on the weights in the binary, which are packed already: nothing is read and nothing can fail.
            pub #constant fn embedded() -> Self {
                Self::new(&EMBEDDED)
            }
        };
        let body = if condition.is_some() { quote!(rt::if_alloc! { #body }) } else { body };
        quote! {
            impl #name<'static> {
                #body
            }
            impl #weights {
                /// The weights in the binary.
                pub const fn embedded() -> &'static Self {
                    &EMBEDDED
                }
            }
        }
    }

    /// `forward` and the taps.
    fn forward(&self, calls: &[TokenStream]) -> TokenStream {
        let Parts { name, graph, plan, .. } = self;
        let (inputs, outputs) = (number(graph.input.elements()), number(graph.output.elements()));
        let offset = number(plan.output.offset);
        let doc = format!(
            " Runs the net: `{}` in, `{}` out, both in the order channels, rows, columns. Allocates nothing.",
            graph.input, graph.output
        );
        let weights = plan.recipe.iter().map(|_| quote!(let weights = &*self.weights.packed;)).take(1);
        let taps = self.graph.taps.iter().zip(&plan.taps).map(|(tap, range)| {
            let method = format_ident!("tap_{}", tap.name.replace('.', "_"));
            let Range { offset, len } = *range;
            let (offset, len) = (number(offset), number(len));
            let doc = format!(
                " What the last pass left at `{}`: {}, in the order channels, rows, columns.",
                tap.name,
                graph.shape(tap.value)
            );
            quote! {
                #[doc = #doc]
                pub fn #method(&self) -> &[f32; #len] {
                    self.workspace.array::<#offset, #len>()
                }
            }
        });
        quote! {
            impl #name<'_> {
                #[doc = #doc]
                pub fn forward(&mut self, input: &[f32; #inputs]) -> &[f32; #outputs] {
                    let isa = rt::Isa::best();
                    #(#weights)*
                    let workspace = self.workspace.floats();
                    #(#calls)*
                    self.workspace.array::<#offset, #outputs>()
                }

                #(#taps)*
            }
        }
    }

    /// `from_safetensors`.
    fn weights_impl(&self) -> TokenStream {
        let weights = &self.weights;
        quote! {
            rt::if_alloc! {
                impl #weights {
                    /// Reads a safetensors file as PyTorch writes it (F32, F16 or BF16), folds and packs it once.
                    ///
                    /// # Errors
                    ///
                    /// Everything in which the file does not fit the net, at once.
                    pub fn from_safetensors(file: &[u8]) -> Result<Self, rt::WeightsError> {
                        rt::Packed::from_safetensors(&GRAPH, RECIPE, file).map(|packed| Self { packed })
                    }
                }
            }
        }
    }

    /// The trait.
    fn network(&self) -> TokenStream {
        let Parts { name, weights, graph, .. } = self;
        let (inputs, outputs) = (number(graph.input.elements()), number(graph.output.elements()));
        let taps = graph.taps.iter().map(|tap| {
            let (name, method) = (tap.name, format_ident!("tap_{}", tap.name.replace('.', "_")));
            quote!(#name => Some(self.#method()),)
        });
        let debug = graph.name;
        quote! {
            impl<'w> rt::Network<'w> for #name<'w> {
                type Weights = #weights;
                type Input = [f32; #inputs];
                type Output = [f32; #outputs];
                const GRAPH: &'static rt::Graph<'static> = &GRAPH;
                const WORKSPACE_BYTES: usize = Self::WORKSPACE_BYTES;
                const PARAMETERS: u64 = Self::PARAMETERS;
                const MACS: u64 = Self::MACS;

                rt::if_alloc! {
                    fn weights(safetensors: &[u8]) -> Result<#weights, rt::WeightsError> {
                        #weights::from_safetensors(safetensors)
                    }

                    fn new(weights: &'w #weights) -> Self {
                        Self::new(weights)
                    }
                }

                fn forward(&mut self, input: &[f32; #inputs]) -> &[f32; #outputs] {
                    self.forward(input)
                }

                fn run(&mut self, input: &[f32]) -> Result<&[f32], rt::WrongLength> {
                    match input.as_array() {
                        Some(input) => Result::Ok(self.forward(input)),
                        None => Result::Err(rt::WrongLength { expected: #inputs, found: input.len() }),
                    }
                }

                fn tap(&self, name: &str) -> Option<&[f32]> {
                    match name {
                        #(#taps)*
                        _ => None,
                    }
                }
            }

            impl ::core::fmt::Debug for #name<'_> {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.write_str(#debug)
                }
            }
        }
    }
}
