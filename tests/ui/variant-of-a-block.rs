cnn::network! {
    block head(classes) {
        flatten -> linear(classes);
    }

    Batched = head;
}

fn main() {}
