cnn::network! {
    Net: 1x28x28 -> 10 {
        conv1: conv(6, 5x5).relu().max_pool(2x2);
        fc1: linear(20) | relu;
        fc2: linear(20) |> relu;
        fc3: linear(20) >> relu -> linear(10);
    }
}

fn main() {}
