//! Weights before training.

use core::f64::consts::PI;

use cnn_net::graph::{Node, Role, Tensor};
use cnn_net::op::{Kind, Op};

use super::Float;
use super::random::{philox, words};

/// How the weights of convolutions and fully connected layers are drawn. Each weight depends only on the seed, the name of its tensor
/// and its index in the tensor.
///
/// `fan_in` is the number of inputs that an output depends on, and `fan_out` the number of outputs that depend on an input, if
/// strides are ignored: `shape[1] * area` and `shape[0] * area` of a weight with filters of `area` taps. PyTorch computes both in
/// the same way for transposed convolutions, where they are exchanged.
///
/// All other tensors begin as in PyTorch: slopes of `prelu` with 1/4, factors and running variances with 1, summands and running
/// means with 0. In a custom layer, tensors of two or more dimensions are drawn, `bias` and buffers are 0, and all others are 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Init {
    /// PyTorch's default: weights and biases uniform within `1 / sqrt(fan_in)`.
    #[default]
    Torch,
    /// Uniform within `sqrt(6 / fan_in)`, for nets with ReLU (He et al. 2015). Biases are 0.
    HeUniform,
    /// Normal with the deviation `sqrt(2 / fan_in)` (He et al. 2015). Biases are 0.
    HeNormal,
    /// Uniform within `sqrt(6 / (fan_in + fan_out))`, for nets with `tanh` (Glorot & Bengio 2010). Biases are 0.
    XavierUniform,
    /// Normal with the deviation `sqrt(2 / (fan_in + fan_out))` (Glorot & Bengio 2010). Biases are 0.
    XavierNormal,
}

/// How a tensor is filled.
#[derive(Clone, Copy)]
enum Draw {
    All(f64),
    Uniform(f64),
    Normal(f64),
}

impl Init {
    /// Fills a tensor of a layer.
    pub fn fill<F: Float>(self, seed: u64, node: &Node<'_>, tensor: &Tensor<'_>, to: &mut [F]) {
        let draw = self.draw(node, tensor);
        let name = words(hash(tensor.name));
        for (index, number) in (0_u32..).zip(to) {
            let bits = || philox(words(seed), [index, name[0], name[1], 0]);
            *number = F::rounded(match draw {
                Draw::All(value) => value,
                Draw::Uniform(bound) => bound * (2.0 * unit(bits()[0]) - 1.0),
                Draw::Normal(deviation) => deviation * normal(bits()),
            });
        }
    }

    fn draw(self, node: &Node<'_>, tensor: &Tensor<'_>) -> Draw {
        let role = tensor.role;
        if matches!(node.op, Op::Custom(_)) {
            return match role {
                role if role == Role::Bias || !role.is_parameter() => Draw::All(0.0),
                _ if tensor.shape.len() > 1 => self.draw_matrix(fans(tensor.shape), Role::Weight),
                _ => Draw::All(1.0),
            };
        }
        let is_matrix = matches!(node.op.facts().kind, Kind::Convolution | Kind::FullyConnected);
        match role {
            Role::Weight if matches!(node.op, Op::Prelu(_)) => Draw::All(0.25),
            // So that the layer does nothing at first, as its authors have it.
            Role::Weight if matches!(node.op, Op::Grn { .. }) => Draw::All(0.0),
            Role::Weight | Role::Bias if is_matrix => {
                let weight = node.tensors.iter().find(|tensor| tensor.role == Role::Weight);
                self.draw_matrix(fans(weight.map_or(&[], |weight| weight.shape)), role)
            }
            Role::Weight | Role::RunningVar => Draw::All(1.0),
            // A bias, a running mean.
            _ => Draw::All(0.0),
        }
    }

    fn draw_matrix(self, [fan_in, fan_out]: [f64; 2], role: Role) -> Draw {
        match self {
            Self::Torch => Draw::Uniform(1.0 / libm::sqrt(fan_in)),
            _ if role == Role::Bias => Draw::All(0.0),
            Self::HeUniform => Draw::Uniform(libm::sqrt(6.0 / fan_in)),
            Self::HeNormal => Draw::Normal(libm::sqrt(2.0 / fan_in)),
            Self::XavierUniform => Draw::Uniform(libm::sqrt(6.0 / (fan_in + fan_out))),
            Self::XavierNormal => Draw::Normal(libm::sqrt(2.0 / (fan_in + fan_out))),
        }
    }
}

/// `fan_in` and `fan_out` of a layer whose weight has this shape.
fn fans(weight: &[usize]) -> [f64; 2] {
    let &[outputs, inputs, ref kernel @ ..] = weight else { return [1.0; 2] };
    let area: usize = kernel.iter().product();
    [(inputs * area) as f64, (outputs * area) as f64]
}

