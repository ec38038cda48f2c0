#[allow(dead_code, reason = "its net does not compile")]
fn double(x: f64) -> f64 {
    2.0 * x
}

mod functions {
    pub fn add(a: f32, b: f32) -> f32 {
        a + b
    }
}

cnn::network! {
    Net: 4 -> 4 {
        linear(4) -> map(double);
        map(functions::add);
    }
}

fn main() {}
