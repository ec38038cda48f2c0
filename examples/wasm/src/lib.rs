//! LeNet-5 with its weights as a WebAssembly module that recognises digits, and learns from those that a visitor draws: no imports,
//! no allocator.
//!
//! ```js
//! const { memory, input, run, add, train, predict } =
//!     (await WebAssembly.instantiateStreaming(fetch("lenet5_wasm.wasm"))).instance.exports;
//! const image = () => new Float32Array(memory.buffer, input(), 32 * 32);  // 0 is background, 1 is ink; the digit in the central 28 x 28
//! image().set(pixels);
//! let scores = new Float32Array(memory.buffer, run(), 10);                // the probability of each digit
//!
//! add(3);                                                                 // the image is an example of a 3
//! for (let step = 0; step < 100; step++) train(0.05);                     // the last layer learns from all examples
//! scores = new Float32Array(memory.buffer, predict(), 10);                // by what it has learnt
//! ```

#![no_std]

use core::panic::PanicInfo;

use cnn::train::Sgd;

cnn::network! {
    /// LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998).
    #[weights("../../models/weights/lenet5.safetensors")]
    #[train(batch = 8, only("fc3"))]
    LeNet5: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10) -> softmax;
    }
}

type Image = [f32; 32 * 32];
type Trainer = LeNet5Trainer<Sgd, &'static mut LeNet5TrainerMemory>;

/// The most examples.
const MOST: usize = 256;
/// Images of a step.
const BATCH: usize = LeNet5Trainer::<Sgd>::BATCH;

static mut INPUT: Image = [0.0; 32 * 32];
static mut NET: LeNet5<'static> = LeNet5::embedded();
static mut LEARNING: Learning = Learning { count: 0, next: 0, trainer: None };
// All zeros, so these take no room in the file.
static mut EXAMPLES: Examples = Examples { images: [[0.0; 32 * 32]; MOST], labels: [0; MOST] };
static mut MEMORY: LeNet5TrainerMemory = LeNet5TrainerMemory::new();

/// What the visitor drew.
struct Examples {
    images: [Image; MOST],
    labels: [u32; MOST],
}

/// The net that learns.
struct Learning {
    /// How many examples there are.
    count: usize,
    /// The one that comes next.
    next: usize,
    trainer: Option<Trainer>,
}

impl Learning {
    /// The net, which begins with the weights in the binary.
    fn trainer(&mut self) -> &mut Trainer {
        self.trainer.get_or_insert_with(|| {
            // SAFETY: the module has one thread, and there is one trainer at a time.
            let memory = unsafe { &mut *&raw mut MEMORY };
            LeNet5Trainer::embedded_in(memory, Sgd::new(0.9))
        })
    }

    /// A step with the next examples, which come again after the last one. Gives the loss.
    fn step(&mut self, examples: &Examples, rate: f64) -> f64 {
        let mut images = [[0.0; 32 * 32]; BATCH];
        let mut labels = [0; BATCH];
        for (image, label) in images.iter_mut().zip(&mut labels) {
            (*image, *label) = (examples.images[self.next], examples.labels[self.next]);
            self.next = (self.next + 1) % self.count;
        }
        self.trainer().step(&images, &labels, rate).loss
    }
}

/// The input, the examples, and what learns from them.
fn state() -> (&'static Image, &'static mut Examples, &'static mut Learning) {
    // SAFETY: the module has one thread, and nothing that is called here calls back into it.
    unsafe { (&*&raw const INPUT, &mut *&raw mut EXAMPLES, &mut *&raw mut LEARNING) }
}

/// The address of the input image: 32 rows of 32 floats.
#[unsafe(no_mangle)]
pub extern "C" fn input() -> *mut f32 {
    (&raw mut INPUT).cast()
}

/// Runs the net as it came, and returns the address of its ten scores, which are valid until it runs again.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> *const f32 {
    // SAFETY: as above.
    let net = unsafe { &mut *&raw mut NET };
    net.forward(state().0).as_ptr()
}

/// Makes the input an example of a digit from 0 to 9. Returns how many examples there are; if there is no room for another one, or no
/// such digit, as many as before.
#[unsafe(no_mangle)]
pub extern "C" fn add(label: u32) -> usize {
    let (image, examples, learning) = state();
    if learning.count < MOST && label < 10 {
        examples.images[learning.count] = *image;
        examples.labels[learning.count] = label;
        learning.count += 1;
    }
    learning.count
}

/// A step of training with the next eight examples, at a learning rate. Returns its loss; without examples, there is none, and it is 0.
#[unsafe(no_mangle)]
pub extern "C" fn train(rate: f64) -> f64 {
    let (_, examples, learning) = state();
    if learning.count == 0 { 0.0 } else { learning.step(examples, rate) }
}

/// Runs the net as it is after training, and returns the address of its ten scores, which are valid until the next step.
#[unsafe(no_mangle)]
pub extern "C" fn predict() -> *const f32 {
    let (image, _, learning) = state();
    learning.trainer().predict(image).as_ptr()
}

/// How many of the examples the net gets right as it is after training.
#[unsafe(no_mangle)]
pub extern "C" fn right() -> usize {
    let (_, Examples { images, labels }, learning) = state();
    let count = learning.count;
    learning.trainer().evaluate(&images[..count], &labels[..count]).hits
}

/// Forgets all examples, and what was learnt.
#[unsafe(no_mangle)]
pub extern "C" fn forget() {
    let (.., learning) = state();
    *learning = Learning { count: 0, next: 0, trainer: None };
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
