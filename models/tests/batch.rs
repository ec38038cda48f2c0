//! ResNet-50 with several images in a pass, against one image at a time.

use cnn::{Network, network};
use models::{ResNet50, ResNet50Weights, seeded};

network! {
    block identity_block(mid, out = 4 * mid) {
        add {
            conv1: conv(mid, 1x1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(mid, 3x3, pad = 1, bias = false) -> bn2: batch_norm -> relu
                -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
            skip;
        } -> relu: relu;
    }

    block conv_block(mid, stride, out = 4 * mid) {
        add {
            conv1: conv(mid, 1x1, stride = stride, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(mid, 3x3, pad = 1, bias = false) -> bn2: batch_norm -> relu
                -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
            downsample: { conv(out, 1x1, stride = stride, bias = false) -> batch_norm; };
        } -> relu: relu;
    }

    /// ResNet-50 of the paper, two images at once.
    #[batch(2)]
    pub(crate) Pair: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu: relu;
        maxpool: max_pool(3x3, stride = 2, pad = 1);
        layer1: { conv_block(64, stride = 1); [identity_block(64); 2]; }; // conv2_x, 256x56x56
        layer2: { conv_block(128, stride = 2); [identity_block(128); 3]; }; // conv3_x, 512x28x28
        layer3: { conv_block(256, stride = 2); [identity_block(256); 5]; }; // conv4_x, 1024x14x14
        layer4: { conv_block(512, stride = 2); [identity_block(512); 2]; }; // conv5_x, 2048x7x7
        avgpool: global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }
}

/// The fully connected layer sums 2,048 products in another order than for a single image.
const TOLERANCE: f32 = 1e-5;

#[test]
fn two_images_give_what_each_gives_alone() {
    let file = seeded::weights(ResNet50::GRAPH, "");
    let weights = ResNet50Weights::from_safetensors(&file).expect("made for the net");
    let pair = PairWeights::from_safetensors(&file).expect("made for the net");
    drop(file);
    let (mut single, mut pair) = (ResNet50::new(&weights), Pair::new(&pair));
    assert_eq!(Pair::BATCH, 2);
    let images = seeded::uniform("images", 2 * ResNet50::GRAPH.input.elements());
    pair.run(&images).expect("as long as two inputs");
    for (found, image) in pair.tap_logits().iter().zip(images.chunks_exact(images.len() / 2)) {
        single.run(image).expect("as long as an input");
        let expected = single.tap_logits();
        let largest = expected.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        let error = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(error <= TOLERANCE * largest, "off by {error}, the largest is {largest}");
    }
}
