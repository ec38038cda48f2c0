//! Writes values as Rust expressions: how the compiler emits descriptions and kernel descriptors.
//!
//! [`record!`](crate::record) states once which arguments a struct's constructor takes and the defaults of its other
//! fields. It generates the constructor, a setter for each other field, and the expression that creates a value:
//! `rt::Conv::new(6, rt::Size::new(5, 5)).groups(2)`, without fields that have their defaults.

#[cfg(feature = "alloc")]
use alloc::{collections::BTreeMap, format, string::String};

/// A value that can be written as a Rust expression. The expression refers to types through a module `rt`.
#[cfg(feature = "alloc")]
pub trait Literal {
    /// Appends the expression.
    fn write(&self, to: &mut Rust);

    /// The expression.
    fn literal(&self) -> String {
        let mut to = Rust::default();
        self.write(&mut to);
        to.text
    }
}

/// A writer of Rust source.
#[cfg(feature = "alloc")]
#[derive(Debug, Default)]
pub struct Rust {
    /// The source so far.
    pub text: String,
    /// Shorter names for expressions: what one kernel reads is what another one wrote.
    names: BTreeMap<String, String>,
}

#[cfg(feature = "alloc")]
impl Rust {
    /// Appends text.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends the path of an item in `rt`.
    pub fn path(&mut self, path: &str) {
        self.push("rt::");
        self.push(path);
    }

    /// From now on, [`read`](Self::read) writes `name` for this value.
    pub fn call(&mut self, value: &impl Literal, name: String) {
        self.names.insert(Some(value).literal(), format!("rt::Some({name})"));
        self.names.insert(value.literal(), name);
    }

    /// Appends a value that may have a name.
    pub fn read(&mut self, value: &(impl Literal + ?Sized)) {
        self.known(value.literal());
    }

    /// Appends an expression, or its name if it has one.
    pub(crate) fn known(&mut self, expression: String) {
        self.text.push_str(self.names.get(&expression).unwrap_or(&expression));
    }

    /// Appends the variant or constructor `path` with these arguments.
    pub fn tuple(&mut self, path: &str, arguments: &[&dyn Literal]) {
        self.path(path);
        for (index, argument) in arguments.iter().enumerate() {
            self.push(if index == 0 { "(" } else { ", " });
            argument.write(self);
        }
        if !arguments.is_empty() {
            self.push(")");
        }
    }
}

#[cfg(feature = "alloc")]
mod values {
    use alloc::format;

    use super::{Literal, Rust};

    /// Types whose `Debug` is Rust source.
    macro_rules! debug {
        ($($type:ty)*) => {
            $(
                impl Literal for $type {
                    fn write(&self, to: &mut Rust) {
                        to.push(&format!("{self:?}"));
                    }
                }
            )*
        };
    }

    debug! { usize u64 f32 bool str }

    impl<T: Literal + ?Sized> Literal for &T {
        fn write(&self, to: &mut Rust) {
            (**self).write(to);
        }
    }

    impl<T: Literal> Literal for Option<T> {
        fn write(&self, to: &mut Rust) {
            match self {
                Some(value) => to.tuple("Some", &[value]),
                None => to.path("None"),
            }
        }
    }

    impl<T: Literal> Literal for [T] {
        fn write(&self, to: &mut Rust) {
            to.push("&[");
            for (index, value) in self.iter().enumerate() {
                to.push(if index == 0 { "" } else { ", " });
                value.write(to);
            }
            to.push("]");
        }
    }
}

/// `impl Literal` for an enum, from the list of its variants. The arguments of a variant must be listed too:
///
/// ```text
/// variants! { Op { Softmax, Dropout { p } } }
/// variants! { Value { Input, Node(index) } }
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! variants {
    ($type:ident { $($variant:ident $({ $($field:ident),* })? $(($inner:ident))?),* $(,)? }) => {
        #[cfg(feature = "alloc")]
        impl $crate::literal::Literal for $type {
            fn write(&self, to: &mut $crate::literal::Rust) {
                match self {
                    $(
                        Self::$variant $({ $($field),* })? $(($inner))? => {
                            to.path(concat!(stringify!($type), "::", stringify!($variant)));
                            $(
                                to.push(" {");
                                $(
                                    to.push(concat!(" ", stringify!($field), ": "));
                                    $crate::literal::Literal::write($field, to);
                                    to.push(",");
                                )*
                                to.push(" }");
                            )?
                            $(
                                to.push("(");
                                $crate::literal::Literal::write($inner, to);
                                to.push(")");
                            )?
                        }
                    )*
                }
            }
        }
    };
}

/// The constructor of a struct, a setter for each field with a default, and `impl Literal`.
///
/// ```text
/// record! { Conv(filters: usize, kernel: Size) { stride: Size = Size::square(1), bias: bool = true } }
/// ```
///
/// makes `Conv::new(filters, kernel)`, `stride(self, stride)`, `bias(self, bias)`. Arguments after `read` are written with
/// [`Rust::read`](crate::literal::Rust::read). With `name: Type as Given`, the constructor or setter takes a `Given`, and
/// `Type::of` converts it to the field.
#[doc(hidden)]
#[macro_export]
macro_rules! record {
    (
        $type:ident $(<$life:lifetime>)? ($($(#$read:ident)? $arg:ident: $arg_type:ty $(as $arg_given:ty)?),* $(,)?)
        $({ $($(#$read_field:ident)? $field:ident: $field_type:ty $(as $given:ty)? = $default:expr),* $(,)? })?
    ) => {
        impl $(<$life>)? $type $(<$life>)? {
            #[doc = concat!("A `", stringify!($type), "` with defaults for all other fields.")]
            #[must_use]
            pub const fn new($($arg: $crate::record!(@given $arg_type $(, $arg_given)?)),*) -> Self {
                Self {
                    $($arg: $crate::record!(@convert $arg, $arg_type $(, $arg_given)?),)*
                    $($($field: $crate::record!(@convert $default, $field_type $(, $given)?),)*)?
                }
            }

            $($(
                #[doc = concat!("The same with this `", stringify!($field), "`.")]
                #[must_use]
                pub const fn $field(self, $field: $crate::record!(@given $field_type $(, $given)?)) -> Self {
                    Self { $field: $crate::record!(@convert $field, $field_type $(, $given)?), ..self }
                }
            )*)?
        }

        #[cfg(feature = "alloc")]
        impl $(<$life>)? $crate::literal::Literal for $type $(<$life>)? {
            fn write(&self, to: &mut $crate::literal::Rust) {
                to.path(concat!(stringify!($type), "::new("));
                $(
                    $crate::record!(@write $($read)? self.$arg, to);
                    to.push(", ");
                )*
                to.push(")");
                $($(
                    if self.$field != $crate::record!(@convert $default, $field_type $(, $given)?) {
                        to.push(concat!(".", stringify!($field), "("));
                        $crate::record!(@write $($read_field)? self.$field, to);
                        to.push(")");
                    }
                )*)?
            }
        }
    };
    (@given $type:ty) => { $type };
    (@given $type:ty, $given:ty) => { $given };
    (@convert $value:expr, $type:ty) => { $value };
    (@convert $value:expr, $type:ty, $given:ty) => { <$type>::of($value) };
    (@write read $value:expr, $to:ident) => { $to.read(&$value) };
    (@write $value:expr, $to:ident) => { $crate::literal::Literal::write(&$value, $to) };
}
