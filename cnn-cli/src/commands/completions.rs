//! `cnn completions`

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::args::completions::CompletionsArgs;
use crate::failure::Failure;
use crate::registry::MODELS;

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs, out: &mut impl Write) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "cnn", &mut script);
    if args.shell == Shell::Zsh {
        script = with_files(&String::from_utf8_lossy(&script)).into_bytes();
    }
    Ok(out.write_all(&script)?)
}

/// A script for zsh, which proposes files in the place of a net, too. Other shells do so where no name fits.
fn with_files(script: &str) -> String {
    let nets: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
    let nets = nets.join(" ");
    let function = format!(
        "\n_cnn_nets() {{\n    _alternative 'nets:net:({nets})' 'files:file:_files -g \"*.(rs|onnx|tflite)\"'\n}}\n\n_cnn() {{\n"
    );
    script.replace(&format!(":({nets})'"), ":_cnn_nets'").replacen("\n_cnn() {\n", &function, 1)
}
