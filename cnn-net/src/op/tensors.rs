//! The parameter tensors of layers, and the multiplications that they cost.

use core::ops::Deref;

use super::{Kind, Op, Shape, UserTensor};
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
    /// Any other tensor of a custom layer, with this name.
    Parameter(&'static str),
    /// A tensor of a custom layer that is not trained, with this name; not a parameter.
    Buffer(&'static str),
}

impl Role {
    /// The role of a user-defined layer's tensor.
    pub(super) const fn named(name: &'static str, trained: bool) -> Self {
        match name.as_bytes() {
            b"weight" if trained => Self::Weight,
            b"bias" if trained => Self::Bias,
            _ if trained => Self::Parameter(name),
            _ => Self::Buffer(name),
        }
    }

    /// The last part of the tensor's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weight => "weight",
            Self::Bias => "bias",
            Self::RunningMean => "running_mean",
            Self::RunningVar => "running_var",
            Self::Parameter(name) | Self::Buffer(name) => name,
        }
    }

    /// Whether it is trained by gradients, so that it counts as parameters.
    #[must_use]
    pub const fn is_parameter(self) -> bool {
        matches!(self, Self::Weight | Self::Bias | Self::Parameter(_))
    }
}

variants! { Role { Weight, Bias, RunningMean, RunningVar, Parameter(name), Buffer(name) } }

/// Up to four dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dims {
    dims: [usize; Self::MOST],
    len: usize,
}

impl Dims {
    /// The most dimensions.
    pub const MOST: usize = 4;

    pub(super) const fn of(of: &[usize]) -> Self {
        let (mut dims, mut len) = ([1; Self::MOST], 0);
        while len < of.len() {
            dims[len] = of[len];
            len += 1;
        }
        Self { dims, len }
    }

    /// Their product. Unused dimensions are 1.
    pub(super) const fn elements(&self) -> usize {
        let [a, b, c, d] = self.dims;
        a * b * c * d
    }

    pub(super) const fn as_slice(&self) -> &[usize] {
        self.dims.split_at(self.len).0
    }
}

impl Deref for Dims {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        self.as_slice()
    }
}

/// The parameter tensors of a layer, in the order of its state dict.
#[derive(Clone, Copy, Debug)]
pub struct Tensors {
    /// Those that a layer of the language has.
    known: [Option<(Role, Dims)>; 4],
    /// Those of a user-defined layer.
    user: &'static [UserTensor],
}

impl Tensors {
    /// None.
    pub(super) const NONE: Self = Self::known([None; 4]);

    const fn known(known: [Option<(Role, Dims)>; 4]) -> Self {
        Self { known, user: &[] }
    }

    /// Those of a user-defined layer.
    pub(super) const fn user(user: &'static [UserTensor]) -> Self {
        Self { user, ..Self::NONE }
    }

    /// A weight, and perhaps a bias for each of the outputs.
    pub(super) fn biased(weight: &[usize], outputs: usize, bias: bool) -> Self {
        let bias = bias.then(|| (Role::Bias, Dims::of(&[outputs])));
        Self::known([Some((Role::Weight, Dims::of(weight))), bias, None, None])
    }

    /// A weight, and perhaps a bias of the same dimensions.
    pub(super) fn affine(dims: &[usize], bias: bool) -> Self {
        let bias = bias.then(|| (Role::Bias, Dims::of(dims)));
        Self::known([Some((Role::Weight, Dims::of(dims))), bias, None, None])
    }

    /// Those of a batch normalisation.
    pub(super) fn statistics(channels: usize, affine: bool) -> Self {
        let roles = [Role::Weight, Role::Bias, Role::RunningMean, Role::RunningVar];
        let has = |role: &Role| affine || !role.is_parameter();
        Self::known(roles.map(|role| Some(role).filter(has).map(|role| (role, Dims::of(&[channels])))))
    }

    /// The role and the dimensions of each.
    pub fn iter(&self) -> impl Iterator<Item = (Role, Dims)> {
        let user = self.user.iter().map(|tensor| (tensor.role, tensor.dims));
        self.known.into_iter().flatten().chain(user)
    }
}

impl Op {
    /// The name of one of its tensors in a layer of this name: `conv1.weight`. The factors of `scale` have the layer's own: PyTorch
    /// has no module for them, so they are a parameter of the module around them, `self.gamma`.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn tensor_name(&self, layer: &str, role: Role) -> alloc::string::String {
        match self {
            Self::Scale { .. } => layer.into(),
            _ => alloc::format!("{layer}.{}", role.name()),
        }
    }

    /// Whether it has parameter tensors.
    #[must_use]
    pub fn has_tensors(&self) -> bool {
        self.tensors(Shape::map(1, 1, 1)).iter().next().is_some()
    }

    /// Multiplications with a weight in one pass, if `weight` has this many elements. Those of normalisations and slopes are not
    /// counted, as is usual.
    #[must_use]
    pub const fn macs(&self, weights: usize, output: Shape) -> u64 {
        let uses = match self.facts().kind {
            Kind::Convolution => {
                // A transposed one multiplies each number of the input by a filter.
                if let Self::ConvTranspose(conv) = self {
                    conv.input(output.size()).area()
                } else {
                    output.size().area()
                }
            }
            Kind::FullyConnected => 1,
            Kind::MaxPooling
            | Kind::AveragePooling
            | Kind::Reordering
            | Kind::Rearrangement
            | Kind::Resampling
            | Kind::Regularisation
            | Kind::ResponseNormalisation
            | Kind::BatchNormalisation
            | Kind::Normalisation
            | Kind::Scaling
            | Kind::Gating
            | Kind::Activation
            | Kind::Softmax
            | Kind::Concatenation
            | Kind::Addition
            | Kind::Multiplication
            | Kind::Maximum
            | Kind::Custom => 0,
        };
        weights as u64 * uses as u64
    }
}
