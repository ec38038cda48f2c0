//! `cnn diagram`

use std::io::Write;
use std::path::Path;

use cnn_diagram::{Entry, Options, gallery, memory, step_memory, svg};

use super::drawings::{write, write_folder};
use super::pixels;
use super::train::Stepped;
use crate::args::diagram::{Detail, DiagramArgs, Format, Theme};
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Bar;
use crate::registry::{MODELS, Model};
use crate::stdin::is_dash;

/// Draws a net, or all of them.
pub(super) fn diagram(args: &DiagramArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let options = options(args);
    match (&args.all, &args.net) {
        (Some(folder), _) => write_folder(folder, &draw_all(&options), args.json, out),
        (None, Some(net)) => draw(Model::given(net)?, args, &options, out),
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

fn draw(model: &Model, args: &DiagramArgs, options: &Options, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let file = args.output.as_deref().filter(|path| !is_dash(path));
    if args.json.json && file.is_none() {
        let message = "--json lists the files that are written, and there is none: name one, `-o net.svg`";
        return Err(Failure::Message(message.to_owned()));
    }
    let drawing = match (args.memory, args.train) {
        (_, true) => chart(&Stepped::of(model, args.batch.map(usize::from))?, options),
        (true, false) => memory(model.graph, model.memory, options),
        (false, false) => svg(model.graph, options),
    };
    let format = format(args.format, file)?;
    let bytes = match format {
        Format::Svg => drawing.into_bytes(),
        Format::Png => pixels::png(&drawing).map_err(Failure::Message)?,
    };
    match (file, format) {
        (Some(path), _) => write(path, &bytes, args.json, out),
        (None, Format::Svg) => Ok(out.write_all(&bytes)?),
        (None, Format::Png) => out.binary(&bytes, "a PNG", "name a file, `-o net.png`"),
    }
}

/// The memory of a training step over time.
pub(super) fn chart(step: &Stepped, options: &Options) -> String {
    let lines = step.notes().into_iter().filter(|[what, _]| what != "lower bound");
    let notes = lines.fold(Vec::new(), |mut lines: Vec<String>, [what, text]| {
        match (what.as_str(), lines.last_mut()) {
            ("", Some(last)) => last.extend([", ", &text]),
            _ => lines.push(format!("{what}: {text}")),
        }
        lines
    });
    step.graph(|graph| step.plan.memory(|memory| step_memory(graph, memory, step.plan.turn(), &notes, options)))
}

/// The requested format, or that of the file's extension.
fn format(chosen: Option<Format>, file: Option<&Path>) -> Result<Format, Failure> {
    if let Some(format) = chosen {
        return Ok(format);
    }
    let Some(path) = file else { return Ok(Format::Svg) };
    match path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("png") => Ok(Format::Png),
        _ => Err(Failure::of_file(path, "ends in neither .svg nor .png: say `--format svg` or `--format png`")),
    }
}

/// Drawings of every net, and the page, under their names.
fn draw_all(options: &Options) -> Vec<(String, Vec<u8>)> {
    let entries: Vec<Entry<'_>> = MODELS.iter().map(entry).collect();
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let bar = Bar::new("drawing");
    for (done, entry) in entries.iter().enumerate() {
        bar.show(done as u64, entries.len() as u64);
        for detail in [cnn_diagram::Detail::Article, cnn_diagram::Detail::Full] {
            let drawing = svg(entry.graph, &Options { detail, ..*options });
            files.push((format!("{}-{}.svg", entry.name, detail.name()), drawing.into_bytes()));
        }
        let chart = memory(entry.graph, entry.memory, options);
        files.push((format!("{}-memory.svg", entry.name), chart.into_bytes()));
    }
    files.push(("index.html".to_owned(), gallery(&entries, options).into_bytes()));
    files
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
