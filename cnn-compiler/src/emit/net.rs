//! The types of a net.

use std::collections::HashSet;

use cnn_net::graph::Graph;
use cnn_net::language::{inputs, outputs};
use cnn_net::literal::{Literal as _, Rust};
use cnn_net::text::count;
use proc_macro2::TokenStream;
use quote::quote;

use super::embed::Embedded;
use super::kernels::{Kernels, kernels, taken};
use super::names::{self, Names};
use super::parts::Parts;
use super::train::{self, Training};
use super::user::UserCode;
use super::values::{number, tokens, value};
use crate::ast::Net;
use crate::plan::Plan;

/// The code of a net, which may share the weights of another.
pub(crate) fn net(
    net: &Net,
    shares: Option<&Net>,
    plan: &Plan,
    graph: &Graph<'_>,
    embedded: Option<&Embedded>,
    training: Option<&Training>,
    runtime: &TokenStream,
) -> TokenStream {
    let names = Names::new(&net.name);
    let parts = Parts { net, shares, plan, graph, embedded, training, memory: plan.pass(), names };
    let types = parts.types(runtime);
    let mut taken = taken();
    let user = UserCode::of(plan, training, &mut taken);
    let outside = user.outside(net, runtime);
    let space = parts.space(runtime);
    let block = names::block(net, runtime, &space, |names| Parts { names, ..parts }.code(&user, taken));
    let attributes = &net.attributes;
    quote! {
        #types
        #outside

        #(#attributes)*
        const _: () = { #block };
    }
}

impl Parts<'_> {
    /// Everything but the types.
    fn code(&self, user: &UserCode<'_>, taken: HashSet<String>) -> TokenStream {
        let kernels = kernels(self.plan, self.graph, user, taken);
        let user_constants = user.inside(&self.names.name, self.graph);
        let constants = tokens(&kernels.constants);
        let code = [self.constructors(), self.forward(&kernels.calls), self.network()];
        let statics = self.statics(&kernels, user);
        let training = self.training.map(|training| training.code(&self.names, self.graph, |to| user.name(to)));
        quote! {
            #user_constants
            #constants
            #(#code)*
            #statics
            #training
        }
    }

    /// `LeNet5`, `LeNet5Weights`, `LeNet5Workspace`.
    fn types(&self, runtime: &TokenStream) -> TokenStream {
        let Parts { names: Names { name, weights, workspace, space: parameter, .. }, .. } = self;
        let (visibility, docs, attributes) = (&self.net.visibility, &self.net.docs, &self.net.attributes);
        let (floats, space) = (number(self.memory.floats), self.space(runtime));
        let numbers = self.numbers();
        let blank = (!docs.is_empty()).then(|| quote!(#[doc = ""]));
        let (weights_type, port_types) = (self.weights_type(runtime), self.ports().types(runtime));
        let training =
            self.training.map(|training| train::types(self.net, self.graph, &training.spec.criteria, runtime));
        let workspace_doc = format!(" Memory that [`{name}`] computes in, for [`{name}::with_workspace`].");
        quote! {
            #(#docs)*
            #blank
            #[doc = #numbers]
            #(#attributes)*
            #[derive(::core::clone::Clone)]
            #visibility struct #name<'w, #parameter = #space> {
                weights: #runtime::Shared<'w, #weights>,
                workspace: #parameter,
                pool: #runtime::PoolOf<'w>,
            }

            #weights_type
            #port_types
            #training

            #[doc = #workspace_doc]
            #(#attributes)*
            #visibility type #workspace = #runtime::Workspace<#floats>;
        }
    }

    /// The type of packed weights.
    fn weights_type(&self, runtime: &TokenStream) -> TokenStream {
        let Names { name, weights, .. } = &self.names;
        let (visibility, attributes) = (&self.net.visibility, &self.net.attributes);
        if let Some(net) = self.shares {
            let shared = Names::new(&net.name).weights;
            let doc = format!(" Weights of [`{name}`], which are those of [`{}`].", net.name);
            return quote! {
                #[doc = #doc]
                #(#attributes)*
                #visibility type #weights = #shared;
            };
        }
        let doc = format!(" Weights of [`{name}`], packed as its kernels read them. Threads can share them.");
        let packed = number(self.plan.packed_len);
        quote! {
            #[doc = #doc]
            #(#attributes)*
            #[derive(::core::fmt::Debug)]
            #visibility struct #weights {
                packed: #runtime::Packed<#packed>,
            }
        }
    }

    /// The last line of the net's documentation.
    fn numbers(&self) -> String {
        let graph = self.graph;
        let (each, all) = match self.memory.images {
            1 => (String::new(), String::new()),
            images => (" per image".to_owned(), format!(" for {images} images")),
        };
        // No link: a variant can be seen where its net cannot.
        let of = self.net.of.as_ref().map(|of| format!(" It has the layers of `{of}`.")).unwrap_or_default();
        format!(
            " `{} -> {}`: {}, {}{each}, a workspace of {}{all}.{of}",
            inputs(graph),
            outputs(graph),
            count(graph.parameters(), "parameter"),
            count(graph.macs(), "multiplication"),
            count(self.workspace_bytes() as u64, "byte"),
        )
    }

    /// Where the workspace is unless the caller says otherwise.
    fn space(&self, runtime: &TokenStream) -> TokenStream {
        let floats = number(self.memory.floats);
        if self.is_inline() { quote!(#runtime::Workspace<#floats>) } else { quote!(#runtime::LargeWorkspace<#floats>) }
    }

    /// The description, the steps, the memory, how weights are loaded, and embedded weights.
    fn statics(&self, kernels: &Kernels, user: &UserCode<'_>) -> TokenStream {
        let Names { name, weights, .. } = &self.names;
        let mut graph = Rust::default();
        user.name(&mut graph);
        self.graph.write(&mut graph);
        let graph = tokens(&graph.text);
        let embedded = self.embedded.map(|embedded| embedded.tokens(self.plan.packed_len));
        let own = self.embedded.filter(|embedded| !embedded.is_shared());
        let alias = own.map(|_| quote!(type Weights = #weights;));
        let doc = format!(" The description of `{name}` as declared.");
        let (steps, recipe) = (tokens(&kernels.steps), tokens(&kernels.recipe));
        let packs = self.shares.is_none() || self.training.is_some();
        let packs = packs.then(|| {
            quote! {
                rt::if_alloc! {
                    /// How the tensors of a file are packed.
                    static RECIPE: &[rt::Pack] = &[#recipe];
                }
            }
        });
        let load = self.shares.is_none().then(|| quote!(rt::load_weights!(#weights, GRAPH, RECIPE);));
        let memory = self.plan.memory(|memory| value(memory));
        let bytes = number(self.workspace_bytes());
        let batch = (self.memory.images > 1).then(|| number(self.memory.images)).map(|images| quote!(.batch(#images)));
        quote! {
            #[doc = #doc]
            static GRAPH: rt::Graph<'static> = #graph;
            /// The kernels of a pass, in order.
            static STEPS: &[rt::Step<'static>] = &[#steps];
            /// What the workspace of an image holds where, and when.
            static MEMORY: rt::Memory<'static> = #memory;
            const DESCRIPTION: rt::Description = rt::Description::new(&GRAPH, STEPS, &MEMORY, #bytes)#batch;
            #packs
            #load
            #alias
            #embedded
        }
    }

    /// `new`, `embedded`, and what every net has.
    fn constructors(&self) -> TokenStream {
        let Names { name, weights, space, .. } = &self.names;
        let floats = number(self.memory.floats);
        let new = quote! {
            /// A net with its own workspace: create one per thread. Takes `&weights`, or an `Arc` of them, of which the net is
            /// then an owner.
            pub fn new(weights: impl rt::Into<rt::Shared<'w, #weights>>) -> Self {
                Self::with_workspace(weights, rt::Workspace::new())
            }
        };
        let new = if self.is_inline() {
            new
        } else {
            quote! {
                rt::if_alloc! {
                    /// A net with its own workspace, on the heap: create one per thread. Takes `&weights`, or an `Arc` of them,
                    /// of which the net is then an owner.
                    pub fn new(weights: impl rt::Into<rt::Shared<'w, #weights>>) -> Self {
                        Self::with_workspace(weights, rt::LargeWorkspace::zeroed())
                    }
                }
            }
        };
        let embedded = self.embedded.map(|embedded| self.embedded_constructor(embedded));
        quote! {
            rt::net_methods!(#name, #weights, #space: #floats);

            impl<'w> #name<'w> {
                #new
            }
            #embedded
        }
    }

    fn embedded_constructor(&self, embedded: &Embedded) -> TokenStream {
        let Names { name, weights, .. } = &self.names;
        let constructor = |constant: Option<TokenStream>, workspace: TokenStream| {
            quote! {
                /// A net with the weights in the binary, which are already packed: nothing is read, and nothing can fail.
                pub #constant fn embedded() -> Self {
                    Self {
                        weights: rt::Shared::Borrowed(#weights::embedded()),
                        workspace: #workspace,
                        pool: rt::PoolOf::NONE,
                    }
                }
            }
        };
        let constructor = if self.is_inline() {
            constructor(Some(quote!(const)), quote!(rt::Workspace::new()))
        } else {
            let constructor = constructor(None, quote!(rt::LargeWorkspace::zeroed()));
            quote!(rt::if_alloc! { #constructor })
        };
        let weights = (!embedded.is_shared()).then(|| {
            quote! {
                impl #weights {
                    /// The weights in the binary.
                    pub const fn embedded() -> &'static Self {
                        &EMBEDDED
                    }
                }
            }
        });
        quote! {
            impl #name<'static> {
                #constructor
            }
            #weights
        }
    }

    /// The traits.
    fn network(&self) -> TokenStream {
        let Parts { names: Names { name, weights, workspace, space, .. }, graph, .. } = self;
        let [input, output] = self.ports().arrays();
        let debug = graph.name;
        let (parted, plain) = (self.ports().parted(), !graph.names_inputs() && !graph.names_outputs());
        let forward = if plain { quote!(self.forward(input)) } else { quote!(self.watched(rt::None, #parted)) };
        let (images, outputs) = self.slices();
        let floats = number(self.memory.floats);
        let tap = self.tap();
        quote! {
            impl<#space: rt::Space<#floats>> rt::DynNetwork for #name<'_, #space> {
                fn description(&self) -> &'static rt::Description {
                    &DESCRIPTION
                }

                fn watched(
                    &mut self,
                    watch: rt::Option<&dyn ::core::ops::Fn()>,
                    images: &[rt::f32],
                ) -> rt::Result<&[rt::f32], rt::WrongLength> {
                    let input = #images?;
                    rt::Ok(#outputs)
                }

                #tap
            }

            impl rt::Network for #name<'_> {
                type Weights = #weights;
                type Workspace = #workspace;
                type Input = #input;
                type Output = #output;
                const DESCRIPTION: &'static rt::Description = &DESCRIPTION;
                rt::network_methods!(#weights);

                fn forward(&mut self, input: &#input) -> &#output {
                    #forward
                }

                fn forward_in<'a>(weights: &#weights, workspace: &'a mut #workspace, input: &#input) -> &'a #output {
                    pass(rt::Run::best(), weights, workspace, #parted)
                }
            }

            impl<#space> ::core::fmt::Debug for #name<'_, #space> {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.write_str(#debug)
                }
            }
        }
    }
}
