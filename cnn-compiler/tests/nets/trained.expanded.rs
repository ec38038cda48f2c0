/// A frozen layer, and two that learn, one of them a function by the user.
///
/// `1x8x8 -> 3`: 539 parameters, 3,042 multiplications, a workspace of 1,600 bytes.
#[derive(::core::clone::Clone)]
pub struct Trained<'w, S = ::cnn::__rt::Workspace<400>> {
    weights: ::cnn::__rt::Shared<'w, TrainedWeights>,
    workspace: S,
    pool: ::cnn::__rt::PoolOf<'w>,
}

/// Weights of [`Trained`], packed as its kernels read them. Threads can share them.
#[derive(::core::fmt::Debug)]
pub struct TrainedWeights {
    packed: ::cnn::__rt::Packed<736>,
}
::cnn::__rt::if_alloc! {
    #[doc =
    " The tensors of [`Trained`] in training: parameters, and running statistics."] pub
    type TrainedParams = ::cnn::__rt::Params < Trained < 'static >>;
}

/// [`Trained`] in training.
pub type TrainedTrainer<
    O = ::cnn::__rt::Sgd,
    S = ::cnn::__rt::OwnMemory<Trained<'static>, O>,
> = ::cnn::__rt::Trainer<Trained<'static>, O, S>;

/// All memory of a [`TrainedTrainer`], for one that needs no allocator.
pub type TrainedTrainerMemory<O = ::cnn::__rt::Sgd> = ::cnn::__rt::TrainerMemory<
    Trained<'static>,
    O,
>;

/// Memory that [`Trained`] computes in, for [`Trained::with_workspace`].
pub type TrainedWorkspace = ::cnn::__rt::Workspace<400>;

impl Trained<'_> {
    const __USER_BENT: fn(::core::primitive::f32) -> ::core::primitive::f32 = bent;

    fn __user_bent(values: &mut [::core::primitive::f32]) {
        for value in values {
            *value = Self::__USER_BENT(*value);
        }
    }

    const __USER_BENT_DERIVATIVE: fn(::core::primitive::f32) -> ::core::primitive::f32 = slope;

    fn __user_bent_derivative(values: &mut [::core::primitive::f32]) {
        for value in values {
            *value = Self::__USER_BENT_DERIVATIVE(*value);
        }
    }
}

