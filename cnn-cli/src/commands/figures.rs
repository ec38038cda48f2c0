//! `cnn figures`

use std::fs;
use std::path::Path;

use cnn_diagram::figures::{MultilayerPerceptron, all, page};

use super::diagram::{theme, write};
use super::pixels;
use crate::args::diagram::Format;
use crate::args::figures::FiguresArgs;
use crate::failure::Failure;

/// Draws all figures and their page. Nothing is written before everything is drawn.
pub(super) fn figures(args: &FiguresArgs) -> Result<(), Failure> {
    let net = MultilayerPerceptron::of(models::Mlp::GRAPH);
    let net =
        net.ok_or_else(|| Failure::Message("the net `mlp` has layers that are not fully connected".to_owned()))?;
    let figures = all(&net);
    let theme = theme(args.theme);
    let ending = match args.format {
        Format::Svg => "svg",
        Format::Png => "png",
    };
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for figure in &figures {
        let drawing = figure.svg(theme);
        let bytes = match args.format {
            Format::Svg => drawing.into_bytes(),
            Format::Png => pixels::png(&drawing).map_err(Failure::Message)?,
        };
        files.push((format!("{}.{ending}", figure.name), bytes));
    }
    files.push(("index.html".to_owned(), page(&figures, theme, ending).into_bytes()));
    make(&args.folder)?;
    files.iter().try_for_each(|(name, bytes)| write(&args.folder.join(name), bytes))
}

/// Makes a folder, if it is not there.
fn make(folder: &Path) -> Result<(), Failure> {
    // What the system says of a file, `File exists`, does not tell what to do.
    if let Some(file) = folder.ancestors().find(|part| part.is_file()) {
        return Err(Failure::of_file(file, "is a file, not a folder: name another one"));
    }
    fs::create_dir_all(folder).map_err(|error| {
        Failure::of_file(folder, format_args!("cannot be made: {error}; name a folder that you may write to"))
    })
}
