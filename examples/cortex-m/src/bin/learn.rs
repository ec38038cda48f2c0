//! LeNet-5 learns on a Cortex-M4: all layers but the last stay in flash, and what a training step computes in is a `static`.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cnn::train::{Init, Sgd};
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};

cnn::network! {
    /// LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998).
    #[weights("../../models/weights/lenet5.safetensors")]
    #[train(batch = 4, only("fc3"))]
    LeNet5: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10) -> softmax;
    }
}

type Image = [f32; 32 * 32];

/// A digit of MNIST: a header of 13 bytes, then 28 x 28 grey levels.
static DIGIT: [u8; 13 + 28 * 28] = *include_bytes!("../../digit.pgm");
/// Four times the digits from 0 to 9: a header of 16 bytes, then the grey levels of each.
static DIGITS: [u8; 16 + COUNT * 28 * 28] = *include_bytes!("../../digits-images-idx3-ubyte");

const COUNT: usize = 40;
const BATCH: usize = LeNet5Trainer::<Sgd>::BATCH;
const STEPS: usize = 100;

/// Writes a digit's grey levels in 0..1, with a border of two zeros.
fn read(levels: &[u8], image: &mut Image) {
    for (y, row) in levels.chunks_exact(28).enumerate() {
        for (x, level) in row.iter().enumerate() {
            image[(y + 2) * 32 + x + 2] = f32::from(*level) / 255.0;
        }
    }
}

#[entry]
fn main() -> ! {
    // `entry` makes these `&mut`, since nothing else can call `main`. They are all zeros, and take no flash.
    static mut MEMORY: LeNet5TrainerMemory = LeNet5TrainerMemory::new();
    static mut IMAGES: [Image; BATCH] = [[0.0; 32 * 32]; BATCH];
    let mut trainer = LeNet5Trainer::embedded_in(MEMORY, Sgd::new(0.9));
    read(&DIGIT[13..], &mut IMAGES[0]);
    for (digit, score) in trainer.predict(&IMAGES[0]).iter().enumerate() {
        hprintln!("{} {:e}", digit, score);
    }
    // The last layer forgets the digits, and learns them again.
    let mut trainer = trainer.redrawn(Init::Torch, 42);
    for step in 0..STEPS {
        let mut labels = [0; BATCH];
        for (i, (image, label)) in IMAGES.iter_mut().zip(&mut labels).enumerate() {
            let index = (step * BATCH + i) % COUNT;
            read(&DIGITS[16 + index * 28 * 28..][..28 * 28], image);
            *label = index as u32 % 10;
        }
        let score = trainer.step(IMAGES, &labels, 0.02);
        if step % 9 == 0 {
            hprintln!("loss {:.3}", score.loss);
        }
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
