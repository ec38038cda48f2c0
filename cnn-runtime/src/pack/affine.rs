//! What is done to the weights of an output channel before they are packed.

/// The output of a layer times `scale`, plus `shift`: a bias and a folded batch normalisation.
#[derive(Clone, Copy, Debug)]
pub struct Affine {
    /// Factor of the weights.
    pub scale: f64,
    /// Bias.
    pub shift: f64,
}

/// The numbers of a batch normalisation in one channel.
#[derive(Clone, Copy, Debug)]
pub struct Normalisation {
    /// `weight`.
    pub weight: f32,
    /// `bias`.
    pub bias: f32,
    /// `running_mean`.
    pub mean: f32,
    /// `running_var`.
    pub var: f32,
    /// What is added to the variance.
    pub eps: f32,
}

impl Affine {
    /// What changes nothing.
    pub const IDENTITY: Self = Self { scale: 1.0, shift: 0.0 };

    /// This, followed by a factor.
    #[must_use]
    pub fn scaled(self, factor: f32) -> Self {
        Self { scale: self.scale * f64::from(factor), shift: self.shift * f64::from(factor) }
    }

    /// This, followed by a batch normalisation.
    pub fn normalised(self, norm: &Normalisation) -> Self {
        let [weight, bias, mean, var, eps] = [norm.weight, norm.bias, norm.mean, norm.var, norm.eps].map(f64::from);
        let scale = weight / libm::sqrt(var + eps);
        Self { scale: self.scale * scale, shift: (self.shift - mean) * scale + bias }
    }
}
