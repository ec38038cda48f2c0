cnn::network! {
    Net: 1x28x28 -> 10 {
        conv1: nn.conv(6, 5x5) -> F.relu;
        torch.nn.flatten;
        fc: nn::linear(10);
    }
}

fn main() {}
