cnn::network! {
    #[train(batch = 4)]
    Seg: 4 -> 3 { linear(3); }
    SegTrainer: 4 -> 3 { linear(3); }
    SegParams: 4 -> 3 { linear(3); }
    Other: 4 -> 3 { linear(3); }
    OtherTrainer: 4 -> 3 { linear(3); }
}

fn main() {}
