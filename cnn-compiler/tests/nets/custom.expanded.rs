/// `3x6x6 -> 5`: 903 parameters, 6,624 multiplications, a workspace of 4,288 bytes.
#[derive(::core::clone::Clone)]
struct Custom<'w, S = ::cnn::__rt::Workspace<1072>> {
    weights: ::cnn::__rt::Shared<'w, CustomWeights>,
    workspace: S,
    pool: ::cnn::__rt::PoolOf<'w>,
}

/// Weights of [`Custom`], packed as its kernels read them. Threads can share them.
#[derive(::core::fmt::Debug)]
struct CustomWeights {
    packed: ::cnn::__rt::Packed<1552>,
}

/// Memory that [`Custom`] computes in, for [`Custom::with_workspace`].
type CustomWorkspace = ::cnn::__rt::Workspace<1072>;

impl Custom<'_> {
    const __USER_COORDINATES: ::cnn::__rt::LayerCode = ::cnn::__rt::LayerCode::of::<
        layers::Coordinates<3, 6>,
        1,
        1,
    >();

    const __USER_BENT: fn(::core::primitive::f32) -> ::core::primitive::f32 = functions::bent;

    fn __user_bent(values: &mut [::core::primitive::f32]) {
        for value in values {
            *value = Self::__USER_BENT(*value);
        }
    }

    const __USER_GATE: ::cnn::__rt::LayerCode = ::cnn::__rt::LayerCode::of::<
        Gate,
        2,
        2,
    >();

    const __USER_PASS: fn(::core::primitive::f32) -> ::core::primitive::f32 = pass;

    fn __user_pass(values: &mut [::core::primitive::f32]) {
        for value in values {
            *value = Self::__USER_PASS(*value);
        }
    }
}

