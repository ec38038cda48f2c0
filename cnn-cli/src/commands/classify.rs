//! `cnn classify`

mod labels;
mod probabilities;

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use self::labels::Labels;
use super::preparation::Preparation;
use super::weights::start;
use crate::args::classify::ClassifyArgs;
use crate::colours::HEADING;
use crate::failure::{Failure, shown, tell};
use crate::output::Output;
use crate::picture;
use crate::registry::Model;

/// The most probable classes of a picture, or what is wrong with it, in words that begin with a verb.
type Classes = Result<Vec<(usize, f32)>, String>;

/// Prints the most probable classes of each picture, or an error on stderr if it cannot be read.
pub(super) fn classify(args: &ClassifyArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let model = Model::given(&args.weighted.net)?;
    check(model)?;
    let preparation = Preparation::of(model, &args.pictures)?;
    let labels = Labels::of(model, args.labels.as_deref())?;
    let mut net = start(model, &args.weighted)?;
    let mut classes = |path: &Path| {
        let picture = picture::read(path).map_err(|error| error.to_string())?;
        let scores = net.run(&preparation.input(picture)).map_err(|error| error.to_string())?;
        Ok(probabilities::best(&probabilities::of(model.graph, scores), args.top.get()))
    };
    let mut all_read = true;
    let mut report = |path: &Path, classes: &Classes| {
        if let Err(error) = classes {
            tell(&format!("{} {error}", shown(path)));
            all_read = false;
        }
    };
    let pictures = args.files.iter().map(|path| (path.as_path(), classes(path)));
    let pictures = pictures.inspect(|(path, classes)| report(path, classes));
    if args.json.json {
        let pictures = pictures.map(|(path, classes)| Answer::new(path, classes, &labels)).collect();
        out.json(&Answers { net: model.name, pictures })?;
    } else {
        text(pictures, args.files.len() > 1, &labels, out)?;
    }
    if all_read { Ok(()) } else { Err(Failure::Reported) }
}

/// Prints each picture as soon as it is classified, with its name if there are several.
fn text<'a>(
    pictures: impl Iterator<Item = (&'a Path, Classes)>,
    several: bool,
    labels: &Labels,
    out: &mut Output<impl Write>,
) -> io::Result<()> {
    let classified = pictures.filter_map(|(path, classes)| Some((path, classes.ok()?)));
    for (printed, (path, classes)) in classified.enumerate() {
        if printed > 0 {
            writeln!(out)?;
        }
        if several {
            let name = out.styled(HEADING, shown(path));
            writeln!(out, "{name}")?;
        }
        for (class, probability) in classes {
            writeln!(out, "{:5.1} %  {}", 100.0 * probability, labels.name(class))?;
        }
    }
    Ok(())
}

/// What the pictures show, as JSON.
#[derive(Serialize)]
struct Answers<'a> {
    net: &'a str,
    pictures: Vec<Answer>,
}

#[derive(Serialize)]
struct Answer {
    file: String,
    classes: Vec<Class>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Class {
    class: usize,
    label: String,
    probability: f32,
}

impl Answer {
    fn new(path: &Path, classes: Classes, labels: &Labels) -> Self {
        let class = |(class, probability)| Class { class, label: labels.name(class).into_owned(), probability };
        let (classes, error) = match classes {
            Ok(classes) => (classes, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        Self { file: path.to_string_lossy().into_owned(), classes: classes.into_iter().map(class).collect(), error }
    }
}

/// Only nets that give a number for each class classify.
fn check(model: &Model) -> Result<(), Failure> {
    let what = match model.graph.outputs.len() {
        1 if model.graph.output().size().area() == 1 => return Ok(()),
        1 => format!("gives {}", model.graph.output()),
        several => format!("has {several} outputs"),
    };
    let advice = "`cnn run --image` writes the numbers that it makes of a picture";
    Err(Failure::Message(format!("{} {what}, and not a number for each class; {advice}", model.name)))
}
