//! Lists that can grow, but must be matched completely.
//!
//! A new layer must not break programs that match [`Op`](super::Op), so it is `#[non_exhaustive]`. But every stage of the
//! compiler and every executor must handle every layer, so these match what `Op::closed` returns: the same list, but closed.
//! That is possible because the crates of this project require each other's exact version.

/// The closed twin of an enum, `closed`, which returns it, and `impl Literal` for the enum:
///
/// ```text
/// closed! { Op as Layer { Conv(conv: Conv), Dropout { p: f32 }, Softmax } }
/// ```
macro_rules! closed {
    ($Open:ident as $Closed:ident {
        $($Variant:ident $(($inner:ident: $Inner:ty))? $({ $($field:ident: $Field:ty),* })?),* $(,)?
    }) => {
        #[doc(hidden)]
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum $Closed {
            $($Variant $(($Inner))? $({ $($field: $Field),* })?),*
        }

        impl $Open {
            #[doc(hidden)]
            #[inline]
            #[must_use]
            pub const fn closed(self) -> $Closed {
                match self {
                    $(Self::$Variant $(($inner))? $({ $($field),* })? => $Closed::$Variant $(($inner))? $({ $($field),* })?),*
                }
            }
        }

        $crate::variants! { $Open { $($Variant $(($inner))? $({ $($field),* })?),* } }
    };
}

pub(crate) use closed;
