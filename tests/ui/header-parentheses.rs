cnn::network! {
    Net(3, 16, 16) -> 10 {
        flatten -> linear(10);
    }
}

fn main() {}
