cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(8, 3x3) -> group_norm(3);
        flatten -> linear(10);
    }
}

fn main() {}
