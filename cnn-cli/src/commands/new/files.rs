//! The texts of a crate.

use std::fs;
use std::path::Path;

use crate::failure::{Failure, printable};
use crate::manifest;
use crate::net::{rust_file, type_name};
use crate::registry::Model;
use cnn_compiler::ast::Budget;
use cnn_compiler::plan::Options;

/// Names that cargo or rustc need for something else, or that the crate depends on.
const TAKEN: [&str; 9] = ["alloc", "build", "cnn", "core", "deps", "examples", "incremental", "std", "test"];

/// The keywords of Rust, which are no names of crates either.
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// What the texts are about.
pub(super) struct Crate<'a> {
    pub(super) model: &'a Model,
    /// The declaration of the net.
    pub(super) declaration: &'a str,
    pub(super) options: &'a Options,
    /// Where the crate `cnn` is.
    pub(super) dependency: &'a str,
    pub(super) tolerance: f64,
}

impl Crate<'_> {
    /// All of them, for a crate in a folder of this name, with the net of an argument.
    pub(super) fn files(&self, folder: &str, argument: &str) -> Vec<(String, Vec<u8>)> {
        let net = type_name(self.declaration, self.model.graph.name);
        let main = include_str!("main.txt").replace("NET", &net);
        let main = main.replace("SHARE", &format!("{:e}", self.tolerance));
        let files = [
            ("Cargo.toml", self.manifest(folder)),
            (".gitignore", "/target\n".to_owned()),
            ("src/main.rs", main),
            ("src/net.rs", self.net(argument)),
        ];
        files.map(|(name, text)| (name.to_owned(), text.into_bytes())).to_vec()
    }

    fn manifest(&self, folder: &str) -> String {
        let (name, dependency, rust) = (package(folder), self.dependency, env!("CARGO_PKG_RUST_VERSION"));
        format!(
            "[package]
name = \"{name}\"
version = \"0.1.0\"
edition = \"2024\"
rust-version = \"{rust}\"

[dependencies]
cnn = {dependency}

# Without optimised kernels nets are slow.
[profile.dev.package.cnn-runtime]
opt-level = 3

# Of its own, wherever the folder lies; without this line, it can be a member of another.
[workspace]
"
        )
    }

    /// The declaration.
    fn net(&self, argument: &str) -> String {
        let comment = format!("//! The net, written by `cnn new` from {}.\n", printable(argument));
        rust_file(&comment, self.declaration, self.model.graph.name, &self.attributes())
    }

    /// The attributes of the net.
    fn attributes(&self) -> Vec<String> {
        let Options { algorithms, images, budget } = *self.options;
        let budget = match budget {
            Budget::Any => None,
            Budget::Least => Some("#[memory(small)]".to_owned()),
            Budget::AtMost(bytes) => Some(format!("#[workspace(max = {bytes})]")),
        };
        let weights = "#[weights(\"weights.safetensors\")]".to_owned();
        let batch = (images > 1).then(|| format!("#[batch({images})]"));
        let algorithms = algorithms.word().map(|word| format!("#[algorithm({word})]"));
        [Some(weights), batch, algorithms, budget].into_iter().flatten().collect()
    }
}

/// The name of a folder as that of a package.
fn package(folder: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c.to_ascii_lowercase() } else { '-' };
    let name: String = folder.chars().map(plain).collect();
    let name = name.trim_matches('-');
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return format!("net-{name}").trim_end_matches('-').to_owned();
    }
    if TAKEN.contains(&name) || KEYWORDS.contains(&name) { format!("{name}-net") } else { name.to_owned() }
}

/// The dependency on `cnn` in a manifest: this version, or a checkout.
pub(super) fn dependency(checkout: Option<&Path>) -> Result<String, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let Some(path) = checkout else { return Ok(format!("\"{version}\"")) };
    let full = std::path::absolute(path).map_err(|error| Failure::unreadable(path, &error))?;
    let text = fs::read_to_string(full.join("Cargo.toml")).unwrap_or_default();
    if !text.lines().any(|line| line.trim() == "name = \"cnn\"") {
        return Err(Failure::of_file(path, "is no checkout of the crate `cnn`: its Cargo.toml is not there"));
    }
    Ok(format!("{{ path = {} }}", manifest::path(&full)?))
}

#[cfg(test)]
mod tests {
    use super::package;

    #[test]
    fn folders_name_packages() {
        let folders = ["small", "My Net", "3d", "cnn", "mod", "été", "", "a_b-c", "-"];
        let names = ["small", "my-net", "net-3d", "cnn-net", "mod-net", "t", "net", "a_b-c", "net"];
        assert_eq!(folders.map(package), names);
    }
}
