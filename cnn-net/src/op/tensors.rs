//! The parameter tensors of layers.

use core::ops::Deref;

use crate::variants;

/// The role of a tensor in its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// `weight` of any layer: filters, a matrix, scales, slopes.
    Weight,
    /// `bias`.
    Bias,
    /// `running_mean` of a batch normalisation; not a parameter.
    RunningMean,
    /// `running_var` of a batch normalisation; not a parameter.
    RunningVar,
}

impl Role {
    /// The last part of the tensor's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Bias => "bias",
            Self::RunningMean => "running_mean",
            Self::RunningVar => "running_var",
        }
    }

    /// What the tensor's name adds to the layer's.
    pub(super) const fn end(self) -> &'static str {
        match self {
            Self::Weight => ".weight",
            Self::Bias => ".bias",
            Self::RunningMean => ".running_mean",
            Self::RunningVar => ".running_var",
        }
    }

    /// Whether it is trained by gradients, so that it counts as parameters.
    pub const fn is_parameter(self) -> bool {
        matches!(self, Self::Weight | Self::Bias)
    }
}

variants! { Role { Weight, Bias, RunningMean, RunningVar } }

/// Up to four dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    dims: [usize; 4],
    len: usize,
}

impl Dims {
    fn of(of: &[usize]) -> Self {
        let mut dims = [1; 4];
        dims[..of.len()].copy_from_slice(of);
        Self { dims, len: of.len() }
    }
}

impl Deref for Dims {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        &self.dims[..self.len]
    }
}

/// The parameter tensors of a layer, in the order of its state dict.
#[derive(Clone, Copy, Debug)]
pub struct Tensors([Option<(Role, Dims)>; 4]);

impl Tensors {
    /// None.
    pub(super) const NONE: Self = Self([None; 4]);

    /// A weight, and perhaps a bias for each of the outputs.
    pub(super) fn biased(weight: &[usize], outputs: usize, bias: bool) -> Self {
        let bias = bias.then(|| (Role::Bias, Dims::of(&[outputs])));
        Self([Some((Role::Weight, Dims::of(weight))), bias, None, None])
    }

    /// A weight, and perhaps a bias of the same dimensions.
    pub(super) fn affine(dims: &[usize], bias: bool) -> Self {
        let bias = bias.then(|| (Role::Bias, Dims::of(dims)));
        Self([Some((Role::Weight, Dims::of(dims))), bias, None, None])
    }

    /// Those of a batch normalisation.
    pub(super) fn statistics(channels: usize) -> Self {
        let roles = [Role::Weight, Role::Bias, Role::RunningMean, Role::RunningVar];
        Self(roles.map(|role| Some((role, Dims::of(&[channels])))))
    }

    /// The role and the dimensions of each.
    pub fn iter(&self) -> impl Iterator<Item = (Role, Dims)> {
        self.0.into_iter().flatten()
    }
}
