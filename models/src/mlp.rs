//! The first steps: a perceptron, and a multilayer perceptron.

use cnn::network;

network! {
    /// The perceptron (Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in
    /// the brain", Psychological Review 65(6), 1958): a weighted sum and a step, which divide a plane into two classes
    /// by a straight line. The logit is the sum.
    ///
    #[doc = include_str!("../diagrams/perceptron.svg")]
    #[train(batch = 1, loss = mean_squared)]
    pub Perceptron: 2 -> 1 {
        fc: linear(1);
        tap logits;
        step;
    }

    /// A multilayer perceptron (Rumelhart, Hinton & Williams, "Learning representations by back-propagating errors",
    /// Nature 323, 1986) for handwritten digits: perceptrons side by side form a layer, and every layer reads all of the
    /// one before. A sigmoid replaces the step, since it has a slope to learn from; softmax turns ten scores into
    /// probabilities.
    ///
    #[doc = include_str!("../diagrams/mlp.svg")]
    #[train(batch = 64)]
    pub Mlp: 1x28x28 -> 10 {
        fc1: linear(128) -> sigmoid;
        fc2: linear(10);
        tap logits;
        softmax;
    }
}

classifier!(Mlp: MNIST, DIGITS);
about!(Perceptron: 1958, "weights that are learnt from examples; a straight line between two classes");
about!(Mlp: 1986, "hidden layers, trained by back-propagation");
