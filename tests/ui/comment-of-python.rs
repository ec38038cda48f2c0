cnn::network! {
    # Its layers.
    Net: 1x28x28 -> 10 {
        # The first one
        conv1: conv(6, 5x5) -> relu;
        linear(10); # logits
    }
}

fn main() {}
