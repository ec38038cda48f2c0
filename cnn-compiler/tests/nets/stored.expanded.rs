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
    const FC1: rt::Checked<rt::Dense> = rt::Dense {
        input: INPUT.get(),
        output: rt::Map::vector(80, 32),
        weights: 0,
        residual: rt::None,
        activation: rt::Activation::Relu,
    }
        .check();

    /// `fc2`: 32 -> 3: linear
    const FC2: rt::Checked<rt::Dense> = rt::Dense {
        input: FC1.get().output,
        output: rt::Map::vector(0, 3),
        weights: 1056,
        residual: rt::None,
        activation: rt::Activation::Identity,
    }
        .check();

    impl<'w> Stored<'w> {
        /// Bytes of the workspace.
        pub const WORKSPACE_BYTES: rt::usize = 512;

        /// Images of one pass.
        pub const BATCH: rt::usize = 1;

        /// Trained parameters, without those of auxiliary classifiers.
        pub const PARAMETERS: rt::u64 = 2179;

        /// Multiplications with a weight for one image.
        pub const MACS: rt::u64 = 2144;

        /// The net as it was declared: layers, shapes, tensors.
        pub const GRAPH: &'static rt::Graph<'static> = &GRAPH;

        /// The kernels of a pass, in order.
        pub const STEPS: &'static [rt::Step<'static>] = STEPS;

        /// What lies where in the workspace of an image, and when.
        pub const MEMORY: &'static rt::Memory<'static> = &MEMORY;

        /// A net with a workspace of its own; one for each thread.
        pub const fn new(weights: &'w StoredWeights) -> Self {
            Self {
                weights,
                workspace: rt::Workspace::new(),
                threads: rt::Threads::ALONE,
            }
        }

        /// The same net on the threads of a pool, which other nets can share. Results have the same bits.
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

    impl StoredWeights {
        /// Reads a safetensors file as PyTorch writes it (F32, F16 or BF16), folds and packs it once.
        ///
        /// # Errors
        ///
        /// Everything in which the file does not fit the net, at once.
        pub fn from_safetensors(file: &[rt::u8]) -> rt::Result<Self, rt::WeightsError> {
            Self::load(&rt::Source::new(file))
        }

        /// Reads a safetensors file whose tensors have other names: `("module.*", "*")` takes a prefix away.
        ///
        /// # Errors
        ///
        /// Everything in which the file does not fit the net, at once, and mistakes in a rule.
        pub fn from_safetensors_with(
            file: &[rt::u8],
            rename: &[(&rt::str, &rt::str)],
        ) -> rt::Result<Self, rt::WeightsError> {
            Self::load(&rt::Source::new(file).rename(rename))
        }

        /// Reads one safetensors file or the shards of one, with rules for names and a report of progress.
        ///
        /// # Errors
        ///
        /// Everything in which the files do not fit the net, at once.
        pub fn load(source: &rt::Source<'_>) -> rt::Result<Self, rt::WeightsError> {
            rt::Packed::load(&GRAPH, RECIPE, source).map(|packed| Self { packed })
        }
    }

    impl StoredWeights {
        /// Reads a safetensors file, or the shards that an index (`….json`) names, a few rows at a time: it takes
        /// little more memory than the packed weights.
        ///
        /// # Errors
        ///
        /// If a file cannot be opened, or changes while it is read; everything in which the files do not fit the net, at
        /// once.
        pub fn open(
            path: impl ::core::convert::AsRef<rt::Path>,
        ) -> rt::Result<Self, rt::WeightsError> {
            let files = rt::Files::open(path)
                .map_err(|why| rt::WeightsError::unreadable(&GRAPH, why))?;
            Self::load(&files.source())
        }
    }

    impl<'w> rt::Network<'w> for Stored<'w> {
        type Weights = StoredWeights;
        type Input = [rt::f32; 64];
        type Output = [rt::f32; 3];
        const GRAPH: &'static rt::Graph<'static> = &GRAPH;
        const BATCH: rt::usize = Self::BATCH;
        const WORKSPACE_BYTES: rt::usize = Self::WORKSPACE_BYTES;
        const PARAMETERS: rt::u64 = Self::PARAMETERS;
        const MACS: rt::u64 = Self::MACS;
        const STEPS: &'static [rt::Step<'static>] = STEPS;
        const MEMORY: &'static rt::Memory<'static> = Self::MEMORY;

        fn load(source: &rt::Source<'_>) -> rt::Result<StoredWeights, rt::WeightsError> {
            StoredWeights::load(source)
        }

        fn new(weights: &'w StoredWeights) -> Self {
            Self::new(weights)
        }

        fn with_pool(self, pool: &'w rt::ThreadPool) -> Self {
            self.with_pool(pool)
        }

        fn forward(&mut self, input: &[rt::f32; 64]) -> &[rt::f32; 3] {
            self.forward(input)
        }

        fn run(&mut self, input: &[rt::f32]) -> rt::Result<&[rt::f32], rt::WrongLength> {
            rt::Ok(self.forward(rt::exactly(input)?))
        }

        fn profile(
            &mut self,
            input: &[rt::f32],
            watch: &mut dyn ::core::ops::FnMut(rt::usize),
        ) -> rt::Result<&[rt::f32], rt::WrongLength> {
            let input = rt::exactly(input)?;
            let progress = rt::Progress::new(STEPS, Self::BATCH, watch);
            let watch = || progress.advance();
            rt::Ok(self.pass(rt::Run::best().on(self.threads).watched(&watch), input))
        }

        fn tap(&self, name: &rt::str) -> rt::Option<&[rt::f32]> {
            match name {
                _ => rt::None,
            }
        }
    }

    impl ::core::fmt::Debug for Stored<'_> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("Stored")
        }
    }

    /// What `Stored` was declared as.
    static GRAPH: rt::Graph<'static> = rt::Graph {
        name: "Stored",
        doc: "Weights in half precision, but for the last layer's.",
        input: rt::Shape::map(1, 8, 8),
        output: rt::Shape::Vector(3),
        nodes: &[
            rt::Node {
                name: "fc1",
                op: rt::Op::Linear(rt::Linear {
                    features: 32,
                    bias: true,
                    store: rt::Store::F16,
                }),
                inputs: &[rt::Value::Input],
                output: rt::Shape::Vector(32),
                tensors: &[
                    rt::Tensor {
                        name: "fc1.weight",
                        role: rt::Role::Weight,
                        shape: &[32, 64],
                    },
                    rt::Tensor {
                        name: "fc1.bias",
                        role: rt::Role::Bias,
                        shape: &[32],
                    },
                ],
                macs: 2048,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "1",
                op: rt::Op::Activation(rt::Activation::Relu),
                inputs: &[rt::Value::Node(0)],
                output: rt::Shape::Vector(32),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "fc2",
                op: rt::Op::Linear(rt::Linear {
                    features: 3,
                    bias: true,
                    store: rt::Store::F32,
                }),
                inputs: &[rt::Value::Node(1)],
                output: rt::Shape::Vector(3),
                tensors: &[
                    rt::Tensor {
                        name: "fc2.weight",
                        role: rt::Role::Weight,
                        shape: &[3, 32],
                    },
                    rt::Tensor {
                        name: "fc2.bias",
                        role: rt::Role::Bias,
                        shape: &[3],
                    },
                ],
                macs: 96,
                calls: &[],
                aux: rt::None,
            },
        ],
        result: rt::Value::Node(2),
        taps: &[],
        aux: &[],
    };

    /// The kernels of a pass, in order.
    static STEPS: &[rt::Step<'static>] = &[
        rt::Step {
            name: "input",
            kernel: "load_chw",
            doc: "the image, 1x8x8",
            algorithm: rt::None,
            node: rt::None,
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "fc1",
            kernel: "dense_f16",
            doc: "1x8x8 -> 32: linear, weights in f16, relu",
            algorithm: rt::Some("gemm"),
            node: rt::Some(0),
            macs: 2048,
            shared: true,
        },
        rt::Step {
            name: "fc2",
            kernel: "dense",
            doc: "32 -> 3: linear",
            algorithm: rt::Some("gemm"),
            node: rt::Some(2),
            macs: 96,
            shared: true,
        },
    ];

    /// What lies where in the workspace of an image, and when.
    static MEMORY: rt::Memory<'static> = rt::Memory {
        floats: 128,
        lower_bound: 128,
        times: &["input", "fc1", "fc2", "output"],
        buffers: &[
            rt::Buffer {
                name: "input",
                holds: rt::Holds::Values,
                offset: 0,
                len: 80,
                first: 0,
                last: 1,
            },
            rt::Buffer {
                name: "fc1",
                holds: rt::Holds::Values,
                offset: 80,
                len: 48,
                first: 1,
                last: 2,
            },
            rt::Buffer {
                name: "fc2",
                holds: rt::Holds::Values,
                offset: 0,
                len: 32,
                first: 2,
                last: 3,
            },
        ],
    };

    /// How the tensors of a file are packed.
    static RECIPE: &[rt::Pack] = &[
        rt::Pack {
            node: 0,
            norm: rt::None,
            offset: 0,
            layout: rt::Layout::F16(rt::ConvPanels {
                groups: 1,
                outputs: 32,
                inputs: 1,
                kernel: rt::Size::new(8, 8),
            }),
        },
        rt::Pack {
            node: 2,
            norm: rt::None,
            offset: 1056,
            layout: rt::Layout::Conv(rt::ConvPanels {
                groups: 1,
                outputs: 3,
                inputs: 32,
                kernel: rt::Size::new(1, 1),
            }),
        },
    ];
};
