/// LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998).
///
/// `1x32x32 -> 10`: 61,706 parameters, 416,520 multiplications, a workspace of 23,296 bytes.
#[derive(::core::clone::Clone)]
pub struct LeNet5<'w, S = ::cnn::__rt::Workspace<5824>> {
    weights: ::cnn::__rt::Shared<'w, LeNet5Weights>,
    workspace: S,
    pool: ::cnn::__rt::PoolOf<'w>,
}

/// Weights of [`LeNet5`], packed as its kernels read them. Threads can share them.
#[derive(::core::fmt::Debug)]
pub struct LeNet5Weights {
    packed: ::cnn::__rt::Packed<64816>,
}

/// Memory that [`LeNet5`] computes in, for [`LeNet5::with_workspace`].
pub type LeNet5Workspace = ::cnn::__rt::Workspace<5824>;

const _: () = {
    use ::cnn::__rt as rt;

    /// `input`: the image, 1x32x32
    const INPUT: rt::Checked<rt::Map> = rt::Map::dense(0, 32, 32, 1).check();

    /// `conv1`: 1x32x32 -> 6x14x14: conv 5x5 by F(4x1, 5x5), tanh, avg_pool 2x2
    const CONV1: rt::Checked<rt::Planar2d> = rt::Planar2d::new(
            rt::Conv2d::new(
                    INPUT.get(),
                    rt::Map::dense(4208, 14, 14, 6),
                    rt::Size::new(5, 5),
                )
                .activation(rt::Activation::Tanh),
        )
        .tile(4)
        .pool(rt::Some(rt::Pooling::Average))
        .check();

    /// `conv2`: 6x14x14 -> 16x5x5: conv 5x5 by F(5x1, 5x5), tanh, avg_pool 2x2
    const CONV2: rt::Checked<rt::Columns2d> = rt::Columns2d::new(
            rt::Conv2d::new(
                    CONV1.get().conv.output,
                    rt::Map::dense(5408, 5, 5, 16),
                    rt::Size::new(5, 5),
                )
                .weights(336)
                .activation(rt::Activation::Tanh),
        )
        .pool(rt::Some(rt::Pooling::Average))
        .check();

    /// `fc1`: 16x5x5 -> 120: linear, tanh
    const FC1: rt::Checked<rt::Dense> = rt::Dense::new(
            CONV2.get().conv.output,
            rt::Map::vector(0, 120),
        )
        .weights(4672)
        .activation(rt::Activation::Tanh)
        .check();

    /// `fc2`: 120 -> 84: linear, tanh
    const FC2: rt::Checked<rt::Dense> = rt::Dense::new(
            FC1.get().output,
            rt::Map::vector(144, 84),
        )
        .weights(52800)
        .activation(rt::Activation::Tanh)
        .check();

    /// `fc3`: 84 -> 10: linear
    const FC3: rt::Checked<rt::Dense> = rt::Dense::new(
            FC2.get().output,
            rt::Map::vector(0, 10),
        )
        .weights(63456)
        .check();

    /// `11`: 10 -> 10: softmax
    const SOFTMAX_11: rt::Checked<rt::SoftmaxMap> = rt::SoftmaxMap::new(
            FC3.get().output,
            rt::Map::vector(0, 10),
        )
        .check();
    rt::net_methods!(LeNet5, LeNet5Weights, S : 5824);

    impl<'w> LeNet5<'w> {
        /// A net with its own workspace: create one per thread. Takes `&weights`, or an `Arc` of them, of which the net is
        /// then an owner.
        pub fn new(weights: impl rt::Into<rt::Shared<'w, LeNet5Weights>>) -> Self {
            Self::with_workspace(weights, rt::Workspace::new())
        }
    }

    /// The kernels, in order.
    fn pass<'a>(
        run: rt::Run<'_>,
        weights: &LeNet5Weights,
        memory: &'a mut LeNet5Workspace,
        input: &[rt::f32; 1024],
    ) -> &'a [rt::f32; 10] {
        let weights = &*weights.packed;
        let workspace = memory.floats();
        rt::load_chw(run, input, &INPUT, workspace);
        rt::planar2d(run, &CONV1, weights, workspace);
        rt::columns2d(run, &CONV2, weights, workspace);
        rt::dense(run, &FC1, weights, workspace);
        rt::dense(run, &FC2, weights, workspace);
        rt::dense(run, &FC3, weights, workspace);
        rt::softmax(run, &SOFTMAX_11, workspace);
        memory.array::<0, 10>()
    }

    impl<S: rt::Space<5824>> LeNet5<'_, S> {
        /// Runs the net: `1x32x32` in, `10` out, all in the order channels, rows, columns. Allocates nothing.
        pub fn forward(&mut self, input: &[rt::f32; 1024]) -> &[rt::f32; 10] {
            self.watched(rt::None, input)
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            input: &[rt::f32; 1024],
        ) -> &[rt::f32; 10] {
            let run = rt::Run::best().on(self.pool.threads()).watched(watch);
            pass(
                run,
                &self.weights,
                rt::Space::workspace_mut(&mut self.workspace),
                input,
            )
        }
    }

    impl<S: rt::Space<5824>> rt::DynNetwork for LeNet5<'_, S> {
        fn description(&self) -> &'static rt::Description {
            &DESCRIPTION
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            images: &[rt::f32],
        ) -> rt::Result<&[rt::f32], rt::WrongLength> {
            let input = <[rt::f32; 1024] as rt::Numbers>::of(images)?;
            rt::Ok(self.watched(watch, input))
        }
    }

    impl rt::Network for LeNet5<'_> {
        type Weights = LeNet5Weights;
        type Workspace = LeNet5Workspace;
        type Input = [rt::f32; 1024];
        type Output = [rt::f32; 10];
        const DESCRIPTION: &'static rt::Description = &DESCRIPTION;
        rt::network_methods!(LeNet5Weights);

        fn forward(&mut self, input: &[rt::f32; 1024]) -> &[rt::f32; 10] {
            self.forward(input)
        }

        fn forward_in<'a>(
            weights: &LeNet5Weights,
            workspace: &'a mut LeNet5Workspace,
            input: &[rt::f32; 1024],
        ) -> &'a [rt::f32; 10] {
            pass(rt::Run::best(), weights, workspace, input)
        }
    }

    impl<S> ::core::fmt::Debug for LeNet5<'_, S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("LeNet5")
        }
    }

    /// The description of `LeNet5` as declared.
    static GRAPH: rt::Graph<'static> = rt::Graph::new(
            "LeNet5",
            &[rt::Input::new("", rt::Shape::map(1, 32, 32))],
            &[
                rt::Node::new(
                        "conv1",
                        rt::Op::Conv(rt::Conv::new(6, rt::Size::new(5, 5))),
                        &[rt::Value::Input(0)],
                        rt::Shape::map(6, 28, 28),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new(
                                "conv1.weight",
                                rt::Role::Weight,
                                &[6, 1, 5, 5],
                            ),
                            rt::Tensor::new("conv1.bias", rt::Role::Bias, &[6]),
                        ],
                    ),
                rt::Node::new(
                    "1",
                    rt::Op::Activation(rt::Activation::Tanh),
                    &[rt::Value::Node(0)],
                    rt::Shape::map(6, 28, 28),
                ),
                rt::Node::new(
                    "2",
                    rt::Op::AvgPool(
                        rt::Pool::new(rt::Size::new(2, 2), rt::Size::new(2, 2)),
                    ),
                    &[rt::Value::Node(1)],
                    rt::Shape::map(6, 14, 14),
                ),
                rt::Node::new(
                        "conv2",
                        rt::Op::Conv(rt::Conv::new(16, rt::Size::new(5, 5))),
                        &[rt::Value::Node(2)],
                        rt::Shape::map(16, 10, 10),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new(
                                "conv2.weight",
                                rt::Role::Weight,
                                &[16, 6, 5, 5],
                            ),
                            rt::Tensor::new("conv2.bias", rt::Role::Bias, &[16]),
                        ],
                    ),
                rt::Node::new(
                    "4",
                    rt::Op::Activation(rt::Activation::Tanh),
                    &[rt::Value::Node(3)],
                    rt::Shape::map(16, 10, 10),
                ),
                rt::Node::new(
                    "5",
                    rt::Op::AvgPool(
                        rt::Pool::new(rt::Size::new(2, 2), rt::Size::new(2, 2)),
                    ),
                    &[rt::Value::Node(4)],
                    rt::Shape::map(16, 5, 5),
                ),
                rt::Node::new(
                        "fc1",
                        rt::Op::Linear(rt::Linear::new(120)),
                        &[rt::Value::Node(5)],
                        rt::Shape::Vector(120),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("fc1.weight", rt::Role::Weight, &[120, 400]),
                            rt::Tensor::new("fc1.bias", rt::Role::Bias, &[120]),
                        ],
                    ),
                rt::Node::new(
                    "7",
                    rt::Op::Activation(rt::Activation::Tanh),
                    &[rt::Value::Node(6)],
                    rt::Shape::Vector(120),
                ),
                rt::Node::new(
                        "fc2",
                        rt::Op::Linear(rt::Linear::new(84)),
                        &[rt::Value::Node(7)],
                        rt::Shape::Vector(84),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("fc2.weight", rt::Role::Weight, &[84, 120]),
                            rt::Tensor::new("fc2.bias", rt::Role::Bias, &[84]),
                        ],
                    ),
                rt::Node::new(
                    "9",
                    rt::Op::Activation(rt::Activation::Tanh),
                    &[rt::Value::Node(8)],
                    rt::Shape::Vector(84),
                ),
                rt::Node::new(
                        "fc3",
                        rt::Op::Linear(rt::Linear::new(10)),
                        &[rt::Value::Node(9)],
                        rt::Shape::Vector(10),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("fc3.weight", rt::Role::Weight, &[10, 84]),
                            rt::Tensor::new("fc3.bias", rt::Role::Bias, &[10]),
                        ],
                    ),
                rt::Node::new(
                    "11",
                    rt::Op::Softmax,
                    &[rt::Value::Node(10)],
                    rt::Shape::Vector(10),
                ),
            ],
            &[rt::Output::new("", rt::Value::Node(11))],
        )
        .doc("LeNet-5 (LeCun, Bottou, Bengio & Haffner, 1998).");

    /// The kernels of a pass, in order.
    static STEPS: &[rt::Step<'static>] = &[
        rt::Step::moves("input", "load_chw", rt::None),
        rt::Step::new("conv1", "planar2d", "F(4x1, 5x5)", &[0, 1, 2]),
        rt::Step::new("conv2", "columns2d", "F(5x1, 5x5)", &[3, 4, 5]),
        rt::Step::new("fc1", "dense", "gemm", &[6, 7]),
        rt::Step::new("fc2", "dense", "gemm", &[8, 9]),
        rt::Step::new("fc3", "dense", "gemm", &[10]),
        rt::Step::new("11", "softmax", "", &[11]),
    ];

    /// What the workspace of an image holds where, and when.
    static MEMORY: rt::Memory<'static> = rt::Memory::new(
        5824,
        5824,
        &["input", "conv1", "conv2", "fc1", "fc2", "fc3", "11", "output"],
        &[
            rt::Buffer::new("input", rt::Holds::Values, 0, 1040, 0, 1),
            rt::Buffer::new("conv1", rt::Holds::Values, 4208, 1200, 1, 2),
            rt::Buffer::new("conv2", rt::Holds::Scratch, 0, 4208, 2, 2),
            rt::Buffer::new("conv2", rt::Holds::Values, 5408, 416, 2, 3),
            rt::Buffer::new("fc1", rt::Holds::Values, 0, 144, 3, 4),
            rt::Buffer::new("fc2", rt::Holds::Values, 144, 112, 4, 5),
            rt::Buffer::new("fc3", rt::Holds::Values, 0, 32, 5, 7),
        ],
    );
    const DESCRIPTION: rt::Description = rt::Description::new(
        &GRAPH,
        STEPS,
        &MEMORY,
        23296,
    );

    /// How the tensors of a file are packed.
    static RECIPE: &[rt::Pack] = &[
        rt::Pack::new(0, 0, CONV1.get().layout()),
        rt::Pack::new(3, 336, CONV2.get().layout()),
        rt::Pack::new(6, 4672, FC1.get().layout()),
        rt::Pack::new(8, 52800, FC2.get().layout()),
        rt::Pack::new(10, 63456, FC3.get().layout()),
    ];
    rt::load_weights!(LeNet5Weights, GRAPH, RECIPE);
};
