/// Four images at once.
///
/// `1x8x8 -> 3`: 299 parameters, 2,808 multiplications per image, a workspace of 4,672 bytes for 4 images.
#[derive(::core::clone::Clone)]
pub struct Batch<'w, S = ::cnn::__rt::Workspace<1168>> {
    weights: ::cnn::__rt::Shared<'w, BatchWeights>,
    workspace: S,
    pool: ::cnn::__rt::PoolOf<'w>,
}

/// Weights of [`Batch`], packed as its kernels read them. Threads can share them.
#[derive(::core::fmt::Debug)]
pub struct BatchWeights {
    packed: ::cnn::__rt::Packed<672>,
}

/// Memory that [`Batch`] computes in, for [`Batch::with_workspace`].
pub type BatchWorkspace = ::cnn::__rt::Workspace<1168>;

const _: () = {
    use ::cnn::__rt as rt;

    /// `input`: the image, 1x8x8
    const INPUT: rt::Checked<rt::Map> = rt::Map::dense(0, 8, 8, 1).check();

    /// `conv`: 1x8x8 -> 8x6x6: conv 3x3, relu
    const CONV: rt::Checked<rt::Conv2d> = rt::Conv2d::new(
            INPUT.get(),
            rt::Map::dense(96, 6, 6, 8),
            rt::Size::new(3, 3),
        )
        .activation(rt::Activation::Relu)
        .check();

    /// `2`: 8x6x6 -> 8x3x3: max_pool 2x2
    const MAX_POOL_2: rt::Checked<rt::Pool2d> = rt::Pool2d::new(
            CONV.get().output,
            rt::Map::dense(0, 3, 3, 8),
            rt::Size::new(2, 2),
            rt::Size::new(2, 2),
        )
        .check();

    /// `maps.chw`: 8x3x3 in the order C, H, W
    const MAPS_CHW: rt::Checked<rt::StoreChw> = rt::StoreChw::new(
            MAX_POOL_2.get().output,
            400,
        )
        .check();

    /// `fc`: 8x3x3 -> 3: linear
    const FC: rt::Checked<rt::Dense> = rt::Dense::new(
            MAX_POOL_2.get().output,
            rt::Map::vector(96, 3),
        )
        .weights(80)
        .check();

    /// `4`: 3 -> 3: softmax
    const SOFTMAX_4: rt::Checked<rt::SoftmaxMap> = rt::SoftmaxMap::new(
            FC.get().output,
            rt::Map::vector(96, 3),
        )
        .check();
    rt::net_methods!(Batch, BatchWeights, S : 1168);

    impl<'w> Batch<'w> {
        /// A net with its own workspace: create one per thread. Takes `&weights`, or an `Arc` of them, of which the net is
        /// then an owner.
        pub fn new(weights: impl rt::Into<rt::Shared<'w, BatchWeights>>) -> Self {
            Self::with_workspace(weights, rt::Workspace::new())
        }
    }

    /// Images per pass, at most, and the floats from the workspace of one to that of the next.
    const BATCH: rt::Batch = rt::Batch {
        images: 4,
        floats: 128,
    };

    /// The kernels, in order.
    fn pass<'a>(
        run: rt::Run<'_>,
        weights: &BatchWeights,
        memory: &'a mut BatchWorkspace,
        input: &[[rt::f32; 64]],
    ) -> &'a [[rt::f32; 3]; 4] {
        let weights = &*weights.packed;
        let workspace = memory.floats();
        let batch = BATCH.at_most(<[_]>::len(input));
        for (image, input) in batch.each(input) {
            let workspace = batch.from_image(image, workspace);
            rt::load_chw(run, input, &INPUT, workspace);
            rt::conv2d(run, &CONV, weights, workspace);
            rt::max_pool(run, &MAX_POOL_2, workspace);
            rt::store_chw(run, &MAPS_CHW, workspace);
            batch.gather(image, 400, 72, 880, workspace);
        }
        rt::dense_batch(run, &FC, batch, weights, workspace);
        for image in BATCH.last_first(batch.images) {
            let workspace = batch.from_image(image, workspace);
            rt::softmax(run, &SOFTMAX_4, workspace);
            batch.gather(image, 96, 3, 864, workspace);
        }
        memory.arrays::<864, 3, 4>()
    }

    impl<S: rt::Space<1168>> Batch<'_, S> {
        /// Runs the net for each of 4 images: `1x8x8` in, `3` out, all in the order channels, rows, columns. Allocates nothing.
        pub fn forward(&mut self, input: &[[rt::f32; 64]; 4]) -> &[[rt::f32; 3]; 4] {
            self.watched(rt::None, input)
        }

        /// Runs the net on 1 to 4 images, and returns as many outputs.
        ///
        /// # Errors
        ///
        /// If there are no images, or too many.
        pub fn forward_partial(
            &mut self,
            images: &[[rt::f32; 64]],
        ) -> rt::Result<&[[rt::f32; 3]], rt::WrongLength> {
            let input = rt::images::<64, 4>(images.as_flattened())?;
            rt::Ok(
                self
                    .watched(rt::None, input)
                    .as_slice()
                    .get(..<[_]>::len(input))
                    .unwrap_or_default(),
            )
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            input: &[[rt::f32; 64]],
        ) -> &[[rt::f32; 3]; 4] {
            let run = rt::Run::best().on(self.pool.threads()).watched(watch);
            pass(
                run,
                &self.weights,
                rt::Space::workspace_mut(&mut self.workspace),
                input,
            )
        }

        /// What the last pass left at `maps`: 8x3x3, in the order channels, rows, columns.
        pub fn tap_maps(&self) -> &[[rt::f32; 72]; 4] {
            rt::Space::workspace(&self.workspace).arrays::<880, 72, 4>()
        }
    }

    impl<S: rt::Space<1168>> rt::DynNetwork for Batch<'_, S> {
        fn description(&self) -> &'static rt::Description {
            &DESCRIPTION
        }

        fn watched(
            &mut self,
            watch: rt::Option<&dyn ::core::ops::Fn()>,
            images: &[rt::f32],
        ) -> rt::Result<&[rt::f32], rt::WrongLength> {
            let input = rt::images::<64, 4>(images)?;
            rt::Ok(
                self
                    .watched(watch, input)
                    .as_slice()
                    .get(..<[_]>::len(input))
                    .unwrap_or_default()
                    .as_flattened(),
            )
        }

        fn tap(&self, name: &rt::str) -> rt::Option<&[rt::f32]> {
            match name {
                "maps" => rt::Some(self.tap_maps().as_slice().as_flattened()),
                _ => rt::None,
            }
        }
    }

    impl rt::Network for Batch<'_> {
        type Weights = BatchWeights;
        type Workspace = BatchWorkspace;
        type Input = [[rt::f32; 64]; 4];
        type Output = [[rt::f32; 3]; 4];
        const DESCRIPTION: &'static rt::Description = &DESCRIPTION;
        rt::network_methods!(BatchWeights);

        fn forward(&mut self, input: &[[rt::f32; 64]; 4]) -> &[[rt::f32; 3]; 4] {
            self.forward(input)
        }

        fn forward_in<'a>(
            weights: &BatchWeights,
            workspace: &'a mut BatchWorkspace,
            input: &[[rt::f32; 64]; 4],
        ) -> &'a [[rt::f32; 3]; 4] {
            pass(rt::Run::best(), weights, workspace, input)
        }
    }

    impl<S> ::core::fmt::Debug for Batch<'_, S> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str("Batch")
        }
    }

    /// The description of `Batch` as declared.
    static GRAPH: rt::Graph<'static> = rt::Graph::new(
            "Batch",
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
                        "fc",
                        rt::Op::Linear(rt::Linear::new(3)),
                        &[rt::Value::Node(2)],
                        rt::Shape::Vector(3),
                    )
                    .tensors(
                        &[
                            rt::Tensor::new("fc.weight", rt::Role::Weight, &[3, 72]),
                            rt::Tensor::new("fc.bias", rt::Role::Bias, &[3]),
                        ],
                    ),
                rt::Node::new(
                    "4",
                    rt::Op::Softmax,
                    &[rt::Value::Node(3)],
                    rt::Shape::Vector(3),
                ),
            ],
            &[rt::Output::new("", rt::Value::Node(4))],
        )
        .doc("Four images at once.")
        .taps(&[rt::Tap::new("maps", rt::Value::Node(2))]);

    /// The kernels of a pass, in order.
    static STEPS: &[rt::Step<'static>] = &[
        rt::Step::moves("input", "load_chw", rt::None),
        rt::Step::new("conv", "conv2d", "direct", &[0, 1]),
        rt::Step::new("2", "max_pool", "", &[2]),
        rt::Step::moves("maps.chw", "store_chw", rt::Some(2)),
        rt::Step::new("fc", "dense", "gemm", &[3]).shared(),
        rt::Step::new("4", "softmax", "", &[4]),
    ];

    /// What the workspace of an image holds where, and when.
    static MEMORY: rt::Memory<'static> = rt::Memory::new(
        480,
        480,
        &["input", "conv", "2", "fc", "4", "output"],
        &[
            rt::Buffer::new("input", rt::Holds::Values, 0, 80, 0, 1),
            rt::Buffer::new("conv", rt::Holds::Values, 96, 304, 1, 2),
            rt::Buffer::new("2", rt::Holds::Values, 0, 96, 2, 3),
            rt::Buffer::new("2", rt::Holds::Output, 400, 80, 2, 2),
            rt::Buffer::new("fc", rt::Holds::Values, 96, 32, 3, 4),
        ],
    );
    const DESCRIPTION: rt::Description = rt::Description::new(
            &GRAPH,
            STEPS,
            &MEMORY,
            4672,
        )
        .batch(4);

    /// How the tensors of a file are packed.
    static RECIPE: &[rt::Pack] = &[
        rt::Pack::new(0, 0, CONV.get().layout()),
        rt::Pack::new(3, 80, FC.get().layout()),
    ];
    rt::load_weights!(BatchWeights, GRAPH, RECIPE);
};
