::core::compile_error! {
    "conv: a window of 5x5 does not fit an input of 4x4\n  input  1x8x8 -> conv1  6x4x4 -> here\nhelp: `pad = 1`, a window of 4x4 at most, or an input of at least 9x9"
}

#[doc(hidden)]
#[derive(::core::fmt::Debug)]
pub struct Mistake<'w>(&'w MistakeWeights);

#[doc(hidden)]
#[derive(::core::fmt::Debug)]
pub struct MistakeWeights(());

#[doc(hidden)]
#[allow(
    dead_code,
    unused_variables,
    missing_docs,
    reason = "the net has mistakes, this only stands for it"
)]
impl<'w> Mistake<'w> {
    pub fn new(weights: &'w MistakeWeights) -> Self {
        Self(weights)
    }

    pub fn embedded() -> Self {
        ::core::unreachable!()
    }

    pub fn forward(&mut self, input: &[f32; 64]) -> &[f32; 10] {
        ::core::unreachable!()
    }
}

#[doc(hidden)]
#[allow(
    dead_code,
    unused_variables,
    missing_docs,
    reason = "the net has mistakes, this only stands for it"
)]
impl MistakeWeights {
    pub fn from_safetensors(
        file: &[u8],
    ) -> ::core::result::Result<Self, ::core::convert::Infallible> {
        ::core::result::Result::Ok(Self(()))
    }
}
