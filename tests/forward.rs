//! Emitted code against the reference executor: every layer, alone and in the company that changes how it is compiled.

#[path = "support/nets.rs"]
mod nets;
mod support;

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
