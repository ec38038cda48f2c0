//! ResNet-50 with its weights in the executable, without Winograd's algorithm.

use std::error::Error;

use peer_embedded::ResNet50Exact;

fn main() -> Result<(), Box<dyn Error>> {
    peer_embedded::serve(ResNet50Exact::embedded())
}
