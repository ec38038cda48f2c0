//! The arguments of `cnn bench`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use cnn::Pool;

use super::{Json, Rule, count};
use crate::names::NetName;

#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// Which net: a name that `cnn list` shows, or a file: FILE.rs, FILE.rs::Net, FILE.onnx, FILE.tflite
    #[arg(value_name = "NET", value_parser = NetName, hide_possible_values = true)]
    pub(crate) net: String,
    /// Threads that share the work
    #[arg(long, value_name = "N", default_value = "1", value_parser = threads)]
    pub(crate) threads: usize,
    /// Images per pass
    #[arg(long, value_name = "N", default_value = "1", value_parser = count)]
    pub(crate) batch: NonZeroUsize,
    /// Measure each kernel too
    #[arg(long)]
    pub(crate) layers: bool,
    /// Minimum time for measuring passes; with --layers, kernels take as long again
    #[arg(long, value_name = "S", default_value = "2", value_parser = seconds)]
    pub(crate) seconds: Duration,
    #[command(flatten)]
    pub(crate) json: Json,
    /// Its weights: a safetensors file, or the index (`.json`) of several; made-up ones by default
    #[arg(long, value_name = "W.safetensors")]
    pub(crate) weights: Option<PathBuf>,
    /// Read tensors under other names: `module.*=*` removes a prefix; can be repeated
    #[arg(long, value_name = "FROM=TO", requires = "weights")]
    pub(crate) rename: Vec<Rule>,
}

fn threads(text: &str) -> Result<usize, String> {
    let threads = text.parse().ok().filter(|threads| (1..=Pool::MOST).contains(threads));
    threads.ok_or_else(|| format!("expected a number of threads, from 1 to {}", Pool::MOST))
}

/// More than an hour must be a mistake.
const LONGEST: Duration = Duration::from_secs(3600);

fn seconds(text: &str) -> Result<Duration, String> {
    let duration = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| format!("expected a number of seconds, such as 0.5, up to {}", LONGEST.as_secs()))
}

pub(super) const ABOUT: &str = "\
Measure how fast a net is: the fastest pass, the median, and the throughput. Operations are counted for the layers \
as declared (a multiplication with a weight counts as two), so Winograd's algorithm can exceed the core's peak.

With --batch, a pass takes several images, in nets compiled for that: lenet5, alexnet and resnet50 for 8. Times are \
per pass, and per image as well. A net of a file runs the kernels of its plan, with one image per pass.

With --layers, each kernel is measured in separate passes: its fastest time, its throughput, its share of the peak \
of one core, its algorithm, and what it does. The algorithm of a convolution is `direct` or one of Winograd's, such \
as `F(4, 3)`; that of a fully connected layer is `gemm`. The peak is measured too, by multiply-adds on registers.

After some warm-up, at least 11 passes are measured, however long they take. On a terminal, stderr shows a progress \
bar.

The JSON has the keys net, threads, batch, passes, min_ms, median_ms, isa, peak_gflops and layers (null without \
--layers). A layer has the keys name, kernel, algorithm (null if there is only one), does, macs, min_ms, median_ms, \
gflops and share_of_peak. Times and throughput are per pass, macs per image.";

pub(super) const EXAMPLES: &str = "\
Examples:
  cnn bench lenet5
  cnn bench resnet50 --layers
  cnn bench alexnet --batch 8
  cnn bench vgg16 --threads 2 --json | jq .min_ms";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_limited_by_what_a_pool_can_have() {
        assert_eq!([threads("1"), threads("63")], [Ok(1), Ok(63)]);
        for wrong in ["", "0", "64", "1000000", "-1", "2.0", "99999999999999999999999"] {
            assert_eq!(threads(wrong).unwrap_err(), "expected a number of threads, from 1 to 63", "{wrong}");
        }
    }

    #[test]
    fn seconds_are_a_bounded_number() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds("0"), Ok(Duration::ZERO));
        for wrong in ["", "two", "-1", "nan", "inf", "1e9", "3601"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
