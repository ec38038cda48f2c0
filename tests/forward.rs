//! Emitted code against the reference executor: every layer, alone and next to others that change how it is compiled.

#[path = "support/nets.rs"]
mod nets;
mod support;

use cnn_runtime::exec::isa::Isa;
use nets::*;

/// A test for each net.
macro_rules! tests {
    ($($test:ident: $net:ident;)*) => {
        $(
            #[test]
            fn $test() {
                support::check::<$net<'static>>();
            }
        )*
    };
}

for_each_net!(tests);

#[test]
fn the_instruction_set_that_was_asked_for_is_there() {
    Isa::from_env().unwrap_or_else(|why| panic!("{why}"));
}
