cnn::network! {
    Net: 3x16x16 -> 10 {
        mul {
            skip;
            global_avg_pool -> squeeze: conv(2, 1x1) -> relu -> excite: conv(4, 1x1) -> sigmoid;
        };
        flatten -> linear(10);
    }
}

fn main() {}
