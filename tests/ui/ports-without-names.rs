cnn::network! {
    Net: { 1x8x8, 4 } -> 4 {
        linear(4);
    }
}

fn main() {}
