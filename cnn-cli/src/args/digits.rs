//! The arguments of `cnn digits`.

use std::path::PathBuf;

use super::Json;

#[derive(Debug, clap::Args)]
pub(crate) struct DigitsArgs {
    /// Pictures, PNG or JPEG; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "test")]
    pub(crate) files: Vec<PathBuf>,
    /// Read the 1,000 test digits in this program instead, count the right answers, and measure the time
    #[arg(long, conflicts_with = "files")]
    pub(crate) test: bool,
    #[command(flatten)]
    pub(crate) json: Json,
}

pub(super) const USAGE: &str = "cnn digits [OPTIONS] <FILE>...\n       cnn digits [OPTIONS] --test";

pub(super) const ABOUT: &str = "\
Say which digit a picture shows.

A picture is a drawing, scan or photograph of one handwritten digit, dark on light or light on dark, of any size, as \
a PNG or JPEG file. A line is printed for each file: the digit, its probability, and the file. If the net is less \
than 90 % sure, its second guess follows.

With --test, the 1,000 test digits in this program (from MNIST) are read instead. The time is that of the net alone: \
one thread runs all images repeatedly for about half a second, and the fastest pass counts.

The net is LeNet-5; it and its weights are in this program. If some files cannot be read, the others are still read, \
and the exit code is 2.

The JSON has the key pictures, an array in the order of the files: file, digit, probability, probabilities (of the \
digits 0 to 9), and error; one of digit and error is null. With --test, the keys are right, images and us_per_image.";

pub(super) const EXAMPLES: &str = "\
Examples:
  $ cnn digits seven.png
  7  99.8 %  seven.png

  $ cnn digits *.jpg
  4  100.0 %  four.jpg
  9   61.2 %  hasty.jpg   or 4  35.0 %

  $ curl -s https://example.org/two.png | cnn digits -
  2  99.9 %  standard input

  $ cnn digits --test
  989 of 1000 right, 12.3 us per image";
