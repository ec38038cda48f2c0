//! What makes deep nets hard to train, in numbers: those of three figures of `cnn-diagram`. It takes about two minutes:
//!
//! ```sh
//! cargo bench -p cnn-train --bench deep_nets > cnn-diagram/src/figures/deep.csv
//! ```

use std::error::Error;
use std::fs::File;
use std::path::Path;

use cnn::step::{Params, Train, Trainer};
use cnn::train::{Init, Sgd};
use flate2::read::GzDecoder;

cnn::network! {
    block plain(channels) { conv: conv(channels, 3x3, pad = 1) -> relu; }

    block residual(channels) {
        add {
            { conv1: conv(channels, 3x3, pad = 1) -> relu -> conv2: conv(channels, 3x3, pad = 1); };
            skip;
        } -> relu;
    }

    block normalised(channels) { conv: conv(channels, 3x3, pad = 1, bias = false) -> bn: batch_norm -> relu; }

    block normalised_residual(channels) {
        add {
            {
                conv1: conv(channels, 3x3, pad = 1, bias = false) -> bn1: batch_norm -> relu;
                conv2: conv(channels, 3x3, pad = 1, bias = false) -> bn2: batch_norm;
            };
            skip;
        } -> relu;
    }

    block head() { global_avg_pool -> fc: linear(10); }

    #[train(batch = 50)]
    Plain9: 1x28x28 -> 10 { avg_pool(2x2); [layer1..: plain(8); 9]; head(); }

    #[train(batch = 50)]
    Plain31: 1x28x28 -> 10 { avg_pool(2x2); [layer1..: plain(8); 31]; head(); }

    #[train(batch = 50)]
    Helped31: 1x28x28 -> 10 {
        avg_pool(2x2) -> [layer1..: plain(8); 10];
        aux aux1(weight = 0.3) { head(); };
        [layer11..: plain(8); 10];
        aux aux2(weight = 0.3) { head(); };
        [layer21..: plain(8); 11] -> head();
    }

    #[train(batch = 50)]
    Residual31: 1x28x28 -> 10 { avg_pool(2x2) -> layer1: plain(8) -> [block1..: residual(8); 15] -> head(); }

    #[train(batch = 50)]
    Normalised9: 1x28x28 -> 10 { avg_pool(2x2) -> [layer1..: normalised(8); 9] -> head(); }

    #[train(batch = 50)]
    Normalised41: 1x28x28 -> 10 { avg_pool(2x2) -> [layer1..: normalised(8); 41] -> head(); }

    #[train(batch = 50)]
    NormalisedResidual41: 1x28x28 -> 10 {
        avg_pool(2x2) -> layer1: normalised(8) -> [block1..: normalised_residual(8); 20] -> head();
    }
}

const BATCH: usize = 50;
const PIXELS: usize = 28 * 28;

/// Digits that the nets learn from, and how often they see them.
const DIGITS: usize = 3000;
const EPOCHS: usize = 10;

/// A minibatch of digits, and their classes.
type Minibatch = ([[f32; PIXELS]; BATCH], [u32; BATCH]);

/// A net that learns digits.
trait Net: Train<Images = [[f32; PIXELS]; BATCH], Targets = [u32; BATCH]> {}

impl<N: Train<Images = [[f32; PIXELS]; BATCH], Targets = [u32; BATCH]>> Net for N {}

/// The first digits of the repository's, with a mean of 0 and a deviation of 1.
fn digits() -> Result<Vec<Minibatch>, Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../digits");
    let open = |name: &str| File::open(folder.join(name)).map(GzDecoder::new);
    let images = cnn_digits::idx::images(open("train-images-idx3-ubyte.gz")?)?;
    let labels = cnn_digits::idx::labels(open("train-labels-idx1-ubyte.gz")?)?;
    let minibatches = images.chunks_exact(BATCH).zip(labels.chunks_exact(BATCH)).take(DIGITS / BATCH);
    let pixel = |level: u8| (f32::from(level) / 255.0 - 0.13) / 0.31;
    let minibatch = |(images, labels): (&[cnn_digits::idx::Image], &[u8])| {
        let image = |index: usize| core::array::from_fn(|at| pixel(images[index][at]));
        (core::array::from_fn(image), core::array::from_fn(|index| labels[index].into()))
    };
    Ok(minibatches.map(minibatch).collect())
}

/// The norm of the gradient of each convolution on the way to the output, before the first step.
fn gradients<N: Net>(line: &str, (images, labels): &Minibatch) {
    let mut trainer: Trainer<N, Sgd> = Trainer::new(Params::init(1), Sgd::new(0.9));
    trainer.gradients(images, labels);
    let nodes = N::GRAPH.inference();
    let weights = nodes.flat_map(|node| node.own_tensors()).filter(|tensor| tensor.shape.len() == 4);
    let gradients = weights.filter_map(|weight| trainer.grad(weight.name));
    for (layer, gradient) in (1..).zip(gradients) {
        let norm = gradient.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        println!("deep-gradients,{line},{layer},{norm:.2e}");
    }
}

/// The mean loss of each epoch.
fn losses<N: Net>(digits: &[Minibatch]) -> Vec<f64> {
    let mut trainer: Trainer<N, Sgd> = Trainer::new(Params::init_with(Init::HeNormal, 1), Sgd::new(0.9));
    let mut epoch = |_| {
        let losses = digits.iter().map(|(images, labels)| trainer.step(images, labels, 0.05).loss);
        losses.sum::<f64>() / digits.len() as f64
    };
    (0..EPOCHS).map(&mut epoch).collect()
}

fn print(figure: &str, line: &str, losses: &[f64]) {
    for (epoch, loss) in (1..).zip(losses) {
        println!("{figure},{line},{epoch},{loss:.4}");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let digits = digits()?;
    println!("figure,line,x,y");
    gradients::<Plain31<'static>>("plain", &digits[0]);
    gradients::<Helped31<'static>>("two auxiliary classifiers", &digits[0]);
    gradients::<Residual31<'static>>("residual", &digits[0]);
    let shallow = losses::<Normalised9<'static>>(&digits);
    print("deep-learning", "9 layers", &shallow);
    print("deep-learning", "41 layers", &losses::<Normalised41<'static>>(&digits));
    print("deep-learning", "41 layers with shortcuts", &losses::<NormalisedResidual41<'static>>(&digits));
    print("batch-norm-learning", "without", &losses::<Plain9<'static>>(&digits));
    print("batch-norm-learning", "with", &shallow);
    Ok(())
}
