//! Emitted code in contexts that are hard on macros: it names everything by its full path.

#![no_implicit_prelude]
#![deny(missing_docs, unused, unreachable_pub, reason = "emitted code must not warn in strict crates")]
#![forbid(unsafe_code)]

extern crate cnn as nets;

/// Nothing from the prelude is in scope here, and names that emitted code could stumble over are taken.
#[expect(non_camel_case_types, dead_code, reason = "names that emitted code could stumble over")]
mod shadows {
    struct Option;
    struct Some;
    struct Result;
    struct Vec;
    struct Ok;
    struct rt;
    struct Weights;
    type usize = ();
    type u64 = ();
    type u8 = ();
    type f32 = ();
    type str = ();
    mod core {}
    mod std {}
    mod cnn {}

    ::cnn::network! {
        pub(crate) Shadowed: 1x6x6 -> 2 {
            a: conv(2, 3x3, pad = 1) -> relu;
            tap kept;
            b: linear(2) -> softmax;
        }

        #[batch(2)]
        pub(crate) ShadowedBatch = Shadowed;
    }
}

/// A net in a function, which nothing else sees.
#[test]
fn in_a_function() {
    ::cnn::network! { Local: 4 -> 4 { identity; } }
    ::std::assert_eq!(Local::PARAMETERS, 0);
}

#[test]
fn among_shadows() {
    ::std::assert_eq!(shadows::Shadowed::PARAMETERS, 20 + 2 * 72 + 2);
}

::cnn::network! {
    #[cfg(any())]
    Absent: 1 -> 1 { linear(1); }

    #[cfg(all())]
    #[allow(non_camel_case_types, reason = "attributes reach the items")]
    present: 3 -> 1 { linear(1); }
}

#[test]
fn attributes_are_passed_on() {
    ::std::assert_eq!(present::PARAMETERS, 4);
}

/// Nets whose names the language, the prelude or emitted code also uses, each in its own module.
#[expect(
    non_camel_case_types,
    non_snake_case,
    clippy::upper_case_acronyms,
    reason = "names that emitted code could stumble over"
)]
mod names {
    macro_rules! nets {
        ($($name:ident)*) => {
            $(
                pub(super) mod $name {
                    ::cnn::network! {
                        pub(crate) $name: 1x3x3 -> 2 {
                            graph: conv(2, 3x3);
                            steps: { tap new; relu; };
                            _: conv(2, 1x1);
                            weights: linear(2);
                            tap forward;
                            tap r#type;
                        }
                    }
                }
            )*

            /// The parameters of each.
            pub(super) const PARAMETERS: &[u64] = &[$($name::$name::PARAMETERS),*];
        };
    }

    nets! {
        Result Option Some None Ok Err rt usize u64 u8 f32 str bool Vec Box String core std alloc cnn Self_ Weights
        S T Space pass DESCRIPTION floats assembly Network Net Run Workspace Batch input workspace weights run watch BATCH GRAPH STEPS MEMORY
        RECIPE FLOATS EMBEDDED N image conv relu skip r#type r#fn
    }
}

#[test]
fn nets_of_any_name() {
    for parameters in names::PARAMETERS {
        ::std::assert_eq!(*parameters, 20 + 6 + 6);
    }
}

/// A crate that has `cnn` under another path, as seen by one of its macros.
mod facade {
    pub(crate) use ::cnn as inner;

    macro_rules! network {
        ($($tokens:tt)*) => { ::cnn::network! { #![crate = $crate::facade::inner] $($tokens)* } };
    }
    pub(crate) use network;
}

/// Functions and layers by the user are found from where the declaration is, whatever names emitted code has.
#[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "names that emitted code could stumble over")]
mod user {
    use ::cnn::custom::{Custom, Shape, Tensor};

    fn double(x: f32) -> f32 {
        x * 2.0
    }

    /// A layer under any name.
    macro_rules! layer {
        ($($name:ident)*) => {
            $(
                pub(super) struct $name;

                impl Custom for $name {
                    const INPUTS: [Shape; 1] = [Shape::Vector(2)];
                    const OUTPUT: Shape = Shape::Vector(2);
                    const TENSORS: [Tensor; 0] = [];

                    fn forward([input]: [&[f32]; 1], []: [&[f32]; 0], _: &mut [f32], output: &mut [f32]) {
                        output.copy_from_slice(input);
                    }
                }
            )*
        };
    }

    layer! { rt MEMORY Weights S Net USER_PASS r#type }

    mod functions {
        pub(super) fn pass(x: f32) -> f32 {
            super::double(x)
        }

        pub(super) fn rt(x: f32) -> f32 {
            x - 1.0
        }

        pub(super) fn r#fn(x: f32) -> f32 {
            x + 5.0
        }
    }

    use functions::{pass, rt as values};

    ::cnn::network! {
        /// The function is private here.
        pub Functions: 2 -> 2 {
            map(pass) -> map(values) -> map(self::double) -> map(functions::r#fn) -> map(super::user::functions::rt);
            custom(rt, 2) -> custom(MEMORY, 2) -> custom(Weights, 2) -> custom(S, 2) -> custom(self::Net, 2);
            user_pass: custom(USER_PASS, 2) -> custom(r#type, 2);
        }
    }

    /// A net with a function that its user names.
    macro_rules! net {
        ($name:ident, $function:path, $word:ident) => {
            ::cnn::network! { $name: 2 -> 2 { map($function) -> map($word) -> map($crate::user::double); } }
        };
    }

    net! { Mapped, self::functions::rt, double }

    pub(super) fn run() -> [[f32; 2]; 2] {
        let input = [1.0, 3.0];
        let (functions, mapped) = (FunctionsWeights::from_safetensors(EMPTY), MappedWeights::from_safetensors(EMPTY));
        let (functions, mapped) = (functions.expect("no weights"), mapped.expect("no weights"));
        [*Functions::new(&functions).forward(&input), *Mapped::new(&mapped).forward(&input)]
    }

    /// A file without tensors.
    const EMPTY: &[u8] = b"\x02\0\0\0\0\0\0\0{}";
}

#[test]
fn paths_of_users() {
    ::std::assert_eq!(user::run(), [[6.0, 14.0], [0.0, 8.0]]);
}

#[test]
fn a_function_in_a_function() {
    fn pass(x: f32) -> f32 {
        -x
    }

    ::cnn::network! { Local: 4 -> 4 { map(pass); } }
    ::std::assert_eq!(Local::PARAMETERS, 0);
}

/// Emitted code uses the path that it is given: there is no `::cnn` in a crate that calls it something else.
mod paths {
    ::cnn::network! {
        #![crate = "::nets"]

        pub(crate) Renamed: 2 -> 1 { linear(1); }
    }

    ::cnn::network! {
        #![crate = "crate::facade::inner"]

        #[batch(2)]
        pub(crate) Inside: 1x200x200 -> 4x200x200 { conv(4, 3x3, pad = 1); }
    }

    crate::facade::network! {
        pub(crate) Facade: 2 -> 1 { linear(1); }
    }
}

#[test]
fn paths_of_the_crate() {
    ::std::assert_eq!(paths::Renamed::PARAMETERS + paths::Inside::PARAMETERS + paths::Facade::PARAMETERS, 3 + 40 + 3);
}
