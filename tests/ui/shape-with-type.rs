cnn::network! {
    Before: f32 3x8x8 -> 2 {
        flatten -> linear(2);
    }

    After: { image: 3x8x8: f32, more: 2 } -> 2: f32 {
        concat {
            { from image; flatten; };
            from more;
        };
        linear(2);
    }
}

fn main() {}
