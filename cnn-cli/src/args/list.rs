//! The help of `cnn list`.

pub(super) const ABOUT: &str = "\
List the nets, one per line: its name, the shapes of its input -> its output (channels x height x width), its \
trained parameters, and the multiplications with a weight in one pass (MACs).

Nets follow their papers, with the papers' or the usual names of layers. Nets whose names begin with `torchvision-` \
are torchvision's, with its names of layers, so the weights that torchvision publishes fit them. The program has the nets that it was built with: \
`cargo install cnn-cli --features all-nets` adds all others, and the list says which features add some.

The JSON has the key nets, an array of objects with the keys net, input, output, parameters, macs, weights_included, \
year (of the paper) and new (what was new in it). Shapes are arrays: [channels, height, width], or [features].";

pub(super) const EXAMPLES: &str = "\
Examples:
  $ cnn list | grep vgg16
  vgg16                        3x224x224 -> 1000  138,357,544  15.5 G
  torchvision-vgg16            3x224x224 -> 1000  138,357,544  15.5 G

  $ cnn list --json | jq -r '.nets[] | select(.parameters < 1e7) | .net'";
