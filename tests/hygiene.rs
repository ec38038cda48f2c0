//! Emitted code in surroundings that are hard on macros: it names everything by its full path.

#![no_implicit_prelude]
#![deny(missing_docs, unused, unreachable_pub, reason = "emitted code must not warn in strict crates")]
#![forbid(unsafe_code)]

/// Nothing of the prelude is in scope here, and names that emitted code could stumble over are taken.
#[expect(non_camel_case_types, dead_code, reason = "names that emitted code could stumble over")]
mod shadows {
    struct Option;
    struct Some;
    struct Result;
    struct Vec;
    struct rt;
    mod core {}
    mod std {}

    ::cnn::network! {
        pub(crate) Shadowed: 1x6x6 -> 2 {
            a: conv(2, 3x3, pad = 1) -> relu;
            tap kept;
            b: linear(2) -> softmax;
        }
    }
}

/// In a function: a net that nothing else sees.
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
