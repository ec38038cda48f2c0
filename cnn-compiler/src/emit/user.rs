//! User-defined functions and layers.
//!
//! The paths of a declaration are resolved where `network!` is written. So they are put into constants of the net's
//! type, outside the block with the rest of the code, where only the net's types are new in scope. The block has a
//! constant for each function and each layer, which the description and the kernels name:
//!
//! ```text
//! impl Net<'_> {
//!     const __USER_MISH: fn(f32) -> f32 = activations::mish;
//!     fn __user_mish(values: &mut [f32]) { … }
//! }
//! const _: () = {
//!     const USER_MISH: rt::UserFunction = rt::UserFunction::new("activations::mish").code(<Net<'static>>::__user_mish);
//!     …
//! };
//! ```
//!
//! In a net that trains, a function is in it with its derivative, and a layer with its gradients, where they are needed.
//!
//! What the declaration says about a layer is compared with its type by constants that have the places of the arguments.

use std::collections::HashSet;

use cnn_net::graph::Graph;
use cnn_net::literal::Rust;
use cnn_net::op::{Layer, Shape, UserFunction, UserLayer, last_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use super::kernels::unique;
use super::train::Training;
use super::values::{number, value};
use crate::ast::Net;
use crate::graph::Node;
use crate::path::RustPath;
use crate::plan::Plan;
use crate::report::Place;

/// All user-defined functions and layers in a net.
pub(super) struct UserCode<'a> {
    plan: &'a Plan,
    items: Vec<Item<'a>>,
}

/// One of them.
struct Item<'a> {
    what: What,
    paths: &'a [RustPath],
    /// Whether training needs its gradients.
    learns: bool,
    /// The constant in the block.
    name: Ident,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Function(UserFunction),
    Layer(UserLayer),
}

impl What {
    fn of(node: &Node) -> Option<Self> {
        match node.op.closed() {
            Layer::Map(function) => Some(Self::Function(function)),
            Layer::Custom(layer) => Some(Self::Layer(layer)),
            _ => None,
        }
    }

    fn path(&self) -> &'static str {
        match self {
            Self::Function(function) => function.path,
            Self::Layer(layer) => layer.path,
        }
    }
}

impl<'a> UserCode<'a> {
    /// Those of a net, each once. `taken` has the names that a constant can't have, to which theirs are added.
    pub(super) fn of(plan: &'a Plan, training: Option<&Training>, taken: &mut HashSet<String>) -> Self {
        let mut items: Vec<Item<'a>> = Vec::new();
        for (index, node) in plan.nodes().enumerate() {
            let Some(what) = What::of(node) else { continue };
            let learns = training.is_some_and(|training| training.plan.learning[index]);
            match items.iter_mut().find(|item| item.what == what) {
                Some(item) => item.learns |= learns,
                None => items.push(Item { what, paths: &node.paths, learns, name: constant(what.path(), taken) }),
            }
        }
        Self { plan, items }
    }

    /// From now on, `to` writes the names of constants in place of what they are.
    pub(super) fn name(&self, to: &mut Rust) {
        for Item { what, name, .. } in &self.items {
            match what {
                What::Function(function) => to.call(function, name.to_string()),
                What::Layer(layer) => to.call(layer, name.to_string()),
            }
        }
    }

    /// What is outside the block.
    pub(super) fn outside(&self, net: &Net, runtime: &TokenStream) -> Option<TokenStream> {
        let code = self.items.iter().map(|item| item.code(runtime));
        let (name, attributes) = (&net.name, &net.attributes);
        (!self.items.is_empty()).then(|| {
            quote! {
                #(#attributes)*
                impl #name<'_> {
                    #(#code)*
                }
            }
        })
    }

    /// What is in the block, in which the net has this name.
    pub(super) fn inside(&self, net: &Ident, graph: &Graph<'_>) -> TokenStream {
        let constants = self.items.iter().map(|item| item.constant(net));
        let checks = self.plan.nodes().zip(graph.nodes).filter_map(|(node, described)| {
            let what = What::of(node)?;
            let (item, What::Layer(layer)) = (self.items.iter().find(|item| item.what == what)?, what) else {
                return None;
            };
            let inputs: Vec<Shape> = described.inputs.iter().map(|input| graph.shape(*input)).collect();
            Some(item.checks(net, &layer, node, &inputs))
        });
        quote!(#(#constants)* #(#checks)*)
    }
}

