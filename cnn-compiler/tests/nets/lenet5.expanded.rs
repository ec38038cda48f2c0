/// LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998).
///
/// `1x32x32 -> 10`: 61,706 parameters, 416,520 multiplications, a workspace of 23,296 bytes.
pub struct LeNet5<'w> {
    weights: &'w LeNet5Weights,
    workspace: ::cnn::__rt::Workspace<5824>,
    threads: ::cnn::__rt::Threads<'w>,
}

/// Weights of [`LeNet5`], packed as its kernels read them. Threads can share them.
#[derive(::core::fmt::Debug)]
pub struct LeNet5Weights {
    packed: ::cnn::__rt::Packed<64816>,
}

const _: () = {
    use ::cnn::__rt as rt;

    /// `input`: the image, 1x32x32
    const INPUT: rt::Checked<rt::Map> = rt::Map::dense(0, 32, 32, 1).check();

    /// `conv1`: 1x32x32 -> 6x14x14: conv 5x5 by F(4x1, 5x5), tanh, avg_pool 2x2
    const CONV1: rt::Checked<rt::Planar2d> = rt::Planar2d {
        conv: rt::Conv2d {
            input: INPUT.get(),
            output: rt::Map::dense(4208, 14, 14, 6),
            kernel: rt::Size::new(5, 5),
            stride: rt::Size::new(1, 1),
            pad_top: 0,
            pad_left: 0,
            dilation: rt::Size::new(1, 1),
            groups: 1,
            weights: 0,
            residual: rt::None,
            activation: rt::Activation::Tanh,
        },
        tile: 4,
        pool: rt::Some(rt::Pooling::Average),
    }
        .check();

    /// `conv2`: 6x14x14 -> 16x5x5: conv 5x5 by F(5x1, 5x5), tanh, avg_pool 2x2
    const CONV2: rt::Checked<rt::Columns2d> = rt::Columns2d {
        conv: rt::Conv2d {
            input: CONV1.get().conv.output,
            output: rt::Map::dense(5408, 5, 5, 16),
            kernel: rt::Size::new(5, 5),
            stride: rt::Size::new(1, 1),
            pad_top: 0,
            pad_left: 0,
            dilation: rt::Size::new(1, 1),
            groups: 1,
            weights: 336,
            residual: rt::None,
            activation: rt::Activation::Tanh,
        },
        pool: rt::Some(rt::Pooling::Average),
        scratch: 0,
    }
        .check();

    /// `fc1`: 16x5x5 -> 120: linear, tanh
    const FC1: rt::Checked<rt::Dense> = rt::Dense {
        input: CONV2.get().conv.output,
        output: rt::Map::vector(0, 120),
        weights: 4672,
        residual: rt::None,
        activation: rt::Activation::Tanh,
    }
        .check();

    /// `fc2`: 120 -> 84: linear, tanh
    const FC2: rt::Checked<rt::Dense> = rt::Dense {
        input: FC1.get().output,
        output: rt::Map::vector(144, 84),
        weights: 52800,
        residual: rt::None,
        activation: rt::Activation::Tanh,
    }
        .check();

    /// `fc3`: 84 -> 10: linear
    const FC3: rt::Checked<rt::Dense> = rt::Dense {
        input: FC2.get().output,
        output: rt::Map::vector(0, 10),
        weights: 63456,
        residual: rt::None,
        activation: rt::Activation::Identity,
    }
        .check();

    /// `11`: 10 -> 10: softmax
    const SOFTMAX_11: rt::Checked<rt::SoftmaxMap> = rt::SoftmaxMap {
        input: FC3.get().output,
        output: rt::Map::vector(0, 10),
    }
        .check();

    impl<'w> LeNet5<'w> {
        /// Bytes of the workspace.
        pub const WORKSPACE_BYTES: rt::usize = 23296;

        /// Images of one pass.
        pub const BATCH: rt::usize = 1;

        /// Trained parameters, without those of auxiliary classifiers.
        pub const PARAMETERS: rt::u64 = 61706;

        /// Multiplications with a weight for one image.
        pub const MACS: rt::u64 = 416520;

        /// The net as it was declared: layers, shapes, tensors.
        pub const GRAPH: &'static rt::Graph<'static> = &GRAPH;

        /// The kernels of a pass, in order.
        pub const STEPS: &'static [rt::Step<'static>] = STEPS;

        /// What lies where in the workspace of an image, and when.
        pub const MEMORY: &'static rt::Memory<'static> = &MEMORY;

        /// A net with a workspace of its own; one for each thread.
        pub const fn new(weights: &'w LeNet5Weights) -> Self {
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

    impl LeNet5<'_> {
        /// Runs the net: `1x32x32` in, `10` out, both in the order channels, rows, columns. Allocates nothing.
        pub fn forward(&mut self, input: &[rt::f32; 1024]) -> &[rt::f32; 10] {
            self.pass(rt::Run::best().on(self.threads), input)
        }

        /// The kernels, in order.
        fn pass(&mut self, run: rt::Run<'_>, input: &[rt::f32; 1024]) -> &[rt::f32; 10] {
            let weights = &*self.weights.packed;
            let workspace = self.workspace.floats();
            rt::load_chw(run, input, &INPUT, workspace);
            rt::planar2d(run, &CONV1, weights, workspace);
            rt::columns2d(run, &CONV2, weights, workspace);
            rt::dense(run, &FC1, weights, workspace);
            rt::dense(run, &FC2, weights, workspace);
            rt::dense(run, &FC3, weights, workspace);
            rt::softmax(run, &SOFTMAX_11, workspace);
            self.workspace.array::<0, 10>()
        }
    }

    impl LeNet5Weights {
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

    impl LeNet5Weights {
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

    impl<'w> rt::Network<'w> for LeNet5<'w> {
        type Weights = LeNet5Weights;
        type Input = [rt::f32; 1024];
        type Output = [rt::f32; 10];
        const GRAPH: &'static rt::Graph<'static> = &GRAPH;
        const BATCH: rt::usize = Self::BATCH;
        const WORKSPACE_BYTES: rt::usize = Self::WORKSPACE_BYTES;
        const PARAMETERS: rt::u64 = Self::PARAMETERS;
        const MACS: rt::u64 = Self::MACS;
        const STEPS: &'static [rt::Step<'static>] = STEPS;
        const MEMORY: &'static rt::Memory<'static> = Self::MEMORY;

        fn load(source: &rt::Source<'_>) -> rt::Result<LeNet5Weights, rt::WeightsError> {
            LeNet5Weights::load(source)
        }

        fn new(weights: &'w LeNet5Weights) -> Self {
            Self::new(weights)
        }

        fn with_pool(self, pool: &'w rt::ThreadPool) -> Self {
            self.with_pool(pool)
        }

        fn forward(&mut self, input: &[rt::f32; 1024]) -> &[rt::f32; 10] {
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

    impl ::core::fmt::Debug for LeNet5<'_> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("LeNet5")
        }
    }

    /// What `LeNet5` was declared as.
    static GRAPH: rt::Graph<'static> = rt::Graph {
        name: "LeNet5",
        doc: "LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998).",
        input: rt::Shape::map(1, 32, 32),
        output: rt::Shape::Vector(10),
        nodes: &[
            rt::Node {
                name: "conv1",
                op: rt::Op::Conv(rt::Conv {
                    filters: 6,
                    kernel: rt::Size::new(5, 5),
                    stride: rt::Size::new(1, 1),
                    pad: rt::Padding::NONE,
                    dilation: rt::Size::new(1, 1),
                    groups: 1,
                    bias: true,
                }),
                inputs: &[rt::Value::Input],
                output: rt::Shape::map(6, 28, 28),
                tensors: &[
                    rt::Tensor {
                        name: "conv1.weight",
                        role: rt::Role::Weight,
                        shape: &[6, 1, 5, 5],
                    },
                    rt::Tensor {
                        name: "conv1.bias",
                        role: rt::Role::Bias,
                        shape: &[6],
                    },
                ],
                macs: 117600,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "1",
                op: rt::Op::Activation(rt::Activation::Tanh),
                inputs: &[rt::Value::Node(0)],
                output: rt::Shape::map(6, 28, 28),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "2",
                op: rt::Op::AvgPool(rt::Pool {
                    kernel: rt::Size::new(2, 2),
                    stride: rt::Size::new(2, 2),
                    pad: rt::Padding::NONE,
                    dilation: rt::Size::new(1, 1),
                    ceil: false,
                    count_include_pad: true,
                }),
                inputs: &[rt::Value::Node(1)],
                output: rt::Shape::map(6, 14, 14),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "conv2",
                op: rt::Op::Conv(rt::Conv {
                    filters: 16,
                    kernel: rt::Size::new(5, 5),
                    stride: rt::Size::new(1, 1),
                    pad: rt::Padding::NONE,
                    dilation: rt::Size::new(1, 1),
                    groups: 1,
                    bias: true,
                }),
                inputs: &[rt::Value::Node(2)],
                output: rt::Shape::map(16, 10, 10),
                tensors: &[
                    rt::Tensor {
                        name: "conv2.weight",
                        role: rt::Role::Weight,
                        shape: &[16, 6, 5, 5],
                    },
                    rt::Tensor {
                        name: "conv2.bias",
                        role: rt::Role::Bias,
                        shape: &[16],
                    },
                ],
                macs: 240000,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "4",
                op: rt::Op::Activation(rt::Activation::Tanh),
                inputs: &[rt::Value::Node(3)],
                output: rt::Shape::map(16, 10, 10),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "5",
                op: rt::Op::AvgPool(rt::Pool {
                    kernel: rt::Size::new(2, 2),
                    stride: rt::Size::new(2, 2),
                    pad: rt::Padding::NONE,
                    dilation: rt::Size::new(1, 1),
                    ceil: false,
                    count_include_pad: true,
                }),
                inputs: &[rt::Value::Node(4)],
                output: rt::Shape::map(16, 5, 5),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "fc1",
                op: rt::Op::Linear(rt::Linear {
                    features: 120,
                    bias: true,
                    store: rt::Store::F32,
                }),
                inputs: &[rt::Value::Node(5)],
                output: rt::Shape::Vector(120),
                tensors: &[
                    rt::Tensor {
                        name: "fc1.weight",
                        role: rt::Role::Weight,
                        shape: &[120, 400],
                    },
                    rt::Tensor {
                        name: "fc1.bias",
                        role: rt::Role::Bias,
                        shape: &[120],
                    },
                ],
                macs: 48000,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "7",
                op: rt::Op::Activation(rt::Activation::Tanh),
                inputs: &[rt::Value::Node(6)],
                output: rt::Shape::Vector(120),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "fc2",
                op: rt::Op::Linear(rt::Linear {
                    features: 84,
                    bias: true,
                    store: rt::Store::F32,
                }),
                inputs: &[rt::Value::Node(7)],
                output: rt::Shape::Vector(84),
                tensors: &[
                    rt::Tensor {
                        name: "fc2.weight",
                        role: rt::Role::Weight,
                        shape: &[84, 120],
                    },
                    rt::Tensor {
                        name: "fc2.bias",
                        role: rt::Role::Bias,
                        shape: &[84],
                    },
                ],
                macs: 10080,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "9",
                op: rt::Op::Activation(rt::Activation::Tanh),
                inputs: &[rt::Value::Node(8)],
                output: rt::Shape::Vector(84),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "fc3",
                op: rt::Op::Linear(rt::Linear {
                    features: 10,
                    bias: true,
                    store: rt::Store::F32,
                }),
                inputs: &[rt::Value::Node(9)],
                output: rt::Shape::Vector(10),
                tensors: &[
                    rt::Tensor {
                        name: "fc3.weight",
                        role: rt::Role::Weight,
                        shape: &[10, 84],
                    },
                    rt::Tensor {
                        name: "fc3.bias",
                        role: rt::Role::Bias,
                        shape: &[10],
                    },
                ],
                macs: 840,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "11",
                op: rt::Op::Softmax,
                inputs: &[rt::Value::Node(10)],
                output: rt::Shape::Vector(10),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
        ],
        result: rt::Value::Node(11),
        taps: &[],
        aux: &[],
    };

    /// The kernels of a pass, in order.
    static STEPS: &[rt::Step<'static>] = &[
        rt::Step {
            name: "input",
            kernel: "load_chw",
            doc: "the image, 1x32x32",
            algorithm: rt::None,
            node: rt::None,
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "conv1",
            kernel: "planar2d",
            doc: "1x32x32 -> 6x14x14: conv 5x5 by F(4x1, 5x5), tanh, avg_pool 2x2",
            algorithm: rt::Some("F(4x1, 5x5)"),
            node: rt::Some(0),
            macs: 117600,
            shared: false,
        },
        rt::Step {
            name: "conv2",
            kernel: "columns2d",
            doc: "6x14x14 -> 16x5x5: conv 5x5 by F(5x1, 5x5), tanh, avg_pool 2x2",
            algorithm: rt::Some("F(5x1, 5x5)"),
            node: rt::Some(3),
            macs: 240000,
            shared: false,
        },
        rt::Step {
            name: "fc1",
            kernel: "dense",
            doc: "16x5x5 -> 120: linear, tanh",
            algorithm: rt::Some("gemm"),
            node: rt::Some(6),
            macs: 48000,
            shared: true,
        },
        rt::Step {
            name: "fc2",
            kernel: "dense",
            doc: "120 -> 84: linear, tanh",
            algorithm: rt::Some("gemm"),
            node: rt::Some(8),
            macs: 10080,
            shared: true,
        },
        rt::Step {
            name: "fc3",
            kernel: "dense",
            doc: "84 -> 10: linear",
            algorithm: rt::Some("gemm"),
            node: rt::Some(10),
            macs: 840,
            shared: true,
        },
        rt::Step {
            name: "11",
            kernel: "softmax",
            doc: "10 -> 10: softmax",
            algorithm: rt::None,
            node: rt::Some(11),
            macs: 0,
            shared: false,
        },
    ];

    /// What lies where in the workspace of an image, and when.
    static MEMORY: rt::Memory<'static> = rt::Memory {
        floats: 5824,
        lower_bound: 5824,
        times: &["input", "conv1", "conv2", "fc1", "fc2", "fc3", "11", "output"],
        buffers: &[
            rt::Buffer {
                name: "input",
                holds: rt::Holds::Values,
                offset: 0,
                len: 1040,
                first: 0,
                last: 1,
            },
            rt::Buffer {
                name: "conv1",
                holds: rt::Holds::Values,
                offset: 4208,
                len: 1200,
                first: 1,
                last: 2,
            },
            rt::Buffer {
                name: "conv2",
                holds: rt::Holds::Scratch,
                offset: 0,
                len: 4208,
                first: 2,
                last: 2,
            },
            rt::Buffer {
                name: "conv2",
                holds: rt::Holds::Values,
                offset: 5408,
                len: 416,
                first: 2,
                last: 3,
            },
            rt::Buffer {
                name: "fc1",
                holds: rt::Holds::Values,
                offset: 0,
                len: 144,
                first: 3,
                last: 4,
            },
            rt::Buffer {
                name: "fc2",
                holds: rt::Holds::Values,
                offset: 144,
                len: 112,
                first: 4,
                last: 5,
            },
            rt::Buffer {
                name: "fc3",
                holds: rt::Holds::Values,
                offset: 0,
                len: 32,
                first: 5,
                last: 7,
            },
        ],
    };

    /// How the tensors of a file are packed.
    static RECIPE: &[rt::Pack] = &[
        rt::Pack {
            node: 0,
            norm: rt::None,
            offset: 0,
            layout: rt::Layout::Columns(rt::ColumnPanels {
                outputs: 6,
                inputs: 1,
                kernel: rt::Size::new(5, 5),
                tile: 4,
            }),
        },
        rt::Pack {
            node: 3,
            norm: rt::None,
            offset: 336,
            layout: rt::Layout::Columns(rt::ColumnPanels {
                outputs: 16,
                inputs: 6,
                kernel: rt::Size::new(5, 5),
                tile: 5,
            }),
        },
        rt::Pack {
            node: 6,
            norm: rt::None,
            offset: 4672,
            layout: rt::Layout::Conv(rt::ConvPanels {
                groups: 1,
                outputs: 120,
                inputs: 16,
                kernel: rt::Size::new(5, 5),
            }),
        },
        rt::Pack {
            node: 8,
            norm: rt::None,
            offset: 52800,
            layout: rt::Layout::Conv(rt::ConvPanels {
                groups: 1,
                outputs: 84,
                inputs: 120,
                kernel: rt::Size::new(1, 1),
            }),
        },
        rt::Pack {
            node: 10,
            norm: rt::None,
            offset: 63456,
            layout: rt::Layout::Conv(rt::ConvPanels {
                groups: 1,
                outputs: 10,
                inputs: 84,
                kernel: rt::Size::new(1, 1),
            }),
        },
    ];
};
