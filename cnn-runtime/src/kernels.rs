//! A descriptor and a kernel for each kind of layer.

/// `impl KernelCall` for a descriptor, or for a type that holds one where several functions take it:
///
/// ```text
/// kernel_call! { Winograd2d = winograd2d, output: conv.output, weights: conv.weights, algorithm: Winograd2d::algorithm }
/// kernel_call! { MaxPoolCall(Pool2d) = max_pool, output: output }
/// kernel_call! { BatchNormInputGradient = batch_norm_input_gradient, output: output, shared: weights }
/// ```
macro_rules! kernel_call {
    ($call:ident($layer:ident) = $function:ident, output: $($output:ident).+) => {
        #[doc = concat!("[`", stringify!($function), "`] with its numbers.")]
        #[cfg(feature = "alloc")]
        #[derive(Clone, Copy, Debug)]
        pub struct $call(pub $layer);

        kernel_call!(@impl $call, 0, $layer, $function, ($($output).+), (), (), ());
    };
    (
        $layer:ident = $function:ident $(, output: $($output:ident).+)? $(, weights: $($weights:ident).+)?
        $(, algorithm: $algorithm:expr)? $(, batch: $batch:ident)?
    ) => {
        kernel_call!(
            @impl $layer, this, $layer, $function, ($($($output).+)?), ($($($weights).+)?), ($($algorithm)?), ($($batch)?)
        );
    };
    ($layer:ident = $function:ident, output: $output:ident, shared: $shared:ident) => {
        #[cfg(feature = "alloc")]
        impl $crate::kernels::call::KernelCall for $layer {
            fn function(&self) -> &'static str {
                stringify!($function)
            }

            fn descriptor(&self) -> (&'static str, &dyn cnn_net::literal::Literal) {
                (stringify!($layer), self)
            }

            fn output(&self) -> Option<($crate::place::map::Map, &'static str)> {
                Some((self.$output, concat!(".", stringify!($output))))
            }

            fn shared(&self) -> Option<usize> {
                Some(self.$shared)
            }

            #[cfg(feature = "kernels")]
            fn run(&self, run: $crate::exec::run::Run<'_>, _: &[f32], shared: &[f32], ws: &mut [f32]) {
                $function(run, &self.check(), shared, ws);
            }
        }
    };
    (
        @impl $call:ident, $inner:tt, $layer:ident, $function:ident, ($($($output:ident).+)?), ($($($weights:ident).+)?),
        ($($algorithm:expr)?), ($($batch:ident)?)
    ) => {
        #[cfg(feature = "alloc")]
        impl $crate::kernels::call::KernelCall for $call {
            fn function(&self) -> &'static str {
                stringify!($function)
            }

            fn descriptor(&self) -> (&'static str, &dyn cnn_net::literal::Literal) {
                (stringify!($layer), kernel_call!(@layer self $inner))
            }

            $(
                fn output(&self) -> Option<($crate::place::map::Map, &'static str)> {
                    let layer = kernel_call!(@layer self $inner);
                    Some((layer.$($output).+, concat!($(".", stringify!($output)),+)))
                }
            )?

            $(
                fn weights(&self) -> Option<$crate::kernels::call::Weights> {
                    let (offset, layout) = (self.$($weights).+, self.layout());
                    Some($crate::kernels::call::Weights { offset, layout, method: "layout" })
                }
            )?

            $(
                fn algorithm(&self) -> alloc::string::String {
                    $algorithm(self)
                }
            )?

            $(
                fn has_batch(&self) -> bool {
                    true
                }

                #[cfg(feature = "kernels")]
                fn run_batch(
                    &self,
                    run: $crate::exec::run::Run<'_>,
                    batch: $crate::place::workspace::Batch,
                    weights: &[f32],
                    ws: &mut [f32],
                ) {
                    $batch(run, &kernel_call!(@layer self $inner).check(), batch, weights, ws);
                }
            )?

            #[cfg(feature = "kernels")]
            fn run(&self, run: $crate::exec::run::Run<'_>, _: &[f32], weights: &[f32], ws: &mut [f32]) {
                let layer = kernel_call!(@layer self $inner).check();
                kernel_call!(@run $function run layer weights ws $($($weights)+)?);
            }
        }
    };
    (@layer $self:ident this) => { $self };
    (@layer $self:ident 0) => { &$self.0 };
    (@run $function:ident $run:ident $layer:ident $weights:ident $ws:ident) => {{
        let _ = $weights;
        $function($run, &$layer, $ws);
    }};
    (@run $function:ident $run:ident $layer:ident $weights:ident $ws:ident $($path:ident)+) => {
        $function($run, &$layer, $weights, $ws)
    };
}

