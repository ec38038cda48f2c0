//! Prints the instruction sets that kernels can run on here, slowest first: what `CNN_ISA` may name.

use cnn_runtime::isa::Isa;

fn main() {
    for isa in Isa::all() {
        println!("{}", isa.name());
    }
}
