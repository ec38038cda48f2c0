mod functions {}

cnn::network! {
    Net: 4 -> 4 { linear(4) -> map(functions::double) -> map(missing); }
}

fn main() {}
