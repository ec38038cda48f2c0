cnn::network! {
    Net: 1x28x28 -> 10 {
        for i in 0..3 { conv(6, 3x3, pad = 1); }
        if true { relu; } else { tanh; }
        fc: linear(10);
        return fc;
    }
}

fn main() {}
