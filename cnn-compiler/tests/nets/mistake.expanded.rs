::core::compile_error! {
    "conv: a window of 5x5 does not fit an input of 4x4\n  input  1x8x8 -> conv1  6x4x4 -> here\nhelp: `pad = 1`, a window of 4x4 at most, or an input of at least 9x9"
}

#[doc(hidden)]
#[derive(::core::clone::Clone)]
pub struct Mistake<'w, S = ::cnn::__rt::Workspace<0>> {
    weights: ::cnn::__rt::Shared<'w, MistakeWeights>,
    workspace: S,
    pool: ::cnn::__rt::PoolOf<'w>,
}

#[doc(hidden)]
#[derive(::core::fmt::Debug)]
pub struct MistakeWeights {
    packed: ::cnn::__rt::Packed<0>,
}

#[doc(hidden)]
pub type MistakeWorkspace = ::cnn::__rt::Workspace<0>;

#[allow(
    dead_code,
    unused_variables,
    missing_docs,
    reason = "a stub for a net with mistakes"
)]
const _: () = {
    use ::cnn::__rt as rt;

    static GRAPH: rt::Graph<'static> = rt::Graph::new(
        "Mistake",
        &[rt::Input::new("", rt::Shape::map(1, 8, 8))],
        &[
            rt::Node::new(
                "",
                rt::Op::Flatten,
                &[rt::Value::Input(0)],
                rt::Shape::Vector(10),
            ),
        ],
        &[rt::Output::new("", rt::Value::Node(0))],
    );
    const DESCRIPTION: rt::Description = rt::Description::new(
            &GRAPH,
            &[],
            &rt::Memory::new(0, 0, &[], &[]),
            0,
        )
        .batch(1);
    rt::net_methods!(Mistake, MistakeWeights, S : 0);

    impl<'w> Mistake<'w> {
        pub fn new(weights: impl rt::Into<rt::Shared<'w, MistakeWeights>>) -> Self {
            Self::with_workspace(weights, rt::Workspace::new())
        }

        pub const fn embedded() -> Self {
            Self {
                weights: rt::Shared::Borrowed(MistakeWeights::embedded()),
                workspace: rt::Workspace::new(),
                pool: rt::PoolOf::NONE,
            }
        }
    }

    impl<S> Mistake<'_, S> {
        pub fn forward(&mut self, input: &[rt::f32; 64]) -> &[rt::f32; 10] {
            ::core::unreachable!()
        }
    }
    rt::load_weights!(MistakeWeights, GRAPH, & []);

    impl MistakeWeights {
        pub const fn embedded() -> &'static Self {
            &Self {
                packed: rt::Packed::Embedded(&rt::Aligned::ZEROS),
            }
        }
    }

    impl<S: rt::Space<0>> rt::DynNetwork for Mistake<'_, S> {
        fn description(&self) -> &'static rt::Description {
            &DESCRIPTION
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            images: &[rt::f32],
        ) -> rt::Result<&[rt::f32], rt::WrongLength> {
            ::core::unreachable!()
        }
    }

    impl<S> ::core::fmt::Debug for Mistake<'_, S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str(GRAPH.name)
        }
    }

    impl rt::Network for Mistake<'_> {
        type Weights = MistakeWeights;
        type Workspace = MistakeWorkspace;
        type Input = [rt::f32; 64];
        type Output = [rt::f32; 10];
        const DESCRIPTION: &'static rt::Description = &DESCRIPTION;
        rt::network_methods!(MistakeWeights);

        fn forward(&mut self, input: &Self::Input) -> &Self::Output {
            ::core::unreachable!()
        }

        fn forward_in<'a>(
            weights: &Self::Weights,
            workspace: &'a mut Self::Workspace,
            input: &Self::Input,
        ) -> &'a Self::Output {
            ::core::unreachable!()
        }
    }
};
