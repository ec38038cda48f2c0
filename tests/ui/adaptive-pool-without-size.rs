cnn::network! {
    Net: 8x16x16 -> 8x7x7 { adaptive_avg_pool; }
    Zero: 8x16x16 -> 8x7x7 { adaptive_max_pool(0); }
    Input: 8x16x16 -> 8x7x7 { adaptive_max_pool(16, 7); }
}

fn main() {}
