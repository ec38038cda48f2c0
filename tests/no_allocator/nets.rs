//! The nets of the program and of the test, and images for them.

cnn::network! {
    #[weights("models/weights/lenet5.safetensors")]
    #[train(batch = 3, only("fc3"))]
    pub(crate) Last: 1x32x32 -> 10 {
        conv1: conv(6, 5x5) -> tanh -> avg_pool(2x2);
        conv2: conv(16, 5x5) -> tanh -> avg_pool(2x2);
        fc1: linear(120) -> tanh;
        fc2: linear(84) -> tanh;
        fc3: linear(10) -> softmax;
    }

    #[train(batch = 4)]
    pub(crate) Normalised: 2x9x7 -> 5 {
        stem: conv(6, 3x3, bias = false) -> bn: batch_norm -> relu;
        aux head(weight = 0.3) { global_avg_pool -> fc: linear(5); };
        dropout(0.3) -> max_pool(2x2) -> fc: linear(5) -> softmax;
    }
}

pub(crate) const STEPS: usize = 4;

/// Images that look random.
pub(crate) fn images<const N: usize, const B: usize>(step: usize) -> [[f32; N]; B] {
    let mut state = step as u32 + 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    core::array::from_fn(|_| core::array::from_fn(|_| next()))
}