/// FNV-1a of a name (Fowler, Noll & Vo).
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// A number in (0, 1): the middle of one of 2^23 parts, which is exact in single precision too.
fn unit(bits: u32) -> f64 {
    (f64::from(bits >> 9) + 0.5) / 8_388_608.0
}

/// A number of the standard normal distribution (Box & Muller 1958).
fn normal([radius, angle, ..]: [u32; 4]) -> f64 {
    libm::sqrt(-2.0 * libm::log(unit(radius))) * libm::cos(2.0 * PI * unit(angle))
}

#[cfg(test)]
mod tests {
    use cnn_net::graph::Value;
    use cnn_net::op::{BatchNorm, Conv, ConvTranspose, Linear, PreluPer, Shape, Size};

    use super::*;

    /// A tensor of a layer, filled.
    fn filled(init: Init, seed: u64, op: Op, role: Role, weight: &[usize]) -> [f32; 4000] {
        let shapes: [&[usize]; 2] = [weight, &[4000]];
        let tensors = [Tensor::new("a.weight", Role::Weight, shapes[0]), Tensor::new("a.other", role, shapes[1])];
        let node = Node::new("a", op, &[Value::Input(0)], Shape::Vector(1)).tensors(&tensors);
        let mut numbers = [f32::NAN; 4000];
        init.fill(seed, &node, &tensors[usize::from(role != Role::Weight)], &mut numbers);
        numbers
    }

    /// Mean, deviation, and largest magnitude.
    fn moments(numbers: &[f32]) -> [f32; 3] {
        let count = numbers.len() as f32;
        let mean = numbers.iter().sum::<f32>() / count;
        let var = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
        [mean, libm::sqrtf(var), numbers.iter().fold(0.0, |most, x| most.max(libm::fabsf(*x)))]
    }

    #[test]
    fn weights_have_the_spread_of_their_scheme() {
        let conv = Op::Conv(Conv::new(6, Size::square(5)));
        let (fan_in, fan_out) = (3.0 * 25.0, 6.0 * 25.0);
        for (init, square, normal) in [
            (Init::Torch, 1.0 / fan_in, false),
            (Init::HeUniform, 6.0 / fan_in, false),
            (Init::HeNormal, 2.0 / fan_in, true),
            (Init::XavierUniform, 6.0 / (fan_in + fan_out), false),
            (Init::XavierNormal, 2.0 / (fan_in + fan_out), true),
        ] {
            let numbers = filled(init, 1, conv, Role::Weight, &[6, 3, 5, 5]);
            let [mean, deviation, most] = moments(&numbers);
            let bound = libm::sqrtf(square);
            let expected = if normal { bound } else { bound / libm::sqrtf(3.0) };
            assert!(libm::fabsf(mean) < 0.06 * expected, "{init:?}: {mean}");
            assert!(libm::fabsf(deviation / expected - 1.0) < 0.04, "{init:?}: {deviation}, expected {expected}");
            assert_eq!(most <= bound, !normal, "{init:?}");
        }
    }

    #[test]
    fn biases_and_statistics_begin_as_in_pytorch() {
        let linear = Op::Linear(Linear::new(8));
        let norm = Op::BatchNorm(BatchNorm::new(1e-5, 0.1));
        let prelu = Op::Prelu(PreluPer::Channel);
        for (init, op, role, expected) in [
            (Init::HeUniform, linear, Role::Bias, 0.0),
            (Init::Torch, norm, Role::Weight, 1.0),
            (Init::Torch, norm, Role::Bias, 0.0),
            (Init::Torch, norm, Role::RunningMean, 0.0),
            (Init::Torch, norm, Role::RunningVar, 1.0),
            (Init::Torch, prelu, Role::Weight, 0.25),
        ] {
            assert_eq!(filled(init, 1, op, role, &[8, 16]), [expected; 4000], "{op:?} {role:?}");
        }
        let [.., most] = moments(&filled(Init::Torch, 1, linear, Role::Bias, &[8, 16]));
        assert!(most <= 0.25 && most > 0.24, "{most}");
        let transposed = Op::ConvTranspose(ConvTranspose::new(2, Size::square(2)));
        let [.., most] = moments(&filled(Init::Torch, 1, transposed, Role::Weight, &[9, 4, 2, 2]));
        assert!(most <= 0.25 && most > 0.24, "{most}");
    }

    #[test]
    fn weights_depend_on_seed_and_name() {
        let of = |seed, role| filled(Init::Torch, seed, Op::Linear(Linear::new(8)), role, &[8, 16]);
        let first = of(1, Role::Weight);
        assert_eq!(first, of(1, Role::Weight));
        assert_ne!(first, of(2, Role::Weight));
        assert_ne!(first, of(1, Role::Bias));
        // What other machines get too.
        assert_eq!(first[..3], FIRST);
    }

    const FIRST: [f32; 3] = [-0.139_994_41, -0.065_315_515, -0.078_359_69];
}
