//! How many files know a thing: what CONTRIBUTING.md promises to those who add an activation, a layer or a kernel.
//!
//! A name of two words (`HardSwish`) counts wherever it occurs, even in a comment. A name of one word (`Step`, `Pad`) is also that of
//! other things, so it counts where it is a variant (`Activation::Step`).

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cnn_net::op::{Activation, Op, Shape};

/// The source files that name an activation.
const ACTIVATION: usize = 4;
/// Those that name a layer without weights.
const LAYER: usize = 8;
/// Those that name a layer with weights.
const WEIGHTED: usize = 12;
/// Those that name a kernel.
const KERNEL: usize = 6;

/// What more files have to name, and why.
const MORE: [(&str, usize); 18] = [
    // Losses replace these at the end of a net, and a figure shows perceptrons with the first two.
    ("Step", 6),
    ("Sigmoid", 6),
    ("LogSigmoid", 5),
    // Its gradient is computed with that of the batch normalisation before it.
    ("Relu", 5),
    // It stands for no activation wherever there can be one.
    ("Identity", 20),
    // Also fused into convolutions, and kinds of blocks in diagrams.
    ("MaxPool", 13),
    ("AvgPool", 12),
    // Mostly no step at all: stages remove it.
    ("Flatten", 9),
    // Computed only in training, with bits of its own.
    ("Dropout", 10),
    // The user's code: a path, and a function pointer or a trait.
    ("Map", 9),
    ("Custom", 18),
    // Values that lie inside of others, and gradients without a kernel.
    ("Concat", 11),
    ("Add", 10),
    // Stages are about them: algorithms, layouts and precisions; what is folded into them, or folded itself.
    ("Conv", 17),
    ("ConvTranspose", 26),
    ("Linear", 23),
    ("BatchNorm", 32),
    ("Scale", 16),
];

/// What is counted: a variant of an enum or of its closed twin.
struct Name {
    enums: [&'static str; 2],
    variant: String,
}

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The source files of the workspace: their paths relative to its root, and their text.
static SOURCES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let root = root();
    let mut all = Vec::new();
    for room in
        ["src", "cnn-net/src", "cnn-compiler/src", "cnn-runtime/src", "cnn-diagram/src", "cnn-cli/src", "models/src"]
    {
        sources(&root.join(room), &mut all);
    }
    all.sort_unstable();
    let relative = |path: &PathBuf| path.strip_prefix(&root).unwrap_or(path).display().to_string();
    let text = |path: &PathBuf| fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    all.iter().map(|path| (relative(path), text(path))).collect()
});

/// The source files of a folder, without tests.
fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display())) {
        let path = entry.expect("a folder of the workspace can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && name != "tests" {
            sources(&path, all);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            all.push(path);
        }
    }
}

/// Whether a text has a word, or that word and one of the endings that descriptors have.
fn has(text: &str, word: &str) -> bool {
    let names = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    names.into_iter().any(|name| name.strip_prefix(word).is_some_and(|end| ["", "Map", "Call"].contains(&end)))
}

impl Name {
    fn new(enums: [&'static str; 2], value: &dyn Debug) -> Self {
        let text = format!("{value:?}");
        let variant = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
        Self { enums, variant }
    }

    /// Whether a file names it.
    fn is_in(&self, text: &str) -> bool {
        let is_one_word = self.variant.chars().filter(|c| c.is_uppercase()).count() == 1;
        if is_one_word { self.is_variant_in(text) } else { has(text, &self.variant) }
    }

    /// Whether the code of a file names the variant.
    fn is_variant_in(&self, text: &str) -> bool {
        let [open, _] = self.enums;
        let of_self = text.contains(&format!("impl {open} {{")).then_some("Self");
        let names: Vec<&str> = self.enums.into_iter().chain(of_self).collect();
        let ends_with = |text: &str, name: &str| {
            text.strip_suffix(name).is_some_and(|before| !before.ends_with(char::is_alphanumeric))
        };
        let begins_with = |text: &str, name: &str| {
            text.strip_prefix(name).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
        };
        text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| {
            let mut pairs = line.split("::").zip(line.split("::").skip(1));
            pairs.any(|(before, after)| {
                names.iter().any(|name| ends_with(before, name)) && begins_with(after, &self.variant)
            })
        })
    }
}

/// The files for which this is true.
fn files(names: impl Fn(&str) -> bool) -> Vec<&'static str> {
    SOURCES.iter().filter(|(_, text)| names(text)).map(|(path, _)| path.as_str()).collect()
}

/// Fails with the names that are in too many files, or in more or fewer than [`MORE`] says.
#[track_caller]
fn assert_at_most(most: usize, names: impl IntoIterator<Item = Name>) {
    let mut faults = String::new();
    for name in names {
        let files = files(|text| name.is_in(text));
        let fits = match MORE.iter().find(|(more, _)| *more == name.variant) {
            Some((_, known)) => files.len() == *known && *known > most,
            None => (1..=most).contains(&files.len()),
        };
        if !fits {
            faults.push_str(&format!("{} is in {} files:\n    {}\n", name.variant, files.len(), files.join("\n    ")));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

/// The layers with weights, or those without.
fn layers(weighted: bool) -> impl Iterator<Item = Name> {
    let merges = [Op::Concat, Op::Add, Op::Sub, Op::Mul, Op::Max];
    let all = Op::layers().filter(|op| !matches!(op, Op::Activation(_))).chain(merges);
    // Those of a custom layer are in its declaration.
    let has_weights = |op: &Op| op.tensors(Shape::map(4, 4, 4)).iter().next().is_some() || matches!(op, Op::Custom(_));
    all.filter(move |op| has_weights(op) == weighted).map(|op| match op {
        Op::Rearrange(rearrange) => Name::new(["Rearrange", "Rearrangement"], &rearrange),
        Op::Norm(norm) => Name::new(["Norm", "Normaliser"], &norm),
        op => Name::new(["Op", "Layer"], &op),
    })
}

#[test]
fn an_activation_is_in_four_files() {
    assert_at_most(ACTIVATION, Activation::ALL.iter().map(|function| Name::new(["Activation", "Function"], function)));
}

#[test]
fn a_layer_without_weights_is_in_eight_files() {
    assert_at_most(LAYER, layers(false));
}

#[test]
fn a_layer_with_weights_is_in_twelve_files() {
    assert_at_most(WEIGHTED, layers(true));
}

#[test]
fn a_kernel_of_a_layer_is_in_six_files() {
    // `Conv2d` is also how the other three describe their convolution.
    for kernel in ["Planar2d", "Columns2d", "Winograd2d"] {
        let files = files(|text| has(text, kernel));
        assert!((1..=KERNEL).contains(&files.len()), "{kernel} is in {} files:\n{}", files.len(), files.join("\n"));
    }
}

/// Every file that CONTRIBUTING.md sends people to is there.
#[test]
fn files_that_are_named_exist() {
    for document in ["CONTRIBUTING.md", "ARCHITECTURE.md"] {
        let text = fs::read_to_string(root().join(document)).expect("a document of the workspace");
        let quoted = text.split('`').skip(1).step_by(2);
        for path in quoted.filter(|path| path.starts_with("cnn-") && path.contains("/src/") && !path.contains("NAME")) {
            assert!(root().join(path).exists(), "{document} names {path}");
        }
    }
}
