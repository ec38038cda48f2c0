//! Data sets: images with their targets.

mod bytes;
mod folder;
mod idx;
mod open;
mod table;

use cnn_net::op::Shape;
use cnn_net::text::count;

use crate::augment::Change;
use crate::error::Error;
use crate::learner::{TargetKind, Targets};
use crate::random::{Purpose, order};
use crate::resizing::Resizing;

pub use self::bytes::preprocess;
pub use self::open::{DIGITS, Parts, open};

/// What a net reads, and how bytes are converted to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The net's input.
    pub shape: Shape,
    /// What its targets are.
    pub target: TargetKind,
    /// Subtracted from each channel, where a byte of 255 counts as 1, and other numbers as themselves; one for all channels, or one for
    /// each.
    pub mean: Vec<f32>,
    /// The divisor of each channel after that.
    pub std: Vec<f32>,
    /// As in [`Options`](crate::Options::resize).
    pub resize: Option<Resizing>,
}

impl Wanted {
    /// Without normalisation: bytes from 0 to 255 become numbers from 0 to 1.
    #[must_use]
    pub fn new(shape: Shape, target: TargetKind) -> Self {
        Self { shape, target, mean: vec![0.0], std: vec![1.0], resize: None }
    }

    /// The mean and the deviation of each channel.
    ///
    /// # Errors
    ///
    /// If there is neither one number nor one for each channel, or if a deviation is not above 0.
    fn normalisation(&self) -> Result<Vec<[f32; 2]>, Error> {
        let channels = self.shape.channels();
        for (name, numbers) in [("mean", &self.mean), ("std", &self.std)] {
            if numbers.len() != 1 && numbers.len() != channels {
                let input = count(channels as u64, "channel");
                return Err(Error::Misfit(format!(
                    "--{name} has {} numbers, but the net's input has {input}: give one number for all, or one for each",
                    numbers.len()
                )));
            }
        }
        if self.std.iter().any(|std| *std <= 0.0 || !std.is_finite()) || self.mean.iter().any(|mean| !mean.is_finite())
        {
            return Err(Error::Misfit("--mean needs finite numbers, and --std numbers above 0".to_owned()));
        }
        let of =
            |numbers: &[f32], channel: usize| numbers.get(channel).or(numbers.first()).copied().unwrap_or_default();
        Ok((0..channels).map(|channel| [of(&self.mean, channel), of(&self.std, channel)]).collect())
    }
}

/// Images of one shape, in the order C, H, W.
#[derive(Clone, Debug, PartialEq)]
enum Inputs {
    /// Grey levels.
    Bytes(Vec<u8>),
    /// Numbers as they are.
    Numbers(Vec<f32>),
}

/// The targets of images.
#[derive(Clone, Debug, PartialEq)]
enum Labels {
    Classes(Vec<u32>),
    /// How many numbers an image has.
    Numbers(usize, Vec<f32>),
}

/// Images with their targets, in memory: a byte for each number of a picture.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    shape: Shape,
    inputs: Inputs,
    labels: Labels,
    classes: Vec<String>,
    normalisation: Vec<[f32; 2]>,
}

impl DataSet {
    /// Grey levels of images that already have the shape of the net's input, and a class for each.
    ///
    /// # Errors
    ///
    /// If the number of bytes does not match the images, if the net does not have one of the classes, or if its targets are not
    /// classes.
    pub fn of_bytes(wanted: &Wanted, bytes: Vec<u8>, classes: &[u32]) -> Result<Self, Error> {
        let expected = classes.len() * wanted.shape.elements();
        if bytes.len() != expected {
            let (found, images) = (bytes.len(), count(classes.len() as u64, "image"));
            let need = if classes.len() == 1 { "needs" } else { "need" };
            return Err(Error::Misfit(format!("{images} {need} {expected} bytes, not {found}")));
        }
        Ok(Self {
            shape: wanted.shape,
            inputs: Inputs::Bytes(bytes),
            labels: labels(classes, wanted.target)?,
            classes: Vec::new(),
            normalisation: wanted.normalisation()?,
        })
    }

