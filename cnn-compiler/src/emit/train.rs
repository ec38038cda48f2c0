//! The training step of a net: `NameParams`, `NameTrainer`, and the two passes over a minibatch.

use std::collections::HashSet;

use cnn_net::graph::Graph;
use cnn_net::literal::{Literal, Rust};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};

use super::kernels::unique;
use super::names::Names;
use super::values::{number, tokens, value};
use crate::ast::Net;
use crate::train::{Call, Kernel, LossOf, Spec, StepPlan};

/// A net's training step.
pub(crate) struct Training {
    pub(crate) spec: Spec,
    pub(crate) plan: StepPlan,
}

/// The types of a net that trains.
pub(super) fn types(net: &Net, runtime: &TokenStream) -> TokenStream {
    let Names { name, .. } = Names::new(&net.name);
    let [params, trainer] = ["Params", "Trainer"].map(|suffix| format_ident!("{name}{suffix}"));
    let (visibility, attributes) = (&net.visibility, &net.attributes);
    let params_doc = format!(" The tensors of [`{name}`] in training: parameters, and running statistics.");
    let trainer_doc = format!(" [`{name}`] in training.");
    quote! {
        #runtime::if_alloc! {
            #[doc = #params_doc]
            #(#attributes)*
            #visibility type #params = #runtime::Params<#name<'static>>;

            #[doc = #trainer_doc]
            #(#attributes)*
            #visibility type #trainer<O = #runtime::Sgd> = #runtime::Trainer<#name<'static>, O>;
        }
    }
}

