//! What a message advises where PyTorch stored a net in another form than its plain tensors: how to undo it before saving, or
//! which rules to rename with.

use alloc::format;
use alloc::string::String;
use core::fmt;

/// How a tensor is computed from others in the file, which PyTorch can undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Reparametrisation {
    /// `weight_g` and `weight_v`.
    WeightNorm,
    /// `weight_orig` and `weight_u`.
    SpectralNorm,
    /// `weight_orig` and `weight_mask`.
    Pruning,
    /// `parametrizations.weight.…`, of any kind.
    Parametrisation,
    /// Whole numbers with scales.
    Quantisation,
}

impl fmt::Display for Reparametrisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WeightNorm => "weight normalisation",
            Self::SpectralNorm => "spectral normalisation",
            Self::Pruning => "pruning",
            Self::Parametrisation => "a parametrisation",
            Self::Quantisation => "quantisation",
        })
    }
}

/// How to turn it into one tensor in PyTorch, for a tensor of this name.
pub(super) fn undone(by: Reparametrisation, name: &str) -> String {
    let (layer, tensor) = name.rsplit_once('.').unwrap_or(("", name));
    let module = format!("model.get_submodule(\"{layer}\")");
    match by {
        Reparametrisation::WeightNorm => format!("`torch.nn.utils.remove_weight_norm({module}, \"{tensor}\")`"),
        Reparametrisation::SpectralNorm => format!("`torch.nn.utils.remove_spectral_norm({module}, \"{tensor}\")`"),
        Reparametrisation::Pruning => format!("`torch.nn.utils.prune.remove({module}, \"{tensor}\")`"),
        Reparametrisation::Parametrisation => {
            format!("`torch.nn.utils.parametrize.remove_parametrizations({module}, \"{tensor}\")`")
        }
        Reparametrisation::Quantisation => "save the model as it was before quantisation".into(),
    }
}

/// The rules that remove wrappers from names, or, if there are many, what does the same in PyTorch.
pub(super) fn write_rules(f: &mut fmt::Formatter<'_>, rules: &[(String, String)]) -> fmt::Result {
    const SHOWN: usize = 8;
    if rules.len() > SHOWN {
        f.write_str("names contain those of wrappers, such as `_orig_mod.` of `torch.compile`: before saving, ")?;
        return f
            .write_str("remove them with `{name.replace(\"_orig_mod.\", \"\"): t for name, t in state_dict.items()}`");
    }
    f.write_str("names contain those of wrappers, such as `_orig_mod.` of `torch.compile`: rename with ")?;
    f.write_str(if rules.len() == 1 { "the rule" } else { "the rules" })?;
    rules.iter().enumerate().try_for_each(|(index, (from, to))| {
        let comma = if index > 0 { "," } else { "" };
        write!(f, "{comma} \"{}\" => \"{}\"", from.escape_debug(), to.escape_debug())
    })
}
