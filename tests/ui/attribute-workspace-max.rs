cnn::network! {
    #[workspace(max = "32 kB")]
    Net: 1x4x4 -> 3 {
        flatten -> linear(3);
    }

    #[workspace(32_768)]
    Other: 1x4x4 -> 3 {
        flatten -> linear(3);
    }
}

fn main() {}
