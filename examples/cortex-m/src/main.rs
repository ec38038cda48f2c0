//! LeNet-5 on a Cortex-M4: the weights stay in flash, the workspace is a `static`, and there is no allocator.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};

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

/// A digit of MNIST: a header of 13 bytes, then 28 x 28 grey levels.
static DIGIT: [u8; 13 + 28 * 28] = *include_bytes!("../digit.pgm");

/// The digit in 0..1, with a border of two zeros.
fn image() -> [f32; 32 * 32] {
    let mut image = [0.0; 32 * 32];
    for (y, row) in DIGIT[13..].chunks_exact(28).enumerate() {
        for (x, level) in row.iter().enumerate() {
            image[(y + 2) * 32 + x + 2] = f32::from(*level) / 255.0;
        }
    }
    image
}

#[entry]
fn main() -> ! {
    // `entry` makes this a `&mut`, since nothing else can call `main`. It is all zeros, and takes no flash.
    static mut WORKSPACE: LeNet5Workspace = LeNet5Workspace::new();
    let mut net = LeNet5::with_workspace(LeNet5Weights::embedded(), WORKSPACE);
    let scores = net.forward(&image());
    for (digit, score) in scores.iter().enumerate() {
        hprintln!("{} {:e}", digit, score);
    }
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("the debugger ends the program");
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}
