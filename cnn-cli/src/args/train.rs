//! The arguments of `cnn train`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use cnn::Pool;
use cnn_train::{Augment, Initial, Kind, Resizing, Schedule};

use super::{Json, count};

#[derive(Debug, clap::Args)]
pub(crate) struct TrainArgs {
    /// Which net: one that `cnn list` shows, or one of a Rust file
    #[arg(value_name = "NET|FILE.rs[::NET]")]
    pub(crate) net: String,
    /// What to learn from, and perhaps what to judge by: a folder, IDX files of images and labels, or a CSV file; `digits`
    /// for 1,000 digits that are in this program
    #[arg(long, value_name = "DATA", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// Where to write the weights, after each epoch
    #[arg(short, long, value_name = "W.safetensors")]
    pub(crate) output: PathBuf,
    /// How often each image is seen
    #[arg(long, value_name = "N", default_value = "10", value_parser = count)]
    pub(crate) epochs: NonZeroUsize,
    /// The learning rate
    #[arg(long, value_name = "X", default_value = "0.01", value_parser = positive)]
    pub(crate) lr: f64,
    /// Images of a minibatch; for a net of a file, what its `#[train]` says by default, or 64
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) batch: Option<NonZeroUsize>,
    /// The share of the images that is split off to judge by, if the data has no such part
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = share)]
    pub(crate) validation: f64,
    /// How pictures get the size of the net's input, whatever that is: exact (distorted), cover (cropped), letterbox (in a border
    /// of 114), or short=256 (the shorter side to this, then cropped); by default, as described below
    #[arg(long, value_name = "HOW")]
    pub(crate) resize: Option<Resizing>,
    /// Change images each time: shift=2 (pixels), flip, crop=0.8 (least share of a side), rotate=10 (degrees), and others that
    /// are listed below
    #[arg(long, value_name = "HOW,…")]
    pub(crate) augment: Option<Augment>,
    /// Subtracted from each channel, where white is 1: a number, or one for each channel, with commas
    #[arg(long, value_name = "X,…", default_value = "0", value_delimiter = ',', allow_negative_numbers = true)]
    pub(crate) mean: Vec<f32>,
    /// What each channel is divided by after that
    #[arg(long, value_name = "X,…", default_value = "1", value_delimiter = ',')]
    pub(crate) std: Vec<f32>,
    /// How gradients change weights: sgd, adam or adamw
    #[arg(long, value_name = "NAME", default_value = "sgd")]
    pub(crate) optimiser: Kind,
    /// The momentum of sgd
    #[arg(long, value_name = "X", default_value = "0.9", value_parser = share)]
    pub(crate) momentum: f64,
    /// Nesterov's momentum
    #[arg(long)]
    pub(crate) nesterov: bool,
    /// The weight decay; by default 0, and 0.01 for adamw
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub(crate) weight_decay: Option<f64>,
    /// What decays: all parameters, or the weights of convolutions and fully connected layers
    #[arg(long, value_name = "WHAT", default_value = "all", value_parser = ["all", "weights"])]
    pub(crate) decay: String,
    /// How the rate changes: constant, step, step=30,0.1 (epochs, factor) or cosine
    #[arg(long, value_name = "HOW", default_value = "constant")]
    pub(crate) schedule: Schedule,
    /// Steps in which the rate grows from nearly 0
    #[arg(long, value_name = "STEPS", default_value = "0")]
    pub(crate) warmup: u64,
    /// The longest that all gradients may be together
    #[arg(long, value_name = "NORM", value_parser = positive)]
    pub(crate) clip: Option<f64>,
    /// What weights, order, augmentation and dropout follow from
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) seed: u64,
    /// How weights begin: torch (as in PyTorch), he or xavier
    #[arg(long, value_name = "HOW", default_value = "torch")]
    pub(crate) init: Initial,
    /// Begin with these weights (fine tuning); a training that goes on has its own
    #[arg(long, value_name = "W.safetensors", conflicts_with = "init")]
    pub(crate) from: Option<PathBuf>,
    /// Where to write a checkpoint after each epoch, and at Ctrl-C; by default next to the weights
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Go on from the checkpoint
    #[arg(long)]
    pub(crate) resume: bool,
    /// Draw loss and accuracy (.svg), or write their numbers (.csv); can be repeated
    #[arg(long, value_name = "FILE.svg|FILE.csv", value_parser = curve)]
    pub(crate) curve: Vec<PathBuf>,
    /// Threads that share the work; the result has the same bits for any number
    #[arg(long, value_name = "N", default_value = "1", value_parser = threads)]
    pub(crate) threads: usize,
    /// The `cnn` to build with, for a net of a file: a checkout of the repository, instead of the version of this program
    #[arg(long, value_name = "CHECKOUT")]
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) const USAGE: &str = "\
cnn train [OPTIONS] <NET|FILE.rs[::NET]> --data <DATA>...
           -o <W.safetensors>";

