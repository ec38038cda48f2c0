/// Weights in half precision, but for the last layer's.
///
/// `1x8x8 -> 3`: 2,179 parameters, 2,144 multiplications, a workspace of 512 bytes.
#[derive(::core::clone::Clone)]
pub struct Stored<'w, S = ::cnn::__rt::Workspace<128>> {
    weights: ::cnn::__rt::Shared<'w, StoredWeights>,
    workspace: S,
    pool: ::cnn::__rt::PoolOf<'w>,
}

/// Weights of [`Stored`], packed as its kernels read them. Threads can share them.
#[derive(::core::fmt::Debug)]
pub struct StoredWeights {
    packed: ::cnn::__rt::Packed<1328>,
}

/// Memory that [`Stored`] computes in, for [`Stored::with_workspace`].
pub type StoredWorkspace = ::cnn::__rt::Workspace<128>;

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
    rt::net_methods!(Stored, StoredWeights, S : 128);

    impl<'w> Stored<'w> {
        /// A net with its own workspace: create one per thread. Takes `&weights`, or an `Arc` of them, of which the net is
        /// then an owner.
        pub fn new(weights: impl rt::Into<rt::Shared<'w, StoredWeights>>) -> Self {
            Self::with_workspace(weights, rt::Workspace::new())
        }
    }

    /// The kernels, in order.
    fn pass<'a>(
        run: rt::Run<'_>,
        weights: &StoredWeights,
        memory: &'a mut StoredWorkspace,
        input: &[rt::f32; 64],
    ) -> &'a [rt::f32; 3] {
        let weights = &*weights.packed;
        let workspace = memory.floats();
        rt::load_chw(run, input, &INPUT, workspace);
        rt::dense_f16(run, &FC1, weights, workspace);
        rt::dense(run, &FC2, weights, workspace);
        memory.array::<0, 3>()
    }

    impl<S: rt::Space<128>> Stored<'_, S> {
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

    impl<S: rt::Space<128>> rt::DynNetwork for Stored<'_, S> {
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

    impl rt::Network for Stored<'_> {
        type Weights = StoredWeights;
        type Workspace = StoredWorkspace;
        type Input = [rt::f32; 64];
        type Output = [rt::f32; 3];
        const DESCRIPTION: &'static rt::Description = &DESCRIPTION;
        rt::network_methods!(StoredWeights);

        fn forward(&mut self, input: &[rt::f32; 64]) -> &[rt::f32; 3] {
            self.forward(input)
        }

        fn forward_in<'a>(
            weights: &StoredWeights,
            workspace: &'a mut StoredWorkspace,
            input: &[rt::f32; 64],
        ) -> &'a [rt::f32; 3] {
            pass(rt::Run::best(), weights, workspace, input)
        }
    }

    impl<S> ::core::fmt::Debug for Stored<'_, S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("Stored")
        }
    }

    /// The description of `Stored` as declared.
    static GRAPH: rt::Graph<'static> = rt::Graph::new(
            "Stored",
            &[rt::Input::new("", rt::Shape::map(1, 8, 8))],
            &[
                rt::Node::new(
                        "fc1",
                        rt::Op::Linear(rt::Linear::new(32).store(rt::Store::F16)),
                        &[rt::Value::Input(0)],
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
            &[rt::Output::new("", rt::Value::Node(2))],
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
    const DESCRIPTION: rt::Description = rt::Description::new(
        &GRAPH,
        STEPS,
        &MEMORY,
        512,
    );

    /// How the tensors of a file are packed.
    static RECIPE: &[rt::Pack] = &[
        rt::Pack::new(0, 0, FC1.get().layout_f16()),
        rt::Pack::new(2, 1056, FC2.get().layout()),
    ];
    rt::load_weights!(StoredWeights, GRAPH, RECIPE);
};
