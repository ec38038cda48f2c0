/// Four images at once.
///
/// `1x8x8 -> 3`: 299 parameters, 2,808 multiplications an image, a workspace of 5,632 bytes for 4 images.
pub struct Batch<'w> {
    weights: &'w BatchWeights,
    workspace: ::cnn::__rt::Workspace<1408>,
    threads: ::cnn::__rt::Threads<'w>,
}

/// Weights of [`Batch`], packed as its kernels read them. Threads can share them.
#[derive(::core::fmt::Debug)]
pub struct BatchWeights {
    packed: ::cnn::__rt::Packed<672>,
}

const _: () = {
    use ::cnn::__rt as rt;

    /// `input`: the image, 1x8x8
    const INPUT: rt::Checked<rt::Map> = rt::Map::dense(0, 8, 8, 1).check();

    /// `conv`: 1x8x8 -> 8x6x6: conv 3x3, relu
    const CONV: rt::Checked<rt::Conv2d> = rt::Conv2d {
        input: INPUT.get(),
        output: rt::Map::dense(176, 6, 6, 8),
        kernel: rt::Size::new(3, 3),
        stride: rt::Size::new(1, 1),
        pad_top: 0,
        pad_left: 0,
        dilation: rt::Size::new(1, 1),
        groups: 1,
        weights: 0,
        residual: rt::None,
        activation: rt::Activation::Relu,
    }
        .check();

    /// `2`: 8x6x6 -> 8x3x3: max_pool 2x2
    const MAX_POOL_2: rt::Checked<rt::Pool2d> = rt::Pool2d {
        input: CONV.get().output,
        output: rt::Map::dense(0, 3, 3, 8),
        kernel: rt::Size::new(2, 2),
        stride: rt::Size::new(2, 2),
        pad: rt::Padding::NONE,
        dilation: rt::Size::new(1, 1),
        count_include_pad: true,
    }
        .check();

    /// `maps.chw`: 8x3x3 in the order C, H, W
    const MAPS_CHW: rt::Checked<rt::StoreChw> = rt::StoreChw {
        map: MAX_POOL_2.get().output,
        offset: 96,
    }
        .check();

    /// `fc`: 8x3x3 -> 3: linear
    const FC: rt::Checked<rt::Dense> = rt::Dense {
        input: MAX_POOL_2.get().output,
        output: rt::Map::vector(176, 3),
        weights: 80,
        residual: rt::None,
        activation: rt::Activation::Identity,
    }
        .check();

    /// `4`: 3 -> 3: softmax
    const SOFTMAX_4: rt::Checked<rt::SoftmaxMap> = rt::SoftmaxMap {
        input: FC.get().output,
        output: rt::Map::vector(176, 3),
    }
        .check();

    impl<'w> Batch<'w> {
        /// Bytes of the workspace.
        pub const WORKSPACE_BYTES: rt::usize = 5632;

        /// Images of one pass.
        pub const BATCH: rt::usize = 4;

        /// Trained parameters, without those of auxiliary classifiers.
        pub const PARAMETERS: rt::u64 = 299;

        /// Multiplications with a weight for one image.
        pub const MACS: rt::u64 = 2808;

        /// The net as it was declared: layers, shapes, tensors.
        pub const GRAPH: &'static rt::Graph<'static> = &GRAPH;

        /// The kernels of a pass, in order.
        pub const STEPS: &'static [rt::Step<'static>] = STEPS;

        /// What lies where in the workspace of an image, and when.
        pub const MEMORY: &'static rt::Memory<'static> = &MEMORY;

        /// A net with a workspace of its own; one for each thread.
        pub const fn new(weights: &'w BatchWeights) -> Self {
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

    /// The images of one pass, and the floats from the workspace of one to that of the next.
    const BATCH: rt::Batch = rt::Batch {
        images: 4,
        floats: 208,
    };

    impl Batch<'_> {
        /// Runs the net for each of 4 images: `1x8x8` in, `3` out, both in the order channels, rows, columns. Allocates nothing.
        pub fn forward(&mut self, input: &[[rt::f32; 64]; 4]) -> &[[rt::f32; 3]; 4] {
            self.pass(rt::Run::best().on(self.threads), input)
        }

        /// The kernels, in order.
        fn pass(
            &mut self,
            run: rt::Run<'_>,
            input: &[[rt::f32; 64]; 4],
        ) -> &[[rt::f32; 3]; 4] {
            let weights = &*self.weights.packed;
            let workspace = self.workspace.floats();
            for (image, input) in ::core::iter::Iterator::enumerate(input.iter()) {
                let workspace = BATCH.from_image(image, workspace);
                rt::load_chw(run, input, &INPUT, workspace);
                rt::conv2d(run, &CONV, weights, workspace);
                rt::max_pool(run, &MAX_POOL_2, workspace);
                rt::store_chw(run, &MAPS_CHW, workspace);
            }
            rt::dense_batch(run, &FC, BATCH, weights, workspace);
            for workspace in BATCH.split(workspace) {
                rt::softmax(run, &SOFTMAX_4, workspace);
            }
            BATCH.gather(96, 72, 1120, workspace);
            BATCH.gather(176, 3, 1104, workspace);
            self.workspace.arrays::<1104, 3, 4>()
        }

        /// What the last pass left at `maps`: 8x3x3, in the order channels, rows, columns.
        pub fn tap_maps(&self) -> &[[rt::f32; 72]; 4] {
            self.workspace.arrays::<1120, 72, 4>()
        }
    }

    impl BatchWeights {
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

    impl BatchWeights {
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

    impl<'w> rt::Network<'w> for Batch<'w> {
        type Weights = BatchWeights;
        type Input = [[rt::f32; 64]; 4];
        type Output = [[rt::f32; 3]; 4];
        const GRAPH: &'static rt::Graph<'static> = &GRAPH;
        const BATCH: rt::usize = Self::BATCH;
        const WORKSPACE_BYTES: rt::usize = Self::WORKSPACE_BYTES;
        const PARAMETERS: rt::u64 = Self::PARAMETERS;
        const MACS: rt::u64 = Self::MACS;
        const STEPS: &'static [rt::Step<'static>] = STEPS;
        const MEMORY: &'static rt::Memory<'static> = Self::MEMORY;

        fn load(source: &rt::Source<'_>) -> rt::Result<BatchWeights, rt::WeightsError> {
            BatchWeights::load(source)
        }

        fn new(weights: &'w BatchWeights) -> Self {
            Self::new(weights)
        }

        fn with_pool(self, pool: &'w rt::ThreadPool) -> Self {
            self.with_pool(pool)
        }

        fn forward(&mut self, input: &[[rt::f32; 64]; 4]) -> &[[rt::f32; 3]; 4] {
            self.forward(input)
        }

        fn run(&mut self, input: &[rt::f32]) -> rt::Result<&[rt::f32], rt::WrongLength> {
            rt::Ok(self.forward(rt::exactly_images(input)?).as_flattened())
        }

        fn profile(
            &mut self,
            input: &[rt::f32],
            watch: &mut dyn ::core::ops::FnMut(rt::usize),
        ) -> rt::Result<&[rt::f32], rt::WrongLength> {
            let input = rt::exactly_images(input)?;
            let progress = rt::Progress::new(STEPS, Self::BATCH, watch);
            let watch = || progress.advance();
            rt::Ok(
                self
                    .pass(rt::Run::best().on(self.threads).watched(&watch), input)
                    .as_flattened(),
            )
        }

        fn tap(&self, name: &rt::str) -> rt::Option<&[rt::f32]> {
            match name {
                "maps" => rt::Some(self.tap_maps().as_flattened()),
                _ => rt::None,
            }
        }
    }

    impl ::core::fmt::Debug for Batch<'_> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("Batch")
        }
    }

    /// What `Batch` was declared as.
    static GRAPH: rt::Graph<'static> = rt::Graph {
        name: "Batch",
        doc: "Four images at once.",
        input: rt::Shape::map(1, 8, 8),
        output: rt::Shape::Vector(3),
        nodes: &[
            rt::Node {
                name: "conv",
                op: rt::Op::Conv(rt::Conv {
                    filters: 8,
                    kernel: rt::Size::new(3, 3),
                    stride: rt::Size::new(1, 1),
                    pad: rt::Padding::NONE,
                    dilation: rt::Size::new(1, 1),
                    groups: 1,
                    bias: true,
                }),
                inputs: &[rt::Value::Input],
                output: rt::Shape::map(8, 6, 6),
                tensors: &[
                    rt::Tensor {
                        name: "conv.weight",
                        role: rt::Role::Weight,
                        shape: &[8, 1, 3, 3],
                    },
                    rt::Tensor {
                        name: "conv.bias",
                        role: rt::Role::Bias,
                        shape: &[8],
                    },
                ],
                macs: 2592,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "1",
                op: rt::Op::Activation(rt::Activation::Relu),
                inputs: &[rt::Value::Node(0)],
                output: rt::Shape::map(8, 6, 6),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "2",
                op: rt::Op::MaxPool(rt::Pool {
                    kernel: rt::Size::new(2, 2),
                    stride: rt::Size::new(2, 2),
                    pad: rt::Padding::NONE,
                    dilation: rt::Size::new(1, 1),
                    ceil: false,
                    count_include_pad: true,
                }),
                inputs: &[rt::Value::Node(1)],
                output: rt::Shape::map(8, 3, 3),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "fc",
                op: rt::Op::Linear(rt::Linear {
                    features: 3,
                    bias: true,
                    store: rt::Store::F32,
                }),
                inputs: &[rt::Value::Node(2)],
                output: rt::Shape::Vector(3),
                tensors: &[
                    rt::Tensor {
                        name: "fc.weight",
                        role: rt::Role::Weight,
                        shape: &[3, 72],
                    },
                    rt::Tensor {
                        name: "fc.bias",
                        role: rt::Role::Bias,
                        shape: &[3],
                    },
                ],
                macs: 216,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "4",
                op: rt::Op::Softmax,
                inputs: &[rt::Value::Node(3)],
                output: rt::Shape::Vector(3),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
        ],
        result: rt::Value::Node(4),
        taps: &[
            rt::Tap {
                name: "maps",
                value: rt::Value::Node(2),
            },
        ],
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
            name: "conv",
            kernel: "conv2d",
            doc: "1x8x8 -> 8x6x6: conv 3x3, relu",
            algorithm: rt::Some("direct"),
            node: rt::Some(0),
            macs: 2592,
            shared: false,
        },
        rt::Step {
            name: "2",
            kernel: "max_pool",
            doc: "8x6x6 -> 8x3x3: max_pool 2x2",
            algorithm: rt::None,
            node: rt::Some(2),
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "maps.chw",
            kernel: "store_chw",
            doc: "8x3x3 in the order C, H, W",
            algorithm: rt::None,
            node: rt::Some(2),
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "fc",
            kernel: "dense",
            doc: "8x3x3 -> 3: linear",
            algorithm: rt::Some("gemm"),
            node: rt::Some(3),
            macs: 216,
            shared: true,
        },
        rt::Step {
            name: "4",
            kernel: "softmax",
            doc: "3 -> 3: softmax",
            algorithm: rt::None,
            node: rt::Some(4),
            macs: 0,
            shared: false,
        },
    ];

    /// What lies where in the workspace of an image, and when.
    static MEMORY: rt::Memory<'static> = rt::Memory {
        floats: 480,
        lower_bound: 480,
        times: &["input", "conv", "2", "fc", "4", "output"],
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
                name: "conv",
                holds: rt::Holds::Values,
                offset: 176,
                len: 304,
                first: 1,
                last: 2,
            },
            rt::Buffer {
                name: "2",
                holds: rt::Holds::Values,
                offset: 0,
                len: 96,
                first: 2,
                last: 3,
            },
            rt::Buffer {
                name: "2",
                holds: rt::Holds::Output,
                offset: 96,
                len: 80,
                first: 2,
                last: 5,
            },
            rt::Buffer {
                name: "fc",
                holds: rt::Holds::Values,
                offset: 176,
                len: 32,
                first: 3,
                last: 5,
            },
        ],
    };

    /// How the tensors of a file are packed.
    static RECIPE: &[rt::Pack] = &[
        rt::Pack {
            node: 0,
            norm: rt::None,
            offset: 0,
            layout: rt::Layout::Conv(rt::ConvPanels {
                groups: 1,
                outputs: 8,
                inputs: 1,
                kernel: rt::Size::new(3, 3),
            }),
        },
        rt::Pack {
            node: 3,
            norm: rt::None,
            offset: 80,
            layout: rt::Layout::Conv(rt::ConvPanels {
                groups: 1,
                outputs: 3,
                inputs: 8,
                kernel: rt::Size::new(3, 3),
            }),
        },
    ];
};
