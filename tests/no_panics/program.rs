//! A program without the standard library, an allocator or unwinding, in which `forward` of each net can be called. The test that
//! builds it replaces the name of its root, and writes it next to a module `resnet` with weights for ResNet-50.

#![no_std]
#![allow(
    dead_code,
    missing_docs,
    private_interfaces,
    unused_imports,
    reason = "the modules belong to other crates, and nobody else sees what is exported"
)]

extern crate self as models;

// The modules of `models` say more about nets than is needed here.
macro_rules! about {
    ($($any:tt)*) => {};
}
macro_rules! classifier {
    ($($any:tt)*) => {};
}

#[path = "ROOT/models/src/alexnet.rs"]
mod alexnet;
#[path = "ROOT/models/src/inception_v1.rs"]
mod inception_v1;
#[path = "ROOT/models/src/lenet5.rs"]
mod lenet5;
#[path = "ROOT/tests/support/nets.rs"]
mod nets;
mod resnet;
#[path = "ROOT/models/src/vgg.rs"]
mod vgg;

use core::panic::PanicInfo;

use alexnet::{AlexNet, AlexNetBatch8, AlexNetF16};
use inception_v1::InceptionV1;
use lenet5::LeNet5Batch8;
pub use lenet5::LeNet5;
use nets::*;
use resnet::{ResNet50, ResNet50Batch8, ResNet50Weights, ResNet50Workspace};
use vgg::Vgg16;

/// Functions with the names of nets, each of which runs the net that it is given.
macro_rules! export {
    ($($function:ident: $Net:ident;)*) => {
        $(
            #[unsafe(no_mangle)]
            pub extern "C" fn $function(
                net: &mut $Net<'static>,
                input: &<$Net<'static> as cnn::Network>::Input,
            ) -> *const f32 {
                cnn::Network::forward(net, input).as_ptr().cast()
            }
        )*
    };
}

nets::for_each_net!(export);

export! {
    alexnet: AlexNet;
    alexnet_f16: AlexNetF16;
    alexnet_batch8: AlexNetBatch8;
    inception_v1: InceptionV1;
    lenet5_batch8: LeNet5Batch8;
    resnet50: ResNet50;
    resnet50_batch8: ResNet50Batch8;
    vgg16: Vgg16;
}

/// Inputs and outputs with names.
#[unsafe(no_mangle)]
pub extern "C" fn named_ports(net: &mut Siamese<'static>, left: &[f32; 144], right: &[f32; 144]) -> *const f32 {
    net.forward(left, right).as_ptr()
}

#[unsafe(no_mangle)]
pub extern "C" fn named_outputs(net: &mut Outputs<'static>, image: &[f32; 960]) -> *const f32 {
    net.forward(image).fine.as_ptr()
}

#[unsafe(no_mangle)]
pub extern "C" fn named_ports_of_a_batch(net: &mut PortsBatch<'static>, images: &[PortsBatchInputs<'_>; 3]) -> f32 {
    let [first, ..] = net.forward(images);
    first.best[0]
}

#[unsafe(no_mangle)]
pub extern "C" fn named_ports_of_a_few(net: &mut PortsBatch<'static>, images: &PortsBatchInputs<'_>) -> f32 {
    let outputs = net.forward_partial(core::slice::from_ref(images));
    outputs.map_or(0.0, |outputs| outputs.map(|output| output.scaled[0]).sum())
}

/// A net with embedded weights.
#[unsafe(no_mangle)]
pub extern "C" fn embedded_lenet5(image: &[f32; 32 * 32]) -> *const f32 {
    static mut NET: LeNet5<'static> = LeNet5::embedded();
    // SAFETY: nobody calls it.
    unsafe { (*&raw mut NET).forward(image).as_ptr() }
}

/// Another one, with a workspace that is too large for a stack.
#[unsafe(no_mangle)]
pub extern "C" fn embedded_resnet50(image: &[f32; 3 * 224 * 224]) -> *const f32 {
    static mut WORKSPACE: ResNet50Workspace = ResNet50Workspace::new();
    // SAFETY: nobody calls it.
    let workspace = unsafe { &mut *&raw mut WORKSPACE };
    ResNet50::with_workspace(ResNet50Weights::embedded(), workspace).forward(image).as_ptr()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