    /// Numbers in any range, and the targets of all images, concatenated.
    ///
    /// # Errors
    ///
    /// If the number of either is wrong, or as for [`of_bytes`](Self::of_bytes).
    pub fn of_numbers(wanted: &Wanted, numbers: Vec<f32>, targets: &Targets<'_>) -> Result<Self, Error> {
        let images = numbers.len() / wanted.shape.elements().max(1);
        let labels = match (targets, wanted.target) {
            (Targets::Classes(classes), target) => labels(classes, target)?,
            (Targets::Numbers(numbers), TargetKind::Numbers(each)) => Labels::Numbers(each, numbers.to_vec()),
            (Targets::Numbers(_), TargetKind::Class(_) | TargetKind::Pixels(_)) => {
                return Err(Error::Misfit("the net's targets are classes, not numbers".to_owned()));
            }
        };
        let set = Self {
            shape: wanted.shape,
            inputs: Inputs::Numbers(numbers),
            labels,
            classes: Vec::new(),
            normalisation: wanted.normalisation()?,
        };
        let whole = images * wanted.shape.elements() == set.inputs_len() && set.labels_len() == images;
        if whole { Ok(set) } else { Err(Error::Misfit("a target for each image is needed".to_owned())) }
    }

    /// With names of classes.
    #[must_use]
    pub fn named(self, classes: Vec<String>) -> Self {
        Self { classes, ..self }
    }

    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels_len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The names of the classes, if they have any.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// How many numbers an image has.
    pub(crate) fn each(&self) -> usize {
        self.shape.elements()
    }

    /// Whether its images have grey levels, rather than arbitrary numbers.
    pub(crate) fn has_levels(&self) -> bool {
        matches!(self.inputs, Inputs::Bytes(_))
    }

    fn inputs_len(&self) -> usize {
        match &self.inputs {
            Inputs::Bytes(bytes) => bytes.len(),
            Inputs::Numbers(numbers) => numbers.len(),
        }
    }

    fn labels_len(&self) -> usize {
        match &self.labels {
            Labels::Classes(classes) => classes.len(),
            Labels::Numbers(each, numbers) => numbers.len() / (*each).max(1),
        }
    }

    /// Writes the net's input for an image, perhaps augmented.
    ///
    /// # Panics
    ///
    /// If there is no such image, or if `to` has another length than the net's input.
    pub(crate) fn input(&self, image: usize, change: Option<Change<'_>>, to: &mut [f32]) {
        let range = image * to.len()..(image + 1) * to.len();
        match &self.inputs {
            Inputs::Bytes(bytes) => {
                to.iter_mut().zip(&bytes[range]).for_each(|(to, byte)| *to = f32::from(*byte) / 255.0);
            }
            Inputs::Numbers(numbers) => to.copy_from_slice(&numbers[range]),
        }
        if let Some((augment, draws)) = change {
            augment.apply(draws, self.shape, to);
        }
        let area = self.shape.size().area().max(1);
        for (plane, [mean, std]) in to.chunks_mut(area).zip(&self.normalisation) {
            plane.iter_mut().for_each(|x| *x = (*x - mean) / std);
        }
    }

    /// Adds the target of an image to those of others.
    pub(crate) fn target(&self, image: usize, to: &mut Batch) {
        match &self.labels {
            Labels::Classes(classes) => to.classes.push(classes[image]),
            Labels::Numbers(each, numbers) => to.numbers.extend(&numbers[image * each..][..*each]),
        }
    }

