/// `3x200x200 -> 4`: 1,592 parameters, 14,000,048 multiplications, a workspace of 1,314,432 bytes.
#[derive(::core::clone::Clone)]
pub(crate) struct Residual<'w, S = ::cnn::__rt::LargeWorkspace<328608>> {
    weights: ::cnn::__rt::Shared<'w, ResidualWeights>,
    workspace: S,
    pool: ::cnn::__rt::PoolOf<'w>,
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
    const INPUT_HALO: rt::Checked<rt::Halo> = rt::Halo::new(
            rt::Map::dense(606, 200, 200, 3).with_strides(603, 3),
            rt::Padding::new(1, 1, 0, 0),
        )
        .check();

    /// `input`: the image, 3x200x200
    const INPUT: rt::Checked<rt::Map> = rt::Map::dense(606, 200, 200, 3)
        .with_strides(603, 3)
        .check();

    /// `stem.halo`: zeros around 100x100
    const STEM_HALO: rt::Checked<rt::Halo> = rt::Halo::new(
            rt::Map::dense(122056, 100, 100, 8).with_strides(816, 8),
            rt::Padding::symmetric(1, 1),
        )
        .check();

    /// `stem`: 3x200x200 -> 8x100x100: conv 3x3, relu
    const STEM: rt::Checked<rt::Conv2d> = rt::Conv2d::new(
            INPUT.get(),
            rt::Map::dense(122056, 100, 100, 8).with_strides(816, 8),
            rt::Size::new(3, 3),
        )
        .stride(rt::Size::new(2, 2))
        .pad_top(1)
        .pad_left(1)
        .activation(rt::Activation::Relu)
        .check();

    /// `layer.0.conv.halo`: zeros around 100x100
    const LAYER_0_CONV_HALO: rt::Checked<rt::Halo> = rt::Halo::new(
            rt::Map::dense(246184, 100, 100, 8).with_strides(816, 8),
            rt::Padding::symmetric(1, 1),
        )
        .check();

    /// `layer.0.conv`: 8x100x100 -> 8x100x100: conv 3x3 by F(4, 3), batch_norm, add, relu
    const LAYER_0_CONV: rt::Checked<rt::Winograd2d> = rt::Winograd2d::new(
            rt::Conv2d::new(
                    STEM.get().output,
                    rt::Map::dense(246184, 100, 100, 8).with_strides(816, 8),
                    rt::Size::new(3, 3),
                )
                .pad_top(1)
                .pad_left(1)
                .weights(224)
                .residual(rt::Some(STEM.get().output))
                .activation(rt::Activation::Relu),
        )
        .tile(4)
        .block(36)
        .check();

    /// `layer.1.conv`: 8x100x100 -> 8x100x100: conv 3x3 by F(4, 3), batch_norm, add, relu
    const LAYER_1_CONV: rt::Checked<rt::Winograd2d> = rt::Winograd2d::new(
            rt::Conv2d::new(
                    LAYER_0_CONV.get().conv.output,
                    rt::Map::dense(80000, 100, 100, 8),
                    rt::Size::new(3, 3),
                )
                .pad_top(1)
                .pad_left(1)
                .weights(2544)
                .residual(rt::Some(LAYER_0_CONV.get().conv.output))
                .activation(rt::Activation::Relu),
        )
        .tile(4)
        .block(36)
        .scratch(160016)
        .check();

    /// `features.chw`: 8x100x100 in the order C, H, W
    const FEATURES_CHW: rt::Checked<rt::StoreChw> = rt::StoreChw::new(
            LAYER_1_CONV.get().conv.output,
            0,
        )
        .check();

    /// `0`: 8x100x100 -> 8x50x50: max_pool 2x2
    const MAX_POOL_0: rt::Checked<rt::Pool2d> = rt::Pool2d::new(
            LAYER_1_CONV.get().conv.output,
            rt::Map::dense(160016, 50, 50, 8).with_strides(600, 12),
            rt::Size::new(2, 2),
            rt::Size::new(2, 2),
        )
        .check();

    /// `a`: 8x100x100 -> 4x50x50: conv 2x2, silu
    const A: rt::Checked<rt::Conv2d> = rt::Conv2d::new(
            LAYER_1_CONV.get().conv.output,
            rt::Map::dense(160024, 50, 50, 4).with_strides(600, 12),
            rt::Size::new(2, 2),
        )
        .stride(rt::Size::new(2, 2))
        .weights(4864)
        .activation(rt::Activation::Silu)
        .check();

    /// `4`: 12x50x50 -> 12x1x1: global_avg_pool
    const GLOBAL_AVG_POOL_4: rt::Checked<rt::GlobalPool> = rt::GlobalPool::new(
            rt::Map::dense(160016, 50, 50, 12),
            rt::Map::vector(80000, 12),
        )
        .check();

    /// `fc`: 12x1x1 -> 4: linear
    const FC: rt::Checked<rt::Dense> = rt::Dense::new(
            GLOBAL_AVG_POOL_4.get().output,
            rt::Map::vector(80032, 4),
        )
        .weights(5136)
        .check();
    rt::net_methods!(Residual, ResidualWeights, S : 328608);

    impl<'w> Residual<'w> {
        /// A net with its own workspace, on the heap: create one per thread. Takes `&weights`, or an `Arc` of them,
        /// of which the net is then an owner.
        pub fn new(weights: impl rt::Into<rt::Shared<'w, ResidualWeights>>) -> Self {
            Self::with_workspace(weights, rt::LargeWorkspace::zeroed())
        }
    }

    /// The kernels, in order.
    fn pass<'a>(
        run: rt::Run<'_>,
        weights: &ResidualWeights,
        memory: &'a mut ResidualWorkspace,
        input: &[rt::f32; 120000],
    ) -> &'a [rt::f32; 4] {
        let weights = &*weights.packed;
        let workspace = memory.floats();
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
        memory.array::<80032, 4>()
    }

    impl<S: rt::Space<328608>> Residual<'_, S> {
        /// Runs the net: `3x200x200` in, `4` out, all in the order channels, rows, columns. Allocates nothing.
        pub fn forward(&mut self, input: &[rt::f32; 120000]) -> &[rt::f32; 4] {
            self.watched(rt::None, input)
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            input: &[rt::f32; 120000],
        ) -> &[rt::f32; 4] {
            let run = rt::Run::best().on(self.pool.threads()).watched(watch);
            pass(
                run,
                &self.weights,
                rt::Space::workspace_mut(&mut self.workspace),
                input,
            )
        }

        /// What the last pass left at `features`: 8x100x100, in the order channels, rows, columns.
        pub fn tap_features(&self) -> &[rt::f32; 80000] {
            rt::Space::workspace(&self.workspace).array::<0, 80000>()
        }
    }

    impl<S: rt::Space<328608>> rt::DynNetwork for Residual<'_, S> {
        fn description(&self) -> &'static rt::Description {
            &DESCRIPTION
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            images: &[rt::f32],
        ) -> rt::Result<&[rt::f32], rt::WrongLength> {
            let input = <[rt::f32; 120000] as rt::Numbers>::of(images)?;
            rt::Ok(self.watched(watch, input))
        }

        fn tap(&self, name: &rt::str) -> rt::Option<&[rt::f32]> {
            match name {
                "features" => rt::Some(self.tap_features()),
                _ => rt::None,
            }
        }
    }

    impl rt::Network for Residual<'_> {
        type Weights = ResidualWeights;
        type Workspace = ResidualWorkspace;
        type Input = [rt::f32; 120000];
        type Output = [rt::f32; 4];
        const DESCRIPTION: &'static rt::Description = &DESCRIPTION;
        rt::network_methods!(ResidualWeights);

        fn forward(&mut self, input: &[rt::f32; 120000]) -> &[rt::f32; 4] {
            self.forward(input)
        }

        fn forward_in<'a>(
            weights: &ResidualWeights,
            workspace: &'a mut ResidualWorkspace,
            input: &[rt::f32; 120000],
        ) -> &'a [rt::f32; 4] {
            pass(rt::Run::best(), weights, workspace, input)
        }
    }

    impl<S> ::core::fmt::Debug for Residual<'_, S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("Residual")
        }
    }

    /// The description of `Residual` as declared.
    static GRAPH: rt::Graph<'static> = rt::Graph::new(
            "Residual",
            &[rt::Input::new("", rt::Shape::map(3, 200, 200))],
            &[
                rt::Node::new(
                        "stem",
                        rt::Op::Conv(
                            rt::Conv::new(8, rt::Size::new(3, 3))
                                .stride(rt::Size::new(2, 2))
                                .pad(rt::Padding::symmetric(1, 1)),
                        ),
                        &[rt::Value::Input(0)],
                        rt::Shape::map(8, 100, 100),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new(
                                "stem.weight",
                                rt::Role::Weight,
                                &[8, 3, 3, 3],
                            ),
                            rt::Tensor::new("stem.bias", rt::Role::Bias, &[8]),
                        ],
                    ),
                rt::Node::new(
                    "1",
                    rt::Op::Activation(rt::Activation::Relu),
                    &[rt::Value::Node(0)],
                    rt::Shape::map(8, 100, 100),
                ),
                rt::Node::new(
                        "layer.0.conv",
                        rt::Op::Conv(
                            rt::Conv::new(8, rt::Size::new(3, 3))
                                .pad(rt::Padding::symmetric(1, 1))
                                .bias(false),
                        ),
                        &[rt::Value::Node(1)],
                        rt::Shape::map(8, 100, 100),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new(
                                "layer.0.conv.weight",
                                rt::Role::Weight,
                                &[8, 8, 3, 3],
                            ),
                        ],
                    )
                    .calls(&[rt::Call::new("residual", "layer.0")]),
                rt::Node::new(
                        "layer.0.bn",
                        rt::Op::BatchNorm(rt::BatchNorm::new(1e-5, 0.1)),
                        &[rt::Value::Node(2)],
                        rt::Shape::map(8, 100, 100),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("layer.0.bn.weight", rt::Role::Weight, &[8]),
                            rt::Tensor::new("layer.0.bn.bias", rt::Role::Bias, &[8]),
                            rt::Tensor::new(
                                "layer.0.bn.running_mean",
                                rt::Role::RunningMean,
                                &[8],
                            ),
                            rt::Tensor::new(
                                "layer.0.bn.running_var",
                                rt::Role::RunningVar,
                                &[8],
                            ),
                        ],
                    )
                    .calls(&[rt::Call::new("residual", "layer.0")]),
                rt::Node::new(
                        "layer.0.0",
                        rt::Op::Add,
                        &[rt::Value::Node(3), rt::Value::Node(1)],
                        rt::Shape::map(8, 100, 100),
                    )
                    .calls(&[rt::Call::new("residual", "layer.0")]),
                rt::Node::new(
                        "layer.0.1",
                        rt::Op::Activation(rt::Activation::Relu),
                        &[rt::Value::Node(4)],
                        rt::Shape::map(8, 100, 100),
                    )
                    .calls(&[rt::Call::new("residual", "layer.0")]),
                rt::Node::new(
                        "layer.1.conv",
                        rt::Op::Conv(
                            rt::Conv::new(8, rt::Size::new(3, 3))
                                .pad(rt::Padding::symmetric(1, 1))
                                .bias(false),
                        ),
                        &[rt::Value::Node(5)],
                        rt::Shape::map(8, 100, 100),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new(
                                "layer.1.conv.weight",
                                rt::Role::Weight,
                                &[8, 8, 3, 3],
                            ),
                        ],
                    )
                    .calls(&[rt::Call::new("residual", "layer.1")]),
                rt::Node::new(
                        "layer.1.bn",
                        rt::Op::BatchNorm(rt::BatchNorm::new(1e-5, 0.1)),
                        &[rt::Value::Node(6)],
                        rt::Shape::map(8, 100, 100),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("layer.1.bn.weight", rt::Role::Weight, &[8]),
                            rt::Tensor::new("layer.1.bn.bias", rt::Role::Bias, &[8]),
                            rt::Tensor::new(
                                "layer.1.bn.running_mean",
                                rt::Role::RunningMean,
                                &[8],
                            ),
                            rt::Tensor::new(
                                "layer.1.bn.running_var",
                                rt::Role::RunningVar,
                                &[8],
                            ),
                        ],
                    )
                    .calls(&[rt::Call::new("residual", "layer.1")]),
                rt::Node::new(
                        "layer.1.0",
                        rt::Op::Add,
                        &[rt::Value::Node(7), rt::Value::Node(5)],
                        rt::Shape::map(8, 100, 100),
                    )
                    .calls(&[rt::Call::new("residual", "layer.1")]),
                rt::Node::new(
                        "layer.1.1",
                        rt::Op::Activation(rt::Activation::Relu),
                        &[rt::Value::Node(8)],
                        rt::Shape::map(8, 100, 100),
                    )
                    .calls(&[rt::Call::new("residual", "layer.1")]),
                rt::Node::new(
                        "head.0",
                        rt::Op::GlobalAvgPool,
                        &[rt::Value::Node(9)],
                        rt::Shape::map(8, 1, 1),
                    )
                    .aux(rt::Some(0)),
                rt::Node::new(
                        "head.fc",
                        rt::Op::Linear(rt::Linear::new(4)),
                        &[rt::Value::Node(10)],
                        rt::Shape::Vector(4),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("head.fc.weight", rt::Role::Weight, &[4, 8]),
                            rt::Tensor::new("head.fc.bias", rt::Role::Bias, &[4]),
                        ],
                    )
                    .aux(rt::Some(0)),
                rt::Node::new(
                    "0",
                    rt::Op::MaxPool(
                        rt::Pool::new(rt::Size::new(2, 2), rt::Size::new(2, 2)),
                    ),
                    &[rt::Value::Node(9)],
                    rt::Shape::map(8, 50, 50),
                ),
                rt::Node::new(
                        "a",
                        rt::Op::Conv(
                            rt::Conv::new(4, rt::Size::new(2, 2))
                                .stride(rt::Size::new(2, 2)),
                        ),
                        &[rt::Value::Node(9)],
                        rt::Shape::map(4, 50, 50),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("a.weight", rt::Role::Weight, &[4, 8, 2, 2]),
                            rt::Tensor::new("a.bias", rt::Role::Bias, &[4]),
                        ],
                    ),
                rt::Node::new(
                    "2",
                    rt::Op::Activation(rt::Activation::Silu),
                    &[rt::Value::Node(13)],
                    rt::Shape::map(4, 50, 50),
                ),
                rt::Node::new(
                    "3",
                    rt::Op::Concat,
                    &[rt::Value::Node(12), rt::Value::Node(14)],
                    rt::Shape::map(12, 50, 50),
                ),
                rt::Node::new(
                    "4",
                    rt::Op::GlobalAvgPool,
                    &[rt::Value::Node(15)],
                    rt::Shape::map(12, 1, 1),
                ),
                rt::Node::new(
                        "fc",
                        rt::Op::Linear(rt::Linear::new(4)),
                        &[rt::Value::Node(16)],
                        rt::Shape::Vector(4),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("fc.weight", rt::Role::Weight, &[4, 12]),
                            rt::Tensor::new("fc.bias", rt::Role::Bias, &[4]),
                        ],
                    ),
            ],
            &[rt::Output::new("", rt::Value::Node(17))],
        )
        .taps(&[rt::Tap::new("features", rt::Value::Node(9))])
        .aux(&[rt::Aux::new("head", 0.3, rt::Value::Node(11))]);

    /// The kernels of a pass, in order.
    static STEPS: &[rt::Step<'static>] = &[
        rt::Step::moves("input.halo", "clear_halo", rt::None),
        rt::Step::moves("input", "load_chw", rt::None),
        rt::Step::moves("stem.halo", "clear_halo", rt::Some(0)),
        rt::Step::new("stem", "conv2d", "direct", &[0, 1]),
        rt::Step::moves("layer.0.conv.halo", "clear_halo", rt::Some(2)),
        rt::Step::new("layer.0.conv", "winograd2d", "F(4, 3)", &[2, 3, 4, 5]),
        rt::Step::new("layer.1.conv", "winograd2d", "F(4, 3)", &[6, 7, 8, 9]),
        rt::Step::moves("features.chw", "store_chw", rt::Some(9)),
        rt::Step::new("0", "max_pool", "", &[12]),
        rt::Step::new("a", "conv2d", "direct", &[13, 14]),
        rt::Step::new("4", "global_avg_pool", "", &[16]),
        rt::Step::new("fc", "dense", "gemm", &[17]),
    ];

    /// What the workspace of an image holds where, and when.
    static MEMORY: rt::Memory<'static> = rt::Memory::new(
        328608,
        328608,
        &[
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
        &[
            rt::Buffer::new("input", rt::Holds::Values, 0, 121232, 0, 1),
            rt::Buffer::new("stem", rt::Holds::Values, 121232, 83248, 1, 2),
            rt::Buffer::new("layer.0.conv", rt::Holds::Scratch, 0, 85344, 2, 2),
            rt::Buffer::new("layer.0.conv", rt::Holds::Values, 245360, 83248, 2, 3),
            rt::Buffer::new("layer.1.conv", rt::Holds::Output, 0, 80000, 3, 9),
            rt::Buffer::new("layer.1.conv", rt::Holds::Values, 80000, 80016, 3, 5),
            rt::Buffer::new("layer.1.conv", rt::Holds::Scratch, 160016, 85344, 3, 3),
            rt::Buffer::new("3", rt::Holds::Values, 160016, 30016, 4, 7),
            rt::Buffer::new("4", rt::Holds::Values, 80000, 32, 7, 8),
            rt::Buffer::new("fc", rt::Holds::Values, 80032, 32, 8, 9),
        ],
    );
    const DESCRIPTION: rt::Description = rt::Description::new(
        &GRAPH,
        STEPS,
        &MEMORY,
        1314432,
    );

    /// How the tensors of a file are packed.
    static RECIPE: &[rt::Pack] = &[
        rt::Pack::new(0, 0, STEM.get().layout()),
        rt::Pack::new(2, 224, LAYER_0_CONV.get().layout()).norm(3),
        rt::Pack::new(6, 2544, LAYER_1_CONV.get().layout()).norm(7),
        rt::Pack::new(13, 4864, A.get().layout()),
        rt::Pack::new(17, 5136, FC.get().layout()),
    ];
    rt::load_weights!(ResidualWeights, GRAPH, RECIPE);
};
