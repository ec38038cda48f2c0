cnn::network! {
    Net: { left: 4, right: 4 } -> 4 {
        from left -> linear(4);
        keep right;
        add { skip; from right; };
    }
}

fn main() {}
