cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(8, kernel_size = 3, padding = 1) -> relu;
        flatten -> linear(10);
    }
}

fn main() {}
