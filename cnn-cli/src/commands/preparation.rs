//! How pictures become the input of a net: by its own preprocessing, or what the arguments say.

use clap::ValueEnum;
use cnn::op::{Shape, Size};
use image::RgbImage;
use models::Preprocess;
use models::preprocess::Channels;

use crate::args::pictures::{PictureArgs, Preprocessing};
use crate::failure::Failure;
use crate::picture::Picture;
use crate::registry::Model;

/// How pictures become the input of a net.
#[derive(Debug, PartialEq)]
pub(super) struct Preparation {
    preprocess: Preprocess,
    /// Whether the size decides about the resizing, as in training.
    by_size: bool,
}

impl Preparation {
    /// The chosen preprocessing, or else the net's own, for its input.
    pub(super) fn of(model: &Model, args: &PictureArgs) -> Result<Self, Failure> {
        let (name, input) = (model.name, model.graph.input());
        let failure = |problem: String| Failure::Message(format!("{problem}; {}", advice(input)));
        if model.graph.inputs.len() != 1 {
            let advice = "`cnn run --input` takes numbers for each";
            return Err(Failure::Message(format!(
                "{name} has {} inputs, and not one picture; {advice}",
                model.graph.inputs.len()
            )));
        }
        let chosen = args.preprocess.map(|chosen| chosen.preprocess(input));
        let Some(mut preprocess) = chosen.or(model.preprocess) else {
            return Err(failure(format!("{name} reads {input}, and its preprocessing is not declared")));
        };
        if let Some(resizing) = args.resize {
            (preprocess.resize, preprocess.crop) = (resizing.resize(input.size()), input.size());
        }
        if preprocess.shape() != input {
            let who = args
                .preprocess
                .map_or("its preprocessing".to_owned(), |chosen| format!("--preprocess {}", chosen.name()));
            return Err(failure(format!("{who} gives {}, but {name} reads {input}", preprocess.shape())));
        }
        normalise(&mut preprocess.channels, &args.mean, &args.std).map_err(Failure::Message)?;
        let by_size = args.resize.is_none() && matches!(args.preprocess, Some(Preprocessing::Train));
        Ok(Self { preprocess, by_size })
    }

    /// A picture as an input.
    pub(super) fn input(&self, picture: Picture) -> Vec<f32> {
        let mut preprocess = self.preprocess;
        if self.by_size {
            let size = Size::new(picture.height, picture.width);
            preprocess.resize = cnn_train::preprocess(preprocess.shape(), size, None).resize;
        }
        preprocess.apply(&pixels(picture))
    }
}

/// Replaces the mean and the deviation of each channel by these, if there are any.
fn normalise(channels: &mut Channels, means: &[f32], stds: &[f32]) -> Result<(), String> {
    let count = match channels {
        Channels::Grey { .. } => 1,
        Channels::Rgb { .. } | Channels::Bgr { .. } => 3,
        _ if means.is_empty() && stds.is_empty() => return Ok(()),
        _ => return Err("--mean and --std do not fit nets that read ink, which is 1 on paper of 0".to_owned()),
    };
    for (name, numbers) in [("mean", means), ("std", stds)] {
        if ![0, 1, count].contains(&numbers.len()) {
            let or = if count == 1 { String::new() } else { format!(", or {count}") };
            return Err(format!("--{name} has {} numbers, but one is expected{or}", numbers.len()));
        }
    }
    if stds.iter().any(|std| *std <= 0.0 || !std.is_finite()) || means.iter().any(|mean| !mean.is_finite()) {
        return Err("--mean needs finite numbers, and --std numbers above 0".to_owned());
    }
    let set = |own: &mut [f32], numbers: &[f32]| {
        if !numbers.is_empty() {
            own.iter_mut().zip(numbers.iter().cycle()).for_each(|(own, number)| *own = *number);
        }
    };
    match channels {
        Channels::Grey { mean, std } => {
            set(std::slice::from_mut(mean), means);
            set(std::slice::from_mut(std), stds);
        }
        Channels::Rgb { mean, std } | Channels::Bgr { mean, std } => {
            set(mean, means);
            set(std, stds);
        }
        _ => {}
    }
    Ok(())
}

/// Which preprocessing gives an input of this shape.
fn advice(input: Shape) -> String {
    let all = Preprocessing::value_variants().iter();
    let names = |fits: &dyn Fn(Shape) -> bool| -> Vec<String> {
        all.clone().filter(|way| fits(way.preprocess(input).shape())).map(|way| way.name()).collect()
    };
    match names(&|shape| shape == input).as_slice() {
        [] => "no --preprocess gives that, but `cnn run --input` takes numbers from a file".to_owned(),
        fitting => {
            let others = names(&|shape| shape.channels() == input.channels()).len() > fitting.len();
            let resized = if others { ", or another one with --resize" } else { "" };
            format!("use --preprocess {}{resized}", fitting.join(" or "))
        }
    }
}

