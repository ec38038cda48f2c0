//! The inputs and outputs of a net: arrays of floats, or structs of references to several of these.
//!
//! ```text
//! Net: 1x8x8 -> 3                  forward(&mut self, input: &[f32; 64]) -> &[f32; 3]
//! Net: { a: 4, b: 5 } -> 3         forward(&mut self, a: &[f32; 4], b: &[f32; 5]) -> &[f32; 3]
//! Net: 1x8x8 -> { a: 4, b: 5 }     forward(&mut self, input: &[f32; 64]) -> NetOutputs<'_>
//! ```
//!
//! In memory, several are contiguous. That is also how traits, which know no names, take and return them.

use cnn_net::graph::{Graph, Input, Output};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::names::Names;
use super::values::number;
use crate::ast::Net;

/// An input or an output.
pub(super) struct Field {
    pub(super) name: Ident,
    pub(super) doc: String,
    pub(super) len: usize,
}

/// A name as a field.
pub(super) fn field(name: &str) -> Ident {
    syn::parse_str(name).unwrap_or_else(|_| format_ident!("r#{name}"))
}

/// What `forward` reads under which names; nothing if there is only one input without a name.
pub(super) fn inputs(graph: &Graph<'_>) -> Vec<Field> {
    let of = |Input { name, shape }: &Input<'_>| Field {
        name: field(name),
        doc: format!(" {shape}, in the order channels, rows, columns."),
        len: shape.elements(),
    };
    graph.inputs.iter().filter(|_| graph.names_inputs()).map(of).collect()
}

/// What `forward` writes under which names; nothing if there is only one output without a name.
pub(super) fn outputs(graph: &Graph<'_>) -> Vec<Field> {
    let of = |Output { name, value }: &Output<'_>| {
        let shape = graph.shape(*value);
        let doc = format!(" {shape}, in the order channels, rows, columns.");
        Field { name: field(name), doc, len: shape.elements() }
    };
    graph.outputs.iter().filter(|_| graph.names_outputs()).map(of).collect()
}

/// The expression for an input in `pass`.
pub(super) fn read(graph: &Graph<'_>, index: usize) -> String {
    if graph.names_inputs() { format!("input.{}", field(graph.inputs[index].name)) } else { "input".to_owned() }
}

/// The inputs and outputs of a net, and how many images it takes.
pub(super) struct Ports<'a> {
    pub(super) net: &'a Net,
    pub(super) names: &'a Names,
    pub(super) graph: &'a Graph<'a>,
    pub(super) images: usize,
}

/// What `forward` takes and returns.
pub(super) struct Signature {
    pub(super) parameters: TokenStream,
    pub(super) returned: TokenStream,
}