    /// Some of the images.
    fn of_images(&self, images: &[usize]) -> Self {
        let each = self.shape.elements();
        let inputs = match &self.inputs {
            Inputs::Bytes(bytes) => Inputs::Bytes(rows(bytes, each, images)),
            Inputs::Numbers(numbers) => Inputs::Numbers(rows(numbers, each, images)),
        };
        let labels = match &self.labels {
            Labels::Classes(classes) => Labels::Classes(rows(classes, 1, images)),
            Labels::Numbers(each, numbers) => Labels::Numbers(*each, rows(numbers, *each, images)),
        };
        Self { inputs, labels, ..self.clone_without() }
    }

    fn clone_without(&self) -> Self {
        let (classes, normalisation) = (self.classes.clone(), self.normalisation.clone());
        Self {
            shape: self.shape,
            inputs: Inputs::Bytes(Vec::new()),
            labels: Labels::Classes(Vec::new()),
            classes,
            normalisation,
        }
    }

    /// Splits off a share of the images for validation. The seed decides which. The first part is for training.
    #[must_use]
    pub fn split(self, share: f64, seed: u64) -> (Self, Option<Self>) {
        let count = (share * self.len() as f64).round() as usize;
        if count == 0 {
            return (self, None);
        }
        let order = order(seed, Purpose::Split, 0, self.len());
        let (validation, training) = order.split_at(count.min(order.len()));
        let sorted = |images: &[usize]| {
            let mut images = images.to_vec();
            images.sort_unstable();
            images
        };
        (self.of_images(&sorted(training)), Some(self.of_images(&sorted(validation))))
    }

    /// A number that other images or targets would hardly have.
    pub(crate) fn checksum(&self) -> u32 {
        let mut crc = flate2::Crc::new();
        match &self.inputs {
            Inputs::Bytes(bytes) => crc.update(bytes),
            Inputs::Numbers(numbers) => numbers.iter().for_each(|number| crc.update(&number.to_le_bytes())),
        }
        match &self.labels {
            Labels::Classes(classes) => classes.iter().for_each(|class| crc.update(&class.to_le_bytes())),
            Labels::Numbers(_, numbers) => numbers.iter().for_each(|number| crc.update(&number.to_le_bytes())),
        }
        self.normalisation.as_flattened().iter().for_each(|number| crc.update(&number.to_le_bytes()));
        crc.sum()
    }
}

fn rows<T: Copy>(all: &[T], each: usize, images: &[usize]) -> Vec<T> {
    images.iter().flat_map(|image| &all[image * each..][..each]).copied().collect()
}

/// Images and targets, side by side.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) images: Vec<f32>,
    classes: Vec<u32>,
    numbers: Vec<f32>,
}

impl Batch {
    pub(crate) fn clear_targets(&mut self) {
        self.classes.clear();
        self.numbers.clear();
    }

    pub(crate) fn targets(&self) -> Targets<'_> {
        if self.classes.is_empty() { Targets::Numbers(&self.numbers) } else { Targets::Classes(&self.classes) }
    }
}

/// Classes as a net wants its targets: as they are, or as numbers of which one is 1.
fn labels(classes: &[u32], target: TargetKind) -> Result<Labels, Error> {
    let check = |most: usize, what: &str| match classes.iter().max() {
        Some(largest) if *largest as usize >= most => Err(Error::Misfit(format!(
            "there is an image of class {largest}, but {what}: let the net end in {}, or leave the class out",
            count(u64::from(*largest) + 1, "output")
        ))),
        Some(_) | None => Ok(()),
    };
    match target {
        TargetKind::Class(outputs) => {
            check(outputs, &format!("the net has {}", classes_of(outputs)))?;
            Ok(Labels::Classes(classes.to_vec()))
        }
        TargetKind::Numbers(1) => {
            check(2, "the net has one output, for the classes 0 and 1")?;
            Ok(Labels::Numbers(1, classes.iter().map(|class| *class as f32).collect()))
        }
        TargetKind::Numbers(outputs) => {
            check(outputs, &format!("the net has {}", classes_of(outputs)))?;
            let row = |class: u32| (0..outputs).map(move |output| f32::from(output == class as usize));
            Ok(Labels::Numbers(outputs, classes.iter().flat_map(|class| row(*class)).collect()))
        }
        TargetKind::Pixels(pixels) => Err(Error::Misfit(format!(
            "the net has a class for each of {pixels} pixels, but the data one for each image: train it in a program, with \
             `NameTrainer`"
        ))),
    }
}