impl Preprocessing {
    /// For a net that reads this.
    fn preprocess(self, input: Shape) -> Preprocess {
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
            Self::Train => Preprocess { white: 1.0, ..cnn_train::preprocess(input, Size::square(1), None) },
            Self::Yolov5 => Preprocess::yolov5(input.size()),
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
    use cnn_train::Resizing;
    use models::preprocess::Resize;

    use super::*;
    use crate::registry::tests::BRANCHED;

    fn chosen(preprocess: Option<Preprocessing>) -> PictureArgs {
        PictureArgs { preprocess, resize: None, mean: Vec::new(), std: Vec::new() }
    }

    fn error(model: &Model, args: &PictureArgs) -> String {
        match Preparation::of(model, args) {
            Err(Failure::Message(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    fn preprocess(model: &Model, args: &PictureArgs) -> Preprocess {
        Preparation::of(model, args).unwrap_or_else(|why| panic!("{why:?}")).preprocess
    }

    #[test]
    fn a_net_has_its_own_preprocessing_and_another_may_be_chosen() {
        let lenet5 = Model::named("lenet5").unwrap();
        assert_eq!(preprocess(lenet5, &chosen(None)), Preprocess::LENET5);
        assert_eq!(preprocess(lenet5, &chosen(Some(Preprocessing::Lenet5))), Preprocess::LENET5);
        assert_eq!(
            error(lenet5, &chosen(Some(Preprocessing::CaffeVgg))),
            "--preprocess caffe-vgg gives 3x224x224, but lenet5 reads 1x32x32; use --preprocess lenet5 or train, or another one \
             with --resize"
        );
        // Sizes differ, colours do not.
        let mnist = PictureArgs { resize: Some(Resizing::Cover), ..chosen(Some(Preprocessing::Mnist)) };
        let lenet5s = Preprocess { resize: Resize::Cover, ..Preprocess::LENET5 };
        assert_eq!(preprocess(lenet5, &mnist), lenet5s);
    }

    #[test]
    fn a_net_without_preprocessing_says_what_to_do() {
        assert_eq!(
            error(&BRANCHED, &chosen(None)),
            "branched reads 2x4x4, and its preprocessing is not declared; no --preprocess gives that, but `cnn run --input` \
             takes numbers from a file"
        );
        assert_eq!(
            advice(Shape::map(3, 224, 224)),
            "use --preprocess torchvision or torchvision-v2 or torchvision-bicubic or torchvision-convnext or \
             torchvision-googlenet or caffe or caffe-vgg or train or yolov5, or another one with --resize"
        );
        assert_eq!(advice(Shape::map(3, 240, 320)), "use --preprocess train or yolov5, or another one with --resize");
    }

    #[test]
    fn colours_may_be_normalised_in_another_way() {
        let normalised = |channels: Channels, means: &[f32], stds: &[f32]| {
            let mut channels = channels;
            normalise(&mut channels, means, stds).map(|()| channels)
        };
        let bgr = Channels::Bgr { mean: [1.0, 2.0, 3.0], std: [1.0; 3] };
        assert_eq!(normalised(bgr, &[], &[]), Ok(bgr));
        let all = Channels::Bgr { mean: [4.0; 3], std: [5.0, 6.0, 7.0] };
        assert_eq!(normalised(bgr, &[4.0], &[5.0, 6.0, 7.0]), Ok(all));
        let grey = Channels::Grey { mean: 0.0, std: 1.0 };
        assert_eq!(normalised(grey, &[], &[0.5]), Ok(Channels::Grey { mean: 0.0, std: 0.5 }));
        for (channels, means, stds, wrong) in [
            (bgr, &[1.0, 2.0][..], &[][..], "--mean has 2 numbers, but one is expected, or 3"),
            (grey, &[], &[1.0, 2.0], "--std has 2 numbers, but one is expected"),
            (grey, &[], &[0.0], "--mean needs finite numbers, and --std numbers above 0"),
            (bgr, &[f32::NAN], &[], "--mean needs finite numbers, and --std numbers above 0"),
            (Channels::Ink, &[1.0], &[], "--mean and --std do not fit nets that read ink, which is 1 on paper of 0"),
        ] {
            assert_eq!(normalised(channels, means, stds), Err(wrong.to_owned()));
        }
    }

    #[test]
    fn pictures_are_read_as_in_training() {
        let lenet5 = Model::named("lenet5").unwrap();
        let preparation =
            Preparation::of(lenet5, &chosen(Some(Preprocessing::Train))).unwrap_or_else(|why| panic!("{why:?}"));
        let grey = |width: usize, height: usize, level: u8| Picture {
            width,
            height,
            pixels: vec![[level; 3]; width * height],
        };
        // In a frame; covering.
        let framed = preparation.input(grey(28, 28, 255));
        assert_eq!((framed.iter().sum::<f32>(), framed[0], framed[2 * 33]), (784.0, 0.0, 1.0));
        assert_eq!(preparation.input(grey(20, 90, 255)), [1.0; 1024]);
    }
}
