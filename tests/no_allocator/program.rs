//! A program without the standard library and without an allocator that trains two nets, and writes what they have learnt. The test that
//! builds it replaces the name of its root, and trains the same nets on the heap.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cnn::train::{Adam, Sgd};

#[path = "ROOT/tests/no_allocator/nets.rs"]
mod nets;

use nets::*;

#[link(name = "c")]
unsafe extern "C" {
    fn write(file: i32, bytes: *const u8, count: usize) -> isize;
    fn abort() -> !;
}

/// Writes floats in the byte order of the machine.
fn put(numbers: &[f32]) {
    // SAFETY: the slice's own memory.
    let written = unsafe { write(1, numbers.as_ptr().cast(), size_of_val(numbers)) };
    assert!(written == size_of_val(numbers) as isize);
}

#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    static mut LAST: LastTrainerMemory<Adam> = LastTrainerMemory::new();
    static mut NORMALISED: NormalisedTrainerMemory = NormalisedTrainerMemory::new();
    // SAFETY: the program has one thread, and this function is called once.
    let (last, normalised) = unsafe { (&mut *&raw mut LAST, &mut *&raw mut NORMALISED) };
    let mut last = LastTrainer::embedded_in(last, Adam::DEFAULT);
    let mut normalised = NormalisedTrainer::init_in(normalised, Sgd::new(0.9), 3);
    for step in 0..STEPS {
        let scores = [
            last.step(&images(step), &[3, 1, 4], 0.01),
            normalised.step(&images(step), &[1, 0, 2, 2], 0.05),
        ];
        scores.iter().for_each(|score| put(&[score.loss as f32]));
    }
    last.tensors().chain(normalised.tensors()).for_each(|(_, numbers)| put(numbers));
    put(last.predict(&images::<_, 1>(9)[0]));
    put(normalised.predict(&images::<_, 1>(9)[0]));
    0
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: it does not return.
    unsafe { abort() }
}
