//! What a message advises where PyTorch stored a net in another form than its plain tensors: how to undo it before saving, or
//! which rules to rename with.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::error::prefix_origin;

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

/// How to get F32 from a type of numbers that weights do not have.
pub(super) fn as_f32(dtype: &str) -> &'static str {
    const AS_BEFORE: &str = ", as after quantisation: save the model as it was before";
    match dtype {
        "I8" | "U8" | "F4" => AS_BEFORE,
        // F8_E4M3 and the like need scales as well.
        narrow if narrow.starts_with("F8_") || narrow.starts_with("F6_") => AS_BEFORE,
        _ => " (`.float()` gives F32)",
    }
}

/// The rules that remove prefixes or wrappers from names, or, if there are many, what does the same in PyTorch.
pub(super) fn write_rules(f: &mut fmt::Formatter<'_>, rules: &[(String, String)]) -> fmt::Result {
    const SHOWN: usize = 8;
    let all_prefixes = rules.iter().all(|(_, to)| to == "*");
    if all_prefixes {
        f.write_str("the names begin with ")?;
        write_all(f, rules, |f, (from, _)| write!(f, "`{}`", from.trim_end_matches('*').escape_debug()))?;
    } else {
        let from = rules.first().map_or("", |(from, _)| from.trim_end_matches('*'));
        let wrapper = from.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
        let wrapper = format!("{wrapper}.");
        write!(f, "there are names with `{}`{}", wrapper.escape_debug(), prefix_origin(&wrapper))?;
        if rules.len() > SHOWN {
            f.write_str(": before saving, remove them with ")?;
            return write!(f, "`{{name.replace({wrapper:?}, \"\"): t for name, t in state_dict.items()}}`");
        }
    }
    f.write_str(if rules.len() == 1 { ": rename with the rule " } else { ": rename with the rules " })?;
    write_all(f, rules, |f, (from, to)| write!(f, "\"{}\" => \"{}\"", from.escape_debug(), to.escape_debug()))
}

/// With commas between them.
fn write_all<T>(
    f: &mut fmt::Formatter<'_>,
    all: &[T],
    each: impl Fn(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    all.iter().enumerate().try_for_each(|(index, item)| {
        f.write_str(if index > 0 { ", " } else { "" })?;
        each(f, item)
    })
}
