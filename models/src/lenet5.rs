//! LeNet-5.

use cnn::network;

network! {
    /// LeNet-5 (LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition",
    /// Proceedings of the IEEE 86(11), 1998): two convolutions, each followed by a pooling, and three fully connected
    /// layers, for digits of 32x32. The command line reads digits with its weights.
    ///
    #[doc = include_str!("../diagrams/lenet5.svg")]
    #[weights("weights/lenet5.safetensors")]
    #[train(batch = 64)]
    pub LeNet5: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10);
        tap logits;
        softmax;
    }

    /// [`LeNet5`] on 8 images in one pass, which reads each weight once for all of them.
    ///
    #[doc = include_str!("../diagrams/lenet5.svg")]
    #[weights("weights/lenet5.safetensors")]
    #[batch(8)]
    pub LeNet5Batch8 = LeNet5;
}

/// The trained weights of [`LeNet5`], the safetensors file that it embeds: for those who need the tensors as they are.
pub static LENET5_WEIGHTS: &[u8] = include_bytes!("../weights/lenet5.safetensors");

classifier!(LeNet5: LENET5, DIGITS);
about!(LeNet5, LeNet5Batch8: 1998, "convolutions that are learnt, shared over the image, and pooled");
