//! Runs a net on a Cortex-M4, and prints how much stack that took. The weights stay in flash, the workspace is a `static`.

#![no_std]
#![no_main]

use core::panic::PanicInfo;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};

use nets::{Net, NetWeights, NetWorkspace};

#[allow(dead_code, reason = "a file of `models` has several nets")]
mod nets {
    include!(concat!(env!("OUT_DIR"), "/net.rs"));
}

/// What the unused stack is filled with.
const UNUSED: u32 = 0x5AFE_57AC;
/// As much of the stack as is watched.
const WATCHED: usize = 64 << 10;

/// The addresses below this frame, from the lowest one that is watched.
fn below() -> (*mut u32, usize) {
    let here = cortex_m::register::msp::read() as usize;
    ((here - WATCHED) as *mut u32, (WATCHED - 64) / size_of::<u32>())
}

#[entry]
fn main() -> ! {
    static mut WORKSPACE: NetWorkspace = NetWorkspace::new();
    static INPUT: [f32; Net::INPUT_LEN] = [0.5; Net::INPUT_LEN];
    let (from, words) = below();
    for word in 0..words {
        // SAFETY: nothing is there yet; interrupts are off, and the words next to this frame are left alone.
        unsafe { from.add(word).write_volatile(UNUSED) };
    }
    let mut net = Net::with_workspace(NetWeights::embedded(), WORKSPACE);
    let finite = net.forward(&INPUT).iter().all(|score| score.is_finite());
    // SAFETY: as above.
    let unused = (0..words).take_while(|word| unsafe { from.add(*word).read_volatile() } == UNUSED).count();
    hprintln!("workspace {} stack {} finite {}", Net::WORKSPACE_BYTES, WATCHED - unused * size_of::<u32>(), finite);
    debug::exit(debug::EXIT_SUCCESS);
    unreachable!("the debugger ends the program");
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}
