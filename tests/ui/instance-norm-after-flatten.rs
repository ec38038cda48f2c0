cnn::network! {
    Net: 3x16x16 -> 10 {
        flatten -> instance_norm;
        linear(10);
    }
}

fn main() {}
