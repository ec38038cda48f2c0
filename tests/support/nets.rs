//! Nets that use every layer, alone and next to others that change how it is compiled.

use cnn::network;
pub(crate) use models::LeNet5;

/// A function that a declaration names by a single word; so is one of the items that emitted code has.
fn pass(x: f32) -> f32 {
    x * (1.0 - x)
}

/// Functions and layers by a user, none of which can panic.
pub(crate) mod user {
    use cnn::custom::{Custom, Shape, Tensor};

    pub(crate) fn bent(x: f32) -> f32 {
        if x < 0.0 { x / (1.0 - x) } else { x }
    }

    pub(crate) fn times<const N: i32>(x: f32) -> f32 {
        x * N as f32 / 4.0
    }

    /// Two more channels, with the rows and the columns of the pixels times two factors (Liu et al. 2018).
    pub(crate) struct Coordinates<const C: usize, const H: usize, const W: usize>;

    impl<const C: usize, const H: usize, const W: usize> Custom<1, 1> for Coordinates<C, H, W> {
        const INPUTS: [Shape; 1] = [Shape::map(C, H, W)];
        const OUTPUT: Shape = Shape::map(C + 2, H, W);
        const TENSORS: [Tensor; 1] = [Tensor::new("weight", [2])];

        fn forward([input]: [&[f32]; 1], [weight]: [&[f32]; 1], _: &mut [f32], output: &mut [f32]) {
            let mut weight = weight.iter().copied();
            let (rows, columns) = (weight.next().unwrap_or(0.0), weight.next().unwrap_or(0.0));
            let places = (0..2 * H * W).map(|index| {
                let (row, column) = ((index / W % H) as f32, (index % W) as f32);
                if index < H * W { rows * row } else { columns * column }
            });
            output.iter_mut().zip(input.iter().copied().chain(places)).for_each(|(to, from)| *to = from);
        }
    }

    /// The sum of three inputs times gates, and a number that is not trained; in scratch memory.
    pub(crate) struct Gates;

    impl Custom<3, 3> for Gates {
        const INPUTS: [Shape; 3] = [Shape::map(5, 4, 3), Shape::map(5, 4, 3), Shape::map(5, 1, 1)];
        const OUTPUT: Shape = Shape::map(5, 4, 3);
        const TENSORS: [Tensor; 3] =
            [Tensor::new("gates", [2, 5]), Tensor::buffer("shift", [1, 1, 1, 1]), Tensor::new("bias", [5])];
        const SCRATCH: usize = 12;