const _: () = {
    use ::cnn::__rt as rt;

    /// `bent`
    const USER_BENT: rt::UserFunction = rt::UserFunction::new("bent")
        .derivative("slope")
        .code(<Trained<'static>>::__user_bent)
        .slope(<Trained<'static>>::__user_bent_derivative);

    /// `input`: the image, 1x8x8
    const INPUT: rt::Checked<rt::Map> = rt::Map::dense(304, 8, 8, 1).check();

    /// `conv`: 1x8x8 -> 8x6x6: conv 3x3, relu
    const CONV: rt::Checked<rt::Conv2d> = rt::Conv2d::new(
            INPUT.get(),
            rt::Map::dense(0, 6, 6, 8),
            rt::Size::new(3, 3),
        )
        .activation(rt::Activation::Relu)
        .check();

    /// `2`: 8x6x6 -> 8x3x3: max_pool 2x2
    const MAX_POOL_2: rt::Checked<rt::Pool2d> = rt::Pool2d::new(
            CONV.get().output,
            rt::Map::dense(304, 3, 3, 8),
            rt::Size::new(2, 2),
            rt::Size::new(2, 2),
        )
        .check();

    /// `fc1`: 8x3x3 -> 6: linear
    const FC1: rt::Checked<rt::Dense> = rt::Dense::new(
            MAX_POOL_2.get().output,
            rt::Map::vector(0, 6),
        )
        .weights(80)
        .check();

    /// `4`: 6 -> 6: map
    const MAP_EACH_4: rt::Checked<rt::MapEach> = rt::MapEach::new(
            FC1.get().output,
            rt::Map::vector(0, 6),
            USER_BENT,
        )
        .check();

    /// `fc2`: 6 -> 3: linear
    const FC2: rt::Checked<rt::Dense> = rt::Dense::new(
            MAP_EACH_4.get().output,
            rt::Map::vector(32, 3),
        )
        .weights(672)
        .check();

    /// `7`: 3 -> 3: softmax
    const SOFTMAX_7: rt::Checked<rt::SoftmaxMap> = rt::SoftmaxMap::new(
            FC2.get().output,
            rt::Map::vector(32, 3),
        )
        .check();
    rt::net_methods!(Trained, TrainedWeights, S : 400);

    impl<'w> Trained<'w> {
        /// A net with its own workspace: create one per thread. Takes `&weights`, or an `Arc` of them, of which the net is
        /// then an owner.
        pub fn new(weights: impl rt::Into<rt::Shared<'w, TrainedWeights>>) -> Self {
            Self::with_workspace(weights, rt::Workspace::new())
        }
    }

    /// The kernels, in order.
    fn pass<'a>(
        run: rt::Run<'_>,
        weights: &TrainedWeights,
        memory: &'a mut TrainedWorkspace,
        input: &[rt::f32; 64],
    ) -> &'a [rt::f32; 3] {
        let weights = &*weights.packed;
        let workspace = memory.floats();
        rt::load_chw(run, input, &INPUT, workspace);
        rt::conv2d(run, &CONV, weights, workspace);
        rt::max_pool(run, &MAX_POOL_2, workspace);
        rt::dense(run, &FC1, weights, workspace);
        rt::map_each(run, &MAP_EACH_4, workspace);
        rt::dense(run, &FC2, weights, workspace);
        rt::softmax(run, &SOFTMAX_7, workspace);
        memory.array::<32, 3>()
    }

    impl<S: rt::Space<400>> Trained<'_, S> {
        /// Runs the net: `1x8x8` in, `3` out, all in the order channels, rows, columns. Allocates nothing.
        pub fn forward(&mut self, input: &[rt::f32; 64]) -> &[rt::f32; 3] {
            self.watched(rt::None, input)
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            input: &[rt::f32; 64],
        ) -> &[rt::f32; 3] {
            let run = rt::Run::best().on(self.pool.threads()).watched(watch);
            pass(
                run,
                &self.weights,
                rt::Space::workspace_mut(&mut self.workspace),
                input,
            )
        }
    }

    impl<S: rt::Space<400>> rt::DynNetwork for Trained<'_, S> {
        fn description(&self) -> &'static rt::Description {
            &DESCRIPTION
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            images: &[rt::f32],
        ) -> rt::Result<&[rt::f32], rt::WrongLength> {
            let input = <[rt::f32; 64] as rt::Numbers>::of(images)?;
            rt::Ok(self.watched(watch, input))
        }
    }

    impl rt::Network for Trained<'_> {
        type Weights = TrainedWeights;
        type Workspace = TrainedWorkspace;
        type Input = [rt::f32; 64];
        type Output = [rt::f32; 3];
        const DESCRIPTION: &'static rt::Description = &DESCRIPTION;
        rt::network_methods!(TrainedWeights);

        fn forward(&mut self, input: &[rt::f32; 64]) -> &[rt::f32; 3] {
            self.forward(input)
        }

        fn forward_in<'a>(
            weights: &TrainedWeights,
            workspace: &'a mut TrainedWorkspace,
            input: &[rt::f32; 64],
        ) -> &'a [rt::f32; 3] {
            pass(rt::Run::best(), weights, workspace, input)
        }
    }

    impl<S> ::core::fmt::Debug for Trained<'_, S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("Trained")
        }
    }

    /// The description of `Trained` as declared.
    static GRAPH: rt::Graph<'static> = rt::Graph::new(
            "Trained",
            &[rt::Input::new("", rt::Shape::map(1, 8, 8))],
            &[
                rt::Node::new(
                        "conv",
                        rt::Op::Conv(rt::Conv::new(8, rt::Size::new(3, 3))),
                        &[rt::Value::Input(0)],
                        rt::Shape::map(8, 6, 6),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new(
                                "conv.weight",
                                rt::Role::Weight,
                                &[8, 1, 3, 3],
                            ),
                            rt::Tensor::new("conv.bias", rt::Role::Bias, &[8]),
                        ],
                    ),
                rt::Node::new(
                    "1",
                    rt::Op::Activation(rt::Activation::Relu),
                    &[rt::Value::Node(0)],
                    rt::Shape::map(8, 6, 6),
                ),
                rt::Node::new(
                    "2",
                    rt::Op::MaxPool(
                        rt::Pool::new(rt::Size::new(2, 2), rt::Size::new(2, 2)),
                    ),
                    &[rt::Value::Node(1)],
                    rt::Shape::map(8, 3, 3),
                ),
                rt::Node::new(
                        "fc1",
                        rt::Op::Linear(rt::Linear::new(6)),
                        &[rt::Value::Node(2)],
                        rt::Shape::Vector(6),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("fc1.weight", rt::Role::Weight, &[6, 72]),
                            rt::Tensor::new("fc1.bias", rt::Role::Bias, &[6]),
                        ],
                    ),
                rt::Node::new(
                    "4",
                    rt::Op::Map(USER_BENT),
                    &[rt::Value::Node(3)],
                    rt::Shape::Vector(6),
                ),
                rt::Node::new(
                    "5",
                    rt::Op::Dropout { p: 0.2 },
                    &[rt::Value::Node(4)],
                    rt::Shape::Vector(6),
                ),
                rt::Node::new(
                        "fc2",
                        rt::Op::Linear(rt::Linear::new(3)),
                        &[rt::Value::Node(5)],
                        rt::Shape::Vector(3),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("fc2.weight", rt::Role::Weight, &[3, 6]),
                            rt::Tensor::new("fc2.bias", rt::Role::Bias, &[3]),
                        ],
                    ),
                rt::Node::new(
                    "7",
                    rt::Op::Softmax,
                    &[rt::Value::Node(6)],
                    rt::Shape::Vector(3),
                ),
            ],
            &[rt::Output::new("", rt::Value::Node(7))],
        )
        .doc("A frozen layer, and two that learn, one of them a function by the user.");

    /// The kernels of a pass, in order.
    static STEPS: &[rt::Step<'static>] = &[
        rt::Step::moves("input", "load_chw", rt::None),
        rt::Step::new("conv", "conv2d", "direct", &[0, 1]),
        rt::Step::new("2", "max_pool", "", &[2]),
        rt::Step::new("fc1", "dense", "gemm", &[3]),
        rt::Step::new("4", "map_each", "", &[4]),
        rt::Step::new("fc2", "dense", "gemm", &[6]),
        rt::Step::new("7", "softmax", "", &[7]),
    ];

    /// What the workspace of an image holds where, and when.
    static MEMORY: rt::Memory<'static> = rt::Memory::new(
        400,
        400,
        &["input", "conv", "2", "fc1", "4", "fc2", "7", "output"],
        &[
            rt::Buffer::new("input", rt::Holds::Values, 304, 80, 0, 1),
            rt::Buffer::new("conv", rt::Holds::Values, 0, 304, 1, 2),
            rt::Buffer::new("2", rt::Holds::Values, 304, 96, 2, 3),
            rt::Buffer::new("fc1", rt::Holds::Values, 0, 32, 3, 5),
            rt::Buffer::new("fc2", rt::Holds::Values, 32, 32, 5, 7),
        ],
    );
    const DESCRIPTION: rt::Description = rt::Description::new(
        &GRAPH,
        STEPS,
        &MEMORY,
        1600,
    );

    /// How the tensors of a file are packed.
    static RECIPE: &[rt::Pack] = &[
        rt::Pack::new(0, 0, CONV.get().layout()),
        rt::Pack::new(3, 80, FC1.get().layout()),
        rt::Pack::new(6, 672, FC2.get().layout()),
    ];
    rt::load_weights!(TrainedWeights, GRAPH, RECIPE);

    const _: () = {
        /// Images of a minibatch, and the floats from the workspace of one to that of the next.
        const BATCH: rt::Batch = rt::Batch {
            images: 4,
            floats: 400,
        };
        const FC1_PACK: rt::Checked<rt::PackStep> = rt::PackStep::new(
                rt::Layout::Conv(rt::ConvPanels::new(1, 6, 8, rt::Size::new(3, 3))),
                992,
            )
            .weight(rt::Some(0))
            .bias(rt::Some(432))
            .check();
        const INPUT: rt::Checked<rt::Map> = rt::Map::dense(304, 8, 8, 1).check();
        const CONV: rt::Checked<rt::Conv2d> = rt::Conv2d::new(
                rt::Map::dense(304, 8, 8, 1),
                rt::Map::dense(0, 6, 6, 8),
                rt::Size::new(3, 3),
            )
            .activation(rt::Activation::Relu)
            .check();
        const L2: rt::Checked<rt::Pool2d> = rt::Pool2d::new(
                rt::Map::dense(0, 6, 6, 8),
                rt::Map::dense(304, 3, 3, 8),
                rt::Size::new(2, 2),
                rt::Size::new(2, 2),
            )
            .check();
        const FC1: rt::Checked<rt::Dense> = rt::Dense::new(
                rt::Map::dense(304, 3, 3, 8),
                rt::Map::vector(0, 6),
            )
            .weights(992)
            .check();
        const FC2_PACK: rt::Checked<rt::PackStep> = rt::PackStep::new(
                rt::Layout::Conv(rt::ConvPanels::new(1, 3, 6, rt::Size::new(1, 1))),
                992,
            )
            .weight(rt::Some(448))
            .bias(rt::Some(480))
            .check();
        const L4: rt::Checked<rt::MapEach> = rt::MapEach::new(
                rt::Map::vector(0, 6),
                rt::Map::vector(32, 6),
                USER_BENT,
            )
            .check();
        const L5: rt::Checked<rt::DropoutMap> = rt::DropoutMap::new(
                rt::Map::vector(32, 6),
                rt::Map::vector(32, 6),
                0.2,
                5,
            )
            .check();
        const FC2: rt::Checked<rt::Dense> = rt::Dense::new(
                rt::Map::vector(32, 6),
                rt::Map::vector(64, 3),
            )
            .weights(992)
            .check();
        const LOSS: rt::Checked<rt::CrossEntropy> = rt::CrossEntropy::new(
                rt::Map::vector(64, 3),
                rt::Map::vector(64, 3),
            )
            .loss(96)
            .weight(0.25)
            .check();
        const FC2_TENSORS: rt::Checked<rt::DenseWeightGradient> = rt::DenseWeightGradient::new(
                rt::Map::vector(32, 6),
                rt::Map::vector(64, 3),
            )
            .weight(944)
            .bias(rt::Some(976))
            .check();
        const FC2_GRADIENT: rt::Checked<rt::DenseInputGradient> = rt::DenseInputGradient::new(
                rt::Map::vector(64, 3),
                rt::Map::vector(32, 6),
            )
            .weights(448)
            .check();
        const L5_2: rt::Checked<rt::DropoutMap> = rt::DropoutMap::new(
                rt::Map::vector(32, 6),
                rt::Map::vector(32, 6),
                0.2,
                5,
            )
            .check();
        const L4_GRADIENT: rt::Checked<rt::MapGradient> = rt::MapGradient::new(
                rt::Map::vector(0, 6),
                rt::Map::vector(32, 6),
                rt::Map::vector(64, 6),
                USER_BENT,
            )
            .check();
        const FC1_TENSORS: rt::Checked<rt::DenseWeightGradient> = rt::DenseWeightGradient::new(
                rt::Map::dense(304, 3, 3, 8),
                rt::Map::vector(64, 6),
            )
            .weight(992)
            .bias(rt::Some(928))
            .check();
        const FC1_ORDER: rt::Checked<rt::Reorder> = rt::Reorder::new(992, 496, 6, 9, 8)
            .check();
        const L7: rt::Checked<rt::SoftmaxMap> = rt::SoftmaxMap::new(
                rt::Map::vector(64, 3),
                rt::Map::vector(64, 3),
            )
            .check();
        const CONV_PACK: rt::Checked<rt::PackStep> = rt::PackStep::new(
                rt::Layout::Conv(rt::ConvPanels::new(1, 8, 1, rt::Size::new(3, 3))),
                96,
            )
            .weight(rt::Some(0))
            .bias(rt::Some(80))
            .check();

        impl rt::Train for Trained<'static> {
            type Image = [rt::f32; 64];
            type Target = rt::u32;
            type Output = [rt::f32; 3];
            type Scores = [rt::Score; 1];
            type Images = [[rt::f32; 64]; 4];
            type Targets = [rt::u32; 4];
            type Weights = TrainedWeights;
            type Memory<O: rt::Optimiser> = rt::StepMemory<3184, O::States<459>>;
            type Trunk = rt::Workspace<176>;
            const GRAPH: &'static rt::Graph<'static> = &GRAPH;
            const NO_SCORES: Self::Scores = [rt::Score { loss: 0.0, hits: 0 }; 1];
            const STEP: rt::StepLayout<'static> = rt::StepLayout::new(4, 1584, 400)
                .lower_bound(400)
                .tensors_len(496)
                .trunk_tensors(96)
                .trunk(80)
                .output(64)
                .tensors(
                    &[
                        rt::TensorPlace::new(0, 0, 496, 72),
                        rt::TensorPlace::new(0, 1, 576, 8),
                        rt::TensorPlace::new(3, 0, 0, 432).gradient(rt::Some(496)),
                        rt::TensorPlace::new(3, 1, 432, 6).gradient(rt::Some(928)),
                        rt::TensorPlace::new(6, 0, 448, 18).gradient(rt::Some(944)),
                        rt::TensorPlace::new(6, 1, 480, 3).gradient(rt::Some(976)),
                    ],
                )
                .heads(&[rt::Head::new(96, 1, 1)]);

            fn forward(
                pass: rt::Pass<'_>,
                images: &[[rt::f32; 64]],
                targets: &[rt::u32],
                trunk: &[rt::f32],
                shared: &mut [rt::f32],
                workspaces: &mut [rt::f32],
            ) {
                let rt::Pass { run, mode } = pass;
                let batch = BATCH.at_most(images.len());
                rt::pack_step(run, &FC1_PACK, shared);
                {
                    rt::minibatch(
                        run,
                        batch,
                        workspaces,
                        |run, image, workspace| {
                            rt::load_chw(run, &images[image], &INPUT, workspace);
                            rt::conv2d(run, &CONV, trunk, workspace);
                            rt::max_pool(run, &L2, workspace);
                        },
                    );
                }
                rt::dense_batch(run, &FC1, batch, shared, workspaces);
                rt::pack_step(run, &FC2_PACK, shared);
                {
                    rt::minibatch(
                        run,
                        batch,
                        workspaces,
                        |run, image, workspace| {
                            rt::map_each(run, &L4, workspace);
                            if mode.trains {
                                rt::dropout(run, &L5, mode.mask(image), workspace);
                            }
                        },
                    );
                }
                rt::dense_batch(run, &FC2, batch, shared, workspaces);
                {
                    rt::minibatch(
                        run,
                        batch,
                        workspaces,
                        |run, image, workspace| {
                            if let rt::Some(target) = targets.get(image) {
                                rt::cross_entropy(
                                    run,
                                    &LOSS,
                                    ::core::slice::from_ref(target),
                                    workspace,
                                );
                            }
                        },
                    );
                }
            }

            fn output(run: rt::Run<'_>, workspace: &mut [rt::f32]) {
                rt::softmax(run, &L7, workspace);
            }

            fn backward(
                pass: rt::Pass<'_>,
                shared: &mut [rt::f32],
                workspaces: &mut [rt::f32],
            ) {
                let rt::Pass { run, mode } = pass;
                let batch = BATCH;
                rt::dense_weight_gradient(run, &FC2_TENSORS, batch, workspaces, shared);
                rt::dense_input_gradient(run, &FC2_GRADIENT, batch, workspaces, shared);
                {
                    rt::minibatch(
                        run,
                        batch,
                        workspaces,
                        |run, image, workspace| {
                            if mode.trains {
                                rt::dropout(run, &L5_2, mode.mask(image), workspace);
                            }
                            rt::map_gradient(run, &L4_GRADIENT, workspace);
                        },
                    );
                }
                rt::dense_weight_gradient(run, &FC1_TENSORS, batch, workspaces, shared);
                rt::reorder(run, &FC1_ORDER, shared);
            }
            const RECIPE: &'static [rt::Pack] = RECIPE;

            fn pack_trunk(run: rt::Run<'_>, trunk: &mut [rt::f32]) {
                rt::pack_step(run, &CONV_PACK, trunk);
            }

            fn weights(
                fill: impl ::core::ops::FnOnce(&mut [rt::f32]),
            ) -> TrainedWeights {
                TrainedWeights {
                    packed: rt::Packed::filled(fill),
                }
            }
        }
    };
};