pub(super) const ABOUT: &str = "\
Train a net, and write its weights as a safetensors file, which PyTorch and all other commands read.

DATA is a folder with IDX files, named and perhaps gzipped as MNIST's (train-images-idx3-ubyte, train-labels-idx1-ubyte, \
and t10k-… or test-… to judge by); a folder that has a folder of PNG or JPEG pictures for each class, or such folders in \
`train` and `val`; a file of images and one of labels; or a CSV file, whose lines have the inputs and then the class, or \
the numbers that the net should give. Of two sets, the second one is to judge by. The word `digits` stands for 1,000 \
digits of MNIST in this program; a folder of this name is ./digits. Data is kept in memory.

Bytes become numbers from 0 to 1, then --mean is subtracted, and --std divides. Without --resize, images that are \
a little smaller than the net's input get a frame of 0, as digits of 28x28 for LeNet-5's 32x32; others are resized until \
they cover it, and their middle is kept. `cnn run` and `cnn classify` read pictures like this with `--preprocess train`, \
and the same --resize, --mean and --std.

--augment changes images in another way each time, by random amounts up to those given: `shift=2` pixels; `flip`, left is \
right; `crop=0.8`, to a part with at least this share of each side; `rotate=10` and `shear=10` degrees; `scale=0.15`, each \
side by this share; `bend=1.5`, smoothly by so many pixels; `stroke=0.5`, bright strokes thicker or thinner; `blur=0.5`, \
towards the mean of the neighbours; `gamma=0.5`, levels to a power between e^-0.5 and e^0.5; `brightness=0.3`, levels times \
0.7 to 1.3; `noise=0.05`, where white is 1. They are joined by commas.

lenet5, mlp and perceptron are trained at once. For other nets, and those of a Rust file, a small crate is written into \
the cache, and cargo builds it: that needs Rust. There, `#[train(batch = 64)]` is added to the net if it is not there.

The options, the data and --seed decide everything: the same bits on any number of threads, also if a training was \
stopped by Ctrl-C and went on with --resume. That takes --epochs, --lr, --schedule and --warmup as they are given, says \
what has changed, and refuses other data or options that are not the checkpoint's. The last minibatch of an epoch is left \
out if it is not whole.

With --json, the first line has the keys net, parameters, images, validation_images, batch, steps_per_epoch, epochs, \
resumed_at_step and changed (a list of words), and there is a line for each epoch: epoch, rate, training and validation \
(loss, accuracy), images_per_second.";

pub(super) const EXAMPLES: &str = "\
Examples:
  cnn train lenet5 --data digits -o w.safetensors
  cnn train lenet5 --data mnist/ --epochs 4 --lr 0.02 -o w.safetensors
  cnn train net.rs --data photos/ --batch 32 --augment flip,crop --curve a.svg \\
      --optimiser adamw --lr 1e-3 --schedule cosine -o w.safetensors
  cnn train net.rs::Small --data a.csv b.csv --resume -o w.safetensors";

fn number(text: &str, fits: impl Fn(f64) -> bool, what: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && fits(*number))
        .ok_or_else(|| format!("expected {what}"))
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, |number| number > 0.0, "a number above 0, such as 0.01")
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text, |number| number >= 0.0, "a number from 0, such as 0.0001")
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |number| (0.0..1.0).contains(&number), "a share, from 0 to less than 1")
}

fn threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| (1..=Pool::MOST).contains(threads));
    threads.ok_or_else(|| format!("expected a number of threads, from 1 to {}", Pool::MOST))
}

fn curve(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    match extension {
        Some(extension) if extension == "svg" || extension == "csv" => Ok(path),
        _ => Err("expected a file that ends in .svg or .csv".to_owned()),
    }
}
