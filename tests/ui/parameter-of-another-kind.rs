cnn::network! {
    block up(width, other, act = relu) {
        concat { skip; from other; } -> conv(width, 1x1) -> act;
    }
    Net: 4x8x8 -> 4x8x8 {
        keep features;
        relu -> up(3x3, features) -> up(4, 16) -> up(4, features, act = 0.1);
    }
}

fn main() {}
