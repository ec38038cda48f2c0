//! `cnn diagram`

use std::io::{IsTerminal, Write, stdout};
use std::path::Path;

use cnn_diagram::{Entry, Options, gallery, memory, svg};

use super::drawings::{write, write_folder};
use super::pixels;
use crate::args::diagram::{Detail, DiagramArgs, Format, Theme};
use crate::failure::Failure;
use crate::registry::{MODELS, Model};

/// Draws a net, or all of them.
pub(super) fn diagram(args: &DiagramArgs, out: &mut impl Write) -> Result<(), Failure> {
    let options = options(args);
    match (&args.all, &args.net) {
        (Some(folder), _) => draw_all(folder, &options),
        (None, Some(net)) => draw(Model::named(net)?, args, &options, out),
        // `clap` requires one of them.
        (None, None) => Err(Failure::Message("which net? `cnn list` shows all".to_owned())),
    }
}

fn options(args: &DiagramArgs) -> Options {
    Options {
        detail: match args.detail {
            Detail::Article => cnn_diagram::Detail::Article,
            Detail::Full => cnn_diagram::Detail::Full,
        },
        width: args.width,
        theme: theme(args.theme),
        unfold: args.unfold,
    }
}

pub(super) fn theme(theme: Theme) -> cnn_diagram::Theme {
    match theme {
        Theme::Auto => cnn_diagram::Theme::Auto,
        Theme::Light => cnn_diagram::Theme::Light,
        Theme::Dark => cnn_diagram::Theme::Dark,
    }
}

fn draw(model: &Model, args: &DiagramArgs, options: &Options, out: &mut impl Write) -> Result<(), Failure> {
    let drawing = if args.memory { memory(model.graph, model.memory, options) } else { svg(model.graph, options) };
    let bytes = match format(args)? {
        Format::Png if args.output.is_none() && stdout().is_terminal() => {
            let message = "a terminal cannot show a PNG: name a file, `-o net.png`";
            return Err(Failure::Message(message.to_owned()));
        }
        Format::Svg => drawing.into_bytes(),
        Format::Png => pixels::png(&drawing).map_err(Failure::Message)?,
    };
    match &args.output {
        Some(path) => write(path, &bytes),
        None => Ok(out.write_all(&bytes)?),
    }
}

/// The requested format, or that of the file's extension.
fn format(args: &DiagramArgs) -> Result<Format, Failure> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    let Some(path) = &args.output else { return Ok(Format::Svg) };
    match path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("png") => Ok(Format::Png),
        _ => Err(Failure::of_file(path, "ends in neither .svg nor .png: say `--format svg` or `--format png`")),
    }
}

/// Makes a folder with drawings of every net, and the page.
fn draw_all(folder: &Path, options: &Options) -> Result<(), Failure> {
    let entries: Vec<Entry<'_>> = MODELS.iter().map(entry).collect();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for entry in &entries {
        for detail in [cnn_diagram::Detail::Article, cnn_diagram::Detail::Full] {
            let drawing = svg(entry.graph, &Options { detail, ..*options });
            files.push((format!("{}-{}.svg", entry.name, detail.name()), drawing.into_bytes()));
        }
        let chart = memory(entry.graph, entry.memory, options);
        files.push((format!("{}-memory.svg", entry.name), chart.into_bytes()));
    }
    files.push(("index.html".to_owned(), gallery(&entries, options).into_bytes()));
    write_folder(folder, &files)
}

fn entry(model: &'static Model) -> Entry<'static> {
    Entry {
        name: model.name,
        graph: model.graph,
        memory: model.memory,
        workspace_bytes: model.workspace_bytes,
        year: model.year,
        new: model.new,
    }
}
