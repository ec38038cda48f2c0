//! Prints the instruction sets that kernels can run on here, slowest first: what `CNN_ISA` may name.

use std::process::ExitCode;

use cnn_runtime::exec::isa::Isa;

fn main() -> ExitCode {
    if let Err(why) = Isa::from_env() {
        eprintln!("error: {why}");
        return ExitCode::from(2);
    }
    for isa in Isa::all() {
        println!("{}", isa.name());
    }
    ExitCode::SUCCESS
}