impl Item<'_> {
    /// The names of the functions: that by the user, and its derivative in a net that trains.
    fn functions(&self) -> impl Iterator<Item = Ident> {
        let of = self.name.clone();
        let all = [of.clone(), format_ident!("{of}_DERIVATIVE")];
        all.into_iter().take(if self.learns { 2 } else { 1 })
    }

    /// The constants with the user's paths.
    fn code(&self, runtime: &TokenStream) -> TokenStream {
        match &self.what {
            What::Function(_) => {
                self.functions().zip(self.paths).map(|(name, path)| each_of(&name, &path.tokens())).collect()
            }
            What::Layer(layer) => {
                let (outer, paths) = (outer(&self.name), self.paths.iter().map(RustPath::tokens));
                let [inputs, tensors] = [layer.inputs, layer.tensors.len()].map(number);
                let of = Ident::new(if self.learns { "trained" } else { "of" }, Span::call_site());
                quote! {
                    const #outer: #runtime::LayerCode = #runtime::LayerCode::#of::<#(#paths,)* #inputs, #tensors>();
                }
            }
        }
    }

    /// The constant in the block.
    fn constant(&self, net: &Ident) -> TokenStream {
        let Self { what, name, .. } = self;
        let doc = format!(" `{}`", what.path());
        match what {
            What::Function(function) => {
                let (plain, each) = (value(function), self.functions().map(|name| each(&name)));
                let methods = ["code", "slope"].map(|method| Ident::new(method, Span::call_site()));
                let methods = methods.iter().zip(each).map(|(method, each)| quote!(.#method(<#net<'static>>::#each)));
                quote! {
                    #[doc = #doc]
                    const #name: rt::UserFunction = #plain #(#methods)*;
                }
            }
            What::Layer(layer) => {
                let (plain, outer) = (value(layer), outer(name));
                quote! {
                    #[doc = #doc]
                    const #name: rt::UserLayer = <#net<'static>>::#outer.on(#plain);
                }
            }
        }
    }

    /// Comparisons of a node with its type.
    fn checks(&self, net: &Ident, layer: &UserLayer, node: &Node, inputs: &[Shape]) -> TokenStream {
        let (outer, constant, name) = (outer(&self.name).to_string(), &self.name, &node.name);
        let at = |arg: &str| node.args.get(arg).map_or(node.place, |place| *place);
        let check = |place: Place, method: &str, argument: Option<TokenStream>| {
            // rustc shows the message over all tokens of the call.
            let [first, last] = place.ends();
            let [method, outer] = [method, &outer].map(|name| Ident::new(name, first));
            let mut net = net.clone();
            net.set_span(first);
            let begin = quote_spanned!(first=> <#net<'static>>::#outer.#method);
            let arguments = quote_spanned!(last=> (#name, #constant #argument));
            quote!(const _: () = #begin #arguments;)
        };
        let tensors = layer.tensors.iter().enumerate().map(|(index, tensor)| {
            let index = number(index);
            check(at(tensor.role().name()), "check_tensor", Some(quote!(, #index)))
        });
        let inputs = value(&inputs);
        let checks = [
            check(node.place, "check_inputs", Some(quote!(, #inputs))),
            check(at("shape"), "check_output", None),
            check(at("scratch"), "check_scratch", None),
        ];
        checks.into_iter().chain(tensors).collect()
    }
}

/// A user-defined function, and one that applies it to each number of a slice.
fn each_of(name: &Ident, path: &TokenStream) -> TokenStream {
    let (outer, each) = (outer(name), each(name));
    quote! {
        const #outer: fn(::core::primitive::f32) -> ::core::primitive::f32 = #path;

        fn #each(values: &mut [::core::primitive::f32]) {
            for value in values {
                *value = Self::#outer(*value);
            }
        }
    }
}

/// The constant outside the block: `__USER_MISH`.
fn outer(name: &Ident) -> Ident {
    format_ident!("__{name}")
}

/// The function that applies another to each number of a slice: `__user_mish`.
fn each(name: &Ident) -> Ident {
    Ident::new(&format!("__{name}").to_lowercase(), Span::call_site())
}

/// `USER_MISH` of `activations::mish`, with a number if there is another one.
fn constant(path: &'static str, taken: &mut HashSet<String>) -> Ident {
    let word: String =
        last_name(path).chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    Ident::new(&unique(format!("USER_{}", word.trim_matches('_')), taken), Span::call_site())
}
