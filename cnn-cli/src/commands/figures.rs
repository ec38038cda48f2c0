//! `cnn figures`

use std::fs;
use std::io;
use std::path::Path;

use cnn_diagram::figures::{MultilayerPerceptron, all, page};

use super::diagram::theme;
use super::pixels;
use crate::args::diagram::Format;
use crate::args::figures::FiguresArgs;
use crate::failure::Failure;
use crate::replace::{Prepared, prepare};

/// Draws all figures and their page. If one of them cannot be written, none is.
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
    let prepared: Vec<_> =
        files.iter().map(|(name, bytes)| written(&args.folder.join(name), bytes)).collect::<Result<_, _>>()?;
    for ((name, _), prepared) in files.iter().zip(prepared) {
        prepared.finish().map_err(|error| unwritable(&args.folder.join(name), &error))?;
    }
    Ok(())
}

fn written(path: &Path, bytes: &[u8]) -> Result<Prepared, Failure> {
    prepare(path, bytes).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let fix = match error.kind() {
        io::ErrorKind::IsADirectory => ": move this folder away, or name another one for the figures",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ": name a folder that you may write to",
        _ => "",
    };
    Failure::of_file(path, format_args!("cannot be written: {error}{fix}"))
}

/// Makes a folder, if it is not there.
fn make(folder: &Path) -> Result<(), Failure> {
    // What the system says of a file, `File exists`, does not tell what to do.
    if let Some(file) = folder.ancestors().find(|part| part.is_file()) {
        return Err(Failure::of_file(file, "is a file, not a folder: name another one"));
    }
    fs::create_dir_all(folder).map_err(|error| {
        Failure::of_file(folder, format_args!("cannot be made: {error}: name a folder that you may write to"))
    })
}
