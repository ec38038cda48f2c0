//! `cnn classify`

mod labels;
mod probabilities;

use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use cnn::op::Shape;
use image::RgbImage;
use models::Preprocess;
use serde::Serialize;

use self::labels::Labels;
use super::weights::start;
use crate::args::classify::{ClassifyArgs, Preprocessing};
use crate::colours::HEADING;
use crate::failure::{Failure, shown, tell};
use crate::output::Output;
use crate::picture::{self, Picture};
use crate::registry::Model;

/// The most probable classes of a picture, or what is wrong with it, in words that begin with a verb.
type Classes = Result<Vec<(usize, f32)>, String>;

/// Prints the most probable classes of each picture, or an error on stderr if it cannot be read.
pub(super) fn classify(args: &ClassifyArgs, out: &mut Output<impl Write>) -> Result<(), Failure> {
    let model = Model::given(&args.weighted.net)?;
    let preprocess = preprocess(model, args.preprocess)?;
    let labels = Labels::of(model, args.labels.as_deref())?;
    let mut net = start(model, &args.weighted)?;
    let mut classes = |path: &Path| {
        let picture = picture::read(path).map_err(|error| error.to_string())?;
        let scores = net.run(&preprocess.apply(&pixels(picture))).map_err(|error| error.to_string())?;
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

/// The chosen preprocessing, or else the net's own.
fn preprocess(model: &Model, chosen: Option<Preprocessing>) -> Result<Preprocess, Failure> {
    let (name, input) = (model.name, model.graph.input());
    let problem = match (chosen, model.preprocess) {
        (Some(chosen), _) => {
            let preprocess = chosen.preprocess();
            if preprocess.shape() == input {
                return Ok(preprocess);
            }
            format!("--preprocess {} gives {}, but {name} reads {input}", chosen.name(), preprocess.shape())
        }
        (None, Some(own)) => return Ok(own),
        (None, None) => format!("{name} reads {input}, and its preprocessing is not declared"),
    };
    Err(Failure::Message(format!("{problem}; {}", advice(input))))
}

/// Which preprocessing gives an input of this shape.
fn advice(input: Shape) -> String {
    let fits = |way: &&Preprocessing| way.preprocess().shape() == input;
    let names: Vec<String> = Preprocessing::value_variants().iter().filter(fits).map(|way| way.name()).collect();
    match names.as_slice() {
        [] => "no --preprocess gives that, but `cnn run` takes numbers from a file".to_owned(),
        names => format!("use --preprocess {}", names.join(" or ")),
    }
}

impl Preprocessing {
    fn preprocess(self) -> Preprocess {
        match self {
            Self::Torchvision => Preprocess::TORCHVISION,
            Self::TorchvisionV2 => Preprocess::TORCHVISION_V2,
            Self::TorchvisionBicubic => Preprocess::TORCHVISION_BICUBIC,
            Self::TorchvisionConvnext => Preprocess::TORCHVISION_CONVNEXT,
            Self::TorchvisionGooglenet => Preprocess::TORCHVISION_GOOGLENET,
            Self::TorchvisionInceptionV3 => Preprocess::TORCHVISION_INCEPTION_V3,
            Self::Caffe => Preprocess::CAFFE,
            Self::CaffeVgg => Preprocess::CAFFE_VGG,
            Self::Mnist => Preprocess::MNIST,
            Self::Lenet5 => Preprocess::LENET5,
        }
    }

    /// As users write it.
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// The same pixels in the type that `models` takes.
fn pixels(picture: Picture) -> RgbImage {
    // Sides are bounded when pictures are read.
    RgbImage::from_raw(picture.width as u32, picture.height as u32, picture.pixels.into_flattened())
        .expect("a picture has width times height pixels")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::tests::BRANCHED;

    fn error(model: &Model, chosen: Option<Preprocessing>) -> String {
        match preprocess(model, chosen) {
            Err(Failure::Message(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_net_has_its_own_preprocessing_and_another_may_be_chosen() {
        let lenet5 = Model::named("lenet5").unwrap();
        assert_eq!(preprocess(lenet5, None).unwrap(), Preprocess::LENET5);
        assert_eq!(preprocess(lenet5, Some(Preprocessing::Lenet5)).unwrap(), Preprocess::LENET5);
        assert_eq!(
            error(lenet5, Some(Preprocessing::CaffeVgg)),
            "--preprocess caffe-vgg gives 3x224x224, but lenet5 reads 1x32x32; use --preprocess lenet5"
        );
    }

    #[test]
    fn a_net_without_preprocessing_says_what_to_do() {
        assert_eq!(
            error(&BRANCHED, None),
            "branched reads 2x4x4, and its preprocessing is not declared; no --preprocess gives that, but `cnn run` \
             takes numbers from a file"
        );
        assert_eq!(
            advice(Shape::map(3, 224, 224)),
            "use --preprocess torchvision or torchvision-v2 or torchvision-bicubic or torchvision-convnext or \
             torchvision-googlenet or caffe or caffe-vgg"
        );
    }
}
