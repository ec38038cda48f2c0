cnn::network! {
    Net: 4 -> 4 {
        tower: { linear(4) -> relu; };
        again towers;
    }
}

fn main() {}
