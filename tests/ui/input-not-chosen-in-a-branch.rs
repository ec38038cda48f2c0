cnn::network! {
    Net: { left: 4, right: 4 } -> 4 {
        add { skip; from right; };
    }
}

fn main() {}
