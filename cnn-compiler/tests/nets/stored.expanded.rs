/// Weights in half precision, but for the last layer's.
///
/// `1x8x8 -> 3`: 2,179 parameters, 2,144 multiplications, a workspace of 512 bytes.
pub struct Stored<'w> {
    weights: &'w StoredWeights,
    workspace: ::cnn::__rt::Workspace<128>,
    threads: ::cnn::__rt::Threads<'w>,
}

/// Weights of [`Stored`], packed as its kernels read them. Threads can share them.
#[derive(::core::fmt::Debug)]
pub struct StoredWeights {
    packed: ::cnn::__rt::Packed<1328>,
}

const _: () = {
    use ::cnn::__rt as rt;

    /// `input`: the image, 1x8x8
    const INPUT: rt::Checked<rt::Map> = rt::Map::dense(0, 8, 8, 1).check();

    /// `fc1`: 1x8x8 -> 32: linear, weights in f16, relu
    const FC1: rt::Checked<rt::Dense> = rt::Dense::new(
            INPUT.get(),
            rt::Map::vector(80, 32),
        )
        .activation(rt::Activation::Relu)
        .check();

    /// `fc2`: 32 -> 3: linear
    const FC2: rt::Checked<rt::Dense> = rt::Dense::new(
            FC1.get().output,
            rt::Map::vector(0, 3),
        )
        .weights(1056)
        .check();

    impl<'w> Stored<'w> {
        /// Size of the workspace in bytes.
        pub const WORKSPACE_BYTES: rt::usize = 512;

        /// Images per pass.
        pub const BATCH: rt::usize = 1;

        /// Trained parameters, without those of auxiliary classifiers.
        pub const PARAMETERS: rt::u64 = GRAPH.parameters();

        /// Multiplications with a weight for one image.
        pub const MACS: rt::u64 = GRAPH.macs();

        /// The net as declared: layers, shapes, tensors.
        pub const GRAPH: &'static rt::Graph<'static> = &GRAPH;

        /// The kernels of a pass, in order.
        pub const STEPS: &'static [rt::Step<'static>] = STEPS;

        /// What the workspace of an image holds where, and when.
        pub const MEMORY: &'static rt::Memory<'static> = &MEMORY;

        /// A net that owns its workspace: create one per thread.
        pub const fn new(weights: &'w StoredWeights) -> Self {
            Self {
                weights,
                workspace: rt::Workspace::new(),
                threads: rt::Threads::ALONE,
            }
        }

        /// The same net on the threads of a pool, which other nets can share. Results are bit for bit the same.
        pub fn with_pool(self, pool: &'w rt::ThreadPool) -> Self {
            Self {
                threads: rt::Threads::of(pool),
                ..self
            }
        }
    }

    impl Stored<'_> {
        /// Runs the net: `1x8x8` in, `3` out, both in the order channels, rows, columns. Allocates nothing.
        pub fn forward(&mut self, input: &[rt::f32; 64]) -> &[rt::f32; 3] {
            self.pass(rt::Run::best().on(self.threads), input)
        }

        /// The kernels, in order.
        fn pass(&mut self, run: rt::Run<'_>, input: &[rt::f32; 64]) -> &[rt::f32; 3] {
            let weights = &*self.weights.packed;
            let workspace = self.workspace.floats();
            rt::load_chw(run, input, &INPUT, workspace);
            rt::dense_f16(run, &FC1, weights, workspace);
            rt::dense(run, &FC2, weights, workspace);
            self.workspace.array::<0, 3>()
        }
    }

    impl<'w> rt::Network<'w> for Stored<'w> {
        type Weights = StoredWeights;
        type Input = [rt::f32; 64];
        type Output = [rt::f32; 3];
        const GRAPH: &'static rt::Graph<'static> = &GRAPH;
        const BATCH: rt::usize = Self::BATCH;
        const WORKSPACE_BYTES: rt::usize = Self::WORKSPACE_BYTES;
        const STEPS: &'static [rt::Step<'static>] = STEPS;
        const MEMORY: &'static rt::Memory<'static> = &MEMORY;
        rt::network_methods!('w, StoredWeights);

        fn forward(&mut self, input: &[rt::f32; 64]) -> &[rt::f32; 3] {
            self.forward(input)
        }

        fn watched(
            &mut self,
            watch: &dyn ::core::ops::Fn(),
            input: &[rt::f32; 64],
        ) -> &[rt::f32; 3] {
            self.pass(rt::Run::best().on(self.threads).watched(watch), input)
        }
    }

    impl ::core::fmt::Debug for Stored<'_> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("Stored")
        }
    }

    /// The description of `Stored` as declared.
    static GRAPH: rt::Graph<'static> = rt::Graph::new(
            "Stored",
            rt::Shape::map(1, 8, 8),
            rt::Shape::Vector(3),
            &[
                rt::Node::new(
                        "fc1",
                        rt::Op::Linear(rt::Linear::new(32).store(rt::Store::F16)),
                        &[rt::Value::Input],
                        rt::Shape::Vector(32),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("fc1.weight", rt::Role::Weight, &[32, 64]),
                            rt::Tensor::new("fc1.bias", rt::Role::Bias, &[32]),
                        ],
                    ),
                rt::Node::new(
                    "1",
                    rt::Op::Activation(rt::Activation::Relu),
                    &[rt::Value::Node(0)],
                    rt::Shape::Vector(32),
                ),
                rt::Node::new(
                        "fc2",
                        rt::Op::Linear(rt::Linear::new(3)),
                        &[rt::Value::Node(1)],
                        rt::Shape::Vector(3),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("fc2.weight", rt::Role::Weight, &[3, 32]),
                            rt::Tensor::new("fc2.bias", rt::Role::Bias, &[3]),
                        ],
                    ),
            ],
            rt::Value::Node(2),
        )
        .doc("Weights in half precision, but for the last layer's.");

    /// The kernels of a pass, in order.
    static STEPS: &[rt::Step<'static>] = &[
        rt::Step::moves("input", "load_chw", rt::None),
        rt::Step::new("fc1", "dense_f16", "gemm", &[0, 1]),
        rt::Step::new("fc2", "dense", "gemm", &[2]),
    ];

    /// What the workspace of an image holds where, and when.
    static MEMORY: rt::Memory<'static> = rt::Memory::new(
        128,
        128,
        &["input", "fc1", "fc2", "output"],
        &[
            rt::Buffer::new("input", rt::Holds::Values, 0, 80, 0, 1),
            rt::Buffer::new("fc1", rt::Holds::Values, 80, 48, 1, 2),
            rt::Buffer::new("fc2", rt::Holds::Values, 0, 32, 2, 3),
        ],
    );

    /// How the tensors of a file are packed.
    static RECIPE: &[rt::Pack] = &[
        rt::Pack::new(0, 0, FC1.get().layout_f16()),
        rt::Pack::new(2, 1056, FC2.get().layout()),
    ];
    rt::load_weights!(StoredWeights, GRAPH, RECIPE);
};