fn classes_of(outputs: usize) -> String {
    if outputs == 1 { "the class 0 alone".to_owned() } else { format!("the {outputs} classes 0 to {}", outputs - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(classes: usize) -> Wanted {
        Wanted::new(Shape::map(1, 1, 2), TargetKind::Class(classes))
    }

    fn set() -> DataSet {
        let bytes = (0..40).collect();
        let classes: Vec<u32> = (0..20).collect();
        DataSet::of_bytes(&wanted(20), bytes, &classes).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn a_split_follows_from_the_seed_and_loses_nothing() {
        let (training, validation) = set().split(0.25, 7);
        let validation = validation.unwrap_or_else(|| panic!("there are five"));
        assert_eq!((training.len(), validation.len()), (15, 5));
        let classes = |set: &DataSet| match &set.labels {
            Labels::Classes(classes) => classes.clone(),
            Labels::Numbers(..) => panic!("they are classes"),
        };
        let mut all = [classes(&training), classes(&validation)].concat();
        all.sort_unstable();
        assert_eq!(all, (0..20).collect::<Vec<u32>>());
        // Images stay with their classes.
        let mut image = [0.0; 2];
        validation.input(3, None, &mut image);
        assert_eq!(image[0] * 255.0, 2.0 * classes(&validation)[3] as f32);
        assert_eq!(set().split(0.25, 7).0, training);
        assert_ne!(set().split(0.25, 8).0, training);
        assert_eq!(set().split(0.0, 7), (set(), None));
    }

    #[test]
    fn channels_are_normalised() {
        let wanted = |mean, std| Wanted { mean, std, ..Wanted::new(Shape::map(2, 1, 1), TargetKind::Class(1)) };
        let set = DataSet::of_bytes(&wanted(vec![0.5, 0.0], vec![0.5, 2.0]), vec![255, 255], &[0]);
        let set = set.unwrap_or_else(|error| panic!("{error}"));
        let mut image = [0.0; 2];
        set.input(0, None, &mut image);
        assert_eq!(image, [1.0, 0.5]);
        let wrong = |mean: Vec<f32>, std: Vec<f32>| {
            DataSet::of_bytes(&wanted(mean, std), vec![1, 2], &[0]).map(|_| ()).unwrap_err().to_string()
        };
        assert!(wrong(vec![0.0; 3], vec![1.0]).starts_with("--mean has 3 numbers, but the net's input has 2 channels"));
        assert!(wrong(vec![0.0], vec![0.0]).contains("--std numbers above 0"));
    }

    #[test]
    fn classes_become_what_the_net_wants() {
        let of = |target| labels(&[1, 0], target).map_err(|error| error.to_string());
        assert_eq!(of(TargetKind::Class(2)), Ok(Labels::Classes(vec![1, 0])));
        assert_eq!(of(TargetKind::Numbers(1)), Ok(Labels::Numbers(1, vec![1.0, 0.0])));
        assert_eq!(of(TargetKind::Numbers(3)), Ok(Labels::Numbers(3, vec![0.0, 1.0, 0.0, 1.0, 0.0, 0.0])));
        assert_eq!(
            of(TargetKind::Class(1)).unwrap_err(),
            "there is an image of class 1, but the net has the class 0 alone: let the net end in 2 outputs, or leave the class out"
        );
        assert!(of(TargetKind::Pixels(4)).unwrap_err().contains("a class for each of 4 pixels"));
    }
}
