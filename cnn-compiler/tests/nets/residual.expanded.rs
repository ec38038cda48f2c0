/// `3x200x200 -> 4`: 1,592 parameters, 14,000,048 multiplications, a workspace of 1,314,432 bytes.
pub(crate) struct Residual<'w> {
    weights: &'w ResidualWeights,
    workspace: ::cnn::__rt::Place<'w, 328608>,
    threads: ::cnn::__rt::Threads<'w>,
}

/// Weights of [`Residual`], packed as its kernels read them. Threads can share them.
#[derive(::core::fmt::Debug)]
pub(crate) struct ResidualWeights {
    packed: ::cnn::__rt::Packed<5248>,
}

/// Memory that [`Residual`] computes in, for [`Residual::with_workspace`].
pub(crate) type ResidualWorkspace = ::cnn::__rt::Workspace<328608>;

const _: () = {
    use ::cnn::__rt as rt;

    /// `input.halo`: zeros around 200x200
    const INPUT_HALO: rt::Checked<rt::Halo> = rt::Halo {
        map: rt::Map::dense(606, 200, 200, 3).with_strides(603, 3),
        zeros: rt::Padding {
            top: 1,
            left: 1,
            bottom: 0,
            right: 0,
        },
    }
        .check();

    /// `input`: the image, 3x200x200
    const INPUT: rt::Checked<rt::Map> = rt::Map::dense(606, 200, 200, 3)
        .with_strides(603, 3)
        .check();

    /// `stem.halo`: zeros around 100x100
    const STEM_HALO: rt::Checked<rt::Halo> = rt::Halo {
        map: rt::Map::dense(122056, 100, 100, 8).with_strides(816, 8),
        zeros: rt::Padding::symmetric(1, 1),
    }
        .check();

    /// `stem`: 3x200x200 -> 8x100x100: conv 3x3, relu
    const STEM: rt::Checked<rt::Conv2d> = rt::Conv2d {
        input: INPUT.get(),
        output: rt::Map::dense(122056, 100, 100, 8).with_strides(816, 8),
        kernel: rt::Size::new(3, 3),
        stride: rt::Size::new(2, 2),
        pad_top: 1,
        pad_left: 1,
        dilation: rt::Size::new(1, 1),
        groups: 1,
        weights: 0,
        residual: rt::None,
        activation: rt::Activation::Relu,
    }
        .check();

    /// `layer.0.conv.halo`: zeros around 100x100
    const LAYER_0_CONV_HALO: rt::Checked<rt::Halo> = rt::Halo {
        map: rt::Map::dense(246184, 100, 100, 8).with_strides(816, 8),
        zeros: rt::Padding::symmetric(1, 1),
    }
        .check();

    /// `layer.0.conv`: 8x100x100 -> 8x100x100: conv 3x3 by F(4, 3), batch_norm, add, relu
    const LAYER_0_CONV: rt::Checked<rt::Winograd2d> = rt::Winograd2d {
        conv: rt::Conv2d {
            input: STEM.get().output,
            output: rt::Map::dense(246184, 100, 100, 8).with_strides(816, 8),
            kernel: rt::Size::new(3, 3),
            stride: rt::Size::new(1, 1),
            pad_top: 1,
            pad_left: 1,
            dilation: rt::Size::new(1, 1),
            groups: 1,
            weights: 224,
            residual: rt::Some(STEM.get().output),
            activation: rt::Activation::Relu,
        },
        tile: 4,
        pool: false,
        block: 36,
        scratch: 0,
    }
        .check();

    /// `layer.1.conv`: 8x100x100 -> 8x100x100: conv 3x3 by F(4, 3), batch_norm, add, relu
    const LAYER_1_CONV: rt::Checked<rt::Winograd2d> = rt::Winograd2d {
        conv: rt::Conv2d {
            input: LAYER_0_CONV.get().conv.output,
            output: rt::Map::dense(80000, 100, 100, 8),
            kernel: rt::Size::new(3, 3),
            stride: rt::Size::new(1, 1),
            pad_top: 1,
            pad_left: 1,
            dilation: rt::Size::new(1, 1),
            groups: 1,
            weights: 2544,
            residual: rt::Some(LAYER_0_CONV.get().conv.output),
            activation: rt::Activation::Relu,
        },
        tile: 4,
        pool: false,
        block: 36,
        scratch: 160016,
    }
        .check();

    /// `features.chw`: 8x100x100 in the order C, H, W
    const FEATURES_CHW: rt::Checked<rt::StoreChw> = rt::StoreChw {
        map: LAYER_1_CONV.get().conv.output,
        offset: 0,
    }
        .check();

    /// `0`: 8x100x100 -> 8x50x50: max_pool 2x2
    const MAX_POOL_0: rt::Checked<rt::Pool2d> = rt::Pool2d {
        input: LAYER_1_CONV.get().conv.output,
        output: rt::Map::dense(160016, 50, 50, 8).with_strides(600, 12),
        kernel: rt::Size::new(2, 2),
        stride: rt::Size::new(2, 2),
        pad: rt::Padding::NONE,
        dilation: rt::Size::new(1, 1),
        count_include_pad: true,
    }
        .check();

    /// `a`: 8x100x100 -> 4x50x50: conv 2x2, silu
    const A: rt::Checked<rt::Conv2d> = rt::Conv2d {
        input: LAYER_1_CONV.get().conv.output,
        output: rt::Map::dense(160024, 50, 50, 4).with_strides(600, 12),
        kernel: rt::Size::new(2, 2),
        stride: rt::Size::new(2, 2),
        pad_top: 0,
        pad_left: 0,
        dilation: rt::Size::new(1, 1),
        groups: 1,
        weights: 4864,
        residual: rt::None,
        activation: rt::Activation::Silu,
    }
        .check();

    /// `4`: 12x50x50 -> 12x1x1: global_avg_pool
    const GLOBAL_AVG_POOL_4: rt::Checked<rt::GlobalPool> = rt::GlobalPool {
        input: rt::Map::dense(160016, 50, 50, 12),
        output: rt::Map::vector(80000, 12),
    }
        .check();

    /// `fc`: 12x1x1 -> 4: linear
    const FC: rt::Checked<rt::Dense> = rt::Dense {
        input: GLOBAL_AVG_POOL_4.get().output,
        output: rt::Map::vector(80032, 4),
        weights: 5136,
        residual: rt::None,
        activation: rt::Activation::Identity,
    }
        .check();

    impl<'w> Residual<'w> {
        /// Bytes of the workspace.
        pub const WORKSPACE_BYTES: rt::usize = 1314432;

        /// Images of one pass.
        pub const BATCH: rt::usize = 1;

        /// Trained parameters, without those of auxiliary classifiers.
        pub const PARAMETERS: rt::u64 = 1592;

        /// Multiplications with a weight for one image.
        pub const MACS: rt::u64 = 14000048;

        /// The net as it was declared: layers, shapes, tensors.
        pub const GRAPH: &'static rt::Graph<'static> = &GRAPH;

        /// The kernels of a pass, in order.
        pub const STEPS: &'static [rt::Step<'static>] = STEPS;

        /// What lies where in the workspace of an image, and when.
        pub const MEMORY: &'static rt::Memory<'static> = &MEMORY;

        /// A net with a workspace of its own, on the heap; one for each thread.
        pub fn new(weights: &'w ResidualWeights) -> Self {
            Self {
                weights,
                workspace: rt::Place::heap(),
                threads: rt::Threads::ALONE,
            }
        }

        /// A net in memory of the caller's, which can be a `static`.
        pub const fn with_workspace(
            weights: &'w ResidualWeights,
            workspace: &'w mut ResidualWorkspace,
        ) -> Self {
            Self {
                weights,
                workspace: rt::Place::Borrowed(workspace),
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

    impl Residual<'_> {
        /// Runs the net: `3x200x200` in, `4` out, both in the order channels, rows, columns. Allocates nothing.
        pub fn forward(&mut self, input: &[rt::f32; 120000]) -> &[rt::f32; 4] {
            self.pass(rt::Run::best().on(self.threads), input)
        }

        /// The kernels, in order.
        fn pass(
            &mut self,
            run: rt::Run<'_>,
            input: &[rt::f32; 120000],
        ) -> &[rt::f32; 4] {
            let weights = &*self.weights.packed;
            let workspace = self.workspace.floats();
            rt::clear_halo(run, &INPUT_HALO, workspace);
            rt::load_chw(run, input, &INPUT, workspace);
            rt::clear_halo(run, &STEM_HALO, workspace);
            rt::conv2d(run, &STEM, weights, workspace);
            rt::clear_halo(run, &LAYER_0_CONV_HALO, workspace);
            rt::winograd2d(run, &LAYER_0_CONV, weights, workspace);
            rt::winograd2d(run, &LAYER_1_CONV, weights, workspace);
            rt::store_chw(run, &FEATURES_CHW, workspace);
            rt::max_pool(run, &MAX_POOL_0, workspace);
            rt::conv2d(run, &A, weights, workspace);
            rt::global_avg_pool(run, &GLOBAL_AVG_POOL_4, workspace);
            rt::dense(run, &FC, weights, workspace);
            self.workspace.array::<80032, 4>()
        }

        /// What the last pass left at `features`: 8x100x100, in the order channels, rows, columns.
        pub fn tap_features(&self) -> &[rt::f32; 80000] {
            self.workspace.array::<0, 80000>()
        }
    }

    impl ResidualWeights {
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

    impl ResidualWeights {
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

    impl<'w> rt::Network<'w> for Residual<'w> {
        type Weights = ResidualWeights;
        type Input = [rt::f32; 120000];
        type Output = [rt::f32; 4];
        const GRAPH: &'static rt::Graph<'static> = &GRAPH;
        const BATCH: rt::usize = Self::BATCH;
        const WORKSPACE_BYTES: rt::usize = Self::WORKSPACE_BYTES;
        const PARAMETERS: rt::u64 = Self::PARAMETERS;
        const MACS: rt::u64 = Self::MACS;
        const STEPS: &'static [rt::Step<'static>] = STEPS;
        const MEMORY: &'static rt::Memory<'static> = Self::MEMORY;

        fn load(
            source: &rt::Source<'_>,
        ) -> rt::Result<ResidualWeights, rt::WeightsError> {
            ResidualWeights::load(source)
        }

        fn new(weights: &'w ResidualWeights) -> Self {
            Self::new(weights)
        }

        fn with_pool(self, pool: &'w rt::ThreadPool) -> Self {
            self.with_pool(pool)
        }

        fn forward(&mut self, input: &[rt::f32; 120000]) -> &[rt::f32; 4] {
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
                "features" => rt::Some(self.tap_features()),
                _ => rt::None,
            }
        }
    }

    impl ::core::fmt::Debug for Residual<'_> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("Residual")
        }
    }

    /// What `Residual` was declared as.
    static GRAPH: rt::Graph<'static> = rt::Graph {
        name: "Residual",
        doc: "",
        input: rt::Shape::map(3, 200, 200),
        output: rt::Shape::Vector(4),
        nodes: &[
            rt::Node {
                name: "stem",
                op: rt::Op::Conv(rt::Conv {
                    filters: 8,
                    kernel: rt::Size::new(3, 3),
                    stride: rt::Size::new(2, 2),
                    pad: rt::Padding::symmetric(1, 1),
                    dilation: rt::Size::new(1, 1),
                    groups: 1,
                    bias: true,
                }),
                inputs: &[rt::Value::Input],
                output: rt::Shape::map(8, 100, 100),
                tensors: &[
                    rt::Tensor {
                        name: "stem.weight",
                        role: rt::Role::Weight,
                        shape: &[8, 3, 3, 3],
                    },
                    rt::Tensor {
                        name: "stem.bias",
                        role: rt::Role::Bias,
                        shape: &[8],
                    },
                ],
                macs: 2160000,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "1",
                op: rt::Op::Activation(rt::Activation::Relu),
                inputs: &[rt::Value::Node(0)],
                output: rt::Shape::map(8, 100, 100),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "layer.0.conv",
                op: rt::Op::Conv(rt::Conv {
                    filters: 8,
                    kernel: rt::Size::new(3, 3),
                    stride: rt::Size::new(1, 1),
                    pad: rt::Padding::symmetric(1, 1),
                    dilation: rt::Size::new(1, 1),
                    groups: 1,
                    bias: false,
                }),
                inputs: &[rt::Value::Node(1)],
                output: rt::Shape::map(8, 100, 100),
                tensors: &[
                    rt::Tensor {
                        name: "layer.0.conv.weight",
                        role: rt::Role::Weight,
                        shape: &[8, 8, 3, 3],
                    },
                ],
                macs: 5760000,
                calls: &[
                    rt::Call {
                        block: "residual",
                        name: "layer.0",
                    },
                ],
                aux: rt::None,
            },
            rt::Node {
                name: "layer.0.bn",
                op: rt::Op::BatchNorm(rt::BatchNorm {
                    eps: 0.00001,
                    momentum: 0.1,
                }),
                inputs: &[rt::Value::Node(2)],
                output: rt::Shape::map(8, 100, 100),
                tensors: &[
                    rt::Tensor {
                        name: "layer.0.bn.weight",
                        role: rt::Role::Weight,
                        shape: &[8],
                    },
                    rt::Tensor {
                        name: "layer.0.bn.bias",
                        role: rt::Role::Bias,
                        shape: &[8],
                    },
                    rt::Tensor {
                        name: "layer.0.bn.running_mean",
                        role: rt::Role::RunningMean,
                        shape: &[8],
                    },
                    rt::Tensor {
                        name: "layer.0.bn.running_var",
                        role: rt::Role::RunningVar,
                        shape: &[8],
                    },
                ],
                macs: 0,
                calls: &[
                    rt::Call {
                        block: "residual",
                        name: "layer.0",
                    },
                ],
                aux: rt::None,
            },
            rt::Node {
                name: "layer.0.0",
                op: rt::Op::Add,
                inputs: &[rt::Value::Node(3), rt::Value::Node(1)],
                output: rt::Shape::map(8, 100, 100),
                tensors: &[],
                macs: 0,
                calls: &[
                    rt::Call {
                        block: "residual",
                        name: "layer.0",
                    },
                ],
                aux: rt::None,
            },
            rt::Node {
                name: "layer.0.1",
                op: rt::Op::Activation(rt::Activation::Relu),
                inputs: &[rt::Value::Node(4)],
                output: rt::Shape::map(8, 100, 100),
                tensors: &[],
                macs: 0,
                calls: &[
                    rt::Call {
                        block: "residual",
                        name: "layer.0",
                    },
                ],
                aux: rt::None,
            },
            rt::Node {
                name: "layer.1.conv",
                op: rt::Op::Conv(rt::Conv {
                    filters: 8,
                    kernel: rt::Size::new(3, 3),
                    stride: rt::Size::new(1, 1),
                    pad: rt::Padding::symmetric(1, 1),
                    dilation: rt::Size::new(1, 1),
                    groups: 1,
                    bias: false,
                }),
                inputs: &[rt::Value::Node(5)],
                output: rt::Shape::map(8, 100, 100),
                tensors: &[
                    rt::Tensor {
                        name: "layer.1.conv.weight",
                        role: rt::Role::Weight,
                        shape: &[8, 8, 3, 3],
                    },
                ],
                macs: 5760000,
                calls: &[
                    rt::Call {
                        block: "residual",
                        name: "layer.1",
                    },
                ],
                aux: rt::None,
            },
            rt::Node {
                name: "layer.1.bn",
                op: rt::Op::BatchNorm(rt::BatchNorm {
                    eps: 0.00001,
                    momentum: 0.1,
                }),
                inputs: &[rt::Value::Node(6)],
                output: rt::Shape::map(8, 100, 100),
                tensors: &[
                    rt::Tensor {
                        name: "layer.1.bn.weight",
                        role: rt::Role::Weight,
                        shape: &[8],
                    },
                    rt::Tensor {
                        name: "layer.1.bn.bias",
                        role: rt::Role::Bias,
                        shape: &[8],
                    },
                    rt::Tensor {
                        name: "layer.1.bn.running_mean",
                        role: rt::Role::RunningMean,
                        shape: &[8],
                    },
                    rt::Tensor {
                        name: "layer.1.bn.running_var",
                        role: rt::Role::RunningVar,
                        shape: &[8],
                    },
                ],
                macs: 0,
                calls: &[
                    rt::Call {
                        block: "residual",
                        name: "layer.1",
                    },
                ],
                aux: rt::None,
            },
            rt::Node {
                name: "layer.1.0",
                op: rt::Op::Add,
                inputs: &[rt::Value::Node(7), rt::Value::Node(5)],
                output: rt::Shape::map(8, 100, 100),
                tensors: &[],
                macs: 0,
                calls: &[
                    rt::Call {
                        block: "residual",
                        name: "layer.1",
                    },
                ],
                aux: rt::None,
            },
            rt::Node {
                name: "layer.1.1",
                op: rt::Op::Activation(rt::Activation::Relu),
                inputs: &[rt::Value::Node(8)],
                output: rt::Shape::map(8, 100, 100),
                tensors: &[],
                macs: 0,
                calls: &[
                    rt::Call {
                        block: "residual",
                        name: "layer.1",
                    },
                ],
                aux: rt::None,
            },
            rt::Node {
                name: "head.0",
                op: rt::Op::GlobalAvgPool,
                inputs: &[rt::Value::Node(9)],
                output: rt::Shape::map(8, 1, 1),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::Some(0),
            },
            rt::Node {
                name: "head.fc",
                op: rt::Op::Linear(rt::Linear {
                    features: 4,
                    bias: true,
                    store: rt::Store::F32,
                }),
                inputs: &[rt::Value::Node(10)],
                output: rt::Shape::Vector(4),
                tensors: &[
                    rt::Tensor {
                        name: "head.fc.weight",
                        role: rt::Role::Weight,
                        shape: &[4, 8],
                    },
                    rt::Tensor {
                        name: "head.fc.bias",
                        role: rt::Role::Bias,
                        shape: &[4],
                    },
                ],
                macs: 32,
                calls: &[],
                aux: rt::Some(0),
            },
            rt::Node {
                name: "0",
                op: rt::Op::MaxPool(rt::Pool {
                    kernel: rt::Size::new(2, 2),
                    stride: rt::Size::new(2, 2),
                    pad: rt::Padding::NONE,
                    dilation: rt::Size::new(1, 1),
                    ceil: false,
                    count_include_pad: true,
                }),
                inputs: &[rt::Value::Node(9)],
                output: rt::Shape::map(8, 50, 50),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "a",
                op: rt::Op::Conv(rt::Conv {
                    filters: 4,
                    kernel: rt::Size::new(2, 2),
                    stride: rt::Size::new(2, 2),
                    pad: rt::Padding::NONE,
                    dilation: rt::Size::new(1, 1),
                    groups: 1,
                    bias: true,
                }),
                inputs: &[rt::Value::Node(9)],
                output: rt::Shape::map(4, 50, 50),
                tensors: &[
                    rt::Tensor {
                        name: "a.weight",
                        role: rt::Role::Weight,
                        shape: &[4, 8, 2, 2],
                    },
                    rt::Tensor {
                        name: "a.bias",
                        role: rt::Role::Bias,
                        shape: &[4],
                    },
                ],
                macs: 320000,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "2",
                op: rt::Op::Activation(rt::Activation::Silu),
                inputs: &[rt::Value::Node(13)],
                output: rt::Shape::map(4, 50, 50),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "3",
                op: rt::Op::Concat,
                inputs: &[rt::Value::Node(12), rt::Value::Node(14)],
                output: rt::Shape::map(12, 50, 50),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "4",
                op: rt::Op::GlobalAvgPool,
                inputs: &[rt::Value::Node(15)],
                output: rt::Shape::map(12, 1, 1),
                tensors: &[],
                macs: 0,
                calls: &[],
                aux: rt::None,
            },
            rt::Node {
                name: "fc",
                op: rt::Op::Linear(rt::Linear {
                    features: 4,
                    bias: true,
                    store: rt::Store::F32,
                }),
                inputs: &[rt::Value::Node(16)],
                output: rt::Shape::Vector(4),
                tensors: &[
                    rt::Tensor {
                        name: "fc.weight",
                        role: rt::Role::Weight,
                        shape: &[4, 12],
                    },
                    rt::Tensor {
                        name: "fc.bias",
                        role: rt::Role::Bias,
                        shape: &[4],
                    },
                ],
                macs: 48,
                calls: &[],
                aux: rt::None,
            },
        ],
        result: rt::Value::Node(17),
        taps: &[
            rt::Tap {
                name: "features",
                value: rt::Value::Node(9),
            },
        ],
        aux: &[
            rt::Aux {
                name: "head",
                weight: 0.3,
                result: rt::Value::Node(11),
            },
        ],
    };

    /// The kernels of a pass, in order.
    static STEPS: &[rt::Step<'static>] = &[
        rt::Step {
            name: "input.halo",
            kernel: "clear_halo",
            doc: "zeros around 200x200",
            algorithm: rt::None,
            node: rt::None,
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "input",
            kernel: "load_chw",
            doc: "the image, 3x200x200",
            algorithm: rt::None,
            node: rt::None,
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "stem.halo",
            kernel: "clear_halo",
            doc: "zeros around 100x100",
            algorithm: rt::None,
            node: rt::Some(0),
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "stem",
            kernel: "conv2d",
            doc: "3x200x200 -> 8x100x100: conv 3x3, relu",
            algorithm: rt::Some("direct"),
            node: rt::Some(0),
            macs: 2160000,
            shared: true,
        },
        rt::Step {
            name: "layer.0.conv.halo",
            kernel: "clear_halo",
            doc: "zeros around 100x100",
            algorithm: rt::None,
            node: rt::Some(2),
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "layer.0.conv",
            kernel: "winograd2d",
            doc: "8x100x100 -> 8x100x100: conv 3x3 by F(4, 3), batch_norm, add, relu",
            algorithm: rt::Some("F(4, 3)"),
            node: rt::Some(2),
            macs: 5760000,
            shared: true,
        },
        rt::Step {
            name: "layer.1.conv",
            kernel: "winograd2d",
            doc: "8x100x100 -> 8x100x100: conv 3x3 by F(4, 3), batch_norm, add, relu",
            algorithm: rt::Some("F(4, 3)"),
            node: rt::Some(6),
            macs: 5760000,
            shared: true,
        },
        rt::Step {
            name: "features.chw",
            kernel: "store_chw",
            doc: "8x100x100 in the order C, H, W",
            algorithm: rt::None,
            node: rt::Some(6),
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "0",
            kernel: "max_pool",
            doc: "8x100x100 -> 8x50x50: max_pool 2x2",
            algorithm: rt::None,
            node: rt::Some(12),
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "a",
            kernel: "conv2d",
            doc: "8x100x100 -> 4x50x50: conv 2x2, silu",
            algorithm: rt::Some("direct"),
            node: rt::Some(13),
            macs: 320000,
            shared: true,
        },
        rt::Step {
            name: "4",
            kernel: "global_avg_pool",
            doc: "12x50x50 -> 12x1x1: global_avg_pool",
            algorithm: rt::None,
            node: rt::Some(16),
            macs: 0,
            shared: false,
        },
        rt::Step {
            name: "fc",
            kernel: "dense",
            doc: "12x1x1 -> 4: linear",
            algorithm: rt::Some("gemm"),
            node: rt::Some(17),
            macs: 48,
            shared: true,
        },
    ];

    /// What lies where in the workspace of an image, and when.
    static MEMORY: rt::Memory<'static> = rt::Memory {
        floats: 328608,
        lower_bound: 328608,
        times: &[
            "input",
            "stem",
            "layer.0.conv",
            "layer.1.conv",
            "0",
            "a",
            "3",
            "4",
            "fc",
            "output",
        ],
        buffers: &[
            rt::Buffer {
                name: "input",
                holds: rt::Holds::Values,
                offset: 0,
                len: 121232,
                first: 0,
                last: 1,
            },
            rt::Buffer {
                name: "stem",
                holds: rt::Holds::Values,
                offset: 121232,
                len: 83248,
                first: 1,
                last: 2,
            },
            rt::Buffer {
                name: "layer.0.conv",
                holds: rt::Holds::Scratch,
                offset: 0,
                len: 85344,
                first: 2,
                last: 2,
            },
            rt::Buffer {
                name: "layer.0.conv",
                holds: rt::Holds::Values,
                offset: 245360,
                len: 83248,
                first: 2,
                last: 3,
            },
            rt::Buffer {
                name: "layer.1.conv",
                holds: rt::Holds::Output,
                offset: 0,
                len: 80000,
                first: 3,
                last: 9,
            },
            rt::Buffer {
                name: "layer.1.conv",
                holds: rt::Holds::Values,
                offset: 80000,
                len: 80016,
                first: 3,
                last: 5,
            },
            rt::Buffer {
                name: "layer.1.conv",
                holds: rt::Holds::Scratch,
                offset: 160016,
                len: 85344,
                first: 3,
                last: 3,
            },
            rt::Buffer {
                name: "3",
                holds: rt::Holds::Values,
                offset: 160016,
                len: 30016,
                first: 4,
                last: 7,
            },
            rt::Buffer {
                name: "4",
                holds: rt::Holds::Values,
                offset: 80000,
                len: 32,
                first: 7,
                last: 8,
            },
            rt::Buffer {
                name: "fc",
                holds: rt::Holds::Values,
                offset: 80032,
                len: 32,
                first: 8,
                last: 9,
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
                inputs: 3,
                kernel: rt::Size::new(3, 3),
            }),
        },
        rt::Pack {
            node: 2,
            norm: rt::Some(3),
            offset: 224,
            layout: rt::Layout::Winograd(rt::WinogradPanels {
                groups: 1,
                outputs: 8,
                inputs: 8,
                kernel: 3,
                stride: 1,
                tile: 4,
            }),
        },
        rt::Pack {
            node: 6,
            norm: rt::Some(7),
            offset: 2544,
            layout: rt::Layout::Winograd(rt::WinogradPanels {
                groups: 1,
                outputs: 8,
                inputs: 8,
                kernel: 3,
                stride: 1,
                tile: 4,
            }),
        },
        rt::Pack {
            node: 13,
            norm: rt::None,
            offset: 4864,
            layout: rt::Layout::Conv(rt::ConvPanels {
                groups: 1,
                outputs: 4,
                inputs: 8,
                kernel: rt::Size::new(2, 2),
            }),
        },
        rt::Pack {
            node: 17,
            norm: rt::None,
            offset: 5136,
            layout: rt::Layout::Conv(rt::ConvPanels {
                groups: 1,
                outputs: 4,
                inputs: 12,
                kernel: rt::Size::new(1, 1),
            }),
        },
    ];
};
