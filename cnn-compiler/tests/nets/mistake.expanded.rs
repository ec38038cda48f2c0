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
    packed: (),
}

#[doc(hidden)]
pub type MistakeWorkspace = ::cnn::__rt::Workspace<0>;

#[allow(
    dead_code,
    unused_variables,
    missing_docs,
    reason = "the net has mistakes, this only stands for it"
)]
const _: () = {
    use ::cnn::__rt as rt;

    impl<'w> Mistake<'w> {
        pub const WORKSPACE_BYTES: rt::usize = 0;

        pub const BATCH: rt::usize = 1;

        pub const PARAMETERS: rt::u64 = 0;

        pub const MACS: rt::u64 = 0;

        pub const STEPS: &'static [rt::Step<'static>] = &[];

        pub const MEMORY: &'static rt::Memory<'static> = &rt::Memory {
            floats: 0,
            lower_bound: 0,
            times: &[],
            buffers: &[],
        };

        pub const GRAPH: &'static rt::Graph<'static> = &rt::Graph {
            name: "Mistake",
            doc: "",
            input: rt::Shape::map(1, 8, 8),
            output: rt::Shape::Vector(10),
            nodes: &[],
            result: rt::Value::Input,
            taps: &[],
            aux: &[],
        };

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

    impl MistakeWeights {
        pub fn from_safetensors(file: &[rt::u8]) -> rt::Result<Self, rt::WeightsError> {
            ::core::unreachable!()
        }

        pub fn from_safetensors_with(
            file: &[rt::u8],
            rename: &[(&rt::str, &rt::str)],
        ) -> rt::Result<Self, rt::WeightsError> {
            ::core::unreachable!()
        }

        pub fn load(source: &rt::Source<'_>) -> rt::Result<Self, rt::WeightsError> {
            ::core::unreachable!()
        }

        pub fn open(
            path: impl ::core::convert::AsRef<rt::Path>,
        ) -> rt::Result<Self, rt::WeightsError> {
            ::core::unreachable!()
        }

        pub const fn embedded() -> &'static Self {
            &Self { packed: () }
        }
    }

    impl<'w> rt::Network<'w> for Mistake<'w> {
        type Weights = MistakeWeights;
        type Input = [rt::f32; 64];
        type Output = [rt::f32; 10];
        const GRAPH: &'static rt::Graph<'static> = Self::GRAPH;
        const BATCH: rt::usize = Self::BATCH;
        const WORKSPACE_BYTES: rt::usize = 0;
        const PARAMETERS: rt::u64 = 0;
        const MACS: rt::u64 = 0;
        const STEPS: &'static [rt::Step<'static>] = &[];
        const MEMORY: &'static rt::Memory<'static> = Self::MEMORY;

        fn load(
            source: &rt::Source<'_>,
        ) -> rt::Result<MistakeWeights, rt::WeightsError> {
            MistakeWeights::load(source)
        }

        fn new(weights: &'w MistakeWeights) -> Self {
            Self::new(weights)
        }

        fn with_pool(self, pool: &'w rt::ThreadPool) -> Self {
            self
        }

        fn forward(&mut self, input: &Self::Input) -> &Self::Output {
            ::core::unreachable!()
        }

        fn run(&mut self, input: &[rt::f32]) -> rt::Result<&[rt::f32], rt::WrongLength> {
            ::core::unreachable!()
        }

        fn profile(
            &mut self,
            input: &[rt::f32],
            watch: &mut dyn ::core::ops::FnMut(rt::usize),
        ) -> rt::Result<&[rt::f32], rt::WrongLength> {
            ::core::unreachable!()
        }

        fn tap(&self, name: &rt::str) -> rt::Option<&[rt::f32]> {
            rt::None
        }
    }
};
