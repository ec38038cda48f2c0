//! `cnn figures`

use std::io::Write;

use cnn_diagram::figures::{MultilayerPerceptron, all, page};

use super::diagram::theme;
use super::drawings::write_folder;
use super::pixels;
use crate::args::diagram::Format;
use crate::args::figures::FiguresArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;

/// Draws all figures and their page. If one of them cannot be written, none is.
pub(super) fn figures(args: &FiguresArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
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
    let bar = Bar::new("drawing");
    for (done, figure) in figures.iter().enumerate() {
        bar.show(done as u64, figures.len() as u64);
        let drawing = figure.svg(theme);
        let bytes = match args.format {
            Format::Svg => drawing.into_bytes(),
            Format::Png => pixels::png(&drawing).map_err(Failure::Message)?,
        };
        files.push((format!("{}.{ending}", figure.name), bytes));
    }
    files.push(("index.html".to_owned(), page(&figures, theme, ending).into_bytes()));
    drop(bar);
    write_folder(&args.folder, &files, args.json, out)
}
