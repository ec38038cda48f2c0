cnn::network! {
    Net: 1x4x4 -> 3 {
        flatten -> linear(3);
    }

    NetWeights: 1x4x4 -> 3 {
        flatten -> linear(3);
    }
}

fn main() {}
