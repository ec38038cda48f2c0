//! `forward` and the taps. Both `forward` and those who measure it call `pass`: a straight line of kernel calls; with a
//! batch, a loop over the images around those calls that don't take all of them.

use cnn_net::language::{inputs, outputs};
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::kernels::Statement;
use super::names::Names;
use super::parts::Parts;
use super::ports::array;
use super::values::{number, tokens};
use crate::plan::{Act, Gather, Part};

impl Parts<'_> {
    /// `forward` and the taps.
    pub(super) fn forward(&self, calls: &[Statement]) -> TokenStream {
        let Parts { names: Names { name, space, .. }, graph, .. } = self;
        let floats = number(self.memory.floats);
        let ports = self.ports();
        let [_, output] = ports.arrays();
        let each =
            if self.memory.images == 1 { String::new() } else { format!(" for each of {} images", self.memory.images) };
        let doc = format!(
            " Runs the net{each}: `{}` in, `{}` out, all in the order channels, rows, columns. Allocates nothing.",
            inputs(graph),
            outputs(graph)
        );
        let taps = self.taps();
        let constant = (self.memory.images > 1).then(|| self.batch());
        let (pass, forwards) = (self.pass(calls), ports.forwards(&doc));
        let images = ports.pass_type();
        quote! {
            #constant
            #pass

            impl<#space: rt::Space<#floats>> #name<'_, #space> {
                #forwards

                fn watched(&mut self, watch: rt::Option<&dyn ::core::ops::Fn()>, input: #images) -> &#output {
                    let run = rt::Run::best().on(self.pool.threads()).watched(watch);
                    pass(run, &self.weights, rt::Space::workspace_mut(&mut self.workspace), input)
                }

                #(#taps)*
            }
        }
    }

    /// The kernels.
    fn pass(&self, calls: &[Statement]) -> TokenStream {
        let Names { weights, workspace, .. } = &self.names;
        let images = self.ports().pass_type();
        let [_, output] = self.ports().arrays();
        let reads_weights = self.plan.calls.iter().any(|call| call.pack.is_some());
        let (parameter, packed) = if reads_weights {
            (quote!(weights), Some(quote!(let weights = &*weights.packed;)))
        } else {
            (quote!(_), None)
        };
        let calls = if self.memory.images == 1 { vec![statements(calls)] } else { self.batched(calls) };
        let result = self.array(quote!(memory), self.memory.output);
        quote! {
            /// The kernels, in order.
            fn pass<'a>(
                run: rt::Run<'_>,
                #parameter: &#weights,
                memory: &'a mut #workspace,
                input: #images,
            ) -> &'a #output {
                #packed
                let workspace = memory.floats();
                #(#calls)*
                #result
            }
        }
    }

    /// The images of a slice of floats, and the outputs of a pass over `input` as such a slice.
    pub(super) fn slices(&self) -> (TokenStream, TokenStream) {
        let [input, images] = [self.graph.input().elements(), self.memory.images].map(number);
        let parted = self.ports().parted();
        if self.memory.images == 1 {
            return (quote!(<[rt::f32; #input] as rt::Numbers>::of(images)), quote!(self.watched(watch, #parted)));
        }
        let outputs =
            quote!(self.watched(watch, #parted).as_slice().get(..<[_]>::len(input)).unwrap_or_default().as_flattened());
        (quote!(rt::images::<#input, #images>(images)), outputs)
    }

    fn batch(&self) -> TokenStream {
        let [images, floats] = [self.memory.images, self.memory.distance].map(number);
        quote! {
            /// Images per pass, at most, and the floats from the workspace of one to that of the next.
            const BATCH: rt::Batch = rt::Batch { images: #images, floats: #floats };
        }
    }

    /// The calls of a batch: some kernels with weights take all images; those before, between and after them run image by image.
    fn batched(&self, calls: &[Statement]) -> Vec<TokenStream> {
        let part = |part| match part {
            Part::Together(range) => statements(&calls[range]),
            Part::Apart(range) => {
                let calls = statements(&calls[range]);
                quote!(for workspace in batch.split(workspace) { #calls })
            }
            Part::InTurns { last_first, acts } => {
                let acts = acts.iter().map(|act| act_for_image(*act, calls));
                let acts = quote!(let workspace = batch.from_image(image, workspace); #(#acts)*);
                if last_first {
                    quote!(for image in BATCH.last_first(batch.images) { #acts })
                } else {
                    // It loads the images, and has most of the work.
                    quote!(for (image, input) in batch.each(input) { #acts })
                }
            }
        };
        let begin = quote!(let batch = BATCH.at_most(<[_]>::len(input)););
        [begin].into_iter().chain(self.plan.order().into_iter().map(part)).collect()
    }

    /// A method for each tap.
    fn taps(&self) -> impl Iterator<Item = TokenStream> {
        self.graph.taps.iter().zip(&self.memory.taps).map(|(tap, range)| {
            let method = format_ident!("tap_{}", tap.name.replace('.', "_"));
            let (array, value) = (
                array(range.len, self.memory.images),
                self.array(quote!(rt::Space::workspace(&self.workspace)), *range),
            );
            let doc = format!(
                " What the last pass left at `{}`: {}, in the order channels, rows, columns.",
                tap.name,
                self.graph.shape(tap.value)
            );
            quote! {
                #[doc = #doc]
                pub fn #method(&self) -> &#array {
                    #value
                }
            }
        })
    }

    /// `DynNetwork::tap`, of a net that has some.
    pub(super) fn tap(&self) -> Option<TokenStream> {
        if self.graph.taps.is_empty() {
            return None;
        }
        let flat = (self.memory.images > 1).then(|| quote!(.as_slice().as_flattened()));
        let taps = self.graph.taps.iter().map(|tap| {
            let (name, method) = (tap.name, format_ident!("tap_{}", tap.name.replace('.', "_")));
            quote!(#name => rt::Some(self.#method()#flat),)
        });
        Some(quote! {
            fn tap(&self, name: &rt::str) -> rt::Option<&[rt::f32]> {
                match name {
                    #(#taps)*
                    _ => rt::None,
                }
            }
        })
    }
}

/// A call or a copy.
fn act_for_image(act: Act, calls: &[Statement]) -> TokenStream {
    match act {
        Act::Call(call) => statements(&calls[call..=call]),
        Act::Gather(Gather { from, to, .. }) => {
            let [from, len, to] = [from.offset, from.len, to].map(number);
            quote!(batch.gather(image, #from, #len, #to, workspace);)
        }
    }
}

/// Statements as tokens.
fn statements(calls: &[Statement]) -> TokenStream {
    let lines = calls.iter().map(|(Statement::Image(line) | Statement::Batch(line))| line.as_str());
    tokens(&lines.collect::<String>())
}