/// `impl BatchCall` for a descriptor; `shared`, if its function takes no images:
///
/// ```text
/// batch_call! { BatchNormStatistics = batch_norm_statistics }
/// batch_call! { Reorder = reorder, shared }
/// ```
#[cfg(feature = "train")]
macro_rules! batch_call {
    ($layer:ident = $function:ident) => {
        batch_call!(@impl $layer, $function, true, |run, layer, batch, ws, shared| {
            $function(run, layer, batch, ws, shared)
        });
    };
    ($layer:ident = $function:ident, shared) => {
        batch_call!(@impl $layer, $function, false, |run, layer, batch, ws, shared| {
            let _ = (batch, ws);
            $function(run, layer, shared)
        });
    };
    (
        @impl $layer:ident, $function:ident, $has_images:expr,
        |$run:ident, $checked:ident, $batch:ident, $ws:ident, $shared:ident| $body:block
    ) => {
        #[cfg(feature = "alloc")]
        impl $crate::kernels::call::BatchCall for $layer {
            fn function(&self) -> &'static str {
                stringify!($function)
            }

            fn descriptor(&self) -> (&'static str, &dyn cnn_net::literal::Literal) {
                (stringify!($layer), self)
            }

            fn has_images(&self) -> bool {
                $has_images
            }

            #[cfg(feature = "kernels")]
            fn run(
                &self,
                $run: $crate::exec::run::Run<'_>,
                $batch: $crate::place::workspace::Batch,
                $ws: &mut [f32],
                $shared: &mut [f32],
            ) {
                let $checked = &self.check();
                $body
            }
        }
    };
}

pub mod activation;
#[cfg(feature = "alloc")]
pub mod call;
pub mod conv;
mod conv2d;
pub mod conv_transpose;
pub mod dense;
#[cfg(feature = "train")]
pub mod dropout;
mod epilogue;
pub mod gemm;
pub mod glu;
#[cfg(feature = "train")]
pub mod gradient;
pub mod grn;
pub mod layout;
pub mod merge;
#[cfg(feature = "train")]
pub mod minibatch;
pub mod norm;
pub mod normalise;
pub mod pad;
#[cfg(feature = "alloc")]
pub mod plain;
pub mod pool;
pub mod reshape;
pub mod resize;
pub mod shuffle;
pub mod softmax;
pub mod strips;
mod terms;
mod transform;
pub mod user;
pub mod winograd;

// What emitted code calls: all descriptors and functions.
pub use self::activation::*;
pub use self::conv::*;
pub use self::conv_transpose::*;
pub use self::dense::*;
#[cfg(feature = "train")]
pub use self::dropout::*;
pub use self::glu::*;
#[cfg(feature = "train")]
pub use self::gradient::*;
pub use self::grn::*;
pub use self::layout::*;
pub use self::merge::*;
#[cfg(feature = "train")]
pub use self::minibatch::{batch_norm::*, order::*, pack::*};
pub use self::norm::*;
pub use self::normalise::*;
pub use self::pad::*;
pub use self::pool::*;
pub use self::reshape::*;
pub use self::resize::*;
pub use self::shuffle::*;
pub use self::softmax::*;
pub use self::strips::*;
pub use self::user::*;
pub use self::winograd::*;