const _: () = {
    use ::cnn::__rt as rt;

    /// `layers::Coordinates<3, 6>`
    const USER_COORDINATES: rt::UserLayer = <Custom<'static>>::__USER_COORDINATES
        .on(
            rt::UserLayer::new("layers::Coordinates<3, 6>", rt::Shape::map(5, 6, 6))
                .tensors(&[rt::UserTensor::new("weight", [2])]),
        );

    /// `functions::bent`
    const USER_BENT: rt::UserFunction = rt::UserFunction::new("functions::bent")
        .code(<Custom<'static>>::__user_bent);

    /// `Gate`
    const USER_GATE: rt::UserLayer = <Custom<'static>>::__USER_GATE
        .on(
            rt::UserLayer::new("Gate", rt::Shape::map(4, 6, 6))
                .inputs(2)
                .scratch(36)
                .tensors(
                    &[
                        rt::UserTensor::new("weight", [4]),
                        rt::UserTensor::buffer("mean", [4]),
                    ],
                ),
        );

    /// `pass`
    const USER_PASS: rt::UserFunction = rt::UserFunction::new("pass")
        .code(<Custom<'static>>::__user_pass);

    const _: () = <Custom<'static>>::__USER_COORDINATES
        .check_inputs("a.coord", USER_COORDINATES, &[rt::Shape::map(3, 6, 6)]);

    const _: () = <Custom<'static>>::__USER_COORDINATES
        .check_output("a.coord", USER_COORDINATES);

    const _: () = <Custom<'static>>::__USER_COORDINATES
        .check_scratch("a.coord", USER_COORDINATES);

    const _: () = <Custom<'static>>::__USER_COORDINATES
        .check_tensor("a.coord", USER_COORDINATES, 0);

    const _: () = <Custom<'static>>::__USER_GATE
        .check_inputs(
            "both",
            USER_GATE,
            &[rt::Shape::map(4, 6, 6), rt::Shape::map(4, 6, 6)],
        );

    const _: () = <Custom<'static>>::__USER_GATE.check_output("both", USER_GATE);

    const _: () = <Custom<'static>>::__USER_GATE.check_scratch("both", USER_GATE);

    const _: () = <Custom<'static>>::__USER_GATE.check_tensor("both", USER_GATE, 0);

    const _: () = <Custom<'static>>::__USER_GATE.check_tensor("both", USER_GATE, 1);

    /// `input`: the image, 3x6x6
    const INPUT: rt::Checked<rt::Map> = rt::Map::dense(288, 6, 6, 3).check();

    /// `a.coord`: 3x6x6 -> 5x6x6: custom
    const A_COORD: rt::Checked<rt::CustomMap<'static>> = rt::CustomMap::new(
            &[INPUT.get()],
            rt::Map::dense(752, 6, 6, 5),
            USER_COORDINATES,
        )
        .check();

    /// `a.conv.halo`: zeros around 6x6
    const A_CONV_HALO: rt::Checked<rt::Halo> = rt::Halo::new(
            rt::Map::dense(516, 6, 6, 4).with_strides(32, 4),
            rt::Padding::symmetric(1, 1),
        )
        .check();

    /// `a.conv`: 5x6x6 -> 4x6x6: conv 1x1
    const A_CONV: rt::Checked<rt::Conv2d> = rt::Conv2d::new(
            A_COORD.get().output,
            rt::Map::dense(516, 6, 6, 4).with_strides(32, 4),
            rt::Size::new(1, 1),
        )
        .weights(16)
        .check();

    /// `a.2`: 4x6x6 -> 4x6x6: map
    const MAP_EACH_A_2: rt::Checked<rt::MapEach> = rt::MapEach::new(
            A_CONV.get().output,
            rt::Map::dense(516, 6, 6, 4).with_strides(32, 4),
            USER_BENT,
        )
        .check();

    /// `1`: 4x6x6 -> 4x6x6: conv 3x3
    const CONV2D_1: rt::Checked<rt::Conv2d> = rt::Conv2d::new(
            MAP_EACH_A_2.get().output,
            rt::Map::dense(752, 6, 6, 4),
            rt::Size::new(3, 3),
        )
        .pad_top(1)
        .pad_left(1)
        .weights(64)
        .check();

    /// `both`: 4x6x6 -> 4x6x6: custom
    const BOTH: rt::Checked<rt::CustomMap<'static>> = rt::CustomMap::new(
            &[MAP_EACH_A_2.get().output, CONV2D_1.get().output],
            rt::Map::dense(912, 6, 6, 4),
            USER_GATE,
        )
        .weights(368)
        .check();

    /// `2`: 4x6x6 -> 5: linear
    const DENSE_2: rt::Checked<rt::Dense> = rt::Dense::new(
            BOTH.get().output,
            rt::Map::vector(0, 5),
        )
        .weights(384)
        .check();

    /// `3`: 5 -> 5: map
    const MAP_EACH_3: rt::Checked<rt::MapEach> = rt::MapEach::new(
            DENSE_2.get().output,
            rt::Map::vector(0, 5),
            USER_PASS,
        )
        .check();
    rt::net_methods!(Custom, CustomWeights, S : 1072);

    impl<'w> Custom<'w> {
        /// A net with its own workspace: create one per thread. Takes `&weights`, or an `Arc` of them, of which the net is
        /// then an owner.
        pub fn new(weights: impl rt::Into<rt::Shared<'w, CustomWeights>>) -> Self {
            Self::with_workspace(weights, rt::Workspace::new())
        }
    }

    /// The kernels, in order.
    fn pass<'a>(
        run: rt::Run<'_>,
        weights: &CustomWeights,
        memory: &'a mut CustomWorkspace,
        input: &[rt::f32; 108],
    ) -> &'a [rt::f32; 5] {
        let weights = &*weights.packed;
        let workspace = memory.floats();
        rt::load_chw(run, input, &INPUT, workspace);
        rt::custom(run, &A_COORD, weights, workspace);
        rt::clear_halo(run, &A_CONV_HALO, workspace);
        rt::conv2d(run, &A_CONV, weights, workspace);
        rt::map_each(run, &MAP_EACH_A_2, workspace);
        rt::conv2d(run, &CONV2D_1, weights, workspace);
        rt::custom(run, &BOTH, weights, workspace);
        rt::dense(run, &DENSE_2, weights, workspace);
        rt::map_each(run, &MAP_EACH_3, workspace);
        memory.array::<0, 5>()
    }

    impl<S: rt::Space<1072>> Custom<'_, S> {
        /// Runs the net: `3x6x6` in, `5` out, all in the order channels, rows, columns. Allocates nothing.
        pub fn forward(&mut self, input: &[rt::f32; 108]) -> &[rt::f32; 5] {
            self.watched(rt::None, input)
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            input: &[rt::f32; 108],
        ) -> &[rt::f32; 5] {
            let run = rt::Run::best().on(self.pool.threads()).watched(watch);
            pass(
                run,
                &self.weights,
                rt::Space::workspace_mut(&mut self.workspace),
                input,
            )
        }
    }

    impl<S: rt::Space<1072>> rt::DynNetwork for Custom<'_, S> {
        fn description(&self) -> &'static rt::Description {
            &DESCRIPTION
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            images: &[rt::f32],
        ) -> rt::Result<&[rt::f32], rt::WrongLength> {
            let input = <[rt::f32; 108] as rt::Numbers>::of(images)?;
            rt::Ok(self.watched(watch, input))
        }
    }

    impl rt::Network for Custom<'_> {
        type Weights = CustomWeights;
        type Workspace = CustomWorkspace;
        type Input = [rt::f32; 108];
        type Output = [rt::f32; 5];
        const DESCRIPTION: &'static rt::Description = &DESCRIPTION;
        rt::network_methods!(CustomWeights);

        fn forward(&mut self, input: &[rt::f32; 108]) -> &[rt::f32; 5] {
            self.forward(input)
        }

        fn forward_in<'a>(
            weights: &CustomWeights,
            workspace: &'a mut CustomWorkspace,
            input: &[rt::f32; 108],
        ) -> &'a [rt::f32; 5] {
            pass(rt::Run::best(), weights, workspace, input)
        }
    }

    impl<S> ::core::fmt::Debug for Custom<'_, S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("Custom")
        }
    }

    /// The description of `Custom` as declared.
    static GRAPH: rt::Graph<'static> = rt::Graph::new(
        "Custom",
        &[rt::Input::new("", rt::Shape::map(3, 6, 6))],
        &[
            rt::Node::new(
                    "a.coord",
                    rt::Op::Custom(USER_COORDINATES),
                    &[rt::Value::Input(0)],
                    rt::Shape::map(5, 6, 6),
                )
                .tensors(&[rt::Tensor::new("a.coord.weight", rt::Role::Weight, &[2])])
                .calls(&[rt::Call::new("located", "a")]),
            rt::Node::new(
                    "a.conv",
                    rt::Op::Conv(rt::Conv::new(4, rt::Size::new(1, 1))),
                    &[rt::Value::Node(0)],
                    rt::Shape::map(4, 6, 6),
                )
                .tensors(
                    &[
                        rt::Tensor::new(
                            "a.conv.weight",
                            rt::Role::Weight,
                            &[4, 5, 1, 1],
                        ),
                        rt::Tensor::new("a.conv.bias", rt::Role::Bias, &[4]),
                    ],
                )
                .calls(&[rt::Call::new("located", "a")]),
            rt::Node::new(
                    "a.2",
                    rt::Op::Map(USER_BENT),
                    &[rt::Value::Node(1)],
                    rt::Shape::map(4, 6, 6),
                )
                .calls(&[rt::Call::new("located", "a")]),
            rt::Node::new(
                    "1",
                    rt::Op::Conv(
                        rt::Conv::new(4, rt::Size::new(3, 3))
                            .pad(rt::Padding::symmetric(1, 1)),
                    ),
                    &[rt::Value::Node(2)],
                    rt::Shape::map(4, 6, 6),
                )
                .tensors(
                    &[
                        rt::Tensor::new("1.weight", rt::Role::Weight, &[4, 4, 3, 3]),
                        rt::Tensor::new("1.bias", rt::Role::Bias, &[4]),
                    ],
                ),
            rt::Node::new(
                    "both",
                    rt::Op::Custom(USER_GATE),
                    &[rt::Value::Node(2), rt::Value::Node(3)],
                    rt::Shape::map(4, 6, 6),
                )
                .tensors(
                    &[
                        rt::Tensor::new("both.weight", rt::Role::Weight, &[4]),
                        rt::Tensor::new("both.mean", rt::Role::Buffer("mean"), &[4]),
                    ],
                ),
            rt::Node::new(
                    "2",
                    rt::Op::Linear(rt::Linear::new(5)),
                    &[rt::Value::Node(4)],
                    rt::Shape::Vector(5),
                )
                .tensors(
                    &[
                        rt::Tensor::new("2.weight", rt::Role::Weight, &[5, 144]),
                        rt::Tensor::new("2.bias", rt::Role::Bias, &[5]),
                    ],
                ),
            rt::Node::new(
                "3",
                rt::Op::Map(USER_PASS),
                &[rt::Value::Node(5)],
                rt::Shape::Vector(5),
            ),
        ],
        &[rt::Output::new("", rt::Value::Node(6))],
    );

    /// The kernels of a pass, in order.
    static STEPS: &[rt::Step<'static>] = &[
        rt::Step::moves("input", "load_chw", rt::None),
        rt::Step::new("a.coord", "custom", "", &[0]),
        rt::Step::moves("a.conv.halo", "clear_halo", rt::Some(1)),
        rt::Step::new("a.conv", "conv2d", "direct", &[1]),
        rt::Step::new("a.2", "map_each", "", &[2]),
        rt::Step::new("1", "conv2d", "direct", &[3]),
        rt::Step::new("both", "custom", "", &[4]),
        rt::Step::new("2", "dense", "gemm", &[5]),
        rt::Step::new("3", "map_each", "", &[6]),
    ];

    /// What the workspace of an image holds where, and when.
    static MEMORY: rt::Memory<'static> = rt::Memory::new(
        1072,
        1072,
        &["input", "a.coord", "a.conv", "a.2", "1", "both", "2", "3", "output"],
        &[
            rt::Buffer::new("input", rt::Holds::Values, 288, 128, 0, 1),
            rt::Buffer::new("a.coord", rt::Holds::Scratch, 0, 288, 1, 1),
            rt::Buffer::new("a.coord", rt::Holds::Values, 752, 208, 1, 2),
            rt::Buffer::new("a.conv", rt::Holds::Values, 480, 272, 2, 5),
            rt::Buffer::new("1", rt::Holds::Values, 752, 160, 4, 5),
            rt::Buffer::new("both", rt::Holds::Scratch, 0, 480, 5, 5),
            rt::Buffer::new("both", rt::Holds::Values, 912, 160, 5, 6),
            rt::Buffer::new("2", rt::Holds::Values, 0, 32, 6, 8),
        ],
    );
    const DESCRIPTION: rt::Description = rt::Description::new(
        &GRAPH,
        STEPS,
        &MEMORY,
        4288,
    );

    /// How the tensors of a file are packed.
    static RECIPE: &[rt::Pack] = &[
        rt::Pack::new(0, 0, A_COORD.get().layout()),
        rt::Pack::new(1, 16, A_CONV.get().layout()),
        rt::Pack::new(3, 64, CONV2D_1.get().layout()),
        rt::Pack::new(4, 368, BOTH.get().layout()),
        rt::Pack::new(5, 384, DENSE_2.get().layout()),
    ];
    rt::load_weights!(CustomWeights, GRAPH, RECIPE);
};
