//! This project, with the weights of ResNet-50 in the executable. `setup.sh` links them here.

use std::error::Error;

use cnn::{Network, network};
use harness::{Engine, Job};

network! {
    /// As in `models`.
    block identity_block(mid, out = 4 * mid) {
        add {
            conv1: conv(mid, 1x1, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(mid, 3x3, pad = 1, bias = false) -> bn2: batch_norm -> relu
                -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
            skip;
        } -> relu;
    }

    /// As in `models`.
    block conv_block(mid, stride, out = 4 * mid) {
        add {
            conv1: conv(mid, 1x1, stride = stride, bias = false) -> bn1: batch_norm -> relu
                -> conv2: conv(mid, 3x3, pad = 1, bias = false) -> bn2: batch_norm -> relu
                -> conv3: conv(out, 1x1, bias = false) -> bn3: batch_norm;
            downsample: { conv(out, 1x1, stride = stride, bias = false) -> batch_norm; };
        } -> relu;
    }

    /// `models::ResNet50`.
    #[weights("resnet50.safetensors")]
    pub ResNet50: 3x224x224 -> 1000 {
        conv1: conv(64, 7x7, stride = 2, pad = 3, bias = false) -> bn1: batch_norm -> relu;
        max_pool(3x3, stride = 2, pad = 1);
        layer1: { conv_block(64, stride = 1); [identity_block(64); 2]; };
        layer2: { conv_block(128, stride = 2); [identity_block(128); 3]; };
        layer3: { conv_block(256, stride = 2); [identity_block(256); 5]; };
        layer4: { conv_block(512, stride = 2); [identity_block(512); 2]; };
        global_avg_pool;
        fc: linear(1000);
        tap logits;
        softmax;
    }

    /// Without Winograd's algorithm, whose weights are larger.
    #[weights("resnet50.safetensors")]
    #[algorithm(exact)]
    pub ResNet50Exact = ResNet50;
}

struct Embedded<N> {
    net: N,
    image: Vec<f32>,
}

impl<N: Network> Engine for Embedded<N> {
    fn run(&mut self) {
        self.net.run(&self.image).expect("the image is the net's input");
    }

    fn logits(&mut self) -> Vec<f32> {
        self.net.tap("logits").expect("it has this tap").to_vec()
    }
}

/// An engine that has this net.
pub fn serve<N: Network>(net: N) -> Result<(), Box<dyn Error>> {
    let job = Job::from_args()?;
    let image = job.input()?;
    job.serve(&mut Embedded { net, image })
}