impl Ports<'_> {
    /// The structs of named inputs and outputs.
    pub(super) fn types(&self, runtime: &TokenStream) -> TokenStream {
        let Names { name, inputs: input, outputs: output, .. } = self.names;
        let inputs = self.port_type(input, &inputs(self.graph), &format!(" What [`{name}`] reads."), runtime);
        let outputs = self.port_type(output, &outputs(self.graph), &format!(" What [`{name}`] writes."), runtime);
        quote!(#inputs #outputs)
    }

    fn port_type(&self, name: &Ident, fields: &[Field], doc: &str, runtime: &TokenStream) -> Option<TokenStream> {
        if fields.is_empty() {
            return None;
        }
        let (visibility, attributes) = (&self.net.visibility, &self.net.attributes);
        let names: Vec<&Ident> = fields.iter().map(|field| &field.name).collect();
        let docs = fields.iter().map(|field| &field.doc);
        let lens: Vec<Literal> = fields.iter().map(|field| number(field.len)).collect();
        let mut first = 0;
        let firsts = fields.iter().map(|field| {
            first += field.len;
            number(first - field.len)
        });
        let firsts: Vec<Literal> = firsts.collect();
        let all = number(first);
        Some(quote! {
            #[doc = #doc]
            #(#attributes)*
            #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug, ::core::cmp::PartialEq)]
            #visibility struct #name<'a> {
                #(
                    #[doc = #docs]
                    pub #names: &'a [#runtime::f32; #lens],
                )*
            }

            #(#attributes)*
            impl<'a> ::core::convert::From<&'a [#runtime::f32; #all]> for #name<'a> {
                /// Parts that are one after another.
                fn from(all: &'a [#runtime::f32; #all]) -> Self {
                    Self { #(#names: #runtime::part::<#firsts, #lens, #all>(all),)* }
                }
            }
        })
    }

    /// The types of input and output of the traits.
    pub(super) fn arrays(&self) -> [TokenStream; 2] {
        [self.graph.input(), self.graph.output()].map(|shape| array(shape.elements(), self.images))
    }

    /// What `forward` takes and returns.
    pub(super) fn signature(&self) -> Signature {
        let Names { inputs: input, outputs: output, .. } = self.names;
        let ([input_array, output_array], images) = (self.arrays(), number(self.images));
        let fields = inputs(self.graph);
        let (names, lens) = (fields.iter().map(|field| &field.name), fields.iter().map(|field| number(field.len)));
        let parameters = match (self.graph.names_inputs(), self.images) {
            (false, _) => quote!(input: &#input_array),
            (true, 1) => quote!(#(#names: &[rt::f32; #lens]),*),
            (true, _) => quote!(input: &[#input<'_>; #images]),
        };
        let returned = match (self.graph.names_outputs(), self.images) {
            (false, _) => quote!(&#output_array),
            (true, 1) => quote!(#output<'_>),
            (true, _) => quote!([#output<'_>; #images]),
        };
        Signature { parameters, returned }
    }

    /// `forward`, and `forward_partial` of a batch, by `watched`.
    pub(super) fn forwards(&self, doc: &str) -> TokenStream {
        let Names { inputs: input, outputs: output, .. } = self.names;
        let Signature { parameters, returned } = self.signature();
        let fields = inputs(self.graph);
        let names = fields.iter().map(|field| &field.name);
        let read = match (self.graph.names_inputs(), self.images) {
            (true, 1) => quote!(#input { #(#names),* }),
            (false, _) | (true, _) => quote!(input),
        };
        let written = quote!(self.watched(rt::None, #read));
        let written = match (self.graph.names_outputs(), self.images) {
            (false, _) => written,
            (true, 1) => quote!(<#output<'_> as ::core::convert::From<_>>::from(#written)),
            (true, _) => quote!(#written.each_ref().map(<#output<'_> as ::core::convert::From<_>>::from)),
        };
        let partial = (self.images > 1).then(|| self.forward_partial());
        quote! {
            #[doc = #doc]
            pub fn forward(&mut self, #parameters) -> #returned {
                #written
            }

            #partial
        }
    }

    /// `forward` for fewer images than a batch has.
    fn forward_partial(&self) -> TokenStream {
        let Names { inputs: input, outputs: output, .. } = self.names;
        let [len, output_len] = [self.graph.input(), self.graph.output()].map(|shape| number(shape.elements()));
        let most = number(self.images);
        let doc = format!(" Runs the net on 1 to {} images, and returns as many outputs.", self.images);
        let (images, checked) = if self.graph.names_inputs() {
            (quote!(#input<'_>), quote!(rt::at_most::<_, #len, #most>(images)?))
        } else {
            (quote!([rt::f32; #len]), quote!(rt::images::<#len, #most>(images.as_flattened())?))
        };
        let written = quote!(self.watched(rt::None, input).as_slice().get(..<[_]>::len(input)).unwrap_or_default());
        let (returned, written) = if self.graph.names_outputs() {
            // Of the net's memory, and not of the images.
            let each = quote!(impl ::core::iter::ExactSizeIterator<Item = #output<'_>> + use<'_, S>);
            (
                each,
                quote!(::core::iter::Iterator::map(#written.iter(), <#output<'_> as ::core::convert::From<_>>::from)),
            )
        } else {
            (quote!(&[[rt::f32; #output_len]]), written)
        };
        quote! {
            #[doc = #doc]
            ///
            /// # Errors
            ///
            /// If there are no images, or too many.
            pub fn forward_partial(&mut self, images: &[#images]) -> rt::Result<#returned, rt::WrongLength> {
                let input = #checked;
                rt::Ok(#written)
            }
        }
    }

    /// What a pass reads: an image, or some of a batch.
    pub(super) fn pass_type(&self) -> TokenStream {
        let (len, inputs) = (number(self.graph.input().elements()), &self.names.inputs);
        match (self.graph.names_inputs(), self.images) {
            (false, 1) => quote!(&[rt::f32; #len]),
            (false, _) => quote!(&[[rt::f32; #len]]),
            (true, 1) => quote!(#inputs<'_>),
            (true, _) => quote!(&[#inputs<'_>]),
        }
    }

    /// What a pass reads, from `input`, in which the inputs of an image are contiguous.
    pub(super) fn parted(&self) -> TokenStream {
        let ([len, most], inputs) = ([self.graph.input().elements(), self.images].map(number), &self.names.inputs);
        match (self.graph.names_inputs(), self.images) {
            (false, _) => quote!(input),
            (true, 1) => quote!(<#inputs<'_> as ::core::convert::From<_>>::from(input)),
            (true, _) => {
                let all =
                    quote!(rt::each_image::<_, #len, #most>(input, <#inputs<'_> as ::core::convert::From<_>>::from));
                quote!(#all.as_slice().get(..<[_]>::len(input)).unwrap_or_default())
            }
        }
    }
}

/// `[f32; 10]`, or `[[f32; 10]; 8]` of a batch.
pub(super) fn array(len: usize, images: usize) -> TokenStream {
    let (len, count) = (number(len), number(images));
    if images == 1 { quote!([rt::f32; #len]) } else { quote!([[rt::f32; #len]; #count]) }
}