        fn forward([a, b, c]: [&[f32]; 3], [gates, shift, bias]: [&[f32]; 3], map: &mut [f32], output: &mut [f32]) {
            let (first, second) = gates.split_at_checked(5).unwrap_or_default();
            let shift: f32 = shift.iter().sum();
            let channels = first.iter().zip(second).zip(bias).zip(c);
            let maps = a.chunks_exact(12).zip(b.chunks_exact(12)).zip(output.chunks_exact_mut(12));
            for (((a, b), to), (((first, second), bias), c)) in maps.zip(channels) {
                map.fill(shift + bias + c);
                map.iter_mut().zip(a).for_each(|(to, a)| *to += first * a);
                map.iter_mut().zip(b).for_each(|(to, b)| *to += second * b);
                to.iter_mut().zip(map.iter()).for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// Differences between neighbours, which leave the last number out; of vectors.
    pub(crate) struct Differences<const N: usize>;

    impl<const N: usize> Custom for Differences<N> {
        const INPUTS: [Shape; 1] = [Shape::Vector(N)];
        const OUTPUT: Shape = Shape::Vector(N - 1);
        const TENSORS: [Tensor; 0] = [];

        fn forward([input]: [&[f32]; 1], []: [&[f32]; 0], _: &mut [f32], output: &mut [f32]) {
            output.iter_mut().zip(input.windows(2)).for_each(|(to, pair)| {
                if let [before, after] = pair {
                    *to = after - before;
                }
            });
        }
    }
}

network! {
    pub(crate) ConvPlain: 3x9x11 -> 17x7x9 { conv(17, 3x3); }
    pub(crate) ConvTiny: 1x1x1 -> 1x1x1 { conv(1, 1x1); }
    pub(crate) ConvWhole: 5x6x4 -> 9x1x1 { conv(9, 6x4); }
    pub(crate) ConvPadded: 3x17x13 -> 24x9x7 { conv(24, 3x3, stride = 2, pad = 1); }
    pub(crate) ConvAsymmetric: 2x7x8 -> 6x7x9 { conv(6, 3x2, pad = (0, 2, 2, 0)); }
    pub(crate) ConvSame: 4x7x8 -> 5x4x4 { conv(8, 4x4, pad = same) -> conv(5, 3x3, stride = 2, pad = same_lower); }
    pub(crate) ConvDilated: 3x12x12 -> 7x8x6 { conv(7, 3x3, dilation = 2 x 3); }
    pub(crate) ConvGroups: 12x8x8 -> 9x8x8 { conv(20, 3x3, pad = 1, groups = 4) -> relu -> conv(9, 1x1, bias = false); }
    pub(crate) ConvDepthwise: 19x9x9 -> 38x5x5 {
        conv(19, 3x3, pad = 1, groups = 19) -> relu6 -> conv(19, 3x3, stride = 2, pad = 1, groups = 19, bias = false)
            -> conv(38, 1x1, groups = 19);
    }
    pub(crate) ConvRow: 1x20x20 -> 3x20x20 {
        conv(5, 7x7, pad = 3) -> tanh -> conv(16, 3x3, pad = 1) -> conv(33, 5x5, pad = 2) -> sigmoid -> conv(3, 1x1);
    }

    pub(crate) Transposed: 3x5x6 -> 4x19x23 {
        up1: conv_transpose(17, 2x2, stride = 2) -> relu -> up2: conv_transpose(24, 4x4, stride = 2, pad = 1, bias = false);
        bn: batch_norm -> tanh -> down: conv(9, 3x3, stride = 2, pad = 1, groups = 3) -> relu6;
        up3: conv_transpose(12, 3x3, stride = 2, pad = (1, 1, 2, 2), output_pad = 1, groups = 3) -> silu;
        up4: conv_transpose(4, 2x3, dilation = (1, 2), pad = (1, 2, 0, 2));
    }
    pub(crate) TransposedPixels: 7x1x1 -> 9x6x7 {
        up1: conv_transpose(20, 3x4) -> up2: conv_transpose(20, 1x1, stride = 2, output_pad = 1, groups = 20);
        up3: conv_transpose(9, 1x1, pad = (0, 1, 0, 0));
    }
    pub(crate) TransposedBranches: 4x6x7 -> 13x12x14 {
        concat {
            add { a: conv_transpose(8, 2x2, stride = 2); b: conv_transpose(8, 4x4, stride = 2, pad = 1); } -> relu;
            c: conv_transpose(5, 2x2, stride = 2) -> bn: batch_norm -> sigmoid;
        };
    }

    pub(crate) LinearMaps: 7x3x5 -> 21 { linear(21); }
    pub(crate) LinearVector: 30 -> 1 { linear(100) -> relu -> linear(17, bias = false) -> tanh -> linear(1); }
    pub(crate) LinearFlatten: 4x5x3 -> 9 { conv(6, 3x3, pad = 1) -> relu -> flatten -> dropout(0.5) -> linear(9); }
    pub(crate) LinearF16: 7x3x5 -> 21 { linear(70, store = f16) -> relu -> linear(21, bias = false, store = f16); }
    #[store(f16)]
    pub(crate) LinearMixed: 4x5x3 -> 9 {
        conv(6, 3x3, pad = 1) -> relu;
        add { a: linear(24) -> tanh; b: linear(24, store = f32); } -> silu -> linear(9);
    }
    pub(crate) FlattenAlone: 4x5x3 -> 60 { conv(4, 1x1) -> flatten -> softmax; }

    pub(crate) UpsampleNearest: 19x3x5 -> 5x18x20 { upsample(3x2) -> conv(5, 3x3, pad = 1) -> upsample(2 x 2); }
    pub(crate) UpsampleBilinear: 3x4x5 -> 50x16x15 { upsample(2x3, mode = bilinear) -> conv(50, 1x1) -> upsample(2 x 1, mode = bilinear); }
    pub(crate) ResizeBilinear: 17x9x7 -> 17x5x11 {
        resize(5x11, mode = bilinear) -> conv(17, 1x1) -> resize(1, mode = bilinear) -> resize(3x4, mode = bilinear, align_corners = true);
        resize(5x11, mode = bilinear, align_corners = true);
    }
    pub(crate) ResizeBicubic: 35x6x7 -> 3x12x3 {
        upsample(2, mode = bicubic) -> conv(3, 3x3, pad = 1) -> resize(5x9, mode = bicubic, align_corners = true);
        resize(12x3, mode = bicubic);
    }
    pub(crate) ResizeNearest: 5x9x7 -> 5x9x7 { resize(4x11) -> relu -> resize(1x1) -> resize(9x7); }
    /// A decoder in the manner of U-Net (Ronneberger et al. 2015), without its skips.
    block up(channels) {
        upsample(2, mode = bilinear) -> conv: conv(channels, 3x3, pad = 1) -> relu;
    }
    pub(crate) Decoder: 8x5x5 -> 3x20x20 { up1: up(12) -> up2: up(3); }

    pub(crate) ChannelSlices: 21x5x6 -> 30x5x6 {
        concat { channels(0..5); channels(4..13) -> relu; conv(16, 1x1) -> channels(0..16) -> a: conv(17, 1x1) -> channels(1 .. 17); };
    }
    /// Slices are read where they are, while functions would like to write there.
    pub(crate) SlicesAndFunctions: 8x5x5 -> 20x5x5 {
        a: conv(8, 3x3, pad = 1);
        concat { channels(2..6); tanh; channels(4..8) -> sigmoid -> channels(1..4); b: conv(5, 3x3, pad = 1); };
    }
    pub(crate) SliceTaps: 9x4x4 -> 2x1x1 {
        a: conv(9, 1x1);
        tap all;
        channels(1..7);
        tap middle;
        tanh -> global_avg_pool -> channels(2..5);
        tap pixel;
        softmax -> channels(0..2);
    }
    #[batch(3)]
    pub(crate) SlicesBatch: 6x8x8 -> 4 {
        a: conv(12, 3x3) -> channels(2..10);
        concat { channels(0..4); channels(4..8) -> b: conv(6, 1x1); };
        linear(9) -> channels(2..7) -> relu -> linear(6) -> channels(1..5);
    }
    pub(crate) FeatureSlices: 40 -> 9 { concat { channels(0..3); linear(20) -> channels(10..13); channels(37..40) -> tanh; }; }
    pub(crate) PixelShuffles: 20x6x4 -> 90x6x4 {
        conv(36, 3x3, pad = 1) -> pixel_shuffle(2) -> relu -> conv(45, 1x1) -> pixel_shuffle(3) -> conv(10, 3x3, pad = 1);
        pixel_unshuffle(2) -> pixel_unshuffle(3) -> conv(90, 1x1);
    }
    pub(crate) PixelShuffleWide: 8x3x3 -> 272x6x6 { conv(272, 1x1) -> pixel_shuffle(2) -> conv(68, 1x1) -> upsample(2) -> pixel_unshuffle(2); }
    pub(crate) ChannelShuffles: 24x5x5 -> 34x5x5 {
        channel_shuffle(3) -> conv(24, 3x3, pad = 1, groups = 3) -> channel_shuffle(12) -> conv(34, 1x1) -> channel_shuffle(2) -> channel_shuffle(17);
    }
    pub(crate) Pads: 3x4x5 -> 9x18x18 {
        pad(1) -> pad(2x1, mode = reflect) -> conv(9, 3x3) -> pad((3, 0, 2, 4), mode = replicate) -> relu -> pad(1, value = -0.5);
        pad((0, 1, 1, 0), value = 1) -> pad(1 x 2, mode = replicate);
    }
    pub(crate) Crops: 6x11x12 -> 5x4x3 { crop(8x9) -> conv(5, 1x1) -> crop((0, 1, 2, 3)) -> crop(5) -> crop(4x3); }
    pub(crate) Reshapes: 6x4x5 -> 8x3x5 { reshape(3x8x5) -> conv(3, 3x3, pad = 1) -> reshape(120) -> reshape(120x1x1) -> reshape(24x5x1) -> relu -> reshape(8x3x5); }
    /// ShuffleNet-v2's unit (Ma et al. 2018).
    block shuffle_unit(c) {
        concat {
            channels(0..c);
            channels(c .. 2 * c) -> conv1: conv(c, 1x1) -> relu -> conv2: conv(c, 3x3, pad = 1, groups = c) -> conv3: conv(c, 1x1) -> relu;
        } -> channel_shuffle(2);
    }
    pub(crate) ShuffleNet: 3x8x8 -> 5 { conv(20, 3x3, stride = 2) -> unit1: shuffle_unit(10) -> conv(24, 1x1) -> unit2: shuffle_unit(12) -> linear(5); }
    #[batch(3)]
    pub(crate) RearrangedBatch: 4x6x6 -> 7 { pixel_unshuffle(2) -> conv(8, 2x2) -> pad(1, mode = reflect) -> upsample(2) -> reshape(2x16x16) -> linear(7); }

    pub(crate) MaxPools: 5x13x14 -> 5x1x2 {
        max_pool(2x2) -> max_pool(3x3, stride = 1, pad = 1) -> max_pool(3x2, stride = 2, ceil = true)
            -> max_pool(2x2, dilation = 2 x 2, stride = 1);
    }
    pub(crate) AvgPools: 18x13x14 -> 18x2x3 {
        avg_pool(2x2) -> avg_pool(3x3, stride = 1, pad = 1) -> avg_pool(3x3, stride = 2, pad = 1, count_include_pad = false)
            -> avg_pool(2x3, stride = 2, pad = (0, 1), ceil = true);
    }
    pub(crate) GlobalPools: 9x5x7 -> 18 {
        concat { conv(9, 3x3, pad = 1) -> global_avg_pool; global_max_pool; } -> flatten;
    }

    pub(crate) AdaptivePools: 7x13x10 -> 21x3x4 {
        concat {
            adaptive_avg_pool(3x4);
            adaptive_max_pool(13x5) -> adaptive_max_pool(3x4);
            conv(7, 3x3, pad = 1) -> relu -> adaptive_avg_pool(7x12) -> relu6 -> adaptive_max_pool(3x4);
        };
    }
    pub(crate) AdaptiveEven: 18x12x8 -> 18x1x1 {
        conv(18, 3x3, pad = 1) -> adaptive_max_pool(6x4) -> adaptive_avg_pool(5x3) -> adaptive_avg_pool(1);
    }
    pub(crate) SpatialAttention: 19x9x8 -> 19x9x8 {
        mul { skip; concat { channel_mean; channel_max; } -> a: conv(1, 7x7, pad = 3, bias = false) -> sigmoid; };
        mul { b: conv(19, 3x3, pad = 1); add { c: { global_avg_pool -> conv(19, 1x1); }; d: { channel_max -> tanh; }; }; };
        channel_mean -> e: conv(19, 1x1) -> relu;
    }
    pub(crate) Functions: 19x7x5 -> 40x7x5 {
        map(user::bent);
        tap bent;
        concat {
            conv(16, 3x3, pad = 1) -> map(pass);
            channels(2..7) -> map(self::user::times<3>);
            map(user::times::<{ -2 }>) -> map(crate::nets::user::bent);
        };
    }
    /// A function as a parameter.
    block activated(c, f, g = map(pass)) { conv: conv(c, 3x3, pad = 1) -> map(f) -> g; }
    pub(crate) FunctionParameters: 3x8x8 -> 4x8x8 {
        a: activated(8, user::bent) -> [activated(8, pass, g = map(user::times<2>)); 2];
        concat { skip; max { skip; global_max_pool -> map(pass); }; } -> conv(4, 1x1);
    }
    #[batch(3)]
    pub(crate) FunctionsBatch: 3x7x7 -> 6 {
        conv(9, 3x3) -> map(user::bent) -> linear(12) -> map(pass) -> linear(6) -> map(user::bent);
    }

    const SIDE = 6;
    /// Convolutions that know where they are.
    block located(c, filters) {
        coord: custom(user::Coordinates<c, SIDE, { SIDE + 1 }>, c + 2 x SIDE x SIDE + 1, weight = 2);
        conv: conv(filters, 3x3, pad = 1) -> relu;
    }
    pub(crate) Located: 3x6x7 -> 18x6x7 {
        a: located(3, 7);
        tap a;
        b: [located(7, 7); 2];
        concat { skip; c: custom(user::Coordinates<7, 6, 7>, 9x6x7, weight = 2); channels(1..3); };
    }
    pub(crate) Gated: 4x4x3 -> 5x4x3 {
        a: conv(5, 3x3, pad = 1);
        keep a;
        gates: custom(user::Gates, 5x4x3, scratch = 12, gates = 2x5, shift = buffer(1x1x1x1), bias = 5) {
            conv(5, 1x1) -> relu;
            from a;
            global_avg_pool;
        };
        tap gates;
        add { skip; from a; } -> sigmoid;
    }
    #[batch(3)]
    pub(crate) CustomBatch: 3x6x5 -> 7 {
        custom(user::Coordinates<3, 6, 5>, 5x6x5, weight = 2) -> conv(8, 3x3) -> relu;
        linear(9) -> custom(user::Differences<9>, 8) -> linear(7);
        aux head(weight = 0.3) { custom(user::Differences<7>, 6) -> map(pass) -> linear(3); };
    }
    pub(crate) CustomAlone: 2 -> 1 { custom(user::Differences<2>, 1); }
    #[memory(small)]
    pub(crate) GatedSmall = Gated;

    pub(crate) Merges: 6x7x5 -> 6x7x5 {
        sub { skip; a: conv(6, 3x3, pad = 1); global_max_pool; } -> relu -> max { skip; b: conv(6, 1x1); channel_mean; } -> tanh;
        add { c: conv(6, 3x3, pad = 1); channel_max; } -> relu -> add { global_avg_pool; d: conv(6, 3x3, pad = 1); };
        max { channel_max -> e: conv(1, 1x1); global_avg_pool -> f: conv(6, 1x1); } -> sub { skip; g: conv(1, 3x3, pad = 1); };
    }
    pub(crate) MergedVectors: 12 -> 7 { sub { a: linear(7); b: linear(7); } -> max { skip; c: linear(7) -> tanh; }; }

    pub(crate) Lrns: 9x5x6 -> 9x5x6 { lrn -> lrn(size = 2, alpha = 1, beta = 1, k = 0.5, window = paper) -> conv(9, 3x3, pad = 1) -> lrn(size = 4, alpha = 0.1, beta = 0.6, window = torch); }
    pub(crate) NormFolded: 3x8x8 -> 10 {
        conv1: conv(8, 3x3, pad = 1, bias = false) -> bn1: batch_norm -> relu;
        conv2: conv(8, 3x3, groups = 8) -> bn2: batch_norm(eps = 1e-3, affine = false);
        fc: linear(10) -> bn3: batch_norm;
    }
    pub(crate) NormAlone: 6x7x7 -> 6x7x7 { batch_norm(affine = false) -> relu -> conv(6, 3x3, pad = 1) -> relu -> batch_norm; }
    pub(crate) NormTwice: 3x8x8 -> 4x8x8 { conv(4, 1x1) -> batch_norm -> batch_norm; }
    pub(crate) LayerNorms: 6x5x7 -> 10 {
        n0: layer_norm -> c1: conv(19, 3x3, pad = 1) -> n1: layer_norm(eps = 1e-3) -> gelu -> n2: layer_norm(over = all);
        c2: conv(33, 3x3) -> n3: layer_norm(affine = false) -> n4: layer_norm(over = all, affine = false) -> relu;
        fc: linear(10) -> n5: layer_norm -> n6: layer_norm(over = all, eps = 0);
    }
    pub(crate) GroupNorms: 3x7x6 -> 24 {
        c1: conv(24, 3x3) -> n1: group_norm(8) -> relu -> n2: group_norm(2, affine = false) -> n3: group_norm(24);
        c2: conv(34, 1x1) -> n4: group_norm(17, eps = 1e-3) -> n5: group_norm(1) -> n6: group_norm(2) -> fc: linear(24) -> n7: group_norm(4);
    }
    pub(crate) InstanceNorms: 17x3x5 -> 6x5x7 {
        n0: instance_norm -> n1: instance_norm(affine = true, eps = 1e-3) -> c1: conv(6, 1x1, pad = 1) -> n2: instance_norm(affine = true);
    }
    pub(crate) OtherNorms: 5x4x3 -> 10 {
        n0: rms_norm -> n1: l2_norm -> c1: conv(18, 1x1) -> n2: rms_norm(over = all) -> n3: l2_norm(over = all, eps = 2);
        n4: rms_norm(over = all, affine = false, eps = 1e-3) -> n5: rms_norm(affine = false) -> fc: linear(10) -> n6: rms_norm -> n7: l2_norm;
    }
    pub(crate) GlobalResponses: 5x4x3 -> 34x4x3 {
        g0: grn -> c1: conv(34, 1x1) -> relu -> g1: grn(eps = 0.5) -> c2: conv(34, 3x3, pad = 1) -> g2: grn;
    }
    pub(crate) NormOfOneChannel: 1x3x1 -> 1x3x1 {
        n0: layer_norm(over = all) -> n1: instance_norm(affine = true) -> n2: rms_norm -> l2_norm -> n3: layer_norm;
    }
    pub(crate) Scales: 5x6x6 -> 7 {
        s0: scale -> c1: conv(17, 3x3, bias = false) -> s1: scale -> relu -> s2: scale(-0.5) -> scale(3);
        c2: conv(17, 3x3, groups = 17) -> s3: scale -> s4: scale -> tanh -> c3: conv(6, 1x1) -> bn: batch_norm -> s5: scale -> silu;
        add { c4: conv(6, 3x3, pad = 1) -> scale(0.17); skip; } -> relu -> fc: linear(7) -> scale(1 / 4) -> sigmoid;
    }
    pub(crate) Glus: 6x5x4 -> 4 { glu -> c1: conv(34, 3x3, pad = 1) -> glu -> c2: conv(2, 1x1) -> glu -> fc: linear(8) -> glu; }
    /// ConvNeXt's block (Liu et al. 2022), whose two fully connected layers are convolutions of 1x1.
    block convnext(channels) {
        add {
            dwconv: conv(channels, 7x7, pad = 3, groups = channels) -> norm: layer_norm(eps = 1e-6)
                -> pwconv1: conv(4 * channels, 1x1) -> gelu -> pwconv2: conv(channels, 1x1) -> gamma: scale;
            skip;
        };
    }
    pub(crate) ConvNext: 3x12x12 -> 7 {
        stem: { conv(18, 4x4, stride = 4) -> layer_norm(eps = 1e-6); };
        stages: [convnext(18); 2];
        global_avg_pool -> norm: layer_norm(eps = 1e-6) -> head: linear(7);
    }
    pub(crate) Prelus: 5x6x7 -> 12 {
        prelu -> conv(18, 3x3) -> prelu(per = element) -> conv(18, 1x1) -> prelu(per = tensor);
        gain: scale(per = tensor) -> linear(12) -> prelu -> scale(per = tensor);
    }
    pub(crate) SoftmaxMaps: 3x4x5 -> 7x4x5 { conv(7, 1x1) -> softmax; }
    pub(crate) LogSoftmax: 12 -> 9 { linear(9) -> log_softmax; }
    pub(crate) ActivationsFused: 4x5x5 -> 6x5x5 {
        c0: conv(17, 1x1) -> step -> c1: conv(6, 1x1) -> sigmoid -> c2: conv(6, 1x1) -> tanh -> c3: conv(6, 1x1) -> relu;
        c4: conv(6, 1x1) -> relu6 -> c5: conv(6, 1x1) -> leaky_relu(0.2) -> c6: conv(6, 1x1) -> elu(0.7);
        c7: conv(6, 1x1) -> selu -> c8: conv(6, 1x1) -> softplus -> c9: conv(6, 1x1) -> softsign;
        d0: conv(6, 1x1) -> gelu -> d1: conv(6, 1x1) -> silu -> d2: conv(6, 1x1) -> mish;
        d3: conv(6, 1x1) -> hard_sigmoid -> d4: conv(6, 1x1) -> hard_swish -> d5: conv(6, 1x1) -> identity;
        d6: conv(6, 1x1) -> selu(alpha = 0.5, gamma = 2) -> d7: conv(6, 1x1) -> gelu(approximate = tanh);
        d8: conv(6, 1x1) -> hard_sigmoid(alpha = 1 / 5, beta = 0.6);
        d9: conv(6, 1x1) -> hard_tanh -> e0: conv(6, 1x1) -> celu(0.7) -> e1: conv(6, 1x1) -> threshold(-0.1, -0.2);
        e2: conv(6, 1x1) -> log_sigmoid -> e3: conv(6, 1x1) -> hard_tanh(min = -0.3, max = 0.4);
        e4: conv(6, 1x1) -> softplus(beta = 2, threshold = 0.5) -> e5: conv(6, 1x1) -> hard_shrink(0.1);
        e6: conv(6, 1x1) -> soft_shrink(0.05);
    }
    pub(crate) ActivationsAlone: 19 -> 19 {
        sigmoid -> tanh -> leaky_relu -> elu -> selu -> softplus -> softsign -> gelu -> silu -> mish -> hard_swish -> hard_sigmoid;
        selu(alpha = 1, gamma = 1.5) -> gelu(approximate = tanh) -> hard_sigmoid(alpha = 0.9, beta = 0);
    }
    pub(crate) ActivationsClipped: 5x6x7 -> 12 {
        threshold(-0.4, -0.4) -> celu -> hard_tanh(min = -0.3) -> log_sigmoid -> celu(0.2) -> softplus(beta = 0.5);
        soft_shrink(0.01) -> hard_shrink(0.02);
        c1: conv(7, 3x3) -> hard_tanh(max = 0.2) -> max_pool(2x2);
        c2: conv(9, 1x1) -> hard_tanh(min = 0, max = 0.5) -> fc: linear(12) -> threshold(0, 0);
    }

    pub(crate) Residual: 8x9x9 -> 8x9x9 { add { a: conv(8, 3x3, pad = 1) -> relu -> b: conv(8, 3x3, pad = 1); skip; } -> relu -> c: conv(8, 3x3, pad = 1); }
    pub(crate) ResidualProjection: 3x16x16 -> 12x8x8 {
        conv1: conv(8, 3x3, pad = 1) -> relu;
        add {
            conv2: conv(12, 3x3, stride = 2, pad = 1, bias = false) -> bn2: batch_norm;
            downsample: { conv(12, 1x1, stride = 2, bias = false) -> batch_norm; };
        } -> relu;
        add { conv3: conv(12, 3x3, pad = 1, bias = false) -> bn3: batch_norm; skip; } -> relu;
    }
    pub(crate) AddThree: 5x6x6 -> 5x6x6 { add { a: conv(5, 1x1); b: conv(5, 3x3, pad = 1); skip; } -> tanh -> add { skip; skip; }; }
    pub(crate) SqueezeExcitation: 3x8x8 -> 16x8x8 {
        conv(16, 3x3, pad = 1) -> silu;
        mul { global_avg_pool -> reduce: conv(4, 1x1) -> silu -> expand: conv(16, 1x1) -> sigmoid; skip; };
    }
    pub(crate) Concat: 4x6x6 -> 26x6x6 { concat { a: conv(5, 1x1) -> relu; b: conv(17, 3x3, pad = 1); skip; } -> relu; }
    pub(crate) ConcatNested: 4x6x6 -> 11x4x4 {
        concat { a: conv(3, 1x1); concat { b: conv(2, 3x3, pad = 1); max_pool(3x3, stride = 1, pad = 1); } -> tanh; };
        concat { c: conv(2, 3x3); max_pool(3x3, stride = 1); };
    }
    pub(crate) ConcatTwice: 3x5x5 -> 9x5x5 { a: conv(3, 3x3, pad = 1) -> concat { skip; skip; conv(3, 1x1); }; }
    pub(crate) MapsOut: 3x5x6 -> 4x5x6 { conv(4, 3x3, pad = 1) -> relu; }
    pub(crate) Nothing: 3x5x6 -> 3x5x6 { identity -> dropout(0.1); }

    block dense_layer(growth) {
        concat { skip; norm: batch_norm -> relu -> conv: conv(growth, 3x3, pad = 1, bias = false); };
    }
    pub(crate) DenseBlock: 6x7x7 -> 18x7x7 { layers: [dense_layer(4); 3]; }

    /// Values that are read across each other, which nothing but their names can say.
    pub(crate) Kept: 4x9x9 -> 10x9x9 {
        keep image;
        a: conv(6, 3x3, pad = 1) -> relu;
        keep early;
        b: conv(5, 3x3, pad = 1) -> tanh;
        keep late;
        c: conv(6, 1x1);
        add { skip; from early; } -> relu;
        keep sum;
        concat { from late -> d: conv(3, 1x1); from early; skip; } -> e: conv(6, 1x1);
        add { skip; from sum; from early -> sigmoid; } -> concat { skip; from image; } -> f: conv(10, 1x1);
    }
    pub(crate) KeptApart: 3x8x8 -> 13 {
        stem: conv(6, 3x3, pad = 1) -> relu;
        keep stem;
        relu -> global_avg_pool -> left: linear(4);
        keep left;
        from stem -> global_max_pool -> right: linear(4) -> relu;
        tap right;
        concat { from left; skip; from right -> tanh -> more: linear(5); };
    }

    const LEVELS = 2;
    const WIDE = 3x3;
    block join(width, other, act = relu, size = WIDE, bias = true, slope = 0.5) {
        concat { skip; from other -> leaky_relu(slope); } -> conv: conv(width, size, pad = same, bias = bias) -> act;
    }
    block two(width, act) { [{ conv: conv(width, 3x3, pad = 1) -> act; }; LEVELS]; }
    pub(crate) Parameters: LEVELS x 8 x 9 -> 4x8x9 {
        ..two(5, elu(0.7));
        keep first;
        deep: two(7, leaky_relu);
        keep second;
        "top-1": conv(4, 1x1) -> up1: join(6, second, act = gelu(approximate = tanh), slope = 0.25);
        3: join(4, first, size = 1, bias = false, act = identity) -> conv(4, 1x1);
    }

    /// U-Net (Ronneberger et al. 2015), with padding.
    block double(width) {
        conv1: conv(width, 3x3, pad = 1) -> relu -> conv2: conv(width, 3x3, pad = 1) -> relu;
    }
    block expand(width, other) {
        concat { from other; up: conv_transpose(width, 2x2, stride = 2); } -> conv: double(width);
    }
    pub(crate) Unet: 1x24x16 -> 2x24x16 {
        down1: double(4);
        keep down1;
        max_pool(2x2) -> down2: double(8);
        keep down2;
        max_pool(2x2) -> down3: double(16);
        keep down3;
        max_pool(2x2) -> bottom: double(32);
        up3: expand(16, down3) -> up2: expand(8, down2) -> up1: expand(4, down1) -> out: conv(2, 1x1);
    }
    /// Super-resolution with sub-pixel convolution (Shi et al. 2016).
    pub(crate) Espcn: 1x9x7 -> 1x27x21 {
        conv1: conv(12, 5x5, pad = 2) -> tanh -> conv2: conv(8, 3x3, pad = 1) -> tanh;
        conv3: conv(9, 3x3, pad = 1) -> pixel_shuffle(3);
    }
    /// The neck of YOLOv5: from coarse to fine and back.
    block cbs(width, size = 1, stride = 1) { conv(width, size, stride = stride, pad = size / 2) -> silu; }
    pub(crate) Neck: 3x32x32 -> 6x4x4 {
        c3: cbs(6, 3, 4);
        keep c3;
        c4: cbs(8, 3, 2);
        keep c4;
        c5: cbs(12, 3, 2) -> lateral5: cbs(8);
        keep p5;
        concat { upsample(2); from c4; } -> top4: cbs(8) -> lateral4: cbs(6);
        keep p4;
        concat { upsample(2); from c3; } -> top3: cbs(6);
        tap small;
        down3: cbs(6, 3, 2);
        concat { skip; from p4; } -> out4: cbs(8);
        tap medium;
        down4: cbs(8, 3, 2);
        concat { skip; from p5; } -> large: cbs(12);
        tap large;
        pool: cbs(6, 3, 1) -> upsample(2);
    }

    pub(crate) Taps: 3x10x10 -> 5 {
        conv1: conv(6, 3x3, pad = 1);
        tap before;
        relu;
        tap after;
        head: { conv(4, 3x3) -> global_avg_pool; tap pooled; };
        linear(5);
        tap logits;
        softmax;
    }
    pub(crate) Auxiliary: 3x12x12 -> 4 {
        conv1: conv(8, 3x3) -> relu;
        aux aux1(weight = 0.3) { avg_pool(5x5) -> conv: conv(4, 1x1) -> relu -> fc: linear(4); };
        conv2: conv(8, 3x3, pad = 1) -> relu -> global_avg_pool;
        fc: linear(4);
    }

    /// SqueezeNet's fire modules (Iandola et al. 2016).
    block fire(squeeze, expand = 4 * squeeze) {
        squeeze: conv(squeeze, 1x1) -> relu;
        concat { expand1x1: conv(expand, 1x1) -> relu; expand3x3: conv(expand, 3x3, pad = 1) -> relu; };
    }
    pub(crate) Fire: 3x31x31 -> 10x1x1 {
        features: {
            conv(16, 3x3, stride = 2) -> relu -> max_pool(3x3, stride = 2, ceil = true);
            fire(4) -> fire(6, expand = 17) -> max_pool(3x3, stride = 2, ceil = true) -> fire(8);
        };
        classifier: { dropout(0.5) -> conv(10, 1x1) -> relu -> global_avg_pool; };
    }

    /// GoogLeNet's module (Szegedy et al. 2014).
    block inception(c1, r3, c3, r5, c5, pp) {
        concat {
            conv1x1: conv(c1, 1x1) -> relu;
            reduce3x3: conv(r3, 1x1) -> relu -> conv3x3: conv(c3, 3x3, pad = 1) -> relu;
            reduce5x5: conv(r5, 1x1) -> relu -> conv5x5: conv(c5, 5x5, pad = 2) -> relu;
            max_pool(3x3, stride = 1, pad = 1) -> pool_proj: conv(pp, 1x1) -> relu;
        };
    }
    pub(crate) Inception: 3x24x24 -> 10 {
        conv1: conv(20, 7x7, stride = 2, pad = 3) -> relu -> lrn;
        inception3a: inception(8, 9, 13, 2, 4, 4);
        inception3b: inception(16, 12, 20, 3, 8, 8) -> max_pool(3x3, stride = 2, ceil = true);
        avg_pool(6x6) -> dropout(0.4) -> fc: linear(10) -> softmax;
    }

    /// MobileNet-v2's block (Sandler et al. 2018).
    block inverted_residual(inside, outside) {
        add {
            expand: conv(inside, 1x1, bias = false) -> bn1: batch_norm -> relu6
                -> depthwise: conv(inside, 3x3, pad = 1, groups = inside, bias = false) -> bn2: batch_norm -> relu6
                -> project: conv(outside, 1x1, bias = false) -> bn3: batch_norm;
            skip;
        };
    }
    pub(crate) Mobile: 3x14x14 -> 11 {
        stem: conv(8, 3x3, stride = 2, pad = 1, bias = false) -> bn: batch_norm -> relu6;
        blocks: [inverted_residual(21, 8); 3];
        global_avg_pool -> linear(11);
    }
}

network! {
    /// Two inputs of different kinds: an image and numbers that belong to it.
    pub(crate) TwoInputs: { image: 2x9x7, numbers: 5 } -> 6 {
        concat {
            from image -> conv(7, 3x3, stride = 2, pad = 1) -> relu -> global_avg_pool -> flatten;
            from numbers -> fc1: linear(9) -> tanh;
        };
        fc2: linear(6);
    }

    /// Weights that both branches read (Bromley, Guyon, LeCun, Säckinger & Shah, "Signature verification using a 'siamese' time
    /// delay neural network", NIPS 1993).
    pub(crate) Siamese: { left: 1x12x12, right: 1x12x12 } -> 3 {
        from left;
        tower: {
            conv1: conv(6, 5x5) -> relu -> max_pool(2x2);
            add { conv2: conv(6, 3x3, pad = 1) -> bn: batch_norm; skip; } -> relu -> flatten;
            fc: linear(10) -> l2_norm;
        };
        keep features;
        sub { from right -> again tower; from features; } -> mul { skip; skip; };
        head: linear(3);
    }

    /// Several outputs, in the order of the declaration: of different sizes, computed in another order, one of them an input of
    /// later layers, one a vector.
    pub(crate) Outputs: 3x20x16 -> { scores: 5, coarse: 6x5x4, fine: 6x10x8, features: 8x10x8 } {
        conv1: conv(8, 3x3, stride = 2, pad = 1) -> relu;
        output features;
        output fine { conv(6, 1x1) -> sigmoid; };
        conv2: conv(12, 3x3, stride = 2, pad = 1) -> relu;
        output coarse { from_fine: conv(6, 1x1); };
        tap coarse_features;
        global_avg_pool -> fc: linear(5) -> softmax;
        output scores;
    }

    /// A head over levels of a pyramid, whose maps differ in size (Lin, Goyal, Girshick, He & Dollár, "Focal loss for dense object
    /// detection", ICCV 2017).
    block lateral(channels, coarse, fine) { add { from coarse -> upsample(2); from fine -> conv(channels, 1x1); }; }
    pub(crate) Pyramid: 3x32x24 -> { p3: 9x8x6, p4: 9x4x3 } {
        conv(6, 3x3, stride = 2, pad = 1) -> relu -> conv(8, 3x3, stride = 2, pad = 1) -> relu;
        keep c3;
        conv(10, 3x3, stride = 2, pad = 1) -> relu -> conv(8, 1x1);
        output p4 { head: { conv(8, 3x3, pad = 1) -> relu -> conv(9, 3x3, pad = 1); }; };
        keep c4;
        smooth: lateral(8, c4, c3);
        output p3 { again "p4.head"; };
    }

    /// The same layer three times, on maps of different sizes, and once with another function after it.
    pub(crate) Again: 4x16x16 -> 4x4x4 {
        shared: conv(4, 3x3, pad = 1) -> relu -> max_pool(2x2);
        again shared -> tanh -> max_pool(2x2);
        [again shared; 2];
    }

    #[batch(3)]
    pub(crate) PortsBatch: { image: 1x8x8, scale: 4x1x1 } -> { scaled: 4x8x8, best: 3 } {
        mul { from image -> conv(4, 3x3, pad = 1); from scale -> sigmoid; };
        output scaled;
        flatten -> fc: linear(3);
        output best;
    }

    /// Inputs that leave as they are, and one output twice.
    pub(crate) Passed: { a: 2x3x3, b: 4 } -> { first: 2x3x3, second: 4, third: 2x3x3, fourth: 4 } {
        from a;
        output first;
        output third;
        output fourth { max_pool(3x3) -> flatten -> linear(4); };
        from b;
        output second;
    }

    /// A single input and a single output can have names, too.
    pub(crate) Named: { r#type: 1x6x6 } -> { r#match: 3 } {
        conv(2, 3x3) -> relu -> flatten -> linear(3);
        output r#match;
    }
}

/// Calls a macro with the name and the type of every net of the repository, large and small.
macro_rules! for_each_net {
    ($callback:ident) => {
        $callback! {
            lenet5: LeNet5;
            conv_plain: ConvPlain;
            conv_one_channel_one_pixel: ConvTiny;
            conv_kernel_as_large_as_the_input: ConvWhole;
            conv_padded_strided: ConvPadded;
            conv_asymmetric: ConvAsymmetric;
            conv_same: ConvSame;
            conv_dilated: ConvDilated;
            conv_groups: ConvGroups;
            conv_depthwise: ConvDepthwise;
            conv_in_a_row_with_halos: ConvRow;
            transposed_convolutions: Transposed;
            transposed_convolutions_of_pixels: TransposedPixels;
            transposed_convolutions_in_branches: TransposedBranches;
            linear_of_maps: LinearMaps;
            linear_of_a_vector: LinearVector;
            linear_after_flatten: LinearFlatten;
            linear_in_half_precision: LinearF16;
            linear_in_either_precision: LinearMixed;
            flatten_alone: FlattenAlone;
            upsample_nearest: UpsampleNearest;
            upsample_bilinear: UpsampleBilinear;
            resize_bilinear: ResizeBilinear;
            resize_bicubic: ResizeBicubic;
            resize_nearest: ResizeNearest;
            decoder: Decoder;
            channel_slices: ChannelSlices;
            feature_slices: FeatureSlices;
            slices_and_functions: SlicesAndFunctions;
            slice_taps: SliceTaps;
            slices_batch: SlicesBatch;
            pixel_shuffles: PixelShuffles;
            pixel_shuffle_wide: PixelShuffleWide;
            channel_shuffles: ChannelShuffles;
            pads: Pads;
            crops: Crops;
            reshapes: Reshapes;
            shuffle_net: ShuffleNet;
            rearranged_batch: RearrangedBatch;
            max_pools: MaxPools;
            avg_pools: AvgPools;
            global_pools: GlobalPools;
            adaptive_pools: AdaptivePools;
            adaptive_pools_with_even_windows: AdaptiveEven;
            spatial_attention: SpatialAttention;
            functions_by_the_user: Functions;
            functions_as_parameters: FunctionParameters;
            functions_of_a_batch: FunctionsBatch;
            layers_by_the_user: Located;
            layer_of_several_inputs: Gated;
            layer_of_several_inputs_in_little_memory: GatedSmall;
            layers_of_a_batch: CustomBatch;
            layer_alone: CustomAlone;
            merges_of_all_kinds: Merges;
            merges_of_vectors: MergedVectors;
            lrn: Lrns;
            batch_norm_folded: NormFolded;
            batch_norm_alone: NormAlone;
            batch_norm_twice: NormTwice;
            layer_norms: LayerNorms;
            group_norms: GroupNorms;
            instance_norms: InstanceNorms;
            rms_and_l2_norms: OtherNorms;
            global_responses: GlobalResponses;
            norm_of_one_channel: NormOfOneChannel;
            scales: Scales;
            glus: Glus;
            convnext: ConvNext;
            prelu: Prelus;
            softmax_of_maps: SoftmaxMaps;
            log_softmax: LogSoftmax;
            activations_fused: ActivationsFused;
            activations_alone: ActivationsAlone;
            activations_clipped: ActivationsClipped;
            residual: Residual;
            residual_with_projection: ResidualProjection;
            add_of_three: AddThree;
            squeeze_and_excitation: SqueezeExcitation;
            concat: Concat;
            concat_nested: ConcatNested;
            concat_of_one_value_twice: ConcatTwice;
            dense_block: DenseBlock;
            unet: Unet;
            super_resolution: Espcn;
            neck_of_a_detector: Neck;
            kept: Kept;
            kept_apart: KeptApart;
            parameters_of_every_kind: Parameters;
            two_inputs: TwoInputs;
            weights_of_both_branches: Siamese;
            several_outputs: Outputs;
            head_over_a_pyramid: Pyramid;
            layers_again: Again;
            inputs_and_outputs_of_a_batch: PortsBatch;
            inputs_that_leave: Passed;
            names_of_one_input_and_output: Named;
            taps_of_maps: Taps;
            maps_out: MapsOut;
            nothing_but_identity: Nothing;
            auxiliary_classifier: Auxiliary;
            fire: Fire;
            inception: Inception;
            mobile: Mobile;
        }
    };
}
pub(crate) use for_each_net;
