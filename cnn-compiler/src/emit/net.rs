//! The types of a net.

use cnn_net::graph::Graph;
use cnn_net::text::thousands;
use proc_macro2::TokenStream;
use quote::quote;

use super::embed::Embedded;
use super::kernels::{Kernels, kernels};
use super::memory;
use super::names::{self, Names};
use super::parts::{Memory, Parts};
use super::values::{number, tokens, value};
use crate::ast::Net;
use crate::plan::Plan;

/// The code of a net.
pub(crate) fn net(
    net: &Net,
    plan: &Plan,
    graph: &Graph<'_>,
    embedded: Option<&Embedded>,
    runtime: &TokenStream,
) -> TokenStream {
    let names = Names::new(&net.name);
    let parts = Parts { net, plan, graph, embedded, memory: Memory::new(plan, net.batch), names };
    let types = parts.types(runtime);
    let has_workspace = !parts.is_inline();
    let block = names::block(net, runtime, has_workspace, |names| Parts { names, ..parts }.code());
    let attributes = &net.attributes;
    quote! {
        #types

        #(#attributes)*
        const _: () = { #block };
    }
}

impl Parts<'_> {
    /// Everything but the types.
    fn code(&self) -> TokenStream {
        let kernels = kernels(self.plan, self.graph);
        let constants = tokens(&kernels.constants);
        let code = [self.constructors(), self.forward(&kernels.calls), self.network()];
        let statics = self.statics(&kernels);
        quote! {
            #constants
            #(#code)*
            #statics
        }
    }

    /// `LeNet5`, `LeNet5Weights`, and for large nets `LeNet5Workspace`.
    fn types(&self, runtime: &TokenStream) -> TokenStream {
        let Parts { names: Names { name, weights, workspace }, graph, .. } = self;
        let (visibility, docs, attributes) = (&self.net.visibility, &self.net.docs, &self.net.attributes);
        let (floats, packed) = (number(self.memory.floats), number(self.plan.packed_len));
        let (each, all) = match self.memory.images {
            1 => (String::new(), String::new()),
            images => (" per image".to_owned(), format!(" for {images} images")),
        };
        let numbers = format!(
            " `{} -> {}`: {} parameters, {} multiplications{each}, a workspace of {} bytes{all}.",
            graph.input,
            graph.output,
            thousands(graph.parameters()),
            thousands(graph.macs()),
            thousands(self.workspace_bytes() as u64),
        );
        // No link: a variant can be seen where its net cannot.
        let of = self.net.of.as_ref().map(|of| format!(" It has the layers of `{of}`."));
        let numbers = numbers + of.as_deref().unwrap_or_default();
        let (alias, field) = if self.is_inline() {
            (None, quote!(#runtime::Workspace<#floats>))
        } else {
            let doc = format!(" Memory that [`{name}`] computes in, for [`{name}::with_workspace`].");
            (
                Some(quote! {
                    #[doc = #doc]
                    #(#attributes)*
                    #visibility type #workspace = #runtime::Workspace<#floats>;
                }),
                quote!(#runtime::Place<'w, #floats>),
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
                threads: #runtime::Threads<'w>,
            }

            #[doc = #weights_doc]
            #(#attributes)*
            #[derive(::core::fmt::Debug)]
            #visibility struct #weights {
                packed: #runtime::Packed<#packed>,
            }

            #alias
        }
    }

    /// The description, the steps, the memory, how weights are loaded, and embedded weights.
    fn statics(&self, kernels: &Kernels) -> TokenStream {
        let Names { name, weights, .. } = &self.names;
        let graph = value(self.graph);
        let embedded = self.embedded.map(|embedded| embedded.tokens(self.plan.packed_len));
        let shared = self.embedded.map(|_| quote!(type Weights = #weights;));
        let doc = format!(" The description of `{name}` as declared.");
        let (steps, recipe) = (tokens(&kernels.steps), tokens(&kernels.recipe));
        let memory = memory::describe(self.plan, |memory| value(memory));
        quote! {
            #[doc = #doc]
            static GRAPH: rt::Graph<'static> = #graph;
            /// The kernels of a pass, in order.
            static STEPS: &[rt::Step<'static>] = &[#steps];
            /// What the workspace of an image holds where, and when.
            static MEMORY: rt::Memory<'static> = #memory;
            rt::if_alloc! {
                /// How the tensors of a file are packed.
                static RECIPE: &[rt::Pack] = &[#recipe];
            }
            rt::load_weights!(#weights, GRAPH, RECIPE);
            #shared
            #embedded
        }
    }

    /// `new`, `embedded`, `with_workspace`, and the numbers.
    fn constructors(&self) -> TokenStream {
        let Names { name, weights, workspace } = &self.names;
        let (bytes, images) = (number(self.workspace_bytes()), number(self.memory.images));
        let new = if self.is_inline() {
            quote! {
                /// A net that owns its workspace: create one per thread.
                pub const fn new(weights: &'w #weights) -> Self {
                    Self { weights, workspace: rt::Workspace::new(), threads: rt::Threads::ALONE }
                }
            }
        } else {
            quote! {
                rt::if_alloc! {
                    /// A net that owns its workspace, on the heap: create one per thread.
                    pub fn new(weights: &'w #weights) -> Self {
                        Self { weights, workspace: rt::Place::heap(), threads: rt::Threads::ALONE }
                    }
                }

                /// A net in the caller's memory, which can be a `static`.
                pub const fn with_workspace(weights: &'w #weights, workspace: &'w mut #workspace) -> Self {
                    Self { weights, workspace: rt::Place::Borrowed(workspace), threads: rt::Threads::ALONE }
                }
            }
        };
        let embedded = self.embedded.map(|_| self.embedded_constructor());
        quote! {
            impl<'w> #name<'w> {
                /// Size of the workspace in bytes.
                pub const WORKSPACE_BYTES: rt::usize = #bytes;
                /// Images per pass.
                pub const BATCH: rt::usize = #images;
                /// Trained parameters, without those of auxiliary classifiers.
                pub const PARAMETERS: rt::u64 = GRAPH.parameters();
                /// Multiplications with a weight for one image.
                pub const MACS: rt::u64 = GRAPH.macs();
                /// The net as declared: layers, shapes, tensors.
                pub const GRAPH: &'static rt::Graph<'static> = &GRAPH;
                /// The kernels of a pass, in order.
                pub const STEPS: &'static [rt::Step<'static>] = STEPS;
                /// What the workspace of an image holds where, and when.
                pub const MEMORY: &'static rt::Memory<'static> = &MEMORY;

                #new

                rt::if_std! {
                    /// The same net on the threads of a pool, which other nets can share. Results are bit for bit the same.
                    pub fn with_pool(self, pool: &'w rt::ThreadPool) -> Self {
                        Self { threads: rt::Threads::of(pool), ..self }
                    }
                }
            }
            #embedded
        }
    }

    fn embedded_constructor(&self) -> TokenStream {
        let Names { name, weights, .. } = &self.names;
        let (constant, condition) = if self.is_inline() { (Some(quote!(const)), None) } else { (None, Some(())) };
        let body = quote! {
            /// A net with the weights in the binary, which are already packed: nothing is read, and nothing can fail.
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

    /// The trait.
    fn network(&self) -> TokenStream {
        let Parts { names: Names { name, weights, .. }, graph, .. } = self;
        let [input, output] = self.array_types();
        let debug = graph.name;
        let tap = self.tap();
        quote! {
            impl<'w> rt::Network<'w> for #name<'w> {
                type Weights = #weights;
                type Input = #input;
                type Output = #output;
                const GRAPH: &'static rt::Graph<'static> = &GRAPH;
                const BATCH: rt::usize = Self::BATCH;
                const WORKSPACE_BYTES: rt::usize = Self::WORKSPACE_BYTES;
                const STEPS: &'static [rt::Step<'static>] = STEPS;
                const MEMORY: &'static rt::Memory<'static> = &MEMORY;
                rt::network_methods!('w, #weights);

                fn forward(&mut self, input: &#input) -> &#output {
                    self.forward(input)
                }

                fn watched(&mut self, watch: &dyn ::core::ops::Fn(), input: &#input) -> &#output {
                    self.pass(rt::Run::best().on(self.threads).watched(watch), input)
                }

                #tap
            }

            impl ::core::fmt::Debug for #name<'_> {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.write_str(#debug)
                }
            }
        }
    }
}
