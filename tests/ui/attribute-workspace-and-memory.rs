cnn::network! {
    #[workspace(max = 32_768)]
    #[memory(small)]
    Net: 1x4x4 -> 3 {
        flatten -> linear(3);
    }
}

fn main() {}