/// The type of an image, and that of its target.
pub(super) fn image_types(graph: &Graph<'_>, classes: bool) -> [TokenStream; 2] {
    let (input, output) = (number(graph.input().elements()), graph.output());
    let target = match (classes, output.size().area()) {
        (true, 1) => quote!(rt::u32),
        (true, pixels) => {
            let pixels = number(pixels);
            quote!([rt::u32; #pixels])
        }
        (false, _) => {
            let numbers = number(output.elements());
            quote!([rt::f32; #numbers])
        }
    };
    [quote!([rt::f32; #input]), target]
}

/// The trait, for a net with mistakes.
pub(super) fn stub(net: &Net, names: &Names, graph: &Graph<'_>) -> Option<TokenStream> {
    let train = net.train.as_ref()?;
    let Names { name, weights, .. } = names;
    let [image, target] = image_types(graph, train.loss.is_none_or(|loss| loss.is_of_classes()));
    let images = number(train.images);
    Some(quote! {
        rt::if_alloc! {
            impl rt::Train for #name<'static> {
                type Image = #image;
                type Target = #target;
                type Images = [#image; #images];
                type Targets = [#target; #images];
                type Weights = #weights;
                type Memory = rt::Workspace<0>;
                const GRAPH: &'static rt::Graph<'static> = &GRAPH;
                const STEP: rt::StepLayout<'static> = rt::StepLayout::new(1, 0, 0);
                const RECIPE: &'static [rt::Pack] = &[];

                fn forward(_: rt::Pass<'_>, _: &[#image], _: &[#target], _: &mut [rt::f32], _: &mut [rt::f32]) {}

                fn backward(_: rt::Pass<'_>, _: &mut [rt::f32], _: &mut [rt::f32]) {}

                fn weights(_: impl ::core::ops::FnOnce(&mut [rt::f32])) -> #weights {
                    ::core::unreachable!()
                }
            }
        }
    })
}

impl Training {
    /// The constants of the kernels, and the trait, for a net of this name in its block.
    pub(super) fn code(&self, names: &Names, graph: &Graph<'_>, user: impl Fn(&mut Rust)) -> TokenStream {
        let Names { name, weights, .. } = names;
        let mut emitted = Emitted::new(graph, &user);
        let (forward, backward) = self.plan.calls.split_at(self.plan.forward);
        let [forward, backward] = [forward, backward].map(|calls| emitted.pass(calls));
        let constants = tokens(&emitted.constants.text);
        let classes = self.spec.loss.is_of_classes();
        let [image, target] = image_types(graph, classes);
        let layout = self.plan.layout();
        let (images, floats, workspace) = (number(self.spec.images), number(layout.floats()), number(layout.workspace));
        let step = value(&layout);
        quote! {
            rt::if_alloc! {
                const _: () = {
                    /// Images of a minibatch, and the floats from the workspace of one to that of the next.
                    const BATCH: rt::Batch = rt::Batch { images: #images, floats: #workspace };
                    #constants

                    impl rt::Train for #name<'static> {
                        type Image = #image;
                        type Target = #target;
                        type Images = [#image; #images];
                        type Targets = [#target; #images];
                        type Weights = #weights;
                        type Memory = rt::Workspace<#floats>;
                        const GRAPH: &'static rt::Graph<'static> = &GRAPH;
                        const STEP: rt::StepLayout<'static> = #step;
                        const RECIPE: &'static [rt::Pack] = RECIPE;

                        fn forward(
                            pass: rt::Pass<'_>,
                            images: &[#image],
                            targets: &[#target],
                            shared: &mut [rt::f32],
                            workspaces: &mut [rt::f32],
                        ) {
                            let rt::Pass { run, mode } = pass;
                            let batch = BATCH.at_most(images.len());
                            #forward
                        }

                        fn backward(pass: rt::Pass<'_>, shared: &mut [rt::f32], workspaces: &mut [rt::f32]) {
                            let rt::Pass { run, mode } = pass;
                            let batch = BATCH;
                            #backward
                        }

                        fn weights(fill: impl ::core::ops::FnOnce(&mut [rt::f32])) -> #weights {
                            #weights { packed: rt::Packed::filled(fill) }
                        }
                    }
                };
            }
        }
    }
}

/// What was emitted so far.
struct Emitted<'a> {
    graph: &'a Graph<'a>,
    constants: Rust,
    taken: HashSet<String>,
}

impl<'a> Emitted<'a> {
    fn new(graph: &'a Graph<'a>, user: impl Fn(&mut Rust)) -> Self {
        let mut constants = Rust::default();
        user(&mut constants);
        Self { graph, constants, taken: HashSet::from(["BATCH", "GRAPH", "RECIPE", "_"].map(str::to_owned)) }
    }

    /// The calls of a pass: a loop over the images around those that take one.
    fn pass(&mut self, calls: &[Call]) -> TokenStream {
        let runs = calls.chunk_by(|a, b| a.kernel.is_of_image() && b.kernel.is_of_image()).map(|run| {
            let statements: Vec<TokenStream> = run.iter().map(|call| self.statement(call)).collect();
            if !run[0].kernel.is_of_image() {
                return quote!(#(#statements)*);
            }
            let reads = |kernel: &Kernel| matches!(kernel, Kernel::Load(..) | Kernel::Dropout(_) | Kernel::Loss(_));
            let image = if run.iter().any(|call| reads(&call.kernel)) { quote!(image) } else { quote!(_) };
            let shares = |kernel: &Kernel| matches!(kernel, Kernel::Image(kernel) if reads_shared(&**kernel));
            let shared = run.iter().any(|call| shares(&call.kernel)).then(|| quote!(let shared = &*shared;));
            quote! {
                {
                    #shared
                    rt::minibatch(run, batch, workspaces, |run, #image, workspace| {
                        #(#statements)*
                    });
                }
            }
        });
        let runs: Vec<TokenStream> = runs.collect();
        quote!(#(#runs)*)
    }

    /// A constant with a kernel's numbers.
    fn constant(&mut self, name: &str, (kind, layer): (&str, &dyn Literal)) -> Ident {
        let plain: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        let plain = if plain.starts_with(|c: char| c.is_ascii_digit()) { format!("L{plain}") } else { plain };
        let name = unique(plain, &mut self.taken);
        self.constants.push(&format!("const {name}: rt::Checked<rt::{kind}> = "));
        layer.write(&mut self.constants);
        self.constants.push(".check();");
        format_ident!("{name}")
    }

    fn statement(&mut self, call: &Call) -> TokenStream {
        match &call.kernel {
            Kernel::Load(input, kernel) => {
                let (name, function) = (self.constant(&call.name, kernel.descriptor()), ident(kernel.function()));
                let image = self.input(*input);
                quote!(rt::#function(run, #image, &#name, workspace);)
            }
            Kernel::Image(kernel) => {
                let (name, function) = (self.constant(&call.name, kernel.descriptor()), ident(kernel.function()));
                let shared = reads_shared(&**kernel).then(|| quote!(shared,));
                quote!(rt::#function(run, &#name, #shared workspace);)
            }
            Kernel::Images(kernel) => {
                let (name, function) = (self.constant(&call.name, kernel.descriptor()), ident(kernel.function()));
                let function = format_ident!("{function}_batch");
                quote!(rt::#function(run, &#name, batch, shared, workspaces);)
            }
            Kernel::Batch(kernel) => {
                let (name, function) = (self.constant(&call.name, kernel.descriptor()), ident(kernel.function()));
                let images = kernel.has_images().then(|| quote!(batch, workspaces,));
                quote!(rt::#function(run, &#name, #images shared);)
            }
            Kernel::Norm(training, running) => {
                let name = self.constant(&call.name, ("BatchNormStatistics", &**training));
                let other = self.constant(&format!("{}.running", call.name), ("BatchNormRunning", running));
                quote! {
                    if mode.trains {
                        rt::batch_norm_statistics(run, &#name, batch, workspaces, shared);
                    } else {
                        rt::batch_norm_running(run, &#other, shared);
                    }
                }
            }
            Kernel::Dropout(layer) => {
                let name = self.constant(&call.name, ("DropoutMap", layer));
                let copy = (layer.input != layer.output).then(|| {
                    let copy = cnn_runtime::kernels::layout::CopyMap { input: layer.input, output: layer.output };
                    let name = self.constant(&format!("{}.copy", call.name), ("CopyMap", &copy));
                    quote!(else { rt::copy(run, &#name, workspace); })
                });
                quote!(if mode.trains { rt::dropout(run, &#name, mode.mask(image), workspace); } #copy)
            }
            Kernel::Loss(loss) => self.loss(call, loss),
        }
    }

    fn loss(&mut self, call: &Call, loss: &LossOf) -> TokenStream {
        let (kind, layer): (_, &dyn Literal) = match loss {
            LossOf::CrossEntropy(layer) => ("CrossEntropy", layer),
            LossOf::MeanSquared(layer) | LossOf::BinaryCrossEntropy(layer) => ("NumbersLoss", layer),
        };
        let (name, function) = (self.constant(&call.name, (kind, layer)), ident(loss.function()));
        let is_class = matches!(loss, LossOf::CrossEntropy(_)) && self.graph.output().size().area() == 1;
        let target = if is_class { quote!(::core::slice::from_ref(&targets[image])) } else { quote!(&targets[image]) };
        quote!(rt::#function(run, &#name, #target, workspace);)
    }

    /// The part of an image that is an input.
    fn input(&self, input: usize) -> TokenStream {
        let sizes: Vec<usize> = self.graph.inputs.iter().map(|input| input.shape.elements()).collect();
        if sizes.len() == 1 {
            return quote!(&images[image]);
        }
        let first: usize = sizes[..input].iter().sum();
        let [first, end] = [first, first + sizes[input]].map(number);
        quote!(&images[image][#first..#end])
    }
}

/// Whether a kernel reads what all images share.
fn reads_shared(kernel: &dyn cnn_runtime::kernels::call::KernelCall) -> bool {
    kernel.weights().is_some() || kernel.shared().is_some()
}

fn ident(name: &str) -> Ident {
    format_ident!("{name}")
}
