cnn::network! {
    Net: 1x8x8 -> 4;

    #[batch(8)]
    Batched = Net;
}

fn main() {}
