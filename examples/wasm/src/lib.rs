//! LeNet-5 with its weights as a WebAssembly module: no imports, no allocator, and three exports.
//!
//! ```js
//! const { memory, input, run } = (await WebAssembly.instantiateStreaming(fetch("lenet5_wasm.wasm"))).instance.exports;
//! new Float32Array(memory.buffer, input(), 32 * 32).set(pixels);  // 0 is background, 1 is ink; the digit in the central 28 x 28
//! const scores = new Float32Array(memory.buffer, run(), 10);      // the probability of each digit
//! ```

#![no_std]

use core::panic::PanicInfo;

cnn::network! {
    /// LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998).
    #[weights("../../models/weights/lenet5.safetensors")]
    LeNet5: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10) -> softmax;
    }
}

static mut INPUT: [f32; 32 * 32] = [0.0; 32 * 32];
static mut NET: LeNet5<'static> = LeNet5::embedded();

/// The address of the input image: 32 rows of 32 floats.
#[unsafe(no_mangle)]
pub extern "C" fn input() -> *mut f32 {
    (&raw mut INPUT).cast()
}

/// Runs the net and returns the address of its ten scores, which are valid until it runs again.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> *const f32 {
    // SAFETY: the module has one thread, and nothing that is called here calls back into it.
    let (net, input) = unsafe { (&mut *&raw mut NET, &*&raw const INPUT) };
    net.forward(input).as_ptr()
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
