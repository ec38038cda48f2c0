cnn::network! {
    #[batch(8)]
    Batched = models::LeNet5;
}

fn main() {}
