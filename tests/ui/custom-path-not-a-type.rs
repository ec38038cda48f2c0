cnn::network! {
    block layer(t) { custom(t, 4); }
    Net: 8 -> 4 { custom("layers::Layer", 4) -> custom(layers::make(), 4) -> layer(3) -> layer(relu(2)); }
}

fn main() {}
