cnn::network! {
    const WIDTH = 4;
    block scaled(c) { linear(c) -> map(c); }
    Net: 4 -> 4 { map(WIDTH) -> map(0.5) -> scaled(4); }
}

fn main() {}
