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

/// Methods of all types, by traits in scope.
#[expect(dead_code, reason = "emitted code calls none of them")]
mod methods {
    macro_rules! methods {
        ($of:ident: $($name:ident)*) => {
            pub(super) trait $of { $(fn $name(&mut self) {})* }
            impl<T: ?::std::marker::Sized> $of for T {}
        };
    }

    methods! { Other:
        as_flattened as_mut_ptr as_ptr as_slice at_most batch check clone copied each each_image each_ref expect first forward
        gather get get_mut graph is_empty iter iter_mut len mask next packed part run shared split split_at
        step take unwrap_or_default watched weights with_pool workspace zip
    }

    pub(super) trait Convert: ::std::marker::Sized {
        fn from(self) {}
        fn into(self) {}
        fn map<F>(self, _: F) {}
    }
    impl<T> Convert for T {}
}

/// Nets of all forms where those traits are in scope.
mod among_methods {
    #[expect(unused_imports, reason = "emitted code calls none of them")]
    use super::methods::{Convert as _, Other as _};

    ::cnn::network! {
        pub(super) One: 1x4x4 -> 3 { conv(2, 3x3) -> relu; tap t; linear(3) -> softmax; }
        #[batch(3)] pub(super) OneBatch = One;
        pub(super) Named: { a: 3, b: 1x4x4 } -> { u: 2, v: 3 } {
            from a; l: linear(2) -> softmax; output u; from b -> conv(2, 3x3, pad = 1) -> relu -> l2: linear(3); output v;
        }
        #[batch(2)] pub(super) NamedBatch = Named;
        #[batch(2)] pub(super) Several: { a: 3, b: 3 } -> 3 { add { from a; from b; }; }
        #[batch(2)] pub(super) Split: 3 -> { u: 2, v: 2 } { l: linear(2); output u; relu; output v; }
        #[train(batch = 2)] pub(super) Trained: 1x9x9 -> 3 {
            conv(2, 3x3) -> batch_norm -> relu -> dropout(0.2); linear(3) -> softmax;
        }
        #[train(batch = 2)] pub(super) Weighed: { a: 3, b: 3 } -> 3 { add { from a; from b; }; linear(3); }
    }
}

#[test]
fn among_methods_of_all_types() {
    use among_methods::*;

    let sizes = [
        (One::PARAMETERS, OneBatch::BATCH),
        (Named::PARAMETERS, NamedBatch::BATCH),
        (Trained::PARAMETERS, Trained::BATCH),
        (Several::PARAMETERS, Split::BATCH),
        (Weighed::PARAMETERS, Weighed::BATCH),
    ];
    ::std::assert_eq!(sizes, [(20 + 27, 3), (8 + 20 + 99, 2), (20 + 4 + 297, 1), (0, 2), (12, 1)]);
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
