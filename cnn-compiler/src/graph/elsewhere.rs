//! Words that mean something elsewhere, and are neither a layer nor a block here.

/// The help for such a word, without its case and `_`.
pub(super) fn help_with(word: &str) -> Option<&'static str> {
    statement(word).or_else(|| other_layers(word)).or_else(|| nothing(word))
}

/// Of words that are statements, branches or arrows here.
fn statement(word: &str) -> Option<&'static str> {
    Some(match word {
        "tap" => "`tap name;` keeps the value at this point as an extra output",
        "keep" => "`keep name;` keeps the value at this point for `from name`",
        "output" => "`output name;` writes the value at this point to an output that the net declares",
        "from" => "`from name` begins a statement or a branch with a value that `keep name;` kept",
        "aux" => "`aux name(weight = 0.3) { … };` is an auxiliary classifier",
        "cat" | "concatenate" => "`concat { …; …; }` joins branches, each a statement that reads the same input",
        "subtract" | "minus" => "`sub { …; …; }` is the first branch minus the others",
        "maximum" => "`max { …; …; }` is the largest of the branches, element by element",
        "residual" | "skipconnection" | "sum" | "plus" => {
            "`add { …; skip; }` adds the result of a branch to what it reads"
        }
        "squeezeexcite" | "squeezeexcitation" | "squeezeandexcitation" | "se" | "seblock" => {
            "`mul { skip; { global_avg_pool -> …; }; }` multiplies each channel by a number, which follows from the means of all"
        }
        "sequential" => "steps follow one another, joined by arrows, for example `conv(16, 3x3) -> relu`",
        "activation" | "nonlinearity" => "each function is a layer, for example `relu`",
        _ => return None,
    })
}

/// Of what other layers do, or the same ones with arguments.
fn other_layers(word: &str) -> Option<&'static str> {
    Some(match word {
        "reflectionpad2d" => "for example `pad(1, mode = reflect)` mirrors maps at their edges",
        "replicationpad2d" => "for example `pad(1, mode = replicate)` repeats the edges of maps",
        "upsamplingbilinear2d" => "for example `upsample(2, mode = bilinear, align_corners = true)`",
        "interpolate" => "for example `upsample(2, mode = bilinear)`, or `resize(64x64, mode = bilinear)` to any size",
        "clamp" | "clip" => "for example `hard_tanh(0, 6)` limits values to a range",
        "depthwiseconv" | "depthwiseconv2d" | "dwconv" => {
            "for example `conv(32, 3x3, groups = 32)` has a filter for each of 32 channels"
        }
        "separableconv" | "separableconv2d" | "depthwiseseparableconv" => {
            "for example `conv(32, 3x3, groups = 32) -> conv(64, 1x1)` has a filter for each of 32 channels, and then mixes them"
        }
        "mean" | "reducemean" | "avg" | "average" => {
            "for example `global_avg_pool` is the mean of each channel, and `channel_mean` that of each pixel"
        }
        "reducemax" | "amax" => {
            "for example `global_max_pool` is the largest of each channel, and `channel_max` that of each pixel"
        }
        "split" | "chunk" | "slice" | "narrow" | "unbind" => {
            "for example `channels(0..16)` takes the first 16 channels"
        }
        "permute" | "transpose" | "swapaxes" | "moveaxis" => {
            "axes keep their order, channels, rows, columns; for example `reshape(16)` gives the same numbers another shape"
        }
        "squeeze" | "unsqueeze" | "expanddims" => {
            "axes stay, also those of size 1; for example `flatten` makes a map a vector, and `reshape(16x1x1)` a vector a map"
        }
        _ => return None,
    })
}

/// Of what no layer does.
fn nothing(word: &str) -> Option<&'static str> {
    Some(match word {
        "conv1d" | "maxpool1d" | "avgpool1d" => {
            "maps have two dimensions; a sequence is a map of height 1, with windows of 1xN"
        }
        "conv3d" | "maxpool3d" | "avgpool3d" | "convtranspose3d" | "batchnorm3d" => {
            "maps have two dimensions, rows and columns; there are no layers for volumes"
        }
        "argmax" | "topk" => "a net gives numbers; the largest of them is for the program to find",
        "attention"
        | "multiheadattention"
        | "selfattention"
        | "transformer"
        | "transformerencoderlayer"
        | "lstm"
        | "gru"
        | "rnn"
        | "embedding"
        | "matmul" => "nets here are convolutional: there are no layers for sequences, for attention, or for words",
        // Words close to a layer's name that mean something else.
        "rrelu" | "crelu" | "softmin" | "tanhshrink" => "there is no such layer, and no other one computes the same",
        _ => return None,
    })
}
