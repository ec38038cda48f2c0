//! `forward` and the taps. Both `forward` and those who measure it call `pass`: a straight line of kernel calls; with a
//! batch, a loop over the images around those calls that have no weights to share.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use super::kernels::Statement;
use super::names::Names;
use super::parts::Parts;
use super::values::{number, tokens};

impl Parts<'_> {
    /// `forward` and the taps.
    pub(super) fn forward(&self, calls: &[Statement]) -> TokenStream {
        let Parts { names: Names { name, space, .. }, graph, .. } = self;
        let floats = number(self.memory.floats);
        let [input, output] = self.array_types();
        let each =
            if self.memory.images == 1 { String::new() } else { format!(" for each of {} images", self.memory.images) };
        let doc = format!(
            " Runs the net{each}: `{}` in, `{}` out, both in the order channels, rows, columns. Allocates nothing.",
            graph.input, graph.output
        );
        let taps = self.taps();
        let batch = self.memory.images > 1;
        let forward_partial = batch.then(|| self.forward_partial());
        let constant = batch.then(|| self.batch());
        let pass = self.pass(calls);
        let images = self.images_type();
        quote! {
            #constant
            #pass

            impl<#space: rt::Space<#floats>> #name<'_, #space> {
                #[doc = #doc]
                pub fn forward(&mut self, input: &#input) -> &#output {
                    self.watched(rt::None, input)
                }

                #forward_partial

                fn watched(&mut self, watch: rt::Option<&dyn ::core::ops::Fn()>, input: &#images) -> &#output {
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
        let images = self.images_type();
        let [_, output] = self.array_types();
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
                input: &#images,
            ) -> &'a #output {
                #packed
                let workspace = memory.floats();
                #(#calls)*
                #result
            }
        }
    }

    /// `forward` for fewer images than a batch has.
    fn forward_partial(&self) -> TokenStream {
        let [input, output] = [self.graph.input, self.graph.output].map(|shape| number(shape.elements()));
        let most = number(self.memory.images);
        let doc = format!(" Runs the net on 1 to {} images, and returns as many outputs.", self.memory.images);
        quote! {
            #[doc = #doc]
            ///
            /// # Errors
            ///
            /// If there are no images, or too many.
            pub fn forward_partial(
                &mut self,
                images: &[[rt::f32; #input]],
            ) -> rt::Result<&[[rt::f32; #output]], rt::WrongLength> {
                let input = rt::images::<#input, #most>(images.as_flattened())?;
                rt::Ok(self.watched(rt::None, input).get(..input.len()).unwrap_or_default())
            }
        }
    }

    /// The images of a slice of floats, and the outputs of a pass over `input` as such a slice.
    pub(super) fn slices(&self) -> (TokenStream, TokenStream) {
        let [input, images] = [self.graph.input.elements(), self.memory.images].map(number);
        if self.memory.images == 1 {
            return (quote!(<[rt::f32; #input] as rt::Numbers>::of(images)), quote!(self.watched(watch, input)));
        }
        let outputs = quote!(self.watched(watch, input).get(..input.len()).unwrap_or_default().as_flattened());
        (quote!(rt::images::<#input, #images>(images)), outputs)
    }

    /// What a pass reads: an image, or some of a batch.
    fn images_type(&self) -> TokenStream {
        let len = number(self.graph.input.elements());
        if self.memory.images == 1 { quote!([rt::f32; #len]) } else { quote!([[rt::f32; #len]]) }
    }

    fn batch(&self) -> TokenStream {
        let [images, floats] = [self.memory.images, self.memory.distance].map(number);
        quote! {
            /// Images per pass, at most, and the floats from the workspace of one to that of the next.
            const BATCH: rt::Batch = rt::Batch { images: #images, floats: #floats };
        }
    }

    /// The calls of a batch: some kernels with weights take all images; those before and between them run image by image.
    fn batched(&self, calls: &[Statement]) -> Vec<TokenStream> {
        let begin = quote!(let batch = BATCH.at_most(input.len()););
        let shares = |call: &Statement| matches!(call, Statement::Batch(_));
        let calls = calls.chunk_by(|a, b| !shares(a) && !shares(b)).enumerate().map(|(index, run)| {
            let calls = statements(run);
            if run.iter().any(shares) {
                calls
            } else if index == 0 {
                // The first run loads the images, and has most of the work.
                quote!(for (image, input) in batch.each(input) {
                    let workspace = batch.from_image(image, workspace);
                    #calls
                })
            } else {
                quote!(for workspace in batch.split(workspace) { #calls })
            }
        });
        let mut all: Vec<TokenStream> = [begin].into_iter().chain(calls).collect();
        let ranges = self.plan.taps.iter().zip(&self.memory.taps).chain([(&self.plan.output, &self.memory.output)]);
        all.extend(ranges.map(|(from, to)| {
            let [from, len, to] = [from.offset, from.len, to.offset].map(number);
            quote!(batch.gather(#from, #len, #to, workspace);)
        }));
        all
    }

    /// A method for each tap.
    fn taps(&self) -> impl Iterator<Item = TokenStream> {
        self.graph.taps.iter().zip(&self.memory.taps).map(|(tap, range)| {
            let method = format_ident!("tap_{}", tap.name.replace('.', "_"));
            let (array, value) =
                (self.array_type(range.len), self.array(quote!(rt::Space::workspace(&self.workspace)), *range));
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
        let flat = (self.memory.images > 1).then(|| quote!(.as_flattened()));
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

/// Statements as tokens.
fn statements(calls: &[Statement]) -> TokenStream {
    let lines = calls.iter().map(|(Statement::Image(line) | Statement::Batch(line))| line.as_str());
    tokens(&lines.collect::<String>())
}
