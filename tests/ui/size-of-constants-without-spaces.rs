cnn::network! {
    const SIDE = 8;
    Net: 3xSIDExSIDE -> 2 { linear(2); }
}

fn main() {}
