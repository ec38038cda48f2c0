use cnn::network;

network! {
    Net: 64x100x100 -> 64x1x1 { upsample(100) -> global_avg_pool; }
}

fn main() {}
