cnn::network! {
    Net: 3x16x16 -> 10 {
        conv(8, 3x3) -> GroupNorm(4, 8);
        group_norm(num_groups = 4, num_channels = 8);
        flatten -> linear(10);
    }
}

fn main() {}
