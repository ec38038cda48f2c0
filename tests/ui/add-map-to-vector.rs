cnn::network! {
    Net: 3x16x16 -> 10 {
        add { flatten; skip; } -> relu;
        flatten -> linear(10);
    }
}

fn main() {}
