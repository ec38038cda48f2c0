::core::compile_error! {
    "conv: a window of 5x5 does not fit an input of 4x4\n  input  1x8x8 -> conv1  6x4x4 -> here\nhelp: `pad = 1`, a window of 4x4 at most, or an input of at least 9x9"
}

#[doc(hidden)]
#[derive(::core::fmt::Debug)]
pub struct Mistake<'w> {
    weights: ::core::marker::PhantomData<&'w MistakeWeights>,
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
        rt::Shape::map(1, 8, 8),
        rt::Shape::Vector(10),
        &[],
        rt::Value::Input,
    );

    impl<'w> Mistake<'w> {
        pub const WORKSPACE_BYTES: rt::usize = 0;

        pub const BATCH: rt::usize = 1;

        pub const PARAMETERS: rt::u64 = 0;

        pub const MACS: rt::u64 = 0;

        pub const STEPS: &'static [rt::Step<'static>] = &[];

        pub const MEMORY: &'static rt::Memory<'static> = &rt::Memory::new(
            0,
            0,
            &[],
            &[],
        );

        pub const GRAPH: &'static rt::Graph<'static> = &GRAPH;

        pub const fn new(weights: &'w MistakeWeights) -> Self {
            Self {
                weights: ::core::marker::PhantomData,
            }
        }

        pub const fn with_workspace(
            weights: &'w MistakeWeights,
            workspace: &'w mut MistakeWorkspace,
        ) -> Self {
            Self {
                weights: ::core::marker::PhantomData,
            }
        }

        pub const fn embedded() -> Self {
            Self {
                weights: ::core::marker::PhantomData,
            }
        }

        pub fn with_pool(self, pool: &'w rt::ThreadPool) -> Self {
            self
        }

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

    impl<'w> rt::Network<'w> for Mistake<'w> {
        type Weights = MistakeWeights;
        type Input = [rt::f32; 64];
        type Output = [rt::f32; 10];
        const GRAPH: &'static rt::Graph<'static> = Self::GRAPH;
        const BATCH: rt::usize = Self::BATCH;
        const WORKSPACE_BYTES: rt::usize = 0;
        const STEPS: &'static [rt::Step<'static>] = &[];
        const MEMORY: &'static rt::Memory<'static> = Self::MEMORY;
        rt::network_methods!('w, MistakeWeights);

        fn forward(&mut self, input: &Self::Input) -> &Self::Output {
            ::core::unreachable!()
        }

        fn watched(
            &mut self,
            watch: &dyn ::core::ops::Fn(),
            input: &Self::Input,
        ) -> &Self::Output {
            ::core::unreachable!()
        }
    }
};
