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
